"""What would move: past tickets read and dispatched again, by what holds and by what is to hold, side by side. Pure; nothing is changed.

Both sides read the words and the place that are stored with the ticket. So it tells what a list or a model changes, not what would have
happened: residents who were asked back, or dispatchers who knew more, are not played.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from yixian.city.inforce import City
from yixian.city.model import Audience
from yixian.dispatch import gate
from yixian.dispatch.model import Decision, Standing
from yixian.language import position
from yixian.language.model import Reading
from yixian.language.service import Reader
from yixian.tickets.model import State, Ticket

EXAMPLES: Final = 5
"""Ticket numbers kept for each pair of units."""
NOBODY: Final = ""
"""Stands for "no unit is named"."""

ANSWERED: Final = frozenset({State.IN_REVIEW, State.AWAITING_CALL_BACK, State.CLOSED})
"""Here it is known whose ticket it was."""


class Side(msgspec.Struct, frozen=True):
    """A city as it reads and decides."""

    city: City
    reader: Reader
    standing: Standing


class Cell(msgspec.Struct, frozen=True):
    """Tickets whose first unit changes, from one unit to another."""

    count: int
    numbers: tuple[str, ...]
    """The first few."""


class Effect(msgspec.Struct, frozen=True):
    """What a change does to the tickets gone through so far."""

    after: UUID
    """The last ticket that was gone through."""
    tickets: int = 0
    moved: int = 0
    """Tickets whose first unit is another one."""
    at_once_before: int = 0
    at_once_after: int = 0
    at_once_moved: int = 0
    """Tickets that would go at once on both sides, to different units: what deserves the closest look."""
    newly_at_once: int = 0
    newly_learned: int = 0
    """Of these, the tickets that the changed side learned from: it knows them by heart, and will not know the next ones so well."""
    no_longer_at_once: int = 0
    known: int = 0
    """Tickets that were answered, so that it is known whose they were; not those that the changed side learned from."""
    right_before: int = 0
    right_after: int = 0
    at_once_known_before: int = 0
    """Of the known ones, those that would go at once."""
    at_once_right_before: int = 0
    at_once_known_after: int = 0
    at_once_right_after: int = 0
    matrix: dict[str, Cell] = {}
    """By `from>to`, codes of units; `NOBODY` where none is named."""


class _Outcome(msgspec.Struct, frozen=True):
    ticket: Ticket
    before: Decision
    after: Decision


def replayed(effect: Effect, tickets: Sequence[Ticket], before: Side, after: Side, on: date, learned_from: frozenset[UUID]) -> Effect:
    """The effect after some more tickets, as of the day `on`. `learned_from`: tickets among the examples of the changed side.

    About two milliseconds of one core a ticket for each side that reads differently.
    """
    return _added(effect, [_both(ticket, before, after, on) for ticket in tickets], before.city, learned_from)


def _both(ticket: Ticket, before: Side, after: Side, on: date) -> _Outcome:
    # Where only the gate differs, the words are read once; a list's own words are read with, so another list is another reader.
    once = _read(ticket, before)
    again = once if after.reader is before.reader else _read(ticket, after)
    return _Outcome(ticket, _decide(once, ticket, before, on), _decide(again, ticket, after, on))


def _read(ticket: Ticket, side: Side) -> Reading:
    audience = Audience.FIRM if ticket.audience is Audience.FIRM else None
    return position.understood(side.reader, ticket.text, ticket.title, audience, ticket.place)[0]


def _decide(reading: Reading, ticket: Ticket, side: Side, on: date) -> Decision:
    standing = side.standing
    return gate.decide(
        reading,
        side.city,
        on,
        region=ticket.region,
        complained_unit=ticket.complained_unit or "",
        gate=standing.gate,
        suspended=standing.suspended,
    )


def unit_of(decision: Decision) -> str:
    """The unit that stands first; `NOBODY` when none is named."""
    return decision.suggestions[0].unit or NOBODY if decision.suggestions else NOBODY


def _added(effect: Effect, outcomes: Sequence[_Outcome], city: City, learned_from: frozenset[UUID]) -> Effect:
    if not outcomes:
        return effect
    known = [o for o in outcomes if o.ticket.state in tuple(ANSWERED) and o.ticket.lead and o.ticket.id not in learned_from]
    moved = [o for o in outcomes if unit_of(o.before) != unit_of(o.after)]
    right_before = [o for o in known if _right(o.before, o.ticket, city)]
    right_after = [o for o in known if _right(o.after, o.ticket, city)]
    return Effect(
        after=outcomes[-1].ticket.id,
        tickets=effect.tickets + len(outcomes),
        moved=effect.moved + len(moved),
        at_once_before=effect.at_once_before + sum(o.before.sure for o in outcomes),
        at_once_after=effect.at_once_after + sum(o.after.sure for o in outcomes),
        at_once_moved=effect.at_once_moved + sum(o.before.sure and o.after.sure for o in moved),
        newly_at_once=effect.newly_at_once + sum(o.after.sure and not o.before.sure for o in outcomes),
        newly_learned=effect.newly_learned + sum(o.after.sure and not o.before.sure and o.ticket.id in learned_from for o in outcomes),
        no_longer_at_once=effect.no_longer_at_once + sum(o.before.sure and not o.after.sure for o in outcomes),
        known=effect.known + len(known),
        right_before=effect.right_before + len(right_before),
        right_after=effect.right_after + len(right_after),
        at_once_known_before=effect.at_once_known_before + sum(o.before.sure for o in known),
        at_once_right_before=effect.at_once_right_before + sum(o.before.sure for o in right_before),
        at_once_known_after=effect.at_once_known_after + sum(o.after.sure for o in known),
        at_once_right_after=effect.at_once_right_after + sum(o.after.sure for o in right_after),
        matrix=_matrix(effect.matrix, moved),
    )


def _matrix(matrix: Mapping[str, Cell], moved: Iterable[_Outcome]) -> dict[str, Cell]:
    found = dict(matrix)
    for outcome in moved:
        key = f"{unit_of(outcome.before)}>{unit_of(outcome.after)}"
        cell = found.get(key, Cell(0, ()))
        found[key] = Cell(cell.count + 1, (*cell.numbers, outcome.ticket.number)[:EXAMPLES])
    return found


def _right(decision: Decision, ticket: Ticket, city: City) -> bool:
    """Whether the first unit is the one that answered, or one above it that handed it down."""
    paths = city.register.paths
    named = paths.get(unit_of(decision))
    return named is not None and paths.get(ticket.lead or "", "").startswith(named)


def moves(effect: Effect) -> list[tuple[str, str, Cell]]:
    """From whom to whom, the most frequent first."""
    found = [(*key.split(">", 1), cell) for key, cell in effect.matrix.items()]
    return sorted(((a, b, cell) for a, b, cell in found), key=lambda m: (-m[2].count, m[0], m[1]))
