"""The use cases of tickets: one transaction each, told in the words of the domain."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from yixian.city.calendar import Duration
from yixian.city.inforce import City
from yixian.db.pool import NOBODY, Database, Scope, Transaction
from yixian.people import service as staff
from yixian.people.model import SYSTEM_ACTOR, Actor, Role, citizen
from yixian.tickets import calling, deadlines, effects, history, lifecycle, store
from yixian.tickets import numbers as numbering
from yixian.tickets.lifecycle import Edge, Facts, Refusal
from yixian.tickets.model import (
    Action,
    Alarmed,
    Count,
    Facet,
    Filters,
    GivenBack,
    HistoryRow,
    Line,
    Order,
    OrderRole,
    Own,
    Page,
    State,
    Step,
    Tally,
    Ticket,
    Written,
)  # fmt: skip


class NotFound(Exception):
    """No such ticket, or none that this person may see: the two look the same on purpose."""


class ClosedToLookUps(NotFound):
    """Too many wrong check codes: the number is closed to look-ups until they are an hour old."""


class Refused(Exception):
    """The life cycle does not allow it; the sentence is for the screen."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


class Overtaken(Exception):
    """Somebody changed the ticket in between; carries what they did."""

    def __init__(self, change: HistoryRow | None) -> None:
        super().__init__("工单刚刚被他人处理，请查看最新情况后再操作。")
        self.change = change


class Seen(msgspec.Struct, frozen=True):
    """A ticket as one person sees it, with what they may do now."""

    ticket: Ticket
    orders: tuple[Order, ...]
    offered: tuple[Edge, ...]
    awaits: tuple[str, ...] = ()
    """Why they may not answer yet, although the answer is theirs to give."""
    urges: tuple[Order, ...] = ()
    """Whose parts they would urge, where urging is the lead's."""


class Opening(msgspec.Struct, frozen=True):
    """A new ticket, not yet written."""

    ticket: Ticket
    """In state `awaiting_dispatch`, without a number's history; `version` 0."""
    actor: Actor
    dispatch: Step | None = None
    """What the gate is sure of: unit, co-units and basis; None leaves it to a dispatcher."""
    note: str = ""


def role_of(actor: Actor, edge_by: frozenset[Role]) -> Role:
    """As what the actor takes a step: the first of their roles that the edge allows."""
    return next(r for r in Role if r in edge_by & actor.roles)


async def open_tickets(tx: Transaction, openings: Sequence[Opening], city: City, now: datetime) -> tuple[Ticket, ...]:
    """Registers new tickets, and dispatches at once those that the gate is sure of. One statement, however many."""
    tickets, new = drafted(openings, city, now)
    await store.create(tx, new)
    return tickets


def drafted(openings: Sequence[Opening], city: City, now: datetime) -> tuple[tuple[Ticket, ...], Written]:
    """New tickets as they will be, and as they are to be written, for whoever writes them together with something of his own."""
    tickets: list[Ticket] = []
    orders: list[tuple[UUID, Order]] = []
    rows: list[HistoryRow] = []
    events: list[dict[str, Any]] = []
    for opening in openings:
        ticket, first = _registered(opening, city, now)
        rows.append(first)
        if opening.dispatch is not None:
            ticket, made, row = _dispatched(ticket, opening.dispatch, city, now)
            orders += [(ticket.id, o) for o in made]
            rows.append(row)
        events.append(_event("ticket.opened", ticket, Action.DISPATCH.value if opening.dispatch else "", city, now))
        tickets.append(ticket)
    return tuple(tickets), store.written(tickets, orders, rows, events)


def _registered(opening: Opening, city: City, now: datetime) -> tuple[Ticket, HistoryRow]:
    ticket = msgspec.structs.replace(
        opening.ticket,
        state=State.AWAITING_DISPATCH,
        dispatch_due=city.due(now, deadlines.limit_of(opening.ticket, city).dispatch),
        version=1,
        head=history.START,
    )
    ticket = deadlines.clocked(ticket, None, now)
    row = _row(ticket, opening.actor, "register", "", "", State.AWAITING_DISPATCH, opening.note, {"channel": ticket.channel}, True, now)
    return msgspec.structs.replace(ticket, head=row.hash), row


