"""The background process: hands events on and does what is due, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import structlog

from yixian.administration import jobs as administration_jobs
from yixian.app import clock
from yixian.attachments import jobs as attachment_jobs
from yixian.campaigns import jobs as campaign_jobs
from yixian.db import bootstrap, jobs, outbox
from yixian.db.jobs import Job, Kind
from yixian.db.outbox import Consumer
from yixian.db.pool import AWAY, SYSTEM, Calls, Database
from yixian.dispatch.second_look import SecondLook
from yixian.disputes import jobs as dispute_jobs
from yixian.groups import jobs as group_jobs
from yixian.language.live import live_city
from yixian.language.meaning import embedder
from yixian.learning import jobs as learning_jobs
from yixian.learning import service as learning
from yixian.operators import jobs as operator_jobs
from yixian.people import service as people
from yixian.people.phones import service as phones
from yixian.responsibilities import jobs as list_jobs
from yixian.sessions import jobs as session_jobs
from yixian.settings import Settings
from yixian.tickets import jobs as ticket_jobs
from yixian.tickets.reviewing import jobs as reviewing_jobs

LOOK_EVERY = 1.0
"""Seconds between looks when nobody calls: a lost wake-up call costs that much, nothing else."""

PACE = 0.25
"""Seconds from one look to the next while events come one by one: what a batch costs beside its events is paid four times a second
at most. Nobody waits for what the worker does with an event; what cannot wait is done where the event is written.
"""

ASIDE = timedelta(minutes=5)
"""After so long an event that could not be handed on is tried again."""

log = structlog.get_logger("yixian.worker")


async def run(settings: Settings, where: bootstrap.Addresses) -> None:
    """Works until SIGTERM or SIGINT. While the database is away it waits and tries again."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    rooms = (ticket_jobs.kinds(), dispute_jobs.kinds(), list_jobs.kinds(), group_jobs.kinds(), learning_jobs.kinds(settings))
    kinds = {
        name: kind
        for room in (
            *rooms,
            administration_jobs.kinds(),
            attachment_jobs.kinds(),
            campaign_jobs.kinds(),
            session_jobs.kinds(),
            operator_jobs.kinds(),
            _kinds(settings),
        )
        for name, kind in room.items()
    }
    consumers = _consumers(settings)
    while not stopping.is_set():
        try:
            async with bootstrap.ready(settings, where) as database, _second_look(settings, database) as look:
                more, heard = (look.kinds(), look.consumers()) if look else ({}, {})
                await work(database, stopping, {**kinds, **more}, _together(consumers, heard))
        except AWAY as error:
            log.warning("the database is away; trying again", error=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), LOOK_EVERY)


@asynccontextmanager
async def _second_look(settings: Settings, database: Database) -> AsyncIterator[SecondLook | None]:
    """What reads again by meaning, as long as the block lasts; None where meaning is not to be had, or not wanted."""
    embed = await asyncio.to_thread(embedder) if settings.meaning else None
    if embed is None:
        yield None
        return
    look = SecondLook(embed, lambda db: live_city(db, learning.SCHOOL))
    following = asyncio.create_task(look.follow(database))
    try:
        yield look
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError, *AWAY):
            await following


def _consumers(settings: Settings) -> Mapping[str, tuple[Consumer, ...]]:
    """Who acts on which events, in all rooms."""
    return _together(
        ticket_jobs.consumers(), dispute_jobs.consumers(), list_jobs.consumers(), group_jobs.consumers(),
        learning_jobs.consumers(settings.correction_proposals), campaign_jobs.consumers(), reviewing_jobs.consumers(settings),
    )  # fmt: skip


def _together(*rooms: Mapping[str, tuple[Consumer, ...]]) -> Mapping[str, tuple[Consumer, ...]]:
    kinds = dict.fromkeys(kind for room in rooms for kind in room)
    return {kind: tuple(consumer for room in rooms for consumer in room.get(kind, ())) for kind in kinds}


def _kinds(settings: Settings) -> Mapping[str, Kind]:
    """Periodic work of rooms that have no more than one."""

    async def forget_sessions(database: Database, _job: Job, now: datetime) -> None:
        async with database.transaction(SYSTEM) as tx:
            await people.forget_sessions(tx, settings, now)
            await phones.forget(tx, now)

    return {"people.sessions": Kind(forget_sessions, every=timedelta(hours=1))}


async def work(
    database: Database, stopping: asyncio.Event, kinds: Mapping[str, Kind], consumers: Mapping[str, tuple[Consumer, ...]]
) -> None:
    """Hands on and does what there is, again and again, until `stopping` is set."""
    await jobs.plan_periodic(database, kinds, clock())
    aside: dict[int, datetime] = {}
    async with database.listening("yixian_events") as calls:
        while not stopping.is_set():
            busy = await hand_on(database, consumers, aside, clock())
            busy = await jobs.run_due(database, kinds, clock()) or busy
            if not busy:
                began = asyncio.get_running_loop().time()
                await _until_called(calls, stopping)
                await _stopped_within(stopping, began + PACE - asyncio.get_running_loop().time())


async def hand_on(database: Database, consumers: Mapping[str, tuple[Consumer, ...]], aside: dict[int, datetime], now: datetime) -> bool:
    """Hands on a batch; whether it was a full one, so that more may wait.

    After a smaller one there is time until the next call: whoever writes events calls, and so they come in batches even under load.
    Where a consumer fails, the batch is handed on event by event: what fails alone is put `aside` and tried again later, so that one
    event that nobody can act on never keeps the others waiting.
    """
    for seq in [seq for seq, till in aside.items() if till <= now]:
        del aside[seq]
    try:
        return await outbox.hand_on(database, consumers, now, aside=aside) >= outbox.BATCH
    except outbox.ConsumerFailed as failed:
        log.warning("a consumer failed; its events are handed on one by one", kind=failed.kind, events=len(failed.seqs))
    for _ in range(outbox.BATCH):
        try:
            if not await outbox.hand_on(database, consumers, now, most=1, aside=aside):
                return False
        except outbox.ConsumerFailed as failed:
            log.exception("an event could not be handed on; it is tried again later", kind=failed.kind, seq=failed.seqs[0])
            aside[failed.seqs[0]] = now + ASIDE
    return True


async def _stopped_within(stopping: asyncio.Event, seconds: float) -> None:
    """Returns after so many seconds, or as soon as the work is to end."""
    if seconds > 0:
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), seconds)


async def _until_called(calls: Calls, stopping: asyncio.Event) -> None:
    """Returns when somebody calls, when it is time to look anyway, or when the work is to end.

    Raises:
        ConnectionError: nobody can be heard any more.
    """
    waits = [asyncio.ensure_future(calls.burst()), asyncio.ensure_future(stopping.wait())]
    done, pending = await asyncio.wait(waits, timeout=LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)
    for wait in pending:
        wait.cancel()
    for wait in done:
        wait.result()
