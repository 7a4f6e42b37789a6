"""Several voices made one: what each is worth, and how often the whole is right, both learned from texts that no voice was taught."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from yixian.language.linear import Floats, Ints

HELD: Final = 1e-3
"""Draws the voices' weights to 0, and those of single classes ten times as much: classes are many and texts few."""
HELD_CLASS: Final = 1e-2
_STEPS: Final = 60


class Stack(msgspec.Struct, frozen=True):
    """What each voice is worth, and what each class has ahead of the voices."""

    voices: Floats
    ahead: Floats


class Honesty(msgspec.Struct, frozen=True):
    """A logistic curve over the best class's log-odds and its lead over the second: the chance that the best is right."""

    curve: Floats
    """Constant, log-odds, lead."""


def fit(heard: Floats, truth: Ints, weights: Floats) -> Stack:
    """Finds what makes the right classes likeliest (conditional logit).

    Args:
        heard: texts by classes by voices.
        weights: how much each text counts.
    """
    from scipy.optimize import minimize

    texts, classes, voices = heard.shape
    rows, share = np.arange(texts), weights / weights.sum()

    def surprise(values: Floats) -> tuple[float, Floats]:
        chances = _soft(heard @ values[:voices] + values[voices:])
        loss = -np.log(chances[rows, truth] + 1e-12) @ share + held @ values**2 / 2
        chances[rows, truth] -= 1
        chances *= share[:, None]
        slope = np.concatenate([np.einsum("tc,tcv->v", chances, heard), chances.sum(axis=0)])
        return float(loss), slope + held * values

    held = np.concatenate([np.full(voices, HELD), np.full(classes, HELD_CLASS)])
    start = np.concatenate([np.ones(voices), np.zeros(classes)])
    found = minimize(surprise, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}).x
    return Stack(found[:voices], found[voices:])


def chances(stack: Stack, heard: Floats) -> Floats:
    """Texts by classes; each row adds up to 1."""
    return _soft(heard @ stack.voices + stack.ahead)


def _soft(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def fit_honesty(found: Floats, truth: Ints, weights: Floats) -> Honesty:
    """Learns how often the best class is right."""
    from sklearn.linear_model import LogisticRegression

    right = found.argmax(axis=1) == truth
    if right.all() or not right.any():
        # Nothing to learn from: the share of right ones, as if one more of each kind had been seen.
        share = (right.sum() + 1) / (len(right) + 2)
        return Honesty(np.array([np.log(share / (1 - share)), 0.0, 0.0]))
    machine = LogisticRegression(max_iter=1000).fit(_looks(found), right, sample_weight=weights)
    return Honesty(np.array([machine.intercept_[0], *machine.coef_[0]]))


def confidence(honesty: Honesty, found: Floats) -> Floats:
    """For each text the chance that its best class is right."""
    if not len(found):
        return np.zeros(0)
    return 1 / (1 + np.exp(-(honesty.curve[0] + _looks(found) @ honesty.curve[1:])))


def _looks(found: Floats) -> NDArray[np.float64]:
    ranked = np.clip(np.sort(found, axis=1), 1e-9, 1 - 1e-9)
    best, second = ranked[:, -1], ranked[:, -2]
    return np.stack([np.log(best / (1 - best)), np.log(best / second)], axis=1)
