"""SQL of those who are to be looked after."""

from __future__ import annotations

from yixian.db.pool import Transaction
from yixian.tickets.caring.model import InNeed
from yixian.tickets.model import State


async def in_need(tx: Transaction, most: int) -> tuple[InNeed, ...]:
    """Those that nobody has taken yet, who waits longest first; from an index that holds nobody else."""
    rows = await tx.fetch(
        """
        SELECT t.number, left(coalesce(nullif(h.note, ''), t.text), 120), t.region, t.place, t.state, t.lead,
               coalesce(h.at, t.created_at) AS since
          FROM ticket t
          LEFT JOIN LATERAL (
               SELECT at, note
                 FROM history
                WHERE ticket = t.id
                  AND at >= t.created_at
                  AND action = 'need_care'
                ORDER BY seq DESC
                LIMIT 1) h ON true
         WHERE t.care = 'needed'
         ORDER BY since, t.id
         LIMIT $1
        """,
        most,
    )
    return tuple(InNeed(r[0], r[1], r[2], r[3], State(r[4]), r[5], r[6]) for r in rows)
