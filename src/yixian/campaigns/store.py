"""All SQL of special campaigns. Which of their tickets a person sees, the policies of `ticket` decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from yixian.campaigns.model import (
    Campaign,
    Candidate,
    Card,
    Column,
    Day,
    Entry,
    Figures,
    Limits,
    Line,
    Plan,
    Row,
    Scope,
    Standing,
    Tally,
    Which,
)
from yixian.db.pool import Transaction
from yixian.tickets.model import Light, State

_COLUMNS = """
       c.id, c.name, c.purpose, c.basis, c.first_day, c.last_day, c.begins_at, c.ends_at, c.matters, c.regions, c.units, c.words,
       c.sign, c.contact, c.answer, c.longer, c.lead, c.members, c.columns, c.state, c.drafted_at, c.drafted_by, c.approved_at,
       c.ended_at, c.report, c.figures, c.version"""


def _campaign(row: Any) -> Campaign:
    plan = Plan(
        row["name"], row["purpose"], row["basis"], row["first_day"], row["last_day"],
        Scope(tuple(row["matters"]), tuple(row["regions"]), tuple(row["units"]), tuple(row["words"])),
        Limits(row["sign"], row["contact"], row["answer"], row["longer"]),
        row["lead"], tuple(row["members"]), msgspec.convert(row["columns"], tuple[Column, ...]),
    )  # fmt: skip
    figures = msgspec.convert(row["figures"], Figures) if row["figures"] is not None else None
    return Campaign(
        row["id"], plan, row["begins_at"], row["ends_at"], Standing(row["state"]), row["drafted_at"], row["drafted_by"], row["approved_at"],
        row["ended_at"], row["report"], figures, row["version"],
    )  # fmt: skip


def _values(plan: Plan) -> tuple[Any, ...]:
    scope, limits = plan.scope, plan.limits
    return (
        plan.name, plan.purpose, plan.basis, plan.first_day, plan.last_day, list(scope.matters), list(scope.regions), list(scope.units),
        list(scope.words), limits.sign, limits.contact, limits.answer, limits.longer, plan.lead, list(plan.members),
        msgspec.to_builtins(plan.columns),
    )  # fmt: skip


async def create(tx: Transaction, campaign: Campaign) -> None:
    """Writes a draft."""
    await tx.execute(
        """
        INSERT INTO campaign (id, begins_at, ends_at, drafted_at, drafted_by, name, purpose, basis, first_day, last_day,
                              matters, regions, units, words, sign, contact, answer, longer, lead, members, columns)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
        """,
        campaign.id,
        campaign.begins_at,
        campaign.ends_at,
        campaign.drafted_at,
        campaign.drafted_by,
        *_values(campaign.plan),
    )


async def revise(tx: Transaction, campaign: UUID, plan: Plan, begins_at: datetime, ends_at: datetime) -> None:
    """Writes a draft anew."""
    await tx.execute(
        """
        UPDATE campaign
           SET begins_at = $2, ends_at = $3, version = version + 1, name = $4, purpose = $5, basis = $6, first_day = $7, last_day = $8,
               matters = $9, regions = $10, units = $11, words = $12, sign = $13, contact = $14, answer = $15, longer = $16, lead = $17,
               members = $18, columns = $19
         WHERE id = $1
        """,
        campaign,
        begins_at,
        ends_at,
        *_values(plan),
    )


async def find(tx: Transaction, campaign: UUID) -> Campaign | None:
    """The campaign; None when there is none that the acting person may see."""
    row = await tx.fetchrow(f"SELECT {_COLUMNS} FROM campaign c WHERE c.id = $1", campaign)  # noqa: S608
    return _campaign(row) if row else None


async def lock(tx: Transaction, campaign: UUID) -> Campaign | None:
    """The same, and nobody else changes it, nor does any ticket join it, until the transaction ends."""
    row = await tx.fetchrow(f"SELECT {_COLUMNS} FROM campaign c WHERE c.id = $1 FOR UPDATE", campaign)  # noqa: S608
    return _campaign(row) if row else None


async def under_way(tx: Transaction, most: int) -> tuple[tuple[UUID, str], ...]:
    """Id and name of the approved campaigns, those that began last first."""
    rows = await tx.fetch("SELECT id, name FROM campaign WHERE state = 'approved' ORDER BY begins_at DESC, id DESC LIMIT $1", most)
    return tuple((row["id"], row["name"]) for row in rows)


async def approved(tx: Transaction) -> tuple[Campaign, ...]:
    """Every approved campaign; none of them ends until the transaction does."""
    rows = await tx.fetch(f"SELECT {_COLUMNS} FROM campaign c WHERE c.state = 'approved' ORDER BY c.id FOR SHARE")  # noqa: S608
    return tuple(_campaign(r) for r in rows)


async def approved_as_seen(tx: Transaction) -> tuple[Campaign, ...]:
    """The same, only to look at."""
    rows = await tx.fetch(f"SELECT {_COLUMNS} FROM campaign c WHERE c.state = 'approved' ORDER BY c.id")  # noqa: S608
    return tuple(_campaign(r) for r in rows)


async def any_approved(tx: Transaction) -> bool:
    """Whether there is a campaign that tickets may join."""
    return await tx.fetchval("SELECT EXISTS (SELECT FROM campaign WHERE state = 'approved')") is True


async def approve(tx: Transaction, campaign: UUID, actor: str, now: datetime) -> None:
    """A draft may run."""
    await tx.execute(
        "UPDATE campaign SET state = 'approved', approved_at = $3, approved_by = $2, version = version + 1 WHERE id = $1",
        campaign,
        actor,
        now,
    )


async def discard(tx: Transaction, campaign: UUID) -> None:
    """A draft will not run."""
    await tx.execute("UPDATE campaign SET state = 'discarded', version = version + 1 WHERE id = $1", campaign)


async def end(tx: Transaction, campaign: UUID, report: str, figures: Figures, now: datetime) -> None:
    """It is over."""
    await tx.execute(
        """
        UPDATE campaign
           SET state = 'ended', ended_at = $4, report = $2, figures = $3, version = version + 1
         WHERE id = $1
        """,
        campaign,
        report,
        msgspec.to_builtins(figures),
        now,
    )


async def put_step(
    tx: Transaction, identifier: UUID, campaign: UUID, at: datetime, actor: str, role: str, action: str, note: str, detail: dict[str, Any]
) -> None:
    """Writes down what was done with a campaign."""
    await tx.execute(
        "INSERT INTO campaign_step (id, campaign, at, actor, role, action, note, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        identifier,
        campaign,
        at,
        actor,
        role,
        action,
        note,
        detail,
    )


async def entries(tx: Transaction, campaign: UUID) -> tuple[Entry, ...]:
    """What was done with a campaign, oldest first."""
    rows = await tx.fetch(
        """
        SELECT p.at, coalesce(s.name, p.actor) AS actor, p.role, p.action, p.note, p.detail
          FROM campaign_step p
          LEFT JOIN staff s ON s.id::text = p.actor
         WHERE p.campaign = $1
         ORDER BY p.at, p.id
        """,
        campaign,
    )
    return tuple(Entry(*r) for r in rows)


_WHICH = {Which.CURRENT: "c.state IN ('draft', 'approved')", Which.OVER: "c.state IN ('ended', 'discarded')"}

_PHASE = """
       CASE WHEN c.state <> 'approved' THEN c.state
            WHEN $1 < c.begins_at THEN 'waiting'
            WHEN $1 < c.ends_at THEN 'running'
            ELSE 'expired' END"""


async def lines(tx: Transaction, which: Which, after: tuple[datetime, UUID] | None, limit: int, now: datetime) -> tuple[Line, ...]:
    """A stretch of campaigns with their tickets counted, in one statement; the newest begin first."""
    rows = await tx.fetch(
        f"""
        SELECT c.id, c.name, c.purpose, c.lead, c.first_day, c.last_day, c.begins_at, c.ends_at, c.state AS standing, {_PHASE} AS phase,
               m.tickets, m.open, m.overdue
          FROM (SELECT *
                  FROM campaign c
                 WHERE {_WHICH[which]}
                   AND ($2::timestamptz IS NULL OR (c.begins_at, c.id) < ($2, $3::uuid))
                 ORDER BY c.begins_at DESC, c.id DESC
                 LIMIT $4) c
         CROSS JOIN LATERAL (
               SELECT count(*) AS tickets, count(*) FILTER (WHERE t.closed_at IS NULL) AS open,
                      count(*) FILTER (WHERE t.closed_at IS NULL AND t.next_due < $1) AS overdue
                 FROM ticket t
                WHERE t.campaign = c.id) m
         ORDER BY c.begins_at DESC, c.id DESC
        """,  # noqa: S608 -- every piece is written here
        now,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return tuple(msgspec.convert(dict(r), Line) for r in rows)


# -- Tickets -----------------------------------------------------------------------------------------------------

_CANDIDATE = """
       t.id, t.matter, t.region, t.lead, t.title || ' ' || t.text AS words, t.kind, t.urgency, t.audience, t.campaign,
       ARRAY(SELECT h.detail -> 'left' ->> 'campaign'
               FROM history h
              WHERE h.ticket = t.id
                AND h.at >= t.created_at
                AND h.action = 'leave'
                AND h.role <> 'system') AS left
  FROM ticket t"""


async def candidates(tx: Transaction, tickets: Sequence[UUID]) -> tuple[Candidate, ...]:
    """Those of these tickets that are not over, as they stand."""
    rows = await tx.fetch(f"SELECT {_CANDIDATE} WHERE t.id = ANY ($1) AND t.closed_at IS NULL ORDER BY t.id", list(tickets))
    return tuple(msgspec.convert(dict(r), Candidate) for r in rows)


async def open_ones(tx: Transaction, after: UUID | None, limit: int) -> tuple[Candidate, ...]:
    """A stretch of all tickets that are not over, by id."""
    rows = await tx.fetch(
        f"SELECT {_CANDIDATE} WHERE t.closed_at IS NULL AND ($1::uuid IS NULL OR t.id > $1) ORDER BY t.id LIMIT $2", after, limit
    )
    return tuple(msgspec.convert(dict(r), Candidate) for r in rows)


async def open_within(tx: Transaction, campaign: UUID, limit: int) -> tuple[UUID, ...]:
    """Ids of tickets of a campaign that are not over, oldest first."""
    rows = await tx.fetch("SELECT id FROM ticket WHERE campaign = $1 AND closed_at IS NULL ORDER BY id LIMIT $2", campaign, limit)
    return tuple(r["id"] for r in rows)


_LIGHT = """
       CASE WHEN t.closed_at IS NOT NULL OR t.next_due IS NULL THEN 'none'
            WHEN t.next_due < $2 THEN 'red'
            WHEN t.amber_at <= $2 THEN 'amber'
            ELSE 'green' END"""


async def figures(tx: Transaction, campaign: UUID, now: datetime) -> Figures:
    """How many of its tickets stand how, as far as the acting person may see."""
    row = await tx.fetchrow(
        """
        SELECT count(*) AS tickets, count(*) FILTER (WHERE t.closed_at IS NULL) AS open,
               count(*) FILTER (WHERE t.closed_at IS NULL AND t.next_due < $2) AS overdue,
               count(*) FILTER (WHERE t.replied_at IS NOT NULL) AS answered,
               count(*) FILTER (WHERE t.replied_at <= t.answer_due) AS in_time,
               count(*) FILTER (WHERE t.rated_solution IS NOT NULL) AS rated,
               count(*) FILTER (WHERE t.rated_solution >= 3) AS content
          FROM ticket t
         WHERE t.campaign = $1
        """,
        campaign,
        now,
    )
    return msgspec.convert(dict(row or {}), Figures)


async def tallies(tx: Transaction, campaign: UUID, now: datetime) -> tuple[Tally, ...]:
    """Its tickets counted by state, unit, region and light."""
    rows = await tx.fetch(
        f"""
        SELECT t.state, t.lead, t.region, {_LIGHT} AS light, count(*)
          FROM ticket t
         WHERE t.campaign = $1
         GROUP BY 1, 2, 3, 4
        """,  # noqa: S608 -- every piece is written here
        campaign,
        now,
    )
    return tuple(Tally(State(r[0]), r[1], r[2], Light(r[3]), r[4]) for r in rows)


async def cards(tx: Transaction, campaign: UUID, columns: Sequence[Column], most: int, now: datetime) -> tuple[Card, ...]:
    """The first `most` tickets of each column: what is owed first, then the newest."""
    rows = await tx.fetch(
        f"""
        SELECT number, title, state, lead, region, place, next_due, light, supervision
          FROM (SELECT t.number, CASE WHEN t.title <> '' THEN t.title ELSE left(t.text, 40) END AS title, t.state, t.lead, t.region,
                       t.place, t.next_due, {_LIGHT} AS light, t.supervision,
                       row_number() OVER (PARTITION BY p.pile ORDER BY t.next_due NULLS LAST, t.id DESC) AS n
                  FROM ticket t
                  JOIN unnest($3::text[], $4::integer[]) AS p (state, pile) ON p.state = t.state
                 WHERE t.campaign = $1) AS ordered
         WHERE n <= $5
         ORDER BY n
        """,  # noqa: S608 -- every piece is written here
        campaign,
        now,
        [state.value for column in columns for state in column.states],
        [n for n, column in enumerate(columns) for _ in column.states],
        most,
    )
    return tuple(msgspec.convert(dict(r), Card) for r in rows)


async def days(tx: Transaction, campaign: UUID, zone: str, since: date) -> dict[date, Day]:
    """How many tickets joined, and how many of its tickets were closed, on each day from `since` on by this zone."""
    rows = await tx.fetch(
        """
        SELECT day, count(*) FILTER (WHERE joined) AS joined, count(*) FILTER (WHERE NOT joined) AS closed
          FROM (SELECT ((t.special ->> 'since')::timestamptz AT TIME ZONE $2)::date AS day, true AS joined
                  FROM ticket t
                 WHERE t.campaign = $1
                 UNION ALL
                SELECT (t.closed_at AT TIME ZONE $2)::date, false
                  FROM ticket t
                 WHERE t.campaign = $1
                   AND t.closed_at IS NOT NULL) AS happened
         WHERE day >= $3
         GROUP BY day
        """,
        campaign,
        zone,
        since,
    )
    return {r["day"]: Day(*r) for r in rows}


async def rows(tx: Transaction, campaign: UUID, now: datetime, most: int) -> tuple[Row, ...]:
    """Its tickets for export, newest first."""
    found = await tx.fetch(
        """
        SELECT t.number, t.created_at, t.special ->> 'since' AS joined_at,
               CASE WHEN t.title <> '' THEN t.title ELSE left(t.text, 80) END AS title, t.matter, t.region, t.place, t.lead, t.state,
               t.answer_due, t.replied_at, t.closed_at, t.closed_at IS NULL AND coalesce(t.next_due < $2, false) AS overdue,
               t.rated_solution
          FROM ticket t
         WHERE t.campaign = $1
         ORDER BY t.id DESC
         LIMIT $3
        """,
        campaign,
        now,
        most,
    )
    return tuple(msgspec.convert(dict(r), Row) for r in found)


# -- What units are told -----------------------------------------------------------------------------------------


async def tell(tx: Transaction, campaign: UUID, units: Sequence[tuple[str, str]], now: datetime) -> None:
    """Tells units `(unit, path)` of a campaign that they belong to."""
    await tx.execute(
        """
        INSERT INTO campaign_notice (campaign, unit, unit_path, at)
        SELECT $1, unit, unit_path, $4
          FROM unnest($2::text[], $3::text[]) AS u (unit, unit_path)
            ON CONFLICT DO NOTHING
        """,
        campaign,
        [unit for unit, _ in units],
        [path for _, path in units],
        now,
    )


async def seen(tx: Transaction, campaign: UUID, unit_path: str, now: datetime) -> None:
    """One of the unit has looked at the campaign."""
    await tx.execute(
        "UPDATE campaign_notice SET seen_at = $3 WHERE campaign = $1 AND unit_path = $2 AND seen_at IS NULL", campaign, unit_path, now
    )


async def unread(tx: Transaction, unit_path: str) -> int:
    """How many campaigns this unit belongs to and has not looked at."""
    counted = await tx.fetchval("SELECT count(*) FROM campaign_notice WHERE unit_path = $1 AND seen_at IS NULL", unit_path)
    return counted or 0
