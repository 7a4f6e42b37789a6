"""What happened to a ticket since somebody looked at it, step by step and field by field. Pure: read from its history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from yixian.city.inforce import CHINESE, City
from yixian.tickets import words
from yixian.tickets.model import Action, HistoryRow, Rating, State, Ticket

LEAD_CHANGES: Final = frozenset({Action.DISPATCH, Action.REASSIGN, Action.RULE, Action.HAND_DOWN, Action.HAND_UP})
"""After these another unit may lead."""
LEAD_ENDS: Final = frozenset({Action.RETURN, Action.REOPEN, Action.REDO})

LABELS: Final[Mapping[str, str]] = {
    "state": "状态",
    "lead": "主办单位",
    "co": "协办单位",
    "basis": "依据",
    "matter": "事项",
    "region": "区域",
    "unit": "单位",
    "named": "应由哪个单位主办",
    "days": "延期工作日",
    "answer": "公开答复",
    "internal": "内部办理记录",
    "into": "并入的工单编号",
}
"""The fields that the history keeps, in the order in which they are shown; keys of the message catalogue."""


class Field(msgspec.Struct, frozen=True):
    """A field that reads differently now."""

    label: str
    """Key of the message catalogue."""
    before: str
    """Empty when there was nothing, or the history does not say."""
    after: str
    """Empty when it was taken away."""
    translate: bool = False
    """Both are keys of the message catalogue."""


class Changed(msgspec.Struct, frozen=True):
    """A step that somebody else took."""

    at: datetime
    actor: str
    role: str
    unit: str
    action: str
    note: str
    fields: tuple[Field, ...]


def since(rows: Sequence[HistoryRow], version: int, city: City, lang: str = CHINESE) -> tuple[Changed, ...]:
    """The steps after `version`, oldest first. `rows`: the whole history as this person may see it; `lang`: in which names are said."""
    known: dict[str, Any] = {}
    found: list[Changed] = []
    for row in rows:
        after = known | _kept(row)
        if row.seq > version:
            fields = tuple(_fields(known, after, city, lang))
            found.append(Changed(row.at, row.actor, row.role, row.unit, row.action, row.note, fields))
        known = {name: value for name, value in after.items() if name not in _PASSING}
    return tuple(found)


def rated_before(ticket: Ticket, rows: Sequence[HistoryRow]) -> Rating | None:
    """How the round before was rated, when that was bad: why the ticket is handled once more. It keeps the rating of its own round only."""
    if not ticket.rounds or ticket.rated_solution is not None or ticket.closed_at:
        return None
    last = next((rated(row) for row in reversed(rows) if row.action == Action.RATE), None)
    return last if last and last.solution < 3 else None


def rated(row: HistoryRow) -> Rating | None:
    """What a citizen said in this step, when it is one of rating and its reader may know."""
    said = {name: row.detail[name] for name in Rating.__struct_fields__ if name in row.detail}
    return Rating(**said) if row.action == Action.RATE and "solution" in said else None


_PASSING: Final = frozenset({"unit", "named", "days", "into"})
"""What belongs to the step and not to the ticket."""


def _kept(row: HistoryRow) -> dict[str, Any]:
    """What the ticket holds after a step, as far as its history says."""
    said = {name: value for name, value in row.detail.items() if name in LABELS and name != "unit"}
    said["state"] = row.target
    unit = row.detail.get("unit")
    if row.action in tuple(LEAD_CHANGES):
        return said | {"lead": unit}
    if row.action in tuple(LEAD_ENDS) and row.target == State.AWAITING_DISPATCH:
        return {name: value for name, value in said.items() if name != "basis"} | {"lead": None}
    return said | ({"unit": unit} if unit and row.action != Action.RETURN else {})


def _fields(before: Mapping[str, Any], after: Mapping[str, Any], city: City, lang: str) -> Iterable[Field]:
    for name, label in LABELS.items():
        old, new = before.get(name), after.get(name)
        if (old or None) != (new or None):
            yield Field(label, _written(name, old, city, lang), _written(name, new, city, lang), translate=name == "state")


def _written(name: str, value: Any, city: City, lang: str) -> str:
    """How a value reads."""
    match name:
        case _ if value in (None, "", []):
            return ""
        case "state":
            return words.STATES[State(value)] if value in tuple(State) else str(value)
        case "lead" | "unit" | "named":
            return city.unit_in(value, lang).text
        case "co":
            return ("、" if lang == CHINESE else ", ").join(city.unit_in(unit, lang).text for unit in value)
        case "matter":
            return city.matter_in(value, lang).text
        case "region":
            return city.region_in(value, lang).text
        case _:
            return str(value)


def sayings() -> tuple[str, ...]:
    """The labels, for the test of the catalogue."""
    return tuple(LABELS.values())
