"""Running tickets after a change of limits or calendar: they keep what was said, or are counted again, as was chosen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import pytest

from yixian.administration import jobs, recounting, service
from yixian.administration.model import Clocks, Deed, Wanted
from yixian.city.adjustments import Adjustment, Thing
from yixian.city.model import Audience, Pack, RequestKind, Urgency
from yixian.db import jobs as queue
from yixian.db import outbox
from yixian.db.ids import new_id
from yixian.db.pool import SYSTEM, Database
from yixian.people.model import SYSTEM_ACTOR, Actor, Role
from yixian.tickets import effects, verify
from yixian.tickets import jobs as ticket_jobs
from yixian.tickets import service as tickets
from yixian.tickets.model import Action, Step, Ticket
from yixian.tickets.service import Opening

from .conftest import TODAY, TownHall

LONDON = ZoneInfo("Europe/London")
MONDAY = TODAY + timedelta(days=-TODAY.weekday() % 7)
"""The next one, or today. Port Ash works from Monday to Friday, 8:30 to 17:00."""
HANDLER = Actor("roads", "Roads", frozenset({Role.HANDLER}), "pa.roads", "pa/pa.roads/")
CHIEF = Actor("roads.chief", "Chief", frozenset({Role.UNIT_REVIEWER}), "pa.roads", "pa/pa.roads/")
REVIEWER = Actor("reviewer", "Reviewer", frozenset({Role.REVIEWER}), "pa.contact", "pa/pa.contact/")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A time by Port Ash's clocks, so many days after the Monday."""
    return datetime.combine(MONDAY + timedelta(days=day), time(hour, minute), LONDON).astimezone(UTC)


class Week(TownHall):
    """A week of Port Ash, from the Monday on."""

    def __init__(self, database: Database, owner: asyncpg.Connection, tiny: Pack) -> None:
        super().__init__(database, owner, tiny)
        self.now = at(0, 9)
        self.kinds = jobs.kinds()

    async def ticket(self, **fields: Any) -> Ticket:
        """A ticket that roads has from now on: sign in 1 working day, contact in 2, answer in 10."""
        caller = new_id(self.now)
        await self.owner.execute(
            "INSERT INTO caller (id, kind, phone_tail, created_at) VALUES ($1, 'person', '1234', $2)", caller, self.now
        )
        number = f"PA{self.now:%y%m%d}{await self.db.numbers.take(self.now.date()):05}"
        made = effects.fresh(
            new_id(self.now), number, caller, "web", RequestKind.HELP, "The light is out", Urgency.NORMAL, Audience.PERSON, self.now
        )
        made = msgspec.structs.replace(made, **{"matter": "ST0101", "region": "PA-N", **fields})
        sure = Step(unit="pa.roads", basis="Roads Order 12")
        async with self.db.transaction(SYSTEM) as tx:
            return (await tickets.open_tickets(tx, [Opening(made, SYSTEM_ACTOR, sure)], await self.city(), self.now))[0]

    async def does(self, actor: Actor, ticket: Ticket, action: Action, **step: Any) -> Ticket:
        async with self.db.transaction(actor.acting) as tx:
            return await tickets.act(tx, actor, ticket.number, action, Step(**step), await self.city(), self.now)

    async def answered(self, ticket: Ticket) -> None:
        """It waits for the hotline's review."""
        await self.does(HANDLER, ticket, Action.SIGN)
        await self.does(HANDLER, ticket, Action.CONTACT, note="Rang")
        await self.does(HANDLER, ticket, Action.REPLY, answer="The lamp was replaced this morning.")
        await self.does(CHIEF, ticket, Action.APPROVE)

    async def dues(self, ticket: Ticket) -> dict[str, datetime | None]:
        row = await self.owner.fetchrow("SELECT sign_due, contact_due, answer_due, next_due FROM ticket WHERE id = $1", ticket.id)
        return dict(row) if row else {}

    async def steps(self, ticket: Ticket) -> list[str]:
        return [r["action"] for r in await self.owner.fetch("SELECT action FROM history WHERE ticket = $1 ORDER BY seq", ticket.id)]

    async def day_off(self, day: int, clocks: Clocks) -> Adjustment:
        off = (MONDAY + timedelta(days=day)).isoformat()
        return await self.decides(self.off(off, clocks))

    def off(self, day: str, clocks: Clocks = Clocks.KEEP) -> Wanted:
        return Wanted(Thing.DAY, day, Deed.ADD, self.now.date(), "the Queen comes", {"date": day, "working": False}, clocks=clocks)

    async def limit(self, clocks: Clocks, since: date | None = None, **limits: str) -> Adjustment:
        wanted = await self.wants(Thing.LIMIT, "*:*:*", since or self.now.date(), **limits)
        return await self.decides(msgspec.structs.replace(wanted, clocks=clocks))

    async def works(self) -> int:
        """The worker does what is due; how many jobs."""
        done = 0
        while await queue.run_due(self.db, self.kinds, self.now):
            done += 1
        return done

    async def tells(self) -> list[str]:
        """Events are handed on; what citizens were told since."""
        while await outbox.hand_on(self.db, ticket_jobs.consumers(), self.now):
            pass
        return [r["text"] for r in await self.owner.fetch("SELECT text FROM notice WHERE kind = 'recount'")]

    async def sound(self) -> bool:
        """Every ticket's chain is whole."""
        async with self.db.transaction(SYSTEM) as tx:
            return (await verify.verify(tx)).sound


