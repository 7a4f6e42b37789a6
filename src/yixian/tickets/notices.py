"""What a citizen is told, in plain sentences, keyed by what was done. One table: whoever wants another wording changes it here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from yixian.tickets.model import Action

REGISTERED: Final = "register"

SENTENCES: Final[Mapping[str, str]] = {
    REGISTERED: "您的诉求已受理，工单编号{number}，我们会尽快转派承办单位。凭编号和查询码可随时查看进度。",
    Action.DISPATCH: "您的诉求（{number}）已转{unit}办理，承办单位应于{by}前答复您。",
    Action.SIGN: "{unit}已签收您的诉求（{number}），将尽快与您联系。",
    Action.GRANT_EXTENSION: "您的诉求（{number}）需要延长办理时间，理由：{reason}。承办单位将于{by}前答复您。",
    Action.RECOUNT: "因办理时限或工作日安排有调整，您的诉求（{number}）的答复期限重新计算，承办单位应于{by}前答复您。",
    Action.PASS: "您的诉求（{number}）已有办理结果，请查看答复并作评价。",
    Action.CLOSE: "您的诉求（{number}）已办结。如问题没有解决，30天内可申请重办。",
    Action.REDO: "您对诉求（{number}）的评价已核实，现退回重新办理。",
    Action.REFER: "您对诉求（{number}）的评价已核实，正在重新审定由哪个单位主办；在此期间{unit}继续办理，应于{by}前答复您。",
    Action.REOPEN: "您的诉求（{number}）已重新办理。",
    Action.URGE: "已收到您对诉求（{number}）的催办，并已提醒承办单位。",
    Action.SUPPLEMENT: "您补充的内容已加入诉求（{number}）。",
    Action.CONFIRM_ALARM: "您说诉求（{number}）有人有危险：请立即拨打紧急电话，不要等我们回复；工作人员马上查看。",
    Action.STAND_DOWN: "您说诉求（{number}）没有人有危险，我们会按普通诉求继续办理；情况有变请立即拨打紧急电话。",
    Action.MERGE: "您的诉求（{number}）与已受理的同一事项合并办理，凭原编号可继续查看进度。",
    Action.WITHDRAW: "您的诉求（{number}）已按您的意愿撤回。",
    Action.TERMINATE: "您的诉求（{number}）不再继续办理，原因：{note}",
}
"""`{number}` is left for the database to fill in: the same sentence goes to everybody whose ticket was merged into this one."""

SHARED: Final = frozenset(
    {
        Action.DISPATCH,
        Action.SIGN,
        Action.GRANT_EXTENSION,
        Action.RECOUNT,
        Action.PASS,
        Action.CLOSE,
        Action.REDO,
        Action.REFER,
        Action.TERMINATE,
    }
)
"""Also told to those whose tickets were merged into this one."""


def sentence(body: Mapping[str, Any]) -> tuple[str, str] | None:
    """What was done and what the citizen is told of it, from a ticket's event; None when there is nothing to tell."""
    if not body.get("tells"):
        return None
    action = str(body["action"]) or REGISTERED
    template = SENTENCES.get(action)
    if template is None:
        return None
    told = template.format(
        number="{number}",
        unit=body["lead_name"] or "承办单位",
        by=body["answer_by"] or "规定时限",
        reason=body["detail"].get("reason") or "需要进一步核实",
        note=body["note"],
    )
    return action, told
