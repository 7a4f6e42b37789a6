"""What happens to operators' drafts without anybody doing it: what nobody finished is forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from yixian.db.jobs import Job, Kind
from yixian.db.pool import SYSTEM, Database
from yixian.operators import service


def kinds() -> Mapping[str, Kind]:
    """The periodic work of this room, by name."""
    return {"operators.forget": Kind(forget, every=timedelta(hours=6))}


async def forget(database: Database, _job: Job, now: datetime) -> None:
    """Throws away drafts of two days ago."""
    async with database.transaction(SYSTEM) as tx:
        await service.forget(tx, now)
