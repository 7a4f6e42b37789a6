"""The responsibility list as CSV and as an Excel sheet, both ways.

The columns are those of `responsibilities/*.csv` in a city pack, so that an export can be put into the pack; their Chinese names
are read as well. A cell that a spreadsheet would take for a formula is written with an apostrophe before it in CSV, and as plain text
in Excel (https://owasp.org/www-community/attacks/CSV_Injection); on the way in the apostrophe is dropped again.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from yixian.city.inforce import City
from yixian.city.model import Audience, Responsibility
from yixian.city.tables import bare, guarded
from yixian.responsibilities.model import ImportRow, ReadProblem


class Format(StrEnum):
    """A kind of file."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES: Final[Mapping[Format, str]] = {
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

HEADINGS: Final[Mapping[str, str]] = {
    "code": "编码", "matter": "事项", "place": "地点", "who": "对象", "time": "时间", "words": "含有词语", "lead": "主办单位",
    "co": "协办单位", "basis": "依据", "valid_from": "起始日", "valid_to": "最后一天", "note": "派单提示",
}  # fmt: skip
"""The columns and what they are called on screen and in a Chinese sheet."""

NAMES: Final[Mapping[str, str]] = {"matter_name": "事项名称", "lead_name": "主办单位名称"}
"""Columns of an export for people to read; nothing is read from them."""

MOST_ROWS: Final = 20_000
LARGEST: Final = 8 * 1024 * 1024
"""Bytes of a file."""
UNPACKED: Final = 64 * 1024 * 1024
"""Bytes of an Excel file once unpacked: a small file may hold very much."""

_FORBIDDEN_IN_XML: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_COLUMN_OF: Final = {heading: column for column, heading in HEADINGS.items()} | {column: column for column in HEADINGS}
_READ_BY_PEOPLE: Final = frozenset({*NAMES, *NAMES.values()})
_NIGHT: Final = {"": False, "night": True, "夜间": True}
_WHO: Final = {"": None, "person": Audience.PERSON, "市民": Audience.PERSON, "firm": Audience.FIRM, "企业": Audience.FIRM}
_BETWEEN: Final = "|"


class Unreadable(Exception):
    """A file that cannot be read at all; the sentence says what to do."""


def cells(entry: Responsibility) -> dict[str, str]:
    """An entry as its row is written."""
    return {
        "code": entry.code,
        "matter": entry.matter,
        "place": _BETWEEN.join(entry.places) or "*",
        "who": entry.who.value if entry.who else "",
        "time": "night" if entry.night else "",
        "words": _BETWEEN.join(entry.words),
        "lead": entry.lead,
        "co": _BETWEEN.join(entry.co),
        "basis": entry.basis,
        "valid_from": entry.valid_from.isoformat(),
        "valid_to": entry.valid_to.isoformat() if entry.valid_to else "",
        "note": entry.note,
    }


def written(entries: Iterable[Responsibility], city: City, form: Format) -> bytes:
    """The entries as a file: CSV as a pack holds it (UTF-8 with a mark, for spreadsheets), or an Excel sheet with the names beside."""
    return _csv(entries) if form is Format.CSV else _xlsx(entries, city)


def read(content: bytes, form: Format) -> tuple[tuple[ImportRow, ...], tuple[ReadProblem, ...]]:
    """The entries in a file, and what could not be read.

    Raises:
        Unreadable: it is no such file, too large, or lacks columns.
    """
    if len(content) > LARGEST:
        raise Unreadable("文件超过 8 MB，请分几次导入。")
    table = iter(_csv_rows(content) if form is Format.CSV else _xlsx_rows(content))
    columns = _columns(next(table, (0, []))[1])
    entries: list[ImportRow] = []
    problems: list[ReadProblem] = []
    for number, row in table:
        given = {column: cell for column, cell in zip(columns, row, strict=False) if column}
        if not any(given.values()):
            continue
        if len(entries) + len(problems) >= MOST_ROWS:
            raise Unreadable("文件超过两万行，请分几次导入。")
        entry = _entry(number, given, problems)
        if entry is not None:
            entries.append(ImportRow(number, entry))
    return tuple(entries), (*problems, *_twice(entries))


def format_of(name: str) -> Format:
    """The kind of a file, by its name.

    Raises:
        Unreadable: neither CSV nor Excel.
    """
    ending = name.rpartition(".")[2].lower()
    if ending in ("csv", "xlsx"):
        return Format(ending)
    raise Unreadable("只能导入 CSV 或 Excel（.xlsx）文件，请另存为其中一种。")


# -- Out ---------------------------------------------------------------------------------------------------------


