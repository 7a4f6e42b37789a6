"""The form of a proposal: how an entry fills it in, and how a filled form becomes what somebody wants."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

import msgspec

from yixian.city.inforce import City
from yixian.city.model import Audience, Responsibility
from yixian.responsibilities.model import ChangeKind, Wanted
from yixian.tickets import choices
from yixian.tickets.choices import Unclear, What
from yixian.web.given import text_of

NAMES: Final = (
    "kind", "code", "matter", "places", "who", "time", "words", "lead", "co", "basis", "valid_to", "note", "since", "reason",
)  # fmt: skip

LONGEST: Final = 5_000
MISSING: Final = "此项必填。"
TOO_LONG: Final = "太长了，请缩短。"
NO_DAY: Final = "请填写日期，写作 2026-01-31。"

_SEPARATE: Final = re.compile(r"[\n;；|｜]")


class Filled(msgspec.Struct, frozen=True):
    """A form as it was sent."""

    values: Mapping[str, str]
    """What was typed: shown again when it is refused."""
    wanted: Wanted | None
    """None when there are errors."""
    errors: Mapping[str, str]


def proposed(city: City, entry: Responsibility | None, kind: ChangeKind, since: date) -> dict[str, str]:
    """What a fresh form holds."""
    values = dict.fromkeys(NAMES, "") | {"kind": kind.value, "since": since.isoformat()}
    if entry is None:
        return values
    return values | {
        "code": entry.code,
        "matter": choices.written(city, What.MATTERS, entry.matter),
        "places": "\n".join(choices.written(city, What.REGIONS, place) for place in entry.places),
        "who": entry.who.value if entry.who else "",
        "time": "night" if entry.night else "",
        "words": "|".join(entry.words),
        "lead": _unit_written(city, entry.lead),
        "co": "\n".join(_unit_written(city, unit) for unit in entry.co),
        "basis": entry.basis,
        "valid_to": entry.valid_to.isoformat() if entry.valid_to else "",
        "note": entry.note,
    }


def read(sent: Mapping[str, Any], city: City) -> Filled:
    """Reads a form. Never raises: what cannot be read is among the errors."""
    values = {name: text_of(sent, name, LONGEST + 1) for name in NAMES}
    errors = {name: TOO_LONG for name, text in values.items() if len(text) > LONGEST}
    ends = values["kind"] == ChangeKind.ENDED.value
    parsed: dict[str, Any] = {}
    for name, parse in (_WHEN if ends else _READERS).items():
        try:
            parsed[name] = parse(city, values[name].strip())
        except Unclear as unclear:
            errors.setdefault(name, str(unclear))
    if errors:
        return Filled(values, None, errors)
    code, since, reason = values["code"].strip(), parsed.pop("since"), parsed.pop("reason")
    night = values["time"].strip() == "night"
    entry = None if ends else Responsibility(code=code, valid_from=since, night=night, **parsed)
    return Filled(values, Wanted(code, entry, since, reason), {})


def _unit_written(city: City, name: str) -> str:
    return name if name.startswith("@") else choices.written(city, What.UNITS, name)


def _needed(_city: City, text: str) -> str:
    if not text:
        raise Unclear(MISSING)
    return text


def _any(_city: City, text: str) -> str:
    return text


def _day(_city: City, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unclear(NO_DAY) from None


def _optional_day(city: City, text: str) -> date | None:
    return _day(city, text) if text else None


def _matter(city: City, text: str) -> str:
    return choices.code_of(city, What.MATTERS, _needed(city, text))


def _unit(city: City, text: str) -> str:
    return text if text.startswith("@") else choices.code_of(city, What.UNITS, _needed(city, text))


def _several(parse: Callable[[City, str], str]) -> Callable[[City, str], tuple[str, ...]]:
    def read_all(city: City, text: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(parse(city, part.strip()) for part in _SEPARATE.split(text) if part.strip()))

    return read_all


def _region(city: City, text: str) -> str:
    return choices.code_of(city, What.REGIONS, text)


def _who(_city: City, text: str) -> Audience | None:
    return next((who for who in Audience if who.value == text), None)


_WHEN: Final[Mapping[str, Callable[[City, str], Any]]] = {"since": _day, "reason": _needed}
_READERS: Final[Mapping[str, Callable[[City, str], Any]]] = {
    "matter": _matter, "places": _several(_region), "who": _who, "words": _several(_any), "lead": _unit, "co": _several(_unit),
    "basis": _needed, "valid_to": _optional_day, "note": _any, **_WHEN,
}  # fmt: skip


def sayings() -> tuple[str, ...]:
    """Every fixed sentence here, for the test of the catalogue."""
    return MISSING, TOO_LONG, NO_DAY
