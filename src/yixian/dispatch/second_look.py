"""The second look: tickets that the words left open are read again by what they mean, by the worker, a moment after they were opened.

What the second reading is sure of is dispatched as the gate would have done at once; what is still open has better suggestions by the time
a dispatcher comes to it. An alarm is stood down where it is sure that nobody is in danger, and raised where somebody may be although the
words did not say so. Whatever a person has touched meanwhile is left alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import structlog
from numpy.typing import NDArray

from yixian.city.inforce import City
from yixian.city.model import Pack
from yixian.city.service import NoCity
from yixian.db import jobs
from yixian.db.jobs import Job, Kind
from yixian.db.outbox import Consumer, Event
from yixian.db.pool import AWAY, SYSTEM, Database, Transaction
from yixian.dispatch import gate
from yixian.dispatch.model import Decision, Standing, Why
from yixian.language import alarms, indexing, second, service
from yixian.language.alarms import AlarmModel
from yixian.language.meaning import Embed
from yixian.language.model import Reading, Taught
from yixian.language.second import Second
from yixian.language.service import Reader
from yixian.people.model import SYSTEM_ACTOR
from yixian.tickets import service as tickets
from yixian.tickets.model import Action, Alarmed, State, Step, Ticket

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
    alarms: AlarmModel | None = None


class Look(msgspec.Struct, frozen=True):
    """What came out of looking at one ticket."""

    decision: Decision
    alarm: Action | None = None
    """To raise one, or to stand it down."""
    danger: float = 0.0
    """What it was weighed at: a score, the higher the more like an emergency."""


CALM: Final = "复核语义：确信没有人有危险"
"""Why an alarm is stood down, as the history keeps it."""
ALARMING: Final = "复核语义：可能有人有危险"


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
        """Who notes down the tickets to be looked at: new ones, and those that are no alarm any more."""
        return {"ticket.opened": (self.hear,), "ticket.moved": (self.hear,)}

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
        """Makes what vectors are missing and learns where matters lie, and what only sounds like an emergency."""
        city, reader, lesson = live.city, live.reader, live.lesson
        texts = (*second.texts_of(city.pack, lesson.taught), *alarms.texts_of(city.pack, reader))
        vectors = await indexing.vectors_of(database, texts, self._embed, _tell)
        again = await asyncio.to_thread(second.compile_second, city.pack, reader, vectors, lesson.taught)
        heard = await self._alarms(city.pack, reader, vectors)
        self._prepared = Prepared(city, reader, again, lesson, heard)
        log.info("the second look is ready", texts=len(texts), city=city.version)

    async def _alarms(self, pack: Pack, reader: Reader, vectors: Mapping[str, NDArray[np.float32]]) -> AlarmModel | None:
        """What tells alarms apart: learned from the pack alone, so what the city learns meanwhile changes nothing of it."""
        before = self._prepared
        if before is not None and before.city.pack.triage == pack.triage and before.city.pack.examples == pack.examples:
            return before.alarms
        return await asyncio.to_thread(alarms.compile_alarms, pack, reader, vectors)

    async def hear(self, tx: Transaction, events: tuple[Event, ...]) -> None:
        """Notes down the tickets that wait for a dispatcher."""
        if not self.ready:
            return
        for event in events:
            number, state, action = event.body["number"], event.body["state"], event.body["action"]
            if state == State.AWAITING_DISPATCH and (event.kind == "ticket.opened" or action == Action.STAND_DOWN):
                await jobs.put(tx, JOB, {"number": number}, event.at, key=f"{JOB} {number} {action}".strip())

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
        look = await asyncio.to_thread(self._looked, ticket, prepared, now)
        async with database.transaction(SYSTEM) as tx:
            try:
                await _settle(tx, ticket, look, prepared.city, now)
            except (tickets.Overtaken, tickets.Refused):
                return  # somebody was faster, or the list has changed in between: a dispatcher has it

    def _looked(self, ticket: Ticket, prepared: Prepared, now: datetime) -> Look:
        city, standing = prepared.city, prepared.lesson.standing
        reading = service.read(prepared.reader, ticket.text, ticket.title, ticket.audience)[0]
        alarm, danger = self._alarm(ticket, prepared)
        # Alarmed is the ticket, whatever its words: somebody may have been asked.
        if alarm is Action.STAND_DOWN or (alarm is None and ticket.alarm not in (Alarmed.RAISED, Alarmed.CONFIRMED)):
            reading = _calm(reading)
        meant = self._embed([reading.text])[0]
        reading = second.read_again(prepared.reader, prepared.again, reading, meant, ticket.audience)
        today = now.astimezone(ZoneInfo(city.pack.city.timezone)).date()
        decision = gate.decide(
            reading, city, today, region=ticket.region, complained_unit=ticket.complained_unit or "",
            gate=standing.gate, suspended=standing.suspended,
        )  # fmt: skip
        still = alarm is not Action.STAND_DOWN and ticket.alarm in (Alarmed.RAISED, Alarmed.CONFIRMED)
        if still or alarm is Action.RAISE_ALARM:
            decision = msgspec.structs.replace(decision, why=Why.ALARM, confidence=0.0)
        return Look(decision, alarm, danger)

    def _alarm(self, ticket: Ticket, prepared: Prepared) -> tuple[Action | None, float]:
        """What to do about the alarm, and the score that says so."""
        if prepared.alarms is None or ticket.alarm in (Alarmed.CONFIRMED, Alarmed.STOOD_DOWN):
            return None, 0.0
        weighed = service.weigh_danger(prepared.reader, ticket.text, ticket.title)
        if weighed is None:
            return None, 0.0
        heard = alarms.hear(prepared.alarms, weighed, self._embed([weighed.words])[0])
        if ticket.alarm is Alarmed.RAISED:
            return (Action.STAND_DOWN if heard.calm else None), heard.score
        return (Action.RAISE_ALARM if heard.alarming else None), heard.score


def _calm(reading: Reading) -> Reading:
    """The reading without its alarm."""
    return reading if reading.alarm is None else msgspec.structs.replace(reading, alarm=None, urgency=reading.alarm.calm)


def _is_open(ticket: Ticket) -> bool:
    """Whether nobody but the gate has had anything to do with it yet, besides standing its alarm down."""
    untouched = 2 if ticket.alarm is Alarmed.STOOD_DOWN else 1
    return ticket.state is State.AWAITING_DISPATCH and ticket.version == untouched and ticket.confidence != SETTLED


async def _settle(tx: Transaction, ticket: Ticket, look: Look, city: City, now: datetime) -> None:
    if look.alarm is not None:
        note = CALM if look.alarm is Action.STAND_DOWN else ALARMING
        step = Step(note=note, danger=look.danger, version=ticket.version)
        ticket = await tickets.act(tx, SYSTEM_ACTOR, ticket.number, look.alarm, step, city, now)
    decision = look.decision
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
