"""What the responsibility list leaves open, by its own words and by what happens: gaps, overlaps, matters that are mistaken. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final

import msgspec

from yixian.city.inforce import City
from yixian.city.model import Audience, Level, Responsibility
from yixian.city.responsibility import Assignment, Gap, Lacking, holds_on, overlaps, ties, unanswered
from yixian.learning.model import Correction, Swap

WINDOW: Final = timedelta(days=90)
SWAPS_FROM: Final = 3
"""So often two matters must have been taken for each other to be named."""
CONTRADICTED_FROM: Final = 2
MOST: Final = 100
"""Rows of each part."""


class Unowned(msgspec.Struct, frozen=True):
    """Tickets for which no unit was found."""

    matter: str | None
    """What fitted best; None: nothing did."""
    tickets: int
    numbers: tuple[str, ...]


class Hole(msgspec.Struct, frozen=True):
    """A matter that nobody answers for: nowhere, or first of all in this district for these people."""

    matter: str
    district: str | None
    audience: Audience | None


class Pair(msgspec.Struct, frozen=True):
    """Two entries of which either may hold: only the order of their codes decides."""

    matter: str
    one: str
    one_lead: str
    other: str
    other_lead: str
    why: str
    """`equal`: same place and conditions; `tie`: as many conditions, but others."""


class Contradicted(msgspec.Struct, frozen=True):
    """People send a matter elsewhere than the list says."""

    matter: str
    district: str | None
    listed: str | None
    """Whom the list names; None: nobody."""
    chosen: str
    times: int
    numbers: tuple[str, ...]


class Report(msgspec.Struct, frozen=True):
    """Everything that somebody should look at."""

    since: date
    holes: tuple[Hole, ...]
    unowned: tuple[Unowned, ...]
    pairs: tuple[Pair, ...]
    contradicted: tuple[Contradicted, ...]
    swaps: tuple[Swap, ...]


def holes(city: City, on: date) -> tuple[Hole, ...]:
    """Matters without an owner on the day `on`, at some place or for some people."""
    pack = city.pack
    return tuple(Hole(u.matter, u.district, u.audience) for u in unanswered(pack.matters, pack.regions, pack.responsibilities, on))


def pairs(city: City, on: date) -> tuple[Pair, ...]:
    """Entries in force on the day `on` that contradict each other: two owners at one place."""
    entries = [entry for entry in city.pack.responsibilities if holds_on(entry, on)]
    equal = (_pair(one, other, "equal") for one, other in overlaps(entries) if one.lead != other.lead)
    return tuple(_first((*equal, *(_pair(one, other, "tie") for one, other in ties(entries)))))


def _pair(one: Responsibility, other: Responsibility, why: str) -> Pair:
    return Pair(one.matter, one.code, one.lead, other.code, other.lead, why)


def _first(found: Iterable[Pair]) -> Iterator[Pair]:
    yield from sorted(found, key=lambda pair: (pair.matter, pair.one, pair.other))


def contradicted(city: City, corrections: Iterable[Correction], on: date) -> tuple[Contradicted, ...]:
    """Where people keep choosing another unit than the list names for the very matter they choose; the most frequent first.

    What the place leaves open is no contradiction. Conditions by night or by words are tried with the ticket's words.
    """
    found: defaultdict[tuple[str, str | None, str | None, str], list[str]] = defaultdict(list)
    for c in corrections:
        answer = city.register.resolve(c.matter, c.region, c.audience, False, c.text, on)
        if isinstance(answer, Gap) and answer.lacking is Lacking.PLACE:
            continue
        listed = answer.lead if isinstance(answer, Assignment) else None
        if listed != c.unit:
            found[c.matter, _district(city, c.region), listed, c.unit].append(c.number)
    often = [Contradicted(*key, len(n), tuple(n[-5:])) for key, n in found.items() if len(n) >= CONTRADICTED_FROM]
    return tuple(sorted(often, key=lambda c: (-c.times, c.matter, c.district or "", c.chosen))[:MOST])


def _district(city: City, region: str | None) -> str | None:
    above: Sequence[str] = city.register.ancestors(region) if region else ()
    return next((code for code in above if city.regions[code].level is Level.DISTRICT), None)
