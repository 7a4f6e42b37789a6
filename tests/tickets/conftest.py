"""Port Ash with its people, and a clock that the test turns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from yixian.city import pack
from yixian.city import service as cities
from yixian.city.inforce import City, compile_city
from yixian.city.model import Audience, RequestKind, Urgency
from yixian.db.ids import new_id
from yixian.db.pool import SYSTEM, Database
from yixian.people.model import Actor, Role, citizen
from yixian.tickets import effects, numbers, service
from yixian.tickets.model import Action, Rating, Step, Ticket

TINY = Path(__file__).parents[1] / "packs" / "tiny"
ANSWER = "The lamp was repaired this morning and checked tonight."


@pytest.fixture(scope="session")
def city() -> City:
    return compile_city(pack.read(TINY))


class Town:
    """A running town: who works there, what time it is, and what was done."""

    def __init__(self, database: Database, owner: asyncpg.Connection, city: City, now: datetime) -> None:
        self.db = database
        self.owner = owner
        self.city = city
        self.now = now
        self.dispatcher = self.staff("pa.contact", Role.DISPATCHER)
        self.supervisor = self.staff("pa.contact", Role.SUPERVISOR)
        self.reviewer = self.staff("pa.contact", Role.REVIEWER)
        self.caller_back = self.staff("pa.contact", Role.CALL_BACK)
        self.operator = self.staff("pa.contact", Role.OPERATOR)

    def staff(self, unit: str, *roles: Role) -> Actor:
        return Actor(f"{unit}.{roles[0]}", roles[0], frozenset(roles), unit, self.city.register.unit_path(unit))

    def handler(self, unit: str) -> Actor:
        return self.staff(unit, Role.HANDLER)

    def chief(self, unit: str) -> Actor:
        return self.staff(unit, Role.UNIT_REVIEWER)

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)

    async def caller(self) -> UUID:
        identifier = new_id(self.now)
        async with self.db.transaction(SYSTEM) as tx:
            await tx.execute(
                "INSERT INTO caller (id, kind, phone_tail, created_at) VALUES ($1, 'person', '1234', $2)", identifier, self.now
            )
        return identifier

    async def fresh(self, text: str = "The light outside our house is out", **fields: Any) -> Ticket:
        day = self.now.date()
        number = numbers.number("PA", day, await self.db.numbers.take(day))
        caller = fields.pop("caller", ...)
        made = effects.fresh(
            new_id(self.now), number, await self.caller() if caller is ... else caller, "web",
            fields.pop("kind", RequestKind.HELP), text, Urgency.NORMAL, Audience.PERSON, self.now,
        )  # fmt: skip
        return msgspec.structs.replace(made, **{"matter": "ST0101", "region": "PA-N-1", **fields})

    async def open(self, lead: str = "", co: tuple[str, ...] = (), **fields: Any) -> Ticket:
        """A ticket, dispatched by the gate when `lead` is named."""
        sure = Step(unit=lead, co_units=co, basis="Roads Order 12") if lead else None
        opening = service.Opening(await self.fresh(**fields), self.operator, sure)
        async with self.db.transaction(SYSTEM) as tx:
            return (await service.open_tickets(tx, [opening], self.city, self.now))[0]

    async def does(self, actor: Actor, ticket: Ticket, action: Action, *numbers: str, **step: Any) -> Ticket:
        """Takes a step, a second after what was done before."""
        self.passes(seconds=1)
        async with self.db.transaction(actor.acting) as tx:
            return await service.act(tx, actor, ticket.number, action, Step(**step), self.city, self.now, numbers)

    async def sees(self, actor: Actor, ticket: Ticket) -> service.Seen:
        async with self.db.transaction(actor.acting) as tx:
            return await service.see(tx, actor, ticket.number, self.city, self.now)

    async def answered(self, ticket: Ticket, unit: str) -> Ticket:
        """From dispatched to the hotline's review."""
        handler = self.handler(unit)
        await self.does(handler, ticket, Action.SIGN)
        if ticket.caller:
            await self.does(handler, ticket, Action.CONTACT, note="Rang; the lamp at number 4.")
        await self.does(handler, ticket, Action.REPLY, answer=ANSWER, internal="Lamp 1234 replaced")
        return await self.does(self.chief(unit), ticket, Action.APPROVE)

    async def closed(self, ticket: Ticket, unit: str) -> Ticket:
        """From dispatched to closed, with the citizen content."""
        await self.answered(ticket, unit)
        await self.does(self.reviewer, ticket, Action.PASS)
        return await self.does(citizen(ticket.number), ticket, Action.RATE, rating=rating(5))

    async def history(self, ticket: Ticket) -> list[str]:
        async with self.db.transaction(SYSTEM) as tx:
            return [row.action for row in await service.time_line(tx, ticket)]

    async def live(self, ticket: Ticket) -> set[tuple[str, str]]:
        """The live orders, by unit and role."""
        rows = await self.owner.fetch("SELECT unit, role FROM unit_order WHERE ticket = $1 AND ended_at IS NULL", ticket.id)
        return {(r["unit"], r["role"]) for r in rows}


def rating(solution: int) -> Rating:
    return Rating(4, solution, 5)


@pytest.fixture
async def town(database: Database, owner: asyncpg.Connection, city: City) -> AsyncIterator[Town]:
    now = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    async with database.transaction(SYSTEM) as tx:
        await cities.load(tx, city.pack, now)
    yield Town(database, owner, city, now)
