"""Finding entries among thousands: free words, unit, district, matter, day.

In memory, beside the compiled city that every process holds anyway: a list of 4,200 entries is a megabyte of text, and one pass over
it takes a few milliseconds (`bench/bench_list.py`). It is made anew with the city, so it can never be older than it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

import msgspec

from yixian.city.inforce import CHINESE, City
from yixian.city.model import Level, Responsibility
from yixian.city.responsibility import holds_on
from yixian.language.normalise import normalise
from yixian.responsibilities.concerned import Meaning, Whereabouts

PAGE: Final = 50
LONGEST: Final = 100
"""Characters of a query that are looked at."""

_SOMEWHERE: Final = {Level.DISTRICT: "所在区", Level.STREET: "所在街镇", Level.COMMUNITY: "所在社区"}


class Asked(msgspec.Struct, frozen=True):
    """What to look for; empty fits everything."""

    words: str = ""
    """Each must occur: in the matter's name or a name above it, a unit's, the basis, the note, the conditions, the code."""
    unit: str = ""
    region: str = ""
    """Entries that may hold somewhere in it."""
    matter: str = ""
    """This matter, and those below it."""
    on: date | None = None
    """In force on this day; None: every version."""


class Found(msgspec.Struct, frozen=True):
    """A stretch of what was found, by code and day."""

    entries: tuple[Responsibility, ...]
    total: int
    after: int
    """How many to skip for the next stretch; 0 at the end."""


class Index(msgspec.Struct, frozen=True):
    """The list of one city, ready to be searched. Made by `compile_index`."""

    city: City
    entries: tuple[Responsibility, ...]
    texts: tuple[str, ...]
    """What each entry says, in plain form."""

    def find(self, asked: Asked, skip: int = 0, most: int = PAGE) -> Found:
        """The entries that fit, from the `skip`-th on."""
        fitting = self._fitting(asked)
        stretch = tuple(fitting[skip : skip + most])
        return Found(stretch, len(fitting), skip + most if len(fitting) > skip + most else 0)

    def _fitting(self, asked: Asked) -> Sequence[Responsibility]:
        """One sieve after the other, each over what the one before left; the cheapest first."""
        left: Sequence[Responsibility] = self.entries
        if words := normalise(asked.words[:LONGEST]).split():
            said = list(zip(self.entries, self.texts, strict=True))
            for word in words:
                said = [pair for pair in said if word in pair[1]]
            left = [entry for entry, _ in said]
        if asked.matter:
            up = self.city.register.matters_up
            left = [e for e in left if asked.matter in up.get(e.matter, (e.matter,))]
        if asked.unit:
            left = list(filter(Meaning(self.city, asked.unit).meant_by, left))
        if asked.region:
            left = list(filter(Whereabouts(self.city, asked.region).touched_by, left))
        return left if asked.on is None else [e for e in left if holds_on(e, asked.on)]


class Shelf:
    """The index of the city in force, as a process keeps it: made again only when the city was."""

    def __init__(self) -> None:
        self._index: Index | None = None

    def of(self, city: City) -> Index:
        """The index of this city."""
        if self._index is None or self._index.city is not city:
            self._index = compile_index(city)
        return self._index


def compile_index(city: City) -> Index:
    """Prepares the list of a city for searching. 4,200 entries take a good tenth of a second, once a loading."""
    entries = tuple(sorted(city.pack.responsibilities, key=lambda entry: (entry.code, entry.valid_from)))
    plain: dict[str, str] = {}

    def of(text: str) -> str:
        if text not in plain:
            plain[text] = normalise(text)
        return plain[text]

    return Index(city, entries, tuple("\n".join(of(part) for part in _said(city, entry) if part) for entry in entries))


def unit_name(city: City, name: str, say: Callable[[str], str] = str, lang: str = CHINESE) -> str:
    """What an entry's unit is called: its name; for a name by place whose, as `所在区 · 市场监督管理局`.

    `say`: the catalogue in the reader's language, `lang`.
    """
    if not name.startswith("@"):
        return city.unit_in(name, lang).text
    level_name, _, function = name[1:].partition(".")
    level = next((level for level in _SOMEWHERE if level.value == level_name), None)
    if level is None:
        return name
    where = say(_SOMEWHERE[level])
    return f"{where} · {_bureau(city, level, function, lang)}" if function else where


def _bureau(city: City, level: Level, function: str, lang: str) -> str:
    """What the bureaus of a function are called, without the place: from the first there is."""
    for (region, what), unit in city.register.by_function.items():
        if what == function and city.units[unit].level is level:
            if lang != CHINESE and city.units[unit].name_en:
                return _without_place_in_english(city.units[unit].name_en, city.regions[region].name_en)
            return _without_place(city.units[unit].name, city.regions[region].name, city.pack.city.name)
    return function


def _without_place(name: str, region: str, city: str) -> str:
    """A bureau's name without its region: `广州市荔湾区民政局` is `民政局`.

    A branch keeps whose it is: `广州市公安局荔湾区分局` is `公安分局`.
    """
    # Branches are named by the region's short name too: `生态环境局荔湾分局`.
    place = next((said for said in (region, region[:-1]) if said and said in name), None)
    if place is None:
        return name
    head, _, tail = name.partition(place)
    if len(tail) > len("分局"):
        return tail.strip()
    return head.removeprefix(city).removesuffix(_ABOVE.get(tail, "")) + tail


def _without_place_in_english(name: str, region: str) -> str:
    """`Tianhe District Civil Affairs Bureau` is `Civil Affairs Bureau`; of a branch only the place's own name is left out."""
    place = next((said for said in (region, region.rpartition(" ")[0]) if said and said in name), "")
    return " ".join(name.replace(place, " ").split()) if place else name


_ABOVE: Final = {"分局": "局", "大队": "支队"}
"""What a branch's name says twice when its place is left out."""


def _said(city: City, entry: Responsibility) -> tuple[str, ...]:
    matters = city.register.matters_up.get(entry.matter, ())
    return (
        entry.code,
        entry.matter,
        *(city.matter_name(code) for code in matters),
        *(unit_name(city, name) for name in (entry.lead, *entry.co)),
        *(city.region_name(place) for place in entry.places),
        *entry.words,
        entry.basis,
        entry.note,
    )


def sayings() -> tuple[str, ...]:
    """The fixed words here, for the test of the catalogue."""
    return tuple(_SOMEWHERE.values())
