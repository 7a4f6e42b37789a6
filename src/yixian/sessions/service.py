"""The use cases of leaders' answering sessions: one transaction each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from yixian.city.inforce import City
from yixian.db import outbox
from yixian.db.ids import new_id
from yixian.db.outbox import Event
from yixian.db.pool import SYSTEM, Database, Scope, Transaction
from yixian.language import service as language
from yixian.language.service import Reader
from yixian.people import audit
from yixian.people.model import SYSTEM_ACTOR, Actor, Role
from yixian.sessions import hours, store
from yixian.sessions.model import (
    AnsweringSession,
    Call,
    CallState,
    Deed,
    How,
    Motion,
    Offer,
    Page,
    Phase,
    Plan,
    Result,
    Standing,
    Whole,
)
from yixian.tickets import lifecycle
from yixian.tickets import service as tickets
from yixian.tickets.model import Action, Line, State, Step, Ticket

LIMIT: Final = 20
LIMIT_MOST: Final = 100
CALLS_SHOWN: Final = 200
COMING_SHOWN: Final = 50


class NotFound(Exception):
    """No such session, or none that this person may see: the two look the same on purpose."""


class Refused(Exception):
    """Not now, or not for this person; the sentence is for the screen."""


class Unfit(Exception):
    """What was written cannot be used; `problems` are `(field, sentence)`."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__(problems[0][1])
        self.problems = tuple(problems)


GONE: Final = "没有找到这次接听，或您无权查看。"


# -- Planning ----------------------------------------------------------------------------------------------------


async def plan(tx: Transaction, actor: Actor, wanted: Plan, city: City, now: datetime) -> AnsweringSession:
    """Plans a session; nobody outside sees it until it is published.

    Raises:
        Refused: not this person's work.
        Unfit: the plan cannot be used.
    """
    if not actor.roles & hours.PLANNING:
        raise Refused(hours.NOT_YOURS)
    starts_at, ends_at = (_moment(wanted, at, city) for at in (wanted.begins, wanted.ends))
    if wrong := hours.problems(wanted, starts_at, ends_at, city, now):
        raise Unfit(wrong)
    session = AnsweringSession(
        new_id(now), wanted.unit, city.register.paths[wanted.unit], wanted.leader.strip(), wanted.day, starts_at, ends_at,
        tuple(dict.fromkeys(wanted.matters)), tuple(dict.fromkeys(wanted.regions)), wanted.seats, wanted.note.strip(), Standing.PLANNED,
        now, actor.id,
    )  # fmt: skip
    await store.create(tx, session)
    await audit.record(tx, actor.id, "answering.plan", now, subject=str(session.id), body=_told(session))
    return session


def _moment(wanted: Plan, at: time, city: City) -> datetime:
    return datetime.combine(wanted.day, at, ZoneInfo(city.pack.city.timezone)).astimezone(UTC)


def _told(session: AnsweringSession) -> dict[str, Any]:
    return {name: getattr(session, name) for name in ("unit", "leader", "starts_at", "ends_at", "seats")}


# -- What people do ----------------------------------------------------------------------------------------------


async def do(db: Database, actor: Actor, session: UUID, deed: Deed, motion: Motion, city: City, now: datetime) -> Whole:
    """Does a deed in a transaction of its own, and gives back how the session stands for this person.

    Raises:
        NotFound: no such session, or none that this person may see.
        Refused: not now, or not this person.
        Unfit: what was written cannot be used.
        tickets.Refused, tickets.Overtaken: the ticket has moved on in between.
    """
    async with db.transaction(actor.acting) as tx:
        found = await _found(tx, session)
        if said := hours.refusal(found, await store.live(tx, session), deed, actor, now):
            raise Refused(said)
        if deed is Deed.TAKE:
            await _take(tx, found, actor, now)
    match deed:
        case Deed.PUBLISH | Deed.CANCEL:
            async with db.transaction(actor.acting) as tx:
                await _decide(tx, actor, session, deed, motion, now)
        case Deed.FINISH:
            # A leader settles a ticket that no unit has been given yet: the unit's own sight does not reach that far.
            async with db.transaction(SYSTEM) as tx:
                await _finish(tx, found, actor, motion, city, now)
        case Deed.TAKE:
            pass
    async with db.transaction(actor.acting) as tx:
        return await see(tx, actor, session, now)


