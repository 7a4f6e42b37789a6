"""All SQL of operators' drafts, work and states."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from yixian.db.ids import new_id
from yixian.db.pool import Transaction
from yixian.operators.model import Count, Figures, Source, Standing, State, Work


class Sealed(msgspec.Struct, frozen=True):
    """A draft as it is kept."""

    key: str
    begun_at: datetime
    saved_at: datetime
    parked_at: datetime | None
    edit: int
    sealed: bytes


# -- Drafts ------------------------------------------------------------------------------------------------------

DRAFT = "SELECT key, begun_at, saved_at, parked_at, edit, sealed FROM operator_draft"


async def keep_draft(tx: Transaction, operator: UUID, key: str, channel: str, edit: int, sealed: bytes, now: datetime) -> bool:
    """Keeps what was typed, and that the contact is in hand; False when a newer edit is kept already, or it is recorded."""
    row = await tx.fetchrow(
        """
        WITH work AS (
            INSERT INTO contact_work AS known (id, operator, key, channel, begun_at)
            VALUES ($1, $2, $3, $4, $7)
                ON CONFLICT (operator, key) DO UPDATE
               SET channel = excluded.channel,
                   held_seconds = known.held_seconds
                                + coalesce(greatest(0, extract(epoch FROM $7::timestamptz - known.parked_at))::integer, 0),
                   parked_at = NULL
             WHERE known.recorded_at IS NULL
            RETURNING begun_at
        )
        INSERT INTO operator_draft AS kept (id, operator, key, begun_at, saved_at, edit, sealed)
        SELECT $1, $2, $3, begun_at, $7, $5, $6
          FROM work
            ON CONFLICT (operator, key) DO UPDATE
           SET saved_at = excluded.saved_at, edit = excluded.edit, sealed = excluded.sealed, parked_at = NULL
         WHERE kept.edit <= excluded.edit
        RETURNING key
        """,
        new_id(now),
        operator,
        key,
        channel,
        edit,
        sealed,
        now,
    )
    return row is not None


async def drafts(tx: Transaction, operator: UUID) -> list[Sealed]:
    """What an operator has not finished, what was touched last first."""
    return [Sealed(*row) for row in await tx.fetch(f"{DRAFT} WHERE operator = $1 ORDER BY saved_at DESC, id DESC", operator)]


async def park(tx: Transaction, operator: UUID, key: str, now: datetime) -> bool:
    """Puts a contact aside; False when there is none that could be."""
    row = await tx.fetchrow(
        """
        WITH aside AS (
            UPDATE operator_draft
               SET parked_at = $3
             WHERE operator = $1
               AND key = $2
               AND parked_at IS NULL
            RETURNING key
        )
        UPDATE contact_work w
           SET parked_at = $3
          FROM aside
         WHERE w.operator = $1
           AND w.key = aside.key
        RETURNING w.key
        """,
        operator,
        key,
        now,
    )
    return row is not None


async def drop(tx: Transaction, operator: UUID, key: str) -> None:
    """Throws a draft away, and that it was begun."""
    await tx.execute("DELETE FROM operator_draft WHERE operator = $1 AND key = $2", operator, key)
    await tx.execute("DELETE FROM contact_work WHERE operator = $1 AND key = $2 AND recorded_at IS NULL", operator, key)


async def forget(tx: Transaction, before: datetime) -> int:
    """Throws away drafts that nobody touched since `before`; how many."""
    gone = await tx.fetch("DELETE FROM operator_draft WHERE saved_at < $1 RETURNING operator, key", before)
    await tx.executemany(
        "DELETE FROM contact_work WHERE operator = $1 AND key = $2 AND recorded_at IS NULL", [(r["operator"], r["key"]) for r in gone]
    )
    return len(gone)


# -- Work --------------------------------------------------------------------------------------------------------

WORK = """
SELECT key, channel, begun_at, held_seconds, talk_ended_at, recorded_at, contact, ended_at, handling_seconds, wrap_up_seconds
  FROM contact_work
