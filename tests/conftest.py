"""A real PostgreSQL for the whole session, and a fresh database for whoever asks for one."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import hypothesis
import pytest

from yixian.db import bootstrap, embedded, migrate, pool
from yixian.db.embedded import Server

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("YIXIAN_DATA", ROOT / ".." / "shared" / "data")).resolve()
TEMPLATE = "yixian_template"

# Machines that run this are shared: how long one example takes says nothing. Speed is measured by the benches.
hypothesis.settings.register_profile("yixian", deadline=None)
hypothesis.settings.load_profile("yixian")


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """A state directory for this session, with a short path that the server's account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="yx-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server(home: Path) -> Iterator[Server]:
    """The embedded server."""
    with embedded.serving(home) as running:
        yield running


@pytest.fixture(scope="session")
async def template(server: Server) -> str:
    """A migrated database that fresh ones are copied from."""
    admin = await asyncpg.connect(server.url("postgres", "postgres"))
    # Whether a disk keeps what it was given is tested with servers of their own (tests/fault, tests/db); here a database is made and
    # dropped a thousand times, in a tenth of a second instead of two.
    for setting in ("fsync = off", "full_page_writes = off"):
        await admin.execute(f"ALTER SYSTEM SET {setting}")
    await admin.execute("SELECT pg_reload_conf()")
    secret = embedded.password(server.master, pool.APPLICATION_ROLE)
    await admin.execute(f"CREATE ROLE {pool.APPLICATION_ROLE} LOGIN PASSWORD '{secret}'")
    await admin.execute(f"CREATE DATABASE {TEMPLATE}")
    owner = await asyncpg.connect(server.url("postgres", TEMPLATE))
    await migrate.migrate(owner)
    await owner.execute("SELECT make_partitions($1::date, 3)", datetime.now(UTC).date())
    await owner.close()
    await admin.close()
    return TEMPLATE


async def _copy(server: Server, source: str) -> str:
    name = f"t_{uuid.uuid4().hex[:10]}"
    admin = await asyncpg.connect(server.url("postgres", "postgres"))
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY wal_log")
    await admin.close()
    return name


async def _drop(server: Server, name: str) -> None:
    admin = await asyncpg.connect(server.url("postgres", "postgres"))
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def fresh(server: Server, template: str) -> AsyncIterator[bootstrap.Addresses]:
    """The addresses of a fresh, migrated database."""
    name = await _copy(server, template)
    yield bootstrap.Addresses(server.url(pool.APPLICATION_ROLE, name), server.url("postgres", name))
    await _drop(server, name)


@pytest.fixture
async def database(fresh: bootstrap.Addresses) -> AsyncIterator[pool.Database]:
    """A pool on a fresh database, as the application's role."""
    opened = await pool.connect(fresh.application, 8)
    yield opened
    await opened.close()


@pytest.fixture
async def owner(fresh: bootstrap.Addresses) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the same fresh database as its owner."""
    connection = await asyncpg.connect(fresh.owner)
    yield connection
    await connection.close()
