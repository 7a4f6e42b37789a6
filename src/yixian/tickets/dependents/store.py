"""SQL over tickets that hang on a unit, a matter, a limit. As the system: administrators see numbers here, never a ticket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

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


async def running(tx: Transaction) -> AsyncIterator[Running]:
    """Every ticket on which something is owed."""
    cursor = tx.cursor(
        """
        SELECT kind, urgency, audience, state, created_at, dispatched_at, signed_at, contacted_at, replied_at, caller IS NOT NULL AS called,
               next_due, extensions > 0 OR extension_asked IS NOT NULL OR special IS NOT NULL OR rounds > 0 OR returns > 0 AS own
          FROM ticket
         WHERE closed_at IS NULL
           AND next_due IS NOT NULL
        """,
        prefetch=2_000,
    )
    async for row in cursor:
        yield msgspec.convert(dict(row), Running)


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
