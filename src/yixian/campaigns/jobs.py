"""What happens to campaigns without anybody doing it: tickets join, are gathered, and leave when it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from yixian.campaigns import service
from yixian.city import service as cities
from yixian.city.inforce import City, compile_city
from yixian.db.jobs import Job, Kind
from yixian.db.outbox import Consumer, Event
from yixian.db.pool import SYSTEM, Database, Transaction


def kinds() -> Mapping[str, Kind]:
    """The work of this room, by name."""
    work = Work()
    return {
        "campaigns.join": Kind(work.join),
        "campaigns.gather": Kind(work.gather),
        "campaigns.release": Kind(work.release),
    }


def consumers() -> Mapping[str, tuple[Consumer, ...]]:
    """Who in this room acts on which events."""
    return {"ticket.opened": (hear,), "ticket.moved": (hear,)}


async def hear(tx: Transaction, events: tuple[Event, ...]) -> None:
    """Tickets that are new, or that were given another matter, place or unit, are held against the campaigns."""
    await service.hear(tx, events)


class Work:
    """The jobs of this room. Keeps the city it last read: compiling one takes a second."""

    def __init__(self) -> None:
        self._city: City | None = None

    async def join(self, database: Database, job: Job, now: datetime) -> None:
        """Takes the tickets of a batch of events into the campaigns that they fit."""
        city = await self._in_force(database)
        async with database.transaction(SYSTEM) as tx:
            joined = await service.join(tx, [UUID(ticket) for ticket in job.body["tickets"]], city, now)
        if joined:
            database.wake()

    async def gather(self, database: Database, job: Job, now: datetime) -> None:
        """Takes the open tickets that fit into a campaign, a stretch at a time, and writes down how many."""
        city = await self._in_force(database)
        campaign, joined = UUID(job.body["campaign"]), 0
        after: UUID | None = None
        done = False
        while not done:
            async with database.transaction(SYSTEM) as tx:
                more, after = await service.gather(tx, campaign, after, city, now)
                joined, done = joined + more, after is None
                if done:
                    await service.gathered(tx, campaign, joined, now)
        database.wake()

    async def release(self, database: Database, job: Job, now: datetime) -> None:
        """Lets the open tickets of an ended campaign go."""
        city = await self._in_force(database)
        left = 1
        while left:
            async with database.transaction(SYSTEM) as tx:
                left = await service.release(tx, UUID(job.body["campaign"]), city, now)
        database.wake()

    async def _in_force(self, database: Database) -> City:
        async with database.transaction(SYSTEM) as tx:
            version = await cities.version(tx)
            if self._city is None or self._city.version != version:
                pack = await cities.current(tx)
                self._city = await asyncio.to_thread(compile_city, pack, version or 0)
        return self._city
