"""All tickets of a resident's telephone number, once a code has proven it."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.response import Redirect

from yixian.city.inforce import City
from yixian.db.keys import Keys
from yixian.db.pool import NOBODY, SYSTEM, Database
from yixian.people.phones import service as phones
from yixian.people.phones.service import Resident, TooOften, Unfit
from yixian.people.phones.sms import NotSent
from yixian.people.secrets import Vault
from yixian.people.sessions import address
from yixian.settings import Settings
from yixian.tickets import deadlines, numbers, service, words
from yixian.web.problems import usual
from yixian.web.render import page

Asked = Request[Any, Any, Any]

COOKIE: Final = "yixian_resident"


@get("/my", include_in_schema=False)
async def my_page(
    request: Asked,
    db: NamedDependency[Database],
    city: NamedDependency[City],
    keys: NamedDependency[Keys],
    settings: NamedDependency[Settings],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """The tickets of the number that was proven in this browser; else a field for the number."""
    who = await _resident(request, db, now)
    if who is None:
        return _number_page(request, settings)
    async with db.transaction(SYSTEM) as tx:
        found = await service.of_phone(tx, who.phone_hash)
    key = keys.for_("check codes")
    codes = {t.number: numbers.check_code(key, t.number) for t in found}
    limits = {t.number: deadlines.usual_answer(t.state, t.kind, t.urgency, t.audience, city) for t in found}
    return page(request, "tickets/mine.html", who=who, tickets=found, codes=codes, limits=limits, city=city, now=now, words=words)


@post("/my/code", include_in_schema=False)
async def send_code(
    request: Asked,
    db: NamedDependency[Database],
    city: NamedDependency[City],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """Sends a code to the number, known or not, and asks for it."""
    phone = await _field(request, "phone")
    try:
        shown = await phones.ask(db, vault, settings, phone, city.pack.city.country, address(request), now)
    except Unfit as unfit:
        return _number_page(request, settings, phone, {unfit.field: str(unfit)}, 422)
    except TooOften as often:
        return _code_page(request, phone, {"": str(often)}, 429)
    except NotSent as failed:
        return _number_page(request, settings, phone, {"": str(failed)}, 503)
    return _code_page(request, phone, {}, shown=shown)


@post("/my/enter", include_in_schema=False)
async def enter(
    request: Asked,
    db: NamedDependency[Database],
    city: NamedDependency[City],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """Opens the list for who has the code."""
    phone, code = await _field(request, "phone"), await _field(request, "code")
    try:
        token = await phones.enter(db, vault, phone, code, city.pack.city.country, now)
    except Unfit as unfit:
        return _code_page(request, phone, {"code": str(unfit)}, 422)
    answer = Redirect("/my", status_code=303)
    answer.set_cookie(_cookie(token, settings))
    return answer


@post("/my/leave", include_in_schema=False)
async def leave(
    request: Asked, db: NamedDependency[Database], settings: NamedDependency[Settings], now: NamedDependency[datetime]
) -> Response[Any]:
    """Ends the session."""
    who = await _resident(request, db, now)
    if who is not None:
        if not hmac.compare_digest(who.csrf, await _field(request, "csrf")):
            raise usual(403)
        async with db.transaction(NOBODY) as tx:
            await phones.leave(tx, request.cookies.get(COOKIE, ""))
    answer = Redirect("/my", status_code=303)
    answer.set_cookie(_cookie("", settings))
    return answer


async def _resident(request: Asked, db: Database, now: datetime) -> Resident | None:
    token = request.cookies.get(COOKIE, "")
    if not token:
        return None
    async with db.transaction(NOBODY) as tx:
        return await phones.resident(tx, token, now)


async def _field(request: Asked, name: str) -> str:
    return str((await request.form()).get(name) or "").replace("\x00", "").strip()[:100]


def _number_page(
    request: Asked, settings: Settings, phone: str = "", errors: dict[str, str] | None = None, status: int = 200
) -> Response[Any]:
    return page(request, "tickets/my_number.html", status=status, phone=phone, errors=errors or {}, can_send=settings.sms != "off")


def _code_page(request: Asked, phone: str, errors: dict[str, str], status: int = 200, shown: str = "") -> Response[Any]:
    return page(request, "tickets/my_code.html", status=status, phone=phone, errors=errors, shown=shown)


def _cookie(token: str, settings: Settings) -> Cookie:
    """Half an hour, this site only; an empty token removes it."""
    lasts = int(phones.SESSION_LASTS.total_seconds()) if token else 0
    return Cookie(key=COOKIE, value=token, max_age=lasts, httponly=True, secure=settings.secure_cookies, samesite="lax", path="/my")


routes = (my_page, send_code, enter, leave)
