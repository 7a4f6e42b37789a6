"""Events: written with the change that they report, handed on by the worker to whoever acts on them, each exactly once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from yixian.db.pool import AWAY, SYSTEM, Database, Transaction

BATCH = 200


class Event(msgspec.Struct, frozen=True):
    """Something that happened."""

    kind: str
    subject: UUID
    body: dict[str, Any]
    at: datetime


class ConsumerFailed(Exception):
    """A consumer could not act on events: nothing of the batch was handed on. The cause says why."""

    def __init__(self, kind: str, seqs: tuple[int, ...]) -> None:
        super().__init__(f"{len(seqs)} events of kind {kind} were not handed on")
        self.kind = kind
        self.seqs = seqs


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


async def hand_on(
    database: Database, consumers: Mapping[str, tuple[Consumer, ...]], now: datetime, *, most: int = BATCH, aside: Collection[int] = ()
) -> int:
    """Hands a batch of waiting events, `most` at once, to their consumers and returns how many there were; 0 when none wait.

    Several workers may call it at once: none gets an event that another has. `aside`: sequence numbers to leave where they are.

    Raises:
        ConsumerFailed: one of them could not act; all of the batch waits as before.
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
                      AND seq <> ALL ($3::bigint[])
                    ORDER BY seq
                    LIMIT $2
                      FOR UPDATE SKIP LOCKED)
            RETURNING seq, kind, subject, body, at
            """,
            now,
            most,
            list(aside),
        )
        rows = sorted(rows, key=lambda r: r["seq"])
        for kind in dict.fromkeys(r["kind"] for r in rows):
            of_kind = [r for r in rows if r["kind"] == kind]
            events = tuple(Event(kind, r["subject"], r["body"], r["at"]) for r in of_kind)
            for consumer in consumers.get(kind, ()):
                await _act(consumer, tx, events, tuple(r["seq"] for r in of_kind))
    return len(rows)


async def _act(consumer: Consumer, tx: Transaction, events: tuple[Event, ...], seqs: tuple[int, ...]) -> None:
    try:
        await consumer(tx, events)
    except AWAY:
        raise  # that is not the events' fault
    except Exception as error:
        raise ConsumerFailed(events[0].kind, seqs) from error
