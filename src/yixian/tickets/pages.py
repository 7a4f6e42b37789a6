"""The staff's page of one ticket: everything about it, and exactly what this person may do with it now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from yixian.attachments import service as attachments
from yixian.attachments.model import Attachment
from yixian.city.inforce import City
from yixian.people import callers
from yixian.people.callers import Field as Secret
from yixian.people.guards import needs
from yixian.people.model import HOTLINE_ROLES, UNIT_ROLES, Actor, CallerMasked, Role
from yixian.people.refusals import Invalid
from yixian.people.refusals import NotFound as Unknown
from yixian.people.refusals import Refused as NotAllowed
from yixian.tickets import (
    above,
    changes,
    choices,
    desks,
    forms,
    handling,
    leaving,
    lifecycle,
    numbers,
    service,
    template_desk,
    track,
    unit_desk,
    wording,
    words,
)
from yixian.tickets.caring import service as caring
from yixian.tickets.choices import Choice, What
from yixian.tickets.desks import HERE, Here
from yixian.tickets.forms import Filled
from yixian.tickets.handling import Lacks
from yixian.tickets.model import Action, AnswerTemplate, HistoryRow, OrderRole
from yixian.tickets.service import NotFound, Overtaken, Refused, Seen
from yixian.web.problems import usual
from yixian.web.render import language, page
from yixian.web.static import local

Asked = Request[Any, Any, Any]

STAFF: Final = tuple(HOTLINE_ROLES | UNIT_ROLES)

NOT_SENT: Final = "答复还没有送出：公开答复里可能有个人信息。请删去，或确认可以公开后再提交。"

ON_THE_DESK: Final = frozenset({Action.HAND_OVER})
"""Steps that are taken at a desk, where there is more to choose from."""

LEAVES_THE_DESK: Final = frozenset({Action.RETURN, Action.HAND_UP})
"""After these a unit may no longer see the ticket: it is taken back to its list."""


class Sight(msgspec.Struct, frozen=True):
    """All that the page shows of a ticket."""

    seen: Seen
    rows: tuple[HistoryRow, ...]
    caller: CallerMasked | None
    files: tuple[Attachment, ...] = ()
    templates: tuple[AnswerTemplate, ...] = ()
    """Texts that the answer can begin from, when it is this person's to write."""
    lacks: Lacks | None = None
    """What the answer that stands there lacks, for who is to approve it."""


class Tried(msgspec.Struct, frozen=True):
    """A step that could not be taken."""

    action: Action
    filled: Filled
    status: int
    refused: str = ""
    overtaken: HistoryRow | None = None
    """What somebody else did last."""
    lacks: Lacks | None = None
    """What the answer lacks, when it was looked at."""
    over: str = ""
    """A template that was picked although something is written: its id."""

    @property
    def looked_at(self) -> int:
        """The version of the ticket that the form was made from; 0 when nobody can say."""
        return self.filled.step.version or (self.overtaken.seq - 1 if self.overtaken else 0)

    def kept(self, offered: Sequence[Action]) -> list[tuple[str, str]]:
        """What was typed, by label, when the form it was typed into is no longer on the page."""
        if self.action in offered:
            return []
        return [(f.label, self.filled.values[f.name]) for f in forms.FORMS[self.action].fields if self.filled.values[f.name]]


@get("/desk/ticket/{number:str}", include_in_schema=False, dependencies=HERE, guards=[needs(*STAFF)])
async def ticket_page(
    here: NamedDependency[Here],
    number: FromPath[str],
    done: FromQuery[str] = "",
    next: FromQuery[str] = "",
) -> Response[Any]:
    """The ticket as this person may see it."""
    if number.endswith(".pdf"):
        return await leaving.pdf_of(here, number.removesuffix(".pdf"))
    sight = await _look(here, number)
    return _page(here, sight, done=done, back=next)


@post("/desk/ticket/{number:str}/{action:str}", include_in_schema=False, dependencies=HERE, guards=[needs(*STAFF)])
async def take_step(here: NamedDependency[Here], number: FromPath[str], action: FromPath[str]) -> Response[Any]:
    """Takes a step. When it cannot be taken, the page says why, shows how the ticket stands, and keeps what was typed."""
    if action not in tuple(Action):
        raise usual(404)
    what = Action(action)
    sent = await here.request.form()
    filled = forms.read(what, sent, here.city)
    try:
        return await _take(here, number, what, filled, sent)
    except NotFound:
        if not any(text.strip() for text in filled.values.values()):
            raise
        return _gone(here, number, what, filled, _next(sent))


async def _take(here: Here, number: str, what: Action, filled: Filled, sent: Any) -> Response[Any]:
    next_page = _next(sent)
    try:
        if what is Action.REPLY and not filled.errors and not sent.get("public_anyway"):
            lacks = await handling.check(here, number, filled.step.answer)
            if lacks.asks_again:
                return _page(here, await _look(here, number), Tried(what, filled, 422, refused=NOT_SENT, lacks=lacks), back=next_page)
        if not filled.errors:
            await _act(here, number, what, filled)
            return _onward(here.session.actor, number, what, next_page)
        tried = Tried(what, filled, 422)
    except Refused as refused:
        tried = Tried(what, filled, 409, refused=str(refused))
    except Overtaken as overtaken:
        tried = Tried(what, filled, 409, overtaken=overtaken.change)
    sight = await _look(here, number)
    return _page(here, sight, tried, back=next_page)


