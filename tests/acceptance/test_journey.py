"""From a resident's words to a closed ticket, and what the resident sees on the way."""

from __future__ import annotations

from yixian.tickets.model import State

from .driver import City, Line12345

LAMP = "Street light dead on Castle Hill, pitch black by the bus stop"


async def test_a_report_goes_to_the_right_unit_and_its_answer_comes_back(city: City, line: Line12345):
    ticket = await line.report(LAMP)
    unit = city.unit("PA-N-1")
    assert ticket.state is State.DISPATCHED and ticket.acting_unit == unit.code
    await unit.signs(ticket)
    assert ticket.state is State.HANDLING
