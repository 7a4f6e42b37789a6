"""What a step of a ticket teaches: an example, a contradiction, a verdict on the gate's choice. Pure.

The weights say how much somebody thought about it: whoever takes the first suggestion may only have been quick; whoever chooses again
after a unit protested has looked; a joint review has heard both sides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from yixian.db.ids import new_id
from yixian.learning.masking import masked
from yixian.learning.model import Correction, Dispatched, Judged, Source, Verdict, Withdrawn
from yixian.people.model import Role
from yixian.tickets.model import Action, HistoryRow, Ticket

WEIGHTS: Final[Mapping[Source, float]] = {
    Source.ANSWERED: 0.25,
    Source.AGREED: 0.5,
    Source.CHOICE: 1.0,
    Source.CONSULTED: 2.0,
    Source.REASSIGNED: 2.0,
    Source.RULING: 3.0,
}
"""How many examples of the pack one of these is worth."""

CORRECTS: Final = frozenset({Source.CHOICE, Source.CONSULTED, Source.REASSIGNED, Source.RULING})
"""With which somebody put right what the list and the reading made of a ticket."""

REPEATED_WITHIN: Final = timedelta(days=90)
"""So near each other corrections to the same unit count as one wish to change the list."""

LONGEST: Final = 2000
"""Characters that are kept: no more are read (`language.matters.READ_CHARACTERS`)."""

HEARD: Final = frozenset(
    {Action.DISPATCH, Action.REASSIGN, Action.RULE, Action.RETURN, Action.PASS, Action.MERGE, Action.WITHDRAW, Action.TERMINATE}
)
"""Steps that teach something."""

_ASSIGNS: Final = frozenset({Action.DISPATCH, Action.REASSIGN, Action.RULE})
_DOUBTS: Final = frozenset({Action.RETURN, Action.OBJECT, Action.REASSIGN, Action.RULE})
_ENDS: Final = frozenset({Action.MERGE, Action.WITHDRAW, Action.TERMINATE})


class Taken(msgspec.Struct, frozen=True):
    """What one step teaches."""

    at: datetime
    correction: Correction | None = None
    """A new example, withdrawn already when a later step contradicts it."""
    contradicts: Withdrawn | None = None
    """Why the ticket's earlier example no longer holds."""
    judged: Judged | None = None


def taken(ticket: Ticket, rows: Sequence[HistoryRow], seq: int) -> Taken:
    """What step `seq` teaches. `rows`: the ticket's history in order, with what came after the step as far as it is known."""
    till = [row for row in rows if row.seq <= seq]
    step, judged = till[-1], _judged(till, ticket)
    if step.action == Action.RETURN:
        return Taken(step.at, contradicts=Withdrawn.RETURNED, judged=judged)
    source = _source(ticket, till)
    correction = _correction(ticket, step, _assigned(till), source) if source else None
    if correction is None:
        return Taken(step.at, judged=judged)
    for later in rows:
        if later.seq > seq and (why := _contradicts(later)):
            correction = msgspec.structs.replace(correction, withdrawn_at=later.at, withdrawn_why=why)
            break
    return Taken(step.at, correction, Withdrawn.SUPERSEDED, judged)


def _contradicts(step: HistoryRow) -> Withdrawn | None:
    """Why this step takes back what was settled before it; None when it does not."""
    if step.action == Action.RETURN:
        return Withdrawn.RETURNED
    return Withdrawn.SUPERSEDED if step.action in tuple(_ASSIGNS) and step.role != Role.SYSTEM else None


def corrects(made: Correction) -> bool:
    """Whether it says that the list should read otherwise: another unit than was suggested, at a place that is known."""
    return made.withdrawn_at is None and made.source in CORRECTS and made.region is not None and made.unit != made.suggested_unit


