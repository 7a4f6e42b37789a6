"""A model out of examples: which of them teach words, how well it reads what it has not seen, and from where it may act alone. Pure.

Figures are by cross-validation: each example is read by a reader that was taught by the other folds only. Messages of the same words
stand in the same fold, so that nobody is praised for knowing by heart. Examples are tickets as people settled them, those of
dispatchers and those that were dispatched at once alike: what the gate is set on is what comes in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from hashlib import blake2b, sha256
from typing import Final
from uuid import UUID

import msgspec
import numpy as np
from numpy.typing import NDArray

from yixian.city.inforce import City
from yixian.city.model import Audience, Pack
from yixian.city.responsibility import Assignment
from yixian.dispatch import evaluation, gate, guarantee
from yixian.dispatch.guarantee import Gate
from yixian.language import service as language
from yixian.language.model import Reading, Taught
from yixian.language.service import Reader, compile_reader
from yixian.learning.model import Correction, Figures, Source

FOLDS: Final = 5
LEAST: Final = 10
"""Fewer examples say nothing about how well a model reads."""
RULES: Final = "1"
"""Changes when training does: the same examples then make another model."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Lessons(msgspec.Struct, frozen=True):
    """What corrections teach about words."""

    corrections: tuple[Correction, ...]
    taught: tuple[Taught, ...]
    """One each, in the same order."""
    relabelled: int
    unused: int


class Trained(msgspec.Struct, frozen=True):
    """A model's insides and how well it does."""

    lessons: Lessons
    gate: Gate | None
    with_model: Figures | None
    pack_alone: Figures | None


class _Seen(msgspec.Struct, frozen=True):
    """What readers that had not seen the messages said of them."""

    chances: Floats
    """That the first unit is right, as the reader has it."""
    confidences: Floats
    """The same for what may be dispatched at once; 0 for the rest, however sure it is."""
    right: Bools
    unit3: Bools
    matter1: Bools
    matter3: Bools
    said: tuple[str, ...]
    """The matter that stood first; empty: none."""


def train(city: City, corrections: Sequence[Correction], on: date, done: Callable[[int], None] = lambda _n: None) -> Trained:
    """Makes a model. About four seconds of one core a fold for a large city. `done`: told how many of `FOLDS + 1` steps are over.

    The same corrections and city give the same model.
    """
    alone = compile_reader(city.pack)
    readings = [_read(alone, c) for c in corrections]
    lessons = teach(city, corrections, readings, on)
    done(1)
    kept = {c.id for c in lessons.corrections}
    first = [reading for c, reading in zip(corrections, readings, strict=True) if c.id in kept]
    if len(lessons.taught) < LEAST:
        return Trained(lessons, None, None, None)
    folds = np.array([fold_of(t.text) for t in lessons.taught])
    left_out: list[Reading] = list(first)
    for fold in range(FOLDS):
        inside = [t for t, f in zip(lessons.taught, folds, strict=True) if f != fold]
        outside = np.flatnonzero(folds == fold).tolist()
        if outside:
            reader = compile_reader(city.pack, inside)
            for n in outside:
                left_out[n] = _read(reader, lessons.corrections[n])
        done(fold + 2)
    seen = _see(city, lessons, left_out, on)
    target = city.pack.gate.target
    return Trained(
        lessons,
        gate_of(seen.confidences, seen.right, seen.said, target),
        _figures(seen, folds, target),
        _figures(_see(city, lessons, first, on), folds, target),
    )


def digest(pack: Pack, lessons: Lessons) -> str:
    """The same for the same model."""
    whole = sha256(f"{RULES} {pack_digest(pack)} ".encode())
    for correction, taught in zip(lessons.corrections, lessons.taught, strict=True):
        whole.update(f"{correction.id} {taught.matter} {taught.language} {taught.weight}\n".encode())
    return whole.hexdigest()


def pack_digest(pack: Pack) -> str:
    """The same for the same city: words, list, gate."""
    return blake2b(msgspec.json.encode(pack, order="deterministic"), digest_size=16).hexdigest()


def fold_of(text: str) -> int:
    """In which fold a text stands: by its letters alone, so that equal words stand together."""
    letters = "".join(c for c in text.casefold() if c.isalpha())
    return int.from_bytes(blake2b(letters.encode(), digest_size=4).digest()) % FOLDS


# -- What an example teaches -------------------------------------------------------------------------------------


def teach(city: City, corrections: Sequence[Correction], readings: Sequence[Reading], on: date) -> Lessons:
    """The matter for which each correction's words speak. `readings`: by the city pack alone.

    Where somebody named only another unit, and the list has that unit for another matter that the words fit, it is that matter. Where
    the list names another unit for the matter, however the words are read, nothing is learned about words: the list is to be looked at.
    """
    leaves = {leaf.code for leaf in city.leaves}
    kept: list[Correction] = []
    taught: list[Taught] = []
    relabelled = 0
    for correction, reading in zip(corrections, readings, strict=True):
        matter = _matter(city, correction, reading, on)
        if matter is None or matter not in leaves:
            continue
        relabelled += matter != correction.matter
        kept.append(correction)
        taught.append(Taught(matter, whole_text(correction), reading.language, correction.weight))
    return Lessons(tuple(kept), tuple(taught), relabelled, len(corrections) - len(kept))


