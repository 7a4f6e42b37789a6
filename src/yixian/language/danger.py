"""Whether a message may be an emergency although no phrase of the pack says so: learned from the pack's own messages.

What counts is what words are there, and which *signs* (see the pack's `triage/signs.toml`) stand beside each other: "knife" beside
"now" and "my mother" is another thing than beside "shop". The weights are a logistic regression (L2), learned when the pack is
compiled, from its emergencies, its harmless messages of the same words, and the examples of its ordinary matters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from math import exp, log, log2, sqrt
from operator import add
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from yixian.city.model import Danger, Plea
from yixian.language.normalise import normalise, normalise_words
from yixian.language.phrases import Phrases, compile_phrases, find_all

Floats = NDArray[np.float64]

READ_CHARACTERS: Final = 1500
WINDOW: Final = 60
"""A longer message is also weighed in stretches of about so many characters: a cry for help in the midst of a long complaint is one."""

_STRETCH_COSTS: Final = 0.5
"""What a stretch must lead the whole by: of many stretches one is always the most alarming."""
_LONG_FROM: Final = 100
"""From so many characters on each doubling costs one, on the scale of log-odds: who is in danger writes no long letters. Without these
two a third of the real messages, whose median has 225 characters, would be asked about; with them a tenth (bench_triage)."""

_COST: Final = 1.0
"""How far the weights may go (the inverse of the L2 penalty). Three times more or less of any of these changes little."""
_TERM: Final = 6.0
"""How much all terms of a message together weigh against one sign."""
_BESIDE: Final = 0.5
"""How much two signs beside each other weigh against one alone."""
_ORDINARY: Final = 0.3
"""How much one ordinary example weighs against a message of the triage examples: those are many, and easy."""
_LEAST_TEXTS: Final = 2
_CLAUSES: Final = re.compile(r"[^，。,;；!！?？、\n]+[，。,;；!！?？、\n]*")


class Desk(msgspec.Struct, frozen=True):
    """A number to ring, and how much each sign speaks for it."""

    number: str
    start: float
    alone: tuple[float, ...]


class DangerModel(msgspec.Struct, frozen=True):
    """The learned weights. Signs have numbers, their places in the pack's list."""

    phrases: Phrases
    signs: dict[str, tuple[int, ...]]
    start: float
    terms: dict[str, tuple[float, float]]
    """For each known term the square of its rarity, and what it speaks for danger."""
    alone: tuple[float, ...]
    beside: dict[tuple[int, int], float]
    desks: tuple[Desk, ...]
    ask: float
    sure: float


class Weighed(msgspec.Struct, frozen=True):
    """How a message was weighed."""

    chance: float
    """0 to 1, as among the examples it was learned from: half of them are emergencies, so it is no share of all messages."""
    to: tuple[str, ...]
    """The numbers that it speaks for, best first; at least one."""


class _Heard(msgspec.Struct, frozen=True):
    terms: frozenset[str]
    """One to three characters in a row, punctuation too: "!!" and "呀," say something here."""
    signs: tuple[int, ...]


def compile_danger(danger: Danger | None, ordinary: Sequence[str], noise: tuple[str, ...] = ()) -> DangerModel | None:
    """Learns from the pack's examples; `ordinary` are messages of its matters, as written. None when the pack has too few examples."""
    if danger is None or len({plea.emergency for plea in danger.examples}) < 2:
        return None
    names = tuple(danger.signs)
    signs: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        for word in normalise_words(danger.signs[name]):
            signs.setdefault(word, []).append(number)
    phrases = compile_phrases(signs)
    numbered = {word: tuple(found) for word, found in signs.items()}
    heard = [_hear(phrases, numbered, normalise(text, noise)) for text in (*(p.text for p in danger.examples), *ordinary)]
    truth = np.array([*(plea.emergency for plea in danger.examples), *(False for _ in ordinary)])
    weight = np.array([*(1.0 for _ in danger.examples), *(_ORDINARY for _ in ordinary)])
    vocabulary = _vocabulary(heard)
    rarity = _rarity(heard, vocabulary)
    coefficients, start = _fit(_matrix(heard, vocabulary, rarity, len(names)), truth, weight)
    return DangerModel(
        phrases=phrases,
        signs=numbered,
        start=start,
        terms={term: (float(rarity[n] ** 2), float(coefficients[n] * rarity[n])) for term, n in vocabulary.items()},
        alone=tuple(float(c) for c in coefficients[len(vocabulary) : len(vocabulary) + len(names)]),
        beside=_beside(coefficients[len(vocabulary) + len(names) :], len(names)),
        desks=_desks(heard, danger.examples, len(names)),
        ask=danger.ask,
        sure=danger.sure,
    )


def weigh(model: DangerModel, text: str) -> Weighed:
    """Weighs a message in plain form: the whole of it, and the stretches of a long one; the most alarming counts."""
    stretches = [_hear(model.phrases, model.signs, stretch) for stretch in _stretches(text[:READ_CHARACTERS])]
    margins = [_margin(model, heard) - (_STRETCH_COSTS if n else 0) for n, heard in enumerate(stretches)]
    best = max(range(len(margins)), key=lambda n: margins[n])
    margin = margins[best] - log2(max(1, len(text) / _LONG_FROM))
    return Weighed(round(_chance(margin), 4), _numbers(model, stretches[best]))


