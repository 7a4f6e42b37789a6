"""What the dispatcher proposes, and whether it may act alone."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from yixian.city.model import Level
from yixian.dispatch.guarantee import Gate


class Why(StrEnum):
    """Why a ticket was not dispatched at once. Each has a sentence for the dispatcher's screen."""

    SURE = "sure"
    ALARM = "alarm"
    """It may be an emergency: a person looks at once, before anything else is decided."""
    NOTHING_FITS = "nothing_fits"
    """No matter fits the words."""
    UNSURE = "unsure"
    """The best matter does not stand out enough by itself."""
    CLOSE_CALL = "close_call"
    """Another unit is nearly as likely."""
    PLACE_NEEDED = "place_needed"
    """The unit depends on a place that is not known finely enough."""
    NO_OWNER = "no_owner"
    """The list names nobody, or a unit that does not exist."""
    LANGUAGE = "language"
    """A language that is not one of the city's own: a person reads it."""
    ABOUT_THE_UNIT = "about_the_unit"
    """The complaint is about the very unit that would get it."""
    SUSPENDED = "suspended"
    """Tickets about this matter went wrong too often lately: a person looks until somebody lifts it."""


class Suggestion(msgspec.Struct, frozen=True):
    """One way to dispatch a ticket."""

    matter: str
    score: float
    """The chance that this unit answers for it: of this matter and of others that are the same unit's, 0 to 1."""
    unit: str | None = None
    """The lead; None when it cannot be named yet."""
    co_units: tuple[str, ...] = ()
    entry: str | None = None
    """The responsibility it rests on."""
    basis: str = ""
    note: str = ""
    place_needed: Level | None = None


class Decision(msgspec.Struct, frozen=True):
    """What to do with one reading."""

    why: Why
    confidence: float
    """The chance that the first suggestion's unit is the right one, 0 to 1."""
    suggestions: tuple[Suggestion, ...]
    """At most three, best first."""

    @property
    def sure(self) -> bool:
        """Whether it may be dispatched without a person looking."""
        return self.why is Why.SURE


class Standing(msgspec.Struct, frozen=True):
    """What the city has learned about when to act alone."""

    gate: Gate | None = None
    """None: the city pack's own thresholds."""
    suspended: frozenset[str] = frozenset()
    """Matters that are not dispatched at once for now."""
