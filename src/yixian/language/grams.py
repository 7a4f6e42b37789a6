"""A text as terms: characters and pairs of them where words are not spaced, words and their pieces where they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from operator import add
from typing import Final

from yixian.language.scripts import UNSPACED

_RUNS: Final = re.compile(rf"([{UNSPACED}]+)|([^\W{UNSPACED}]+)")


def terms(text: str, *, whole: bool = True) -> list[str]:
    """The terms of a text in plain form, with repetitions; no term crosses punctuation. `whole`: words as well as their pieces."""
    found: list[str] = []
    words: list[str] = []
    for run in _RUNS.finditer(text):
        unspaced = run.group(1)
        if unspaced is None:
            words.append(run.group(2))
        else:
            found += unspaced
            # Three characters in a row add nothing to the accuracy on short examples, and cost half of the time.
            found += map(add, unspaced, unspaced[1:])
    if words:
        found += _word_terms(words, whole)
    return found


def words_of(text: str) -> list[str]:
    """Only the words of a text in plain form: pairs of characters where words are not spaced; with `=` before them where they are."""
    found: list[str] = []
    for run in _RUNS.finditer(text):
        unspaced, word = run.groups()
        if unspaced is not None:
            found += map(add, unspaced, unspaced[1:])
        elif not word.isdigit():
            found.append("=" + word)
    return found


def _word_terms(words: list[str], whole: bool) -> Iterator[str]:
    """Words, neighbouring words, and pieces of words: endings differ and letters are mistyped, most of a word is still there.

    Marks keep the three apart from each other: `=` before words, `<` and `>` at the ends inside pieces.
    """
    for word in words:
        if word.isdigit():
            continue
        if whole:
            yield "=" + word
        closed = "<" + word + ">"
        for size in (3, 4, 5):
            for start in range(len(closed) - size + 1):
                yield closed[start : start + size]
    if whole:
        yield from (f"={first} {second}" for first, second in pairwise(words))
