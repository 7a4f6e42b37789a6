"""What would be owed, and when, if a city had had other limits or another calendar. Nothing is changed by it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from yixian.city import calendar
from yixian.city.calendar import Duration
from yixian.city.model import Limit, Pack
from yixian.city.responsibility import closest_limits
from yixian.tickets.dependents.model import Counted, Running
from yixian.tickets.lifecycle import WITH_UNIT
from yixian.tickets.model import State


def recount(tickets: Iterable[Running], pack: Pack, now: datetime) -> Counted:
    """How these tickets would stand at `now` by the limits and the calendar of `pack`.

    The limits are those of the ordinary kind, counted from the dispatch, before it from the registration. Tickets whose limits are
    their own are only counted: what was granted to them stays granted.
    """
    limits = closest_limits(pack.limits)
    touched = earlier = later = newly = no_longer = own = 0
    for ticket in tickets:
        if ticket.own:
            own += 1
            continue
        limit = limits.get((ticket.kind, ticket.urgency, ticket.audience))
        due = _next_due(ticket, limit, pack) if limit else None
        if due is None or due == ticket.next_due:
            continue
        touched += 1
        earlier += due < ticket.next_due
        later += due > ticket.next_due
        newly += due < now <= ticket.next_due
        no_longer += ticket.next_due < now <= due
    return Counted(touched, earlier, later, newly, no_longer, own)


def _next_due(ticket: Running, limit: Limit, pack: Pack) -> datetime | None:
    """As `deadlines.next_due` would say."""

    def until(start: datetime, duration: str) -> datetime:
        return calendar.due(pack.calendar, pack.city.timezone, start, Duration.parse(duration))

    if ticket.state is State.AWAITING_DISPATCH:
        return until(ticket.created_at, limit.dispatch)
    if ticket.state not in WITH_UNIT or ticket.dispatched_at is None:
        return None
    start = ticket.dispatched_at
    owed = [until(start, limit.answer)]
    if ticket.signed_at is None and ticket.state is State.DISPATCHED:
        owed.append(until(start, limit.sign))
    if ticket.contacted_at is None and ticket.called and ticket.replied_at is None:
        owed.append(until(start, limit.contact))
    return min(owed)
