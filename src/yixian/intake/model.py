"""A contact on its way in, and what whoever said it is told."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from yixian.city.calendar import Duration
from yixian.city.coordinates import Datum
from yixian.city.model import Audience, RequestKind
from yixian.dispatch.model import Suggestion, Why
from yixian.people.model import CallerIn

LONGEST_TEXT = 10_000
"""Characters of one contact. The longest real message measured so far has about 8,000."""


class Outcome(StrEnum):
    """How a contact ends. Every contact has exactly one."""

    ANSWERED = "answered"
    """The question was answered at once."""
    TICKET_OPENED = "ticket_opened"
    ADDED_TO_TICKET = "added_to_ticket"
    """The same caller has an open ticket about the same: it was added there, and the caller told how that stands."""
    TRANSFERRED = "transferred"
    """An emergency: sent to 110, 119, 120 or 122 at once; `reason` is the line."""
    LEGAL_ROUTE = "legal_route"
    """It has its own legal way; `reason` says which, and the caller is told."""
    OUTSIDE_SCOPE = "outside_scope"
    """Unlawful, secret, or not a government's to do; `reason` says which, and the caller is told."""
    ABANDONED = "abandoned"
    """The caller left before saying what it was about."""


class Channel(StrEnum):
    """Where it came in."""

    PHONE = "phone"
    WEB = "web"
    WECHAT = "wechat"
    APP = "app"
    MEDIA = "media"
    LINE_110 = "110"
    PARTNER = "partner"
    DEPUTY = "deputy"
    IMPORT = "import"


# PostgreSQL cannot store the character NUL.
Text = Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT, pattern=r"^[^\x00]*$", description="In the resident's own words.")]
Short = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00]*$")]

Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90, description="Degrees north of where it happens; goes with `longitude`.")]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180, description="Degrees east; goes with `latitude`.")]


class ContactIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody says, on whatever channel."""

    text: Text
    channel: Channel = Channel.WEB
    title: Short = ""
    place: Annotated[Short, msgspec.Meta(description="Where it is, as one would say it.")] = ""
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    datum: Datum = Datum.WGS84
    """By which map the coordinates were taken."""
    caller: CallerIn | None = None
    hides_identity: bool | None = None
    """Whether the caller wants their name and number kept from the unit; not said: they are, where the matter is a sensitive one."""
    complained_unit: Short = ""
    """Code of the unit complained of: it will never learn who called."""
    kind: RequestKind | None = None
    matter: Short = ""
    """Code of the matter, when a person has settled it (operators only)."""
    region: Short = ""
    """Code of the region, when a person has settled it (operators only)."""
    outcome: Outcome | None = None
    """How the operator ended it; residents leave it out (operators only)."""
    answer: Text = ""
    """What the operator answered (operators only)."""
    reason: Short = ""
    """The line it was transferred to, the route or the reason (operators only)."""
    danger: bool | None = None
    """Whether anybody is in danger, where that was asked: `false` raises no alarm, `true` one that only a person stands down."""
    despairs: bool = False
    """The operator hears that the caller may take their own life; what the words say counts besides (operators only)."""
    meant: Short = ""
    """Code of the matter that the resident says it is; `-`: none of those that were offered."""
    guide: Short = ""
    """Code of the guide that whoever asks takes for the answer, out of those that the preview offered: nothing is opened then."""
    separate: bool = False
    """It is a new matter although the same caller has an open ticket that looks alike."""
    attach: Short = ""
    """Number of an open ticket about the same event, which this one is merged into at once (operators only)."""
    session: Short = ""
    """Id of a leaders' answering session: an operator hands the contact over to it while it runs; others leave a question for it."""
    source: Short = ""
    """The system it comes from, when that is another one."""
    source_id: Short = ""
    received_at: datetime | None = None
    """When it was said, for contacts that arrive later; with a time zone."""


class TicketReceipt(msgspec.Struct, frozen=True):
    """A ticket as its citizen keeps it."""

    number: str
    check_code: str
    """Number and code together show how it stands: they are given to nobody else."""
    state: str
    dispatched: bool
    matter: str
    unit: str
    place: str
    answer_due: datetime | None
    matter_code: str = ""
    unit_code: str = ""
    answer_in: Duration | None = None
    """How long the unit may take once it has the ticket; there while no unit has it."""


class Receipt(msgspec.Struct, frozen=True):
    """What became of a contact."""

    contact: UUID
    outcome: Outcome
    reason: str = ""
    said: str = ""
    """What the resident is told: an answer with its source, where to turn, or how it goes on."""
    tickets: tuple[TicketReceipt, ...] = ()
    repeated: bool = False
    """The same key was sent before: nothing was stored again."""
    alarm: tuple[str, ...] = ()
    """It may be an emergency: show these numbers first and ask whether anybody is in danger. Likeliest first."""
    handed: Handed | None = None
    """When it was meant for a leader's answering session: what became of that."""


class Handed(StrEnum):
    """What became of the wish to reach a leader's answering session."""

    WAITING = "waiting"
    """Handed over: the leader takes it next."""
    EARLY = "early"
    """Kept as a question for the session; it is handled meanwhile like any other."""
    OVERFLOW = "overflow"
    """All seats are busy: it goes the ordinary way."""
    ORDINARY = "ordinary"
    """It cannot wait for a leader, or needs none: it goes the ordinary way."""


class PlaceChoice(msgspec.Struct, frozen=True):
    """A region that the words may mean."""

    region: str
    name: str


class Perhaps(msgspec.Struct, frozen=True):
    """A guide that perhaps answers what was asked."""

    code: str
    title: str
    text: str
    source: str


class Preview(msgspec.Struct, frozen=True):
    """What would be understood, before anything is stored: shown to the operator while typing."""

    text: str
    language: str
    kind: RequestKind
    urgency: str
    region: str | None
    region_name: str
    place: str
    why: Why
    confidence: float
    suggestions: tuple[Suggestion, ...]
    ask: str = ""
    """What to ask back about the place, when two fit or it is outside the city."""
    choices: tuple[PlaceChoice, ...] = ()
    """The places that fit, the likeliest first."""
    disposition: str = ""
    reason: str = ""
    said: str = ""
    alarm: tuple[str, ...] = ()
    """It may be an emergency: ask whether anybody is in danger, and put the caller through to one of these."""
    guides: tuple[Perhaps, ...] = ()
    """Guides that perhaps answer it, the likeliest first, at most two; not sure enough to be given as the answer."""
    audience: Audience = Audience.PERSON
    """As whose request it would be filed."""