def _dispatched(ticket: Ticket, step: Step, city: City, now: datetime) -> tuple[Ticket, tuple[Order, ...], HistoryRow]:
    _check_names(step, city)
    facts = Facts(SYSTEM_ACTOR, (), now, named_path=city.register.paths.get(step.unit, ""))
    edge = lifecycle.edge_for(ticket, Action.DISPATCH, step, facts)
    if isinstance(edge, Refusal):
        raise Refused(edge)
    change = effects.apply(ticket, edge, step, facts, city)
    row = _row_of(change, edge, SYSTEM_ACTOR, step.note, now)
    return msgspec.structs.replace(change.ticket, head=row.hash), change.made, row


async def act(
    tx: Transaction, actor: Actor, number: str, action: Action, step: Step, city: City, now: datetime, numbers: Sequence[str] = ()
) -> Ticket:
    """Does `action` on a ticket.

    `numbers`: fresh ticket numbers for a split, one each part.

    Raises:
        NotFound: no such ticket, or not one this actor may see.
        Refused: the life cycle does not allow it; carries the sentence for the screen and what is allowed instead.
        Overtaken: someone changed the ticket in between; carries what they did.
    """
    _check_names(step, city)
    if step.keeper and not await staff.colleagues(tx, lifecycle.DISPATCHING, [step.keeper]):
        raise Refused(Refusal("没有这位派单员，或者其账号已经停用，请重新选择。"))
    ticket, orders = await _find(tx, number)
    if step.version and step.version != ticket.version:
        raise Overtaken(await store.last_change(tx, ticket.id, ticket.created_at))
    facts = _facts(ticket, orders, actor, step, city, now)
    edge = lifecycle.edge_for(ticket, action, step, facts)
    if isinstance(edge, Refusal):
        raise Refused(edge)
    other = await _other(tx, step.number) if action is Action.MERGE else None
    change = effects.apply(ticket, edge, step, facts, city, other)
    row = _row_of(change, edge, actor, step.note, now)
    moved = msgspec.structs.replace(change.ticket, head=row.hash)
    told = _event("ticket.moved", moved, action.value, city, now, tells=edge.tells_citizen, detail=change.detail, note=step.note)
    part = (change.part, step.note) if change.part else None
    if not await store.take_edge(tx, moved, ticket.version, change.ended, change.ended_how, change.made, part, change.urged, row, [told]):
        raise Overtaken(await store.last_change(tx, ticket.id, ticket.created_at))
    if action is Action.SPLIT:
        await _split(tx, actor, moved, step, city, now, numbers)
    return moved


async def act_on_all(
    tx: Transaction, actor: Actor, action: Action, steps: Mapping[UUID, Step], city: City, now: datetime
) -> tuple[Ticket, ...]:
    """Does `action` on many tickets, by id, in two statements however many; gives back those on which it was done.

    Left out are those that this actor may not see and those that the life cycle refuses. For steps that leave the orders as they are.
    """
    moved: list[Ticket] = []
    rows: list[HistoryRow] = []
    events: list[dict[str, Any]] = []
    for ticket, orders in await store.find_all(tx, list(steps)):
        step = steps[ticket.id]
        facts = _facts(ticket, orders, actor, step, city, now)
        edge = lifecycle.edge_for(ticket, action, step, facts)
        if isinstance(edge, Refusal):
            continue
        change = effects.apply(ticket, edge, step, facts, city)
        assert not (change.ended or change.made or change.part or change.urged), f"{action} changes orders: take it by itself"
        row = _row_of(change, edge, actor, step.note, now)
        moved.append(msgspec.structs.replace(change.ticket, head=row.hash))
        rows.append(row)
        events.append(_event("ticket.moved", moved[-1], action.value, city, now, tells=edge.tells_citizen, note=step.note))
    if moved:
        await store.take_edges(tx, moved, rows, events)
    return tuple(moved)


