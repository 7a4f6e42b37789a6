"""A log finds what went wrong without telling what anybody said."""

from __future__ import annotations

import asyncpg
import pytest
import structlog

from yixian import logs
from yixian.db import bootstrap
from yixian.db.embedded import Server

WORDS = "Mrs Byrne of 4 Ropewalk owes the baker"


async def _refused(connection: asyncpg.Connection) -> None:
    await connection.execute("CREATE TABLE said (text text CHECK (text = ''))")
    await connection.execute("INSERT INTO said VALUES ($1)", WORDS)


async def test_an_error_of_the_database_is_logged_without_the_row(owner: asyncpg.Connection, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning")
    try:
        log = structlog.get_logger("tried")
        try:
            await _refused(owner)
        except asyncpg.CheckViolationError as error:
            assert WORDS in str(error), "the database tells the row"
            try:
                raise RuntimeError("while storing") from error
            except RuntimeError:
                log.exception("unforeseen")
    finally:
        structlog.reset_defaults()
    told = capsys.readouterr().err
    assert "said_text_check" in told and "while storing" in told
    assert WORDS not in told


async def test_the_servers_own_log_holds_no_words(server: Server, fresh: bootstrap.Addresses) -> None:
    connection = await asyncpg.connect(fresh.owner)
    await connection.execute("SET log_min_duration_statement = 0")
    with pytest.raises(asyncpg.CheckViolationError):
        await _refused(connection)
    await connection.fetchval("SELECT $1::text", WORDS)
    await connection.close()
    log = (server.data_directory.parent / "server.log").read_text()
    assert "said_text_check" in log and "SELECT $1::text" in log
    assert WORDS not in log
