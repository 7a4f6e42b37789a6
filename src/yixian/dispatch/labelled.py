"""Labelled messages from files: what the learned classifier is trained and judged on."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

Row = dict[str, Any]


class Unreadable(Exception):
    """A file that cannot be used; the message says what to mend."""


class Labelled(msgspec.Struct, frozen=True):
    """Texts and their labels, in the same order."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]


LARGEST_FIELD = 10_000_000


def read(*files: Path, text: Sequence[str] = (), label: str = "label") -> Labelled:
    """Reads CSV files, or JSON lines, with the column `label` and the words in `text`, `title` and `text`, or `tokens`.

    Args:
        text: other columns that hold the words, joined by line ends.
        label: another name of the column of labels.

    Raises:
        Unreadable: a column is missing, a label is empty, or the file is not UTF-8.
    """
    csv.field_size_limit(LARGEST_FIELD)
    pairs = [pair for file in files for pair in _pairs(file, text, label)]
    return Labelled(tuple(words for words, _ in pairs), tuple(name for _, name in pairs))


def _pairs(file: Path, text: Sequence[str], label: str) -> list[tuple[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(_lines(file, opened) if file.suffix == ".jsonl" else _rows(opened))
    except UnicodeDecodeError as error:
        raise Unreadable(f"{file} is not UTF-8 (byte {error.start}). Save it as UTF-8 and try again.") from error
    columns = set(rows[0][1]) if rows else set[str]()
    wanted = {label, *text}
    if not wanted <= columns or not (text or columns & {"text", "tokens"}):
        named = " and ".join(repr(column) for column in sorted(wanted - columns)) or "'text' (or 'title' and 'text', or 'tokens')"
        raise Unreadable(f"{file} needs the columns {named}. It has: {', '.join(sorted(columns))}.")
    return [_pair(file, line, row, text, label) for line, row in rows]


def _rows(opened: Iterable[str]) -> Iterator[tuple[int, Row]]:
    reader = csv.DictReader(opened)
    for row in reader:
        yield reader.line_num, row


def _lines(file: Path, opened: Iterable[str]) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(opened, 1):
        try:
            yield number, msgspec.json.decode(line, type=Row)
        except msgspec.DecodeError as error:
            raise Unreadable(f"{file}:{number}: this line is no JSON object ({error}). Mend it or take it out.") from error


def _pair(file: Path, line: int, row: Row, text: Sequence[str], label: str) -> tuple[str, str]:
    name = str(row.get(label) or "").strip()
    if not name:
        raise Unreadable(f"{file}:{line}: the label is empty. Give every row one, or take the row out.")
    columns = text or (("tokens",) if row.get("tokens") else ("title", "text"))
    return "\n".join(_said(row[column]) for column in columns if row.get(column)), name


def _said(value: Any) -> str:
    """The words of a column; those of a list, as JSON may hold one, side by side."""
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def frequent(known: Labelled, least: int) -> Labelled:
    """Without the labels that fewer than `least` messages carry."""
    often = Counter(known.labels)
    kept = [pair for pair in zip(known.texts, known.labels, strict=True) if often[pair[1]] >= least]
    return Labelled(tuple(text for text, _ in kept), tuple(label for _, label in kept))
