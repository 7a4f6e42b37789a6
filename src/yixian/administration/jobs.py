"""What happens to the city without anybody doing it: changes come into force on their day, running tickets are counted again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from yixian.administration import recounting, service
from yixian.city import service as cities
from yixian.city.inforce import City, compile_city
from yixian.db.jobs import Job, Kind
from yixian.db.pool import SYSTEM, Database


def kinds() -> Mapping[str, Kind]:
    """The work of this room, by name."""
    return {"city.day": Kind(day, every=timedelta(minutes=1)), "city.recount": Kind(Recounting().batch)}


async def day(database: Database, job: Job, now: datetime) -> None:
    """Brings into force what was decided for today. Safe to do twice."""
    async with database.transaction(SYSTEM) as tx:
        on = await cities.today(tx, now)
        if on is not None:
            await service.bring_into_force(tx, on, now)


class Recounting:
    """The job that counts running tickets again, a batch at a time. Keeps the city it last read: compiling one takes a second."""

    def __init__(self) -> None:
        self._city: City | None = None

    async def batch(self, database: Database, job: Job, now: datetime) -> None:
        """Counts the next batch again; the job for the one after it is written in the same transaction."""
        city = await self._in_force(database)
        async with database.transaction(SYSTEM) as tx:
            await recounting.next_batch(tx, UUID(job.body["adjustment"]), city, now)
        database.wake()

    async def _in_force(self, database: Database) -> City:
        async with database.transaction(SYSTEM) as tx:
            version = await cities.version(tx)
            if self._city is None or self._city.version != version:
                self._city = await asyncio.to_thread(compile_city, await cities.current(tx), version or 0)
        return self._city
