"""How much each term of a message says for each matter, from how often the term is used of it, of its family, and of anything.

A matter has few texts, so a term's share is mixed from four: its share in the matter's own words, in those of all matters under the
same parent, under the same topic, and in everybody's (McCallum et al. 1998, "Improving text classification by shrinkage in a hierarchy
of classes"). What a term says is the logarithm of how much likelier it is of the matter than of anything. That is a sum of three parts,
for the topic, the parent and the matter itself, each nothing where the term was never used: few numbers, and reading adds them up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from yixian.language.index import gather

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

PHRASE_MARK: Final = "\t"
"""Before phrases, so that they are not taken for terms of the same letters; texts in plain form hold none."""

_SELDOM: Final = 0.5
"""Added to how often everybody uses a term."""
_OWN, _PARENT, _TOPIC = 11.0, 2.6, 0.36
"""How much the own words of a matter, a parent, a topic count against everybody's, shared out over so many matters, parents, topics.
Measured on the Guangzhou pack; half or twice as much of any changes little."""


class Family(IntEnum):
    """The sorts of terms; how much each counts is learned (see `matters`)."""

    CHARACTER = 0
    """One character of a script without spaces."""
    PAIR = 1
    """Two of them in a row."""
    PIECE = 2
    """Three to five letters of a word."""
    PHRASE = 3
    """A name or keyword of the pack."""


class Tree(msgspec.Struct, frozen=True):
    """Leaves, their parents and their topics as groups with one numbering, leaves first."""

    parents: Ints
    """For each leaf its parent's group."""
    topics: Ints
    """For each leaf its topic's group."""
    first_topic: int
    size: int

    @property
    def leaves(self) -> int:
        """How many leaves there are."""
        return len(self.parents)

    def over_leaves(self, by_group: Floats) -> Floats:
        """What is said for each leaf, its parent's and topic's share included; the last axis of `by_group` runs over the groups."""
        return by_group[..., : self.leaves] + by_group[..., self.parents] + by_group[..., self.topics]


class Texts(msgspec.Struct, frozen=True):
    """Texts by terms, 1 where the text holds the term, and each term's family."""

    vocabulary: dict[str, int]
    held: csr_array
    families: NDArray[np.int8]


class Evidence(msgspec.Struct, frozen=True):
    """Term t speaks for the groups `groups[starts[t]:starts[t + 1]]` with the `weights` there."""

    starts: Ints
    groups: Ints
    weights: Floats
    size: int

    def by_term(self) -> csr_array:
        """Terms by groups."""
        return csr_array((self.weights, self.groups, self.starts), shape=(len(self.starts) - 1, self.size))


class Broad(msgspec.Struct, frozen=True):
    """Terms that speak for many groups, each with what it says for every group: nearly all of what a message says is theirs, and whole rows
    are added up in a tenth of the time that it takes to pick their entries one by one.
    """

    rows: NDArray[np.int32]
    """For each term its row in `said`; -1 for a term that speaks for few."""
    said: Floats
    """Such terms by groups."""


_BROAD: Final = 10
"""A term is broad that speaks for one group in so many: the rows are at most so many times larger than the entries."""


