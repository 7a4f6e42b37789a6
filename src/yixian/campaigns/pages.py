"""The desk of special campaigns: the list, the draft, the board, and the tickets behind every number."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect

from yixian.campaigns import checks, counting, forms, service, words
from yixian.campaigns.api import DRAFTING, LOOKING, narrowed
from yixian.campaigns.model import Deed, Fitting, Motion, Phase, Which, Whole
from yixian.campaigns.service import Overtaken, Unfit
from yixian.people.guards import needs
from yixian.tickets import desks
from yixian.tickets import words as ticket_words
from yixian.tickets.desks import HERE, Here
from yixian.tickets.forms import LONGEST
from yixian.tickets.model import OPEN, Light, State
from yixian.tickets.service import Refused
from yixian.web.given import named, text_of, version_of
from yixian.web.render import page


class Tried(msgspec.Struct, frozen=True):
    """A deed that could not be done."""

    deed: Deed
    note: str
    said: str
    """Why not."""
    status: int


TABS: Final = ((Which.CURRENT, "进行与筹备"), (Which.OVER, "已结束"))


@get("/desk/campaigns", include_in_schema=False, dependencies=HERE, guards=[needs(*LOOKING)])
async def campaign_desk(here: NamedDependency[Here], tab: FromQuery[str] = "", after: FromQuery[str] = "") -> Response[Any]:
    """Campaigns with their tickets counted."""
    which = Which(tab) if tab in tuple(Which) else Which.CURRENT
    async with here.db.transaction(here.session.actor.acting) as tx:
        found = await service.worklist(tx, which, after, service.LIMIT, here.now)
    return page(
        here.request,
        "campaigns/list.html",
        session=here.session,
        tabs=TABS,
        which=which,
        found=found,
        next=f"/desk/campaigns?{urlencode({'tab': which, 'after': found.after})}" if found.after else "",
        first=f"/desk/campaigns?tab={which}" if after else "",
        may_draft=bool(here.session.actor.roles & checks.DRAFTING),
        city=here.city,
        words=words,
    )


@get("/desk/campaigns/new", include_in_schema=False, dependencies=HERE, guards=[needs(*DRAFTING)])
async def new(here: NamedDependency[Here]) -> Response[Any]:
    """An empty draft."""
    today = here.now.astimezone(desks.zone_of(here.city)).date()
    return _form(here, forms.fresh(today), "/desk/campaigns/new")


@post("/desk/campaigns/new", include_in_schema=False, dependencies=HERE, guards=[needs(*DRAFTING)])
async def draft(here: NamedDependency[Here]) -> Response[Any]:
    """Writes the draft; when it cannot be used, the page says why and keeps what was typed."""
    filled = forms.read(await here.request.form(), here.city)
    try:
        if filled.plan is None:
            raise Unfit(filled.errors)
        async with here.db.transaction(here.session.actor.acting) as tx:
            drafted = await service.draft(tx, here.session.actor, filled.plan, here.city, here.now)
    except Unfit as unfit:
        return _form(here, filled.values, "/desk/campaigns/new", unfit.problems)
    return Redirect(f"/desk/campaigns/{drafted.id}?done=draft", status_code=303)


@get("/desk/campaigns/{campaign:uuid}/revise", include_in_schema=False, dependencies=HERE, guards=[needs(*DRAFTING)])
async def revision(here: NamedDependency[Here], campaign: FromPath[UUID]) -> Response[Any]:
    """The draft in its form again."""
    async with here.db.transaction(here.session.actor.acting) as tx:
        whole = await service.see(tx, here.session.actor, campaign, here.now)
    if Deed.REVISE not in whole.allowed:
        return Redirect(f"/desk/campaigns/{campaign}", status_code=303)
    values = forms.written(whole.campaign.plan, here.city)
    return _form(here, values, f"/desk/campaigns/{campaign}/revise", version=whole.campaign.version)


@post("/desk/campaigns/{campaign:uuid}/revise", include_in_schema=False, dependencies=HERE, guards=[needs(*DRAFTING)])
async def revise(here: NamedDependency[Here], campaign: FromPath[UUID]) -> Response[Any]:
    """Writes the draft anew; when it cannot be used, or not any more, the page says why and keeps what was typed."""
    sent = await here.request.form()
    filled, version = forms.read(sent, here.city), version_of(sent)
    try:
        if filled.plan is None:
            raise Unfit(filled.errors)
        await _do(here, campaign, Deed.REVISE, Motion("", filled.plan, version))
    except Unfit as unfit:
        return _form(here, filled.values, f"/desk/campaigns/{campaign}/revise", unfit.problems, version=version)
    except (Refused, Overtaken) as refused:
        return _form(here, filled.values, f"/desk/campaigns/{campaign}/revise", [("", str(refused))], version=version, status=409)
    return Redirect(f"/desk/campaigns/{campaign}?done=revise", status_code=303)


@post("/desk/campaigns/{campaign:uuid}/{deed:str}", include_in_schema=False, dependencies=HERE, guards=[needs(*DRAFTING)])
async def do(here: NamedDependency[Here], campaign: FromPath[UUID], deed: FromPath[str]) -> Response[Any]:
    """Does a deed. When it cannot be done, the page says why, and keeps what was typed."""
    what, sent = named(Deed, deed), await here.request.form()
    note = text_of(sent, "note", LONGEST)
    try:
        await _do(here, campaign, what, Motion(note, None, version_of(sent)))
    except Unfit as unfit:
        return await _board(here, campaign, Tried(what, note, str(unfit), 422))
    except (Refused, Overtaken) as refused:
        return await _board(here, campaign, Tried(what, note, str(refused), 409))
    return Redirect(f"/desk/campaigns/{campaign}?done={what}", status_code=303)


async def _do(here: Here, campaign: UUID, deed: Deed, motion: Motion) -> None:
    async with here.db.transaction(here.session.actor.acting) as tx:
        await service.do(tx, here.session.actor, campaign, deed, motion, here.city, here.now)
    here.db.wake()


@get("/desk/campaigns/{campaign:uuid}", include_in_schema=False, dependencies=HERE, guards=[needs(*LOOKING)])
async def board(
    here: NamedDependency[Here], campaign: FromPath[UUID], done: FromQuery[str] = "", count: FromQuery[str] = ""
) -> Response[Any]:
    """The board. `count`: says too what gathering the open tickets would do."""
    return await _board(here, campaign, done=done, count=bool(count))


async def _board(
    here: Here, campaign: UUID, tried: Tried | None = None, *, done: str = "", count: bool = False
) -> Response[Any]:  # fmt: skip
    actor = here.session.actor
    drafts = bool(actor.roles & checks.DRAFTING)
    async with here.db.transaction(actor.acting) as tx:
        whole = await service.see(tx, actor, campaign, here.now)
        await service.looked(tx, actor, campaign, here.now)
        stands = await service.board(tx, whole.campaign, here.city, here.now)
        fitting: Fitting | None = await service.fit(tx, whole.campaign, here.city, here.now) if count and drafts else None
    return page(
        here.request,
        "campaigns/board.html",
        status=tried.status if tried else 200,
        session=here.session,
        whole=whole,
        campaign=whole.campaign,
        plan=whole.campaign.plan,
        phase=whole.campaign.phase(here.now),
        board=stands,
        chart=counting.chart(stands.days),
        deeds=[d for d in whole.allowed if d is not Deed.REVISE],
        may_count=drafts and whole.campaign.phase(here.now) in (Phase.DRAFT, Phase.WAITING, Phase.RUNNING),
        fitting=fitting,
        tried=tried,
        done=words.STEPS.get(done, ""),
        done_key=done,
        limits=_limits(whole),
        city=here.city,
        now=here.now,
        words=words,
        ticket_words=ticket_words,
    )


def _limits(whole: Whole) -> tuple[tuple[str, str], ...]:
    limits = whole.campaign.plan.limits
    return tuple((label, own) for label, own in (("签收", limits.sign), ("联系", limits.contact), ("答复", limits.answer)) if own)


@get("/desk/campaigns/{campaign:uuid}/tickets", include_in_schema=False, dependencies=HERE, guards=[needs(*LOOKING)])
async def tickets(
    here: NamedDependency[Here],
    campaign: FromPath[UUID],
    pile: FromQuery[str] = "",
    stands: Annotated[str, QueryParameter(name="state")] = "",
    light: FromQuery[str] = "",
    unit: FromQuery[str] = "",
    region: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[Any]:
    """The tickets behind a number of the board. `pile`: the number of a column, from 0."""
    async with here.db.transaction(here.session.actor.acting) as tx:
        whole = await service.see(tx, here.session.actor, campaign, here.now)
        columns = whole.campaign.plan.columns
        column = columns[int(pile)] if pile.isascii() and pile.isdecimal() and len(pile) < 3 and int(pile) < len(columns) else None
        states = column.states if column else (State(stands),) if stands in tuple(State) else ()
        filters = narrowed(here.city, states=states, light=Light(light) if light in tuple(Light) else None, unit=unit, region=region)
        found = await service.list_tickets(tx, here.session.actor, campaign, filters, after, service.LIMIT_MOST, here.now)
    asked = {k: v for k, v in {"pile": pile, "state": stands, "light": light, "unit": unit, "region": region}.items() if v}
    address = f"/desk/campaigns/{campaign}/tickets"
    return page(
        here.request,
        "campaigns/tickets.html",
        session=here.session,
        campaign=whole.campaign,
        column=column,
        asked=asked,
        found=found,
        over=bool(states) and not set(states) & OPEN,
        next=f"{address}?{urlencode({**asked, 'after': found.after})}" if found.after else "",
        first=f"{address}?{urlencode(asked)}" if after else "",
        city=here.city,
        now=here.now,
        words=ticket_words,
    )


def _form(
    here: Here, values: Any, address: str, problems: Any = (), *, version: int = 0, status: int = 0
) -> Response[Any]:  # fmt: skip
    return page(
        here.request,
        "campaigns/form.html",
        status=status or (422 if problems else 200),
        session=here.session,
        values=values,
        errors=dict(problems),
        address=address,
        version=version,
        words=words,
    )


def sayings() -> tuple[str, ...]:
    """The tabs, for the test of the catalogue."""
    return tuple(label for _, label in TABS)


routes = (campaign_desk, new, draft, revision, revise, do, board, tickets)
