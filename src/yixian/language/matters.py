"""Which matter a message is about, from the pack's own words alone: names, keywords and examples.

Three pieces of evidence are weighed for every leaf matter:
- *fit*: a linear classifier (ridge regression in its dual form) over the n-grams of descriptions and examples,
- *family*: how well the matters beside it, under the same parent and the same topic, fit together,
- *keywords*: exact hits of the pack's keywords and names.

How much each counts is learned from the examples too, each one read as if it were not known (leave one out, in closed form).
So a score of 0.8 means that about four of five such examples, read with that score, were read rightly.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from yixian.city.model import Audience, Example, Matter
from yixian.language.index import Floats, Index, TermScores, add_counts, build_index, count_terms, gram_matrix, score_classes, term_scores
from yixian.language.model import MatterGuess
from yixian.language.normalise import normalise
from yixian.language.phrases import Phrases, compile_phrases, find_all, is_spaced

READ_CHARACTERS: Final = 1500
"""Beyond this, a message repeats itself or quotes the law."""
OPENING_CHARACTERS: Final = 300
"""What is wrong is said early; the rest counts half."""
TITLE_WEIGHT: Final = 2.0

EXACT_LIMIT: Final = 6000
"""Up to so many texts the classifier is solved exactly (n³); a larger pack is read by class averages instead."""
RIDGE: Final = 0.6
TERM_LEAVES: Final = 64
"""So many leaves are kept for each term."""
CALIBRATED_FROM: Final = 100
LEARNED_FROM: Final = 1200
"""Examples enough to learn four weights from."""
KEPT: Final = 3
LEAST: Final = 0.01
NOBODY: Final = 0.12
"""The fit that a message about nothing in the tree has for something; a matter must beat it."""

_NAME_PARTS: Final = re.compile(r"[-－—/、,，()()（）·:：]+")
_CANDIDATES: Final = 24
"""So many of the best leaves are weighed against each other; the rest have no chance."""
_PRIOR_WEIGHTS: Final = np.array([9.0, 2.0, 1.0, 6.0])
"""Of fit, parent's fit, topic's fit and keywords, while a pack has few examples to learn from."""
_PRIOR_STRENGTH: Final = 4.0


class Keyword(msgspec.Struct, frozen=True):
    """The leaves a keyword points to, and how much it says about each, 0 to 1."""

    leaves: NDArray[np.int64]
    weight: float


class Honesty(msgspec.Struct, frozen=True):
    """How often the best leaf was right (`right`) when it scored so much (`scored`), both ascending from 0."""

    scored: NDArray[np.float64]
    right: NDArray[np.float64]


_TRUSTING: Final = Honesty(np.array([0.0, 1.0]), np.array([0.0, 1.0]))


class MatterModel(msgspec.Struct, frozen=True):
    """All that is known about the leaves; leaf numbers are places in `codes`."""

    codes: tuple[str, ...]
    asked_by: dict[Audience, Floats]
    """For each audience a factor a leaf: 1 where it may ask, less where the leaf is for the other one."""
    parents: NDArray[np.int64]
    topics: NDArray[np.int64]
    terms: TermScores
    phrases: Phrases
    keywords: dict[str, Keyword]
    weights: NDArray[np.float64]
    honesty: Honesty


def leaves_of(matters: Sequence[Matter]) -> tuple[Matter, ...]:
    """The matters without children, in the order given."""
    parents = {matter.parent for matter in matters}
    return tuple(matter for matter in matters if matter.code not in parents)


def compile_matters(matters: Sequence[Matter], examples: Sequence[Example], noise: tuple[str, ...] = ()) -> MatterModel:
    """Learns the leaves from their names, keywords and examples. Examples of matters that are no leaves are left out."""
    leaves = leaves_of(matters)
    number = {leaf.code: place for place, leaf in enumerate(leaves)}
    texts: list[list[str]] = [[_described(leaf)] for leaf in leaves]
    for example in examples:
        if example.matter in number:
            texts[number[example.matter]].append(normalise(example.text, noise))
    owner = np.repeat(np.arange(len(leaves)), [len(own) for own in texts])
    described = [text for own in texts for text in own]
    index = build_index(described)
    belonging = _Belonging(owner, np.searchsorted(owner, np.arange(len(leaves))).astype(np.int64))
    inverse = _inverse(gram_matrix(index)) if len(described) <= EXACT_LIMIT else None
    solution = _solved(inverse, belonging) if inverse is not None else None
    keywords = _keywords(matters, leaves)
    above = {matter.code: matter.parent for matter in matters}
    model = MatterModel(
        codes=tuple(number),
        asked_by={who: np.array([1.0 if who in leaf.audience else 0.5 for leaf in leaves], np.float32) for who in Audience},
        parents=_numbered([leaf.parent or leaf.code for leaf in leaves]),
        topics=_numbered([_upwards(above, leaf.code)[-1] for leaf in leaves]),
        terms=term_scores(index, _averages(belonging) if solution is None else solution, TERM_LEAVES),
        phrases=compile_phrases(keywords),
        keywords=keywords,
        weights=_PRIOR_WEIGHTS,
        honesty=_TRUSTING,
    )
    if inverse is None or solution is None:
        return model
    left_out = _left_out(inverse, solution, belonging) / _unshared_norm(index)[:, None]
    weights, honesty = _learned_weights(model, described, left_out.astype(np.float32), belonging)
    return msgspec.structs.replace(model, weights=weights, honesty=honesty)


def _upwards(above: Mapping[str, str | None], code: str) -> list[str]:
    """A matter and those above it, itself first."""
    chain = [code]
    while (parent := above.get(chain[-1])) is not None and parent not in chain:
        chain.append(parent)
    return chain


def _numbered(names: Sequence[str]) -> NDArray[np.int64]:
    number = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return np.array([number[name] for name in names], dtype=np.int64)


def _described(leaf: Matter) -> str:
    """The leaf in its own words, as one more example."""
    return normalise("。".join((leaf.name, leaf.name_en, *leaf.keywords)))


def _keywords(matters: Sequence[Matter], leaves: Sequence[Matter]) -> dict[str, Keyword]:
    """Every keyword and name with the leaves it points to; those of an upper matter point to all leaves below."""
    above = {matter.code: matter.parent for matter in matters}
    words = {matter.code: _own_words(matter) for matter in matters}
    pointed: dict[str, set[int]] = {}
    for number, leaf in enumerate(leaves):
        for code in _upwards(above, leaf.code):
            for word in words.get(code, ()):
                pointed.setdefault(word, set()).add(number)
    return {word: Keyword(np.array(sorted(who)), _weight(word) / len(who) ** 0.5) for word, who in pointed.items()}


def _own_words(matter: Matter) -> set[str]:
    parts = [part for name in (matter.name, matter.name_en) for part in (name, *_NAME_PARTS.split(name))]
    plain = {normalise(word) for word in (*matter.keywords, *parts)}
    return {word for word in plain if len(word) >= 2}


def _weight(word: str) -> float:
    """Longer words say more: two Han characters 0.45, four 0.75; five letters 0.45, eleven 0.75."""
    length = len(word) / 3 + 0.4 if is_spaced(word[0]) else len(word)
    return min(0.9, 0.15 + 0.15 * length)


def weigh_matters(model: MatterModel, text: str, title: str = "", audience: Audience | None = None) -> tuple[MatterGuess, ...]:
    """The best matters for a message in plain form, at most three, best first; empty when no word is known."""
    read = text[:READ_CHARACTERS]
    fit = _fit(model, read, title)
    keywords = _keyword_evidence(model, title, read)
    if not (fit.any() or keywords.any()):
        return ()
    logits = _evidence(model, fit[None], keywords[None])[0] @ model.weights
    best = np.argsort(-logits, kind="stable")[:_CANDIDATES]
    raw = _shares(logits[None, best], model.weights)[0]
    scores = raw * (np.interp(raw[0], model.honesty.scored, model.honesty.right) / raw[0])
    if audience is not None:
        scores *= model.asked_by[audience][best]
    order = np.argsort(-scores, kind="stable")[:KEPT]
    return tuple(MatterGuess(model.codes[best[n]], round(float(scores[n]), 4)) for n in order if scores[n] >= LEAST)


def _shares(logits: NDArray[np.floating], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The candidates' chances against each other and against none of them; texts by candidates, each row below 1."""
    powers = np.exp(logits.astype(np.float64))
    return powers / (powers.sum(axis=1, keepdims=True) + np.exp(weights[:3].sum() * NOBODY))


