"""The JSON door to tickets: staff by their session, citizens by number and check code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK
from msgspec import Meta

from yixian.city.inforce import City
from yixian.city.model import Audience, RequestKind, Urgency
from yixian.db.keys import Keys
from yixian.db.pool import Database
from yixian.language.service import Reader
from yixian.people import callers, sessions
from yixian.people.guards import needs
from yixian.people.model import HOTLINE_ROLES, UNIT_ROLES, Actor, CallerMasked, Session
from yixian.people.secrets import Vault
from yixian.tickets import above, clearing, deadlines, numbers, service, words
from yixian.tickets.caring import service as caring
from yixian.tickets.choices import What
from yixian.tickets.model import Action, Count, Filters, HistoryRow, Light, Line, Order, OrderRole, Rating, Special, State, Step, Ticket
from yixian.tickets.service import Progress, Seen, Stage
from yixian.web.given import Short, Version, Words, unknown_code
from yixian.web.problems import PROBLEM_RESPONSES, FieldError, MayBe, Problem, usual

Asked = Request[Any, Any, Any]

STAFF: Final = HOTLINE_ROLES | UNIT_ROLES

ACTIONS: Final = {action.value: action for action in Action}

STATES: Final = {state.value: state for state in State}

CITIZENS: Final = frozenset(
    {Action.URGE, Action.SUPPLEMENT, Action.WITHDRAW, Action.RATE, Action.REOPEN, Action.STAND_DOWN, Action.CONFIRM_ALARM}
)
"""What a check code lets one do."""

Score = Annotated[int, Meta(ge=1, le=5)]


class RatingIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Three ratings, 1 (very bad) to 5 (very good)."""

    response: Score
    solution: Score
    attitude: Score
    words: Words = ""


class StepIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody wants to do. Which particulars an action needs, the life cycle says; leave out the rest."""

    code: Annotated[str, Meta(max_length=40, description="The citizen's check code, instead of a staff session.")] = ""
    note: Annotated[Words, Meta(description="Reason, opinion, what was said.")] = ""
    basis: Annotated[Words, Meta(description="The list entry or law that a return, a dispatch or a ruling rests on.")] = ""
    unit: Annotated[Short, Meta(description="Code of the unit to dispatch to, hand to, invite, or rule for.")] = ""
    co_units: Annotated[tuple[Short, ...], Meta(max_length=20)] = ()
    matter: Short = ""
    region: Short = ""
    answer: Annotated[Words, Meta(description="The public answer, for `reply`.")] = ""
    internal: Annotated[Words, Meta(description="The unit's own record, for `reply`.")] = ""
    days: Annotated[int, Meta(ge=0, le=365, description="Working days of extension asked for.")] = 0
    number: Annotated[Short, Meta(description="The ticket to merge into.")] = ""
    texts: Annotated[tuple[Words, ...], Meta(max_length=10, description="The parts of a split, one each new ticket.")] = ()
    rating: RatingIn | None = None
    version: Version = 0

    def step(self) -> Step:
        """The same without the code."""
        given: dict[str, Any] = msgspec.to_builtins(self)
        del given["code"]
        return msgspec.convert(given, Step)


class Moved(msgspec.Struct, frozen=True):
    """How the ticket stands after a step."""

    number: str
    state: State
    lead: str | None
    answer_due: datetime | None
    next_due: datetime | None
    version: int


class RowOut(msgspec.Struct, frozen=True):
    """A step of the ticket's life."""

    seq: int
    at: datetime
    actor: str
    role: str
    unit: str
    action: str
    source: str
    target: str
    note: str
    detail: dict[str, Any]
    public: bool


class OrderOut(msgspec.Struct, frozen=True):
    """One assignment to one unit."""

    unit: str
    unit_name: str
    role: OrderRole
    since: datetime
    due: datetime | None
    ended_at: datetime | None
    ended_how: str
    part: str
    part_at: datetime | None
    urged_at: datetime | None
    """When the lead urged its part last."""


