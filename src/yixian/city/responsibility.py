"""Who answers for a matter at a place: the responsibility list, ready to be asked.

The entry that fits most closely wins: own matter before a matter above, then the deepest place, then the number of conditions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from itertools import combinations, product
from typing import Final

import msgspec

from yixian.city.matters import leaves
from yixian.city.model import Audience, Closed, Level, Limit, Matter, Pack, Region, RequestKind, Responsibility, Unit, Urgency

LEVELS: Final = tuple(Level)
"""Widest first; the index is the depth."""

_EVERYWHERE: Final = -1
_ANY: Final = "*"


class Lacking(StrEnum):
    """Why no unit could be named."""

    ENTRY = "no_entry"
    """The list says nothing about this matter here, now, under these conditions."""

    PLACE = "place_needed"
    """An entry fits, but which unit leads depends on a place that is not known finely enough."""

    UNIT = "unit_missing"
    """The entry names a unit that the city does not have at this place."""


class Assignment(msgspec.Struct, frozen=True):
    """Who answers, and by what right."""

    entry: str
    """Code of the responsibility."""
    lead: str
    co: tuple[str, ...]
    basis: str
    note: str = ""
    unresolved_co: tuple[str, ...] = ()
    """Co-units by place that could not be named, as the list writes them: a dispatcher adds them once the place is known."""


class Gap(msgspec.Struct, frozen=True):
    """No unit could be named, and what is lacking."""

    lacking: Lacking
    place_level: Level | None = None
    """How finely the place must be known, when it is the place that is lacking."""
    entry: str | None = None
    """The responsibility that fits, when there is one."""
    unit: str | None = None
    """What the entry names, as the list writes it, when the unit is missing."""


class Unanswered(msgspec.Struct, frozen=True):
    """A matter that nobody answers for: at all, or in a district when somebody asks by day."""

    matter: str
    district: str | None = None
    """None: nowhere."""
    audience: Audience | None = None


class Register(msgspec.Struct, frozen=True):
    """The city's responsibilities, units, regions and limits, compiled for many questions. Made by `compile_register`."""

    entries: Mapping[str, tuple[Responsibility, ...]]
    """By matter, those with the most conditions first."""
    matters_up: Mapping[str, tuple[str, ...]]
    """A matter and the matters above it, own first."""
    regions_up: Mapping[str, tuple[Region, ...]]
    """A region and the regions above it, own first."""
    units: Mapping[str, Unit]
    by_function: Mapping[tuple[str, str], str]
    """The bureau of a region, by (region, function)."""
    paths: Mapping[str, str]
    limits: Mapping[tuple[str, str, str], Limit]
    successors: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    """For a closed unit, who answers in its stead."""

    def resolve(self, matter: str, region: str | None, audience: Audience, night: bool, text: str, on: date) -> Assignment | Gap:
        """Who answers for `matter` in `region` (the deepest that is known), asked by `audience`, on the day `on`.

        `night`: it happens at night. `text`: the message, normalised, for entries that hold only with certain words.
        An unknown matter or region is treated as one the list says nothing about.
        """
        here = self.regions_up.get(region, ()) if region else ()
        entry = self._closest(matter, here, audience, night, text, on)
        if entry is None:
            return self._nothing_fits(matter, here, audience, night, text, on)
        lead = self._unit_at(entry.lead, here)
        if isinstance(lead, Gap):
            return msgspec.structs.replace(lead, entry=entry.code)
        named = [(co, self._unit_at(co, here)) for co in entry.co]
        return Assignment(
            entry=entry.code,
            lead=lead,
            co=tuple(dict.fromkeys(unit for _, unit in named if isinstance(unit, str) and unit != lead)),
            basis=entry.basis,
            note=entry.note,
            unresolved_co=tuple(co for co, unit in named if isinstance(unit, Gap)),
        )

    def ancestors(self, region: str) -> tuple[str, ...]:
        """The region and those above it, own first, the city last. Empty for an unknown region."""
        return tuple(above.code for above in self.regions_up.get(region, ()))

    def below(self, region: str) -> tuple[str, ...]:
        """The region and all that lie in it. Empty for an unknown region, and for none."""
        return tuple(code for code, above in self.regions_up.items() if any(one.code == region for one in above))

    def unit_path(self, unit: str) -> str:
        """The units from the top down to this one, `gd/gz/440105/440105.water/`.

        The slash at the end makes "is below" an exact test on prefixes.

        Raises:
            KeyError: no such unit.
        """
        return self.paths[unit]

    def limit_for(self, kind: RequestKind, urgency: Urgency, audience: Audience) -> Limit:
        """The time limits that hold: those of the row with the fewest `*`.

        Raises:
            LookupError: the pack has no row for this; `check` reports such a pack.
        """
        limit = self.limits.get((kind, urgency, audience))
        if limit is None:
            raise LookupError(f'no time limit for {kind}, {urgency}, {audience}: add a [[limit]] with "*" to city.toml')
        return limit

    def _closest(
        self, matter: str, here: tuple[Region, ...], audience: Audience, night: bool, text: str, on: date
    ) -> Responsibility | None:
        for level in self.matters_up.get(matter, ()):
            closest, closest_depth = None, _EVERYWHERE - 1
            for entry in self.entries.get(level, ()):
                depth = _place_depth(entry, here)
                if depth is not None and depth > closest_depth and _holds(entry, audience, night, text, on):
                    closest, closest_depth = entry, depth
            if closest is not None:
                return closest
        return None

    def _nothing_fits(self, matter: str, here: tuple[Region, ...], audience: Audience, night: bool, text: str, on: date) -> Gap:
        """Whether a finer place could help: then the level that would, else that the list has no entry."""
        for level in self.matters_up.get(matter, ()):
            for entry in self.entries.get(level, ()):
                finer = [depth for place in entry.places if (depth := self._depth_below(place, here)) is not None]
                if finer and _holds(entry, audience, night, text, on):
                    return Gap(Lacking.PLACE, place_level=LEVELS[min(finer)], entry=entry.code)
        return Gap(Lacking.ENTRY)

    def _depth_below(self, place: str, here: tuple[Region, ...]) -> int | None:
        """How deep `place` lies; None when it is not strictly below what is known."""
        up = self.regions_up.get(place, ())
        if not up or (here and here[0] not in up[1:]):
            return None
        return LEVELS.index(up[0].level)

    def _unit_at(self, named: str, here: tuple[Region, ...]) -> str | Gap:
        """The code of the unit that the list names, `@…` by the place."""
        if not named.startswith("@"):
            named = self.successors.get(named, named)
            return named if named in self.units else Gap(Lacking.UNIT, unit=named)
        level_name, _, function = named[1:].partition(".")
        level = Level(level_name)
        region = next((above.code for above in here if above.level is level), None)
        if region is None:
            return Gap(Lacking.PLACE, place_level=level)
        unit = self.by_function.get((region, function), "") if function else region
        unit = self.successors.get(unit, unit)
        return unit if unit in self.units else Gap(Lacking.UNIT, unit=named)