def _fit(model: MatterModel, text: str, title: str) -> Floats:
    counts = count_terms(title, TITLE_WEIGHT)
    add_counts(counts, count_terms(text[:OPENING_CHARACTERS]))
    add_counts(counts, count_terms(text[OPENING_CHARACTERS:], 0.5))
    return score_classes(model.terms, counts)


def _evidence(model: MatterModel, fit: Floats, keywords: Floats) -> Floats:
    """What speaks for each leaf: texts by leaves by kinds of evidence (fit, parent's fit, topic's fit, keywords)."""
    return np.stack([fit, _together(fit, model.parents), _together(fit, model.topics), keywords], axis=2)


def _together(fit: Floats, group: NDArray[np.int64]) -> Floats:
    """For each leaf the summed fit of its group: the classifier is linear, so the sum is the fit of the group itself."""
    total = np.zeros((len(fit), int(group.max(initial=-1)) + 1), dtype=np.float32)
    np.add.at(total.T, group, fit.T)
    return total[:, group]


def _keyword_evidence(model: MatterModel, title: str, text: str) -> Floats:
    silent = np.ones(len(model.codes), dtype=np.float32)
    for part, factor in ((title, 1.0), (text[:OPENING_CHARACTERS], 0.9), (text[OPENING_CHARACTERS:], 0.5)):
        if part:
            for phrase in {found.phrase for found in find_all(model.phrases, part)}:
                keyword = model.keywords[phrase]
                silent[keyword.leaves] *= 1 - factor * keyword.weight
    return 1 - silent


