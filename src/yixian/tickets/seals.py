"""Hourly seals: one root over all that was written in an hour, built on the root before, so that a removed ticket shows.

An hour is sealed five minutes after it ended, when every transaction that wrote in it has long ended; from then on the database
refuses rows that claim to be of that hour.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from yixian.db.pool import Transaction
from yixian.tickets import history, store
from yixian.tickets.model import Seal

HOUR: Final = timedelta(hours=1)
SETTLES: Final = timedelta(minutes=5)
AT_ONCE: Final = 24
"""Hours a transaction: after a long pause the work done so far is kept."""


def hour_of(at: datetime) -> datetime:
    """The beginning of the hour, UTC."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


async def seal_next(tx: Transaction, now: datetime) -> int:
    """Seals the oldest hours that are ready, `AT_ONCE` at most, empty ones too; returns how many: 0 when none is ready."""
    last = await store.last_seal(tx)
    first_row = None if last else await store.first_row_at(tx)
    if last is None and first_row is None:
        return 0
    start = last.hour + HOUR if last else hour_of(first_row or now)
    ready = int((hour_of(now - SETTLES) - start) / HOUR)
    if ready <= 0:
        return 0
    hours = [start + n * HOUR for n in range(min(ready, AT_ONCE))]
    rows = await store.rows_between(tx, hours[0], hours[-1] + HOUR)
    by_hour = {hour: [(ticket, seq, row_hash) for _, ticket, seq, row_hash in group] for hour, group in groupby(rows, lambda r: r[0])}
    await store.put_seals(tx, _chain(hours, by_hour, last.root if last else history.START, now))
    return len(hours)


def _chain(hours: list[datetime], by_hour: dict[datetime, list[tuple[UUID, int, bytes]]], root: bytes, now: datetime) -> list[Seal]:
    made: list[Seal] = []
    for hour in hours:
        previous = root
        root, count = history.seal_root(previous, by_hour.get(hour, ()))
        made.append(Seal(hour, count, root, previous, now))
    return made