async def see(tx: Transaction, actor: Actor, number: str, city: City, now: datetime) -> Seen:
    """The ticket, its orders, and what this person may do with it now.

    Raises:
        NotFound: no such ticket, or not one this actor may see.
    """
    ticket, orders = await _find(tx, number)
    facts = _facts(ticket, orders, actor, Step(), city, now)
    offered = lifecycle.offered(ticket, facts)
    urges = facts.parts_to_urge if any(lifecycle.urges_parts(edge) for edge in offered) else ()
    return Seen(ticket, orders, offered, lifecycle.awaited(ticket, facts), urges)


async def suggest(tx: Transaction, ticket: Ticket, suggestions: tuple[dict[str, Any], ...], confidence: float) -> bool:
    """Gives the dispatcher better suggestions for a ticket that nobody has touched since it was opened; False when somebody has.

    `suggestions`: as in `Ticket.suggestions`, at most three, best first.
    """
    return await store.suggest(tx, ticket.id, ticket.version, suggestions, confidence)


async def read(tx: Transaction, number: str) -> tuple[Ticket, tuple[Order, ...]]:
    """The ticket with all its orders, oldest first, for rooms that act on what happened to it.

    Raises:
        NotFound: no such ticket, or not one that the acting person may see.
    """
    return await _find(tx, number)


async def lives(tx: Transaction, ids: Sequence[UUID]) -> tuple[tuple[Ticket, tuple[HistoryRow, ...]], ...]:
    """These tickets, each with its history in order, for rooms that learn from what happened; two statements, however many."""
    return await store.lives(tx, ids)


async def past(tx: Transaction, after: UUID, limit: int) -> tuple[Ticket, ...]:
    """The next tickets by time, after the one with this id (`db.ids.first_id` of a moment to begin): for going through all of them."""
    return await store.past(tx, after, limit)


async def count_after(tx: Transaction, after: UUID) -> int:
    """How many tickets `past` would go through from there. Counts them all; not for screens."""
    return await store.count_since(tx, after)


async def unowned(tx: Transaction, since: datetime) -> list[tuple[str | None, int, list[str]]]:
    """Since `since`, tickets for which no unit was found: the matter that fitted best (None: none did), how many, some numbers."""
    return await store.unowned(tx, since)


async def led_since(tx: Transaction, since: datetime) -> dict[str, int]:
    """How many tickets each unit was given to lead from `since` on, by unit. One statement over the orders of that time."""
    return await store.led_since(tx, since)


async def time_line(tx: Transaction, ticket: Ticket) -> tuple[HistoryRow, ...]:
    """The ticket's history as the acting person may see it; a citizen sees only what is public."""
    return await store.history(tx, ticket.id, ticket.created_at)


async def history_of(tx: Transaction, number: str) -> tuple[HistoryRow, ...]:
    """The history of the ticket with this number, as the acting person may see it.

    Raises:
        NotFound: no such ticket, or not one that the acting person may see.
    """
    ticket, _ = await _find(tx, number)
    return await time_line(tx, ticket)


LIMIT: Final = 50
LIMIT_MOST: Final = 200


async def worklist(
    tx: Transaction, actor: Actor, filters: Filters, after: str, limit: int, now: datetime, hand: Hand | None = None
) -> Page:
    """A stretch of the list that this person may see: open tickets by what is owed next, ended ones newest first.

    One statement, and one before it where the list is of a branch of units; `hand`, when somebody has it already, saves that.

    Without states: everything open. `after`: from the page before.

    Raises:
        Refused: open and ended states asked for in one list, or an `after` that we did not hand out.
    """
    filters = _as_seen_by(actor, filters)
    _not_both(filters)
    limit = max(1, min(limit, LIMIT_MOST))
    lines = await store.worklist(tx, filters, _cursor(after), limit + 1, now, await _way(tx, actor, filters, hand))
    if len(lines) <= limit:
        return Page(lines, "")
    last = lines[limit - 1]
    return Page(lines[:limit], f"{last.next_due.isoformat() if last.next_due else ''}~{last.id}")


