"""How the room's codes read on screen. Keys of the message catalogue; a test keeps them in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yixian.disputes.model import Deed, Ended, How, Kind, Rung, Said, Side
from yixian.disputes.panel import Says
from yixian.people.words import ROLE_NAMES
from yixian.tickets.words import AUDIENCES as TICKET_AUDIENCES

RUNGS: Final[Mapping[Rung, str]] = {Rung.DESK: "热线派单台", Rung.SUPERVISOR: "值班长", Rung.CONFERENCE: "联席会议"}

ENDED: Final[Mapping[str, str]] = {
    Ended.RULED: "已裁定",
    Ended.SETTLED: "已答复，无需裁定",
    Ended.LAPSED: "工单已撤回或终止",
}

SIDES: Final[Mapping[Side, str]] = {
    Side.ACTING: "提出异议，继续办理",
    Side.RETURNED: "此前退单",
    Side.NAMED: "被指应当主办",
}

KINDS: Final[Mapping[Kind, str]] = {
    Kind.RETURN: "退单",
    Kind.OBJECT: "提出异议",
    Kind.OPINION: "在工单上发表意见",
    Kind.STATEMENT: "陈述",
}

DEEDS: Final[Mapping[Deed, str]] = {
    Deed.SAY: "陈述本单位意见",
    Deed.CONVENE: "召集会审",
    Deed.VOTE: "发表意见并表决",
    Deed.ESCALATE: "提请上一级",
    Deed.RULE: "裁定主办单位",
}

HOWS: Final[Mapping[How, str]] = {
    How.MAJORITY: "按会审多数",
    How.CHAIR: "由主持人裁定",
    How.AGAINST_MAJORITY: "与会审多数不同",
}

SAYS: Final[Mapping[Says, str]] = {
    Says.WAITING: "表决单位尚未过半数，票数不作数",
    Says.MAJORITY: "多数意见",
    Says.TIE: "票数相等，由主持人裁定",
    Says.DIVIDED: "没有过半数的意见，由主持人裁定",
}

STEPS: Final[Mapping[str, str]] = {
    "opened": "进入联合审定",
    "said": "陈述意见",
    "convened": "召集会审",
    "voted": "表决",
    "changed": "改变意见",
    "escalated": "提请上一级",
    "overdue": "逾期",
    "ruled": "裁定",
    "settled": "已答复，争议了结",
    "lapsed": "工单已撤回或终止，争议了结",
}

LATE: Final[Mapping[str, str]] = {"ruling": "裁定逾期", "opinion": "会审意见逾期", "words": "陈述逾期"}

NOTICES: Final[Mapping[str, str]] = {
    "asked": "有单位提出本工单应由贵单位主办，请陈述意见",
    "convened": "请贵单位参加会审，发表意见并表决",
    "escalated": "争议已提请上一级",
    "opinion_overdue": "会审意见已逾期，请尽快表决",
    "words_overdue": "陈述意见已逾期，请尽快说明",
    "ruled": "已裁定主办单位，裁定不得再退",
    "settled": "工单已答复，争议了结",
    "lapsed": "工单已撤回或终止，争议了结",
}

SAID: Final[Mapping[Said, str]] = {Said.YES: "是", Said.NO: "不是", Said.PARTLY: "部分是"}

CONSULTATION_ENDED: Final[Mapping[str, str]] = {"dispatched": "已派单", "lapsed": "工单已撤回、并入或终止"}

AUDIENCES: Final = TICKET_AUDIENCES
ROLES: Final = {**ROLE_NAMES, "system": "系统"}


def sayings() -> tuple[str, ...]:
    """All of them, for the test of the catalogue."""
    tables = (RUNGS, ENDED, SIDES, KINDS, DEEDS, HOWS, SAYS, STEPS, LATE, NOTICES, ROLES, SAID, CONSULTATION_ENDED)
    return tuple(word for table in tables for word in table.values())
