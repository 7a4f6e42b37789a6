"""The dispatcher's desk: the queue by the clock, one ticket with all that helps to decide, many at once, and the units' load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from yixian.city.inforce import City
from yixian.city.model import Urgency
from yixian.people import service as staff
from yixian.people.guards import needs
from yixian.people.model import Actor, Role
from yixian.tickets import above, changes, choices, clearing, desks, forms, placing, words
from yixian.tickets import service as tickets
from yixian.tickets.caring import service as caring
from yixian.tickets.caring.model import InNeed
from yixian.tickets.caring.pages import may_take
from yixian.tickets.choices import Unclear, What
from yixian.tickets.desks import HERE, Here, at_least
from yixian.tickets.dispatching import bulk, drawing, keeping, marks, narrowing, parking, service
from yixian.tickets.dispatching.bulk import By, Deed
from yixian.tickets.dispatching.model import Aim, Beside, Entry, Load
from yixian.tickets.dispatching.narrowing import Narrowed
from yixian.tickets.lifecycle import WITH_UNIT, Refusal
from yixian.tickets.model import Action, Filters, HistoryRow, Light, Line, Order, OrderRole, Page, State, Step
from yixian.tickets.presence import service as presence
from yixian.tickets.presence import words as presence_words
from yixian.tickets.presence.model import Present
from yixian.tickets.service import NotFound, Overtaken, Refused, Seen
from yixian.web.given import count_of, text_of, uuid_of
from yixian.web.problems import usual
from yixian.web.render import language, page

Asked = Request[Any, Any, Any]

DISPATCHING: Final = (Role.DISPATCHER, Role.SUPERVISOR)
LOOKING_ON: Final = (*DISPATCHING, Role.ANALYST)

ALARMS: Final = Filters(states=(State.AWAITING_DISPATCH,), urgency=Urgency.CRITICAL)
"""What stands above every list of the desk: what may be an emergency, and what else cannot wait."""
ALARMS_SHOWN: Final = 10
LINES: Final = 50

NO_BASIS: Final = "请写明理由和依据。"
DONE: Final = {"park": "暂放", "take_up": "取回", "back": "派回原单位", "convene": "请单位会审"}
NOBODY_GAVE_IT_BACK: Final = "没有单位退回过这件工单。"


async def provide_by(
    request: Asked,
    tab: FromQuery[str] = "",
    kind: FromQuery[str] = "",
    at: FromQuery[str] = "",
    age: FromQuery[str] = "",
    group: FromQuery[str] = "",
    campaign: FromQuery[str] = "",
) -> Narrowed:
    """Dependency `by`: what the queue is narrowed by, from the address."""
    return Narrowed(tab, kind, at, age, group, campaign)


BY: Final = {"by": Provide(provide_by)}


class Queue(msgspec.Struct, frozen=True):
    """The list, and what is known of its tickets."""

    found: Page
    alarms: Page
    counted: Sequence[Any]
    taken: Mapping[Any, tuple[Present, ...]]
    flags: Mapping[Any, tuple[str, ...]]
    colleagues: tuple[keeping.Dispatcher, ...]
    """To whom a ticket can be handed over; the person who looks among them."""
    keepers: Mapping[str, str]
    """Names of those who keep tickets of the list, by staff id."""
    in_need: tuple[InNeed, ...] = ()
    """Who may take their own life, while nobody has dispatched their ticket: afterwards the supervisors' board alone shows it."""


class Opened(msgspec.Struct, frozen=True):
    """The ticket that is open beside the list."""

    seen: Seen
    beside: Beside
    suggestions: tuple[dict[str, Any], ...]
    matter: str
    rows: tuple[HistoryRow, ...]
    """Its history, when a unit gave it back or disputes it, or a dispatcher was given it."""
    names: Mapping[str, str] = {}
    """Of the dispatchers between whom it was handed over, by staff id."""


class Tried(msgspec.Struct, frozen=True):
    """Something that could not be done to the open ticket."""

    deed: str
    values: Mapping[str, str]
    status: int
    refused: str = ""
    version: int = 0
    """The version that was looked at, when somebody was faster."""


