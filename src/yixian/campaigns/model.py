"""A special campaign, its board and what is done with it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from yixian.city.model import Audience, RequestKind, Urgency
from yixian.tickets.model import Light, Special, State


class Standing(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    """Written; nothing follows from it yet."""
    APPROVED = "approved"
    """A supervisor approved it: between its first and last day, new tickets that fit join it."""
    ENDED = "ended"
    """Over, with a report; its open tickets have left it and keep the limits that they had."""
    DISCARDED = "discarded"
    """Never approved."""


class Phase(StrEnum):
    """Where it stands on a day; an approved campaign waits, runs, or is past its last day and wants its report."""

    DRAFT = "draft"
    WAITING = "waiting"
    RUNNING = "running"
    EXPIRED = "expired"
    ENDED = "ended"
    DISCARDED = "discarded"


class Deed(StrEnum):
    """What people do with a campaign."""

    REVISE = "revise"
    """Its drafter writes it anew."""
    APPROVE = "approve"
    """A supervisor who did not draft it lets it run."""
    DISCARD = "discard"
    """It is not to run."""
    GATHER = "gather"
    """Takes in the open tickets that fit, which were there before it ran."""
    END = "end"
    """Ends it, with a report."""


class Which(StrEnum):
    """Which campaigns a list shows."""

    CURRENT = "current"
    """Drafts, and all that wait, run or want their report."""
    OVER = "over"


class Scope(msgspec.Struct, frozen=True):
    """Which tickets belong to it: of each list that is not empty one entry must fit."""

    matters: tuple[str, ...] = ()
    """Codes, leaves or branches."""
    regions: tuple[str, ...] = ()
    """Codes of regions; those below count."""
    units: tuple[str, ...] = ()
    """Codes of units that lead; those below count."""
    words: tuple[str, ...] = ()
    """Of these one must be in the ticket's title or text."""


class Limits(msgspec.Struct, frozen=True):
    """Its own limits as the city pack writes them (`2h`, `4wh`, `1wd`); empty: the ordinary one."""

    sign: str = ""
    contact: str = ""
    answer: str = ""
    longer: str = ""
    """Why they may be longer than the ordinary ones; empty: they are not."""


class Column(msgspec.Struct, frozen=True):
    """A column of the board: open states together, or ended ones."""

    name: str
    states: tuple[State, ...]


class Plan(msgspec.Struct, frozen=True):
    """What a campaign is to be, as somebody drafts it."""

    name: str
    purpose: str
    basis: str
    first_day: date
    last_day: date
    scope: Scope
    limits: Limits
    lead: str
    """Code of the unit that leads the task force."""
    members: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()


class Figures(msgspec.Struct, frozen=True):
    """How many tickets stand how."""

    tickets: int = 0
    open: int = 0
    overdue: int = 0
    """Open ones past what is owed next."""
    answered: int = 0
    """With a reply of their unit."""
    in_time: int = 0
    """Of those, replied before the answer was due."""
    rated: int = 0
    content: int = 0
    """Of the rated, those whose citizen was content with the solution."""


class Campaign(msgspec.Struct, frozen=True):
    """The row of table `campaign`."""

    id: UUID
    plan: Plan
    begins_at: datetime
    """UTC, inclusive."""
    ends_at: datetime
    """UTC, exclusive."""
    standing: Standing
    drafted_at: datetime
    drafted_by: str
    approved_at: datetime | None
    ended_at: datetime | None
    report: str
    figures: Figures | None
    """How it stood when it was ended."""
    version: int

    def phase(self, now: datetime) -> Phase:
        """Where it stands at `now`."""
        if self.standing is not Standing.APPROVED:
            return Phase(self.standing.value)
        if now < self.begins_at:
            return Phase.WAITING
        return Phase.RUNNING if now < self.ends_at else Phase.EXPIRED

    def gives(self, since: datetime) -> Special:
        """What a ticket gets that joins it at `since`."""
        limits = self.plan.limits
        return Special(self.plan.name, since, limits.sign, limits.contact, limits.answer, bool(limits.longer))


