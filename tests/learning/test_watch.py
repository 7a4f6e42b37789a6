"""The sequential test, by simulation with fixed seeds, and what it does when it speaks."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from yixian.learning import watch

ROUNDS = 300
LONG = 4000


def first_alarm(wrongs: np.ndarray, target: float) -> int | None:
    """After how many tickets the test speaks; it is asked after every block, and in the middle of each."""
    counts = wrongs.reshape(-1, watch.BLOCK)
    blocks: list[tuple[int, int]] = []
    for number, block in enumerate(counts):
        for till in (12, watch.BLOCK):
            if watch.speaks([*blocks, (till, int(block[:till].sum()))], target):
                return number * watch.BLOCK + till
        blocks.append((watch.BLOCK, int(block.sum())))
    return None


def simulated(precision: float, target: float, tickets: int, rounds: int, seed: int) -> list[int | None]:
    chance = np.random.default_rng(seed)
    return [first_alarm(chance.random(tickets) >= precision, target) for _ in range(rounds)]


def test_it_begins_with_a_stake_of_one_and_bets_as_computed_by_hand():
    assert watch.evidence([], 0.97) == pytest.approx(1)
    right, wrong = [np.exp(b.right) for b in watch.bets(0.97)], [np.exp(b.wrong) for b in watch.bets(0.97)]
    assert right == pytest.approx([0.94 / 0.97, 0.88 / 0.97, 0.76 / 0.97])
    assert wrong == pytest.approx([2, 4, 8])
    # One block of one wrong ticket: half of the stake waits, the other half has won 2, 4 or 8 times a third of it.
    assert watch.evidence([(1, 1)], 0.97) == pytest.approx(0.5 + 0.5 * (2 + 4 + 8) / 3)


def test_nobody_can_expect_to_win_while_the_target_holds():
    """The bets are fair at the target, and lose above it: what Ville's inequality asks for."""
    for precision in (0.97, 0.98, 1.0):
        for bet in watch.bets(0.97):
            assert precision * np.exp(bet.right) + (1 - precision) * np.exp(bet.wrong) <= 1 + 1e-12


@pytest.mark.parametrize(("target", "seed"), [(0.97, 1), (0.9, 2)])
def test_a_matter_that_just_holds_the_target_is_suspended_in_at_most_one_of_twenty_rounds_however_long(target: float, seed: int):
    alarms = [a for a in simulated(target, target, 1500, ROUNDS, seed) if a is not None]
    assert len(alarms) / ROUNDS <= watch.ALPHA


def test_a_bad_matter_is_found_soon_and_a_worse_one_sooner():
    found = {precision: simulated(precision, 0.97, LONG, 30, 3) for precision in (0.9, 0.8, 0.5)}
    assert all(a is not None for alarms in found.values() for a in alarms)
    middle = {precision: float(np.median([a for a in alarms if a])) for precision, alarms in found.items()}
    assert middle[0.9] <= 200 and middle[0.8] <= 75 and middle[0.5] <= 25


def test_a_long_good_time_does_not_hide_a_bad_one_after_it():
    good, chance = np.zeros(2000, dtype=bool), np.random.default_rng(4)
    turned = [first_alarm(np.concatenate([good, chance.random(600) >= 0.8]), 0.97) for _ in range(10)]
    assert all(a is not None and a <= 2000 + 200 for a in turned), turned


def test_what_is_still_open_counts_as_right_so_that_returns_that_come_first_prove_nothing():
    """Three wrong of a hundred is the target itself, whatever comes first."""
    early = [(25, 1)] * 4
    assert watch.evidence([(4, 4)], 0.97) > 20, "alone they would speak"
    assert watch.evidence([(100, 3)], 0.97) < 2
    assert not watch.speaks(early, 0.97)


def test_evidence_of_any_length_is_a_number():
    assert watch.evidence([(25, 25)] * 1000, 0.97) == float("inf")
    assert 0 < watch.evidence([(25, 0)] * 10_000, 0.97) < 1
    assert log(watch.evidence([(25, 0)] * 10_000, 0.97)) > -20
    assert watch.evidence([(25, 25)], 0.05) == 1.0
