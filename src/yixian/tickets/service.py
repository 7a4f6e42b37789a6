"""The use cases of tickets: one transaction each, told in the words of the domain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from yixian.city.inforce import City
from yixian.db.pool import Transaction
from yixian.people.model import SYSTEM_ACTOR, Actor, Role
from yixian.tickets import deadlines, effects, history, lifecycle, store
from yixian.tickets.lifecycle import Edge, Facts, Refusal
from yixian.tickets.model import Action, HistoryRow, Order, State, Step, Ticket


class NotFound(Exception):
    """No such ticket, or none that this person may see: the two look the same on purpose."""


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
    tickets: list[Ticket] = []
    orders: list[tuple[UUID, Order]] = []
    rows: list[HistoryRow] = []
    events: list[dict[str, Any]] = []
    for opening in openings:
        ticket, first = _registered(opening, city, now)
        rows.append(first)
        events.append(_event("ticket.opened", ticket, Action.DISPATCH.value if opening.dispatch else "", now))
        if opening.dispatch is not None:
            ticket, made, row = _dispatched(ticket, opening.dispatch, city, now)
            orders += [(ticket.id, o) for o in made]
            rows.append(row)
        tickets.append(ticket)
    await store.create(tx, tickets, orders, rows, events)
    return tuple(tickets)


def _registered(opening: Opening, city: City, now: datetime) -> tuple[Ticket, HistoryRow]:
    ticket = msgspec.structs.replace(
        opening.ticket,
        state=State.AWAITING_DISPATCH,
        dispatch_due=city.due(now, deadlines.limit_of(opening.ticket, city).dispatch),
        version=1,
        head=history.START,
    )
    row = _row(ticket, opening.actor, "register", "", "", State.AWAITING_DISPATCH, opening.note, {"channel": ticket.channel}, True, now)
    return msgspec.structs.replace(ticket, head=row.hash), row


def _dispatched(ticket: Ticket, step: Step, city: City, now: datetime) -> tuple[Ticket, tuple[Order, ...], HistoryRow]:
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
    told = _event("ticket.moved", moved, action.value, now, tells=edge.tells_citizen)
    part = (change.part, step.note) if change.part else None
    if not await store.take_edge(tx, moved, ticket.version, change.ended, change.ended_how, change.made, part, row, [told]):
        raise Overtaken(await store.last_change(tx, ticket.id, ticket.created_at))
    if action is Action.SPLIT:
        await _split(tx, actor, moved, step, city, now, numbers)
    return moved


async def see(tx: Transaction, actor: Actor, number: str, city: City, now: datetime) -> Seen:
    """The ticket, its orders, and what this person may do with it now.

    Raises:
        NotFound: no such ticket, or not one this actor may see.
    """
    ticket, orders = await _find(tx, number)
    return Seen(ticket, orders, lifecycle.offered(ticket, _facts(ticket, orders, actor, Step(), city, now)))


async def time_line(tx: Transaction, ticket: Ticket) -> tuple[HistoryRow, ...]:
    """The ticket's history as the acting person may see it; a citizen sees only what is public."""
    return await store.history(tx, ticket.id, ticket.created_at)


async def _find(tx: Transaction, number: str) -> tuple[Ticket, tuple[Order, ...]]:
    found = await store.find(tx, number)
    if found is None:
        raise NotFound(f"没有找到工单 {number}，请核对编号。")
    return found


async def _other(tx: Transaction, number: str) -> UUID:
    """The ticket that another is merged into: it must be open, and not itself merged."""
    other, _ = await _find(tx, number)
    if other.state not in lifecycle.OPEN:
        raise Refused(Refusal(f"工单 {number} 已经终结，不能并入。"))
    return other.id


def _facts(ticket: Ticket, orders: tuple[Order, ...], actor: Actor, step: Step, city: City, now: datetime) -> Facts:
    till = deadlines.return_till(ticket, city)
    return Facts(actor, orders, now, return_till=till, named_path=city.register.paths.get(step.unit, ""))


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


def _event(kind: str, ticket: Ticket, action: str, now: datetime, tells: bool = True) -> dict[str, Any]:
    body = {
        "number": ticket.number,
        "action": action,
        "state": ticket.state,
        "lead": ticket.lead,
        "matter": ticket.matter,
        "region": ticket.region,
        "channel": ticket.channel,
        "kind": ticket.kind,
        "caller": ticket.caller,
        "tells": tells,
        "at": now,
    }
    return {"at": now, "kind": kind, "subject": ticket.id, "body": body}