def whole_text(correction: Correction) -> str:
    """Title and text in one, as an example of the pack is one."""
    return f"{correction.title}。{correction.text}" if correction.title else correction.text


def _matter(city: City, correction: Correction, reading: Reading, on: date) -> str | None:
    if correction.matter != correction.suggested_matter and correction.suggested_matter is not None:
        return correction.matter  # somebody named it
    if unit_of(city, correction.matter, correction, reading, on) in (None, correction.unit):
        return correction.matter
    others = (guess.matter for guess in reading.matters if guess.matter != correction.matter)
    return next((m for m in others if unit_of(city, m, correction, reading, on) == correction.unit), None)


def unit_of(city: City, matter: str, correction: Correction, reading: Reading, on: date) -> str | None:
    """Whom the list names for `matter` where the correction's ticket is; None when it names nobody."""
    found = city.register.resolve(matter, correction.region, correction.audience, reading.night, reading.text, on)
    return found.lead if isinstance(found, Assignment) else None


# -- How well it reads -------------------------------------------------------------------------------------------


def _read(reader: Reader, correction: Correction) -> Reading:
    who = Audience.FIRM if correction.audience is Audience.FIRM else None
    return language.read(reader, correction.text, correction.title, who)[0]


def _see(city: City, lessons: Lessons, readings: Sequence[Reading], on: date) -> _Seen:
    anything = Gate(city.pack.gate.target, guarantee.LEVEL, 0.0)
    decided = [gate.decide(r, city, on, region=c.region, gate=anything) for c, r in zip(lessons.corrections, readings, strict=True)]
    units = [c.unit for c in lessons.corrections]
    matters = [t.matter for t in lessons.taught]
    return _Seen(
        chances=np.array([d.suggestions[0].score if d.suggestions and d.suggestions[0].unit else 0.0 for d in decided]),
        confidences=np.array([d.confidence if d.sure else 0.0 for d in decided]),
        right=np.array([bool(d.suggestions) and d.suggestions[0].unit == u for d, u in zip(decided, units, strict=True)]),
        unit3=np.array([any(s.unit == u for s in d.suggestions) for d, u in zip(decided, units, strict=True)]),
        matter1=np.array([m in [g.matter for g in r.matters[:1]] for r, m in zip(readings, matters, strict=True)]),
        matter3=np.array([m in [g.matter for g in r.matters[:3]] for r, m in zip(readings, matters, strict=True)]),
        said=tuple(d.suggestions[0].matter if d.suggestions else "" for d in decided),
    )


def gate_of(confidences: Floats, right: Bools, said: Sequence[str], target: float) -> Gate | None:
    """The gate for all matters, with one of its own for those that have enough examples; None when there are too few examples to prove it.

    Its guarantee is that of `dispatch.guarantee`: on messages like these, at least `target` of what passes is right, at 95 %.
    """
    if len(confidences) < guarantee.provable(target):
        return None
    classes = tuple(sorted(set(said)))
    number = {name: n for n, name in enumerate(classes)}
    return guarantee.set_gate(confidences, right, np.array([number[s] for s in said]), classes, target, each=True)


def _figures(seen: _Seen, folds: NDArray[np.int64], target: float) -> Figures:
    kept = _kept(seen, folds, target)
    hits, n = int(seen.right[kept].sum()), int(kept.sum())
    return Figures(
        n=len(seen.right),
        unit_top1=_share(seen.right),
        unit_top3=_share(seen.unit3),
        matter_top1=_share(seen.matter1),
        matter_top3=_share(seen.matter3),
        calibration_error=evaluation.calibration_error(evaluation.reliability(seen.chances, seen.right)),
        kept=n,
        coverage=round(n / len(seen.right), 4),
        accuracy_kept=round(hits / n, 4) if n else None,
        accuracy_bound=round(surely(hits, n), 4) if n else None,
    )


def _kept(seen: _Seen, folds: NDArray[np.int64], target: float) -> Bools:
    """What a gate lets through that was set on the other folds alone."""
    kept = np.zeros(len(seen.right), dtype=bool)
    for fold in range(FOLDS):
        inside, outside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        own = gate_of(seen.confidences[inside], seen.right[inside], [seen.said[n] for n in inside], target)
        if own is not None:
            kept[outside] = [seen.confidences[n] >= max(own.of(seen.said[n]), 1e-9) for n in outside]
    return kept


def surely(hits: int, of: int, level: float = guarantee.LEVEL) -> float:
    """What a share of `hits / of` surely reaches: the exact lower bound at `level` (Clopper and Pearson 1934, one-sided)."""
    from scipy.stats import beta

    return float(beta.ppf(1 - level, hits, of - hits + 1)) if hits else 0.0


def _share(these: Bools) -> float:
    return round(float(these.mean()), 4) if len(these) else 0.0


def by_source(lessons: Lessons) -> dict[str, int]:
    """How many examples came from where."""
    counted = Counter(c.source for c in lessons.corrections)
    return {source.value: counted[source] for source in Source if counted[source]}


def identified(lessons: Lessons) -> list[tuple[UUID, Taught]]:
    """Each example with the correction that it came from."""
    return [(c.id, t) for c, t in zip(lessons.corrections, lessons.taught, strict=True)]
