"""The JSON door to disputes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK
from msgspec import Meta

from yixian.city.inforce import City
from yixian.city.model import Audience
from yixian.db.pool import Database
from yixian.disputes import service
from yixian.disputes.model import (
    Case,
    Counts,
    Deed,
    Entry,
    Filters,
    How,
    Line,
    Motion,
    Opinion,
    Panel,
    Party,
    Ruling,
    Rung,
    Seat,
    UnitRecord,
    Word,
)
from yixian.disputes.panel import Says
from yixian.people.guards import needs
from yixian.people.model import UNIT_ROLES, Role, Session
from yixian.web.given import Short, Version, Words, named, sought
from yixian.web.problems import PROBLEM_RESPONSES

HOTLINE: Final = (Role.DISPATCHER, Role.SUPERVISOR, Role.ANALYST)
"""Who of the hotline looks at disputes; an analyst only looks."""
STAFF: Final = (*HOTLINE, *UNIT_ROLES)


class MotionIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody wants to do. Leave out what the deed does not need."""

    note: Annotated[Words, Meta(description="What is said: words, question, opinion, reason.")] = ""
    basis: Annotated[Words, Meta(description="The list entry or law that words, an opinion or a ruling rest on.")] = ""
    unit: Annotated[Short, Meta(description="Code of the unit that should lead, for `vote` and `rule`.")] = ""
    co_units: Annotated[tuple[Short, ...], Meta(max_length=20)] = ()
    units: Annotated[tuple[Short, ...], Meta(max_length=50, description="Codes of the units to convene.")] = ()
    days: Annotated[int, Meta(ge=0, le=365, description="Working days that the panel has; 0: the usual.")] = 0
    version: Version = 0

    def motion(self) -> Motion:
        """The same as the room passes it around."""
        return msgspec.convert(msgspec.to_builtins(self), Motion)


class TallyOut(msgspec.Struct, frozen=True):
    """The votes of the newest panel."""

    voting: int
    cast: int
    quorum: int
    votes: dict[str, int]
    """By the unit that should lead."""
    says: Says
    lead: str | None


class RulingOut(msgspec.Struct, frozen=True):
    """Who leads, by what right."""

    at: datetime
    rung: Rung
    lead: str
    lead_name: str
    co: tuple[str, ...]
    basis: str
    reason: str
    how: How
    tally: dict[str, Any]


class DisputeOut(msgspec.Struct, frozen=True):
    """A dispute as its staff see it, with what they may do now."""

    id: UUID
    number: str
    version: int
    allowed: tuple[Deed, ...]
    """What this person may do now."""
    opened_at: datetime
    acting: str
    acting_name: str
    """Who acts until somebody rules."""
    matter: str | None
    matter_name: str
    region: str | None
    region_name: str
    place: str
    audience: Audience
    title: str
    text: str
    rung: Rung
    due: datetime
    overdue: bool
    ended_at: datetime | None
    ended_how: str
    parties: tuple[Party, ...]
    words: tuple[Word, ...]
    panels: tuple[Panel, ...]
    seats: tuple[Seat, ...]
    opinions: tuple[Opinion, ...]
    """A unit sees its own while the panel sits, all of them once it has closed."""
    tally: TallyOut | None
    """None for units while the panel sits."""
    ruling: RulingOut | None
    steps: tuple[Entry, ...]


class ListOut(msgspec.Struct, frozen=True):
    """A stretch of the list."""

    lines: tuple[Line, ...]
    after: str
    """For the next stretch; empty at the end."""


@get("/api/v1/disputes", tags=["disputes"], summary="Disputes by the clock", guards=[needs(*STAFF)], responses=PROBLEM_RESPONSES)
async def list_disputes(
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    now: NamedDependency[datetime],
    ended: Annotated[bool, QueryParameter(description="Those that are over, newest first.")] = False,
    overdue: Annotated[bool, QueryParameter(description="Only those whose rung has had its time.")] = False,
    rung: FromQuery[Rung | None] = None,
    unit: Annotated[str, QueryParameter(description="Code of a unit that is a side or on the panel.", max_length=200)] = "",
    number: Annotated[str, QueryParameter(description="Number of the ticket.", max_length=200)] = "",
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=service.LIMIT_MOST)] = service.LIMIT,
) -> ListOut:
    """Disputes this person may see: a unit those in which it is a side or sits on the panel."""
    filters = Filters(ended, overdue, rung, sought(unit), sought(number).upper())
    async with db.transaction(session.actor.acting) as tx:
        found = await service.worklist(tx, session.actor, filters, after, limit, now)
    return ListOut(found.lines, found.after)


