"""What the dispatcher proposes, and whether it may act alone."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from yixian.city.model import Level


class Why(StrEnum):
    """Why a ticket was not dispatched at once. Each has a sentence for the dispatcher's screen."""

    SURE = "sure"
    NOTHING_FITS = "nothing_fits"
    """No matter fits the words."""
    UNSURE = "unsure"
    """The best matter does not stand out enough by itself."""
    CLOSE_CALL = "close_call"
    """Another matter, of another unit, fits nearly as well."""
    PLACE_NEEDED = "place_needed"
    """The unit depends on a place that is not known finely enough."""
    NO_OWNER = "no_owner"
    """The list names nobody, or a unit that does not exist."""
    LANGUAGE = "language"
    """A language that is not one of the city's own: a person reads it."""
    ABOUT_THE_UNIT = "about_the_unit"
    """The complaint is about the very unit that would get it."""


class Suggestion(msgspec.Struct, frozen=True):
    """One way to dispatch a ticket."""

    matter: str
    score: float
    """How well the words fit the matter, 0 to 1."""
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
    """0 to 1; the first version's own measure, not yet calibrated."""
    suggestions: tuple[Suggestion, ...]
    """At most three, best first."""

    @property
    def sure(self) -> bool:
        """Whether it may be dispatched without a person looking."""
        return self.why is Why.SURE
