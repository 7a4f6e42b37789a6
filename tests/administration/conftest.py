"""Port Ash with an administrator of its data, and a clock that the test turns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest
from tests.hotline import TINY

from yixian.administration import jobs, policy, service
from yixian.administration.model import Deed, Preview, Seen, Wanted
from yixian.city import adjustments as adjusting
from yixian.city import pack
from yixian.city import service as cities
from yixian.city.adjustments import Adjustment, Thing
from yixian.city.inforce import City, compile_city
from yixian.city.model import Pack
from yixian.db.jobs import Job
from yixian.db.pool import SYSTEM, Database
from yixian.people.model import Actor, Role

TODAY = datetime.now(UTC).date()
MORNING = datetime(TODAY.year, TODAY.month, TODAY.day, 9, tzinfo=UTC)
"""In a month that has partitions."""
SOON = TODAY + timedelta(days=10)


@pytest.fixture(scope="session")
def tiny() -> Pack:
    return pack.read(TINY)


class TownHall:
    """The administrator of Port Ash's data, and what they do."""

    def __init__(self, database: Database, owner: asyncpg.Connection, tiny: Pack) -> None:
        self.db = database
        self.owner = owner
        self.tiny = tiny
        self.now = MORNING
        self.admin = Actor("00000000-0000-7000-8000-000000000001", "Ada", frozenset({Role.SYSTEM_ADMIN}), "pa.contact", "pa/pa.contact/")

    async def city(self) -> City:
        """The city as a process that reads it now holds it."""
        async with self.db.transaction(SYSTEM) as tx:
            return compile_city(await cities.current(tx), await cities.version(tx) or 0)

    async def loads(self, changed: Pack) -> cities.LoadSummary:
        async with self.db.transaction(SYSTEM) as tx:
            return await cities.load(tx, changed, self.now)

    async def body(self, thing: Thing, code: str) -> dict[str, Any]:
        return adjusting.things((await self.city()).pack, thing)[code]

    async def wants(self, thing: Thing, code: str, since: date = TODAY, **changes: Any) -> Wanted:
        body = await self.body(thing, code) | changes
        return Wanted(thing, code, Deed.CHANGE, since, "the council decided", body)

    async def tries(self, wanted: Wanted, actor: Actor | None = None) -> Preview:
        who = actor or self.admin
        city = await self.city()
        async with self.db.transaction(policy.acting(who)) as tx:
            return await service.preview(tx, who, wanted, city, self.now)

    async def decides(self, wanted: Wanted, actor: Actor | None = None) -> Adjustment:
        who = actor or self.admin
        city = await self.city()
        async with self.db.transaction(policy.acting(who)) as tx:
            return await service.decide(tx, who, wanted, city, self.now)

    async def changes(self, thing: Thing, code: str, since: date = TODAY, **changes: Any) -> Adjustment:
        return await self.decides(await self.wants(thing, code, since, **changes))

    async def closes(self, thing: Thing, code: str, successor: str = "", since: date = TODAY) -> Adjustment:
        return await self.decides(Wanted(thing, code, Deed.CLOSE, since, "merged", successor=successor))

    async def sees(self, thing: Thing, code: str) -> Seen:
        city = await self.city()
        async with self.db.transaction(policy.acting(self.admin)) as tx:
            return await service.see(tx, self.admin, thing, code, city, self.now)

    async def undoes(self, change: Adjustment, since: date | None = None) -> Adjustment:
        return await self.decides(service.wanted_undo(change, since or max(change.since, self.now.date()), "it was a mistake"))

    async def day_comes(self, day: date) -> None:
        """The clock reaches a day, and the worker does its work."""
        self.now = datetime(day.year, day.month, day.day, 0, 1, tzinfo=UTC)
        await jobs.day(self.db, Job(None, "city.day", {}, 0), self.now)  # type: ignore[arg-type]  # the work does not ask which job


@pytest.fixture
async def hall(database: Database, owner: asyncpg.Connection, tiny: Pack) -> AsyncIterator[TownHall]:
    async with database.transaction(SYSTEM) as tx:
        await cities.load(tx, tiny, MORNING)
    yield TownHall(database, owner, tiny)


def edited(town: Pack, code: str, **changes: Any) -> Pack:
    """Port Ash with one unit written otherwise."""
    return msgspec.structs.replace(town, units=tuple(msgspec.structs.replace(u, **changes) if u.code == code else u for u in town.units))