@pytest.fixture
async def week(hall: TownHall) -> AsyncIterator[Week]:
    yield Week(hall.db, hall.owner, hall.tiny)


async def test_a_day_off_puts_running_tickets_off_by_a_day_where_that_was_chosen(week: Week) -> None:
    ticket = await week.ticket()
    assert await week.dues(ticket) == {"sign_due": at(1, 17), "contact_due": at(2, 17), "answer_due": at(14, 17), "next_due": at(1, 17)}
    off = (MONDAY + timedelta(days=2)).isoformat()  # the Wednesday
    tried = (await week.tries(week.off(off))).clocks
    assert tried and tried.running == 1
    assert (tried.later.touched, tried.later.later, tried.later.earlier, tried.later.newly_overdue, tried.later.promised) == (1, 1, 0, 0, 1)
    [shift] = tried.later.shifts
    assert (shift.what, shift.before, shift.after, shift.n) == ("answer", MONDAY + timedelta(days=14), MONDAY + timedelta(days=15), 1)
    assert tried.anew == tried.later
    await week.day_off(2, Clocks.LATER)
    assert (await week.dues(ticket))["answer_due"] == at(14, 17), "nothing happens before the worker comes to it"
    assert await week.works() == 1
    assert await week.dues(ticket) == {"sign_due": at(1, 17), "contact_due": at(3, 17), "answer_due": at(15, 17), "next_due": at(1, 17)}
    assert await week.steps(ticket) == ["register", "dispatch", "recount"]
    row = await week.owner.fetchrow("SELECT actor, note, detail, public FROM history WHERE action = 'recount'")
    assert row and (row["actor"], row["note"], row["public"]) == ("system", "the Queen comes", True)
    assert msgspec.json.decode(row["detail"])["limits"] == {
        "contact": [at(2, 17).isoformat(), at(3, 17).isoformat()], "answer": [at(14, 17).isoformat(), at(15, 17).isoformat()],
    }  # fmt: skip
    assert msgspec.json.decode(row["detail"])["answer_by"] == [(MONDAY + timedelta(days=n)).isoformat() for n in (14, 15)]
    shown = await tickets.progress(week.db, ticket.number, await week.city(), week.now)
    assert shown.answer_due == at(15, 17) and shown.steps[-1].action == "recount" and len(shown.steps[-1].detail["answer_by"]) == 2
    day = MONDAY + timedelta(days=15)
    [told] = await week.tells()
    assert f"{day.year}年{day.month}月{day.day}日前答复您" in told
    assert await week.sound()


