"""Whose is it? Problem first, dispute later."""

from __future__ import annotations

import pytest

from yixian.tickets.model import State

from .driver import City, Line12345, Refusal, Ticket

LAMP = "Street light dead on Castle Hill, pitch black by the bus stop"


async def test_the_first_return_goes_to_a_dispatcher(city: City, line: Line12345):
    ticket = await line.report(LAMP)
    await city.unit("PA-N-1").returns(ticket, because="A main road: Roads and Lighting keep its lamps.", basis="Roads Order 12")
    assert ticket.state is State.AWAITING_DISPATCH and ticket.acting_unit == "" and ticket.seen.returns == 1
    assert ticket.seen.dispatch_due and ticket.seen.next_due == ticket.seen.dispatch_due, "now the hotline owes something"
    assert ticket.number in [row.number for row in await city.dispatcher.list(state="awaiting_dispatch")]
    with pytest.raises(Refusal) as no:
        await city.unit("PA-N-1").sees(ticket)
    assert no.value.status == 404, "what a unit gave back is out of its sight"


async def test_a_return_needs_a_reason_and_a_basis(city: City, line: Line12345):
    ticket = await line.report(LAMP)
    for because, basis in (("Not ours.", ""), ("", "Roads Order 12"), (" ", " ")):
        with pytest.raises(Refusal) as no:
            await city.unit("PA-N-1").returns(ticket, because, basis)
        assert no.value.status == 409
    assert (await ticket.look()).state is State.DISPATCHED


async def test_who_lets_the_working_day_pass_has_accepted(city: City, line: Line12345):
    ticket = await line.report(LAMP)
    city.clock.turn_to(2026, 6, 11, 17, 1)
    with pytest.raises(Refusal, match="时限"):
        await city.unit("PA-N-1").returns(ticket, "Not ours.", "Roads Order 12")


async def _disputed(city: City, line: Line12345) -> Ticket:
    ticket = await line.report(LAMP)
    await city.unit("PA-N-1").returns(ticket, because="A main road.", basis="Roads Order 12")
    await city.dispatcher.dispatches(ticket, "pa.roads", basis="Roads Order 12")
    await city.unit("pa.roads").returns(ticket, because="A village lamp.", basis="Parish Lighting Act 1")
    return ticket


async def test_a_unit_keeps_acting_while_two_units_argue(city: City, line: Line12345):
    ticket = await line.report(LAMP)
    await city.unit("PA-N-1").returns(ticket, because="A main road.", basis="Roads Order 12")
    await city.dispatcher.dispatches(ticket, "pa.roads", basis="Roads Order 12")
    due = ticket.seen.answer_due
    roads = city.unit("pa.roads")
    await roads.returns(ticket, because="A village lamp.", basis="Parish Lighting Act 1")
    assert ticket.state is State.JOINT_REVIEW
    assert ticket.acting_unit == "pa.roads" and ticket.panel == {"PA-N-1"}
    assert ticket.seen.answer_due == due and ticket.seen.next_due is not None, "the clock runs"
    await roads.contacts(ticket)
    await city.unit("PA-N-1").handler.does("opinion", ticket, note="Ours end at the bus stop.")
    await roads.replies(ticket)
    assert ticket.state is State.UNIT_REVIEW, "solved before anybody settled whose it was"


async def test_the_ruling_is_binding(city: City, line: Line12345):
    ticket = await _disputed(city, line)
    await city.dispatcher.rules(ticket, "PA-N-1", because="North of the bus stop.", basis="Parish Lighting Act 1")
    ward = city.unit("PA-N-1")
    assert ticket.state is State.DISPATCHED and ticket.acting_unit == "PA-N-1" and ticket.panel == set()
    with pytest.raises(Refusal, match="不得再退"):
        await ward.returns(ticket, "Still not ours.", "Roads Order 12")
    with pytest.raises(Refusal, match="不得再退"):
        await city.dispatcher.does("reassign", ticket, unit="pa.roads", basis="Roads Order 12", note="Changed our mind.")
    await ward.answers(ticket)
    assert ticket.state is State.IN_REVIEW


async def test_the_ruled_unit_gets_its_whole_time(city: City, line: Line12345):
    ticket = await _disputed(city, line)
    city.clock.turn_to(2026, 6, 15, 10)
    await city.dispatcher.rules(ticket, "PA-N-1", because="North of the bus stop.", basis="Parish Lighting Act 1")
    assert ticket.seen.answer_due == city.clock.at(2026, 6, 29, 17)


async def test_units_do_not_rule_and_the_argument_is_not_the_citizens(city: City, line: Line12345):
    ticket = await _disputed(city, line)
    with pytest.raises(Refusal) as no:
        await city.unit("pa.roads").handler.does("rule", ticket, unit="PA-N-1", basis="Parish Lighting Act 1", note="Theirs.")
    assert no.value.status == 409
    shown = await city.citizen(ticket).looks()
    assert {step.action for step in shown.steps} == {"register", "dispatch"}
    assert "village lamp" not in await city.citizen(ticket).page()
