"""Which state follows which, and what the parts of a contact come to. Pure.

The telephone says what is so: whatever it reports is taken. A person at the desk may not leave a caller by pressing a button.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from yixian.operators.model import Source, State, Work

FOLLOWS: Final[Mapping[State, frozenset[State]]] = {
    State.AWAY: frozenset({State.READY, State.TALKING, State.PAUSE}),
    State.READY: frozenset({State.TALKING, State.PAUSE, State.AWAY}),
    State.TALKING: frozenset({State.AFTER}),
    State.AFTER: frozenset({State.READY, State.TALKING, State.PAUSE, State.AWAY}),
    State.PAUSE: frozenset({State.READY, State.TALKING, State.AWAY}),
}
"""What a person at the desk may change to."""

NOT_WHILE_TALKING: Final = "通话还没有结束。请先结束通话，再就绪或小休。"
NOT_NOW: Final = "现在不能改为这个状态，请刷新后再试。"


def refusal(before: State, wanted: State, source: Source) -> str | None:
    """Why a state cannot follow, as a sentence; None when it can."""
    if source is Source.TELEPHONE or wanted is before or wanted in FOLLOWS[before]:
        return None
    return NOT_WHILE_TALKING if before is State.TALKING else NOT_NOW


def times(work: Work, ended_at: datetime) -> tuple[int, int]:
    """Handling and wrap-up seconds of a contact whose work ends at `ended_at`.

    Handling goes from the begin to the end, less what it stood aside; the wrap-up begins when the talk was over. Whoever never said
    that it was, wrote until the end.
    """
    handling = max(0, _seconds(work.begun_at, ended_at) - work.held_seconds)
    wrap_up = max(0, _seconds(work.talk_ended_at, ended_at)) if work.talk_ended_at is not None else 0
    return handling, min(handling, wrap_up)


def entry(work: Work) -> int | None:
    """Seconds from the begin until it was recorded, less what it stood aside; None while it is not."""
    if work.recorded_at is None:
        return None
    return max(0, _seconds(work.begun_at, work.recorded_at) - work.held_seconds)


def _seconds(since: datetime, till: datetime) -> int:
    return int((till - since).total_seconds())