def _gone(here: Here, number: str, action: Action, filled: Filled, back: str) -> Response[Any]:
    """The ticket is out of this person's hands, or there was none: what they wrote is theirs all the same."""
    return page(
        here.request,
        "tickets/gone.html",
        status=404,
        session=here.session,
        number=number,
        action=words.ACTIONS[action],
        kept=[(f.label, filled.values[f.name]) for f in forms.FORMS[action].fields if filled.values[f.name]],
        back=back or "/desk",
    )


@post("/desk/ticket/{number:str}/check", include_in_schema=False, dependencies=HERE, guards=[needs(*UNIT_ROLES)])
async def check_answer(here: NamedDependency[Here], number: FromPath[str]) -> Response[Any]:
    """The page again, with what the answer lacks: for browsers without scripts, and for who wants to be sure."""
    sent = await here.request.form()
    filled = forms.read(Action.REPLY, sent, here.city)
    lacks = await handling.check(here, number, filled.values["answer"][: forms.LONGEST])
    return _page(here, await _look(here, number), Tried(Action.REPLY, _unfaulted(filled), 200, lacks=lacks), back=_next(sent))


@post("/desk/ticket/{number:str}/fill", include_in_schema=False, dependencies=HERE, guards=[needs(*UNIT_ROLES)])
async def fill_answer(here: NamedDependency[Here], number: FromPath[str]) -> Response[Any]:
    """The page again, with a template in the answer. What is written is only replaced by who says so."""
    sent = await here.request.form()
    filled = _unfaulted(forms.read(Action.REPLY, sent, here.city))
    sight = await _look(here, number)
    picked = str(sent.get("template") or "")
    if (text := await handling.chosen(here, number, picked)) is None:
        return _page(here, sight, Tried(Action.REPLY, filled, 422, refused="请先选择一个模板。"), back=_next(sent))
    values = handling.with_text(filled.values, text.filled, str(sent.get("how") or ""))
    if values is None:
        return _page(here, sight, Tried(Action.REPLY, filled, 200, over=picked), back=_next(sent))
    return _page(here, sight, Tried(Action.REPLY, Filled(values, filled.step), 200), back=_next(sent))


def _unfaulted(filled: Filled) -> Filled:
    """As it was sent, without saying yet what is missing."""
    return Filled(filled.values, filled.step)


def _next(sent: Any) -> str:
    return local(str(sent.get("next"))) if sent.get("next") else ""


async def _act(here: Here, number: str, action: Action, filled: Filled) -> None:
    actor, city = here.session.actor, here.city
    day = here.now.astimezone(desks.zone_of(city)).date()
    prefix = city.pack.city.number_prefix
    fresh = [numbers.number(prefix, day, await here.db.numbers.take(day)) for _ in filled.step.texts]
    async with here.db.transaction(actor.acting) as tx:
        await above.check(here.request, tx, number, action)
        await caring.act(tx, actor, number, action, filled.step, here.reader, city, here.now, fresh)
    here.db.wake()


def _onward(actor: Actor, number: str, action: Action, next_page: str) -> Redirect:
    """Where the work goes on: the list one came from, or the ticket."""
    told = urlencode({"done": action, "number": number})
    if next_page:
        return Redirect(f"{next_page}{'&' if '?' in next_page else '?'}{told}", status_code=303)
    if action in LEAVES_THE_DESK and not actor.roles & HOTLINE_ROLES:
        return Redirect(f"/desk/unit?{told}", status_code=303)
    return Redirect(f"/desk/ticket/{number}?done={action}", status_code=303)


@post("/desk/ticket/{number:str}/reveal", include_in_schema=False, dependencies=HERE, guards=[needs(*(set(STAFF) - {Role.ANALYST}))])
async def reveal(here: NamedDependency[Here], number: FromPath[str]) -> Response[Any]:
    """Shows the caller's name or number in clear, once, and writes down who looked and why."""
    sent = await here.request.form()
    sight = await _look(here, number)
    ticket = sight.seen.ticket
    caller = ticket.caller
    if caller is None or str(sent.get("field")) not in tuple(Secret):
        raise usual(404)
    try:
        async with here.db.transaction(here.session.actor.acting) as tx:
            value = await callers.reveal(
                tx,
                here.vault,
                here.session.actor,
                caller,
                Secret(str(sent["field"])),
                ticket.id,
                str(sent.get("reason") or ""),
                here.now,
            )
    except (Invalid, NotAllowed, Unknown) as refused:
        return _page(here, sight, refused=str(refused))
    return _page(here, sight, revealed=value)


