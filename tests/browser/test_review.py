"""Reviewers, callers-back and supervisors in a real browser: five verdicts by keyboard, a call with three ratings, numbers that move."""

from __future__ import annotations

import json
import re
import urllib.request
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.browser.driving import Driver
from yixian.city import pack as packs
from yixian.city.inforce import compile_city
from yixian.cli.demo import default_pack, demo_staff
from yixian.people.model import Role
from yixian.tickets import choices

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

ANSWER = "市民您好：江南中街江南大道中的路灯，我单位今天上午已派人更换灯具，晚上复查正常亮灯。如有问题请致电我单位。"


def until(tab: Tab, said: str) -> None:
    """Waits until a page's expression holds; the page's own policy forbids the browser to wait for it."""
    for _ in range(400):
        if tab.evaluate(f"() => Boolean({said})"):
            return
        tab.wait_for_timeout(50)
    raise AssertionError(f"it never came true: {said}")


def answered(browser: Driver, count: int, first: int) -> list[str]:
    """Tickets whose answers wait for the hotline, handled through the desks' own forms by a supervisor and the unit's people."""
    numbers = [_reported(browser, n) for n in range(first, first + count)]
    for number in numbers:
        _dispatched(browser, number)
        for action, fields in (("sign", {}), ("contact", {"note": "已电话联系"}), ("reply", {"answer": ANSWER})):
            _step(browser, Role.HANDLER, number, action, fields)
        _step(browser, Role.UNIT_REVIEWER, number, "approve", {})
    return numbers


def _reported(browser: Driver, n: int) -> str:
    streets = ("江南中街", "赤岗街道", "新港街道", "昌岗街道", "南石头街道", "海幢街道", "滨江街道", "素社街道", "凤阳街道")
    body = {"text": f"海珠区{streets[n % len(streets)]}路灯不亮{n}号", "caller": {"name": "陈女士", "phone": f"1391113{7000 + n:04}"}}
    asked = urllib.request.Request(
        f"{browser.city.address}/api/v1/contacts", json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return json.loads(answer.read())["tickets"][0]["number"]


def _csrf(browser: Driver, role: Role) -> str:
    html = browser.context(role).request.get("/desk/tickets").text()
    found = re.search(r'name="csrf" value="([^"]+)"', html)
    assert found, html[:500]
    return found[1]


def _step(browser: Driver, role: Role, number: str, action: str, fields: dict[str, str]) -> None:
    form = {"csrf": _csrf(browser, role), "public_anyway": "1", **fields}
    sent = browser.context(role).request.post(f"/desk/ticket/{number}/{action}", form=form, max_redirects=0)
    assert sent.status == 303, f"{action}: {sent.status} {re.sub(r'<[^>]+>', ' ', sent.text())[:1500]}"


@cache
def home_of_the_handler() -> str:
    """Their unit, as a field holds it."""
    city = compile_city(packs.read(default_pack()))
    unit = next(account.unit for account in demo_staff(city) if Role.HANDLER in account.roles)
    return choices.written(city, choices.What.UNITS, unit)


def _dispatched(browser: Driver, number: str) -> None:
    """To the unit where the handler and the unit's reviewer work."""
    context = browser.context(Role.SUPERVISOR)
    html = context.request.get(f"/desk/ticket/{number}").text()
    action = "dispatch" if f"/desk/ticket/{number}/dispatch" in html else "reassign"
    fields = {"unit": home_of_the_handler(), "basis": "职责清单", "note": "由该单位办理"}
    _step(browser, Role.SUPERVISOR, number, action, fields)


@pytest.fixture(scope="module")
def waiting(browser: Driver) -> list[str]:
    return answered(browser, 6, 0)


def the_open_one(tab: Tab) -> str:
    return tab.inner_text(".review-one .number >> nth=0").strip()


def test_five_verdicts_by_keyboard(browser: Driver, waiting: list[str]) -> None:
    tab = browser.context(Role.REVIEWER).new_page()
    tab.goto("/desk/review")
    seen: list[str] = []
    for n in range(5):
        tab.wait_for_selector(".two-sides")
        number = the_open_one(tab)
        seen.append(number)
        assert "路灯" in tab.inner_text(".asked")
        if n == 2:  # one is sent back: s, the reason's digit, Enter
            tab.keyboard.press("s")
            until(tab, "document.activeElement.matches('[data-reason]')")
            tab.keyboard.press("2")
            tab.keyboard.press("Enter")
        else:
            tab.keyboard.press("a")
        tab.wait_for_selector(f"[data-draft-done]:has-text('{number}')")
        said = tab.inner_text("[data-draft-done]")
        assert ("退回" if n == 2 else "合格") in said
    assert len(set(seen)) == 5, "each verdict opens the next one"
    assert re.search(r"合格\s*4\s*退回\s*1", tab.inner_text(".today"))
    tab.close()


def test_a_call_with_three_ratings_by_keyboard(browser: Driver, waiting: list[str]) -> None:
    tab = browser.context(Role.CALL_BACK).new_page()
    tab.goto("/desk/callback")
    if not tab.query_selector("[data-ratings]"):  # outside the hours for ringing
        tab.goto("/desk/callback?tab=later")
    number = the_open_one(tab)
    tab.keyboard.press("p")
    tab.wait_for_selector("a.phone")
    assert tab.inner_text("a.phone").startswith("+86")
    for digit in "544":
        tab.keyboard.press(digit)
    chosen = tab.evaluate("[...document.querySelectorAll('[data-ratings] input:checked')].map((i) => i.name + i.value)")
    assert chosen == ["response5", "solution4", "attitude4"]
    tab.fill("#rate-words", "修得很快")
    tab.keyboard.press("Tab")
    tab.keyboard.press("e")
    tab.wait_for_selector(f"[data-draft-done]:has-text('{number}')")
    assert "登记评价" in tab.inner_text("[data-draft-done]")
    ticket = browser.context(Role.SUPERVISOR).request.get(f"/desk/ticket/{number}").text()
    assert "已办结" in ticket
    tab.close()


def test_the_boards_numbers_change_without_reloading(browser: Driver) -> None:
    tab = browser.context(Role.SUPERVISOR).new_page()
    tab.goto("/desk/supervisor")
    tab.evaluate("() => { window.stayed = true; }")
    before = int(tab.inner_text('.count [data-live="all"]'))
    _reported(browser, 900)
    until(tab, f"Number(document.querySelector('.count [data-live=all]').textContent) > {before}")
    assert tab.evaluate("window.stayed"), "the page was not loaded again"
    tab.click('.count:has([data-live="all"])')
    tab.wait_for_url("**/desk/tickets**")
    tab.close()
