"""A list of tickets as CSV and as an Excel sheet. Pure.

No names and numbers of callers stand in it, and what people wrote loses the numbers in it: a file travels further than a screen.
A cell that a spreadsheet would take for a formula is written with an apostrophe before it in CSV, and as plain text in Excel
(https://owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import IO, Any, Final
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from yixian.city.inforce import City
from yixian.city.tables import guarded
from yixian.tickets import personal, words
from yixian.tickets.model import Light, Line

Say = Callable[..., str]


class Form(StrEnum):
    """A kind of file."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES: Final[Mapping[Form, str]] = {
    Form.CSV: "text/csv",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

COLUMNS: Final = (
    "工单编号", "状态", "时限", "最近到期", "答复时限", "诉求", "事项", "区域", "地点", "类型", "紧急程度", "主办单位", "登记时间",
    "催办次数", "督办", "退单次数", "重办次数", "专项",
)  # fmt: skip
WIDTHS: Final = (22, 10, 9, 17, 17, 40, 24, 24, 30, 8, 9, 30, 17, 9, 11, 9, 9, 20)
LIGHTS: Final[Mapping[Light, str]] = {Light.NONE: "不计时", Light.GREEN: "正常", Light.AMBER: "将超时", Light.RED: "已超时"}

_FORBIDDEN_IN_XML: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def row(line: Line, city: City, say: Say) -> list[str]:
    """A ticket's cells, in the order of `COLUMNS`."""
    zone = ZoneInfo(city.pack.city.timezone)

    def at(moment: datetime | None) -> str:
        return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else ""

    return [
        f"{line.number}-{line.rounds:02d}" if line.rounds else line.number,
        say(words.STATES[line.state]),
        say(LIGHTS[line.light]),
        at(line.next_due),
        at(line.answer_due),
        personal.masked(line.title),
        city.matter_name(line.matter),
        city.region_name(line.region),
        personal.masked(line.place),
        say(words.KINDS[line.kind]),
        say(words.URGENCIES[line.urgency]),
        city.unit_name(line.lead),
        at(line.created_at),
        str(line.urged),
        say(words.SUPERVISIONS[line.supervision]) if line.supervision else "",
        str(line.returns),
        str(line.rounds),
        line.special,
    ]


def csv_head(say: Say) -> bytes:
    """The first line, with the mark by which spreadsheets know UTF-8."""
    return "\ufeff".encode() + csv_rows([[say(column) for column in COLUMNS]])


def csv_rows(rows: Iterable[Sequence[str]]) -> bytes:
    """Lines of the file."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([[guarded(cell) for cell in row] for row in rows])
    return out.getvalue().encode()


def xlsx(file: IO[bytes], rows: Iterable[Sequence[str]], say: Say) -> None:
    """Writes the sheet into `file` and goes back to its beginning. Fifty thousand rows take seconds: call it off the event loop."""
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet(say("工单"))
    sheet.freeze_panes = "B2"
    for index, width in enumerate(WIDTHS):
        sheet.column_dimensions[chr(ord("A") + index)].width = width
    sheet.append([_text(sheet, say(column), bold=True) for column in COLUMNS])
    for cells in rows:
        sheet.append([_text(sheet, cell) for cell in cells])
    book.save(file)
    file.seek(0)


def _text(sheet: Any, value: str, *, bold: bool = False) -> Any:
    """A cell that is text whatever it looks like."""
    cell: Any = WriteOnlyCell(sheet, value=_FORBIDDEN_IN_XML.sub("", value))
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell
