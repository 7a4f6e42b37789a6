"""What the worker does for this room: hears what people settle, and forgets what is too old to be kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from yixian.db.jobs import Job, Kind
from yixian.db.outbox import Consumer
from yixian.db.pool import SYSTEM, Database
from yixian.learning import hearing, store
from yixian.settings import Settings


def kinds(settings: Settings) -> Mapping[str, Kind]:
    """The periodic work of this room, by name."""

    async def forget(database: Database, _job: Job, now: datetime) -> None:
        async with database.transaction(SYSTEM) as tx:
            await store.forget(tx, now - timedelta(days=settings.training_days))

    return {"learning.forget": Kind(forget, every=timedelta(days=1))}


def consumers(least: int = hearing.LEAST) -> Mapping[str, tuple[Consumer, ...]]:
    """Who in this room acts on which events. `least`: so many corrections alike become a wish to change the list."""
    return {
        "ticket.opened": (hearing.opened,),
        "ticket.moved": (partial(hearing.moved, least=least),),
        "consultation.ended": (hearing.consulted,),
    }
