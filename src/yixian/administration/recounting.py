"""Tickets that run already are counted again after a change of limits or calendar, where the administrator chose so.

A batch a job, a job a transaction: one that is killed leaves nothing half done, and the next goes on after the last ticket that was
looked at. Each ticket that gets other limits has its row of history and its event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from yixian.administration import store
from yixian.administration.model import CLOCKED, Choice, Progress
from yixian.city import adjustments as adjusting
from yixian.city import service as cities
from yixian.city.adjustments import Adjustment, Thing
from yixian.city.inforce import City
from yixian.city.model import Pack
from yixian.db import jobs, outbox
from yixian.db.outbox import Event
from yixian.db.pool import Transaction
from yixian.people import audit
from yixian.people.model import SYSTEM_ACTOR
from yixian.tickets.dependents import recount
from yixian.tickets.dependents import service as dependents
from yixian.tickets.dependents.model import Rules
from yixian.tickets.dependents.recount import Law

JOB: Final = "city.recount"
BATCH: Final = 500
"""Tickets of one transaction: half a second's work, so that nobody who acts on one of them waits longer."""


def law(said: Pack, changes: Iterable[Adjustment], change: Adjustment) -> Law:
    """By which rules a clock runs without `change` and with it. `said`: what the pack says; `changes`: everything else in force with it.

    A change that was not applied to running clocks holds for those that began after it alone, so that counting again for one change
    does not bring in another that was kept from them.
    """
    others = tuple(other for other in changes if other.thing in CLOCKED and other.id != change.id)
    timezone = said.city.timezone
    known: dict[tuple[UUID, ...], tuple[Rules, Rules]] = {}

    def at(begun: datetime) -> tuple[Rules, Rules]:
        held = adjusting.holding(others, begun, timezone)
        key = tuple(other.id for other in held)
        if key not in known:
            both = tuple(sorted((*held, change), key=lambda one: one.number or _LAST))
            known[key] = tuple(recount.rules_of(adjusting.lay_over(said, laid, date.max)) for laid in (held, both))  # type: ignore[assignment]  # two of them
        return known[key]

    return at


_LAST: Final = 2**62
"""In the order of deciding, what is not decided yet comes last."""


async def choice(tx: Transaction, change: Adjustment, said: Pack, changes: Sequence[Adjustment], now: datetime) -> Choice | None:
    """How running tickets would stand if they were counted again for a change that is tried; None where no clock runs by it."""
    if change.thing not in CLOCKED:
        return None
    tickets = await dependents.running(tx)
    rules = law(said, [other for other in changes if other.since <= change.since], change)
    later = await asyncio.to_thread(recount.count, tickets, rules, now, earlier=False)
    anew = await asyncio.to_thread(recount.count, tickets, rules, now, earlier=True)
    return Choice(len(tickets), later, anew)


async def begin(tx: Transaction, change: Adjustment, now: datetime) -> None:
    """Has the running tickets counted again, soon, by whoever works in the background."""
    await store.begin(tx, change.id, now)
    await jobs.put(tx, JOB, {"adjustment": str(change.id)}, now, key=f"{JOB} {change.id} 0")


async def progress(tx: Transaction, changes: Sequence[Adjustment]) -> dict[UUID, Progress]:
    """How far running tickets are counted again for these changes, by change."""
    return await store.progress(tx, [change.id for change in changes if change.recounts])


async def next_batch(tx: Transaction, identifier: UUID, city: City, now: datetime) -> bool:
    """Counts the next running tickets again; whether more may be left. Safe to do twice: what was looked at is passed over.

    `city`: as it stands with the change in force.
    """
    taken = await store.take(tx, identifier)
    change = await cities.adjustment(tx, identifier)
    if taken is None or change is None or taken.done_at is not None:
        return False
    tickets = await dependents.running_after(tx, taken.reached, BATCH)
    said = await cities.as_said(tx, city.pack, Thing.LIMIT)
    in_force = [other for other in await cities.adjustments(tx) if other.load_id is not None]
    rules = law(said, in_force, change)
    found = [(ticket, recount.recounted(ticket, rules, earlier=change.earlier)) for ticket in tickets]
    dues = [(ticket, theirs) for ticket, theirs in found if theirs is not None]
    moved = await dependents.give_dues(tx, dues, change.reason, city, now)
    done = len(tickets) < BATCH
    reached = msgspec.structs.replace(
        taken,
        reached=tickets[-1].id if tickets else taken.reached,
        looked=taken.looked + len(tickets),
        moved=taken.moved + moved,
        late=taken.late + sum(recount.turns_late(ticket, theirs, now) for ticket, theirs in dues),
        own=taken.own + sum(ticket.own for ticket in tickets),
        done_at=now if done else None,
    )
    await store.put(tx, reached)
    if done:
        await _told(tx, change, reached, now)
    else:
        await jobs.put(tx, JOB, {"adjustment": str(identifier)}, now, key=f"{JOB} {identifier} {reached.looked}")
    return not done


async def _told(tx: Transaction, change: Adjustment, progress: Progress, now: datetime) -> None:
    """That all are counted is an event, and stands in the audit beside the change."""
    body: dict[str, Any] = {
        "change": change.number, "looked": progress.looked, "moved": progress.moved, "late": progress.late, "own": progress.own,
    }  # fmt: skip
    await outbox.put(tx, Event("limits.recounted", change.id, body | {"thing": change.thing, "code": change.code}, now))
    await audit.record(tx, SYSTEM_ACTOR.id, "city.recount", now, subject=f"{change.thing}:{change.code}", body=body)
