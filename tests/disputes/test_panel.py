"""What the votes say, by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from yixian.db.ids import new_id
from yixian.disputes import panel, record
from yixian.disputes.model import How, Opinion, Seat
from yixian.disputes.panel import Says, Tally

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PANEL = new_id(NOW)


def tally(voting: int, *leads: str, heard: tuple[str, ...] = ()) -> Tally:
    """`voting` units with votes, of which the first vote for `leads`; and units that are heard without a vote."""
    seats = [Seat(PANEL, f"v{n}", f"pa/v{n}/", True) for n in range(voting)] + [Seat(PANEL, f"h{n}", "", False) for n in range(len(heard))]
    given = {f"v{n}": lead for n, lead in enumerate(leads)} | {f"h{n}": lead for n, lead in enumerate(heard)}
    return panel.count(seats, {u: Opinion(PANEL, u, "", 1, NOW, "x", lead) for u, lead in given.items()})


@pytest.mark.parametrize(
    ("counted", "says", "lead", "decided"),
    [
        (tally(3), Says.WAITING, None, False),
        (tally(3, "a"), Says.WAITING, None, False),
        (tally(3, "a", "a"), Says.MAJORITY, "a", True),
        (tally(3, "a", "b"), Says.TIE, None, False),
        (tally(3, "a", "b", "c"), Says.TIE, None, True),
        (tally(4, "a", "a"), Says.WAITING, None, False),
        (tally(4, "a", "a", "b"), Says.MAJORITY, "a", False),
        (tally(4, "a", "a", "b", "b"), Says.TIE, None, True),
        (tally(5, "a", "a", "b", "c"), Says.DIVIDED, None, False),
        (tally(5, "a", "a", "a"), Says.MAJORITY, "a", True),
        (tally(5, "a", "a", "b", "b", "c"), Says.TIE, None, True),
        (tally(2, "a", "a", heard=("b", "b", "b")), Says.MAJORITY, "a", True),
        (tally(3, heard=("a", "a", "a")), Says.WAITING, None, False),
    ],
)
def test_what_the_votes_say(counted: Tally, says: Says, lead: str | None, decided: bool) -> None:
    assert (counted.says, counted.lead, counted.decided) == (says, lead, decided)


def test_a_quorum_is_more_than_half() -> None:
    assert [tally(n).quorum for n in (2, 3, 4, 5, 6, 7)] == [2, 2, 3, 3, 4, 4]


def test_on_what_a_ruling_rests() -> None:
    majority = tally(3, "a", "a")
    assert panel.how(majority, "a") is How.MAJORITY
    assert panel.how(majority, "b") is How.AGAINST_MAJORITY
    assert panel.how(tally(2, "a", "b"), "a") is How.CHAIR
    assert panel.how(None, "a") is How.CHAIR


SIDES = ("pa/pa.roads/", "pa/PA-N/PA-N-1/")


@pytest.mark.parametrize(
    ("unit", "counts"),
    [
        ("pa/pa.waste/", True),
        ("pa/pa.roads/", False),
        ("pa/PA-N/PA-N-1/PA-N-1-a/", False),
        ("pa/PA-N/", False),
        ("pa/", True),
        ("pa/PA-N/PA-N-10/", True),
    ],
)
def test_nobody_judges_their_own_case(unit: str, counts: bool) -> None:
    assert panel.votes(unit, SIDES) is counts


def test_the_interval_of_a_share() -> None:
    # By hand: p=10/100, z=1.96: (0.1+0.0192073±1.96·sqrt(0.0009+0.00009603646))/1.0384146 = 0.05523, 0.17437
    assert record.wilson(10, 100) == pytest.approx((0.05523, 0.17437), abs=1e-5)
    assert record.wilson(0, 0) == (0.0, 1.0)
    assert record.wilson(0, 10) == pytest.approx((0.0, 0.27754), abs=1e-5)
    assert record.wilson(10, 10) == pytest.approx((0.72246, 1.0), abs=1e-5)


def test_who_is_surely_high_stands_before_who_may_be() -> None:
    found = record.records({"small": 2, "big": 200, "calm": 500}, {"small": 1, "big": 60, "gone": 1})
    assert [(r.unit, r.led, r.doubted, r.rate) for r in found] == [("big", 200, 60, 30.0), ("gone", 1, 1, 100.0), ("small", 2, 1, 50.0)]
