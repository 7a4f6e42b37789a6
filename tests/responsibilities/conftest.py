"""Port Ash with those who keep its list, and a clock that the test turns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from tests.hotline import TINY

from yixian.city import pack
from yixian.city import service as cities
from yixian.city.inforce import City, compile_city
from yixian.city.model import Pack, Responsibility
from yixian.db.pool import SYSTEM, Database
from yixian.people.model import Actor, Role
from yixian.responsibilities import review, service
from yixian.responsibilities.model import Answer, Proposal, Step, Wanted

MONDAY = datetime(2026, 11, 16, 10, tzinfo=UTC)
"""A working morning in Port Ash."""
TODAY = date(2026, 11, 16)
SOON = date(2026, 12, 1)


@pytest.fixture(scope="session")
def tiny() -> Pack:
    return pack.read(TINY)


@pytest.fixture(scope="session")
def city(tiny: Pack) -> City:
    return compile_city(tiny)


def entry(city: City, code: str, /, **changes: Any) -> Responsibility:
    """An entry of Port Ash's list, changed."""
    return msgspec.structs.replace(next(e for e in city.pack.responsibilities if e.code == code), **changes)


class Office:
    """Those who keep the list, and what they do to it."""

    def __init__(self, database: Database, owner: asyncpg.Connection, city: City) -> None:
        self.db = database
        self.owner = owner
        self.city = city
        self.now = MONDAY
        self.editor = self.staff("pa.contact", Role.KNOWLEDGE_EDITOR)
        self.other_editor = self.staff("pa.contact", Role.KNOWLEDGE_EDITOR, "second")
        self.supervisor = self.staff("pa.contact", Role.SUPERVISOR)

    def staff(self, unit: str, role: Role, name: str = "first") -> Actor:
        return Actor(f"{unit}.{role}.{name}", f"{name} of {unit}", frozenset({role}), unit, self.city.register.unit_path(unit))

    def chief(self, unit: str) -> Actor:
        return self.staff(unit, Role.UNIT_REVIEWER)

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)

    async def proposes(self, code: str, after: Responsibility | None, since: date = SOON, actor: Actor | None = None, **more: Any) -> UUID:
        who = actor or self.editor
        wanted = Wanted(code, after, since, more.pop("reason", "The lamps changed hands"), **more)
        async with self.db.transaction(review.acting(who)) as tx:
            return (await service.propose(tx, who, [wanted], self.city, self.now))[0]

    async def answers(self, actor: Actor, proposal: UUID, said: Answer = Answer.AGREE, reason: str = "", basis: str = "") -> Proposal:
        async with self.db.transaction(review.acting(actor, Step.ANSWER)) as tx:
            return await service.answer(tx, actor, proposal, said, reason, basis, self.now)

    async def approves(self, actor: Actor, *proposals: UUID, **more: Any) -> Sequence[Proposal]:
        async with self.db.transaction(review.acting(actor)) as tx:
            return await service.approve(tx, actor, proposals, self.city, self.now, **more)

    async def sees(self, actor: Actor, proposal: UUID) -> service.Seen:
        async with self.db.transaction(review.acting(actor)) as tx:
            return await service.see(tx, actor, proposal, self.city, self.now)

    async def in_force(self) -> City:
        """The city as a process that reads it now holds it."""
        async with self.db.transaction(SYSTEM) as tx:
            return compile_city(await cities.current(tx), await cities.version(tx) or 0)

    async def versions(self, code: str) -> list[tuple[str, date, date | None]]:
        return [(e.lead, e.valid_from, e.valid_to) for e in (await self.in_force()).pack.responsibilities if e.code == code]

    async def loads(self, changed: Pack) -> cities.LoadSummary:
        async with self.db.transaction(SYSTEM) as tx:
            return await cities.load(tx, changed, self.now)


@pytest.fixture
async def office(database: Database, owner: asyncpg.Connection, city: City) -> AsyncIterator[Office]:
    # The partitions of the events stand ready from the present month on; the test's own days may lie before.
    await owner.execute("SELECT make_partitions($1::date, 3)", TODAY)
    async with database.transaction(SYSTEM) as tx:
        await cities.load(tx, city.pack, MONDAY)
    yield Office(database, owner, city)
