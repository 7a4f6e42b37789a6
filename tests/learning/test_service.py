"""Models: made alike from the same, one live at a time, followed at once, suspended when they fail."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg
import msgspec
import pytest
from tests.learning.conftest import School

from yixian.db.pool import SYSTEM
from yixian.dispatch.model import Why
from yixian.learning import cards, service, training
from yixian.learning.service import NotAllowed, NotFound, Overtaken, Refused
from yixian.people.model import SYSTEM_ACTOR
from yixian.tickets.model import Action, Ticket

HOLE = "There is a huge pothole on Mill Road"


async def settled(school: School, *choices: tuple[str, str, str]) -> None:
    """Tickets `(text, unit, matter)` as a dispatcher chose."""
    for text, unit, matter in choices:
        await school.dispatched(await school.open(text=text), unit, matter)
    await school.hand_on()


async def two_models(school: School) -> None:
    await settled(school, ("Gulls at the sacks", "pa.waste", "BN01"))
    await school.train("one")
    await settled(school, ("Foxes at the sacks", "pa.waste", "BN01"))
    await school.train("two")


# -- Training ----------------------------------------------------------------------------------------------------


async def test_the_same_examples_make_the_same_model_and_another_one_makes_another(school: School):
    await settled(school, ("Gulls at the sacks", "pa.waste", "BN01"))
    first, again = await school.train("first"), await school.train("again")
    assert (again.version, again.note) == (first.version, "first")
    await settled(school, ("Foxes at the sacks", "pa.waste", "BN01"))
    assert (await school.train()).version == 2


async def test_without_examples_there_is_no_model_and_the_sentence_says_what_to_do(school: School):
    with pytest.raises(Refused, match="还没有可学的样本"):
        await service.train(school.db, SYSTEM_ACTOR, "", school.now)


async def test_who_neither_supervises_nor_administers_trains_nothing(school: School):
    with pytest.raises(NotAllowed):
        await service.train(school.db, school.dispatcher, "", school.now)


async def test_an_example_whose_unit_the_list_contradicts_teaches_no_words_but_is_reported(school: School):
    """Street lights at Mill Ward are the roads unit's by the list; people keep sending them to the harbour."""
    for _ in range(3):
        ticket = await school.open(
            text="the lamp on the quay is dark", suggestions=({"matter": "ST0101", "unit": "pa.roads", "score": 0.5},)
        )
        await school.dispatched(ticket, "pa.waste", "ST0101", region="PA-N-2")
    await school.hand_on()
    model = await school.train()
    assert (model.examples, model.card.unused) == (0, 3)
    async with school.db.transaction(SYSTEM) as tx:
        report = await service.report(tx, school.city, school.now)
    assert [(c.matter, c.district, c.listed, c.chosen, c.times) for c in report.contradicted] == [
        ("ST0101", "PA-N", "pa.roads", "pa.waste", 3)
    ]


async def test_figures_are_those_of_examples_that_were_left_out(school: School):
    """Ten wordings nobody could guess: by heart all would be right, left out none is; ten from the pack's own words are right."""
    nonsense = [(f"{w} {w}x {w}y", "pa.harbour", "HB01") for w in ("zor", "kib", "vud", "pex", "wof", "jaq", "hyl", "gru", "dax", "tiv")]
    plain = [(f"pothole, hole in the road by {w}", "pa.roads", "ST0201") for w in ("A", "B", "C", "D", "E", "F", "G", "H", "I", "J")]
    await settled(school, *nonsense, *plain)
    card = (await school.train()).card
    assert card.with_model is not None and card.with_model.n == 20
    assert 0.5 <= card.with_model.matter_top1 <= 0.75, "half of them, and what is guessed by luck"
    assert card.by_source == {"choice": 20} and card.weight == 20
    assert not card.own_gate, "twenty examples prove nothing at 90 %"
    text = cards.markdown(await _model(school, 1))
    assert (
        "20 examples of 2 matters" in text
        and f"| unit right | {card.with_model.unit_top1:.1%} |" in text
        and "the city pack's holds" in text
    )


async def _model(school: School, version: int) -> Any:
    async with school.db.transaction(SYSTEM) as tx:
        return await service.model(tx, version)


def test_what_a_share_surely_reaches_is_the_exact_bound():
    assert training.surely(0, 10) == 0
    assert training.surely(10, 10) == pytest.approx(0.05 ** (1 / 10))
    assert training.surely(99, 100) == pytest.approx(0.9534, abs=1e-4)


