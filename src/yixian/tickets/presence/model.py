"""Who else has a ticket open, as the room passes it around."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

BEAT_EVERY: Final = timedelta(seconds=15)
"""How often an open page says that it is still open."""
BEAT_SOON: Final = timedelta(seconds=5)
"""How often when somebody else is there too."""
GONE_AFTER: Final = timedelta(seconds=45)
"""Who was not heard of for three beats has gone."""


class Doing(StrEnum):
    """What somebody does with a ticket that is open before them."""

    READING = "reading"
    TYPING = "typing"


class Present(msgspec.Struct, frozen=True):
    """Somebody else who has the ticket open, as far as the person who asks may know."""

    ticket: UUID
    name: str
    """Empty: one of the hotline's people, whose names are not a unit's business."""
    unit: str
    role: str
    doing: Doing
    action: str
    """Into which step's form they type; empty when that is not known or not told."""
    since: datetime


class Beat(msgspec.Struct, frozen=True):
    """What a beat is answered with."""

    ticket: UUID
    version: int
    """Where the ticket stands now."""
    others: tuple[Present, ...]