class TicketOut(msgspec.Struct, frozen=True):
    """A ticket as its staff see it, with what they may do now."""

    number: str
    state: State
    version: int
    allowed: tuple[Action, ...]
    """What this person may do now."""
    kind: RequestKind
    title: str
    text: str
    channel: str
    created_at: datetime
    matter: str | None
    matter_name: str
    region: str | None
    region_name: str
    place: str
    urgency: Urgency
    audience: Audience
    lead: str | None
    lead_name: str
    basis: str
    confidence: float | None
    dispatched_by: str
    suggestions: tuple[dict[str, Any], ...]
    """What the gate was not sure of: units with their basis, best first."""
    hides_identity: bool
    complained_unit: str | None
    caller: CallerMasked | None
    """Masked; None when nobody left a name or number, or this person may not see them."""
    light: Light
    next_due: datetime | None
    dispatch_due: datetime | None
    sign_due: datetime | None
    contact_due: datetime | None
    answer_due: datetime | None
    first_dispatched_at: datetime | None
    dispatched_at: datetime | None
    signed_at: datetime | None
    contacted_at: datetime | None
    replied_at: datetime | None
    closed_at: datetime | None
    answer: str
    internal_answer: str
    returns: int
    ruled: bool
    extensions: int
    extension_asked: int | None
    extension_reason: str
    attempts: int
    rounds: int
    urged: int
    supervision: str
    rated_response: int | None
    rated_solution: int | None
    rated_attitude: int | None
    rating_words: str
    campaign: UUID | None
    """The special campaign that it belongs to."""
    special: Special | None
    """Its name, and the limits that it gives the ticket."""
    orders: tuple[OrderOut, ...]
    history: tuple[RowOut, ...]


class StageOut(msgspec.Struct, frozen=True):
    """A step as the citizen sees it."""

    at: datetime
    action: str
    state: str
    unit: str = ""
    """Name of the unit that was named."""
    note: str = ""
    days: int | None = None
    """Working days by which the answer was put off."""
    reason: str = ""
    """Why."""
    rating: Rating | None = None
    """What the citizen said of it, where the step is their rating."""


class ProgressOut(msgspec.Struct, frozen=True):
    """A ticket as its citizen sees it: nothing of who worked on it, nothing that was said inside."""

    number: str
    state: State
    version: int
    unit: str
    """Name of the unit that answers for it."""
    opened_at: datetime
    answer_due: datetime | None
    closed_at: datetime | None
    title: str
    text: str
    answer: str
    """Once the hotline has passed it."""
    rounds: int
    rated: bool
    allowed: tuple[Action, ...]
    steps: tuple[StageOut, ...]
    urge_again: datetime | None = None
    """From when on it may be urged again, where it was urged a little while ago."""
    main: ProgressOut | None = None
    """The ticket that this one was merged into: its progress, without what its own citizen said or was told."""


class ListOut(msgspec.Struct, frozen=True):
    """A stretch of a list."""

    lines: tuple[Line, ...]
    after: str
    """For the next stretch; empty at the end."""


@get("/api/v1/tickets", tags=["tickets"], summary="A worklist", guards=[needs(*STAFF)], responses=PROBLEM_RESPONSES)
async def list_tickets(
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
    states: Annotated[
        list[str] | None,
        QueryParameter(
            name="state",
            description="Several may be given; none: all that are open.",
            schema_extra={"items": {"type": "string", "enum": [state.value for state in State]}},
        ),
    ] = None,
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=service.LIMIT_MOST)] = service.LIMIT,
    unit: Annotated[str, QueryParameter(description="Code of a unit: what it and those below it have in hand.")] = "",
    region: Annotated[str, QueryParameter(description="Code of a region; those below it count.")] = "",
    matter: Annotated[str, QueryParameter(description="Code of a matter; those below it count.")] = "",
    kind: FromQuery[RequestKind | None] = None,
    light: FromQuery[Light | None] = None,
    supervision: Annotated[str, QueryParameter(pattern="^(|urged|listed|called_in)$")] = "",
    number: FromQuery[str] = "",
) -> ListOut:
    """Tickets this person may see: open ones by what is owed next, ended ones newest first.

    A code that the city does not have answers 422; `choices` of its error are those that it may mean.
    """
    _check_codes(city, states or (), unit, region, matter)
    filters = Filters(
        states=tuple(STATES[state] for state in states or ()),
        unit_path=city.register.paths[unit] if unit else "",
        regions=city.register.below(region),
        matter=matter,
        kind=kind,
        light=light,
        supervision=supervision,
        number=number.strip().upper() if number.isascii() and number.isprintable() else "-",
    )
    async with db.transaction(session.actor.acting) as tx:
        found = await service.worklist(tx, session.actor, filters, after, limit, now)
    return ListOut(found.lines, found.after)


