"""Several units on one ticket, several tickets that are one, one that is several."""

from __future__ import annotations

import pytest

from yixian.db.pool import SYSTEM
from yixian.tickets import verify
from yixian.tickets.model import State

from .driver import ANSWER, City, Line12345, Refusal

QUAY = "lamp not working near the quay at Lantern Wharf, no light"
HOLE = "Huge pothole on Mill Road"


async def test_the_lead_waits_for_every_co_handlers_part(city: City, line: Line12345):
    ticket = await line.report(QUAY)
    harbour, roads, ward = city.unit("pa.harbour"), city.unit("pa.roads"), city.unit("PA-H-1")
    assert ticket.acting_unit == harbour.code and ticket.helpers == {roads.code, ward.code}
    await harbour.signs(ticket)
    await harbour.contacts(ticket)
    with pytest.raises(Refusal, match="协办"):
        await harbour.replies(ticket)
    await roads.hands_in_its_part(ticket, "The cable is whole.")
    with pytest.raises(Refusal, match="协办"):
        await harbour.replies(ticket)
    with pytest.raises(Refusal):
        await roads.hands_in_its_part(ticket, "Twice.")
    with pytest.raises(Refusal):
        await roads.replies(ticket)
    await ward.hands_in_its_part(ticket, "Nobody complained here.")
    await harbour.replies(ticket)
    assert ticket.state is State.UNIT_REVIEW
    assert {o.part for o in ticket.seen.orders if o.role == "co"} == {"The cable is whole.", "Nobody complained here."}


async def test_the_lead_calls_in_another_unit(city: City, line: Line12345):
    ticket = await line.report(HOLE)
    roads = city.unit("pa.roads")
    await roads.signs(ticket)
    await roads.handler.does("invite", ticket, unit="pa.waste", note="Rubble beside the hole.")
    assert ticket.helpers == {"pa.waste"}
    assert ticket.number in [row.number for row in await city.unit("pa.waste").handler.list()]
    with pytest.raises(Refusal):
        await roads.handler.does("invite", ticket, unit="pa.waste", note="Again.")


async def test_a_merged_ticket_shows_how_the_main_one_stands(city: City, line: Line12345):
    main = await line.report(HOLE)
    other = await line.report("pothole on Mill Road broke my wheel", phone="+44 7700 900999")
    await city.operator.does("merge", other, number=main.number, note="The same hole.")
    assert other.state is State.MERGED
    citizen = city.citizen(other)
    shown = await citizen.looks()
    assert shown.main and shown.main.number == main.number and shown.main.state is State.DISPATCHED
    assert shown.main.text == "" and HOLE not in await citizen.page(), "what another citizen said is theirs"

    await city.unit("pa.roads").answers(main)
    await city.reviewer.passes(main)
    shown = await citizen.looks()
    assert shown.main and shown.main.state is State.AWAITING_CALL_BACK
    await city.work()
    told = await city.owner.fetch("SELECT n.kind, n.text FROM notice n JOIN ticket t ON t.id = n.ticket WHERE t.number = $1", other.number)
    assert {"merge", "pass"} <= {row["kind"] for row in told}
    assert all(main.number not in row["text"] for row in told), "each is told of their own number"

    with pytest.raises(Refusal):
        await city.operator.does("urge", other)
    with pytest.raises(Refusal):
        await city.operator.does("merge", main, number=other.number, note="In a ring.")


async def test_a_ticket_cannot_be_merged_into_itself_or_into_nothing(city: City, line: Line12345):
    ticket = await line.report(HOLE)
    for number, status in ((ticket.number, 409), ("", 409), ("PA2606109999999", 404), ("' OR 1=1 --", 404)):
        with pytest.raises(Refusal) as no:
            await city.operator.does("merge", ticket, number=number, note="Why not.")
        assert no.value.status == status
    assert (await ticket.look()).state is State.DISPATCHED


