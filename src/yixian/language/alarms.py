"""Alarms heard a second time: whether words that sound like an emergency mean one.

Among the messages that the words raise an alarm for (`danger`), a support vector machine over what they mean tells emergencies from the
rest. It is taught by the pack's triage examples and those ordinary ones that words alone find alarming. When it counts as sure that
nobody is in danger is set by messages it was not taught: at most `LOST` of the emergencies lie below. The worker asks it, never a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from yixian.city.model import Danger, Pack
from yixian.language.danger import Weighed, compile_danger, doublings, log_odds, weigh
from yixian.language.learned import folds_of
from yixian.language.meaning import Vectors, centred
from yixian.language.normalise import normalise
from yixian.language.service import Reader

Floats = NDArray[np.float64]

LOST: Final = 0.005
"""The share of emergencies that may be stood down, at most."""
FOLDS: Final = 5
_COST: Final = 3.0
"""How far the machine may bend for one example."""
_NEAR: Final = 3.0
"""How fast likeness fades with distance. Two to four are alike good."""
_WORDS: Final = 0.07
"""How much one log-odd of the words counts beside the meaning, whose vectors are of length 1."""
_EMERGENCY: Final = 3.0
"""How much an emergency weighs against one that is none: there are three times fewer."""
_LETTER: Final = 0.03
"""What each doubling of a long message costs (see `danger`): who is in danger writes no long letters. The score goes from about -1 to 1."""
_ALIKE: Final = 2 / 3
"""What words find at least so alarming, as a share of the pack's `ask`, is learned from; the rest is never asked about."""


class AlarmModel(msgspec.Struct, frozen=True):
    """What tells emergencies from what only sounds like one."""

    mean: Vectors
    known: Floats
    """The examples that it goes by: examples by features."""
    weights: Floats
    start: float
    calm: float
    """Below this score nobody is in danger, for sure."""
    raised: float
    """From this score on somebody may be, although the words did not say so."""


class Heard(msgspec.Struct, frozen=True):
    """What the second hearing makes of a message."""

    score: float
    """The higher the more like an emergency; comparable only within one model."""
    calm: bool
    """Nobody is in danger, for sure."""
    alarming: bool
    """Somebody may be, even where the words did not say so."""


class _Lessons(msgspec.Struct, frozen=True):
    """The examples: emergencies and harmless ones of the triage examples, then the ordinary ones."""

    texts: tuple[str, ...]
    truth: NDArray[np.bool_]
    fold: NDArray[np.intp]
    cost: Floats
    """Of each for its length."""
    chance: Floats
    """Of each, as its words are weighed by what the other folds teach."""


def texts_of(pack: Pack, reader: Reader) -> tuple[str, ...]:
    """The texts whose vectors are needed beside those of the ordinary examples (`second.texts_of`), none twice."""
    danger = pack.triage.danger
    return () if danger is None else tuple(dict.fromkeys(normalise(plea.text, reader.noise) for plea in danger.examples))


def compile_alarms(pack: Pack, reader: Reader, vectors: Mapping[str, NDArray[np.float32]]) -> AlarmModel | None:
    """Learns; about ten seconds of one core for 7,000 examples. None when the pack has too few triage examples.

    `vectors`: of all `texts_of(pack, reader)` and of the text of each of the pack's examples.

    Raises:
        KeyError: a vector is missing.
    """
    danger = pack.triage.danger
    if danger is None or reader.danger is None or min(_sorts(danger)) < FOLDS:
        return None
    lessons = _lessons(pack, reader)
    meant = np.stack([vectors[text] for text in lessons.texts])
    mean = meant.mean(axis=0)
    features = _features(centred(meant, mean), lessons.chance)
    useful = lessons.truth | (lessons.chance >= danger.ask * _ALIKE)
    score = np.zeros(len(features))
    for fold in range(FOLDS):
        own = lessons.fold == fold
        known, weights, start = _fit(features[useful & ~own], lessons.truth[useful & ~own])
        score[own] = _scores(known, weights, start, features[own])
    score -= lessons.cost
    known, weights, start = _fit(features[useful], lessons.truth[useful])
    # What is like nothing that was taught scores `start`; that is never sure, nor is what the machine takes for an emergency.
    calm = min(_calm(score, lessons, danger.ask), start, 0.0)
    return AlarmModel(mean, known, weights, start, calm, max(calm, _raised(score, lessons, danger.ask)))


