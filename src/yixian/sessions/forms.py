"""What a plan and a result ask for on screen, and how the filled form is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec

from yixian.city.inforce import City
from yixian.sessions.model import Motion, Plan, Result
from yixian.tickets import choices
from yixian.tickets.choices import Unclear, What
from yixian.tickets.forms import LONGEST, MISSING, TOO_LONG
from yixian.web.given import text_of

T = TypeVar("T")

FIELDS: Final = ("unit", "leader", "day", "begins", "ends", "matters", "regions", "seats", "note")
RESULT_FIELDS: Final = ("result", "note", "unit", "day", "call")

BAD_DAY: Final = "请按 2026-01-31 的格式填写日期。"
BAD_TIME: Final = "请按 09:30 的格式填写时间。"
BAD_SEATS: Final = "席位为1至50个。"


class Filled(msgspec.Struct, frozen=True):
    """A plan's form as it was sent."""

    values: Mapping[str, str]
    plan: Plan | None
    """None when there are errors."""
    errors: tuple[tuple[str, str], ...] = ()


class FilledResult(msgspec.Struct, frozen=True):
    """A result's form as it was sent."""

    values: Mapping[str, str]
    motion: Motion
    errors: tuple[tuple[str, str], ...] = ()


def fresh() -> dict[str, str]:
    """What an empty plan holds already."""
    return dict.fromkeys(FIELDS, "") | {"begins": "09:30", "ends": "11:00", "seats": "1"}


def read(sent: Mapping[str, Any], city: City) -> Filled:
    """Reads a plan. Never raises: what cannot be read is among the errors."""
    values = _values(sent, FIELDS)
    readers: dict[str, Callable[[str], Any]] = {
        "unit": lambda text: choices.code_of(city, What.UNITS, _given(text)),
        "day": lambda text: _day(_given(text)),
        "begins": lambda text: _time(_given(text)),
        "ends": lambda text: _time(_given(text)),
        "matters": lambda text: _codes(text, What.MATTERS, city),
        "regions": lambda text: _codes(text, What.REGIONS, city),
        "seats": _seats,
    }
    found, errors = _each(values, readers)
    return Filled(values, None if errors else Plan(**found), errors)


def read_result(sent: Mapping[str, Any], city: City) -> FilledResult:
    """Reads what became of a call. Never raises."""
    values = _values(sent, RESULT_FIELDS)
    readers: dict[str, Callable[[str], Any]] = {
        "result": lambda text: Result(text) if text in tuple(Result) else None,
        "unit": lambda text: choices.code_of(city, What.UNITS, text) if text and values["result"] == Result.PROMISED else "",
        "day": lambda text: _day(text) if text and values["result"] == Result.PROMISED else None,
        "call": _identifier,
    }
    found, errors = _each(values, readers)
    return FilledResult(values, Motion() if errors else Motion(**found), errors)


def _values(sent: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    return {name: text_of(sent, name).strip() for name in names}


def _each(values: Mapping[str, str], readers: Mapping[str, Callable[[str], Any]]) -> tuple[dict[str, Any], tuple[tuple[str, str], ...]]:
    found: dict[str, Any] = {}
    errors: list[tuple[str, str]] = []
    for name, text in values.items():
        try:
            if len(text) > LONGEST:
                raise Unclear(TOO_LONG)
            found[name] = readers[name](text) if name in readers else text
        except Unclear as unclear:
            errors.append((name, str(unclear)))
    return found, tuple(errors)


def _given(text: str) -> str:
    if not text:
        raise Unclear(MISSING)
    return text


def _day(text: str) -> date:
    return _parsed(date.fromisoformat, text, BAD_DAY)


def _time(text: str) -> time:
    if not re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?", text, re.ASCII):
        raise Unclear(BAD_TIME)
    return _parsed(time.fromisoformat, text.zfill(5), BAD_TIME)


def _parsed(parse: Callable[[str], T], text: str, said: str) -> T:
    try:
        return parse(text)
    except ValueError:
        raise Unclear(said) from None


def _seats(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text):
        raise Unclear(BAD_SEATS)
    return int(text)


def _identifier(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _codes(text: str, what: What, city: City) -> tuple[str, ...]:
    lines = [line.strip() for line in re.split(r"[\n;；]", text) if line.strip()]
    return tuple(dict.fromkeys(choices.code_of(city, what, line) for line in lines))


def sayings() -> tuple[str, ...]:
    """Every fixed sentence here, for the test of the catalogue."""
    return (BAD_DAY, BAD_TIME, BAD_SEATS)