@get("/api/v1/ticket-counts", tags=["tickets"], summary="How many stand where", guards=[needs(*STAFF)], responses=PROBLEM_RESPONSES)
async def count_tickets(
    session: NamedDependency[Session], db: NamedDependency[Database], now: NamedDependency[datetime]
) -> tuple[Count, ...]:
    """Open tickets that this person may see, by state and light."""
    async with db.transaction(session.actor.acting) as tx:
        return await service.counts(tx, session.actor, now)


@get("/api/v1/tickets/{number:str}", tags=["tickets"], summary="One ticket", responses=PROBLEM_RESPONSES)
async def show_ticket(
    request: Asked,
    number: FromPath[str],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    keys: NamedDependency[Keys],
    vault: NamedDependency[Vault],
    now: NamedDependency[datetime],
    code: Annotated[str, QueryParameter(description="The citizen's check code, instead of a staff session.")] = "",
) -> TicketOut | ProgressOut:
    """Staff see all of it; the citizen who has its check code sees a masked time line."""
    if code:
        await _proved(db, keys, number, code, city, now)
        return _progress(await service.progress(db, number, city, now), city)
    actor = (await sessions.signed_in(request)).actor
    async with db.transaction(actor.acting) as tx:
        seen = await service.see(tx, actor, number, city, now)
        rows = await service.time_line(tx, seen.ticket)
        known = await callers.masked(tx, vault, [seen.ticket.caller]) if seen.ticket.caller else {}
    caller = known.get(seen.ticket.caller) if seen.ticket.caller else None
    return _ticket(seen, rows, caller, city, now)


@post(
    "/api/v1/tickets/{number:str}/{action:str}",
    tags=["tickets"],
    summary="Take one step in a ticket's life",
    status_code=HTTP_200_OK,
    responses=PROBLEM_RESPONSES,
)
async def take_step(
    request: Asked,
    number: FromPath[str],
    action: FromPath[str],
    data: JSONBody[StepIn],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    keys: NamedDependency[Keys],
    reader: NamedDependency[Reader],
    now: NamedDependency[datetime],
) -> Moved:
    """Does `action` (see the life cycle's reference page). Conflicts answer 409 with what happened or what is allowed instead.

    With `code` in the body it is the citizen who acts: `urge`, `supplement`, `withdraw`, `rate`, `reopen`.
    """
    what = ACTIONS.get(action)
    if what is None:
        raise usual(404)
    actor = await _actor(request, number, what, data.code, db, city, keys, now)
    fresh = await _fresh_numbers(db, city, len(data.texts) if what is Action.SPLIT else 0, now)
    async with db.transaction(actor.acting) as tx:
        await above.check(request, tx, number, what)
        moved = await caring.act(tx, actor, number, what, data.step(), reader, city, now, fresh)
    db.wake()
    return _moved(moved)


async def _actor(
    request: Asked, number: str, action: Action, code: str, db: Database, city: City, keys: Keys, now: datetime
) -> Actor:  # fmt: skip
    """Who acts: the citizen by the code, else who is signed in."""
    if not code:
        return (await sessions.signed_in(request)).actor
    if action not in CITIZENS:
        raise usual(403)
    return await _proved(db, keys, number, code, city, now)


