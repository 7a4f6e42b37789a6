"""Lists: one statement each, whatever their length, and by the index that was made for them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import pytest
from tests.tickets.conftest import ANSWER, Town

from yixian.city.model import RequestKind
from yixian.db.pool import Transaction
from yixian.people.model import SYSTEM_ACTOR, Actor, citizen
from yixian.tickets import lifecycle, service, store, unit_desk
from yixian.tickets.desks import at_least
from yixian.tickets.dispatching import narrowing
from yixian.tickets.dispatching import service as dispatching
from yixian.tickets.model import Action, Filters, Light, OrderRole, Page, State, Step

ELSEWHERE = 20_000


@asynccontextmanager
async def counting(tx: Transaction) -> AsyncIterator[list[str]]:
    """The statements that were sent while the block lasted."""
    sent: list[str] = []

    def heard(record: Any) -> None:
        sent.append(record.query)

    tx.add_query_logger(heard)
    try:
        yield sent
        await asyncio.sleep(0)  # loggers are called with the loop's next turn
    finally:
        tx.remove_query_logger(heard)


async def listed(town: Town, actor: Actor, *, after: str = "", limit: int = 50, **filters: Any) -> Page:
    async with town.db.transaction(actor.acting) as tx:
        return await service.worklist(tx, actor, Filters(**filters), after, limit, town.now)


def numbers(page: Page) -> list[str]:
    return [line.number for line in page.lines]


async def test_what_is_owed_first_stands_first(town: Town) -> None:
    later = await town.open("pa.roads")
    await town.does(town.handler("pa.roads"), later, Action.SIGN)
    soon = await town.open("pa.roads")
    calm = await town.answered(await town.open("pa.roads"), "pa.roads")
    page = await listed(town, town.dispatcher)
    assert numbers(page) == [soon.number, later.number, calm.number]
    assert (page.after, page.lines[0].light, page.lines[2].light) == ("", Light.GREEN, Light.NONE)
    assert page.lines[0].title == "The light outside our house is out"


async def test_pages_follow_each_other_without_gap_or_repetition(town: Town) -> None:
    made = [await town.open("pa.roads" if n % 2 else "", caller=None) for n in range(7)]
    made.append(await town.answered(await town.open("pa.roads", caller=None), "pa.roads"))
    found: list[str] = []
    after = ""
    while True:
        page = await listed(town, town.supervisor, after=after, limit=3)
        found += numbers(page)
        if not (after := page.after):
            break
    assert sorted(found) == sorted(t.number for t in made)


async def test_ended_tickets_stand_newest_first(town: Town) -> None:
    made = []
    for _ in range(4):
        town.passes(minutes=1)
        made.append(await town.closed(await town.open("pa.roads"), "pa.roads"))
    first = await listed(town, town.handler("pa.roads"), states=(State.CLOSED,), limit=3)
    rest = await listed(town, town.handler("pa.roads"), states=(State.CLOSED,), limit=3, after=first.after)
    assert numbers(first) + numbers(rest) == [t.number for t in reversed(made)]
    with pytest.raises(service.Refused):
        await listed(town, town.dispatcher, states=(State.CLOSED, State.HANDLING))
    with pytest.raises(service.Refused):
        await listed(town, town.dispatcher, after="9999-12-31T23:59:59-14:00~x")


async def test_a_unit_lists_its_branch_and_as_what_it_has_it(town: Town) -> None:
    mine = await town.open("pa.roads", co=("PA-N",))
    below = await town.open("PA-N-1")
    await town.open("pa.harbour")
    page = await listed(town, town.handler("PA-N"))
    assert {(line.number, line.role) for line in page.lines} == {(mine.number, "co"), (below.number, "lead")}
    stranger = await listed(town, town.handler("PA-S"), unit_path=town.handler("PA-N").unit_path)
    assert numbers(stranger) == [], "a unit that asks for another's list gets its own"


async def test_filters(town: Town) -> None:
    lamp = await town.open("pa.roads")
    oil = await town.open()
    await town.does(town.dispatcher, oil, Action.DISPATCH, unit="pa.harbour", basis="B", matter="HB02", region="PA-H-1")
    await town.does(town.operator, oil, Action.URGE)
    for found in (
        {"matter": "HB"}, {"regions": ("PA-H", "PA-H-1")}, {"supervision": "urged"}, {"urged": True}, {"number": oil.number},
        {"unit_path": town.city.register.unit_path("pa.harbour")},
    ):  # fmt: skip
        assert numbers(await listed(town, town.dispatcher, **found)) == [oil.number], found
    for nothing in ({"kind": "praise"}, {"light": Light.RED}, {"extension_asked": True}, {"light": Light.NONE}):
        assert numbers(await listed(town, town.dispatcher, **nothing)) == [], nothing
    town.now = lamp.amber_at
    assert lamp.number in numbers(await listed(town, town.dispatcher, light=Light.AMBER))
    town.now = lamp.next_due + timedelta(seconds=1)
    assert lamp.number in numbers(await listed(town, town.dispatcher, light=Light.RED))
    assert (await listed(town, town.dispatcher, number=lamp.number)).lines[0].light is Light.RED


async def test_counts(town: Town) -> None:
    await town.open("pa.roads")
    await town.open("pa.harbour")
    await town.closed(await town.open("pa.roads"), "pa.roads")
    await town.open()
    async with town.db.transaction(town.supervisor.acting) as tx, counting(tx) as sent:
        found = await service.counts(tx, town.supervisor, town.now)
    assert {(c.state, c.light): c.count for c in found} == {
        (State.DISPATCHED, Light.GREEN): 2,
        (State.AWAITING_DISPATCH, Light.GREEN): 1,
    }
    assert len(sent) == 1
    async with town.db.transaction(town.handler("pa.roads").acting) as tx:
        assert [c.count for c in await service.counts(tx, town.handler("pa.roads"), town.now)] == [1]


@pytest.mark.parametrize("size", [1, 12])
async def test_no_list_costs_a_query_a_row(town: Town, size: int) -> None:
    for _ in range(size):
        await town.open("pa.roads", caller=None)
    for actor, statements in ((town.dispatcher, 1), (town.handler("pa.roads"), 2)):
        async with town.db.transaction(actor.acting) as tx:
            async with counting(tx) as sent:
                page = await service.worklist(tx, actor, Filters(), "", 50, town.now)
            assert (len(page.lines), len(sent)) == (size, statements)


async def test_opening_costs_one_statement_and_a_step_two(town: Town) -> None:
    openings = [service.Opening(await town.fresh(caller=None), town.operator) for _ in range(3)]
    async with town.db.transaction(town.operator.acting) as tx:
        async with counting(tx) as sent:
            made = await service.open_tickets(tx, openings, town.city, town.now)
        assert len(sent) == 1
        urge = made[0].number, Action.URGE, Step(), town.city, town.now
        await service.act(tx, town.operator, *urge)  # the driver asks for a type once a connection
        async with counting(tx) as sent:
            await service.act(tx, town.operator, *urge)
        assert len(sent) == 2


FILL_TICKETS = """
INSERT INTO ticket (id, number, contact, created_at, channel, kind, text, urgency, audience, state, lead, basis,
                    answer_due, next_due, amber_at, dispatched_at, version, head)
