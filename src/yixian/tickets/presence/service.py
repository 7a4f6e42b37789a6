"""Who has a ticket open: said by every open page again and again, and forgotten when it says nothing any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from yixian.db.pool import Transaction
from yixian.people.model import HOTLINE_ROLES, UNIT_ROLES, Actor, Role
from yixian.tickets.presence import store
from yixian.tickets.presence.model import GONE_AFTER, Beat, Doing, Present
from yixian.tickets.service import NotFound


async def beat(tx: Transaction, actor: Actor, number: str, doing: Doing, action: str, now: datetime) -> Beat:
    """The actor still has the ticket open; who else has. Two statements.

    `action`: into which step's form they type, empty when into none.

    Raises:
        NotFound: no such ticket, or not one that this actor may see.
    """
    gone = now - GONE_AFTER
    found = await store.beat(tx, actor, role_of(actor), number, doing, action, now, gone)
    if found is None:
        raise NotFound(f"no ticket {number}")
    ticket, version = found
    return Beat(ticket, version, (await store.others(tx, [ticket], gone)).get(ticket, ()))


async def leave(tx: Transaction, actor: Actor, number: str) -> None:
    """The actor has closed the page. Says nothing of whether there is such a ticket."""
    await store.leave(tx, actor.id, number)


async def others(tx: Transaction, tickets: Sequence[UUID], now: datetime) -> Mapping[UUID, tuple[Present, ...]]:
    """Who else has these tickets open, as far as the acting person may know; one statement, however many."""
    return await store.others(tx, tickets, now - GONE_AFTER) if tickets else {}


async def offer(
    tx: Transaction, actor: Actor, tickets: Sequence[UUID], now: datetime
) -> tuple[UUID | None, Mapping[UUID, tuple[Present, ...]]]:
    """The first of these tickets that nobody else has open, now open before the actor; the first of all when every one is taken.

    Also who else has which of them open. Those who ask at once are offered different ones, as long as there are enough.
    """
    if not tickets:
        return None, {}
    return await store.offer(tx, actor, role_of(actor), tickets, now, now - GONE_AFTER)


async def forget(tx: Transaction, now: datetime) -> None:
    """Removes those who have gone."""
    await store.forget(tx, now - GONE_AFTER)


def role_of(actor: Actor) -> str:
    """As what the actor is shown to others: the first of the roles that see tickets."""
    return next((r.value for r in Role if r in actor.roles & (HOTLINE_ROLES | UNIT_ROLES)), "")
