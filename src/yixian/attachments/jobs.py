"""What happens to files without anybody doing it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from yixian.attachments import service
from yixian.db.jobs import Job, Kind
from yixian.db.pool import SYSTEM, Database


def kinds() -> Mapping[str, Kind]:
    """The periodic work of this room, by name."""
    return {"attachments.forget": Kind(forget, every=timedelta(hours=1))}


async def forget(database: Database, _job: Job, now: datetime) -> None:
    """Forgets files whose form was not sent within a day."""
    async with database.transaction(SYSTEM) as tx:
        await service.forget_drafts(tx, now)
