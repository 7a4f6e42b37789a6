"""Joint review beside a ticket on the dispatcher's desk: one key convenes the panel, or rules as the panel has voted."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from yixian.disputes import forms, proposing, service, words
from yixian.disputes.model import Deed
from yixian.disputes.pages import HERE, Here
from yixian.people.guards import needs
from yixian.people.model import Role
from yixian.tickets import desks
from yixian.tickets import service as tickets
from yixian.web.render import page

DECIDING: Final = (Role.DISPATCHER, Role.SUPERVISOR)

AS_VOTED: Final = "按会审多数意见裁定。"
"""The reason of a ruling that follows the votes, as it stands in the history."""


@get("/desk/ticket/{number:str}/joint-review", include_in_schema=False, dependencies=HERE, guards=[needs(*DECIDING)])
async def beside_the_ticket(here: NamedDependency[Here], number: FromPath[str]) -> Response[Any]:
    """How the joint review of a ticket stands, and the next step of it. A page of its own where there are no scripts."""
    actor, city, now = here.session.actor, here.city, here.now
    async with here.db.transaction(actor.acting) as tx:
        ticket, _ = await tickets.read(tx, number.upper())
        case = await service.open_case(tx, ticket)
        before = await service.precedents(tx, case) if case else ()
    allowed = service.offered(case, actor, city, now) if case else ()
    tally = service.tally(case) if case else None
    lead = tally.lead if tally and Deed.RULE in allowed else None
    asks = Deed.CONVENE in allowed and case is not None and not case.panels
    on = now.astimezone(desks.zone_of(city)).date()
    return page(
        here.request,
        "disputes/deciding.html",
        session=here.session,
        whole="x-part" not in here.request.headers,
        ticket=ticket,
        case=case,
        dispute=case.dispute if case else None,
        tally=tally,
        proposed=proposing.proposal(case, ticket, before, city, on) if asks and case else None,
        asks=asks,
        ruling=forms.proposed(case, Deed.RULE, actor, city, lead) if case and lead else {},
        as_voted=AS_VOTED,
        waits=service.waits_for(case, actor, city, now) if case else None,
        city=city,
        now=now,
        words=words,
    )


def sayings() -> tuple[str, ...]:
    """Fixed sentences, for the test of the catalogue."""
    return (AS_VOTED,)


routes = (beside_the_ticket,)
