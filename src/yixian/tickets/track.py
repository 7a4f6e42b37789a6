"""The resident's page of one ticket, for whoever knows its number and check code."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from yixian.attachments import api as incoming
from yixian.attachments import service as attachments
from yixian.attachments.model import Clean, Unfit
from yixian.city.inforce import City
from yixian.db.keys import Keys
from yixian.db.pool import SYSTEM, Database
from yixian.language import service as language
from yixian.language.service import Reader
from yixian.people.model import Actor, citizen
from yixian.people.secrets import Vault
from yixian.settings import Settings
from yixian.tickets import files, forms, reaching, service, words
from yixian.tickets.caring import service as caring
from yixian.tickets.forms import Filled
from yixian.tickets.model import Action, Alarmed
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
    reader: NamedDependency[Reader],
    now: NamedDependency[datetime],
    code: FromQuery[str] = "",
    done: FromQuery[str] = "",
) -> Response[Any]:
    """How a ticket stands: masked, with what its citizen may do."""
    actor, refused = await _prove(db, keys, city, number, code, now)
    if actor is None:
        return page(request, "tickets/track.html", status=404, number=number, code="", refused=refused)
    return await _page(request, db, reader, city, number, code, now, done=done)


@post("/ticket/{number:str}/{action:str}", include_in_schema=False, request_max_body_size=files.LARGEST_FORM)
async def citizen_step(
    request: Asked,
    number: FromPath[str],
    action: FromPath[str],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    keys: NamedDependency[Keys],
    settings: NamedDependency[Settings],
    reader: NamedDependency[Reader],
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
    try:
        brought = await _brought(what, sent.getall("file", []), settings)
    except Unfit as unfit:
        brought, filled = [], msgspec.structs.replace(filled, errors=(*filled.errors, ("file", str(unfit))))
    if brought and not filled.values["note"].strip():
        filled = msgspec.structs.replace(filled, errors=())  # a photograph says enough
    if filled.errors:
        return await _page(request, db, reader, city, number, code, now, status=422, tried=what, filled=filled)
    try:
        async with db.transaction(actor.acting) as tx:
            if brought:
                await files.supplement(tx, actor, number, filled.step, brought, reader, city, settings, now)
            else:
                await caring.act(tx, actor, number, what, filled.step, reader, city, now)
    except Unfit as unfit:
        filled = msgspec.structs.replace(filled, errors=(("file", str(unfit)),))
        return await _page(request, db, reader, city, number, code, now, status=422, tried=what, filled=filled)
    except (Refused, Overtaken) as refused:
        if what is Action.STAND_DOWN and await _is_calm(db, actor, number):
            return _onward(number, code, what)
        return await _page(request, db, reader, city, number, code, now, status=409, tried=what, filled=filled, refused=str(refused))
    db.wake()
    return _onward(number, code, what)


def _onward(number: str, code: str, done: Action) -> Redirect:
    return Redirect(f"/ticket/{number}?{urlencode({'code': code, 'done': done})}", status_code=303)


async def _is_calm(db: Database, actor: Actor, number: str) -> bool:
    """Whether there is no alarm any more: who says that nobody is in danger has what they want, whoever was faster."""
    async with db.transaction(actor.acting) as tx:
        ticket, _ = await service.read(tx, number)
    return ticket.alarm not in (Alarmed.RAISED, Alarmed.CONFIRMED)


async def _brought(action: Action, parts: list[Any], settings: Settings) -> list[tuple[str, Clean]]:
    """The files of a supplement; other steps bring none.

    Raises:
        Unfit: one of them cannot be taken.
    """
    if action is not Action.SUPPLEMENT:
        return []
    sent = await incoming.sent_files(parts, settings.attachment_bytes)
    return [(name, await attachments.prepared(data, settings)) for name, data in sent]


async def _prove(db: Database, keys: Keys, city: City, number: str, code: str, now: datetime) -> tuple[Actor | None, str]:
    """The citizen, or nobody and the sentence that says why not."""
    try:
        return await service.prove(db, keys.for_("check codes"), number, code, city, now), ""
    except (NotFound, ClosedToLookUps) as unknown:
        return None, str(unknown)


async def _page(
    request: Asked,
    db: Database,
    reader: Reader,
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
    reach: tuple[dict[str, str], dict[str, str]] = ({}, {}),
) -> Response[Any]:
    progress = await service.progress(db, number, city, now)
    async with db.transaction(citizen(number).acting) as tx:
        ticket, _ = await service.read(tx, number)
        kept = await attachments.of_ticket(tx, ticket.id)
    said = next((step.note for step in reversed(progress.steps) if step.note), "") if done in tuple(caring.HEARD) else ""
    asked = [(action, forms.CITIZENS[action]) for action in progress.offered if action in forms.CITIZENS]
    return page(
        request,
        "tickets/progress.html",
        status=status,
        progress=progress,
        matter=ticket.matter,
        files=kept,
        code=code,
        asked=asked,
        ask_reach=bool(ticket.caller is None or reach[0]) and Action.SUPPLEMENT in progress.offered,
        reach_values=reach[0],
        reach_errors=reach[1],
        place=ticket.place,
        buttons=forms.CITIZENS_BUTTONS,
        lines=sorted({e.to for e in city.pack.triage.emergency}),
        tried=tried,
        values=filled.values if filled else {},
        errors=dict(filled.errors) if filled else {},
        refused=refused,
        done=done if done in tuple(Action) else "",
        console=language.console(reader, said) if said else None,
        city=city,
        now=now,
        words=words,
    )


# -- Whom to reach ------------------------------------------------------------------------------------------------


@post("/ticket/{number:str}/reach", include_in_schema=False)
async def leave_details(
    request: Asked,
    number: FromPath[str],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    keys: NamedDependency[Keys],
    vault: NamedDependency[Vault],
    reader: NamedDependency[Reader],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """Number, name and place of what was registered before there was time to ask: with the same ticket, in one step of its history."""
    sent = await request.form()
    values = {name: str(sent.get(name) or "").replace("\x00", "").strip() for name in ("phone", "name", "place", "doubted", "code")}
    actor, refused = await _prove(db, keys, city, number, values["code"], now)
    if actor is None:
        return page(request, "tickets/track.html", status=404, number=number, code="", refused=refused)
    values, errors = reaching.looked_at(values, city)
    if errors:
        return await _page(request, db, reader, city, number, values["code"], now, status=422, reach=(values, errors))
    try:
        async with db.transaction(SYSTEM) as tx:
            await reaching.leave(tx, vault, actor, number, values, reader, city, now)
    except (Refused, Overtaken) as refused:
        return await _page(request, db, reader, city, number, values["code"], now, status=409, refused=str(refused), reach=(values, {}))
    db.wake()
    return _onward(number, values["code"], Action.SUPPLEMENT)


routes = (track_page, citizen_page, leave_details, citizen_step)
