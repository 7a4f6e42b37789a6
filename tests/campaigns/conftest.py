"""Port Ash in a winter of dark streets: a campaign, and the worker that fills it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tests.tickets.conftest import Town
from tests.tickets.conftest import city as _city

from yixian.campaigns import jobs, service
from yixian.campaigns.model import Board, Campaign, Deed, Limits, Motion, Plan, Scope, Whole
from yixian.city import service as cities
from yixian.city.inforce import City
from yixian.db import jobs as work
from yixian.db import outbox
from yixian.db.jobs import Kind
from yixian.db.pool import SYSTEM, Database
from yixian.people.model import Actor, Role
from yixian.tickets.model import Ticket

city = _city

CONSUMERS = jobs.consumers()


class Season(Town):
    """The town, and what is done about its campaigns."""

    kinds: Mapping[str, Kind]

    @property
    def chief_supervisor(self) -> Actor:
        """A second supervisor: the first drafts."""
        return Actor("chief", "chief", frozenset({Role.SUPERVISOR}), "pa.contact", self.city.register.unit_path("pa.contact"))

    async def works(self) -> None:
        """The worker's part, until nothing is left to do."""
        while await outbox.hand_on(self.db, CONSUMERS, self.now) or await work.run_due(self.db, self.kinds, self.now):
            pass

    def plan(self, **fields: Any) -> Plan:
        given: dict[str, Any] = {
            "name": "Dark nights",
            "purpose": "Lamps before the solstice",
            "basis": "Council minute 12",
            "first_day": self.now.date(),
            "last_day": self.now.date() + timedelta(days=20),
            "scope": Scope(matters=("ST01",)),
            "limits": Limits(answer="1wd"),
            "lead": "pa.roads",
        }
        return Plan(**(given | fields))

    async def drafted(self, by: Actor | None = None, **fields: Any) -> Campaign:
        actor = by or self.supervisor
        async with self.db.transaction(actor.acting) as tx:
            return await service.draft(tx, actor, self.plan(**fields), self.city, self.now)

    async def does_to(self, actor: Actor, campaign: UUID, deed: Deed, **motion: Any) -> Whole:
        self.passes(seconds=1)
        async with self.db.transaction(actor.acting) as tx:
            return await service.do(tx, actor, campaign, deed, Motion(**motion), self.city, self.now)

    async def running(self, **fields: Any) -> Campaign:
        """A campaign that was drafted by one and approved by another."""
        drafted = await self.drafted(**fields)
        return (await self.does_to(self.chief_supervisor, drafted.id, Deed.APPROVE)).campaign

    async def sees_board(self, actor: Actor, campaign: Campaign) -> Board:
        async with self.db.transaction(actor.acting) as tx:
            return await service.board(tx, campaign, self.city, self.now)

    async def read(self, ticket: Ticket) -> Ticket:
        return (await self.sees(self.supervisor, ticket)).ticket


@pytest.fixture
async def season(database: Database, owner: asyncpg.Connection, city: City) -> Season:
    now = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    while now.weekday() > 1:  # a working morning with working days after it
        now += timedelta(days=1)
    async with database.transaction(SYSTEM) as tx:
        await cities.load(tx, city.pack, now)
    town = Season(database, owner, city, now)
    town.kinds = jobs.kinds()
    return town
