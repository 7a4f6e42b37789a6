"""The desks: each person's work by the clock, and the supervisor's numbers that live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter
from litestar.response import Redirect, ServerSentEvent

from yixian.city.inforce import City
from yixian.db.pool import Database
from yixian.people.guards import needs
from yixian.people.model import HOTLINE_ROLES, UNIT_ROLES, Actor, Role, Session
from yixian.people.secrets import Vault
from yixian.settings import Settings
from yixian.tickets import above, deadlines, service, words
from yixian.tickets.model import OPEN, Count, Filters, Light, Page, State, Ticket
from yixian.web.problems import usual
from yixian.web.render import page

Asked = Request[Any, Any, Any]

HOMES: Final[tuple[tuple[Role, str], ...]] = (
    (Role.OPERATOR, "/desk/operator"),
    (Role.DISPATCHER, "/desk/dispatch"),
    (Role.HANDLER, "/desk/unit"),
    (Role.UNIT_REVIEWER, "/desk/unit"),
    (Role.REVIEWER, "/desk/review"),
    (Role.CALL_BACK, "/desk/callback"),
    (Role.SUPERVISOR, "/desk/supervisor"),
    (Role.ANALYST, "/desk/supervisor"),
    (Role.KNOWLEDGE_EDITOR, "/desk/list"),
    (Role.SYSTEM_ADMIN, "/admin/staff"),
    (Role.SECURITY_ADMIN, "/admin/staff"),
    (Role.AUDIT_ADMIN, "/admin/audit"),
)
"""Where each role begins its day; who has several begins at the first."""

LIVE_EVERY: Final = timedelta(seconds=2)
"""How old a number on the supervisor's screen may be."""


class Here(msgspec.Struct, frozen=True):
    """Who asks, and what a page of the desks is made from."""

    request: Asked
    session: Session
    db: Database
    city: City
    vault: Vault
    now: datetime


async def provide_here(
    request: Asked,
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    vault: NamedDependency[Vault],
    now: NamedDependency[datetime],
) -> Here:
    """Dependency `here`."""
    return Here(request, session, db, city, vault, now)


HERE: Final = {"here": Provide(provide_here)}


class Tab(msgspec.Struct, frozen=True):
    """One list of a desk."""

    key: str
    label: str
    filters: Filters


ALL: Final = Tab("all", "全部未办结", Filters())


def zone_of(city: City) -> ZoneInfo:
    """The city's zone."""
    return ZoneInfo(city.pack.city.timezone)


def light_of(ticket: Ticket, now: datetime) -> Light:
    """How its clock looks."""
    return deadlines.light(ticket.next_due, ticket.amber_at, now)


@get("/desk", include_in_schema=False, guards=[needs()])
async def home(session: NamedDependency[Session]) -> Redirect:
    """To one's own desk."""
    for role, desk in HOMES:
        if role in session.actor.roles:
            return Redirect(desk, status_code=303)
    raise usual(403)


def _more(address: str, asked: dict[str, str], found: Page) -> str:
    return f"{address}?{urlencode({**asked, 'after': found.after})}" if found.after else ""


# -- The supervisor's overview -----------------------------------------------------------------------------------

LOOKING_ON: Final = tuple(HOTLINE_ROLES - {Role.OPERATOR, Role.CALL_BACK})


class Overview(msgspec.Struct, frozen=True):
    """Counts by state and light, as the page and the stream give them."""

    at: datetime
    values: dict[str, int]
    """`handling.red`, and the sums `handling`, `red`, `all`."""


def overview(counted: Sequence[Count], now: datetime) -> Overview:
    """Adds up by state, by light, and in all."""
    values: dict[str, int] = {"all": 0}
    for count in counted:
        for key in (f"{count.state}.{count.light}", count.state.value, count.light.value, "all"):
            values[key] = values.get(key, 0) + count.count
    return Overview(now, values)


