"""All SQL of leaders' answering sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from yixian.db.pool import Transaction
from yixian.sessions.model import AnsweringSession, Call, CallState, Line, Report


def _columns(struct: type[msgspec.Struct], of: str) -> str:
    return ", ".join(f"{of}.{f.name}" for f in msgspec.structs.fields(struct))


_SESSION: Final = _columns(AnsweringSession, "s")
_CALL: Final = _columns(Call, "c")


def _session(row: Any) -> AnsweringSession:
    return msgspec.convert({f.name: row[f.name] for f in msgspec.structs.fields(AnsweringSession)}, AnsweringSession)


def _call(row: Any) -> Call:
    return msgspec.convert({f.name: row[f.name] for f in msgspec.structs.fields(Call)}, Call)


async def create(tx: Transaction, session: AnsweringSession) -> None:
    """Writes a plan."""
    await tx.execute(
        """
        INSERT INTO answering_session (id, unit, unit_path, leader, day, starts_at, ends_at, matters, regions, seats, note,
                                       planned_at, planned_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        session.id, session.unit, session.unit_path, session.leader, session.day, session.starts_at, session.ends_at,
        list(session.matters), list(session.regions), session.seats, session.note, session.planned_at, session.planned_by,
    )  # fmt: skip


async def find(tx: Transaction, session: UUID) -> AnsweringSession | None:
    """The session; None when there is none that the acting person may see."""
    row = await tx.fetchrow(f"SELECT {_SESSION} FROM answering_session s WHERE s.id = $1", session)  # noqa: S608 -- the struct's columns
    return _session(row) if row else None


async def lock(tx: Transaction, session: UUID) -> AnsweringSession | None:
    """The same, and nobody else changes it or is given one of its seats until the transaction ends. For the hotline and the system."""
    row = await tx.fetchrow(f"SELECT {_SESSION} FROM answering_session s WHERE s.id = $1 FOR UPDATE", session)  # noqa: S608 -- as above
    return _session(row) if row else None


async def publish(tx: Transaction, session: UUID, now: datetime) -> None:
    """From now on residents read of it."""
    await tx.execute(
        "UPDATE answering_session SET state = 'published', published_at = $2, version = version + 1 WHERE id = $1", session, now
    )


async def cancel(tx: Transaction, session: UUID, why: str, now: datetime) -> None:
    """It will not be held; questions left for it are ordinary tickets already."""
    await tx.execute(
        "UPDATE answering_session SET state = 'cancelled', cancelled_at = $2, cancelled_why = $3, version = version + 1 WHERE id = $1",
        session,
        now,
        why,
    )
    await tx.execute(
        "UPDATE answering_call SET state = 'missed', ended_at = $2 WHERE session = $1 AND state = 'waiting'",
        session,
        now,
    )


