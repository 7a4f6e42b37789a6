"""The city in force as a running process holds it: compiled once, compiled again when a pack is loaded."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from yixian.city import service as city_service
from yixian.city.inforce import City, compile_city
from yixian.db.pool import AWAY, SYSTEM, Database
from yixian.language.service import Reader, compile_reader

LISTEN_AGAIN: Final = 1.0
"""Seconds before a lost connection is tried again."""

log = structlog.get_logger()


class LiveCity:
    """Holds the compiled city and its reader; replaced as a whole, so that a request sees one city from start to end."""

    def __init__(self, city: City, reader: Reader) -> None:
        self.city = city
        self.reader = reader

    async def follow(self, database: Database) -> None:
        """Reads the city again whenever it changes; runs until cancelled. While the database is away it tries again."""
        while True:
            try:
                async with database.listening(city_service.CHANNEL) as changes:
                    await self._take_up(database)  # what changed while nobody listened
                    while True:
                        await changes.burst()
                        await self._take_up(database)
            except AWAY as error:
                log.warning("the database is away; listening again", error=str(error))
                await asyncio.sleep(LISTEN_AGAIN)

    async def _take_up(self, database: Database) -> None:
        """Reads the city if it is not the one held."""
        try:
            async with database.transaction(SYSTEM) as tx:
                if await city_service.version(tx) == self.city.version:
                    return
            self.city, self.reader = await _read(database)
        except AWAY:
            raise
        except Exception:  # the old city still works: keep it, and say so
            log.exception("the changed city cannot be read; the one before stays in force")
        else:
            log.info("city read again", version=self.city.version)


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
