"""Whom to ask in a joint review, and what: so that a dispatcher convenes it with one key. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import msgspec

from yixian.city.inforce import City
from yixian.city.responsibility import Assignment
from yixian.disputes import panel
from yixian.disputes.model import Case, Precedent
from yixian.tickets.model import Ticket

SEATS: Final = 3
"""Units: the fewest that cannot be equally divided between two."""


class Proposal(msgspec.Struct, frozen=True):
    """A panel that could be convened as it is."""

    units: tuple[str, ...]
    question: str
    """In the words that its units will read."""


def proposal(case: Case, ticket: Ticket, before: Sequence[Precedent], city: City, on: date) -> Proposal | None:
    """Units that know of the matter and have no part in the dispute, with the question; None when fewer than a panel needs are known.

    First those that the gate also thought of, then those that were ruled to lead before, then those of neighbouring matters at the place.
    """
    found: list[str] = []
    for unit in _known(ticket, before, city, on):
        if len(found) < SEATS and unit not in found and _may_sit(unit, case, ticket, city):
            found.append(unit)
    return Proposal(tuple(found), _question(case, city)) if len(found) >= panel.FEWEST else None


def _known(ticket: Ticket, before: Sequence[Precedent], city: City, on: date) -> Iterator[str]:
    for suggestion in ticket.suggestions:
        yield from (str(unit) for unit in (suggestion.get("unit"), *(suggestion.get("co_units") or ())) if unit)
    yield from (ruling.lead for ruling in before)
    up = city.register.matters_up.get(ticket.matter or "", ())
    for level in up[1:]:
        for leaf in city.leaves:
            if level in city.register.matters_up[leaf.code]:
                held = city.register.resolve(leaf.code, ticket.region, ticket.audience, False, "", on)
                if isinstance(held, Assignment):
                    yield held.lead


def _may_sit(unit: str, case: Case, ticket: Ticket, city: City) -> bool:
    path = city.register.paths.get(unit)
    complained = city.register.paths.get(ticket.complained_unit or "")
    if path is None or (complained and path.startswith(complained)):
        return False
    return panel.votes(path, [party.unit_path for party in case.parties])


def _question(case: Case, city: City) -> str:
    """Whose it is, and who says that it is not theirs."""
    dispute = case.dispute
    matter = city.matter_name(dispute.matter) or "此事"
    place = city.region_name(dispute.region) or dispute.place
    sides = "、".join(city.unit_name(party.unit) for party in case.parties)
    return f"{matter}{f'（{place}）' if place else ''}应由哪个单位主办？争议单位：{sides}"
