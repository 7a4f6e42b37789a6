"""The JSON door to leaders' answering sessions."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK
from msgspec import Meta

from yixian.city.inforce import City
from yixian.db.pool import NOBODY, Database
from yixian.people.guards import needs
from yixian.people.model import Session
from yixian.sessions import hours, service
from yixian.sessions.model import AnsweringSession, Call, Deed, Motion, Page, Phase, Plan, Report, Result, Whole
from yixian.web.given import Codes, Short, Words, named
from yixian.web.problems import PROBLEM_RESPONSES

LOOKING: Final = tuple(sorted(hours.LOOKING))
PLANNING: Final = tuple(sorted(hours.PLANNING))


class PlanIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a session is to be."""

    unit: Annotated[Short, Meta(description="Code of the unit whose leader answers.")]
    leader: Annotated[Short, Meta(description="A title, never a name.")]
    day: date
    begins: Annotated[time, Meta(description="By the city's clock.")]
    ends: time
    matters: Annotated[Codes, Meta(description="None: whatever the responsibility list gives to the unit.")] = ()
    regions: Codes = ()
    seats: Annotated[int, Meta(ge=0, le=1000)] = 1
    note: Words = ""

    def plan(self) -> Plan:
        """The same as the room passes it around; times without a zone are the city's."""
        return Plan(
            self.unit, self.leader, self.day, self.begins.replace(tzinfo=None), self.ends.replace(tzinfo=None), self.matters, self.regions,
            self.seats, self.note,
        )  # fmt: skip


class MotionIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody wants to do. Leave out what the deed does not need."""

    note: Annotated[Words, Meta(description="Why it is cancelled; for `finish` the answer or the promise.")] = ""
    result: Result | None = None
    unit: Annotated[Short, Meta(description="Whom a promise binds.")] = ""
    day: Annotated[date | None, Meta(description="By which day it is promised.")] = None
    call: Annotated[UUID | None, Meta(description="For `finish`: the call one had in hand; answers 409 when it is another.")] = None

    def motion(self) -> Motion:
        """The same as the room passes it around."""
        return Motion(self.note, self.result, self.unit, self.day, self.call)


class Published(msgspec.Struct, frozen=True):
    """A session as residents read of it."""

    id: UUID
    unit: str
    unit_name: str
    leader: str
    starts_at: datetime
    ends_at: datetime
    matters: tuple[str, ...]
    regions: tuple[str, ...]
    note: str


class SessionOut(msgspec.Struct, frozen=True):
    """A session as this person sees it."""

    session: AnsweringSession
    phase: Phase
    calls: tuple[Call, ...]
    mine: Call | None
    """The call in this person's hand."""
    report: Report
    allowed: tuple[Deed, ...]


@get("/api/v1/leaders", tags=["answering"], summary="When leaders answer", responses=PROBLEM_RESPONSES)
async def coming(db: NamedDependency[Database], city: NamedDependency[City], now: NamedDependency[datetime]) -> list[Published]:
    """Published sessions that run or are to come. For anybody; a contact with `session` leaves a question for one."""
    async with db.transaction(NOBODY) as tx:
        found = await service.coming(tx, now)
    return [Published(s.id, s.unit, city.unit_name(s.unit), s.leader, s.starts_at, s.ends_at, s.matters, s.regions, s.note) for s in found]


@get("/api/v1/answering", tags=["answering"], summary="Answering sessions", guards=[needs(*LOOKING)], responses=PROBLEM_RESPONSES)
async def list_sessions(
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=service.LIMIT_MOST)] = service.LIMIT,
) -> Page:
    """Sessions with their calls counted, the last to begin first; a unit sees those of its own branch."""
    async with db.transaction(session.actor.acting) as tx:
        return await service.worklist(tx, session.actor, after, limit)


@post("/api/v1/answering", tags=["answering"], summary="Plan a session", guards=[needs(*PLANNING)], responses=PROBLEM_RESPONSES)
async def plan_session(
    data: JSONBody[PlanIn],
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> SessionOut:
    """Nobody outside sees it until it is published."""
    async with db.transaction(session.actor.acting) as tx:
        planned = await service.plan(tx, session.actor, data.plan(), city, now)
        whole = await service.see(tx, session.actor, planned.id, now)
    return told(whole, now)


@get(
    "/api/v1/answering/{answering:uuid}",
    tags=["answering"],
    summary="One session",
    guards=[needs(*LOOKING)],
    responses=PROBLEM_RESPONSES,
)
async def show_session(
    answering: FromPath[UUID], session: NamedDependency[Session], db: NamedDependency[Database], now: NamedDependency[datetime]
) -> SessionOut:
    """Its calls, its report, and what this person may do now."""
    async with db.transaction(session.actor.acting) as tx:
        return told(await service.see(tx, session.actor, answering, now), now)


@post(
    "/api/v1/answering/{answering:uuid}/{deed:str}",
    tags=["answering"],
    summary="Do something with a session",
    status_code=HTTP_200_OK,
    guards=[needs(*LOOKING)],
    responses=PROBLEM_RESPONSES,
)
async def do(
    answering: FromPath[UUID],
    deed: FromPath[str],
    data: JSONBody[MotionIn],
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> SessionOut:
    """`publish` and `cancel` for supervisors; `take` and `finish` for who sits for the leader. Conflicts answer 409."""
    whole = await service.do(db, session.actor, answering, named(Deed, deed), data.motion(), city, now)
    db.wake()
    return told(whole, now)


def told(whole: Whole, now: datetime) -> SessionOut:
    """The session as this person is told of it."""
    return SessionOut(whole.session, whole.session.phase(now), whole.calls, whole.mine, whole.report, whole.allowed)


routes = (coming, list_sessions, plan_session, show_session, do)
