"""Texts as weighted terms in posting lists, and how like each of them a new text is."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from yixian.language.grams import terms

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

COMMON_SHARE = 0.25
"""A term in more than this share of the texts tells none of them apart."""
_CHUNK: int = 4096


class Index(msgspec.Struct, frozen=True):
    """`size` texts, each a vector of length 1 over the vocabulary, stored by term: term t is in `texts[starts[t]:starts[t + 1]]`."""

    vocabulary: dict[str, int]
    idf: Floats
    starts: NDArray[np.int64]
    texts: Ints
    weights: Floats
    size: int


def build_index(texts: Sequence[str]) -> Index:
    """Indexes texts in plain form; text i keeps number i."""
    counted = [count_terms(text) for text in texts]
    frequency: dict[str, int] = {}
    for counts in counted:
        for term in counts:
            frequency[term] = frequency.get(term, 0) + 1
    ceiling = max(3.0, COMMON_SHARE * len(texts))
    vocabulary = {term: number for number, term in enumerate(term for term, count in frequency.items() if count <= ceiling)}
    idf = np.array([log((1 + len(texts)) / (1 + frequency[term])) + 1 for term in vocabulary], dtype=np.float32)
    return _postings(counted, vocabulary, idf)


def _postings(counted: list[dict[str, float]], vocabulary: dict[str, int], idf: Floats) -> Index:
    rows: list[Ints] = []
    columns: list[Ints] = []
    values: list[Floats] = []
    for number, counts in enumerate(counted):
        ids, weights = _vector(counts, vocabulary, idf)
        rows.append(np.full(len(ids), number, dtype=np.int32))
        columns.append(ids)
        values.append(weights)
    term = np.concatenate([*columns, np.empty(0, np.int32)])
    order = np.argsort(term, kind="stable")
    starts = np.zeros(len(vocabulary) + 1, dtype=np.int64)
    np.cumsum(np.bincount(term, minlength=len(vocabulary)), out=starts[1:])
    return Index(
        vocabulary=vocabulary,
        idf=idf,
        starts=starts,
        texts=np.concatenate([*rows, np.empty(0, np.int32)])[order],
        weights=np.concatenate([*values, np.empty(0, np.float32)])[order],
        size=len(counted),
    )


def count_terms(text: str, weight: float = 1.0) -> dict[str, float]:
    """How often each term is in a text in plain form, times `weight`."""
    counts: dict[str, float] = {}
    for term in terms(text):
        counts[term] = counts.get(term, 0.0) + weight
    return counts


def add_counts(counts: dict[str, float], more: dict[str, float]) -> None:
    """Adds `more` to `counts` in place."""
    for term, count in more.items():
        counts[term] = counts.get(term, 0.0) + count


def _vector(counts: dict[str, float], vocabulary: dict[str, int], idf: Floats) -> tuple[Ints, Floats]:
    known = [(number, count) for term, count in counts.items() if (number := vocabulary.get(term)) is not None]
    if not known:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    ids = np.array([number for number, _ in known], dtype=np.int32)
    # log(1 + count): the tenth "noise" says little that the second has not said.
    weights = np.log1p(np.array([count for _, count in known], dtype=np.float32)) * idf[ids]
    return ids, weights / np.sqrt(np.dot(weights, weights))


def similarities(index: Index, counts: dict[str, float]) -> Floats:
    """Cosine between the counted terms and each indexed text, 0 to 1, one number a text."""
    ids, weights = _vector(counts, index.vocabulary, index.idf)
    return _gather(ids, weights, index.starts, index.texts, index.weights, index.size)


def _gather(ids: Ints, weights: Floats, starts: NDArray[np.int64], targets: Ints, values: Floats, size: int) -> Floats:
    """Adds up the posting lists of the terms `ids`, each times its weight."""
    if not len(ids):
        return np.zeros(size, dtype=np.float32)
    first = starts[ids]
    lengths = starts[ids + 1] - first
    ends = np.cumsum(lengths)
    # All postings of all terms as one list of positions: term by term, first[t], first[t] + 1, …
    positions = np.arange(ends[-1]) + np.repeat(first - ends + lengths, lengths)
    products = values[positions] * np.repeat(weights, lengths)
    return np.bincount(targets[positions], weights=products, minlength=size).astype(np.float32)


def gram_matrix(index: Index) -> Floats:
    """Cosine between every two indexed texts, `size` by `size`."""
    by_text = _by_term(index).tocsr()
    return np.asarray((by_text @ by_text.T).toarray(), dtype=np.float32)


def _by_term(index: Index) -> csc_array:
    return csc_array((index.weights, index.texts, index.starts), shape=(index.size, len(index.vocabulary)))


class TermScores(msgspec.Struct, frozen=True):
    """A linear classifier by term: term t speaks for `classes[starts[t]:starts[t + 1]]` with the `weights` there."""

    vocabulary: dict[str, int]
    idf: Floats
    starts: NDArray[np.int64]
    classes: Ints
    weights: Floats
    size: int


def term_scores(index: Index, solution: Floats | csc_array, kept: int) -> TermScores:
    """The classifier whose score is (cosines with the texts) @ `solution`, with the `kept` strongest classes of each term.

    What is left out are many small numbers that cancel out; what is won is that reading costs a few look-ups a term.
    """
    by_term = _by_term(index).T.tocsr()
    size = int(solution.shape[1])  # pyright: ignore[reportOptionalSubscript]
    kept = min(kept, size)
    classes: list[NDArray[np.intp]] = []
    weights: list[Floats] = []
    for first in range(0, len(index.vocabulary), _CHUNK):
        some = by_term[first : first + _CHUNK] @ solution
        dense = np.asarray(some if isinstance(some, np.ndarray) else some.toarray(), dtype=np.float32)
        strongest = np.argpartition(-np.abs(dense), kept - 1, axis=1)[:, :kept] if kept < size else _all_classes(dense)
        classes.append(strongest.ravel())
        weights.append(np.take_along_axis(dense, strongest, axis=1).ravel())
    return TermScores(
        vocabulary=index.vocabulary,
        idf=index.idf,
        starts=np.arange(len(index.vocabulary) + 1, dtype=np.int64) * kept,
        classes=np.concatenate([*classes, np.empty(0, np.intp)]).astype(np.int32),
        weights=np.concatenate([*weights, np.empty(0, np.float32)]).astype(np.float32),
        size=size,
    )


def _all_classes(dense: Floats) -> NDArray[np.intp]:
    return np.broadcast_to(np.arange(dense.shape[1]), dense.shape)


def score_classes(scores: TermScores, counts: dict[str, float]) -> Floats:
    """One number a class for the counted terms."""
    ids, weights = _vector(counts, scores.vocabulary, scores.idf)
    return _gather(ids, weights, scores.starts, scores.classes, scores.weights, scores.size)