@get("/desk/dispatch", include_in_schema=False, dependencies=HERE | BY, guards=[needs(*DISPATCHING)])
async def dispatch_desk(
    here: NamedDependency[Here],
    by: NamedDependency[Narrowed],
    ticket: FromQuery[str] = "",
    after: FromQuery[str] = "",
    done: FromQuery[str] = "",
    number: FromQuery[str] = "",
    region: FromQuery[str] = "",
) -> Response[Any]:
    """What the gate was not sure of, by the clock; the first that nobody has open stands beside it, or the chosen one.

    `region`: where it is, as the dispatcher wrote it; the suggestions then name the units of that place.
    """
    return await _desk(here, by, ticket, after=after, done=done, number=number, region=region)


async def _desk(
    here: Here,
    by: Narrowed,
    ticket: str,
    *,
    after: str = "",
    done: str = "",
    number: str = "",
    region: str = "",
    tried: Tried | None = None,
) -> Response[Any]:
    actor, city = here.session.actor, here.city
    by = narrowing.settled(by, city)
    place, unclear = _place(region, city)
    async with here.db.transaction(actor.acting) as tx:
        queue, chosen = await _queue(here, tx, by, after, ticket)
        opened = await _opened(here, tx, chosen, place) if chosen else None
    return _page(here, by, queue, opened, after=after, done=done, number=number, region=region, place=place, unclear=unclear, tried=tried)


async def _queue(here: Here, tx: Any, by: Narrowed, after: str, ticket: str) -> tuple[Queue, str]:
    """The list, and the number of the ticket to stand beside it; empty when there is none."""
    actor, now = here.session.actor, here.now
    group = uuid_of(by.group)
    grouped = await above.grouped(here.request, tx, group) if group else None
    found = await tickets.worklist(tx, actor, narrowing.filters(by, here.city, grouped, actor.id, now), after, LINES, now)
    counted = await service.counts(tx, now)
    waiting = narrowing.counted(counted, "alarms")
    alarms = await tickets.worklist(tx, actor, ALARMS, "", ALARMS_SHOWN, now) if waiting else Page((), "")
    lines = _together(narrowing.tab_of(by).key, found, alarms)
    offering = {line.id: line.number for line in keeping.to_offer(lines, actor.id)}
    chosen, taken = ticket, {}
    if not ticket:
        offered, taken = await presence.offer(tx, actor, list(offering), now)
        chosen = offering[offered] if offered else ""
    if ticket or len(offering) < len(lines):
        taken = await presence.others(tx, [line.id for line in lines], now)
    flags = await above.flags(here.request, tx, lines, now)
    colleagues = keeping.dispatchers(counted)
    keepers = {one.id: one.name for one in colleagues}
    # Whose account was closed meanwhile.
    keepers |= await staff.names(tx, sorted({line.keeper for line in lines if line.keeper} - set(keepers)))
    looked_for = await caring.in_need(tx) if narrowing.counted(counted, "care") else ()
    in_need = tuple(one for one in looked_for if one.state is State.AWAITING_DISPATCH)
    return Queue(found, alarms, counted, taken, flags, colleagues, keepers, in_need), chosen


def _together(tab: str, found: Page, alarms: Page) -> tuple[Line, ...]:
    """What cannot wait stands first, and once."""
    first = alarms.lines if tab == "new" else ()
    known = {line.id for line in first}
    return (*first, *(line for line in found.lines if line.id not in known))


async def _opened(here: Here, tx: Any, number: str, place: str) -> Opened | None:
    """The chosen ticket with what helps to decide; None when it is gone meanwhile."""
    try:
        seen = await tickets.see(tx, here.session.actor, number, here.city, here.now)
    except NotFound:
        return None
    ticket = seen.ticket
    suggestions = placing.placed(ticket, place, here.city, here.now.astimezone(desks.zone_of(here.city)).date())
    matter = ticket.matter or next((str(s.get("matter") or "") for s in suggestions), "")
    units = {str(s["unit"]) for s in suggestions if s.get("unit")} | {o.unit for o in seen.orders if o.role is OrderRole.LEAD}
    beside = await service.beside(tx, ticket, matter, units, here.city, here.now)
    disputed = ticket.returns or ticket.state is State.JOINT_REVIEW or ticket.keeper
    rows = await tickets.time_line(tx, ticket) if disputed else ()
    handed = {str(row.detail.get("to") or "") for row in rows if row.action == Action.HAND_OVER} | {row.actor for row in rows}
    return Opened(seen, beside, suggestions, matter, rows, await staff.names(tx, sorted(handed - {""})) if ticket.keeper else {})