def test_a_gate_needs_as_many_examples_as_can_prove_the_target():
    import numpy as np

    said = ["BN01"] * 300
    sure, right = np.linspace(0.5, 1, 300), np.ones(300, dtype=bool)
    assert training.gate_of(sure[:28], right[:28], said[:28], 0.9) is None
    gate = training.gate_of(sure, right, said, 0.9)
    assert gate is not None and gate.of("BN01") == 0.5
    wrong = training.gate_of(sure, ~right, said, 0.9)
    assert wrong is not None and wrong.of("BN01") == float("inf"), "what is always wrong never goes at once"


async def test_a_gate_that_nothing_reaches_comes_back_from_the_database_as_it_went(school: School):
    from yixian.dispatch.guarantee import Gate
    from yixian.learning import store

    await settled(school, ("Gulls at the sacks", "pa.waste", "BN01"))
    made = await school.train()
    gate = Gate(0.9, 0.95, float("inf"), {"BN01": 0.75, "BN02": float("inf")})
    async with school.db.transaction(SYSTEM) as tx:
        await store.put_model(tx, msgspec.structs.replace(made, version=2, digest="other", gate=gate), [])
        assert (await service.model(tx, 2)).gate == gate


# -- Live and back -----------------------------------------------------------------------------------------------


async def test_back_goes_step_by_step_to_the_model_before_and_at_last_to_the_pack(school: School):
    await two_models(school)
    await school.go_live(1)
    await school.go_live(2)
    assert school.held.lesson.model == 2 and len(school.held.lesson.taught) == 2
    await school.go_back()
    assert school.held.lesson.model == 1 and len(school.held.lesson.taught) == 1
    await school.go_back()
    assert school.held.lesson.model is None
    with pytest.raises(Refused, match="无可回退"):
        await school.go_back()


async def test_two_who_switch_at_once_are_told_apart_and_one_model_is_live(school: School):
    await two_models(school)

    async def switch(version: int) -> int | str:
        try:
            return (await school.go_live(version, seen=None)).model
        except Overtaken as overtaken:
            return str(overtaken)

    ends = await asyncio.gather(*(switch(v) for v in (1, 2, 1, 2)))
    done = [e for e in ends if isinstance(e, int)]
    assert len(done) == 1 and all(f"现在上线的是 V{done[0]} 版" in e for e in ends if isinstance(e, str))
    with pytest.raises(Overtaken):
        await school.go_back(seen=None)
    assert await school.owner.fetchval("SELECT count(*) FROM model_live WHERE till IS NULL") == 1
    assert await school.owner.fetchval("SELECT count(*) FROM audit WHERE action = 'model.live'") == 1


async def test_the_database_itself_refuses_a_second_live_model(school: School):
    await two_models(school)
    await school.go_live(1)
    with pytest.raises(asyncpg.UniqueViolationError):
        await school.owner.execute(
            "INSERT INTO model_live (id, model, since, how, actor, role) VALUES (gen_random_uuid(), 2, now(), 'live', 'x', 'x')"
        )


async def test_who_may_not_switch_is_refused_and_why_must_be_said(school: School):
    await two_models(school)
    for actor in (school.dispatcher, school.operator, school.handler("pa.roads")):
        with pytest.raises(NotAllowed):
            await school.go_live(1, by=actor)
    await school.go_live(1, by=school.admin)
    with pytest.raises(Refused, match="已经上线"):
        await school.go_live(1)
    with pytest.raises(NotFound):
        await school.go_live(9)
    async with school.db.transaction(SYSTEM) as tx:
        with pytest.raises(Refused, match="请写明原因"):
            await service.go_live(tx, SYSTEM_ACTOR, 2, None, " ", school.now)
    assert [(r["action"], r["actor"]) for r in await school.owner.fetch("SELECT action, actor FROM audit WHERE action = 'model.live'")] == [
        ("model.live", school.admin.id)
    ]


async def test_a_running_process_follows_by_itself(school: School):
    await two_models(school)
    following = asyncio.create_task(school.held.follow(school.db))
    try:
        async with school.db.transaction(SYSTEM) as tx:
            await service.go_live(tx, SYSTEM_ACTOR, 2, None, "Follow me", school.now)

        async def taken_up() -> None:
            while school.held.lesson.model != 2:
                await asyncio.sleep(0.01)

        await asyncio.wait_for(taken_up(), 10)
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


# -- The watch ---------------------------------------------------------------------------------------------------


