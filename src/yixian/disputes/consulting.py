"""Consultation before a first dispatch (会商): a dispatcher who cannot tell asks units at once whether a ticket is theirs.

The ticket goes on waiting for dispatch and its clock runs; the dispatcher dispatches when they please, with the answers beside the
suggestions. A dispatch that a unit's yes stood behind teaches more than one without (`learning`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from yixian.city.inforce import City
from yixian.db import outbox
from yixian.db.ids import new_id
from yixian.db.outbox import Event
from yixian.db.pool import Scope, Transaction
from yixian.disputes import store
from yixian.disputes.model import Consultation, Consulted, ConsultedPage, Consulting, Said
from yixian.disputes.service import NotFound, Refused
from yixian.people.model import UNIT_ROLES, Actor, Role
from yixian.tickets import service as tickets
from yixian.tickets.above import Note
from yixian.tickets.model import Action, State, Ticket

ASKING: Final = frozenset({Role.DISPATCHER, Role.SUPERVISOR})
LOOKING: Final = ASKING | {Role.ANALYST} | UNIT_ROLES
MOST_UNITS: Final = 5
QUESTION: Final = "是否属于贵单位职责？"
"""What is asked when the dispatcher says nothing of their own."""

LIMIT: Final = 20
LIMIT_MOST: Final = 100

GONE: Final = "没有找到这次会商，或您无权查看。"


# -- Asking --------------------------------------------------------------------------------------------------------


async def ask(
    tx: Transaction, actor: Actor, number: str, units: Sequence[str], question: str, within: str, city: City, now: datetime
) -> Consulted:
    """Asks units whether the ticket is theirs; more may be asked later, `MOST_UNITS` in all.

    `within`: how long they have (`2wh`).

    Raises:
        NotFound: no such ticket.
        Refused: not this person's, the ticket does not wait for dispatch, or these units cannot be asked.
    """
    if not actor.roles & ASKING:
        raise Refused("会商由派单员发起。")
    ticket, _ = await _ticket(tx, number)
    wanted = tuple(dict.fromkeys(units))
    if said := refusal(ticket, wanted, city):
        raise Refused(said)
    asked = Consultation(
        new_id(now), ticket.id, ticket.number, now, actor.id, question.strip() or QUESTION, city.due(now, within), ticket.matter,
        ticket.region, ticket.place, ticket.title, ticket.text,
    )  # fmt: skip
    identifier = await store.put_consultation(tx, asked)
    await store.put_seats(tx, identifier, [(unit, city.register.paths[unit]) for unit in wanted])
    found = await _found(tx, identifier)
    if len(found.seats) > MOST_UNITS:
        raise Refused(TOO_MANY)
    body = _body(found.consultation) | {"units": list(wanted), "due": found.consultation.due, "at": now}
    await outbox.put(tx, Event("consultation.asked", identifier, body, now))
    return found


TOO_MANY: Final = "一件工单最多会商5个单位。"


def refusal(ticket: Ticket, units: Sequence[str], city: City) -> str | None:
    """Why these units cannot be asked, as a sentence; None when they can."""
    if ticket.state is not State.AWAITING_DISPATCH:
        return "工单已不在待派单状态，不用再会商。"
    if not units or any(unit not in city.units for unit in units):
        return "请选择要会商的单位。"
    if len(units) > MOST_UNITS:
        return TOO_MANY
    # Who is complained of does not say whose it is (Jinan regulation: interested persons recuse themselves).
    complained = city.register.paths.get(ticket.complained_unit or "")
    if complained and any(city.register.paths[unit].startswith(complained) for unit in units):
        return "被投诉的单位及其下级单位应当回避，不能会商。"
    return None


async def _ticket(tx: Transaction, number: str) -> tuple[Ticket, Any]:
    try:
        return await tickets.read(tx, number)
    except tickets.NotFound as gone:
        raise NotFound(str(gone)) from gone


def _body(asked: Consultation) -> dict[str, Any]:
    return {"ticket": asked.ticket, "number": asked.number, "matter": asked.matter, "region": asked.region}


# -- Answering -----------------------------------------------------------------------------------------------------


async def answer(tx: Transaction, actor: Actor, identifier: UUID, said: Said | None, basis: str, words: str, now: datetime) -> Consulted:
    """A unit's answer, given once.

    Raises:
        NotFound: no such consultation, or this unit was not asked.
        Refused: it need not answer any more, has answered, or says no without a basis.
    """
    found = await _found(tx, identifier)
    if not actor.roles & UNIT_ROLES or actor.unit not in {s.unit for s in found.seats}:
        raise Refused("只有被会商的单位可以答复。")
    if said is None:
        raise Refused("请选择：是、不是，或部分是。")
    if said is not Said.YES and not basis.strip():
        raise Refused("答复“不是”或“部分是”的，请写明依据（职责清单条目或法规条款）。")
    if not await store.answer_consultation(tx, identifier, actor.unit_path, said, basis.strip(), words.strip(), actor.id, now):
        raise Refused("本单位已经答复，或工单已经派出，不用再答复。")
    body = _body(found.consultation) | {"unit": actor.unit, "said": said, "at": now}
    await outbox.put(tx, Event("consultation.answered", identifier, body, now))
    return await _found(tx, identifier)


# -- Looking -------------------------------------------------------------------------------------------------------


async def _found(tx: Transaction, identifier: UUID) -> Consulted:
    found = await store.consultation(tx, identifier)
    if found is None:
        raise NotFound(GONE)
    return found


async def of_ticket(tx: Transaction, number: str) -> tuple[Ticket, tuple[Consulted, ...]]:
    """A ticket and what units were asked about it, newest first. For the hotline's eyes.

    Raises:
        NotFound: no such ticket.
    """
    ticket, _ = await _ticket(tx, number)
    return ticket, await store.consultations_of(tx, number)


async def worklist(tx: Transaction, actor: Actor, which: Consulting, after: str, limit: int, now: datetime) -> ConsultedPage:
    """A stretch of the consultations: open ones by the clock, ended ones newest first; a unit those in which it was asked. One statement.

    Raises:
        Refused: an `after` that we did not hand out.
    """
    limit = max(1, min(limit, LIMIT_MOST))
    unit_path = actor.unit_path if actor.acting.scope is Scope.UNIT else ""
    lines = await store.consultations(tx, unit_path, which, _cursor(after), limit + 1, now)
    if len(lines) <= limit:
        return ConsultedPage(lines, "")
    last = lines[limit - 1].consultation
    return ConsultedPage(lines[:limit], f"{last.due.isoformat()}~{last.id}")


def _cursor(after: str) -> tuple[datetime, UUID] | None:
    if not after:
        return None
    due, _, identifier = after.partition("~")
    try:
        return datetime.fromisoformat(due).astimezone(UTC), UUID(identifier)
    except (ValueError, OverflowError):
        raise Refused("翻页位置无效，请从第一页重新查看。") from None


async def notes(tx: Transaction, now: datetime) -> tuple[Note, ...]:
    """What the supervisor is to see first: that answers are late."""
    late = await store.overdue_answers(tx, now)
    return (Note(f"{late} 个单位的会商答复已逾期。", "/desk/consultations?tab=overdue"),) if late else ()


async def unread(tx: Transaction, actor: Actor, now: datetime) -> dict[str, int]:
    """How much on the desks of this room waits for the actor's unit, by desk. One statement."""
    if actor.acting.scope is not Scope.UNIT:
        return {}
    notices, asked = await store.unread(tx, actor.unit_path)
    return {"/desk/disputes": notices, "/desk/consultations": asked}


