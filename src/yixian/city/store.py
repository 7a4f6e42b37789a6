"""The SQL of the city: what a pack says, and what each loading changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

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
               SET body = excluded.body, retired_at = NULL
             WHERE standing.body IS DISTINCT FROM excluded.body
                OR standing.retired_at IS NOT NULL
            RETURNING code, body
        ), retired AS (
            UPDATE {kind} AS standing
               SET retired_at = $5
             WHERE retired_at IS NULL
               AND NOT EXISTS (SELECT FROM incoming WHERE incoming.code = standing.code)
            RETURNING code, body
        ), change AS (
            INSERT INTO city_change (load_id, kind, code, before, after)
            SELECT $3::bigint, $4::text, written.code, standing.body, written.body
              FROM written
              LEFT JOIN {kind} AS standing ON standing.code = written.code AND standing.retired_at IS NULL
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


async def last_load(tx: Transaction) -> int | None:
    """The id of the latest loading; None before the first."""
    return await tx.fetchval("SELECT max(id) FROM pack_load")


async def bodies(tx: Transaction, kind: Kind) -> dict[str, str]:
    """What is in force of a kind: JSON by code."""
    rows = await tx.fetch(
        f"""
        SELECT code, body::text
          FROM {kind}
         WHERE retired_at IS NULL
        """  # noqa: S608
    )
    return {row[0]: row[1] for row in rows}