def _csv(entries: Iterable[Responsibility]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    writer.writerows([guarded(cell) for cell in cells(entry).values()] for entry in entries)
    return out.getvalue().encode("utf-8-sig")


def _xlsx(entries: Iterable[Responsibility], city: City) -> bytes:
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet("职责清单")
    sheet.freeze_panes = "B2"
    for letter, width in zip("ABCDEFGHIJKLMN", (12, 10, 16, 8, 8, 18, 26, 26, 40, 12, 12, 30, 20, 26), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.append([_text(sheet, heading, bold=True) for heading in (*HEADINGS.values(), *NAMES.values())])
    for entry in entries:
        lead = entry.lead if entry.lead.startswith("@") else city.unit_name(entry.lead)
        sheet.append([_text(sheet, cell) for cell in (*cells(entry).values(), city.matter_name(entry.matter), lead)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _text(sheet: Any, cell: str, *, bold: bool = False) -> Any:
    """A cell that is text whatever it begins with."""
    made: Any = WriteOnlyCell(sheet, value=_FORBIDDEN_IN_XML.sub("", cell))
    made.data_type = "s"
    if bold:
        made.font = Font(bold=True)
    return made


# -- In ----------------------------------------------------------------------------------------------------------


def _csv_rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(_decoded(content), newline=""), strict=True)
    try:
        for row in reader:
            yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error as error:
        raise Unreadable(f"第 {reader.line_num} 行不是有效的 CSV，请检查引号是否成对。") from error


def _decoded(content: bytes) -> str:
    """UTF-8, or what a Chinese spreadsheet writes when nobody asks for UTF-8."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("文字编码无法识别，请另存为 UTF-8 编码的 CSV。")


def _xlsx_rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > UNPACKED:
                raise Unreadable("文件展开后太大，请分几次导入。")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet: Any = book.active
        rows: list[tuple[Any, ...]] = list(sheet.iter_rows(values_only=True, max_row=MOST_ROWS + 2, max_col=50))
    except Unreadable:
        raise
    except Exception as error:  # whatever is wrong inside a file from anywhere, the reader's library says it in its own ways
        raise Unreadable("不是有效的 Excel 文件（.xlsx），请用表格软件另存后再试。") from error
    for number, row in enumerate(rows, 1):
        yield number, [_plain(cell) for cell in row]


def _plain(cell: Any) -> str:
    """A cell's value as it would be typed: numbers without a fraction are codes, times at midnight are days."""
    match cell:
        case None:
            return ""
        case datetime():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case float() if cell.is_integer():
            return str(int(cell))
        case _:
            return str(cell).strip()


def _columns(header: Sequence[str]) -> list[str]:
    """The column that each cell of a row belongs to; empty for those that only people read.

    Raises:
        Unreadable: unknown, missing or double columns.
    """
    given = [name.strip() for name in header]
    while given and not given[-1]:
        given.pop()
    unknown = [name for name in given if name not in _COLUMN_OF and name not in _READ_BY_PEOPLE]
    if unknown:
        raise Unreadable(f"表头里有不认识的列：{'、'.join(unknown)[:200]}；请先导出一份，按它的表头填写。")
    columns = ["" if name in _READ_BY_PEOPLE else _COLUMN_OF[name] for name in given]
    missing = [f"{heading}（{column}）" for column, heading in HEADINGS.items() if column not in columns]
    if missing:
        raise Unreadable(f"表头缺少：{'、'.join(missing)}；请先导出一份，按它的表头填写。")
    if len([column for column in columns if column]) > len(HEADINGS):
        raise Unreadable("表头里有重复的列，请只保留一列。")
    return columns


def _entry(number: int, given: Mapping[str, str], problems: list[ReadProblem]) -> Responsibility | None:
    """A row as an entry; None, and a problem for each cell that cannot be read."""
    values: dict[str, Any] = {}
    wrong: list[ReadProblem] = []
    for column in HEADINGS:
        field, parse = _READERS[column]
        try:
            values[field] = parse(_checked(given.get(column, "")))
        except ValueError as error:
            wrong.append(ReadProblem(number, column, str(error)))
    problems += wrong
    return None if wrong else Responsibility(**values)


def _checked(cell: str) -> str:
    """The cell without the guard against formulas; `ValueError` when it cannot be kept."""
    text = bare(cell)
    if "\x00" in text:
        raise ValueError("含有不能保存的字符，请删去。")
    if len(text) > _LONGEST:
        raise ValueError("太长了，请缩短到一千字以内。")
    return text.strip()


def _needed(cell: str) -> str:
    if not cell:
        raise ValueError("此项必填。")
    return cell


def _several(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for part in cell.replace("｜", _BETWEEN).split(_BETWEEN) if (value := part.strip())))


def _places(cell: str) -> tuple[str, ...]:
    if not cell:
        raise ValueError("请填写区域编码；全市写 *。")
    return () if cell == "*" else _several(cell)


def _choice(known: Mapping[str, Any]) -> Callable[[str], Any]:
    words = "、".join(word for word in known if word)

    def parse(cell: str) -> Any:
        if cell not in known:
            raise ValueError(f"“{cell[:50]}”不是可填的值；可填 {words}，或留空。")
        return known[cell]

    return parse


def _day(cell: str) -> date:
    try:
        return date.fromisoformat(cell.replace("/", "-"))
    except ValueError:
        pass
    try:
        year, month, of_month = (int(part) for part in cell.replace("/", "-").split("-"))
        return date(year, month, of_month)
    except ValueError:
        raise ValueError(f"“{cell[:50]}”不是日期，应写作 2026-01-31。") from None


def _optional_day(cell: str) -> date | None:
    return _day(cell) if cell else None


def _as_it_is(cell: str) -> str:
    return cell


_LONGEST: Final = 1_000
_READERS: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "code": ("code", _needed),
    "matter": ("matter", _needed),
    "place": ("places", _places),
    "who": ("who", _choice(_WHO)),
    "time": ("night", _choice(_NIGHT)),
    "words": ("words", _several),
    "lead": ("lead", _needed),
    "co": ("co", _several),
    "basis": ("basis", _needed),
    "valid_from": ("valid_from", _day),
    "valid_to": ("valid_to", _optional_day),
    "note": ("note", _as_it_is),
}


def _twice(entries: Iterable[ImportRow]) -> Iterator[ReadProblem]:
    first: dict[str, int] = {}
    for row in entries:
        before = first.setdefault(row.entry.code, row.row)
        if before != row.row:
            yield ReadProblem(row.row, "code", f"编码“{row.entry.code}”在第 {before} 行已出现，请保留一行。")