def compile_register(pack: Pack) -> Register:
    """Makes the register of a pack that was read without errors."""
    entries: dict[str, list[Responsibility]] = defaultdict(list)
    for entry in sorted(pack.responsibilities, key=_most_conditions_first):
        entries[entry.matter].append(_folded(entry))
    regions = {region.code: region for region in pack.regions}
    units = {unit.code: unit for unit in pack.units}
    matters_above = {matter.code: matter.parent for matter in pack.matters}
    regions_above = {region.code: region.parent for region in pack.regions}
    units_above = {unit.code: unit.parent for unit in pack.units}
    paths = {unit: "/".join(reversed([*chain(unit, units_above)])) + "/" for unit in units}
    to = successors(pack.closed)
    return Register(
        entries={matter: tuple(found) for matter, found in entries.items()},
        matters_up={matter: tuple(chain(matter, matters_above)) for matter in matters_above},
        regions_up={code: tuple(regions[above] for above in chain(code, regions_above)) for code in regions},
        units=units,
        by_function={(unit.region, unit.function): unit.code for unit in pack.closed if unit.function} | units_by_function(pack.units),
        paths=paths | {closed: f"{paths[unit]}{closed}/" for closed, unit in to.items() if unit in paths},
        limits=closest_limits(pack.limits),
        successors=to,
    )


