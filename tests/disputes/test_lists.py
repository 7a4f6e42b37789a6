"""Lists and counts: one statement each, whatever their length; what is often disputed; who is likely to dispute."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest
from tests.disputes.conftest import NOT_OURS, Court
from tests.tickets.test_lists import counting

from yixian.disputes import service
from yixian.disputes.model import Deed, Filters, Rung
from yixian.tickets import service as tickets
from yixian.tickets.model import Action, State
from yixian.tickets.model import Filters as TicketFilters


async def test_by_the_clock_and_page_by_page_in_one_statement(court: Court) -> None:
    made = []
    for _ in range(5):
        court.passes(minutes=1)
        made.append((await court.disputed(caller=None))[0].number)
    climbed = await court.disputed(caller=None)
    await court.done(court.dispatcher, climbed[1], Deed.ESCALATE, note="Hard")
    found, after = [], ""
    async with court.db.transaction(court.supervisor.acting) as tx:
        while True:
            async with counting(tx) as sent:
                page = await service.worklist(tx, court.supervisor, Filters(), after, 2, court.now)
            assert len(sent) == 1
            found += [line.number for line in page.lines]
            if not (after := page.after):
                break
    assert found == [*made, climbed[0].number], "who has climbed has time of its own"
    async with court.db.transaction(court.supervisor.acting) as tx:
        for wrong in ("x", "2026-01-01T00:00:00~x", "2026-01-01T00:00:00+00:00~x", "9999-12-31T23:59:59-14:00~"):
            with pytest.raises(service.Refused, match="第一页"):
                await service.worklist(tx, court.supervisor, Filters(), wrong, 2, court.now)


async def test_filters_and_counts(court: Court) -> None:
    first, one = await court.disputed()
    second, two = await court.disputed("pa.harbour", "")
    await court.done(court.dispatcher, two, Deed.ESCALATE, note="Hard")
    await court.convenes(one, "pa.waste", "PA-S")
    await court.votes("pa.waste", one, "PA-N-1")
    assert await court.listed(court.dispatcher, rung=Rung.SUPERVISOR) == [second.number]
    assert await court.listed(court.dispatcher, unit="PA-N-1") == [first.number]
    assert await court.listed(court.dispatcher, unit="pa.waste") == [first.number]
    assert await court.listed(court.dispatcher, number=second.number) == [second.number]
    assert await court.listed(court.dispatcher, overdue=True) == [] == await court.listed(court.dispatcher, ended=True)
    async with court.db.transaction(court.dispatcher.acting) as tx:
        line = (await service.worklist(tx, court.dispatcher, Filters(number=first.number), "", 9, court.now)).lines[0]
    assert (line.parties, line.voting, line.voted) == (("pa.roads", "PA-N-1"), 2, 1)
    court.passes(days=14)
    assert set(await court.listed(court.dispatcher, overdue=True)) == {first.number, second.number}
    async with court.db.transaction(court.dispatcher.acting) as tx, counting(tx) as sent:
        counted = await service.counts(tx, court.dispatcher, court.now)
    assert len(sent) == 1
    assert (counted.open, counted.overdue, counted.by_rung["supervisor"]) == (2, 2, 1)
    assert counted.overdue_by_unit == {"pa.harbour": 1, "pa.roads": 1}
    async with court.db.transaction(court.handler("pa.waste").acting) as tx:
        assert (await service.counts(tx, court.handler("pa.waste"), court.now)).open == 1
        line = (await service.worklist(tx, court.handler("pa.waste"), Filters(), "", 9, court.now)).lines[0]
    assert line.voted is None, "how many have voted is not a unit's to know while the panel sits"
    await court.rules(one, "PA-N-1", by=court.supervisor)
    assert await court.listed(court.handler("PA-N-1"), ended=True) == [first.number]


async def flagged(court: Court) -> set[str]:
    """What the dispatch desk flags, in one statement."""
    async with court.db.transaction(court.dispatcher.acting) as tx:
        waiting = TicketFilters(states=(State.AWAITING_DISPATCH,))
        lines = (await tickets.worklist(tx, court.dispatcher, waiting, "", 200, court.now)).lines
        async with counting(tx) as sent:
            found = await service.flags(tx, lines, court.now)
        assert len(sent) == 1
    return {line.number for line in lines if line.id in found}


async def test_what_was_disputed_at_the_same_place_is_flagged_for_180_days(court: Court) -> None:
    await court.disputed()
    same = await court.open()
    for elsewhere in ({"region": "PA-S-1"}, {"region": None}, {"matter": "ST0201"}, {"matter": None}):
        await court.open(**elsewhere)
    assert await flagged(court) == {same.number}
    court.passes(days=181)
    assert await flagged(court) == set()


async def test_two_owners_who_were_ruled_now_this_way_now_that_are_flagged(court: Court) -> None:
    async def ruled(lead: str) -> None:
        _, dispute = await court.disputed("pa.roads", "pa.harbour")
        await court.rules(dispute, lead)

    def between(*units: str) -> dict[str, object]:
        return {"matter": "HB02", "region": "PA-H-1", "suggestions": tuple({"unit": u, "score": 0.4, "matter": "HB02"} for u in units)}

    await ruled("pa.roads")
    await ruled("pa.roads")
    doubtful = await court.open(**between("pa.harbour", "pa.roads", "pa.waste"))
    await court.open(**between("pa.waste", "pa.harbour", "pa.roads"))
    await court.open(**between("pa.roads"))
    assert await flagged(court) == set(), "twice the same way is settled"
    await ruled("pa.harbour")
    assert await flagged(court) == {doubtful.number}


async def test_units_likely_to_dispute(court: Court) -> None:
    for n in range(8):
        ticket = await court.open("pa.roads", caller=None)
        if n < 2:
            await court.objects(ticket, "pa.roads")
    returned = await court.open("pa.harbour", caller=None)
    await court.does(court.handler("pa.harbour"), returned, Action.RETURN, **NOT_OURS)
    await court.open("pa.waste", caller=None)
    await court.hand_on()
    async with court.db.transaction(court.supervisor.acting) as tx, counting(tx) as sent:
        found = await service.records(tx, court.now)
    assert len(sent) == 2
    assert {r.unit: (r.led, r.doubted, r.rate) for r in found} == {"pa.roads": (8, 2, 25.0), "pa.harbour": (1, 1, 100.0)}
    court.passes(days=91)
    async with court.db.transaction(court.supervisor.acting) as tx:
        assert await service.records(tx, court.now) == ()


async def test_what_is_late_is_marked_once_and_the_units_are_told(court: Court) -> None:
    _, dispute = await court.disputed()
    panel = (await court.convenes(dispute, "pa.waste", "PA-S", days=1)).sitting
    assert panel is not None
    await court.votes("PA-S", dispute, "PA-N-1")
    court.now = panel.due + timedelta(seconds=1)
    await court.clock_strikes()
    await court.clock_strikes()
    assert [(e["what"], e["units"]) for e in await court.events("dispute.overdue")] == [("opinion", ["pa.waste"]), ("words", ["PA-N-1"])]
    assert await court.told("pa.waste") == ["convened", "opinion_overdue"]
    assert await court.told("PA-S") == ["convened"]
    assert await court.told("PA-N-1") == ["asked", "words_overdue"]
    case = await court.looks(court.dispatcher, dispute)
    assert case.panels[0].overdue_at is not None and next(p for p in case.parties if p.unit == "PA-N-1").overdue_at is not None
    await court.votes("pa.waste", dispute, "PA-N-1")
    court.now = case.dispute.due + timedelta(seconds=1)
    await court.clock_strikes()
    await court.clock_strikes()
    assert [e["what"] for e in await court.events("dispute.overdue")] == ["opinion", "words", "ruling"]
    assert await court.listed(court.supervisor, overdue=True)


async def test_a_unit_takes_down_what_it_was_told_and_nobody_elses(court: Court) -> None:
    _, dispute = await court.disputed()
    await court.convenes(dispute, "pa.waste", "PA-S")
    waste = court.handler("pa.waste")
    async with court.db.transaction(waste.acting) as tx:
        newest = (await service.notices(tx, waste))[0].id
        assert await service.acknowledge(tx, waste, newest, court.now) == 1
        assert await service.notices(tx, waste) == ()
    assert await court.told("PA-S") == ["convened"]


async def test_a_ticket_has_one_open_dispute_whatever_the_code_does(court: Court) -> None:
    _, dispute = await court.disputed()
    with pytest.raises(asyncpg.UniqueViolationError):
        await court.owner.execute(
            "INSERT INTO dispute (id, ticket, number, opened_at, acting, audience, text, due)"
            " SELECT gen_random_uuid(), ticket, number, opened_at, acting, audience, text, due FROM dispute WHERE id = $1",
            dispute,
        )