MANY: Final = 20_000
"""Orders. What fewer lead to is found by them; of a branch with more, so many tickets are its own that a list soon has its page."""


async def _way(tx: Transaction, actor: Actor, filters: Filters, hand: Hand | None = None) -> store.Way:
    """How the tickets of a list are found; a statement where it is of a branch of units whose hand nobody has looked at."""
    if not filters.unit_path:
        return store.Way.BY_CLOCK
    in_hand = set(filters.states) <= lifecycle.OPEN and filters.flow is None
    own = in_hand and actor.acting.scope is Scope.UNIT and filters.unit_path == actor.unit_path and filters.role is not OrderRole.PANEL
    known = hand is not None and own and filters.role is not OrderRole.CO
    many = hand.many if hand is not None and known else await store.many(tx, filters.unit_path, filters, MANY)
    if not own:
        return store.Way.BY_CLOCK if many else store.Way.BY_ORDER
    if many:
        return store.Way.HAND_BY_CLOCK
    return store.Way.HAND_ASSISTING if filters.role is OrderRole.CO else store.Way.HAND_BY_ORDER


async def counts(tx: Transaction, actor: Actor, now: datetime) -> tuple[Count, ...]:
    """How many open tickets stand in each state under each light, as far as this person may see. One statement."""
    return await (store.counts_of_hand(tx, now) if actor.acting.scope is Scope.UNIT else store.counts(tx, now))


COUNTED_TO: Final = 1000
"""Where counting stops: more than anybody works through is said as such."""


async def up_to(tx: Transaction, actor: Actor, many: Sequence[Filters], now: datetime, hand: Hand | None = None) -> tuple[int, ...]:
    """How many open tickets of these lists this person may see, `COUNTED_TO` at most each: that many, or more.

    One statement, and before it one for each role in which a branch of units is asked about; `hand`, as for `worklist`.
    """
    lists = [_as_seen_by(actor, filters) for filters in many]
    ways: dict[tuple[str, OrderRole | None], store.Way] = {}
    for filters in lists:
        key = (filters.unit_path, filters.role)
        if key not in ways:
            ways[key] = await _way(tx, actor, filters, hand)
    return await store.up_to(tx, [(f, ways[f.unit_path, f.role]) for f in lists], COUNTED_TO, now) if lists else ()


async def sums(tx: Transaction, many: Sequence[Filters], now: datetime) -> tuple[int, ...]:
    """How many open tickets each of these lists has, for who sees all of the hotline's; one statement, however many lists."""
    return await store.sums(tx, many, now) if many else ()


class Hand(msgspec.Struct, frozen=True):
    """What a branch of units has in hand."""

    tallies: tuple[Tally, ...] = ()
    facets: tuple[Facet, ...] = ()
    many: bool = False
    """More than is counted for a page; then there are no tallies and facets, and `up_to` says what can be said."""


async def hand(tx: Transaction, actor: Actor, now: datetime) -> Hand:
    """How the open tickets of the actor's branch stand, and what they can be narrowed by. Two statements. For who acts for a unit."""
    if await store.many(tx, actor.unit_path, Filters(), MANY):
        return Hand(many=True)
    return Hand(*await store.hand(tx, now))


async def given_back(tx: Transaction, before: datetime) -> tuple[tuple[GivenBack, ...], datetime | None]:
    """What the actor's branch returned or handed up before `before`, newest first, and where the rest begins; None at the end."""
    found = await store.given_back(tx, before, LIMIT + 1)
    return found[:LIMIT], found[LIMIT - 1].at if len(found) > LIMIT else None


WALKED: Final = 1000
"""Rows fetched at once when a whole list is walked through."""


