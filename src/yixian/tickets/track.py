"""The resident's page of one ticket, for whoever knows its number and check code."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from yixian.city.inforce import City
from yixian.db.keys import Keys
from yixian.db.pool import Database
from yixian.people.model import Actor
from yixian.tickets import forms, service, words
from yixian.tickets.forms import Filled
from yixian.tickets.model import Action
from yixian.tickets.service import ClosedToLookUps, NotFound, Overtaken, Refused
from yixian.web.problems import usual
from yixian.web.render import page

Asked = Request[Any, Any, Any]


@get("/track", include_in_schema=False)
async def track_page(request: Asked, number: FromQuery[str] = "", code: FromQuery[str] = "") -> Response[Any]:
    """Asks for number and check code."""
    if number.strip() and code.strip():
        return Redirect(f"/ticket/{number.strip().upper()}?{urlencode({'code': code.strip().upper()})}", status_code=303)
    return page(request, "tickets/track.html", number=number, code=code, refused="")


@get("/ticket/{number:str}", include_in_schema=False)
async def citizen_page(
    request: Asked,
    number: FromPath[str],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    keys: NamedDependency[Keys],
    now: NamedDependency[datetime],
    code: FromQuery[str] = "",
    done: FromQuery[str] = "",
) -> Response[Any]:
    """How a ticket stands: masked, with what its citizen may do."""
    actor, refused = await _prove(db, keys, city, number, code, now)
    if actor is None:
        return page(request, "tickets/track.html", status=404, number=number, code="", refused=refused)
    return await _page(request, db, city, number, code, now, done=done)


@post("/ticket/{number:str}/{action:str}", include_in_schema=False)
async def citizen_step(
    request: Asked,
    number: FromPath[str],
    action: FromPath[str],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    keys: NamedDependency[Keys],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """Urges, supplements, withdraws, rates or reopens; when it cannot be done, the page says why and keeps what was typed."""
    if action not in tuple(Action) or Action(action) not in forms.CITIZENS:
        raise usual(404)
    what = Action(action)
    sent = await request.form()
    code = str(sent.get("code") or "")
    actor, refused = await _prove(db, keys, city, number, code, now)
    if actor is None:
        return page(request, "tickets/track.html", status=404, number=number, code="", refused=refused)
    filled = forms.read(what, sent, city, forms.CITIZENS[what])
    if filled.errors:
        return await _page(request, db, city, number, code, now, status=422, tried=what, filled=filled)
    try:
        async with db.transaction(actor.acting) as tx:
            await service.act(tx, actor, number, what, filled.step, city, now)
    except (Refused, Overtaken) as refused:
        return await _page(request, db, city, number, code, now, status=409, tried=what, filled=filled, refused=str(refused))
    db.wake()
    return Redirect(f"/ticket/{number}?{urlencode({'code': code, 'done': action})}", status_code=303)


async def _prove(db: Database, keys: Keys, city: City, number: str, code: str, now: datetime) -> tuple[Actor | None, str]:
    """The citizen, or nobody and the sentence that says why not."""
    try:
        return await service.prove(db, keys.for_("check codes"), number, code, city, now), ""
    except (NotFound, ClosedToLookUps) as unknown:
        return None, str(unknown)


async def _page(
    request: Asked,
    db: Database,
    city: City,
    number: str,
    code: str,
    now: datetime,
    *,
    status: int = 200,
    tried: Action | None = None,
    filled: Filled | None = None,
    refused: str = "",
    done: str = "",
) -> Response[Any]:
    progress = await service.progress(db, number, city, now)
    asked = [(action, forms.CITIZENS[action]) for action in progress.offered if action in forms.CITIZENS]
    return page(
        request,
        "tickets/progress.html",
        status=status,
        progress=progress,
        code=code,
        asked=asked,
        buttons=forms.CITIZENS_BUTTONS,
        lines=sorted({e.to for e in city.pack.triage.emergency}),
        tried=tried,
        values=filled.values if filled else {},
        errors=dict(filled.errors) if filled else {},
        refused=refused,
        done=done if done in tuple(Action) else "",
        city=city,
        now=now,
        words=words,
    )


routes = (track_page, citizen_page, citizen_step)
