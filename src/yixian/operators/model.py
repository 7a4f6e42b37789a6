"""What an operator has in hand, and whether they can take more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec


class State(StrEnum):
    """Whether an operator can take the next contact."""

    READY = "ready"
    TALKING = "talking"
    """A contact is in hand."""
    AFTER = "after"
    """The talk is over; something is still to be written."""
    PAUSE = "pause"
    AWAY = "away"
    """Not at the desk."""


class Source(StrEnum):
    """What changed a state."""

    DESK = "desk"
    TELEPHONE = "telephone"


class Draft(msgspec.Struct, frozen=True):
    """A contact that is still being typed."""

    key: str
    values: Mapping[str, str]
    """The form's fields by name."""
    begun_at: datetime
    saved_at: datetime
    parked_at: datetime | None
    edit: int
    """Which edit of the form these values are."""


class Work(msgspec.Struct, frozen=True):
    """A contact that an operator has, or had, in hand."""

    key: str
    channel: str
    begun_at: datetime
    held_seconds: int
    talk_ended_at: datetime | None
    recorded_at: datetime | None
    contact: UUID | None
    ended_at: datetime | None
    handling_seconds: int | None
    wrap_up_seconds: int | None


class Standing(msgspec.Struct, frozen=True):
    """Where an operator stands."""

    operator: UUID
    name: str
    state: State
    since: datetime
    queue: str
    """Code of the queue; empty: any."""


class Count(msgspec.Struct, frozen=True):
    """So many operators are in a state, in a queue."""

    state: State
    queue: str
    operators: int


class Board(msgspec.Struct, frozen=True):
    """All operators now: for the supervisor."""

    counts: tuple[Count, ...]
    operators: tuple[Standing, ...]
    """Who is at the desk, longest in their state first."""


class Figures(msgspec.Struct, frozen=True):
    """How long contacts took that were recorded in a stretch of time, in seconds; None where there were none."""

    contacts: int
    entry_median: float | None
    """From the begin of a contact until it was recorded, less what it stood aside."""
    entry_p90: float | None
    handling_median: float | None
    """With the work after it."""
    wrap_up_median: float | None
