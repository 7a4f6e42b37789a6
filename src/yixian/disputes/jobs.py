"""What happens to disputes without anybody doing it: they follow their tickets, and what is late is marked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from yixian.city import service as cities
from yixian.city.inforce import City, compile_city
from yixian.db.jobs import Job, Kind
from yixian.db.outbox import Consumer, Event
from yixian.db.pool import SYSTEM, Database, Transaction
from yixian.disputes import consulting, service, store


def kinds() -> Mapping[str, Kind]:
    """The periodic work of this room, by name."""
    return {"disputes.clocks": Kind(mark, every=timedelta(minutes=1))}


def consumers() -> Mapping[str, tuple[Consumer, ...]]:
    """Who in this room acts on which events."""
    return {"ticket.moved": (Follower().hear,)}


class Follower:
    """Hears what happens to tickets. Keeps the city it last read: compiling one takes a second."""

    def __init__(self) -> None:
        self._city: City | None = None

    async def hear(self, tx: Transaction, events: tuple[Event, ...]) -> None:
        """Keeps what units said, opens disputes, and ends those whose ticket has left joint review."""
        for event in events:
            if event.body["action"] in tuple(service.FOLLOWED):
                await service.follow(tx, event.body["number"], event.body["version"], await self._in_force(tx))
        if left := {e.subject: e.body["number"] for e in events if e.body["state"] != "joint_review"}:
            await service.part(tx, left)
        await consulting.settle(tx, events)

    async def _in_force(self, tx: Transaction) -> City:
        version = await cities.version(tx)
        if self._city is None or self._city.version != version:
            pack = await cities.current(tx)
            self._city = await asyncio.to_thread(compile_city, pack, version or 0)
        return self._city


async def mark(database: Database, job: Job, now: datetime) -> None:
    """Marks late rulings, opinions, words and answers of consultations, and tells of it: `dispute.overdue`, `consultation.overdue`."""
    while True:
        async with database.transaction(SYSTEM) as tx:
            marked = await service.mark(tx, now) + await consulting.mark(tx, now)
        if marked:
            database.wake()
        if marked < store.MARKED_AT_ONCE:
            return
