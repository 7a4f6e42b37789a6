"""The map beside a ticket: its district, its point, and the day's other tickets about the same matter. Pure."""

from __future__ import annotations

from collections import Counter

import msgspec

from yixian.city import maps
from yixian.city.coordinates import Point
from yixian.city.inforce import City
from yixian.city.maps import Sheet
from yixian.city.model import Level
from yixian.tickets.dispatching.model import Near
from yixian.tickets.model import Ticket


class Plan(msgspec.Struct, frozen=True):
    """What the map shows."""

    sheet: Sheet
    district: str
    """Code; empty when it is not known."""
    point: tuple[float, float] | None
    dots: tuple[tuple[float, float], ...]
    counts: tuple[tuple[str, int], ...]
    """Names of districts with how many of the day's tickets are there, most first."""


def plan(ticket: Ticket, region: str, near: tuple[Near, ...], city: City, lang: str) -> Plan | None:
    """The map for a ticket, with names in the reader's language; `region`: where it is, as far as known.

    None for a city whose outlines nobody knows.
    """
    sheet = maps.sheet(city.outlines)
    if sheet is None:
        return None
    counted = Counter(name for n in near if (name := city.region_in(district_of(n.region or "", city), lang).text))
    return Plan(
        sheet,
        district_of(region, city),
        _point(ticket.latitude, ticket.longitude, sheet),
        tuple(at for n in near if (at := _point(n.latitude, n.longitude, sheet))),
        tuple(sorted(counted.items(), key=lambda c: (-c[1], c[0]))),
    )


def district_of(region: str, city: City) -> str:
    """The district around a region, or itself; empty when there is none."""
    return next((code for code in city.register.ancestors(region) if city.regions[code].level is Level.DISTRICT), "")


def _point(latitude: float | None, longitude: float | None, sheet: Sheet) -> tuple[float, float] | None:
    return None if latitude is None or longitude is None else sheet.at(Point(latitude, longitude))
