"""What happens to groups without anybody doing it: new tickets are tied, old prints forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from yixian import memory
from yixian.city import service as cities
from yixian.db.jobs import Job, Kind
from yixian.db.outbox import Consumer, Event
from yixian.db.pool import SYSTEM, Database, Transaction
from yixian.groups import service
from yixian.groups.service import Sense


def kinds() -> Mapping[str, Kind]:
    """The periodic work of this room, by name."""
    return {"groups.forget": Kind(forget, every=timedelta(days=1))}


def consumers() -> Mapping[str, tuple[Consumer, ...]]:
    """Who in this room acts on which events."""
    return {"ticket.opened": (Tying().tie,)}


class Tying:
    """Ties tickets that were opened, by the words of the city in force; reads them again when that changes."""

    def __init__(self) -> None:
        self._sense: Sense | None = None
        self._version: int | None = None

    async def tie(self, tx: Transaction, events: tuple[Event, ...]) -> None:
        """Consumer of `ticket.opened`. The time of an alert is that of the newest event that caused it."""
        await service.tie(tx, await self._now(tx), [e.subject for e in events], max(e.at for e in events))

    async def _now(self, tx: Transaction) -> Sense:
        version = await cities.version(tx)
        if self._sense is None or version != self._version:
            pack = await cities.current(tx)
            # A third of a second of one core: other events need not wait for it.
            self._sense, self._version = await asyncio.to_thread(service.compile_sense, pack), version
            memory.settle()
        return self._sense


async def forget(database: Database, job: Job, now: datetime) -> None:
    """Forgets prints after eight days."""
    async with database.transaction(SYSTEM) as tx:
        await service.forget(tx, now)
