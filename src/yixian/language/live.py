"""The city in force as a running process holds it: compiled once, compiled again when a pack is loaded or a model goes live."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

import msgspec
import structlog

from yixian import memory
from yixian.city import service as city_service
from yixian.city.inforce import City, compile_city
from yixian.db.pool import AWAY, SYSTEM, Database, Transaction
from yixian.language.model import Taught
from yixian.language.service import Reader, compile_reader

LISTEN_AGAIN: Final = 1.0
"""Seconds before a lost connection is tried again."""

log = structlog.get_logger()


class Lesson(msgspec.Struct, frozen=True):
    """What the city has learned since its pack was written. Rooms above keep more in theirs; it changes over with the reader."""

    mark: str = ""
    """Tells it from another one."""
    taught: tuple[Taught, ...] = ()


L = TypeVar("L", bound=Lesson)


class School(msgspec.Struct, Generic[L], frozen=True):
    """Where lessons come from: a room above."""

    mark: Callable[[Transaction], Awaitable[str]]
    """Of the lesson in force; cheap."""
    read: Callable[[Transaction], Awaitable[L]]


class LiveCity(Generic[L]):
    """Holds the compiled city, its reader and what was learned; replaced as a whole, so that a request sees one city from start to end."""

    def __init__(self, city: City, reader: Reader, lesson: L, school: School[L]) -> None:
        self.city = city
        self.reader = reader
        self.lesson = lesson
        self._school = school

    async def follow(self, database: Database) -> None:
        """Reads again whatever changes; runs until cancelled. While the database is away it tries again."""
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
        """Reads the city and the lesson if they are not the ones held."""
        try:
            async with database.transaction(SYSTEM) as tx:
                same_city = await city_service.version(tx) == self.city.version
                if same_city and await self._school.mark(tx) == self.lesson.mark:
                    return
                lesson = await self._school.read(tx)
            if same_city and lesson.taught == self.lesson.taught:
                self.lesson = lesson
            else:
                self.city, self.reader, self.lesson = await _read(database, self._school)
        except AWAY:
            raise
        except Exception:  # the old city still works: keep it, and say so
            log.exception("the changed city cannot be read; the one before stays in force")
        else:
            log.info("city read again", version=self.city.version, lesson=self.lesson.mark)


async def live_city(database: Database, school: School[L]) -> LiveCity[L]:
    """The city in force now, as it has learned to read.

    Raises:
        NoCity: no pack was loaded yet.
    """
    return LiveCity(*await _read(database, school), school)


async def _read(database: Database, school: School[L]) -> tuple[City, Reader, L]:
    async with database.transaction(SYSTEM) as tx:
        pack = await city_service.current(tx)
        version = await city_service.version(tx)
        lesson = await school.read(tx)
    # A second or two of one core: not on the event loop, or every request would wait.
    city, reader = await asyncio.to_thread(lambda: (compile_city(pack, version or 0), compile_reader(pack, lesson.taught)))
    memory.settle()
    return city, reader, lesson


async def _no_mark(_tx: Transaction) -> str:
    return ""


async def _nothing(_tx: Transaction) -> Lesson:
    return Lesson()


NO_SCHOOL: Final[School[Lesson]] = School(_no_mark, _nothing)
"""A city that learns nothing: what its pack says is all."""
