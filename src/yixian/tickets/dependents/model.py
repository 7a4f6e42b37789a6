"""What is looked at of a ticket to see how a change of the city would touch it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from yixian.city.model import Audience, RequestKind, Urgency
from yixian.tickets.model import State


class Running(msgspec.Struct, frozen=True):
    """A ticket on which something is owed."""

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
    next_due: datetime
    own: bool
    """Its limits are its own: extended, in a campaign, returned, opened again."""


class Counted(msgspec.Struct, frozen=True):
    """How running tickets would stand if their limits were counted again."""

    touched: int = 0
    """Tickets for which something else would be due."""
    earlier: int = 0
    later: int = 0
    newly_overdue: int = 0
    """In time as they run, overdue if counted again."""
    no_longer_overdue: int = 0
    own: int = 0
    """Not looked at: their limits are their own."""