def successors(closed: Iterable[Closed]) -> dict[str, str]:
    """For each closed unit the one that answers now, however often that was closed in turn; a circle ends where it began."""
    to = {unit.code: unit.successor for unit in closed}

    def last(code: str) -> str:
        seen = {code}
        at = to[code]
        while at in to and at not in seen:
            seen.add(at)
            at = to[at]
        return at

    return {code: last(code) for code in to}


def units_by_function(units: Iterable[Unit]) -> dict[tuple[str, str], str]:
    """The units that `@<level>.<function>` can find, by (region, function)."""
    return {(unit.region, unit.function): unit.code for unit in units if unit.function and unit.level not in (Level.PROVINCE, Level.CITY)}


def chain(code: str, above: Mapping[str, str | None]) -> Iterator[str]:
    """A code and those above it, own first; ends where the chain ends, leaves the pack, or turns back on itself."""
    seen: set[str] = set()
    at: str | None = code
    while at is not None and at in above and at not in seen:
        seen.add(at)
        yield at
        at = above[at]


def conditions(entry: Responsibility) -> int:
    """How many conditions besides the place an entry has."""
    return sum(_condition_kinds(entry))


def overlaps(entries: Iterable[Responsibility]) -> Iterator[tuple[Responsibility, Responsibility]]:
    """Pairs of entries that fit equally: same matter, a common place, the same conditions, a common day.

    Entries with different words are taken as different conditions.
    """
    for rivals in _by_matter(entries):
        yield from (pair for pair in combinations(rivals, 2) if _fit_equally(*pair))


def ties(entries: Iterable[Responsibility]) -> Iterator[tuple[Responsibility, Responsibility]]:
    """Pairs with as many conditions, but others, that name different leads, and no entry for when all are met.

    Then only the order of the codes decides.
    """
    for rivals in _by_matter(entries):
        for one, other in combinations(rivals, 2):
            if _tie(one, other) and not any(_settles(third, one, other) for third in rivals):
                yield one, other


def unanswered(
    matters: Iterable[Matter], regions: Iterable[Region], entries: Iterable[Responsibility], on: date | None
) -> Iterator[Unanswered]:
    """Leaves of the tree that no entry fits, of those in force on the day `on` (None: of all); the first district each.

    By day and whatever the words: entries with such conditions answer for what is special, not for the rest.
    """
    matters, regions = tuple(matters), tuple(regions)
    districts = [region.code for region in regions if region.level is Level.DISTRICT]
    regions_above = {region.code: region.parent for region in regions}
    matters_above = {matter.code: matter.parent for matter in matters}
    of_matter: dict[str, list[Responsibility]] = defaultdict(list)
    for entry in entries:
        if on is None or holds_on(entry, on):
            of_matter[entry.matter].append(entry)
    for matter in leaves(matters):
        fitting = [entry for code in chain(matter.code, matters_above) for entry in of_matter.get(code, ())]
        if not fitting:
            yield Unanswered(matter.code)
        elif missed := _missed(fitting, matter.audience, districts, regions_above):
            yield Unanswered(matter.code, *missed)


def _missed(
    entries: list[Responsibility], audience: tuple[Audience, ...], districts: list[str], above: Mapping[str, str | None]
) -> tuple[str, Audience] | None:
    """The first district in which, for the first of those who ask, none of these entries fits; None when one always does."""
    if any(not entry.places and not conditions(entry) for entry in entries):
        return None
    usual = [entry for entry in entries if not entry.night and not entry.words]
    for who, district in product(audience, districts):
        here = set(chain(district, above))
        if not any(entry.who in (None, who) and (not entry.places or here & set(entry.places)) for entry in usual):
            return district, who
    return None