async def _proved(db: Database, keys: Keys, number: str, code: str, city: City, now: datetime) -> Actor:
    try:
        return await service.prove(db, keys.for_("check codes"), number, code, city, now)
    except service.ClosedToLookUps as closed:
        raise Problem(429, "too-many", "查询次数过多", str(closed), headers={"Retry-After": "3600"}) from None


async def _fresh_numbers(db: Database, city: City, count: int, now: datetime) -> list[str]:
    """Numbers of today by the city's reckoning; taken before the transaction, unused ones are gaps."""
    identity = city.pack.city
    day = now.astimezone(ZoneInfo(identity.timezone)).date()
    return [numbers.number(identity.number_prefix, day, await db.numbers.take(day)) for _ in range(count)]


def _check_codes(city: City, states: Sequence[str], unit: str, region: str, matter: str) -> None:
    """Refuses codes that nobody has, all at once, each with what it may mean."""
    asked = (("unit", What.UNITS, unit), ("region", What.REGIONS, region), ("matter", What.MATTERS, matter))
    errors = [error for field, what, code in asked if (error := clearing.unknown(city, field, what, code))]
    if any(state not in STATES for state in states):
        errors.insert(0, FieldError("state", clearing.ONE_OF_THESE, tuple(MayBe(s.value, name) for s, name in words.STATES.items())))
    if errors:
        raise unknown_code(*errors)


def _moved(ticket: Ticket) -> Moved:
    return Moved(ticket.number, ticket.state, ticket.lead, ticket.answer_due, ticket.next_due, ticket.version)


def _ticket(seen: Seen, rows: tuple[HistoryRow, ...], caller: CallerMasked | None, city: City, now: datetime) -> TicketOut:
    ticket = seen.ticket
    own = {name: value for name, value in msgspec.structs.asdict(ticket).items() if name in _OWN}
    return TicketOut(
        **own,
        caller=caller,
        allowed=tuple(edge.action for edge in seen.offered),
        matter_name=city.matter_name(ticket.matter),
        region_name=city.region_name(ticket.region),
        lead_name=city.unit_name(ticket.lead),
        light=deadlines.light(ticket.next_due, ticket.amber_at, now),
        orders=tuple(_order(order, city) for order in seen.orders),
        history=tuple(_row(row) for row in rows),
    )


_OWN: Final = {f.name for f in msgspec.structs.fields(TicketOut)} & {f.name for f in msgspec.structs.fields(Ticket)} - {"caller"}


def _order(order: Order, city: City) -> OrderOut:
    return OrderOut(
        order.unit,
        city.unit_name(order.unit),
        order.role,
        order.since,
        order.due,
        order.ended_at,
        order.ended_how,
        order.part,
        order.part_at,
        order.urged_at,
    )


def _row(row: HistoryRow) -> RowOut:
    return RowOut(row.seq, row.at, row.actor, row.role, row.unit, row.action, row.source, row.target, row.note, row.detail, row.public)


def _progress(progress: Progress, city: City) -> ProgressOut:
    return ProgressOut(
        number=progress.number,
        state=progress.state,
        version=progress.version,
        unit=city.unit_name(progress.lead),
        opened_at=progress.opened_at,
        answer_due=progress.answer_due,
        closed_at=progress.closed_at,
        title=progress.title,
        text=progress.text,
        answer=progress.answer,
        rounds=progress.rounds,
        rated=progress.rated,
        allowed=progress.offered,
        steps=tuple(_stage(stage, city) for stage in progress.steps),
        urge_again=progress.urge_again,
        main=_progress(progress.main, city) if progress.main else None,
    )


def _stage(stage: Stage, city: City) -> StageOut:
    days, reason = stage.detail.get("days"), stage.detail.get("reason")
    rating = msgspec.convert(stage.detail, Rating) if stage.action == Action.RATE and stage.detail else None
    return StageOut(stage.at, stage.action, stage.state, city.unit_name(stage.unit), stage.note, days, reason or "", rating)


routes = (list_tickets, count_tickets, show_ticket, take_step)
