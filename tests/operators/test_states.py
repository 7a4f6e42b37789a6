"""What follows what, and what a contact's time comes to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from yixian.operators import states, words
from yixian.operators.model import Source, State, Work
from yixian.web import render

BEGAN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def after(seconds: int) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def work(held: int = 0, talk_ended: int | None = None, recorded: int | None = None) -> Work:
    ended = None if talk_ended is None else after(talk_ended)
    return Work("k", "phone", BEGAN, held, ended, None if recorded is None else after(recorded), None, None, None, None)


def test_the_words_of_the_room_have_english():
    assert [s for s in words.sayings() if s not in render.catalogue("en")] == []


def test_nobody_is_ready_while_a_caller_is_on_the_line():
    for wanted in (State.READY, State.PAUSE, State.AWAY):
        assert states.refusal(State.TALKING, wanted, Source.DESK) == states.NOT_WHILE_TALKING
    assert states.refusal(State.TALKING, State.AFTER, Source.DESK) is None


def test_the_telephone_is_believed():
    assert all(states.refusal(before, wanted, Source.TELEPHONE) is None for before in State for wanted in State)


def test_every_state_has_a_way_out_and_can_be_reached():
    assert all(states.FOLLOWS[state] for state in State)
    assert frozenset().union(*states.FOLLOWS.values()) == frozenset(State)


@pytest.mark.parametrize(
    ("of", "ended", "handling", "wrap_up"),
    [
        # Talked for 180 s, wrote until 200 s: 20 s after the talk.
        (work(talk_ended=180, recorded=195), 200, 200, 20),
        # Stood aside for 60 of its 300 s.
        (work(held=60, talk_ended=280), 300, 240, 20),
        # Nobody said when the talk was over.
        (work(recorded=90), 90, 90, 0),
        # Aside after the talk: the wrap-up is never more than the whole.
        (work(held=190, talk_ended=20), 200, 10, 10),
    ],
)
def test_what_a_contact_comes_to(of: Work, ended: int, handling: int, wrap_up: int):
    assert states.times(of, after(ended)) == (handling, wrap_up)


def test_the_entry_ends_when_it_is_recorded():
    assert states.entry(work(held=30, recorded=90)) == 60
    assert states.entry(work()) is None
