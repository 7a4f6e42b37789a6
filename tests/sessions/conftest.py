"""Port Ash, where leaders answer calls."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tests.tickets.conftest import Town
from tests.tickets.conftest import city as _city

from yixian.city import service as cities
from yixian.city.inforce import City
from yixian.db import jobs as work
from yixian.db.ids import new_id
from yixian.db.keys import Keys, master_key
from yixian.db.pool import SYSTEM, Database
from yixian.intake import service as intake
from yixian.intake.model import ContactIn, Outcome, Receipt
from yixian.intake.service import Means
from yixian.language.service import compile_reader
from yixian.people import service as people
from yixian.people.model import SYSTEM_ACTOR, Actor, CallerIn, Role
from yixian.people.secrets import SoftwareVault
from yixian.people.service import NewStaff
from yixian.sessions import jobs, service
from yixian.sessions.model import AnsweringSession, Deed, Motion, Plan, Report, Whole
from yixian.tickets import service as tickets
from yixian.tickets.model import Filters, State, Ticket

city = _city

LAMP = "The street light outside our house is out"


class Hall(Town):
    """The town, and its sessions."""

    means: Means
    said = 0

    def leader(self, unit: str = "pa.roads", name: str = "leader") -> Actor:
        """Somebody who sits for the unit's leader."""
        return Actor(name, name, frozenset({Role.HANDLER}), unit, self.city.register.unit_path(unit))

    def plan(self, **fields: Any) -> Plan:
        given: dict[str, Any] = {
            "unit": "pa.roads",
            "leader": "Head of Roads",
            "day": self.now.date() + timedelta(days=1),
            "begins": time(9, 30),
            "ends": time(11, 0),
            "seats": 2,
        }
        return Plan(**(given | fields))

    async def planned(self, **fields: Any) -> AnsweringSession:
        async with self.db.transaction(self.supervisor.acting) as tx:
            return await service.plan(tx, self.supervisor, self.plan(**fields), self.city, self.now)

    async def published(self, **fields: Any) -> AnsweringSession:
        session = await self.planned(**fields)
        return (await self.does_to(self.supervisor, session.id, Deed.PUBLISH)).session

    async def running(self, **fields: Any) -> AnsweringSession:
        """A published session, ten minutes after it began."""
        session = await self.published(**fields)
        self.now = session.starts_at + timedelta(minutes=10)
        return session

    async def does_to(self, actor: Actor, session: UUID, deed: Deed, **motion: Any) -> Whole:
        self.passes(seconds=1)
        return await service.do(self.db, actor, session, deed, Motion(**motion), self.city, self.now)

    async def looks(self, actor: Actor, session: UUID) -> Whole:
        async with self.db.transaction(actor.acting) as tx:
            return await service.see(tx, actor, session, self.now)

    async def report(self, session: UUID) -> Report:
        return (await self.looks(self.supervisor, session)).report

    async def says(self, actor: Actor | None, session: UUID | str, text: str = LAMP, key: str | None = None, **more: Any) -> Receipt:
        """A contact that is meant for a session."""
        self.said += 1
        self.passes(seconds=1)
        given: dict[str, Any] = {"text": text, "caller": CallerIn(phone=f"+4477009{self.said:05}"), "session": str(session)}
        if actor is not None:
            given |= {"outcome": Outcome.TICKET_OPENED, "channel": "phone", "matter": "ST0101", "region": "PA-N-2"}
        return await intake.record(self.means, ContactIn(**(given | more)), actor, key, self.now)

    async def read(self, number: str) -> Ticket:
        async with self.db.transaction(SYSTEM) as tx:
            return (await tickets.read(tx, number))[0]

    async def events(self, kind: str) -> list[dict[str, Any]]:
        async with self.db.transaction(SYSTEM) as tx:
            return [r["body"] for r in await tx.fetch("SELECT body FROM event WHERE kind = $1 ORDER BY seq", kind)]

    async def listed(self) -> tickets.Page:
        """The dispatchers' list."""
        async with self.db.transaction(self.dispatcher.acting) as tx:
            return await tickets.worklist(tx, self.dispatcher, Filters(states=(State.AWAITING_DISPATCH,)), "", 50, self.now)

    async def clock_strikes(self) -> None:
        """The minute's job."""
        await jobs.kinds()["answering.missed"].run(self.db, work.Job(new_id(self.now), "answering.missed", {}, 1), self.now)

    def in_days(self, days: int) -> date:
        return self.now.date() + timedelta(days=days)


@pytest.fixture
async def hall(database: Database, owner: asyncpg.Connection, city: City, home: Path) -> Hall:
    now = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    while now.weekday() > 1:  # a working morning with working days after it
        now += timedelta(days=1)
    async with database.transaction(SYSTEM) as tx:
        await cities.load(tx, city.pack, now)
        hired = await people.add_staff(tx, SYSTEM_ACTOR, NewStaff("op", "Op", frozenset({Role.OPERATOR}), "pa.contact"), now)
    town = Hall(database, owner, city, now)
    town.operator = Actor(str(hired.id), "Op", frozenset({Role.OPERATOR}), "pa.contact", city.register.unit_path("pa.contact"))
    keys = Keys(master_key(home))
    reader = await asyncio.to_thread(compile_reader, city.pack)
    town.means = Means(database, city, reader, SoftwareVault(keys), keys)
    return town
