"""Every contact ends with a named outcome, is stored once, and goes nowhere that it should not."""

from __future__ import annotations

import pytest
from httpx import ASGITransport, AsyncClient

from yixian.intake.model import Outcome
from yixian.tickets.model import State

from .driver import ADDRESS, PHONE, City, Line12345, Refusal

MARY = {"name": "Mary Beck", "phone": PHONE}
RANDOM = "5f0e7c1a-9b1d-4f6e-8c56-2d3f1b7a9e44"


async def test_one_contact_with_two_matters_opens_two_tickets(city: City, line: Line12345):
    made = await line.takes("the bins were not collected since Monday. Also, huge pothole in the road by the school", caller=MARY)
    assert made.status == 201 and made.receipt.outcome is Outcome.TICKET_OPENED
    assert {t.acting_unit for t in made.tickets} == {"pa.waste", "pa.roads"}
    bins, hole = sorted(made.tickets, key=lambda t: t.seen.matter or "")
    assert "bins" in bins.seen.text and "pothole" not in bins.seen.text and "pothole" in hole.seen.text
    assert await city.owner.fetchval("SELECT count(*) FROM contact") == 1


async def test_an_emergency_is_transferred_at_once_and_becomes_no_ticket(city: City, line: Line12345):
    made = await line.takes("There is smoke pouring from the house on Mill Road!", caller=MARY)
    assert (made.receipt.outcome, made.receipt.reason) == (Outcome.TRANSFERRED, "999")
    assert made.receipt.said == "Hang up and ring 999 now." and not made.tickets
    assert (await city.stored())["ticket"] == 0


async def test_what_only_sounds_like_an_emergency_is_an_ordinary_matter(line: Line12345):
    made = await line.takes("The bins were not collected since the fire drill, nothing is on fire")
    assert made.receipt.outcome is Outcome.TICKET_OPENED


async def test_what_has_its_own_legal_way_is_pointed_to_it(city: City, line: Line12345):
    made = await line.takes("I want to appeal the judgment of last week")
    assert (made.receipt.outcome, made.receipt.reason) == (Outcome.LEGAL_ROUTE, "appeal")
    assert "county court" in made.receipt.said and not made.tickets
    assert await _last(city) == ("legal_route", "appeal", "Only the county court can change a judgment.")


async def test_what_is_outside_the_hotline_is_told_why(city: City, line: Line12345):
    made = await line.takes("my horoscope came true and nobody warned me")
    assert (made.receipt.outcome, made.receipt.reason) == (Outcome.OUTSIDE_SCOPE, "outside_government")
    assert made.receipt.said and not made.tickets
    assert (await _last(city))[0] == "outside_scope"


async def test_a_question_with_a_known_answer_is_answered_with_its_source(line: Line12345):
    made = await line.takes("how do I get a berth?")
    assert made.receipt.outcome is Outcome.ANSWERED
    assert "Harbour Master's office" in made.receipt.said and "Harbour Bylaw 8" in made.receipt.said


async def test_a_guide_past_its_review_answers_nobody(city: City, line: Line12345):
    city.clock.turn_to(2027, 1, 31, 12)
    assert (await line.takes("how do I get a berth?")).receipt.outcome is Outcome.ANSWERED
    guide = next(iter(city.app.state.process.live.city.pack.guides))
    assert not guide.valid_from <= city.clock.at(2027, 7, 1, 12).date() <= guide.review_by


async def test_an_operator_answers_at_once(city: City, line: Line12345):
    made = await line.takes(
        "When is the recycling day in Mill Ward?", by=city.operator, channel="phone", caller=MARY, outcome="answered", answer="Tuesdays."
    )
    assert (made.receipt.outcome, made.receipt.said) == (Outcome.ANSWERED, "Tuesdays.")
    operator = await city.owner.fetchval("SELECT operator FROM contact")
    assert operator == await city.owner.fetchval("SELECT id FROM staff WHERE login = 'operator'")


async def test_an_operator_transfers_with_the_line_that_was_rung(city: City, line: Line12345):
    with pytest.raises(Refusal) as no:
        await line.takes("He fell from the ladder", by=city.operator, outcome="transferred")
    assert no.value.status == 422 and no.value.fields == {"reason"}
    made = await line.takes("He fell from the ladder", by=city.operator, outcome="transferred", reason="999")
    assert made.receipt.outcome is Outcome.TRANSFERRED


async def test_a_caller_who_hangs_up_is_an_abandoned_contact(city: City, line: Line12345):
    made = await line.takes("", by=city.operator, channel="phone", outcome="abandoned")
    assert made.receipt.outcome is Outcome.ABANDONED and (await city.stored())["contact"] == 1


async def test_an_operator_who_knows_better_than_the_words_decides(city: City, line: Line12345):
    made = await line.takes("It is dark there again", by=city.operator, caller=MARY, matter="ST0101", region="PA-N-1")
    assert [t.acting_unit for t in made.tickets] == ["PA-N-1"]


@pytest.mark.parametrize("field", ("outcome", "answer", "matter", "region", "reason", "complained_unit"))
async def test_a_resident_cannot_say_what_only_operators_may(city: City, line: Line12345, field: str):
    values = {"outcome": "answered", "answer": "x", "matter": "ST0101", "region": "PA-N", "reason": "x", "complained_unit": "pa.waste"}
    with pytest.raises(Refusal) as no:
        await line.takes("The light is out", **{field: values[field]})
    assert no.value.status == 422 and no.value.fields == {field}
    assert set((await city.stored()).values()) <= {0, (await city.stored())["staff"]}


