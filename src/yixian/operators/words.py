"""How states read on screen. Keys of the message catalogue; a test keeps them in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yixian.operators import states
from yixian.operators.model import State

STATES: Final[Mapping[State, str]] = {
    State.READY: "就绪",
    State.TALKING: "通话",
    State.AFTER: "话后",
    State.PAUSE: "小休",
    State.AWAY: "离席",
}


def sayings() -> tuple[str, ...]:
    """All of them, for the test of the catalogue."""
    return (*STATES.values(), states.NOT_WHILE_TALKING, states.NOT_NOW)
