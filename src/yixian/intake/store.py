"""All SQL of contacts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from yixian.db.ids import month_of
from yixian.db.pool import Acting, Transaction
from yixian.tickets.model import Written


class Kept(msgspec.Struct, frozen=True):
    """What a stored contact said of its end."""

    id: UUID
    outcome: str
    reason: str
    said: str
    tickets: tuple[str, ...]
    alarm: tuple[str, ...]


class Stored(msgspec.Struct, frozen=True):
    """What storing a contact gave."""

    fresh: bool
    """False when the key was known: then nothing was stored."""
    caller: UUID | None


async def store(
    tx: Transaction, contact: dict[str, Any], caller: dict[str, Any] | None, key: str | None, digest: bytes, now: datetime
) -> Stored:
    """Stores a contact, its caller (known by telephone number, or new) and its key, in one statement."""
    row = await tx.fetchrow("SELECT fresh, caller FROM keep_contact($1, $2, $3, $4, $5)", contact, caller, key, digest, now)
    assert row is not None, "a function with results has a row"
    return Stored(row["fresh"], row["caller"])


async def take(
    connection: Transaction, acting: Acting, contact: dict[str, Any], caller: dict[str, Any] | None, key: str | None, digest: bytes,
    draft: bytes | None, new: Written, matters: Sequence[str], within: timedelta, now: datetime,
) -> bool:  # fmt: skip
    """Stores a contact with its new tickets in a transaction of one statement; False, and nothing is stored, when files wait in the
    `draft`, the caller has open tickets of these `matters`, or the key is known: then the longer way finds out more.
    """
    row = await connection.fetchrow(
        "SELECT taken FROM take_contact($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        acting.scope, acting.actor, contact, caller, key, digest, draft, now, list(matters), now - within,
        new.tickets, new.orders, new.rows, new.events,
    )  # fmt: skip
    assert row is not None, "a function with results has a row"
    return row["taken"]


async def by_key(tx: Transaction, key: str) -> tuple[UUID, bytes] | None:
    """The contact a key made, and the digest of the request it came with."""
    row = await tx.fetchrow("SELECT contact, digest FROM idempotency WHERE key = $1", key)
    return (row["contact"], row["digest"]) if row else None


async def find(tx: Transaction, contact: UUID) -> Kept | None:
    """A stored contact; its id says in which month to look."""
    since, till = month_of(contact)
    row = await tx.fetchrow(
        """
        SELECT id, outcome, reason, said, tickets, reading #> '{alarm,to}' AS alarm
          FROM contact
         WHERE id = $1
           AND at BETWEEN $2 AND $3
        """,
        contact,
        since,
        till,
    )
    return Kept(row["id"], row["outcome"], row["reason"], row["said"], tuple(row["tickets"]), tuple(row["alarm"] or ())) if row else None


async def alike(
    tx: Transaction, phone_hash: bytes, matters: Sequence[str], now: datetime, within: timedelta
) -> list[tuple[str, str, str | None]]:
    """Open tickets `(number, matter, region)` of the caller with this number about one of `matters`, newest first."""
    rows = await tx.fetch(
        """
        SELECT t.number, t.matter, t.region
          FROM caller c
          JOIN ticket t ON t.caller = c.id
         WHERE c.phone_hash = $1
           AND t.matter = ANY ($2)
           AND t.closed_at IS NULL
           AND t.created_at > $3
         ORDER BY t.created_at DESC
        """,
        phone_hash,
        list(matters),
        now - within,
    )
    return [(r["number"], r["matter"], r["region"]) for r in rows]


class OpenTicket(msgspec.Struct, frozen=True):
    """A ticket that another contact may go with."""

    phone_hash: bytes | None
    """Of whoever told of it first."""


async def open_ticket(tx: Transaction, number: str) -> OpenTicket | None:
    """The ticket with this number, when it is not over."""
    row = await tx.fetchrow(
        """
        SELECT c.phone_hash
          FROM ticket t
          LEFT JOIN caller c ON c.id = t.caller
         WHERE t.number = $1
           AND t.closed_at IS NULL
           AND t.merged_into IS NULL
        """,
        number,
    )
    return OpenTicket(row["phone_hash"]) if row else None


async def receipts(tx: Transaction, numbers: Sequence[str]) -> list[dict[str, Any]]:
    """What a citizen's receipt says of these tickets."""
    rows = await tx.fetch(
        """
        SELECT number, state, matter, lead, place, answer_due, dispatched_at IS NOT NULL AS dispatched, kind,
               coalesce(calm, urgency) AS urgency, audience
          FROM ticket
         WHERE number = ANY ($1)
         ORDER BY number
        """,
        list(numbers),
    )
    return [dict(r) for r in rows]


async def recent_of(tx: Transaction, callers: Sequence[UUID], limit: int) -> list[dict[str, Any]]:
    """The latest contacts of these callers over all channels, newest first: one history, however they came."""
    rows = await tx.fetch(
        """
        SELECT id, received_at, channel, kind, left(text, 80) AS text, outcome, tickets
          FROM contact
         WHERE caller = ANY ($1)
         ORDER BY at DESC
         LIMIT $2
        """,
        list(callers),
        limit,
    )
    return [dict(r) for r in rows]


async def tickets_of(tx: Transaction, callers: Sequence[UUID], limit: int) -> list[dict[str, Any]]:
    """Tickets of these callers, open ones first, newest first."""
    rows = await tx.fetch(
        """
        SELECT number, state, matter, lead, place, left(text, 60) AS text, created_at, next_due, amber_at, closed_at
          FROM ticket
         WHERE caller = ANY ($1)
         ORDER BY closed_at IS NOT NULL, created_at DESC
         LIMIT $2
        """,
        list(callers),
        limit,
    )
    return [dict(r) for r in rows]


async def count_since(tx: Transaction, callers: Sequence[UUID], since: datetime) -> int:
    """How many contacts these callers had since then."""
    found: int | None = await tx.fetchval("SELECT count(*) FROM contact WHERE caller = ANY ($1) AND at > $2", list(callers), since)
    return found or 0


async def outcomes(tx: Transaction, source: str) -> dict[str, int]:
    """How many contacts of a source ended how."""
    rows = await tx.fetch("SELECT outcome, count(*) AS n FROM contact WHERE source = $1 GROUP BY outcome ORDER BY n DESC", source)
    return {r["outcome"]: r["n"] for r in rows}


async def ids_from(tx: Transaction, source: str) -> list[UUID]:
    """The ids of all contacts of a source, one for each row."""
    rows = await tx.fetch("SELECT id FROM contact WHERE source = $1", source)
    return [r["id"] for r in rows]
