"""How sure is sure enough: the gate with a stated guarantee.

For a target accuracy the gate keeps the largest share of messages for which the target is proven at the level asked for. Looking at
many thresholds and taking the best would prove too much by luck; so each threshold is a hypothesis ("what passes here is wrong more
often than the target allows"), tested exactly (binomial), from strict to lax along a sequence that ends at the first one that cannot be
refused (Angelopoulos et al. 2021, "Learn then Test"; fixed-sequence testing after Bauer 1991). Where to begin is read from the
confidences alone, not from what was right: where they promise the target with some reserve, and once more at the surest, which share
the level between them. The statement that then holds, at the level asked for: of messages like those it was set on, at least the
target's share of what passes is right.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]

LEVEL: Final = 0.95
STARTS: Final = ((4.0, 0.9), (float("inf"), 0.1))
"""The reserve with which a sequence begins, in standard errors, and its part of the level; the last begins with as few as could prove
the target at all."""
STEP: Final = 0.01
"""Between neighbouring thresholds, of all messages."""
ENOUGH: Final = 1.5
"""A class has a gate of its own when it has so many times as many messages as could just prove the target."""


class Gate(msgspec.Struct, frozen=True):
    """The confidence from which one acts alone."""

    target: float
    level: float
    threshold: float
    """Infinity when no part holds the target; then nothing is done without a person."""
    by_class: dict[str, float] = {}
    """Classes with enough messages to have their own; the others fall back to `threshold`."""

    def of(self, name: str) -> float:
        """The confidence asked for when this class is meant."""
        return self.by_class.get(name, self.threshold)


def provable(target: float, level: float = LEVEL) -> int:
    """As few messages as could prove the target: all of them right."""
    return math.ceil(math.log(1 - level) / math.log(target))


def threshold(confidences: Floats, correct: Bools, target: float, level: float = LEVEL) -> float:
    """The lowest confidence from which the target is proven; infinity when it is nowhere.

    Args:
        confidences, correct: of messages that were not trained on, and whether each was right.
    """
    from scipy.stats import binom

    order = np.argsort(-confidences, kind="stable")
    ranked, wrong = confidences[order], np.cumsum(~correct[order])
    # Equal confidences go or stay together.
    ends = np.flatnonzero(np.append(ranked[:-1] > ranked[1:], True)) + 1 if len(ranked) else np.zeros(0, dtype=np.intp)
    least = min(provable(target, 1 - (1 - level) * part) for _, part in STARTS)
    if not len(ends) or ends[-1] < least:
        return math.inf
    steps = _steps(ends, len(ranked), least)
    chance = binom.cdf(wrong[steps - 1], steps, 1 - target)
    promised = np.cumsum(ranked)[steps - 1] / steps
    reserve = (promised - target) / np.sqrt(promised * (1 - promised) / steps + 1e-12)
    reached = 0
    for wanted, part in STARTS:
        promising = np.flatnonzero(reserve >= wanted)
        first = int(promising[-1]) if len(promising) else 0
        stops = np.flatnonzero(chance[first:] > (1 - level) * part)
        last = first + int(stops[0]) if len(stops) else len(steps)
        if last > first:
            reached = max(reached, int(steps[last - 1]))
    return float(ranked[reached - 1]) if reached else math.inf


def _steps(ends: Ints, whole: int, least: int) -> Ints:
    """How many messages each threshold keeps: `least` and every hundredth, where no two equal confidences are parted."""
    wanted = np.arange(least, whole + 1, max(1, round(STEP * whole)))
    return np.unique(ends[np.minimum(np.searchsorted(ends, wanted), len(ends) - 1)])


def set_gate(
    confidences: Floats, correct: Bools, said: Ints, classes: tuple[str, ...], target: float, level: float = LEVEL, *, each: bool = False
) -> Gate:
    """The gate for all, and with `each` one of its own for every class that has enough messages.

    Args:
        said: for each message the number of the class that was said.
    """
    common = threshold(confidences, correct, target, level)
    if not each:
        return Gate(target, level, common)
    enough = ENOUGH * provable(target, level)
    own = {
        classes[number]: threshold(confidences[mine], correct[mine], target, level)
        for number in range(len(classes))
        if (mine := said == number).sum() >= enough
    }
    rest = ~np.isin(said, [number for number, name in enumerate(classes) if name in own])
    # What has no gate of its own is proven together, without the classes that have.
    return Gate(target, level, threshold(confidences[rest], correct[rest], target, level) if own else common, own)


def passes(gate: Gate, classes: tuple[str, ...], said: Ints, confidences: Floats) -> Bools:
    """Which messages the gate lets through."""
    asked = np.array([gate.of(name) for name in classes])
    return confidences >= asked[said]
