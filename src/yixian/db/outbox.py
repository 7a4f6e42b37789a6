"""Events: written with the change that they report, handed on by the worker to whoever acts on them, each exactly once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from yixian.db.pool import SYSTEM, Database, Transaction

BATCH = 200


class Event(msgspec.Struct, frozen=True):
    """Something that happened."""

    kind: str
    subject: UUID
    body: dict[str, Any]
    at: datetime


Consumer = Callable[[Transaction, tuple[Event, ...]], Awaitable[None]]
"""Acts on events of one kind, in the transaction that marks them as handed on: both hold, or neither."""


async def put(tx: Transaction, *events: Event) -> None:
    """Writes events into the running transaction."""
    await tx.execute(
        """
        INSERT INTO event (at, kind, subject, body)
        SELECT at, kind, subject, body
          FROM unnest($1::timestamptz[], $2::text[], $3::uuid[], $4::jsonb[]) AS e (at, kind, subject, body)
        """,
        [e.at for e in events],
        [e.kind for e in events],
        [e.subject for e in events],
        [e.body for e in events],
    )


async def hand_on(database: Database, consumers: Mapping[str, tuple[Consumer, ...]], now: datetime) -> int:
    """Hands a batch of waiting events to their consumers and returns how many there were; 0 when none wait.

    Several workers may call it at once: none gets an event that another has.
    """
    async with database.transaction(SYSTEM) as tx:
        rows = await tx.fetch(
            """
            UPDATE event
               SET done_at = $1
             WHERE (at, seq) IN (
                   SELECT at, seq
                     FROM event
                    WHERE done_at IS NULL
                    ORDER BY seq
                    LIMIT $2
                      FOR UPDATE SKIP LOCKED)
            RETURNING seq, kind, subject, body, at
            """,
            now,
            BATCH,
        )
        events = [Event(r["kind"], r["subject"], r["body"], r["at"]) for r in sorted(rows, key=lambda r: r["seq"])]
        for kind in dict.fromkeys(e.kind for e in events):
            for consumer in consumers.get(kind, ()):
                await consumer(tx, tuple(e for e in events if e.kind == kind))
    return len(rows)