SELECT gen_random_uuid(), 'PA' || n, gen_random_uuid(), $2::timestamptz, 'web', 'help', 'text', 'normal', 'person',
       CASE WHEN n % 3 = 0 THEN 'handling' ELSE 'dispatched' END, 'pa.harbour', 'B',
       $2::timestamptz + n * interval '1 s', $2 + n * interval '1 s', $2, $2, 1, ''
  FROM generate_series(1, $1::integer) n
"""
FILL_ORDERS = """
INSERT INTO unit_order (id, ticket, unit, unit_path, role, since)
SELECT gen_random_uuid(), id, lead, 'pa/pa.harbour/', 'lead', created_at
  FROM ticket
 WHERE lead = 'pa.harbour'
"""


@pytest.fixture
async def busy(town: Town) -> AsyncIterator[Town]:
    """A town whose harbour has a great many tickets."""
    await town.owner.execute(FILL_TICKETS, ELSEWHERE, town.now)
    await town.owner.execute(FILL_ORDERS)
    for _ in range(3):
        await town.open("pa.roads")
    await town.owner.execute("ANALYZE ticket, unit_order")
    yield town


async def plan_of(tx: asyncpg.Connection, sent: list[str], *arguments: Any) -> str:
    await tx.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    return "\n".join(r[0] for r in await tx.fetch("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " + sent[-1], *arguments))


def looked_at(plan: str) -> int:
    """The most rows that any step of a plan gave."""
    return max(int(float(n)) for n in re.findall(r"actual rows=([\d.]+)", plan))


async def test_a_units_list_does_not_look_at_what_others_have(busy: Town) -> None:
    actor = busy.handler("pa.roads")
    async with busy.db.transaction(actor.acting) as tx:
        async with counting(tx) as sent:
            page = await service.worklist(tx, actor, Filters(), "", 50, busy.now)
        assert len(page.lines) == 3
        plan = await plan_of(tx, sent, 51)
    assert "live_order_by_path" in plan
    assert "Seq Scan" not in plan
    assert looked_at(plan) == 3


async def test_a_list_of_very_many_stops_where_its_page_is_full(busy: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MANY", 1000)
    actor = busy.handler("pa.harbour")
    async with busy.db.transaction(actor.acting) as tx:
        for states in ((State.DISPATCHED, State.HANDLING), (State.HANDLING,)):
            async with counting(tx) as sent:
                page = await service.worklist(tx, actor, Filters(states=states, role=OrderRole.LEAD), "", 50, busy.now)
            assert len(page.lines) == 50
            plan = await plan_of(tx, sent, 51)
            assert "Index Scan using ticket_by" in plan
            assert "Seq Scan" not in plan and "Sort Key: o" not in plan
            assert looked_at(plan) < 300, states


async def test_counting_stops_at_a_bound_and_says_so(busy: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MANY", 1000)
    actor = busy.handler("pa.harbour")
    lists = [
        Filters(states=(State.DISPATCHED,)),
        Filters(states=(State.HANDLING,), light=Light.AMBER),
        Filters(states=(State.UNIT_REVIEW,)),
    ]
    async with busy.db.transaction(actor.acting) as tx:
        assert await service.hand(tx, actor, busy.now) == service.Hand(many=True)
        async with counting(tx) as sent:
            found = await service.up_to(tx, actor, lists, busy.now)
        assert found == (service.COUNTED_TO, service.COUNTED_TO, 0)
        plan = await plan_of(tx, sent, service.COUNTED_TO, busy.now)
    assert "Seq Scan" not in plan
    assert looked_at(plan) <= service.COUNTED_TO
    assert [at_least(n) for n in (0, 999, *found[:1])] == ["0", "999", "999+"]


async def test_every_way_finds_the_same(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found by orders, by the clock, and by who sees the whole hotline, for every tab, light and unit."""
    for n in range(3):
        await town.open("PA-N", co=("pa.waste",), caller=None)
        signed = await town.open("PA-N-1", co=("PA-N",))
        await town.does(town.handler("PA-N-1"), signed, Action.SIGN)
        if n:
            await town.does(town.handler("PA-N-1"), signed, Action.CONTACT, note="Rang.")
        if n > 1:
            await town.does(town.handler("PA-N"), signed, Action.PART, note="Done.")
            await town.does(town.handler("PA-N-1"), signed, Action.REPLY, answer=ANSWER)
            await town.does(town.chief("PA-N-1"), signed, Action.SEND_BACK, note="More.")
    await town.answered(await town.open("pa.harbour"), "pa.harbour")
    await town.closed(await town.open("PA-N"), "PA-N")
    lists = [tab.filters for tab in unit_desk.TABS if tab.key != "returned"]
    lists += [msgspec.structs.replace(f, light=light) for f in lists[:5] for light in Light]
    town.passes(hours=20)
    found_some = 0
    for unit in ("PA-N", "PA-N-1", "pa.waste", "pa.harbour", "pa.roads"):
        actor = town.handler(unit)
        for filters in lists:
            whole = await listed(town, town.supervisor, **asked_of(filters, actor))
            by_order = await listed(town, actor, **asked_of(filters, actor))
            with monkeypatch.context() as few:
                few.setattr(service, "MANY", -1)
                by_clock = await listed(town, actor, **asked_of(filters, actor))
                whole_by_clock = await listed(town, town.supervisor, **asked_of(filters, actor))
            assert numbers(by_order) == numbers(by_clock) == numbers(whole) == numbers(whole_by_clock), (unit, filters)
            found_some += bool(by_order.lines)
            if filters.states != (State.CLOSED,):
                async with town.db.transaction(actor.acting) as tx:
                    hand = await service.hand(tx, actor, town.now)
                    assert await service.up_to(tx, actor, [filters], town.now) == (len(by_order.lines),)
                assert sum(t.count for t in hand.tallies if unit_desk.stands_in(t, filters)) == len(by_order.lines), (unit, filters)
    assert found_some > 20


