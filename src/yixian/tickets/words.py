"""How the room's codes read on screen. Keys of the message catalogue; a test keeps them in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yixian.city.model import Audience, RequestKind, Urgency
from yixian.people.words import ROLE_NAMES
from yixian.tickets.model import Action, Alarmed, Care, OrderRole, State

STATES: Final[Mapping[State, str]] = {
    State.AWAITING_DISPATCH: "待派单",
    State.DISPATCHED: "待签收",
    State.HANDLING: "办理中",
    State.JOINT_REVIEW: "联合审定",
    State.UNIT_REVIEW: "单位审核",
    State.IN_REVIEW: "热线审核",
    State.AWAITING_CALL_BACK: "待回访",
    State.CLOSED: "已办结",
    State.MERGED: "已并单",
    State.WITHDRAWN: "已撤回",
    State.TERMINATED: "已终止",
}

ACTIONS: Final[Mapping[str, str]] = {
    "register": "登记",
    Action.DISPATCH: "派单",
    Action.REASSIGN: "改派",
    Action.SIGN: "签收",
    Action.CONTACT: "登记联系市民",
    Action.HAND_DOWN: "下派",
    Action.HAND_UP: "退回上级",
    Action.INVITE: "邀请协办",
    Action.PART: "提交协办意见",
    Action.RETURN: "退单",
    Action.OBJECT: "提出异议",
    Action.OPINION: "发表意见",
    Action.RULE: "裁定主办单位",
    Action.ASK_EXTENSION: "申请延期",
    Action.GRANT_EXTENSION: "同意延期",
    Action.REFUSE_EXTENSION: "不同意延期",
    Action.REPLY: "提交答复",
    Action.APPROVE: "审核通过",
    Action.SEND_BACK: "退回重办",
    Action.PASS: "答复合格",
    Action.CALL_BACK: "登记未接通",
    Action.RATE: "登记评价",
    Action.CLOSE: "办结",
    Action.REDO: "不满意重办",
    Action.REOPEN: "重新办理",
    Action.URGE: "催办",
    Action.LIST: "挂牌督办",
    Action.CALL_IN: "约谈督办",
    Action.MERGE: "并单",
    Action.SPLIT: "拆单",
    Action.SUPPLEMENT: "补充内容",
    Action.WITHDRAW: "撤回",
    Action.TERMINATE: "终止办理",
    Action.JOIN: "纳入专项",
    Action.LEAVE: "移出专项",
    Action.RAISE_ALARM: "发出警报",
    Action.CONFIRM_ALARM: "确认有危险",
    Action.STAND_DOWN: "解除警报",
    Action.AMEND: "更正事项与地点",
    Action.HAND_OVER: "交接",
    Action.REFER: "提请联合审定",
    Action.NEED_CARE: "报告情绪危急",
    Action.TAKE_CARE: "接手关怀",
    Action.RECOUNT: "重新计算时限",
}
"""What staff do, and read in the history."""

TOLD: Final[Mapping[str, str]] = {
    "register": "我们收到了您的诉求",
    Action.DISPATCH: "已交给承办单位",
    Action.REASSIGN: "已改由另一单位办理",
    Action.RULE: "已确定由哪个单位办理",
    Action.SIGN: "承办单位已签收，开始办理",
    Action.GRANT_EXTENSION: "办理时间延长了",
    Action.PASS: "答复已经审核，请看答复并评价",
    Action.RATE: "您评价了办理结果",
    Action.CLOSE: "已办结",
    Action.REDO: "您不满意，正在重新办理",
    Action.REFER: "您不满意，正在重新审定由哪个单位主办",
    Action.REOPEN: "重新办理",
    Action.URGE: "催办了一次，承办的人看得到",
    Action.SUPPLEMENT: "您补充了内容",
    Action.MERGE: "与另一张工单合并办理",
    Action.WITHDRAW: "诉求已撤回",
    Action.TERMINATE: "办理已终止",
    Action.CONFIRM_ALARM: "您说有人有危险",
    Action.STAND_DOWN: "您说没有人有危险",
    Action.RECOUNT: "答复期限按调整后的规定重新计算",
}
"""What a citizen reads in the time line."""

HEADINGS: Final[Mapping[State, str]] = {
    State.AWAITING_DISPATCH: "已登记",
    State.DISPATCHED: "已交办",
    State.HANDLING: "办理中",
    State.JOINT_REVIEW: "办理中",
    State.UNIT_REVIEW: "答复审核中",
    State.IN_REVIEW: "答复审核中",
    State.AWAITING_CALL_BACK: "请评价",
    State.CLOSED: "已办结",
    State.MERGED: "已合并办理",
    State.WITHDRAWN: "已撤回",
    State.TERMINATED: "已终止",
}
"""The same in two words, as a citizen reads it."""

STANDS: Final[Mapping[State, str]] = {
    State.AWAITING_DISPATCH: "正在确定由哪个单位办理。",
    State.DISPATCHED: "已交给承办单位，时限已开始计算。",
    State.HANDLING: "承办单位正在办理。",
    State.JOINT_REVIEW: "正在审定由哪个单位主办；在此期间现单位继续办理，时限照常计算。",
    State.UNIT_REVIEW: "承办单位已写好答复，正在审核。",
    State.IN_REVIEW: "承办单位已答复，热线正在审核。",
    State.AWAITING_CALL_BACK: "已有答复，请评价。",
    State.CLOSED: "这件事已经办完。",
    State.MERGED: "与另一张工单合并办理，进度见下。",
    State.WITHDRAWN: "您已撤回，这件事不再办理。",
    State.TERMINATED: "办理已终止，原因见下。",
}
"""Where it stands, as a citizen is told."""

NEXT: Final[Mapping[State, str]] = {
    State.AWAITING_DISPATCH: "工作人员确定承办单位，随后这里会写出答复时限。",
    State.DISPATCHED: "承办单位签收，和您联系，把处理结果答复您。",
    State.HANDLING: "承办单位处理，把结果答复您。",
    State.JOINT_REVIEW: "现单位继续处理；审定由哪个单位主办后，这里会写出来。",
    State.UNIT_REVIEW: "答复审核后发给您。",
    State.IN_REVIEW: "热线审核答复：合格就发给您，不合格退回单位再办。",
    State.AWAITING_CALL_BACK: "请您看答复、作评价；不评价的话，我们会打电话问您。",
    State.CLOSED: "没有解决的，三十天内可以在这里要求重新办理。",
}
"""What happens next, as a citizen is told; nothing for what is over."""

RATED_BADLY: Final = (
    "评价已收到",
    "您不满意，工作人员正在看您的评价。",
    "工作人员会让单位重新办理，或者向您说明为什么不能再办；结果会写在这里。",
)
"""Heading, where it stands and what comes next of who has rated badly: nobody is asked twice."""

KINDS: Final[Mapping[RequestKind, str]] = {
    RequestKind.CONSULTATION: "咨询",
    RequestKind.HELP: "求助",
    RequestKind.COMPLAINT: "投诉",
    RequestKind.REPORT: "举报",
    RequestKind.SUGGESTION: "建议",
    RequestKind.PRAISE: "表扬",
}

URGENCIES: Final[Mapping[Urgency, str]] = {
    Urgency.NORMAL: "一般",
    Urgency.URGENT: "紧急",
    Urgency.CRITICAL: "特急",
}

AUDIENCES: Final[Mapping[Audience, str]] = {Audience.PERSON: "市民", Audience.FIRM: "企业"}

ORDER_ROLES: Final[Mapping[OrderRole, str]] = {OrderRole.LEAD: "主办", OrderRole.CO: "协办", OrderRole.PANEL: "会审"}

ALARMS: Final[Mapping[str, str]] = {
    Alarmed.RAISED: "可能有人有危险",
    Alarmed.CONFIRMED: "已确认有危险",
    Alarmed.STOOD_DOWN: "警报已解除",
}

CARES: Final[Mapping[str, str]] = {Care.NEEDED: "可能想不开，还没有人接手", Care.TAKEN: "已有人接手关怀"}

SUPERVISIONS: Final[Mapping[str, str]] = {"urged": "已催办", "listed": "挂牌督办", "called_in": "约谈督办"}

ROLES: Final = ROLE_NAMES
"""As what somebody acted."""

CHANNELS: Final[Mapping[str, str]] = {
    "phone": "电话",
    "web": "网页",
    "wechat": "微信",
    "app": "手机应用",
    "media": "新媒体",
    "110": "110 转来",
    "partner": "合作平台",
    "deputy": "代表委员",
    "import": "批量导入",
}
"""Where it came in."""

RATED: Final = (("response", "响应是否及时"), ("solution", "问题是否解决"), ("attitude", "态度如何"))
"""What is rated, as it was asked."""

RATINGS: Final = ((5, "很满意"), (4, "满意"), (3, "一般"), (2, "不满意"), (1, "很不满意"))


def sayings() -> tuple[str, ...]:
    """All of them, for the test of the catalogue."""
    tables = (
        STATES,
        ACTIONS,
        TOLD,
        HEADINGS,
        STANDS,
        NEXT,
        dict(enumerate(RATED_BADLY)),
        KINDS,
        URGENCIES,
        AUDIENCES,
        ORDER_ROLES,
        ALARMS,
        CARES,
        SUPERVISIONS,
        ROLES,
        CHANNELS,
    )
    return tuple(word for table in tables for word in table.values()) + tuple(word for _, word in RATINGS)
