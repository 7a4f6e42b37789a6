"""SQL over tickets that hang on a unit, a matter, a limit. As the system: administrators see numbers here, never a ticket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from yixian.db.pool import Transaction
from yixian.tickets.dependents.model import Running


async def in_hand(tx: Transaction, units: Sequence[str]) -> int:
    """How many open tickets these units have in hand, as lead or beside."""
    found: int | None = await tx.fetchval(
        """
        SELECT count(DISTINCT o.ticket)
          FROM unit u
          JOIN unit_order o ON o.unit_path = u.path AND o.ended_at IS NULL
         WHERE u.code = ANY ($1)
        """,
        list(units),
    )
    return found or 0


async def open_about(tx: Transaction, matters: Sequence[str]) -> int:
    """How many open tickets are about these matters."""
    found: int | None = await tx.fetchval("SELECT count(*) FROM ticket WHERE matter = ANY ($1) AND closed_at IS NULL", list(matters))
    return found or 0


_OWED: Final = "closed_at IS NULL AND (next_due IS NOT NULL OR state = 'in_review')"
"""Something is owed, or an answer is reviewed that may be sent back."""

_RUNNING: Final = """
SELECT t.id, t.kind, t.urgency, t.audience, t.state, t.created_at, t.dispatched_at, t.signed_at, t.contacted_at, t.replied_at,
       t.caller IS NOT NULL AS called, t.dispatch_due, t.sign_due, t.contact_due, t.answer_due,
       t.extensions > 0
           OR t.special IS NOT NULL
           OR t.state = 'awaiting_dispatch' AND (t.first_dispatched_at IS NOT NULL OR t.alarm IN ('raised', 'confirmed'))
           OR EXISTS (SELECT FROM history h WHERE h.ticket = t.id AND h.action = 'join') AS own
  FROM ticket t
"""


async def running(tx: Transaction) -> AsyncIterator[Running]:
    """Every ticket on which something is owed, or may be again."""
    async for row in tx.cursor(f"{_RUNNING} WHERE {_OWED}", prefetch=2_000):
        yield msgspec.convert(dict(row), Running)


async def running_after(tx: Transaction, after: UUID, limit: int) -> tuple[Running, ...]:
    """The next tickets by id on which something is owed, or may be again; nobody else changes them until the transaction ends."""
    rows = await tx.fetch(
        # The few that are open first: by id alone, the way there may lead over all that are closed.
        f"""
        WITH open AS MATERIALIZED (
            SELECT id
              FROM ticket
             WHERE {_OWED}
        ), next AS MATERIALIZED (
            SELECT id
              FROM open
             WHERE id > $1
             ORDER BY id
             LIMIT $2
        )
        {_RUNNING}
         WHERE t.id IN (SELECT id FROM next)
         ORDER BY t.id
           FOR UPDATE OF t
        """,  # noqa: S608 -- no value is written into it
        after,
        limit,
    )
    return tuple(msgspec.convert(dict(row), Running) for row in rows)


async def follow_answers(tx: Transaction, moved: Mapping[UUID, tuple[datetime | None, datetime | None]]) -> None:
    """What was owed beside the answer, by the same moment, is owed by the moment that the answer is owed by now."""
    await tx.execute(
        """
        UPDATE unit_order o
           SET due = n.after
          FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS n (ticket, before, after)
         WHERE o.ticket = n.ticket
           AND o.due = n.before
           AND o.ended_at IS NULL
        """,
        list(moved),
        [before for before, _ in moved.values()],
        [after for _, after in moved.values()],
    )


async def follow(tx: Transaction) -> int:
    """Puts live orders where their units stand now; how many had to move."""
    done = await tx.execute(
        """
        UPDATE unit_order o
           SET unit_path = u.path
          FROM unit u
         WHERE u.code = o.unit
           AND o.ended_at IS NULL
           AND o.unit_path <> u.path
        """
    )
    return int(done.split()[-1])
