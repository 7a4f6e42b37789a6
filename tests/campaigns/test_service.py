"""From a draft to its report: who may, which tickets join, what that does to their clocks, and who sees what."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from tests.campaigns.conftest import Season
from tests.tickets.test_lists import counting

from yixian.campaigns import service
from yixian.campaigns.model import Column, Deed, Fitting, Limits, Phase, Scope, Standing, Which
from yixian.campaigns.service import NotFound, Overtaken, Unfit
from yixian.city.model import Urgency
from yixian.db.pool import SYSTEM
from yixian.people.model import citizen
from yixian.tickets import service as tickets
from yixian.tickets.model import Action, Filters, State
from yixian.tickets.service import Refused
from yixian.tickets.verify import verify


async def test_a_new_ticket_joins_within_one_look_of_the_worker_and_is_owed_sooner(season: Season) -> None:
    campaign = await season.running()
    season.passes(minutes=1)
    ticket = await season.open("pa.roads")
    ordinary = ticket.answer_due
    season.passes(seconds=2)
    await season.works()
    joined = await season.read(ticket)
    assert joined.campaign == campaign.id
    assert joined.special is not None
    assert (joined.special.name, joined.special.answer) == ("Dark nights", "1wd")
    assert ordinary is not None
    assert joined.answer_due is not None
    assert joined.answer_due < ordinary
    assert joined.answer_due == season.city.due(season.now, "1wd")
    assert await season.history(ticket) == ["register", "dispatch", "join"]
    told = await season.sees(season.handler("pa.roads"), ticket)
    assert told.ticket.special == joined.special
    elsewhere = await season.open("pa.waste", matter="BN01")
    await season.works()
    assert (await season.read(elsewhere)).campaign is None


async def test_the_chains_of_history_hold_after_many_joined_in_one_statement(season: Season) -> None:
    await season.running()
    opened = [await season.open("pa.roads") for _ in range(5)]
    await season.works()
    assert [(await season.read(t)).version for t in opened] == [3] * 5
    async with season.db.transaction(SYSTEM) as tx:
        report = await verify(tx)
    assert not report.faults, report


async def test_one_who_waits_for_a_dispatcher_joins_and_has_the_limits_from_dispatch_on(season: Season) -> None:
    await season.running(scope=Scope(units=("pa.roads",)), limits=Limits(answer="2wh"))
    ticket = await season.open()
    await season.works()
    assert (await season.read(ticket)).campaign is None, "no unit of its own yet"
    await season.does(season.dispatcher, ticket, Action.DISPATCH, unit="pa.roads", basis="Roads Order 12")
    await season.works()
    joined = await season.read(ticket)
    assert joined.special is not None
    assert joined.answer_due == season.city.due(season.now, "2wh")


async def test_the_drafter_cannot_approve_and_the_database_agrees(season: Season, owner: asyncpg.Connection) -> None:
    drafted = await season.drafted()
    with pytest.raises(Refused, match="起草人不能审批自己的专项"):
        await season.does_to(season.supervisor, drafted.id, Deed.APPROVE)
    with pytest.raises(Refused):
        await season.does_to(season.dispatcher, drafted.id, Deed.APPROVE)
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute("UPDATE campaign SET approved_by = drafted_by WHERE id = $1", drafted.id)
    whole = await season.does_to(season.chief_supervisor, drafted.id, Deed.APPROVE)
    assert whole.campaign.standing is Standing.APPROVED
    assert whole.allowed == (Deed.GATHER, Deed.END)
    assert [e.action for e in whole.entries] == ["draft", "approve"]
    assert await owner.fetchval("SELECT count(*) FROM audit WHERE action = 'campaign.approve'") == 1
    with pytest.raises(asyncpg.PostgresError):
        await owner.execute("UPDATE campaign_step SET note = 'x'")


async def test_who_approves_approves_what_they_looked_at(season: Season) -> None:
    drafted = await season.drafted()
    await season.does_to(season.supervisor, drafted.id, Deed.REVISE, plan=season.plan(name="Darker nights"), version=1)
    with pytest.raises(Overtaken):
        await season.does_to(season.chief_supervisor, drafted.id, Deed.APPROVE, version=1)
    with pytest.raises(Refused, match="只有起草人"):
        await season.does_to(season.chief_supervisor, drafted.id, Deed.REVISE, plan=season.plan())
    whole = await season.does_to(season.chief_supervisor, drafted.id, Deed.APPROVE, version=2)
    assert whole.campaign.plan.name == "Darker nights"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"scope": Scope()}, "matters"),
        ({"scope": Scope(matters=("XX",))}, "matters"),
        ({"scope": Scope(matters=("ST",), words=(" ",))}, "words"),
        ({"limits": Limits(answer="soon")}, "answer"),
        ({"limits": Limits(answer="0wd")}, "answer"),
        ({"limits": Limits(answer="60wd")}, "answer"),
        ({"lead": "nobody"}, "lead"),
        ({"columns": (Column("Open", (State.HANDLING,)),)}, "columns"),
        ({"columns": (Column("All", tuple(State)),)}, "columns"),
    ],
)
async def test_a_plan_that_cannot_work_is_not_taken(season: Season, fields: dict[str, object], field: str) -> None:
    with pytest.raises(Unfit) as unfit:
        await season.drafted(**fields)
    assert [name for name, _ in unfit.value.problems] == [field]


async def test_a_plan_has_days_that_make_sense(season: Season) -> None:
    today = season.now.date()
    for first, last in ((today, today - timedelta(days=1)), (today - timedelta(9), today - timedelta(2)), (today, today + timedelta(400))):
        with pytest.raises(Unfit):
            await season.drafted(first_day=first, last_day=last)


async def test_longer_limits_need_a_reason_hold_from_the_next_dispatch_and_never_for_urgent_tickets(season: Season) -> None:
    await season.running(limits=Limits(answer="20wd", longer="Masts must be ordered"))
    ticket, urgent = await season.open("pa.roads"), await season.open("pa.roads", urgency=Urgency.URGENT)
    await season.works()
    joined = await season.read(ticket)
    assert joined.campaign is not None
    assert joined.answer_due == ticket.answer_due, "what the citizen was told stands"
    for each in (ticket, urgent):
        await season.does(season.handler("pa.roads"), each, Action.RETURN, note="Not ours", basis="Roads Order 13")
        await season.does(season.dispatcher, each, Action.DISPATCH, unit="PA-N", basis="Roads Order 12")
    assert (await season.read(ticket)).answer_due == season.city.due(season.now - timedelta(seconds=2), "20wd")
    assert (await season.read(urgent)).answer_due < season.city.due(season.now, "20wd")


async def test_a_ticket_is_in_one_campaign_and_the_stricter_wins(season: Season) -> None:
    wide = await season.running(name="Wide", limits=Limits(answer="2wd"))
    ticket = await season.open("pa.roads")
    await season.works()
    assert (await season.read(ticket)).campaign == wide.id
    strict = await season.running(name="Strict", limits=Limits(answer="1wd"))
    loose = await season.running(name="Loose")  # as strict as the one before: the ticket stays where it is
    both = await season.open("pa.roads")
    await season.works()
    assert (await season.read(both)).campaign == strict.id
    async with season.db.transaction(season.supervisor.acting) as tx:
        assert await service.fitting_now(tx, strict.id, season.city, season.now) == Fitting(fits=2, there=1, joins=1, moves=1, stays=0)
        assert await service.fitting_now(tx, wide.id, season.city, season.now) == Fitting(fits=2, there=1, joins=0, moves=0, stays=1)
        assert await service.fitting_now(tx, loose.id, season.city, season.now) == Fitting(fits=2, there=0, joins=1, moves=1, stays=1)
    await season.does_to(season.supervisor, strict.id, Deed.GATHER)
    await season.works()
    moved = await season.read(ticket)
    assert moved.campaign == strict.id
    async with season.db.transaction(SYSTEM) as tx:
        last = (await tickets.time_line(tx, moved))[-1]
    assert (last.action, last.detail["left"]["name"], last.detail["joined"]["name"]) == ("join", "Wide", "Strict")


async def test_open_tickets_are_counted_first_and_gathered_on_request_with_a_clock_that_never_ends_later(season: Season) -> None:
    old = await season.open("pa.roads")
    season.passes(days=1)
    late = await season.open("pa.roads", region="PA-S-1")
    away = await season.open("pa.waste", matter="BN01")
    season.passes(hours=1)
    await season.works()
    campaign = await season.running(limits=Limits(answer="2wd"))
    await season.works()
    assert (await season.read(old)).campaign is None, "only new tickets join by themselves"
    async with season.db.transaction(season.supervisor.acting) as tx:
        assert await service.fitting_now(tx, campaign.id, season.city, season.now) == Fitting(2, 0, 2, 0, 0)
    await season.does_to(season.supervisor, campaign.id, Deed.GATHER)
    season.passes(seconds=1)
    await season.works()
    for before in (old, late):
        after = await season.read(before)
        assert after.campaign == campaign.id
        assert after.answer_due == min(before.answer_due, season.city.due(season.now, "2wd"))
    assert (await season.read(away)).campaign is None
    async with season.db.transaction(season.supervisor.acting) as tx:
        whole = await service.see(tx, season.supervisor, campaign.id, season.now)
    assert [(e.action, e.detail) for e in whole.entries][-1] == ("gathered", {"joined": 2})


async def test_taken_out_with_a_reason_the_ordinary_limits_hold_again_and_it_stays_out(season: Season) -> None:
    await season.running()
    ticket = await season.open("pa.roads")
    await season.works()
    with pytest.raises(Refused):
        await season.does(season.supervisor, ticket, Action.LEAVE)
    with pytest.raises(Refused):
        await season.does(season.handler("pa.roads"), ticket, Action.LEAVE, note="Too soon for us")
    with pytest.raises(Refused, match="岗位不能"):
        await season.does(season.supervisor, ticket, Action.JOIN, note="x")
    left = await season.does(season.supervisor, ticket, Action.LEAVE, note="A private lamp")
    assert (left.campaign, left.special, left.answer_due) == (None, None, ticket.answer_due)
    await season.does(season.dispatcher, ticket, Action.REASSIGN, unit="PA-N", basis="Order 12", note="Wrong unit")
    await season.works()
    assert (await season.read(ticket)).campaign is None


async def test_ended_with_a_report_its_figures_stay_and_its_open_tickets_leave_with_what_they_owe(season: Season) -> None:
    campaign = await season.running()
    done, late = await season.open("pa.roads"), await season.open("pa.roads")
    await season.works()
    await season.closed(done, "pa.roads")
    season.passes(days=9)
    due = (await season.read(late)).answer_due
    with pytest.raises(Unfit):
        await season.does_to(season.supervisor, campaign.id, Deed.END, note=" ")
    whole = await season.does_to(season.supervisor, campaign.id, Deed.END, note="Half the lamps burn again.")
    figures = whole.campaign.figures
    assert figures is not None
    assert (figures.tickets, figures.open, figures.overdue) == (2, 1, 1)
    assert (figures.answered, figures.in_time, figures.rated, figures.content) == (1, 1, 1, 1)
    await season.works()
    freed = await season.read(late)
    assert (freed.campaign, freed.answer_due) == (None, due)
    assert (await season.read(done)).campaign == campaign.id, "the record of what it did"
    new = await season.open("pa.roads")
    await season.works()
    assert (await season.read(new)).campaign is None
    with pytest.raises(Refused, match="已经结束"):
        await season.does_to(season.chief_supervisor, campaign.id, Deed.END, note="Again")


async def test_opened_again_it_is_out_of_a_campaign_that_is_over_and_joins_one_that_runs(season: Season) -> None:
    campaign = await season.running()
    one, other = await season.open("pa.roads"), await season.open("pa.roads")
    await season.works()
    for ticket in (one, other):
        await season.closed(ticket, "pa.roads")
    await season.does(citizen(one.number), one, Action.REOPEN, note="Dark again")
    await season.works()
    assert (await season.read(one)).campaign == campaign.id
    await season.does_to(season.supervisor, campaign.id, Deed.END, note="Done")
    await season.does(citizen(other.number), other, Action.REOPEN, note="Dark again")
    await season.works()
    back = await season.read(other)
    assert back.campaign is None
    assert back.answer_due is not None
    assert back.answer_due > season.city.due(season.now, "1wd")


async def test_a_campaign_that_ends_while_tickets_join_keeps_none_of_them(season: Season) -> None:
    campaign = await season.running()
    ticket = await season.open("pa.roads")
    async with season.db.transaction(SYSTEM) as joining:
        assert await service.join(joining, [ticket.id], season.city, season.now) == 1
        ending = asyncio.ensure_future(season.does_to(season.supervisor, campaign.id, Deed.END, note="Over"))
        done, _ = await asyncio.wait([ending], timeout=0.3)
        assert not done, "whoever ends it waits for those who are joining"
    figures = (await ending).campaign.figures
    assert figures is not None
    assert figures.tickets == 1
    await season.works()
    assert (await season.read(ticket)).campaign is None
    async with season.db.transaction(SYSTEM) as tx:
        assert await service.join(tx, [ticket.id], season.city, season.now) == 0


async def test_it_waits_for_its_first_day_and_takes_nothing_after_its_last(season: Season) -> None:
    tomorrow = season.now.date() + timedelta(days=1)
    campaign = await season.running(first_day=tomorrow, last_day=tomorrow)
    early = await season.open("pa.roads")
    await season.works()
    assert campaign.phase(season.now) is Phase.WAITING
    with pytest.raises(Refused, match="进行中"):
        await season.does_to(season.supervisor, campaign.id, Deed.GATHER)
    season.passes(days=1)
    within = await season.open("pa.roads")
    await season.works()
    season.passes(days=1)
    after = await season.open("pa.roads")
    await season.works()
    assert [(await season.read(t)).campaign for t in (early, within, after)] == [None, campaign.id, None]
    assert campaign.phase(season.now) is Phase.EXPIRED


async def test_a_unit_sees_the_campaign_and_only_its_own_tickets_in_it(season: Season) -> None:
    drafted = await season.drafted(scope=Scope(regions=("PA",)), members=("PA-N",))
    roads, waste, harbour = (season.handler(unit) for unit in ("pa.roads", "pa.waste", "pa.harbour"))
    with pytest.raises(NotFound):
        async with season.db.transaction(roads.acting) as tx:
            await service.see(tx, roads, drafted.id, season.now)
    campaign = (await season.does_to(season.chief_supervisor, drafted.id, Deed.APPROVE)).campaign
    mine, theirs = await season.open("pa.roads"), await season.open("pa.waste", matter="BN01")
    await season.works()
    assert (await season.sees_board(season.supervisor, campaign)).figures.tickets == 2
    for actor, own in ((roads, mine), (waste, theirs)):
        board = await season.sees_board(actor, campaign)
        assert (board.figures.tickets, [u.code for u in board.units]) == (1, [actor.unit])
        async with season.db.transaction(actor.acting) as tx:
            found = await service.list_tickets(tx, actor, campaign.id, Filters(), "", 50, season.now)
            _, rows = await service.export(tx, campaign.id, season.now)
            listed = await service.worklist(tx, Which.CURRENT, "", 50, season.now)
        assert [line.number for line in found.lines] == [row.number for row in rows] == [own.number]
        assert [(line.tickets, line.open) for line in listed.lines] == [(1, 1)]
    async with season.db.transaction(harbour.acting) as tx:
        assert not (await service.worklist(tx, Which.CURRENT, "", 50, season.now)).lines
        with pytest.raises(NotFound):
            await service.see(tx, harbour, campaign.id, season.now)
        with pytest.raises(NotFound):
            await service.list_tickets(tx, harbour, campaign.id, Filters(), "", 50, season.now)
    with pytest.raises(Refused):
        await season.does_to(roads, campaign.id, Deed.END, note="Enough")


async def test_the_board_counts_by_column_unit_district_and_day(season: Season) -> None:
    campaign = await season.running()
    a, b, c = [await season.open("pa.roads") for _ in range(3)]
    d = await season.open("PA-S", region="PA-S-1")
    await season.works()
    await season.does(season.handler("pa.roads"), b, Action.SIGN)
    await season.closed(c, "pa.roads")
    season.passes(days=5)
    board = await season.sees_board(season.supervisor, campaign)
    assert [(p.name, p.tickets, p.overdue) for p in board.piles if p.tickets] == [("待签收", 2, 2), ("办理中", 1, 1), ("已办结", 1, 0)]
    assert {card.number for card in board.piles[1].cards} == {a.number, d.number}
    assert [(p.code, p.tickets, p.open, p.overdue) for p in board.units] == [("pa.roads", 3, 2, 2), ("PA-S", 1, 1, 1)]
    assert [(p.code, p.tickets) for p in board.districts] == [("PA-N", 3), ("PA-S", 1)]
    assert [(day.joined, day.closed) for day in board.days] == [(4, 1), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0)]
    async with season.db.transaction(season.supervisor.acting) as tx:
        red = await tickets.worklist(tx, season.supervisor, Filters(campaign=campaign.id), "", 50, season.now)
    assert [line.special for line in red.lines] == ["Dark nights"] * 3


async def test_no_list_and_no_batch_costs_a_statement_for_each_ticket_or_campaign(season: Season) -> None:
    campaigns = [await season.running(name=f"Campaign {n}", scope=Scope(words=(f"word{n}",))) for n in range(3)]
    opened = [await season.open("pa.roads", text=f"Something with word{n % 3}") for n in range(9)]
    async with season.db.transaction(SYSTEM) as tx, counting(tx) as sent:
        assert await service.join(tx, [t.id for t in opened], season.city, season.now) == 9
    assert len(sent) == 4, sent
    async with season.db.transaction(season.supervisor.acting) as tx, counting(tx) as sent:
        first = await service.worklist(tx, Which.CURRENT, "", 2, season.now)
        rest = await service.worklist(tx, Which.CURRENT, first.after, 2, season.now)
    assert len(sent) == 2
    assert {line.id for line in (*first.lines, *rest.lines)} == {c.id for c in campaigns}
    assert (len(first.lines), rest.after) == (2, "")
    await season.sees_board(season.supervisor, campaigns[0])  # the connection learns its types
    async with season.db.transaction(season.supervisor.acting) as tx, counting(tx) as sent:
        await service.board(tx, campaigns[0], season.city, season.now)
    assert len(sent) == 4
    with pytest.raises(Refused):
        async with season.db.transaction(season.supervisor.acting) as tx:
            await service.worklist(tx, Which.CURRENT, "nonsense", 2, season.now)


async def test_matters_regions_units_and_words_must_all_fit(season: Season) -> None:
    campaign = await season.running(
        scope=Scope(matters=("ST",), regions=("PA-N",), units=("pa.roads",), words=("路燈", "LAMP")), limits=Limits()
    )
    fits = await season.open("pa.roads", text="The lamp is out")
    plain = await season.open("pa.roads", text="路灯坏了")
    others = [
        await season.open("pa.roads", text="The lamp is out", region="PA-S-1"),
        await season.open("pa.roads", text="The lamp is out", region=None),
        await season.open("pa.waste", text="The lamp is out"),
        await season.open("pa.roads", text="The lamp is out", matter="BN01"),
        await season.open("pa.roads", text="It is dark"),
    ]
    await season.works()
    assert [(await season.read(t)).campaign for t in (fits, plain)] == [campaign.id] * 2
    assert [(await season.read(t)).campaign for t in others] == [None] * 5
    assert (await season.read(fits)).answer_due == fits.answer_due, "no limits of its own: the ordinary ones"
