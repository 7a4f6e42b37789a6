"""What the desks of review and of call-back show."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec


class Waiting(StrEnum):
    """Why a ticket stands on the list of calls."""

    NOW = "now"
    """Somebody is to be rung now."""
    LATER = "later"
    """At another hour."""
    UNREACHED = "unreached"
    """Rung often enough: a message with a link is due, or the end."""
    BAD = "bad"
    """Rated badly: a reviewer decides what comes of it."""


class Call(msgspec.Struct, frozen=True):
    """A ticket on the list of calls."""

    id: UUID
    number: str
    title: str
    matter: str | None
    region: str | None
    lead: str | None
    attempts: int
    call_at: datetime | None
    hides_identity: bool
    rounds: int
    rated_solution: int | None
    language: str
    """Of the citizen, as they were heard or said it; empty when unknown."""
    needs: str
    """What to mind: hard of hearing, elder."""
    link_at: datetime | None
    """When a link to rate with was sent in this round."""
    version: int


class Rung(msgspec.Struct, frozen=True):
    """A call that did not end with a rating: a row of the history."""

    at: datetime
    actor: str
    reached: str
    note: str


class Link(msgspec.Struct, frozen=True):
    """The row of table `rating_link`."""

    ticket: UUID
    number: str
    round: int
    made_at: datetime
    sent_at: datetime | None
    used_at: datetime | None


class Drawn(msgspec.Struct, frozen=True):
    """An answer that was passed and is to be looked at a second time."""

    ticket: UUID
    version: int
    number: str
    title: str
    matter: str | None
    lead: str | None
    drawn_at: datetime


class Figures(msgspec.Struct, frozen=True):
    """What one person did today."""

    passed: int = 0
    sent_back: int = 0
    second_looks: int = 0
    disagreed: int = 0
    reached: int = 0
    """Citizens who rated on the telephone."""
    content: int = 0
    """Of these, with 3 or better."""
    not_reached: int = 0
    """Calls that did not end with a rating."""
    settled: int = 0
    """Dissatisfied ones that were handled again, or closed with a reason."""