def holds_on(entry: Responsibility, on: date) -> bool:
    """Whether the entry is in force on this day; `valid_to` is the last day on which it is."""
    return entry.valid_from <= on and (entry.valid_to is None or on <= entry.valid_to)


def _by_matter(entries: Iterable[Responsibility]) -> Iterable[list[Responsibility]]:
    found: dict[str, list[Responsibility]] = defaultdict(list)
    for entry in entries:
        found[entry.matter].append(entry)
    return found.values()


def _fit_equally(one: Responsibility, other: Responsibility) -> bool:
    return (
        (one.who, one.night) == (other.who, other.night)
        and _share(one.words, other.words)
        and _share(one.places, other.places)
        and _same_time(one, other)
    )


def _tie(one: Responsibility, other: Responsibility) -> bool:
    return (
        conditions(one) == conditions(other)
        and _condition_kinds(one) != _condition_kinds(other)
        and (one.who is None or other.who is None or one.who is other.who)
        and one.lead != other.lead
        and _share(one.places, other.places)
        and _same_time(one, other)
    )


def _settles(third: Responsibility, one: Responsibility, other: Responsibility) -> bool:
    both = [mine or theirs for mine, theirs in zip(_condition_kinds(one), _condition_kinds(other), strict=True)]
    return list(_condition_kinds(third)) == both and _share(third.places, one.places) and _share(third.places, other.places)


def _condition_kinds(entry: Responsibility) -> tuple[bool, bool, bool]:
    return entry.who is not None, entry.night, bool(entry.words)


def _same_time(one: Responsibility, other: Responsibility) -> bool:
    return (one.valid_to is None or other.valid_from <= one.valid_to) and (other.valid_to is None or one.valid_from <= other.valid_to)


def _share(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return (not one and not other) or not set(one).isdisjoint(other)


def _holds(entry: Responsibility, audience: Audience, night: bool, text: str, on: date) -> bool:
    """Whether the entry's conditions, other than the place, are met."""
    return (
        (entry.who is None or entry.who is audience)
        and (night or not entry.night)
        and holds_on(entry, on)
        and (not entry.words or _holds_a_word(entry.words, text.casefold()))
    )


def _holds_a_word(words: tuple[str, ...], text: str) -> bool:
    return any(word in text for word in words)


def _place_depth(entry: Responsibility, here: tuple[Region, ...]) -> int | None:
    """How deep the place lies by which the entry fits here; None when it does not."""
    if not entry.places:
        return _EVERYWHERE
    for depth, region in zip(range(len(here), 0, -1), here, strict=True):
        if region.code in entry.places:
            return depth
    return None


def _most_conditions_first(entry: Responsibility) -> tuple[int, str]:
    return -conditions(entry), entry.code


def _folded(entry: Responsibility) -> Responsibility:
    return msgspec.structs.replace(entry, words=tuple(word.casefold() for word in entry.words)) if entry.words else entry


def closest_limits(rows: Iterable[Limit]) -> dict[tuple[str, str, str], Limit]:
    """The row that holds for each kind, urgency and audience; kind counts before urgency, urgency before audience."""
    closest_last = sorted(rows, key=lambda row: (_given(row).count(True), _given(row)))
    found: dict[tuple[str, str, str], Limit] = {}
    for row in closest_last:
        for asked in product(RequestKind, Urgency, Audience):
            if all(is_any or value == wanted for value, wanted, is_any in zip(_key(row), asked, _open(row), strict=True)):
                found[asked] = row
    return found


def _key(row: Limit) -> tuple[str, str, str]:
    return row.kind, row.urgency, row.audience


def _given(row: Limit) -> list[bool]:
    return [value != _ANY for value in _key(row)]


def _open(row: Limit) -> list[bool]:
    return [value == _ANY for value in _key(row)]
