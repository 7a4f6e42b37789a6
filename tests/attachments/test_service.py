"""Files wait for their ticket, go with it, and are seen by who sees it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from tests.attachments.files import photo, wav
from tests.tickets.conftest import Town

from yixian.attachments import jobs, service
from yixian.attachments.model import Attachment, NotFound, Side, Unfit
from yixian.db.jobs import Job
from yixian.db.keys import Keys
from yixian.db.pool import NOBODY, SYSTEM
from yixian.people.model import Actor, Role, citizen
from yixian.settings import Settings
from yixian.tickets import service as tickets
from yixian.tickets.model import Action, Ticket

SETTINGS = Settings(home=Path("/nowhere"))
PHOTO = service.clean(photo(), 10_000_000)
SOUND = service.clean(wav(), 10_000_000)
DRAFT = service.draft_of(Keys(bytes(32)), "the form's key")


async def drafted(town: Town, draft: bytes = DRAFT, name: str = "lamp.jpg") -> Attachment:
    async with town.db.transaction(SYSTEM) as tx:
        return await service.add_draft(tx, draft, PHOTO, name, SETTINGS, town.now)


async def bound(town: Town, *tickets: Ticket, draft: bytes = DRAFT) -> int:
    async with town.db.transaction(SYSTEM) as tx:
        return await service.bind(tx, draft, [t.id for t in tickets], town.now)


async def seen(town: Town, actor: Actor, ticket: Ticket) -> list[UUID]:
    """The files that this person is shown of the ticket; each can be opened, and no other."""
    async with town.db.transaction(actor.acting) as tx:
        files = await service.of_ticket(tx, ticket.id)
        for file in files:
            assert (await service.content(tx, file.id)).body
        everything = [r["attachment"] for r in await tx.fetch("SELECT attachment FROM ticket_attachment WHERE ticket = $1", ticket.id)]
    assert {f.id for f in files} >= set(everything)
    return [f.id for f in files]


async def opens(town: Town, actor: Actor | None, file: UUID) -> bool:
    async with town.db.transaction(actor.acting if actor else NOBODY) as tx:
        try:
            await service.content(tx, file, thumbnail=True)
        except NotFound:
            return False
    return True


async def adds(town: Town, actor: Actor, ticket: Ticket, *, public: bool = False) -> Attachment:
    async with town.db.transaction(actor.acting) as tx:
        return await service.add(tx, actor, ticket.id, SOUND, "note.wav", SETTINGS, town.now, public=public)


async def test_files_of_a_form_go_with_every_ticket_it_makes_and_only_once(town: Town) -> None:
    file = await drafted(town)
    one, two, other = await town.open("pa.roads"), await town.open("pa.waste"), await town.open("pa.roads")
    assert await bound(town, one, two) == 1
    assert await bound(town, other) == 0
    assert await seen(town, town.handler("pa.roads"), one) == await seen(town, town.handler("pa.waste"), two) == [file.id]
    assert await seen(town, town.operator, other) == []


async def test_only_who_sees_the_ticket_sees_its_files(town: Town) -> None:
    file = await drafted(town)
    ticket, other = await town.open("pa.roads", hides_identity=True), await town.open("pa.roads")
    await bound(town, ticket)
    assert [await opens(town, who, file.id) for who in (town.handler("pa.roads"), town.operator, citizen(ticket.number))] == [True] * 3
    editor, admin = (town.staff("pa.contact", role) for role in (Role.KNOWLEDGE_EDITOR, Role.SYSTEM_ADMIN))
    nobody = (town.handler("pa.waste"), citizen(other.number), editor, admin, None)
    assert [await opens(town, who, file.id) for who in nobody] == [False] * 5


async def test_a_unit_that_gave_the_ticket_back_sees_its_files_no_more(town: Town) -> None:
    file = await drafted(town)
    ticket = await town.open("pa.roads")
    await bound(town, ticket)
    await town.does(town.handler("pa.roads"), ticket, Action.RETURN, note="Not ours", basis="Roads Order 3")
    assert not await opens(town, town.handler("pa.roads"), file.id)
    assert await opens(town, citizen(ticket.number), file.id)


async def test_what_a_unit_adds_the_citizen_sees_with_the_answer_and_only_if_it_is_meant_for_them(town: Town) -> None:
    ticket = await town.open("pa.roads")
    shown = await adds(town, town.handler("pa.roads"), ticket, public=True)
    inside = await adds(town, town.handler("pa.roads"), ticket)
    assert shown.side is Side.UNIT
    assert await seen(town, citizen(ticket.number), ticket) == []
    assert not await opens(town, citizen(ticket.number), shown.id)
    await town.closed(ticket, "pa.roads")
    assert await seen(town, citizen(ticket.number), ticket) == [shown.id]
    assert set(await seen(town, town.reviewer, ticket)) == {shown.id, inside.id}


async def test_nobody_puts_a_file_with_a_ticket_that_they_do_not_see(town: Town) -> None:
    ticket, other = await town.open("pa.roads"), await town.open("pa.roads")
    for actor in (town.handler("pa.waste"), citizen(other.number), town.staff("pa.contact", Role.SYSTEM_ADMIN)):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await adds(town, actor, ticket)
    assert await seen(town, town.operator, ticket) == []


async def test_a_part_of_a_split_ticket_has_the_residents_photographs_of_the_whole(town: Town) -> None:
    file = await drafted(town)
    ticket = await town.open()
    await bound(town, ticket)
    day = town.now.date()
    number = f"PA{day:%y%m%d}{await town.db.numbers.take(day):07}"
    await town.does(town.dispatcher, ticket, Action.SPLIT, number, texts=("The bins",))
    await town.does(town.dispatcher, await _named(town, number), Action.DISPATCH, unit="pa.waste", basis="Waste Order 1")
    assert await seen(town, town.handler("pa.waste"), await _named(town, number)) == [file.id]
    assert not await opens(town, town.handler("pa.roads"), file.id)


async def _named(town: Town, number: str) -> Ticket:
    async with town.db.transaction(SYSTEM) as tx:
        return (await tickets.read(tx, number))[0]


async def test_nine_files_and_no_tenth_even_when_they_come_at_once(town: Town) -> None:
    async def one() -> bool:
        try:
            await drafted(town)
        except Unfit:
            return False
        return True

    kept = await asyncio.gather(*(one() for _ in range(12)))
    assert sum(kept) == 9
    ticket = await town.open("pa.roads")
    assert await bound(town, ticket) == 9
    with pytest.raises(Unfit, match="最多上传 9 个"):
        await adds(town, citizen(ticket.number), ticket)
    assert (await adds(town, town.handler("pa.roads"), ticket)).side is Side.UNIT


async def test_a_draft_belongs_to_its_form_and_is_forgotten_after_a_day(town: Town) -> None:
    file, strange = await drafted(town), service.draft_of(Keys(bytes(32)), "another form")
    async with town.db.transaction(SYSTEM) as tx:
        assert [f.id for f in await service.drafts(tx, DRAFT)] == [file.id]
        assert (await service.draft_content(tx, DRAFT, file.id)).media_type == "image/jpeg"
        for deed in (service.draft_content(tx, strange, file.id), service.remove_draft(tx, strange, file.id)):
            with pytest.raises(NotFound):
                await deed
    assert not await opens(town, town.handler("pa.roads"), file.id)
    kept = await drafted(town)
    ticket = await town.open("pa.roads")
    await bound(town, ticket)
    lost = await drafted(town)
    town.passes(hours=25)
    fresh = await drafted(town)
    await jobs.forget(town.db, Job(kept.id, "attachments.forget", {}, 1), town.now)
    async with town.db.transaction(SYSTEM) as tx:
        assert [f.id for f in await service.drafts(tx, DRAFT)] == [fresh.id]
    assert await opens(town, town.operator, kept.id) and not await opens(town, town.operator, lost.id)


async def test_what_a_ticket_has_it_keeps(town: Town) -> None:
    file = await drafted(town)
    ticket = await town.open("pa.roads")
    await bound(town, ticket)
    async with town.db.transaction(SYSTEM) as tx:
        assert await tx.execute("DELETE FROM attachment WHERE id = $1", file.id) == "DELETE 0"
        with pytest.raises(NotFound):
            await service.remove_draft(tx, DRAFT, file.id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with town.db.transaction(SYSTEM) as tx:
            await tx.execute("DELETE FROM ticket_attachment WHERE attachment = $1", file.id)


async def test_the_files_of_fifty_tickets_cost_one_statement(town: Town) -> None:
    tickets = [await town.open("pa.roads") for _ in range(5)]
    for ticket in tickets:
        await adds(town, town.operator, ticket)
    asked: list[str] = []
    async with town.db.transaction(town.handler("pa.roads").acting) as tx:
        with tx.query_logger(lambda record: asked.append(record.query)):
            found = await service.of_tickets(tx, [t.id for t in tickets])
    assert set(found) == {t.id for t in tickets} and len(asked) == 1
