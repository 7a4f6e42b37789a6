"""Who may vote on a panel, what the votes say, and what that allows. Pure.

A quorum is more than half of the units that vote; a majority is more than half of the votes cast. These are ours: no published
rule for hotline panels was found. Whoever chairs decides where there is no majority, and may decide against one, with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec

from yixian.disputes.model import How, Opinion, Seat

FEWEST: Final = 2
"""Units whose votes count. One alone is no panel: it can be asked without convening it."""


class Says(StrEnum):
    """What the votes say."""

    WAITING = "waiting"
    """Too few units have voted."""

    MAJORITY = "majority"
    TIE = "tie"
    """The leading units have equally many."""

    DIVIDED = "divided"
    """One leads, with half of the votes or fewer."""


class Tally(msgspec.Struct, frozen=True):
    """The votes counted."""

    voting: int
    """Units whose votes count."""
    cast: int
    quorum: int
    for_lead: tuple[tuple[str, int], ...]
    """Unit that should lead, and votes for it; most first."""
    says: Says
    lead: str | None
    """The unit with the majority; None without one."""

    @property
    def decided(self) -> bool:
        """Whether no vote that is still out could change what the votes say."""
        return self.cast == self.voting or (self.lead is not None and 2 * self.for_lead[0][1] > self.voting)

    def kept(self) -> dict[str, Any]:
        """As the ruling keeps it."""
        return {"voting": self.voting, "cast": self.cast, "quorum": self.quorum, "for": dict(self.for_lead), "says": self.says.value}


def votes(unit_path: str, parties: Iterable[str]) -> bool:
    """Whether a unit's vote counts, by its path and those of the units in dispute.

    Nobody judges their own case: not a unit in dispute, not one below it, not one above it, unless it stands above all of them alike.
    """
    sides = tuple(parties)
    if any(unit_path.startswith(side) for side in sides):
        return False
    above = [side.startswith(unit_path) for side in sides]
    return all(above) or not any(above)


def count(seats: Sequence[Seat], opinions: Mapping[str, Opinion]) -> Tally:
    """Counts the votes of those that have one. `opinions`: each unit's newest."""
    voting = {s.unit for s in seats if s.votes}
    given = Counter(o.lead for unit, o in opinions.items() if unit in voting)
    cast, quorum = given.total(), len(voting) // 2 + 1
    ranked = tuple(sorted(given.items(), key=lambda item: (-item[1], item[0])))
    says = _says(ranked, cast, quorum)
    return Tally(len(voting), cast, quorum, ranked, says, ranked[0][0] if says is Says.MAJORITY else None)


def _says(ranked: tuple[tuple[str, int], ...], cast: int, quorum: int) -> Says:
    if cast < quorum:
        return Says.WAITING
    if 2 * ranked[0][1] > cast:
        return Says.MAJORITY
    return Says.TIE if len(ranked) > 1 and ranked[0][1] == ranked[1][1] else Says.DIVIDED


def how(tally: Tally | None, lead: str) -> How:
    """On what a ruling for `lead` rests."""
    if tally is None or tally.lead is None:
        return How.CHAIR
    return How.MAJORITY if tally.lead == lead else How.AGAINST_MAJORITY
