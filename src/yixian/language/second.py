"""The second reading: what words leave open, read again by what it means.

The middle of each matter's examples, keywords and kin is where its meaning lies; a message is about the matters whose middles are near
(see `centres`). Words and meaning are added up, and what such a sum is worth is learned from the examples, each left out of its own
reading. A vector costs 30 to 100 ms, so the worker reads again, never a request; see `docs/explanation/reading.md`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from yixian.city.model import Audience, Matter, Pack
from yixian.language import centres, service
from yixian.language.centres import Centres
from yixian.language.matters import FOLDS, Honesty, guesses_of, honesty_of, leaves_of, nothing_of
from yixian.language.meaning import SIZE, Vectors
from yixian.language.model import MatterGuess, Reading, Taught
from yixian.language.service import Reader

Floats = NDArray[np.float64]

RIVALS: Final = 24
"""The right matter and so many less one of the likeliest are weighed against each other."""
DESCRIBED: Final = 6.0
"""A matter's name and keywords lie in its middle like so many examples."""
PARENT, TOPIC = 2.0, 1.0
"""The middles of all examples under the same parent, and of the same topic, count like so many."""


class Second(msgspec.Struct, frozen=True):
    """What is needed to read again, for the leaves of one reader in its order."""

    centres: Centres
    words: float
    meaning: float
    """How much words, and nearness of meaning, count."""
    nothing: float
    honesty: Honesty


def described(matter: Matter) -> str:
    """A matter in its own words."""
    return f"{matter.name}：{'，'.join(matter.keywords)}"


def texts_of(pack: Pack, taught: Sequence[Taught] = ()) -> tuple[str, ...]:
    """The texts whose vectors are needed, none twice."""
    said = (*(example.text for example in (*pack.examples, *service.asked(pack))), *(example.text for example in taught))
    return tuple(dict.fromkeys((*said, *(described(leaf) for leaf in leaves_of(pack.matters)))))


def compile_second(pack: Pack, reader: Reader, vectors: Mapping[str, NDArray[np.float32]], taught: Sequence[Taught] = ()) -> Second:
    """Learns where matters lie. `vectors`: of all `texts_of(pack, taught)`. About four seconds of one core for 550 leaves.

    Raises:
        KeyError: a vector is missing.
    """
    left = service.left_out_of(pack, reader, taught)
    meant = np.stack([vectors[example.text] for example in left.examples]) if left.examples else np.zeros((0, SIZE), dtype=np.float32)
    worth = np.array([example.weight for example in left.examples])
    described_as = np.stack([vectors[described(leaf)] for leaf in leaves_of(pack.matters)])
    matters = reader.matters
    near = np.zeros_like(left.logits)
    for fold in range(FOLDS):
        inside, outside = np.flatnonzero(left.fold != fold), np.flatnonzero(left.fold == fold)
        if len(inside) and len(outside):
            fewer = _centres(reader, meant[inside], left.owners[inside], worth[inside], described_as)
            near[outside] = centres.nearness(fewer, meant[outside])
    whole = _centres(reader, meant, left.owners, worth, described_as)
    if not len(left.examples):
        return Second(whole, 1.0, 0.0, matters.nothing, matters.honesty)
    words, meaning = _worth(left.logits, near, left.owners)
    logits = (words * left.logits + meaning * near).astype(np.float32)
    nothing = nothing_of(logits, left.owners)
    return Second(whole, words, meaning, nothing, honesty_of(logits, left.owners, nothing))


def _worth(words: NDArray[np.float32], near: NDArray[np.float32], owners: NDArray[np.int64]) -> tuple[float, float]:
    """How much words and nearness count where the right matters are likeliest (conditional logit over the likeliest few)."""
    from scipy.optimize import minimize

    rows = np.arange(len(owners))
    rough = words / np.abs(words).mean() + near / max(1e-9, float(np.abs(near).mean()))
    rough[rows, owners] = np.inf
    few = np.argsort(-rough, axis=1, kind="stable")[:, :RIVALS]
    heard = np.stack([np.take_along_axis(part, few, axis=1).astype(float) for part in (words, near)], axis=2)

    def surprise(values: Floats) -> tuple[float, Floats]:
        logits = heard @ values
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        chances = powers / powers.sum(axis=1, keepdims=True)
        loss = float(-np.log(chances[:, 0] + 1e-12).mean())
        chances[:, 0] -= 1
        return loss, np.einsum("er,erv->v", chances, heard) / len(owners)

    found = minimize(surprise, np.array([1.0, 0.1]), jac=True, method="L-BFGS-B", bounds=[(0.0, None), (0.0, None)]).x
    return float(found[0]), float(found[1])


def _centres(reader: Reader, meant: Vectors, owners: NDArray[np.int64], worth: Floats, described_as: Vectors) -> Centres:
    tree = reader.matters.tree
    sums, counts = np.zeros((tree.leaves, SIZE)), np.zeros(tree.leaves)
    np.add.at(sums, owners, meant * worth[:, None])
    np.add.at(counts, owners, worth)
    drawn = np.column_stack([DESCRIBED * described_as, np.full(tree.leaves, DESCRIBED)])
    for group, pull in ((tree.parents, PARENT), (tree.topics, TOPIC)):
        drawn += pull * _kin(group, sums, counts)
    everybody = np.concatenate([meant, described_as])
    weights = np.concatenate([worth, np.ones(tree.leaves)])
    return centres.fit(everybody, np.concatenate([owners, np.arange(tree.leaves)]), tree.leaves, weights, drawn)


def _kin(group: NDArray[np.int64], sums: Floats, counts: Floats) -> Floats:
    """For each leaf the middle of its group's examples, and 1 beside it; nothing where the group has none."""
    size = int(group.max(initial=-1)) + 1
    whole, number = np.zeros((size, sums.shape[1])), np.bincount(group, weights=counts, minlength=size)
    np.add.at(whole, group, sums)
    there = (number > 0).astype(float)
    return np.column_stack([whole / np.maximum(number, 1e-9)[:, None], there])[group]


def read_again(reader: Reader, again: Second, reading: Reading, vector: NDArray[np.float32], audience: Audience | None = None) -> Reading:
    """The same reading with matters weighed by words and meaning. `vector`: of `reading.text`."""
    return msgspec.structs.replace(reading, matters=weigh_again(reader, again, reading, vector, audience))


def weigh_again(
    reader: Reader, again: Second, reading: Reading, vector: NDArray[np.float32], audience: Audience | None = None
) -> tuple[MatterGuess, ...]:
    """The best matters by words and meaning, best first."""
    near = again.meaning * centres.nearness(again.centres, vector[None])[0]
    words = service.weigh_text(reader, reading.text, reading.language)
    logits = near if words is None else again.words * words + near
    return guesses_of(reader.matters, logits.astype(np.float32), again.nothing, again.honesty, audience or reading.audience)
