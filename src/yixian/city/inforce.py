"""The city in force, compiled once and asked many times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from yixian.city import calendar
from yixian.city.calendar import Duration
from yixian.city.coordinates import Outlines, compile_outlines
from yixian.city.model import Matter, Pack, Region, Unit
from yixian.city.responsibility import Register, compile_register

CHINESE: Final = "zh"


class Name(msgspec.Struct, frozen=True):
    """A name as a reader of some language is shown it."""

    text: str
    lang: str
    """Of the text: the reader's, or Chinese where the pack has no other."""
    beside: str = ""
    """The name in Chinese, where the text is in another language: it stands on signs and forms, and is what one asks for."""


class City(msgspec.Struct, frozen=True):
    """A pack and what is looked up in it on every request. Made by `compile_city`."""

    pack: Pack
    register: Register
    units: Mapping[str, Unit]
    matters: Mapping[str, Matter]
    regions: Mapping[str, Region]
    leaves: tuple[Matter, ...]
    version: int = 0
    """Id of the loading it came from."""
    outlines: Outlines = Outlines()
    """Where its districts are on the globe; none when nobody knows."""
    closed: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    """Names of closed units: old tickets name them still."""

    def due(self, start: datetime, duration: str) -> datetime:
        """When something that started at `start` (UTC) and may take `duration` (`2h`, `4wh`, `5wd`) is due, UTC."""
        return calendar.due(self.pack.calendar, self.pack.city.timezone, start, Duration.parse(duration))

    def unit_name(self, code: str | None) -> str:
        """The unit's name, also of one that was closed; its code when the city no longer knows it."""
        if code is None:
            return ""
        return self.units[code].name if code in self.units else self.closed.get(code, code)

    def matter_name(self, code: str | None) -> str:
        """The matter's name, or its code when the pack no longer has it."""
        return "" if code is None else self.matters[code].name if code in self.matters else code

    def region_name(self, code: str | None) -> str:
        """District and finer names in one: `海珠区江南中街道`; the whole city's own name: `广州市`."""
        if code is None:
            return ""
        return "".join(r.name for r in reversed(self._named_by(code))) or code

    def unit_in(self, code: str | None, lang: str) -> Name:
        """As `unit_name`, in the reader's language where the pack has it."""
        unit = self.units.get(code or "")
        return _both(lang, self.unit_name(code), unit.name_en if unit else "")

    def matter_in(self, code: str | None, lang: str) -> Name:
        """As `matter_name`, in the reader's language where the pack has it."""
        matter = self.matters.get(code or "")
        return _in(lang, self.matter_name(code), matter.name_en if matter else "")

    def region_in(self, code: str | None, lang: str) -> Name:
        """As `region_name`, in the reader's language where the pack has it for every level: `Haizhu District`."""
        above = self._named_by(code or "")
        english = ", ".join(r.name_en for r in above) if all(r.name_en for r in above) else ""
        return _both(lang, self.region_name(code), english)

    def queues_in(self, lang: str) -> dict[str, Name]:
        """The service queues' names by code, in the pack's order, in the reader's language where the pack has it."""
        return {queue.code: _in(lang, queue.name, queue.name_en) for queue in self.pack.queues}

    def _named_by(self, code: str) -> tuple[Region, ...]:
        """The regions whose names together name this one, finest first: the city goes without saying, unless it is all that is said."""
        above = self.register.regions_up.get(code, ())
        return above[:-1] or above


def _in(lang: str, chinese: str, english: str) -> Name:
    return Name(english, lang) if lang != CHINESE and english else Name(chinese, CHINESE)


def _both(lang: str, chinese: str, english: str) -> Name:
    """As `_in`, with the name in Chinese beside it where that is another."""
    name = _in(lang, chinese, english)
    return msgspec.structs.replace(name, beside=chinese) if name.lang != CHINESE and name.text != chinese else name


def compile_city(pack: Pack, version: int = 0) -> City:
    """Compiles a checked pack."""
    parents = {m.parent for m in pack.matters}
    return City(
        pack=pack,
        register=compile_register(pack),
        units={u.code: u for u in pack.units},
        matters={m.code: m for m in pack.matters},
        regions={r.code: r for r in pack.regions},
        leaves=tuple(m for m in pack.matters if m.code not in parents),
        version=version,
        outlines=compile_outlines(pack),
        closed={u.code: u.name for u in pack.closed},
    )
