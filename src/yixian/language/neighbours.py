"""The second voice: the texts most like this one, and what they are about. It hears what is said rarely, in whole phrases."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from yixian.language.linear import Floats, Ints, height
from yixian.language.meaning import Vectors

NEAREST: Final = 8
SHARPNESS: Final = 4
"""A neighbour's vote is its likeness to this power."""
SHARPNESS_WITH_MEANING: Final = 6
"""Vectors of meaning are all somewhat alike."""
COMMON: Final = 0.1
"""A feature of more than this share of the texts makes none alike, and costs most of the time."""
LEAST_VOTE: Final = 0.01
_AT_ONCE: Final = 256


class Neighbours(msgspec.Struct, frozen=True):
    """The texts learned from: texts by features, each of length 1; their vectors, classes and weights."""

    words: csr_array
    meaning: Vectors | None
    truth: Ints
    weights: Floats
    classes: int


def seldom(words: csr_array, frequency: NDArray[np.int64], parts: Ints) -> csr_array:
    """`words` as a whole, without what is common. `frequency`: in how many of the texts each feature is; `parts`: where it stands."""
    found = words.copy()
    found.data = found.data * ((frequency <= max(20, COMMON * height(words))) & (parts == 0))[found.indices]
    found.eliminate_zeros()
    return found


def votes(known: Neighbours, words: csr_array, meaning: Vectors | None, apart: tuple[Ints, Ints] | None = None) -> Floats:
    """Texts by classes: the logarithm of each class's share in the votes of the nearest texts.

    `apart`: the fold of each text asked, and of each known one: texts of the same fold do not hear each other.
    """
    sharpness = SHARPNESS if meaning is None else SHARPNESS_WITH_MEANING
    shares = np.zeros((height(words), known.classes))
    columns = known.words.T.tocsr()
    for start in range(0, height(words), _AT_ONCE):
        stop = min(start + _AT_ONCE, height(words))
        alike = (words[start:stop] @ columns).toarray().astype(np.float32)
        if meaning is not None and known.meaning is not None:
            alike = (alike + meaning[start:stop] @ known.meaning.T) / 2
        if apart is not None:
            alike[apart[0][start:stop, None] == apart[1][None, :]] = 0
        near = np.argpartition(-alike, min(NEAREST, alike.shape[1] - 1), axis=1)[:, :NEAREST]
        counted = np.maximum(np.take_along_axis(alike, near, axis=1), 0) ** sharpness * known.weights[near]
        rows = np.repeat(np.arange(start, stop), near.shape[1])
        np.add.at(shares, (rows, known.truth[near].ravel()), counted.ravel())
    return np.log(shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-12) + LEAST_VOTE)
