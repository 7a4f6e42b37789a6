"""Work to be done later, or again and again: taken under a lease, so that a worker that dies gives it back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import structlog

from yixian.db.ids import new_id
from yixian.db.pool import SYSTEM, Database, Transaction

LEASE = timedelta(minutes=5)
"""After so long without an end the work is given to another worker: it must be safe to do twice."""

LONGEST_WAIT = timedelta(hours=1)

log = structlog.get_logger()


class Job(msgspec.Struct, frozen=True):
    """One piece of work."""

    id: UUID
    kind: str
    body: dict[str, Any]
    tries: int


class Kind(msgspec.Struct, frozen=True):
    """What to do for a kind of job, and how soon again."""

    run: Callable[[Database, Job, datetime], Awaitable[None]]
    every: timedelta | None = None


async def put(tx: Transaction, kind: str, body: dict[str, Any], due_at: datetime, key: str | None = None) -> None:
    """Notes work to be done at `due_at`; with a `key` that is waiting already, nothing new."""
    await tx.execute(
        """
        INSERT INTO job (id, kind, body, due_at, key)
        VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (key) DO NOTHING
        """,
        new_id(due_at), kind, body, due_at, key,
    )  # fmt: skip


async def plan_periodic(database: Database, kinds: Mapping[str, Kind], now: datetime) -> None:
    """Makes sure that every periodic kind has its one job."""
    async with database.transaction(SYSTEM) as tx:
        for name, kind in kinds.items():
            if kind.every:
                await put(tx, name, {}, now, key=f"every {name}")


async def run_due(database: Database, kinds: Mapping[str, Kind], now: datetime) -> bool:
    """Takes one due job and does it; False when none is due. A job that fails comes again, later each time."""
    job = await _take(database, now)
    if job is None:
        return False
    kind = kinds.get(job.kind)
    try:
        if kind is None:
            raise LookupError(f"This version knows no job of kind {job.kind!r}.")
        await kind.run(database, job, now)
    except Exception as error:  # whatever went wrong, the job must come again and the worker must live
        log.exception("job failed", kind=job.kind, tries=job.tries)
        await _again(database, job, now + min(timedelta(seconds=5) * 2**job.tries, LONGEST_WAIT), str(error))
    else:
        if kind.every:
            await _again(database, job, now + kind.every, None)
        else:
            await _done(database, job, now)
    return True


async def _take(database: Database, now: datetime) -> Job | None:
    async with database.transaction(SYSTEM) as tx:
        row = await tx.fetchrow(
            """
            UPDATE job
               SET lease_till = $2, tries = tries + 1
             WHERE id = (
                   SELECT id
                     FROM job
                    WHERE done_at IS NULL
                      AND due_at <= $1
                      AND (lease_till IS NULL OR lease_till < $1)
                    ORDER BY due_at
                    LIMIT 1
                      FOR UPDATE SKIP LOCKED)
            RETURNING id, kind, body, tries
            """,
            now,
            now + LEASE,
        )
    return Job(**dict(row)) if row else None


async def _again(database: Database, job: Job, due_at: datetime, error: str | None) -> None:
    async with database.transaction(SYSTEM) as tx:
        await tx.execute(
            """
            UPDATE job
               SET due_at = $2, lease_till = NULL, last_error = $3, tries = CASE WHEN $3::text IS NULL THEN 0 ELSE tries END
             WHERE id = $1
            """,
            job.id, due_at, error,
        )  # fmt: skip


async def _done(database: Database, job: Job, now: datetime) -> None:
    async with database.transaction(SYSTEM) as tx:
        await tx.execute("UPDATE job SET done_at = $2, lease_till = NULL, key = NULL WHERE id = $1", job.id, now)
