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
Codes = NDArray[np.int64]

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
_SILENCE: Final = 0.25
"""So far, on the scale of log-odds, words may speak for danger and still say no more than silence. Of 959 emergencies, each held out,
the least alarming that no sign shows comes to twice that. What is in no known words (exactly nothing) is not silence: a person looks."""
_LEAST_TEXTS: Final = 2
_LETTER: Final = 21
"""Bits of a character's number."""
_CLAUSES: Final = re.compile(r"[^，。,;；!！?？、\n]+[，。,;；!！?？、\n]*")


class Desk(msgspec.Struct, frozen=True):
    """A number to ring, and how much each sign speaks for it."""

    number: str
    start: float
    alone: tuple[float, ...]


class ThanksModel(msgspec.Struct, frozen=True):
    """What is thanks, as numbers of signs (see the pack's `[danger] thanks`)."""

    said: frozenset[int]
    done: frozenset[int]
    may: frozenset[int]


class DangerModel(msgspec.Struct, frozen=True):
    """The learned weights. Signs have numbers, their places in the pack's list."""

    phrases: Phrases
    signs: dict[str, tuple[int, ...]]
    start: float
    terms: Codes
    """The known terms as numbers (see `_code`), ascending."""
    places: dict[str, int]
    """Where each known term stands in `terms`."""
    weights: Floats
    """For each term the square of its rarity, and what it speaks for danger."""
    alone: Floats
    beside: Floats
    """Signs by signs, the lower number first; half of it is nothing."""
    desks: tuple[Desk, ...]
    ask: float
    sure: float
    thanks: ThanksModel | None = None


class Weighed(msgspec.Struct, frozen=True):
    """How a message was weighed."""

    chance: float
    """0 to 1, as among the examples it was learned from: half of them are emergencies, so it is no share of all messages."""
    to: tuple[str, ...]
    """The numbers that it speaks for, best first; at least one."""
    words: str
    """The whole, or the stretch of it that is the most alarming."""
    length: int
    """Characters of the whole."""
    quiet: bool = False
    """Nothing in it speaks for danger: no sign does, and its words no more than silence. Silence itself weighs a few hundredths."""


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
    codes = np.array([_code(term) for term in vocabulary], dtype=np.int64)
    order = codes.argsort()
    known = list(vocabulary)
    return DangerModel(
        phrases=phrases,
        signs=numbered,
        start=start,
        terms=codes[order],
        places={known[n]: place for place, n in enumerate(order.tolist())},
        weights=np.column_stack([rarity**2, coefficients[: len(vocabulary)] * rarity])[order],
        alone=coefficients[len(vocabulary) : len(vocabulary) + len(names)],
        beside=coefficients[len(vocabulary) + len(names) :].reshape(len(names), len(names)),
        desks=_desks(heard, danger.examples, len(names)),
        ask=danger.ask,
        sure=danger.sure,
        thanks=_thanks(danger, names),
    )


def _thanks(danger: Danger, names: Sequence[str]) -> ThanksModel | None:
    if danger.thanks is None:
        return None
    said, done, may = (
        frozenset(names.index(name) for name in part) for part in (danger.thanks.said, danger.thanks.done, danger.thanks.may)
    )
    return ThanksModel(said, done, may)


def is_thanks(model: DangerModel, text: str) -> bool:
    """Whether a message is thanks for what was done: somebody thanks, it is over, and nothing else in it speaks for danger.

    `text`: in plain form with its greetings and thanks still in it. Thanks alone are none: who takes leave of life thanks too.
    """
    if model.thanks is None:
        return False
    words = find_all(model.phrases, text)
    thanked = [word for word in words if model.thanks.said.intersection(model.signs[word.phrase])]
    # "谢谢你们" is also how a farewell begins; what else a farewell says still counts.
    others = [word for word in words if not any(word.start < t.end and t.start < word.end for t in thanked)]
    found = {sign for word in others for sign in model.signs[word.phrase]}
    if not thanked or not found & model.thanks.done:
        return False
    return not any(model.alone[sign] > 0 for sign in found - model.thanks.may)


class _Most(msgspec.Struct, frozen=True):
    """The most alarming of a message's stretches."""

    margin: float
    """On the scale of log-odds, before the message's length counts."""
    stretch: tuple[int, int]
    signs: Sequence[int]
    every_sign: Sequence[int]
    """Those of all stretches."""
    terms: float
    """The most that the terms of any stretch speak for danger."""


def weigh(model: DangerModel, text: str) -> Weighed:
    """Weighs a message in plain form: the whole of it, and the stretches of a long one; the most alarming counts."""
    read = text[:READ_CHARACTERS]
    stretches = _stretches(read)
    # Most calls are short: a table of one row is not worth its making.
    most = _whole(model, read) if len(stretches) == 1 else _most_alarming(model, read, stretches)
    first, end = most.stretch
    # No sign that is there speaks for danger by itself, and the words no more than silence.
    speaks = any(model.alone.item(sign) > 0 for sign in most.every_sign)
    quiet = not read.strip() or (not speaks and 0 != most.terms <= _SILENCE)
    chance = round(_chance(most.margin - doublings(len(text))), 4)
    return Weighed(chance, _numbers(model, most.signs), read[first:end], len(text), quiet)


def _whole(model: DangerModel, text: str) -> _Most:
    """A message that is one stretch."""
    signs = sorted({sign for word in find_all(model.phrases, text) for sign in model.signs[word.phrase]})
    terms = _by_terms_alone(model, text)
    alone = sum(map(model.alone.item, signs))
    beside = sum(model.beside.item(*pair) for pair in combinations(signs, 2))
    return _Most(model.start + terms + alone + _BESIDE * beside, (0, len(text)), signs, signs, terms)


