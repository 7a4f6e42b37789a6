"""What all desks share: who asks, and where everybody begins."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, get
from litestar.di import NamedDependency, Provide
from litestar.response import Redirect

from yixian.city.inforce import City
from yixian.db.pool import Database
from yixian.language.service import Reader
from yixian.people.guards import needs
from yixian.people.model import Role, Session
from yixian.people.secrets import Vault
from yixian.tickets import deadlines
from yixian.tickets.model import Light, Ticket
from yixian.tickets.service import COUNTED_TO
from yixian.web.problems import usual

Asked = Request[Any, Any, Any]

HOMES: Final[tuple[tuple[Role, str], ...]] = (
    (Role.OPERATOR, "/desk/operator"),
    (Role.DISPATCHER, "/desk/dispatch"),
    (Role.HANDLER, "/desk/unit"),
    (Role.UNIT_REVIEWER, "/desk/unit"),
    (Role.REVIEWER, "/desk/review"),
    (Role.CALL_BACK, "/desk/callback"),
    (Role.SUPERVISOR, "/desk/supervisor"),
    (Role.ANALYST, "/desk/supervisor"),
    (Role.KNOWLEDGE_EDITOR, "/desk/list"),
    (Role.SYSTEM_ADMIN, "/admin/city"),
    (Role.SECURITY_ADMIN, "/admin/staff"),
    (Role.AUDIT_ADMIN, "/admin/audit"),
)
"""Where each role begins its day; who has several begins at the first."""


class Here(msgspec.Struct, frozen=True):
    """Who asks, and what a page of the desks is made from."""

    request: Asked
    session: Session
    db: Database
    city: City
    vault: Vault
    reader: Reader
    now: datetime


async def provide_here(
    request: Asked,
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    vault: NamedDependency[Vault],
    reader: NamedDependency[Reader],
    now: NamedDependency[datetime],
) -> Here:
    """Dependency `here`."""
    return Here(request, session, db, city, vault, reader, now)


HERE: Final = {"here": Provide(provide_here)}


def zone_of(city: City) -> ZoneInfo:
    """The city's zone."""
    return ZoneInfo(city.pack.city.timezone)


def at_least(n: int) -> str:
    """A number that was counted up to a bound: at the bound it says that there may be more."""
    return f"{COUNTED_TO - 1}+" if n >= COUNTED_TO else str(n)


def light_of(ticket: Ticket, now: datetime) -> Light:
    """How its clock looks."""
    return deadlines.light(ticket.next_due, ticket.amber_at, now)


@get("/desk", include_in_schema=False, guards=[needs()])
async def home(session: NamedDependency[Session]) -> Redirect:
    """To one's own desk."""
    for role, desk in HOMES:
        if role in session.actor.roles:
            return Redirect(desk, status_code=303)
    raise usual(403)


routes = (home,)
