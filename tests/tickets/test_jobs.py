"""What happens by itself."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest
from tests.tickets.conftest import Town

from yixian.db import jobs as work
from yixian.db import outbox
from yixian.db.ids import new_id
from yixian.db.pool import SYSTEM
from yixian.people.model import citizen
from yixian.tickets import jobs, notices, seals
from yixian.tickets.lifecycle import EDGES
from yixian.tickets.model import Action


async def run(town: Town, kind: str) -> None:
    await jobs.kinds()[kind].run(town.db, work.Job(new_id(town.now), kind, {}, 1), town.now)


async def hand_on(town: Town) -> None:
    while await outbox.hand_on(town.db, jobs.consumers(), town.now):
        pass


async def told(town: Town, kind: str) -> list[str]:
    return [r["number"] for r in await town.owner.fetch("SELECT body ->> 'number' AS number FROM event WHERE kind = $1", kind)]


async def test_people_are_warned_once_and_told_once_that_it_is_late(town: Town) -> None:
    ticket = await town.open("pa.roads")
    await run(town, "tickets.clocks")
    assert await told(town, "ticket.warned") == []
    town.now = ticket.amber_at
    await run(town, "tickets.clocks")
    await run(town, "tickets.clocks")
    assert (await told(town, "ticket.warned"), await told(town, "ticket.overdue")) == ([ticket.number], [])
    town.now = ticket.next_due + timedelta(seconds=1)
    await run(town, "tickets.clocks")
    await run(town, "tickets.clocks")
    assert (await told(town, "ticket.warned"), await told(town, "ticket.overdue")) == ([ticket.number], [ticket.number])


async def test_what_is_late_before_anybody_looked_is_not_also_warned_of(town: Town) -> None:
    ticket = await town.open()
    town.passes(days=30)
    await run(town, "tickets.clocks")
    assert (await told(town, "ticket.warned"), await told(town, "ticket.overdue")) == ([], [ticket.number])


async def test_marks_survive_a_step_and_go_with_the_limit(town: Town) -> None:
    ticket = await town.open("pa.roads")
    town.now = ticket.next_due + timedelta(seconds=1)
    await run(town, "tickets.clocks")
    urged = await town.does(citizen(ticket.number), ticket, Action.URGE)
    assert urged.overdue_at is not None
    await town.does(town.handler("pa.roads"), ticket, Action.SIGN)
    row = await town.owner.fetchrow("SELECT warned_at, overdue_at FROM ticket")
    assert row is not None and row["overdue_at"] is None


async def test_every_hour_is_sealed_once_empty_ones_too(town: Town) -> None:
    await run(town, "tickets.seal")
    assert await town.owner.fetchval("SELECT count(*) FROM seal") == 0, "nothing to seal before there is history"
    await town.open("pa.roads")
    town.passes(minutes=64)
    await run(town, "tickets.seal")
    assert await town.owner.fetchval("SELECT count(*) FROM seal") == 0, "not yet settled"
    town.passes(hours=30)
    await run(town, "tickets.seal")
    await run(town, "tickets.seal")
    rows = [r["rows"] for r in await town.owner.fetch("SELECT rows FROM seal ORDER BY hour")]
    assert rows == [2] + [0] * 29, "missed hours are caught up"


async def test_nothing_is_written_into_a_sealed_hour(town: Town) -> None:
    ticket = await town.open("pa.roads")
    then = town.now
    town.passes(hours=2)
    await run(town, "tickets.seal")
    town.now = then
    with pytest.raises(asyncpg.RaiseError, match="sealed"):
        await town.does(town.handler("pa.roads"), ticket, Action.SIGN)
    assert seals.hour_of(then) == then


async def test_citizens_are_told_in_plain_sentences(town: Town) -> None:
    ticket = await town.open("pa.roads")
    await town.does(town.handler("pa.roads"), ticket, Action.SIGN)
    await town.does(town.handler("pa.roads"), ticket, Action.CONTACT, note="Inside")
    await town.does(town.handler("pa.roads"), ticket, Action.ASK_EXTENSION, note="等待配件", days=2)
    await town.does(town.reviewer, ticket, Action.GRANT_EXTENSION)
    await hand_on(town)
    rows = await town.owner.fetch("SELECT kind, text, caller FROM notice ORDER BY at, kind")
    assert [r["kind"] for r in rows] == ["dispatch", "sign", "grant_extension"]
    assert {r["caller"] for r in rows} == {ticket.caller}
    assert ticket.number in rows[0]["text"] and "Roads and Lighting" in rows[0]["text"]
    assert "等待配件" in rows[2]["text"]
    assert not any("{" in r["text"] for r in rows)


async def test_a_notice_is_written_once_however_often_its_event_comes(town: Town) -> None:
    await town.open("pa.roads")
    await hand_on(town)
    await town.owner.execute("UPDATE event SET done_at = NULL")
    await hand_on(town)
    assert await town.owner.fetchval("SELECT count(*) FROM notice") == 1


async def test_who_was_merged_hears_how_the_main_ticket_goes_by_their_own_number(town: Town) -> None:
    main, double = await town.open("pa.roads"), await town.open("pa.roads")
    await town.open("pa.roads", caller=None)
    await town.does(town.operator, double, Action.MERGE, number=main.number, note="Same")
    await town.does(citizen(main.number), main, Action.URGE)
    await town.does(town.handler("pa.roads"), main, Action.SIGN)
    await hand_on(town)
    rows = await town.owner.fetch("SELECT kind, text FROM notice WHERE caller = $1 ORDER BY at", double.caller)
    assert [r["kind"] for r in rows] == ["dispatch", "merge", "sign"]
    assert all(double.number in r["text"] and main.number not in r["text"] for r in rows)


def test_every_step_that_tells_the_citizen_has_its_sentence() -> None:
    silent = {Action.RATE}
    assert {e.action for e in EDGES if e.tells_citizen} - silent == {Action(a) for a in notices.SENTENCES if a != notices.REGISTERED}


async def test_old_keys_and_failures_are_forgotten_but_a_file_may_come_again_after_years(town: Town) -> None:
    await town.owner.execute(
        "INSERT INTO idempotency VALUES ('import:old.csv:0:1', '', gen_random_uuid(), $1)", town.now - timedelta(days=900)
    )
    for age in (1, 8):
        await town.owner.execute(
            "INSERT INTO idempotency VALUES ($1, '', gen_random_uuid(), $2)", str(age), town.now - timedelta(days=age, hours=1)
        )
        await town.owner.execute("INSERT INTO lookup_failure VALUES ($1, $2)", str(age), town.now - timedelta(hours=age * 12))
    await run(town, "tickets.forget")
    assert await town.owner.fetchval("SELECT array_agg(key ORDER BY key) FROM idempotency") == ["1", "import:old.csv:0:1"]
    assert await town.owner.fetchval("SELECT array_agg(number) FROM lookup_failure") == ["1"]


async def test_partitions_are_made_ahead(town: Town) -> None:
    town.passes(days=400)
    await run(town, "tickets.partitions")
    assert await town.owner.fetchval("SELECT to_regclass($1) IS NOT NULL", f"history_{town.now:%Y%m}")


async def test_the_worker_plans_and_runs_all_of_it(town: Town) -> None:
    await work.plan_periodic(town.db, jobs.kinds(), town.now)
    for _ in jobs.kinds():
        assert await work.run_due(town.db, jobs.kinds(), town.now)
    assert not await work.run_due(town.db, jobs.kinds(), town.now)
    async with town.db.transaction(SYSTEM) as tx:
        assert await tx.fetchval("SELECT count(*) FROM job WHERE last_error IS NOT NULL") == 0
