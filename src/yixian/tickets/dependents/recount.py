"""What is owed, and when, once a city has other limits or another calendar. Pure: by which rules a clock runs, is given.

Counted again is only what the change itself moves, from where it began: what is done (signed, contacted) stays, and so do limits that
were granted to one ticket alone. Unless earlier limits are wanted, nothing is owed earlier than was said. A clock that has stopped for
good stays as it is; an answer that the hotline reviews may come back to its unit, and then runs on by what it was promised.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from yixian.city import calendar
from yixian.city.calendar import Duration
from yixian.city.model import Limit, Pack
from yixian.city.responsibility import closest_limits
from yixian.tickets.dependents.model import Counted, Rules, Running, Shift
from yixian.tickets.lifecycle import ANSWER_OWED, WITH_UNIT
from yixian.tickets.model import Dues, State

Law = Callable[[datetime], tuple[Rules, Rules]]
"""For a clock that began at a moment (UTC): the rules without the change, and with it."""

SHOWN: Final = 12
"""So many pairs of days are told; the rest is a number."""


def rules_of(pack: Pack) -> Rules:
    """What clocks are counted by in this city."""
    return Rules(pack.calendar, pack.city.timezone, closest_limits(pack.limits))


def recounted(ticket: Running, law: Law, *, earlier: bool) -> Dues | None:
    """The ticket's limits counted again; None where they stay as they are. `earlier`: limits may also come to end earlier."""
    if ticket.own:
        return None
    without, with_it = law(_began(ticket))
    was, now = _owed(ticket, without), _owed(ticket, with_it)
    if was is None or now is None or was == now:
        return None
    stands = ticket.dues
    fresh = Dues(
        dispatch=_counted(stands.dispatch, was.dispatch, now.dispatch, earlier=earlier),
        sign=_counted(stands.sign, was.sign, now.sign, earlier=earlier),
        contact=_counted(stands.contact, was.contact, now.contact, earlier=earlier),
        answer=_counted(stands.answer, was.answer, now.answer, earlier=earlier),
    )
    if fresh == stands:
        return None
    zone = ZoneInfo(with_it.timezone)
    return msgspec.structs.replace(fresh, promise=_day(fresh.answer, zone) != _day(stands.answer, zone))


def turns_late(ticket: Running, dues: Dues, now: datetime) -> bool:
    """Whether it is in time as it stands, and late by these limits."""
    before, after = _next(ticket, ticket.dues), _next(ticket, dues)
    return before is not None and after is not None and after < now <= before


def count(tickets: Iterable[Running], law: Law, now: datetime, *, earlier: bool) -> Counted:
    """How these tickets would stand at `now` (UTC) if they were counted again; nothing is changed by it."""
    own = newly = no_longer = up = down = promised = touched = 0
    moves: Counter[tuple[date, date, str]] = Counter()
    for ticket in tickets:
        own += ticket.own
        dues = recounted(ticket, law, earlier=earlier)
        if dues is None:
            continue
        stands, zone = ticket.dues, ZoneInfo(law(_began(ticket))[1].timezone)
        pairs = [(a, b) for a, b in zip(_four(stands), _four(dues), strict=True) if a and b]
        touched += 1
        up += any(b < a for a, b in pairs)
        down += any(b > a for a, b in pairs)
        newly += turns_late(ticket, dues, now)
        no_longer += _overdue(ticket, stands, now) and not _overdue(ticket, dues, now)
        promised += dues.promise
        what, before, after = (
            ("answer", stands.answer, dues.answer) if ticket.state in ANSWER_OWED else ("dispatch", stands.dispatch, dues.dispatch)
        )
        if before and after and _day(before, zone) != _day(after, zone):
            moves[before.astimezone(zone).date(), after.astimezone(zone).date(), what] += 1
    most = sorted(moves.items(), key=lambda move: (-move[1], move[0]))
    return Counted(
        touched, up, down, newly, no_longer, own, promised,
        tuple(Shift(before, after, what, n) for (before, after, what), n in most[:SHOWN]), sum(n for _, n in most[SHOWN:]),
    )  # fmt: skip


def _began(ticket: Running) -> datetime:
    """Where its limits are counted from: the dispatch, before it the registration."""
    return ticket.created_at if ticket.state is State.AWAITING_DISPATCH or ticket.dispatched_at is None else ticket.dispatched_at


def _owed(ticket: Running, rules: Rules) -> Dues | None:
    """What is still owed on the ticket by these rules; None when it is nothing, or they have no limits for it."""
    limit: Limit | None = rules.limits.get((ticket.kind, ticket.urgency, ticket.audience))
    start = _began(ticket)

    def until(duration: str) -> datetime:
        return calendar.due(rules.calendar, rules.timezone, start, Duration.parse(duration))

    if limit is None:
        return None
    if ticket.state is State.AWAITING_DISPATCH:
        return Dues(until(limit.dispatch), None, None, None)
    if ticket.state not in ANSWER_OWED:
        return None
    sign = until(limit.sign) if ticket.signed_at is None else None
    contact = until(limit.contact) if ticket.contacted_at is None and ticket.called and ticket.replied_at is None else None
    return Dues(None, sign, contact, until(limit.answer))


def _counted(stands: datetime | None, was: datetime | None, now: datetime | None, *, earlier: bool) -> datetime | None:
    """One limit: as it stands, unless the change moves it."""
    if stands is None or now is None or was == now:
        return stands
    return now if earlier else max(stands, now)


def _next(ticket: Running, dues: Dues) -> datetime | None:
    """As `deadlines.next_due` would say."""
    if ticket.state is State.AWAITING_DISPATCH:
        return dues.dispatch
    if ticket.state not in WITH_UNIT:
        return None
    sign = dues.sign if ticket.signed_at is None and ticket.state is State.DISPATCHED else None
    contact = dues.contact if ticket.contacted_at is None and ticket.called and ticket.replied_at is None else None
    return min((due for due in (sign, contact, dues.answer) if due), default=None)


def _overdue(ticket: Running, dues: Dues, now: datetime) -> bool:
    due = _next(ticket, dues)
    return due is not None and due < now


def _four(dues: Dues) -> tuple[datetime | None, ...]:
    return dues.dispatch, dues.sign, dues.contact, dues.answer


def _day(at: datetime | None, zone: ZoneInfo) -> date | None:
    return None if at is None else at.astimezone(zone).date()
