"""Choosing a unit, a matter or a region out of thousands: by name, part of a name, or code. Pure.

What is chosen is written `name [code]`, so that it can be read by people and is one thing only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from yixian.city.inforce import City

MOST: Final = 12
"""So many are offered at once."""

_CODE = re.compile(r"\[([^\[\]]+)\]\s*$")


class What(StrEnum):
    """What can be chosen."""

    UNITS = "units"
    MATTERS = "matters"
    REGIONS = "regions"


class Choice(msgspec.Struct, frozen=True):
    """One that can be chosen."""

    code: str
    name: str
    path: str = ""
    """Of a unit: where it stands."""
    words: tuple[str, ...] = ()
    """Other names."""

    @property
    def text(self) -> str:
        """As it is written in a field."""
        return f"{self.name} [{self.code}]"


class Unclear(Exception):
    """What was written cannot be used; the sentence says what to do, and is a key of the message catalogue."""


SEVERAL: Final = "不止一个叫这个名称，请从提示中选定一个。"
NONE: Final = "没有找到，请输入名称的一部分，再从提示中选择。"


def find(city: City, what: What, query: str, under: str = "", most: int = MOST) -> tuple[Choice, ...]:
    """Those whose name, other name or code holds `query`, best first; `under`: only units below this path."""
    words = query.strip().lower()
    scored = [
        (score, c) for c in _all(city, what) if c.path.startswith(under) and c.path != under and (score := _score(c, words)) is not None
    ]
    return tuple(c for _, c in sorted(scored, key=lambda s: (s[0], len(s[1].name), s[1].code))[:most])


def code_of(city: City, what: What, written: str) -> str:
    """The code of what was written: `name [code]`, a code, or a name that only one has; empty for nothing.

    Raises:
        Unclear: it names nothing, or several.
    """
    text = written.strip()
    if not text:
        return ""
    known = _table(city, what)
    if (match := _CODE.search(text)) and match[1] in known:
        return match[1]
    if text in known:
        return text
    named = [c for c in _all(city, what) if text == c.name or text in c.words]
    if len(named) == 1:
        return named[0].code
    raise Unclear(SEVERAL if named else NONE)


def clear_code(city: City, what: What, written: str) -> str:
    """As `code_of`; empty while it is not clear."""
    try:
        return code_of(city, what, written)
    except Unclear:
        return ""


def is_code(city: City, what: What, text: str) -> bool:
    """Whether the city has one with this code."""
    return text in _table(city, what)


def written(city: City, what: What, code: str | None) -> str:
    """How `code` is written in a field; the code itself when the pack no longer has it."""
    return f"{name_of(city, what, code)} [{code}]" if code else ""


def named(city: City, what: What, code: str) -> str:
    """As `written`, without the code where the name alone says which one it is: for a field that is mostly read."""
    name = name_of(city, what, code)
    return name if clear_code(city, what, name) == code else written(city, what, code)


def name_of(city: City, what: What, code: str) -> str:
    """What the unit, matter or region with this code is called; the code itself when the pack no longer has it."""
    return {What.UNITS: city.unit_name, What.MATTERS: city.matter_name, What.REGIONS: city.region_name}[what](code)


def _table(city: City, what: What) -> Mapping[str, object]:
    return {What.UNITS: city.units, What.MATTERS: city.matters, What.REGIONS: city.regions}[what]


def _all(city: City, what: What) -> Iterable[Choice]:
    match what:
        case What.UNITS:
            paths = city.register.paths
            return (Choice(u.code, u.name, paths.get(u.code, ""), (u.short_name, *u.aliases)) for u in city.units.values())
        case What.MATTERS:
            return (Choice(m.code, m.name, m.code, m.keywords) for m in city.leaves)
        case What.REGIONS:
            return (Choice(r.code, city.region_name(r.code), r.code, (r.name, *r.aliases)) for r in city.regions.values())


def _score(choice: Choice, words: str) -> int | None:
    """Lower is better; None when it does not fit."""
    if not words:
        return 9
    name = choice.name.lower()
    if words in (name, choice.code.lower()):
        return 0
    if any(words == w.lower() for w in choice.words if w):
        return 1
    if name.startswith(words):
        return 2
    if words in name or choice.code.lower().startswith(words):
        return 3
    return 4 if any(words in w.lower() for w in choice.words if w) else None
