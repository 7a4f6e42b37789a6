from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from yixian.dispatch.guarantee import Gate, passes, provable, set_gate, threshold


def _stream(seed: int, n: int, honest: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Confidences, most of them high, and whether each was right, as often as it promised to the power `honest`."""
    chance = np.random.default_rng(seed)
    confidences = 1 - chance.beta(0.4, 3, n)
    return confidences, chance.random(n) < confidences**honest


def test_ninety_nine_right_ones_are_the_least_that_prove_97_percent() -> None:
    # 0.97 ** 98 = 0.0505, 0.97 ** 99 = 0.0490
    assert provable(0.97) == 99


def test_what_passes_is_right_at_the_target_as_often_as_was_promised() -> None:
    """The statement itself: set on one half, checked against the truth behind the stream, 400 times."""
    broken = 0
    for seed in range(400):
        confidences, correct = _stream(seed, 1500)
        gate = threshold(confidences, correct, 0.97)
        # The truth: how often a message that passes is right, from a stream so long that chance plays no part.
        whole = np.random.default_rng(10_000 + seed % 5)
        every = 1 - whole.beta(0.4, 3, 200_000)
        broken += every[every >= gate].mean() < 0.97 if gate < 1 else 0
    # At most 5 % may break it; 20 of 400, and room for chance.
    assert broken <= binom.ppf(0.999, 400, 0.05)


def test_the_gate_keeps_most_of_what_a_perfect_one_would() -> None:
    shares = []
    for seed in range(30):
        confidences, correct = _stream(seed, 5000)
        ranked = np.cumsum(correct[np.argsort(-confidences)]) / np.arange(1, 5001)
        perfect = np.flatnonzero(ranked >= 0.97)[-1] + 1
        shares.append((confidences >= threshold(confidences, correct, 0.97)).sum() / perfect)
    assert np.mean(shares) > 0.85


def test_boastful_confidences_do_not_fool_it() -> None:
    confidences, correct = _stream(3, 4000, honest=6)
    kept = confidences >= threshold(confidences, correct, 0.97)
    assert not kept.any() or correct[kept].mean() >= 0.97


def test_too_few_messages_prove_nothing() -> None:
    assert threshold(np.linspace(1, 0.9, 98), np.ones(98, dtype=bool), 0.97) == math.inf
    assert threshold(np.array([]), np.array([], dtype=bool), 0.97) == math.inf
    assert threshold(np.linspace(1, 0.99, 300), np.ones(300, dtype=bool), 0.97) == pytest.approx(0.99, abs=0.001)


def test_equal_confidences_stay_together() -> None:
    confidences = np.concatenate([np.full(400, 0.99), np.full(100, 0.5)])
    correct = np.concatenate([np.ones(400, dtype=bool), np.arange(100) < 50])
    assert threshold(confidences, correct, 0.97) == 0.99


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=400), st.floats(0.6, 0.99))
def test_a_threshold_never_lets_through_more_wrong_ones_than_the_target(said: list[tuple[float, bool]], target: float) -> None:
    confidences = np.array([c for c, _ in said])
    correct = np.array([r for _, r in said], dtype=bool)
    kept = confidences >= threshold(confidences, correct, target)
    assert not kept.any() or correct[kept].mean() >= target


def test_a_class_with_enough_messages_has_its_own_gate_and_the_others_fall_back() -> None:
    chance = np.random.default_rng(5)
    said = np.repeat([0, 1, 2], [2000, 2000, 40])
    confidences = chance.uniform(0.9, 1, len(said))
    # Class 0 is right as often as it says, class 1 only every second time.
    correct = np.where(said == 1, chance.random(len(said)) < 0.5, chance.random(len(said)) < 0.995)
    gate = set_gate(confidences, correct, said, ("a", "b", "c"), 0.97, each=True)
    assert gate.by_class["a"] < 0.92
    assert gate.by_class["b"] == math.inf
    # Forty messages prove nothing, and no other small class helps.
    assert "c" not in gate.by_class and gate.of("c") == gate.threshold == math.inf
    kept = passes(gate, ("a", "b", "c"), said, confidences)
    assert kept[said == 0].mean() > 0.8 and not kept[said != 0].any()


def test_without_classes_of_their_own_all_share_one_gate() -> None:
    confidences, correct = _stream(1, 3000)
    gate = set_gate(confidences, correct, np.zeros(3000, dtype=np.intp), ("a",), 0.97)
    assert gate == Gate(0.97, 0.95, threshold(confidences, correct, 0.97))
