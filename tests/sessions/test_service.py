"""A leader answers: who reaches them, who finds every seat busy, and what became of what was promised."""

from __future__ import annotations

import asyncio
from datetime import time, timedelta

import pytest
from tests.sessions.conftest import LAMP, Hall
from tests.tickets.conftest import rating
from tests.tickets.test_lists import counting

from yixian.db.pool import NOBODY, SYSTEM
from yixian.intake.model import Handed
from yixian.intake.service import Unfit as NotTaken
from yixian.people.model import citizen
from yixian.sessions import service
from yixian.sessions.model import CallState, Deed, How, Phase, Report, Result
from yixian.sessions.service import NotFound, Refused, Unfit
from yixian.tickets.model import Action, State

ANSWER = "The lamp is a mast of ours; it is mended on Thursday."


async def test_a_call_is_handed_over_taken_and_answered_at_once(hall: Hall) -> None:
    session = await hall.running()
    receipt = await hall.says(hall.operator, session.id)
    assert receipt.handed is Handed.WAITING
    number = receipt.tickets[0].number
    waiting = await hall.read(number)
    assert (waiting.state, waiting.session, waiting.dispatched_by) == (State.AWAITING_DISPATCH, session.id, "")
    leader = hall.leader()
    taken = await hall.does_to(leader, session.id, Deed.TAKE)
    assert taken.mine is not None
    assert (taken.mine.number, taken.mine.text) == (number, LAMP)
    done = await hall.does_to(leader, session.id, Deed.FINISH, result=Result.ANSWERED, note=ANSWER)
    assert done.mine is None
    ticket = await hall.read(number)
    assert (ticket.state, ticket.lead, ticket.answer, ticket.dispatched_by) == (State.IN_REVIEW, "pa.roads", ANSWER, "person")
    await hall.does(hall.reviewer, ticket, Action.PASS)
    await hall.does(citizen(number), ticket, Action.RATE, rating=rating(4))
    assert await hall.report(session.id) == Report(offered=1, taken=1, answered=1, rated=1, content=1, mean=4.0)
    assert [e["how"] for e in await hall.events("answering.offered")] == ["handed"]
    assert [e["state"] for e in await hall.events("answering.finished")] == ["answered"]


async def test_a_promise_names_a_unit_and_a_day_and_is_kept_or_broken(hall: Hall) -> None:
    session = await hall.running(seats=3)
    leader = hall.leader()
    numbers: list[str] = []
    for unit, day in (("PA-N", 2), ("pa.roads", 1), ("pa.roads", 30)):
        numbers.append((await hall.says(hall.operator, session.id)).tickets[0].number)
        await hall.does_to(leader, session.id, Deed.TAKE)
        motion = {"result": Result.PROMISED, "note": "We look at it.", "unit": unit, "day": hall.in_days(day)}
        await hall.does_to(leader, session.id, Deed.FINISH, **motion)
    kept = await hall.read(numbers[0])
    assert (kept.state, kept.lead, kept.session) == (State.DISPATCHED, "PA-N", session.id)
    assert "接听日" in kept.basis
    assert (await hall.report(session.id)).promised == 3
    hall.passes(days=1)
    await hall.answered(kept, "PA-N")
    hall.passes(days=4)
    report = await hall.report(session.id)
    assert (report.promised, report.kept, report.broken) == (3, 1, 1)


async def test_who_finds_every_seat_busy_goes_on_as_an_ordinary_ticket_and_is_told(hall: Hall) -> None:
    session = await hall.running(seats=1)
    first = await hall.says(hall.operator, session.id)
    second = await hall.says(hall.operator, session.id)
    assert (first.handed, second.handed) == (Handed.WAITING, Handed.OVERFLOW)
    over = await hall.read(second.tickets[0].number)
    assert (over.state, over.lead, over.session) == (State.DISPATCHED, "pa.roads", None), "the gate dispatched it as any other"
    async with hall.db.transaction(hall.operator.acting) as tx:
        assert [o.free for o in await service.offers(tx, "ST0101", "PA-N-2", hall.city, hall.now)] == [0]
    leader = hall.leader()
    await hall.does_to(leader, session.id, Deed.TAKE)
    assert (await hall.says(hall.operator, session.id)).handed is Handed.OVERFLOW, "a seat is busy until the result is written"
    await hall.does_to(leader, session.id, Deed.FINISH, result=Result.PASSED_ON, note="Not ours to answer")
    assert (await hall.says(hall.operator, session.id)).handed is Handed.WAITING
    report = await hall.report(session.id)
    assert (report.offered, report.taken, report.overflowed, report.passed_on) == (4, 1, 2, 1)


