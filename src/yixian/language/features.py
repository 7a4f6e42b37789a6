"""Texts as counts of hashed n-grams, all texts at once: a few seconds for seven thousand long messages.

A feature is the 64-bit polynomial hash of its characters. So there is no alphabet to know beforehand, any script will do, and
two features never meet in practice.
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

TEXT_CHARACTERS: Final = 3000
_BASE: Final = np.uint64(0x9E3779B97F4A7C15)
_WORD: Final = np.uint64(0x51ED270B0B0B0B0B)
_PAIR: Final = np.uint64(0x2545F4914F6CDD1D)
_LONGEST_WORD: Final = 24
_UNSPACED_GRAM: Final = 3
_SPACED_GRAM: Final = 5
_INNER_SPACE: Final = re.compile(rf"(?<=[{UNSPACED}]) +(?=[{UNSPACED}])")


def count_features(texts: Sequence[str]) -> tuple[csr_array, Keys]:
    """Counts (texts by features, float32) and the hashes of the features, ascending."""
    plain = [normalise(text)[:TEXT_CHARACTERS] for text in texts]
    joined = [_INNER_SPACE.sub("", text) for text in plain]
    rows, keys = _merged(_character_grams(joined), _words(plain))
    features, columns = np.unique(keys, return_inverse=True)
    pairs, counts = np.unique(rows.astype(np.int64) * max(1, len(features)) + columns, return_counts=True)
    row, column = np.divmod(pairs, max(1, len(features)))
    # 32-bit positions: the solver takes no others.
    starts = np.searchsorted(row, np.arange(len(texts) + 1)).astype(np.int32)
    values = counts.astype(np.float32), column.astype(np.int32), starts
    return csr_array(values, shape=(len(texts), len(features))), features


def _merged(*found: tuple[NDArray[np.int64], Keys]) -> tuple[NDArray[np.int64], Keys]:
    return np.concatenate([rows for rows, _ in found]), np.concatenate([keys for _, keys in found])


def _laid_out(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """All characters one after another, each text between line ends, and the number of the text each is in."""
    points = np.frombuffer("".join(f"\n{text}\n" for text in texts).encode("utf-32-le", "replace"), dtype=np.uint32)
    lengths = np.array([len(text) + 2 for text in texts], dtype=np.int64)
    return points.astype(np.uint64), np.repeat(np.arange(len(texts)), lengths)


def _character_grams(texts: Sequence[str]) -> tuple[NDArray[np.int64], Keys]:
    """1-3-grams of every script, and 4-5-grams where letters are small pieces of words."""
    points, row = _laid_out(texts)
    unspaced = np.isin(points, np.array([*map(ord, set("".join(texts))), 0], dtype=np.uint64)[_is_unspaced(texts)])
    within = points != ord("\n")
    letters = within & ~unspaced
    rows: list[NDArray[np.int64]] = []
    keys: list[Keys] = []
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
    return np.concatenate([*rows, np.empty(0, np.int64)]), np.concatenate([*keys, np.empty(0, np.uint64)])


def _is_unspaced(texts: Sequence[str]) -> NDArray[np.bool_]:
    pattern = re.compile(rf"[{UNSPACED}]")
    return np.array([*(pattern.match(letter) is not None for letter in set("".join(texts))), False])


def _words(texts: Sequence[str]) -> tuple[NDArray[np.int64], Keys]:
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
    rows = row[starts]
    neighbours = short[:-1] & short[1:] & (rows[:-1] == rows[1:])
    pairs = (word[:-1] * _PAIR + word[1:])[neighbours]
    return np.concatenate([rows[short], rows[:-1][neighbours]]), np.concatenate([word[short], pairs])
