"""What people put right again and again is told of; what units said beforehand weighs; what an operator settled is no gate's choice."""

from __future__ import annotations

from uuid import uuid4

from tests.learning.conftest import School

from yixian.db import outbox
from yixian.db.outbox import Event
from yixian.db.pool import SYSTEM
from yixian.learning.model import Source
from yixian.people.model import Role
from yixian.tickets.model import Action, Step
from yixian.tickets.service import Opening, open_tickets

LAMP = {"matter": "ST0101", "region": "PA-N-2"}


async def corrected(school: School, unit: str = "PA-N", **fields: object) -> str:
    """A ticket that the gate sent to roads, and a dispatcher to `unit`."""
    ticket = await school.open("pa.roads", **{**LAMP, "suggestions": ({"matter": "ST0101", "unit": "pa.roads"},), **fields})
    await school.reassigned(ticket, unit)
    await school.hand_on()
    return ticket.number


async def test_three_corrections_of_the_same_kind_are_told_with_their_tickets(school: School) -> None:
    first, second = await corrected(school), await corrected(school)
    await corrected(school, region="PA-S-1")
    await corrected(school, "pa.harbour")
    await corrected(school, region=None)
    assert await school.events("correction.repeated") == []
    third = await corrected(school)
    (told,) = await school.events("correction.repeated")
    assert (told["matter"], told["region"], told["unit"], told["count"]) == ("ST0101", "PA-N-2", "PA-N", 3)
    assert told["numbers"] == [third, second, first]
    assert told["basis"] == "Roads Order 12"


async def test_what_was_taken_back_or_is_too_old_does_not_count(school: School) -> None:
    await corrected(school)
    back = await school.open("pa.roads", **LAMP)
    await school.reassigned(back, "PA-N")
    await school.hand_on()
    await school.returned(back, "PA-N")
    await school.hand_on()
    school.passes(days=1)
    await corrected(school)
    assert await school.events("correction.repeated") == []
    school.passes(days=89)
    await corrected(school)
    assert await school.events("correction.repeated") == [], "the first is more than ninety days old"


async def test_a_choice_that_a_consulted_unit_stood_behind_weighs_more_and_keeps_where_it_comes_from(school: School) -> None:
    for answers, source, weight in (
        ({"yes": ["PA-N"], "no": [], "partly": []}, Source.CONSULTED, 2.0),
        ({"yes": [], "no": ["PA-N"], "partly": []}, Source.CHOICE, 1.0),
    ):
        ticket = await school.open(**LAMP)
        ticket = await school.dispatched(ticket, "PA-N")
        await school.hand_on()
        body = {
            "ticket": ticket.id,
            "number": ticket.number,
            "how": "dispatched",
            "lead": "PA-N",
            "seq": ticket.version,
            "answers": answers,
        }
        async with school.db.transaction(SYSTEM) as tx:
            await outbox.put(tx, Event("consultation.ended", uuid4(), body, school.now))
        await school.hand_on()
        (kept,) = await school.rows("correction", "source, weight", f"number = '{ticket.number}'")
        assert (kept["source"], kept["weight"]) == (source, weight)


async def test_what_an_operator_settled_by_hand_is_not_watched_as_the_gates_own(school: School) -> None:
    step = Step(unit="pa.roads", basis="Roads Order 12", settled=True)
    async with school.db.transaction(SYSTEM) as tx:
        (settled,) = await open_tickets(tx, [Opening(await school.fresh(**LAMP), school.operator, step)], school.city, school.now)
    gates = await school.open("pa.roads", **LAMP)
    await school.hand_on()
    assert (settled.dispatched_by, gates.dispatched_by) == ("person", "gate")
    assert [row["number"] for row in await school.rows("auto_dispatch", "number")] == [gates.number]
    await school.returned(settled, "pa.roads")
    await school.hand_on()
    (watched,) = await school.rows("matter_watch")
    assert (watched["tickets"], watched["wrongs"]) == (1, 0)
    assert Role.SYSTEM not in school.operator.roles
    assert (await school.history(settled))[:2] == ["register", Action.DISPATCH]
