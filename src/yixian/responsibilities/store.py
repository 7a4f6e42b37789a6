"""All SQL of proposals: the list itself is the city's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from yixian.db.outbox import Event
from yixian.db.pool import Transaction
from yixian.responsibilities.model import Answer, Filters, Import, Page, Proposal, StepRow, UnitSaid

_COLUMNS: Final = """p.id, p.number, p.kind, p.code, p.before, p.after, p.since, p.reason, p.source, p.source_ref, p.import AS import_,
               p.state, p.proposed_by, p.proposed_at, p.sent_by, p.due, p.decided_by, p.decided_at, p.load_id, p.version"""

# One aggregate over the page, not a query for each proposal.
_UNITS: Final = """(SELECT coalesce(jsonb_agg(to_jsonb(u) - 'proposal' ORDER BY u.unit), '[]')
                  FROM proposal_unit u
                 WHERE u.proposal = p.id) AS units"""


class Silence(msgspec.Struct, frozen=True):
    """A proposal whose time is over, and the units that let it pass."""

    id: UUID
    number: int
    code: str
    units: tuple[str, ...]


async def insert(tx: Transaction, proposals: Sequence[Proposal], steps: Sequence[StepRow], events: Sequence[Event]) -> None:
    """Writes new proposals, the units that are asked, their first steps and their events, in one statement."""
    await tx.execute(
        """
        WITH made AS (
            INSERT INTO proposal (id, kind, code, before, after, since, reason, source, source_ref, import, state,
                                  proposed_by, proposed_at, sent_by, due)
            SELECT id, kind, code, nullif(before, 'null'), nullif(after, 'null'), since, reason, source, source_ref, import_, state,
                   proposed_by, proposed_at, sent_by, due
              FROM jsonb_to_recordset($1::jsonb) AS p (
                   id uuid, kind text, code text, before jsonb, after jsonb, since date, reason text, source text, source_ref text,
                   import_ uuid, state text, proposed_by text, proposed_at timestamptz, sent_by text, due timestamptz)
        ), asked AS (
            INSERT INTO proposal_unit (proposal, unit, unit_path)
            SELECT (p ->> 'id')::uuid, u ->> 'unit', u ->> 'unit_path'
              FROM jsonb_array_elements($1::jsonb) AS p, jsonb_array_elements(p -> 'units') AS u
        ), stepped AS (
            INSERT INTO proposal_step
            SELECT *
              FROM jsonb_populate_recordset(NULL::proposal_step, $2::jsonb)
        )
        INSERT INTO event (at, kind, subject, body)
        SELECT at, kind, subject, body
          FROM jsonb_to_recordset($3::jsonb) AS e (at timestamptz, kind text, subject uuid, body jsonb)
        """,
        list(proposals),
        list(steps),
        list(events),
    )


async def find(tx: Transaction, ids: Sequence[UUID], *, lock: bool = False) -> tuple[Proposal, ...]:
    """These proposals as far as the acting person may see them, by number. `lock`: nobody else moves them until the transaction ends."""
    if lock:
        # In the order of the ids: two people who approve several at once never wait for each other in a circle.
        await tx.execute("SELECT FROM proposal WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE", list(ids))
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS},
               {_UNITS}
          FROM proposal p
         WHERE p.id = ANY ($1::uuid[])
         ORDER BY p.number
        """,  # noqa: S608
        list(ids),
    )
    return tuple(_proposal(row) for row in rows)


