"""From a resident's words to a closed ticket, and what the resident sees on the way."""

from __future__ import annotations

import re

from yixian.tickets.model import State

from .driver import ANSWER, PHONE, City, Line12345, Staff

LAMP = "Street light dead on Castle Hill, pitch black by the bus stop"


async def test_a_report_goes_to_the_unit_that_answers_for_it_and_comes_back_as_an_answer(city: City, line: Line12345):
    ticket = await line.report(LAMP)
    castle_ward = city.unit("PA-N-1")
    assert ticket.state is State.DISPATCHED and ticket.acting_unit == castle_ward.code
    assert ticket.seen.dispatched_by == "gate" and ticket.seen.basis == "Parish Lighting Act 1"
    assert re.fullmatch(r"PA260610\d{7}", ticket.number) and len(ticket.code) == 6

    await castle_ward.signs(ticket)
    assert ticket.state is State.HANDLING
    await castle_ward.contacts(ticket)
    await castle_ward.replies(ticket, ANSWER, internal="Lamp 1234, driver failed; ring the supplier.")
    assert ticket.state is State.UNIT_REVIEW
    await castle_ward.approves(ticket)
    assert ticket.state is State.IN_REVIEW
    await city.reviewer.passes(ticket)
    assert ticket.state is State.AWAITING_CALL_BACK
    await city.caller_back.does("call_back", ticket, note="Engaged; again this afternoon.")
    await city.caller_back.rates(ticket, 5, "Quick, thank you")
    assert ticket.state is State.CLOSED and ticket.seen.rated_solution == 5

    assert ticket.steps == ["register", "dispatch", "sign", "contact", "reply", "approve", "pass", "call_back", "rate"]
    assert [row.seq for row in ticket.seen.history] == list(range(1, 10))


async def test_the_citizen_sees_public_steps_and_nothing_of_what_is_said_inside(city: City, line: Line12345):
    ticket = await line.report(LAMP)
    unit, citizen = city.unit("PA-N-1"), city.citizen(ticket)
    await unit.signs(ticket)
    await unit.contacts(ticket, "Spoke with Mary on 07700 900123; sounded upset.")
    await unit.replies(ticket, ANSWER, internal="The contractor was late again.")
    draft = await citizen.looks()
    assert draft.answer == "", "before the hotline has passed it, an answer is a draft"
    await unit.approves(ticket)
    await city.reviewer.does("pass", ticket, note="Good enough, thin on dates.")

    shown = await citizen.looks()
    assert [step.action for step in shown.steps] == ["register", "dispatch", "sign", "pass"]
    assert shown.answer == ANSWER and shown.unit == "Castle Ward Ward Office" and shown.text == LAMP
    page = await citizen.page()
    assert ANSWER in page and ticket.number in page and "Castle Ward Ward Office" in page
    raw = (await city.public.get(f"/api/v1/tickets/{ticket.number}", params={"code": ticket.code})).text
    for inside in ("contractor", "sounded upset", "thin on dates", "900123", "Mary", "pa-n-1.handler", "Pa-N-1.Handler", "confidence"):
        assert inside not in page and inside not in raw, inside

    await citizen.rates(4, "It is lit again.")
    assert ticket.state is State.CLOSED and ticket.seen.rating_words == "It is lit again."
    assert (await citizen.looks()).rated


async def test_no_answer_reaches_the_citizen_before_the_unit_and_the_hotline_have_looked_at_it(city: City, line: Line12345):
    ticket = await line.report(LAMP)
    unit = city.unit("PA-N-1")
    await unit.signs(ticket)
    await unit.contacts(ticket)
    await unit.replies(ticket, "We shall look into it some day.")
    await unit.reviewer.sends_back(ticket, "That is no answer.")
    assert ticket.state is State.HANDLING
    await unit.replies(ticket)
    await unit.approves(ticket)
    await city.reviewer.sends_back(ticket, "Say when it was repaired.")
    assert ticket.state is State.HANDLING and ticket.acting_unit == unit.code
    assert [s.action for s in (await city.citizen(ticket).looks()).steps] == ["register", "dispatch", "sign"]


