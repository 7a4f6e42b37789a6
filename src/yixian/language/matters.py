"""Which matter a message is about, from the pack's own words alone: names, keywords, examples, notes of the responsibility list.

Every term of a message speaks for matters, their parents and their topics (see `evidence`). How much each sort of term counts, and how
often a score is right, is learned from the examples: each third of them is read by what the other two say. So a score of 0.8
means that about four of five such examples, read with that score by one who had never seen them, were read rightly.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import exp, log
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from yixian.city.model import Audience, Example, Matter
from yixian.language.evidence import (
    PHRASE_MARK,
    Broad,
    Evidence,
    Family,
    Floats,
    Ints,
    Texts,
    Tree,
    broad_of,
    count_texts,
    evidence_of,
    heard_of,
    tree_of,
)
from yixian.language.grams import terms
from yixian.language.model import MatterGuess, Taught
from yixian.language.normalise import normalise
from yixian.language.phrases import Phrases, compile_phrases, find_all
from yixian.language.words import Words, in_own_words

READ_CHARACTERS: Final = 1500
"""Beyond this, a message repeats itself or quotes the law."""
OPENING_CHARACTERS: Final = 300
"""What is wrong is said early; the rest counts half."""
TITLE_WEIGHT: Final = 2.0
REST_WEIGHT: Final = 0.5
DESCRIPTION_WEIGHT: Final = 8.0
"""A matter's name and keywords say as much as so many examples."""
UPPER_WEIGHT: Final = 4.0
NOTE_WEIGHT: Final = 4.0

FOLDS: Final = 3
CALIBRATED_FROM: Final = 100
"""From so many examples on, weights are learned and scores are calibrated."""
CALIBRATION_CELLS: Final = 3_000_000
"""So many examples times matters are read to learn from; of a larger pack's examples every second, third …"""
LEARNED_FROM: Final = 1200
"""Examples enough to learn four weights from; scores are calibrated on all of them."""
KEPT: Final = 8
"""Guesses: several matters of one unit speak for it together."""
LEAST: Final = 0.01

_NAME_PARTS: Final = re.compile(r"[-－—/、,，()()（）·:：]+")
_CANDIDATES: Final = 24
"""So many of the best leaves are weighed against each other; the rest have no chance."""
_PRIOR_WEIGHTS: Final = np.array([4.5, 1.5, 0.5, 4.0])
"""Of each family of terms; what is learned stays near them."""
_PRIOR_STRENGTH: Final = 1.0
_FEW: Final = 0.25
"""How much of these weights is used while a pack has few examples, and so few matters that each term tells them clearly apart."""
_FEW_NOTHING: Final = 3.0
_NOTHING_SHARE: Final = 0.03
"""So few examples speak less for their matter than a message about nothing in the tree is taken to speak for something."""
_NEWTON_STEPS: Final = 30
_EXTENT: Final = np.array([1.0, 0.0, 1 / 12, 0.0], dtype=np.float32)
"""How much of a message a term of each family is, in characters or words; a word has about twelve pieces."""


class Honesty(msgspec.Struct, frozen=True):
    """How often the best leaf was right for its share: a logistic curve over the share's log-odds."""

    start: float = 0.0
    slope: float = 1.0

    def of(self, share: float) -> float:
        """The chance that the best leaf is right."""
        inside = min(max(share, 1e-9), 1 - 1e-9)
        return 1 / (1 + exp(-self.start - self.slope * log(inside / (1 - inside))))


class MatterModel(msgspec.Struct, frozen=True):
    """All that is known about the leaves; leaf numbers are places in `codes`."""

    codes: tuple[str, ...]
    asked_by: dict[Audience, NDArray[np.float64]]
    """For each audience a factor a leaf: 1 where it may ask, less where the leaf is for the other one."""
    tree: Tree
    phrases: Phrases
    vocabulary: dict[str, int]
    extents: Floats
    """How much of a message each term is (see `_EXTENT`)."""
    evidence: Evidence
    """Weighted by family."""
    broad: Broad
    nothing: float
    """How strongly a message about nothing in the tree speaks for something."""
    honesty: Honesty


