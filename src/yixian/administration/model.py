"""A change of the city, from what somebody wants to what it would do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
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


class Clocks(StrEnum):
    """What becomes of tickets that run already when limits or the calendar change."""

    KEEP = "keep"
    """They keep what was said; only tickets that are dispatched later run by the change."""
    LATER = "later"
    """They are counted again; nothing ends earlier than was said."""
    ANEW = "anew"
    """They are counted again, also where something ends earlier."""


CLOCKED: Final = frozenset({Thing.LIMIT, Thing.DAY, Thing.HOURS})
"""Things that clocks run by."""


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
    clocks: Clocks = Clocks.KEEP
    id: UUID | None = None
    """The change's own, where whoever asks must be able to ask twice; None: a new one."""
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


class Choice(msgspec.Struct, frozen=True):
    """How running tickets would stand if they were counted again."""

    running: int
    """Tickets on which something is owed, or may be again: those in review among them."""
    later: Counted
    anew: Counted


class Progress(msgspec.Struct, frozen=True):
    """How far running tickets are counted again after a change: the row of table `recount`."""

    adjustment: UUID
    began_at: datetime
    reached: UUID
    looked: int
    moved: int
    late: int
    own: int
    done_at: datetime | None


class Preview(msgspec.Struct, frozen=True):
    """What a change would do, before anybody does it."""

    change: Adjustment
    fields: tuple[FieldChange, ...]
    blocks: tuple[str, ...]
    """Why it cannot be done, as sentences."""
    warnings: tuple[str, ...]
    effects: tuple[Effect, ...]
    clocks: Choice | None
    """For limits and the calendar: how running tickets would stand."""
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
    recounts: Mapping[UUID, Progress] = msgspec.field(default_factory=dict[UUID, Progress])
    """How far running tickets are counted again, by change."""


class Line(msgspec.Struct, frozen=True):
    """A thing in its list."""

    code: str
    body: Body
    changed: bool
    """An administrator changed it."""
    closed: bool = False
