"""Connections are lost under whoever uses them: it must be said, and not for ever."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import jinja2
import pytest

from yixian.db import bootstrap, embedded, pool
from yixian.db.pool import AWAY, SYSTEM, Database
from yixian.settings import Settings


async def cut(owner: asyncpg.Connection) -> None:
    """Ends every connection of the application, as a crash of the server does."""
    await owner.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'yixian' AND pid <> pg_backend_pid()"
    )


async def test_whoever_listens_hears_that_the_connection_is_lost(database: Database, owner: asyncpg.Connection):
    with pytest.raises(ConnectionError, match="lost"):
        async with database.listening("tide") as calls:
            await cut(owner)
            await asyncio.wait_for(calls.next(), 5)


async def test_several_calls_are_answered_together(database: Database, owner: asyncpg.Connection):
    async with database.listening("tide") as calls:
        for _ in range(3):
            await owner.execute("NOTIFY tide, 'high'")
        assert await asyncio.wait_for(calls.next(), 5) == "high"
        await asyncio.wait_for(calls.burst(), 5)


async def test_a_transaction_on_a_lost_connection_says_so_and_the_next_one_works(database: Database, owner: asyncpg.Connection):
    with pytest.raises(AWAY):
        async with database.transaction(SYSTEM) as tx:
            await cut(owner)
            await tx.fetchval("SELECT 1")
    async with database.transaction(SYSTEM) as tx:
        assert await tx.fetchval("SELECT 1") == 1


async def test_what_went_wrong_is_not_hidden_by_the_loss(database: Database, owner: asyncpg.Connection):
    with pytest.raises(asyncio.CancelledError):
        async with database.transaction(SYSTEM) as tx:
            await cut(owner)
            with pytest.raises(AWAY):
                await tx.fetchval("SELECT 1")
            raise asyncio.CancelledError


@pytest.fixture
def own_home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="yx-lost-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


async def test_a_server_that_is_stopped_is_away_for_who_was_connected_and_for_who_comes(own_home: Path):
    with embedded.serving(own_home) as server:
        opened = await pool.connect(server.url("postgres", "postgres"), 2, as_application=False)
        async with opened.transaction(SYSTEM) as tx:
            assert await tx.fetchval("SELECT 1") == 1
    # No socket is there any more: a file that is missing, but here it means that the server is.
    with pytest.raises(AWAY):
        async with opened.transaction(SYSTEM) as tx:
            await tx.fetchval("SELECT 1")
    with pytest.raises(AWAY, match="cannot be reached") as nobody:
        async with opened.transaction(SYSTEM):
            pass
    assert isinstance(nobody.value.__cause__, FileNotFoundError)
    where = bootstrap.Addresses(server.url(pool.APPLICATION_ROLE), server.url("postgres"))
    with pytest.raises(AWAY):
        async with bootstrap.ready(Settings(home=own_home), where):
            pass
    await opened.close()


@pytest.mark.parametrize("url", ["postgres://yixian@localhost:1/yixian", "postgres://yixian@nowhere.invalid/yixian"])
async def test_an_address_at_which_nobody_answers_is_a_database_that_is_away(url: str):
    with pytest.raises(AWAY):
        await pool.reach(url)


def test_a_file_that_is_missing_is_not_a_database_that_is_away():
    for missing in (jinja2.TemplateNotFound("people/staff.html"), FileNotFoundError(2, "no such file"), PermissionError(13, "no")):
        assert not isinstance(missing, AWAY)
