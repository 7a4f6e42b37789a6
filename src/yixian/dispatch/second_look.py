"""The second look: tickets that the words left open are read again by what they mean, by the worker, a moment after they were opened.

What the second reading is sure of is dispatched as the gate would have done at once; what is still open has better suggestions by the time
a dispatcher comes to it. Whatever a person has touched meanwhile is left alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import msgspec
import structlog

from yixian.city.inforce import City
from yixian.city.service import NoCity
from yixian.db import jobs
from yixian.db.jobs import Job, Kind
from yixian.db.outbox import Consumer, Event
from yixian.db.pool import AWAY, SYSTEM, Database, Transaction
from yixian.dispatch import gate
from yixian.dispatch.model import Decision, Standing
from yixian.language import indexing, second, service
from yixian.language.meaning import Embed
from yixian.language.model import Taught
from yixian.language.second import Second
from yixian.language.service import Reader
from yixian.people.model import SYSTEM_ACTOR
from yixian.tickets import service as tickets
from yixian.tickets.model import Action, State, Step, Ticket

JOB: Final = "dispatch.second_look"
LOOK_EVERY: Final = 5.0
"""Seconds between looks whether the city, or what was learned, has changed."""
SETTLED: Final = 1.0
"""The confidence of what a person has settled."""

log = structlog.get_logger()


class Lesson(Protocol):
    """What the city has learned."""

    @property
    def taught(self) -> tuple[Taught, ...]:
        """Examples beside the pack's."""
        ...

    @property
    def standing(self) -> Standing:
        """What is asked for before the gate acts alone."""
        ...


class Live(Protocol):
    """The city in force, its reader and what was learned; see `language.live`."""

    city: City
    reader: Reader

    @property
    def lesson(self) -> Lesson:
        """What was learned."""
        ...

    async def follow(self, database: Database) -> None:
        """Reads again whatever changes; runs until cancelled."""
        ...


class Prepared(msgspec.Struct, frozen=True):
    """What one city's second look needs."""

    city: City
    reader: Reader
    again: Second
    lesson: Lesson


class SecondLook:
    """Keeps what is needed for the city in force, and looks again."""

    def __init__(self, embed: Embed, find: Callable[[Database], Awaitable[Live]]) -> None:
        """`find`: gives the city in force, or raises NoCity while there is none."""
        self._embed = embed
        self._find = find
        self._prepared: Prepared | None = None

    @property
    def ready(self) -> bool:
        """Whether it can look; until then dispatchers have what the words say."""
        return self._prepared is not None

    def kinds(self) -> Mapping[str, Kind]:
        """The work of looking at one ticket."""
        return {"dispatch.second_look": Kind(self.look)}

    def consumers(self) -> Mapping[str, tuple[Consumer, ...]]:
        """Who notes down the tickets to be looked at."""
        return {"ticket.opened": (self.hear,)}

    async def follow(self, database: Database) -> None:
        """Makes itself ready whenever the city or what was learned changes; runs until cancelled."""
        live = await self._found(database)
        following = asyncio.create_task(live.follow(database))
        try:
            while True:
                if self._prepared is None or self._prepared.reader is not live.reader or self._prepared.lesson is not live.lesson:
                    await self._try_to_prepare(database, live)
                await asyncio.sleep(LOOK_EVERY)
        finally:
            following.cancel()

    async def _found(self, database: Database) -> Live:
        while True:
            try:
                return await self._find(database)
            except NoCity:
                await asyncio.sleep(LOOK_EVERY)

    async def _try_to_prepare(self, database: Database, live: Live) -> None:
        try:
            await self.prepare(database, live)
        except AWAY as error:
            log.warning("the database is away; the second look waits", error=str(error))
        except Exception:  # the first look still works: what it leaves open waits for a dispatcher
            log.exception("the second look cannot be made ready")

    async def prepare(self, database: Database, live: Live) -> None:
        """Makes what vectors are missing and learns where matters lie."""
        city, reader, lesson = live.city, live.reader, live.lesson
        texts = second.texts_of(city.pack, lesson.taught)
        vectors = await indexing.vectors_of(database, texts, self._embed, _tell)
        again = await asyncio.to_thread(second.compile_second, city.pack, reader, vectors, lesson.taught)
        self._prepared = Prepared(city, reader, again, lesson)
        log.info("the second look is ready", texts=len(texts), city=city.version)

    async def hear(self, tx: Transaction, events: tuple[Event, ...]) -> None:
        """Notes down the tickets that wait for a dispatcher."""
        if not self.ready:
            return
        for event in events:
            if event.body["state"] == State.AWAITING_DISPATCH:
                await jobs.put(tx, JOB, {"number": event.body["number"]}, event.at, key=f"{JOB} {event.body['number']}")

    async def look(self, database: Database, job: Job, now: datetime) -> None:
        """Reads one ticket again, and acts on what comes out."""
        prepared = self._prepared
        if prepared is None:
            return
        number = job.body["number"]
        async with database.transaction(SYSTEM) as tx:
            try:
                ticket, _ = await tickets.read(tx, number)
            except tickets.NotFound:
                return
        if not _is_open(ticket):
            return
        decision = await asyncio.to_thread(self._decided, ticket, prepared, now)
        async with database.transaction(SYSTEM) as tx:
            try:
                await _settle(tx, ticket, decision, prepared.city, now)
            except (tickets.Overtaken, tickets.Refused):
                return  # somebody was faster, or the list has changed in between: a dispatcher has it

    def _decided(self, ticket: Ticket, prepared: Prepared, now: datetime) -> Decision:
        city, standing = prepared.city, prepared.lesson.standing
        reading = service.read(prepared.reader, ticket.text, ticket.title, ticket.audience)[0]
        meant = self._embed([reading.text])[0]
        reading = second.read_again(prepared.reader, prepared.again, reading, meant, ticket.audience)
        today = now.astimezone(ZoneInfo(city.pack.city.timezone)).date()
        return gate.decide(
            reading, city, today, region=ticket.region, complained_unit=ticket.complained_unit or "",
            gate=standing.gate, suspended=standing.suspended,
        )  # fmt: skip


def _is_open(ticket: Ticket) -> bool:
    """Whether nobody but the gate has had anything to do with it yet, and no leader is to speak with its caller."""
    return ticket.state is State.AWAITING_DISPATCH and ticket.version == 1 and ticket.confidence != SETTLED and ticket.session is None


async def _settle(tx: Transaction, ticket: Ticket, decision: Decision, city: City, now: datetime) -> None:
    if not decision.suggestions:
        return
    best = decision.suggestions[0]
    offered = tuple(msgspec.to_builtins(s) for s in decision.suggestions)
    if not await tickets.suggest(tx, ticket, offered, decision.confidence) or not decision.sure:
        return
    step = Step(unit=best.unit or "", co_units=best.co_units, basis=best.basis, matter=best.matter, version=ticket.version)
    await tickets.act(tx, SYSTEM_ACTOR, ticket.number, Action.DISPATCH, step, city, now)


def _tell(done: int, whole: int) -> None:
    if done % (20 * indexing.AT_ONCE) == 0 or done == whole:
        log.info("what the pack means", texts=done, of=whole)
