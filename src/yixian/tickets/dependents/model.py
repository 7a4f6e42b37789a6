"""What is looked at of a ticket to see how a change of the city would touch it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

import msgspec

from yixian.city.model import Audience, Calendar, Limit, RequestKind, Urgency
from yixian.tickets.model import Dues, State


class Running(msgspec.Struct, frozen=True):
    """A ticket on which something is owed, or will be again should its answer be sent back from review."""

    id: UUID
    kind: RequestKind
    urgency: Urgency
    audience: Audience
    state: State
    created_at: datetime
    dispatched_at: datetime | None
    signed_at: datetime | None
    contacted_at: datetime | None
    replied_at: datetime | None
    called: bool
    """There is somebody to contact."""
    dispatch_due: datetime | None
    sign_due: datetime | None
    contact_due: datetime | None
    answer_due: datetime | None
    own: bool
    """Its limits are its own: extended, in a campaign now or before, come back for another dispatch, waiting under an alarm."""

    @property
    def dues(self) -> Dues:
        """Its limits as they stand."""
        return Dues(self.dispatch_due, self.sign_due, self.contact_due, self.answer_due)


class Rules(msgspec.Struct, frozen=True):
    """What a clock is counted by."""

    calendar: Calendar
    timezone: str
    limits: Mapping[tuple[str, str, str], Limit]


class Shift(msgspec.Struct, frozen=True, order=True):
    """Tickets on which the same moves from one day to another."""

    before: date
    after: date
    what: str
    """`answer`, or `dispatch` where no unit has the ticket yet."""
    n: int


class Counted(msgspec.Struct, frozen=True):
    """How running tickets would stand if their limits were counted again."""

    touched: int = 0
    """Tickets on which something else would be due."""
    earlier: int = 0
    """Of those, tickets on which something would be due earlier than it is."""
    later: int = 0
    newly_overdue: int = 0
    """In time as they run, overdue if counted again."""
    no_longer_overdue: int = 0
    own: int = 0
    """Not looked at: their limits are their own."""
    promised: int = 0
    """Tickets whose citizens were told another day for the answer."""
    shifts: tuple[Shift, ...] = ()
    """The days between which most of them move, most tickets first."""
    more: int = 0
    """Tickets that move between other days."""
