"""Texts that answers begin from: what can be filled in, and how. Pure.

A template holds places such as `{编号}` (in English `{number}`); what the ticket knows goes there, the rest the handler writes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Final

import msgspec

from yixian.city.inforce import City
from yixian.tickets.model import Ticket

LONGEST_TITLE: Final = 60
LONGEST_TEXT: Final = 4_000
"""Characters."""


class Place(StrEnum):
    """What can be filled in, under its English name."""

    NUMBER = "number"
    PLACE = "place"
    MATTER = "matter"
    UNIT = "unit"
    DATE = "date"


CALLED: Final[Mapping[str, Place]] = {
    "编号": Place.NUMBER,
    "地点": Place.PLACE,
    "事项": Place.MATTER,
    "单位": Place.UNIT,
    "日期": Place.DATE,
    **{place.value: place for place in Place},
}
"""How a place is written between braces."""

_BRACED: Final = re.compile(r"\{([^{}\n]{0,40})\}")


class Draft(msgspec.Struct, frozen=True):
    """A template as somebody wrote it, not yet kept."""

    title: str
    text: str
    matter: str = ""
    """Code; empty: for all matters."""


def problems(draft: Draft, city: City) -> tuple[tuple[str, str], ...]:
    """`(field, sentence)` for each thing that keeps a draft from being used; sentences are keys of the message catalogue."""
    found: list[tuple[str, str]] = []
    if not draft.title.strip():
        found.append(("title", "请填写模板名称。"))
    elif len(draft.title) > LONGEST_TITLE:
        found.append(("title", f"模板名称不能超过{LONGEST_TITLE}个字。"))
    if not draft.text.strip():
        found.append(("text", "请填写模板内容。"))
    elif len(draft.text) > LONGEST_TEXT:
        found.append(("text", f"模板内容不能超过{LONGEST_TEXT}个字。"))
    elif unknown := [name for name in _BRACED.findall(draft.text) if name.strip() not in CALLED]:
        found.append(("text", f"没有“{unknown[0]}”这个填充项；可以用编号、地点、事项、单位、日期。"))
    if draft.matter and draft.matter not in city.matters:
        found.append(("matter", "没有这个事项，请从提示中选择。"))
    return tuple(found)


def filled(text: str, ticket: Ticket, city: City, unit: str, today: date, *, english: bool = False) -> str:
    """The text with all places filled from the ticket. `unit`: code of the unit that answers; `today`: by the city's reckoning."""
    known = {
        Place.NUMBER: ticket.number,
        Place.PLACE: _where(ticket, city),
        Place.MATTER: _named(city, ticket.matter, english=english),
        Place.UNIT: (city.units[unit].name_en if english and unit in city.units else "") or city.unit_name(unit),
        Place.DATE: f"{today:%Y-%m-%d}" if english else f"{today.year}年{today.month}月{today.day}日",
    }

    def put(match: re.Match[str]) -> str:
        place = CALLED.get(match[1].strip())
        return match[0] if place is None else known[place] or match[0]

    return _BRACED.sub(put, text)


def _where(ticket: Ticket, city: City) -> str:
    region = city.region_name(ticket.region)
    place = ticket.place.strip()
    return place if place.startswith(region) else region + place


def _named(city: City, matter: str | None, *, english: bool) -> str:
    if english and matter and matter in city.matters and city.matters[matter].name_en:
        return city.matters[matter].name_en
    return city.matter_name(matter)


def matters_up(city: City, matter: str | None) -> tuple[str, ...]:
    """The matter and those above it: templates of any of them fit."""
    return city.register.matters_up.get(matter or "", ())


def sayings() -> tuple[str, ...]:
    """Every fixed sentence here, as the catalogue has it."""
    return (
        "请填写模板名称。",
        "模板名称不能超过{n}个字。",
        "请填写模板内容。",
        "模板内容不能超过{n}个字。",
        "没有“{name}”这个填充项；可以用编号、地点、事项、单位、日期。",
        "没有这个事项，请从提示中选择。",
    )
