"""The supervisors' desk: the line at a glance with numbers that live, the list behind each of them, and what is done to many at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, ServerSentEvent

from yixian.city.inforce import City
from yixian.db.pool import Database, Scope, Transaction
from yixian.people.guards import needs
from yixian.people.model import HOTLINE_ROLES, UNIT_ROLES, Actor, Role, Session
from yixian.settings import Settings
from yixian.tickets import above, choices, clearing, words
from yixian.tickets import service as tickets
from yixian.tickets.caring import service as caring
from yixian.tickets.caring.pages import may_take
from yixian.tickets.choices import Unclear
from yixian.tickets.clearing import Taken
from yixian.tickets.desks import HERE, Here
from yixian.tickets.dispatching.bulk import By, aims
from yixian.tickets.dispatching.narrowing import AGES
from yixian.tickets.lifecycle import Refusal
from yixian.tickets.model import OPEN, Filters, Light, Page, State, Step
from yixian.tickets.sent import text
from yixian.tickets.service import Refused
from yixian.tickets.supervising import board, bulk, narrowing, service
from yixian.tickets.supervising.board import Board, Numbers
from yixian.tickets.supervising.model import Hour, SavedFilter
from yixian.tickets.supervising.narrowing import Narrowed
from yixian.web.given import uuid_of
from yixian.web.problems import usual
from yixian.web.render import language, page

Asked = Request[Any, Any, Any]

LOOKING_ON: Final = tuple(HOTLINE_ROLES - {Role.OPERATOR, Role.CALL_BACK})
DOING: Final = (Role.SUPERVISOR,)

LIVE_EVERY: Final = 2.0
"""Seconds between two looks of one screen."""
WORST_SHOWN: Final = 10


def the_board(request: Asked) -> Board:
    """This process's board."""
    state = request.app.state
    if "tickets_board" not in state:
        state["tickets_board"] = Board(state.get(above.BOARDING) or ())
    return state["tickets_board"]


@get("/desk/supervisor", include_in_schema=False, dependencies=HERE, guards=[needs(*LOOKING_ON)])
async def supervisor_desk(here: NamedDependency[Here]) -> Response[Any]:
    """The whole line at a glance; every number leads to its tickets."""
    actor, city, now = here.session.actor, here.city, here.now
    numbers = await the_board(here.request).look(here.db, actor, city, now)
    async with here.db.transaction(actor.acting) as tx:
        kept = await service.kept(tx)
        # The board's number is two seconds old at most, and the page follows it.
        in_need = await caring.in_need(tx) if numbers.values["care"] else ()
        worst = await tickets.worklist(tx, actor, Filters(light=Light.RED), "", WORST_SHOWN, now)
        notes = await above.notes(here.request, tx)
    counted = await the_board(here.request).tiles(here.db, actor, [f.query for f in kept], city, now)
    return page(
        here.request,
        "tickets/supervisor.html",
        session=here.session,
        values=numbers.values,
        numbers=numbers,
        at=numbers.at,
        queues=city.queues_in(language(here.request)),
        states=[s for s in State if s in OPEN],
        lights=[Light.RED, Light.AMBER, Light.GREEN, Light.NONE],
        light_words=narrowing.LIGHTS,
        flows=narrowing.FLOWS,
        bars=bars(numbers.hours),
        kept=[(f, _link(f, city), counted.get(f.query)) for f in kept],
        worst=worst,
        in_need=in_need,
        may_take_care=may_take(here),
        notes=notes,
        city=city,
        now=now,
        words=words,
    )


def bars(hours: Sequence[Hour]) -> dict[str, Any]:
    """The day as a small picture: per hour, how high opened and closed stand, 0 to 100."""
    by_hour = {hour.hour: hour for hour in hours}
    most = board.most_of(hours) or 1
    return {
        "hours": [
            (hour, found, round(found.opened * 100 / most), round(found.closed * 100 / most))
            for hour in range(24)
            for found in (by_hour.get(hour) or Hour(hour, 0, 0, 0),)
        ],
    }


def _link(kept: SavedFilter, city: City) -> str:
    """The list that a kept filter leads to, under its name."""
    return f"{narrowing.ADDRESS}?{urlencode({**narrowing.of_query(kept.query, city).asked(), 'kept': str(kept.id)})}"


