"""How the room's codes read on screen. Keys of the message catalogue; a test keeps them in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from yixian.city.inforce import City
from yixian.responsibilities import files
from yixian.responsibilities.model import Answer, ChangeKind, Source, Stand, State, Step
from yixian.responsibilities.search import unit_name

STATES: Final[Mapping[State, str]] = {
    State.DRAFT: "待送审",
    State.IN_REVIEW: "征求意见",
    State.APPROVED: "已批准",
    State.REFUSED: "已否决",
    State.WITHDRAWN: "已撤回",
}

TONES: Final[Mapping[State, str]] = {State.IN_REVIEW: "teal", State.APPROVED: "green", State.REFUSED: "red", State.DRAFT: "amber"}
"""The colour beside the word."""

KINDS: Final[Mapping[ChangeKind, str]] = {ChangeKind.NEW: "新增", ChangeKind.CHANGED: "变更", ChangeKind.ENDED: "终止"}

SOURCES: Final[Mapping[Source, str]] = {
    Source.HAND: "手工提出",
    Source.IMPORT: "文件导入",
    Source.RULING: "争议裁定",
    Source.CORRECTION: "派单更正",
}

STANDS: Final[Mapping[Stand, str]] = {
    Stand.AGREED: "同意",
    Stand.OBJECTED: "不同意",
    Stand.SILENT: "逾期未答复，按同意计",
    Stand.WAITING: "待答复",
}

STAND_TONES: Final[Mapping[Stand, str]] = {Stand.AGREED: "green", Stand.OBJECTED: "red", Stand.SILENT: "amber"}

ANSWERS: Final[Mapping[Answer, str]] = {Answer.AGREE: "同意", Answer.OBJECT: "不同意"}

STEPS: Final[Mapping[str, str]] = {
    Step.PROPOSE: "提出建议",
    Step.SEND: "送审",
    Step.ANSWER: "单位答复",
    Step.APPROVE: "批准",
    Step.REFUSE: "否决",
    Step.WITHDRAW: "撤回",
    "silent": "答复期满",
}

FIELDS: Final[Mapping[str, str]] = files.HEADINGS

_WHO: Final = {"person": "市民", "firm": "企业", "": "不限"}
_TIME: Final = {"night": "夜间", "": "不限"}


def shown(city: City, field: str, cell: str, say: Callable[[str], str], lang: str) -> str:
    """A field of an entry as people read it: names for codes. `say`: the catalogue in the reader's language, `lang`."""
    parts = [part for part in cell.split("|") if part]
    match field:
        case "matter":
            return f"{city.matter_in(cell, lang).text} [{cell}]" if cell else ""
        case "lead" | "co":
            return say("、").join(unit_name(city, part, say, lang) for part in parts)
        case "place":
            return say("全市") if cell == "*" else say("、").join(city.region_in(part, lang).text for part in parts)
        case "who":
            return say(_WHO.get(cell, cell))
        case "time":
            return say(_TIME.get(cell, cell))
        case _:
            return say("、").join(parts) if field == "words" else cell


def sayings() -> tuple[str, ...]:
    """All of them, for the test of the catalogue."""
    tables = (STATES, KINDS, SOURCES, STANDS, ANSWERS, STEPS, FIELDS, _WHO, _TIME, files.NAMES)
    return (*(word for table in tables for word in table.values()), "全市")