def leaves_of(matters: Sequence[Matter]) -> tuple[Matter, ...]:
    """The matters without children, in the order given."""
    parents = {matter.parent for matter in matters}
    return tuple(matter for matter in matters if matter.code not in parents)


def compile_matters(
    matters: Sequence[Matter],
    examples: Sequence[Example],
    words: Words,
    noise: tuple[str, ...] = (),
    notes: Mapping[str, str] | None = None,
    taught: Sequence[Taught] = (),
) -> MatterModel:
    """Learns the leaves from their names, keywords and examples, from what is noted beside their responsibilities (`notes`, by matter), and
    from what the city's own people settled (`taught`).

    Examples and notes of matters that are no leaves are left out.
    """
    leaves = leaves_of(matters)
    tree, phrases, material, texts = _studied(matters, examples, words, noise, notes or {}, taught)
    weights, nothing, honesty = _learned(texts, material, tree)
    evidence = _weighted(evidence_of(texts, material.belongs, tree), texts, weights)
    return MatterModel(
        codes=tuple(leaf.code for leaf in leaves),
        asked_by={who: np.array([1.0 if who in leaf.audience else 0.5 for leaf in leaves]) for who in Audience},
        tree=tree,
        phrases=phrases,
        vocabulary=texts.vocabulary,
        extents=_EXTENT[texts.families],
        evidence=evidence,
        broad=broad_of(evidence),
        nothing=nothing,
        honesty=honesty,
    )


class LeftOut(msgspec.Struct, frozen=True):
    """What examples say when they are read by what all other folds say."""

    logits: Floats
    """Examples by leaves."""
    owners: Ints
    """The leaf of each."""
    fold: Ints
    examples: tuple[Taught, ...]


def left_out(
    matters: Sequence[Matter],
    examples: Sequence[Example],
    words: Words,
    noise: tuple[str, ...] = (),
    notes: Mapping[str, str] | None = None,
    taught: Sequence[Taught] = (),
) -> LeftOut:
    """Reads every example by what the others say, as `compile_matters` does to learn; for whoever wants to learn more from that."""
    tree, _, material, texts = _studied(matters, examples, words, noise, notes or {}, taught)
    weights = _learned(texts, material, tree)[0].astype(np.float32)
    logits = np.zeros((len(material.examples), tree.leaves), dtype=np.float32)
    for fold in range(FOLDS):
        read, evidence = _read_fold(texts, material, tree, fold, 1)
        logits[read] = evidence @ weights
    return LeftOut(logits, material.owners, np.arange(len(material.examples)) % FOLDS, material.known)


def _studied(
    matters: Sequence[Matter],
    examples: Sequence[Example],
    words: Words,
    noise: tuple[str, ...],
    notes: Mapping[str, str],
    taught: Sequence[Taught],
) -> tuple[Tree, Phrases, _Material, Texts]:
    leaves = leaves_of(matters)
    above = {matter.code: matter.parent for matter in matters}
    tree = tree_of([leaf.parent or leaf.code for leaf in leaves], [_upwards(above, leaf.code)[-1] for leaf in leaves])
    phrases = compile_phrases(_phrases_of(matters, words))
    every = (*(Taught(e.matter, e.text, e.language) for e in examples), *taught)
    material = _material(matters, every, words, noise, notes, tree)
    return tree, phrases, material, count_texts(material.texts, lambda text: _terms_of(phrases, text))


def _upwards(above: Mapping[str, str | None], code: str) -> list[str]:
    """A matter and those above it, itself first."""
    chain = [code]
    while (parent := above.get(chain[-1])) is not None and parent not in chain:
        chain.append(parent)
    return chain


def _phrases_of(matters: Sequence[Matter], words: Words) -> set[str]:
    """Names, parts of names and keywords."""
    names = {name for matter in matters for name in (matter.name, matter.name_en)}
    parts = {part for name in names for part in _NAME_PARTS.split(name)}
    keywords = {keyword for matter in matters for keyword in matter.keywords}
    plain = {in_own_words(words, normalise(phrase), "") for phrase in names | parts | keywords}
    return {phrase for phrase in plain if len(phrase) >= 2}