@get("/desk/live", include_in_schema=False, guards=[needs(*LOOKING_ON)])
async def live(
    request: Asked,
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> ServerSentEvent:
    """The board as a stream: all numbers first, then those that change.

    It ends when the idle time is over: a screen that nobody touches signs nobody in for ever.
    """
    return ServerSentEvent(_numbers(request, session.actor, db, timedelta(minutes=settings.session_idle_minutes)))


async def _numbers(request: Asked, actor: Actor, db: Database, lasting: timedelta) -> AsyncGenerator[str, None]:
    process = request.app.state.process
    shared = the_board(request)
    async with db.transaction(actor.acting) as tx:
        kept = await service.kept(tx)
    begun: datetime = process.clock()
    said: dict[str, int] | None = None
    while process.clock() - begun < lasting:
        latest = await _latest(shared, db, actor, kept, process.live.city, process.clock())
        if told := board.changed(said, latest):
            said = latest
            yield board.encoded(told)
        await asyncio.sleep(LIVE_EVERY)


async def _latest(shared: Board, db: Database, actor: Actor, kept: Sequence[SavedFilter], city: City, now: datetime) -> dict[str, int]:
    """All that one screen shows: the board that is everybody's, and its own tiles."""
    tiles = await shared.tiles(db, actor, [f.query for f in kept], city, now)
    numbers: Numbers = await shared.look(db, actor, city, now)
    return {**numbers.values, **{f"tile.{f.id}": tiles[f.query] for f in kept if f.query in tiles}}


# -- The list --------------------------------------------------------------------------------------------------------


@get(narrowing.ADDRESS, include_in_schema=False, dependencies=HERE, guards=[needs(*HOTLINE_ROLES, *UNIT_ROLES)])
async def ticket_list(
    here: NamedDependency[Here],
    number: FromQuery[str] = "",
    after: FromQuery[str] = "",
    done: FromQuery[str] = "",
) -> Response[Any]:
    """The tickets behind a number of the board, or the one with a number."""
    if number.strip():
        return Redirect(f"/desk/ticket/{number.strip().upper()}", status_code=303)
    fields = narrowing.fields(narrowing.said(here.request.query_params), here.city)
    return await _list(
        here, narrowing.of(here.request.query_params, here.city), after=after, done=done, taken=clearing.taken(fields, here.city)
    )


async def _list(
    here: Here,
    by: Narrowed,
    *,
    after: str = "",
    done: str = "",
    status: int = 200,
    refused: str = "",
    typed: Mapping[str, str] | None = None,
    taken: Sequence[Taken] = (),
) -> Response[Any]:
    actor, city = here.session.actor, here.city
    clear = narrowing.clear(by, city)
    async with here.db.transaction(actor.acting) as tx:
        found = await tickets.worklist(tx, actor, await filters_of(here, tx, by), after, tickets.LIMIT, here.now)
        flags = await above.flags(here.request, tx, found.lines, here.now)
        kept = await service.kept(tx) if actor.acting.scope is Scope.HOTLINE else ()
    return page(
        here.request,
        "tickets/list.html",
        status=status,
        session=here.session,
        by=by,
        asked=by.asked(),
        query=by.query,
        clear=clear,
        unclear=clearing.offers(narrowing.fields(by.asked(), city), lambda other: _with(by, other)),
        taken=taken,
        found=found,
        flags=flags,
        next=_more(by, found),
        first=by.link if after else "",
        states=list(State),
        lights=narrowing.LIGHTS,
        queues={code: name.text for code, name in city.queues_in(language(here.request)).items()},
        ratings=narrowing.RATINGS,
        flows=narrowing.FLOWS,
        ages=AGES,
        written={name: clearing.written(city, what, getattr(by, name)) for name, what in narrowing.WRITTEN.items()},
        more_filters=any(getattr(by, name) for name in MORE),
        kept=[(f, _link(f, city), f.owner == actor.id) for f in kept],
        may_keep=actor.acting.scope is Scope.HOTLINE,
        may_export=clear and bool(actor.roles & set(LOOKING_ON)),
        deeds=bulk.NAMES if clear and actor.roles & set(DOING) else {},
        refused=refused,
        typed=typed or {},
        done=done,
        city=city,
        now=here.now,
        words=words,
    )


MORE: Final = ("matter", "unit", "channel", "kind", "age", "rating", "flow", "group", "campaign")
"""Filters that stand folded away until one is used."""


async def filters_of(here: Here, tx: Transaction, by: Narrowed) -> Filters:
    """What the list shows, with the tickets of a group as the room above knows it."""
    group = uuid_of(by.group)
    grouped = await above.grouped(here.request, tx, group) if group else None
    return narrowing.filters(by, here.city, grouped, here.now)


def _more(by: Narrowed, found: Page) -> str:
    return _with(by, {"after": found.after}) if found.after else ""


def _with(by: Narrowed, other: Mapping[str, str]) -> str:
    return f"{narrowing.ADDRESS}?{urlencode({**by.asked(), **other})}"


# -- Filters that are kept -------------------------------------------------------------------------------------------


@post("/desk/tickets/filters", include_in_schema=False, dependencies=HERE, guards=[needs(*HOTLINE_ROLES)])
async def keep_filter(here: NamedDependency[Here]) -> Response[Any]:
    """Keeps what the list is narrowed by."""
    sent = await here.request.form()
    by = narrowing.of_query(str(sent.get("query") or ""), here.city)
    name = text(sent, "name")
    try:
        _check_clear(by, here.city)
        async with here.db.transaction(here.session.actor.acting) as tx:
            await service.keep(tx, here.session.actor, name, by, here.now, shared=bool(sent.get("shared")))
    except Refused as refused:
        return await _list(here, by, status=422, refused=str(refused), typed={"name": name})
    return Redirect(f"{narrowing.ADDRESS}?{urlencode({**by.asked(), 'done': 'kept'})}", status_code=303)


@post("/desk/tickets/filters/{identifier:uuid}/drop", include_in_schema=False, dependencies=HERE, guards=[needs(*HOTLINE_ROLES)])
async def drop_filter(here: NamedDependency[Here], identifier: FromPath[Any]) -> Redirect:
    """Takes one's own away."""
    async with here.db.transaction(here.session.actor.acting) as tx:
        await service.drop(tx, identifier)
    return Redirect(f"{narrowing.ADDRESS}?done=dropped", status_code=303)


# -- To many ---------------------------------------------------------------------------------------------------------


@post("/desk/tickets/bulk", include_in_schema=False, dependencies=HERE, guards=[needs(*DOING)])
async def do_to_many(here: NamedDependency[Here]) -> Response[Any]:
    """Urges, lists, calls in, or hands over all that were ticked; the page says what worked, what did not and why."""
    sent = await here.request.form()
    if str(sent.get("what") or "") not in tuple(bulk.What):
        raise usual(400)
    what = bulk.What(str(sent["what"]))
    chosen = aims([str(ticked) for ticked in sent.getall("ticket", [])])
    by = narrowing.of_query(str(sent.get("query") or ""), here.city)
    typed = {name: text(sent, name) for name in ("note", "unit", "basis")}
    try:
        _check_clear(by, here.city)
        step = _step(what, typed, here.city)
        if not chosen:
            raise Refused(Refusal(NONE_CHOSEN))
    except (Refused, Unclear) as wrong:
        ticked = {"ticked": " ".join(aim.number for aim in chosen)}
        return await _list(here, by, status=422, refused=str(wrong), typed={**typed, **ticked, "what": what})
    came = await bulk.do(By(here.request, here.db, here.session.actor, here.city, here.now), what, step, chosen)
    here.db.wake()
    return page(
        here.request,
        "tickets/done_to_many.html",
        session=here.session,
        what=bulk.NAMES[what],
        came=came,
        back=by.link,
        city=here.city,
    )


NONE_CHOSEN: Final = "请先选中工单。"


def _check_clear(by: Narrowed, city: City) -> None:
    """Raises:
    Refused: it is not clear what the list is narrowed by.
    """
    if not narrowing.clear(by, city):
        raise Refused(Refusal(clearing.NONE_OF_US))


def _step(what: bulk.What, typed: Mapping[str, str], city: City) -> Step:
    """What is to be done to each.

    Raises:
        Refused: the reason, the unit or its basis is missing.
        Unclear: several units can be meant, or none.
    """
    if not typed["note"].strip():
        raise Refused(Refusal(bulk.NO_REASON))
    if what is not bulk.What.HAND_OVER:
        return Step(note=typed["note"])
    unit = choices.code_of(city, choices.What.UNITS, typed["unit"])
    if not unit or not typed["basis"].strip():
        raise Refused(Refusal(bulk.NO_UNIT))
    return Step(note=typed["note"], unit=unit, basis=typed["basis"])


def sayings() -> tuple[str, ...]:
    """Fixed sentences of the desk, for the test of the catalogue."""
    return (NONE_CHOSEN, *narrowing.sayings(), *bulk.sayings(), *service.sayings(), *clearing.sayings())


routes = (supervisor_desk, live, ticket_list, keep_filter, drop_filter, do_to_many)