class Entry(msgspec.Struct, frozen=True):
    """What was done with a campaign."""

    at: datetime
    actor: str
    role: str
    action: str
    note: str
    detail: dict[str, Any]


class Whole(msgspec.Struct, frozen=True):
    """A campaign with what was done with it, and what this person may do now."""

    campaign: Campaign
    entries: tuple[Entry, ...]
    allowed: tuple[Deed, ...]


class Motion(msgspec.Struct, frozen=True):
    """What somebody wants to do with a campaign."""

    note: str = ""
    """Reason, or the report."""
    plan: Plan | None = None
    """For `revise`."""
    version: int = 0
    """The version the person was looking at; 0: not said."""


class Line(msgspec.Struct, frozen=True):
    """A campaign as a list shows it, with the tickets that this person may see."""

    id: UUID
    name: str
    purpose: str
    lead: str
    first_day: date
    last_day: date
    begins_at: datetime
    ends_at: datetime
    standing: Standing
    phase: Phase
    tickets: int
    open: int
    overdue: int


class Page(msgspec.Struct, frozen=True):
    """A stretch of the list."""

    lines: tuple[Line, ...]
    after: str
    """Where the next stretch begins; empty at the end."""


class Candidate(msgspec.Struct, frozen=True):
    """A ticket as it is held against campaigns."""

    id: UUID
    matter: str | None
    region: str | None
    lead: str | None
    words: str
    """Title and text."""
    kind: RequestKind
    urgency: Urgency
    audience: Audience
    campaign: UUID | None
    left: tuple[str, ...]
    """Ids of campaigns that somebody took it out of: it stays out."""


class Fitting(msgspec.Struct, frozen=True):
    """What gathering would do."""

    fits: int
    """Open tickets in its scope."""
    there: int
    """Of those, already in it."""
    joins: int
    """Would join."""
    moves: int
    """Of those that would join: out of another campaign that is less strict."""
    stays: int
    """Stay in another campaign that is at least as strict, or were taken out by somebody."""


class Tally(msgspec.Struct, frozen=True):
    """How many tickets of one state, unit and region stand under one light."""

    state: State
    lead: str | None
    region: str | None
    light: Light
    count: int


class Card(msgspec.Struct, frozen=True):
    """A ticket on the board."""

    number: str
    title: str
    state: State
    lead: str | None
    region: str | None
    place: str
    next_due: datetime | None
    light: Light
    supervision: str


class Part(msgspec.Struct, frozen=True):
    """What one unit or district has of it."""

    code: str
    """Empty: not named yet."""
    tickets: int
    open: int
    overdue: int


class Pile(msgspec.Struct, frozen=True):
    """A column of the board as it stands."""

    name: str
    states: tuple[State, ...]
    tickets: int
    overdue: int
    cards: tuple[Card, ...]
    """The first of them, overdue first."""


class Day(msgspec.Struct, frozen=True):
    """What happened on one day by the city's reckoning."""

    day: date
    joined: int
    closed: int


class Board(msgspec.Struct, frozen=True):
    """How a campaign stands, as far as this person may see."""

    figures: Figures
    piles: tuple[Pile, ...]
    units: tuple[Part, ...]
    """Most overdue first."""
    districts: tuple[Part, ...]
    days: tuple[Day, ...]
    """Oldest first, none left out."""


class Row(msgspec.Struct, frozen=True):
    """A ticket as the export writes it."""

    number: str
    created_at: datetime
    joined_at: datetime
    title: str
    matter: str | None
    region: str | None
    place: str
    lead: str | None
    state: State
    answer_due: datetime | None
    replied_at: datetime | None
    closed_at: datetime | None
    overdue: bool
    rated_solution: int | None