# --- learning ---------------------------------------------------------------------------------------------------------


class _Belonging(msgspec.Struct, frozen=True):
    """The leaf of each text, ascending, and the first text of each leaf: its description."""

    owner: NDArray[np.int64]
    starts: NDArray[np.int64]


def _inverse(alike: Floats) -> Floats:
    """The inverse of the cosines plus the ridge."""
    from scipy.linalg import get_lapack_funcs

    np.fill_diagonal(alike, alike.diagonal() + RIDGE)
    factorise, invert = get_lapack_funcs(("potrf", "potri"), (alike,))
    # The matrix equals its transpose, and LAPACK works in place on columns.
    factor, failed = factorise(alike.T, lower=1, overwrite_a=1)
    lower, failed_too = invert(factor, lower=1, overwrite_c=1)
    assert not failed and not failed_too, "cosines plus a ridge are positive definite"
    half = np.tril(lower)
    whole = half + half.T
    np.fill_diagonal(whole, half.diagonal())
    return whole


def _solved(inverse: Floats, belonging: _Belonging) -> Floats:
    """The ridge's solution, texts by leaves: the inverse times "text i belongs to leaf c", which only adds columns up."""
    return np.add.reduceat(inverse, belonging.starts, axis=1)


def _averages(belonging: _Belonging) -> csc_array:
    """For a pack too large to solve: each leaf is the average of its texts. Texts by leaves."""
    texts = np.bincount(belonging.owner)
    share = (1 / np.maximum(1, texts)).astype(np.float32)[belonging.owner]
    edges = np.append(belonging.starts, len(belonging.owner))
    return csc_array((share, np.arange(len(belonging.owner)), edges), shape=(len(belonging.owner), len(belonging.starts)))