async def listing(tx: Transaction, filters: Filters, after: int, limit: int, now: datetime) -> Page:
    """A stretch of the proposals that the acting person may see, newest first."""
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS},
               {_UNITS}
          FROM proposal p
         WHERE (cardinality($1::text[]) = 0 OR p.state = ANY ($1))
           AND ($2::text = '' OR p.code = $2)
           AND ($3::text = '' OR EXISTS (
                SELECT
                  FROM proposal_unit u
                 WHERE u.proposal = p.id
                   AND starts_with(u.unit_path, $3)
                   AND (NOT $4::boolean OR u.answer IS NULL)))
           AND (NOT $5::boolean OR (p.state = 'in_review' AND p.due < $6))
           AND ($7::uuid IS NULL OR p.import = $7)
           AND ($8::bigint = 0 OR p.number < $8)
         ORDER BY p.number DESC
         LIMIT $9
        """,  # noqa: S608
        [state.value for state in filters.states],
        filters.code,
        filters.unit_path,
        filters.unanswered,
        filters.overdue,
        now,
        filters.imported,
        after,
        limit + 1,
    )
    found = [_proposal(row) for row in rows]
    return Page(tuple(found[:limit]), found[limit - 1].number if len(found) > limit else 0)


async def counts(tx: Transaction, now: datetime) -> dict[str, int]:
    """How many of the proposals that the acting person may see stand where; `overdue`: in review and past their due date."""
    rows = await tx.fetch(
        """
        SELECT state, count(*) AS n, count(*) FILTER (WHERE state = 'in_review' AND due < $1) AS overdue
          FROM proposal
         GROUP BY state
        """,
        now,
    )
    return {row["state"]: row["n"] for row in rows} | {"overdue": sum(row["overdue"] for row in rows)}


async def steps(tx: Transaction, proposal: UUID) -> tuple[StepRow, ...]:
    """What happened to a proposal, in order."""
    rows = await tx.fetch(
        """
        SELECT proposal, seq, at, actor, name, unit, step, note, detail
          FROM proposal_step
         WHERE proposal = $1
         ORDER BY seq
        """,
        proposal,
    )
    return tuple(msgspec.convert(dict(row), StepRow) for row in rows)


async def move(tx: Transaction, proposals: Sequence[Proposal], steps: Sequence[StepRow], events: Sequence[Event]) -> int:
    """Writes where proposals stand now, with the steps that took them there; each must still stand a version before.

    Returns how many did: fewer than given means that somebody was faster, and the caller undoes it all.
    """
    moved: int | None = await tx.fetchval(
        """
        WITH given AS (
            SELECT *
              FROM jsonb_to_recordset($1::jsonb) AS g (
                   id uuid, state text, since date, after jsonb, sent_by text, due timestamptz, decided_by text, decided_at timestamptz,
                   load_id bigint, version integer)
        ), moved AS (
            UPDATE proposal p
               SET state = g.state, since = g.since, after = nullif(g.after, 'null'), sent_by = g.sent_by, due = g.due,
                   decided_by = g.decided_by, decided_at = g.decided_at, load_id = g.load_id, version = g.version
              FROM given g
             WHERE p.id = g.id
               AND p.version = g.version - 1
            RETURNING p.id
        ), stepped AS (
            INSERT INTO proposal_step
            SELECT *
              FROM jsonb_populate_recordset(NULL::proposal_step, $2::jsonb)
             WHERE proposal IN (SELECT id FROM moved)
        ), told AS (
            INSERT INTO event (at, kind, subject, body)
            SELECT at, kind, subject, body
              FROM jsonb_to_recordset($3::jsonb) AS e (at timestamptz, kind text, subject uuid, body jsonb)
             WHERE subject IN (SELECT id FROM moved)
        )
        SELECT count(*)
          FROM moved
        """,
        list(proposals),
        list(steps),
        list(events),
    )
    return moved or 0


async def ask(tx: Transaction, proposal: UUID, units: Sequence[UnitSaid]) -> None:
    """Notes the units that are asked about a draft."""
    await tx.execute(
        """
        INSERT INTO proposal_unit (proposal, unit, unit_path)
        SELECT $1::uuid, unit, unit_path
          FROM unnest($2::text[], $3::text[]) AS u (unit, unit_path)
        """,
        proposal,
        [said.unit for said in units],
        [said.unit_path for said in units],
    )


async def answer(
    tx: Transaction, proposal: UUID, units: Sequence[str], said: Answer, reason: str, basis: str, actor: str, now: datetime
) -> int:
    """Notes what units say; a later answer replaces an earlier one, whose words stay in the steps. How many were noted."""
    done = await tx.execute(
        """
        UPDATE proposal_unit
           SET answer = $3, reason = $4, basis = $5, answered_by = $6, answered_at = $7
         WHERE proposal = $1
           AND unit = ANY ($2::text[])
        """,
        proposal,
        list(units),
        said.value,
        reason,
        basis,
        actor,
        now,
    )
    return int(done.rpartition(" ")[2])


async def mark_silent(tx: Transaction, now: datetime, most: int) -> tuple[Silence, ...]:
    """Notes, for up to `most` proposals whose due date has passed, the units that said nothing, with a step each."""
    rows = await tx.fetch(
        """
        WITH over AS (
            SELECT p.id, p.version, p.number, p.code
              FROM proposal p
             WHERE p.state = 'in_review'
               AND p.due < $1
               AND EXISTS (SELECT FROM proposal_unit u WHERE u.proposal = p.id AND u.answer IS NULL AND u.silent_at IS NULL)
             ORDER BY p.id
             LIMIT $2
               FOR UPDATE SKIP LOCKED
        ), silent AS (
            UPDATE proposal_unit u
               SET silent_at = $1
              FROM over
             WHERE u.proposal = over.id
               AND u.answer IS NULL
               AND u.silent_at IS NULL
            RETURNING u.proposal, u.unit
        ), moved AS (
            UPDATE proposal p
               SET version = p.version + 1
              FROM over
             WHERE p.id = over.id
            RETURNING p.id
        ), units AS (
            SELECT proposal, jsonb_agg(unit ORDER BY unit) AS units
              FROM silent
             GROUP BY proposal
        ), stepped AS (
            INSERT INTO proposal_step (proposal, seq, at, actor, name, step, detail)
            SELECT over.id, over.version + 1, $1, 'system', 'system', 'silent', jsonb_build_object('units', units.units)
              FROM over
              JOIN units ON units.proposal = over.id
        )
        SELECT over.id, over.number, over.code, units.units
          FROM over
          JOIN units ON units.proposal = over.id
        """,
        now,
        most,
    )
    return tuple(msgspec.convert(dict(row), Silence) for row in rows)


async def names(tx: Transaction, staff: Sequence[str]) -> dict[str, str]:
    """How these people are called, by what they wrote themselves down as in steps; who took none is left out."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT ON (actor) actor, name
          FROM proposal_step
         WHERE actor = ANY ($1::text[])
         ORDER BY actor, at DESC
        """,
        list(staff),
    )
    return {row["actor"]: row["name"] for row in rows}


async def taken_codes(tx: Transaction) -> frozenset[str]:
    """Codes that new entries of open proposals have: not to be given again."""
    rows = await tx.fetch("SELECT code FROM proposal WHERE state IN ('draft', 'in_review') AND kind = 'new'")
    return frozenset(row["code"] for row in rows)


async def known_sources(tx: Transaction, source: str, refs: Sequence[str]) -> frozenset[str]:
    """Of these references, those that have become proposals already."""
    rows = await tx.fetch("SELECT source_ref FROM proposal WHERE source = $1 AND source_ref = ANY ($2::text[])", source, list(refs))
    return frozenset(row["source_ref"] for row in rows)


async def keep_import(tx: Transaction, kept: Import) -> None:
    """Keeps a file that was read and shown."""
    await tx.execute(
        """
        INSERT INTO list_import (id, made_at, made_by, file, since, whole, rows, shown)
        VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8)
        """,
        kept.id, kept.made_at, kept.made_by, kept.file, kept.since, kept.whole, list(kept.rows), kept.shown,
    )  # fmt: skip


async def find_import(tx: Transaction, identifier: UUID, *, lock: bool = False) -> Import | None:
    """A kept file; None when there is none (any more). `lock`: nobody else confirms it meanwhile."""
    row = await tx.fetchrow(
        f"""
        SELECT id, made_at, made_by, file, since, whole, rows, shown, confirmed_at
          FROM list_import
         WHERE id = $1
        {"FOR UPDATE" if lock else ""}
        """,  # noqa: S608
        identifier,
    )
    return msgspec.convert(dict(row), Import) if row else None


async def confirm_import(tx: Transaction, identifier: UUID, now: datetime) -> None:
    """Marks a kept file as having become proposals."""
    await tx.execute("UPDATE list_import SET confirmed_at = $2 WHERE id = $1", identifier, now)


async def forget_imports(tx: Transaction, before: datetime) -> None:
    """Forgets files that nobody confirmed."""
    await tx.execute("DELETE FROM list_import WHERE confirmed_at IS NULL AND made_at < $1", before)


def _proposal(row: Any) -> Proposal:
    return msgspec.convert(dict(row), Proposal)
