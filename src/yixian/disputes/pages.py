"""The dispute desk: the list by the clock, and the page of one dispute with exactly what this person may do."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from yixian.city.inforce import City
from yixian.db.pool import Scope
from yixian.disputes import forms, record, service, words
from yixian.disputes.api import STAFF, sees_votes
from yixian.disputes.forms import Filled
from yixian.disputes.model import Case, Deed, Dispute, Entry, Filters, Line, Page, Precedent, Rung
from yixian.disputes.service import Overtaken, Refused
from yixian.people.guards import needs
from yixian.tickets import choices
from yixian.tickets import service as tickets
from yixian.tickets.choices import Unclear, What
from yixian.tickets.deadlines import light
from yixian.tickets.desks import HERE, Here
from yixian.tickets.model import Light
from yixian.web.given import named, sought, uuid_of
from yixian.web.problems import usual
from yixian.web.render import page
from yixian.web.static import local

TABS: Final = (("open", "审定中"), ("overdue", "已逾期"), ("ended", "已结束"), ("units", "易生争议的单位"))


class Tried(msgspec.Struct, frozen=True):
    """A deed that could not be done."""

    deed: Deed
    filled: Filled
    status: int
    refused: str = ""
    overtaken: Entry | None = None

    def kept(self, allowed: tuple[Deed, ...]) -> list[tuple[str, str]]:
        """What was typed, by label, when the form it was typed into is no longer on the page."""
        if self.deed in allowed:
            return []
        return [(f.label, self.filled.values[f.name]) for f in forms.FORMS[self.deed].fields if self.filled.values[f.name]]


@get("/desk/disputes", include_in_schema=False, dependencies=HERE, guards=[needs(*STAFF)])
async def dispute_desk(
    here: NamedDependency[Here],
    tab: FromQuery[str] = "",
    overdue: FromQuery[str] = "",
    rung: FromQuery[str] = "",
    unit: FromQuery[str] = "",
    number: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[Any]:
    """Disputes by the clock; for leaders how many are late, and which units are likely to dispute."""
    looking_on = here.session.actor.acting.scope is Scope.HOTLINE
    tabs = [t for t in TABS if looking_on or t[0] != "units"]
    key = "overdue" if overdue else tab if tab in dict(tabs) else "open"
    code, unclear = _unit(unit, here.city)
    filters = Filters(
        ended=key == "ended",
        overdue=key == "overdue",
        rung=Rung(rung) if rung in tuple(Rung) else None,
        unit=code or ("-" if unclear else ""),
        number=sought(number).upper(),
    )
    async with here.db.transaction(here.session.actor.acting) as tx:
        found = await service.worklist(tx, here.session.actor, filters, after, service.LIMIT, here.now)
        counted = await service.counts(tx, here.session.actor, here.now)
        told = await service.notices(tx, here.session.actor)
        records = await service.records(tx, here.now) if looking_on and key in ("overdue", "units") else ()
    if filters.number and len(found.lines) == 1:
        return Redirect(f"/desk/disputes/{found.lines[0].id}", status_code=303)
    asked = {name: value for name, value in (("tab", key), ("rung", rung), ("unit", unit), ("number", number)) if value}
    return page(
        here.request,
        "disputes/list.html",
        session=here.session,
        tabs=tabs,
        key=key,
        looking_on=looking_on,
        found=found,
        lights=_lights(found, here.now),
        next=f"/desk/disputes?{urlencode({**asked, 'after': found.after})}" if found.after else "",
        first=f"/desk/disputes?{urlencode(asked)}" if after else "",
        counted=counted,
        told=told,
        records=records,
        days=record.WINDOW.days,
        rung=rung,
        unit=unit,
        unclear=unclear,
        number=number,
        rungs=list(Rung),
        city=here.city,
        now=here.now,
        words=words,
    )


def _unit(written: str, city: City) -> tuple[str, str]:
    """The unit's code, and what is unclear about it."""
    try:
        return choices.code_of(city, What.UNITS, written), ""
    except Unclear as unclear:
        return "", str(unclear)


def _lights(found: Page, now: datetime) -> dict[UUID, Light]:
    return {line.id: light_of(line, now) for line in found.lines}


def light_of(dispute: Line | Dispute, now: datetime) -> Light:
    """How its clock looks: amber in the last third of its time."""
    if dispute.ended_at is not None:
        return Light.NONE
    return light(dispute.due, dispute.due - (dispute.due - dispute.opened_at) / 3, now)