def asked_of(filters: Filters, actor: Actor) -> dict[str, Any]:
    return msgspec.structs.asdict(filters) | {"unit_path": actor.unit_path}


async def test_the_hand_is_one_statement_from_two_indexes(busy: Town) -> None:
    await busy.owner.execute("VACUUM (ANALYZE) ticket, unit_order")
    actor = busy.handler("pa.roads")
    async with busy.db.transaction(actor.acting) as tx:
        async with counting(tx) as sent:
            hand = await service.hand(tx, actor, busy.now)
        assert [(t.state, t.leads, t.count) for t in hand.tallies] == [(State.DISPATCHED, True, 3)]
        plan = await plan_of(tx, sent, busy.now)
    assert "Index Only Scan using live_order_by_path" in plan
    assert "Index Only Scan using ticket_open" in plan
    assert "Seq Scan" not in plan


async def test_nobody_but_a_unit_finds_anything_in_the_views_of_hands(town: Town) -> None:
    await town.open("pa.roads", co=("pa.waste",))
    for actor in (town.dispatcher, SYSTEM_ACTOR, citizen("PA1"), town.handler("pa.harbour")):
        async with town.db.transaction(actor.acting) as tx:
            for way in (store.Way.HAND_BY_CLOCK, store.Way.HAND_BY_ORDER, store.Way.HAND_ASSISTING):
                assert await tx.fetchval(f"SELECT count(*) FROM {way}") == 0, (actor.id, way)
    async with town.db.transaction(town.handler("pa.waste").acting) as tx:
        assert [await tx.fetchval(f"SELECT count(*) FROM hand_{way}") for way in ("by_clock", "by_order", "assisting")] == [1, 1, 1]


