"""SQL of the dispatcher's desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from yixian.db.ids import first_id
from yixian.db.pool import Transaction
from yixian.tickets.dispatching.model import Beside, Found, Load, Near, Parking, Past
from yixian.tickets.store import KEPT_BY, PARKED


async def counts(tx: Transaction, most: int, roles: Sequence[str], now: datetime) -> tuple[Found, ...]:
    """What waits, by tab, and what the queue can be narrowed by, most first; one statement, which stops counting each at `most`.

    What the queue can be narrowed by is counted among its first `most` tickets. With them come those with one of these `roles` whose
    accounts may be used, by name: a second statement for a handful of them would cost the desk a way to the database and back.
    """
    rows = await tx.fetch(
        f"""
        WITH queue AS MATERIALIZED (
            SELECT t.kind, t.region, t.campaign, t.special ->> 'name' AS name
              FROM ticket t
             WHERE t.closed_at IS NULL
               AND t.state = 'awaiting_dispatch'
               AND NOT {PARKED.format("$1")}
             ORDER BY coalesce(t.next_due, 'infinity'::timestamptz), t.id
             LIMIT $2
        )
        SELECT 'tab' AS by, 'new' AS code, '' AS name, (SELECT count(*) FROM queue) AS count
         UNION ALL
        SELECT 'tab', 'returned', '', count(*)
          FROM (SELECT
                  FROM ticket t
                 WHERE t.closed_at IS NULL
                   AND t.state = 'awaiting_dispatch'
                   AND t.returns > 0
                   AND NOT {PARKED.format("$1")}
                 LIMIT $2) t
         UNION ALL
        SELECT 'tab', 'joint', '', count(*)
          FROM (SELECT
                  FROM ticket t
                 WHERE t.closed_at IS NULL
                   AND t.state = 'joint_review'
                 LIMIT $2) t
         UNION ALL
        SELECT 'tab', 'parked', '', count(*)
          FROM (SELECT DISTINCT k.ticket
                  FROM parking k
                  JOIN ticket t ON t.id = k.ticket
                 WHERE k.until > $1
                   AND k.ended_at IS NULL
                   AND k.version = t.version
                   AND t.state = 'awaiting_dispatch'
                 LIMIT $2) t
         UNION ALL
        SELECT 'tab', 'mine', '', count(*)
          FROM (SELECT
                  FROM ticket t
                 WHERE t.closed_at IS NULL
                   AND t.state IN ('awaiting_dispatch', 'joint_review')
                   AND {KEPT_BY.format(keeper="(SELECT acting_actor())", now="$1")}
                 LIMIT $2) t
         UNION ALL
        SELECT 'tab', 'alarms', '', count(*)
          FROM (SELECT
                  FROM ticket t
                 WHERE t.closed_at IS NULL
                   AND t.state = 'awaiting_dispatch'
                   AND t.urgency = 'critical'
                 LIMIT $2) t
         UNION ALL
        SELECT 'tab', 'care', '', count(*)
          FROM ticket t
         WHERE t.care = 'needed'
           AND t.state = 'awaiting_dispatch'
         UNION ALL
        SELECT 'kind', kind, '', count(*)
          FROM queue
         GROUP BY kind
         UNION ALL
        SELECT 'region', region, '', count(*)
          FROM queue
         WHERE region IS NOT NULL
         GROUP BY region
         UNION ALL
        SELECT 'campaign', campaign::text, name, count(*)
          FROM queue
         WHERE campaign IS NOT NULL
         GROUP BY campaign, name
         UNION ALL
        SELECT 'colleague', id::text, name, -row_number() OVER (ORDER BY name, login)
          FROM staff
         WHERE disabled_at IS NULL
           AND roles && $3::text[]
         ORDER BY 1, 4 DESC, 2
        """,  # noqa: S608 -- every piece is written here
        now,
        most,
        list(roles),
    )
    return tuple(Found(*r) for r in rows)


async def loads(tx: Transaction, units: Sequence[str] | None, now: datetime, today: datetime, month: datetime) -> tuple[Load, ...]:
    """What these units lead (None: all that lead or led something lately), most overdue first; one statement, from indexes alone."""
    rows = await tx.fetch(
        """
        SELECT unit, open, red, amber, fresh, returned
          FROM unit_load($1::text[], $2, $3, $4)
         ORDER BY red DESC, amber DESC, open DESC, unit
        """,
        None if units is None else list(units),
        now,
        today,
        month,
    )
    return tuple(Load(*r) for r in rows)


class _Beside(msgspec.Struct):
    loads: list[Load]
    past: list[Past]
    near: list[Near]
    parkings: list[Parking]


async def beside(
    tx: Transaction,
    ticket: UUID,
    matter: str,
    units: Sequence[str],
    now: datetime,
    today: datetime,
    month: datetime,
    limits: tuple[int, int],
) -> Beside:
    """What helps to decide where a ticket goes, in one statement: a few stretches of indexes.

    The units' load; the newest tickets about the matter that were dispatched, with their first order; those about it that were
    registered today; how often this one was put aside. `limits`: how many of the dispatched, and of today's.
    """
    row = await tx.fetchrow(
        """
        SELECT (SELECT coalesce(json_agg(l), '[]') FROM unit_load($3::text[], $4, $5, $6) l) AS loads,
               (SELECT coalesce(json_agg(json_build_object('number', t.number, 'at', t.first_dispatched_at, 'region', t.region,
                                                           'unit', o.unit, 'how', o.ended_how, 'lead', t.lead) ORDER BY t.id DESC), '[]')
                  FROM (SELECT id, number, first_dispatched_at, region, lead
                          FROM ticket
                         WHERE matter = $2
                           AND id <> $1
                           AND first_dispatched_at IS NOT NULL
                         ORDER BY id DESC
                         LIMIT $8) t
                  JOIN LATERAL (
                       SELECT unit, ended_how
                         FROM unit_order
                        WHERE ticket = t.id
                          AND role = 'lead'
                        ORDER BY since, id
                        LIMIT 1) o ON true) AS past,
               (SELECT coalesce(json_agg(n), '[]')
                  FROM (SELECT number, region, latitude, longitude
                          FROM ticket
                         WHERE matter = $2
                           AND id >= $7
                           AND id <> $1
                         ORDER BY id DESC
                         LIMIT $9) n) AS near,
               (SELECT coalesce(json_agg(k ORDER BY k.at DESC), '[]')
                  FROM (SELECT at, until, reason, staff, version, ended_at
                          FROM parking
                         WHERE ticket = $1
                         ORDER BY at DESC
                         LIMIT 20) k) AS parkings
        """,
        ticket,
        matter,
        list(units),
        now,
        today,
        month,
        first_id(today),
        *limits,
    )
    assert row is not None, "a row without a table is always there"
    found = msgspec.convert(dict(row), _Beside)
    return Beside({load.unit: load for load in found.loads}, tuple(found.past), tuple(found.near), tuple(found.parkings))


async def park(tx: Transaction, ticket: UUID, version: int, until: datetime, reason: str, staff: str, now: datetime) -> bool:
    """Puts a ticket aside that still stands at `version`; False when it does not."""
    done = await tx.fetchval(
        """
        WITH held AS (
            SELECT id
              FROM ticket
             WHERE id = $1
               AND version = $2
               AND state = 'awaiting_dispatch'
               FOR UPDATE
        ), before AS (
            UPDATE parking
               SET ended_at = $6
             WHERE ticket = $1
               AND ended_at IS NULL
               AND at < $6
               AND EXISTS (SELECT FROM held)
        )
        INSERT INTO parking (ticket, at, until, reason, staff, version)
        SELECT id, $6, $3, $4, $5, $2
          FROM held
            ON CONFLICT (ticket, at) DO NOTHING
        RETURNING true
        """,
        ticket,
        version,
        until,
        reason,
        staff,
        now,
    )
    return bool(done)


async def parked(tx: Transaction, ticket: UUID, version: int, now: datetime) -> Parking | None:
    """The parking of a ticket that stands at `version`; None when it is not put aside."""
    row = await tx.fetchrow(
        """
        SELECT at, until, reason, staff, version, ended_at
          FROM parking
         WHERE ticket = $1
           AND version = $2
           AND until > $3
           AND ended_at IS NULL
         ORDER BY at DESC
         LIMIT 1
        """,
        ticket,
        version,
        now,
    )
    return Parking(*row) if row else None


async def take_up(tx: Transaction, ticket: UUID, now: datetime) -> None:
    """Brings a ticket back to the queue before its time."""
    await tx.execute("UPDATE parking SET ended_at = $2 WHERE ticket = $1 AND ended_at IS NULL", ticket, now)