"""


async def record(tx: Transaction, operator: UUID, key: str, channel: str, contact: UUID, outcome: str, queue: str, now: datetime) -> None:
    """That the contact was recorded; its draft is gone with that."""
    await tx.execute(
        """
        INSERT INTO contact_work AS known (id, operator, key, channel, begun_at, recorded_at, contact, outcome, queue)
        VALUES ($1, $2, $3, $4, $8, $8, $5, $6, $7)
            ON CONFLICT (operator, key) DO UPDATE
           SET recorded_at = $8, contact = $5, outcome = $6, queue = $7, channel = $4,
               held_seconds = known.held_seconds
                            + coalesce(greatest(0, extract(epoch FROM $8::timestamptz - known.parked_at))::integer, 0),
               parked_at = NULL
         WHERE known.recorded_at IS NULL
        """,
        new_id(now),
        operator,
        key,
        channel,
        contact,
        outcome,
        queue,
        now,
    )
    await tx.execute("DELETE FROM operator_draft WHERE operator = $1 AND key = $2", operator, key)


async def in_hand(tx: Transaction, operator: UUID) -> list[Work]:
    """Contacts whose work is not over, newest first; those put aside are not among them."""
    rows = await tx.fetch(f"{WORK} WHERE operator = $1 AND ended_at IS NULL AND parked_at IS NULL ORDER BY begun_at DESC", operator)
    return [Work(*row) for row in rows]


async def recent(tx: Transaction, operator: UUID) -> list[Work]:
    """Of what is in hand the newest, and of what is over the last: at most two, in one statement."""
    rows = await tx.fetch(
        f"""
        ({WORK} WHERE operator = $1 AND ended_at IS NULL AND parked_at IS NULL ORDER BY begun_at DESC LIMIT 1)
         UNION ALL
        ({WORK} WHERE operator = $1 AND ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT 1)
        """,
        operator,
    )
    return [Work(*row) for row in rows]


async def end_talk(tx: Transaction, operator: UUID, now: datetime) -> None:
    """The talk is over: of the contacts in hand that still talk."""
    await tx.execute(
        """
        UPDATE contact_work
           SET talk_ended_at = $2
         WHERE operator = $1
           AND ended_at IS NULL
           AND parked_at IS NULL
           AND talk_ended_at IS NULL
        """,
        operator,
        now,
    )


async def end_work(tx: Transaction, operator: UUID, key: str, handling: int, wrap_up: int, now: datetime) -> None:
    """The work after a contact is over."""
    await tx.execute(
        """
        UPDATE contact_work
           SET ended_at = $5, handling_seconds = $3, wrap_up_seconds = $4, talk_ended_at = coalesce(talk_ended_at, $5)
         WHERE operator = $1
           AND key = $2
           AND recorded_at IS NOT NULL
           AND ended_at IS NULL
        """,
        operator,
        key,
        handling,
        wrap_up,
        now,
    )


async def figures(tx: Transaction, since: datetime, till: datetime) -> Figures:
    """How long the contacts took that were recorded from `since` until before `till`."""
    row = await tx.fetchrow(
        """
        SELECT count(*) AS contacts,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY entry) AS entry_median,
               percentile_cont(0.9) WITHIN GROUP (ORDER BY entry) AS entry_p90,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY handling_seconds) AS handling_median,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY wrap_up_seconds) AS wrap_up_median
          FROM (SELECT greatest(0, extract(epoch FROM recorded_at - begun_at) - held_seconds)::float8 AS entry,
                       handling_seconds::float8, wrap_up_seconds::float8
                  FROM contact_work
                 WHERE recorded_at >= $1
                   AND recorded_at < $2) AS taken
        """,
        since,
        till,
    )
    assert row is not None, "a count has a row"
    return Figures(*row)


# -- States ------------------------------------------------------------------------------------------------------


async def state_of(tx: Transaction, operator: UUID) -> State | None:
    """The state of an operator, held until the transaction ends; None before the first."""
    found: str | None = await tx.fetchval("SELECT state FROM operator_state WHERE operator = $1 FOR UPDATE", operator)
    return State(found) if found else None


async def set_state(tx: Transaction, operator: UUID, state: State, queue: str, source: Source, actor: str, now: datetime) -> None:
    """Changes a state and writes it down; the same again leaves no trace."""
    changed = await tx.fetchrow(
        """
        INSERT INTO operator_state AS known (operator, state, since, queue)
        VALUES ($1, $2, $3, $4)
            ON CONFLICT (operator) DO UPDATE
           SET state = excluded.state, since = excluded.since, queue = excluded.queue
         WHERE (known.state, known.queue) IS DISTINCT FROM (excluded.state, excluded.queue)
        RETURNING operator
        """,
        operator,
        state,
        now,
        queue,
    )
    if changed is not None:
        await tx.execute(
            "INSERT INTO operator_state_history (id, operator, at, state, queue, source, actor) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            new_id(now),
            operator,
            now,
            state,
            queue,
            source,
            actor,
        )


async def standing(tx: Transaction, operator: UUID) -> Standing | None:
    """Where one operator stands."""
    row = await tx.fetchrow(f"{STANDING} WHERE o.operator = $1", operator)
    return _standing(row) if row else None


STANDING = "SELECT o.operator, s.name, o.state, o.since, o.queue FROM operator_state o JOIN staff s ON s.id = o.operator"


async def at_the_desk(tx: Transaction, most: int) -> list[Standing]:
    """Everybody who is at the desk, longest in their state first."""
    return [_standing(row) for row in await tx.fetch(f"{STANDING} WHERE o.state <> 'away' ORDER BY o.since LIMIT $1", most)]


async def counts(tx: Transaction) -> list[Count]:
    """How many are in which state and queue."""
    rows = await tx.fetch(
        "SELECT state, queue, count(*)::integer FROM operator_state WHERE state <> 'away' GROUP BY state, queue ORDER BY state, queue"
    )
    return [Count(State(state), queue, n) for state, queue, n in rows]


def _standing(row: Any) -> Standing:
    return Standing(row["operator"], row["name"], State(row["state"]), row["since"], row["queue"])
