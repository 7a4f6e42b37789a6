"""A city written back is a pack like any other: it passes the check and reads as the same city."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from yixian.city import adjustments, exporting, pack
from yixian.city.adjustments import Adjustment, Thing
from yixian.city.model import Audience, Pack
from yixian.city.responsibility import Assignment, compile_register

DAY = date(2026, 6, 1)


def same(one: Pack, other: Pack) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in one.__struct_fields__)


def test_port_ash_comes_back_as_it_was(tiny: Pack, tmp_path: Path) -> None:
    exporting.write(tiny, tmp_path / "out", DAY)
    assert pack.check(tmp_path / "out") == []
    assert same(pack.read(tmp_path / "out"), tiny)


def test_guangzhou_comes_back_as_it_was(guangzhou: Pack, tmp_path: Path) -> None:
    exporting.write(guangzhou, tmp_path / "out", DAY)
    assert [p for p in pack.check(tmp_path / "out") if p.severity == "error"] == []
    assert same(pack.read(tmp_path / "out"), guangzhou)


def test_a_closed_unit_is_still_found_as_its_successor(tiny: Pack, tmp_path: Path) -> None:
    change = Adjustment(
        UUID(int=1), datetime(2026, 1, 1, tzinfo=UTC), "a", "Ada", Thing.UNIT, "pa.waste", DAY, {}, (), True, "pa.roads", {}, None, "merged"
    )
    city = adjustments.lay_over(tiny, [change], DAY)
    exporting.write(city, tmp_path / "out", DAY)
    assert [p for p in pack.check(tmp_path / "out") if p.severity == "error"] == []
    again = pack.read(tmp_path / "out")
    found = compile_register(again).resolve("BN01", "PA-N", Audience.PERSON, False, "", DAY)
    assert isinstance(found, Assignment) and found.lead == "pa.roads"


def test_a_later_version_of_an_entry_has_its_day_behind_the_code(tiny: Pack, tmp_path: Path) -> None:
    first = next(e for e in tiny.responsibilities if e.code == "BN-1")
    later = msgspec.structs.replace(first, lead="pa.roads", valid_from=date(2027, 1, 1))
    ended = msgspec.structs.replace(first, valid_to=date(2026, 12, 31))
    entries = (*(e for e in tiny.responsibilities if e.code != "BN-1"), ended, later)
    exporting.write(msgspec.structs.replace(tiny, responsibilities=entries), tmp_path / "out", DAY)
    read = {e.code: e.lead for e in pack.read(tmp_path / "out").responsibilities}
    assert (read["BN-1"], read["BN-1.20270101"]) == ("pa.waste", "pa.roads")


def test_nothing_is_written_over(tiny: Pack, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(FileExistsError):
        exporting.write(tiny, tmp_path, DAY)
