"""The map without tiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from yixian.city import maps, pack
from yixian.city.coordinates import Outline, Outlines, Point, compile_outlines


def test_a_square_city_is_drawn_to_scale() -> None:
    ring = ((10.0, 60.0), (11.0, 60.0), (11.0, 61.0), (10.0, 61.0), (10.0, 60.0))
    sheet = maps.sheet(Outlines((Outline("A", (ring,), 10, 60, 11, 61),)))
    assert sheet is not None
    # A degree of latitude at 60.5° north is as long as 2.03 degrees of longitude.
    assert (sheet.height - 2 * maps.MARGIN) / (sheet.width - 2 * maps.MARGIN) == pytest.approx(2.031, abs=0.01)
    assert sheet.at(Point(60.5, 10.5)) == (pytest.approx(160, abs=0.2), pytest.approx(sheet.height / 2, abs=0.2))
    assert sheet.at(Point(59, 10.5)) is None
    (drawn,) = sheet.districts
    assert drawn.path.startswith("M6 ") and drawn.path.endswith("Z")
    assert (drawn.x, drawn.y) == (pytest.approx(160, abs=0.2), pytest.approx(sheet.height / 2, abs=0.2))


def test_guangzhou_has_its_eleven_districts_small_enough_for_a_page() -> None:
    sheet = maps.sheet(compile_outlines(pack.read(Path(__file__).parents[2] / "packs" / "guangzhou")))
    assert sheet is not None
    assert len(sheet.districts) == 11
    assert sum(len(d.path) for d in sheet.districts) < 12_000
    # Jiangnanzhong Street lies in Haizhu, whose name stands within 40 units of it.
    at = sheet.at(Point(23.094, 113.270))
    assert at is not None
    haizhu = next(d for d in sheet.districts if d.region == "440105")
    assert abs(at[0] - haizhu.x) < 40 and abs(at[1] - haizhu.y) < 40


def test_a_city_that_nobody_has_outlined_has_no_map() -> None:
    assert maps.sheet(Outlines()) is None