def _terms_of(phrases: Phrases, text: str) -> list[str]:
    return terms(text, whole=False) + [PHRASE_MARK + found.phrase for found in find_all(phrases, text)] if text else []


# --- reading ----------------------------------------------------------------------------------------------------------


def weigh_matters(model: MatterModel, text: str, title: str = "", audience: Audience | None = None) -> tuple[MatterGuess, ...]:
    """The best matters for a message, best first; empty when no word is known.

    `text` and `title` are in plain form and in the matters' own words (see `words.in_own_words`).
    """
    logits = logits_of(model, text, title)
    return guesses_of(model, logits, model.nothing, model.honesty, audience) if logits is not None else ()


def guesses_of(model: MatterModel, logits: Floats, nothing: float, honesty: Honesty, audience: Audience | None) -> tuple[MatterGuess, ...]:
    """The best matters for what was heard, at most `KEPT`. `nothing`, `honesty`: what such logits are worth."""
    best = _best(logits)
    raw = _shares(logits[None, best], nothing)[0]
    scores = raw * (honesty.of(float(raw[0])) / raw[0])
    if audience is not None:
        scores *= model.asked_by[audience][best]
    order = np.argsort(-scores, kind="stable")[:KEPT]
    ranked = zip(best[order].tolist(), scores[order].tolist(), strict=True)
    return tuple(MatterGuess(model.codes[leaf], round(score, 4)) for leaf, score in ranked if score >= LEAST)


def _best(logits: Floats) -> Ints:
    """The leaves that are spoken for most, the first of equal ones before the others."""
    least = np.partition(logits, -_CANDIDATES)[-_CANDIDATES] if len(logits) > _CANDIDATES else -np.inf
    near = np.flatnonzero(logits >= least)  # sorting them all takes five times as long
    return near[np.argsort(-logits[near], kind="stable")[:_CANDIDATES]]


def logits_of(model: MatterModel, text: str, title: str = "") -> Floats | None:
    """How strongly the message speaks for each leaf; None when it holds no known term. `text` and `title` as for `weigh_matters`."""
    return _logits(model, title, text[:READ_CHARACTERS])


def _logits(model: MatterModel, title: str, text: str) -> Floats | None:
    """How strongly the message speaks for each leaf; None when it holds no known term."""
    heard = dict.fromkeys(_terms_of(model.phrases, text[OPENING_CHARACTERS:]), REST_WEIGHT)
    heard |= dict.fromkeys(_terms_of(model.phrases, text[:OPENING_CHARACTERS]), 1.0)
    heard |= dict.fromkeys(_terms_of(model.phrases, title), TITLE_WEIGHT)
    known = [(number, weight) for term, weight in heard.items() if (number := model.vocabulary.get(term)) is not None]
    if not known:
        return None
    numbers = np.array([number for number, _ in known])
    weights = np.array([weight for _, weight in known], dtype=np.float32)
    by_group = heard_of(model.evidence, model.broad, numbers, weights)
    return model.tree.over_leaves(by_group) / _length(float(weights @ model.extents[numbers]))


def _length(extent: float | Floats) -> Floats:
    """By what the evidence is divided: what is said at length is said again and again."""
    return np.sqrt(np.maximum(1.0, extent), dtype=np.float32)


def _shares(logits: NDArray[np.floating], nothing: float) -> NDArray[np.float64]:
    """The candidates' chances against each other and against none of them; texts by candidates, each row below 1."""
    powers = np.exp(logits.astype(np.float64))
    return powers / (powers.sum(axis=1, keepdims=True) + np.exp(nothing))


# --- learning ---------------------------------------------------------------------------------------------------------


