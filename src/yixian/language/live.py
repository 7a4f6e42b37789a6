"""The city in force as a running process holds it: compiled once, compiled again when a pack is loaded."""

from __future__ import annotations

import asyncio

import structlog

from yixian.city import service as city_service
from yixian.city.inforce import City, compile_city
from yixian.db.pool import SYSTEM, Database
from yixian.language.service import Reader, compile_reader

log = structlog.get_logger()


class LiveCity:
    """Holds the compiled city and its reader; replaced as a whole, so that a request sees one city from start to end."""

    def __init__(self, city: City, reader: Reader) -> None:
        self.city = city
        self.reader = reader

    async def follow(self, database: Database) -> None:
        """Reads the city again whenever it changes; runs until cancelled."""
        async with database.listening(city_service.CHANNEL) as changes:
            while True:
                await changes.get()
                while not changes.empty():
                    changes.get_nowait()
                try:
                    city, reader = await _read(database)
                except Exception:  # the old city still works: keep it, and say so
                    log.exception("the changed city cannot be read; the one before stays in force")
                    continue
                self.city, self.reader = city, reader
                log.info("city read again", version=city.version)


async def live_city(database: Database) -> LiveCity:
    """The city in force now.

    Raises:
        NoCity: no pack was loaded yet.
    """
    return LiveCity(*await _read(database))


async def _read(database: Database) -> tuple[City, Reader]:
    async with database.transaction(SYSTEM) as tx:
        pack = await city_service.current(tx)
        version = await city_service.version(tx)
    # A second or two of one core: not on the event loop, or every request would wait.
    return await asyncio.to_thread(lambda: (compile_city(pack, version or 0), compile_reader(pack)))
