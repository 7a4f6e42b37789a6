"""One plain form of a message, so that the same words look the same however they were typed."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

import opencc

_SPACE: Final = re.compile(r"\s+")


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@cache
def traditional_characters() -> frozenset[str]:
    """The characters that conversion to simplified changes; most messages hold none and are then never converted."""
    # One character a line: the converter also knows words, and neighbours must not form one.
    every = [chr(point) for first, last in ((0x3400, 0x4DC0), (0x4E00, 0xA000)) for point in range(first, last)]
    simple = _converter().convert("\n".join(every)).split("\n")
    return frozenset(before for before, after in zip(every, simple, strict=True) if before != after)


def simplify(text: str) -> str:
    """Traditional Chinese as simplified; anything else unchanged."""
    return text if traditional_characters().isdisjoint(text) else _converter().convert(text)


def normalise(text: str, noise: tuple[str, ...] = ()) -> str:
    """The plain form: half width, one space at most, simplified, lower case, without the `noise` phrases.

    `noise` must be in plain form itself (see `normalise_words`). Line ends become spaces, as do noise phrases.
    """
    return without(_SPACE.sub(" ", simplify(unicodedata.normalize("NFKC", text)).lower()).strip(), noise)


def without(plain: str, noise: tuple[str, ...]) -> str:
    """A text in plain form without these phrases; each becomes a space."""
    cut = plain
    for phrase in noise:
        if phrase in cut:
            cut = cut.replace(phrase, " ")
    return cut if cut is plain else _SPACE.sub(" ", cut).strip()


def as_written(words: str, text: str) -> str:
    """Words that were found in the plain form of `text`, with its capitals; as they are where they do not stand there in one piece."""
    cased = _SPACE.sub(" ", simplify(unicodedata.normalize("NFKC", text)))
    plain = cased.lower()
    at = plain.find(words)
    return cased[at : at + len(words)] if words and at >= 0 and len(plain) == len(cased) else words


def normalise_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """A pack's words in plain form, longest first, without empty ones and repetitions."""
    return tuple(sorted({plain for word in words if (plain := normalise(word))}, key=lambda word: (-len(word), word)))