async def walk(tx: Transaction, actor: Actor, filters: Filters, most: int, now: datetime) -> AsyncIterator[tuple[Line, ...]]:
    """The whole of a list, `most` lines at most, in stretches of one statement each.

    Raises:
        Refused: as for `worklist`.
    """
    filters = _as_seen_by(actor, filters)
    _not_both(filters)
    cursor: tuple[datetime | None, UUID] | None = None
    way = await _way(tx, actor, filters)
    while most > 0:
        lines = await store.worklist(tx, filters, cursor, min(most, WALKED), now, way)
        if lines:
            yield lines
        if len(lines) < min(most, WALKED):
            return
        most -= len(lines)
        cursor = lines[-1].next_due, lines[-1].id


def _not_both(filters: Filters) -> None:
    over = set(filters.states) - lifecycle.OPEN
    if filters.flow is None and over and over != set(filters.states):
        raise Refused(Refusal("未办结与已办结的工单请分别查询。"))


def _as_seen_by(actor: Actor, filters: Filters) -> Filters:
    """A unit's list is always its own branch's: the database would hide the rest anyway, but one row at a time."""
    if actor.acting.scope is Scope.UNIT and not filters.unit_path.startswith(actor.unit_path):
        return msgspec.structs.replace(filters, unit_path=actor.unit_path)
    return filters


def _cursor(after: str) -> tuple[datetime | None, UUID] | None:
    if not after:
        return None
    due, _, identifier = after.partition("~")
    try:
        return (datetime.fromisoformat(due).astimezone(UTC) if due else None), UUID(identifier)
    except (ValueError, OverflowError):
        raise Refused(Refusal("翻页位置无效，请从第一页重新查看。")) from None


class Stage(msgspec.Struct, frozen=True):
    """A step as the citizen sees it."""

    at: datetime
    action: str
    state: str
    """Where the ticket stood after it."""
    unit: str = ""
    """Code of the unit that was named, for a dispatch or a ruling."""
    note: str = ""
    """What was said, where it is meant for the citizen; the rest stays inside."""
    detail: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


class Progress(msgspec.Struct, frozen=True):
    """A ticket as its citizen sees it."""

    number: str
    state: State
    lead: str | None
    opened_at: datetime
    answer_due: datetime | None
    steps: tuple[Stage, ...]
    title: str = ""
    text: str = ""
    answer: str = ""
    rounds: int = 0
    rated: bool = False
    closed_at: datetime | None = None
    offered: tuple[Action, ...] = ()
    version: int = 0
    alarm: Alarmed = Alarmed.NO
    urge_again: datetime | None = None
    """From when on it may be urged again, where it could be urged otherwise."""
    answer_in: Duration | None = None
    """How long the unit may take once it has the ticket; there while no unit has it."""
    main: Progress | None = None
    """The ticket that this one was merged into: its progress, but not what its own citizen said or was told."""


MERGES_FOLLOWED: Final = 5
"""So many merges of merges are followed; more has never been needed, and a ring could not be made."""

SAID_TO_CITIZENS: Final = frozenset(
    {Action.SUPPLEMENT, Action.WITHDRAW, Action.TERMINATE, Action.CLOSE, Action.REOPEN, Action.URGE, Action.RATE}
)
"""Steps whose note is the citizen's own, or is written for the citizen."""

TOLD_OF: Final[Mapping[str, tuple[str, ...]]] = {
    Action.GRANT_EXTENSION: ("days", "reason"),
    Action.RECOUNT: ("answer_by",),
    Action.RATE: ("response", "solution", "attitude", "words"),
}
"""Particulars of steps that the citizen is shown; a rating, only who gave it."""


async def progress(db: Database, number: str, city: City, now: datetime) -> Progress:
    """What the citizen who knows this ticket's code is shown. Of a merged ticket: that, and how the main one stands.

    Each ticket is read in a transaction that may see that ticket alone.

    Raises:
        NotFound: no such ticket.
    """
    shown: list[Progress] = []
    asked: str | None = number
    while asked and len(shown) <= MERGES_FOLLOWED:
        actor = citizen(asked)
        async with db.transaction(actor.acting) as tx:
            seen = await see(tx, actor, asked, city, now)
            rows = await time_line(tx, seen.ticket)
        shown.append(_progress(seen, rows, city, now, own=not shown))
        into = [row.detail.get("into") for row in rows if row.action == Action.MERGE]
        asked = into[-1] if into and seen.ticket.state is State.MERGED else None
    last = shown[-1] if len(shown) > 1 else None
    return msgspec.structs.replace(shown[0], main=last)


