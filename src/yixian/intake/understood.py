"""What a resident is shown of what was understood, before anything is sent: whose it is, where, and by when. Pure."""

from __future__ import annotations

from typing import Final

import msgspec

from yixian.city.calendar import Duration
from yixian.city.inforce import City
from yixian.city.model import Urgency
from yixian.dispatch.model import Why
from yixian.intake.model import Outcome, Perhaps, PlaceChoice, Preview

LEAST_LIKELY: Final = 0.005
"""A suggestion less likely than this is noise: offering it would only make people wonder."""


class Offer(msgspec.Struct, frozen=True):
    """A matter that it may be, and whose that would be."""

    matter: str
    unit: str | None


class Line(msgspec.Struct, frozen=True):
    """One matter as understood."""

    text: str
    offers: tuple[Offer, ...]
    """At most three, the likeliest first; empty when nothing fits."""
    region: str | None
    place: str
    """The words that named the place."""
    answer_in: Duration | None
    """How long the unit may take, once it has it."""
    sure: bool
    """It will go to the first offer's unit at once; else a person decides."""
    ask: str
    places: tuple[PlaceChoice, ...]
    asks: bool = False
    """Whose it is depends on the place, and that is not clear: worth a question. What is pressing is never held up by one."""


class Understood(msgspec.Struct, frozen=True):
    """What would become of it."""

    outcome: Outcome
    lines: tuple[Line, ...]
    said: str = ""
    reason: str = ""
    alarm: tuple[str, ...] = ()
    guides: tuple[Perhaps, ...] = ()
    """What perhaps answers it."""

    @property
    def place(self) -> str:
        """The words that named the place of all of it; empty while it is asked for, or where each matter has its own."""
        places = {line.place for line in self.lines}
        return places.pop() if len(places) == 1 and not any(line.asks for line in self.lines) else ""

    @property
    def waits(self) -> bool:
        """Whether there is time to look at it together: a ticket, and nobody in danger."""
        return self.outcome is Outcome.TICKET_OPENED and not self.alarm


def understood(previews: tuple[Preview, ...], city: City) -> Understood:
    """What the previews of a contact say to the resident."""
    first = previews[0]
    outcome = Outcome(first.disposition) if first.disposition else Outcome.TICKET_OPENED
    return Understood(outcome, tuple(_line(p, city) for p in previews), first.said, first.reason, first.alarm, first.guides)


def _line(preview: Preview, city: City) -> Line:
    offers = tuple(Offer(s.matter, s.unit) for s in preview.suggestions if s.score >= LEAST_LIKELY)
    limit = city.register.limit_for(preview.kind, Urgency(preview.urgency), preview.audience)
    return Line(
        preview.text, offers, preview.region, preview.place, Duration.parse(limit.answer) if limit else None,
        preview.why is Why.SURE, preview.ask, preview.choices,
        bool(preview.ask) and preview.why is Why.PLACE_NEEDED and preview.urgency == Urgency.NORMAL,
    )  # fmt: skip
