"""SQL of the administrators' own tables: how far running tickets are counted again. As the system."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from yixian.administration.model import Progress
from yixian.db.pool import Transaction

_PROGRESS = "SELECT adjustment, began_at, reached, looked, moved, late, own, done_at FROM recount"


async def begin(tx: Transaction, change: UUID, now: datetime) -> None:
    """Notes that the running tickets are to be counted again for a change."""
    await tx.execute("INSERT INTO recount (adjustment, began_at) VALUES ($1, $2)", change, now)


async def take(tx: Transaction, change: UUID) -> Progress | None:
    """How far it has come, held until the transaction ends: of two workers the second waits; None for a change that counts nothing."""
    row = await tx.fetchrow(f"{_PROGRESS} WHERE adjustment = $1 FOR UPDATE", change)
    return msgspec.convert(dict(row), Progress) if row else None


async def put(tx: Transaction, progress: Progress) -> None:
    """Writes down how far it has come."""
    await tx.execute(
        "UPDATE recount SET reached = $2, looked = $3, moved = $4, late = $5, own = $6, done_at = $7 WHERE adjustment = $1",
        progress.adjustment, progress.reached, progress.looked, progress.moved, progress.late, progress.own, progress.done_at,
    )  # fmt: skip


async def progress(tx: Transaction, changes: Sequence[UUID]) -> dict[UUID, Progress]:
    """How far it has come for these changes, by change."""
    rows = await tx.fetch(f"{_PROGRESS} WHERE adjustment = ANY ($1)", list(changes))
    return {row["adjustment"]: msgspec.convert(dict(row), Progress) for row in rows}
