"""What other rooms ask of tickets before and after the city itself changes. Open the transaction as the system."""

from __future__ import annotations

from collections.abc import Sequence

from yixian.db.pool import Transaction
from yixian.tickets.dependents import store
from yixian.tickets.dependents.model import Running

MOST_COUNTED = 100_000
"""More running tickets than this are not counted again one by one; a city has a tenth of it."""


async def in_hand(tx: Transaction, units: Sequence[str]) -> int:
    """How many open tickets these units have in hand, as lead or beside."""
    return await store.in_hand(tx, units)


async def open_about(tx: Transaction, matters: Sequence[str]) -> int:
    """How many open tickets are about these matters."""
    return await store.open_about(tx, matters)


async def running(tx: Transaction) -> tuple[Running, ...]:
    """The tickets on which something is owed, at most `MOST_COUNTED`; one statement."""
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
