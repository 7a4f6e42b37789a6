"""What residents read of leaders' answering sessions, and how they leave a question beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from yixian.city.inforce import City
from yixian.db.pool import NOBODY, Database
from yixian.intake import pages, service, words
from yixian.intake.api import check_rate
from yixian.intake.model import Channel
from yixian.intake.pages import EMPTY
from yixian.intake.service import Means, TooManyContacts, Unfit
from yixian.sessions import service as sessions
from yixian.sessions import words as session_words
from yixian.tickets import words as ticket_words
from yixian.web.render import page

Asked = Request[Any, Any, Any]


@get("/leaders", include_in_schema=False)
async def leaders(
    request: Asked, db: NamedDependency[Database], city: NamedDependency[City], now: NamedDependency[datetime]
) -> Response[Any]:
    """When which unit's leader answers."""
    async with db.transaction(NOBODY) as tx:
        found = await sessions.coming(tx, now)
    return page(request, "intake/leaders.html", found=found, city=city, now=now, words=session_words)


@get("/leaders/{answering:uuid}", include_in_schema=False)
async def leader(request: Asked, answering: FromPath[UUID], means: NamedDependency[Means], now: NamedDependency[datetime]) -> Response[Any]:
    """One session, and a box for a question."""
    return await _form(request, means, answering, dict(EMPTY) | {"key": pages.fresh_key()}, now)


@post("/leaders/{answering:uuid}", include_in_schema=False)
async def ask(request: Asked, answering: FromPath[UUID], means: NamedDependency[Means], now: NamedDependency[datetime]) -> Response[Any]:
    """Takes the question in: a contact like any other, and kept for the session besides."""
    values = await pages.sent(request)
    try:
        check_rate(request, now)
        contact = pages.contact_of(values, channel=Channel.WEB, more={"session": str(answering)})
        receipt = await service.record(means, contact, None, f"web:{pages.key_of(values)}", now)
    except Unfit as unfit:
        return await _form(request, means, answering, values, now, {unfit.field: str(unfit)}, 422)
    except TooManyContacts as too_many:
        return await _form(request, means, answering, values, now, {"": str(too_many)}, 429)
    return page(
        request, "intake/said.html", status=200 if receipt.repeated else 201, receipt=receipt, values=values, told=words.TOLD,
        handed=words.HANDED, lines={e.to for e in means.city.pack.triage.emergency}, states=ticket_words.STATES,
    )  # fmt: skip


async def _form(
    request: Asked, means: Means, answering: UUID, values: Mapping[str, str], now: datetime,
    errors: Mapping[str, str] | None = None, status: int = 200,
) -> Response[Any]:  # fmt: skip
    async with means.db.transaction(NOBODY) as tx:
        found = await sessions.published(tx, answering, now)
    return page(
        request, "intake/leader.html", status=status, answering=found, values=values, errors=errors or {}, city=means.city, now=now,
        words=session_words,
    )  # fmt: skip


routes = (leaders, leader, ask)
