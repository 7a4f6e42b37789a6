"""What every page owes to everybody: nothing that axe calls serious, a keyboard that reaches all of it, and no sideways scrolling."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.driving import NARROW, THEMES, WIDE, Driver
from tests.browser.pages import PAGES, Page

BAD = {"serious", "critical"}
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)

MARK_FOCUSABLE = """() => {
  const all = 'a[href], button:not(:disabled), input:not([type=hidden]):not(:disabled), ' +
    'select:not(:disabled), textarea:not(:disabled), summary, [tabindex="0"]';
  const groups = new Set(), names = [];
  for (const each of document.querySelectorAll(all)) {
    if (!each.checkVisibility({ visibilityProperty: true }) || !each.getClientRects().length || each.tabIndex < 0) continue;
    if (each.type === 'radio') {
      const group = (each.form?.action ?? '') + each.name;
      if (groups.has(group)) continue;
      groups.add(group);
    }
    each.dataset.walk = names.length;
    names.push(each.outerHTML.slice(0, 120));
  }
  document.activeElement?.blur();
  return names;
}"""
"""Numbers what a keyboard must reach, a group of radio buttons once, and says what it is."""

WHERE = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const same = (r) => r.form === at.form && r.dataset.walk;
  const group = at.type === 'radio' ? [...document.getElementsByName(at.name)].find(same) : at;
  const shown = (each) => {
    const style = getComputedStyle(each);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  };
  const visible = shown(at) || (at.parentElement && shown(at.parentElement));
  return { walk: (group ?? at).dataset.walk ?? null, visible, html: at.outerHTML.slice(0, 120) };
}"""
"""Which of them has the focus, and whether one sees it."""


def found_by_axe(tab: Any) -> list[str]:
    """What axe calls serious or critical, as `rule: element`."""
    from axe_playwright_python.sync_playwright import Axe

    results = Axe().run(tab, options={"resultTypes": ["violations"]}).response
    return [f"{v['id']}: {node['html'][:160]}" for v in results["violations"] if v["impact"] in BAD for node in v["nodes"]]


def test_axe_would_find_something(browser: Driver) -> None:
    with browser.opened(PAGES[0]) as (tab, _):
        tab.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=\"/nothing.png\"><button></button>')")
        assert {found.partition(":")[0] for found in found_by_axe(tab)} >= {"image-alt", "button-name"}


NOT_THERE = ("problem", "rate-void")
"""Pages that say that something is not there: their own status is no complaint."""


@every_page
def test_axe_finds_nothing_serious(browser: Driver, page: Page) -> None:
    found: dict[str, list[str]] = {}
    with browser.opened(page) as (tab, complaints):
        for theme in THEMES:
            tab.emulate_media(color_scheme=theme, reduced_motion="reduce")
            for width, height in (WIDE, NARROW):
                tab.set_viewport_size({"width": width, "height": height})
                if wrong := found_by_axe(tab):
                    found[f"{theme} {width}"] = wrong
        assert found == {}
        # Among them what the content security policy stopped, and files that are not there.
        assert [c for c in complaints if page.name not in NOT_THERE] == []


@every_page
def test_a_telephone_scrolls_down_only(browser: Driver, page: Page) -> None:
    with browser.opened(page) as (tab, _):
        tab.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        assert tab.evaluate("document.documentElement.scrollWidth") <= NARROW[0]


@every_page
def test_the_keyboard_reaches_everything_and_shows_where_it_is(browser: Driver, page: Page) -> None:
    with browser.opened(page) as (tab, _):
        expected = tab.evaluate(MARK_FOCUSABLE)
        reached: set[int] = set()
        unseen: list[str] = []
        for _step in range(2 * len(expected) + 10):
            tab.keyboard.press("Tab")
            at = tab.evaluate(WHERE)
            if at is None or at["walk"] is None:
                continue
            if int(at["walk"]) in reached and len(reached) == len(expected):
                break
            reached.add(int(at["walk"]))
            if not at["visible"]:
                unseen.append(at["html"])
        # What a script has replaced in the meantime is no longer there to be reached.
        gone = tab.evaluate("n => [...Array(n).keys()].filter((i) => !document.querySelector(`[data-walk='${i}']`))", len(expected))
        assert [name for n, name in enumerate(expected) if n not in reached and n not in gone] == []
        assert unseen == []