def _left_out(inverse: Floats, solution: Floats, belonging: _Belonging) -> Floats:
    """What each text would have scored had it been left out: y_i - (G⁻¹y)_i / (G⁻¹)_ii  (the ridge's closed form)."""
    left_out = -solution / np.diag(inverse)[:, None]
    left_out[np.arange(len(left_out)), belonging.owner] += 1
    return left_out


def _learned_weights(
    model: MatterModel, texts: Sequence[str], left_out: Floats, belonging: _Belonging
) -> tuple[NDArray[np.float64], Honesty]:
    # Descriptions hold the keywords themselves, so they would make keywords look surer than they are.
    examples = np.setdiff1d(np.arange(len(texts)), belonging.starts)
    if len(examples) > LEARNED_FROM:
        examples = examples[:: len(examples) // LEARNED_FROM]
    if not len(examples):
        return _PRIOR_WEIGHTS, _TRUSTING
    keywords = np.stack([_keyword_evidence(model, "", texts[int(number)]) for number in examples])
    evidence, owner = _evidence(model, left_out[examples], keywords), belonging.owner[examples]
    weights = _evidence_weights(evidence, owner)
    return weights, _honesty(evidence @ weights, owner, weights)


def _honesty(logits: NDArray[np.floating], owner: NDArray[np.int64], weights: NDArray[np.float64]) -> Honesty:
    """What scores were worth, from texts in tenths by their score; clearer words were right more often, never less."""
    if len(owner) < CALIBRATED_FROM:
        return _TRUSTING
    scored = _shares(-np.sort(-logits, axis=1)[:, :_CANDIDATES], weights)[:, 0]
    order = np.argsort(scored, kind="stable")
    right = (logits.argmax(axis=1) == owner)[order]
    tenths = np.array_split(np.arange(len(order)), 10)
    at = [float(scored[order][tenth].mean()) for tenth in tenths]
    share = np.maximum.accumulate([float(right[tenth].mean()) for tenth in tenths])
    return Honesty(np.array([0.0, *at, 1.0]), np.array([0.0, *share, min(1.0, share[-1] * 1.05)]))


def _unshared_norm(index: Index) -> Floats:
    """The length each text keeps without the terms only it has: a message never seen before has none of those counted."""
    frequency = np.diff(index.starts)
    shared = np.repeat(frequency > 1, frequency)
    squares = np.bincount(index.texts[shared], weights=index.weights[shared] ** 2, minlength=index.size)
    return np.sqrt(np.maximum(squares, 0.05)).astype(np.float32)


def _evidence_weights(evidence: NDArray[np.floating], owner: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weights under which the right leaves become likely (conditional logit by Newton's method, held near sensible values).

    `evidence` is texts by leaves by kinds of evidence.
    """
    rows = np.arange(len(evidence))
    rough = evidence @ _PRIOR_WEIGHTS.astype(np.float32)
    rough[rows, owner] = np.inf
    chosen = np.argsort(-rough, axis=1, kind="stable")[:, :_CANDIDATES]
    near = np.take_along_axis(evidence, chosen[:, :, None], axis=1).astype(np.float64)
    weights = _PRIOR_WEIGHTS.copy()
    for _ in range(25):
        logits = near @ weights
        chance = np.exp(logits - logits.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        mean = np.einsum("nc,ncf->nf", chance, near)
        slope = (near[:, 0] - mean).sum(axis=0) - _PRIOR_STRENGTH * (weights - _PRIOR_WEIGHTS)
        bend = np.einsum("nc,ncf,ncg->fg", chance, near, near) - mean.T @ mean + _PRIOR_STRENGTH * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        weights = np.maximum(weights + step, 0.0)
        if np.abs(step).max() < 1e-4:
            break
    return weights
