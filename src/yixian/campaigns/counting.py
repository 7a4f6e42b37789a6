"""From counted tickets to columns, units, districts and days, and to the picture of the days. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

import msgspec

from yixian.campaigns.model import Card, Column, Day, Part, Pile, Tally
from yixian.city.inforce import City
from yixian.city.model import Level
from yixian.tickets.model import OPEN, Light


def piles(columns: Sequence[Column], tallies: Sequence[Tally], cards: Sequence[Card]) -> tuple[Pile, ...]:
    """The columns of the board with their counts and first cards."""
    return tuple(
        Pile(
            column.name,
            column.states,
            sum(t.count for t in tallies if t.state in column.states),
            sum(t.count for t in tallies if t.state in column.states and t.light is Light.RED),
            tuple(card for card in cards if card.state in column.states),
        )
        for column in columns
    )


def by_unit(tallies: Iterable[Tally]) -> tuple[Part, ...]:
    """What each unit leads; the most overdue first."""
    return _parts(tallies, lambda tally: tally.lead or "")


def by_district(tallies: Iterable[Tally], city: City) -> tuple[Part, ...]:
    """What each district has; the most overdue first. Places that are not known to a district have no code."""
    return _parts(tallies, lambda tally: district_of(tally.region, city))


def district_of(region: str | None, city: City) -> str:
    """The district that a region is or lies in; empty when there is none."""
    above = city.register.regions_up.get(region, ()) if region else ()
    return next((r.code for r in above if r.level is Level.DISTRICT), "")


def _parts(tallies: Iterable[Tally], code: Callable[[Tally], str]) -> tuple[Part, ...]:
    counts: dict[str, list[int]] = {}
    for tally in tallies:
        total = counts.setdefault(code(tally), [0, 0, 0])
        total[0] += tally.count
        total[1] += tally.count if tally.state in OPEN else 0
        total[2] += tally.count if tally.light is Light.RED else 0
    parts = (Part(code, *total) for code, total in counts.items())
    return tuple(sorted(parts, key=lambda p: (-p.overdue, -p.open, -p.tickets, p.code)))


def every_day(happened: Mapping[date, Day], first: date, last: date) -> tuple[Day, ...]:
    """Each day from `first` to `last`, also those on which nothing happened."""
    span = max((last - first).days + 1, 0)
    return tuple(happened.get(day, Day(day, 0, 0)) for day in (first + timedelta(days=n) for n in range(span)))


HEIGHT: Final = 96
STEP: Final = 20
"""Pixels of the picture: height of the bars, and width of a day."""


class Bar(msgspec.Struct, frozen=True):
    """One bar, in pixels from the upper left."""

    day: date
    x: int
    y: int
    height: int
    count: int
    kind: str
    """`joined` or `closed`."""


class Chart(msgspec.Struct, frozen=True):
    """The days as a picture."""

    width: int
    height: int
    most: int
    """The highest bar."""
    bars: tuple[Bar, ...]


def chart(days: Sequence[Day]) -> Chart:
    """Two bars a day: how many joined, how many were closed. The highest fills the height."""
    most = max((max(d.joined, d.closed) for d in days), default=0)
    bars = [
        _bar(day.day, n * STEP + shift, count, most, kind)
        for n, day in enumerate(days)
        for count, shift, kind in ((day.joined, 2, "joined"), (day.closed, 10, "closed"))
        if count
    ]
    return Chart(max(len(days), 1) * STEP, HEIGHT, most, tuple(bars))


def _bar(day: date, x: int, count: int, most: int, kind: str) -> Bar:
    height = max(round(count / most * HEIGHT), 2)
    return Bar(day, x, HEIGHT - height, height, count, kind)