async def test_kept_is_kept_and_a_later_recount_does_not_bring_it_in(week: Week) -> None:
    before = await week.ticket()
    week.now = at(0, 10)
    await week.limit(Clocks.KEEP, answer="3wd")
    assert await week.works() == 0
    week.now = at(0, 11)
    after = await week.ticket()
    assert ((await week.dues(before))["answer_due"], (await week.dues(after))["answer_due"]) == (at(14, 17), at(3, 17))
    week.now = at(0, 12)
    await week.day_off(2, Clocks.ANEW)
    assert await week.works() == 1
    # Each by the limit that it was promised: ten working days, and three.
    assert ((await week.dues(before))["answer_due"], (await week.dues(after))["answer_due"]) == (at(15, 17), at(4, 17))
    assert await week.sound()


async def test_earlier_only_where_that_was_chosen(week: Week) -> None:
    ticket = await week.ticket()
    week.now = at(1, 10)
    wanted = await week.wants(Thing.LIMIT, "*:*:*", week.now.date(), answer="5wd", contact="4wh")
    tried = (await week.tries(wanted)).clocks
    assert tried and tried.later.touched == 0
    # Four working hours from 9 are over at 13:30: late at once, since nobody has rung yet.
    assert (tried.anew.touched, tried.anew.earlier, tried.anew.later, tried.anew.newly_overdue) == (1, 1, 0, 1)
    await week.decides(msgspec.structs.replace(wanted, clocks=Clocks.LATER))
    await week.works()
    assert (await week.dues(ticket))["answer_due"] == at(14, 17) and await week.steps(ticket) == ["register", "dispatch"]
    week.now = at(1, 11)
    await week.limit(Clocks.ANEW, answer="4wd")
    await week.works()
    # Only what this change itself moves: the contact stays as the first choice left it.
    assert await week.dues(ticket) == {"sign_due": at(1, 17), "contact_due": at(2, 17), "answer_due": at(4, 17), "next_due": at(1, 17)}
    [last] = await week.owner.fetch("SELECT looked, moved, late, own, done_at FROM recount WHERE moved > 0")
    assert tuple(last) == (1, 1, 0, 0, week.now)


async def test_what_turns_late_is_marked_and_what_no_longer_is_turns_green(week: Week) -> None:
    ticket = await week.ticket()
    await week.does(HANDLER, ticket, Action.SIGN)
    week.now = at(3, 9)
    await week.does(HANDLER, ticket, Action.CONTACT, note="Rang")
    await week.limit(Clocks.ANEW, answer="2wd")
    await week.works()
    mark = queue.Job(ticket.id, "tickets.clocks", {}, 0)
    await ticket_jobs.mark(week.db, mark, week.now)
    late = "SELECT overdue_at IS NOT NULL FROM ticket"
    assert (await week.dues(ticket))["next_due"] == at(2, 17) and await week.owner.fetchval(late)
    assert await week.owner.fetchval("SELECT late FROM recount") == 1
    week.now = at(3, 10)
    await week.limit(Clocks.LATER, answer="9wd")
    await week.works()
    assert (await week.dues(ticket))["next_due"] == at(11, 17) and not await week.owner.fetchval(late)


async def test_what_is_done_or_was_granted_to_one_ticket_stays(week: Week) -> None:
    signed, extended, joined = [await week.ticket() for _ in range(3)]
    for ticket in (signed, extended):
        await week.does(HANDLER, ticket, Action.SIGN)
    await week.does(HANDLER, extended, Action.ASK_EXTENSION, note="The lamp must be ordered", days=3)
    await week.does(REVIEWER, extended, Action.GRANT_EXTENSION)
    await week.owner.execute(
        "INSERT INTO history SELECT ticket, seq + 1, at, actor, role, unit, 'join', source, target, note, detail, public, previous, hash"
        " FROM history WHERE ticket = $1 AND seq = 2", joined.id,
    )  # fmt: skip
    before = [await week.dues(ticket) for ticket in (extended, joined)]
    tried = (await week.tries(week.off((MONDAY + timedelta(days=1)).isoformat()))).clocks
    assert tried and (tried.later.touched, tried.later.own) == (1, 2)
    await week.day_off(1, Clocks.ANEW)
    await week.works()
    assert [await week.dues(ticket) for ticket in (extended, joined)] == before
    assert await week.dues(signed) == {"sign_due": at(1, 17), "contact_due": at(3, 17), "answer_due": at(15, 17), "next_due": at(3, 17)}
    [row] = await week.owner.fetch("SELECT looked, moved, own FROM recount")
    assert tuple(row) == (3, 1, 2)


