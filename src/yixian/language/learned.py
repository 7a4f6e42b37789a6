"""The learned classifier: what a city's own labelled messages teach, and how sure it must be to act alone.

Hashed n-grams with TF-IDF weights, a linear support vector machine, and probabilities fitted on predictions for messages that
were left out of training. The gate comes from the same left-out predictions, never from the messages it is judged on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from yixian.language.features import Keys, count_features

Floats = NDArray[np.float64]

INNER_FOLDS: Final = 3
LEAST_TEXTS: Final = 2
"""A feature in fewer training texts than this is left out."""
COST: Final = 1.0


class Model(msgspec.Struct, frozen=True):
    """A trained classifier. `coefficients` is features by classes; `confidences` and `correct` are the left-out predictions."""

    classes: tuple[str, ...]
    features: Keys
    idf: NDArray[np.float32]
    coefficients: NDArray[np.float32]
    intercepts: Floats
    sharpness: float
    confidences: Floats
    correct: NDArray[np.bool_]


class Evaluation(msgspec.Struct, frozen=True):
    """How well messages never seen in training are read. All but `n` and `classes` are shares, 0 to 1."""

    n: int
    classes: int
    accuracy: float
    macro_f1: float
    top3: float
    """How often the right class is among the best three."""
    target: float
    """The accuracy the gate is set to hold."""
    coverage: float
    """The share of messages the gate lets through."""
    accuracy_kept: float
    """The accuracy among those; 1 when none was let through."""


def train(texts: Sequence[str], labels: Sequence[str], seed: int) -> Model:
    """Learns from labelled texts, raw or as words with spaces between, in any script.

    Raises:
        ValueError: texts and labels differ in number, or there are fewer than two classes.
    """
    counts, features = count_features(texts)
    return _train(counts, features, _checked(texts, labels), seed)


def _checked(texts: Sequence[str], labels: Sequence[str]) -> NDArray[np.str_]:
    if len(texts) != len(labels):
        raise ValueError(f"{len(texts)} texts but {len(labels)} labels: give every text one label")
    if len(set(labels)) < 2:
        raise ValueError("the training data has fewer than two classes: there is nothing to tell apart")
    return np.array(labels)


def _train(counts: csr_array, features: Keys, labels: NDArray[np.str_], seed: int) -> Model:
    classes, truth = np.unique(labels, return_inverse=True)
    frequency = np.bincount(counts.indices, minlength=_width(counts))
    # A small training set cannot afford to lose what it saw once.
    kept = np.flatnonzero(frequency >= (LEAST_TEXTS if len(labels) > 200 else 1))
    idf = (np.log((1 + len(labels)) / (1 + frequency[kept])) + 1).astype(np.float32)
    weighted = _weighted(counts[:, kept], idf)
    margins = _left_out_margins(weighted, truth, len(classes), seed)
    sharpness = _sharpness(margins, truth)
    chances = _chances(margins, sharpness)
    coefficients, intercepts = _fit(weighted, truth, len(classes), seed)
    return Model(
        classes=tuple(str(name) for name in classes),
        features=features[kept],
        idf=idf,
        coefficients=coefficients,
        intercepts=intercepts,
        sharpness=sharpness,
        confidences=chances.max(axis=1),
        correct=chances.argmax(axis=1) == truth,
    )


def _height(matrix: csr_array) -> int:
    return len(matrix.indptr) - 1


def _width(matrix: csr_array) -> int:
    shape: tuple[int, ...] = matrix.shape or (0, 0)
    return shape[1]


def _weighted(counts: csr_array, idf: NDArray[np.float32]) -> csr_array:
    """TF-IDF with damped counts, each text a vector of length 1."""
    weighted = csr_array(counts, dtype=np.float32, copy=True)
    weighted.data = (1 + np.log(weighted.data)) * idf[weighted.indices]
    rows = np.repeat(np.arange(_height(weighted)), np.diff(weighted.indptr))
    length = np.sqrt(np.bincount(rows, weights=weighted.data.astype(np.float64) ** 2, minlength=_height(weighted)))
    weighted.data = (weighted.data / np.maximum(length, 1e-12)[rows]).astype(np.float32)
    return weighted


def _fit(weighted: csr_array, truth: NDArray[np.intp], classes: int, seed: int) -> tuple[NDArray[np.float32], Floats]:
    """One linear machine a class; a class without examples here gets a margin that never wins."""
    from sklearn.svm import LinearSVC

    machine = LinearSVC(C=COST, random_state=seed).fit(weighted, truth)
    coefficients = np.zeros((_width(weighted), classes), dtype=np.float32)
    intercepts = np.full(classes, -10.0)
    if len(machine.classes_) == 2:
        # Of two classes sklearn keeps only the second's side.
        sides = np.vstack([-machine.coef_, machine.coef_]), np.concatenate([-machine.intercept_, machine.intercept_])
    else:
        sides = machine.coef_, machine.intercept_
    coefficients[:, machine.classes_] = sides[0].T
    intercepts[machine.classes_] = sides[1]
    return coefficients, intercepts


def _left_out_margins(weighted: csr_array, truth: NDArray[np.intp], classes: int, seed: int) -> Floats:
    """Each text's margins from machines that were not shown it."""
    margins = np.full((len(truth), classes), -10.0)
    fold = folds_of(truth, INNER_FOLDS, seed)
    for number in range(INNER_FOLDS):
        inside, outside = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if not len(outside) or len(np.unique(truth[inside])) < 2:
            continue
        coefficients, intercepts = _fit(weighted[inside], truth[inside], classes, seed)
        margins[outside] = weighted[outside] @ coefficients + intercepts
    return margins


