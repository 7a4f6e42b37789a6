"""Answers are kept as plain text with the few marks of Markdown that people use; shown as paragraphs, lists and bold.

Everything is escaped first; only these tags are ever made: p, ul, ol, li, strong, br. Headings may be kept in their clauses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from markupsafe import Markup, escape

_BULLET = re.compile(r"\s*[-*•]\s+(?P<words>.*)")
_NUMBERED = re.compile(r"\s*\d{1,2}[.、](?!\d)\s*(?P<words>.*)")
_HEADING = re.compile(r"\s*#{1,4}\s+(?P<words>.*)")
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_AFTER_A_MARK = re.compile(r"(?<=[，。；：！？])(</strong>) +")
_CLAUSE = re.compile(r"(?<=[，；：。！？])(?=.)")


def prose(text: str) -> Markup:
    """HTML of `text`."""
    return Markup("\n").join(_blocks(text))


def clauses(text: str) -> Markup:
    """A heading whose clauses stay together where a line has room for them: a line of Chinese may end in the middle of a word."""
    parts = _CLAUSE.split(text)
    if len(parts) == 1:
        return escape(text)
    return Markup("").join(Markup('<span class="whole">{}</span>').format(part) for part in parts)


def whole(text: str) -> Markup:
    """A date or a number that no line breaks."""
    return Markup('<span class="whole">{}</span>').format(text)


def _blocks(text: str) -> Iterator[Markup]:
    for kind, lines in groupby(text.splitlines(), _kind):
        found = list(lines)
        if kind == "":
            continue
        if kind == "p":
            yield Markup("<p>{}</p>").format(Markup("<br>").join(_inline(line.strip()) for line in found))
        elif kind == "b":
            yield from (Markup("<p><strong>{}</strong></p>").format(_inline(_words(_HEADING, line))) for line in found)
        else:
            pattern = _BULLET if kind == "ul" else _NUMBERED
            items = Markup("").join(Markup("<li>{}</li>").format(_inline(_words(pattern, line))) for line in found)
            yield Markup("<ul>{}</ul>").format(items) if kind == "ul" else Markup("<ol>{}</ol>").format(items)


def _kind(line: str) -> str:
    if not line.strip():
        return ""
    if _HEADING.match(line):
        return "b"
    if _BULLET.match(line):
        return "ul"
    return "ol" if _NUMBERED.match(line) else "p"


def _words(pattern: re.Pattern[str], line: str) -> str:
    found = pattern.match(line)
    return found["words"] if found else line


def _inline(line: str) -> Markup:
    bold = _BOLD.sub(r"<strong>\1</strong>", str(escape(line)))
    # A full-width mark brings its own space.
    return Markup(_AFTER_A_MARK.sub(r"\1", bold))  # noqa: S704 -- escaped just before