async def at_once(school: School) -> Ticket:
    ticket = await school.says(HOLE)
    assert (ticket.lead, ticket.dispatched_by, ticket.matter) == ("pa.roads", "gate", "ST0201")
    return ticket


async def fails(school: School) -> None:
    """Three of three come back: at a target of 90 % that is evidence of 0.5 + (8 + 64 + 512) / 6 = 97.8."""
    for _ in range(3):
        await school.returned(await at_once(school), "pa.roads")
    await school.hand_on()
    await school.take_up()


async def test_a_matter_that_fails_is_suspended_in_every_process_and_the_supervisor_is_told(school: School):
    await fails(school)
    ticket = await school.says(HOLE)
    assert ticket.lead is None and school.looks(HOLE).why is Why.SUSPENDED
    assert school.looks("bins not collected since Monday").why is Why.SURE, "other matters go on"
    (event,) = await school.events("matter.suspended")
    assert (event["matter"], event["tickets"], event["wrongs"], event["rights"], event["target"]) == ("ST0201", 3, 3, 0, 0.9)
    assert event["evidence"] == pytest.approx(0.5 + (8 + 64 + 512) / 6)


async def test_two_that_come_back_are_not_enough(school: School):
    for _ in range(2):
        await school.returned(await at_once(school), "pa.roads")
    await school.hand_on()
    await school.take_up()
    assert school.looks(HOLE).why is Why.SURE and await school.events("matter.suspended") == []


async def test_only_a_person_lifts_it_with_a_reason_and_the_watch_begins_anew(school: School):
    await fails(school)
    for actor, why, error in ((school.dispatcher, "x", NotAllowed), (school.supervisor, "", Refused)):
        with pytest.raises(error):
            async with school.db.transaction(actor.acting) as tx:
                await service.lift(tx, actor, "ST0201", why, school.now)
    async with school.db.transaction(school.supervisor.acting) as tx:
        await service.lift(tx, school.supervisor, "ST0201", "The list was put right", school.now)
    with pytest.raises(NotFound):
        async with school.db.transaction(school.supervisor.acting) as tx:
            await service.lift(tx, school.supervisor, "ST0201", "Again", school.now)
    await school.take_up()
    assert await school.rows("matter_watch") == []
    late = await at_once(school)
    await school.hand_on()
    assert [(w["tickets"], w["wrongs"]) for w in await school.rows("matter_watch", "tickets, wrongs")] == [(1, 0)]
    assert late.lead and [r["action"] for r in await school.owner.fetch("SELECT action FROM audit WHERE action = 'matter.lift'")] == [
        "matter.lift"
    ]


async def test_a_new_model_lifts_it_and_going_back_puts_it_in_force_again(school: School):
    await settled(school, ("Gulls at the sacks", "pa.waste", "BN01"))
    await school.train()
    await fails(school)
    await school.go_live(1)
    assert school.looks(HOLE).why is not Why.SUSPENDED
    await school.go_back()
    assert school.looks(HOLE).why is Why.SUSPENDED


async def test_a_verdict_of_an_earlier_round_does_not_count_in_the_new_one(school: School):
    ticket = await at_once(school)
    await school.hand_on()
    await settled(school, ("Gulls at the sacks", "pa.waste", "BN01"))
    await school.train()
    await school.go_live(1)
    await school.returned(ticket, "pa.roads")
    await school.hand_on()
    assert await school.rows("matter_watch", "tickets, wrongs") == []
    assert [r["verdict"] for r in await school.rows("auto_dispatch", "verdict")] == ["wrong"]


async def test_right_wrong_and_void_are_told_apart(school: School):
    right, same, other, gone = [await at_once(school) for _ in range(4)]
    await school.passed(right, "pa.roads")
    await school.reassigned(same, "pa.roads", "ST0202")
    await school.reassigned(other, "pa.waste", "BN02")
    await school.does(school.operator, gone, Action.WITHDRAW, note="Found it filled")
    await school.hand_on()
    verdicts = {r["number"]: (r["verdict"], r["why"]) for r in await school.rows("auto_dispatch", "number, verdict, why")}
    assert verdicts == {
        right.number: ("right", "pass"),
        same.number: (None, ""),
        other.number: ("wrong", "reassign"),
        gone.number: ("void", "withdraw"),
    }
    (watched,) = await school.rows("matter_watch", "tickets, rights, wrongs")
    assert watched == {"tickets": 4, "rights": 1, "wrongs": 1}
