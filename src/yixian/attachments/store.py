"""All SQL of files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from yixian.attachments.model import Attachment, Clean, Content, Kind, Side
from yixian.db.pool import Transaction


async def put(
    tx: Transaction, identifier: UUID, draft: bytes | None, name: str, clean: Clean, side: Side, actor: str, at: datetime
) -> None:
    """Stores a file."""
    await tx.execute(
        """
        INSERT INTO attachment (id, draft, at, side, actor, name, kind, media_type, width, height, size, digest, body, thumbnail)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        """,
        identifier, draft, at, side.value, actor, name, clean.kind.value, clean.media_type, clean.width, clean.height,
        len(clean.body), hashlib.sha256(clean.body).digest(), clean.body, clean.thumbnail,
    )  # fmt: skip


async def drafts(tx: Transaction, draft: bytes) -> tuple[Attachment, ...]:
    """The files of a form that is not sent yet, oldest first."""
    rows = await tx.fetch(
        """
        SELECT id, kind, media_type, name, size, side, at, width, height
          FROM attachment
         WHERE draft = $1
         ORDER BY id
        """,
        draft,
    )
    return tuple(_attachment(row, public=True) for row in rows)


async def wait_for_draft(tx: Transaction, draft: bytes) -> None:
    """Makes two uploads with one form wait for each other, until the transaction ends: together they must not pass the limit."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 15))", draft)


async def wait_for_ticket(tx: Transaction, ticket: UUID) -> None:
    """The same for the files of a ticket."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 15))", ticket)


async def remove_draft(tx: Transaction, draft: bytes, identifier: UUID) -> bool:
    """Takes a file out of a form that is not sent yet; False when it has none such."""
    return await tx.execute("DELETE FROM attachment WHERE id = $1 AND draft = $2", identifier, draft) == "DELETE 1"


async def draft_content(tx: Transaction, draft: bytes, identifier: UUID) -> Content | None:
    """A draft's thumbnail; the whole where it has none."""
    row = await tx.fetchrow(
        """
        SELECT name, kind, media_type, coalesce(thumbnail, body) AS body
          FROM attachment
         WHERE id = $1
           AND draft = $2
        """,
        identifier,
        draft,
    )
    return Content(row["name"], Kind(row["kind"]), row["media_type"], row["body"]) if row else None


async def bind_drafts(tx: Transaction, draft: bytes, tickets: Sequence[UUID], at: datetime) -> int:
    """Puts the files of a form with these tickets; how many files."""
    bound = await tx.fetchval(
        """
        WITH bound AS (
            UPDATE attachment
               SET draft = NULL
             WHERE draft = $1
            RETURNING id, side
        ), listed AS (
            INSERT INTO ticket_attachment (ticket, attachment, at, side, public)
            SELECT t.ticket, b.id, $3, b.side, b.side = 'resident'
              FROM bound b
             CROSS JOIN unnest($2::uuid[]) AS t (ticket)
        )
        SELECT count(*) FROM bound
        """,
        draft,
        list(tickets),
        at,
    )
    return int(bound or 0)


async def bind(tx: Transaction, ticket: UUID, identifier: UUID, side: Side, public: bool, at: datetime) -> None:
    """Puts a file with a ticket."""
    await tx.execute(
        "INSERT INTO ticket_attachment (ticket, attachment, at, side, public) VALUES ($1, $2, $3, $4, $5)",
        ticket, identifier, at, side.value, public,
    )  # fmt: skip


async def of_tickets(tx: Transaction, tickets: Sequence[UUID]) -> dict[UUID, tuple[Attachment, ...]]:
    """The files of each of these tickets that the acting person may see, oldest first; a part of a split ticket has the whole's too."""
    rows = await tx.fetch(
        """
        SELECT asked.id AS ticket, a.id, a.kind, a.media_type, a.name, a.size, a.side, a.at, a.width, a.height, l.public
          FROM unnest($1::uuid[]) AS asked (id)
          JOIN ticket t ON t.id = asked.id
          JOIN ticket_attachment l ON l.ticket = t.id OR (l.ticket = t.split_from AND l.side = 'resident')
          JOIN attachment a ON a.id = l.attachment
         ORDER BY a.id
        """,
        list(tickets),
    )
    found: dict[UUID, list[Attachment]] = {}
    for row in rows:
        found.setdefault(row["ticket"], []).append(_attachment(row, public=row["public"]))
    return {ticket: tuple(files) for ticket, files in found.items()}


async def count(tx: Transaction, ticket: UUID, side: Side) -> int:
    """How many files this side has put with a ticket."""
    counted = await tx.fetchval("SELECT count(*) FROM ticket_attachment WHERE ticket = $1 AND side = $2", ticket, side.value)
    return int(counted or 0)


async def content(tx: Transaction, identifier: UUID, thumbnail: bool) -> Content | None:
    """A file that the acting person may see."""
    row = await tx.fetchrow(
        """
        SELECT name, kind, media_type, CASE WHEN $2 AND thumbnail IS NOT NULL THEN thumbnail ELSE body END AS body
          FROM attachment
         WHERE id = $1
           AND draft IS NULL
        """,
        identifier,
        thumbnail,
    )
    return Content(row["name"], Kind(row["kind"]), row["media_type"], row["body"]) if row else None


async def forget_drafts(tx: Transaction, before: datetime) -> int:
    """Deletes files that never got a ticket; how many."""
    return int((await tx.execute("DELETE FROM attachment WHERE draft IS NOT NULL AND at < $1", before)).removeprefix("DELETE "))


def _attachment(row: asyncpg.Record, *, public: bool) -> Attachment:
    found: dict[str, Any] = dict(row)
    return Attachment(
        found["id"], Kind(found["kind"]), found["media_type"], found["name"], found["size"], Side(found["side"]), found["at"],
        found["width"], found["height"], public,
    )  # fmt: skip
