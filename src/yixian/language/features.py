"""Texts as counts of hashed n-grams, all texts at once: a few seconds for seven thousand long messages.

A feature is the 62-bit polynomial hash of its characters, behind two bits that say where it stands: anywhere in the text, or in its
first words. So there is no alphabet to know beforehand, any script will do, and two features never meet in practice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from yixian.language.normalise import normalise
from yixian.language.scripts import UNSPACED

Keys = NDArray[np.uint64]
Floats = NDArray[np.float32]
Grams = tuple[NDArray[np.int64], Keys, Floats]
"""Of each n-gram: its text, its hash, and how much of the text had been said when it ended (see `_said`)."""

TEXT_CHARACTERS: Final = 3000
BEGINNINGS: Final = (20, 60)
"""What is wrong is said first, in the headline if there is one, and then at length with much that belongs to other topics. So the first
characters are heard once more by themselves. A third of a letter counts as one: words of letters are about three times as long."""
_LETTER: Final = 1 / 3
_PART: Final = np.uint64(62)
_HASH: Final = np.uint64(2**62 - 1)
_BASE: Final = np.uint64(0x9E3779B97F4A7C15)
_WORD: Final = np.uint64(0x51ED270B0B0B0B0B)
_PAIR: Final = np.uint64(0x2545F4914F6CDD1D)
_LONGEST_WORD: Final = 24
_UNSPACED_GRAM: Final = 3
_SPACED_GRAM: Final = 5
_UNSPACED: Final = re.compile(rf"[{UNSPACED}]")
_INNER_SPACE: Final = re.compile(rf"(?<=[{UNSPACED}]) +(?=[{UNSPACED}])")


def count_features(texts: Sequence[str]) -> tuple[csr_array, Keys]:
    """Counts (texts by features, float32) and the hashes of the features, ascending."""
    plain = [normalise(text)[:TEXT_CHARACTERS] for text in texts]
    joined = [_INNER_SPACE.sub("", text) for text in plain]
    characters, words = _character_grams(joined), _words(plain)
    row, key = np.concatenate([characters[0], words[0]]), np.concatenate([characters[1], words[1]]) & _HASH
    said = np.concatenate([characters[2], words[2]])
    parts = [(row, key)]
    for number, until in enumerate(BEGINNINGS, 1):
        early = said <= until
        parts.append((row[early], key[early] | (np.uint64(number) << _PART)))
    rows, keys = np.concatenate([rows for rows, _ in parts]), np.concatenate([keys for _, keys in parts])
    features, columns = np.unique(keys, return_inverse=True)
    pairs, counts = np.unique(rows.astype(np.int64) * max(1, len(features)) + columns, return_counts=True)
    row, column = np.divmod(pairs, max(1, len(features)))
    # 32-bit positions: the solver takes no others.
    starts = np.searchsorted(row, np.arange(len(texts) + 1)).astype(np.int32)
    values = counts.astype(np.float32), column.astype(np.int32), starts
    return csr_array(values, shape=(len(texts), len(features))), features


def parts_of(features: Keys) -> NDArray[np.intp]:
    """Where each feature stands: 0 anywhere in the text, n within the n-th of `BEGINNINGS`."""
    return (features >> _PART).astype(np.intp)


def _laid_out(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """All characters one after another, each text between line ends, and the number of the text each is in."""
    points = np.frombuffer("".join(f"\n{text}\n" for text in texts).encode("utf-32-le", "replace"), dtype=np.uint32)
    lengths = np.array([len(text) + 2 for text in texts], dtype=np.int64)
    return points.astype(np.uint64), np.repeat(np.arange(len(texts)), lengths)


def _said(points: NDArray[np.uint64], row: NDArray[np.int64], unspaced: NDArray[np.bool_]) -> Floats:
    """How much of its text has been said after each character, in characters of scripts without spaces."""
    worth = np.where(unspaced, 1.0, np.where((points == ord(" ")) | (points == ord("\n")), 0.0, _LETTER))
    spent = np.cumsum(worth)
    before = np.concatenate([[0.0], spent[:-1]])[np.flatnonzero(np.diff(row, prepend=-1))]
    return (spent - before[row]).astype(np.float32)


def _character_grams(texts: Sequence[str]) -> Grams:
    """1-3-grams of every script, and 4-5-grams where letters are small pieces of words."""
    points, row = _laid_out(texts)
    unspaced = _unspaced(points)
    said = _said(points, row, unspaced)
    within = points != ord("\n")
    letters = within & ~unspaced
    rows: list[NDArray[np.int64]] = []
    keys: list[Keys] = []
    ends: list[Floats] = []
    hashed = np.zeros(len(points), dtype=np.uint64)
    whole = np.ones(len(points), dtype=bool)
    spaced = np.ones(len(points), dtype=bool)
    for size in range(1, _SPACED_GRAM + 1):
        last = len(points) - size + 1
        if last <= 0:
            break
        hashed = hashed[:last] * _BASE + points[size - 1 :] + np.uint64(1)
        whole = whole[:last] & within[size - 1 :]
        spaced = spaced[:last] & letters[size - 1 :]
        chosen = whole if size <= _UNSPACED_GRAM else spaced
        rows.append(row[:last][chosen])
        keys.append(hashed[chosen])
        ends.append(said[size - 1 :][chosen])
    empty = np.empty(0, np.int64), np.empty(0, np.uint64), np.empty(0, np.float32)
    return np.concatenate([*rows, empty[0]]), np.concatenate([*keys, empty[1]]), np.concatenate([*ends, empty[2]])


def _unspaced(points: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which characters are of scripts without spaces."""
    letters = np.unique(points)
    return np.isin(points, letters[[_UNSPACED.match(chr(int(letter))) is not None for letter in letters]])


def _words(texts: Sequence[str]) -> Grams:
    """Words between spaces and pairs of neighbouring ones; a stretch too long for a word is a sentence without spaces."""
    points, row = _laid_out(texts)
    edge = (points == ord(" ")) | (points == ord("\n"))
    ends = np.flatnonzero(edge[1:] & ~edge[:-1]) + 1
    starts = np.flatnonzero(edge[:-1] & ~edge[1:]) + 1
    word = np.zeros(len(starts), dtype=np.uint64)
    lengths = ends - starts
    for place in range(_LONGEST_WORD):
        longer = lengths > place
        word[longer] = word[longer] * _BASE + points[starts[longer] + place] + _WORD
    short = lengths <= _LONGEST_WORD
    rows, said = row[starts], _said(points, row, _unspaced(points))[ends - 1]
    neighbours = short[:-1] & short[1:] & (rows[:-1] == rows[1:])
    pairs = (word[:-1] * _PAIR + word[1:])[neighbours]
    return (
        np.concatenate([rows[short], rows[:-1][neighbours]]),
        np.concatenate([word[short], pairs]),
        np.concatenate([said[short], said[1:][neighbours]]),
    )
