"""What happens to the city without anybody doing it: changes come into force on their day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from yixian.administration import service
from yixian.city import service as cities
from yixian.db.jobs import Job, Kind
from yixian.db.pool import SYSTEM, Database


def kinds() -> Mapping[str, Kind]:
    """The periodic work of this room, by name."""
    return {"city.day": Kind(day, every=timedelta(minutes=1))}


async def day(database: Database, job: Job, now: datetime) -> None:
    """Brings into force what was decided for today. Safe to do twice."""
    async with database.transaction(SYSTEM) as tx:
        on = await cities.today(tx, now)
        if on is not None:
            await service.bring_into_force(tx, on, now)
