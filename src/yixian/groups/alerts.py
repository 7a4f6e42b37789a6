"""When a group is reported to the supervisors. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Final

from yixian.groups.model import Telling

CALLERS: Final = 5
WITHIN: Final = timedelta(hours=72)
"""Five different callers about one event within 72 hours (domain sheet: group rule)."""

LONGEST: Final = 10


def levels() -> Iterator[int]:
    """5, 10, 20, 50, 100, 200, 500 and so on: each is worth a word once."""
    yield CALLERS
    for power in range(1, LONGEST):
        yield from (10**power, 2 * 10**power, 5 * 10**power)


def reached(tellings: Sequence[Telling], raised: int) -> int:
    """The highest level that is reached and was not reported yet; 0 when there is none.

    The first level counts callers within 72 hours; the later ones all there ever were. Who cannot be told apart from others counts
    for nobody here: one person could ring five times.
    """
    if not raised and most_within(tellings) < CALLERS:
        return 0
    callers = len({t.caller for t in tellings if t.caller})
    return max((level for level in levels() if raised < level <= callers), default=0)


def most_within(tellings: Iterable[Telling]) -> int:
    """The most different callers in any 72 hours."""
    ordered = sorted((t for t in tellings if t.caller), key=lambda t: t.at)
    most = start = 0
    inside: dict[object, int] = {}
    for telling in ordered:
        inside[telling.caller] = inside.get(telling.caller, 0) + 1
        while telling.at - ordered[start].at > WITHIN:
            gone = ordered[start].caller
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
            start += 1
        most = max(most, len(inside))
    return most
