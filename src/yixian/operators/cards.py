"""What the supervisor's board shows of operators: how many are in which state, and who has been in it longest."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from yixian.db.pool import Transaction
from yixian.operators import store
from yixian.operators.model import State
from yixian.operators.words import STATES
from yixian.tickets.supervising.model import Card, Figure

MOST: Final = 2000
NAMED: Final = 6
"""Shown by name."""
TITLE: Final = "话务员"

TONES: Final = {State.READY: "green", State.TALKING: "", State.AFTER: "amber", State.PAUSE: "amber"}


async def agents(tx: Transaction, _now: datetime) -> Card:
    """Everybody at the desk, by state. One statement."""
    at_the_desk = await store.at_the_desk(tx, MOST)
    figures = tuple(
        Figure(f"agents.{state}", STATES[state], sum(s.state is state for s in at_the_desk), tone=tone) for state, tone in TONES.items()
    )
    longest = [s for s in at_the_desk if s.state in (State.AFTER, State.PAUSE, State.TALKING)][:NAMED]
    return Card(TITLE, "", figures, tuple((s.name, STATES[s.state], s.since) for s in longest))


def sayings() -> tuple[str, ...]:
    """For the test of the catalogue."""
    return (TITLE,)
