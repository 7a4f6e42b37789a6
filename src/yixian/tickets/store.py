"""All SQL of tickets, their orders and their history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from yixian.db.pool import Transaction
from yixian.tickets.model import HistoryRow, Order, Ticket

COLUMNS = ", ".join(f.name for f in msgspec.structs.fields(Ticket))
"""Of table `ticket`, in the struct's order; a test keeps the two equal."""

_CHANGEABLE = [f.name for f in msgspec.structs.fields(Ticket) if f.name not in ("id", "number", "contact", "created_at")]
_SET = ",\n                   ".join(f"{name} = n.{name}" for name in _CHANGEABLE)


def _plain(row: msgspec.Struct, **more: Any) -> dict[str, Any]:
    """A struct as the database's JSON reads it: bytes as `\\x…`."""
    values = msgspec.structs.asdict(row) | more
    return {name: f"\\x{value.hex()}" if isinstance(value, bytes) else value for name, value in values.items()}


async def create(
    tx: Transaction,
    tickets: Sequence[Ticket],
    orders: Sequence[tuple[UUID, Order]],
    rows: Sequence[HistoryRow],
    events: Sequence[dict[str, Any]],
) -> None:
    """Writes new tickets with their orders `(ticket, order)`, their first rows of history and their events, in one statement."""
    await tx.execute(
        """
        WITH opened AS (
            INSERT INTO ticket
            SELECT *
              FROM jsonb_populate_recordset(NULL::ticket, $1)
        ), ordered AS (
            INSERT INTO unit_order
            SELECT *
              FROM jsonb_populate_recordset(NULL::unit_order, $2)
        ), told AS (
            INSERT INTO event (at, kind, subject, body)
            SELECT at, kind, subject, body
              FROM jsonb_to_recordset($4) AS e (at timestamptz, kind text, subject uuid, body jsonb)
        )
        INSERT INTO history
        SELECT *
          FROM jsonb_populate_recordset(NULL::history, $3)
        """,
        [_plain(t) for t in tickets],
        [_plain(o, ticket=ticket) for ticket, o in orders],
        [_plain(r) for r in rows],
        list(events),
    )


async def find(tx: Transaction, number: str) -> tuple[Ticket, tuple[Order, ...]] | None:
    """The ticket with all its orders, oldest first; None when there is none that the acting person may see."""
    row = await tx.fetchrow(
        f"""
        SELECT {COLUMNS},
               (SELECT coalesce(json_agg(o ORDER BY o.since, o.ended_at NULLS LAST, o.id), '[]')
                  FROM unit_order o
                 WHERE o.ticket = t.id) AS orders
          FROM ticket t
         WHERE t.number = $1
        """,  # noqa: S608 -- the columns are the struct's own
        number,
    )
    if row is None:
        return None
    values = dict(row)
    orders = msgspec.convert(values.pop("orders"), tuple[Order, ...])
    return msgspec.convert(values, Ticket), orders


async def take_edge(
    tx: Transaction,
    ticket: Ticket,
    seen_version: int,
    ended: Sequence[UUID],
    ended_how: str,
    made: Sequence[Order],
    part: tuple[UUID, str] | None,
    row: HistoryRow,
    events: Sequence[dict[str, Any]],
) -> bool:
    """Moves a ticket from `seen_version` to what `ticket` says, with everything that goes with the step, in one statement.

    False when it no longer stands at `seen_version` (someone was faster): then nothing is written.
    Orders end before new ones are made: at most one lead is live at any time, also within the statement.
    """
    moved = await tx.fetchval(
        f"""
        WITH moved AS (
            UPDATE ticket t
               SET {_SET}
              FROM jsonb_populate_record(NULL::ticket, $1) n
             WHERE t.id = n.id
               AND t.version = $2
            RETURNING t.id
        ), ended AS (
            UPDATE unit_order o
               SET ended_at = $5, ended_how = $4
              FROM moved
             WHERE o.ticket = moved.id
               AND o.id = ANY ($3)
            RETURNING o.id
        ), part AS (
            UPDATE unit_order o
               SET part = $8, part_at = $5
              FROM moved
             WHERE o.ticket = moved.id
               AND o.id = $7
        ), made AS (
            INSERT INTO unit_order
            SELECT o.*
              FROM jsonb_populate_recordset(NULL::unit_order, $6) o, moved, (SELECT count(*) FROM ended) AS after
        ), told AS (
            INSERT INTO event (at, kind, subject, body)
            SELECT e.at, e.kind, e.subject, e.body
              FROM jsonb_to_recordset($10) AS e (at timestamptz, kind text, subject uuid, body jsonb), moved
        ), written AS (
            INSERT INTO history
            SELECT h.*
              FROM jsonb_populate_record(NULL::history, $9) h, moved
        )
        SELECT id FROM moved
        """,  # noqa: S608 -- the columns are the struct's own
        _plain(ticket),
        seen_version,
        list(ended),
        ended_how,
        row.at,
        [_plain(o, ticket=ticket.id) for o in made],
        part[0] if part else None,
        part[1] if part else None,
        _plain(row),
        list(events),
    )
    return moved is not None


async def history(tx: Transaction, ticket: UUID, since: datetime) -> tuple[HistoryRow, ...]:
    """A ticket's rows in order; `since`: when it was made, so that older partitions are not looked into."""
    rows = await tx.fetch(
        """
        SELECT ticket, seq, at, actor, role, unit, action, source, target, note, detail, public, previous, hash
          FROM history
         WHERE ticket = $1
           AND at >= $2
         ORDER BY seq
        """,
        ticket,
        since,
    )
    return tuple(msgspec.convert(dict(r), HistoryRow) for r in rows)


async def last_change(tx: Transaction, ticket: UUID, since: datetime) -> HistoryRow | None:
    """What was done last."""
    row = await tx.fetchrow(
        """
        SELECT ticket, seq, at, actor, role, unit, action, source, target, note, detail, public, previous, hash
          FROM history
         WHERE ticket = $1
           AND at >= $2
         ORDER BY seq DESC
         LIMIT 1
        """,
        ticket,
        since,
    )
    return msgspec.convert(dict(row), HistoryRow) if row else None
