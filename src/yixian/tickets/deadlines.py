"""When what is owed on a ticket: the clock starts when a unit is named, not when it signs.

The limits come from the city pack by kind, urgency and audience; working time from its calendar.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from yixian.city.calendar import Duration, TimeUnit
from yixian.city.inforce import City
from yixian.city.model import Limit
from yixian.tickets.lifecycle import WITH_UNIT, Clock
from yixian.tickets.model import Light, State, Ticket

AMBER: Final = timedelta(hours=24)
"""How long before a limit a ticket is shown amber and its people are warned, at most: of a short limit it is the last third."""

RETURN_WITHIN: Final = "1wd"
"""How long a unit has to return what is not its own (domain sheet, Weifang art. 22)."""


def limit_of(ticket: Ticket, city: City) -> Limit:
    """The limits that hold for this ticket."""
    return city.register.limit_for(ticket.kind, ticket.urgency, ticket.audience)


def after(clock: Clock, before: Ticket, moved: Ticket, city: City, now: datetime) -> Ticket:
    """`moved` with its limits as they stand after a step that does `clock`; `before` is the ticket before the step."""
    match clock:
        case Clock.RUNS | Clock.STOPS:
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
            owed = max(moved.answer_due or now, now)
            return msgspec.structs.replace(moved, answer_due=city.due(owed, f"{before.extension_asked}wd"))


def started(ticket: Ticket, city: City, now: datetime) -> Ticket:
    """The ticket with a unit's limits counted from `now`."""
    limit = limit_of(ticket, city)
    return msgspec.structs.replace(
        ticket,
        dispatch_due=None,
        sign_due=city.due(now, limit.sign),
        contact_due=city.due(now, limit.contact),
        answer_due=city.due(now, limit.answer),
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
