"""What in a text could say who somebody is: telephone, identity and card numbers, mail addresses. Pure.

Ticket numbers, office lines (`020-…`, `12345`) and sums of money are not: an answer may well name them.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

HIDDEN: Final = "＊＊＊"

_GAP: Final = r"[\s\-－—·]?"
_ALONE: Final = r"(?<![A-Za-z0-9])"
_END: Final = r"(?![A-Za-z0-9])"
_KINDS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    # A resident identity number: six digits of a place, a day of birth, three digits and a check (GB 11643).
    ("身份证号", re.compile(rf"{_ALONE}[1-9]\d{{5}}{_GAP}(?:19|20)\d{{2}}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01]){_GAP}\d{{3}}[\dXx]{_END}")),
    # A mobile number, with or without its country: never an office's.
    ("手机号码", re.compile(rf"{_ALONE}(?:\+?86{_GAP})?1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}}{_END}")),
    ("电话号码", re.compile(rf"{_ALONE}\+\d{{1,3}}(?:[\s\-()]?\d){{7,13}}{_END}|{_ALONE}07\d{{3}}\s?\d{{3}}\s?\d{{3}}{_END}")),
    ("银行卡号", re.compile(rf"{_ALONE}[3-6]\d{{3}}(?:\s?\d{{4}}){{3}}(?:\s?\d{{1,3}})?{_END}")),
    ("电子邮箱", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
)


class Personal(msgspec.Struct, frozen=True):
    """One place in a text."""

    kind: str
    """What it is, as it is said on screen: a key of the message catalogue."""
    text: str


def found(text: str) -> tuple[Personal, ...]:
    """What is personal in a text, in the order of the text; each once."""
    places: list[tuple[int, int, Personal]] = []
    for kind, pattern in _KINDS:
        for match in pattern.finditer(text):
            if not any(start < match.end() and match.start() < end for start, end, _ in places):
                places.append((match.start(), match.end(), Personal(kind, match[0])))
    return tuple(dict.fromkeys(p for _, _, p in sorted(places, key=lambda place: place[0])))


def masked(text: str) -> str:
    """The text with what is personal in it replaced."""
    for _, pattern in _KINDS:
        text = pattern.sub(HIDDEN, text)
    return text


def sayings() -> tuple[str, ...]:
    """The kinds, for the test of the catalogue."""
    return tuple(kind for kind, _ in _KINDS)
