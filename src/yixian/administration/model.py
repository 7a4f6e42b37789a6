"""A change of the city, from what somebody wants to what it would do."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from yixian.city.adjustments import Adjustment, Body, Said, Thing
from yixian.tickets.dependents.model import Counted


class Deed(StrEnum):
    """What is done to a thing."""

    CHANGE = "change"
    ADD = "add"
    CLOSE = "close"
    REOPEN = "reopen"
    FOLLOW = "follow"
    """A field reads again what the pack says."""
    UNDO = "undo"


class Wanted(msgspec.Struct, frozen=True):
    """What somebody wants to change."""

    thing: Thing
    code: str
    deed: Deed
    since: date
    reason: str
    body: Body | None = None
    """How it is to read, for a change or an addition."""
    successor: str = ""
    follows: tuple[str, ...] = ()
    undoes: UUID | None = None
    seen: str = ""
    """The mark of what was shown when the person decided; empty: whatever stands."""


class FieldChange(msgspec.Struct, frozen=True):
    """One field, before and after, as bodies hold it."""

    field: str
    before: Any
    after: Any


class Effect(msgspec.Struct, frozen=True):
    """Something that hangs on the thing: how many, and a few by name."""

    sentence: str
    """Key of the message catalogue, with `{n}`."""
    n: int
    some: tuple[str, ...] = ()


class Preview(msgspec.Struct, frozen=True):
    """What a change would do, before anybody does it."""

    change: Adjustment
    fields: tuple[FieldChange, ...]
    blocks: tuple[str, ...]
    """Why it cannot be done, as sentences."""
    warnings: tuple[str, ...]
    effects: tuple[Effect, ...]
    clocks: Counted | None
    """For limits and the calendar: how running tickets would stand; nothing of it is applied."""
    seen: str
    """The mark of what this was made from."""


class Seen(msgspec.Struct, frozen=True):
    """One thing with everything that was and is to be."""

    thing: Thing
    code: str
    today: Body | None
    """How it reads today; None: closed, or not yet there."""
    pack: Body | None
    """What the pack says; None: it does not name it."""
    otherwise: tuple[Said, ...]
    """Where the pack says something else."""
    changes: tuple[Adjustment, ...]
    """Newest first."""
    waiting: tuple[Adjustment, ...]
    """Those whose day has not come."""
    closed: Adjustment | None
    """The change that closed it, when it is closed today."""


class Line(msgspec.Struct, frozen=True):
    """A thing in its list."""

    code: str
    body: Body
    changed: bool
    """An administrator changed it."""
    closed: bool = False
