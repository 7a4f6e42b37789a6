"""What happens to tickets without anybody doing it: marks by the clock, seals, notices, partitions ahead, forgetting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from yixian.db.bootstrap import MONTHS_AHEAD
from yixian.db.jobs import Job, Kind
from yixian.db.outbox import Consumer, Event
from yixian.db.pool import SYSTEM, Database, Transaction
from yixian.tickets import notices, seals, store
from yixian.tickets.presence import service as presence

KEYS_KEPT: Final = timedelta(days=7)
FAILURES_KEPT: Final = timedelta(days=1)


def kinds() -> Mapping[str, Kind]:
    """The periodic work of this room, by name."""
    return {
        "tickets.clocks": Kind(mark, every=timedelta(minutes=1)),
        "tickets.seal": Kind(seal, every=timedelta(minutes=5)),
        "tickets.partitions": Kind(partitions, every=timedelta(days=1)),
        "tickets.forget": Kind(forget, every=timedelta(days=1)),
    }


def consumers() -> Mapping[str, tuple[Consumer, ...]]:
    """Who in this room acts on which events."""
    return {"ticket.opened": (tell,), "ticket.moved": (tell,)}


async def mark(database: Database, job: Job, now: datetime) -> None:
    """Warns of limits that come near, then marks those that have passed: `ticket.warned` and `ticket.overdue`."""
    for step in (store.mark_amber, store.mark_red):
        marked = await _until_done(database, step, now, store.MARKED_AT_ONCE)
        if marked:
            database.wake()


async def seal(database: Database, job: Job, now: datetime) -> None:
    """Seals every hour that ended more than five minutes ago and is not sealed yet."""
    await _until_done(database, seals.seal_next, now, 1)


async def partitions(database: Database, job: Job, now: datetime) -> None:
    """Makes the coming months' partitions."""
    async with database.transaction(SYSTEM) as tx:
        await store.make_partitions(tx, now.date(), MONTHS_AHEAD)


async def forget(database: Database, job: Job, now: datetime) -> None:
    """Forgets idempotency keys after seven days (of imported rows never), wrong check codes after one, and who has long closed a ticket."""
    async with database.transaction(SYSTEM) as tx:
        await store.forget(tx, now - KEYS_KEPT, now - FAILURES_KEPT)
        await presence.forget(tx, now)


async def tell(tx: Transaction, events: tuple[Event, ...]) -> None:
    """Writes down what citizens are to be told of these events."""
    told = [(event, said) for event in events if (said := notices.sentence(event.body))]
    if told:
        await store.put_notices(tx, [_notice(event, action, text) for event, (action, text) in told])


def _notice(event: Event, action: str, text: str) -> dict[str, object]:
    return {
        "ticket": event.subject,
        "version": event.body["version"],
        "at": event.at,
        "kind": action,
        "text": text,
        "shared": action in notices.SHARED,
    }


async def _until_done(database: Database, step: Callable[[Transaction, datetime], Awaitable[int]], now: datetime, full: int) -> int:
    """Repeats `step`, a transaction each, until it does less than `full`; returns how much was done."""
    total = 0
    while True:
        async with database.transaction(SYSTEM) as tx:
            done = await step(tx, now)
        total += done
        if done < full:
            return total
