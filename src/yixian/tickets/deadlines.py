"""When what is owed on a ticket: the clock starts when a unit is named, not when it signs.

The limits come from the city pack by kind, urgency and audience; working time from its calendar. A ticket in a special campaign has the
campaign's limits where they are stricter; longer ones only where the campaign gives a reason, and never for urgent tickets.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from yixian.city.calendar import Duration, TimeUnit
from yixian.city.inforce import City
from yixian.city.model import Audience, Limit, RequestKind, Urgency
from yixian.tickets.lifecycle import WITH_UNIT, Clock
from yixian.tickets.model import Light, Order, Special, State, Ticket

AMBER: Final = timedelta(hours=24)
"""How long before a limit a ticket is shown amber and its people are warned, at most: of a short limit it is the last third."""

RETURN_WITHIN: Final = "1wd"
"""How long a unit has to return what is not its own (domain sheet, Weifang art. 22)."""


class Owed(msgspec.Struct, frozen=True, order=True):
    """Until when a unit owes what, UTC. Ordered by strictness: the earlier answer is the stricter."""

    answer: datetime
    contact: datetime
    sign: datetime


def limit_of(ticket: Ticket, city: City) -> Limit:
    """The limits that hold for this ticket."""
    return city.register.limit_for(ticket.kind, ticket.urgency, ticket.audience)


def usual_answer(state: State, kind: RequestKind, urgency: Urgency, audience: Audience, city: City) -> Duration | None:
    """How long a unit may take to answer such a ticket once it has it; None when one has it already, or it is over."""
    if state is not State.AWAITING_DISPATCH:
        return None
    return Duration.parse(city.register.limit_for(kind, urgency, audience).answer)


def answer_in(ticket: Ticket, city: City) -> Duration | None:
    """As `usual_answer`, for this ticket; what an alarm would make of it is not promised, since it may be stood down."""
    return usual_answer(ticket.state, ticket.kind, ticket.calm or ticket.urgency, ticket.audience, city)


def urge_again(ticket: Ticket, city: City) -> datetime | None:
    """From when on its citizen may urge it again, in the city's zone; None when it was not urged yet."""
    return _quiet_till(ticket.urged_at, ticket, city) if ticket.urged_at else None


def parts_again(ticket: Ticket, orders: Sequence[Order], city: City) -> dict[UUID, datetime]:
    """From when on the lead may urge each of the orders again that it has urged, in the city's zone: the quiet time is a citizen's."""
    return {o.id: _quiet_till(o.urged_at, ticket, city) for o in orders if o.urged_at}


def _quiet_till(urged_at: datetime, ticket: Ticket, city: City) -> datetime:
    return city.due(urged_at, limit_of(ticket, city).urge).astimezone(ZoneInfo(city.pack.city.timezone))


def after(clock: Clock, before: Ticket, moved: Ticket, city: City, now: datetime) -> Ticket:
    """`moved` with its limits as they stand after a step that does `clock`; `before` is the ticket before the step."""
    match clock:
        case Clock.RUNS | Clock.STOPS | Clock.RECOUNTS:
            # What is counted again comes with the step: by which rules, `dependents/recount.py` says.
            return moved
        case Clock.STARTS_FOR_A_NEW_LEAD if before.lead == moved.lead:
            return moved
        case Clock.STARTS | Clock.STARTS_FOR_A_NEW_LEAD:
            return started(moved, city, now)
        case Clock.WAITS_FOR_DISPATCH:
            return msgspec.structs.replace(
                moved, dispatch_due=city.due(now, limit_of(moved, city).dispatch), sign_due=None, contact_due=None, answer_due=None
            )
        case Clock.EXTENDS:
            from_then = max(moved.answer_due or now, now)
            return msgspec.structs.replace(moved, answer_due=city.due(from_then, f"{before.extension_asked}wd"))
        case Clock.TIGHTENS:
            return tightened(moved, city, now)
        case Clock.EASES:
            return eased(moved, city)
        case Clock.ALARMS:
            due = city.due(now, limit_of(moved, city).dispatch)
            return msgspec.structs.replace(moved, dispatch_due=_earlier(moved.dispatch_due, due))
        case Clock.CALMS:
            # A ticket that came back from a unit waits anew; one that nobody had yet waits since it was registered.
            since = moved.created_at if moved.first_dispatched_at is None else now
            return msgspec.structs.replace(moved, dispatch_due=city.due(since, limit_of(moved, city).dispatch))


