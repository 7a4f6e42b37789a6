"""What the database itself shows to whom, however a query is written."""

from __future__ import annotations

import asyncpg
import pytest
from tests.tickets.conftest import Town

from yixian.people.model import Actor, citizen
from yixian.tickets.model import Action, Ticket

SEEN = {
    "ticket": "SELECT count(*) FROM ticket WHERE id = $1",
    "order": "SELECT count(*) FROM unit_order WHERE ticket = $1",
    "history": "SELECT count(*) FROM history WHERE ticket = $1",
    "caller": "SELECT count(*) FROM caller WHERE id = (SELECT caller FROM ticket WHERE id = $1)",
}


async def sees(town: Town, actor: Actor, ticket: Ticket) -> set[str]:
    """Of what there is about a ticket, what this person's connection can read."""
    async with town.db.transaction(actor.acting) as tx:
        found = {name for name, sql in SEEN.items() if await tx.fetchval(sql, ticket.id)}
        if await tx.fetchval("SELECT count(*) FROM caller WHERE id = $1", ticket.caller):
            found.add("caller")
        return found


async def test_a_unit_sees_its_own_tickets_and_no_others(town: Town) -> None:
    ticket = await town.open("pa.roads")
    assert await sees(town, town.handler("pa.roads"), ticket) == {"ticket", "order", "history", "caller"}
    assert await sees(town, town.handler("pa.harbour"), ticket) == set()
    assert await sees(town, town.dispatcher, ticket) == {"ticket", "order", "history", "caller"}
    assert await sees(town, Actor("nobody", "nobody", frozenset()), ticket) == set()


async def test_a_unit_reads_neither_events_nor_notices_nor_contacts(town: Town) -> None:
    await town.open("pa.roads")
    async with town.db.transaction(town.handler("pa.roads").acting) as tx:
        for table in ("event", "notice", "contact"):
            assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ticket SET place = 'mine' WHERE id = $1",
        "UPDATE unit_order SET part = 'mine' WHERE ticket = $1",
    ],
)
async def test_a_unit_cannot_change_anothers_ticket(town: Town, statement: str) -> None:
    ticket = await town.open("pa.roads")
    async with town.db.transaction(town.handler("pa.harbour").acting) as tx:
        assert await tx.execute(statement, ticket.id) == "UPDATE 0"


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO unit_order (id, ticket, unit, unit_path, role, since)"
        " VALUES (gen_random_uuid(), $1, 'pa.harbour', 'pa/pa.harbour/', 'co', now())",
        "INSERT INTO history (ticket, seq, at, actor, role, action, source, target, previous, hash)"
        " VALUES ($1, 9, now(), 'x', 'x', 'x', 'x', 'x', '', '')",
        "UPDATE unit_order SET ticket = $1",
        "UPDATE ticket SET hides_identity = (id = $1)",
        "UPDATE ticket SET complained_unit = NULL WHERE id <> $1",
        "UPDATE history SET note = 'x' WHERE ticket = $1",
        "DELETE FROM ticket WHERE id = $1",
    ],
)
async def test_a_unit_cannot_write_itself_into_anothers_ticket(town: Town, statement: str) -> None:
    ticket = await town.open("pa.roads")
    await town.open("pa.harbour")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with town.db.transaction(town.handler("pa.harbour").acting) as tx:
            await tx.execute(statement, ticket.id)


async def test_a_returned_order_cannot_be_brought_back_to_life(town: Town) -> None:
    ticket = await town.open("pa.roads")
    await town.does(town.handler("pa.roads"), ticket, Action.RETURN, note="A", basis="B")
    async with town.db.transaction(town.handler("pa.roads").acting) as tx:
        assert await tx.execute("UPDATE unit_order SET ended_at = NULL") == "UPDATE 0"
        assert await tx.fetchval("SELECT count(*) FROM ticket") == 0


async def test_what_was_returned_is_out_of_sight(town: Town) -> None:
    ticket = await town.open("pa.roads")
    await town.does(town.handler("pa.roads"), ticket, Action.RETURN, note="A", basis="B")
    assert await sees(town, town.handler("pa.roads"), ticket) == {"order"}, "its own order, with nothing in it of the ticket"


async def test_a_unit_above_sees_what_those_below_have_and_not_the_other_way_round(town: Town) -> None:
    below, above = await town.open("PA-N-1"), await town.open("PA-N")
    assert "ticket" in await sees(town, town.handler("PA-N"), below)
    assert "ticket" in await sees(town, town.handler("pa"), below)
    assert await sees(town, town.handler("PA-N-1"), above) == set()
    assert await sees(town, town.handler("PA-N.noise"), below) == set()
    assert await sees(town, town.handler("PA-S"), below) == set()


async def test_a_co_unit_sees_all_of_it(town: Town) -> None:
    ticket = await town.open("pa.roads", co=("pa.harbour",))
    assert await sees(town, town.handler("pa.harbour"), ticket) == {"ticket", "order", "history", "caller"}


async def test_a_unit_complained_of_never_learns_who_called(town: Town) -> None:
    ticket = await town.open("PA-N", complained_unit="PA-N")
    assert await sees(town, town.handler("PA-N"), ticket) == {"ticket", "order", "history"}
    down = await town.does(town.handler("PA-N"), ticket, Action.HAND_DOWN, unit="PA-N-1")
    assert "caller" not in await sees(town, town.handler("PA-N-1"), down), "nor does a unit below it"
    other = await town.open("pa.roads", complained_unit="PA-N")
    assert "caller" in await sees(town, town.handler("pa.roads"), other)


async def test_secrecy_hides_the_caller_from_every_unit(town: Town) -> None:
    ticket = await town.open("pa.roads", hides_identity=True)
    assert await sees(town, town.handler("pa.roads"), ticket) == {"ticket", "order", "history"}
    assert "caller" in await sees(town, town.dispatcher, ticket)


async def test_who_called_is_forgotten_when_the_ticket_is_closed(town: Town) -> None:
    ticket = await town.closed(await town.open("pa.roads"), "pa.roads")
    assert await sees(town, town.handler("pa.roads"), ticket) == {"ticket", "order", "history"}


async def test_a_citizen_sees_one_ticket_and_what_is_public_of_it(town: Town) -> None:
    mine, other = await town.open("pa.roads"), await town.open("pa.roads")
    await town.does(town.handler("pa.roads"), mine, Action.SIGN)
    await town.does(town.handler("pa.roads"), mine, Action.CONTACT, note="Sounded cross")
    async with town.db.transaction(citizen(mine.number).acting) as tx:
        assert [r["id"] for r in await tx.fetch("SELECT id FROM ticket")] == [mine.id]
        assert {r["ticket"] for r in await tx.fetch("SELECT ticket FROM unit_order")} == {mine.id}
        assert {r["action"] for r in await tx.fetch("SELECT action FROM history")} == {"register", "dispatch", "sign"}
        assert await tx.fetchval("SELECT count(*) FROM caller") == 0
        assert await tx.execute("UPDATE ticket SET place = 'mine' WHERE id = $1", other.id) == "UPDATE 0"