class _Material(msgspec.Struct, frozen=True):
    """The texts to learn from, how much each counts for which groups, and which are examples, leaf by leaf."""

    texts: list[str]
    belongs: csr_array
    """Groups by texts; a leaf's text counts for its parent and topic too."""
    examples: Ints
    owners: Ints
    """The leaf of each example, ascending."""
    known: tuple[Taught, ...]
    """The examples themselves."""

    def without(self, left_out: Ints) -> csr_array:
        """As `belongs`, when some texts were not there."""
        there = np.ones(len(self.texts), dtype=np.float32)
        there[left_out] = 0
        fewer = self.belongs.copy()
        fewer.data = self.belongs.data * there[self.belongs.indices]
        fewer.eliminate_zeros()
        return fewer


def _material(
    matters: Sequence[Matter], examples: Sequence[Taught], words: Words, noise: tuple[str, ...], notes: Mapping[str, str], tree: Tree
) -> _Material:
    groups = _groups_of(matters, tree)
    leaves = leaves_of(matters)
    number = {leaf.code: place for place, leaf in enumerate(leaves)}
    known = sorted((example for example in examples if example.matter in number), key=lambda example: number[example.matter])
    said = [(example.matter, in_own_words(words, normalise(example.text, noise), example.language), example.weight) for example in known]
    for matter in matters:
        weight = DESCRIPTION_WEIGHT if matter.code in number else UPPER_WEIGHT
        said.append((matter.code, in_own_words(words, _described(matter), ""), weight))
        if matter.code in number and matter.code in notes:
            said.append((matter.code, in_own_words(words, normalise(notes[matter.code]), ""), NOTE_WEIGHT))
    cells = [(group, text, weight) for text, (code, _, weight) in enumerate(said) for group in groups[code]]
    rows, columns, weights = (np.array(column) for column in zip(*cells, strict=True)) if cells else (np.empty(0, np.int64),) * 3
    return _Material(
        texts=[text for _, text, _ in said],
        belongs=csr_array((weights.astype(np.float32), (rows, columns)), shape=(tree.size, len(said))),
        examples=np.arange(len(known)),
        owners=np.array([number[example.matter] for example in known], dtype=np.int64),
        known=tuple(known),
    )


def _groups_of(matters: Sequence[Matter], tree: Tree) -> dict[str, tuple[int, ...]]:
    """The groups that a text about a matter counts for."""
    above = {matter.code: matter.parent for matter in matters}
    groups: dict[str, dict[int, None]] = {matter.code: {} for matter in matters}
    for place, leaf in enumerate(leaves_of(matters)):
        parent, topic = int(tree.parents[place]), int(tree.topics[place])
        chain = _upwards(above, leaf.code)
        groups[leaf.code] = dict.fromkeys((place, parent, topic))
        for code in chain[1:2]:
            groups[code][parent] = None
        for code in chain[1:]:
            if code in groups:
                groups[code][topic] = None
    return {code: tuple(own) for code, own in groups.items()}


def _described(matter: Matter) -> str:
    """The matter in its own words, as one more example."""
    return normalise("。".join((matter.name, matter.name_en, *matter.keywords)))


def _weighted(evidence: Evidence, texts: Texts, weights: NDArray[np.float64]) -> Evidence:
    by_term = np.repeat(weights[texts.families], np.diff(evidence.starts))
    return msgspec.structs.replace(evidence, weights=(evidence.weights * by_term).astype(np.float32))


