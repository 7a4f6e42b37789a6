"""A city's districts as a drawing: outlines brought to a sheet, fewer corners, and where a point of the globe lies on it. Pure.

No tiles and no network: the outlines are those that came with the city (see `coordinates`).
"""

from __future__ import annotations

from functools import lru_cache
from math import cos, radians
from typing import Final

import msgspec

from yixian.city.coordinates import Outline, Outlines, Point, Ring

WIDTH: Final = 320.0
"""Of a sheet, in its own units; its height follows."""
MARGIN: Final = 6.0
FINEST: Final = 1.2
"""Corners nearer to the last one than this, in units of the sheet, are left out: nobody sees them."""

ROOM: Final = 36.0
"""Units that a name of three characters takes."""


class Drawn(msgspec.Struct, frozen=True):
    """A district on the sheet."""

    region: str
    path: str
    """As in the `d` of an SVG path."""
    x: float
    y: float
    """Where its name stands."""
    roomy: bool
    """Whether its name fits into it; where it does not, names would lie on each other."""


class Sheet(msgspec.Struct, frozen=True):
    """A city's map: districts and how to bring a point to it."""

    width: float
    height: float
    districts: tuple[Drawn, ...]
    west: float
    north: float
    across: float
    """Units a degree of longitude."""
    down: float
    """Units a degree of latitude."""

    def at(self, point: Point) -> tuple[float, float] | None:
        """Where a point lies, in units of the sheet; None when it lies off it."""
        x, y = _on(self.west, self.north, self.across, self.down, (point.longitude, point.latitude))
        return (x, y) if 0 <= x <= self.width and 0 <= y <= self.height else None


@lru_cache(maxsize=4)
def sheet(outlines: Outlines) -> Sheet | None:
    """The map of a city; None where nobody knows its outlines. Kept, since a city changes seldom."""
    if not outlines.districts:
        return None
    west = min(d.west for d in outlines.districts)
    east = max(d.east for d in outlines.districts)
    south = min(d.south for d in outlines.districts)
    north = max(d.north for d in outlines.districts)
    across = (WIDTH - 2 * MARGIN) / (east - west)
    # A degree of longitude is shorter than one of latitude by the cosine of the latitude.
    down = across / cos(radians((south + north) / 2))
    left, top = west - MARGIN / across, north + MARGIN / down
    districts = tuple(_drawn(d, left, top, across, down) for d in outlines.districts)
    return Sheet(WIDTH, round((north - south) * down + 2 * MARGIN, 1), districts, left, top, across, down)


def _drawn(outline: Outline, west: float, north: float, across: float, down: float) -> Drawn:
    rings = [_thinned([_on(west, north, across, down, corner) for corner in ring]) for ring in outline.rings]
    path = "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in ring) + "Z" for ring in rings if len(ring) > 2)
    x, y = _middle(max(outline.rings, key=len))
    x, y = _on(west, north, across, down, (x, y))
    east, south = _on(west, north, across, down, (outline.east, outline.south))
    left, top = _on(west, north, across, down, (outline.west, outline.north))
    return Drawn(outline.region, path, x, y, roomy=east - left > ROOM and south - top > ROOM)


def _on(west: float, north: float, across: float, down: float, corner: tuple[float, float]) -> tuple[float, float]:
    return round((corner[0] - west) * across, 1), round((north - corner[1]) * down, 1)


def _thinned(corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
    kept: list[tuple[float, float]] = []
    for x, y in corners:
        if not kept or abs(x - kept[-1][0]) + abs(y - kept[-1][1]) >= FINEST:
            kept.append((x, y))
    return kept


def _middle(ring: Ring) -> tuple[float, float]:
    """The centre of gravity of a ring; the mean of its corners when it has no area."""
    twice = x = y = 0.0
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        turn = x1 * y2 - x2 * y1
        twice += turn
        x += (x1 + x2) * turn
        y += (y1 + y2) * turn
    if abs(twice) < 1e-12:
        return sum(p[0] for p in ring) / len(ring), sum(p[1] for p in ring) / len(ring)
    return x / (3 * twice), y / (3 * twice)
