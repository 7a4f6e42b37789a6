"""What the database itself shows to whom, however a query is written."""

from __future__ import annotations

import asyncpg
import pytest
from tests.disputes.conftest import Court

from yixian.db.pool import NOBODY
from yixian.disputes import service
from yixian.disputes.model import Deed
from yixian.people.model import Actor, Role, citizen
from yixian.tickets.model import Action

TABLES = (
    "dispute", "dispute_party", "dispute_word", "dispute_panel", "dispute_seat", "dispute_opinion", "dispute_step", "dispute_ruling",
)  # fmt: skip


async def rows(court: Court, actor: Actor) -> dict[str, int]:
    """How many rows of each table this person's connection can read; those with none are left out."""
    async with court.db.transaction(actor.acting) as tx:
        found = {table: await tx.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}
    return {table: count for table, count in found.items() if count}


async def test_a_unit_sees_a_dispute_when_it_is_a_side_or_on_the_panel(court: Court) -> None:
    _, dispute = await court.disputed()
    assert await court.listed(court.handler("pa.waste")) == []
    with pytest.raises(service.NotFound):
        await court.looks(court.handler("pa.waste"), dispute)
    await court.convenes(dispute, "pa.waste", "PA-S")
    for unit in ("pa.roads", "PA-N-1", "pa.waste", "PA-S", "PA-N", "pa"):
        assert len(await court.listed(court.handler(unit))) == 1, unit
    for stranger in (court.handler("pa.harbour"), court.handler("PA-H"), court.handler("PA-S.noise"), court.staff("pa", Role.SYSTEM_ADMIN)):
        assert await rows(court, stranger) == {}, stranger.id
        assert await court.listed(stranger) == []


async def test_neither_citizens_nor_strangers_see_the_argument(court: Court) -> None:
    ticket, _ = await court.disputed()
    assert await rows(court, citizen(ticket.number)) == {}
    async with court.db.transaction(NOBODY) as tx:
        assert [t for t in TABLES if await tx.fetchval(f"SELECT count(*) FROM {t}")] == []


async def test_a_panel_unit_sees_the_case_but_neither_the_ticket_nor_the_caller(court: Court) -> None:
    ticket, dispute = await court.disputed()
    await court.convenes(dispute, "pa.waste", "PA-S")
    waste = court.handler("pa.waste")
    assert (await court.looks(waste, dispute)).dispute.text == ticket.text
    async with court.db.transaction(waste.acting) as tx:
        assert await tx.fetchval("SELECT count(*) FROM ticket") == 0
        assert await tx.fetchval("SELECT count(*) FROM caller") == 0


async def test_each_unit_judges_by_itself_until_the_panel_closes(court: Court) -> None:
    _, dispute = await court.disputed()
    await court.convenes(dispute, "pa.waste", "PA-S")
    await court.votes("pa.waste", dispute, "PA-N-1")
    await court.votes("PA-S", dispute, "pa.roads")
    assert [o.unit for o in (await court.looks(court.handler("pa.waste"), dispute)).opinions] == ["pa.waste"]
    assert (await court.looks(court.handler("pa.roads"), dispute)).opinions == ()
    assert len((await court.looks(court.dispatcher, dispute)).opinions) == 2
    await court.rules(dispute, "PA-N-1")
    assert len((await court.looks(court.handler("pa.roads"), dispute)).opinions) == 2


async def test_a_return_that_led_to_nothing_is_the_units_own(court: Court) -> None:
    ticket = await court.open("pa.roads")
    await court.does(court.handler("pa.roads"), ticket, Action.RETURN, note="A", basis="B")
    await court.hand_on()
    assert await rows(court, court.handler("pa.roads")) == {"dispute_word": 1}
    assert await rows(court, court.handler("pa.waste")) == {}


WRITES = {
    "a word in another's name": "INSERT INTO dispute_word (id, ticket, dispute, at, kind, unit, unit_path, actor, words)"
    " SELECT gen_random_uuid(), ticket, id, now(), 'statement', 'PA-N-1', 'pa/PA-N/PA-N-1/', 'x', 'Ours' FROM dispute",
    "a vote in another's name": "INSERT INTO dispute_opinion (panel, dispute, unit, unit_path, seq, at, actor, lead, basis)"
    " SELECT panel, dispute, unit, unit_path, 1, now(), 'x', 'PA-N-1', 'B' FROM dispute_seat WHERE unit = 'PA-S'",
    "a ruling": "INSERT INTO dispute_ruling (dispute, ticket, at, actor, role, rung, lead, basis, reason, how, audience, units)"
    " SELECT id, ticket, now(), 'x', 'x', 'desk', 'PA-N-1', 'B', 'R', 'chair', 'person', '{}' FROM dispute",
    "a seat for itself": "INSERT INTO dispute_seat (panel, dispute, unit, unit_path, votes)"
    " SELECT id, dispute, 'pa.waste', 'pa/pa.waste/', true FROM dispute_panel",
    "another vote's words": "UPDATE dispute_opinion SET lead = 'pa.roads'",
    "a step of the past": "UPDATE dispute_step SET note = 'x'",
    "a ruling made": "DELETE FROM dispute_ruling",
}


@pytest.mark.parametrize("statement", WRITES.values(), ids=WRITES.keys())
async def test_a_unit_writes_nothing_but_its_own_words(court: Court, statement: str) -> None:
    _, dispute = await court.disputed()
    await court.convenes(dispute, "pa.waste", "PA-S")
    await court.votes("pa.waste", dispute, "PA-N-1")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with court.db.transaction(court.handler("pa.waste").acting) as tx:
            await tx.execute(statement)


async def test_a_unit_changes_no_dispute(court: Court) -> None:
    _, dispute = await court.disputed()
    await court.convenes(dispute, "pa.waste", "PA-S")
    async with court.db.transaction(court.handler("pa.waste").acting) as tx:
        for statement in ("UPDATE dispute SET rung = 'desk'", "UPDATE dispute_panel SET closed_at = now()"):
            assert await tx.execute(statement) == "UPDATE 0"


@pytest.mark.parametrize("statement", ["UPDATE dispute SET rung = 'desk'", "UPDATE dispute SET ended_at = NULL, ended_how = ''"])
async def test_not_even_the_owner_takes_a_dispute_down_again(court: Court, statement: str) -> None:
    _, dispute = await court.disputed()
    await court.done(court.dispatcher, dispute, Deed.ESCALATE, note="Two laws say two things")
    await court.rules(dispute, "PA-N-1", by=court.supervisor)
    with pytest.raises(asyncpg.RaiseError):
        await court.owner.execute(statement)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await court.owner.execute("UPDATE dispute_ruling SET reason = 'x'")
