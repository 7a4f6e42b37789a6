"""Connections are lost under whoever uses them: it must be said, and not for ever."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from yixian.db.pool import AWAY, SYSTEM, Database


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