def _place(written: str, city: City) -> tuple[str, str]:
    """The region's code, and what is unclear about it."""
    try:
        return choices.code_of(city, What.REGIONS, written), ""
    except Unclear as unclear:
        return "", str(unclear)


def _page(
    here: Here,
    by: Narrowed,
    queue: Queue,
    opened: Opened | None,
    *,
    after: str,
    done: str,
    number: str,
    region: str,
    place: str,
    unclear: str,
    tried: Tried | None,
) -> Response[Any]:
    city, now = here.city, here.now
    tab = narrowing.tab_of(by)
    lines = _together(tab.key, queue.found, queue.alarms)
    seen = opened.seen if opened else None
    here_now = place or (seen.ticket.region if seen else None) or ""
    return page(
        here.request,
        "tickets/dispatch.html",
        status=tried.status if tried else 200,
        session=here.session,
        tabs=[(t, at_least(narrowing.counted(queue.counted, t.key))) for t in narrowing.TABS],
        open_tab=tab,
        by=by,
        unclear_filters=clearing.offers({"at": narrowing.where(by, city)}, lambda other: _with(by, **other)),
        choices=narrowing.offered(queue.counted, city, tickets.COUNTED_TO, language(here.request)),
        ages=narrowing.AGES,
        found=msgspec.structs.replace(queue.found, lines=lines),
        urgent={line.id for line in queue.alarms.lines},
        in_need=queue.in_need,
        may_take_care=may_take(here),
        alarms=queue.alarms.lines,
        more_alarms=bool(queue.alarms.after),
        next=f"{_with(by, after=queue.found.after)}" if queue.found.after else "",
        first=by.link if after else "",
        taken=queue.taken,
        flags=queue.flags,
        seen=seen,
        ticket=seen.ticket if seen else None,
        light=desks.light_of(seen.ticket, now) if seen else Light.NONE,
        form=forms.FORMS[Action.DISPATCH],
        values=forms.proposed(Action.DISPATCH, seen.ticket, seen.orders, city) if seen else {},
        suggestions=opened.suggestions if opened else (),
        place=here_now,
        region=choices.written(city, What.REGIONS, place) or region,
        unclear=unclear,
        **(_decided_by(opened, here_now, city, language(here.request)) if opened else {"beside": None}),
        present_said=presence_words.sentences(queue.taken.get(seen.ticket.id, ()), city, language(here.request)) if seen else (),
        deeds=bulk.NAMES,
        bulk_what=bulk.What,
        colleagues=queue.colleagues,
        keepers=queue.keepers,
        handed=_handed(opened) if opened else None,
        pile=keeping.BACK,
        park_until=_local_hour(now, city),
        tried_deed=tried.deed if tried else "",
        typed=tried.values if tried else {},
        refused=tried.refused if tried else "",
        came_first=changes.since(opened.rows, tried.version, city, language(here.request)) if tried and tried.version and opened else (),
        city=city,
        now=now,
        words=words,
        done=_done(done),
        done_key=done,
        done_number=number,
        back=by.link,
        link=lambda **more: _with(by, **more),
    )


def _handed(opened: Opened) -> tuple[HistoryRow, str, str] | None:
    """How the ticket came to who keeps it: the step, who handed it over, who has it."""
    last = next((row for row in reversed(opened.rows) if row.action == Action.HAND_OVER), None)
    if last is None or not opened.seen.ticket.keeper:
        return None
    return last, opened.names.get(last.actor, ""), opened.names.get(opened.seen.ticket.keeper, "")


def _done(key: str) -> str:
    return DONE.get(key, words.ACTIONS.get(key, ""))


def _decided_by(opened: Opened, region: str, city: City, lang: str) -> dict[str, Any]:
    """What helps to decide, as the page shows it."""
    ticket = opened.seen.ticket
    returned = _gave_back(opened.seen.orders)
    return {
        "beside": opened.beside,
        "matter": opened.matter,
        "pieces": marks.pieces(ticket.text, marks.terms_of(ticket, opened.suggestions, city)),
        "mark_names": marks.NAMES,
        "entries": [_entry(s, city, lang) for s in opened.suggestions],
        "plan": drawing.plan(ticket, region, opened.beside.near, city, lang),
        "said_by_units": [row for row in opened.rows if row.action in tuple(service.BACK)],
        "had_it": [o for o in opened.seen.orders if o.role is OrderRole.LEAD],
        "gave_back": returned.unit if returned and ticket.state is State.AWAITING_DISPATCH else "",
    }


