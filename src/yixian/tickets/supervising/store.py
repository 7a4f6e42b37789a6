"""SQL of the supervisors' desk."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from yixian.db.pool import Transaction
from yixian.tickets.supervising.model import Hour, SavedFilter, Tallied


async def tallies(tx: Transaction, now: datetime) -> tuple[Tallied, ...]:
    """Open tickets by state, by matter, by region, each under each light, and who is to be looked after: one statement, from indexes."""
    rows = await tx.fetch(
        """
        SELECT by, code, light, count FROM board_counts($1)
         UNION ALL
        SELECT 'care', '', '', count(*) FROM ticket WHERE care = 'needed'
        """,
        now,
    )
    return tuple(Tallied(*r) for r in rows)


async def flow(tx: Transaction, since: datetime, till: datetime, zone: str) -> tuple[Hour, ...]:
    """What happened between two moments, by hour; one statement over the history of that time."""
    rows = await tx.fetch("SELECT hour, opened, dispatched, closed FROM board_flow($1, $2, $3) ORDER BY hour", since, till, zone)
    return tuple(Hour(*r) for r in rows)


async def filters(tx: Transaction) -> tuple[SavedFilter, ...]:
    """Those that the acting person has or others share: their own first."""
    rows = await tx.fetch(
        """
        SELECT id, owner, name, query, shared, made_at
          FROM saved_filter
         ORDER BY owner <> acting_actor(), name, id
         LIMIT 100
        """
    )
    return tuple(SavedFilter(*r) for r in rows)


async def put_filter(tx: Transaction, new: SavedFilter, most: int) -> bool:
    """Keeps one; the same name again replaces it. False when the person has `most` already."""
    done = await tx.execute(
        """
        INSERT INTO saved_filter (id, owner, name, query, shared, made_at)
        SELECT $1, $2, $3, $4, $5, $6
         WHERE (SELECT count(*) FROM saved_filter WHERE owner = $2 AND name <> $3) < $7
            ON CONFLICT (owner, name) DO UPDATE
           SET query = excluded.query, shared = excluded.shared, made_at = excluded.made_at
        """,
        new.id, new.owner, new.name, new.query, new.shared, new.made_at, most,
    )  # fmt: skip
    return done == "INSERT 0 1"


async def drop_filter(tx: Transaction, identifier: UUID) -> bool:
    """Takes one away that is the acting person's own."""
    return await tx.execute("DELETE FROM saved_filter WHERE id = $1", identifier) == "DELETE 1"
