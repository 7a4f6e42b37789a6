"""The SQL of the city: what a pack says, and what each loading changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

from yixian.city.adjustments import Adjustment
from yixian.db.pool import Transaction

CHANNEL = "yixian_city"


class Kind(StrEnum):
    """What a pack is made of; the value is the table's name. The order keeps what is pointed to before what points."""

    DOCUMENT = "pack_document"
    QUEUE = "queue"
    REGION = "region"
    UNIT = "unit"
    LINE = "line"
    MATTER = "matter"
    EXAMPLE = "example"
    PLACE = "place"
    RESPONSIBILITY = "responsibility"
    GUIDE = "guide"


_OWN_TO_THE_LIST: Final = {Kind.RESPONSIBILITY: "standing.origin = 'list'"}
"""Rows that are no pack's: a pack that names them takes them over, one that does not leaves them alone."""


class Counts(msgspec.Struct, frozen=True):
    """What a loading did to one kind of thing."""

    added: int
    changed: int
    retired: int
    unchanged: int


async def take_turns(tx: Transaction) -> None:
    """Makes two loadings at once wait for each other, until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('yixian_city'))")


async def next_load(tx: Transaction) -> int:
    """The id of the loading that begins."""
    load: int | None = await tx.fetchval("SELECT nextval(pg_get_serial_sequence('pack_load', 'id'))")
    assert load is not None, "a sequence has a next value"
    return load


async def put(tx: Transaction, kind: Kind, bodies: Mapping[str, str], load: int, now: datetime) -> Counts:
    """Makes the table hold these bodies (JSON, by code) and nothing else in force, and writes down each change."""
    lists_own = _OWN_TO_THE_LIST.get(kind, "false")
    taken_over = ", origin = 'pack'" if kind in _OWN_TO_THE_LIST else ""
    row = await tx.fetchrow(
        # The table's name is an enum's value. Every part sees the table as it stood before the statement.
        f"""
        WITH incoming AS (
            SELECT code, body::jsonb AS body
              FROM unnest($1::text[], $2::text[]) AS given (code, body)
        ), written AS (
            INSERT INTO {kind} AS standing (code, body)
            SELECT code, body
              FROM incoming
                ON CONFLICT (code) DO UPDATE
               SET body = excluded.body, retired_at = NULL{taken_over}
             WHERE standing.body IS DISTINCT FROM excluded.body
                OR standing.retired_at IS NOT NULL
                OR {lists_own}
            RETURNING code, body
        ), retired AS (
            UPDATE {kind} AS standing
               SET retired_at = $5
             WHERE retired_at IS NULL
               AND NOT {lists_own}
               AND NOT EXISTS (SELECT FROM incoming WHERE incoming.code = standing.code)
            RETURNING code, body
        ), change AS (
            INSERT INTO city_change (load_id, kind, code, before, after)
            SELECT $3::bigint, $4::text, written.code, standing.body, written.body
              FROM written
              LEFT JOIN {kind} AS standing ON standing.code = written.code AND standing.retired_at IS NULL AND NOT {lists_own}
             UNION ALL
            SELECT $3::bigint, $4::text, code, body, NULL
              FROM retired
            RETURNING before IS NULL AS added, after IS NULL AS retired
        )
        SELECT count(*) FILTER (WHERE added) AS added,
               count(*) FILTER (WHERE NOT added AND NOT retired) AS changed,
               count(*) FILTER (WHERE retired) AS retired
          FROM change
        """,  # noqa: S608
        list(bodies),
        list(bodies.values()),
        load,
        kind.value,
        now,
    )
    assert row is not None, "a count has a row"
    added, changed, retired = row
    return Counts(added, changed, retired, len(bodies) - added - changed)


async def record_load(tx: Transaction, load: int, counts: Mapping[str, Counts], actor: str, now: datetime) -> None:
    """Writes down a loading and tells the running processes, when the transaction commits, to read the city again."""
    await tx.execute(
        """
        INSERT INTO pack_load (id, at, actor, counts) OVERRIDING SYSTEM VALUE
        VALUES ($1, $2, $3, $4::text::jsonb)
        """,
        load,
        now,
        actor,
        msgspec.json.encode(counts).decode(),
    )
    await tx.execute("SELECT pg_notify($1, $2)", CHANNEL, str(load))


async def announce(tx: Transaction) -> None:
    """Calls whoever listens for changes of the city."""
    await tx.execute("SELECT pg_notify($1, '')", CHANNEL)


async def last_load(tx: Transaction) -> int | None:
    """The id of the latest loading; None before the first."""
    return await tx.fetchval("SELECT max(id) FROM pack_load")


async def bodies(tx: Transaction, kind: Kind) -> dict[str, str]:
    """What the pack in force says of a kind: JSON by code."""
    rows = await tx.fetch(
        f"""
        SELECT code, body::text
          FROM {kind} AS standing
         WHERE retired_at IS NULL
           AND NOT {_OWN_TO_THE_LIST.get(kind, "false")}
        """  # noqa: S608
    )
    return {row[0]: row[1] for row in rows}


async def changed_by(tx: Transaction, load: int, kind: Kind) -> frozenset[str]:
    """Codes of the things of a kind that a loading changed."""
    rows = await tx.fetch("SELECT code FROM city_change WHERE load_id = $1 AND kind = $2", load, kind.value)
    return frozenset(row[0] for row in rows)


async def amendments(tx: Transaction) -> list[tuple[str, date, str | None, UUID]]:
    """Every amendment of the responsibility list, in the order of approval: code, first day, body (JSON), proposal."""
    rows = await tx.fetch(
        """
        SELECT code, since, body::text, proposal
          FROM amendment
         ORDER BY load_id, code
        """
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


async def amend(tx: Transaction, load: int, changes: Sequence[Mapping[str, Any]]) -> None:
    """Writes amendments (`code`, `since`, `before`, `after`, `proposal`; bodies as structs or None) and what they change.

    An entry that is new to the city gets its row, so that tickets can name it.
    """
    await tx.execute(
        """
        WITH given AS (
            SELECT code, since, nullif(before, 'null') AS before, nullif(after, 'null') AS after, proposal
              FROM jsonb_to_recordset($2::jsonb) AS g (code text, since date, before jsonb, after jsonb, proposal uuid)
        ), known AS (
            INSERT INTO responsibility (code, body, origin)
            SELECT code, after, 'list'
              FROM given
             WHERE after IS NOT NULL
                ON CONFLICT (code) DO NOTHING
        ), written AS (
            INSERT INTO amendment (load_id, code, since, body, proposal)
            SELECT $1::bigint, code, since, after, proposal
              FROM given
        )
        INSERT INTO city_change (load_id, kind, code, before, after)
        SELECT $1::bigint, $3::text, code, before, after
          FROM given
        """,
        load,
        list(changes),
        Kind.RESPONSIBILITY.value,
    )


async def entry_history(tx: Transaction, code: str) -> list[dict[str, Any]]:
    """What was ever changed about an entry, oldest first: `load`, `at`, `actor`, `before`, `after`, `since`, `proposal`."""
    rows = await tx.fetch(
        """
        SELECT c.load_id AS load, l.at, l.actor, c.before, c.after, a.since, a.proposal
          FROM city_change c
          JOIN pack_load l ON l.id = c.load_id
          LEFT JOIN amendment a ON a.load_id = c.load_id AND a.code = c.code
         WHERE c.kind = $1
           AND c.code = $2
         ORDER BY c.load_id
        """,
        Kind.RESPONSIBILITY.value,
        code,
    )
    return [dict(row) for row in rows]


# -- What administrators change ------------------------------------------------------------------------------------


async def put_said(tx: Transaction, kind: Kind, bodies: Mapping[str, str]) -> None:
    """Keeps what the pack says of a kind: these bodies (JSON, by code) and no others."""
    await tx.execute(
        """
        WITH incoming AS (
            SELECT code, body::jsonb AS body
              FROM unnest($2::text[], $3::text[]) AS given (code, body)
        ), gone AS (
            DELETE FROM pack_said AS said
             WHERE said.kind = $1
               AND NOT EXISTS (SELECT FROM incoming WHERE incoming.code = said.code)
        )
        INSERT INTO pack_said AS said (kind, code, body)
        SELECT $1, code, body
          FROM incoming
            ON CONFLICT (kind, code) DO UPDATE
           SET body = excluded.body
         WHERE said.body IS DISTINCT FROM excluded.body
        """,
        kind.value,
        list(bodies),
        list(bodies.values()),
    )


async def said(tx: Transaction, kinds: Sequence[Kind]) -> dict[Kind, dict[str, str]]:
    """What the pack says of these kinds: JSON by code."""
    rows = await tx.fetch("SELECT kind, code, body::text FROM pack_said WHERE kind = ANY ($1)", [kind.value for kind in kinds])
    found: dict[Kind, dict[str, str]] = {kind: {} for kind in kinds}
    for kind, code, body in rows:
        found[Kind(kind)][code] = body
    return found


ADJUSTMENT: Final = """
SELECT id, at, actor, name, thing, code, since, sets, follows, ends, successor, before, after, reason, undoes, recounts, earlier,
       load_id, number
  FROM adjustment
