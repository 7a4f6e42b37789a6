"""An answering session (接听日) and its calls, as the room passes them around. Not to be taken for somebody's signing in."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

import msgspec


class Standing(StrEnum):
    """What was done with a session."""

    PLANNED = "planned"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class Phase(StrEnum):
    """Where it stands by the clock."""

    PLANNED = "planned"
    """Nobody outside the hotline and the unit knows of it yet."""
    COMING = "coming"
    """Published; residents may leave questions."""
    RUNNING = "running"
    """The leader answers."""
    OVER = "over"
    CANCELLED = "cancelled"


class Deed(StrEnum):
    """What can be done with a session or its calls."""

    PUBLISH = "publish"
    CANCEL = "cancel"
    TAKE = "take"
    """Take the next call: who is on the line before questions left beforehand."""
    FINISH = "finish"
    """Write down what became of the call in hand."""


class How(StrEnum):
    """How a call came to a session."""

    HANDED = "handed"
    EARLY = "early"
    OVERFLOW = "overflow"


class CallState(StrEnum):
    """Where a call stands."""

    WAITING = "waiting"
    TAKEN = "taken"
    ANSWERED = "answered"
    """Answered at once; the answer goes the way of every answer: reviewed, and the caller is asked what it was worth."""
    PROMISED = "promised"
    """A unit has it, and a day by which it will have answered."""
    PASSED_ON = "passed_on"
    """It is not for this session: it goes the ordinary way."""
    MISSED = "missed"
    """Nobody took it while the session lasted: it goes the ordinary way."""
    OVERFLOWED = "overflowed"
    """All seats were busy: it went the ordinary way at once."""


class Result(StrEnum):
    """What a leader makes of a call."""

    ANSWERED = "answered"
    PROMISED = "promised"
    PASSED_ON = "passed_on"


class Plan(msgspec.Struct, frozen=True):
    """What a session is to be."""

    unit: str
    leader: str
    """A title (局长, 分管副局长), never a name."""
    day: date
    begins: time
    """By the city's clock."""
    ends: time
    matters: tuple[str, ...] = ()
    """Leaves or branches; none: whatever the responsibility list gives to the unit."""
    regions: tuple[str, ...] = ()
    seats: int = 1
    note: str = ""
    """For residents: what it is about, in plain words."""


class AnsweringSession(msgspec.Struct, frozen=True):
    """The row of table `answering_session`."""

    id: UUID
    unit: str
    unit_path: str
    leader: str
    day: date
    starts_at: datetime
    ends_at: datetime
    matters: tuple[str, ...]
    regions: tuple[str, ...]
    seats: int
    note: str
    state: Standing
    planned_at: datetime
    planned_by: str
    published_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_why: str = ""
    version: int = 1

    def phase(self, now: datetime) -> Phase:
        """Where it stands at `now` (UTC)."""
        match self.state:
            case Standing.PLANNED:
                return Phase.PLANNED
            case Standing.CANCELLED:
                return Phase.CANCELLED
            case Standing.PUBLISHED:
                return Phase.COMING if now < self.starts_at else Phase.RUNNING if now < self.ends_at else Phase.OVER


class Call(msgspec.Struct, frozen=True):
    """The row of table `answering_call`."""

    id: UUID
    session: UUID
    unit_path: str
    ticket: UUID
    number: str
    how: How
    offered_at: datetime
    state: CallState
    matter: str | None
    region: str | None
    place: str
    title: str
    text: str
    taken_at: datetime | None = None
    taken_by: str = ""
    ended_at: datetime | None = None
    result: str = ""
    promised_unit: str | None = None
    promised_day: date | None = None
    promised_till: datetime | None = None


class Motion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A deed's own particulars. Which are needed, `hours.py` says."""

    note: str = ""
    """Why it is cancelled; what was answered or promised."""
    result: Result | None = None
    unit: str = ""
    """Whom the promise binds."""
    day: date | None = None
    """By which day."""
    call: UUID | None = None
    """The call that the person was looking at."""


class Report(msgspec.Struct, frozen=True):
    """What came of a session."""

    early: int = 0
    """Questions left beforehand."""
    offered: int = 0
    """Calls handed over while it ran, with those that found all seats busy."""
    taken: int = 0
    overflowed: int = 0
    missed: int = 0
    answered: int = 0
    promised: int = 0
    passed_on: int = 0
    kept: int = 0
    """Promises whose unit answered by the promised day."""
    broken: int = 0
    """Promises whose day has passed without an answer, or with a later one."""
    rated: int = 0
    content: int = 0
    """Of those rated: the solution was worth 3 or more of 5."""
    mean: float | None = None
    """Mean rating of the solution."""


class Line(msgspec.Struct, frozen=True):
    """A session as a list shows it."""

    session: AnsweringSession
    waiting: int
    calls: int


class Page(msgspec.Struct, frozen=True):
    """A stretch of a list."""

    lines: tuple[Line, ...]
    after: str
    """Where the next stretch begins; empty at the end."""


class Whole(msgspec.Struct, frozen=True):
    """A session as one person sees it."""

    session: AnsweringSession
    calls: tuple[Call, ...]
    """As far as this person may see; newest first."""
    mine: Call | None
    """The call that this person has in hand."""
    report: Report
    allowed: tuple[Deed, ...]
    """What this person may do now."""


class Offer(msgspec.Struct, frozen=True):
    """A session that a contact may be handed over to now."""

    session: AnsweringSession
    free: int
    """Seats that are free; 0: the contact would go the ordinary way."""