@get("/desk/supervisor", include_in_schema=False, dependencies=HERE, guards=[needs(*LOOKING_ON)])
async def supervisor_desk(here: NamedDependency[Here]) -> Response[Any]:
    """The whole line at a glance; every number leads to its tickets."""
    async with here.db.transaction(here.session.actor.acting) as tx:
        counted = await service.counts(tx, here.session.actor, here.now)
        worst = await service.worklist(tx, here.session.actor, Filters(light=Light.RED), "", 10, here.now)
        notes = await above.notes(here.request, tx)
    return page(
        here.request,
        "tickets/supervisor.html",
        session=here.session,
        values=overview(counted, here.now).values,
        states=[s for s in State if s in OPEN],
        lights=[Light.RED, Light.AMBER, Light.GREEN, Light.NONE],
        worst=worst,
        notes=notes,
        city=here.city,
        now=here.now,
        words=words,
    )


@get("/desk/live", include_in_schema=False, guards=[needs(*LOOKING_ON)])
async def live(
    request: Asked, session: NamedDependency[Session], db: NamedDependency[Database], settings: NamedDependency[Settings]
) -> ServerSentEvent:
    """The overview as a stream. It ends when the idle time is over: a screen that nobody touches signs nobody in for ever."""
    return ServerSentEvent(_numbers(request, session.actor, db, timedelta(minutes=settings.session_idle_minutes)))


async def _numbers(request: Asked, actor: Actor, db: Database, lasting: timedelta) -> AsyncGenerator[str, None]:
    clock = request.app.state.process.clock
    shared = _shared(request)
    begun: datetime = clock()
    said: dict[str, int] | None = None
    while clock() - begun < lasting:
        latest = await shared.look(db, actor, clock())
        if latest.values != said:
            said = latest.values
            yield msgspec.json.encode(said).decode()
        await asyncio.sleep(LIVE_EVERY.total_seconds())


class Shared:
    """The newest overview of this process: however many screens look, the database is asked once in a while."""

    def __init__(self) -> None:
        self._asking = asyncio.Lock()
        self._latest: Overview | None = None

    async def look(self, db: Database, actor: Actor, now: datetime) -> Overview:
        """The overview, at most `LIVE_EVERY` old. Everybody who may look sees the whole hotline, so that one serves all."""
        async with self._asking:
            if self._latest is None or now - self._latest.at >= LIVE_EVERY:
                async with db.transaction(actor.acting) as tx:
                    self._latest = overview(await service.counts(tx, actor, now), now)
            return self._latest


def _shared(request: Asked) -> Shared:
    state = request.app.state
    if "tickets_overview" not in state:
        state["tickets_overview"] = Shared()
    return state["tickets_overview"]


@get("/desk/tickets", include_in_schema=False, dependencies=HERE, guards=[needs(*HOTLINE_ROLES, *UNIT_ROLES)])
async def ticket_list(
    here: NamedDependency[Here],
    stands: Annotated[str, QueryParameter(name="state")] = "",
    light: FromQuery[str] = "",
    supervision: FromQuery[str] = "",
    urged: FromQuery[str] = "",
    number: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[Any]:
    """The tickets behind a number of the overview, or the one with a number."""
    if number.strip():
        return Redirect(f"/desk/ticket/{number.strip().upper()}", status_code=303)
    asked = {"state": stands, "light": light, "supervision": supervision, "urged": urged}
    filters = Filters(
        states=(State(stands),) if stands in tuple(State) else (),
        light=Light(light) if light in tuple(Light) else None,
        supervision=supervision if supervision in words.SUPERVISIONS else "",
        urged=bool(urged),
    )
    async with here.db.transaction(here.session.actor.acting) as tx:
        found = await service.worklist(tx, here.session.actor, filters, after, service.LIMIT, here.now)
    asked = {k: v for k, v in asked.items() if v}
    return page(
        here.request,
        "tickets/list.html",
        session=here.session,
        filters=filters,
        asked=asked,
        found=found,
        next=_more("/desk/tickets", asked, found),
        first=f"/desk/tickets?{urlencode(asked)}" if after else "",
        states=list(State),
        city=here.city,
        now=here.now,
        words=words,
    )


def sayings() -> tuple[str, ...]:
    """Titles and tabs, for the test of the catalogue."""
    return (ALL.label,)


routes = (home, supervisor_desk, live, ticket_list)
