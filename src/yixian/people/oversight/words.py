"""How the audit reads: deeds, things and particulars in words. Keys of the message catalogue; a test keeps them complete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yixian.people.words import ROLE_NAMES

ACTIONS: Final[Mapping[str, str]] = {
    "session.password": "密码正确，等一次性口令",
    "session.begin": "登录",
    "session.end": "退出",
    "staff.add": "新增账号",
    "staff.disable": "停用账号",
    "staff.enable": "恢复账号",
    "staff.reset": "重置密码和一次性口令",
    "staff.unlock": "解除锁定",
    "staff.change_roles": "变更角色",
    "staff.change_unit": "变更单位",
    "staff.end_session": "结束他人的登录",
    "staff.change_password": "修改自己的密码",
    "staff.enrol": "绑定一次性口令",
    "staff.locked": "账号被锁定",
    "caller.reveal": "查看来电人信息",
    "city.change": "变更城市数据",
    "city.recount": "重新计算在办工单的时限",
    "ticket.print": "打开工单打印页",
    "ticket.pdf": "下载工单 PDF",
    "tickets.export": "导出工单列表",
    "template.keep": "保存答复模板",
    "template.retire": "停用答复模板",
    "campaign.approve": "批准专项",
    "campaign.gather": "把在办工单纳入专项",
    "campaign.end": "结束专项",
    "answering.plan": "安排领导接听",
    "answering.publish": "公布领导接听",
    "answering.cancel": "取消领导接听",
    "model.train": "训练派单模型",
    "model.live": "启用派单模型",
    "model.back": "换回原派单模型",
    "matter.lift": "恢复事项的自动派单",
    "audit.export": "导出审计记录",
}
"""What was done."""

GROUPS: Final[Mapping[str, str]] = {
    "session.": "登录与退出（全部）", "staff.": "账号（全部）", "caller.": "来电人信息（全部）", "city.": "城市数据（全部）",
    "ticket": "工单打印与导出（全部）", "template.": "答复模板（全部）", "campaign.": "专项（全部）", "answering.": "领导接听（全部）",
    "model.": "派单模型（全部）",
}  # fmt: skip
"""Beginnings of deeds: one of them stands for all of its kind."""

THINGS: Final[Mapping[str, str]] = {
    "unit": "单位", "queue": "队列", "matter": "事项", "limit": "时限", "day": "日历", "hours": "工作时间", "line": "热线归并",
}  # fmt: skip
"""Kinds of things of the city, as `administration/words.py` names them."""

PARTICULARS: Final[Mapping[str, str]] = {
    "login": "登录名", "name": "姓名", "roles": "角色", "unit": "单位", "before": "原来", "after": "改为", "reason": "理由",
    "since": "生效日", "ends": "关闭", "successor": "接替的", "clocks": "在办工单", "change": "变更序号", "looked": "看过",
    "moved": "改了时限", "late": "因此超时", "own": "没有动", "wrong": "错在", "address": "地址", "field": "查看的内容", "ticket": "工单",
    "title": "标题", "text": "内容", "matter": "事项", "note": "说明", "examples": "例句数", "rows": "行数", "actor": "操作人",
    "action": "操作", "subject": "对象", "result": "结果", "until": "截止", "why": "原因", "joins": "纳入工单", "from": "从", "to": "到",
    "filters": "筛选", "count": "件数",
}  # fmt: skip
"""Particulars of a deed; what has no word is shown by its name."""

FIELDS: Final[Mapping[str, str]] = {
    "code": "编码", "name": "名称", "short_name": "简称", "name_en": "英文名称", "level": "层级", "parent": "上级", "region": "所在区域",
    "phone": "联系电话", "function": "职能代号", "kind": "类型", "first_level": "一级承办单位", "aliases": "别名", "fallback": "兜底队列",
    "queue": "队列", "urgency": "紧急程度", "audience": "面向", "sensitive": "对承办单位隐去诉求人身份", "keywords": "关键词",
    "examples": "群众的说法", "dispatch": "派单", "sign": "签收", "contact": "首次联系", "answer": "答复", "extension": "最长延期",
    "urge": "再次催办间隔", "source": "依据", "date": "日期", "working": "上班", "workdays": "工作日", "hours": "工作时间",
    "number": "号码", "mode": "归并方式", "unit": "单位", "merged_on": "归并日期", "note": "备注", "roles": "角色",
}  # fmt: skip
"""Fields of the things of the city, as `administration/fields.py` has them."""

VALUES: Final[Mapping[str, str]] = {
    "true": "是", "false": "否", "password": "密码", "second_factor": "一次性口令", "phone": "电话", "identity": "证件",
    "keep": "保持原时限", "later": "重新计算，只推后", "anew": "重新计算，可以提前", "done": "完成", "refused": "被拒绝",
    **{role.value: name for role, name in ROLE_NAMES.items()},
    "province": "省级", "city": "市级", "district": "区级", "street": "镇街级", "community": "村居级", "merged": "整体并入",
    "parallel": "双号并行", "subcentre": "设分中心", "mon-fri": "周一至周五", "sun-thu": "周日至周四", "cn": "国家法定节假日与调休",
    "both": "个人和企业", "person": "个人", "firm": "企业", "*": "全部", "consultation": "咨询", "help": "求助", "complaint": "投诉",
    "report": "举报", "suggestion": "建议", "praise": "表扬", "normal": "一般", "urgent": "紧急", "critical": "特急",
    "government": "政府", "department": "部门", "public_body": "事业单位和群团", "utility": "公用事业", "enterprise": "其他企业",
    "partner": "合作单位",
}  # fmt: skip
"""Values that are one of few."""


def said(action: str) -> str:
    """What was done, in words; the code itself where there are none."""
    return ACTIONS.get(action, action)


def sayings() -> tuple[str, ...]:
    """All of them, for the test of the catalogue."""
    return tuple(word for table in (ACTIONS, GROUPS, THINGS, PARTICULARS, FIELDS, VALUES) for word in table.values())
