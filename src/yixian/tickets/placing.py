"""Who would answer for a ticket, once a person has said where it is. Pure.

The gate's suggestions may lack a unit because the place was not known; the dispatcher names it and sees the units at once.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import msgspec

from yixian.city.inforce import City
from yixian.city.responsibility import Assignment
from yixian.language import position
from yixian.language.normalise import normalise, normalise_words
from yixian.language.service import Reader
from yixian.tickets.model import Ticket

SUGGESTED: Final = 3


class Where(msgspec.Struct, frozen=True):
    """What is not clear about the place, and the places that the words may mean."""

    ask: str
    places: tuple[str, ...]
    """Codes of regions, the likeliest first."""


def asked(ticket: Ticket, reader: Reader) -> Where | None:
    """What a caller would be asked back about the place; None when the words leave nothing open."""
    place = position.understood(reader, ticket.text, ticket.title, ticket.audience, ticket.place)[0].place
    return Where(place.ask, place.candidates) if place.ask else None


def placed(ticket: Ticket, region: str, city: City, on: date) -> tuple[dict[str, Any], ...]:
    """The ticket's suggestions as they read when it is in `region` (a code); as they were when that is empty."""
    if not region:
        return ticket.suggestions
    text = normalise(ticket.text)
    night = any(word in text for word in normalise_words(city.pack.triage.night))
    return tuple(_placed(s, ticket, region, city, night, text, on) for s in ticket.suggestions)


def amended(ticket: Ticket, matter: str, city: City, on: date) -> tuple[dict[str, Any], ...]:
    """The suggestions once somebody has said what it is about (`matter`, empty: nothing new) or where it is: the ticket's own place.

    The matter that was said comes first and is certain; what stood first before it stays beside it.
    """
    said: tuple[dict[str, Any], ...] = (
        ({"matter": matter, "score": 1.0, "co_units": (), "basis": "", "note": "", "entry": None},) if matter else ()
    )
    others = tuple(s for s in ticket.suggestions if s.get("matter") != matter)
    text = normalise(ticket.text)
    night = any(word in text for word in normalise_words(city.pack.triage.night))
    return tuple(_placed(s, ticket, ticket.region, city, night, text, on) for s in (*said, *others)[:SUGGESTED])


def _placed(suggestion: dict[str, Any], ticket: Ticket, region: str | None, city: City, night: bool, text: str, on: date) -> dict[str, Any]:
    found = city.register.resolve(str(suggestion["matter"]), region, ticket.audience, night, text, on)
    if not isinstance(found, Assignment):
        return {**suggestion, "unit": None, "place_needed": found.place_level}
    return {
        **suggestion,
        "unit": found.lead,
        "co_units": found.co,
        "entry": found.entry,
        "basis": found.basis,
        "note": found.note,
        "place_needed": None,
    }
