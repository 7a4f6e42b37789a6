"""Groups for other systems: who else told of it, what was raised, and what was done about it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK
from msgspec import Meta

from yixian.city.inforce import City
from yixian.db.pool import Database
from yixian.groups import asking, service
from yixian.groups.asking import SENSE, Others, Typed
from yixian.groups.model import Deed, Earlier, Page, Which, Whole
from yixian.groups.service import Given, Sense
from yixian.language.service import Reader
from yixian.people.guards import needs
from yixian.people.model import HOTLINE_ROLES, UNIT_ROLES, Actor, Session
from yixian.web.problems import PROBLEM_RESPONSES, usual

HOTLINE: Final = tuple(HOTLINE_ROLES)
STAFF: Final = (*HOTLINE_ROLES, *UNIT_ROLES)

DEEDS: Final = {deed.value: deed for deed in Deed}

Words = Annotated[str, Meta(max_length=2000, pattern=r"^[^\x00]*$")]
Short = Annotated[str, Meta(max_length=100, pattern=r"^[^\x00]*$")]


class GivenIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody wants to do with a group. Which particulars a deed needs, it says when they are missing."""

    note: Annotated[Words, Meta(description="The reason; needed to dismiss, to list and to take out.")] = ""
    name: Short = ""
    number: Annotated[Short, Meta(description="The main ticket of a merge; the ticket to put in or take out.")] = ""
    numbers: Annotated[
        tuple[Short, ...], Meta(max_length=service.MOST_AT_ONCE, description="The tickets to merge or list; none: all that are open.")
    ] = ()


@post(
    "/api/v1/groups/nearby",
    tags=["groups"],
    summary="Who else told of it",
    status_code=HTTP_200_OK,
    responses=PROBLEM_RESPONSES,
    dependencies=SENSE,
)
async def who_else(
    request: Request[Any, Any, Any],
    data: JSONBody[Typed],
    db: NamedDependency[Database],
    reader: NamedDependency[Reader],
    sense: NamedDependency[Sense],
    operator: NamedDependency[Actor | None],
    now: NamedDependency[datetime],
) -> Others:
    """What others told of the same event, while it is still being typed; nothing is stored.

    Anybody may ask, and learns how many there are. Operators see up to five open tickets.
    """
    if operator is None:
        asking.check_rate(request, now)
    return await asking.others(db, reader, sense, data, operator, now)


@get("/api/v1/groups", tags=["groups"], summary="Groups of tickets about one event", guards=[needs(*HOTLINE)], responses=PROBLEM_RESPONSES)
async def list_groups(
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    now: NamedDependency[datetime],
    which: Annotated[Which, QueryParameter(description="`waiting` for a supervisor, `raised`, or `all`.")] = Which.RAISED,
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = service.LIMIT,
) -> Page:
    """Groups, newest first."""
    async with db.transaction(session.actor.acting) as tx:
        return await service.groups(tx, which, after, limit, now)


@get("/api/v1/groups/{group:uuid}", tags=["groups"], summary="One group", guards=[needs(*HOTLINE)], responses=PROBLEM_RESPONSES)
async def show_group(
    session: NamedDependency[Session], db: NamedDependency[Database], now: NamedDependency[datetime], group: FromPath[UUID]
) -> Whole:
    """A group with its tickets and what was done with it."""
    async with db.transaction(session.actor.acting) as tx:
        return await service.see(tx, group, now)


@post(
    "/api/v1/groups/{group:uuid}/{deed:str}",
    tags=["groups"],
    summary="Do something with a group",
    status_code=HTTP_200_OK,
    guards=[needs(*HOTLINE)],
    responses=PROBLEM_RESPONSES,
)
async def do_with_group(
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
    group: FromPath[UUID],
    deed: FromPath[str],
    data: JSONBody[GivenIn],
) -> Whole:
    """`acknowledge`, `name`, `dismiss`, `merge`, `list`, `put_in` or `take_out`: all of it, or nothing (409 says why)."""
    if deed not in DEEDS:
        raise usual(404)
    given = Given(data.note, data.name, data.number, data.numbers)
    async with db.transaction(session.actor.acting) as tx:
        whole = await service.do(tx, session.actor, group, DEEDS[deed], given, city, now)
    db.wake()
    return whole


@get(
    "/api/v1/tickets/{number:str}/ties",
    tags=["groups"],
    summary="What is tied to a ticket",
    guards=[needs(*STAFF)],
    responses=PROBLEM_RESPONSES,
)
async def show_ties(session: NamedDependency[Session], db: NamedDependency[Database], number: FromPath[str]) -> Earlier:
    """How many told of the same event, and how often this caller came back; for a unit numbers alone."""
    async with db.transaction(session.actor.acting) as tx:
        return await service.beside(tx, session.actor, number)


routes = (who_else, list_groups, show_group, do_with_group, show_ties)
