"""From a point to a district: right in the middle, silent at the edge, and no outlines is no error."""

from __future__ import annotations

from pathlib import Path

import pytest

from yixian.city import pack
from yixian.city.coordinates import Datum, Outlines, Point, compile_outlines, on_the_globe, where

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def guangzhou() -> Outlines:
    return compile_outlines(pack.read(ROOT / "packs" / "guangzhou"))


@pytest.mark.parametrize(
    ("latitude", "longitude", "district"),
    [
        (23.1350, 113.3610, "440106"),
        (23.0880, 113.3000, "440105"),
        (23.5500, 113.5900, "440117"),
        (22.7500, 113.5500, "440115"),
    ],
)
def test_the_middle_of_a_district(guangzhou: Outlines, latitude: float, longitude: float, district: str) -> None:
    found = where(guangzhou, Point(latitude, longitude))
    assert (found.region, found.inside) == (district, True)


def test_every_district_has_its_outline(guangzhou: Outlines) -> None:
    assert len(guangzhou.districts) == 11


@pytest.mark.parametrize(("latitude", "longitude"), [(22.5430, 114.0580), (39.9042, 116.4074), (-23.1, 113.3), (0, 0), (90, 180)])
def test_other_cities_are_outside(guangzhou: Outlines, latitude: float, longitude: float) -> None:
    assert not where(guangzhou, Point(latitude, longitude)).inside


def test_at_a_border_no_district_is_believed(guangzhou: Outlines) -> None:
    corner_east, corner_north = guangzhou.districts[0].rings[0][3]
    found = where(guangzhou, Point(corner_north, corner_east))
    assert (found.region, found.inside) == (None, True)


def test_the_datum_of_chinese_maps_is_half_a_kilometre_off() -> None:
    # The GCJ-02 coordinates of 23.125178 N, 113.280637 E as published for the conversion: 23.122550, 113.286000 within a few metres.
    point = on_the_globe(23.122550, 113.286000, Datum.GCJ02)
    assert point.latitude == pytest.approx(23.1251, abs=0.001)
    assert point.longitude == pytest.approx(113.2806, abs=0.001)
    assert on_the_globe(23.125, 113.28, Datum.WGS84) == Point(23.125, 113.28)


def test_a_city_without_outlines_keeps_the_point_and_draws_no_conclusion() -> None:
    nowhere = compile_outlines(pack.read(ROOT / "tests" / "packs" / "tiny"))
    assert where(nowhere, Point(51.5, -0.1)).inside
    assert where(nowhere, Point(51.5, -0.1)).region is None
