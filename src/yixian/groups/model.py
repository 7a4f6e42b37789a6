"""A group: tickets of different callers about one event."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from yixian.city.model import Urgency
from yixian.language.sameness import Told
from yixian.tickets.model import State


class Deed(StrEnum):
    """What people do with a group."""

    ACKNOWLEDGE = "acknowledge"
    """Takes note of the alert."""
    NAME = "name"
    """Gives it the name it is spoken of by."""
    DISMISS = "dismiss"
    """It is no event that concerns anybody; says why. Nothing more is reported of it."""
    MERGE = "merge"
    """Its tickets go on as one; all of those named, or none."""
    LIST = "list"
    """Lists its open tickets for supervision."""
    PUT_IN = "put_in"
    """Says that a ticket belongs to it."""
    TAKE_OUT = "take_out"
    """Says that a ticket does not; it stays out."""


class Which(StrEnum):
    """Which groups a list shows."""

    WAITING = "waiting"
    """Raised, and nobody has taken note yet."""
    RAISED = "raised"
    """Every group that was raised and not dismissed."""
    ALL = "all"


class New(msgspec.Struct, frozen=True):
    """A ticket that is to be tied to others: as it stands when the worker reads it."""

    ticket: UUID
    at: datetime
    caller: UUID | None
    """Who can be told apart from others; None for the anonymous."""
    title: str
    text: str
    place: str
    matter: str | None
    matters: tuple[str, ...]
    """All it may be about, the likeliest first."""
    region: str | None
    merged_into: UUID | None
    repeats: int
    repeat_of: UUID | None


class Tied(msgspec.Struct, frozen=True):
    """A ticket as it is compared, and where it belongs."""

    ticket: UUID
    told: Told
    caller: UUID | None = None
    member_of: UUID | None = None
    apart: frozenset[UUID] = frozenset()
    repeats: int = 0
    repeat_of: UUID | None = None
    joins: UUID | None = None
    """The ticket that a person merged it into: then nothing is compared."""


class Growing(msgspec.Struct, frozen=True):
    """A group as new tickets make it, or make it grow."""

    id: UUID
    matter: str | None
    region: str | None
    numbers: frozenset[str]
    """What its tickets name, a string each ticket that names any: `building 3|phase 2`."""
    first_at: datetime
    last_at: datetime
    fresh: bool


class Telling(msgspec.Struct, frozen=True):
    """Who told of it when; for counting."""

    at: datetime
    caller: UUID | None


class Standing(msgspec.Struct, frozen=True):
    """What is known of a group when its alert is decided."""

    id: UUID
    tellings: tuple[Telling, ...]
    """All of them."""
    raised: int
    dismissed: bool


class Figures(msgspec.Struct, frozen=True):
    """A group's numbers as they are kept."""

    id: UUID
    tickets: int
    callers: int
    anonymous: int
    first_at: datetime
    last_at: datetime


class Line(msgspec.Struct, frozen=True):
    """A group as a list shows it."""

    id: UUID
    name: str
    title: str
    """Of its first ticket."""
    matter: str | None
    region: str | None
    place: str
    first_at: datetime
    last_at: datetime
    tickets: int
    open: int
    """Tickets that are not over."""
    callers: int
    anonymous: int
    raised: int
    raised_at: datetime | None
    acknowledged_at: datetime | None
    dismissed_at: datetime | None
    main: str | None
    """Number of the ticket that the others were merged into."""
    lead: str | None
    """The unit that leads its main ticket, else its first."""
    state: State | None
    """Of the same ticket."""
    days: tuple[int, ...]
    """New tickets a day over the last seven, today last."""


class Member(msgspec.Struct, frozen=True):
    """A ticket of a group."""

    number: str
    at: datetime
    title: str
    place: str
    state: State
    lead: str | None
    urgency: Urgency
    supervision: str
    merged: bool
    known: bool
    """Its caller can be told apart from the others."""
    repeats: int


class Done(msgspec.Struct, frozen=True):
    """What was done with a group."""

    at: datetime
    actor: str
    deed: str
    note: str


class Whole(msgspec.Struct, frozen=True):
    """A group with its tickets and what was done with it."""

    line: Line
    members: tuple[Member, ...]
    done: tuple[Done, ...]


class Page(msgspec.Struct, frozen=True):
    """A stretch of a list."""

    lines: tuple[Line, ...]
    after: str
    """Where the next stretch begins; empty at the end."""


class Ties(msgspec.Struct, frozen=True):
    """Numbers about one ticket, which its unit may know too."""

    callers: int = 0
    """Who reported the same event, the anonymous among them; 0 when it is the only one."""
    tickets: int = 0
    repeats: int = 0
    """How many tickets of the same caller about the same matter were closed in the thirty days before it."""


class Earlier(msgspec.Struct, frozen=True):
    """What the hotline sees beside a ticket."""

    ties: Ties
    group: UUID | None = None
    name: str = ""
    repeat_of: str = ""
    """Number of the caller's own ticket that was closed last."""


class Nearby(msgspec.Struct, frozen=True):
    """An open ticket that may be about the event somebody is telling of."""

    number: str
    title: str
    place: str
    state: State
    lead: str | None
    created_at: datetime
    callers: int
    """Who reported the event so far, the anonymous among them."""
    sensitive: bool
    """Its caller is to be kept from the unit, or its matter is one of those: residents are not told of it."""
    score: float
    """How probable it is that it is the same event, 0 to 1."""
