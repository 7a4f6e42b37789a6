"""What lies where: columns that can be read, boxes that do not touch their borders, ticks that a finger can tell apart."""

from __future__ import annotations

import itertools

import pytest

from tests.browser import lives
from tests.browser.driving import NARROW, THEMES, WIDE, Driver
from tests.browser.pages import Page
from yixian.people.model import Role

LIST = Page("list", "/desk/tickets", Role.SUPERVISOR)
OPERATOR = Page("operator", "/desk/operator", Role.OPERATOR)

STICKS_OUT = """
() => [...document.querySelectorAll("[data-queue] td .tag")]
  .filter((tag) => tag.getBoundingClientRect().right > tag.closest("td").getBoundingClientRect().right + 0.5)
  .map((tag) => tag.textContent)
"""
RADIOS = """
() => [...document.querySelectorAll("label:has(input[name=attach])")].map((label) => {
  const outer = label.getBoundingClientRect();
  const box = label.querySelector("input").getBoundingClientRect();
  return { left: box.left - outer.left, top: box.top - outer.top, right: outer.right, page: innerWidth };
})
"""
TICKS = """
() => [...document.querySelectorAll(".field.check > input")].filter((tick) => tick.offsetParent)
  .map((tick) => { const box = tick.getBoundingClientRect(); return (box.top + box.bottom) / 2; })
"""


@pytest.mark.parametrize("theme", THEMES)
def test_the_hotlines_list_has_room_for_the_unit_and_its_marks(browser: Driver, theme: str) -> None:
    number = lives.reported(browser, 81 + THEMES.index(theme))["number"]
    lives.dispatched(browser, number)
    lives.step(browser, Role.HANDLER, number, "return", {"note": "不属于本单位", "basis": "职责清单"})
    lives.dispatched(browser, number)
    with browser.opened(LIST) as (tab, _):
        tab.emulate_media(color_scheme=theme)
        for width, height in (WIDE, (1100, 800), NARROW):
            tab.set_viewport_size({"width": width, "height": height})
            assert tab.locator("[data-queue] td .tag", has_text="退过 1 次").count()
            assert tab.evaluate(STICKS_OUT) == []
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
        tab.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        columns = tab.locator("[data-queue] tbody tr").first.locator("td")
        assert columns.nth(-2).bounding_box()["width"] >= 160, "a unit's name is not one character a line"
        assert columns.nth(-4).bounding_box()["width"] >= 250, "nor what was said"


@pytest.mark.parametrize("theme", THEMES)
def test_the_operator_can_tell_radios_and_ticks_apart(browser: Driver, theme: str) -> None:
    lives.reported(browser, 0)
    with browser.opened(OPERATOR) as (tab, _):
        tab.emulate_media(color_scheme=theme)
        tab.fill("#text", f"海珠区{lives.STREETS[0]}路灯不亮，晚上看不见路")
        tab.locator("input[name=attach]").nth(1).wait_for()
        for width, height in (WIDE, NARROW):
            tab.set_viewport_size({"width": width, "height": height})
            for radio in tab.evaluate(RADIOS):
                assert min(radio["left"], radio["top"]) >= 6, radio
                assert radio["right"] <= radio["page"]
            tab.evaluate("() => { for (const fold of document.querySelectorAll('details.op-who')) fold.open = true; }")
            heights = sorted(tab.evaluate(TICKS))
            assert heights and all(below - above >= 24 for above, below in itertools.pairwise(heights))
