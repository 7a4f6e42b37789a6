"""The only place where rooms are wired together: routes, dependencies, errors, start and stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Tag

import yixian
from yixian.city.inforce import City
from yixian.db import bootstrap
from yixian.db.keys import Keys, master_key
from yixian.db.pool import Database
from yixian.intake import api as intake_api
from yixian.intake import pages as intake_pages
from yixian.intake import service as intake_service
from yixian.intake.api import provide_means
from yixian.language.live import LiveCity, live_city
from yixian.language.service import Reader
from yixian.people import api as people_api
from yixian.people import pages as people_pages
from yixian.people import sessions
from yixian.people.secrets import SoftwareVault, Vault
from yixian.settings import Settings, load
from yixian.tickets import api as tickets_api
from yixian.tickets import pages as tickets_pages
from yixian.web import problems, render, static

LARGEST_BODY = 256 * 1024
"""Bytes of one request: a contact of 10,000 characters and its form fit many times over."""


class Process(msgspec.Struct, frozen=True):
    """What a running process holds."""

    settings: Settings
    database: Database
    live: LiveCity
    keys: Keys
    vault: Vault


def clock() -> datetime:
    """Now, UTC, to the millisecond: the precision of ids, so that both agree on the month a row belongs to."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def create() -> Litestar:
    """The application as the web server starts it: everything from the settings."""
    return create_app(load())


def create_app(settings: Settings, where: bootstrap.Addresses | None = None) -> Litestar:
    """The application; `where` names the database when it is not the one of the settings (tests)."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        addresses = where or bootstrap.Addresses(settings.database_url, settings.database_owner_url or settings.database_url)
        async with bootstrap.ready(settings, addresses) as database:
            live = await live_city(database)
            keys = Keys(master_key(settings.home))
            app.state.process = Process(settings, database, live, keys, SoftwareVault(keys))
            following = asyncio.create_task(live.follow(database))
            try:
                yield
            finally:
                following.cancel()
                with suppress(asyncio.CancelledError):
                    await following

    return Litestar(
        route_handlers=[
            *intake_api.routes,
            *tickets_api.routes,
            *people_api.routes,
            *intake_pages.routes,
            *tickets_pages.routes,
            *people_pages.routes,
            *static.routes,
        ],
        dependencies={
            "db": Provide(_database, sync_to_thread=False),
            "city": Provide(_city, sync_to_thread=False),
            "reader": Provide(_reader, sync_to_thread=False),
            "settings": Provide(_settings, sync_to_thread=False),
            "keys": Provide(_keys, sync_to_thread=False),
            "vault": Provide(_vault, sync_to_thread=False),
            "now": Provide(clock, sync_to_thread=False),
            "session": Provide(sessions.provide_session),
            "actor": Provide(sessions.provide_actor),
            "operator": Provide(sessions.provide_operator),
            "means": Provide(provide_means),
        },
        exception_handlers=problems.handlers(
            {
                intake_service.Unfit: _unfit,
                intake_service.KeyUsed: _key_used,
            }
        ),
        lifespan=[lifespan],
        openapi_config=_openapi(),
        request_max_body_size=LARGEST_BODY,
        template_config=None,
        debug=False,
    )


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Yixian",
        version=yixian.__version__,
        path="/api",
        description="One line between a city and its people.",
        tags=[Tag("contacts"), Tag("tickets"), Tag("session"), Tag("staff")],
    )