def _gave_back(orders: Sequence[Order]) -> Order | None:
    """The last lead order, when it was given back."""
    leads = [o for o in orders if o.role is OrderRole.LEAD]
    return leads[-1] if leads and leads[-1].ended_how == Action.RETURN else None


def _entry(suggestion: Mapping[str, Any], city: City, lang: str) -> Entry | None:
    found = marks.entry_of(city, str(suggestion.get("matter") or ""), str(suggestion.get("entry") or ""))
    return Entry(found, tuple(city.region_in(p, lang).text for p in found.places)) if found else None


def _with(by: Narrowed, **more: str) -> str:
    return f"{narrowing.ADDRESS}?{urlencode(by.asked() | {name: value for name, value in more.items() if value})}"


def _local_hour(now: datetime, city: City) -> str:
    """An hour from now, as a field for a time holds it."""
    return (now + parking.LATE / 2).astimezone(desks.zone_of(city)).strftime("%Y-%m-%dT%H:%M")


# -- To the open ticket ------------------------------------------------------------------------------------------


@post("/desk/dispatch/{number:str}/park", include_in_schema=False, dependencies=HERE | BY, guards=[needs(*DISPATCHING)])
async def park(here: NamedDependency[Here], by: NamedDependency[Narrowed], number: FromPath[str]) -> Response[Any]:
    """Puts the ticket aside until a time, with a reason."""
    sent = _typed(await here.request.form(), "until", "reason", "version")
    until = parking.moment(sent["until"], desks.zone_of(here.city))
    version = count_of(sent["version"])
    try:
        if until is None:
            return await _desk(here, by, number, tried=Tried("park", sent, 422, parking.NO_TIME))
        async with here.db.transaction(here.session.actor.acting) as tx:
            await service.park(tx, here.session.actor, number, version, until, sent["reason"], here.now)
    except Refused as refused:
        return await _desk(here, by, number, tried=Tried("park", sent, 422, str(refused)))
    except Overtaken as overtaken:
        return await _desk(here, by, number, tried=Tried("park", sent, 409, str(overtaken), version))
    return Redirect(_with(by, done="park", number=number), status_code=303)


@post("/desk/dispatch/{number:str}/take-up", include_in_schema=False, dependencies=HERE | BY, guards=[needs(*DISPATCHING)])
async def take_up(here: NamedDependency[Here], by: NamedDependency[Narrowed], number: FromPath[str]) -> Redirect:
    """Brings the ticket back to the queue."""
    async with here.db.transaction(here.session.actor.acting) as tx:
        await service.take_up(tx, number, here.now)
    return Redirect(_with(Narrowed(), ticket=number, done="take_up", number=number), status_code=303)


@post("/desk/dispatch/{number:str}/back", include_in_schema=False, dependencies=HERE | BY, guards=[needs(*DISPATCHING)])
async def send_back(here: NamedDependency[Here], by: NamedDependency[Narrowed], number: FromPath[str]) -> Response[Any]:
    """Dispatches the ticket to the unit that gave it back, with the reason and the basis why it is theirs all the same."""
    sent = _typed(await here.request.form(), "note", "basis", "version")
    version = count_of(sent["version"])
    if not sent["note"].strip() or not sent["basis"].strip():
        return await _desk(here, by, number, tried=Tried("back", sent, 422, NO_BASIS))
    try:
        await _back(here, number, Step(note=sent["note"], basis=sent["basis"], version=version))
    except Refused as refused:
        return await _desk(here, by, number, tried=Tried("back", sent, 409, str(refused)))
    except Overtaken as overtaken:
        return await _desk(here, by, number, tried=Tried("back", sent, 409, str(overtaken), version))
    here.db.wake()
    return Redirect(_with(by, done="back", number=number), status_code=303)


@post("/desk/dispatch/{number:str}/hand-over", include_in_schema=False, dependencies=HERE | BY, guards=[needs(*DISPATCHING)])
async def hand_over(here: NamedDependency[Here], by: NamedDependency[Narrowed], number: FromPath[str]) -> Response[Any]:
    """Gives the ticket to another dispatcher, or back to all, with the reason."""
    sent = _typed(await here.request.form(), "keeper", "note", "version")
    version, to = count_of(sent["version"]), keeping.keeper(sent["keeper"])
    if to is None or not sent["note"].strip():
        return await _desk(here, by, number, tried=Tried("hand_over", sent, 422, keeping.NO_ONE))
    try:
        async with here.db.transaction(here.session.actor.acting) as tx:
            step = Step(keeper=to, note=sent["note"].strip(), version=version)
            await service.hand_over(tx, here.session.actor, number, step, here.city, here.now)
    except Refused as refused:
        return await _desk(here, by, number, tried=Tried("hand_over", sent, 409, str(refused)))
    except Overtaken as overtaken:
        return await _desk(here, by, number, tried=Tried("hand_over", sent, 409, str(overtaken), version))
    return Redirect(_with(by, done=Action.HAND_OVER, number=number), status_code=303)


