"""Texts as weighted terms in posting lists, and how like each of them a new text is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log

import msgspec
import numpy as np
from numpy.typing import NDArray

from yixian.language.grams import terms

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

COMMON_SHARE = 0.25
"""A term in more than this share of the texts tells none of them apart."""


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


def _postings(counted: list[dict[str, int]], vocabulary: dict[str, int], idf: Floats) -> Index:
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


def count_terms(text: str) -> dict[str, int]:
    """How often each term is in a text in plain form."""
    return Counter(terms(text))


def _vector(counts: dict[str, int], vocabulary: dict[str, int], idf: Floats) -> tuple[Ints, Floats]:
    known = [(number, count) for term, count in counts.items() if (number := vocabulary.get(term)) is not None]
    if not known:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    ids = np.array([number for number, _ in known], dtype=np.int32)
    # log(1 + count): the tenth "noise" says little that the second has not said.
    weights = np.log1p(np.array([count for _, count in known], dtype=np.float32)) * idf[ids]
    return ids, weights / np.sqrt(np.dot(weights, weights))


def similarities(index: Index, counts: dict[str, int]) -> Floats:
    """Cosine between the counted terms and each indexed text, 0 to 1, one number a text."""
    ids, weights = _vector(counts, index.vocabulary, index.idf)
    return gather(ids, weights, index.starts, index.texts, index.weights, index.size)


def gather(
    ids: NDArray[np.integer], weights: Floats, starts: NDArray[np.int64], targets: NDArray[np.integer], values: Floats, size: int
) -> Floats:
    """Adds up the posting lists of the terms `ids`, each times its weight: one number a target."""
    if not len(ids):
        return np.zeros(size, dtype=np.float32)
    first = starts[ids]
    lengths = starts[ids + 1] - first
    ends = np.cumsum(lengths)
    # All postings of all terms as one list of positions: term by term, first[t], first[t] + 1, …
    positions = np.arange(ends[-1]) + np.repeat(first - ends + lengths, lengths)
    products = values[positions] * np.repeat(weights, lengths)
    return np.bincount(targets[positions], weights=products, minlength=size).astype(np.float32)