"""


async def adjustments(tx: Transaction) -> tuple[Adjustment, ...]:
    """Every change that administrators decided, in the order in which they did."""
    rows = await tx.fetch(f"{ADJUSTMENT} ORDER BY number")
    return tuple(_adjustment(row) for row in rows)


async def adjustments_of(tx: Transaction, thing: str, code: str) -> tuple[Adjustment, ...]:
    """The changes of one thing, in the order in which they were decided."""
    rows = await tx.fetch(f"{ADJUSTMENT} WHERE thing = $1 AND code = $2 ORDER BY number", thing, code)
    return tuple(_adjustment(row) for row in rows)


async def adjustment(tx: Transaction, identifier: UUID) -> Adjustment | None:
    """One change; None when there is none with this id."""
    row = await tx.fetchrow(f"{ADJUSTMENT} WHERE id = $1", identifier)
    return _adjustment(row) if row else None


async def last_adjustments(tx: Transaction, before: int, limit: int) -> tuple[Adjustment, ...]:
    """The changes decided last, newest first, from the one before the number `before`."""
    rows = await tx.fetch(f"{ADJUSTMENT} WHERE number < $1 ORDER BY number DESC LIMIT $2", before, limit)
    return tuple(_adjustment(row) for row in rows)


def _adjustment(row: Any) -> Adjustment:
    return msgspec.convert(dict(row), Adjustment)


async def put_adjustment(tx: Transaction, change: Adjustment) -> None:
    """Writes down a change that is not yet in force."""
    await tx.execute(
        """
        INSERT INTO adjustment (
                    id, at, actor, name, thing, code, since, sets, follows, ends, successor, before, after, reason, undoes,
                    recounts, earlier)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        """,
        change.id, change.at, change.actor, change.name, change.thing.value, change.code, change.since, change.sets, list(change.follows),
        change.ends, change.successor, change.before, change.after, change.reason, change.undoes, change.recounts,
        change.earlier,
    )  # fmt: skip


async def due_adjustments(tx: Transaction, on: date) -> tuple[Adjustment, ...]:
    """Changes whose day has come and that are not in force yet."""
    rows = await tx.fetch(f"{ADJUSTMENT} WHERE load_id IS NULL AND since <= $1 ORDER BY number", on)
    return tuple(_adjustment(row) for row in rows)


async def in_force_with(tx: Transaction, changes: Sequence[UUID], load: int) -> None:
    """Writes down which loading brought these changes into force."""
    await tx.execute("UPDATE adjustment SET load_id = $2 WHERE id = ANY ($1) AND load_id IS NULL", list(changes), load)


async def move_closed(tx: Transaction, paths: Mapping[str, str]) -> None:
    """Puts closed units below whoever took over: those who work there see what the closed one still has in hand."""
    await tx.execute(
        """
        UPDATE unit u
           SET body = jsonb_set(u.body, '{path}', to_jsonb(given.path))
          FROM unnest($1::text[], $2::text[]) AS given (code, path)
         WHERE u.code = given.code
           AND u.path <> given.path
        """,
        list(paths),
        list(paths.values()),
    )
