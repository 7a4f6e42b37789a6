"""The desk of call-backs: whom to ring when, what to say, what they said; and the page behind a link to rate with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from yixian.city.inforce import City
from yixian.db.pool import Database
from yixian.language.service import Reader
from yixian.people import callers
from yixian.people.guards import needs
from yixian.people.model import CallerMasked, Role
from yixian.people.phones import sms
from yixian.people.refusals import NotFound as Unknown
from yixian.people.refusals import Refused as NotAllowed
from yixian.settings import Settings
from yixian.tickets import above, forms, words
from yixian.tickets import service as tickets
from yixian.tickets.calling import MOST
from yixian.tickets.caring import service as caring
from yixian.tickets.desks import HERE, Here
from yixian.tickets.forms import Filled
from yixian.tickets.model import Action, HistoryRow, Reached, State, Step
from yixian.tickets.reviewing import desk, service
from yixian.tickets.reviewing import words as review_words
from yixian.tickets.reviewing.desk import DESK, Taken, Wanted
from yixian.tickets.reviewing.model import Call, Figures, Link, Waiting
from yixian.tickets.sent import text
from yixian.tickets.service import NotFound, Overtaken, Refused, Seen
from yixian.web.given import version_of
from yixian.web.problems import usual
from yixian.web.render import page

Asked = Request[Any, Any, Any]

CALLING: Final = (Role.CALL_BACK, Role.REVIEWER, Role.SUPERVISOR)
ADDRESS: Final = "/desk/callback"

TABS: Final[Mapping[Waiting, tuple[str, str]]] = {
    Waiting.NOW: ("现在要打", "现在没有要回访的。"),
    Waiting.LATER: ("改时间再打", "没有改了时间的。"),
    Waiting.UNREACHED: ("没有联系上", "没有联系不上的。"),
    Waiting.BAD: ("不满意", "没有等待处理的不满意评价。"),
}

REVEALED_FOR: Final = "电话回访"
"""Why a number is shown here, as it stands among the reveals."""


class Opened(msgspec.Struct, frozen=True):
    """Who is to be rung."""

    seen: Seen
    rows: tuple[HistoryRow, ...]
    caller: CallerMasked | None
    link: Link | None


class Tried(msgspec.Struct, frozen=True):
    """Something that could not be done, or what it brought to light."""

    status: int = 200
    refused: str = ""
    filled: Filled | None = None
    errors: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    action: str = ""
    version: int = 0
    phone: str = ""
    message: str = ""
    """A message that left, where a demo shows it."""


@get(ADDRESS, include_in_schema=False, dependencies=DESK, guards=[needs(*CALLING)])
async def call_back_desk(here: NamedDependency[Here], wanted: NamedDependency[Wanted]) -> Response[Any]:
    """Who is to be rung, in the order of time; the first that nobody has open stands beside it, or the chosen one."""
    return await _desk(here, wanted)


async def _desk(here: Here, wanted: Wanted, tried: Tried | None = None) -> Response[Any]:
    actor, now = here.session.actor, here.now
    async with here.db.transaction(actor.acting) as tx:
        counts = await service.waiting(tx, now)
        which = _tab(wanted.tab, counts)
        lines, rest = await service.calls(tx, which, wanted.after, now)
        chosen, taken = await desk.chosen(here, tx, {line.id: line.number for line in lines}, wanted.ticket)
        opened = await _opened(here, tx, chosen) if chosen else None
        figures = await service.figures(tx, actor, here.city, now)
    back = f"{ADDRESS}?tab={which}"
    more, first = f"{back}&{urlencode({'after': rest})}" if rest else "", back if wanted.after else ""
    return _page(here, _Listed(which, lines, more, first, counts, taken, figures), opened, wanted, tried or Tried())


def _tab(tab: str, counts: Mapping[Waiting, int]) -> Waiting:
    """The one asked for; else the first that has somebody to ring."""
    if tab in tuple(Waiting):
        return Waiting(tab)
    return next((which for which in (Waiting.NOW, Waiting.UNREACHED, Waiting.LATER) if counts[which]), Waiting.NOW)


class _Listed(msgspec.Struct, frozen=True):
    which: Waiting
    lines: tuple[Call, ...]
    next: str
    first: str
    counts: Mapping[Waiting, int]
    taken: Taken
    figures: Figures


async def _opened(here: Here, tx: Any, number: str) -> Opened | None:
    """Who is to be rung about this ticket; None when it is gone meanwhile."""
    if (found := await desk.seen(here, tx, number)) is None:
        return None
    seen, rows = found
    ticket = seen.ticket
    known = await callers.masked(tx, here.vault, [ticket.caller]) if ticket.caller else {}
    return Opened(seen, rows, known.get(ticket.caller) if ticket.caller else None, await service.newest_link(tx, ticket))


def _page(here: Here, listed: _Listed, opened: Opened | None, wanted: Wanted, tried: Tried) -> Response[Any]:
    ticket = opened.seen.ticket if opened else None
    offered = [e.action for e in opened.seen.offered] if opened else []
    caller = opened.caller if opened else None
    return page(
        here.request,
        "tickets/callback.html",
        status=tried.status,
        headers={"Cache-Control": "no-store"},
        **desk.around(here, opened.seen if opened else None, opened.rows if opened else (), listed.taken, tried.version),
        tabs=[(f"{ADDRESS}?tab={w}", label, listed.counts[w], w is listed.which) for w, (label, _) in TABS.items()],
        listed=listed,
        back=f"{ADDRESS}?tab={listed.which}",
        empty_said=TABS[listed.which][1],
        caller=caller,
        link=opened.link if opened else None,
        link_due=service.link_is_due(ticket) if ticket else False,
        script=review_words.script_for(caller.language if caller else ""),
        secret=review_words.SECRET,
        rung=service.rung(opened.rows) if opened else (),
        most=MOST,
        reached=review_words.REACHED,
        rate=forms.FORMS[Action.RATE],
        offered=offered,
        later_forms=[(a, forms.FORMS[a]) for a in (Action.REDO, Action.REFER, Action.CLOSE) if a in offered],
        values=tried.filled.values if tried.filled else {},
        errors=tried.errors,
        tried=tried,
        **desk.told(wanted, {"link": "发出评价链接"}),
    )


@post("/desk/callback/{number:str}/phone", include_in_schema=False, dependencies=HERE, guards=[needs(*CALLING)])
async def show_phone(here: NamedDependency[Here], number: FromPath[str]) -> Response[Any]:
    """Shows the number to ring, once; that it was shown stands among the reveals."""
    actor = here.session.actor
    try:
        async with here.db.transaction(actor.acting) as tx:
            ticket, _ = await tickets.read(tx, number)
            if ticket.caller is None or ticket.state is not State.AWAITING_CALL_BACK:
                raise usual(404)
            phone = await callers.reveal(tx, here.vault, actor, ticket.caller, callers.Field.PHONE, ticket.id, REVEALED_FOR, here.now)
    except (NotAllowed, Unknown) as refused:
        return await _desk(here, Wanted(ticket=number), Tried(409, str(refused)))
    return await _desk(here, Wanted(ticket=number), Tried(phone=phone))


@post("/desk/callback/{number:str}/missed", include_in_schema=False, dependencies=HERE, guards=[needs(*CALLING)])
async def not_reached(here: NamedDependency[Here], number: FromPath[str]) -> Response[Any]:
    """The call came to nothing: why, and when to ring again."""
    form = await here.request.form()
    said = str(form.get("reached") or "")
    if said not in tuple(Reached):
        raise usual(400)
    reached, typed = Reached(said), text(form, "note")
    note = "；".join([review_words.REACHED[reached], *([typed.strip()] if typed.strip() else [])])
    step = Step(note=note, reached=reached, version=version_of(form))
    return await _step(here, number, Action.CALL_BACK, step, Filled({"note": typed}, step))


@post("/desk/callback/{number:str}/rate", include_in_schema=False, dependencies=HERE, guards=[needs(*CALLING)])
async def rate(here: NamedDependency[Here], number: FromPath[str]) -> Response[Any]:
    """What the citizen said of it. Not content: the page stays, with what comes next."""
    sent = await here.request.form()
    filled = forms.read(Action.RATE, sent, here.city)
    if filled.errors:
        return await _desk(here, Wanted(ticket=number), Tried(422, "", filled, dict(filled.errors), "rate"))
    return await _step(here, number, Action.RATE, filled.step, filled)


async def _step(here: Here, number: str, action: Action, step: Step, filled: Filled | None = None) -> Response[Any]:
    actor = here.session.actor
    try:
        async with here.db.transaction(actor.acting) as tx:
            await above.check(here.request, tx, number, action)
            moved = await caring.act(tx, actor, number, action, step, here.reader, here.city, here.now)
    except Refused as refused:
        return await _desk(here, Wanted(ticket=number), Tried(409, str(refused), filled, action=action))
    except Overtaken as overtaken:
        return await _desk(here, Wanted(ticket=number), Tried(409, str(overtaken), filled, action=action, version=step.version))
    here.db.wake()
    told = {"done": action, "number": number}
    if moved.satisfied is False:
        return Redirect(f"{ADDRESS}?{urlencode({'tab': Waiting.BAD, 'ticket': number, **told})}", status_code=303)
    return Redirect(f"{ADDRESS}?{urlencode({'tab': Waiting.NOW, **told})}", status_code=303)


@post("/desk/callback/{number:str}/link", include_in_schema=False, dependencies=HERE, guards=[needs(*CALLING)])
async def send_link(here: NamedDependency[Here], number: FromPath[str], settings: NamedDependency[Settings]) -> Response[Any]:
    """Sends a link to rate with, in place of a call."""
    try:
        sent = await service.send_link(here.db, here.vault, settings, here.session.actor, number, here.now)
    except (Refused, Unknown, NotAllowed, sms.NotSent) as refused:
        return await _desk(here, Wanted(Waiting.UNREACHED, number), Tried(409, str(refused)))
    if sent.shown:
        return await _desk(here, Wanted(Waiting.UNREACHED, number, "", "link", number), Tried(message=sent.shown))
    return Redirect(f"{ADDRESS}?{urlencode({'tab': Waiting.UNREACHED, 'done': 'link', 'number': number})}", status_code=303)


# -- Behind a link -------------------------------------------------------------------------------------------------


@get("/rate/{token:str}", include_in_schema=False)
async def rating_page(
    request: Asked, token: FromPath[str], db: NamedDependency[Database], city: NamedDependency[City], now: NamedDependency[Any]
) -> Response[Any]:
    """Asks for three ratings, without signing in."""
    return await _rating(request, token, db, city, now)


@post("/rate/{token:str}", include_in_schema=False)
async def rate_by_link(
    request: Asked, token: FromPath[str], db: NamedDependency[Database], city: NamedDependency[City], reader: NamedDependency[Reader],
    now: NamedDependency[Any],
) -> Response[Any]:  # fmt: skip
    """Takes them, once."""
    filled = forms.read(Action.RATE, await request.form(), city)
    if filled.errors:
        return await _rating(request, token, db, city, now, filled=filled, status=422)
    # The version is not the citizen's to know: what stands is what they rate.
    step = msgspec.structs.replace(filled.step, version=0)
    try:
        ticket = await service.rate_by_link(db, token, step, reader, city, now)
    except NotFound:
        return _void(request)
    except (Refused, Overtaken) as refused:
        return await _rating(request, token, db, city, now, filled=filled, status=409, refused=str(refused))
    db.wake()
    return page(request, "tickets/rate.html", ticket=ticket, thanks=True, city=city)


async def _rating(
    request: Asked, token: str, db: Database, city: City, now: Any, *, filled: Filled | None = None, status: int = 200, refused: str = ""
) -> Response[Any]:
    try:
        ticket = await service.by_link(db, token, now)
    except NotFound:
        return _void(request)
    return page(
        request,
        "tickets/rate.html",
        status=status,
        headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
        ticket=ticket,
        token=token,
        thanks=False,
        form=forms.FORMS[Action.RATE],
        values=filled.values if filled else {},
        errors=dict(filled.errors) if filled else {},
        refused=refused,
        city=city,
        words=words,
    )


def _void(request: Asked) -> Response[Any]:
    return page(request, "tickets/rate.html", status=404, ticket=None, void=service.VOID)


def sayings() -> tuple[str, ...]:
    """Fixed sentences, for the test of the catalogue."""
    return (*(said for tab in TABS.values() for said in tab), REVEALED_FOR, "发出评价链接")


routes = (call_back_desk, show_phone, not_reached, rate, send_link, rating_page, rate_by_link)
