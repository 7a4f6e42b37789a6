"""Port Ash with units that disagree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tests.tickets.conftest import Town
from tests.tickets.conftest import city as _city

from yixian.city import service as cities
from yixian.city.inforce import City
from yixian.db import jobs as work
from yixian.db import outbox
from yixian.db.ids import new_id
from yixian.db.pool import SYSTEM, Database
from yixian.disputes import jobs, service
from yixian.disputes.model import Case, Deed, Filters, Motion
from yixian.people.model import Actor
from yixian.tickets.model import Action, Ticket

city = _city

NOT_OURS = {"note": "A main road: not ours", "basis": "Roads Order 12"}
CONSUMERS = jobs.consumers()


class Court(Town):
    """The town, and what is done about its disputes."""

    async def hand_on(self) -> None:
        """The worker's part: disputes follow their tickets."""
        while await outbox.hand_on(self.db, CONSUMERS, self.now):
            pass

    async def clock_strikes(self) -> None:
        """The minute's job."""
        await jobs.kinds()["disputes.clocks"].run(self.db, work.Job(new_id(self.now), "disputes.clocks", {}, 1), self.now)

    async def objects(self, ticket: Ticket, unit: str, named: str = "") -> UUID:
        """The unit that has it objects; the dispute."""
        await self.does(self.handler(unit), ticket, Action.OBJECT, unit=named, **NOT_OURS)
        await self.hand_on()
        return await self.dispute_of(ticket)

    async def disputed(self, unit: str = "pa.roads", named: str = "PA-N-1", **fields: Any) -> tuple[Ticket, UUID]:
        """A ticket whose unit objects."""
        ticket = await self.open(unit, **fields)
        return ticket, await self.objects(ticket, unit, named)

    async def dispute_of(self, ticket: Ticket) -> UUID:
        return await self.owner.fetchval("SELECT id FROM dispute WHERE ticket = $1 ORDER BY opened_at DESC LIMIT 1", ticket.id)

    async def done(self, actor: Actor, dispute: UUID, deed: Deed, **motion: Any) -> Case:
        """A deed, a second after what was done before."""
        self.passes(seconds=1)
        async with self.db.transaction(actor.acting) as tx:
            return await service.do(tx, actor, dispute, deed, Motion(**motion), self.city, self.now)

    async def convenes(self, dispute: UUID, *units: str, by: Actor | None = None, **motion: Any) -> Case:
        return await self.done(by or self.dispatcher, dispute, Deed.CONVENE, note="Whose lamp is it?", units=units, **motion)

    async def votes(self, unit: str, dispute: UUID, lead: str, **motion: Any) -> Case:
        return await self.done(self.handler(unit), dispute, Deed.VOTE, unit=lead, basis="Parish Lighting Act 1", **motion)

    async def rules(self, dispute: UUID, lead: str, by: Actor | None = None, **motion: Any) -> Case:
        given = {"basis": "Parish Lighting Act 1", "note": "North of the bus stop."} | motion
        return await self.done(by or self.dispatcher, dispute, Deed.RULE, unit=lead, **given)

    async def looks(self, actor: Actor, dispute: UUID) -> Case:
        async with self.db.transaction(actor.acting) as tx:
            return await service.see(tx, dispute)

    async def listed(self, actor: Actor, **filters: Any) -> list[str]:
        async with self.db.transaction(actor.acting) as tx:
            found = await service.worklist(tx, actor, Filters(**filters), "", 50, self.now)
        return [line.number for line in found.lines]

    async def events(self, kind: str) -> list[dict[str, Any]]:
        async with self.db.transaction(SYSTEM) as tx:
            return [r["body"] for r in await tx.fetch("SELECT body FROM event WHERE kind = $1 ORDER BY seq", kind)]

    async def told(self, unit: str) -> list[str]:
        async with self.db.transaction(self.handler(unit).acting) as tx:
            return [n.kind for n in reversed(await service.notices(tx, self.handler(unit)))]


@pytest.fixture
async def court(database: Database, owner: asyncpg.Connection, city: City) -> Court:
    now = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    while now.weekday() > 1:  # a working morning with working days after it
        now += timedelta(days=1)
    async with database.transaction(SYSTEM) as tx:
        await cities.load(tx, city.pack, now)
    return Court(database, owner, city, now)
