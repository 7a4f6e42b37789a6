"""Whose is it? Problem first, dispute later: whole disputes from the objection to the ruling, and who may not."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.disputes.conftest import NOT_OURS, Court
from tests.tickets.conftest import rating

from yixian.db.pool import SYSTEM
from yixian.disputes import service
from yixian.disputes.model import Deed, Ended, How, Rung, Side
from yixian.disputes.panel import Says
from yixian.people.model import Role, citizen
from yixian.tickets import jobs as ticket_jobs
from yixian.tickets import service as tickets
from yixian.tickets.model import Action, State

NEUTRAL = ("pa.harbour", "pa.waste", "PA-S")


# -- The ticket never waits --------------------------------------------------------------------------------------


async def test_an_objection_takes_nothing_from_the_ticket(court: Court) -> None:
    ticket = await court.open("pa.roads")
    orders = await court.live(ticket)
    await court.objects(ticket, "pa.roads", "PA-N-1")
    seen = (await court.sees(court.handler("pa.roads"), ticket)).ticket
    assert (seen.state, seen.lead, seen.answer_due) == (State.JOINT_REVIEW, "pa.roads", ticket.answer_due)
    assert seen.dispatched_at == ticket.dispatched_at and await court.live(ticket) == orders
    roads = court.handler("pa.roads")
    await court.does(roads, ticket, Action.CONTACT, note="Rang the resident")
    assert Action.REPLY in {e.action for e in (await court.sees(roads, ticket)).offered}, "it acts as before"


async def test_a_disputed_ticket_is_still_warned_of_and_marked_late(court: Court) -> None:
    ticket, _ = await court.disputed()
    seen = (await court.sees(court.dispatcher, ticket)).ticket
    assert seen.next_due == ticket.contact_due, "not signed, but taken to joint review: contact is owed next"
    court.now = seen.next_due + timedelta(seconds=1)
    await ticket_jobs.mark(court.db, None, court.now)  # pyright: ignore[reportArgumentType]
    assert (await court.sees(court.dispatcher, ticket)).ticket.overdue_at == court.now
    assert [e["number"] for e in await court.events("ticket.overdue")] == [ticket.number]


async def test_a_unit_may_object_after_the_time_for_returning(court: Court) -> None:
    ticket = await court.open("pa.roads")
    court.passes(days=4)
    with pytest.raises(tickets.Refused, match="时限"):
        await court.does(court.handler("pa.roads"), ticket, Action.RETURN, **NOT_OURS)
    assert (await court.does(court.handler("pa.roads"), ticket, Action.OBJECT, **NOT_OURS)).state is State.JOINT_REVIEW


@pytest.mark.parametrize(
    ("step", "sentence"),
    [({"note": "Not ours"}, "依据"), ({"basis": "Roads Order 12"}, "理由"), ({**NOT_OURS, "unit": "pa.roads"}, "其他单位")],
)
async def test_an_objection_needs_a_reason_a_basis_and_another_unit(court: Court, step: dict[str, str], sentence: str) -> None:
    ticket = await court.open("pa.roads")
    with pytest.raises(tickets.Refused, match=sentence):
        await court.does(court.handler("pa.roads"), ticket, Action.OBJECT, **step)


async def test_a_second_return_opens_a_dispute_with_both_sides_words(court: Court) -> None:
    ticket = await court.open("PA-N-1")
    await court.does(court.handler("PA-N-1"), ticket, Action.RETURN, note="A main road", basis="Roads Order 12")
    await court.hand_on()
    assert await court.dispute_of(ticket) is None, "one return is a unit's right"
    await court.does(court.dispatcher, ticket, Action.DISPATCH, unit="pa.roads", basis="Roads Order 12")
    await court.does(court.handler("pa.roads"), ticket, Action.RETURN, note="A village lamp", basis="Parish Lighting Act 1")
    await court.hand_on()
    case = await court.looks(court.dispatcher, await court.dispute_of(ticket))
    assert {(p.unit, p.side) for p in case.parties} == {("pa.roads", Side.ACTING), ("PA-N-1", Side.RETURNED)}
    assert [(w.unit, w.words, w.basis) for w in case.words] == [
        ("PA-N-1", "A main road", "Roads Order 12"), ("pa.roads", "A village lamp", "Parish Lighting Act 1"),
    ]  # fmt: skip
    assert case.dispute.due == court.city.due(case.dispute.opened_at, "1wd")


async def test_hearing_twice_changes_nothing(court: Court) -> None:
    _, dispute = await court.disputed()
    before = await court.looks(court.dispatcher, dispute)
    await court.owner.execute("UPDATE event SET done_at = NULL")
    await court.hand_on()
    assert await court.looks(court.dispatcher, dispute) == before
    assert len(await court.events("dispute.opened")) == 1


async def test_an_answer_settles_the_dispute(court: Court) -> None:
    ticket, dispute = await court.disputed(caller=None)
    await court.convenes(dispute, *NEUTRAL)
    await court.does(court.handler("pa.roads"), ticket, Action.REPLY, answer="The lamp was repaired this morning.")
    await court.hand_on()
    case = await court.looks(court.dispatcher, dispute)
    assert (case.dispute.ended_how, case.sitting, case.ruling) == (Ended.SETTLED, None, None)
    assert (await court.told("pa.waste")) == ["convened", "settled"]
    with pytest.raises(service.Overtaken):
        await court.votes("pa.waste", dispute, "PA-N-1")


# -- The hotline rules by itself ---------------------------------------------------------------------------------


async def test_the_desk_rules_and_it_is_binding(court: Court) -> None:
    ticket, dispute = await court.disputed()
    await court.done(court.handler("PA-N-1"), dispute, Deed.SAY, note="Ours end at the bus stop", basis="Parish Lighting Act 1")
    case = await court.rules(dispute, "PA-N-1", co_units=("pa.roads",))
    assert case.ruling is not None and (case.ruling.lead, case.ruling.co, case.ruling.how) == ("PA-N-1", ("pa.roads",), How.CHAIR)
    assert await court.live(ticket) == {("PA-N-1", "lead"), ("pa.roads", "co")}
    for action in (Action.RETURN, Action.OBJECT):
        with pytest.raises(tickets.Refused, match="不得再退"):
            await court.does(court.handler("PA-N-1"), ticket, action, **NOT_OURS)
    await court.hand_on()
    assert await court.looks(court.dispatcher, dispute) == case, "its own ruling is not heard as another"
    assert await court.told("PA-N-1") == ["asked", "ruled"]


async def test_a_ruling_is_offered_to_the_list(court: Court) -> None:
    ticket, dispute = await court.disputed()
    await court.rules(dispute, "PA-N-1", co_units=("pa.roads", "PA-N-1"))
    (told,) = await court.events("dispute.ruled")
    assert {k: told[k] for k in ("number", "matter", "region", "audience", "lead", "co", "basis", "reason", "rung", "how", "units")} == {
        "number": ticket.number, "matter": "ST0101", "region": "PA-N-1", "audience": "person", "lead": "PA-N-1", "co": ["pa.roads"],
        "basis": "Parish Lighting Act 1", "reason": "North of the bus stop.", "rung": "desk", "how": "chair",
        "units": ["pa.roads", "PA-N-1"],
    }  # fmt: skip


async def test_a_ruling_on_the_tickets_own_page_is_written_down_too(court: Court) -> None:
    ticket, dispute = await court.disputed()
    await court.does(court.dispatcher, ticket, Action.RULE, unit="PA-N-1", co_units=("pa.waste",), basis="Act 1", note="The map says so")
    await court.hand_on()
    case = await court.looks(court.supervisor, dispute)
    assert case.ruling is not None and (case.ruling.lead, case.ruling.co, case.ruling.reason) == (
        "PA-N-1",
        ("pa.waste",),
        "The map says so",
    )
    assert [e["lead"] for e in await court.events("dispute.ruled")] == ["PA-N-1"]


async def test_two_rulings_at_once_are_one_and_a_clear_conflict(court: Court) -> None:
    ticket, dispute = await court.disputed()
    court.passes(seconds=1)

    async def rules(lead: str) -> str:
        async with court.db.transaction(court.dispatcher.acting) as tx:
            motion = service.Motion(unit=lead, basis="Act 1", note="The map says so")
            await service.do(tx, court.dispatcher, dispute, Deed.RULE, motion, court.city, court.now)
            return lead

    ended = await asyncio.gather(*(rules(lead) for lead in ("PA-N-1", "pa.roads", "pa.harbour", "PA-N")), return_exceptions=True)
    won = [e for e in ended if isinstance(e, str)]
    lost = [e for e in ended if isinstance(e, service.Overtaken)]
    assert (len(won), len(lost)) == (1, 3), ended
    assert all(e.entry is not None and e.entry.action == "ruled" for e in lost), "they are told what the other did"
    assert await court.live(ticket) == {(won[0], "lead")}
    assert await court.owner.fetchval("SELECT count(*) FROM dispute_ruling") == 1


async def test_who_rules_has_seen_the_newest_vote(court: Court) -> None:
    _, dispute = await court.disputed()
    seen = await court.convenes(dispute, *NEUTRAL)
    await court.votes("pa.waste", dispute, "PA-N-1")
    with pytest.raises(service.Overtaken) as overtaken:
        await court.rules(dispute, "pa.roads", by=court.supervisor, version=seen.version)
    assert overtaken.value.entry is not None and overtaken.value.entry.action == "voted"


# -- The panel ---------------------------------------------------------------------------------------------------


async def test_a_panel_votes_and_its_majority_rules(court: Court) -> None:
    ticket, dispute = await court.disputed()
    case = await court.convenes(dispute, *NEUTRAL, "PA-N-1")
    assert case.sitting is not None and case.sitting.due == court.city.due(court.now, "2wd")
    assert case.dispute.due == court.city.due(case.sitting.due, "1wd"), "the chair has its own day after the panel's"
    assert {s.unit: s.votes for s in case.seats} == {"pa.harbour": True, "pa.waste": True, "PA-S": True, "PA-N-1": False}
    await court.votes("PA-N-1", dispute, "pa.roads")
    await court.votes("pa.harbour", dispute, "PA-N-1")
    with pytest.raises(service.Refused, match="会审还在进行"):
        await court.rules(dispute, "PA-N-1")
    await court.votes("pa.waste", dispute, "PA-N-1")
    tally = service.tally(await court.looks(court.dispatcher, dispute))
    assert tally is not None and (tally.voting, tally.cast, tally.quorum, tally.says, tally.lead) == (3, 2, 2, Says.MAJORITY, "PA-N-1")
    ruled = await court.rules(dispute, "PA-N-1")
    assert ruled.ruling is not None and ruled.ruling.how is How.MAJORITY
    assert ruled.ruling.tally == {"voting": 3, "cast": 2, "quorum": 2, "for": {"PA-N-1": 2}, "says": "majority"}
    assert (await court.sees(court.dispatcher, ticket)).ticket.lead == "PA-N-1"


async def test_a_vote_may_be_changed_and_counts_once(court: Court) -> None:
    _, dispute = await court.disputed()
    await court.convenes(dispute, *NEUTRAL)
    await court.votes("pa.waste", dispute, "PA-N-1")
    case = await court.votes("pa.waste", dispute, "pa.roads", note="Looked at the map again")
    assert [(o.seq, o.lead) for o in case.opinions] == [(1, "PA-N-1"), (2, "pa.roads")], "what it thought before stays on record"
    tally = service.tally(await court.looks(court.dispatcher, dispute))
    assert tally is not None and tally.for_lead == (("pa.roads", 1),)
    assert [e.action for e in case.entries] == ["opened", "convened", "voted", "changed"]


async def test_two_colleagues_at_once_give_one_vote(court: Court) -> None:
    _, dispute = await court.disputed()
    await court.convenes(dispute, *NEUTRAL)
    ended = await asyncio.gather(
        *(court.votes("pa.waste", dispute, lead) for lead in ("PA-N-1", "pa.roads", "PA-N-1")), return_exceptions=True
    )
    assert any(not isinstance(e, BaseException) for e in ended)
    assert all(isinstance(e, service.Overtaken) for e in ended if isinstance(e, BaseException))
    tally = service.tally(await court.looks(court.dispatcher, dispute))
    assert tally is not None and tally.cast == 1


async def test_a_closed_panel_takes_no_vote(court: Court) -> None:
    _, dispute = await court.disputed()
    await court.convenes(dispute, *NEUTRAL)
    await court.done(court.dispatcher, dispute, Deed.ESCALATE, note="A matter for the leaders")
    with pytest.raises(service.Refused, match="会审"):
        await court.votes("pa.waste", dispute, "PA-N-1")


async def test_against_the_majority_with_a_reason(court: Court) -> None:
    _, dispute = await court.disputed()
    await court.convenes(dispute, *NEUTRAL)
    for unit in NEUTRAL:
        await court.votes(unit, dispute, "PA-N-1")
    with pytest.raises(service.Refused, match="理由"):
        await court.rules(dispute, "pa.roads", note=" ")
    case = await court.rules(dispute, "pa.roads", note="The lamp was handed over in May")
    assert case.ruling is not None and case.ruling.how is How.AGAINST_MAJORITY


async def test_a_tie_leaves_it_to_the_chair(court: Court) -> None:
    _, dispute = await court.disputed()
    await court.convenes(dispute, "pa.harbour", "pa.waste")
    await court.votes("pa.harbour", dispute, "PA-N-1")
    await court.votes("pa.waste", dispute, "pa.roads")
    tally = service.tally(await court.looks(court.dispatcher, dispute))
    assert tally is not None and (tally.says, tally.lead) == (Says.TIE, None)
    case = await court.rules(dispute, "pa.roads")
    assert case.ruling is not None and case.ruling.how is How.CHAIR


async def test_a_supervisor_may_cut_it_short_and_time_does_too(court: Court) -> None:
    _, first = await court.disputed()
    await court.convenes(first, *NEUTRAL)
    case = await court.rules(first, "PA-N-1", by=court.supervisor)
    assert case.ruling is not None and case.ruling.how is How.CHAIR
    _, second = await court.disputed()
    panel = (await court.convenes(second, *NEUTRAL, days=1)).sitting
    assert panel is not None
    court.now = panel.due
    assert (await court.rules(second, "PA-N-1")).ruling is not None, "the citizen does not wait for who keeps silent"


@pytest.mark.parametrize(
    ("units", "motion", "sentence"),
    [
        (("pa.harbour",), {}, "至少要有2个"),
        (("pa.roads", "PA-N-1", "pa.harbour"), {}, "至少要有2个"),
        (("PA-N", "pa.harbour"), {}, "至少要有2个"),
        (NEUTRAL, {"days": 6}, "1至5个工作日"),
        (("nowhere", "pa.waste"), {}, "没有编号为 nowhere"),
        (("PA-H", "PA-H.noise", "pa.waste", "pa.harbour"), {}, "回避"),
    ],
)
async def test_who_can_be_convened(court: Court, units: tuple[str, ...], motion: dict[str, int], sentence: str) -> None:
    _, dispute = await court.disputed(complained_unit="PA-H")
    with pytest.raises(service.Refused, match=sentence):
        await court.convenes(dispute, *units, **motion)


async def test_a_new_panel_closes_the_one_before(court: Court) -> None:
    _, dispute = await court.disputed()
    await court.convenes(dispute, *NEUTRAL)
    await court.votes("pa.waste", dispute, "pa.roads")
    case = await court.convenes(dispute, "pa.harbour", "PA-S")
    assert [p.closed_at is None for p in case.panels] == [False, True]
    with pytest.raises(service.Refused):
        await court.votes("pa.waste", dispute, "PA-N-1")
    tally = service.tally(case)
    assert tally is not None and tally.cast == 0


# -- Who may not -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.REVIEWER, Role.CALL_BACK, Role.ANALYST])
@pytest.mark.parametrize("deed", [Deed.CONVENE, Deed.ESCALATE, Deed.RULE, Deed.VOTE, Deed.SAY])
async def test_others_of_the_hotline_only_look(court: Court, role: Role, deed: Deed) -> None:
    _, dispute = await court.disputed()
    with pytest.raises(service.Refused, match="岗位"):
        motion = {"note": "x", "basis": "y", "unit": "PA-N-1", "units": NEUTRAL}
        await court.done(court.staff("pa.contact", role), dispute, deed, **motion)


async def test_units_do_not_rule_convene_or_climb(court: Court) -> None:
    _, dispute = await court.disputed()
    for deed in (Deed.RULE, Deed.CONVENE, Deed.ESCALATE):
        with pytest.raises(service.Refused, match="岗位"):
            await court.done(court.handler("pa.roads"), dispute, deed, note="x", basis="y", unit="PA-N-1", units=NEUTRAL)


async def test_a_unit_speaks_for_itself_alone(court: Court) -> None:
    _, dispute = await court.disputed()
    await court.convenes(dispute, "PA-S", "pa.waste")
    with pytest.raises(service.Refused, match="会审单位之列"):
        await court.votes("pa", dispute, "PA-N-1")
    with pytest.raises(service.Refused, match="不是争议的一方"):
        await court.done(court.handler("pa.waste"), dispute, Deed.SAY, note="It is theirs")
    with pytest.raises(service.NotFound):
        await court.votes("pa.harbour", dispute, "PA-N-1")


# -- The ladder --------------------------------------------------------------------------------------------------


async def test_a_hard_case_climbs_and_never_comes_down(court: Court) -> None:
    ticket, dispute = await court.disputed()
    with pytest.raises(service.Refused, match="为什么"):
        await court.done(court.dispatcher, dispute, Deed.ESCALATE)
    up = await court.done(court.dispatcher, dispute, Deed.ESCALATE, note="Two laws say two things")
    assert (up.dispute.rung, up.dispute.due) == (Rung.SUPERVISOR, court.city.due(court.now, "2wd"))
    for deed in (Deed.RULE, Deed.CONVENE, Deed.ESCALATE):
        with pytest.raises(service.Refused, match="已经上交"):
            await court.done(court.dispatcher, dispute, deed, note="x", basis="y", unit="PA-N-1", units=NEUTRAL)
    top = await court.done(court.supervisor, dispute, Deed.ESCALATE, note="For the joint conference")
    assert (top.dispute.rung, top.dispute.due) == (Rung.CONFERENCE, court.city.due(court.now, "5wd"))
    with pytest.raises(service.Refused, match="没有更高一级"):
        await court.done(court.supervisor, dispute, Deed.ESCALATE, note="Higher still")
    await court.convenes(dispute, *NEUTRAL, by=court.supervisor)
    ruled = await court.rules(dispute, "PA-N-1", by=court.supervisor)
    assert ruled.ruling is not None and ruled.ruling.rung is Rung.CONFERENCE
    assert [(e.action, e.role, e.note) for e in ruled.entries if e.action == "escalated"] == [
        ("escalated", "dispatcher", "Two laws say two things"), ("escalated", "supervisor", "For the joint conference"),
    ]  # fmt: skip
    assert (await court.sees(court.dispatcher, ticket)).ticket.answer_due is not None


async def test_what_has_climbed_is_not_ruled_on_the_tickets_page(court: Court) -> None:
    ticket, dispute = await court.disputed()
    async with court.db.transaction(court.dispatcher.acting) as tx:
        assert await service.bars(tx, ticket.number, Action.RULE) is None
        assert await service.bars(tx, ticket.number, Action.REPLY) is None
    await court.convenes(dispute, *NEUTRAL)
    async with court.db.transaction(court.dispatcher.acting) as tx:
        assert "争议审定台" in (await service.bars(tx, ticket.number, Action.RULE) or "")


# -- What was lost on the way ------------------------------------------------------------------------------------


async def test_a_dispute_whose_end_nobody_heard_ends_with_the_clock(court: Court) -> None:
    ticket, dispute = await court.disputed(caller=None)
    await court.does(court.handler("pa.roads"), ticket, Action.REPLY, answer="The lamp was repaired this morning.")
    await court.owner.execute("UPDATE event SET done_at = now() WHERE done_at IS NULL")
    case = await court.looks(court.dispatcher, dispute)
    court.now = case.dispute.due + timedelta(minutes=1)
    await court.clock_strikes()
    assert (await court.looks(court.dispatcher, dispute)).dispute.ended_how == Ended.SETTLED
    assert await court.events("dispute.overdue") == []


async def test_a_bad_rating_leads_to_joint_review_at_once(court: Court) -> None:
    ticket = await court.open("pa.roads")
    await court.does(court.handler("pa.roads"), ticket, Action.RETURN, **NOT_OURS)
    await court.does(court.dispatcher, ticket, Action.DISPATCH, unit="pa.waste", basis="Waste Order 2")
    await court.hand_on()
    await court.answered(ticket, "pa.waste")
    await court.does(court.reviewer, ticket, Action.PASS)
    with pytest.raises(tickets.Refused):
        await court.does(court.reviewer, ticket, Action.REFER, note="Nobody was asked yet")
    await court.does(citizen(ticket.number), ticket, Action.RATE, rating=rating(1))
    with pytest.raises(tickets.Refused):
        await court.does(court.caller_back, ticket, Action.REFER, note="Not mine to say")
    referred = await court.does(court.reviewer, ticket, Action.REFER, note="Waste cannot mend a lamp")
    assert (referred.state, referred.lead, referred.rounds, referred.rated_solution) == (State.JOINT_REVIEW, "pa.waste", 1, None)
    assert referred.dispatched_at == court.now and referred.answer_due is not None and referred.answer_due > court.now
    assert await court.live(ticket) == {("pa.waste", "lead"), ("pa.roads", "panel")}
    # The worker opens the dispute: who acts is asked for its word, who returned it before is a side.
    await court.hand_on()
    dispute = await court.dispute_of(ticket)
    case = await court.looks(court.dispatcher, dispute)
    assert {(p.unit, p.side, p.due is not None) for p in case.parties} == {
        ("pa.waste", Side.ACTING, True), ("pa.roads", Side.RETURNED, False),
    }  # fmt: skip
    assert case.entries[0].note == "Waste cannot mend a lamp" and "asked" in await court.told("pa.waste")
    # Told of the same step again, nothing happens twice; not even after the ruling.
    async with court.db.transaction(SYSTEM) as tx:
        await service.follow(tx, ticket.number, referred.version, court.city)
    await court.rules(dispute, "pa.roads")
    async with court.db.transaction(SYSTEM) as tx:
        await service.follow(tx, ticket.number, referred.version, court.city)
    assert await court.owner.fetchval("SELECT count(*) FROM dispute WHERE ticket = $1", ticket.id) == 1
    ruled = (await court.sees(court.dispatcher, ticket)).ticket
    assert (ruled.state, ruled.lead) == (State.DISPATCHED, "pa.roads")
    # Binding: what was ruled is not asked again, however bad the answer.
    await court.answered(ticket, "pa.roads")
    await court.does(court.reviewer, ticket, Action.PASS)
    await court.does(citizen(ticket.number), ticket, Action.RATE, rating=rating(1))
    with pytest.raises(tickets.Refused, match="不得再退"):
        await court.does(court.reviewer, ticket, Action.REFER, note="Again")