async def test_the_dispatchers_counts_stop_at_a_bound(busy: Town) -> None:
    await busy.owner.execute("UPDATE ticket SET state = 'awaiting_dispatch', lead = NULL, dispatched_at = NULL, region = 'PA-S-1'"
                             " WHERE lead = 'pa.harbour'")  # fmt: skip
    await busy.owner.execute("UPDATE ticket SET returns = 1 WHERE number IN ('PA1', 'PA2')")
    await busy.owner.execute("VACUUM (ANALYZE) ticket")
    async with busy.db.transaction(busy.dispatcher.acting) as tx:
        async with counting(tx) as sent:
            found = await dispatching.counts(tx, busy.now)
        assert [narrowing.counted(found, tab) for tab in ("new", "returned", "joint", "parked", "alarms")] == [1000, 2, 0, 0, 0]
        plan = await plan_of(tx, sent, busy.now, 1000, sorted(lifecycle.DISPATCHING))
    assert "Seq Scan on ticket" not in plan
    assert looked_at(plan) <= 1000
    offered = narrowing.offered(found, busy.city, service.COUNTED_TO, "zh")
    assert [(c.code, c.count) for c in offered["at"]][:2] == [("PA-S", "1000+"), ("PA-H", "")]
    assert {c.code for c in offered["kind"]} == set(RequestKind)


