"""What was understood from a contact's words."""

from __future__ import annotations

import msgspec

from yixian.city.model import Audience, Feeling, RequestKind, Urgency


class MatterGuess(msgspec.Struct, frozen=True):
    """A matter and how well the words fit it, 0 to 1; the scores of all matters of one reading need not add up to 1."""

    matter: str
    score: float


class Taught(msgspec.Struct, frozen=True):
    """A message whose matter a person settled: one more example, worth `weight` of those in the pack."""

    matter: str
    text: str
    language: str
    weight: float = 1.0


class PlaceFound(msgspec.Struct, frozen=True):
    """Where it is. `region` is the deepest region that is certain; `candidates` holds several when the words fit several."""

    region: str | None = None
    text: str = ""
    """The words that named it, as written."""
    candidates: tuple[str, ...] = ()
    """Region codes, the likeliest first."""
    road: str = ""
    number: str = ""
    """The house number as written; `addresses.plain_number` makes two of them comparable."""
    name: str = ""
    """The estate, landmark, school, station or other named place."""
    building: str = ""
    """Building, unit, floor, gate or exit."""
    outside: str = ""
    """A place outside the city, when that is where it happens."""
    ask: str = ""
    """What to ask back, when two places fit or the place is outside; names them."""


class Disposition(msgspec.Struct, frozen=True):
    """Why this contact does not become a ticket: an emergency, a legal route, or outside what the hotline may do."""

    kind: str
    """`emergency`, `legal_route` or `outside`."""
    code: str
    """The line to transfer to (`119`), or the code of the route or reason."""
    phrase: str
    """The words that decided it."""
    say: str
    """What the resident is told."""


class Alarm(msgspec.Struct, frozen=True):
    """It may be an emergency: the resident is shown the numbers and asked, and a person looks at once."""

    to: tuple[str, ...]
    """The numbers to ring, likeliest first."""
    chance: float
    """0 to 1, as among the pack's triage examples, half of which are emergencies; no share of all messages."""
    calm: Urgency = Urgency.NORMAL
    """How urgent it is besides."""


class Felt(msgspec.Struct, frozen=True):
    """A feeling and the words that show it, as they stand in the message."""

    feeling: Feeling
    words: tuple[str, ...]


class Reading(msgspec.Struct, frozen=True):
    """One matter as understood. A contact that holds several matters gives several readings."""

    text: str
    language: str
    """`zh`, `yue`, `en`, or `other`."""
    kind: RequestKind
    matters: tuple[MatterGuess, ...]
    """At most eight, best first; empty when nothing fits."""
    place: PlaceFound
    urgency: Urgency
    audience: Audience | None
    night: bool
    disposition: Disposition | None = None
    alarm: Alarm | None = None
    felt: Felt | None = None
    """How whoever said it sounds, where that shows."""


class Answer(msgspec.Struct, frozen=True):
    """A guide that answers a question, with how well it fits, 0 to 1."""

    guide: str
    title: str
    text: str
    source: str
    score: float
