"""What other rooms ask of tickets before and after the city itself changes. Open the transaction as the system."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from yixian.city.inforce import City
from yixian.db.pool import Transaction
from yixian.people.model import SYSTEM_ACTOR
from yixian.tickets import service as tickets
from yixian.tickets.dependents import store
from yixian.tickets.dependents.model import Running
from yixian.tickets.model import Action, Dues, Step

MOST_COUNTED = 100_000
"""More running tickets than this are not counted again one by one; a city has a tenth of it."""


async def in_hand(tx: Transaction, units: Sequence[str]) -> int:
    """How many open tickets these units have in hand, as lead or beside."""
    return await store.in_hand(tx, units)


async def open_about(tx: Transaction, matters: Sequence[str]) -> int:
    """How many open tickets are about these matters."""
    return await store.open_about(tx, matters)


async def running(tx: Transaction) -> tuple[Running, ...]:
    """The tickets on which something is owed, or may be again, at most `MOST_COUNTED`; one statement."""
    found: list[Running] = []
    async for ticket in store.running(tx):
        found.append(ticket)
        if len(found) == MOST_COUNTED:
            break
    return tuple(found)


async def follow_units(tx: Transaction) -> int:
    """Live orders go with their units to where these stand now, so that those who see the unit see its tickets; how many moved.

    Clocks, numbers and history stay as they are: a unit that is taken over keeps no ticket from anybody.
    """
    return await store.follow(tx)


async def running_after(tx: Transaction, after: UUID, limit: int) -> tuple[Running, ...]:
    """The next tickets by id on which something is owed, or may be again, held until the transaction ends."""
    return await store.running_after(tx, after, limit)


async def give_dues(tx: Transaction, dues: Sequence[tuple[Running, Dues]], note: str, city: City, now: datetime) -> int:
    """Gives tickets that `running_after` holds other limits, each with a row of history and an event; how many. Three statements.

    What other units owe beside the answer is owed with it.
    """
    if not dues:
        return 0
    steps = {ticket.id: Step(note=note, dues=theirs) for ticket, theirs in dues}
    moved = await tickets.act_on_all(tx, SYSTEM_ACTOR, Action.RECOUNT, steps, city, now)
    await store.follow_answers(tx, {ticket.id: (ticket.answer_due, theirs.answer) for ticket, theirs in dues})
    return len(moved)