def _learned(texts: Texts, material: _Material, tree: Tree) -> tuple[NDArray[np.float64], float, Honesty]:
    """How much each family of terms counts, how much a message about nothing says, and what scores are worth."""
    if len(material.examples) < CALIBRATED_FROM:
        return _FEW * _PRIOR_WEIGHTS, _FEW_NOTHING, Honesty()
    # An odd step takes from every fold.
    step = (len(material.examples) * tree.leaves // CALIBRATION_CELLS) | 1
    read, said = zip(*(_read_fold(texts, material, tree, fold, step) for fold in range(FOLDS)), strict=True)
    evidence, owners = np.concatenate(said), material.owners[np.concatenate(read)]
    some = slice(None, None, max(1, len(owners) // LEARNED_FROM))
    weights = _family_weights(evidence[some], owners[some])
    logits = evidence @ weights.astype(np.float32)
    nothing = nothing_of(logits, owners)
    return weights, nothing, honesty_of(logits, owners, nothing)


def _read_fold(texts: Texts, material: _Material, tree: Tree, fold: int, step: int) -> tuple[Ints, Floats]:
    """Some of a fold's examples as read by what all other folds say: their places, and texts by leaves by families of terms."""
    place = np.arange(len(material.examples))
    evidence = evidence_of(texts, material.without(material.examples[place % FOLDS == fold]), tree)
    read = place[(place % FOLDS == fold) & (place % step == 0)]
    held = texts.held[material.examples[read]]
    heard = np.diff(evidence.starts) > 0
    length = _length(np.asarray(held @ (_EXTENT[texts.families] * heard)))
    by_term = evidence.by_term()
    said = np.empty((len(read), tree.leaves, len(Family)), dtype=np.float32)
    for family in Family:
        own = np.flatnonzero(texts.families == family)
        by_group = np.asarray((held[:, own] @ by_term[own]).toarray(), dtype=np.float32)
        said[:, :, family] = tree.over_leaves(by_group) / length[:, None]
    return read, said


def nothing_of(logits: Floats, owners: Ints) -> float:
    """How strongly a message about nothing speaks for something: few examples speak less for their own matter."""
    return float(np.quantile(logits[np.arange(len(owners)), owners], _NOTHING_SHARE))


def honesty_of(logits: Floats, owners: Ints, nothing: float) -> Honesty:
    """What scores were worth: the logistic curve under which the right and wrong readings of these texts are likeliest."""
    best = -np.partition(-logits, min(_CANDIDATES, logits.shape[1]) - 1, axis=1)[:, :_CANDIDATES]
    odds = _log_odds(_shares(best, nothing).max(axis=1))
    right = (logits.argmax(axis=1) == owners).astype(np.float64)
    features = np.stack([np.ones_like(odds), odds], axis=1)
    # Held near "scores are worth what they say", as a few wrong readings would hold it.
    curve = np.array([0.0, 1.0])
    for _ in range(_NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-features @ curve))
        slope = features.T @ (right - chance) + np.array([0.0, 1.0]) - curve
        bend = (features * (chance * (1 - chance))[:, None]).T @ features + np.eye(2)
        step = np.linalg.solve(bend, slope)
        # A step is never long: far from the best the curve says little.
        curve += step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-6:
            break
    return Honesty(float(curve[0]), max(0.05, float(curve[1])))


def _log_odds(share: NDArray[np.float64]) -> NDArray[np.float64]:
    inside = np.clip(share, 1e-9, 1 - 1e-9)
    return np.log(inside / (1 - inside))


def _family_weights(evidence: Floats, owners: Ints) -> NDArray[np.float64]:
    """Weights under which the right leaves become likely (conditional logit by Newton's method, held near sensible values).

    `evidence` is texts by leaves by families of terms.
    """
    rows = np.arange(len(evidence))
    rough = evidence @ _PRIOR_WEIGHTS.astype(np.float32)
    rough[rows, owners] = np.inf
    rivals = min(_CANDIDATES, rough.shape[1])
    chosen = np.argpartition(-rough, rivals - 1, axis=1)[:, :rivals]
    near = np.take_along_axis(evidence, chosen[:, :, None], axis=1).astype(np.float64)
    near -= evidence[rows, owners][:, None, :]
    weights = _PRIOR_WEIGHTS.copy()
    for _ in range(_NEWTON_STEPS):
        logits = near @ weights
        chance = np.exp(logits - logits.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        mean = np.einsum("nc,ncf->nf", chance, near)
        slope = -mean.sum(axis=0) - _PRIOR_STRENGTH * (weights - _PRIOR_WEIGHTS)
        bend = np.einsum("nc,ncf,ncg->fg", chance, near, near, optimize=True) - mean.T @ mean + _PRIOR_STRENGTH * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        # A step is never longer than the weights are large: far from the best the curve says little.
        step /= max(1.0, float(np.abs(step / (_PRIOR_WEIGHTS / 2)).max()))
        weights = np.maximum(weights + step, 0.0)
        if np.abs(step).max() < 1e-3:
            break
    return weights
