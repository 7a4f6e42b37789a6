"""Which units an entry concerns: those that lead or help by it, before or after the change. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from yixian.city.inforce import City
from yixian.city.model import Level, Responsibility
from yixian.city.responsibility import LEVELS


class Named(msgspec.Struct, frozen=True):
    """The units that an entry means by one name."""

    units: tuple[str, ...]
    missing: tuple[str, ...] = ()
    """Regions in which the name finds no unit."""


class Naming:
    """What the names in a city's list stand for; remembers what it was asked, since a whole list asks the same again and again."""

    def __init__(self, city: City) -> None:
        self.city = city
        self._known: dict[tuple[str, tuple[str, ...]], Named] = {}

    def named(self, name: str, places: tuple[str, ...]) -> Named:
        """The units that `name` (a code, or `@…`) finds at these places (none: everywhere)."""
        if not name.startswith("@"):
            return Named((name,)) if name in self.city.units else Named(())
        if (name, places) not in self._known:
            level, _, function = name[1:].partition(".")
            self._known[name, places] = _by_place(self.city, Level(level), function, places)
        return self._known[name, places]


def units_of(naming: Naming, entries: Iterable[Responsibility]) -> tuple[str, ...]:
    """The units to be asked about these entries, each once, in the order of their codes.

    A name by district (`@district.<function>`, `@district`) stands for every unit it finds at the entry's places. Streets and communities
    are asked themselves where the entry names places so fine; else the governments of the districts above answer for them, since a rule for
    all streets would otherwise be asked of hundreds.
    """
    found = {unit for entry in entries for name in (entry.lead, *entry.co) for unit in _asked(naming, name, entry.places)}
    return tuple(sorted(unit for unit in found if unit in naming.city.units))


def names_of(city: City, unit: str) -> frozenset[str]:
    """What an entry may call this unit: its code, and by place."""
    it = city.units.get(unit)
    if it is None or LEVELS.index(it.level) < LEVELS.index(Level.DISTRICT):
        return frozenset({unit})
    by_function = {f"@{it.level}.{it.function}"} if it.function else set[str]()
    return frozenset({unit, *by_function, *({f"@{it.level}"} if it.code == it.region else ())})


class Whereabouts:
    """Whether entries may hold somewhere in a region: everywhere, in it, in part of it, or around it. Remembers each place it was asked."""

    def __init__(self, city: City, region: str) -> None:
        self._city = city
        self._region = region
        self._above = frozenset(city.register.ancestors(region))
        self._known: dict[str, bool] = {}

    def touched_by(self, entry: Responsibility) -> bool:
        """Whether this entry may hold there."""
        return not entry.places or any(self._near(place) for place in entry.places)

    def _near(self, place: str) -> bool:
        if place not in self._known:
            self._known[place] = place in self._above or self._region in self._city.register.ancestors(place)
        return self._known[place]


class Meaning:
    """Whether entries mean a unit, as lead or co-unit, by its code or by a place where it works."""

    def __init__(self, city: City, unit: str) -> None:
        self._unit = unit
        self._names = names_of(city, unit)
        self._where = Whereabouts(city, city.units[unit].region if unit in city.units else "")

    def meant_by(self, entry: Responsibility) -> bool:
        """Whether this entry means it."""
        said = (entry.lead, *entry.co)
        return not self._names.isdisjoint(said) and (self._unit in said or self._where.touched_by(entry))


def _asked(naming: Naming, name: str, places: tuple[str, ...]) -> tuple[str, ...]:
    if not name.startswith(("@street", "@community")):
        return naming.named(name, places).units
    depth, regions = LEVELS.index(Level(name[1:])), naming.city.regions
    finely = tuple(place for place in places if place in regions and LEVELS.index(regions[place].level) >= depth)
    widely = tuple(place for place in places if place not in finely)
    asked = naming.named(name, finely).units if finely else ()
    return asked if finely and not widely else (*asked, *naming.named("@district", widely).units)


def _by_place(city: City, level: Level, function: str, places: tuple[str, ...]) -> Named:
    """The units of a level at these places: in them, or around them."""
    around = {code for place in places for code in city.register.ancestors(place)}
    here = [
        region.code
        for region in city.regions.values()
        if region.level is level
        and (not places or region.code in around or not set(places).isdisjoint(city.register.ancestors(region.code)))
    ]
    found = [(region, city.register.by_function.get((region, function), "") if function else region) for region in here]
    return Named(
        units=tuple(sorted(unit for _, unit in found if unit in city.units)),
        missing=tuple(region for region, unit in found if unit not in city.units),
    )
