"""Port Ash, where people put right what was dispatched, and the worker listens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from tests.tickets.conftest import TINY, Town, rating
from tests.tickets.conftest import city as _city

from yixian.city import service as cities
from yixian.city.inforce import City
from yixian.city.model import Audience
from yixian.db import jobs as work
from yixian.db import outbox
from yixian.db.ids import new_id
from yixian.db.keys import Keys, master_key
from yixian.db.pool import SYSTEM, Database
from yixian.intake import service as intake
from yixian.intake.model import ContactIn, Preview
from yixian.intake.service import Means
from yixian.language.live import LiveCity, live_city
from yixian.learning import jobs, service
from yixian.learning.model import Live, Model
from yixian.learning.service import Learned
from yixian.people.model import SYSTEM_ACTOR, Actor, CallerIn, Role, citizen
from yixian.people.secrets import SoftwareVault
from yixian.settings import Settings
from yixian.tickets import service as tickets
from yixian.tickets.model import Action, Ticket

__all__ = ["TINY", "rating"]

city = _city
CONSUMERS = jobs.consumers()
BASIS = {"basis": "Roads Order 12", "note": "Theirs by the list."}
NOT_OURS = {"note": "Not ours", "basis": "Waste Order 2"}


class School(Town):
    """The town, and what is learned there."""

    keys: Keys
    held: LiveCity[Learned]

    @property
    def admin(self) -> Actor:
        return self.staff("pa.contact", Role.SYSTEM_ADMIN)

    @property
    def means(self) -> Means:
        """As a process has them, which has taken up what changed."""
        return Means(self.db, self.held.city, self.held.reader, SoftwareVault(self.keys), self.keys, self.held.lesson.standing)

    async def take_up(self) -> None:
        """What a process does when it is called."""
        await self.held._take_up(self.db)

    async def hand_on(self) -> None:
        """The worker's part."""
        while await outbox.hand_on(self.db, CONSUMERS, self.now):
            pass

    async def says(self, text: str, **more: Any) -> Ticket:
        """A resident's contact, through intake; its first ticket."""
        self.passes(seconds=1)
        caller = CallerIn(phone=f"+4477009{self.now.timestamp() * 1000 % 1e5:05.0f}")
        receipt = await intake.record(
            self.means, ContactIn(text=text, channel="web", separate=True, caller=caller, **more), None, None, self.now
        )
        return await self.read(receipt.tickets[0].number)

    async def read(self, number: str) -> Ticket:
        async with self.db.transaction(SYSTEM) as tx:
            return (await tickets.read(tx, number))[0]

    def looks(self, text: str) -> Preview:
        """How a message would be understood now."""
        return intake.preview(self.means, ContactIn(text=text, channel="web"), self.now)[0]

    async def dispatched(self, ticket: Ticket, unit: str, matter: str = "", **more: Any) -> Ticket:
        """A dispatcher's choice."""
        return await self.does(self.dispatcher, ticket, Action.DISPATCH, unit=unit, matter=matter, **BASIS, **more)

    async def reassigned(self, ticket: Ticket, unit: str, matter: str = "") -> Ticket:
        """A dispatcher puts right what was dispatched."""
        return await self.does(self.dispatcher, ticket, Action.REASSIGN, unit=unit, matter=matter, **BASIS)

    async def returned(self, ticket: Ticket, unit: str) -> Ticket:
        return await self.does(self.handler(unit), ticket, Action.RETURN, **NOT_OURS)

    async def passed(self, ticket: Ticket, unit: str) -> Ticket:
        """Answered, and the answer found to answer."""
        await self.answered(ticket, unit)
        return await self.does(self.reviewer, ticket, Action.PASS)

    async def rows(self, table: str, columns: str = "*", where: str = "true") -> list[dict[str, Any]]:
        return [dict(r) for r in await self.owner.fetch(f"SELECT {columns} FROM {table} WHERE {where} ORDER BY 1")]

    async def train(self, note: str = "") -> Model:
        self.passes(seconds=1)
        return (await service.train(self.db, SYSTEM_ACTOR, note, self.now))[0]

    async def go_live(self, version: int, by: Actor | None = None, seen: Any = ...) -> Live:
        self.passes(seconds=1)
        actor = by or self.supervisor
        async with self.db.transaction(actor.acting) as tx:
            now_live = await service.live(tx)
            given = (now_live.id if now_live else None) if seen is ... else seen
            row = await service.go_live(tx, actor, version, given, "It reads better.", self.now)
        await self.take_up()
        return row

    async def go_back(self, by: Actor | None = None, seen: Any = ...) -> Live | None:
        self.passes(seconds=1)
        actor = by or self.supervisor
        async with self.db.transaction(actor.acting) as tx:
            now_live = await service.live(tx)
            given = (now_live.id if now_live else None) if seen is ... else seen
            row = await service.go_back(tx, actor, given, "It reads worse.", self.now)
        await self.take_up()
        return row

    async def events(self, kind: str) -> list[dict[str, Any]]:
        return [r["body"] for r in await self.owner.fetch("SELECT body FROM event WHERE kind = $1 ORDER BY seq", kind)]


@pytest.fixture
async def school(database: Database, owner: asyncpg.Connection, city: City, home: Path) -> School:
    now = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    while now.weekday() > 1:
        now += timedelta(days=1)
    async with database.transaction(SYSTEM) as tx:
        await cities.load(tx, city.pack, now)
    made = School(database, owner, city, now)
    made.keys = Keys(master_key(home))
    made.held = await live_city(database, service.SCHOOL)
    await owner.set_type_codec("jsonb", schema="pg_catalog", encoder=lambda v: msgspec.json.encode(v).decode(), decoder=msgspec.json.decode)
    return made


async def forget(school: School, days: int) -> None:
    """The daily job."""
    kinds = jobs.kinds(Settings(home=Path("/"), training_days=days))
    await kinds["learning.forget"].run(school.db, work.Job(new_id(school.now), "learning.forget", {}, 1), school.now)


__all__ += ["Audience", "citizen", "forget"]