def hear(model: AlarmModel, weighed: Weighed, vector: NDArray[np.float32]) -> Heard:
    """What a message means for the alarm. `vector`: of `weighed.words`."""
    features = _features(centred(vector[None], model.mean), np.array([weighed.chance]))
    score = float(_scores(model.known, model.weights, model.start, features)[0]) - _LETTER * doublings(weighed.length)
    return Heard(score, score < model.calm, score >= model.raised)


def _sorts(danger: Danger) -> tuple[int, int]:
    emergencies = sum(plea.emergency for plea in danger.examples)
    return emergencies, len(danger.examples) - emergencies


def _lessons(pack: Pack, reader: Reader) -> _Lessons:
    danger = pack.triage.danger
    assert danger is not None, "looked at before"
    pleas = tuple(normalise(plea.text, reader.noise) for plea in danger.examples)
    ordinary = tuple(example.text for example in pack.examples)
    truth = np.array([*(plea.emergency for plea in danger.examples), *(False for _ in ordinary)])
    fold = np.concatenate([folds_of(truth[: len(pleas)].astype(np.intp), FOLDS, seed=1), np.arange(len(ordinary)) % FOLDS])
    plain = (*pleas, *(normalise(text, reader.noise) for text in ordinary))
    chance = np.zeros(len(plain))
    for number in range(FOLDS):
        inside, outside = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        taught = msgspec.structs.replace(danger, examples=tuple(danger.examples[n] for n in inside if n < len(pleas)))
        model = compile_danger(taught, [ordinary[n - len(pleas)] for n in inside if n >= len(pleas)], reader.noise)
        assert model is not None, "each fold leaves both sorts"
        chance[outside] = [weigh(model, plain[n]).chance for n in outside]
    cost = _LETTER * np.array([doublings(len(text)) for text in plain])
    return _Lessons((*pleas, *ordinary), truth, fold, cost, chance)


def _features(meant: Vectors, chance: Floats) -> Floats:
    return np.column_stack([meant, _WORDS * log_odds(chance)]).astype(np.float64)


def _fit(features: Floats, truth: NDArray[np.bool_]) -> tuple[Floats, Floats, float]:
    from sklearn.svm import SVC

    weight = np.where(truth, _EMERGENCY, 1.0)
    machine = SVC(C=_COST, gamma=_NEAR).fit(features, truth, sample_weight=weight)  # pyright: ignore[reportArgumentType]  # may be a number
    return machine.support_vectors_, machine.dual_coef_[0], float(machine.intercept_[0])


def _scores(known: Floats, weights: Floats, start: float, features: Floats) -> Floats:
    distance = (features**2).sum(axis=1)[:, None] + (known**2).sum(axis=1) - 2 * features @ known.T
    return np.exp(-_NEAR * np.maximum(distance, 0.0)) @ weights + start


def _calm(score: Floats, lessons: _Lessons, ask: float) -> float:
    """The score that at most `LOST` of the emergencies that words raise an alarm for lie below.

    Too few of them can prove no such share: then nothing is ever stood down.
    """
    heard = np.sort(score[lessons.truth & (lessons.chance >= ask)])
    allowed = int(LOST * lessons.truth.sum())
    return float(heard[allowed]) if 1 <= allowed < len(heard) else -np.inf


def _raised(score: Floats, lessons: _Lessons, ask: float) -> float:
    """The score that no more than `LOST` of what is harmless and not asked about reaches."""
    quiet = np.sort(score[~lessons.truth & (lessons.chance < ask)])
    return float(quiet[-1 - int(LOST * len(quiet))]) if len(quiet) else np.inf