async def test_two_operators_who_hand_over_at_once_never_fill_one_seat_twice(hall: Hall) -> None:
    session = await hall.running(seats=1)
    receipts = await asyncio.gather(*(hall.says(hall.operator, session.id) for _ in range(4)))
    assert sorted(r.handed for r in receipts if r.handed) == [Handed.OVERFLOW] * 3 + [Handed.WAITING]


async def test_two_who_take_at_once_never_have_the_same_call(hall: Hall) -> None:
    session = await hall.running()
    await hall.says(hall.operator, session.id)
    one, other = hall.leader(name="one"), hall.leader(name="other")
    both = await asyncio.gather(*(hall.does_to(a, session.id, Deed.TAKE) for a in (one, other)), return_exceptions=True)
    assert sorted(type(b).__name__ for b in both) == ["Refused", "Whole"]
    await hall.says(hall.operator, session.id)
    loser = other if not isinstance(both[0], BaseException) else one
    await hall.does_to(loser, session.id, Deed.TAKE)
    whole = await hall.looks(hall.supervisor, session.id)
    assert {c.taken_by for c in whole.calls} == {"one", "other"}
    with pytest.raises(Refused, match="手上"):
        await hall.does_to(loser, session.id, Deed.TAKE)


async def test_a_result_is_written_once(hall: Hall) -> None:
    session = await hall.running()
    await hall.says(hall.operator, session.id)
    leader = hall.leader()
    mine = (await hall.does_to(leader, session.id, Deed.TAKE)).mine
    assert mine is not None
    given = {"result": Result.ANSWERED, "note": ANSWER, "call": mine.id}
    both = await asyncio.gather(*(hall.does_to(leader, session.id, Deed.FINISH, **given) for _ in range(2)), return_exceptions=True)
    assert sorted(type(b).__name__ for b in both) == ["Refused", "Whole"]
    assert (await hall.history(await hall.read(mine.number))).count("reply") == 1


async def test_a_question_left_beforehand_is_handled_meanwhile_and_reaches_the_leader_after_those_on_the_line(hall: Hall) -> None:
    session = await hall.published()
    asked = await hall.says(None, session.id)
    assert asked.handed is Handed.EARLY
    ticket = await hall.read(asked.tickets[0].number)
    assert (ticket.state, ticket.lead, ticket.session) == (State.DISPATCHED, "pa.roads", None), "nobody's clock waits for a leader"
    hall.now = session.starts_at + timedelta(minutes=1)
    called = await hall.says(hall.operator, session.id)
    leader = hall.leader()
    order = []
    for _ in range(2):
        whole = await hall.does_to(leader, session.id, Deed.TAKE)
        assert whole.mine is not None
        order.append((whole.mine.how, whole.mine.number))
        await hall.does_to(leader, session.id, Deed.FINISH, result=Result.ANSWERED, note=ANSWER)
    assert order == [(How.HANDED, called.tickets[0].number), (How.EARLY, ticket.number)]
    assert (await hall.read(ticket.number)).state is State.IN_REVIEW
    report = await hall.report(session.id)
    assert (report.early, report.offered, report.taken, report.answered) == (1, 1, 2, 2)


async def test_a_ticket_that_another_unit_has_is_left_with_it(hall: Hall) -> None:
    session = await hall.published(matters=("BN01",))
    asked = await hall.says(None, session.id, "The bins were not collected")
    assert (await hall.read(asked.tickets[0].number)).lead == "pa.waste"
    hall.now = session.starts_at
    leader = hall.leader()
    await hall.does_to(leader, session.id, Deed.TAKE)
    with pytest.raises(Refused, match="其他单位"):
        await hall.does_to(leader, session.id, Deed.FINISH, result=Result.ANSWERED, note=ANSWER)
    assert (await hall.looks(leader, session.id)).mine is not None, "nothing was changed: the call is still in hand"
    motion = {"result": Result.PROMISED, "note": "The bins team comes.", "unit": "pa.waste", "day": hall.in_days(2)}
    await hall.does_to(leader, session.id, Deed.FINISH, **motion)
    assert (await hall.report(session.id)).promised == 1