async def test_a_ticket_with_two_matters_is_split(city: City, line: Line12345):
    ticket = await line.report("something is wrong with the bins or the lamps, please come", kind="help")
    texts = ["The bins were not collected since Monday", "Street light dead on Castle Hill"]
    await city.operator.does("split", ticket, texts=texts)
    parts = [row for row in await city.dispatcher.list(state="awaiting_dispatch") if row.number != ticket.number]
    assert sorted(row.title for row in parts) == sorted(texts)
    rows = await city.owner.fetch("SELECT caller FROM ticket")
    assert len(rows) == 3 and len({row["caller"] for row in rows}) == 1
    with pytest.raises(Refusal):
        await city.operator.does("split", ticket, texts=["one", " "])
    assert await city.owner.fetchval("SELECT count(*) FROM ticket") == 3


async def test_the_citizen_takes_it_back(city: City, line: Line12345):
    ticket = await line.report(HOLE)
    with pytest.raises(Refusal):
        await city.citizen(ticket).does("withdraw")
    await city.citizen(ticket).does("withdraw", note="Filled this morning, thank you.")
    assert ticket.state is State.WITHDRAWN and ticket.acting_unit == ""
    with pytest.raises(Refusal) as no:
        await city.unit("pa.roads").signs(ticket)
    assert no.value.status == 409 and no.value.allowed == []


async def test_what_the_citizen_adds_reaches_the_unit(city: City, line: Line12345):
    ticket = await line.report(HOLE)
    await city.citizen(ticket).does("supplement", note="It is the left lane, by number 40.")
    seen = await city.unit("pa.roads").sees(ticket)
    assert any("number 40" in row.note for row in seen.history)
    page = await city.unit("pa.roads").handler.page(f"/desk/ticket/{ticket.number}")
    assert "number 40" in page


async def test_what_cannot_be_handled_is_ended_with_a_reason_for_the_citizen(city: City, line: Line12345):
    ticket = await line.report(HOLE)
    await city.unit("pa.roads").signs(ticket)
    with pytest.raises(Refusal):
        await city.reviewer.does("terminate", ticket)
    await city.reviewer.does("terminate", ticket, note="Mill Road is private; its owner was written to.")
    assert ticket.state is State.TERMINATED
    shown = await city.citizen(ticket).looks()
    assert shown.steps[-1].note == "Mill Road is private; its owner was written to."


async def test_it_is_opened_again_within_thirty_days(city: City, line: Line12345):
    ticket = await line.report(HOLE)
    roads = city.unit("pa.roads")
    await roads.answers(ticket)
    await city.reviewer.passes(ticket)
    await city.citizen(ticket).rates(5)
    assert ticket.state is State.CLOSED
    city.clock.forward(days=29, hours=23)
    await city.citizen(ticket).does("reopen", note="It is there again.")
    assert ticket.state is State.DISPATCHED and ticket.acting_unit == roads.code
    assert ticket.seen.answer_due and ticket.seen.answer_due > city.clock()
    shown = await city.citizen(ticket).looks()
    assert shown.rounds == 1 and shown.answer == "" and not shown.rated


async def test_it_is_not_opened_again_after_thirty_days(city: City, line: Line12345):
    ticket = await line.report(HOLE)
    await city.unit("pa.roads").answers(ticket)
    await city.reviewer.passes(ticket)
    await city.citizen(ticket).rates(4)
    city.clock.forward(days=30, minutes=1)
    with pytest.raises(Refusal, match="30天"):
        await city.citizen(ticket).does("reopen", note="It is there again.")
    assert (await city.citizen(ticket).looks()).answer == ANSWER


async def test_the_chain_of_every_ticket_verifies_at_the_end_of_the_day(city: City, line: Line12345):
    for text in (HOLE, QUAY):
        await line.report(text)
    city.clock.forward(hours=3)
    await city.work()
    async with city.database.transaction(SYSTEM) as tx:
        found = await verify.verify(tx)
    assert found.sound and found.rows == 4 and found.seals == 2, found
