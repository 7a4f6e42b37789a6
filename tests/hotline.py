"""Port Ash as a running hotline, for tests of pages: the whole application on a fresh database, and browsers to it.

Every page that a browser gets is looked at for what a keyboard or a screen reader would stumble over.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
from httpx import ASGITransport, AsyncClient, Response
from litestar import Litestar

from tests.web.look import Form, Page, filled, flaws
from yixian import logs
from yixian.app import create_app
from yixian.city import pack
from yixian.city import service as cities
from yixian.city.model import Pack
from yixian.db import bootstrap, pool
from yixian.db.pool import SYSTEM
from yixian.people import passwords, service, store
from yixian.people.model import SYSTEM_ACTOR, Role
from yixian.people.service import NewStaff
from yixian.settings import Settings

TINY = Path(__file__).parent / "packs" / "tiny"
PASSWORD = "four harbour lamps glow"
ADDRESS = "https://hotline.test"

STAFF = {
    "operator": (Role.OPERATOR, "pa.contact"),
    "dispatcher": (Role.DISPATCHER, "pa.contact"),
    "reviewer": (Role.REVIEWER, "pa.contact"),
    "caller": (Role.CALL_BACK, "pa.contact"),
    "supervisor": (Role.SUPERVISOR, "pa.contact"),
    "editor": (Role.KNOWLEDGE_EDITOR, "pa.contact"),
    "editor.second": (Role.KNOWLEDGE_EDITOR, "pa.contact"),
    "admin": (Role.SYSTEM_ADMIN, "pa.contact"),
    "roads": (Role.HANDLER, "pa.roads"),
    "roads.chief": (Role.UNIT_REVIEWER, "pa.roads"),
    "waste": (Role.HANDLER, "pa.waste"),
    "waste.chief": (Role.UNIT_REVIEWER, "pa.waste"),
}


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        # A working morning, in a month that has partitions.
        self.now = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
        while self.now.weekday() > 1:
            self.now += timedelta(days=1)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **how: float) -> None:
        self.now += timedelta(**how)


class Browser:
    """Somebody's browser: keeps cookies, knows the page it is on, fills in forms."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client
        self.answer: Response = None  # type: ignore[assignment]  # `open` fills it before anybody asks

    @property
    def page(self) -> Page:
        return Page(self.answer.text)

    @property
    def text(self) -> str:
        return " ".join(self.page.text.split())

    async def open(self, path: str, status: int = 200) -> Browser:
        self.answer = await self.client.get(path, follow_redirects=True)
        return self._looked_at(status)

    async def send(self, action: str, status: int = 200, **typed: Any) -> Browser:
        """Fills in the form of this page that sends to `action`, and sends it."""
        form: Form = self.page.form(action)
        self.answer = await self.client.post(form.action, data=filled(form, **typed), follow_redirects=True)
        return self._looked_at(status)

    def _looked_at(self, status: int) -> Browser:
        assert self.answer.status_code == status, f"{self.answer.status_code}: {self.text[:800]}"
        assert flaws(self.answer.text) == []
        return self


class Hotline:
    """The running application."""

    def __init__(self, app: Litestar, clock: Clock, owner: asyncpg.Connection) -> None:
        self.app = app
        self.clock = clock
        self.owner = owner
        self._clients: list[AsyncClient] = []

    def browser(self, **headers: str) -> Browser:
        client = AsyncClient(transport=ASGITransport(self.app), base_url=ADDRESS, headers=headers)
        self._clients.append(client)
        return Browser(client)

    async def staff(self, login: str) -> Browser:
        """Somebody who works here, signed in."""
        browser = self.browser()
        answer = await browser.client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return browser

    async def says(self, text: str, **more: Any) -> dict[str, Any]:
        """A resident's contact through the API; its receipt."""
        caller = {"name": "Ann", "phone": "+447700900123"}
        answer = await self.browser().client.post("/api/v1/contacts", json={"text": text, "caller": caller, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


@asynccontextmanager
async def hotline_on(fresh: bootstrap.Addresses, home: Path, town: Pack | None = None) -> AsyncIterator[Hotline]:
    """The application on this database, with Port Ash (or a `town` like it) loaded and staff hired."""
    logs.configure("warning")
    clock = Clock()
    await _fill(fresh, clock.now, town or pack.read(TINY))
    app = create_app(Settings(home=home, second_factor=False, staff_rate=10_000), fresh, clock)
    owner = await asyncpg.connect(fresh.owner)
    stopping = asyncio.Event()
    started: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def live() -> None:
        # In a task of its own: a fixture's two halves are run by different tasks, which the lifespan's scopes forbid.
        async with app.lifespan():
            started.set_result(None)
            await stopping.wait()

    living = asyncio.create_task(live())
    await asyncio.wait([living, started], return_when=asyncio.FIRST_COMPLETED)
    hotline = Hotline(app, clock, owner)
    try:
        if started.done():
            yield hotline
    finally:
        stopping.set()
        await hotline.close()
        await owner.close()
        await living


async def _fill(fresh: bootstrap.Addresses, now: datetime, town: Pack) -> None:
    database = await pool.connect(fresh.application, 2)
    kept = await passwords.hashed(PASSWORD)
    async with database.transaction(SYSTEM) as tx:
        await cities.load(tx, town, now)
    async with database.transaction(SYSTEM) as tx:
        for login, (role, unit) in STAFF.items():
            new = NewStaff(login, login.title(), frozenset({role}), unit, must_change=False)
            added = await service.add_staff(tx, SYSTEM_ACTOR, new, now)
            await store.set_password(tx, added.id, kept, False, now)
    await database.close()
