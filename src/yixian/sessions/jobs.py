"""What happens to sessions without anybody doing it: calls that nobody took go the ordinary way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from yixian.db.jobs import Job, Kind
from yixian.db.pool import SYSTEM, Database
from yixian.sessions import service


def kinds() -> Mapping[str, Kind]:
    """The periodic work of this room, by name."""
    return {"answering.missed": Kind(missed, every=timedelta(minutes=1))}


async def missed(database: Database, _job: Job, now: datetime) -> None:
    """Ends the calls of sessions that are over; their tickets are the dispatchers'."""
    async with database.transaction(SYSTEM) as tx:
        ended = await service.miss(tx, now)
    if ended:
        database.wake()
