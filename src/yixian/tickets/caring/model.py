"""What the boards show of who is to be looked after."""

from __future__ import annotations

from datetime import datetime

import msgspec

from yixian.tickets.model import State


class InNeed(msgspec.Struct, frozen=True):
    """A ticket whose citizen may take their own life, and nobody has taken it yet."""

    number: str
    said: str
    """Their own words, or what was noted of them later, as many as a line holds."""
    region: str | None
    place: str
    state: State
    lead: str | None
    since: datetime
    """When they said it."""
