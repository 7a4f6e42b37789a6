"""SQL of the reviewers' desk and the call-backs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from yixian.db.pool import Transaction
from yixian.tickets.reviewing.model import Call, Drawn, Figures, Link, Waiting

_CALLS: dict[Waiting, str] = {
    Waiting.NOW: "t.call_at <= $1",
    Waiting.LATER: "t.call_at > $1",
    Waiting.UNREACHED: "t.call_at IS NULL AND t.rated_solution IS NULL AND $1::timestamptz IS NOT NULL",
    Waiting.BAD: "t.call_at IS NULL AND t.rated_solution < 3 AND $1::timestamptz IS NOT NULL",
}


async def calls(tx: Transaction, which: Waiting, after: tuple[datetime | None, UUID] | None, limit: int, now: datetime) -> tuple[Call, ...]:
    """A stretch of the list of calls, ready sorted from the index: by when to ring, or by age where nobody is rung; one statement.

    `after`: when to ring, and id of, the last one before.
    """
    timed = which in (Waiting.NOW, Waiting.LATER)
    rows = await tx.fetch(
        f"""
        SELECT t.id, t.number, CASE WHEN t.title <> '' THEN t.title ELSE left(t.text, 40) END AS title, t.matter, t.region, t.lead,
               t.attempts, t.call_at, t.hides_identity, t.rounds, t.rated_solution,
               coalesce(c.language, '') AS language, coalesce(c.needs, '') AS needs,
               (SELECT max(l.sent_at) FROM rating_link l WHERE l.ticket = t.id AND l.round = t.rounds) AS link_at, t.version
          FROM ticket t
          LEFT JOIN caller c ON c.id = t.caller
         WHERE t.state = 'awaiting_call_back'
           AND {_CALLS[which]}
           AND ($3::uuid IS NULL OR ({"(t.call_at, t.id) > ($2, $3)" if timed else "t.id > $3 AND $2::timestamptz IS NULL"}))
         ORDER BY {"t.call_at, t.id" if timed else "t.id"}
         LIMIT $4
        """,  # noqa: S608 -- every piece is written here
        now,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )  # fmt: skip
    return tuple(Call(*r) for r in rows)


async def waiting(tx: Transaction, now: datetime) -> dict[Waiting, int]:
    """How many stand on each part of the list; one statement over what waits for a call."""
    row = await tx.fetchrow(
        """
        SELECT count(*) FILTER (WHERE call_at <= $1) AS now,
               count(*) FILTER (WHERE call_at > $1) AS later,
               count(*) FILTER (WHERE call_at IS NULL AND rated_solution IS NULL) AS unreached,
               count(*) FILTER (WHERE call_at IS NULL AND rated_solution < 3) AS bad
          FROM ticket
         WHERE state = 'awaiting_call_back'
        """,
        now,
    )
    assert row is not None, "a sum is always there"
    return {Waiting(name): count for name, count in dict(row).items()}


async def count_answers(tx: Transaction) -> int:
    """How many answers wait for a verdict."""
    return await tx.fetchval("SELECT count(*) FROM ticket WHERE state = 'in_review' AND closed_at IS NULL") or 0


async def figures(tx: Transaction, actor: str, since: datetime) -> Figures:
    """What this person did since then; one statement."""
    row = await tx.fetchrow(
        """
        SELECT count(*) FILTER (WHERE h.action = 'pass'),
               count(*) FILTER (WHERE h.action = 'send_back' AND h.source = 'in_review'),
               (SELECT count(*) FROM second_review WHERE looked_by = $1 AND looked_at >= $2),
               (SELECT count(*) FROM second_review WHERE looked_by = $1 AND looked_at >= $2 AND NOT agrees),
               count(*) FILTER (WHERE h.action = 'rate'),
               count(*) FILTER (WHERE h.action = 'rate' AND (h.detail ->> 'solution')::integer >= 3),
               count(*) FILTER (WHERE h.action = 'call_back'),
               count(*) FILTER (WHERE h.action IN ('redo', 'refer', 'close'))
          FROM history h
         WHERE h.actor = $1
           AND h.at >= $2
           AND h.action IN ('pass', 'send_back', 'call_back', 'rate', 'close', 'redo', 'refer')
        """,
        actor,
        since,
    )
    assert row is not None, "a sum is always there"
    return Figures(*row)


# -- The second look -----------------------------------------------------------------------------------------------


async def draw(tx: Transaction, ticket: UUID, version: int, reviewer: str, now: datetime) -> None:
    """Puts an answer that was passed among those to be looked at again; once."""
    await tx.execute(
        "INSERT INTO second_review (ticket, version, drawn_at, reviewer) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        ticket, version, now, reviewer,
    )  # fmt: skip


async def passings(tx: Transaction, keys: list[tuple[UUID, int]], since: datetime) -> list[tuple[UUID, int, str, bytes]]:
    """`(ticket, seq, actor, hash)` of these rows of history."""
    rows = await tx.fetch(
        """
        SELECT h.ticket, h.seq, h.actor, h.hash
          FROM unnest($1::uuid[], $2::integer[]) AS k (ticket, seq)
          JOIN history h ON h.ticket = k.ticket AND h.seq = k.seq
         WHERE h.at >= $3
           AND h.action = 'pass'
        """,
        [ticket for ticket, _ in keys], [seq for _, seq in keys], since,
    )  # fmt: skip
    return [(r[0], r[1], r[2], bytes(r[3])) for r in rows]


async def to_look_at(tx: Transaction, actor: str, limit: int) -> tuple[Drawn, ...]:
    """What waits for a second look by somebody else than who passed it, oldest first."""
    rows = await tx.fetch(
        """
        SELECT s.ticket, s.version, t.number, CASE WHEN t.title <> '' THEN t.title ELSE left(t.text, 40) END AS title, t.matter, t.lead,
               s.drawn_at
          FROM second_review s
          JOIN ticket t ON t.id = s.ticket
         WHERE s.looked_at IS NULL
           AND s.reviewer <> $1
         ORDER BY s.drawn_at, s.ticket
         LIMIT $2
        """,
        actor, limit,
    )  # fmt: skip
    return tuple(Drawn(*r) for r in rows)


async def count_to_look_at(tx: Transaction, actor: str) -> int:
    """How many that are."""
    return await tx.fetchval("SELECT count(*) FROM second_review WHERE looked_at IS NULL AND reviewer <> $1", actor) or 0


async def look(tx: Transaction, ticket: UUID, version: int, actor: str, agrees: bool, words: str, now: datetime) -> bool:
    """Writes down what came of a second look; False when somebody was faster, or it is one's own."""
    done = await tx.execute(
        """
        UPDATE second_review
           SET looked_at = $6, looked_by = $3, agrees = $4, words = $5
         WHERE ticket = $1
           AND version = $2
           AND looked_at IS NULL
           AND reviewer <> $3
        """,
        ticket, version, actor, agrees, words, now,
    )  # fmt: skip
    return done == "UPDATE 1"