async def test_whoever_is_discontent_gets_a_second_round(city: City, line: Line12345):
    ticket = await line.report(LAMP)
    unit = city.unit("PA-N-1")
    await unit.answers(ticket)
    await city.reviewer.passes(ticket)
    await city.citizen(ticket).rates(1, "Still dark.")
    assert ticket.state is State.AWAITING_CALL_BACK, "a bad rating closes nothing"
    await city.reviewer.does("redo", ticket, note="Confirmed: still dark.")
    assert ticket.state is State.DISPATCHED and ticket.acting_unit == unit.code and ticket.seen.rounds == 1
    await unit.answers(ticket)
    await city.reviewer.passes(ticket)
    await city.citizen(ticket).rates(5)
    assert ticket.state is State.CLOSED


async def test_nobody_is_called_who_left_no_number(city: City, line: Line12345):
    ticket = await line.report(LAMP, phone="")
    assert ticket.seen.caller is None
    unit = city.unit("PA-N-1")
    await unit.signs(ticket)
    await unit.replies(ticket)
    await unit.approves(ticket)
    await city.reviewer.passes(ticket)
    assert ticket.state is State.CLOSED


async def test_the_whole_line_works_by_its_pages_alone(city: City):
    """Resident's form, the unit's desk, the hotline's review, and the resident's page: as a person clicks."""
    front = (await city.public.get("/")).text
    form = {"key": _hidden(front, "key"), "text": LAMP, "name": "Mary Beck", "phone": PHONE}
    said = await city.public.post("/say", data=form)
    assert said.status_code == 201, said.text
    number = re.search(r"PA\d{13}", said.text)
    code = re.search(r"code=([2-9A-Z]{6})", said.text) or re.search(r">\s*([2-9A-Z]{6})\s*<", said.text)
    assert number and code, said.text
    again = await city.public.post("/say", data=form)
    assert again.status_code == 200 and number[0] in again.text, "a form sent twice is one contact"

    unit = city.unit("PA-N-1")
    assert number[0] in await unit.handler.page("/desk/unit")
    await _press(unit.handler, number[0], "sign")
    await _press(unit.handler, number[0], "contact", note="Rang the caller.")
    await _press(unit.handler, number[0], "reply", answer=ANSWER)
    await _press(unit.reviewer, number[0], "approve")
    assert number[0] in await city.reviewer.page("/desk/review")
    await _press(city.reviewer, number[0], "pass")
    assert number[0] in await city.caller_back.page("/desk/callback")

    tracked = await city.public.get("/track", params={"number": number[0], "code": code[1]}, follow_redirects=True)
    assert tracked.status_code == 200 and ANSWER in tracked.text
    rated = await city.public.post(
        f"/ticket/{number[0]}/rate", data={"code": code[1], "response": "5", "solution": "5", "attitude": "5", "words": ""}
    )
    assert rated.status_code == 303, rated.text
    assert await city.owner.fetchval("SELECT state FROM ticket WHERE number = $1", number[0]) == "closed"


async def test_a_page_offers_exactly_what_this_person_may_do(city: City, line: Line12345):
    ticket = await line.report(LAMP)
    unit = city.unit("PA-N-1")
    for person in (unit.handler, unit.reviewer, city.operator, city.dispatcher, city.reviewer, city.caller_back, city.supervisor):
        allowed = {str(a) for a in (await person.sees(ticket)).allowed}
        page = await person.page(f"/desk/ticket/{ticket.number}")
        offered = set(re.findall(rf'action="/desk/ticket/{ticket.number}/(\w+)"', page)) - {"reveal", "files"}  # no steps of its life
        assert offered == allowed, person.login


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"no hidden field {name}"
    return found[1]


async def _press(person: Staff, number: str, action: str, **fields: str) -> None:
    """A button on the ticket's page, with what the page's own form holds."""
    page = await person.page(f"/desk/ticket/{number}")
    form = re.search(rf'<form[^>]*action="/desk/ticket/{number}/{action}".*?</form>', page, re.DOTALL)
    assert form, f"{person.login} is not offered {action}"
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[0]))
    answer = await person.client.post(f"/desk/ticket/{number}/{action}", data=hidden | fields)
    assert answer.status_code == 303, answer.text
