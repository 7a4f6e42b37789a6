"""Who called is nobody's business but theirs who need it; and every look is written down."""

from __future__ import annotations

import pytest

from yixian.tickets.model import State

from .driver import PHONE, City, Line12345, Refusal, Ticket

HOLE = "Huge pothole on Mill Road"
BINS = "the bins were not collected, nobody came"


async def test_whoever_asks_for_secrecy_is_unknown_to_the_unit(city: City, line: Line12345):
    ticket = await line.report(HOLE, hides_identity=True)
    assert ticket.seen.caller and ticket.seen.caller.name == "M**", "the hotline knows, masked"
    roads = city.unit("pa.roads")
    seen = await roads.sees(ticket)
    assert seen.caller is None and seen.hides_identity
    page = await roads.handler.page(f"/desk/ticket/{ticket.number}")
    assert "0123" not in page and "M**" not in page and "Beck" not in page
    with pytest.raises(Refusal) as no:
        await _reveal(city, ticket, by="pa.roads.handler", ticket_id=await _id(ticket))
    assert no.value.status == 404 and await city.owner.fetchval("SELECT count(*) FROM reveal") == 0
    await roads.answers(ticket)
    assert ticket.state is State.IN_REVIEW, "it is handled all the same"


async def test_an_ordinary_caller_is_shown_masked_to_the_unit_that_has_the_ticket(city: City, line: Line12345):
    ticket = await line.report(HOLE)
    seen = await city.unit("pa.roads").sees(ticket)
    assert seen.caller and (seen.caller.name, seen.caller.phone) == ("M**", "***0123")


async def test_the_unit_complained_of_never_sees_who_called(city: City, line: Line12345):
    ticket = await line.report(BINS, by=city.operator, complained_unit="pa.waste")
    await city.dispatcher.dispatches(ticket, "pa.contact", "pa.waste", basis="Trade Waste Order 5")
    seen = await city.unit("pa.waste").sees(ticket)
    assert seen.caller is None, "even when it helps to handle it"
    with pytest.raises(Refusal):
        await _reveal(city, ticket, by="pa.waste.handler", ticket_id=await _id(ticket))
    for person in (city.unit("pa.waste").handler, city.unit("pa.waste").reviewer):
        assert "0123" not in await person.page(f"/desk/ticket/{ticket.number}")


async def test_a_report_on_people_hides_who_made_it_unless_they_allow_it(city: City, line: Line12345):
    """Fly-tipping is a sensitive matter of the pack."""
    ticket = await line.report("someone dumped a sofa by the river, van tipping rubble, fly tip at Lantern Wharf")
    assert ticket.seen.matter == "BN02"
    assert ticket.seen.hides_identity
    assert (await city.unit("pa.waste").sees(ticket)).caller is None


async def test_a_reveal_needs_a_reason_and_is_written_down(city: City, line: Line12345):
    ticket = await line.report(HOLE)
    with pytest.raises(Refusal) as no:
        await _reveal(city, ticket, by="operator", reason=" ")
    assert no.value.status == 422 and no.value.fields == {"reason"}
    assert await _reveal(city, ticket, by="operator") == "+447700900123"
    assert await _reveal(city, ticket, by="pa.roads.handler", ticket_id=await _id(ticket)) == "+447700900123"
    rows = await city.owner.fetch("SELECT s.login, r.field, r.reason FROM reveal r JOIN staff s ON s.id = r.staff ORDER BY r.at, s.login")
    assert [tuple(r) for r in rows] == [("operator", "phone", "Ring back."), ("pa.roads.handler", "phone", "Ring back.")]
    audit = (await city.staff("audit_admin").get("/api/v1/audit", action="caller.reveal")).json()
    assert len(audit["rows"]) == 2
    assert "reveal" in await city.staff("audit_admin").page("/admin/audit?action=caller.")


@pytest.mark.parametrize("login", ("analyst", "knowledge_editor", "system_admin", "security_admin", "audit_admin"))
async def test_who_does_not_speak_with_residents_reveals_nothing(city: City, line: Line12345, login: str):
    ticket = await line.report(HOLE)
    with pytest.raises(Refusal) as no:
        await _reveal(city, ticket, by=login)
    assert no.value.status == 403


async def test_another_unit_reveals_nothing(city: City, line: Line12345):
    ticket = await line.report(HOLE)
    with pytest.raises(Refusal) as no:
        await _reveal(city, ticket, by="pa.waste.handler", ticket_id=await _id(ticket))
    assert no.value.status == 404


