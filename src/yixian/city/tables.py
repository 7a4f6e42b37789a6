"""Text files read with the line of everything, so that an error can say where it stands and what to do."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import msgspec

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)
E = TypeVar("E", bound=StrEnum)

_BETWEEN_VALUES: Final = "|"
FORMULA_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a cell for a formula; an export of the list writes an apostrophe before it."""
_TOML_ERROR_LINE: Final = re.compile(r"\(at line (\d+), column \d+\)")


class Severity(StrEnum):
    """Whether a pack with this problem can be loaded."""

    ERROR = "error"
    WARNING = "warning"


class Problem(msgspec.Struct, frozen=True, order=True):
    """Something wrong in a pack: where, and what to do about it."""

    file: str
    line: int
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        """`units.csv:12: error: …`, as editors and terminals understand it."""
        return f"{self.file}:{self.line}: {self.severity}: {self.message}"


class Row(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """Something that was read, and where it stood."""

    value: T
    file: str
    line: int

    def problem(self, message: str, severity: Severity = Severity.ERROR) -> Problem:
        """A problem at this place."""
        return Problem(self.file, self.line, message, severity)


class Column(msgspec.Struct, frozen=True):
    """How a column's cells are read, and into which field; `read` raises ValueError with what to do."""

    read: Callable[[str], object]
    field: str
    may_lack: bool = False
    """Files from before this column have none; the field then has its default."""


class Table(msgspec.Struct, Generic[T], frozen=True):
    """What a CSV file holds: a struct a row."""

    make: Callable[..., T]
    columns: Mapping[str, Column]


def table(make: Callable[..., T], /, **columns: Callable[[str], object] | Column) -> Table[T]:
    """A table whose columns are named like the fields, where no `Column` says otherwise."""
    return Table(make, {name: column if isinstance(column, Column) else Column(column, name) for name, column in columns.items()})


def text(cell: str) -> str:
    """Any text, or none."""
    return cell


def needed(cell: str) -> str:
    """Text that may not be absent."""
    if not cell:
        raise ValueError("is empty; fill it in")
    return cell


def optional(cell: str) -> str | None:
    """A code, or None for an empty cell."""
    return cell or None


def several(cell: str) -> tuple[str, ...]:
    """Values between `|`."""
    return tuple(value for part in cell.split(_BETWEEN_VALUES) if (value := part.strip())) if cell else ()


def yes(cell: str) -> bool:
    """`yes`, or empty for no."""
    if cell not in ("yes", "no", ""):
        raise ValueError(f"'{cell}' is not 'yes'; write yes, or leave it empty for no")
    return cell == "yes"


def day(cell: str) -> date:
    """A date, `2026-01-31`."""
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise ValueError(f"'{cell}' is not a date; write it as 2026-01-31") from None


def optional_day(cell: str) -> date | None:
    """A date, or None for an empty cell."""
    return day(cell) if cell else None


def one_of(words: type[E], empty: E | None = None) -> Callable[[str], E]:
    """A word of an enum; `empty` is what an empty cell means, when it may be empty."""
    known: dict[str, E] = {word.value: word for word in words} | ({"": empty} if empty is not None else {})

    def read(cell: str) -> E:
        if cell not in known:
            raise ValueError(f"'{cell}' is not known; write one of {', '.join(word.value for word in words)}")
        return known[cell]

    return read


def optional_one_of(words: type[E]) -> Callable[[str], E | None]:
    """A word of an enum, or None for an empty cell."""
    read_word = one_of(words)

    def read(cell: str) -> E | None:
        return read_word(cell) if cell else None

    return read


def read_text(folder: Path, file: str, problems: list[Problem]) -> str | None:
    """The text of a file of the pack; None, and a problem, when it cannot be read."""
    try:
        raw = (folder / file).read_bytes()
    except OSError as error:
        problems.append(Problem(file, 1, f"cannot be read ({error.strerror}); every pack has this file"))
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problems.append(Problem(file, line, "is not UTF-8; save the file as UTF-8"))
        return None


def read_csv(folder: Path, file: str, into: Table[T], problems: list[Problem]) -> list[Row[T]]:
    """The rows of a CSV file that could be read; a problem for each thing that could not."""
    content = read_text(folder, file, problems)
    if content is None:
        return []
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    rows: list[Row[T]] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        if not _header_fits(header, into, file, problems):
            return []
        columns = [into.columns[name] for name in header]
        line = reader.line_num + 1
        for cells in reader:
            if cells:
                value = _read_row(header, columns, cells, into.make, file, line, problems)
                if value is not None:
                    rows.append(Row(value, file, line))
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(Problem(file, reader.line_num, f"is not CSV ({error}); close quotes, and double those inside a cell"))
    return rows


def _header_fits(header: list[str], into: Table[Any], file: str, problems: list[Problem]) -> bool:
    known = ", ".join(into.columns)
    found = [Problem(file, 1, f"unknown column '{name}'; the columns are {known}") for name in header if name not in into.columns]
    found += [
        Problem(file, 1, f"column '{name}' is missing; add it to the header")
        for name, column in into.columns.items()
        if name not in header and not column.may_lack
    ]
    found += [Problem(file, 1, f"column '{name}' stands twice; leave one") for name in sorted({n for n in header if header.count(n) > 1})]
    problems += found
    return not found


def _read_row(
    header: list[str],
    columns: list[Column],
    cells: list[str],
    make: Callable[..., T],
    file: str,
    line: int,
    problems: list[Problem],
) -> T | None:
    if len(cells) != len(columns):
        message = f"has {len(cells)} cells, the header {len(columns)}; put quotes around a cell that holds a comma"
        problems.append(Problem(file, line, message))
        return None
    values: dict[str, object] = {}
    faults: list[Problem] = []
    for name, column, cell in zip(header, columns, cells, strict=True):
        try:
            values[column.field] = column.read(bare(cell.strip()))
        except ValueError as error:
            faults.append(Problem(file, line, f"column '{name}': {error}"))
    if faults:
        problems += faults
        return None
    return make(**values)


def guarded(cell: str) -> str:
    """The cell as a CSV file may hold it: what a spreadsheet would take for a formula, whoever wrote it, stays text."""
    return f"'{cell}" if cell.startswith(FORMULA_BEGINS) else cell


def bare(cell: str) -> str:
    """The cell without the apostrophe that guards it against being taken for a formula: `'@street` is `@street`."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA_BEGINS) else cell


class Toml(msgspec.Struct, frozen=True):
    """A TOML file, with its text to find lines in."""

    file: str
    text: str
    data: Mapping[str, Any]
    first_line: int = 1

    def line(self, header: str, nth: int = 0, key: str = "") -> int:
        """The line of the `nth` (from 0) table of this name, or of a key in it; the first line when it cannot be found."""
        lines = self.text.splitlines()
        start = -1
        if header:
            wanted = re.compile(rf"\s*\[\[?\s*{re.escape(header)}\s*\]\]?\s*(#.*)?")
            starts = [number for number, line in enumerate(lines) if wanted.fullmatch(line)]
            if nth >= len(starts):
                return self.first_line
            start = starts[nth]
        wanted_key = re.compile(rf"\s*\"?{re.escape(key)}\"?\s*=")
        for number in range(start + 1, len(lines) if key else 0):
            if lines[number].lstrip().startswith("["):
                break
            if wanted_key.match(lines[number]):
                return number + self.first_line
        return max(start, 0) + self.first_line

    def problem(self, message: str, header: str = "", nth: int = 0, key: str = "") -> Problem:
        """A problem at a table, or at a key of it."""
        return Problem(self.file, self.line(header, nth, key), message)

    def row(self, value: T, header: str, nth: int = 0) -> Row[T]:
        """A value that stood in a table."""
        return Row(value, self.file, self.line(header, nth))


def parse_toml(file: str, content: str, problems: list[Problem], first_line: int = 1) -> Toml | None:
    """A TOML text that starts at `first_line` of its file; None, and a problem, when it is not TOML."""
    try:
        return Toml(file, content, tomllib.loads(content), first_line)
    except tomllib.TOMLDecodeError as error:
        found = _TOML_ERROR_LINE.search(str(error))
        line = int(found[1]) if found else content.count("\n") + 1
        reason = _TOML_ERROR_LINE.sub("", str(error)).strip()
        problems.append(Problem(file, line + first_line - 1, f"is not TOML ({reason}); put text in quotes and close brackets"))
        return None


def only_sections(toml: Toml, known: tuple[str, ...], problems: list[Problem]) -> None:
    """A problem for each section that a file does not have."""
    for name in toml.data:
        if name not in known:
            problems.append(toml.problem(f"unknown section '{name}'; the sections are {', '.join(known)}", name))


def take(toml: Toml, header: str, nth: int, found: object, into: type[S], problems: list[Problem]) -> S | None:
    """A TOML table as a struct; None, and a problem for each key that is unknown, missing or of the wrong kind."""
    if not isinstance(found, dict):
        problems.append(toml.problem(f"'{header}' must be a table; write [{header}] and its keys below", header, nth))
        return None
    given: dict[str, object] = found
    fields = {field.name: field for field in msgspec.structs.fields(into)}
    faults = [
        toml.problem(f"unknown key '{name}'; the keys of [{header}] are {', '.join(fields)}", header, nth, name)
        for name in given
        if name not in fields
    ]
    values: dict[str, object] = {}
    for name, field in fields.items():
        if name in given:
            try:
                values[name] = msgspec.convert(given[name], field.type)
            except msgspec.ValidationError as error:
                faults.append(toml.problem(f"'{name}' of [{header}] is of the wrong kind: {error}", header, nth, name))
        elif field.required:
            faults.append(toml.problem(f"'{name}' is missing in [{header}]; add it", header, nth))
    problems += faults
    return None if faults else into(**values)


def take_each(toml: Toml, header: str, into: type[S], problems: list[Problem]) -> list[Row[S]]:
    """The tables of a TOML array of tables that could be read."""
    tables = toml.data.get(header, [])
    if not isinstance(tables, list):
        problems.append(toml.problem(f"'{header}' comes several times; write [[{header}]]", header))
        return []
    return list(_each(toml, header, tables, into, problems))


def _each(toml: Toml, header: str, tables: list[object], into: type[S], problems: list[Problem]) -> Iterator[Row[S]]:
    for nth, found in enumerate(tables):
        value = take(toml, header, nth, found, into, problems)
        if value is not None:
            yield toml.row(value, header, nth)