async def _back(here: Here, number: str, step: Step) -> None:
    actor = here.session.actor
    async with here.db.transaction(actor.acting) as tx:
        ticket, orders = await tickets.read(tx, number)
        last = _gave_back(orders)
        if last is None:
            raise Refused(Refusal(NOBODY_GAVE_IT_BACK))
        await above.check(here.request, tx, number, Action.DISPATCH)
        step = msgspec.structs.replace(step, unit=last.unit, version=step.version or ticket.version)
        await tickets.act(tx, actor, number, Action.DISPATCH, step, here.city, here.now)


def _typed(sent: Any, *names: str) -> dict[str, str]:
    return {name: text_of(sent, name, forms.LONGEST) for name in names}


# -- To many -----------------------------------------------------------------------------------------------------


@post("/desk/dispatch/bulk", include_in_schema=False, dependencies=HERE | BY, guards=[needs(*DISPATCHING)])
async def do_to_many(here: NamedDependency[Here], by: NamedDependency[Narrowed]) -> Response[Any]:
    """Does one thing to all that were ticked; the page says what worked, what did not and why."""
    sent = await here.request.form()
    chosen = bulk.aims([str(text) for text in sent.getall("ticket", [])])
    what = str(sent.get("what") or "")
    if what not in tuple(bulk.What):
        raise usual(400)
    typed = _typed(sent, "unit", "basis", "matter", "region", "reason", "until", "keeper", "note")
    deed, wrong = _deed(bulk.What(what), typed, here.city, desks.zone_of(here.city))
    if what == bulk.What.HAND_OVER and sent.get("mine"):
        chosen = await _mine(here)
    if not chosen:
        wrong = "请先选中工单。"
    who = By(here.request, here.db, here.session.actor, here.city, here.now)
    came = await bulk.do(who, deed, chosen) if deed and not wrong else ()
    here.db.wake()
    return page(
        here.request,
        "tickets/bulk.html",
        status=200 if not wrong else 422,
        session=here.session,
        what=bulk.NAMES[bulk.What(what)],
        came=came,
        wrong=wrong,
        chosen=chosen,
        typed=typed,
        what_key=what,
        bulk_what=bulk.What,
        by=by,
        back=by.link,
        action=f"/desk/dispatch/bulk?{urlencode(by.asked())}",
        park_until=typed["until"],
        deeds=bulk.NAMES,
        colleagues=await _colleagues(here),
        pile=keeping.BACK,
        actor=here.session.actor.id,
        city=here.city,
    )


async def _mine(here: Here) -> tuple[Aim, ...]:
    """All that the person keeps or has put aside, as many as can be handed over at once."""
    actor, filters = here.session.actor, narrowing.filters(Narrowed("mine"), here.city, None, here.session.actor.id, here.now)
    async with here.db.transaction(actor.acting) as tx:
        return tuple(
            [Aim(line.number, line.version) async for lines in tickets.walk(tx, actor, filters, bulk.MOST, here.now) for line in lines]
        )


async def _colleagues(here: Here) -> tuple[keeping.Dispatcher, ...]:
    async with here.db.transaction(here.session.actor.acting) as tx:
        return tuple(keeping.Dispatcher(one.id, one.name) for one in await staff.colleagues(tx, DISPATCHING))


