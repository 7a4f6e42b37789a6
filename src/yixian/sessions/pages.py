"""The desk of leaders' answering sessions: the list, the plan, the session with its calls, and the offers beside the operator's form."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from yixian.language.service import Reader
from yixian.people.guards import needs
from yixian.people.model import Role
from yixian.sessions import forms, hours, service, words
from yixian.sessions.model import Deed, Motion, Phase, Result
from yixian.sessions.service import Refused, Unfit
from yixian.tickets import choices
from yixian.tickets import service as tickets
from yixian.tickets.choices import What
from yixian.tickets.desks import HERE, Here
from yixian.tickets.forms import LONGEST
from yixian.web.given import named, text_of
from yixian.web.render import page

PLANNING: Final = tuple(sorted(hours.PLANNING))
LOOKING: Final = tuple(sorted(hours.LOOKING))
OPERATORS: Final = (Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR)
DESK: Final = "/desk/answering"


class Tried(msgspec.Struct, frozen=True):
    """A deed that could not be done."""

    deed: Deed
    status: int
    said: str = ""
    values: dict[str, str] = {}
    errors: dict[str, str] = {}


@get(DESK, include_in_schema=False, dependencies=HERE, guards=[needs(*LOOKING)])
async def answering_desk(here: NamedDependency[Here], after: FromQuery[str] = "") -> Response[Any]:
    """Sessions with their calls counted, the last to begin first."""
    async with here.db.transaction(here.session.actor.acting) as tx:
        found = await service.worklist(tx, here.session.actor, after, service.LIMIT)
    return page(
        here.request,
        "sessions/list.html",
        session=here.session,
        found=found,
        next=f"{DESK}?{urlencode({'after': found.after})}" if found.after else "",
        first=DESK if after else "",
        may_plan=bool(here.session.actor.roles & hours.PLANNING),
        city=here.city,
        now=here.now,
        words=words,
    )


@get(f"{DESK}/new", include_in_schema=False, dependencies=HERE, guards=[needs(*PLANNING)])
async def new(here: NamedDependency[Here]) -> Response[Any]:
    """An empty plan."""
    return _form(here, forms.fresh())


@post(f"{DESK}/new", include_in_schema=False, dependencies=HERE, guards=[needs(*PLANNING)])
async def plan(here: NamedDependency[Here]) -> Response[Any]:
    """Plans a session; when it cannot be used, the page says why and keeps what was typed."""
    filled = forms.read(await here.request.form(), here.city)
    try:
        if filled.plan is None:
            raise Unfit(filled.errors)
        async with here.db.transaction(here.session.actor.acting) as tx:
            planned = await service.plan(tx, here.session.actor, filled.plan, here.city, here.now)
    except Unfit as unfit:
        return _form(here, dict(filled.values), dict(unfit.problems))
    return Redirect(f"{DESK}/{planned.id}?done=plan", status_code=303)


def _form(here: Here, values: dict[str, str], errors: dict[str, str] | None = None) -> Response[Any]:
    return page(here.request, "sessions/form.html", status=422 if errors else 200, session=here.session, values=values, errors=errors or {})


@get(f"{DESK}/{{answering:uuid}}", include_in_schema=False, dependencies=HERE, guards=[needs(*LOOKING)])
async def session_page(here: NamedDependency[Here], answering: FromPath[UUID], done: FromQuery[str] = "") -> Response[Any]:
    """A session: its plan, the call in hand, what waits, and the report."""
    return await _page(here, answering, done=done)


@post(f"{DESK}/{{answering:uuid}}/{{deed:str}}", include_in_schema=False, dependencies=HERE, guards=[needs(*LOOKING)])
async def do(here: NamedDependency[Here], answering: FromPath[UUID], deed: FromPath[str]) -> Response[Any]:
    """Does a deed. When it cannot be done, the page says why, and keeps what was typed."""
    what, sent = named(Deed, deed), await here.request.form()
    filled = forms.read_result(sent, here.city)
    motion = filled.motion if what is Deed.FINISH else Motion(note=text_of(sent, "note", LONGEST))
    try:
        if what is Deed.FINISH and filled.errors:
            raise Unfit(filled.errors)
        await service.do(here.db, here.session.actor, answering, what, motion, here.city, here.now)
    except Unfit as unfit:
        return await _page(here, answering, Tried(what, 422, "", dict(filled.values), dict(unfit.problems)))
    except (Refused, tickets.Refused, tickets.Overtaken) as refused:
        return await _page(here, answering, Tried(what, 409, str(refused), dict(filled.values)))
    here.db.wake()
    return Redirect(f"{DESK}/{answering}?done={what}", status_code=303)


async def _page(here: Here, answering: UUID, tried: Tried | None = None, *, done: str = "") -> Response[Any]:
    async with here.db.transaction(here.session.actor.acting) as tx:
        whole = await service.see(tx, here.session.actor, answering, here.now)
    phase = whole.session.phase(here.now)
    return page(
        here.request,
        "sessions/session.html",
        status=tried.status if tried else 200,
        session=here.session,
        whole=whole,
        answering=whole.session,
        phase=phase,
        running=phase is Phase.RUNNING,
        report=msgspec.structs.asdict(whole.report),
        values=tried.values if tried and tried.deed is Deed.FINISH else dict.fromkeys(forms.RESULT_FIELDS, ""),
        errors=tried.errors if tried else {},
        tried=tried.deed if tried else None,
        refused=tried.said if tried else "",
        results=list(Result),
        deeds=Deed,
        done="安排接听日" if done == "plan" else words.DEEDS[Deed(done)] if done in tuple(Deed) else "",
        done_key=done,
        city=here.city,
        now=here.now,
        words=words,
    )


# -- Beside the operator's form ------------------------------------------------------------------------------------


@post(f"{DESK}/offers", include_in_schema=False, dependencies=HERE, guards=[needs(*OPERATORS)])
async def beside_the_form(here: NamedDependency[Here], reader: NamedDependency[Reader]) -> Response[Any]:
    """For the operator's form: leaders who answer just now and to whose scope it belongs."""
    sent = await here.request.form()
    text, place = (text_of(sent, name, LONGEST) for name in ("text", "place"))
    settled = {field: choices.clear_code(here.city, what, text_of(sent, field, 200)) for field, what in SETTLED}
    async with here.db.transaction(here.session.actor.acting) as tx:
        found = await service.offers_for(tx, reader, text, place, settled["matter"], settled["region"], here.city, here.now)
    return page(here.request, "sessions/offers.html", offers=found, city=here.city)


SETTLED: Final = (("matter", What.MATTERS), ("region", What.REGIONS))


def sayings() -> tuple[str, ...]:
    """What the page says of its own, for the test of the catalogue."""
    return ("安排接听日",)


routes = (answering_desk, new, plan, session_page, do, beside_the_form)
