"""When a citizen is rung again. Pure: the ticket's page, the list of calls and the history say the same.

Three tries at different hours of the day, then a message with a link takes the place of the call (domain sheet: Jinan art. 27);
a try before its time is none: three within a minute would be one. Who does not want to be asked, and who is not there at all, is not
rung a second time.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from yixian.tickets.model import Reached

MOST: Final = 3
"""Calls that reach nobody."""

HOURS: Final = ((time(9), time(12)), (time(14), time(18)), (time(18, 30), time(20, 30)))
"""When people may be rung, by the city's clock: three different times of the day."""

AGAIN_IF_BUSY: Final = timedelta(minutes=30)

NO_USE: Final = frozenset({Reached.REFUSED, Reached.WRONG_NUMBER})
"""After these nobody rings again."""


def first_call(now: datetime, zone: ZoneInfo) -> datetime:
    """When somebody may be rung who is to be rung from now on: at once, or when the next hours begin."""
    here = now.astimezone(zone)
    return now if any(begin <= here.time() < end for begin, end in HOURS) else _next_hours(now, zone)


def next_call(now: datetime, reached: Reached, attempts: int, zone: ZoneInfo) -> datetime | None:
    """When to ring again after a try that came to nothing; None when not at all. `attempts`: with this one."""
    if reached in NO_USE or attempts >= MOST:
        return None
    if reached is Reached.BUSY:
        return first_call(now + AGAIN_IF_BUSY, zone)
    return _next_hours(now, zone)


def counts_from(attempts: int, call_at: datetime | None, zone: ZoneInfo) -> datetime | None:
    """From when on another try that reaches nobody counts, in the city's zone; None where any does. `attempts`: so far."""
    return call_at.astimezone(zone) if attempts and call_at else None


def _next_hours(now: datetime, zone: ZoneInfo) -> datetime:
    """When the next of the hours begins."""
    here = now.astimezone(zone)
    for day in (here.date(), here.date() + timedelta(days=1)):
        for begin, _ in HOURS:
            starts = datetime.combine(day, begin, zone)
            if starts > here:
                return starts.astimezone(now.tzinfo)
    raise AssertionError("tomorrow has its hours")