def _deed(what: bulk.What, typed: Mapping[str, str], city: City, zone: Any) -> tuple[Deed | None, str]:
    """What is to be done, or the sentence that says what is missing."""
    try:
        unit = choices.code_of(city, What.UNITS, typed["unit"])
        matter = choices.code_of(city, What.MATTERS, typed["matter"])
        region = choices.code_of(city, What.REGIONS, typed["region"])
    except Unclear as unclear:
        return None, str(unclear)
    match what:
        case bulk.What.FIRST:
            return Deed(what), ""
        case bulk.What.UNIT:
            ready = unit and typed["basis"].strip()
            return (Deed(what, Step(unit=unit, basis=typed["basis"])), "") if ready else (None, "请选择承办单位并写明派单依据。")
        case bulk.What.AMEND:
            return (Deed(what, Step(matter=matter, region=region)), "") if matter or region else (None, "请选择与现在不同的事项或区域。")
        case bulk.What.HAND_OVER:
            to = keeping.keeper(typed["keeper"])
            ready = to is not None and typed["note"].strip()
            return (Deed(what, Step(keeper=to or "", note=typed["note"].strip())), "") if ready else (None, keeping.NO_ONE)
        case bulk.What.PARK:
            until = parking.moment(typed["until"], zone)
            if until is None:
                return None, parking.NO_TIME
            return (Deed(what, until=until, reason=typed["reason"]), "") if typed["reason"].strip() else (None, parking.NO_REASON)


# -- How much each unit has --------------------------------------------------------------------------------------

ORDERS: Final = {"red": "已超时", "open": "在办", "amber": "将超时", "fresh": "今日新派", "returned": "30 天退单"}
UNITS_SHOWN: Final = 200


@get("/desk/load", include_in_schema=False, dependencies=HERE, guards=[needs(*LOOKING_ON)])
async def load_page(here: NamedDependency[Here], order: FromQuery[str] = "", q: FromQuery[str] = "") -> Response[Any]:
    """How much each unit has in hand, most overdue first, or by another column; every number leads to its tickets."""
    key = order if order in ORDERS else "red"
    async with here.db.transaction(here.session.actor.acting) as tx:
        found = await service.loads(tx, None, here.city, here.now)
    wanted = [load for load in found if any(q.strip().lower() in name.lower() for name in _names(load.unit, here))]
    wanted.sort(key=lambda load: -getattr(load, key))
    return page(
        here.request,
        "tickets/load.html",
        session=here.session,
        loads=wanted[:UNITS_SHOWN],
        more=max(0, len(wanted) - UNITS_SHOWN),
        most=max((load.open for load in found), default=0),
        sum=_sum(found),
        order=key,
        orders=ORDERS,
        q=q,
        city=here.city,
        now=here.now,
    )


def _names(unit: str, here: Here) -> tuple[str, str]:
    """What the page calls a unit, in Chinese and in the reader's language."""
    return here.city.unit_name(unit), here.city.unit_in(unit, language(here.request)).text


def _sum(found: Sequence[Load]) -> Load:
    return Load(
        "",
        sum(load.open for load in found),
        sum(load.red for load in found),
        sum(load.amber for load in found),
        sum(load.fresh for load in found),
        sum(load.returned for load in found),
    )


@get("/desk/load/{unit:str}", include_in_schema=False, dependencies=HERE, guards=[needs(*LOOKING_ON)])
async def load_of_unit(
    here: NamedDependency[Here], unit: FromPath[str], light: FromQuery[str] = "", after: FromQuery[str] = ""
) -> Response[Any]:
    """The tickets behind a number of the page of loads: those that this very unit leads."""
    if unit not in here.city.units and unit not in here.city.closed:
        raise usual(404)
    filters = Filters(states=WITH_UNIT, lead=unit, light=Light(light) if light in tuple(Light) else None)
    actor: Actor = here.session.actor
    async with here.db.transaction(actor.acting) as tx:
        found = await tickets.worklist(tx, actor, filters, after, tickets.LIMIT, here.now)
    address = f"/desk/load/{unit}"
    asked = {"light": light} if filters.light else {}
    return page(
        here.request,
        "tickets/load_unit.html",
        session=here.session,
        unit=unit,
        light=filters.light or "",
        found=found,
        next=f"{address}?{urlencode({**asked, 'after': found.after})}" if found.after else "",
        first=f"{address}?{urlencode(asked)}" if after else "",
        city=here.city,
        now=here.now,
        words=words,
    )


def sayings() -> tuple[str, ...]:
    """Fixed sentences of the desk, for the test of the catalogue."""
    said = (NO_BASIS, NOBODY_GAVE_IT_BACK, "请先选中工单。", *DONE.values(), *ORDERS.values())
    return (*said, *narrowing.sayings(), *parking.sayings(), *keeping.sayings(), *marks.sayings(), *bulk.sayings())


routes = (dispatch_desk, do_to_many, park, take_up, send_back, hand_over, load_page, load_of_unit)