async def test_what_is_in_review_runs_on_by_the_new_limit_when_it_is_sent_back(week: Week) -> None:
    reviewed, passed = await week.ticket(), await week.ticket()
    for ticket in (reviewed, passed):
        await week.answered(ticket)
    week.now = at(1, 9)
    await week.does(REVIEWER, passed, Action.PASS)
    stopped = await week.dues(passed)
    wanted = await week.wants(Thing.LIMIT, "*:*:*", week.now.date(), answer="3wd", contact="1wd", sign="4wh")
    tried = (await week.tries(wanted)).clocks
    # What was passed has stopped for good. Nothing is owed on the other while it is reviewed: it is not late at once either.
    assert tried and tried.running == 1
    assert (tried.anew.touched, tried.anew.earlier, tried.anew.newly_overdue, tried.anew.promised) == (1, 1, 0, 1)
    [shift] = tried.anew.shifts
    assert (shift.what, shift.before, shift.after) == ("answer", MONDAY + timedelta(days=14), MONDAY + timedelta(days=3))
    await week.decides(msgspec.structs.replace(wanted, clocks=Clocks.ANEW))
    assert await week.works() == 1
    # Three working days after the Monday; it was signed and the resident was rung, so that neither is counted again.
    assert await week.dues(reviewed) == {"sign_due": at(1, 17), "contact_due": at(2, 17), "answer_due": at(3, 17), "next_due": None}
    assert await week.dues(passed) == stopped and "recount" not in await week.steps(passed)
    day = MONDAY + timedelta(days=3)
    [told] = await week.tells()
    assert f"{day.year}年{day.month}月{day.day}日前答复您" in told
    week.now = at(2, 9)
    await week.does(REVIEWER, reviewed, Action.SEND_BACK, note="Look after dark")
    assert (await week.dues(reviewed))["next_due"] == at(3, 17)
    assert await week.sound()


async def test_what_is_in_review_keeps_its_day_where_nothing_may_end_earlier(week: Week) -> None:
    ticket = await week.ticket()
    await week.answered(ticket)
    await week.day_off(2, Clocks.LATER)
    await week.works()
    await week.limit(Clocks.LATER, answer="3wd")
    await week.works()
    await week.does(REVIEWER, ticket, Action.SEND_BACK, note="Look after dark")
    # The Wednesday off puts it off by a day, from Monday in two weeks to the Tuesday; the shorter limit leaves it alone.
    assert (await week.dues(ticket))["next_due"] == at(15, 17)


async def test_who_is_asked_beside_owes_the_part_when_the_answer_is_owed(week: Week) -> None:
    ticket = await week.ticket()
    await week.does(HANDLER, ticket, Action.SIGN)
    await week.does(HANDLER, ticket, Action.INVITE, unit="pa.waste", note="bins in the way")
    await week.day_off(4, Clocks.LATER)
    await week.works()
    owed = await week.owner.fetchval("SELECT due FROM unit_order WHERE unit = 'pa.waste' AND ended_at IS NULL")
    assert owed == at(15, 17)


async def test_a_change_for_later_counts_again_on_its_day(week: Week) -> None:
    ticket = await week.ticket()
    await week.limit(Clocks.LATER, MONDAY + timedelta(days=3), answer="12wd")
    assert await week.works() == 0
    await week.day_comes(MONDAY + timedelta(days=3))
    assert await week.works() == 1
    assert (await week.dues(ticket))["answer_due"] == at(16, 17)