async def test_one_unit_never_sees_anothers_ticket(city: City, line: Line12345):
    ticket = await line.report(HOLE)
    waste = city.unit("pa.waste")
    for ask in (
        waste.sees(ticket),
        waste.signs(ticket),
        waste.returns(ticket, "Not ours.", "Waste Order 2"),
        waste.handler.does("contact", ticket, note="Rang."),
    ):
        with pytest.raises(Refusal) as no:
            await ask
        assert no.value.status == 404
        assert HOLE not in str(no.value.problem)
    page = await waste.handler.client.get(f"/desk/ticket/{ticket.number}")
    assert page.status_code == 404 and "pothole" not in page.text
    pressed = await waste.handler.client.post(f"/desk/ticket/{ticket.number}/sign", data={"csrf": waste.handler.csrf})
    assert pressed.status_code == 404
    assert not await waste.handler.list()
    assert not await waste.handler.list(unit="pa.roads")
    assert not await waste.handler.list(number=ticket.number)
    assert sum((await waste.handler.counts()).values()) == 0
    assert (await ticket.look()).state is State.DISPATCHED


async def test_the_unit_above_sees_what_those_below_it_have(city: City, line: Line12345):
    ticket = await line.report("Street light dead on Castle Hill, pitch black by the bus stop")
    assert (await city.unit("PA-N").sees(ticket)).number == ticket.number
    with pytest.raises(Refusal):
        await city.unit("PA-H").sees(ticket)


@pytest.mark.parametrize("login", ("system_admin", "security_admin", "audit_admin", "knowledge_editor"))
async def test_administrators_and_editors_see_no_tickets(city: City, line: Line12345, login: str):
    ticket = await line.report(HOLE)
    with pytest.raises(Refusal) as no:
        await city.staff(login).sees(ticket)
    assert no.value.status in (403, 404)
    with pytest.raises(Refusal) as no:
        await city.staff(login).list()
    assert no.value.status == 403
    assert (await city.staff(login).client.get(f"/desk/ticket/{ticket.number}")).status_code in (403, 404)


async def test_a_wrong_check_code_is_refused_and_ten_close_the_number(city: City, line: Line12345):
    ticket, other = await line.report(HOLE), await line.report(BINS)
    citizen = city.citizen(ticket)
    wrong = "AAAAAA" if ticket.code != "AAAAAA" else "BBBBBB"
    for _ in range(10):
        with pytest.raises(Refusal) as no:
            await citizen.looks(wrong)
        assert no.value.status == 404
    with pytest.raises(Refusal) as no:
        await citizen.looks()
    assert no.value.status == 429, "the right one does not help either"
    with pytest.raises(Refusal):
        await citizen.does("withdraw", note="Guessed it.")
    page = await city.public.get(f"/ticket/{ticket.number}", params={"code": ticket.code})
    assert page.status_code in (404, 429) and "pothole" not in page.text
    assert (await city.citizen(other).looks()).number == other.number, "other numbers stay open"
    city.clock.forward(minutes=61)
    assert (await citizen.looks()).number == ticket.number


async def test_a_code_opens_its_own_ticket_only(city: City, line: Line12345):
    ticket, other = await line.report(HOLE), await line.report(BINS)
    with pytest.raises(Refusal) as no:
        await city.citizen(ticket).looks(other.code)
    assert no.value.status == 404
    unknown = await city.public.get("/api/v1/tickets/PA2606100999990", params={"code": ticket.code})
    wrong = await city.public.get(f"/api/v1/tickets/{ticket.number}", params={"code": other.code})
    assert unknown.status_code == wrong.status_code == 404
    assert unknown.json()["detail"] == wrong.json()["detail"], "an unknown number and a wrong code look the same"


@pytest.mark.parametrize("action", ("sign", "dispatch", "reply", "pass", "merge", "terminate", "reassign"))
async def test_a_citizen_takes_no_steps_of_the_staff(city: City, line: Line12345, action: str):
    ticket = await line.report(HOLE)
    with pytest.raises(Refusal) as no:
        await city.citizen(ticket).does(action, note="x", unit="pa.waste", basis="x", answer="x" * 20)
    assert no.value.status == 403
    assert (await ticket.look()).steps == ["register", "dispatch"]


async def _reveal(city: City, ticket: Ticket, by: str, reason: str = "Ring back.", ticket_id: str | None = None) -> str:
    caller = await city.caller_of(ticket)
    answer = await city.staff(by).ask(
        "POST", f"/api/v1/callers/{caller}/reveal", json={"field": "phone", "reason": reason, "ticket": ticket_id}
    )
    assert PHONE.replace(" ", "") == answer.json()["value"]
    return answer.json()["value"]


async def _id(ticket: Ticket) -> str:
    return str((await ticket.row("id"))["id"])