# -- Links ---------------------------------------------------------------------------------------------------------


async def put_link(tx: Transaction, token: bytes, ticket: UUID, number: str, round_: int, staff: str, now: datetime) -> None:
    """Keeps a link that is about to be sent."""
    await tx.execute(
        "INSERT INTO rating_link (token_hash, ticket, number, round, made_at, made_by) VALUES ($1, $2, $3, $4, $5, $6)",
        token, ticket, number, round_, now, staff,
    )  # fmt: skip


async def sent(tx: Transaction, token: bytes, now: datetime) -> None:
    """Its message has left: it may be used."""
    await tx.execute("UPDATE rating_link SET sent_at = $2 WHERE token_hash = $1", token, now)


async def link(tx: Transaction, token: bytes) -> Link | None:
    """The link with this token."""
    row = await tx.fetchrow("SELECT ticket, number, round, made_at, sent_at, used_at FROM rating_link WHERE token_hash = $1", token)
    return Link(*row) if row else None


async def newest_link(tx: Transaction, ticket: UUID, round_: int) -> Link | None:
    """The last link that was sent in this round."""
    row = await tx.fetchrow(
        """
        SELECT ticket, number, round, made_at, sent_at, used_at
          FROM rating_link
         WHERE ticket = $1
           AND round = $2
           AND sent_at IS NOT NULL
         ORDER BY made_at DESC
         LIMIT 1
        """,
        ticket, round_,
    )  # fmt: skip
    return Link(*row) if row else None


async def use(tx: Transaction, token: bytes, since: datetime, now: datetime) -> bool:
    """Uses a link up; False when it is used already, never left, or older than `since`."""
    done = await tx.execute(
        """
        UPDATE rating_link
           SET used_at = $3
         WHERE token_hash = $1
           AND used_at IS NULL
           AND sent_at IS NOT NULL
           AND made_at > $2
        """,
        token, since, now,
    )  # fmt: skip
    return done == "UPDATE 1"