async def _decide(tx: Transaction, actor: Actor, session: UUID, deed: Deed, motion: Motion, now: datetime) -> None:
    found = await store.lock(tx, session)
    if found is None:
        raise NotFound(GONE)
    if said := hours.refusal(found, (), deed, actor, now):
        raise Refused(said)
    if deed is Deed.PUBLISH:
        if found.starts_at <= now:
            raise Refused("接听日要提前公布；开始时间已过，请另行安排。")
        await store.publish(tx, session, now)
        await outbox.put(tx, Event("answering.published", session, _told(found), now))
        await audit.record(tx, actor.id, "answering.publish", now, subject=str(session), body=_told(found))
        return
    if not motion.note.strip():
        raise Unfit([("note", hours.MISSING)])
    await store.cancel(tx, session, motion.note.strip(), now)
    await outbox.put(tx, Event("answering.cancelled", session, {**_told(found), "why": motion.note.strip()}, now))
    await audit.record(tx, actor.id, "answering.cancel", now, subject=str(session), body={"why": motion.note.strip()})


async def _take(tx: Transaction, session: AnsweringSession, actor: Actor, now: datetime) -> Call:
    call = await store.take(tx, session.id, actor.id, now)
    if call is None:
        raise Refused("这一件刚刚被同事接下，目前没有其他来电等待。")
    await outbox.put(tx, _event("answering.taken", call, now))
    return call


def _event(kind: str, call: Call, now: datetime, **more: Any) -> Event:
    body = {"session": call.session, "ticket": call.ticket, "number": call.number, "how": call.how, "state": call.state, "at": now}
    match kind:
        case "answering.taken":
            return Event("answering.taken", call.id, body, now)
        case "answering.finished":
            return Event("answering.finished", call.id, body | more, now)
        case _:
            return Event("answering.offered", call.id, body, now)


async def _finish(tx: Transaction, session: AnsweringSession, actor: Actor, motion: Motion, city: City, now: datetime) -> None:
    zone = ZoneInfo(city.pack.city.timezone)
    if wrong := hours.missing(motion, city, now.astimezone(zone).date(), lifecycle.SHORTEST_ANSWER):
        raise Unfit(wrong)
    call = hours.in_hand(await store.live(tx, session.id), actor)
    if call is None or (motion.call is not None and motion.call != call.id):
        raise Refused("这一件已经登记过结果，请查看后再操作。")
    assert motion.result is not None, "hours.missing saw it"
    promise = None
    if motion.result is Result.PROMISED:
        assert motion.day is not None, "as above"
        promise = (motion.unit, motion.day, datetime.combine(motion.day + timedelta(days=1), time(), zone).astimezone(UTC))
    ended = await store.finish(tx, call.id, actor.id, CallState(motion.result.value), motion.note.strip(), promise, now)
    if ended is None:
        raise Refused("这一件已经登记过结果，请查看后再操作。")
    await _settle(tx, session, ended, actor, motion, city, now)
    await outbox.put(tx, _event("answering.finished", ended, now, unit=ended.promised_unit, till=ended.promised_till))


async def _settle(tx: Transaction, session: AnsweringSession, call: Call, actor: Actor, motion: Motion, city: City, now: datetime) -> None:
    """What the result means for the ticket; a ticket that a unit has already is left with that unit."""
    ticket, _ = await tickets.read(tx, call.number)
    match motion.result:
        case Result.PROMISED:
            note = f"负责人接听日承诺：{motion.day} 前答复。{motion.note.strip()}"
            await _given(tx, session, ticket, motion.unit, note, city, now)
        case Result.ANSWERED:
            ticket = await _given(tx, session, ticket, session.unit, f"负责人接听：{session.leader}", city, now)
            await _answered(tx, ticket, actor, motion.note.strip(), city, now)
        case _:
            pass


