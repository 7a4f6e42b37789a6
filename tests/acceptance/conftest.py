"""Port Ash and Guangzhou as running hotlines: databases made once with pack, staff and sessions, then copied for each test."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import msgspec
import pytest
from litestar import Litestar

from yixian import logs
from yixian.app import create_app
from yixian.city import pack
from yixian.city import service as cities
from yixian.db import bootstrap, pool
from yixian.db.embedded import Server
from yixian.db.pool import SYSTEM
from yixian.people import passwords
from yixian.people import service as people
from yixian.people import store as accounts
from yixian.people.model import SYSTEM_ACTOR, Role
from yixian.people.service import NewStaff
from yixian.people.sessions import COOKIE
from yixian.settings import Settings

from .driver import PASSWORD, City, Clock, Line12345, Staff, Told

ROOT = Path(__file__).parents[2]
START = datetime(2026, 6, 10, 9, 0, tzinfo=UTC)
"""A Wednesday, ten o'clock in Port Ash, five in the afternoon in Guangzhou; the Saturday after it is a working day in Port Ash."""

PORT_ASH_UNITS = ("pa.roads", "pa.waste", "pa.harbour", "PA-N", "PA-N-1", "PA-H", "PA-H.noise", "PA-H-1", "PA-H-1-a")

HOTLINE = (
    Role.OPERATOR, Role.DISPATCHER, Role.REVIEWER, Role.CALL_BACK, Role.SUPERVISOR, Role.ANALYST, Role.KNOWLEDGE_EDITOR,
    Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN,
)  # fmt: skip


class Made(msgspec.Struct, frozen=True):
    """A database to copy from, and the sessions of the staff in it."""

    name: str
    told: Told


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    """As a running process logs: the default draws the whole city into every traceback."""
    logs.configure("warning")


@pytest.fixture(scope="session")
def own_settings(home: Path) -> Settings:
    return Settings(home=home, second_factor=False, staff_rate=100_000, pool_size=8)


async def make(server: Server, template: str, settings: Settings, folder: Path, hotline: str, units: Sequence[str]) -> Made:
    """A database with a pack in force and staff of every role, all signed in."""
    name = await copied(server, template)
    where = addresses(server, name)
    owner = await asyncpg.connect(where.owner)
    await owner.execute("SELECT make_partitions($1::date, 8)", START.date())
    await owner.close()
    database = await pool.connect(where.application, 2)
    async with database.transaction(SYSTEM) as tx:
        await cities.load(tx, pack.read(folder), START)
    logins = {role.value: ((role,), hotline) for role in HOTLINE}
    for unit in units:
        logins |= {f"{unit}.handler".lower(): ((Role.HANDLER,), unit), f"{unit}.reviewer".lower(): ((Role.UNIT_REVIEWER,), unit)}
    kept = await passwords.hashed(PASSWORD)
    async with database.transaction(SYSTEM) as tx:
        for login, (roles, unit) in logins.items():
            new = NewStaff(login, login.title(), frozenset(roles), unit, must_change=False)
            added = await people.add_staff(tx, SYSTEM_ACTOR, new, START)
            await accounts.set_password(tx, added.id, kept, False, START)
    await database.close()
    async with running(where, settings, Clock(START, "UTC"), dict.fromkeys(logins, ("", ""))) as city:
        told = dict(zip(logins, await asyncio.gather(*(_enter(city.staff(login)) for login in logins)), strict=True))
    return Made(name, told)


async def _enter(person: Staff) -> tuple[str, str]:
    await person.sign_in()
    return person.client.cookies.get(COOKIE, domain="hotline.test") or "", person.csrf


@asynccontextmanager
async def running(where: bootstrap.Addresses, settings: Settings, clock: Clock, told: Told) -> AsyncIterator[City]:
    """The application on a database, in this test's own loop."""
    app = create_app(settings, where, clock)
    owner = await asyncpg.connect(where.owner)
    stopping = asyncio.Event()
    living, started = _living(app, stopping)
    await asyncio.wait([living, started], return_when=asyncio.FIRST_COMPLETED)
    city = City(app, clock, owner, told)
    try:
        if started.done():
            yield city
    finally:
        stopping.set()
        await city.close()
        await owner.close()
        await living


def _living(app: Litestar, stopping: asyncio.Event) -> tuple[asyncio.Task[None], asyncio.Future[None]]:
    """The application's life in a task of its own: a fixture's two halves are run by different tasks, which its scopes forbid."""
    started: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def live() -> None:
        async with app.lifespan():
            started.set_result(None)
            await stopping.wait()

    return asyncio.create_task(live()), started


def addresses(server: Server, name: str) -> bootstrap.Addresses:
    return bootstrap.Addresses(server.url(pool.APPLICATION_ROLE, name), server.url("postgres", name))


async def copied(server: Server, source: str) -> str:
    name = f"a_{uuid.uuid4().hex[:10]}"
    await _as_admin(server, f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY file_copy")
    return name


async def dropped(server: Server, name: str) -> None:
    await _as_admin(server, f"DROP DATABASE {name} WITH (FORCE)")


async def _as_admin(server: Server, statement: str) -> None:
    admin = await asyncpg.connect(server.url("postgres", "postgres"))
    await admin.execute(statement)
    await admin.close()


@pytest.fixture(scope="session")
async def port_ash(server: Server, template: str, own_settings: Settings) -> Made:
    return await make(server, template, own_settings, ROOT / "tests" / "packs" / "tiny", "pa.contact", PORT_ASH_UNITS)


@pytest.fixture
async def city(server: Server, port_ash: Made, own_settings: Settings) -> AsyncIterator[City]:
    """Port Ash on a Wednesday morning, with nothing said yet."""
    name = await copied(server, port_ash.name)
    async with running(addresses(server, name), own_settings, Clock(START, "Europe/London"), port_ash.told) as started:
        yield started
    await dropped(server, name)


@pytest.fixture
def line(city: City) -> Line12345:
    return city.line
