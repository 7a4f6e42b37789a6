"""How the room's codes read on screen. Keys of the message catalogue; a test keeps them in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yixian.campaigns.model import Deed, Phase
from yixian.people.words import ROLE_NAMES

PHASES: Final[Mapping[Phase, str]] = {
    Phase.DRAFT: "草案",
    Phase.WAITING: "待开始",
    Phase.RUNNING: "进行中",
    Phase.EXPIRED: "到期待总结",
    Phase.ENDED: "已结束",
    Phase.DISCARDED: "已作废",
}

TONES: Final[Mapping[Phase, str]] = {Phase.RUNNING: "teal", Phase.EXPIRED: "amber", Phase.ENDED: "green"}

DEEDS: Final[Mapping[Deed, str]] = {
    Deed.REVISE: "修改草案",
    Deed.APPROVE: "批准",
    Deed.DISCARD: "作废",
    Deed.GATHER: "纳入存量工单",
    Deed.END: "结束专项",
}

STEPS: Final[Mapping[str, str]] = {"draft": "起草", "gathered": "存量工单已纳入", **DEEDS}

HINTS: Final[Mapping[Deed, str]] = {
    Deed.APPROVE: "批准后不能再改；从开始之日起，符合范围的新工单自动纳入，时限只会提前，不会推后。",
    Deed.DISCARD: "作废后不能恢复。",
    Deed.GATHER: "把已在办、符合范围的工单也纳入；时限从现在起按专项计算，不会晚于原来的时限。",
    Deed.END: "结束时的数字会保留；未办结的工单离开专项，时限保持不变。",
}

NOTES: Final[Mapping[Deed, str]] = {Deed.APPROVE: "审批意见", Deed.DISCARD: "作废理由", Deed.END: "专项总结"}
"""What the note of a deed is called; a deed that is not here has none."""

NEEDS_NOTE: Final = frozenset({Deed.DISCARD, Deed.END})

ROLES: Final = ROLE_NAMES


def sayings() -> tuple[str, ...]:
    """All of them, for the test of the catalogue."""
    tables = (PHASES, STEPS, HINTS, NOTES)
    return tuple(word for table in tables for word in table.values())
