"""The list as a file and back: nothing lost, nothing run as a formula, and every fault named with its row."""

from __future__ import annotations

import io
import shutil
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from tests.hotline import TINY
from tests.responsibilities.conftest import SOON, entry

from yixian.city import amendments, pack
from yixian.city.inforce import City
from yixian.city.model import Audience, Responsibility
from yixian.responsibilities import difference, files
from yixian.responsibilities.files import Format
from yixian.responsibilities.model import ChangeKind, FieldChange, ImportRow

NASTY = Responsibility(
    "ST0101-9", "ST0101", "@district.noise", '=HYPERLINK("http://x","y")', date(2024, 1, 1),
    who=Audience.FIRM, night=True, words=("+1", "-2", "=3"), co=("@street",), places=("PA-N", "PA-S"), note="@SUM(A1)\n二行, \"引号\"",
)  # fmt: skip


@pytest.mark.parametrize("form", Format)
def test_every_entry_comes_back_as_it_went(city: City, form: Format) -> None:
    entries = (*city.pack.responsibilities, NASTY)
    rows, problems = files.read(files.written(entries, city, form), form)
    assert problems == ()
    assert tuple(row.entry for row in rows) == entries


def test_no_spreadsheet_takes_a_cell_for_a_formula(city: City) -> None:
    text = files.written([NASTY], city, Format.CSV).decode("utf-8-sig")
    assert "'=HYPERLINK" in text and "'@district.noise" in text and "'@SUM" in text and "'+1|-2|=3" in text
    sheet: Any = load_workbook(io.BytesIO(files.written([NASTY], city, Format.XLSX))).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"}


def test_an_export_can_be_put_into_the_pack(city: City, tmp_path: Path) -> None:
    folder = shutil.copytree(TINY, tmp_path / "copy")
    (folder / "responsibilities" / "town.csv").write_bytes(files.written(city.pack.responsibilities, city, Format.CSV))
    assert pack.read(folder) == city.pack


def test_chinese_headings_any_order_and_gb18030_are_read(city: City) -> None:
    text = files.written(city.pack.responsibilities[:1], city, Format.CSV).decode("utf-8-sig").splitlines()
    columns = [[h, v] for h, v in zip(files.HEADINGS.values(), text[1].split(","), strict=True)]
    columns = [*reversed(columns), ["事项名称", "随便写"]]
    content = "\r\n".join(",".join(cells) for cells in zip(*columns, strict=True)).encode("gb18030")
    rows, problems = files.read(content, Format.CSV)
    assert (problems, rows[0].entry) == ((), city.pack.responsibilities[0])


def test_cells_of_a_sheet_are_read_as_they_are_meant() -> None:
    book = Workbook()
    sheet: Any = book.active
    sheet.append(list(files.HEADINGS.values()))
    sheet.append(["A-1", "ST01", 440105, "企业", "夜间", None, "pa.roads", None, "Order 1", datetime(2026, 1, 31), "2026/2/3", 7.0])  # noqa: DTZ001 -- a sheet knows no zones
    sheet.append([None] * 12)
    out = io.BytesIO()
    book.save(out)
    [row], problems = files.read(out.getvalue(), Format.XLSX)
    read = row.entry
    assert problems == ()
    assert (read.places, read.who, read.night, read.valid_from, read.valid_to, read.note) == (
        ("440105",), Audience.FIRM, True, date(2026, 1, 31), date(2026, 2, 3), "7",
    )  # fmt: skip


def test_each_fault_is_named_with_its_row_and_column() -> None:
    header = ",".join(files.HEADINGS)
    lines = [
        header,
        "A-1,ST01,,,,,pa.roads,,Order 1,2026-01-31,,",
        "A-2,ST01,*,dog,noon,,,,Order 1,31 January,,",
        "A-3,ST01,*,,,,pa.roads,,Order 1,2026-01-31,,",
        "A-3,ST01,*,,,,pa.roads,,Order 1,2026-01-31,,",
    ]
    rows, problems = files.read("\n".join(lines).encode(), Format.CSV)
    assert [row.row for row in rows] == [4, 5]
    assert {(p.row, p.column) for p in problems} == {(2, "place"), (3, "who"), (3, "time"), (3, "lead"), (3, "valid_from"), (5, "code")}
    assert all(p.sentence.endswith("。") for p in problems)


def test_a_small_file_that_unpacks_to_very_much_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (files.UNPACKED + 1))
    assert len(out.getvalue()) < 100_000
    with pytest.raises(files.Unreadable, match="展开后太大"):
        files.read(out.getvalue(), Format.XLSX)


def test_the_difference_names_each_field(city: City) -> None:
    current = amendments.version_on(city.pack.responsibilities, SOON)
    changed = entry(city, "BN-1", lead="pa.roads", note="New depot", valid_from=date(2025, 1, 1))
    new = Responsibility("HB02-1", "HB02", "pa.harbour", "Bylaw 2", date(2027, 1, 1))
    untouched = entry(city, "NS-1", valid_from=date(2020, 1, 1))
    rows = [ImportRow(n, e) for n, e in enumerate((changed, new, untouched), 2)]
    found = difference.compare(city, rows, (), current, SOON, whole=False)
    assert (len(found.added), len(found.changed), len(found.ended), found.unchanged, found.problems) == (1, 1, 0, 1, ())
    assert found.changed[0].fields == (FieldChange("lead", "pa.waste", "pa.roads"), FieldChange("note", "", "New depot"))
    wanted = difference.wanted(found, SOON, "Yearly", "list.csv")
    assert [(w.code, w.since) for w in wanted] == [("HB02-1", date(2027, 1, 1)), ("BN-1", SOON)], "a new entry may begin later"
    whole = difference.compare(city, rows, (), current, SOON, whole=True)
    assert {d.code for d in whole.ended} == set(current) - {"BN-1", "NS-1"}
    assert all(d.kind is ChangeKind.ENDED for d in whole.ended)


def test_what_a_row_names_must_be_there(city: City) -> None:
    wrong = Responsibility("X-1", "XX", "pa.gone", "", date(2024, 1, 1), places=("nowhere",), co=("@village",), valid_to=date(2023, 1, 1))
    by_place = Responsibility("X-2", "ST01", "@community", "Order 1", date(2024, 1, 1), places=("PA-N-1",))
    none = Responsibility("X-3", "ST01", "@district.fire", "Order 1", date(2024, 1, 1))
    rows = [ImportRow(n, e) for n, e in enumerate((wrong, by_place, none), 2)]
    found = difference.compare(city, rows, (), {}, date(2022, 1, 1), whole=False)
    assert {(p.row, p.column) for p in found.problems} == {
        (2, "matter"), (2, "basis"), (2, "place"), (2, "lead"), (2, "co"), (2, "valid_to"), (4, "lead"),
    }  # fmt: skip