async def test_what_may_be_an_emergency_or_is_pressing_waits_for_no_leader(hall: Hall) -> None:
    session = await hall.running(matters=("HB",))
    receipt = await hall.says(hall.operator, session.id, "Oil on the water by the quay", matter="HB02")
    assert receipt.handed is Handed.ORDINARY
    assert (await hall.read(receipt.tickets[0].number)).session is None
    assert (await hall.report(session.id)) == Report()


async def test_what_nobody_took_goes_to_the_dispatchers_when_the_session_is_over(hall: Hall) -> None:
    session = await hall.running()
    left = (await hall.says(hall.operator, session.id)).tickets[0].number
    held = (await hall.says(hall.operator, session.id)).tickets[0].number
    leader = hall.leader()
    await hall.does_to(leader, session.id, Deed.TAKE)
    lines = (await hall.listed()).lines
    async with hall.db.transaction(SYSTEM) as tx:
        said = await service.flags(tx, lines, hall.now)
        barred = {n: await service.bars(tx, n, Action.DISPATCH) for n in (left, held)}
    assert sorted(said.values()) == ["等待负责人接听", "负责人接听中"]
    assert [n for n, why in barred.items() if why] == [left], "the first in was taken: its result comes in a minute"
    hall.now = session.ends_at
    await hall.clock_strikes()
    assert {c.number: c.state for c in (await hall.looks(hall.supervisor, session.id)).calls} == {
        left: CallState.TAKEN,
        held: CallState.MISSED,
    }
    with pytest.raises(Refused, match="接听时间"):
        other = hall.leader(name="late")
        await hall.does_to(other, session.id, Deed.TAKE)
    hall.passes(minutes=31)
    await hall.clock_strikes()
    assert (await hall.report(session.id)).missed == 2
    async with hall.db.transaction(SYSTEM) as tx:
        assert await service.bars(tx, left, Action.DISPATCH) is None
    for number in (left, held):
        ticket = await hall.read(number)
        assert ticket.state is State.AWAITING_DISPATCH
        await hall.does(hall.dispatcher, ticket, Action.DISPATCH, unit="pa.roads", basis="Roads Order 12")


async def test_what_belongs_to_a_session_is_said_by_matter_and_place(hall: Hall) -> None:
    await hall.published(regions=("PA-N",))
    session = await hall.running(unit="pa.waste", matters=("BN",))
    async with hall.db.transaction(hall.operator.acting) as tx:

        async def offered(matter: str | None, region: str | None) -> list[str]:
            return [o.session.unit for o in await service.offers(tx, matter, region, hall.city, hall.now)]

        assert await offered("ST0101", "PA-N-2") == ["pa.roads"], "the list gives it to the unit"
        assert await offered("ST0101", "PA-N-1") == [], "the list gives it to the ward there"
        assert await offered("ST0101", "PA-S-1") == [], "outside the region"
        assert await offered("ST0101", None) == []
        assert await offered("BN01", None) == ["pa.waste"]
        assert await offered(None, "PA-N-1") == []
    hall.now = session.ends_at
    async with hall.db.transaction(hall.operator.acting) as tx:
        assert await service.offers(tx, "BN01", None, hall.city, hall.now) == ()


async def test_another_unit_neither_sees_the_calls_nor_takes_them(hall: Hall) -> None:
    session = await hall.running()
    await hall.says(hall.operator, session.id)
    for stranger in (hall.leader("pa.waste"), hall.leader("PA-N")):
        with pytest.raises(NotFound):
            await hall.looks(stranger, session.id)
        with pytest.raises(Refused, match="接听单位"):
            await hall.does_to(stranger, session.id, Deed.TAKE)
        async with hall.db.transaction(stranger.acting) as tx:
            assert await tx.fetchval("SELECT count(*) FROM answering_call") == 0
            assert (await tx.execute("UPDATE answering_call SET taken_by = 'me'")) == "UPDATE 0"
            assert (await service.worklist(tx, stranger, "", 20)).lines == ()
            assert await service.unread(tx, stranger, hall.now) == {"/desk/answering": 0}
    above = hall.leader("pa")
    assert len((await hall.looks(above, session.id)).calls) == 1, "the unit above looks on"
    with pytest.raises(Refused, match="接听单位"):
        await hall.does_to(above, session.id, Deed.TAKE)
    with pytest.raises(Refused, match="接听单位"):
        await hall.does_to(hall.supervisor, session.id, Deed.TAKE)
    async with hall.db.transaction(hall.leader().acting) as tx:
        assert await service.unread(tx, hall.leader(), hall.now) == {"/desk/answering": 1}


