"""A running process takes up a changed city by itself."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import asyncpg
import msgspec
import pytest

from yixian.app import clock
from yixian.city import service as cities
from yixian.city.model import Pack
from yixian.db.pool import AWAY, SYSTEM, Database
from yixian.language import live
from yixian.language.live import NO_SCHOOL, Lesson, LiveCity, live_city

CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'yixian_app'"


async def load(database: Database, pack: Pack) -> None:
    async with database.transaction(SYSTEM) as tx:
        await cities.load(tx, pack, clock())


async def renamed(held: LiveCity[Lesson], name: str) -> None:
    while held.city.pack.city.name != name:
        await asyncio.sleep(0.02)


def called(pack: Pack, name: str) -> Pack:
    return msgspec.structs.replace(pack, city=msgspec.structs.replace(pack.city, name=name))


async def test_a_changed_city_is_taken_up_even_after_the_connection_was_lost(
    database: Database, owner: asyncpg.Connection, port_ash: Pack, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(live, "LISTEN_AGAIN", 0.05)
    await load(database, port_ash)
    held = await live_city(database, NO_SCHOOL)
    following = asyncio.create_task(held.follow(database))
    try:
        await load(database, called(port_ash, "Port Elm"))
        await asyncio.wait_for(renamed(held, "Port Elm"), 10)
        await owner.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'yixian_app'"
        )
        for _ in range(3):  # connections that lie in the pool are lost too, and say so when they are taken
            with suppress(*AWAY):
                await load(database, called(port_ash, "Port Oak"))
        await load(database, called(port_ash, "Port Oak"))
        await asyncio.wait_for(renamed(held, "Port Oak"), 10)
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
