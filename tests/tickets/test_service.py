"""Whole lives of tickets against the database."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from tests.tickets.conftest import ANSWER, Town, rating

from yixian.city.model import RequestKind
from yixian.people.model import citizen
from yixian.tickets import service
from yixian.tickets.model import Action, State


async def test_a_whole_life(town: Town) -> None:
    ticket = await town.open("pa.roads")
    assert (ticket.state, ticket.lead, ticket.dispatched_by) == (State.DISPATCHED, "pa.roads", "gate")
    assert ticket.answer_due is not None and ticket.dispatched_at == town.now
    roads, resident = town.handler("pa.roads"), citizen(ticket.number)
    assert (await town.does(roads, ticket, Action.SIGN)).state is State.HANDLING
    with pytest.raises(service.Refused, match="联系市民"):
        await town.does(roads, ticket, Action.REPLY, answer=ANSWER)
    await town.does(roads, ticket, Action.CONTACT, note="Rang at nine")
    assert (await town.does(roads, ticket, Action.REPLY, answer=ANSWER)).state is State.UNIT_REVIEW
    assert (await town.does(town.chief("pa.roads"), ticket, Action.APPROVE)).state is State.IN_REVIEW
    passed = await town.does(town.reviewer, ticket, Action.PASS)
    assert (passed.state, passed.next_due) == (State.AWAITING_CALL_BACK, None)
    assert (await town.does(town.caller_back, ticket, Action.CALL_BACK, note="No answer")).attempts == 1
    closed = await town.does(resident, ticket, Action.RATE, rating=rating(4))
    assert (closed.state, closed.satisfied, closed.closed_at) == (State.CLOSED, True, town.now)
    seen = await town.sees(roads, ticket)
    assert seen.ticket == closed
    assert [(o.unit, o.ended_how) for o in seen.orders] == [("pa.roads", "closed")]
    steps = ["register", "dispatch", "sign", "contact", "reply", "approve", "pass", "call_back", "rate"]
    assert await town.history(ticket) == steps
    assert closed.version == len(steps)
    reopened = await town.does(resident, ticket, Action.REOPEN, note="It is dark again")
    assert (reopened.state, reopened.rounds, reopened.closed_at, reopened.rated_solution) == (State.DISPATCHED, 1, None, None)
    assert reopened.answer_due is not None
    assert await town.live(ticket) == {("pa.roads", "lead")}


async def test_what_is_not_sure_waits_for_a_dispatcher(town: Town) -> None:
    ticket = await town.open()
    assert (ticket.state, ticket.next_due) == (State.AWAITING_DISPATCH, ticket.dispatch_due)
    seen = await town.sees(town.dispatcher, ticket)
    assert Action.DISPATCH in {e.action for e in seen.offered}
    moved = await town.does(
        town.dispatcher, ticket, Action.DISPATCH,
        unit="pa.harbour", co_units=("pa.roads", "pa.roads"), basis="Harbour Bylaw 3", matter="HB02", region="PA-H-1",
    )  # fmt: skip
    assert (moved.lead, moved.matter, moved.region, moved.dispatched_by) == ("pa.harbour", "HB02", "PA-H-1", "person")
    assert await town.live(ticket) == {("pa.harbour", "lead"), ("pa.roads", "co")}


@pytest.mark.parametrize("wrong", [{"unit": "nobody"}, {"co_units": ("nobody",)}, {"matter": "XX"}, {"region": "PA-X"}])
async def test_what_the_city_does_not_have_is_refused(town: Town, wrong: dict[str, object]) -> None:
    ticket = await town.open()
    with pytest.raises(service.Refused, match="没有编号"):
        await town.does(town.dispatcher, ticket, Action.DISPATCH, **({"unit": "pa.roads", "basis": "Order"} | wrong))


async def test_the_first_return_goes_to_a_dispatcher_the_second_to_joint_review(town: Town) -> None:
    ticket = await town.open("pa.roads")
    back = await town.does(town.handler("pa.roads"), ticket, Action.RETURN, note="A quay lamp", basis="Harbour Bylaw 3")
    assert (back.state, back.lead, back.answer_due) == (State.AWAITING_DISPATCH, None, None)
    assert await town.live(ticket) == set()
    with pytest.raises(service.NotFound):
        await town.sees(town.handler("pa.roads"), ticket)
    town.passes(hours=1)
    again = await town.does(town.dispatcher, ticket, Action.DISPATCH, unit="pa.harbour", basis="Harbour Bylaw 3")
    owed = again.answer_due
    town.passes(hours=1)
    harbour = town.handler("pa.harbour")
    disputed = await town.does(harbour, ticket, Action.RETURN, note="Not on the quay", basis="Roads Order 12")
    assert (disputed.state, disputed.lead, disputed.answer_due) == (State.JOINT_REVIEW, "pa.harbour", owed)
    assert disputed.next_due is not None, "the clock runs while they argue"
    assert await town.live(ticket) == {("pa.harbour", "lead"), ("pa.roads", "panel")}
    await town.does(town.handler("pa.roads"), ticket, Action.OPINION, note="It stands in the water")
    await town.does(harbour, ticket, Action.CONTACT, note="We look after it meanwhile")
    ruled = await town.does(town.dispatcher, ticket, Action.RULE, unit="pa.roads", basis="Roads Order 12", note="The map says so")
    assert (ruled.state, ruled.lead, ruled.ruled) == (State.DISPATCHED, "pa.roads", True)
    assert await town.live(ticket) == {("pa.roads", "lead")}
    with pytest.raises(service.Refused, match="联合审定"):
        await town.does(town.handler("pa.roads"), ticket, Action.RETURN, note="No", basis="No")
    with pytest.raises(service.NotFound):
        await town.sees(harbour, ticket)


async def test_a_ruling_for_the_unit_that_has_it_leaves_its_clock(town: Town) -> None:
    ticket = await town.open("pa.roads")
    await town.does(town.handler("pa.roads"), ticket, Action.RETURN, note="A", basis="B")
    owed = (await town.does(town.dispatcher, ticket, Action.DISPATCH, unit="pa.harbour", basis="C")).answer_due
    await town.does(town.handler("pa.harbour"), ticket, Action.SIGN)
    await town.does(town.handler("pa.harbour"), ticket, Action.RETURN, note="A", basis="B")
    town.passes(hours=3)
    ruled = await town.does(town.dispatcher, ticket, Action.RULE, unit="pa.harbour", co_units=("pa.waste",), basis="D", note="E")
    assert ruled.answer_due == owed
    assert await town.live(ticket) == {("pa.harbour", "lead"), ("pa.waste", "co")}


async def test_an_unsettled_ticket_may_be_answered_by_the_unit_that_has_it(town: Town) -> None:
    ticket = await town.open("pa.roads")
    await town.does(town.handler("pa.roads"), ticket, Action.RETURN, note="A", basis="B")
    await town.does(town.dispatcher, ticket, Action.DISPATCH, unit="pa.harbour", basis="C")
    harbour = town.handler("pa.harbour")
    await town.does(harbour, ticket, Action.RETURN, note="A", basis="B")
    await town.does(harbour, ticket, Action.CONTACT, note="Rang")
    assert (await town.does(harbour, ticket, Action.REPLY, answer=ANSWER)).state is State.UNIT_REVIEW
    assert await town.live(ticket) == {("pa.harbour", "lead")}


async def test_a_return_comes_too_late_after_a_working_day(town: Town) -> None:
    ticket = await town.open("pa.roads")
    town.passes(days=5)
    with pytest.raises(service.Refused, match="退单时限"):
        await town.does(town.handler("pa.roads"), ticket, Action.RETURN, note="A", basis="B")


async def test_an_extension_is_asked_for_with_a_reason_and_granted_by_the_hotline(town: Town) -> None:
    ticket = await town.open("pa.roads")
    roads = town.handler("pa.roads")
    owed = (await town.does(roads, ticket, Action.SIGN)).answer_due
    with pytest.raises(service.Refused, match="1至5个工作日"):
        await town.does(roads, ticket, Action.ASK_EXTENSION, note="A part is on its way", days=6)
    asked = await town.does(roads, ticket, Action.ASK_EXTENSION, note="A part is on its way", days=3)
    assert (asked.answer_due, asked.extension_asked, asked.extension_reason) == (owed, 3, "A part is on its way")
    granted = await town.does(town.reviewer, ticket, Action.GRANT_EXTENSION)
    assert owed is not None and granted.answer_due is not None and granted.answer_due > owed
    assert (granted.extension_asked, granted.extension_reason, granted.extensions) == (None, "", 1)
    with pytest.raises(service.Refused, match="最多延期"):
        await town.does(roads, ticket, Action.ASK_EXTENSION, note="And another", days=3)


async def test_the_lead_waits_for_the_parts_of_the_others(town: Town) -> None:
    ticket = await town.open("pa.roads")
    roads, harbour = town.handler("pa.roads"), town.handler("pa.harbour")
    await town.does(roads, ticket, Action.SIGN)
    await town.does(roads, ticket, Action.CONTACT, note="Rang")
    with pytest.raises(service.NotFound):
        await town.sees(harbour, ticket)
    await town.does(roads, ticket, Action.INVITE, unit="pa.harbour", note="Your cable")
    with pytest.raises(service.Refused, match="协办单位未提交"):
        await town.does(roads, ticket, Action.REPLY, answer=ANSWER)
    with pytest.raises(service.Refused, match="不是主办"):
        await town.does(harbour, ticket, Action.REPLY, answer=ANSWER)
    await town.does(harbour, ticket, Action.PART, note="Cable mended")
    with pytest.raises(service.Refused, match="已提交"):
        await town.does(harbour, ticket, Action.PART, note="Again")
    seen = await town.sees(roads, ticket)
    assert {o.unit: o.part for o in seen.orders} == {"pa.roads": "", "pa.harbour": "Cable mended"}
    assert (await town.does(roads, ticket, Action.REPLY, answer=ANSWER)).state is State.UNIT_REVIEW


async def test_down_the_levels_and_up_again(town: Town) -> None:
    ticket = await town.open("PA-N")
    district, ward, noise = town.handler("PA-N"), town.handler("PA-N-1"), town.handler("PA-N.noise")
    owed = (await town.does(district, ticket, Action.SIGN)).answer_due
    with pytest.raises(service.Refused, match="下级单位"):
        await town.does(district, ticket, Action.HAND_DOWN, unit="pa.roads")
    down = await town.does(district, ticket, Action.HAND_DOWN, unit="PA-N-1")
    assert (down.state, down.lead, down.answer_due) == (State.DISPATCHED, "PA-N-1", owed)
    with pytest.raises(service.NotFound):
        await town.sees(noise, ticket)
    assert (await town.sees(district, ticket)).ticket.lead == "PA-N-1"
    up = await town.does(ward, ticket, Action.HAND_UP, note="Not a ward lamp")
    assert (up.state, up.lead) == (State.HANDLING, "PA-N")
    assert await town.live(ticket) == {("PA-N", "lead")}
    with pytest.raises(service.Refused, match="不是上级单位下派"):
        await town.does(district, ticket, Action.HAND_UP, note="Up")


async def test_merging(town: Town) -> None:
    main, double = await town.open("pa.roads"), await town.open("pa.roads", text="Light out, second call")
    merged = await town.does(town.operator, double, Action.MERGE, number=main.number, note="The same lamp")
    assert (merged.state, merged.merged_into, merged.next_due) == (State.MERGED, main.id, None)
    assert await town.live(double) == set()
    with pytest.raises(service.Refused, match="已经终结"):
        await town.does(town.operator, main, Action.MERGE, number=double.number, note="Round and round")
    await town.does(town.handler("pa.roads"), main, Action.SIGN)
    progress = await service.progress(town.db, double.number, town.city, town.now)
    assert progress.state is State.MERGED
    assert progress.main is not None and progress.main.state is State.HANDLING
    assert [step.action for step in progress.main.steps] == ["register", "dispatch", "sign"]
    assert not progress.main.answer


async def test_splitting(town: Town) -> None:
    ticket = await town.open(text="The light is out and the bin was missed", hides_identity=True)
    fresh = [(await town.fresh()).number for _ in range(2)]
    await town.does(town.operator, ticket, Action.SPLIT, *fresh, texts=("The light is out", "The bin was missed"))
    parts = [(await town.sees(town.dispatcher, msgspec.structs.replace(ticket, number=n))).ticket for n in fresh]
    assert [p.text for p in parts] == ["The light is out", "The bin was missed"]
    assert {(p.split_from, p.caller, p.hides_identity, p.state) for p in parts} == {
        (ticket.id, ticket.caller, True, State.AWAITING_DISPATCH)
    }


async def test_what_a_resident_may_do(town: Town) -> None:
    ticket = await town.open("pa.roads")
    resident = citizen(ticket.number)
    assert (await town.does(resident, ticket, Action.URGE)).urged == 1
    await town.does(resident, ticket, Action.SUPPLEMENT, note="Number 4, not 14")
    with pytest.raises(service.Refused, match="岗位不能"):
        await town.does(resident, ticket, Action.SIGN)
    gone = await town.does(resident, ticket, Action.WITHDRAW, note="It works again")
    assert gone.state is State.WITHDRAWN
    with pytest.raises(service.Refused, match="已经终结"):
        await town.does(resident, ticket, Action.URGE)
    assert (await town.sees(town.handler("pa.roads"), ticket)).ticket.state is State.WITHDRAWN, "the unit sees why it left its desk"


async def test_supervision_and_termination(town: Town) -> None:
    ticket = await town.open("pa.roads")
    assert (await town.does(town.supervisor, ticket, Action.LIST, note="Third winter")).supervision == "listed"
    assert (await town.does(town.supervisor, ticket, Action.CALL_IN, note="Fourth winter")).supervision == "called_in"
    assert (await town.does(citizen(ticket.number), ticket, Action.URGE)).supervision == "called_in"
    await town.does(town.handler("pa.roads"), ticket, Action.SIGN)
    ended = await town.does(town.reviewer, ticket, Action.TERMINATE, note="Before a court")
    assert (ended.state, ended.closed_at) == (State.TERMINATED, town.now)


async def test_a_bad_rating_is_looked_into_and_done_again(town: Town) -> None:
    ticket = await town.open("pa.roads")
    await town.answered(ticket, "pa.roads")
    await town.does(town.reviewer, ticket, Action.PASS)
    bad = await town.does(citizen(ticket.number), ticket, Action.RATE, rating=rating(1))
    assert bad.state is State.AWAITING_CALL_BACK
    with pytest.raises(service.Refused, match="已经评价"):
        await town.does(citizen(ticket.number), ticket, Action.RATE, rating=rating(5))
    redone = await town.does(town.reviewer, ticket, Action.REDO, note="It is still dark")
    assert (redone.state, redone.rounds, redone.rated_solution) == (State.DISPATCHED, 1, None)
    await town.answered(ticket, "pa.roads")
    await town.does(town.reviewer, ticket, Action.PASS)
    await town.does(town.caller_back, ticket, Action.RATE, rating=rating(2))
    higher = await town.does(town.reviewer, ticket, Action.REDO, note="Still")
    assert (higher.state, higher.lead) == (State.AWAITING_DISPATCH, None)
    assert await town.live(ticket) == set()


async def test_a_consultation_is_closed_without_a_call(town: Town) -> None:
    ticket = await town.open("pa.harbour", kind=RequestKind.CONSULTATION)
    await town.answered(ticket, "pa.harbour")
    assert (await town.does(town.reviewer, ticket, Action.PASS)).state is State.CLOSED


async def test_after_three_calls_that_nobody_answered_it_is_closed(town: Town) -> None:
    ticket = await town.open("pa.roads")
    await town.answered(ticket, "pa.roads")
    await town.does(town.reviewer, ticket, Action.PASS)
    for _ in range(3):
        rung = await town.does(town.caller_back, ticket, Action.CALL_BACK, note="No answer")
        town.now = max(town.now, rung.call_at or town.now)
    assert (await town.does(town.caller_back, ticket, Action.CLOSE)).state is State.CLOSED
    late = await town.does(citizen(ticket.number), ticket, Action.RATE, rating=rating(2))
    assert (late.state, late.satisfied) == (State.CLOSED, False)


async def test_who_looked_at_an_older_version_is_told_what_happened(town: Town) -> None:
    ticket = await town.open("pa.roads")
    await town.does(town.handler("pa.roads"), ticket, Action.SIGN)
    with pytest.raises(service.Overtaken) as overtaken:
        await town.does(town.supervisor, ticket, Action.LIST, note="Slow", version=ticket.version)
    assert overtaken.value.change is not None
    assert (overtaken.value.change.action, overtaken.value.change.unit) == ("sign", "pa.roads")


async def test_many_are_opened_at_once(town: Town) -> None:
    openings = [service.Opening(await town.fresh(caller=None), town.operator) for _ in range(30)]
    async with town.db.transaction(town.operator.acting) as tx:
        opened = await service.open_tickets(tx, openings, town.city, town.now)
    assert len({t.number for t in opened}) == 30
    assert await town.owner.fetchval("SELECT count(*) FROM history") == 30
    assert await town.owner.fetchval("SELECT count(*) FROM event WHERE kind = 'ticket.opened'") == 30


async def test_a_new_limit_takes_the_marks_of_the_one_before(town: Town) -> None:
    ticket = await town.open("pa.roads")
    assert ticket.next_due == ticket.sign_due
    await town.owner.execute("UPDATE ticket SET warned_at = now(), overdue_at = now()")
    signed = await town.does(town.handler("pa.roads"), ticket, Action.SIGN)
    assert (signed.next_due, signed.warned_at, signed.overdue_at) == (ticket.contact_due, None, None)
    assert signed.amber_at is not None and signed.next_due is not None
    assert timedelta() < signed.next_due - signed.amber_at <= timedelta(hours=24)
