"""What people settle becomes examples: each way with its weight, contradicted ones withdrawn, nobody recognisable in them."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from tests.learning.conftest import School, forget

from yixian.db import outbox
from yixian.db.pool import SYSTEM
from yixian.learning import hearing, service
from yixian.learning.masking import GAP, masked
from yixian.tickets.model import Action, Ticket

SUGGESTED = ({"matter": "ST0101", "unit": "pa.roads", "score": 0.5}, {"matter": "ST0202", "unit": "pa.roads", "score": 0.3})


async def waiting(school: School, **more: object) -> Ticket:
    """A ticket that waits for a dispatcher, with suggestions."""
    return await school.open(**{"suggestions": SUGGESTED, **more})


async def examples(school: School, ticket: Ticket) -> list[tuple[object, ...]]:
    await school.hand_on()
    rows = await school.owner.fetch(
        "SELECT source, weight, matter, unit, role, withdrawn_why FROM correction WHERE ticket = $1 ORDER BY seq", ticket.id
    )
    return [tuple(r) for r in rows]


async def test_a_dispatchers_own_choice_counts_one_and_what_only_agrees_half(school: School):
    chose, agreed, second = await waiting(school), await waiting(school), await waiting(school)
    await school.dispatched(chose, "pa.waste", "BN01")
    await school.dispatched(agreed, "pa.roads", "ST0101")
    await school.dispatched(second, "pa.roads", "ST0202")
    assert await examples(school, chose) == [("choice", 1.0, "BN01", "pa.waste", "dispatcher", "")]
    assert await examples(school, agreed) == [("agreed", 0.5, "ST0101", "pa.roads", "dispatcher", "")]
    assert await examples(school, second) == [("choice", 1.0, "ST0202", "pa.roads", "dispatcher", "")]


async def test_a_return_withdraws_what_was_learned_and_the_next_choice_counts_two(school: School):
    ticket = await waiting(school)
    await school.dispatched(ticket, "pa.roads", "ST0101")
    assert len(await examples(school, ticket)) == 1
    await school.returned(ticket, "pa.roads")
    assert await examples(school, ticket) == [("agreed", 0.5, "ST0101", "pa.roads", "dispatcher", "returned")]
    await school.dispatched(ticket, "pa.waste", "BN02")
    assert (await examples(school, ticket))[1:] == [("reassigned", 2.0, "BN02", "pa.waste", "dispatcher", "")]


async def test_a_joint_ruling_counts_three_and_takes_the_place_of_what_was_before(school: School):
    ticket = await waiting(school)
    await school.dispatched(ticket, "pa.roads", "ST0101")
    await school.returned(ticket, "pa.roads")
    await school.dispatched(ticket, "pa.waste", "BN02")
    await school.returned(ticket, "pa.waste")
    await school.does(school.supervisor, ticket, Action.RULE, unit="pa.harbour", matter="HB02", basis="Harbour Bylaw 1", note="Oil")
    assert [row[0::5] for row in await examples(school, ticket)] == [("agreed", "returned"), ("reassigned", "returned"), ("ruling", "")]
    assert (await examples(school, ticket))[-1][1:5] == (3.0, "HB02", "pa.harbour", "supervisor")


async def test_what_was_dispatched_at_once_and_never_doubted_counts_a_quarter_once_its_answer_passed(school: School):
    ticket, doubted = await school.open("pa.roads"), await school.open("pa.roads")
    await school.answered(ticket, "pa.roads")
    assert await examples(school, ticket) == []
    await school.does(school.reviewer, ticket, Action.PASS)
    assert await examples(school, ticket) == [("answered", 0.25, "ST0101", "pa.roads", "reviewer", "")]

    await school.reassigned(doubted, "pa.waste", "BN01")
    await school.passed(doubted, "pa.waste")
    assert [row[0] for row in await examples(school, doubted)] == ["choice"]


async def test_the_same_events_again_change_nothing(school: School):
    ticket = await waiting(school)
    await school.dispatched(ticket, "pa.roads", "ST0101")
    await school.returned(ticket, "pa.roads")
    await school.dispatched(ticket, "pa.waste", "BN02")
    before = await examples(school, ticket)
    watched = await school.rows("auto_dispatch")
    await school.owner.execute("UPDATE event SET done_at = NULL")
    assert await examples(school, ticket) == before
    assert await school.rows("auto_dispatch") == watched


async def test_events_heard_late_and_out_of_order_leave_the_last_word_in_force(school: School):
    """A worker that was away hears of a dispatch after the return that contradicts it."""
    ticket = await waiting(school)
    await school.dispatched(ticket, "pa.roads", "ST0101")
    await school.returned(ticket, "pa.roads")
    await school.dispatched(ticket, "pa.waste", "BN02")
    async with school.db.transaction(SYSTEM) as tx:
        rows = await tx.fetch("SELECT kind, subject, body, at FROM event WHERE kind = 'ticket.moved' ORDER BY seq DESC")
        for row in rows:
            await hearing.moved(tx, [outbox.Event(**dict(row))])
    assert [row[5] for row in await examples(school, ticket)] == ["returned", ""]


async def test_a_ticket_that_hides_who_called_teaches_nothing(school: School):
    ticket = await waiting(school, hides_identity=True)
    await school.dispatched(ticket, "pa.waste", "BN02")
    at_once = await school.open("pa.roads", hides_identity=True)
    await school.passed(at_once, "pa.roads")
    assert await examples(school, ticket) == [] and await examples(school, at_once) == []
    assert [(r["number"], r["verdict"]) for r in await school.rows("auto_dispatch", "number, verdict")] == [(at_once.number, "right")]


async def test_nobody_is_recognised_by_an_example(school: School):
    said = "The lamp at 4 Mill Road is out, ring Ann on +44 7700 900123 or ann@example.org, ID 440106198001011234"
    ticket = await waiting(school, text=said, title="Call 07700900123")
    await school.dispatched(ticket, "pa.waste", "BN01")
    await school.hand_on()
    row = await school.owner.fetchrow("SELECT title, text, role, number FROM correction")
    assert not any(secret in f"{row['title']} {row['text']}" for secret in ("7700", "ann@", "4401061980"))
    assert "The lamp at" in row["text"] and row["number"] == ticket.number
    columns = await school.owner.fetch("SELECT column_name FROM information_schema.columns WHERE table_name = 'correction'")
    assert {r[0] for r in columns} & {"caller", "actor", "name", "phone", "place"} == set()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("我叫王小明，电话13800138000，身份证440106198001011234", f"我叫{GAP}，电话{GAP}，身份证{GAP}"),
        ("电话 020-8123 4567 转 8", f"电话 {GAP} 转 8"),
        ("粤A12345乱停在路边", f"{GAP}乱停在路边"),
        ("海珠区江南大道中219号之二3栋502房漏水", f"海珠区江南大道中{GAP}号之二{GAP}栋{GAP}房漏水"),
        ("凌晨2点还在施工，一周3次", "凌晨2点还在施工，一周3次"),
        ("我的手机号是一三八零零一三八零零零", f"我的手机号是{GAP}"),
        ("５楼１３８００１３８０００", f"{GAP}楼{GAP}"),
        ("drilling at 6 in the morning", "drilling at 6 in the morning"),
        ("my name is Ann Lee and the drain is blocked", f"my name is {GAP} and the drain is blocked"),
    ],
)
def test_masking_takes_what_is_personal_and_leaves_what_is_wrong(said: str, kept: str):
    assert masked(said) == kept


async def test_units_and_residents_see_no_example_and_nobody_rewrites_one(school: School):
    ticket = await waiting(school)
    await school.dispatched(ticket, "pa.waste", "BN01")
    await school.hand_on()
    for actor, seen in ((school.dispatcher, 1), (school.handler("pa.waste"), 0), (school.admin, 0)):
        async with school.db.transaction(actor.acting) as tx:
            assert await tx.fetchval("SELECT count(*) FROM correction") == seen
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with school.db.transaction(SYSTEM) as tx:
            await tx.execute("UPDATE correction SET text = 'other'")


async def test_what_is_too_old_is_forgotten_in_models_too(school: School):
    old, new = await waiting(school), await waiting(school)
    await school.dispatched(old, "pa.waste", "BN01")
    school.passes(days=20)
    await school.dispatched(new, "pa.waste", "BN02")
    await school.hand_on()
    model = await school.train()
    await forget(school, 10)
    async with school.db.transaction(SYSTEM) as tx:
        assert [t.matter for t in (await service.learned_by(tx, model.version)).taught] == ["BN02"]
    assert model.examples == 2


async def test_a_batch_costs_as_many_statements_as_one_ticket(school: School):
    async def statements(tickets: int) -> int:
        made = [await school.open("pa.roads") for _ in range(tickets)]
        for ticket in made:
            await school.reassigned(ticket, "pa.roads", "ST0202")
        async with school.db.transaction(SYSTEM) as tx:
            rows = [dict(r) for r in await tx.fetch("SELECT kind, subject, body, at FROM event WHERE done_at IS NULL ORDER BY seq")]
            events = [outbox.Event(**r) for r in rows]
            ran: list[str] = []
            with tx.query_logger(lambda query: ran.append(query.query)):
                await hearing.opened(tx, [e for e in events if e.kind == "ticket.opened"])
                await hearing.moved(tx, [e for e in events if e.kind == "ticket.moved"])
        await school.hand_on()
        return len(ran)

    await statements(3)  # a connection asks for the types once; from here on each batch tells that corrections repeat
    assert await statements(1) == await statements(12)


async def test_two_workers_count_each_ticket_once(school: School):
    for _ in range(30):
        await school.open("pa.roads")

    await asyncio.gather(school.hand_on(), school.hand_on(), school.hand_on())
    assert [(w["tickets"], w["matter"]) for w in await school.rows("matter_watch")] == [(30, "ST0101")]
    assert [(b["block"], b["tickets"]) for b in await school.rows("matter_block", "block, tickets")] == [(0, 25), (1, 5)]