async def test_saying_it_again_adds_to_the_open_ticket(city: City, line: Line12345):
    first = await line.report("Huge pothole on Mill Road")
    again = await line.takes("That pothole on Mill Road is now deeper", caller={"phone": "07700 900123"}, channel="phone")
    assert again.receipt.outcome is Outcome.ADDED_TO_TICKET
    assert [t.number for t in again.tickets] == [first.number]
    await first.look()
    assert first.steps[-1] == "supplement" and "deeper" in first.seen.history[-1].note
    assert await city.owner.fetchval("SELECT count(*) FROM ticket") == 1


async def test_what_the_caller_calls_separate_is_a_ticket_of_its_own(line: Line12345):
    first = await line.report("Huge pothole on Mill Road")
    other = await line.report("Huge pothole on Mill Road", separate=True)
    assert other.number != first.number and other.state is State.DISPATCHED


async def test_another_callers_report_of_the_same_is_a_ticket_of_its_own(line: Line12345):
    first = await line.report("Huge pothole on Mill Road")
    assert (await line.report("Huge pothole on Mill Road", phone="+44 7700 900999")).number != first.number


async def test_the_same_key_gives_the_same_receipt_and_stores_nothing(city: City, line: Line12345):
    first = await line.takes("Huge pothole on Mill Road", key="k-1", caller=MARY)
    before = await city.stored()
    again = await line.takes("Huge pothole on Mill Road", key="k-1", caller=MARY)
    assert (first.status, again.status) == (201, 200)
    assert again.receipt.repeated and again.receipt.contact == first.receipt.contact
    assert [(t.number, t.code) for t in again.tickets] == [(t.number, t.code) for t in first.tickets]
    assert await city.stored() == before


async def test_the_same_key_with_other_words_is_a_mistake_of_who_is_signed_in_and_stores_nothing(city: City, line: Line12345):
    await line.takes("Huge pothole on Mill Road", key="k-1", by=city.operator)
    before = await city.stored()
    with pytest.raises(Refusal) as no:
        await line.takes("The bins were not collected", key="k-1", by=city.operator)
    assert (no.value.status, no.value.type) == (422, "key-used")
    assert await city.stored() == before


@pytest.mark.parametrize("key", ("k-1", RANDOM))
async def test_a_strangers_key_stands_in_nobodys_way(city: City, line: Line12345, key: str):
    first = await line.takes("Huge pothole on Mill Road", key=key)
    other = await line.takes("The bins were not collected", key=key)
    assert (first.status, other.status) == (201, 201)
    assert {t.number for t in other.tickets}.isdisjoint(t.number for t in first.tickets)
    again = await line.takes("Huge pothole on Mill Road", key=key)
    assert again.receipt.repeated and again.receipt.contact == first.receipt.contact
    kept = [row["key"] for row in await city.owner.fetch("SELECT key FROM idempotency")]
    assert len(kept) == 2 and not any(key in k for k in kept), "whoever reads the table cannot send what was sent"


@pytest.mark.parametrize(("key", "status"), (("k-1", 201), (RANDOM, 200)))
async def test_a_retry_may_come_over_another_network_when_its_key_cannot_be_guessed(city: City, line: Line12345, key: str, status: int):
    first = await line.takes("Huge pothole on Mill Road", key=key)
    elsewhere = AsyncClient(transport=ASGITransport(city.app, client=("203.0.113.9", 4321)), base_url=ADDRESS)  # type: ignore[arg-type]
    async with elsewhere as there:
        again = await there.post("/api/v1/contacts", json={"text": "Huge pothole on Mill Road"}, headers={"Idempotency-Key": key})
    assert again.status_code == status
    mine = {ticket.code for ticket in first.tickets}
    assert ({ticket["check_code"] for ticket in again.json()["tickets"]} == mine) is (status == 200)


async def test_two_senders_keys_never_meet(city: City, line: Line12345):
    await line.takes("Huge pothole on Mill Road", key="k-1")
    made = await line.takes("The bins were not collected", key="k-1", by=city.operator)
    assert made.status == 201


async def test_the_preview_stores_nothing(city: City):
    before = await city.stored()
    answer = await city.operator.ask("POST", "/api/v1/contacts/preview", json={"text": "Huge pothole on Mill Road"})
    assert answer.json()[0]["suggestions"][0]["unit"] == "pa.roads"
    assert await city.stored() == before


async def test_a_phone_number_is_nowhere_in_clear(city: City, line: Line12345):
    ticket = await line.report("Huge pothole on Mill Road")
    assert ticket.seen.caller and ticket.seen.caller.phone == "***0123" and ticket.seen.caller.name == "M**"
    tables = await city.owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for table in (t["tablename"] for t in tables):
        rows = await city.owner.fetch(f'SELECT t::text AS row FROM "{table}" t WHERE t::text ~ $1', r"(7700 ?900123|Mary Beck)")
        assert not rows, table


async def _last(city: City) -> tuple[str, str, str]:
    row = await city.owner.fetchrow("SELECT outcome, reason, said FROM contact ORDER BY at DESC LIMIT 1")
    return row["outcome"], row["reason"], row["said"]