def _progress(seen: Seen, rows: tuple[HistoryRow, ...], city: City, now: datetime, *, own: bool) -> Progress:
    ticket = seen.ticket
    steps = tuple(_stage(row, own=own) for row in rows)
    plain = Progress(
        ticket.number, ticket.state, ticket.lead, ticket.created_at, ticket.answer_due, steps,
        rounds=ticket.rounds, closed_at=ticket.closed_at, version=ticket.version,
    )  # fmt: skip
    if not own:
        return plain
    return msgspec.structs.replace(
        plain,
        title=ticket.title,
        text=ticket.text,
        # Before the hotline has passed it, an answer is a draft.
        answer=ticket.answer if ticket.state in (State.AWAITING_CALL_BACK, State.CLOSED) else "",
        rated=ticket.rated_solution is not None,
        alarm=ticket.alarm,
        offered=tuple(edge.action for edge in seen.offered),
        urge_again=_urge_again(ticket, city, now),
        answer_in=deadlines.answer_in(ticket, city),
    )


def _urge_again(ticket: Ticket, city: City, now: datetime) -> datetime | None:
    """From when on it may be urged again; None where that is now, or where there is nobody to urge."""
    again = deadlines.urge_again(ticket, city) if ticket.state in lifecycle.URGED else None
    return again if again is not None and again > now else None


def _stage(row: HistoryRow, *, own: bool) -> Stage:
    unit = str(row.detail.get("unit") or "")
    note = row.note if own and row.action in SAID_TO_CITIZENS else ""
    told = TOLD_OF.get(row.action, ()) if own or row.action != Action.RATE else ()
    return Stage(row.at, row.action, row.target, unit, note, {k: v for k, v in row.detail.items() if k in told})


OWN_MOST: Final = 100
"""So many of their own tickets a resident is shown."""


async def of_phone(tx: Transaction, phone_hash: bytes) -> tuple[Own, ...]:
    """The tickets of a number that somebody proved to have, newest first, at most 100. `tx`: as the system. One statement."""
    return await store.of_phone(tx, phone_hash, OWN_MOST)


WRONG_CODE: Final = "编号或查询码不对，请核对后再试。"
WRONG_CODES: Final = 10
WRONG_WITHIN: Final = timedelta(hours=1)


async def prove(db: Database, key: bytes, number: str, code: str, city: City, now: datetime) -> Actor:
    """The citizen who was told the ticket's code by us. `key`: the installation's for "check codes".

    Raises:
        NotFound: wrong number or code, in one sentence so that neither can be tried out alone; it is counted.
        ClosedToLookUps: ten wrong codes came for this number within an hour; the right one does not help either.
    """
    if not numbering.is_number(city.pack.city.number_prefix, number):
        raise NotFound(WRONG_CODE)
    async with db.transaction(NOBODY) as tx:
        if await store.lookup_failures(tx, number, now - WRONG_WITHIN) >= WRONG_CODES:
            raise ClosedToLookUps("查询码连续输错次数过多，请一小时后再试，或拨打热线查询。")
        fits = numbering.code_fits(key, number, code)
        if not fits:
            await store.put_lookup_failure(tx, number, now)
    if not fits:
        raise NotFound(WRONG_CODE)
    return citizen(number)


async def _find(tx: Transaction, number: str) -> tuple[Ticket, tuple[Order, ...]]:
    found = await store.find(tx, number) if number.isascii() and number.isalnum() else None
    if found is None:
        raise NotFound(f"没有找到工单 {number}，请核对编号。")
    return found


async def _other(tx: Transaction, number: str) -> UUID:
    """The ticket that another is merged into: it must be open, and not itself merged."""
    other, _ = await _find(tx, number)
    if other.state not in lifecycle.OPEN:
        raise Refused(Refusal(f"工单 {number} 已经终结，不能并入。"))
    return other.id


