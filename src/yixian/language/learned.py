"""The learned classifier: what a city's own labelled messages teach.

Three voices are heard (`linear`, `neighbours`, and `centres` where there is meaning) and made one (`stacking`). What each is worth, and
how sure one may be, comes from messages that were left out of its training; so does the gate, which is set in `dispatch`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from yixian.language import centres, linear, neighbours, stacking
from yixian.language.centres import Centres
from yixian.language.features import Keys, count_features, parts_of
from yixian.language.linear import Floats, Ints, Linear, width
from yixian.language.meaning import Embed, Vectors, centred
from yixian.language.neighbours import Neighbours
from yixian.language.stacking import Honesty, Stack

INNER_FOLDS: Final = 5
LEAST_TEXTS: Final = 2
"""A feature in fewer training texts than this is left out, where words are all there is."""
FEW_TEXTS: Final = 200
"""So small a training set cannot afford to lose what it saw once."""

SHORT: Final = 64
"""Characters. Where half of the texts are shorter, their words are too few to tell all, and their meaning is cheap."""
MOST_MEANT: Final = 6_000
"""So many texts at most are given vectors: about a minute for each thousand on one core."""


class LeftOut(msgspec.Struct, frozen=True):
    """What was said of texts that had been left out of training: the class said, how surely, and whether it was right."""

    said: Ints
    confidences: Floats
    correct: NDArray[np.bool_]


class Texts(msgspec.Struct, frozen=True):
    """Texts as the voices hear them: counts (texts by features), the features' hashes, and vectors where meaning is heard."""

    counts: csr_array
    features: Keys
    vectors: Vectors | None

    def some(self, rows: Ints) -> Texts:
        """A part of the texts."""
        return Texts(self.counts[rows], self.features, self.vectors[rows] if self.vectors is not None else None)


class Model(msgspec.Struct, frozen=True):
    """A trained classifier."""

    classes: tuple[str, ...]
    features: Keys
    idf: NDArray[np.float32]
    mean: Vectors | None
    """What all texts mean together; None when only words were heard."""
    linear: Linear
    neighbours: Neighbours
    centres: Centres | None
    stack: Stack
    honesty: Honesty
    left_out: LeftOut


def is_short(texts: Sequence[str]) -> bool:
    """Whether meaning is worth its time: short texts, and not too many."""
    return bool(texts) and len(texts) <= MOST_MEANT and float(np.median([len(text) for text in texts])) < SHORT


def hear(texts: Sequence[str], embed: Embed | None) -> Texts:
    """Texts, raw or as words with spaces between, in any script, as the voices hear them. With `embed` their meaning too."""
    counts, features = count_features(texts)
    return Texts(counts, features, embed(texts) if embed is not None else None)


def train(texts: Texts, labels: Sequence[str], seed: int, weights: Floats | None = None) -> Model:
    """Learns from labelled texts. `weights`: how much each counts; all the same without.

    Raises:
        ValueError: texts and labels differ in number, or there are fewer than two classes.
    """
    checked(len(texts.counts.indptr) - 1, labels)
    classes, truth = np.unique(np.array(labels), return_inverse=True)
    worth = np.ones(len(truth)) if weights is None else weights
    frequency = np.bincount(texts.counts.indices, minlength=width(texts.counts))
    least = LEAST_TEXTS if texts.vectors is None and len(truth) > FEW_TEXTS else 1
    kept = np.flatnonzero(frequency >= least)
    idf = (np.log((1 + len(truth)) / (1 + frequency[kept])) + 1).astype(np.float32)
    parts = parts_of(texts.features[kept])
    words = linear.weighted(texts.counts[:, kept], idf, parts)
    mean = texts.vectors.mean(axis=0) if texts.vectors is not None else None
    meant = centred(texts.vectors, mean) if texts.vectors is not None and mean is not None else None
    known = Neighbours(neighbours.seldom(words, frequency[kept], parts), meant, truth, worth, len(classes))
    heard = _left_out(words, meant, known, seed)
    stack = stacking.fit(heard, truth, worth)
    found = stacking.chances(stack, heard)
    honesty = stacking.fit_honesty(found, truth, worth)
    return Model(
        classes=tuple(str(name) for name in classes),
        features=texts.features[kept],
        idf=idf,
        mean=mean,
        linear=linear.fit(words, meant, truth, len(classes), worth, seed),
        neighbours=known,
        centres=centres.fit(meant, truth, len(classes), worth) if meant is not None else None,
        stack=stack,
        honesty=honesty,
        left_out=LeftOut(found.argmax(axis=1), stacking.confidence(honesty, found), found.argmax(axis=1) == truth),
    )


def checked(texts: int, labels: Sequence[str]) -> None:
    """Raises ValueError when so many texts with these labels teach nothing."""
    if texts != len(labels):
        raise ValueError(f"{texts} texts but {len(labels)} labels: give every text one label")
    if len(set(labels)) < 2:
        raise ValueError("the training data has fewer than two classes: there is nothing to tell apart")


def folds_of(truth: Ints, folds: int, seed: int) -> Ints:
    """The fold of each text, 0 to `folds` - 1, every class spread evenly."""
    order = np.random.default_rng(seed).permutation(len(truth))
    ranked = order[np.argsort(truth[order], kind="stable")]
    fold = np.empty(len(truth), dtype=np.intp)
    fold[ranked] = np.arange(len(truth)) % folds
    return fold


def _left_out(words: csr_array, meant: Vectors | None, known: Neighbours, seed: int) -> Floats:
    """Texts by classes by voices, each text as heard by voices that were not taught it."""
    truth, classes, worth = known.truth, known.classes, known.weights
    fold = folds_of(truth, INNER_FOLDS, seed)
    voices = [np.full((len(truth), classes), linear.NEVER), neighbours.votes(known, known.words, meant, (fold, fold))]
    if meant is not None:
        voices.append(np.zeros((len(truth), classes)))
    every = np.arange(width(words))
    for number in range(INNER_FOLDS):
        inside, outside = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if not len(outside) or len(np.unique(truth[inside])) < 2:
            continue
        some = meant[inside] if meant is not None else None
        machine = linear.fit(words[inside], some, truth[inside], classes, worth[inside], seed)
        voices[0][outside] = linear.margins(machine, words[outside], every, meant[outside] if meant is not None else None)
        if meant is not None:
            middles = centres.fit(meant[inside], truth[inside], classes, worth[inside])
            voices[2][outside] = centres.nearness(middles, meant[outside])
    return np.stack(voices, axis=2)


def predict(model: Model, texts: Texts) -> Floats:
    """The chance of each class, texts by classes in the order of `model.classes`; each row adds up to 1."""
    place = np.searchsorted(texts.features, model.features)
    known = np.flatnonzero(place < len(texts.features))
    known = known[texts.features[place[known]] == model.features[known]]
    words = linear.weighted(texts.counts[:, place[known]], model.idf[known], parts_of(model.features[known]))
    meant = centred(texts.vectors, model.mean) if texts.vectors is not None and model.mean is not None else None
    near = msgspec.structs.replace(model.neighbours, words=model.neighbours.words[:, known])
    voices = [linear.margins(model.linear, words, known, meant), neighbours.votes(near, words, meant)]
    if model.centres is not None and meant is not None:
        voices.append(centres.nearness(model.centres, meant))
    return stacking.chances(model.stack, np.stack(voices, axis=2))


def confidence(model: Model, found: Floats) -> Floats:
    """For each text the chance that its best class is right; `found` as from `predict`."""
    return stacking.confidence(model.honesty, found)