@get("/desk/choices/{what:str}", include_in_schema=False, guards=[needs(*STAFF, Role.KNOWLEDGE_EDITOR)])
async def offer_choices(what: FromPath[str], city: NamedDependency[City], q: FromQuery[str] = "", under: FromQuery[str] = "") -> list[str]:
    """What may be meant by the letters typed so far, as it is written in a field."""
    if what not in tuple(What):
        raise usual(404)
    return [c.text for c in found(city, What(what), q, under)]


def found(city: City, what: What, query: str, under: str) -> tuple[Choice, ...]:
    """Choices for a query; `under`: the code of a unit, whose lower units alone are meant."""
    return choices.find(city, what, query[:50], city.register.paths.get(under, "") if under else "")


async def _look(here: Here, number: str) -> Sight:
    actor = here.session.actor
    async with here.db.transaction(actor.acting) as tx:
        seen = await service.see(tx, actor, number, here.city, here.now)
        rows = await service.time_line(tx, seen.ticket)
        caller = seen.ticket.caller
        known: dict[UUID, CallerMasked] = await callers.masked(tx, here.vault, [caller]) if caller else {}
        files = await attachments.of_ticket(tx, seen.ticket.id)
        offered = {edge.action for edge in seen.offered}
        templates = await wording.fitting(tx, seen.ticket, here.city) if Action.REPLY in offered else ()
        lacks = await handling.looked_at(tx, here, seen.ticket, rows, seen.ticket.answer) if Action.APPROVE in offered else None
    return Sight(seen, rows, known.get(caller) if caller else None, files, templates, lacks)


def _is_owed(action: Action, seen: Seen, actor: Actor) -> bool:
    """Whether the ticket waits for it, among what may be done: not for a second contact, nor for another unit's part."""
    match action:
        case Action.CONTACT:
            return seen.ticket.contacted_at is None
        case Action.PART:
            return any(o.role is OrderRole.CO and o.unit == actor.unit and o.ended_at is None for o in seen.orders)
        case _:
            return True


def _page(
    here: Here,
    sight: Sight,
    tried: Tried | None = None,
    *,
    revealed: str = "",
    refused: str = "",
    done: str = "",
    back: str = "",
) -> Response[Any]:
    ticket, orders = sight.seen.ticket, sight.seen.orders
    offered = [edge.action for edge in sight.seen.offered if edge.action not in ON_THE_DESK]
    asked = [(action, forms.FORMS[action]) for action in offered]
    waits_for = {a for a, form in asked if form.look == "primary" and _is_owed(a, sight.seen, here.session.actor)}
    return page(
        here.request,
        "tickets/ticket.html",
        status=tried.status if tried else 422 if refused else 200,
        session=here.session,
        ticket=ticket,
        light=desks.light_of(ticket, here.now),
        rows=sight.rows,
        live=sorted((o for o in orders if o.ended_at is None), key=lambda o: list(OrderRole).index(o.role)),
        ended=[o for o in orders if o.ended_at is not None],
        lead=next((o.unit for o in orders if o.role is OrderRole.LEAD and o.ended_at is None), ""),
        caller=sight.caller,
        city=here.city,
        now=here.now,
        words=words,
        first=[(a, form) for a, form in asked if a in waits_for],
        others=[(a, form) for a, form in asked if a not in waits_for],
        awaits=sight.seen.awaits,
        urges=sight.seen.urges,
        owed={a: handling.owed(a, sight.seen, here.session.actor) for a in waits_for},
        below=handling.below(here.city, ticket.lead or "", language(here.request)) if Action.HAND_DOWN in offered else (),
        bases=handling.bases(ticket, here.city, here.now.astimezone(desks.zone_of(here.city)).date()),
        limits=handling.limits(sight.seen, here.city),
        texts=handling.texts(sight.templates, ticket, here),
        over=tried.over if tried else "",
        lacks=(tried.lacks if tried else None) or sight.lacks,
        again=changes.rated_before(ticket, sight.rows),
        may_add_files=ticket.state in lifecycle.OPEN and bool(here.session.actor.roles - {Role.ANALYST}),
        files=sight.files,
        values={a: forms.proposed(a, ticket, orders, here.city) for a in offered} | ({tried.action: tried.filled.values} if tried else {}),
        errors=dict(tried.filled.errors) if tried else {},
        tried=tried.action if tried else None,
        tried_form=forms.FORMS[tried.action] if tried else None,
        kept=tried.kept(offered) if tried else [],
        refused=tried.refused if tried else refused,
        overtaken=changes.since(sight.rows, tried.looked_at, here.city, language(here.request)) if tried and tried.looked_at else (),
        tried_again=bool(tried and tried.action in offered),
        revealed=revealed,
        may_reveal=bool(here.session.actor.roles - {Role.ANALYST}),
        done=words.ACTIONS.get(done, ""),
        done_key=done,
        next=local(back) if back else "",
    )


routes = (
    ticket_page, take_step, reveal, check_answer, fill_answer, offer_choices,
    *handling.routes, *leaving.routes, *template_desk.routes, *desks.routes, *unit_desk.routes, *track.routes,
)  # fmt: skip