def broad_of(evidence: Evidence) -> Broad:
    """The broad terms of `evidence`."""
    lengths = np.diff(evidence.starts)
    broad = np.flatnonzero(lengths >= max(1, evidence.size // _BROAD))
    rows = np.full(len(lengths), -1, dtype=np.int32)
    rows[broad] = np.arange(len(broad), dtype=np.int32)
    return Broad(rows, evidence.by_term()[broad].toarray().astype(np.float32))


def heard_of(evidence: Evidence, broad: Broad, terms: Ints, weights: Floats) -> Floats:
    """What these terms, each times its weight, say for each group."""
    rows = broad.rows[terms]
    few = rows < 0
    # Not a product of matrices: its threads would cost more than they save, and their number would change the sums.
    said = np.einsum("i,ij->j", weights[~few], broad.said[rows[~few]])
    return said + gather(terms[few], weights[few], evidence.starts, evidence.groups, evidence.weights, evidence.size)


def tree_of(parents: Sequence[str], topics: Sequence[str]) -> Tree:
    """The tree over leaves that have these parents and topics."""
    under_parents, under_topics = _numbered(parents), _numbered(topics)
    first_topic = len(parents) + int(under_parents.max(initial=-1)) + 1
    return Tree(len(parents) + under_parents, first_topic + under_topics, first_topic, first_topic + int(under_topics.max(initial=-1)) + 1)


def _numbered(names: Sequence[str]) -> Ints:
    number = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return np.array([number[name] for name in names], dtype=np.int64)


def family_of(term: str) -> Family:
    """The family of a term."""
    if len(term) == 1:
        return Family.CHARACTER
    if term[0] == PHRASE_MARK:
        return Family.PHRASE
    return Family.PAIR if len(term) == 2 else Family.PIECE


def count_texts(texts: Iterable[str], terms_of: Callable[[str], Iterable[str]]) -> Texts:
    """The terms that each text holds; text i keeps number i."""
    vocabulary: dict[str, int] = {}
    columns: list[int] = []
    starts = [0]
    for text in texts:
        columns.extend(vocabulary.setdefault(term, len(vocabulary)) for term in dict.fromkeys(terms_of(text)))
        starts.append(len(columns))
    held = csr_array(
        (np.ones(len(columns), np.float32), np.array(columns, np.int64), np.array(starts, np.int64)),
        shape=(len(starts) - 1, len(vocabulary)),
    )
    return Texts(vocabulary, held, np.array([family_of(term) for term in vocabulary], dtype=np.int8))


def evidence_of(texts: Texts, belongs: csr_array, tree: Tree) -> Evidence:
    """What the terms say. `belongs`: groups by texts, how much each text counts for each group; a leaf's text for its upper groups too."""
    counts = csr_array(belongs @ texts.held)
    counts.sort_indices()
    terms = len(texts.vocabulary)
    group = np.repeat(np.arange(tree.size), np.diff(counts.indptr))
    term = counts.indices.astype(np.int64)
    used = counts.data.astype(np.float64)
    everybody = _SELDOM + np.bincount(term, weights=np.where(group >= tree.first_topic, used, 0), minlength=terms)
    shares = _Shares(group * terms + term, used / np.maximum(np.bincount(group, weights=used, minlength=tree.size), 1)[group], terms)
    own, parent, topic = _pulls(tree)
    expected = (1 - own - parent - topic) * (everybody / everybody.sum())[term]
    weight = np.zeros(len(term))
    leaf, middle, top = group < tree.leaves, (group >= tree.leaves) & (group < tree.first_topic), group >= tree.first_topic
    expected[~top] += topic * shares.of(_topic_of(tree)[group[~top]], term[~top])
    expected[leaf] += parent * shares.of(tree.parents[group[leaf]], term[leaf])
    for level, pull in ((leaf, own), (middle, parent), (top, topic)):
        weight[level] = np.log1p(pull * shares.values[level] / expected[level])
    order = np.argsort(term, kind="stable")
    starts = np.zeros(terms + 1, dtype=np.int64)
    np.cumsum(np.bincount(term, minlength=terms), out=starts[1:])
    return Evidence(starts, group[order], weight[order].astype(np.float32), tree.size)


class _Shares(msgspec.Struct, frozen=True):
    """The share of each term in the words of each group that uses it, found by `group * terms + term`, ascending."""

    keys: Ints
    values: NDArray[np.float64]
    terms: int

    def of(self, group: Ints, term: Ints) -> NDArray[np.float64]:
        """The shares of terms in groups that use them."""
        return self.values[np.searchsorted(self.keys, group * self.terms + term)]


def _topic_of(tree: Tree) -> Ints:
    """The topic's group of each leaf and each parent."""
    topics = np.zeros(tree.first_topic, dtype=np.int64)
    topics[: tree.leaves] = tree.topics
    topics[tree.parents] = tree.topics
    return topics


def _pulls(tree: Tree) -> tuple[float, float, float]:
    """The parts of the mixture that own words, the parent's and the topic's have; the rest is everybody's."""
    own = _OWN / max(1, tree.leaves)
    parent = _PARENT / max(1, tree.first_topic - tree.leaves)
    topic = _TOPIC / max(1, tree.size - tree.first_topic)
    whole = 1 + own + parent + topic
    return own / whole, parent / whole, topic / whole
