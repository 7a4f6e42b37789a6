"""How approvals and the pack read together, day by day."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from yixian.city import amendments
from yixian.city.amendments import Amendment
from yixian.city.model import Responsibility

NO = UUID(int=0)
JAN, MAR, MAY, JUL = (date(2026, month, 1) for month in (1, 3, 5, 7))


def entry(lead: str, since: date = JAN, till: date | None = None, code: str = "A-1") -> Responsibility:
    return Responsibility(code, "A", lead, "Order 1", since, till)


def change(lead: str | None, since: date, code: str = "A-1") -> Amendment:
    return Amendment(code, since, entry(lead, since, code=code) if lead else None, NO)


def versions(*entries: Responsibility) -> list[tuple[str, date, date | None]]:
    return [(e.lead, e.valid_from, e.valid_to) for e in entries]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_each_holds_till_the_next_whatever_the_order_of_approval(order: tuple[int, ...]) -> None:
    changes = [change("b", MAR), change("c", MAY), change(None, JUL)]
    found = amendments.in_force([entry("a")], [changes[n] for n in order])
    assert versions(*found) == [("a", JAN, date(2026, 2, 28)), ("b", MAR, date(2026, 4, 30)), ("c", MAY, date(2026, 6, 30))]


def test_of_two_for_the_same_day_the_later_approved_holds() -> None:
    assert versions(*amendments.in_force([entry("a")], [change("b", MAR), change("c", MAR)])) == [
        ("a", JAN, date(2026, 2, 28)), ("c", MAR, None),
    ]  # fmt: skip


def test_an_end_may_be_followed_by_a_return() -> None:
    assert versions(*amendments.in_force([entry("a")], [change(None, MAR), change("b", MAY)])) == [
        ("a", JAN, date(2026, 2, 28)), ("b", MAY, None),
    ]  # fmt: skip


def test_a_day_before_the_packs_own_replaces_it_whole() -> None:
    assert versions(*amendments.in_force([entry("a", MAR)], [change("b", JAN)])) == [("b", JAN, None)]


def test_an_entry_that_ended_by_itself_keeps_its_own_last_day() -> None:
    ended = entry("a", JAN, date(2026, 1, 31))
    assert versions(*amendments.in_force([ended], [change("b", MAR)])) == [("a", JAN, date(2026, 1, 31)), ("b", MAR, None)]


def test_the_version_of_a_day_is_the_one_that_holds_or_the_next() -> None:
    entries = amendments.in_force([entry("a"), entry("x", MAY, code="B-1"), entry("y", JAN, JAN, code="C-1")], [change("b", MAR)])
    assert {code: e.lead for code, e in amendments.version_on(entries, date(2026, 2, 28)).items()} == {"A-1": "a", "B-1": "x"}
    assert amendments.version_on(entries, MAR)["A-1"].lead == "b"


def test_a_pack_that_has_caught_up_contradicts_nothing() -> None:
    changes = [change("b", MAR), change(None, MAY, code="B-1")]
    caught_up = [entry("b", MAR), entry("x", JAN, date(2026, 4, 30), code="B-1")]
    assert amendments.kept(caught_up, changes, frozenset()) == ()
    behind = amendments.kept([entry("a"), entry("x", code="B-1")], changes, frozenset({"B-1"}))
    assert [(k.code, k.now_changed) for k in behind] == [("A-1", False), ("B-1", True)]
