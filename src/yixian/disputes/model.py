"""A dispute about who leads a ticket, with everything that belongs to it, as the room passes it around."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from yixian.city.model import Audience


class Rung(StrEnum):
    """How high a dispute has climbed. Lowest first; it only goes up, or is ruled."""

    DESK = "desk"
    SUPERVISOR = "supervisor"
    CONFERENCE = "conference"
    """The joint conference (联席会议), which settles what is major and difficult (令第191号)."""


class Ended(StrEnum):
    """How a dispute came to its end."""

    RULED = "ruled"
    SETTLED = "settled"
    """The acting unit answered before anybody ruled: nothing was left to settle."""

    LAPSED = "lapsed"
    """The ticket was withdrawn or terminated."""


class Side(StrEnum):
    """As what a unit stands in a dispute."""

    ACTING = "acting"
    """Has the ticket, says that it is not its own, and acts all the same."""

    RETURNED = "returned"
    """Gave it back before."""

    NAMED = "named"
    """Should lead, as the acting unit says."""


class Kind(StrEnum):
    """With what a unit's words were said."""

    RETURN = "return"
    OBJECT = "object"
    OPINION = "opinion"
    STATEMENT = "statement"


class Deed(StrEnum):
    """What people do to a dispute."""

    SAY = "say"
    CONVENE = "convene"
    VOTE = "vote"
    ESCALATE = "escalate"
    RULE = "rule"


class How(StrEnum):
    """On what a ruling rests."""

    MAJORITY = "majority"
    CHAIR = "chair"
    """Nobody was asked, too few answered, or the votes were divided: whoever chairs decides."""

    AGAINST_MAJORITY = "against_majority"


class Dispute(msgspec.Struct, frozen=True):
    """The row of table `dispute`."""

    id: UUID
    ticket: UUID
    number: str
    opened_at: datetime
    acting: str
    matter: str | None
    region: str | None
    place: str
    audience: Audience
    title: str
    text: str
    rung: Rung
    due: datetime
    overdue_at: datetime | None = None
    ended_at: datetime | None = None
    ended_how: str = ""


class Party(msgspec.Struct, frozen=True):
    """A unit in dispute."""

    unit: str
    unit_path: str
    side: Side
    due: datetime | None = None
    """Until when its words are asked for; None when it has said them already."""
    overdue_at: datetime | None = None


class Word(msgspec.Struct, frozen=True):
    """What a unit said."""

    id: UUID
    at: datetime
    kind: Kind
    unit: str
    unit_path: str
    actor: str
    words: str
    basis: str = ""
    seq: int | None = None
    """Step of the ticket's history; None for a statement."""
    ordered_at: datetime | None = None


class Seat(msgspec.Struct, frozen=True):
    """A unit on a panel."""

    panel: UUID
    unit: str
    unit_path: str
    votes: bool
    """Whether its vote counts."""


class Opinion(msgspec.Struct, frozen=True):
    """What a panel unit thinks; the newest of a unit is its one vote."""

    panel: UUID
    unit: str
    unit_path: str
    seq: int
    at: datetime
    actor: str
    lead: str
    co: tuple[str, ...] = ()
    basis: str = ""
    words: str = ""


class Panel(msgspec.Struct, frozen=True):
    """Units asked who should lead."""

    id: UUID
    rung: Rung
    question: str
    convened_at: datetime
    convened_by: str
    due: datetime
    overdue_at: datetime | None = None
    closed_at: datetime | None = None


class Entry(msgspec.Struct, frozen=True):
    """A step of the time line."""

    at: datetime
    actor: str
    role: str
    unit: str
    action: str
    note: str = ""
    detail: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


class Ruling(msgspec.Struct, frozen=True):
    """Who leads, by what right: binding, never changed."""

    dispute: UUID
    ticket: UUID
    at: datetime
    actor: str
    role: str
    rung: Rung
    lead: str
    co: tuple[str, ...]
    basis: str
    reason: str
    how: How
    tally: dict[str, Any]
    """The votes as they stood."""
    matter: str | None
    region: str | None
    audience: Audience
    units: tuple[str, ...]
    """The units that disputed, and the one that leads."""


class Precedent(msgspec.Struct, frozen=True):
    """An earlier ruling about the same matter."""

    dispute: UUID
    number: str
    at: datetime
    region: str | None
    lead: str
    basis: str