async def _given(tx: Transaction, session: AnsweringSession, ticket: Ticket, unit: str, note: str, city: City, now: datetime) -> Ticket:
    """The ticket, dispatched to `unit` unless a unit has it already.

    Raises:
        Refused: another unit has it.
    """
    if ticket.state is not State.AWAITING_DISPATCH:
        if ticket.lead != unit:
            raise Refused("工单已由其他单位办理：请按原渠道处理，或把承诺单位改为现在的主办单位。")
        return ticket
    basis = f"负责人接听日（{session.day}，{session.leader}）"
    step = Step(unit=unit, basis=basis, note=note, settled=True)
    return await tickets.act(tx, SYSTEM_ACTOR, ticket.number, Action.DISPATCH, step, city, now)


async def _answered(tx: Transaction, ticket: Ticket, actor: Actor, answer: str, city: City, now: datetime) -> None:
    """The leader's word as the unit's answer, on its way to the hotline's review.

    Who sits for the leader signs, has spoken with the caller, and answers for the unit: nobody of the unit stands above to look again.
    """
    leader = msgspec.structs.replace(actor, roles=frozenset({Role.HANDLER, Role.UNIT_REVIEWER}))
    steps: list[tuple[Action, Step]] = []
    if ticket.state is State.DISPATCHED:
        steps.append((Action.SIGN, Step()))
    if ticket.contacted_at is None:
        steps.append((Action.CONTACT, Step(note="负责人接听来电")))
    steps += [(Action.REPLY, Step(answer=answer, internal="负责人接听时当场答复")), (Action.APPROVE, Step())]
    for action, step in steps:
        await tickets.act(tx, leader, ticket.number, action, step, city, now)


# -- Looking -----------------------------------------------------------------------------------------------------


async def _found(tx: Transaction, session: UUID) -> AnsweringSession:
    found = await store.find(tx, session)
    if found is None:
        raise NotFound(GONE)
    return found


async def see(tx: Transaction, actor: Actor, session: UUID, now: datetime) -> Whole:
    """A session with its calls and report, as far as this person may see. Three statements.

    Raises:
        NotFound: no such session; or another unit's, whose calls are nobody else's business.
    """
    found = await _found(tx, session)
    if actor.acting.scope is Scope.UNIT and not found.unit_path.startswith(actor.unit_path):
        raise NotFound(GONE)
    calls = await store.calls(tx, session, CALLS_SHOWN)
    live = [c for c in calls if c.ended_at is None]
    return Whole(found, calls, hours.in_hand(live, actor), await store.report(tx, session, now), hours.allowed(found, live, actor, now))


async def worklist(tx: Transaction, actor: Actor, after: str, limit: int) -> Page:
    """Sessions of the whole city, or of the actor's own branch of units; the last to begin first. One statement.

    Raises:
        Refused: an `after` that we did not hand out.
    """
    limit = max(1, min(limit, LIMIT_MOST))
    branch = actor.unit_path if actor.acting.scope is Scope.UNIT else ""
    lines = await store.lines(tx, branch, _cursor(after), limit + 1)
    if len(lines) <= limit:
        return Page(lines, "")
    last = lines[limit - 1].session
    return Page(lines[:limit], f"{last.starts_at.isoformat()}~{last.id}")


def _cursor(after: str) -> tuple[datetime, UUID] | None:
    if not after:
        return None
    at, _, identifier = after.partition("~")
    try:
        return datetime.fromisoformat(at).astimezone(UTC), UUID(identifier)
    except (ValueError, OverflowError):
        raise Refused("翻页位置无效，请从第一页重新查看。") from None


async def coming(tx: Transaction, now: datetime) -> tuple[AnsweringSession, ...]:
    """What residents may read: sessions that run or are to come. For anybody's eyes."""
    return await store.published(tx, now, COMING_SHOWN)


async def published(tx: Transaction, session: UUID, now: datetime) -> AnsweringSession:
    """A session as residents may read of it.

    Raises:
        NotFound: none that is published and not over.
    """
    found = await _found(tx, session)
    if found.phase(now) not in (Phase.COMING, Phase.RUNNING):
        raise NotFound("这次接听已经结束、取消或尚未公布。")
    return found


# -- A contact on its way in: what intake asks ---------------------------------------------------------------------