@post("/desk/disputes/told", include_in_schema=False, dependencies=HERE, guards=[needs(*STAFF)])
async def acknowledge(here: NamedDependency[Here]) -> Response[Any]:
    """The unit has read what it was told."""
    sent = await here.request.form()
    until = uuid_of(str(sent.get("until") or ""))
    if until is None:
        raise usual(400)
    async with here.db.transaction(here.session.actor.acting) as tx:
        await service.acknowledge(tx, here.session.actor, until, here.now)
    return Redirect("/desk/disputes", status_code=303)


@get("/desk/disputes/{dispute:uuid}", include_in_schema=False, dependencies=HERE, guards=[needs(*STAFF)])
async def dispute_page(here: NamedDependency[Here], dispute: FromPath[UUID], done: FromQuery[str] = "") -> Response[Any]:
    """The dispute as this person may see it."""
    case, before = await _look(here, dispute)
    return _page(here, case, before, done=done)


@post("/desk/disputes/{dispute:uuid}/{deed:str}", include_in_schema=False, dependencies=HERE, guards=[needs(*STAFF)])
async def do(here: NamedDependency[Here], dispute: FromPath[UUID], deed: FromPath[str]) -> Response[Any]:
    """Does a deed. When it cannot be done, the page says why, shows how the dispute stands, and keeps what was typed."""
    what = named(Deed, deed)
    sent = await here.request.form()
    filled = forms.read(what, sent, here.city)
    tried = Tried(what, filled, 422) if filled.errors else await _try(here, dispute, what, filled)
    if tried is None:
        here.db.wake()
        onward = local(str(sent["next"])) if sent.get("next") else f"/desk/disputes/{dispute}"
        return Redirect(f"{onward}{'&' if '?' in onward else '?'}done={what}", status_code=303)
    case, before = await _look(here, dispute)
    return _page(here, case, before, tried)


async def _try(here: Here, dispute: UUID, deed: Deed, filled: Filled) -> Tried | None:
    """None when it is done."""
    actor = here.session.actor
    try:
        async with here.db.transaction(actor.acting) as tx:
            await service.do(tx, actor, dispute, deed, filled.motion, here.city, here.now)
    except (Refused, tickets.Refused, tickets.Overtaken) as refused:
        return Tried(deed, filled, 409, refused=str(refused))
    except Overtaken as overtaken:
        return Tried(deed, filled, 409, refused=str(overtaken), overtaken=overtaken.entry)
    return None


async def _look(here: Here, dispute: UUID) -> tuple[Case, tuple[Precedent, ...]]:
    async with here.db.transaction(here.session.actor.acting) as tx:
        case = await service.see(tx, dispute)
        return case, await service.precedents(tx, case)


def _page(here: Here, case: Case, before: tuple[Precedent, ...], tried: Tried | None = None, *, done: str = "") -> Response[Any]:
    dispute, actor = case.dispute, here.session.actor
    allowed = service.offered(case, actor, here.city, here.now)
    counted = service.tally(case) if sees_votes(here.session, dispute.ended_at is not None, case.sitting is not None) else None
    lead = counted.lead if counted else None
    proposed = {deed: forms.proposed(case, deed, actor, here.city, lead) for deed in allowed}
    return page(
        here.request,
        "disputes/dispute.html",
        status=tried.status if tried else 200,
        session=here.session,
        dispute=dispute,
        case=case,
        light=light_of(dispute, here.now),
        tally=counted,
        waits=service.waits_for(case, actor, here.city, here.now),
        forms=sorted(((deed, forms.FORMS[deed]) for deed in allowed), key=lambda f: f[1].look != "primary"),
        values=proposed | ({tried.deed: dict(tried.filled.values)} if tried else {}),
        errors=dict(tried.filled.errors) if tried else {},
        tried=tried.deed if tried else None,
        kept=tried.kept(allowed) if tried else [],
        refused=tried.refused if tried else "",
        overtaken=tried.overtaken if tried else None,
        before=before,
        sees_ticket=actor.acting.scope is Scope.HOTLINE or dispute.acting == actor.unit,
        done=words.DEEDS[Deed(done)] if done in tuple(Deed) else "",
        done_key=done,
        city=here.city,
        now=here.now,
        words=words,
    )


def sayings() -> tuple[str, ...]:
    """The tabs, for the test of the catalogue."""
    return tuple(label for _, label in TABS)


routes = (dispute_desk, acknowledge, dispute_page, do)
