"""The JSON door to special campaigns."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK
from msgspec import Meta

from yixian.campaigns import service
from yixian.campaigns.model import Board, Column, Deed, Entry, Figures, Fitting, Limits, Motion, Page, Phase, Plan, Row, Scope, Which, Whole
from yixian.city.inforce import City
from yixian.city.tables import guarded
from yixian.db.pool import Database
from yixian.people.guards import needs
from yixian.people.model import HOTLINE_ROLES, UNIT_ROLES, Role, Session
from yixian.tickets import clearing
from yixian.tickets import words as ticket_words
from yixian.tickets.choices import What
from yixian.tickets.model import Filters, Light, Line, State
from yixian.web.given import Codes, Short, Version, Words, named, unknown_code
from yixian.web.problems import PROBLEM_RESPONSES

LOOKING: Final = (*sorted(HOTLINE_ROLES - {Role.CALL_BACK}), *sorted(UNIT_ROLES))
"""Who sees campaigns."""
DRAFTING: Final = (Role.DISPATCHER, Role.SUPERVISOR)


class ScopeIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which tickets belong to it: of each list that is not empty one entry must fit."""

    matters: Codes = ()
    regions: Codes = ()
    units: Codes = ()
    words: Codes = ()


class LimitsIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Its own limits (`2h`, `4wh`, `1wd`); empty: the ordinary ones."""

    sign: Short = ""
    contact: Short = ""
    answer: Short = ""
    longer: Annotated[Words, Meta(description="Why they may be longer than the ordinary ones.")] = ""


class ColumnIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column of the board."""

    name: Short
    states: Annotated[tuple[State, ...], Meta(max_length=11)]


class PlanIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a campaign is to be."""

    name: Short
    purpose: Words
    basis: Words
    first_day: date
    last_day: date
    scope: ScopeIn
    lead: Annotated[Short, Meta(description="Code of the unit that leads the task force.")]
    limits: LimitsIn = LimitsIn()
    members: Codes = ()
    columns: Annotated[tuple[ColumnIn, ...], Meta(max_length=10, description="The board; none: the usual columns.")] = ()

    def plan(self) -> Plan:
        """The same as the room passes it around."""
        return msgspec.convert(msgspec.to_builtins(self), Plan)


class MotionIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody wants to do. Leave out what the deed does not need."""

    note: Annotated[Words, Meta(description="Reason, or for `end` the report.")] = ""
    plan: Annotated[PlanIn | None, Meta(description="For `revise`.")] = None
    version: Version = 0

    def motion(self) -> Motion:
        """The same as the room passes it around."""
        return Motion(self.note, self.plan.plan() if self.plan else None, self.version)


class CampaignOut(msgspec.Struct, frozen=True):
    """A campaign, with what this person may do now."""

    id: UUID
    version: int
    phase: Phase
    allowed: tuple[Deed, ...]
    name: str
    purpose: str
    basis: str
    first_day: date
    last_day: date
    scope: Scope
    limits: Limits
    lead: str
    lead_name: str
    members: tuple[str, ...]
    columns: tuple[Column, ...]
    drafted_at: datetime
    approved_at: datetime | None
    ended_at: datetime | None
    report: str
    figures: Figures | None
    """How it stood when it was ended."""
    steps: tuple[Entry, ...]


class TicketsOut(msgspec.Struct, frozen=True):
    """A stretch of its tickets."""

    lines: tuple[Line, ...]
    after: str
    """For the next stretch; empty at the end."""


@get("/api/v1/campaigns", tags=["campaigns"], summary="Special campaigns", guards=[needs(*LOOKING)], responses=PROBLEM_RESPONSES)
async def list_campaigns(
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    now: NamedDependency[datetime],
    which: FromQuery[Which] = Which.CURRENT,
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=service.LIMIT_MOST)] = service.LIMIT,
) -> Page:
    """Campaigns this person may see with their tickets counted, those that begin last first."""
    async with db.transaction(session.actor.acting) as tx:
        return await service.worklist(tx, which, after, limit, now)


