"""Port Ash, whose people report what happens to all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from tests.tickets.conftest import TINY, Town

from yixian.city import pack
from yixian.city import service as cities
from yixian.city.inforce import City, compile_city
from yixian.db.ids import new_id
from yixian.db.pool import SYSTEM, Database
from yixian.groups import service
from yixian.groups.model import Whole
from yixian.groups.service import Sense
from yixian.tickets.model import Ticket


@pytest.fixture(scope="session")
def city() -> City:
    return compile_city(pack.read(TINY))


@pytest.fixture(scope="session")
def sense(city: City) -> Sense:
    """Port Ash's matters and regions, with Guangzhou's sense of which words are rare and what its districts and streets are called."""
    town, large = service.compile_sense(city.pack), service.compile_sense(pack.read(TINY.parents[2] / "packs" / "guangzhou"))
    return msgspec.structs.replace(town, rarity=large.rarity, noise=large.noise, areas=large.areas)


class Crowd(Town):
    """A town in which many tell of the same."""

    sense: Sense

    async def caller(self) -> UUID:
        """Somebody with a telephone of their own."""
        identifier = new_id(self.now)
        async with self.db.transaction(SYSTEM) as tx:
            await tx.execute(
                "INSERT INTO caller (id, kind, phone_hash, phone_tail, created_at) VALUES ($1, 'person', $2, '1234', $3)",
                identifier,
                identifier.bytes,
                self.now,
            )
        return identifier

    async def tells(self, text: str, **fields: Any) -> Ticket:
        """A resident's ticket, and the worker's look at it, a minute after what was before."""
        self.passes(minutes=1)
        ticket = await self.open(text=text, **fields)
        await self.ties(ticket)
        return ticket

    async def ties(self, *tickets: Ticket) -> None:
        async with self.db.transaction(SYSTEM) as tx:
            await service.tie(tx, self.sense, [t.id for t in tickets], self.now)

    async def group_of(self, ticket: Ticket) -> UUID | None:
        return await self.owner.fetchval("SELECT member_of FROM ticket_tie WHERE ticket = $1", ticket.id)

    async def sees_group(self, group: UUID | None) -> Whole:
        assert group is not None
        async with self.db.transaction(self.supervisor.acting) as tx:
            return await service.see(tx, group, self.now)

    async def alerts(self) -> list[dict[str, Any]]:
        rows = await self.owner.fetch("SELECT subject, body FROM event WHERE kind = 'group.raised' ORDER BY seq")
        return [dict(r) for r in rows]


@pytest.fixture
async def crowd(database: Database, owner: asyncpg.Connection, city: City, sense: Sense) -> AsyncIterator[Crowd]:
    now = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    async with database.transaction(SYSTEM) as tx:
        await cities.load(tx, city.pack, now)
    town = Crowd(database, owner, city, now)
    town.sense = sense
    yield town
