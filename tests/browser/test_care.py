"""A desperate caller in a real browser: red on the supervisor's board without a reload, and gone with one key."""

from __future__ import annotations

from tests.browser import lives
from tests.browser.driving import NARROW, Driver
from tests.browser.test_pages import found_by_axe
from yixian.people.model import Role

WORDS = "海珠区江南中街江南大道中，房租交不起，我真的活不下去了"


def test_the_board_shows_it_at_once_and_one_key_takes_it(browser: Driver) -> None:
    tab = browser.context(Role.SUPERVISOR).new_page()
    tab.goto("/desk/supervisor")
    tab.evaluate("() => { window.stayed = true; }")
    number = lives.said(browser, WORDS, "13911143001")["tickets"][0]["number"]
    line = tab.locator(f"section.care li:has-text('{number}')")
    line.wait_for(timeout=15_000)
    assert "活不下去" in line.inner_text()
    assert tab.evaluate("window.stayed"), "the page was not loaded again"
    assert found_by_axe(tab) == []
    tab.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    assert tab.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
    for _ in range(20):  # the key takes the oldest first
        with tab.expect_navigation():
            tab.keyboard.press("c")
        if not line.count():
            break
    assert not line.count()
    tab.goto(f"/desk/ticket/{number}")
    assert "接手关怀" in tab.inner_text("main")
    tab.close()


def test_the_operator_is_told_and_can_say_so(browser: Driver) -> None:
    tab = browser.context(Role.OPERATOR).new_page()
    tab.on("dialog", lambda asked: asked.accept())
    tab.goto("/desk/operator?new=1")
    tab.fill("#text", WORDS)
    tab.wait_for_selector("#op-beside .op-felt:has-text('来电人可能想不开')")
    tab.check("#despairs")
    tab.reload()
    assert tab.is_checked("#despairs"), "a mark is kept like every field"
    tab.click("button[value=drop]")
    tab.close()
