"""Labelled messages from CSV files: what the learned classifier is trained and judged on."""

from __future__ import annotations

import csv
from pathlib import Path

import msgspec


class Unreadable(Exception):
    """A file that cannot be used; the message says what to mend."""


class Labelled(msgspec.Struct, frozen=True):
    """Texts and their labels, in the same order."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]


LARGEST_FIELD = 10_000_000


def read(*files: Path) -> Labelled:
    """Reads files with the column `label` and the words in `text`, `title` and `text`, or `tokens`.

    Raises:
        Unreadable: a column is missing, a label is empty, or the file is not UTF-8.
    """
    csv.field_size_limit(LARGEST_FIELD)
    pairs = [pair for file in files for pair in _pairs(file)]
    return Labelled(tuple(text for text, _ in pairs), tuple(label for _, label in pairs))


def _pairs(file: Path) -> list[tuple[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            columns = set(reader.fieldnames or ())
            if "label" not in columns or not columns & {"text", "tokens"}:
                raise Unreadable(f"{file} needs the columns 'label' and 'text' (or 'title' and 'text', or 'tokens').")
            return [_pair(file, reader.line_num, row) for row in reader]
    except UnicodeDecodeError as error:
        raise Unreadable(f"{file} is not UTF-8 (byte {error.start}). Save it as UTF-8 and try again.") from error


def _pair(file: Path, line: int, row: dict[str, str | None]) -> tuple[str, str]:
    label = (row.get("label") or "").strip()
    if not label:
        raise Unreadable(f"{file}:{line}: the label is empty. Give every row one, or take the row out.")
    words = row.get("tokens") or "\n".join(part for part in (row.get("title"), row.get("text")) if part)
    return words, label