class Case(msgspec.Struct, frozen=True):
    """A dispute with all that the acting person may see of it."""

    dispute: Dispute
    parties: tuple[Party, ...] = ()
    words: tuple[Word, ...] = ()
    panels: tuple[Panel, ...] = ()
    """Oldest first."""
    seats: tuple[Seat, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    """Every opinion that was given, changed ones too, oldest first."""
    entries: tuple[Entry, ...] = ()
    ruling: Ruling | None = None

    @property
    def version(self) -> int:
        """How many steps it has taken."""
        return len(self.entries)

    @property
    def sitting(self) -> Panel | None:
        """The panel that sits now."""
        return next((p for p in self.panels if p.closed_at is None), None)

    def seats_of(self, panel: UUID) -> tuple[Seat, ...]:
        """Who sits, or sat, on a panel."""
        return tuple(s for s in self.seats if s.panel == panel)

    def opinions_of(self, panel: UUID) -> dict[str, Opinion]:
        """Each unit's newest opinion on a panel."""
        return {o.unit: o for o in self.opinions if o.panel == panel}


class Motion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A deed's own particulars. Which are needed, `ladder.py` says."""

    note: str = ""
    """What is said: words, question, opinion, reason."""
    basis: str = ""
    unit: str = ""
    """Who should lead."""
    co_units: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    """Whom to convene."""
    days: int = 0
    """Working days that a panel has; 0: the usual."""
    version: int = 0
    """The version the person was looking at; 0: not said."""


class Filters(msgspec.Struct, frozen=True):
    """Which disputes a list shows."""

    ended: bool = False
    overdue: bool = False
    rung: Rung | None = None
    unit: str = ""
    """Code of a unit that is a side or on the panel."""
    number: str = ""


class Line(msgspec.Struct, frozen=True):
    """A dispute as a list shows it."""

    id: UUID
    number: str
    opened_at: datetime
    title: str
    matter: str | None
    region: str | None
    acting: str
    rung: Rung
    due: datetime
    overdue: bool
    ended_at: datetime | None
    ended_how: str
    parties: tuple[str, ...]
    voting: int
    """Units whose votes count on the panel that sits; 0 when none sits."""
    voted: int | None
    """How many of them have voted, as far as this person may know; None while a unit may not."""
    panel_due: datetime | None
    ruled_lead: str | None


class Page(msgspec.Struct, frozen=True):
    """A stretch of a list."""

    lines: tuple[Line, ...]
    after: str
    """Where the next stretch begins; empty at the end."""


class Counts(msgspec.Struct, frozen=True):
    """How many disputes are open, by rung, and how many are late, by rung and by acting unit."""

    open: int
    overdue: int
    by_rung: dict[str, int]
    overdue_by_rung: dict[str, int]
    overdue_by_unit: dict[str, int]


class Notice(msgspec.Struct, frozen=True):
    """What a unit is told."""

    id: UUID
    dispute: UUID
    number: str
    unit: str
    at: datetime
    kind: str


class UnitRecord(msgspec.Struct, frozen=True):
    """How often a unit says that a ticket is not its own."""

    unit: str
    led: int
    """Tickets it was given to lead."""
    doubted: int
    """Of these, how many it returned or objected to."""
    rate: float
    """Per 100 tickets."""
    low: float
    high: float
    """Wilson's 95 % interval of the rate, per 100."""


# -- Consultation before a first dispatch ------------------------------------------------------------------------


class Said(StrEnum):
    """A unit's answer to "is it yours?"."""

    YES = "yes"
    NO = "no"
    PARTLY = "partly"


class Consulting(StrEnum):
    """Which consultations a list shows."""

    OPEN = "open"
    WAITING = "waiting"
    """For a unit: those that it has not answered."""
    OVERDUE = "overdue"
    ENDED = "ended"


class Consultation(msgspec.Struct, frozen=True):
    """The row of table `consultation`. What the ticket said is kept as it was then: who is asked never sees the caller."""

    id: UUID
    ticket: UUID
    number: str
    asked_at: datetime
    asked_by: str
    question: str
    due: datetime
    matter: str | None
    region: str | None
    place: str
    title: str
    text: str
    overdue_at: datetime | None = None
    ended_at: datetime | None = None
    ended_how: str = ""
    """`dispatched`; `lapsed`: the ticket was withdrawn, merged or terminated."""
    lead: str | None = None
    seq: int | None = None


class ConsultationSeat(msgspec.Struct, frozen=True):
    """A unit that was asked."""

    unit: str
    unit_path: str
    said: Said | None = None
    basis: str = ""
    words: str = ""
    at: datetime | None = None
    by: str = ""
    released_at: datetime | None = None
    """When it no longer had to answer."""


class Consulted(msgspec.Struct, frozen=True):
    """A consultation with the answers that the acting person may see."""

    consultation: Consultation
    seats: tuple[ConsultationSeat, ...]

    def saying(self, said: Said) -> tuple[str, ...]:
        """The units that said so."""
        return tuple(s.unit for s in self.seats if s.said is said)


class ConsultedPage(msgspec.Struct, frozen=True):
    """A stretch of a list."""

    lines: tuple[Consulted, ...]
    after: str
    """Where the next stretch begins; empty at the end."""
