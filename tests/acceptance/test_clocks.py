"""When things are owed: working time from dispatch, extensions, warnings, what is overdue."""

from __future__ import annotations

import pytest

from yixian.tickets.model import Light, State

from .driver import City, Line12345, Refusal

HOLE = "Huge pothole on Mill Road"


async def test_the_clock_starts_when_a_unit_is_named_and_counts_the_towns_working_days(city: City, line: Line12345):
    ticket = await line.report(HOLE)
    seen, at = ticket.seen, city.clock.at
    # Wednesday 10 June. The Saturday after it is Regatta Saturday, a working day.
    assert (seen.sign_due, seen.contact_due) == (at(2026, 6, 11, 17), at(2026, 6, 12, 17))
    assert seen.answer_due == at(2026, 6, 23, 17), "ten working days, one of them a Saturday"
    await city.unit("pa.roads").signs(ticket)
    assert ticket.seen.answer_due == seen.answer_due, "signing late or early changes nothing"


async def test_christmas_is_nobodys_working_day(city: City, line: Line12345):
    city.clock.turn_to(2026, 12, 24, 10)
    ticket = await line.report(HOLE)
    assert ticket.seen.sign_due == city.clock.at(2026, 12, 29, 17), "Christmas, a weekend and the substitute day are between"


async def test_the_urgent_has_shorter_limits(city: City, line: Line12345):
    ticket = await line.report("A lamp post is leaning over on Castle Hill, dangerous, wires hanging out")
    assert ticket.seen.urgency == "urgent"
    assert ticket.seen.sign_due and ticket.seen.dispatched_at
    assert (ticket.seen.sign_due - ticket.seen.dispatched_at).total_seconds() == 4 * 3600
    assert ticket.seen.answer_due == city.clock.at(2026, 6, 12, 17)


async def test_the_job_warns_and_marks_at_the_right_time(city: City, line: Line12345):
    ticket = await line.report(HOLE)
    roads = city.unit("pa.roads")

    async def marks_at(*when: int) -> tuple[int, int, Light]:
        city.clock.turn_to(*when)
        await city.work()
        light = (await ticket.look()).seen.light
        return await city.events("ticket.warned", ticket), await city.events("ticket.overdue", ticket), light

    # To be signed till Thursday 17:00, 31 hours from dispatch: amber in the last third.
    assert await marks_at(2026, 6, 11, 6, 30) == (0, 0, Light.GREEN)
    assert await marks_at(2026, 6, 11, 6, 45) == (1, 0, Light.AMBER)
    assert await marks_at(2026, 6, 11, 16, 59) == (1, 0, Light.AMBER)
    assert await marks_at(2026, 6, 11, 17, 1) == (1, 1, Light.RED)
    assert await marks_at(2026, 6, 11, 18) == (1, 1, Light.RED), "once is enough"
    assert ticket.number in [row.number for row in await city.supervisor.list(light="red")]

    # Signed: now the first contact is owed, till Friday 17:00.
    await roads.signs(ticket)
    assert ticket.seen.light is Light.GREEN
    assert await marks_at(2026, 6, 12, 16, 59) == (2, 1, Light.AMBER)
    await roads.contacts(ticket)
    # And then the answer, till Tuesday week.
    assert await marks_at(2026, 6, 22, 16, 59) == (2, 1, Light.GREEN)
    assert await marks_at(2026, 6, 22, 17, 1) == (3, 1, Light.AMBER)
    assert await marks_at(2026, 6, 23, 17, 1) == (3, 2, Light.RED)
    assert ticket.state is State.HANDLING, "a clock moves no ticket"


async def test_what_waits_for_a_dispatcher_is_the_hotlines_to_answer_for(city: City, line: Line12345):
    ticket = await line.report("something is wrong, please come", kind="help")
    assert ticket.state is State.AWAITING_DISPATCH
    due = ticket.seen.dispatch_due
    assert due
    city.clock.now = due
    city.clock.forward(seconds=1)
    await city.work()
    assert (await ticket.look()).seen.light is Light.RED


async def test_nothing_is_owed_any_more_once_the_hotline_has_passed_the_answer(city: City, line: Line12345):
    ticket = await line.report(HOLE)
    await city.unit("pa.roads").answers(ticket)
    await city.reviewer.passes(ticket)
    assert ticket.seen.next_due is None and ticket.seen.light is Light.NONE
    city.clock.turn_to(2026, 7, 30, 12)
    await city.work()
    assert await city.events("ticket.overdue", ticket) == 0


async def test_an_extension_has_a_reason_an_approval_and_a_notice(city: City, line: Line12345):
    ticket = await line.report(HOLE)
    roads, before = city.unit("pa.roads"), ticket.seen.answer_due
    await roads.signs(ticket)
    for days, because in ((0, "Frost"), (6, "Frost"), (3, " ")):
        with pytest.raises(Refusal):
            await roads.asks_for_longer(ticket, days, because)
    await roads.asks_for_longer(ticket, 3, "The asphalt needs three dry days.")
    assert ticket.seen.answer_due == before, "asked is not granted"
    assert ticket.number in [row.number for row in await city.reviewer.list(state="handling")]
    assert ticket.number in await city.reviewer.page("/desk/review?tab=extensions")
    with pytest.raises(Refusal):
        await roads.handler.does("grant_extension", ticket)

    await city.reviewer.does("grant_extension", ticket)
    assert ticket.seen.answer_due == city.clock.at(2026, 6, 26, 17), "three working days after the 23rd"
    await city.work()
    shown = await city.citizen(ticket).looks()
    granted = next(step for step in shown.steps if step.action == "grant_extension")
    assert (granted.days, granted.reason) == (3, "The asphalt needs three dry days.")
    notice = await city.owner.fetchval("SELECT text FROM notice WHERE kind = 'grant_extension'")
    assert "three dry days" in notice and "2026年6月26日" in notice
    with pytest.raises(Refusal):
        await roads.asks_for_longer(ticket, 1, "Once more.")


async def test_a_refused_extension_leaves_the_clock_where_it_was(city: City, line: Line12345):
    ticket = await line.report(HOLE)
    roads, before = city.unit("pa.roads"), ticket.seen.answer_due
    await roads.signs(ticket)
    await roads.asks_for_longer(ticket, 3, "Rain.")
    await city.reviewer.does("refuse_extension", ticket, note="It is dry.")
    assert ticket.seen.answer_due == before and ticket.seen.extension_asked is None
    assert "dry" not in (await city.public.get(f"/api/v1/tickets/{ticket.number}", params={"code": ticket.code})).text


async def test_urging_listing_and_calling_in_show_to_the_unit(city: City, line: Line12345):
    ticket = await line.report(HOLE)
    roads = city.unit("pa.roads")
    await city.citizen(ticket).does("urge", note="It is deeper every day.")
    assert (await roads.sees(ticket)).urged == 1
    await city.supervisor.does("list", ticket, note="Before the weekend.")
    await city.supervisor.does("call_in", ticket, note="Monday at nine.")
    assert (await roads.sees(ticket)).supervision == "called_in"
    assert ticket.number in [row.number for row in await city.supervisor.list(supervision="called_in")]
    with pytest.raises(Refusal):
        await city.dispatcher.does("list", ticket, note="I too.")
    public = [s.action for s in (await city.citizen(ticket).looks()).steps]
    assert "urge" in public and "list" not in public and "call_in" not in public