def folds_of(truth: NDArray[np.intp], folds: int, seed: int) -> NDArray[np.intp]:
    """The fold of each text, 0 to `folds` - 1, every class spread evenly."""
    order = np.random.default_rng(seed).permutation(len(truth))
    ranked = order[np.argsort(truth[order], kind="stable")]
    fold = np.empty(len(truth), dtype=np.intp)
    fold[ranked] = np.arange(len(truth)) % folds
    return fold


def _chances(margins: Floats, sharpness: float) -> Floats:
    powers = np.exp(sharpness * (margins - margins.max(axis=1, keepdims=True)))
    return powers / powers.sum(axis=1, keepdims=True)


def _sharpness(margins: Floats, truth: NDArray[np.intp]) -> float:
    """The factor on the margins under which the left-out labels are most likely."""
    rows = np.arange(len(truth))

    def surprise(logarithm: float) -> float:
        return float(-np.log(_chances(margins, math.exp(logarithm))[rows, truth] + 1e-12).mean())

    return math.exp(min(np.linspace(-2.0, 4.0, 121).tolist(), key=surprise))


def predict(model: Model, texts: Sequence[str]) -> Floats:
    """The chance of each class, texts by classes in the order of `model.classes`; each row adds up to 1."""
    counts, features = count_features(texts)
    return _predict(model, counts, features)


def _predict(model: Model, counts: csr_array, features: Keys) -> Floats:
    place = np.searchsorted(features, model.features)
    known = np.flatnonzero(place < len(features))
    known = known[features[place[known]] == model.features[known]]
    weighted = _weighted(counts[:, place[known]], model.idf[known])
    return _chances(weighted @ model.coefficients[known] + model.intercepts, model.sharpness)


def choose_threshold(confidences: Floats, correct: NDArray[np.bool_], target: float = 0.97, level: float = 0.95) -> float:
    """The lowest confidence to act on: above it, the lower bound of the accuracy (Clopper-Pearson, one-sided) holds `target`.

    Args:
        confidences, correct: predictions for messages that were not trained on, and whether each was right.
        level: how sure the bound is.

    Returns:
        infinity when no part holds the target; then nothing is done without a person.
    """
    from scipy.stats import beta

    if not len(confidences):
        return math.inf
    order = np.argsort(-confidences, kind="stable")
    ranked = confidences[order]
    right = np.cumsum(correct[order])
    kept = np.arange(1, len(ranked) + 1)
    bound = beta.ppf(1 - level, right, kept - right + 1)
    # Equal confidences go or stay together.
    complete = np.append(ranked[:-1] > ranked[1:], True)
    holds = np.flatnonzero(complete & (right > 0) & (bound >= target))
    return float(ranked[holds[-1]]) if len(holds) else math.inf


def evaluate(
    train_texts: Sequence[str],
    train_labels: Sequence[str],
    test_texts: Sequence[str],
    test_labels: Sequence[str],
    target: float,
    seed: int,
) -> Evaluation:
    """Trains on one set, sets the gate on that set alone, and judges both on the other."""
    model = train(train_texts, train_labels, seed)
    truth = np.array(test_labels)
    chances = predict(model, test_texts)
    kept = chances.max(axis=1, initial=0) >= choose_threshold(model.confidences, model.correct, target)
    return _judged(np.array(model.classes), chances, kept, truth, target)


def cross_validate(texts: Sequence[str], labels: Sequence[str], folds: int, target: float, seed: int) -> Evaluation:
    """The same with every message judged once, by a model and a gate made from the other folds."""
    every = _checked(texts, labels)
    counts, features = count_features(texts)
    classes, truth = np.unique(every, return_inverse=True)
    fold = folds_of(truth, folds, seed)
    chances = np.zeros((len(texts), len(classes)))
    kept = np.zeros(len(texts), dtype=bool)
    for number in range(folds):
        inside, outside = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        model = _train(counts[inside], features, every[inside], seed)
        found = _predict(model, counts[outside], features)
        chances[np.ix_(outside, np.searchsorted(classes, np.array(model.classes)))] = found
        kept[outside] = found.max(axis=1) >= choose_threshold(model.confidences, model.correct, target)
    return _judged(classes, chances, kept, every, target)


def _judged(classes: NDArray[np.str_], chances: Floats, kept: NDArray[np.bool_], truth: NDArray[np.str_], target: float) -> Evaluation:
    from sklearn.metrics import f1_score

    best = np.argsort(-chances, axis=1, kind="stable")[:, :3]
    guessed = classes[best[:, 0]]
    right = guessed == truth
    return Evaluation(
        n=len(truth),
        classes=len(np.unique(truth)),
        accuracy=round(float(right.mean()), 4),
        macro_f1=round(float(f1_score(truth, guessed, average="macro", labels=np.unique(truth))), 4),
        top3=round(float((classes[best] == truth[:, None]).any(axis=1).mean()), 4),
        target=target,
        coverage=round(float(kept.mean()), 4),
        accuracy_kept=round(float(right[kept].mean()), 4) if kept.any() else 1.0,
    )