@post("/api/v1/campaigns", tags=["campaigns"], summary="Draft a campaign", guards=[needs(*DRAFTING)], responses=PROBLEM_RESPONSES)
async def draft_campaign(
    data: JSONBody[PlanIn],
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> CampaignOut:
    """Nothing follows from it until somebody else approves it."""
    async with db.transaction(session.actor.acting) as tx:
        drafted = await service.draft(tx, session.actor, data.plan(), city, now)
        whole = await service.see(tx, session.actor, drafted.id, now)
    return told(whole, city, now)


@get("/api/v1/campaigns/{campaign:uuid}", tags=["campaigns"], summary="One campaign", guards=[needs(*LOOKING)], responses=PROBLEM_RESPONSES)
async def show_campaign(
    campaign: FromPath[UUID],
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> CampaignOut:
    """What it is, what was done with it, and what this person may do now."""
    async with db.transaction(session.actor.acting) as tx:
        whole = await service.see(tx, session.actor, campaign, now)
    return told(whole, city, now)


@get(
    "/api/v1/campaigns/{campaign:uuid}/board",
    tags=["campaigns"],
    summary="How a campaign stands",
    guards=[needs(*LOOKING)],
    responses=PROBLEM_RESPONSES,
)
async def show_board(
    campaign: FromPath[UUID],
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> Board:
    """Columns, units, districts and days, counted over the tickets that this person may see."""
    async with db.transaction(session.actor.acting) as tx:
        whole = await service.see(tx, session.actor, campaign, now)
        return await service.board(tx, whole.campaign, city, now)


@get(
    "/api/v1/campaigns/{campaign:uuid}/tickets",
    tags=["campaigns"],
    summary="Tickets of a campaign",
    guards=[needs(*LOOKING)],
    responses=PROBLEM_RESPONSES,
)
async def list_tickets(
    campaign: FromPath[UUID],
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
    states: Annotated[list[State] | None, QueryParameter(name="state", description="Several may be given; none: all open ones.")] = None,
    light: FromQuery[Light | None] = None,
    unit: Annotated[str, QueryParameter(description="Code of a unit: what it and those below it have in hand.")] = "",
    region: Annotated[str, QueryParameter(description="Code of a region; those below it count.")] = "",
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=service.LIMIT_MOST)] = service.LIMIT,
) -> TicketsOut:
    """Those this person may see: open ones by what is owed next, ended ones newest first."""
    filters = narrowed(city, states=tuple(states or ()), light=light, unit=unit, region=region)
    async with db.transaction(session.actor.acting) as tx:
        found = await service.list_tickets(tx, session.actor, campaign, filters, after, limit, now)
    return TicketsOut(found.lines, found.after)


@get(
    "/api/v1/campaigns/{campaign:uuid}/export",
    tags=["campaigns"],
    summary="Tickets of a campaign as CSV",
    guards=[needs(*LOOKING)],
    responses=PROBLEM_RESPONSES,
)
async def export(
    campaign: FromPath[UUID],
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> Response[bytes]:
    """UTF-8 with a mark that spreadsheets know, times by the city's clock; without anybody's name or number."""
    async with db.transaction(session.actor.acting) as tx:
        _, rows = await service.export(tx, campaign, now)
    return Response(
        sheet(rows, city),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="campaign-{campaign}.csv"', "Cache-Control": "no-store"},
    )


@get(
    "/api/v1/campaigns/{campaign:uuid}/fitting",
    tags=["campaigns"],
    summary="What gathering would do",
    guards=[needs(*DRAFTING)],
    responses=PROBLEM_RESPONSES,
)
async def count_fitting(
    campaign: FromPath[UUID],
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> Fitting:
    """How many open tickets would join; nothing is changed. Also for a draft, before it is approved."""
    async with db.transaction(session.actor.acting) as tx:
        return await service.fitting_now(tx, campaign, city, now)


@post(
    "/api/v1/campaigns/{campaign:uuid}/{deed:str}",
    tags=["campaigns"],
    summary="Do something with a campaign",
    status_code=HTTP_200_OK,
    guards=[needs(*DRAFTING)],
    responses=PROBLEM_RESPONSES,
)
async def do(
    campaign: FromPath[UUID],
    deed: FromPath[str],
    data: JSONBody[MotionIn],
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> CampaignOut:
    """`revise`, `approve`, `discard`, `gather`, `end`. Conflicts answer 409."""
    what = named(Deed, deed)
    async with db.transaction(session.actor.acting) as tx:
        whole = await service.do(tx, session.actor, campaign, what, data.motion(), city, now)
    db.wake()
    return told(whole, city, now)


def narrowed(city: City, *, states: tuple[State, ...], light: Light | None, unit: str, region: str) -> Filters:
    """Filters from what was asked.

    Raises:
        Problem: 422, a code that the city does not have.
    """
    asked = (("unit", What.UNITS, unit), ("region", What.REGIONS, region))
    if errors := [error for field, what, code in asked if (error := clearing.unknown(city, field, what, code))]:
        raise unknown_code(*errors)
    path = city.register.paths[unit] if unit else ""
    return Filters(states=states, light=light, unit_path=path, regions=city.register.below(region))


def told(whole: Whole, city: City, now: datetime) -> CampaignOut:
    """The campaign as this person is told of it."""
    campaign = whole.campaign
    plan: dict[str, Any] = msgspec.structs.asdict(campaign.plan)
    return CampaignOut(
        id=campaign.id,
        version=campaign.version,
        phase=campaign.phase(now),
        allowed=whole.allowed,
        **plan,
        lead_name=city.unit_name(campaign.plan.lead),
        drafted_at=campaign.drafted_at,
        approved_at=campaign.approved_at,
        ended_at=campaign.ended_at,
        report=campaign.report,
        figures=campaign.figures,
        steps=whole.entries,
    )


HEAD: Final = (
    "工单编号", "登记时间", "纳入时间", "标题", "事项", "区域", "地点", "主办单位", "状态", "答复时限", "答复时间", "办结时间", "已超时",
    "解决评分",
)  # fmt: skip
"""The first row of the export."""


def sheet(rows: tuple[Row, ...], city: City) -> bytes:
    """The export: CSV in UTF-8 with a byte order mark."""
    zone = ZoneInfo(city.pack.city.timezone)

    def at(moment: datetime | None) -> str:
        return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else ""

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEAD)
    for row in rows:
        values = (
            row.number, at(row.created_at), at(row.joined_at), row.title, city.matter_name(row.matter), city.region_name(row.region),
            row.place, city.unit_name(row.lead), ticket_words.STATES[row.state], at(row.answer_due), at(row.replied_at), at(row.closed_at),
            "是" if row.overdue else "", str(row.rated_solution or ""),
        )  # fmt: skip
        writer.writerow([guarded(value) for value in values])
    return text.getvalue().encode("utf-8-sig")


routes = (list_campaigns, draft_campaign, show_campaign, show_board, list_tickets, export, count_fitting, do)
