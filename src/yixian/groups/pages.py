"""The supervisor's desk of groups, and what stands beside a form or a ticket: who else told of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from yixian.city.inforce import City
from yixian.db.pool import Database
from yixian.groups import asking, service, words
from yixian.groups.api import DEEDS, STAFF
from yixian.groups.asking import OPERATORS, SENSE, Others, Typed
from yixian.groups.model import Deed, Which, Whole
from yixian.groups.service import MAY, Given, Sense
from yixian.language.service import Reader
from yixian.people.guards import needs
from yixian.people.model import HOTLINE_ROLES, Actor, Role, Session
from yixian.tickets import choices
from yixian.tickets import words as ticket_words
from yixian.tickets.choices import Unclear, What
from yixian.tickets.desks import HERE, Here
from yixian.tickets.model import OPEN
from yixian.tickets.service import Overtaken, Refused
from yixian.web.problems import usual
from yixian.web.render import page

Asked = Request[Any, Any, Any]

SUPERVISE: Final = (Role.SUPERVISOR, Role.DISPATCHER, Role.ANALYST)
"""Who sees the desk."""


@get("/desk/groups", include_in_schema=False, dependencies=HERE, guards=[needs(*SUPERVISE)])
async def group_desk(here: NamedDependency[Here], which: FromQuery[str] = "", after: FromQuery[str] = "") -> Response[Any]:
    """Groups: those that wait for a supervisor first."""
    shown = Which(which) if which in tuple(Which) else Which.WAITING
    async with here.db.transaction(here.session.actor.acting) as tx:
        found = await service.groups(tx, shown, after, service.LIMIT, here.now)
    return page(
        here.request,
        "groups/list.html",
        session=here.session,
        which=shown,
        found=found,
        next=f"/desk/groups?{urlencode({'which': shown, 'after': found.after})}" if found.after else "",
        first=f"/desk/groups?which={shown}" if after else "",
        tabs=words.TABS,
        city=here.city,
        words=ticket_words,
    )


@get("/desk/groups/{group:uuid}", include_in_schema=False, dependencies=HERE, guards=[needs(*HOTLINE_ROLES)])
async def group_page(here: NamedDependency[Here], group: FromPath[UUID], done: FromQuery[str] = "") -> Response[Any]:
    """One group, and what this person may do with it."""
    async with here.db.transaction(here.session.actor.acting) as tx:
        whole = await service.see(tx, group, here.now)
    return _group(here, whole, done=done)


@post("/desk/groups/{group:uuid}/{deed:str}", include_in_schema=False, dependencies=HERE, guards=[needs(*HOTLINE_ROLES)])
async def do_with_group(here: NamedDependency[Here], group: FromPath[UUID], deed: FromPath[str]) -> Response[Any]:
    """Does it, or says why it cannot be done and keeps what was typed."""
    if deed not in DEEDS:
        raise usual(404)
    sent = await here.request.form()
    given = Given(
        note=_line(sent.get("note"), 2000),
        name=_line(sent.get("name"), 100),
        number=_line(sent.get("number"), 40),
        numbers=tuple(_line(n, 40) for n in sent.getall("numbers", [])),
    )
    try:
        async with here.db.transaction(here.session.actor.acting) as tx:
            await service.do(tx, here.session.actor, group, DEEDS[deed], given, here.city, here.now)
    except (Refused, Overtaken) as refused:
        async with here.db.transaction(here.session.actor.acting) as tx:
            whole = await service.see(tx, group, here.now)
        return _group(here, whole, tried=DEEDS[deed], given=given, refused=str(refused), status=409)
    here.db.wake()
    return Redirect(f"/desk/groups/{group}?done={deed}", status_code=303)


def _line(value: object, longest: int) -> str:
    return str(value or "").replace("\x00", "").strip()[:longest]


def _group(
    here: Here, whole: Whole, *, done: str = "", tried: Deed | None = None, given: Given | None = None, refused: str = "", status: int = 200
) -> Response[Any]:
    roles = here.session.actor.roles
    return page(
        here.request,
        "groups/group.html",
        status=status,
        session=here.session,
        whole=whole,
        line=whole.line,
        may={deed for deed in Deed if MAY[deed] & roles},
        done=DEEDS.get(done),
        tried=tried,
        given=given or Given(),
        refused=refused,
        open=OPEN,
        deeds=words.DEEDS,
        deed=Deed,
        city=here.city,
        words=ticket_words,
    )


# -- Beside a form and beside a ticket ---------------------------------------------------------------------------


@post("/desk/nearby", include_in_schema=False, dependencies=SENSE, guards=[needs(*OPERATORS)])
async def beside_the_form(
    request: Asked,
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    reader: NamedDependency[Reader],
    sense: NamedDependency[Sense],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """For the operator's form: open tickets about the same event, to merge into or to leave alone."""
    sent = await request.form()
    found = await asking.others(db, reader, sense, _typed(sent, city), session.actor, now)
    return _beside(request, found, city, chosen=str(sent.get("attach") or ""))


@post("/nearby", include_in_schema=False, dependencies=SENSE)
async def beside_the_box(
    request: Asked,
    db: NamedDependency[Database],
    reader: NamedDependency[Reader],
    sense: NamedDependency[Sense],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """For the resident's box: how many told of it, and that it is being handled."""
    asking.check_rate(request, now)
    found = await asking.others(db, reader, sense, _typed(await request.form(), city), None, now)
    return _beside(request, found, city)


def _typed(sent: Any, city: City) -> Typed:
    """The form's fields as far as they can be read: somebody is still typing."""
    settled = {"matter": "", "region": ""}
    for field, what in (("matter", What.MATTERS), ("region", What.REGIONS)):
        try:
            settled[field] = choices.code_of(city, what, _line(sent.get(field), 200))
        except Unclear:
            continue
    return Typed(_line(sent.get("text"), 10_000), _line(sent.get("title"), 200), _line(sent.get("place"), 200), **settled)


def _beside(request: Asked, found: Others, city: City, chosen: str = "") -> Response[Any]:
    return page(request, "groups/nearby.html", found=found, city=city, chosen=chosen, ticket_words=ticket_words)


@get("/desk/ticket/{number:str}/ties", include_in_schema=False, dependencies=HERE, guards=[needs(*STAFF)])
async def beside_the_ticket(here: NamedDependency[Here], number: FromPath[str]) -> Response[Any]:
    """How many told of the same event as a ticket, and how often its caller came back. A page of its own where there are no scripts."""
    actor: Actor = here.session.actor
    async with here.db.transaction(actor.acting) as tx:
        found = await service.beside(tx, actor, _line(number, 40))
    return page(
        here.request,
        "groups/ties.html",
        session=here.session,
        whole="x-part" not in here.request.headers,
        number=number,
        found=found,
        may_take_out=bool(MAY[Deed.TAKE_OUT] & actor.roles),
    )


routes = (group_desk, group_page, do_with_group, beside_the_form, beside_the_box, beside_the_ticket)
