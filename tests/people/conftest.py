"""A city of Port Ash with staff, and the room's own routes on a real database; the clock stands until it is moved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from httpx import ASGITransport, AsyncClient
from litestar import Litestar, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide

from yixian.city import pack
from yixian.city import service as city_service
from yixian.city.inforce import compile_city
from yixian.db.keys import Keys
from yixian.db.pool import SYSTEM, Database
from yixian.people import api, pages, passwords, problems, service, sessions, store
from yixian.people.model import SYSTEM_ACTOR, Actor, Role
from yixian.people.secrets import SoftwareVault
from yixian.people.service import NewStaff
from yixian.settings import Settings
from yixian.web import problems as web_problems
from yixian.web import render

TINY = Path(__file__).parents[1] / "packs" / "tiny"
PASSWORD = "four harbour lamps glow"
NOW = datetime.now(UTC).replace(microsecond=0)
"""Partitions are made from the present month on."""


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **how: float) -> None:
        self.now += timedelta(**how)


@dataclass
class Process:
    """As `app.state.process` is."""

    settings: Settings
    database: Database
    clock: Clock


@post("/api/who")
async def who(operator: NamedDependency[Actor | None]) -> str:
    """A route for everybody, which knows the staff."""
    return operator.name if operator else "public"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, second_factor=False)


@pytest.fixture(scope="session")
def vault() -> SoftwareVault:
    return SoftwareVault(Keys(b"k" * 32))


@pytest.fixture(scope="session")
def tiny() -> pack.Pack:
    return pack.read(TINY)


@pytest.fixture(scope="session")
async def hashed() -> str:
    """The hash of PASSWORD, made once."""
    return await passwords.hashed(PASSWORD)


@pytest.fixture
async def port_ash(database: Database, tiny: pack.Pack) -> Database:
    """The database with the tiny city loaded."""
    async with database.transaction(SYSTEM) as tx:
        await city_service.load(tx, tiny, NOW)
    return database


@pytest.fixture
def hire(port_ash: Database, hashed: str):
    """Makes an account with PASSWORD and gives its actor."""

    async def made(login: str, *roles: Role, unit: str = "pa.contact") -> Actor:
        new = NewStaff(login, login.title(), frozenset(roles), unit, must_change=False)
        async with port_ash.transaction(SYSTEM) as tx:
            added = await service.add_staff(tx, SYSTEM_ACTOR, new, NOW)
            await store.set_password(tx, added.id, hashed, False, NOW)
            path = await tx.fetchval("SELECT path FROM unit WHERE code = $1", unit)
        return Actor(str(added.id), new.name, new.roles, unit, path)

    return made


@pytest.fixture
def process(settings: Settings, port_ash: Database, clock: Clock) -> Process:
    return Process(settings, port_ash, clock)


@pytest.fixture
def settings_of(process: Process):
    """Changes settings of the running process."""

    def changed(**values: Any) -> None:
        process.settings = msgspec.structs.replace(process.settings, **values)

    return changed


@pytest.fixture
async def door(port_ash: Database, process: Process, clock: Clock, tiny: pack.Pack, vault: SoftwareVault) -> AsyncIterator[AsyncClient]:
    """A client of the room's routes."""
    city = compile_city(tiny)
    about = render.About(tiny.city.name, tiny.city.name_en, ZoneInfo(tiny.city.timezone))
    state = State({"process": process, "pages": render.build(("people",), lambda: about)})
    app = Litestar(
        [*api.routes, *pages.routes, who],
        dependencies={
            "db": Provide(lambda: port_ash, sync_to_thread=False),
            "city": Provide(lambda: city, sync_to_thread=False),
            "settings": Provide(lambda: process.settings, sync_to_thread=False),
            "vault": Provide(lambda: vault, sync_to_thread=False),
            "now": Provide(clock, sync_to_thread=False),
            "session": Provide(sessions.provide_session),
            "actor": Provide(sessions.provide_actor),
            "operator": Provide(sessions.provide_operator),
        },
        exception_handlers=web_problems.handlers(problems.KNOWN),
        state=state,
        openapi_config=None,
        logging_config=None,
    )
    # In this loop, where the pool of connections lives; the framework's own client runs the application in another.
    async with AsyncClient(transport=ASGITransport(app), base_url="https://port-ash.test") as client:  # type: ignore[arg-type]
        yield client


@pytest.fixture
def enter(door: AsyncClient):
    """Signs in through the API and gives the headers that changing requests need."""

    async def entered(login: str) -> dict[str, str]:
        answer = await door.post("/api/v1/session", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return {"X-CSRF-Token": answer.json()["csrf"]}

    return entered


def staff_id(actor: Actor) -> UUID:
    return UUID(actor.id)