async def lines(tx: Transaction, unit_path: str, after: tuple[datetime, UUID] | None, limit: int) -> tuple[Line, ...]:
    """A stretch of sessions, the last to begin first, with their calls counted, in one statement. `unit_path`: of this branch alone."""
    rows = await tx.fetch(
        f"""
        SELECT {_SESSION}, m.waiting, m.calls
          FROM (SELECT *
                  FROM answering_session s
                 WHERE starts_with(s.unit_path, $1)
                   AND ($2::timestamptz IS NULL OR (s.starts_at, s.id) < ($2, $3::uuid))
                 ORDER BY s.starts_at DESC, s.id DESC
                 LIMIT $4) s
         CROSS JOIN LATERAL (
               SELECT count(*) AS calls, count(*) FILTER (WHERE c.state = 'waiting') AS waiting
                 FROM answering_call c
                WHERE c.session = s.id) m
         ORDER BY s.starts_at DESC, s.id DESC
        """,  # noqa: S608 -- as above
        unit_path,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return tuple(Line(_session(r), r["waiting"], r["calls"]) for r in rows)


async def published(tx: Transaction, now: datetime, limit: int) -> tuple[AnsweringSession, ...]:
    """Published sessions that are not over, the next first."""
    rows = await tx.fetch(
        f"""
        SELECT {_SESSION}
          FROM answering_session s
         WHERE s.state = 'published'
           AND s.ends_at > $1
         ORDER BY s.starts_at, s.id
         LIMIT $2
        """,  # noqa: S608 -- as above
        now,
        limit,
    )
    return tuple(_session(r) for r in rows)


async def running(tx: Transaction, now: datetime) -> tuple[tuple[AnsweringSession, int], ...]:
    """Sessions that run, with how many of their seats are busy: calls handed over that are not finished."""
    rows = await tx.fetch(
        f"""
        SELECT {_SESSION},
               (SELECT count(*)
                  FROM answering_call c
                 WHERE c.session = s.id
                   AND c.how = 'handed'
                   AND c.state IN ('waiting', 'taken')) AS busy
          FROM answering_session s
         WHERE s.state = 'published'
           AND s.starts_at <= $1
           AND s.ends_at > $1
         ORDER BY s.starts_at, s.id
        """,  # noqa: S608 -- as above
        now,
    )
    return tuple((_session(r), r["busy"]) for r in rows)


async def busy(tx: Transaction, session: UUID) -> int:
    """How many seats are busy. Ask under `lock`, and it stays so."""
    counted = await tx.fetchval(
        "SELECT count(*) FROM answering_call WHERE session = $1 AND how = 'handed' AND state IN ('waiting', 'taken')", session
    )
    return counted or 0


async def put_call(tx: Transaction, call: Call) -> bool:
    """Keeps a call; False when this ticket is with the session already."""
    done = await tx.execute(
        """
        INSERT INTO answering_call (id, session, unit_path, ticket, number, how, offered_at, state, matter, region, place, title, text,
                                    ended_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
            ON CONFLICT (session, ticket) DO NOTHING
        """,
        call.id, call.session, call.unit_path, call.ticket, call.number, call.how, call.offered_at, call.state, call.matter, call.region,
        call.place, call.title, call.text, call.ended_at,
    )  # fmt: skip
    return done.endswith("1")


async def live(tx: Transaction, session: UUID) -> tuple[Call, ...]:
    """The session's calls that are not over, as far as the acting person may see, oldest first."""
    rows = await tx.fetch(
        f"SELECT {_CALL} FROM answering_call c WHERE c.session = $1 AND c.ended_at IS NULL ORDER BY c.offered_at, c.id",  # noqa: S608 -- as above
        session,
    )
    return tuple(_call(r) for r in rows)


async def calls(tx: Transaction, session: UUID, limit: int) -> tuple[Call, ...]:
    """The session's calls as far as the acting person may see: those that are not over first, then the newest."""
    rows = await tx.fetch(
        f"""
        SELECT {_CALL}
          FROM answering_call c
         WHERE c.session = $1
         ORDER BY c.ended_at IS NOT NULL, c.offered_at DESC, c.id DESC
         LIMIT $2
        """,  # noqa: S608 -- as above
        session,
        limit,
    )
    return tuple(_call(r) for r in rows)


async def take(tx: Transaction, session: UUID, actor: str, now: datetime) -> Call | None:
    """The next call, now this person's: who is on the line before questions left beforehand. None when none waits.

    Two who take at once get two calls, or one of them none: a row that another is taking is passed over.
    """
    row = await tx.fetchrow(
        f"""
        UPDATE answering_call c
           SET state = 'taken', taken_at = $3, taken_by = $2
         WHERE c.id = (
               SELECT id
                 FROM answering_call
                WHERE session = $1
                  AND state = 'waiting'
                ORDER BY how <> 'handed', offered_at, id
                LIMIT 1
                  FOR UPDATE SKIP LOCKED)
        RETURNING {_CALL}
        """,  # noqa: S608 -- as above
        session,
        actor,
        now,
    )
    return _call(row) if row else None


async def finish(
    tx: Transaction, call: UUID, actor: str, state: CallState, result: str, promise: tuple[str, date, datetime] | None, now: datetime
) -> Call | None:
    """Writes down what became of a call; None when it is no longer in this person's hand."""
    unit, day, till = promise or (None, None, None)
    row = await tx.fetchrow(
        f"""
        UPDATE answering_call c
           SET state = $3, result = $4, promised_unit = $5, promised_day = $6, promised_till = $7, ended_at = $8
         WHERE c.id = $1
           AND c.taken_by = $2
           AND c.state = 'taken'
        RETURNING {_CALL}
        """,  # noqa: S608 -- as above
        call, actor, state, result, unit, day, till, now,
    )  # fmt: skip
    return _call(row) if row else None


async def report(tx: Transaction, session: UUID, now: datetime) -> Report:
    """What came of it: calls, promises and ratings, in one statement. For who sees the whole session.

    A promise is kept when the ticket was answered by the end of the promised day.
    """
    row = await tx.fetchrow(
        """
        SELECT count(*) FILTER (WHERE c.how = 'early') AS early,
               count(*) FILTER (WHERE c.how <> 'early') AS offered,
               count(*) FILTER (WHERE c.taken_at IS NOT NULL) AS taken,
               count(*) FILTER (WHERE c.state = 'overflowed') AS overflowed,
               count(*) FILTER (WHERE c.state = 'missed') AS missed,
               count(*) FILTER (WHERE c.state = 'answered') AS answered,
               count(*) FILTER (WHERE c.state = 'promised') AS promised,
               count(*) FILTER (WHERE c.state = 'passed_on') AS passed_on,
               count(*) FILTER (WHERE c.state = 'promised' AND t.replied_at <= c.promised_till) AS kept,
               count(*) FILTER (WHERE c.state = 'promised' AND coalesce(t.replied_at, $2::timestamptz) > c.promised_till) AS broken,
               count(*) FILTER (WHERE c.taken_at IS NOT NULL AND t.rated_solution IS NOT NULL) AS rated,
               count(*) FILTER (WHERE c.taken_at IS NOT NULL AND t.rated_solution >= 3) AS content,
               (avg(t.rated_solution) FILTER (WHERE c.taken_at IS NOT NULL))::double precision AS mean
          FROM answering_call c
          JOIN ticket t ON t.id = c.ticket
         WHERE c.session = $1
        """,
        session,
        now,
    )
    return msgspec.convert(dict(row or {}), Report)


async def of_tickets(tx: Transaction, tickets: Sequence[UUID]) -> dict[UUID, CallState]:
    """Those of these tickets that wait for a leader or are in one's hand."""
    rows = await tx.fetch(
        "SELECT ticket, state FROM answering_call WHERE ticket = ANY ($1) AND ended_at IS NULL AND how = 'handed'", list(tickets)
    )
    return {r["ticket"]: CallState(r["state"]) for r in rows}


async def in_a_leaders_hand(tx: Transaction, number: str) -> bool:
    """Whether a leader speaks about the ticket with this number just now."""
    found = await tx.fetchval(
        """
        SELECT true
          FROM answering_call c
          JOIN ticket t ON t.id = c.ticket
         WHERE t.number = $1
           AND c.state = 'taken'
        """,
        number,
    )
    return found is True


async def waiting(tx: Transaction, unit_path: str, now: datetime) -> int:
    """How many calls wait for this unit's leader in sessions that run."""
    counted = await tx.fetchval(
        """
        SELECT count(*)
          FROM answering_call c
          JOIN answering_session s ON s.id = c.session
         WHERE c.unit_path = $1
           AND c.ended_at IS NULL
           AND c.state = 'waiting'
           AND s.starts_at <= $2
           AND s.ends_at > $2
        """,
        unit_path,
        now,
    )
    return counted or 0


async def miss(tx: Transaction, now: datetime, unfinished: datetime) -> tuple[Call, ...]:
    """Ends calls that nobody took while the session lasted, and those taken whose session ended before `unfinished`."""
    rows = await tx.fetch(
        f"""
        UPDATE answering_call c
           SET state = 'missed', ended_at = $1::timestamptz
          FROM answering_session s
         WHERE s.id = c.session
           AND c.ended_at IS NULL
           AND s.ends_at <= CASE c.state WHEN 'waiting' THEN $1::timestamptz ELSE $2::timestamptz END
        RETURNING {_CALL}
        """,  # noqa: S608 -- as above
        now,
        unfinished,
    )
    return tuple(_call(r) for r in rows)
