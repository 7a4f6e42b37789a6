"""Beside the dispatcher's suggestions: what a caller would be asked back about the place, with the places that fit to choose from."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from yixian.language.service import Reader
from yixian.people.guards import needs
from yixian.people.model import Role
from yixian.tickets import choices, placing, service
from yixian.tickets.choices import What
from yixian.tickets.desks import HERE, Here
from yixian.tickets.model import State
from yixian.web.render import page


@get("/desk/ticket/{number:str}/where", include_in_schema=False, dependencies=HERE, guards=[needs(Role.DISPATCHER, Role.SUPERVISOR)])
async def where(here: NamedDependency[Here], number: FromPath[str], reader: NamedDependency[Reader]) -> Response[Any]:
    """The question, and one tap for each place that fits: the suggestions then name its units. A page of its own without scripts."""
    async with here.db.transaction(here.session.actor.acting) as tx:
        ticket, _ = await service.read(tx, number[:40].replace("\x00", "").upper())
    asked = placing.asked(ticket, reader) if ticket.state is State.AWAITING_DISPATCH else None
    written = [(choices.written(here.city, What.REGIONS, code), here.city.region_name(code)) for code in asked.places] if asked else []
    return page(
        here.request,
        "tickets/where.html",
        session=here.session,
        whole="x-part" not in here.request.headers,
        number=ticket.number,
        ask=asked.ask if asked else "",
        places=[(f"/desk/dispatch?{urlencode({'ticket': ticket.number, 'region': text})}", name) for text, name in written],
    )


routes = (where,)
