"""What a draft asks for on screen, and how the filled form becomes a plan."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

import msgspec

from yixian.campaigns.model import Column, Limits, Plan, Scope
from yixian.campaigns.service import USUAL_COLUMNS
from yixian.city.inforce import City
from yixian.tickets import choices, words
from yixian.tickets.choices import Unclear, What
from yixian.tickets.forms import LONGEST, MISSING, TOO_LONG
from yixian.tickets.model import State
from yixian.web.given import text_of

FIELDS: Final = (
    "name", "purpose", "basis", "first_day", "last_day", "matters", "regions", "units", "words", "sign", "contact", "answer", "longer",
    "lead", "members", "columns",
)  # fmt: skip

BAD_DAY: Final = "请按 2026-01-31 的格式填写日期。"
BAD_COLUMN: Final = "每栏一行，写作“栏名：状态、状态”；状态用系统中的名称。"

_NAMED: Final[Mapping[str, State]] = {name: state for state, name in words.STATES.items()} | {state.value: state for state in State}


class Filled(msgspec.Struct, frozen=True):
    """A form as it was sent."""

    values: Mapping[str, str]
    """What was typed, by field: shown again when the plan cannot be used."""
    plan: Plan | None
    """None when there are errors."""
    errors: tuple[tuple[str, str], ...] = ()
    """`(field, sentence)`."""


def read(sent: Mapping[str, Any], city: City) -> Filled:
    """Reads a form. Never raises: what cannot be read is among the errors."""
    values = {name: text_of(sent, name).strip() for name in FIELDS}
    errors: list[tuple[str, str]] = [(name, TOO_LONG) for name, text in values.items() if len(text) > LONGEST]
    readers: dict[str, Callable[[str], Any]] = {
        "first_day": _day,
        "last_day": _day,
        "matters": lambda text: _codes(text, What.MATTERS, city),
        "regions": lambda text: _codes(text, What.REGIONS, city),
        "units": lambda text: _codes(text, What.UNITS, city),
        "words": _lines,
        "lead": lambda text: choices.code_of(city, What.UNITS, _given(text)),
        "members": lambda text: _codes(text, What.UNITS, city),
        "columns": _columns,
    }
    read: dict[str, Any] = {}
    for name, text in values.items():
        try:
            read[name] = readers[name](text) if name in readers else text
        except Unclear as unclear:
            errors.append((name, str(unclear)))
    return Filled(values, None if errors else _plan(read), tuple(errors))


def _plan(read: Mapping[str, Any]) -> Plan:
    return Plan(
        read["name"], read["purpose"], read["basis"], read["first_day"], read["last_day"],
        Scope(read["matters"], read["regions"], read["units"], read["words"]),
        Limits(read["sign"], read["contact"], read["answer"], read["longer"]),
        read["lead"], read["members"], read["columns"],
    )  # fmt: skip


def _given(text: str) -> str:
    if not text:
        raise Unclear(MISSING)
    return text


def _day(text: str) -> date:
    if not text:
        raise Unclear(MISSING)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unclear(BAD_DAY) from None


def _lines(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.strip() for line in re.split(r"[\n;；]", text) if line.strip()))


def _codes(text: str, what: What, city: City) -> tuple[str, ...]:
    return tuple(dict.fromkeys(choices.code_of(city, what, line) for line in _lines(text)))


def _columns(text: str) -> tuple[Column, ...]:
    """`栏名：状态、状态` a line; nothing: the usual ones."""
    columns: list[Column] = []
    for line in _lines(text):
        name, colon, named = line.replace(":", "：").partition("：")
        states = tuple(_NAMED[s] for word in re.split(r"[、,，\s]+", named) if (s := word.strip()) in _NAMED)
        if not colon or len(states) != len([w for w in re.split(r"[、,，\s]+", named) if w]):
            raise Unclear(BAD_COLUMN)
        columns.append(Column(name.strip(), states))
    return tuple(columns)


def fresh(today: date) -> dict[str, str]:
    """What an empty form holds already."""
    return {"first_day": today.isoformat(), "columns": _columns_written(USUAL_COLUMNS)}


def written(plan: Plan, city: City) -> dict[str, str]:
    """A plan as it stands in the form."""

    def lines(what: What, codes: tuple[str, ...]) -> str:
        return "\n".join(choices.written(city, what, code) for code in codes)

    return {
        "name": plan.name,
        "purpose": plan.purpose,
        "basis": plan.basis,
        "first_day": plan.first_day.isoformat(),
        "last_day": plan.last_day.isoformat(),
        "matters": lines(What.MATTERS, plan.scope.matters),
        "regions": lines(What.REGIONS, plan.scope.regions),
        "units": lines(What.UNITS, plan.scope.units),
        "words": "\n".join(plan.scope.words),
        "sign": plan.limits.sign,
        "contact": plan.limits.contact,
        "answer": plan.limits.answer,
        "longer": plan.limits.longer,
        "lead": choices.written(city, What.UNITS, plan.lead),
        "members": lines(What.UNITS, plan.members),
        "columns": _columns_written(plan.columns),
    }


def _columns_written(columns: tuple[Column, ...]) -> str:
    return "\n".join(f"{c.name}：{'、'.join(words.STATES[s] for s in c.states)}" for c in columns)


def sayings() -> tuple[str, ...]:
    """Every fixed sentence here, for the test of the catalogue."""
    return (BAD_DAY, BAD_COLUMN)