@get("/api/v1/dispute-counts", tags=["disputes"], summary="How many stand where", guards=[needs(*STAFF)], responses=PROBLEM_RESPONSES)
async def count_disputes(session: NamedDependency[Session], db: NamedDependency[Database], now: NamedDependency[datetime]) -> Counts:
    """Open disputes by rung, late ones by rung and by acting unit."""
    async with db.transaction(session.actor.acting) as tx:
        return await service.counts(tx, session.actor, now)


@get("/api/v1/dispute-units", tags=["disputes"], summary="Units likely to dispute", guards=[needs(*HOTLINE)], responses=PROBLEM_RESPONSES)
async def unit_records(
    session: NamedDependency[Session], db: NamedDependency[Database], now: NamedDependency[datetime]
) -> tuple[UnitRecord, ...]:
    """Returns and objections per 100 tickets of the last 90 days, by unit, with the 95 % interval; surely high ones first."""
    async with db.transaction(session.actor.acting) as tx:
        return await service.records(tx, now)


@get("/api/v1/disputes/{dispute:uuid}", tags=["disputes"], summary="One dispute", guards=[needs(*STAFF)], responses=PROBLEM_RESPONSES)
async def show_dispute(
    dispute: FromPath[UUID],
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> DisputeOut:
    """Both sides' words, the panel, the time line, the ruling, and what this person may do now."""
    async with db.transaction(session.actor.acting) as tx:
        case = await service.see(tx, dispute)
    return told(case, session, city, now)


@post(
    "/api/v1/disputes/{dispute:uuid}/{deed:str}",
    tags=["disputes"],
    summary="Do something to a dispute",
    status_code=HTTP_200_OK,
    guards=[needs(*STAFF)],
    responses=PROBLEM_RESPONSES,
)
async def do(
    dispute: FromPath[UUID],
    deed: FromPath[str],
    data: JSONBody[MotionIn],
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> DisputeOut:
    """`say` and `vote` for units; `convene`, `escalate` and `rule` for the hotline. Conflicts answer 409 with what happened instead."""
    what = named(Deed, deed)
    async with db.transaction(session.actor.acting) as tx:
        case = await service.do(tx, session.actor, dispute, what, data.motion(), city, now)
    db.wake()
    return told(case, session, city, now)


def sees_votes(session: Session, ended: bool, sits: bool) -> bool:
    """The hotline sees the count at any time, units once the panel has closed."""
    return session.actor.acting.scope != "unit" or ended or not sits


def told(case: Case, session: Session, city: City, now: datetime) -> DisputeOut:
    """The case as this person is told of it."""
    dispute = case.dispute
    counted = service.tally(case) if sees_votes(session, dispute.ended_at is not None, case.sitting is not None) else None
    return DisputeOut(
        **{name: getattr(dispute, name) for name in _OWN},
        version=case.version,
        allowed=service.offered(case, session.actor, city, now),
        acting_name=city.unit_name(dispute.acting),
        matter_name=city.matter_name(dispute.matter),
        region_name=city.region_name(dispute.region),
        overdue=dispute.due < (dispute.ended_at or now),
        parties=case.parties,
        words=case.words,
        panels=case.panels,
        seats=case.seats,
        opinions=case.opinions,
        tally=TallyOut(counted.voting, counted.cast, counted.quorum, dict(counted.for_lead), counted.says, counted.lead)
        if counted
        else None,
        ruling=_ruling(case.ruling, city) if case.ruling else None,
        steps=case.entries,
    )


_OWN: Final = (
    "id", "number", "opened_at", "acting", "matter", "region", "place", "audience", "title", "text", "rung", "due", "ended_at", "ended_how",
)  # fmt: skip


def _ruling(ruling: Ruling, city: City) -> RulingOut:
    return RulingOut(
        ruling.at, ruling.rung, ruling.lead, city.unit_name(ruling.lead), ruling.co, ruling.basis, ruling.reason, ruling.how, ruling.tally
    )


routes = (list_disputes, count_disputes, unit_records, show_dispute, do)