def _stretches(text: str) -> list[str]:
    """The whole, and when it is long its clauses, as many together as fill a window, each window half over the one before."""
    if len(text) <= WINDOW * 3 // 2:
        return [text]
    found = [text]
    clauses = _CLAUSES.findall(text)
    first = last = length = 0
    while last < len(clauses):
        length += len(clauses[last])
        last += 1
        if length >= WINDOW or last == len(clauses):
            found.append("".join(clauses[first:last])[: WINDOW * 2])
            while first < last and length > WINDOW // 2:
                length -= len(clauses[first])
                first += 1
    return found


def _hear(phrases: Phrases, signs: dict[str, tuple[int, ...]], text: str) -> _Heard:
    found = {sign for word in find_all(phrases, text) for sign in signs[word.phrase]}
    grams = {*text, *map(add, text, text[1:]), *(text[at : at + 3] for at in range(len(text) - 2))}
    return _Heard(frozenset(grams), tuple(sorted(found)))


def _margin(model: DangerModel, heard: _Heard) -> float:
    known = [model.terms[term] for term in heard.terms if term in model.terms]
    length = sqrt(sum(square for square, _ in known)) or 1.0
    by_terms = sum(speaks for _, speaks in known)
    by_signs = sum(model.alone[sign] for sign in heard.signs)
    by_pairs = sum(model.beside.get(pair, 0.0) for pair in combinations(heard.signs, 2))
    return model.start + by_terms * _TERM / length + by_signs + by_pairs * _BESIDE


def _chance(margin: float) -> float:
    return 1 / (1 + exp(-max(-30.0, min(30.0, margin))))


def _numbers(model: DangerModel, heard: _Heard) -> tuple[str, ...]:
    margins = {desk.number: desk.start + sum(desk.alone[sign] for sign in heard.signs) for desk in model.desks}
    ranked = sorted(margins, key=lambda number: -margins[number])
    return tuple(number for place, number in enumerate(ranked) if place == 0 or margins[number] > 0)


# --- learning ---------------------------------------------------------------------------------------------------------


def _vocabulary(heard: Sequence[_Heard]) -> dict[str, int]:
    """The terms of at least two messages; what was heard once is chance."""
    seen = Counter(term for one in heard for term in one.terms)
    return {term: place for place, term in enumerate(sorted(term for term, times in seen.items() if times >= _LEAST_TEXTS))}


def _rarity(heard: Sequence[_Heard], vocabulary: dict[str, int]) -> Floats:
    """The inverse document frequency of each term, as usual: a logarithm, never below 1."""
    seen = Counter(vocabulary[term] for one in heard for term in one.terms if term in vocabulary)
    return np.array([1 + log((1 + len(heard)) / (1 + seen[n])) for n in range(len(vocabulary))])


def _matrix(heard: Sequence[_Heard], vocabulary: dict[str, int], rarity: Floats, signs: int) -> csr_array:
    """Messages by features: terms, then signs, then pairs of signs (first times how many signs, plus second)."""
    columns: list[int] = []
    values: list[float] = []
    starts = [0]
    for one in heard:
        known = np.array(sorted(vocabulary[term] for term in one.terms if term in vocabulary), dtype=np.int64)
        length = sqrt(float((rarity[known] ** 2).sum())) or 1.0
        columns += known.tolist()
        values += (rarity[known] * (_TERM / length)).tolist()
        columns += (len(vocabulary) + sign for sign in one.signs)
        values += [1.0] * len(one.signs)
        pairs = [len(vocabulary) + signs + first * signs + second for first, second in combinations(one.signs, 2)]
        columns += pairs
        values += [_BESIDE] * len(pairs)
        starts.append(len(columns))
    shape = (len(heard), len(vocabulary) + signs + signs * signs)
    return csr_array((np.array(values), np.array(columns, dtype=np.int32), np.array(starts, dtype=np.int32)), shape=shape)


def _fit(matrix: csr_array, truth: NDArray[np.bool_], weight: Floats) -> tuple[Floats, float]:
    from sklearn.linear_model import LogisticRegression

    machine = LogisticRegression(C=_COST, solver="liblinear", random_state=1, max_iter=1000).fit(matrix, truth, sample_weight=weight)
    return machine.coef_[0], float(machine.intercept_[0])


def _beside(coefficients: Floats, signs: int) -> dict[tuple[int, int], float]:
    used = np.flatnonzero(coefficients)
    return {(int(column) // signs, int(column) % signs): float(coefficients[column]) for column in used}


def _desks(heard: Sequence[_Heard], examples: Sequence[Plea], signs: int) -> tuple[Desk, ...]:
    """For each number that the emergencies name, how much the signs speak for it."""
    told = [(one, plea) for one, plea in zip(heard, examples, strict=False) if plea.emergency and plea.to]
    matrix = _matrix([one for one, _ in told], {}, np.empty(0), signs)[:, :signs]
    found: list[Desk] = []
    for number in sorted({to for _, plea in told for to in plea.to}):
        truth = np.array([number in plea.to for _, plea in told])
        if truth.all() or not truth.any():
            found.append(Desk(number, 1.0, (0.0,) * signs))
            continue
        coefficients, start = _fit(csr_array(matrix), truth, np.ones(len(told)))
        found.append(Desk(number, start, tuple(float(c) for c in coefficients)))
    return tuple(found)