# -- Following the ticket, and the clock -----------------------------------------------------------------------------


async def settle(tx: Transaction, events: Sequence[Event]) -> None:
    """Ends the consultations of tickets that wait for dispatch no longer. Bears to hear an event again. Acts as the system."""
    gone = {e.subject: e for e in reversed(events) if e.body["state"] != State.AWAITING_DISPATCH}
    if not gone:
        return
    ends: list[tuple[UUID, str, str | None, int | None]] = []
    for ticket, event in gone.items():
        dispatched = event.body["action"] == Action.DISPATCH
        lead, seq = (event.body["lead"], int(event.body["version"])) if dispatched else (None, None)
        ends.append((ticket, "dispatched" if dispatched and lead else "lapsed", lead, seq))
    now = max(e.at for e in gone.values())
    told = [_ended(found, now) for found in await store.end_consultations(tx, ends, now)]
    if told:
        await outbox.put(tx, *told)


def _ended(found: Consulted, now: datetime) -> Event:
    """As other rooms take it up: what was asked, what was said, and where the ticket went."""
    asked = found.consultation
    answers = {said.value: list(found.saying(said)) for said in Said}
    body = _body(asked) | {"how": asked.ended_how, "lead": asked.lead, "seq": asked.seq, "answers": answers, "at": now}
    return Event("consultation.ended", asked.id, body, now)


async def mark(tx: Transaction, now: datetime) -> int:
    """Marks consultations whose time is up with answers missing; returns how many. Acts as the system."""
    late = await store.mark_consultations(tx, now)
    for found in late:
        silent = [s.unit for s in found.seats if s.said is None]
        body = _body(found.consultation) | {"units": silent, "due": found.consultation.due, "at": now}
        await outbox.put(tx, Event("consultation.overdue", found.consultation.id, body, now))
    return len(late)
