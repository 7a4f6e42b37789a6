"""Many known phrases found in a text in one pass."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from operator import add

import msgspec


class Found(msgspec.Struct, frozen=True):
    """A known phrase at a place in the text; `start` and `end` count characters."""

    phrase: str
    start: int
    end: int


class Phrases(msgspec.Struct, frozen=True):
    """Known phrases, and by their first two characters how long they are, longest first; phrases of one character stand apart."""

    words: dict[str, bool]
    """Each with whether it must be whole words: whether it begins or ends in a script that puts spaces between them."""
    heads: dict[str, tuple[int, ...]]
    singles: frozenset[str]


def compile_phrases(words: Iterable[str]) -> Phrases:
    """`words` in plain form (see `normalise`); empty ones are left out."""
    known = {word: is_spaced(word[0]) or is_spaced(word[-1]) for word in words if word}
    heads: dict[str, set[int]] = {}
    for word in known:
        if len(word) > 1:
            heads.setdefault(word[:2], set()).add(len(word))
    lengths = {head: tuple(sorted(found, reverse=True)) for head, found in heads.items()}
    return Phrases(known, lengths, frozenset(word for word in known if len(word) == 1))


@lru_cache(maxsize=8)
def _pairs(text: str) -> tuple[str, ...]:
    """Neighbouring characters: one text is asked for many sorts of phrases, one sort after the other."""
    return tuple(map(add, text, text[1:]))


def find_all(phrases: Phrases, text: str) -> list[Found]:
    """Every phrase at every place, overlapping ones too, by place and then longest first."""
    found: list[Found] = []
    heads, words, pairs = phrases.heads, phrases.words, _pairs(text)
    for start, head in () if heads.keys().isdisjoint(pairs) else enumerate(pairs):
        if head in heads:
            for length in heads[head]:
                end = start + length
                word = text[start:end]
                whole = words.get(word)
                if whole is not None and len(word) == length and not (whole and not _stands_alone(text, start, end)):
                    found.append(Found(word, start, end))
    if phrases.singles and not phrases.singles.isdisjoint(text):
        found.extend(
            Found(letter, start, start + 1)
            for start, letter in enumerate(text)
            if letter in phrases.singles and _stands_alone(text, start, start + 1)
        )
    return found


def find_longest(phrases: Phrases, text: str) -> list[Found]:
    """The phrases from left to right, the longest at each place, without overlap."""
    kept: list[Found] = []
    for found in find_all(phrases, text):
        if not kept or found.start >= kept[-1].end:
            kept.append(found)
    return kept


def is_spaced(letter: str) -> bool:
    """Whether the letter belongs to a script that puts spaces between words."""
    return letter.isalnum() and not ("\u2e80" <= letter <= "\ua4cf" or letter > "\uf8ff" or "\u0e00" <= letter <= "\u0e7f")


def _stands_alone(text: str, start: int, end: int) -> bool:
    """In scripts with spaces a phrase must be whole words: "art" is not in "party"."""
    if start and is_spaced(text[start]) and is_spaced(text[start - 1]) and text[start - 1].isalpha() == text[start].isalpha():
        return False
    return not (end < len(text) and is_spaced(text[end - 1]) and is_spaced(text[end]) and text[end - 1].isalpha() == text[end].isalpha())