def _check_names(step: Step, city: City) -> None:
    """Refuses codes that the city does not have: a guard sees the lead unit alone."""
    if unknown := [u for u in (step.unit, *step.co_units) if u and u not in city.units]:
        raise Refused(Refusal(f"没有编号为 {unknown[0]} 的单位，请重新选择。"))
    if step.matter and step.matter not in city.matters:
        raise Refused(Refusal(f"没有编号为 {step.matter} 的事项，请重新选择。"))
    if step.region and step.region not in city.regions:
        raise Refused(Refusal(f"没有编号为 {step.region} 的区域，请重新选择。"))


def _facts(ticket: Ticket, orders: tuple[Order, ...], actor: Actor, step: Step, city: City, now: datetime) -> Facts:
    till = deadlines.return_till(ticket, city)
    longest = deadlines.longest_extension(ticket, city)
    return Facts(
        actor, orders, now, return_till=till, longest_extension=longest, named_path=city.register.paths.get(step.unit, ""),
        urge_again=deadlines.urge_again(ticket, city), parts_again=deadlines.parts_again(ticket, orders, city),
        call_again=calling.counts_from(ticket.attempts, ticket.call_at, ZoneInfo(city.pack.city.timezone)),
    )  # fmt: skip


async def _split(tx: Transaction, actor: Actor, ticket: Ticket, step: Step, city: City, now: datetime, numbers: Sequence[str]) -> None:
    """The parts become tickets of their own, for a dispatcher: they inherit who asked, not who handles."""
    parts = [
        Opening(effects.part_of(ticket, text, number, now), actor, note=f"由 {ticket.number} 拆分")
        for text, number in zip(step.texts, numbers, strict=True)
    ]
    await open_tickets(tx, parts, city, now)


def _row_of(change: effects.Change, edge: Edge, actor: Actor, note: str, now: datetime) -> HistoryRow:
    role = role_of(actor, edge.by)
    return _row(change.ticket, actor, edge.action, role, edge.source, edge.target, note, change.detail, edge.tells_citizen, now)


def _row(
    ticket: Ticket, actor: Actor, action: str, role: str, source: str, target: str,
    note: str, detail: dict[str, Any], public: bool, now: datetime,
) -> HistoryRow:  # fmt: skip
    """The next row of the ticket's chain: `ticket.head` is still the hash of the row before."""
    made = history.digest(
        ticket.head, ticket.id, ticket.version, now, actor.id, role, actor.unit, action, source, target, note, detail, public
    )
    return HistoryRow(
        ticket.id, ticket.version, now, actor.id, role, actor.unit, action, source, target, note, detail, public, ticket.head, made
    )


def _event(
    kind: str, ticket: Ticket, action: str, city: City, now: datetime,
    *, tells: bool = True, detail: dict[str, Any] | None = None, note: str = "",
) -> dict[str, Any]:  # fmt: skip
    """What consumers need to act without asking again. `tells`: the citizen is to hear of it."""
    body = {
        "number": ticket.number,
        "version": ticket.version,
        "action": action,
        "state": ticket.state,
        "lead": ticket.lead,
        "lead_name": city.unit_name(ticket.lead),
        "matter": ticket.matter,
        "region": ticket.region,
        "channel": ticket.channel,
        "kind": ticket.kind,
        "caller": ticket.caller,
        "tells": tells,
        "answer_by": _day(ticket.answer_due, city),
        "note": note if tells else "",
        "detail": (detail or {}) if tells else {},
        "at": now,
    }
    return {"at": now, "kind": kind, "subject": ticket.id, "body": body}


def _day(at: datetime | None, city: City) -> str:
    """The day by the city's reckoning, as it is said to a citizen."""
    if at is None:
        return ""
    day = at.astimezone(ZoneInfo(city.pack.city.timezone))
    return f"{day.year}年{day.month}月{day.day}日"
