"""The learned classifier's first voice: linear support vector machines over weighted n-grams, and over meaning where there is some."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

from yixian.language.features import BEGINNINGS
from yixian.language.meaning import Vectors

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

COST: Final = 2.0
COST_WITH_MEANING: Final = 4.0
"""Vectors of meaning never hold a word that only one text has, so the machine may trust single texts more (cross-validated)."""
WORTH: Final = np.array([1.0, *(0.5 for _ in BEGINNINGS)])
"""How long the vector of each part of a text is (see `features`; cross-validated)."""
NEVER: Final = -10.0
"""The margin of a class that was not there to learn from."""


class Linear(msgspec.Struct, frozen=True):
    """One machine a class. `coefficients` is (features + `SIZE` of meaning, if any) by classes."""

    coefficients: NDArray[np.float32]
    intercepts: Floats


def height(matrix: csr_array) -> int:
    """How many rows there are."""
    return len(matrix.indptr) - 1


def width(matrix: csr_array) -> int:
    """How many columns there are."""
    shape: tuple[int, ...] = matrix.shape or (0, 0)
    return shape[1]


def weighted(counts: csr_array, idf: NDArray[np.float32], parts: Ints) -> csr_array:
    """TF-IDF with damped counts; each part of a text (`parts`: of each feature) a vector as long as it is worth."""
    found = csr_array(counts, dtype=np.float32, copy=True)
    found.data = (1 + np.log(found.data)) * idf[found.indices]
    rows = np.repeat(np.arange(height(found)), np.diff(found.indptr))
    stands = rows * len(WORTH) + parts[found.indices]
    length = np.sqrt(np.bincount(stands, weights=found.data.astype(np.float64) ** 2, minlength=height(found) * len(WORTH)))
    scale = np.tile(WORTH, height(found)) / np.maximum(length, 1e-12)
    found.data = (found.data * scale[stands]).astype(np.float32)
    return found


def fit(words: csr_array, meaning: Vectors | None, truth: Ints, classes: int, weights: Floats, seed: int) -> Linear:
    """Learns from texts by features (see `weighted`) and their vectors, if any; `weights`: how much each text counts."""
    from sklearn.svm import LinearSVC

    cost = COST if meaning is None else COST_WITH_MEANING
    machine = LinearSVC(C=cost, random_state=seed).fit(_beside(words, meaning), truth, sample_weight=weights)
    coefficients = np.zeros((machine.coef_.shape[1], classes), dtype=np.float32)
    intercepts = np.full(classes, NEVER)
    if len(machine.classes_) == 2:
        # Of two classes sklearn keeps only the second's side.
        sides = np.vstack([-machine.coef_, machine.coef_]), np.concatenate([-machine.intercept_, machine.intercept_])
    else:
        sides = machine.coef_, machine.intercept_
    coefficients[:, machine.classes_] = sides[0].T
    intercepts[machine.classes_] = sides[1]
    return Linear(coefficients, intercepts)


def margins(linear: Linear, words: csr_array, columns: Ints, meaning: Vectors | None) -> Floats:
    """Texts by classes: how far on each class's side a text lies. `columns`: which of the learned features `words` holds."""
    found = words @ linear.coefficients[columns] + linear.intercepts
    if meaning is not None:
        found = found + meaning @ linear.coefficients[len(linear.coefficients) - meaning.shape[1] :]
    return found


def _beside(words: csr_array, meaning: Vectors | None) -> Any:
    return words if meaning is None else hstack([words, csr_array(meaning)], format="csr")
