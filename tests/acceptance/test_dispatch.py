"""Sure, or ask: what the gate dispatches, what a dispatcher gets to see, and forty tickets fought over."""

from __future__ import annotations

import asyncio

import pytest

from yixian.tickets.model import State

from .driver import PHONE, City, Line12345, Refusal, problem_of

UNCLEAR = "something is wrong on Castle Hill, please come"


async def test_what_is_unclear_waits_for_a_dispatcher_with_at_most_three_suggestions(city: City, line: Line12345):
    ticket = await line.report(UNCLEAR)
    assert ticket.state is State.AWAITING_DISPATCH and ticket.acting_unit == ""
    assert 1 <= len(ticket.seen.suggestions) <= 3
    assert all(s["unit"] and s["basis"] for s in ticket.seen.suggestions if not s.get("place_needed"))
    assert ticket.number in [row.number for row in await city.dispatcher.list(state="awaiting_dispatch")]
    assert ticket.number in await city.dispatcher.page("/desk/dispatch")

    await city.dispatcher.dispatches(ticket, "pa.roads", basis="Roads Order 12", matter="ST0201")
    assert ticket.state is State.DISPATCHED and ticket.acting_unit == "pa.roads"
    assert ticket.seen.dispatched_by == "person" and ticket.seen.matter == "ST0201"
    assert ticket.number in [row.number for row in await city.unit("pa.roads").handler.list()]


async def test_a_dispatcher_cannot_dispatch_without_saying_on_what_basis(city: City, line: Line12345):
    ticket = await line.report(UNCLEAR)
    for step in ({"unit": "pa.roads"}, {"unit": "pa.roads", "basis": " "}, {"basis": "Roads Order 12"}):
        with pytest.raises(Refusal) as no:
            await city.dispatcher.does("dispatch", ticket, **step)
        assert no.value.status == 409 and "dispatch" in no.value.allowed
    for step in ({"unit": "nowhere"}, {"unit": "pa.roads", "co_units": ["nowhere"]}, {"unit": "pa.roads", "matter": "ZZ99"}):
        with pytest.raises(Refusal) as no:
            await city.dispatcher.does("dispatch", ticket, basis="Roads Order 12", **step)
        assert no.value.status == 409
    assert (await ticket.look()).state is State.AWAITING_DISPATCH


@pytest.mark.parametrize(
    ("words", "lead", "co"),
    (
        ("Huge pothole on Mill Road", "pa.roads", set[str]()),
        ("lamp not working near the quay at Lantern Wharf, no light", "pa.harbour", {"pa.roads", "PA-H-1"}),
        ("Street light dead, pitch black in Castle Ward", "PA-N-1", set[str]()),
        ("our company: our shop's bins were not collected since Monday", "pa.contact", {"pa.waste"}),
        ("drilling and site noise at 6 in the morning in The Docks", "PA-H.noise", set[str]()),
        ("drilling at 2am at night by the building site in Northgate", "PA-N", {"PA-N.noise"}),
    ),
)
async def test_matter_place_and_conditions_name_the_unit(line: Line12345, words: str, lead: str, co: set[str]):
    ticket = await line.report(words)
    assert (ticket.state, ticket.acting_unit, ticket.helpers) == (State.DISPATCHED, lead, co)
    assert ticket.seen.basis


async def test_where_the_place_is_missing_a_dispatcher_is_told_so(city: City, line: Line12345):
    ticket = await line.report("drilling and site noise at 6 in the morning")
    assert ticket.state is State.AWAITING_DISPATCH
    assert ticket.seen.suggestions[0]["place_needed"] == "district"


async def test_a_unit_never_gets_a_complaint_about_itself_by_the_gate(city: City, line: Line12345):
    ticket = await line.report("the bins were not collected, nobody came", by=city.operator, complained_unit="pa.waste")
    assert ticket.state is State.AWAITING_DISPATCH


async def test_a_ruling_in_the_responsibility_list_holds_only_while_it_is_valid(city: City, line: Line12345):
    words = "Piling at the building site in The Docks shakes the whole house, drilling too"
    assert (await line.report(words)).acting_unit == "pa.harbour"
    city.clock.turn_to(2026, 7, 1, 10)
    assert (await line.report(words, separate=True)).acting_unit == "PA-H.noise"


async def test_the_hotlines_own_mistake_is_put_right_by_the_hotline(city: City, line: Line12345):
    ticket = await line.report("Huge pothole on Mill Road")
    due = ticket.seen.answer_due
    city.clock.forward(hours=4)
    await city.dispatcher.does("reassign", ticket, unit="PA-N-2", basis="Roads Order 12", note="A private road.")
    assert ticket.acting_unit == "PA-N-2" and ticket.state is State.DISPATCHED
    assert due and ticket.seen.answer_due and ticket.seen.answer_due >= due
    with pytest.raises(Refusal) as no:
        await city.unit("pa.roads").sees(ticket)
    assert no.value.status == 404


async def test_forty_tickets_dispatched_four_times_at_once_have_forty_leads(city: City, line: Line12345):
    """Over HTTP: one wins, three read what the winner did."""
    tickets = [await line.report(f"{UNCLEAR} ({n})", phone=f"+44 7700 90{n:04}") for n in range(40)]
    units = ("pa.roads", "pa.waste", "pa.harbour", "PA-N")
    people = (city.dispatcher, city.supervisor)

    async def dispatch(number: str, n: int):
        person = people[n % 2]
        body = {"unit": units[n], "basis": "Roads Order 12"}
        headers = {"X-CSRF-Token": person.csrf}
        return await person.client.post(f"/api/v1/tickets/{number}/dispatch", json=body, headers=headers)

    answers = await asyncio.gather(*(dispatch(t.number, n) for t in tickets for n in range(4)))
    statuses = [a.status_code for a in answers]
    assert (statuses.count(200), statuses.count(409)) == (40, 120)
    for lost in (a for a in answers if a.status_code == 409):
        problem = problem_of(lost)
        assert problem["type"] in ("overtaken", "refused")
        assert problem["type"] == "refused" or problem["happened"]["action"] == "dispatch"
    assert await city.owner.fetchval("SELECT count(*) FROM unit_order WHERE role = 'lead' AND ended_at IS NULL") == 40
    assert await city.owner.fetchval("SELECT count(*) FROM history WHERE action = 'dispatch'") == 40
    assert await city.owner.fetchval("SELECT count(*) FROM event WHERE body ->> 'action' = 'dispatch'") == 40


async def test_whoever_comes_second_is_told_what_the_first_did(city: City, line: Line12345):
    ticket = await line.report(UNCLEAR, phone=PHONE)
    version = ticket.seen.version
    await city.dispatcher.dispatches(ticket, "pa.roads")
    with pytest.raises(Refusal) as no:
        await city.supervisor.does("dispatch", ticket, unit="pa.waste", basis="Waste Order 2", version=version)
    assert no.value.type == "overtaken"
    assert no.value.problem["happened"]["action"] == "dispatch" and no.value.problem["happened"]["state"] == "dispatched"
