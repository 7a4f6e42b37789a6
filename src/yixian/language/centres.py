"""The third voice: how near a text's meaning lies to the middle of each class (Fisher's linear discriminant with a ridge).

What it knows that the others do not: words that nobody has used in the examples.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from yixian.language.linear import Floats, Ints
from yixian.language.meaning import Vectors

RIDGE: Final = 1.0
"""Of the mean spread, added in every direction: there are few texts for so many directions."""
TOWARDS_ALL: Final = 0.5
"""A class's middle is drawn to everybody's as if so many texts of it lay there."""


class Centres(msgspec.Struct, frozen=True):
    """For each class a direction (`SIZE` by classes) and an offset."""

    directions: Floats
    offsets: Floats


def fit(vectors: Vectors, truth: Ints, classes: int, weights: Floats, drawn: Floats | None = None) -> Centres:
    """Learns the middles. `drawn`: classes by `SIZE` + 1, further vectors summed for each class, their weight last."""
    kind = np.zeros((len(truth), classes))
    kind[np.arange(len(truth)), truth] = weights
    everybody = np.average(vectors, axis=0, weights=weights)
    sums, counts = kind.T @ vectors, kind.sum(axis=0)
    if drawn is not None:
        sums, counts = sums + drawn[:, :-1], counts + drawn[:, -1]
    middles = (sums + TOWARDS_ALL * everybody) / (counts + TOWARDS_ALL)[:, None]
    apart = vectors - middles[truth]
    spread = (apart * weights[:, None]).T @ apart / weights.sum()
    spread += RIDGE * np.trace(spread) / len(spread) * np.eye(len(spread))
    directions = np.linalg.solve(spread, middles.T)
    return Centres(directions, -0.5 * np.einsum("ks,sk->k", middles, directions))


def nearness(centres: Centres, vectors: Vectors) -> Floats:
    """Texts by classes; 0 for the nearest middle, less for the others."""
    found = vectors @ centres.directions + centres.offsets
    return found - found.max(axis=1, keepdims=True, initial=-np.inf)
