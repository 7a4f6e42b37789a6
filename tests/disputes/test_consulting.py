"""Asked before the first dispatch: units say whose it is, and nobody waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from tests.disputes.conftest import Court
from tests.tickets.test_lists import counting

from yixian.city.model import Audience
from yixian.db.pool import SYSTEM
from yixian.disputes import consulting
from yixian.disputes.consulting import MOST_UNITS
from yixian.disputes.model import Consulted, Consulting, Said
from yixian.disputes.service import NotFound, Refused
from yixian.people.model import Actor
from yixian.tickets.model import Action, State, Ticket

ROADS, NORTH, WASTE = "pa.roads", "PA-N", "pa.waste"


async def asks(court: Court, ticket: Ticket, *units: str, by: Actor | None = None, question: str = "") -> Consulted:
    actor = by or court.dispatcher
    court.passes(seconds=1)
    async with court.db.transaction(actor.acting) as tx:
        return await consulting.ask(tx, actor, ticket.number, units, question, "2wh", court.city, court.now)


async def answers(court: Court, unit: str, asked: Consulted, said: Said | None, basis: str = "", words: str = "") -> Consulted:
    actor = court.handler(unit)
    court.passes(seconds=1)
    async with court.db.transaction(actor.acting) as tx:
        return await consulting.answer(tx, actor, asked.consultation.id, said, basis, words, court.now)


async def listed(court: Court, actor: Actor, which: Consulting) -> Sequence[Consulted]:
    async with court.db.transaction(actor.acting) as tx:
        return (await consulting.worklist(tx, actor, which, "", 20, court.now)).lines


async def dispatched(court: Court, ticket: Ticket, unit: str) -> Ticket:
    return await court.does(court.dispatcher, ticket, Action.DISPATCH, unit=unit, basis="Roads Order 12")


async def test_units_answer_while_the_ticket_waits_with_its_clock_running(court: Court) -> None:
    ticket = await court.open()
    asked = await asks(court, ticket, ROADS, NORTH)
    assert asked.consultation.due == court.city.due(asked.consultation.asked_at, "2wh")
    assert asked.consultation.question == consulting.QUESTION
    await answers(court, ROADS, asked, Said.YES)
    await answers(court, NORTH, asked, Said.NO, "Parish Lighting Act 1", "Not a parish lamp")
    async with court.db.transaction(court.dispatcher.acting) as tx:
        now, (found,) = await consulting.of_ticket(tx, ticket.number)
    assert (now.state, now.dispatch_due, now.next_due) == (State.AWAITING_DISPATCH, ticket.dispatch_due, ticket.next_due)
    assert (found.saying(Said.YES), found.saying(Said.NO)) == ((ROADS,), (NORTH,))
    await dispatched(court, ticket, ROADS)
    await court.hand_on()
    (ended,) = await court.events("consultation.ended")
    assert (ended["how"], ended["lead"], ended["seq"]) == ("dispatched", ROADS, 2)
    assert ended["answers"] == {"yes": [ROADS], "no": [NORTH], "partly": []}


async def test_the_dispatcher_never_waits_and_who_has_not_answered_need_not_any_more(court: Court) -> None:
    ticket = await court.open()
    asked = await asks(court, ticket, ROADS, NORTH)
    assert await listed(court, court.handler(NORTH), Consulting.WAITING)
    await dispatched(court, ticket, ROADS)
    await court.hand_on()
    assert not await listed(court, court.handler(NORTH), Consulting.WAITING)
    with pytest.raises(Refused, match="不用再答复"):
        await answers(court, NORTH, asked, Said.YES)
    assert [c.consultation.number for c in await listed(court, court.dispatcher, Consulting.ENDED)] == [ticket.number]
    gone = await court.open()
    await asks(court, gone, ROADS)
    await court.does(court.dispatcher, gone, Action.WITHDRAW, note="Rang again: it is lit")
    await court.hand_on()
    assert [e["how"] for e in await court.events("consultation.ended")] == ["dispatched", "lapsed"]


async def test_answers_that_are_late_stand_on_the_supervisors_list(court: Court) -> None:
    ticket = await court.open()
    asked = await asks(court, ticket, ROADS, NORTH, WASTE)
    await answers(court, ROADS, asked, Said.PARTLY, "Roads Order 12", "The mast is ours, the wiring is not")
    await court.clock_strikes()
    assert not await listed(court, court.supervisor, Consulting.OVERDUE)
    court.now = asked.consultation.due + timedelta(minutes=1)
    await court.clock_strikes()
    await court.clock_strikes()
    (late,) = await court.events("consultation.overdue")
    assert late["units"] == [NORTH, WASTE]
    assert len(await listed(court, court.supervisor, Consulting.OVERDUE)) == 1
    async with court.db.transaction(court.supervisor.acting) as tx:
        (note,) = await consulting.notes(tx, court.now)
    assert note.sentence.startswith("2 个单位")
    assert [s.unit for s in (await answers(court, NORTH, asked, Said.YES)).seats] == [NORTH], "late is better than never"


async def test_a_unit_answers_for_itself_and_reads_nobody_elses_answer(court: Court) -> None:
    asked = await asks(court, await court.open(), ROADS, NORTH)
    await answers(court, ROADS, asked, Said.NO, "Roads Order 12", "Theirs")
    (seen,) = await listed(court, court.handler(NORTH), Consulting.WAITING)
    assert [s.unit for s in seen.seats] == [NORTH]
    with pytest.raises(Refused):
        await answers(court, ROADS, asked, Said.YES)
    with pytest.raises(NotFound):
        await answers(court, WASTE, asked, Said.YES)
    assert not await listed(court, court.handler(WASTE), Consulting.OPEN)
    async with court.db.transaction(court.handler(NORTH).acting) as tx:
        changed = "UPDATE consultation_seat SET said = 'yes', at = now() WHERE unit = 'pa.roads'"
        assert await tx.execute(changed) == "UPDATE 0"
        assert (await consulting.unread(tx, court.handler(NORTH), court.now)) == {"/desk/disputes": 0, "/desk/consultations": 1}


@pytest.mark.parametrize("said", [None, Said.NO, Said.PARTLY])
async def test_a_no_needs_a_basis(court: Court, said: Said | None) -> None:
    asked = await asks(court, await court.open(), ROADS)
    with pytest.raises(Refused):
        await answers(court, ROADS, asked, said, " ")
    (seat,) = (await answers(court, ROADS, asked, Said.YES)).seats
    assert seat.said is Said.YES


async def test_who_may_be_asked_about_what(court: Court) -> None:
    ticket = await court.open(complained_unit=NORTH, audience=Audience.PERSON)
    for units, why in (((), "请选择"), (("nobody",), "请选择"), (("PA-N.noise",), "回避")):
        with pytest.raises(Refused, match=why):
            await asks(court, ticket, *units)
    for actor in (court.operator, court.handler(ROADS)):
        with pytest.raises(Refused):
            await asks(court, ticket, ROADS, by=actor)
    with pytest.raises(Refused, match="待派单"):
        await asks(court, await court.open(ROADS), NORTH)
    many = ("pa.roads", "pa.waste", "pa.harbour", "PA-S", "PA-H", "PA-S.noise")
    first = await asks(court, ticket, *many[: MOST_UNITS - 1])
    more = await asks(court, ticket, *many[:MOST_UNITS])
    assert (more.consultation.id, len(more.seats)) == (first.consultation.id, MOST_UNITS), "asked together, and once each"
    with pytest.raises(Refused, match="最多"):
        await asks(court, ticket, many[-1])


async def test_two_dispatchers_who_ask_at_once_ask_in_one_consultation(court: Court) -> None:
    ticket = await court.open()
    one, other = await asyncio.gather(asks(court, ticket, ROADS), asks(court, ticket, NORTH))
    assert one.consultation.id == other.consultation.id


async def test_no_list_costs_a_statement_for_each_consultation(court: Court) -> None:
    for _ in range(3):
        await asks(court, await court.open(), ROADS, NORTH)
    for actor, which in ((court.dispatcher, Consulting.OPEN), (court.handler(ROADS), Consulting.WAITING)):
        async with court.db.transaction(actor.acting) as tx:
            await consulting.worklist(tx, actor, which, "", 2, court.now)
            async with counting(tx) as sent:
                first = await consulting.worklist(tx, actor, which, "", 2, court.now)
                rest = await consulting.worklist(tx, actor, which, first.after, 2, court.now)
        assert len(sent) == 2
        assert len({c.consultation.id for c in (*first.lines, *rest.lines)}) == 3
    async with court.db.transaction(SYSTEM) as tx:
        with pytest.raises(Refused):
            await consulting.worklist(tx, court.dispatcher, Consulting.OPEN, "nonsense", 2, court.now)
