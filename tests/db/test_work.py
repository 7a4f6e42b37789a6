"""Events are handed on once, whatever dies; jobs come again until they are done."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from yixian import worker
from yixian.db import jobs, outbox
from yixian.db.ids import moment_of, new_id
from yixian.db.jobs import Job, Kind
from yixian.db.outbox import Event
from yixian.db.pool import SYSTEM, Database, Transaction

NOW = datetime.now(UTC).replace(microsecond=0)


async def put_events(database: Database, count: int) -> None:
    async with database.transaction(SYSTEM) as tx:
        await outbox.put(tx, *(Event("tried", uuid4(), {"n": n}, NOW) for n in range(count)))


async def test_an_event_of_a_transaction_that_fails_was_never_there(database: Database, owner: asyncpg.Connection) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.transaction(SYSTEM) as tx:
            await outbox.put(tx, Event("tried", uuid4(), {}, NOW))
            raise ZeroDivisionError
    assert await owner.fetchval("SELECT count(*) FROM event") == 0


async def test_two_workers_never_get_the_same_event(database: Database) -> None:
    await put_events(database, 700)
    got: Counter[int] = Counter()

    async def note(_tx: Transaction, events: tuple[Event, ...]) -> None:
        got.update(e.body["n"] for e in events)

    while any(await asyncio.gather(*(outbox.hand_on(database, {"tried": (note,)}, NOW) for _ in range(3)))):
        pass
    assert len(got) == 700
    assert set(got.values()) == {1}


async def test_what_a_consumer_could_not_do_is_handed_on_again(database: Database) -> None:
    await put_events(database, 3)
    calls = 0

    async def fail_once(_tx: Transaction, events: tuple[Event, ...]) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await outbox.hand_on(database, {"tried": (fail_once,)}, NOW)
    assert await outbox.hand_on(database, {"tried": (fail_once,)}, NOW) == 3
    assert await outbox.hand_on(database, {"tried": (fail_once,)}, NOW) == 0


async def test_an_event_that_nobody_can_act_on_keeps_no_other_waiting(database: Database, owner: asyncpg.Connection) -> None:
    await put_events(database, 5)
    done: list[int] = []
    mended = False

    async def third_fails(tx: Transaction, events: tuple[Event, ...]) -> None:
        for event in events:
            if event.body["n"] == 2 and not mended:
                await tx.execute("SELECT 1 / 0")
            done.append(event.body["n"])

    aside: dict[int, datetime] = {}
    consumers = {"tried": (third_fails,)}
    assert not await worker.hand_on(database, consumers, aside, NOW)
    assert await owner.fetchval("SELECT array_agg(body ->> 'n') FROM event WHERE done_at IS NULL") == ["2"]
    await put_events(database, 1)
    done.clear()
    await worker.hand_on(database, consumers, aside, NOW)
    assert done == [0], "the next event goes its way; the one that failed is left in peace"
    mended = True
    done.clear()
    await worker.hand_on(database, consumers, aside, NOW + worker.ASIDE)
    assert done == [2], "and is tried again later"
    assert await owner.fetchval("SELECT count(*) FROM event WHERE done_at IS NULL") == 0


async def test_a_job_whose_worker_died_is_given_to_another(database: Database) -> None:
    done: list[int] = []

    async def work(_database: Database, job: Job, _now: datetime) -> None:
        done.append(job.tries)

    async with database.transaction(SYSTEM) as tx:
        await jobs.put(tx, "work", {}, NOW)
        await tx.execute("UPDATE job SET lease_till = $1, tries = 1", NOW + jobs.LEASE)  # taken, and then the worker died
    kinds = {"work": Kind(work)}
    assert not await jobs.run_due(database, kinds, NOW), "the lease still holds"
    assert await jobs.run_due(database, kinds, NOW + jobs.LEASE + timedelta(seconds=1))
    assert done == [2]
    assert not await jobs.run_due(database, kinds, NOW + timedelta(days=1)), "done once"


async def test_a_job_that_fails_comes_again_later_and_says_why(database: Database, owner: asyncpg.Connection) -> None:
    async def fail(_database: Database, _job: Job, _now: datetime) -> None:
        raise RuntimeError("the printer is on fire")

    async with database.transaction(SYSTEM) as tx:
        await jobs.put(tx, "fail", {}, NOW)
    assert await jobs.run_due(database, {"fail": Kind(fail)}, NOW)
    row = await owner.fetchrow("SELECT due_at, last_error, done_at FROM job")
    assert row is not None
    assert row["due_at"] > NOW
    assert row["last_error"] == "the printer is on fire"
    assert row["done_at"] is None


async def test_periodic_work_exists_once_and_comes_back(database: Database, owner: asyncpg.Connection) -> None:
    ran: list[datetime] = []

    async def tick(_database: Database, _job: Job, now: datetime) -> None:
        ran.append(now)

    kinds = {"tick": Kind(tick, every=timedelta(minutes=1))}
    for _ in range(3):
        await jobs.plan_periodic(database, kinds, NOW)
    assert await owner.fetchval("SELECT count(*) FROM job") == 1
    assert await jobs.run_due(database, kinds, NOW)
    assert not await jobs.run_due(database, kinds, NOW + timedelta(seconds=59))
    assert await jobs.run_due(database, kinds, NOW + timedelta(seconds=60))
    assert len(ran) == 2


def test_ids_are_ordered_by_time_and_tell_it() -> None:
    later = NOW + timedelta(milliseconds=1)
    assert new_id(NOW) < new_id(later)
    assert moment_of(new_id(NOW)) == NOW
    assert new_id(NOW) != new_id(NOW)
    assert new_id(NOW).version == 7
