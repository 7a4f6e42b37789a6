"""The use cases of the dispatcher's desk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from yixian.city.inforce import City
from yixian.db.pool import Transaction
from yixian.people.model import Actor
from yixian.tickets import lifecycle
from yixian.tickets import service as tickets
from yixian.tickets.dispatching import parking, store
from yixian.tickets.dispatching.model import Beside, Found, Load
from yixian.tickets.lifecycle import Refusal
from yixian.tickets.model import Action, Step, Ticket
from yixian.tickets.presence import service as presence
from yixian.tickets.service import Overtaken, Refused

PAST_SHOWN: Final = 6
NEAR_SHOWN: Final = 200
"""Dots on the map at most."""
RETURNS_WITHIN: Final = timedelta(days=30)


async def counts(tx: Transaction, now: datetime) -> tuple[Found, ...]:
    """What waits, by tab, and what the queue can be narrowed by, each counted up to `tickets.COUNTED_TO`; and the colleagues to whom a
    ticket can be handed over, by name. One statement.
    """
    return await store.counts(tx, tickets.COUNTED_TO, sorted(lifecycle.DISPATCHING), now)


async def loads(tx: Transaction, units: Sequence[str] | None, city: City, now: datetime) -> tuple[Load, ...]:
    """What these units lead, or all that lead or lately led something; most overdue first. One statement."""
    return await store.loads(tx, units, now, midnight(city, now), now - RETURNS_WITHIN)


async def beside(tx: Transaction, ticket: Ticket, matter: str, units: Iterable[str], city: City, now: datetime) -> Beside:
    """What helps to decide where the ticket goes. One statement.

    `matter`: what it is likely to be about. `units`: those that may get it.
    """
    today, month = midnight(city, now), now - RETURNS_WITHIN
    return await store.beside(tx, ticket.id, matter, sorted(set(units)), now, today, month, (PAST_SHOWN, NEAR_SHOWN))


async def park(tx: Transaction, actor: Actor, number: str, version: int, until: datetime, reason: str, now: datetime) -> None:
    """Puts a ticket aside until a time, or until anything happens to it.

    Raises:
        NotFound: no such ticket.
        Refused: it may not wait so long, or at all.
        Overtaken: somebody changed it in between.
    """
    ticket, _ = await tickets.read(tx, number)
    if version and version != ticket.version:
        raise Overtaken((await tickets.time_line(tx, ticket))[-1])
    if sentence := parking.refusal(ticket, until, reason, now):
        raise Refused(Refusal(sentence))
    if not await store.park(tx, ticket.id, ticket.version, until, reason.strip(), actor.id, now):
        raise Overtaken((await tickets.time_line(tx, ticket))[-1])


async def take_up(tx: Transaction, number: str, now: datetime) -> None:
    """Brings a ticket back to the queue before its time; nothing happens to one that was not put aside.

    Raises:
        NotFound: no such ticket.
    """
    ticket, _ = await tickets.read(tx, number)
    await store.take_up(tx, ticket.id, now)


async def hand_over(tx: Transaction, actor: Actor, number: str, step: Step, city: City, now: datetime) -> Ticket:
    """Gives a waiting ticket to another dispatcher (`step.keeper`) or back to all; one that was put aside stays so with the other.

    Raises:
        NotFound, Refused, Overtaken: as for `tickets.act`.
    """
    before, _ = await tickets.read(tx, number)
    parked = await store.parked(tx, before.id, before.version, now) if step.keeper else None
    moved = await tickets.act(tx, actor, number, Action.HAND_OVER, step, city, now)
    if parked:
        await store.park(tx, moved.id, moved.version, parked.until, parked.reason, step.keeper, now)
    # Who hands it over has done with it: it is free for the other at once.
    await presence.leave(tx, actor, number)
    return moved


def midnight(city: City, now: datetime) -> datetime:
    """When today began in the city, UTC."""
    zone = ZoneInfo(city.pack.city.timezone)
    return datetime.combine(now.astimezone(zone).date(), time(), zone).astimezone(UTC)


BACK: Final = frozenset({Action.RETURN, Action.OBJECT, Action.OPINION})
"""Steps with which a unit says whose it is."""