def owed(limit: Limit, special: Special | None, urgency: Urgency, city: City, start: datetime) -> Owed:
    """What a unit owes that was named at `start`: by the ordinary `limit`, and by those of a campaign."""

    def until(ordinary: str, own: str) -> datetime:
        usual = city.due(start, ordinary)
        if special is None or not own:
            return usual
        ours = city.due(start, own)
        return ours if special.longer and urgency is Urgency.NORMAL else min(ours, usual)

    sign, contact, answer = (special.sign, special.contact, special.answer) if special else ("", "", "")
    return Owed(until(limit.answer, answer), until(limit.contact, contact), until(limit.sign, sign))


def tightened(ticket: Ticket, city: City, now: datetime) -> Ticket:
    """The ticket as it joins a campaign: what is still owed counts anew from `now`, and never ends later than the citizen was told.

    Before dispatch nothing runs yet: the campaign's limits hold from the dispatch on.
    """
    if ticket.state not in WITH_UNIT:
        return ticket
    fresh = owed(limit_of(ticket, city), ticket.special, ticket.urgency, city, now)
    return msgspec.structs.replace(
        ticket,
        sign_due=ticket.sign_due if ticket.signed_at else _earlier(ticket.sign_due, fresh.sign),
        contact_due=ticket.contact_due if ticket.contacted_at else _earlier(ticket.contact_due, fresh.contact),
        answer_due=_earlier(ticket.answer_due, fresh.answer),
    )


def eased(ticket: Ticket, city: City) -> Ticket:
    """The ticket as it is taken out of a campaign: the ordinary limits from dispatch, or what it has when that is later."""
    if ticket.state not in WITH_UNIT or ticket.dispatched_at is None:
        return ticket
    usual = owed(limit_of(ticket, city), None, ticket.urgency, city, ticket.dispatched_at)
    return msgspec.structs.replace(
        ticket,
        sign_due=max(ticket.sign_due or usual.sign, usual.sign),
        contact_due=max(ticket.contact_due or usual.contact, usual.contact),
        answer_due=max(ticket.answer_due or usual.answer, usual.answer),
    )


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


def started(ticket: Ticket, city: City, now: datetime) -> Ticket:
    """The ticket with a unit's limits counted from `now`."""
    fresh = owed(limit_of(ticket, city), ticket.special, ticket.urgency, city, now)
    return msgspec.structs.replace(
        ticket,
        dispatch_due=None,
        sign_due=fresh.sign,
        contact_due=fresh.contact,
        answer_due=fresh.answer,
        first_dispatched_at=ticket.first_dispatched_at or now,
        dispatched_at=now,
        signed_at=None,
        contacted_at=None,
        replied_at=None,
    )


def return_till(ticket: Ticket, city: City) -> datetime | None:
    """Until when the unit may return it; None before dispatch."""
    return city.due(ticket.dispatched_at, RETURN_WITHIN) if ticket.dispatched_at else None


def longest_extension(ticket: Ticket, city: City) -> int:
    """The most working days that an extension may have."""
    longest = Duration.parse(limit_of(ticket, city).extension)
    return longest.count if longest.unit is TimeUnit.WORKING_DAYS else 1


def next_due(ticket: Ticket) -> datetime | None:
    """What is owed next; None when nothing is. What was done already (signed, contacted) is owed no longer."""
    if ticket.state is State.AWAITING_DISPATCH:
        return ticket.dispatch_due
    if ticket.state not in WITH_UNIT:
        return None
    sign = None if ticket.signed_at or ticket.state is not State.DISPATCHED else ticket.sign_due
    contact = None if ticket.contacted_at or ticket.caller is None or ticket.replied_at else ticket.contact_due
    return min((due for due in (sign, contact, ticket.answer_due) if due), default=None)


def clocked(moved: Ticket, before: Ticket | None, now: datetime) -> Ticket:
    """`moved` with what is owed next and from when that is amber.

    A limit that comes anew takes the marks of the one before with it; when nothing is owed any more they stay, as a record.
    """
    due = next_due(moved)
    if before is not None and due == before.next_due:
        return moved
    if due is None:
        return msgspec.structs.replace(moved, next_due=None, amber_at=None)
    amber = due - min(AMBER, max(due - now, timedelta()) / 3)
    fresh = msgspec.structs.replace(moved, next_due=due, amber_at=amber.replace(microsecond=0))
    return msgspec.structs.replace(fresh, warned_at=None, overdue_at=None) if due > now else fresh


def light(due: datetime | None, amber_at: datetime | None, now: datetime) -> Light:
    """Red when `due` is past, amber from `amber_at`, green before."""
    if due is None:
        return Light.NONE
    if now > due:
        return Light.RED
    return Light.AMBER if amber_at is not None and now >= amber_at else Light.GREEN