def _most_alarming(model: DangerModel, text: str, stretches: Sequence[tuple[int, int]]) -> _Most:
    signs, terms = _by_signs(model, text, stretches), _by_terms(model, text, stretches)
    margins = model.start + terms + signs @ model.alone + ((signs @ model.beside) * signs).sum(axis=1) * _BESIDE
    margins[1:] -= _STRETCH_COSTS
    best = int(margins.argmax())
    of_best, of_any = (np.flatnonzero(row).tolist() for row in (signs[best], signs.sum(axis=0)))
    return _Most(float(margins[best]), stretches[best], of_best, of_any, float(terms.max()))


def _stretches(text: str) -> list[tuple[int, int]]:
    """The whole, and when it is long its clauses, as many together as fill a window, each window half over the one before.

    Of each where it begins and ends.
    """
    found: list[tuple[int, int]] = [(0, len(text))]
    if len(text) <= WINDOW * 3 // 2:
        return found
    clauses = [clause.span() for clause in _CLAUSES.finditer(text)]
    first = 0
    for last, (_, end) in enumerate(clauses):
        start = clauses[first][0]
        if end - start >= WINDOW or last + 1 == len(clauses):
            found.append((start, min(end, start + WINDOW * 2)))
            while first <= last and end - clauses[first][0] > WINDOW // 2:
                first += 1
    return found


def _by_terms(model: DangerModel, text: str, stretches: Sequence[tuple[int, int]]) -> Floats:
    """What the terms of each stretch speak for danger together; a term counts once a stretch.

    Every term is looked up once: where it stands, and where the same one stood before, say in which stretches it counts.
    """
    letters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.int64)
    pairs = letters[:-1] | letters[1:] << _LETTER
    codes = np.concatenate((letters, pairs, pairs[:-1] | letters[2:] << 2 * _LETTER))
    place = model.terms.searchsorted(codes)
    place[place == len(model.terms)] = 0
    (at,) = (model.terms[place] == codes).nonzero()
    number = place[at]
    # Terms of one, two and three characters follow each other.
    size = 1 + (at >= len(text)) + (at >= 2 * len(text) - 1)
    start = at - np.array((0, 0, len(text), 2 * len(text) - 1))[size]
    before, end = _stood_before(number, start), start + size
    first, stop = np.array(stretches).T[:, :, None]
    counts = ((before < first) & (start >= first) & (end <= stop)).astype(float)
    sums = counts @ model.weights[number]
    return sums[:, 1] * _TERM / np.maximum(np.sqrt(sums[:, 0]), 1e-9)


def _by_terms_alone(model: DangerModel, text: str) -> float:
    """The same for a text that is one stretch."""
    pairs = [*map(add, text, text[1:])]
    terms = dict.fromkeys((*text, *pairs, *map(add, pairs, text[2:])))
    squares, speaks = model.weights[[place for term in terms if (place := model.places.get(term)) is not None]].sum(axis=0).tolist()
    return speaks * _TERM / max(sqrt(squares), 1e-9)


def _stood_before(number: Codes, start: Codes) -> Codes:
    """Where each term stood the time before; -1 where it is the first time. The same terms come in the order of the text."""
    order = number.argsort(kind="stable")
    same = number[order[1:]] == number[order[:-1]]
    before = np.full(len(number), -1)
    before[order[1:][same]] = start[order[:-1][same]]
    return before


def _by_signs(model: DangerModel, text: str, stretches: Sequence[tuple[int, int]]) -> Floats:
    """Stretches by signs: 1 where the stretch has the sign."""
    there = [(word.start, word.end, sign) for word in find_all(model.phrases, text) for sign in model.signs[word.phrase]]
    found = np.zeros((len(stretches), len(model.alone)))
    if there:
        start, end, sign = np.array(there).T
        for row, (first, stop) in enumerate(stretches):
            found[row, sign[(start >= first) & (end <= stop)]] = 1.0
    return found


def _code(term: str) -> int:
    """One to three characters as one number; a character takes 21 bits."""
    return sum(ord(letter) << _LETTER * place for place, letter in enumerate(term))


def _hear(phrases: Phrases, signs: dict[str, tuple[int, ...]], text: str) -> _Heard:
    found = {sign for word in find_all(phrases, text) for sign in signs[word.phrase]}
    grams = {*text, *map(add, text, text[1:]), *(text[at : at + 3] for at in range(len(text) - 2))}
    return _Heard(frozenset(grams), tuple(sorted(found)))


def _chance(margin: float) -> float:
    return 1 / (1 + exp(-max(-30.0, min(30.0, margin))))


def doublings(length: int) -> float:
    """How often a message of so many characters is twice as long as one that may still be a cry for help."""
    return log2(max(1, length / _LONG_FROM))


def log_odds(chance: Floats) -> Floats:
    """Chances on the scale on which they add up; within 1 in 10,000 of never and always."""
    near = np.clip(chance, 1e-4, 1 - 1e-4)
    return np.log(near / (1 - near))


def _numbers(model: DangerModel, signs: Sequence[int]) -> tuple[str, ...]:
    margins = {desk.number: desk.start + sum(desk.alone[sign] for sign in signs) for desk in model.desks}
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
        found.append(Desk(number, start, tuple(coefficients.tolist())))
    return tuple(found)
