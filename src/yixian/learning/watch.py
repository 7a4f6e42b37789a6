"""Whether a matter's live precision has fallen below the target: a sequential test that may be looked at after every ticket. Pure.

Looking again and again at a plain interval finds something sooner or later, by luck. So evidence is counted as an e-process: a bet
against "at least the target's share is right" that nobody can expect to win while that is so; by Ville's inequality (1939) its wealth
reaches 1/ALPHA = 20 with a chance of at most ALPHA = 5 %, *ever*, for each round of a matter's watch (Ramdas et al. 2023, "Game-theoretic
statistics and safe anytime-valid inference"; Wald's SPRT of 1945 is the special case of one bet). The bet is spread

- over how bad it may be: two, four or eight times as many wrong ones as the target allows. What lies between the target and twice its
  wrong ones (at 97 %: between 94 % and 97 %) is the zone of indifference: there the test may or may not ever speak;
- over when it began: at the start, or at any later block of 25 tickets (weights 1/(k (k + 1)) for block k = 1, 2, …, which add up to 1), so
  that a long good time does not hide a bad one after it.

A mixture of such bets, each of which waits with its wealth untouched until it begins, is such a bet again.

Returns come within a day, answers after many: counting only what is settled would see wrong ones first, and speak too early. So a
ticket counts as right until it is known to be wrong. Wealth only rises when a right one turns wrong: what is counted is never more than
what would be counted if everything were known, in the order of dispatch, and the 5 % hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf, log
from typing import Final

import msgspec

BLOCK: Final = 25
"""Tickets."""
ALPHA: Final = 0.05
"""The chance of ever suspending a matter that holds the target, for each round of its watch."""
TIMES: Final = (2.0, 4.0, 8.0)
"""How many times as many wrong ones as the target allows."""
WORST: Final = 0.9
"""No bet is on more wrong ones than this share."""


class Bet(msgspec.Struct, frozen=True):
    """One supposed share of wrong ones: what a right and a wrong ticket add to the logarithm of its wealth."""

    right: float
    wrong: float


def bets(target: float) -> tuple[Bet, ...]:
    """The bets against `target`, the share that is to be right (0 to 1, both excluded)."""
    allowed = 1 - target
    supposed = [min(WORST, times * allowed) for times in TIMES if allowed < WORST]
    return tuple(Bet(log((1 - bad) / target), log(bad / allowed)) for bad in supposed)


def evidence(blocks: Sequence[tuple[int, int]], target: float) -> float:
    """The wealth of the bet against `target`: tickets and known wrong ones of each block, in the order of dispatch. It begins at 1."""
    against = bets(target)
    if not against:
        return 1.0
    count = len(blocks)
    # What has not begun keeps its stake: all bets on later blocks than there are.
    logs = [log(1 / (count + 1))]
    gained = [0.0] * len(against)
    for k in range(count, 0, -1):
        tickets, wrongs = blocks[k - 1]
        for n, bet in enumerate(against):
            gained[n] += (tickets - wrongs) * bet.right + wrongs * bet.wrong
            logs.append(gained[n] - log(k * (k + 1) * len(against)))
    most = max(logs)
    whole = most + log(sum(exp(value - most) for value in logs))
    return exp(whole) if whole < 700 else inf


def speaks(blocks: Sequence[tuple[int, int]], target: float) -> bool:
    """Whether the matter is to be suspended."""
    return evidence(blocks, target) >= 1 / ALPHA


MOST_EVIDENCE: Final = 1e30
"""More is written down as this."""
