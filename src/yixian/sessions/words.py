"""How the room's codes read on screen. Keys of the message catalogue; a test keeps them in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yixian.sessions import hours
from yixian.sessions.model import CallState, Deed, How, Phase, Result

PHASES: Final[Mapping[Phase, str]] = {
    Phase.PLANNED: "未公布",
    Phase.COMING: "即将接听",
    Phase.RUNNING: "接听中",
    Phase.OVER: "接听结束",
    Phase.CANCELLED: "已取消",
}

TONES: Final[Mapping[Phase, str]] = {Phase.COMING: "teal", Phase.RUNNING: "green", Phase.CANCELLED: "red"}

DEEDS: Final[Mapping[Deed, str]] = {
    Deed.PUBLISH: "公布",
    Deed.CANCEL: "取消接听",
    Deed.TAKE: "接下一件",
    Deed.FINISH: "登记结果",
}

HOWS: Final[Mapping[How, str]] = {How.HANDED: "来电转接", How.EARLY: "会前提问", How.OVERFLOW: "席位已满"}

STATES: Final[Mapping[CallState, str]] = {
    CallState.WAITING: "等待接听",
    CallState.TAKEN: "正在接听",
    CallState.ANSWERED: "当场答复",
    CallState.PROMISED: "已承诺",
    CallState.PASSED_ON: "转普通办理",
    CallState.MISSED: "未及接听，转普通办理",
    CallState.OVERFLOWED: "席位已满，转普通办理",
}

RESULTS: Final[Mapping[Result, str]] = {
    Result.ANSWERED: "当场答复",
    Result.PROMISED: "承诺由某单位在某日前答复",
    Result.PASSED_ON: "不属接听范围，转普通办理",
}

REPORT: Final[Mapping[str, str]] = {
    "offered": "转来",
    "early": "会前提问",
    "taken": "接听",
    "overflowed": "席位已满",
    "missed": "未及接听",
    "answered": "当场答复",
    "promised": "承诺",
    "kept": "按期兑现",
    "broken": "逾期未兑现",
    "rated": "已评价",
    "content": "评价满意",
}


def sayings() -> tuple[str, ...]:
    """All of them, for the test of the catalogue."""
    tables = (PHASES, DEEDS, HOWS, STATES, RESULTS, REPORT)
    return (*(word for table in tables for word in table.values()), hours.NOT_YOURS, hours.MISSING)
