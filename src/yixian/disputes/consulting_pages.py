"""Consultation on screen: beside the dispatcher's suggestions, on the units' desk, and the supervisor's list of what is late."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from yixian.city.calendar import Duration
from yixian.db.pool import Scope
from yixian.disputes import consulting, words
from yixian.disputes.model import Consulted, Consulting, Said
from yixian.disputes.pages import HERE, Here
from yixian.disputes.service import Refused
from yixian.people.guards import needs
from yixian.people.model import UNIT_ROLES
from yixian.settings import Settings
from yixian.tickets import choices
from yixian.tickets.choices import Unclear, What
from yixian.tickets.deadlines import light
from yixian.tickets.forms import LONGEST
from yixian.tickets.model import Light, State, Ticket
from yixian.web.given import sought, text_of
from yixian.web.render import page

LOOKING: Final = tuple(sorted(consulting.LOOKING))
ASKING: Final = tuple(sorted(consulting.ASKING))
DESK: Final = "/desk/consultations"

HOTLINE_TABS: Final = ((Consulting.OPEN, "会商中"), (Consulting.OVERDUE, "已逾期"), (Consulting.ENDED, "已结束"))
UNIT_TABS: Final = ((Consulting.WAITING, "待本单位答复"), (Consulting.OPEN, "会商中"), (Consulting.ENDED, "已结束"))


@get(DESK, include_in_schema=False, dependencies=HERE, guards=[needs(*LOOKING)])
async def consultation_desk(
    here: NamedDependency[Here], tab: FromQuery[str] = "", after: FromQuery[str] = "", done: FromQuery[str] = ""
) -> Response[Any]:
    """Consultations: for a unit what it is asked, for the hotline what is open and what is late."""
    return await _list(here, tab, after, done=done)


@post(f"{DESK}/{{consultation:uuid}}", include_in_schema=False, dependencies=HERE, guards=[needs(*sorted(UNIT_ROLES))])
async def answer(here: NamedDependency[Here], consultation: FromPath[UUID]) -> Response[Any]:
    """A unit's answer. When it cannot be taken, the page says why and keeps what was typed."""
    sent = await here.request.form()
    values = {name: text_of(sent, name, LONGEST).strip() for name in ("said", "basis", "words")}
    said = Said(values["said"]) if values["said"] in tuple(Said) else None
    try:
        async with here.db.transaction(here.session.actor.acting) as tx:
            await consulting.answer(tx, here.session.actor, consultation, said, values["basis"], values["words"], here.now)
    except Refused as refused:
        return await _list(here, "", "", refused=str(refused), tried=str(consultation), values=values)
    here.db.wake()
    return Redirect(f"{DESK}?done=consultation-{consultation}", status_code=303)


async def _list(
    here: Here, tab: str, after: str, *, done: str = "", refused: str = "", tried: str = "", values: Mapping[str, str] | None = None
) -> Response[Any]:
    by_unit = here.session.actor.acting.scope is Scope.UNIT
    tabs = UNIT_TABS if by_unit else HOTLINE_TABS
    which = Consulting(tab) if tab in dict(tabs) else tabs[0][0]
    async with here.db.transaction(here.session.actor.acting) as tx:
        found = await consulting.worklist(tx, here.session.actor, which, after, consulting.LIMIT, here.now)
    return page(
        here.request,
        "disputes/consultations.html",
        status=409 if refused else 200,
        session=here.session,
        by_unit=by_unit,
        tabs=tabs,
        tab=which,
        found=found,
        lights={c.consultation.id: _light(c, here.now) for c in found.lines},
        next=f"{DESK}?{urlencode({'tab': which, 'after': found.after})}" if found.after else "",
        first=f"{DESK}?tab={which}" if after else "",
        done=bool(done),
        done_key=done,
        refused=refused,
        tried=tried,
        values=values or {"said": "", "basis": "", "words": ""},
        city=here.city,
        now=here.now,
        words=words,
    )


def _light(found: Consulted, now: datetime) -> Light:
    """How its clock looks: amber in the last third of its time."""
    asked = found.consultation
    if asked.ended_at is not None or all(s.said for s in found.seats):
        return Light.NONE
    return light(asked.due, asked.due - (asked.due - asked.asked_at) / 3, now)


# -- Beside the suggestions ----------------------------------------------------------------------------------------


@get("/desk/ticket/{number:str}/consultation", include_in_schema=False, dependencies=HERE, guards=[needs(*ASKING)])
async def beside_the_suggestions(here: NamedDependency[Here], number: FromPath[str], settings: NamedDependency[Settings]) -> Response[Any]:
    """What units were asked about a ticket and said. A page of its own where there are no scripts."""
    return await _of_ticket(here, number, settings, whole="x-part" not in here.request.headers)


@post("/desk/ticket/{number:str}/consultation", include_in_schema=False, dependencies=HERE, guards=[needs(*ASKING)])
async def ask(here: NamedDependency[Here], number: FromPath[str], settings: NamedDependency[Settings]) -> Response[Any]:
    """Asks units. When they cannot be asked, the page says why and keeps what was typed."""
    sent = await here.request.form()
    values = {name: text_of(sent, name, LONGEST).strip() for name in ("units", "question")}
    try:
        lines = [line.strip() for line in re.split(r"[\n;；]", values["units"]) if line.strip()]
        units = [choices.code_of(here.city, What.UNITS, line) for line in lines]
        async with here.db.transaction(here.session.actor.acting) as tx:
            limit = settings.consultation_limit
            await consulting.ask(tx, here.session.actor, number.upper(), units, values["question"], limit, here.city, here.now)
    except (Refused, Unclear) as refused:
        return await _of_ticket(here, number, settings, whole=True, refused=str(refused), values=values)
    here.db.wake()
    return Redirect(f"/desk/dispatch?{urlencode({'ticket': number.upper()})}", status_code=303)


async def _of_ticket(
    here: Here, number: str, settings: Settings, *, whole: bool, refused: str = "", values: Mapping[str, str] | None = None
) -> Response[Any]:
    async with here.db.transaction(here.session.actor.acting) as tx:
        ticket, found = await consulting.of_ticket(tx, sought(number).upper())
    return page(
        here.request,
        "disputes/consultation.html",
        status=409 if refused else 200,
        session=here.session,
        whole=whole,
        ticket=ticket,
        found=found,
        may_ask=ticket.state is State.AWAITING_DISPATCH,
        within=Duration.parse(settings.consultation_limit),
        refused=refused,
        values=values or {"units": "" if found else _suggested(ticket, here), "question": ""},
        city=here.city,
        now=here.now,
        words=words,
    )


def _suggested(ticket: Ticket, here: Here) -> str:
    """The units that the gate hesitated between: they are asked first."""
    units = dict.fromkeys(str(s["unit"]) for s in ticket.suggestions if s.get("unit"))
    return "\n".join(choices.named(here.city, What.UNITS, unit) for unit in units)


def sayings() -> tuple[str, ...]:
    """The tabs, for the test of the catalogue."""
    return tuple(label for _, label in (*HOTLINE_TABS, *UNIT_TABS))


routes = (consultation_desk, answer, beside_the_suggestions, ask)
