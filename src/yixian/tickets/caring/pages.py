"""The red lines above the boards, as a part of a page: boards ask for it when the number of those in need changes."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency

from yixian.people.guards import needs
from yixian.people.model import Role
from yixian.tickets import lifecycle
from yixian.tickets.caring import service
from yixian.tickets.desks import HERE, Here
from yixian.web.render import page

LOOKING: Final = (Role.DISPATCHER, Role.REVIEWER, Role.SUPERVISOR, Role.ANALYST)


@get("/desk/care", include_in_schema=False, dependencies=HERE, guards=[needs(*LOOKING)])
async def lines(here: NamedDependency[Here]) -> Response[Any]:
    """Who may take their own life and is not looked after yet."""
    async with here.db.transaction(here.session.actor.acting) as tx:
        found = await service.in_need(tx)
    return page(
        here.request, "tickets/care.html", in_need=found, may_take_care=may_take(here), session=here.session, city=here.city, now=here.now
    )


def may_take(here: Here) -> bool:
    """Whether the person who looks may take one of them."""
    return bool(here.session.actor.roles & lifecycle.DISPATCHING)


routes = (lines,)
