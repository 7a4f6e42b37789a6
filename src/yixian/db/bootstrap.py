"""From settings to a database that is ready: started, created, migrated, with partitions for the coming months."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime

import asyncpg
import msgspec

from yixian.db import embedded, migrate, pool
from yixian.settings import Settings

MONTHS_AHEAD = 3

OLDEST = 15
"""Major version of PostgreSQL."""


class Addresses(msgspec.Struct, frozen=True):
    """Where the database answers: for the application, and for its owner."""

    application: str
    owner: str
    embedded: embedded.Server | None = None


@contextmanager
def addresses(settings: Settings) -> Iterator[Addresses]:
    """The database's addresses, with the embedded server running for as long as the block lasts when no other is named."""
    if settings.database_url:
        yield Addresses(settings.database_url, settings.database_owner_url or settings.database_url)
        return
    with embedded.serving(settings.home) as server:
        yield Addresses(server.url(pool.APPLICATION_ROLE), server.url("postgres"), server)


async def prepare(where: Addresses, now: datetime) -> tuple[migrate.Migration, ...]:
    """Creates the embedded database if need be, migrates, makes partitions ahead; returns what was applied.

    Raises:
        SchemaMismatch: the database was made by a newer version.
        DatabaseUnavailable: another server answers on the embedded server's socket, or the server is too old.
    """
    if where.embedded:
        await _create(where.embedded)
    connection = await asyncpg.connect(where.owner)
    try:
        check_version(connection.get_server_version().major)
        applied = await migrate.migrate(connection)
        await connection.execute("SELECT make_partitions($1::date, $2)", now.date(), MONTHS_AHEAD)
        return applied
    finally:
        await connection.close()


def check_version(major: int) -> None:
    """Refuses a server that lacks what the migrations need, before anything is touched.

    Raises:
        DatabaseUnavailable: it is older than PostgreSQL 15.
    """
    if major < OLDEST:
        raise embedded.DatabaseUnavailable(
            f"The database is PostgreSQL {major}; Yixian needs {OLDEST} or newer. Upgrade it, or leave YIXIAN_DATABASE_URL empty."
        )


@asynccontextmanager
async def as_owner(where: Addresses) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the owner, to a database that exists.

    Raises:
        SchemaMismatch: there is no database yet.
    """
    try:
        connection = await asyncpg.connect(where.owner)
    except asyncpg.InvalidCatalogNameError as error:
        raise migrate.SchemaMismatch("There is no database yet. Run: yixian db migrate") from error
    try:
        await pool.prepare(connection)
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def ready(settings: Settings, where: Addresses) -> AsyncIterator[pool.Database]:
    """A pool on a database whose schema this version knows.

    Raises:
        SchemaMismatch: it was made by a newer version, or was never migrated.
    """
    try:
        connection = await pool.reach(where.application)
    except asyncpg.InvalidCatalogNameError as error:
        raise migrate.SchemaMismatch("There is no database yet. Run: yixian db migrate") from error
    try:
        found = await migrate.status(connection)
    finally:
        await connection.close()
    migrate.check(found)
    if found.pending:
        raise migrate.SchemaMismatch("The database has not been brought up to this version. Run: yixian db migrate")
    database = await pool.connect(where.application, settings.pool_size)
    try:
        yield database
    finally:
        await database.close()


async def _create(server: embedded.Server) -> None:
    """The database and the application's login in the embedded server; nothing to do the second time."""
    connection = await asyncpg.connect(server.url("postgres", "postgres"))
    try:
        if await connection.fetchval("SHOW data_directory") != str(server.data_directory.resolve()):
            raise embedded.DatabaseUnavailable(f"Another PostgreSQL answers in {server.socket_directory}. Stop it and try again.")
        role, secret = pool.APPLICATION_ROLE, embedded.password(server.master, pool.APPLICATION_ROLE)
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role):
            await connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{secret}'")
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'yixian')"):
            await connection.execute("CREATE DATABASE yixian")
    finally:
        await connection.close()
