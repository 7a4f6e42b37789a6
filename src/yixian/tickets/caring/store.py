"""SQL of those who are to be looked after."""

from __future__ import annotations

from yixian.db.pool import Transaction
from yixian.tickets.caring.model import InNeed
from yixian.tickets.model import State


async def in_need(tx: Transaction, most: int) -> tuple[InNeed, ...]:
    """Those that nobody has taken yet, oldest first; from an index that holds nobody else."""
    rows = await tx.fetch(
        """
        SELECT number, left(text, 120), region, place, state, lead, created_at
          FROM ticket
         WHERE care = 'needed'
         ORDER BY id
         LIMIT $1
        """,
        most,
    )
    return tuple(InNeed(r[0], r[1], r[2], r[3], State(r[4]), r[5], r[6]) for r in rows)
