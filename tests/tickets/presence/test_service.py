"""Who has a ticket open, who may know of it, and who is offered which."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from tests.tickets.conftest import Town
from tests.tickets.test_lists import counting

from yixian.db.pool import SYSTEM
from yixian.people.model import Actor, Role
from yixian.tickets.model import Ticket
from yixian.tickets.presence import service, words
from yixian.tickets.presence.model import GONE_AFTER, Beat, Doing
from yixian.tickets.service import NotFound


async def beats(town: Town, actor: Actor, ticket: Ticket, doing: Doing = Doing.READING, action: str = "") -> Beat:
    async with town.db.transaction(actor.acting) as tx:
        return await service.beat(tx, actor, ticket.number, doing, action, town.now)


def named(beat: Beat) -> list[tuple[str, str, Doing, str]]:
    return [(p.name, p.unit, p.doing, p.action) for p in beat.others]


async def test_two_of_the_hotline_see_each_other_until_one_is_gone(town: Town) -> None:
    ticket = await town.open(caller=None)
    assert (await beats(town, town.dispatcher, ticket)).others == ()
    await beats(town, town.supervisor, ticket, Doing.TYPING, "dispatch")
    town.passes(seconds=15)
    seen = await beats(town, town.dispatcher, ticket)
    assert named(seen) == [("supervisor", "pa.contact", Doing.TYPING, "dispatch")]
    assert seen.version == ticket.version
    said = words.sentences(seen.others, town.city)
    assert said[0][0] == words.TYPING_INTO
    assert {key: said[0][1][key] for key in ("name", "unit", "what")} == {"name": "supervisor", "unit": "Contact Centre", "what": "派单"}
    town.passes(seconds=GONE_AFTER.total_seconds())
    assert (await beats(town, town.dispatcher, ticket)).others == ()


async def test_who_closes_the_page_is_gone_at_once(town: Town) -> None:
    ticket = await town.open(caller=None)
    await beats(town, town.supervisor, ticket)
    async with town.db.transaction(town.supervisor.acting) as tx:
        await service.leave(tx, town.supervisor, ticket.number)
    assert (await beats(town, town.dispatcher, ticket)).others == ()


async def test_a_unit_knows_its_own_people_and_that_the_hotline_is_there_and_nobody_else(town: Town) -> None:
    ticket = await town.open("pa.roads", co=("pa.waste",))
    roads, chief, waste = town.handler("pa.roads"), town.chief("pa.roads"), town.handler("pa.waste")
    for actor in (town.dispatcher, town.supervisor, waste, chief):
        await beats(town, actor, ticket, Doing.TYPING, "reassign" if actor is town.dispatcher else "reply")
    seen = await beats(town, roads, ticket)
    assert {(p.name, p.role, p.action) for p in seen.others} == {("", "", ""), ("unit_reviewer", "unit_reviewer", "reply")}
    assert "pa.waste" not in {p.unit for p in seen.others}
    # Two of the contact centre are one sentence without a name.
    said = words.sentences(seen.others, town.city)
    assert [(key, of["name"]) for key, of in said] == [(words.TYPING, ""), (words.TYPING_INTO, "unit_reviewer")]
    # The hotline sees everybody, by name.
    assert {p.unit for p in (await beats(town, town.reviewer, ticket)).others} == {"pa.contact", "pa.roads", "pa.waste"}


async def test_nobody_is_present_where_they_see_nothing_nor_as_somebody_else(town: Town) -> None:
    ticket = await town.open("pa.roads")
    stranger = town.handler("pa.harbour")
    with pytest.raises(NotFound):
        await beats(town, stranger, ticket)
    await beats(town, town.dispatcher, ticket)
    put = "INSERT INTO presence VALUES ($1, $2, 'x', 'u', $3, $4, 'r', 'reading', '', $5, $5)"
    async with town.db.transaction(stranger.acting) as tx:
        assert await tx.fetch("SELECT * FROM present_at($1, $2)", [ticket.id], town.now - GONE_AFTER) == []
        assert await tx.fetch("SELECT * FROM presence") == []
    for staff, scope in ((stranger.id, "unit"), (town.dispatcher.id, "hotline"), (stranger.id, "hotline")):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with town.db.transaction(stranger.acting) as tx:
                await tx.execute(put, ticket.id, staff, stranger.unit_path, scope, town.now)


async def test_who_ask_at_once_are_offered_different_tickets(town: Town) -> None:
    tickets = [await town.open(caller=None) for _ in range(4)]
    people = [Actor(f"dispatcher-{n}", f"D{n}", frozenset({Role.DISPATCHER}), "pa.contact", town.dispatcher.unit_path) for n in range(4)]

    async def offered(actor: Actor) -> object:
        async with town.db.transaction(actor.acting) as tx:
            chosen, _ = await service.offer(tx, actor, [t.id for t in tickets], town.now)
            return chosen

    assert set(await asyncio.gather(*map(offered, people))) == {t.id for t in tickets}
    # Whoever looks again keeps their own; a fifth is offered the first, and told who has it.
    assert await offered(people[2]) in {t.id for t in tickets}
    async with town.db.transaction(town.supervisor.acting) as tx:
        chosen, taken = await service.offer(tx, town.supervisor, [t.id for t in tickets], town.now)
    assert chosen == tickets[0].id
    assert set(taken) == {t.id for t in tickets}


async def test_a_beat_and_an_offer_cost_little_and_are_forgotten(town: Town) -> None:
    tickets = [await town.open(caller=None) for _ in range(3)]
    await beats(town, town.supervisor, tickets[0])
    async with town.db.transaction(town.dispatcher.acting) as tx, counting(tx) as sent:
        await service.beat(tx, town.dispatcher, tickets[0].number, Doing.READING, "", town.now)
    assert len(sent) == 2
    async with town.db.transaction(town.dispatcher.acting) as tx, counting(tx) as sent:
        await service.offer(tx, town.dispatcher, [t.id for t in tickets], town.now)
    assert len(sent) == 1
    async with town.db.transaction(SYSTEM) as tx:
        await service.forget(tx, town.now + GONE_AFTER + timedelta(seconds=1))
    assert await town.owner.fetchval("SELECT count(*) FROM presence") == 0