async def test_the_hotlines_list_comes_ready_sorted_from_the_index(busy: Town) -> None:
    async with busy.db.transaction(busy.dispatcher.acting) as tx:
        async with counting(tx) as sent:
            page = await service.worklist(tx, busy.dispatcher, Filters(states=(State.HANDLING,)), "", 50, busy.now)
        assert len(page.lines) == 50
        plan = await plan_of(tx, sent, 51)
    assert "ticket_by_state_and_clock" in plan
    assert "Sort" not in plan


async def test_the_dispatchers_queue_comes_ready_sorted_and_what_is_put_aside_is_looked_up(busy: Town) -> None:
    await busy.owner.execute("UPDATE ticket SET state = 'awaiting_dispatch', lead = NULL, dispatched_at = NULL WHERE state = 'handling'")
    await busy.owner.execute("ANALYZE ticket")
    waiting = Filters(states=(State.AWAITING_DISPATCH,), parked=False)
    async with busy.db.transaction(busy.dispatcher.acting) as tx:
        async with counting(tx) as sent:
            page = await service.worklist(tx, busy.dispatcher, waiting, "", 50, busy.now)
        assert len(page.lines) == 50
        plan = await plan_of(tx, sent, 51, busy.now)
    assert "ticket_by_state_and_clock" in plan
    assert "Sort" not in plan
    assert "Seq Scan on ticket" not in plan


async def test_the_units_load_is_one_statement_and_counted_from_an_index(busy: Town) -> None:
    await busy.owner.execute("VACUUM (ANALYZE) ticket, unit_order")
    async with busy.db.transaction(busy.dispatcher.acting) as tx, counting(tx) as sent:
        found = {load.unit: load for load in await dispatching.loads(tx, None, busy.city, busy.now)}
    assert len(sent) == 1
    assert (found["pa.harbour"].open, found["pa.harbour"].red, found["pa.roads"].open, found["pa.roads"].fresh) == (ELSEWHERE, 0, 3, 3)
    plan = "\n".join(r[0] for r in await busy.owner.fetch(
        "EXPLAIN (COSTS OFF) SELECT lead, count(*), count(*) FILTER (WHERE next_due < now() AND amber_at < now()) FROM ticket"
        " WHERE closed_at IS NULL AND state IN ('dispatched', 'handling', 'joint_review', 'unit_review') GROUP BY 1"
    ))  # fmt: skip
    assert "Index Only Scan using ticket_with_unit" in plan


async def test_a_units_load_is_nobodys_business_but_the_hotlines(town: Town) -> None:
    await town.open("pa.roads")
    async with town.db.transaction(town.handler("pa.roads").acting) as tx:
        assert await dispatching.loads(tx, None, town.city, town.now) == ()
    await town.does(town.handler("pa.roads"), await town.open("pa.roads"), Action.RETURN, note="No", basis="B")
    async with town.db.transaction(town.supervisor.acting) as tx:
        (load,) = await dispatching.loads(tx, ["pa.roads"], town.city, town.now)
    assert (load.open, load.red, load.amber, load.fresh, load.returned) == (1, 0, 0, 2, 1)
    town.passes(days=31)
    async with town.db.transaction(town.supervisor.acting) as tx:
        (load,) = await dispatching.loads(tx, ["pa.roads"], town.city, town.now)
    assert (load.open, load.red, load.fresh, load.returned) == (1, 1, 0, 0)