def at_once(ticket: Ticket, rows: Sequence[HistoryRow]) -> Dispatched | None:
    """The ticket as the gate dispatched it when it was registered; None when it did not."""
    step = _gates(rows)
    named = _assigned(rows[: rows.index(step) + 1]) if step else None
    if step is None or named is None:
        return None
    return Dispatched(ticket.id, ticket.number, named["matter"], named["unit"], step.at)


def _gates(rows: Sequence[HistoryRow]) -> HistoryRow | None:
    """The step with which the gate dispatched it; what it only carried out for a person (`settled`) is not its own choice."""
    return next((row for row in rows if row.action == Action.DISPATCH and row.role == Role.SYSTEM and not row.detail.get("settled")), None)


def _source(ticket: Ticket, rows: Sequence[HistoryRow]) -> Source | None:
    """How the last of these steps settled it; None when it settled nothing."""
    step, before = rows[-1], rows[:-1]
    if step.action == Action.PASS:
        untouched = _gates(before) and not any(row.action in tuple(_DOUBTS) for row in before)
        people = any(row.action == Action.DISPATCH and row.role != Role.SYSTEM for row in before)
        return Source.ANSWERED if untouched and not people else None
    if step.action not in tuple(_ASSIGNS) or step.role == Role.SYSTEM:
        return None
    if step.action == Action.RULE:
        return Source.RULING
    if any(row.action == Action.RETURN for row in before):
        return Source.REASSIGNED
    agreed = step.action == Action.DISPATCH and _first(ticket) == (step.detail.get("matter"), step.detail.get("unit"))
    return Source.AGREED if agreed else Source.CHOICE


def _first(ticket: Ticket) -> tuple[str | None, str | None]:
    """Matter and unit of the suggestion that stood first."""
    best: Mapping[str, Any] = ticket.suggestions[0] if ticket.suggestions else {}
    return best.get("matter"), best.get("unit")


def _assigned(rows: Sequence[HistoryRow]) -> dict[str, str] | None:
    """Matter and unit that the last assignment among these rows named; None when it did not name both."""
    step = next((row for row in reversed(rows) if row.action in tuple(_ASSIGNS)), None)
    named = {key: step.detail.get(key) for key in ("matter", "unit")} if step else {}
    return {key: str(value) for key, value in named.items()} if named and all(named.values()) else None


def _correction(ticket: Ticket, step: HistoryRow, named: Mapping[str, str] | None, source: Source) -> Correction | None:
    """The example; None for a ticket that hides who called, and for one whose matter nobody named."""
    if ticket.hides_identity or named is None:
        return None
    matter, unit = _first(ticket)
    return Correction(
        id=new_id(step.at), ticket=ticket.id, number=ticket.number, seq=step.seq, at=step.at, source=source, role=step.role,
        weight=WEIGHTS[source], matter=named["matter"], unit=named["unit"], region=ticket.region, audience=ticket.audience,
        title=masked(ticket.title), text=masked(ticket.text[:LONGEST]), suggested_matter=matter, suggested_unit=unit,
    )  # fmt: skip


def _judged(rows: Sequence[HistoryRow], ticket: Ticket) -> Judged | None:
    """What the last step shows of the gate's choice; None when it shows nothing, or the gate chose nothing.

    Who looks again at a ticket that was right before is not looked at: the first verdict stays.
    """
    step, gates = rows[-1], _gates(rows)
    if gates is None or step is gates:
        return None
    if step.action == Action.RETURN:
        verdict = Verdict.WRONG
    elif step.action in tuple(_ASSIGNS) and step.role != Role.SYSTEM:
        # Another unit was named; the same one again, with other helpers or another matter, says nothing yet.
        if step.detail.get("unit") == gates.detail.get("unit"):
            return None
        verdict = Verdict.WRONG
    elif step.action == Action.PASS:
        verdict = Verdict.RIGHT
    elif step.action in tuple(_ENDS):
        verdict = Verdict.VOID
    else:
        return None
    return Judged(ticket.id, verdict, step.at, step.action)