async def test_one_that_is_killed_leaves_nothing_half_done_and_the_next_goes_on(week: Week, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recounting, "BATCH", 2)
    opened = [await week.ticket() for _ in range(5)]
    order = sorted(opened, key=lambda ticket: ticket.id)
    await week.day_off(2, Clocks.LATER)
    assert await queue.run_due(week.db, week.kinds, week.now)
    assert [await week.steps(ticket) for ticket in order[1:3]] == [["register", "dispatch", "recount"], ["register", "dispatch"]]
    async with week.owner.transaction():
        # Somebody holds a ticket of the second batch: the worker dies while it waits for it.
        await week.owner.execute("SELECT FROM ticket WHERE id = $1 FOR UPDATE", order[3].id)
        dying = asyncio.create_task(queue.run_due(week.db, week.kinds, week.now))
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        while not await week.owner.fetchval(waits):
            await asyncio.sleep(0)
        dying.cancel()
        await asyncio.wait([dying])
    assert [len(await week.steps(ticket)) for ticket in order] == [3, 3, 2, 2, 2]
    assert not await queue.run_due(week.db, week.kinds, week.now), "it has the work for as long as its lease lasts"
    week.now += queue.LEASE + timedelta(seconds=1)
    assert await week.works() == 2
    assert {len(await week.steps(ticket)) for ticket in order} == {3}
    assert {(await week.dues(ticket))["answer_due"] for ticket in order} == {at(15, 17)}
    [row] = await week.owner.fetch("SELECT looked, moved, done_at IS NOT NULL FROM recount")
    assert tuple(row) == (5, 5, True)
    assert await week.sound()


async def test_the_end_is_an_event_and_stands_in_the_audit_with_the_choice(week: Week) -> None:
    await week.ticket()
    change = await week.day_off(2, Clocks.LATER)
    await week.works()
    audit = await week.owner.fetch("SELECT action, actor, subject, body FROM audit WHERE action LIKE 'city.%' ORDER BY at, action")
    assert [(r["action"], r["actor"]) for r in audit] == [("city.change", week.admin.id), ("city.recount", "system")]
    assert msgspec.json.decode(audit[0]["body"])["clocks"] == "later"
    assert msgspec.json.decode(audit[1]["body"])["moved"] == 1 and audit[1]["subject"] == f"day:{change.code}"
    assert await week.owner.fetchval("SELECT subject FROM event WHERE kind = 'limits.recounted'") == change.id
    seen = await week.sees(Thing.DAY, change.code)
    assert seen.recounts[change.id].moved == 1 and service.clocks_of(seen.changes[0]) is Clocks.LATER


async def test_doing_it_twice_moves_nothing_twice(week: Week) -> None:
    ticket = await week.ticket()
    change = await week.day_off(2, Clocks.LATER)
    await week.works()
    async with week.db.transaction(SYSTEM) as tx:
        assert not await recounting.next_batch(tx, change.id, await week.city(), week.now)
        assert not await recounting.next_batch(tx, UUID(int=0), await week.city(), week.now)
    assert await week.steps(ticket) == ["register", "dispatch", "recount"]


async def test_nobody_counts_again_by_hand_and_no_other_change_does(week: Week) -> None:
    ticket = await week.ticket()
    for actor in (HANDLER, REVIEWER, week.admin):
        with pytest.raises((tickets.Refused, tickets.NotFound)):
            await week.does(actor, ticket, Action.RECOUNT)
    wanted = await week.wants(Thing.UNIT, "pa.waste", phone="1")
    with pytest.raises(service.Unfit) as refused:
        await week.decides(msgspec.structs.replace(wanted, clocks=Clocks.ANEW))
    assert refused.value.field == "clocks"
    async with week.db.transaction(week.admin.acting) as tx:
        assert await tx.fetchval("SELECT count(*) FROM recount") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute("INSERT INTO recount (adjustment, began_at) VALUES (gen_random_uuid(), now())")


async def test_a_batch_takes_the_same_statements_however_many_tickets(week: Week) -> None:
    counts: list[int] = []
    for many in (1, 1, 12):  # in the first, the connection learns the types
        for _ in range(many):
            await week.ticket()
        change = await week.day_off(2 + len(counts), Clocks.LATER)
        async with week.db.transaction(SYSTEM) as tx:
            city, asked = await week.city(), []
            with tx.query_logger(asked.append):
                assert not await recounting.next_batch(tx, change.id, city, week.now)
                await asyncio.sleep(0)
        counts.append(len(asked))
    assert counts[1] == counts[2]
