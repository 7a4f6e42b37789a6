"""Which units are likely to dispute: how often each says of a ticket that it is not its own. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from math import sqrt
from typing import Final

from yixian.disputes.model import UnitRecord

WINDOW: Final = timedelta(days=90)

Z: Final = 1.959964
"""Of the normal distribution, for 95 %."""


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share `hits / of` (E. B. Wilson, 1927); honest for small numbers, where the plain one is not.

    Nothing seen yet says nothing: (0, 1).
    """
    if not of:
        return 0.0, 1.0
    share, spread = hits / of, Z * Z / of
    centre = share + spread / 2
    half = Z * sqrt((share * (1 - share) + spread / 4) / of)
    return max(0.0, (centre - half) / (1 + spread)), min(1.0, (centre + half) / (1 + spread))


def records(led: Mapping[str, int], doubted: Mapping[str, int]) -> tuple[UnitRecord, ...]:
    """Units that doubted anything, by the lower end of the interval: who is surely high stands before who may be.

    `led`: tickets that each unit was given; `doubted`: how many of these it returned or objected to.
    """
    found = [_record(unit, max(led.get(unit, 0), hits), hits) for unit, hits in doubted.items() if hits]
    return tuple(sorted(found, key=lambda r: (-r.low, r.unit)))


def _record(unit: str, led: int, doubted: int) -> UnitRecord:
    low, high = wilson(doubted, led)
    return UnitRecord(unit, led, doubted, 100 * doubted / led, 100 * low, 100 * high)
