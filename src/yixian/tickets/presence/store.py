"""SQL of who has which ticket open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from yixian.db.pool import Transaction
from yixian.people.model import Actor
from yixian.tickets.presence.model import Doing, Present


async def beat(
    tx: Transaction, actor: Actor, role: str, number: str, doing: Doing, action: str, now: datetime, gone: datetime
) -> tuple[UUID, int] | None:
    """Writes down that the actor has the ticket open: its id and version; None when there is none that they may see."""
    row = await tx.fetchrow(
        """
        WITH found AS (
            SELECT id, version
              FROM ticket
             WHERE number = $1
        ), put AS (
            INSERT INTO presence AS p (ticket, staff, name, unit, unit_path, scope, role, doing, action, since, seen_at)
            SELECT id, $2, $3, $4, $5, $6, $7, $8, $9, $10::timestamptz, $10
              FROM found
                ON CONFLICT (ticket, staff) DO UPDATE
               SET doing = excluded.doing, action = excluded.action, role = excluded.role, seen_at = excluded.seen_at,
                   since = CASE WHEN p.seen_at > $11 THEN p.since ELSE excluded.since END
        )
        SELECT id, version FROM found
        """,
        number,
        actor.id,
        actor.name,
        actor.unit,
        actor.unit_path,
        actor.acting.scope.value,
        role,
        doing.value,
        action,
        now,
        gone,
    )
    return (row[0], row[1]) if row else None


async def leave(tx: Transaction, staff: str, number: str) -> None:
    """The actor has closed the ticket."""
    await tx.execute("DELETE FROM presence WHERE staff = $1 AND ticket = (SELECT id FROM ticket WHERE number = $2)", staff, number)


async def others(tx: Transaction, tickets: Sequence[UUID], gone: datetime) -> Mapping[UUID, tuple[Present, ...]]:
    """Who else has these tickets open, who came first first; one statement, however many."""
    rows = await tx.fetch("SELECT ticket, name, unit, role, doing, action, since FROM present_at($1, $2)", list(tickets), gone)
    return _by_ticket(msgspec.convert(dict(row), Present) for row in rows)


class _Offered(msgspec.Struct):
    chosen: UUID
    others: list[Present]


async def offer(
    tx: Transaction, actor: Actor, role: str, tickets: Sequence[UUID], now: datetime, gone: datetime
) -> tuple[UUID, Mapping[UUID, tuple[Present, ...]]]:
    """The first of these tickets that nobody else has open, now open before the actor, and who has which of them; one statement."""
    who = {
        "ticket": tickets[0], "staff": actor.id, "name": actor.name, "unit": actor.unit, "unit_path": actor.unit_path,
        "scope": actor.acting.scope, "role": role, "doing": Doing.READING, "action": "", "since": now, "seen_at": now,
    }  # fmt: skip
    found = await tx.fetchval("SELECT offer_ticket($1, jsonb_populate_record(NULL::presence, $2), $3)", list(tickets), who, gone)
    offered = msgspec.convert(found, _Offered)
    return offered.chosen, _by_ticket(offered.others)


def _by_ticket(others: Iterable[Present]) -> Mapping[UUID, tuple[Present, ...]]:
    found: dict[UUID, tuple[Present, ...]] = {}
    for present in others:
        found[present.ticket] = (*found.get(present.ticket, ()), present)
    return found


async def forget(tx: Transaction, gone: datetime) -> None:
    """Removes those who have gone. As the system."""
    await tx.execute("DELETE FROM presence WHERE seen_at <= $1", gone)
