"""A proposal to change the responsibility list, and what became of it, as the room passes them around."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from yixian.city.model import Responsibility


class State(StrEnum):
    """Where a proposal stands."""

    DRAFT = "draft"
    """Made by the system out of a ruling or a correction; an editor looks at it before units are asked."""

    IN_REVIEW = "in_review"
    """The units concerned have been asked; their time runs."""

    APPROVED = "approved"
    """In force from its day on."""

    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ChangeKind(StrEnum):
    """What a proposal does to the list."""

    NEW = "new"
    CHANGED = "changed"
    ENDED = "ended"


class Source(StrEnum):
    """Where a proposal comes from."""

    HAND = "hand"
    IMPORT = "import"
    RULING = "ruling"
    CORRECTION = "correction"


class Answer(StrEnum):
    """What a unit says of a proposal."""

    AGREE = "agree"
    OBJECT = "object"


class Stand(StrEnum):
    """How a unit counts: what it said, or what its silence means."""

    AGREED = "agreed"
    OBJECTED = "objected"
    SILENT = "silent"
    """Said nothing by the due date: counts as agreement."""
    WAITING = "waiting"


class Step(StrEnum):
    """What can be done with a proposal."""

    PROPOSE = "propose"
    SEND = "send"
    ANSWER = "answer"
    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


class Wanted(msgspec.Struct, frozen=True):
    """A change that somebody wants."""

    code: str
    """The entry's; empty for a new one: it is given the next free code of its matter."""
    entry: Responsibility | None
    """How it shall read; None: it shall end. Its `code` and `valid_from` are set from the fields here."""
    since: date
    """The first day on which the change shall hold."""
    reason: str
    source: Source = Source.HAND
    source_ref: str = ""
    """What it rests on: a ticket's number, a file's name."""


class UnitSaid(msgspec.Struct, frozen=True):
    """A unit that was asked, and what it said: the row of table `proposal_unit`."""

    unit: str
    unit_path: str
    answer: Answer | None = None
    reason: str = ""
    basis: str = ""
    answered_by: str | None = None
    answered_at: datetime | None = None
    silent_at: datetime | None = None


class Proposal(msgspec.Struct, frozen=True):
    """The row of table `proposal`, with the units that were asked."""

    id: UUID
    number: int
    kind: ChangeKind
    code: str
    before: Responsibility | None
    after: Responsibility | None
    since: date
    reason: str
    source: Source
    source_ref: str
    import_: UUID | None
    """The file that it came with."""
    state: State
    proposed_by: str
    proposed_at: datetime
    sent_by: str | None
    due: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    load_id: int | None
    version: int
    units: tuple[UnitSaid, ...] = ()

    @property
    def matter(self) -> str:
        """The matter it is about."""
        entry = self.after or self.before
        return entry.matter if entry else ""

    @property
    def entries(self) -> tuple[Responsibility, ...]:
        """The entry before and after, as far as there is one."""
        return tuple(entry for entry in (self.before, self.after) if entry is not None)


class StepRow(msgspec.Struct, frozen=True):
    """What somebody did with a proposal: the row of table `proposal_step`."""

    proposal: UUID
    seq: int
    at: datetime
    actor: str
    name: str
    unit: str
    step: str
    """A `Step`, or `silent`: units that said nothing in time."""
    note: str = ""
    detail: dict[str, Any] = {}


class Filters(msgspec.Struct, frozen=True):
    """Which proposals a list shows; empty fits all."""

    states: tuple[State, ...] = ()
    code: str = ""
    unit_path: str = ""
    """Those that concern this unit or one below it."""
    unanswered: bool = False
    """Those in which that unit has not answered yet."""
    overdue: bool = False
    """In review, and the time of the units is over."""
    imported: UUID | None = None


class Page(msgspec.Struct, frozen=True):
    """A stretch of the list, newest first."""

    proposals: tuple[Proposal, ...]
    after: int
    """The number at which the next stretch begins; 0 at the end."""


class Finding(msgspec.Struct, frozen=True):
    """Something wrong with an entry."""

    field: str
    """Column of the list (`lead`, `valid_to`, …); empty: the entry as a whole."""
    sentence: str
    """What, and what to do; a key of the message catalogue, filled in."""


class ImportRow(msgspec.Struct, frozen=True):
    """An entry as a file gives it, and where."""

    row: int
    """As the spreadsheet counts: the header is 1."""
    entry: Responsibility


class ReadProblem(msgspec.Struct, frozen=True, order=True):
    """Something in a file that cannot be taken."""

    row: int
    column: str
    sentence: str


class FieldChange(msgspec.Struct, frozen=True):
    """One field of an entry, as it would be written in a file, before and after."""

    field: str
    before: str
    after: str


class EntryDifference(msgspec.Struct, frozen=True):
    """What a file changes about one entry."""

    code: str
    kind: ChangeKind
    before: Responsibility | None
    after: Responsibility | None
    fields: tuple[FieldChange, ...]
    row: int = 0
    """Of the file; 0 for what it leaves out."""


class Difference(msgspec.Struct, frozen=True):
    """What a file would change about the list."""

    added: tuple[EntryDifference, ...]
    changed: tuple[EntryDifference, ...]
    ended: tuple[EntryDifference, ...]
    unchanged: int
    problems: tuple[ReadProblem, ...]
    """Nothing can be confirmed while there are any."""

    @property
    def changes(self) -> tuple[EntryDifference, ...]:
        """All that would be proposed."""
        return (*self.added, *self.changed, *self.ended)


class Import(msgspec.Struct, frozen=True):
    """A file that was read: the row of table `list_import`."""

    id: UUID
    made_at: datetime
    made_by: str
    file: str
    since: date
    whole: bool
    rows: tuple[ImportRow, ...]
    shown: str
    confirmed_at: datetime | None = None
