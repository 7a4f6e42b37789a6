"""Reviewers, callers-back and supervisors in a real browser: five verdicts by keyboard, a call with three ratings, numbers that move."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser import lives
from tests.browser.driving import Driver
from yixian.people.model import Role

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab


def until(tab: Tab, said: str) -> None:
    """Waits until a page's expression holds; the page's own policy forbids the browser to wait for it."""
    for _ in range(400):
        if tab.evaluate(f"() => Boolean({said})"):
            return
        tab.wait_for_timeout(50)
    raise AssertionError(f"it never came true: {said}")


@pytest.fixture(scope="module")
def waiting(browser: Driver) -> list[str]:
    numbers = [lives.reported(browser, n)["number"] for n in range(6)]
    for number in numbers:
        lives.answered(browser, number)
    return numbers


def the_open_one(tab: Tab) -> str:
    return tab.inner_text(".review-one .number >> nth=0").strip()


def today(tab: Tab) -> tuple[int, int]:
    """How many answers the reviewer passed and sent back today."""
    found = re.search(r"合格\s*(\d+)\s*退回\s*(\d+)", tab.inner_text(".today"))
    assert found
    return int(found[1]), int(found[2])


def test_five_verdicts_by_keyboard(browser: Driver, waiting: list[str]) -> None:
    tab = browser.context(Role.REVIEWER).new_page()
    tab.goto("/desk/review")
    passed, sent_back = today(tab)
    seen: list[str] = []
    for n in range(5):
        tab.wait_for_selector(".two-sides")
        number = the_open_one(tab)
        seen.append(number)
        ticket = tab.request.get(f"/api/v1/tickets/{number}").json()
        assert ticket["text"][:10] in tab.inner_text(".asked"), "the question stands beside the answer"
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
    assert today(tab) == (passed + 4, sent_back + 1)
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
    tab.fill("#rate-words", "修得很快")
    # The first by a click, the others by their digits; a radio has the focus all the while.
    tab.locator("[data-ratings] label:has(input[name=response][value='5'])").click()
    for digit in "44":
        tab.keyboard.press(digit)
    chosen = tab.evaluate("[...document.querySelectorAll('[data-ratings] input:checked')].map((i) => i.name + i.value)")
    assert chosen == ["response5", "solution4", "attitude4"]
    assert tab.evaluate("document.activeElement.type") == "radio"
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
    lives.reported(browser, 900)
    until(tab, f"Number(document.querySelector('.count [data-live=all]').textContent) > {before}")
    assert tab.evaluate("window.stayed"), "the page was not loaded again"
    tab.click('.count:has([data-live="all"])')
    tab.wait_for_url("**/desk/tickets**")
    tab.close()
