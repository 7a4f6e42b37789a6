"""What the dispatcher's desk shows beside a ticket."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from yixian.city.model import Responsibility


class Load(msgspec.Struct, frozen=True):
    """How much a unit leads."""

    unit: str
    open: int = 0
    red: int = 0
    """Of these, overdue."""
    amber: int = 0
    """Of these, nearly overdue."""
    fresh: int = 0
    """Given to it today, whatever became of it."""
    returned: int = 0
    """Given back by it in the last thirty days."""


class Past(msgspec.Struct, frozen=True):
    """An earlier ticket about the same matter: to whom it went first, and whether it stayed there."""

    number: str
    at: datetime
    region: str | None
    unit: str
    """The first that led it."""
    how: str
    """How that came to an end: a step, `closed`; empty while it lasts."""
    lead: str | None
    """Who leads now, or led at the end."""


class Near(msgspec.Struct, frozen=True):
    """A ticket of the same day about the same matter."""

    number: str
    region: str | None
    latitude: float | None
    longitude: float | None


class Parking(msgspec.Struct, frozen=True):
    """A ticket was put aside: a row of table `parking`."""

    at: datetime
    until: datetime
    reason: str
    staff: str
    version: int
    ended_at: datetime | None


class Beside(msgspec.Struct, frozen=True):
    """What stands beside a ticket that waits."""

    loads: Mapping[str, Load]
    """By unit; of the units that are suggested, and those that had it."""
    past: tuple[Past, ...]
    near: tuple[Near, ...]
    parkings: tuple[Parking, ...]
    """Newest first."""


class Entry(msgspec.Struct, frozen=True):
    """An entry of the responsibility list, as it reads beside a suggestion."""

    entry: Responsibility
    places: tuple[str, ...]
    """Names."""


class Aim(msgspec.Struct, frozen=True):
    """One of the tickets that something is done to."""

    number: str
    version: int


class Outcome(msgspec.Struct, frozen=True):
    """What came of doing something to one of many tickets."""

    number: str
    done: bool
    unit: str = ""
    """Whose it is now, when it was dispatched."""
    said: str = ""
    """Why not: a sentence, a key of the message catalogue."""


class Found(msgspec.Struct, frozen=True):
    """A count of the queue: `by` tab, kind, region or campaign; or a `colleague` in their order by name, who counts nothing."""

    by: str
    code: str
    name: str
    count: int


Ids = tuple[UUID, ...]
