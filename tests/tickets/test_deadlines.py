"""Clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from yixian.city.inforce import City
from yixian.city.model import Audience, RequestKind, Urgency
from yixian.db.ids import new_id
from yixian.tickets import deadlines, effects
from yixian.tickets.lifecycle import Clock
from yixian.tickets.model import Light, State, Ticket

MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)


def ticket(state: State, **fields: object) -> Ticket:
    made = effects.fresh(new_id(MONDAY), "PA1", new_id(MONDAY), "web", RequestKind.HELP, "text", Urgency.NORMAL, Audience.PERSON, MONDAY)
    return msgspec.structs.replace(made, state=state, caller=new_id(MONDAY), **fields)


def test_a_units_limits_count_from_dispatch_in_working_days(city: City) -> None:
    started = deadlines.started(ticket(State.DISPATCHED), city, MONDAY)
    assert started.sign_due == datetime(2026, 11, 24, 17, tzinfo=UTC)
    assert started.contact_due == datetime(2026, 11, 25, 17, tzinfo=UTC)
    assert started.answer_due == datetime(2026, 12, 7, 17, tzinfo=UTC)
    signed = msgspec.structs.replace(started, state=State.HANDLING, signed_at=MONDAY + timedelta(days=3))
    assert deadlines.after(Clock.RUNS, started, signed, city, MONDAY + timedelta(days=3)).answer_due == started.answer_due


def test_another_lead_starts_anew_and_the_same_does_not(city: City) -> None:
    before = deadlines.started(ticket(State.JOINT_REVIEW, lead="pa.roads"), city, MONDAY)
    later = MONDAY + timedelta(days=2)
    same = deadlines.after(Clock.STARTS_FOR_A_NEW_LEAD, before, before, city, later)
    other = deadlines.after(Clock.STARTS_FOR_A_NEW_LEAD, before, msgspec.structs.replace(before, lead="pa.harbour"), city, later)
    assert same.answer_due == before.answer_due
    assert other.answer_due == deadlines.started(before, city, later).answer_due != before.answer_due


def test_an_extension_adds_working_days_to_what_was_owed(city: City) -> None:
    before = msgspec.structs.replace(deadlines.started(ticket(State.HANDLING), city, MONDAY), extension_asked=2)
    moved = deadlines.after(Clock.EXTENDS, before, before, city, MONDAY)
    assert (before.answer_due, moved.answer_due) == (datetime(2026, 12, 7, 17, tzinfo=UTC), datetime(2026, 12, 9, 17, tzinfo=UTC))


def test_an_extension_granted_late_counts_from_then(city: City) -> None:
    before = msgspec.structs.replace(deadlines.started(ticket(State.HANDLING), city, MONDAY), extension_asked=1)
    late = datetime(2026, 12, 14, 9, tzinfo=UTC)
    assert deadlines.after(Clock.EXTENDS, before, before, city, late).answer_due == datetime(2026, 12, 15, 17, tzinfo=UTC)


def test_a_return_ends_the_units_limits_and_starts_the_hotlines(city: City) -> None:
    before = deadlines.started(ticket(State.HANDLING), city, MONDAY)
    back = deadlines.after(Clock.WAITS_FOR_DISPATCH, before, before, city, MONDAY)
    assert (back.sign_due, back.contact_due, back.answer_due) == (None, None, None)
    assert back.dispatch_due == datetime(2026, 11, 24, 10, tzinfo=UTC), "eight working hours"


@pytest.mark.parametrize(
    ("state", "done", "owed"),
    [
        (State.DISPATCHED, {}, "sign_due"),
        (State.DISPATCHED, {"signed_at": MONDAY}, "contact_due"),
        (State.HANDLING, {"signed_at": MONDAY}, "contact_due"),
        (State.HANDLING, {"signed_at": MONDAY, "contacted_at": MONDAY}, "answer_due"),
        (State.HANDLING, {"signed_at": MONDAY, "caller": None}, "answer_due"),
        (State.JOINT_REVIEW, {"contacted_at": MONDAY}, "answer_due"),
        (State.UNIT_REVIEW, {"replied_at": MONDAY}, "answer_due"),
        (State.IN_REVIEW, {}, None),
        (State.AWAITING_CALL_BACK, {}, None),
        (State.CLOSED, {}, None),
    ],
)
def test_what_is_owed_next(city: City, state: State, done: dict[str, object], owed: str | None) -> None:
    found = msgspec.structs.replace(deadlines.started(ticket(state), city, MONDAY), **done)
    assert deadlines.next_due(found) == (getattr(found, owed) if owed else None)


def test_joint_review_does_not_stop_the_clock(city: City) -> None:
    before = deadlines.started(ticket(State.HANDLING, contacted_at=None), city, MONDAY)
    disputed = msgspec.structs.replace(before, state=State.JOINT_REVIEW)
    assert deadlines.next_due(disputed) == deadlines.next_due(before)


def test_amber_is_the_last_day_and_of_a_short_limit_its_last_third() -> None:
    far = deadlines.clocked(ticket(State.AWAITING_DISPATCH, dispatch_due=MONDAY + timedelta(days=10)), None, MONDAY)
    near = deadlines.clocked(ticket(State.AWAITING_DISPATCH, dispatch_due=MONDAY + timedelta(hours=3)), None, MONDAY)
    assert far.amber_at == MONDAY + timedelta(days=9)
    assert near.amber_at == MONDAY + timedelta(hours=2)


def test_lights() -> None:
    due = MONDAY + timedelta(hours=3)
    amber = MONDAY + timedelta(hours=2)
    shown = [deadlines.light(due, amber, MONDAY + timedelta(hours=h, seconds=1)) for h in (0, 2, 3)]
    assert shown == [Light.GREEN, Light.AMBER, Light.RED]
    assert deadlines.light(None, None, MONDAY) is Light.NONE