async def offers(tx: Transaction, matter: str | None, region: str | None, city: City, now: datetime) -> tuple[Offer, ...]:
    """Sessions that run and to whose scope a contact about `matter` at `region` belongs. One statement."""
    today = now.astimezone(ZoneInfo(city.pack.city.timezone)).date()
    running = await store.running(tx, now)
    return tuple(Offer(s, max(0, s.seats - busy)) for s, busy in running if hours.fits(s, matter, region, city, today))


async def offers_for(
    tx: Transaction, reader: Reader, text: str, place: str, matter: str, region: str, city: City, now: datetime
) -> tuple[Offer, ...]:
    """The same for what an operator has typed so far; `matter` and `region`: codes, as far as they are settled.

    Reads the words only when a session runs at all.
    """
    if not (matter and region) and not await store.running(tx, now):
        return ()
    if not (matter and region) and text.strip():
        reading = language.read(reader, f"{place}。{text}" if place else text)[0]
        matter = matter or (reading.matters[0].matter if reading.matters else "")
        region = region or reading.place.region or ""
    return await offers(tx, matter or None, region or None, city, now)


class Seat(msgspec.Struct, frozen=True):
    """How a contact goes with a session."""

    session: AnsweringSession
    how: How


async def seat(tx: Transaction, session: UUID, by_operator: bool, now: datetime) -> Seat:
    """A seat for a contact, kept until the transaction ends; overflow when all are busy. Residents leave questions beforehand.

    Raises:
        NotFound: no such session.
        Refused: it is not the time for it.
    """
    if not by_operator:
        return Seat(await published(tx, session, now), How.EARLY)
    found = await store.lock(tx, session)
    if found is None:
        raise NotFound(GONE)
    if found.phase(now) is not Phase.RUNNING:
        raise Refused("这次接听还没有开始或已经结束，请按普通方式登记。")
    return Seat(found, How.OVERFLOW if await store.busy(tx, session) >= found.seats else How.HANDED)


async def keep(tx: Transaction, given: Seat, ticket: Ticket, now: datetime) -> None:
    """Writes the call down with its ticket."""
    over = given.how is How.OVERFLOW
    call = Call(
        new_id(now), given.session.id, given.session.unit_path, ticket.id, ticket.number, given.how, now,
        CallState.OVERFLOWED if over else CallState.WAITING, ticket.matter, ticket.region, ticket.place, ticket.title, ticket.text,
        ended_at=now if over else None,
    )  # fmt: skip
    if await store.put_call(tx, call):
        await outbox.put(tx, _event("answering.offered", call, now))


# -- What the tickets' own desks ask -------------------------------------------------------------------------------

FLAGS: Final = {CallState.WAITING: "等待负责人接听", CallState.TAKEN: "负责人接听中"}


async def flags(tx: Transaction, lines: Sequence[Line], now: datetime) -> dict[UUID, str]:
    """Those tickets of a list whose caller waits for a leader, or speaks with one. One statement."""
    return {ticket: FLAGS[state] for ticket, state in (await store.of_tickets(tx, [line.id for line in lines])).items()}


async def bars(tx: Transaction, number: str, action: Action) -> str | None:
    """Why a ticket is not dispatched just now: a leader speaks with its caller and settles it in a minute."""
    if action is not Action.DISPATCH or not await store.in_a_leaders_hand(tx, number):
        return None
    return "负责人正在接听这位来电人，结果登记后再派单；接听结束后自动放开。"


async def unread(tx: Transaction, actor: Actor, now: datetime) -> dict[str, int]:
    """How many calls wait for the actor's unit just now, by the desk's address. One statement."""
    return {"/desk/answering": await store.waiting(tx, actor.unit_path, now)} if actor.acting.scope is Scope.UNIT else {}


# -- By the clock --------------------------------------------------------------------------------------------------


async def miss(tx: Transaction, now: datetime) -> int:
    """Ends calls whose session is over; they go the ordinary way. Acts as the system."""
    missed = await store.miss(tx, now, now - hours.FINISHED_WITHIN)
    if missed:
        await outbox.put(tx, *(_event("answering.finished", call, now) for call in missed))
    return len(missed)
