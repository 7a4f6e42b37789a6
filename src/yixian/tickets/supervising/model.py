"""What the supervisors' desk shows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class Tallied(msgspec.Struct, frozen=True):
    """So many open tickets stand under a light: `by` state, matter or region; by `care`, whatever their state and light."""

    by: str
    code: str
    light: str
    count: int


class Hour(msgspec.Struct, frozen=True):
    """What happened in an hour of the day, by the city's clock."""

    hour: int
    opened: int
    dispatched: int
    closed: int


class SavedFilter(msgspec.Struct, frozen=True):
    """The row of table `saved_filter`."""

    id: UUID
    owner: str
    name: str
    query: str
    shared: bool
    made_at: datetime


class Figure(msgspec.Struct, frozen=True):
    """A number of a card, with where it leads."""

    key: str
    label: str
    """A key of the message catalogue."""
    count: int
    link: str = ""
    tone: str = ""


class Card(msgspec.Struct, frozen=True):
    """What a room above this one puts on the board."""

    title: str
    """A key of the message catalogue."""
    link: str
    figures: tuple[Figure, ...]
    words: tuple[tuple[str, str, datetime], ...] = ()
    """Who, in what state (a key of the catalogue), since when; most urgent first."""