async def test_residents_read_what_is_published_and_nothing_else(hall: Hall) -> None:
    draft = await hall.planned()
    session = await hall.published()
    async with hall.db.transaction(NOBODY) as tx:
        assert [s.id for s in await service.coming(tx, hall.now)] == [session.id]
        with pytest.raises(NotFound):
            await service.published(tx, draft.id, hall.now)
        assert await tx.fetchval("SELECT count(*) FROM answering_call") == 0
    with pytest.raises(NotTaken):
        await hall.says(None, draft.id)
    with pytest.raises(NotTaken):
        await hall.says(None, "no such thing")
    await hall.says(None, session.id)
    cancelled = await hall.does_to(hall.supervisor, session.id, Deed.CANCEL, note="The head of roads is ill.")
    assert cancelled.session.phase(hall.now) is Phase.CANCELLED
    assert [c.state for c in cancelled.calls] == [CallState.MISSED]
    with pytest.raises(NotTaken):
        await hall.says(None, session.id)
    with pytest.raises(NotTaken, match="没有开始"):
        await hall.says(hall.operator, session.id)


async def test_a_plan_that_cannot_work_is_not_taken(hall: Hall) -> None:
    wrong = {
        "unit": {"unit": "nobody"},
        "leader": {"leader": " "},
        "ends": {"begins": time(11), "ends": time(9)},
        "day": {"day": hall.in_days(-1)},
        "seats": {"seats": 0},
        "matters": {"matters": ("XX",)},
        "regions": {"regions": ("XX",)},
    }
    for field, given in wrong.items():
        with pytest.raises(Unfit) as unfit:
            await hall.planned(**given)
        assert field in [name for name, _ in unfit.value.problems]
    with pytest.raises(Refused):
        async with hall.db.transaction(hall.dispatcher.acting) as tx:
            await service.plan(tx, hall.dispatcher, hall.plan(), hall.city, hall.now)
    session = await hall.published()
    with pytest.raises(Refused):
        await hall.does_to(hall.supervisor, session.id, Deed.PUBLISH)
    with pytest.raises(Unfit):
        await hall.does_to(hall.supervisor, session.id, Deed.CANCEL, note=" ")


async def test_a_result_says_what_it_must(hall: Hall) -> None:
    session = await hall.running()
    await hall.says(hall.operator, session.id)
    leader = hall.leader()
    await hall.does_to(leader, session.id, Deed.TAKE)
    wrong = [
        ({}, {"result", "note"}),
        ({"result": Result.ANSWERED, "note": "Yes"}, {"note"}),
        ({"result": Result.PROMISED, "note": "We come"}, {"unit", "day"}),
        ({"result": Result.PROMISED, "note": "We come", "unit": "PA-N", "day": hall.in_days(-1)}, {"day"}),
    ]
    for given, fields in wrong:
        with pytest.raises(Unfit) as unfit:
            await hall.does_to(leader, session.id, Deed.FINISH, **given)
        assert {name for name, _ in unfit.value.problems} == fields


async def test_the_same_key_hands_over_once_and_gives_the_receipt_after_the_session_too(hall: Hall) -> None:
    session = await hall.running()
    first = await hall.says(hall.operator, session.id, key="k", caller=None)
    hall.now = session.ends_at + timedelta(hours=1)
    again = await hall.says(hall.operator, session.id, key="k", caller=None)
    assert (again.contact, again.repeated) == (first.contact, True)
    assert (await hall.report(session.id)).offered == 1


async def test_no_list_costs_a_statement_for_each_session_or_call(hall: Hall) -> None:
    sessions = [await hall.published(day=hall.in_days(n)) for n in (1, 2, 3)]
    for _ in range(3):
        await hall.says(None, sessions[0].id)
    async with hall.db.transaction(hall.supervisor.acting) as tx:
        await service.worklist(tx, hall.supervisor, "", 2)
        async with counting(tx) as sent:
            first = await service.worklist(tx, hall.supervisor, "", 2)
            rest = await service.worklist(tx, hall.supervisor, first.after, 2)
    assert len(sent) == 2
    assert [line.session.id for line in (*first.lines, *rest.lines)] == [s.id for s in reversed(sessions)]
    assert [line.calls for line in (*first.lines, *rest.lines)] == [0, 0, 3]
