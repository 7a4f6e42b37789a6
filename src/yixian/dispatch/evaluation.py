"""How well messages are read that nobody trained on: accuracy, what the gate keeps, and whether the confidence can be believed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from yixian.dispatch import guarantee
from yixian.language import learned
from yixian.language.learned import Texts

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BINS: Final = 15
"""Of equally many messages, for the reliability."""
POINTS: Final = 50
"""Of the risk-coverage curve."""
ALIKE: Final = 0.8
"""Cosine over words from which two messages say the same."""


class Bin(msgspec.Struct, frozen=True):
    """Messages of about the same confidence."""

    n: int
    confidence: float
    """Their mean."""
    accuracy: float


class Point(msgspec.Struct, frozen=True):
    """When the surest share `coverage` is kept, `risk` of it is wrong."""

    coverage: float
    risk: float


class Class(msgspec.Struct, frozen=True):
    """One class, as it is said."""

    name: str
    said: int
    precision: float
    recall: float
    kept: int
    kept_precision: float | None
    """None when none was kept."""
    own_gate: bool


class Evaluation(msgspec.Struct, frozen=True):
    """All but counts are shares, 0 to 1."""

    n: int
    classes: int
    accuracy: float
    macro_f1: float
    top3: float
    """How often the right class is among the best three."""
    target: float
    """The accuracy the gate is set to hold."""
    level: float
    """How surely, on messages like those of the training."""
    coverage: float
    """The share of messages the gate lets through."""
    accuracy_kept: float
    """The accuracy among those; 1 when none was let through."""
    best_coverage: float
    """The largest share that would have been right at the target, known only afterwards: what a perfect gate would keep."""
    calibration_error: float
    """Expected difference between confidence and accuracy, over bins of equally many messages."""
    ceiling: float | None
    """What labels that differ for nearly the same words allow at most; None when there are too few such pairs."""
    alike_pairs: int
    meaning: bool
    """Whether meaning was heard beside the words."""
    reliability: tuple[Bin, ...]
    curve: tuple[Point, ...]
    by_class: tuple[Class, ...]


class _Seen(msgspec.Struct, frozen=True):
    """What was said of the messages judged, in the order of `classes`."""

    classes: NDArray[np.str_]
    chances: Floats
    confidences: Floats
    kept: Bools
    own: frozenset[str]


def evaluate(
    train: Texts, train_labels: Sequence[str], test: Texts, test_labels: Sequence[str], target: float, seed: int, *, each: bool = False
) -> Evaluation:
    """Trains on one set, sets the gate on that set alone, and judges both on the other.

    `each`: classes with enough messages have a gate of their own.
    """
    seen = _judge(train, train_labels, test, target, seed, each)
    return _judged(seen, np.array(test_labels), target, _ceiling(train, train_labels), train.vectors is not None)


def cross_validate(
    texts: Texts, labels: Sequence[str], folds: int, target: float, seed: int, *, each: bool = False, step: Callable[[], None] | None = None
) -> Evaluation:
    """The same with every message judged once, by a model and a gate made from the other folds. `step` is called after each fold."""
    learned.checked(len(texts.counts.indptr) - 1, labels)
    every = np.array(labels)
    classes, truth = np.unique(every, return_inverse=True)
    fold = learned.folds_of(truth, folds, seed)
    chances, confidences = np.zeros((len(every), len(classes))), np.zeros(len(every))
    kept, own = np.zeros(len(every), dtype=bool), frozenset[str]()
    for number in range(folds):
        inside, outside = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        seen = _judge(texts.some(inside), every[inside].tolist(), texts.some(outside), target, seed, each)
        chances[np.ix_(outside, np.searchsorted(classes, seen.classes))] = seen.chances
        confidences[outside], kept[outside], own = seen.confidences, seen.kept, own | seen.own
        if step is not None:
            step()
    return _judged(
        _Seen(classes, chances, confidences, kept, own), every, target, _ceiling(texts, labels), texts.vectors is not None
    )  # fmt: skip


def _judge(train: Texts, labels: Sequence[str], test: Texts, target: float, seed: int, each: bool) -> _Seen:
    model = learned.train(train, labels, seed)
    left = model.left_out
    gate = guarantee.set_gate(left.confidences, left.correct, left.said, model.classes, target, each=each)
    chances = learned.predict(model, test)
    confidences = learned.confidence(model, chances)
    kept = guarantee.passes(gate, model.classes, chances.argmax(axis=1), confidences)
    return _Seen(np.array(model.classes), chances, confidences, kept, frozenset(gate.by_class))


def _judged(seen: _Seen, truth: NDArray[np.str_], target: float, ceiling: tuple[float | None, int], meaning: bool) -> Evaluation:
    from sklearn.metrics import f1_score

    best = np.argsort(-seen.chances, axis=1, kind="stable")[:, :3]
    guessed = seen.classes[best[:, 0]]
    right = guessed == truth
    curve = risk_coverage(seen.confidences, right)
    bins = reliability(seen.confidences, right)
    return Evaluation(
        n=len(truth),
        classes=len(np.unique(truth)),
        accuracy=_share(right),
        macro_f1=round(float(f1_score(truth, guessed, average="macro", labels=np.unique(truth))), 4),
        top3=_share((seen.classes[best] == truth[:, None]).any(axis=1)),
        target=target,
        level=guarantee.LEVEL,
        coverage=_share(seen.kept),
        accuracy_kept=_share(right[seen.kept]) if seen.kept.any() else 1.0,
        best_coverage=best_coverage(seen.confidences, right, target),
        calibration_error=calibration_error(bins),
        ceiling=ceiling[0],
        alike_pairs=ceiling[1],
        meaning=meaning,
        reliability=bins,
        curve=curve,
        by_class=tuple(_class(name, seen, guessed, truth) for name in seen.classes.tolist()),
    )


def _share(these: NDArray[np.bool_]) -> float:
    return round(float(these.mean()), 4) if len(these) else 0.0


def _class(name: str, seen: _Seen, guessed: NDArray[np.str_], truth: NDArray[np.str_]) -> Class:
    said, meant, kept = guessed == name, truth == name, seen.kept & (guessed == name)
    return Class(
        name=name,
        said=int(said.sum()),
        precision=_share(meant[said]),
        recall=_share(said[meant]),
        kept=int(kept.sum()),
        kept_precision=_share(meant[kept]) if kept.any() else None,
        own_gate=name in seen.own,
    )


def reliability(confidences: Floats, right: Bools) -> tuple[Bin, ...]:
    """Mean confidence and accuracy of messages of about the same confidence, surest last."""
    order = np.argsort(confidences, kind="stable")
    parts = [part for part in np.array_split(order, min(BINS, max(1, len(order)))) if len(part)]
    return tuple(Bin(len(part), round(float(confidences[part].mean()), 4), _share(right[part])) for part in parts)


def calibration_error(bins: Sequence[Bin]) -> float:
    """The expected calibration error: how far confidence and accuracy are apart, by messages."""
    whole = sum(b.n for b in bins)
    return round(sum(b.n * abs(b.confidence - b.accuracy) for b in bins) / whole, 4) if whole else 0.0


def risk_coverage(confidences: Floats, right: Bools) -> tuple[Point, ...]:
    """The share of wrong ones among the surest, as more and more are kept."""
    wrong = np.cumsum(~right[np.argsort(-confidences, kind="stable")])
    kept = np.unique(np.linspace(1, len(right), min(POINTS, len(right))).astype(int)) if len(right) else np.zeros(0, dtype=int)
    return tuple(Point(round(int(n) / len(right), 4), round(float(wrong[n - 1] / n), 4)) for n in kept)


def best_coverage(confidences: Floats, right: Bools, target: float) -> float:
    hits = np.cumsum(right[np.argsort(-confidences, kind="stable")])
    kept = np.arange(1, len(right) + 1)
    holds = np.flatnonzero(hits / kept >= target)
    return round(float(kept[holds[-1]] / len(right)), 4) if len(holds) else 0.0


def _ceiling(texts: Texts, labels: Sequence[str]) -> tuple[float | None, int]:
    """What the labels themselves allow, and from how many pairs that was estimated.

    Two messages of nearly the same words carry different labels in a share d of cases. If each label is wrong with chance e,
    independently, then d = 2e(1 - e); who always said the truth would be found right in 1 - e of all cases.
    """
    pairs = _alike(texts)
    if len(pairs) < 30:
        return None, len(pairs)
    named = np.array(labels)
    differ = float((named[pairs[:, 0]] != named[pairs[:, 1]]).mean())
    wrong = (1 - np.sqrt(max(0.0, 1 - 2 * differ))) / 2
    return round(1 - float(wrong), 4), len(pairs)


def _alike(texts: Texts) -> NDArray[np.intp]:
    """Pairs of messages of nearly the same words, none twice; a message copied whole counts with its nearest only."""
    from yixian.language import features, linear, neighbours

    counts = texts.counts
    frequency = np.bincount(counts.indices, minlength=linear.width(counts))
    often = np.flatnonzero(frequency >= 2)
    idf = np.log((1 + linear.height(counts)) / (1 + frequency[often])).astype(np.float32) + 1
    parts = features.parts_of(texts.features[often])
    words = linear.weighted(neighbours.seldom(counts[:, often], frequency[often], parts), idf, parts)
    columns = words.T.tocsr()
    found: list[tuple[int, int]] = []
    for start in range(0, linear.height(words), 256):
        alike = (words[start : start + 256] @ columns).toarray()
        rows = np.arange(start, start + len(alike))
        alike[np.arange(len(alike)), rows] = 0
        near = alike.argmax(axis=1)
        found += [
            (min(int(row), int(other)), max(int(row), int(other)))
            for row, other, much in zip(rows, near, alike[np.arange(len(alike)), near], strict=True)
            if much >= ALIKE
        ]
    return np.array(sorted(set(found)), dtype=np.intp).reshape(-1, 2)
