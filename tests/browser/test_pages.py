"""What every page owes to everybody: nothing that axe calls serious, a keyboard that reaches all of it, and no sideways scrolling.

A page is opened once and looked at in every way: coming to it costs more than looking.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest

from tests.browser.driving import NARROW, THEMES, WIDE, Driver
from tests.browser.pages import PAGES, Page

BAD = {"serious", "critical"}
AXE = (files("axe_playwright_python") / "axe.min.js").read_text()

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

WATCH = """() => {
  const shown = (each) => {
    const style = getComputedStyle(each);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  };
  window.walked = { reached: [], unseen: [] };
  const saw = () => {
    const at = document.activeElement;
    if (!at || at === document.body) return;
    const group = at.type === 'radio' ? [...document.getElementsByName(at.name)].find((r) => r.form === at.form && r.dataset.walk) : at;
    const number = (group ?? at).dataset.walk;
    if (number === undefined || window.walked.reached.includes(Number(number))) return;
    window.walked.reached.push(Number(number));
    if (!shown(at) && !(at.parentElement && shown(at.parentElement))) window.walked.unseen.push(at.outerHTML.slice(0, 120));
  };
  document.addEventListener('focusin', saw);
}"""
"""Notes which of them had the focus, and those on which one did not see it."""


COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
"""The rules that light and dark can answer differently; all others look at what is there and not at how it is painted."""


def found_by_axe(tab: Any, **options: Any) -> list[str]:
    """What axe calls serious or critical, as `rule: element`."""
    if not tab.evaluate("Boolean(window.axe)"):
        tab.evaluate(AXE)
    found = tab.evaluate("options => axe.run(document, options).then((r) => r.violations)", {"resultTypes": ["violations"], **options})
    return [f"{v['id']}: {node['html'][:160]}" for v in found if v["impact"] in BAD for node in v["nodes"]]


def test_axe_would_find_something(browser: Driver) -> None:
    with browser.opened(PAGES[0]) as (tab, _):
        tab.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=\"/nothing.png\"><button></button>')")
        assert {found.partition(":")[0] for found in found_by_axe(tab)} >= {"image-alt", "button-name"}
        tab.evaluate("document.querySelector('h1').style.color = '#bbb'")
        assert {found.partition(":")[0] for found in found_by_axe(tab, **COLOURS)} == {"color-contrast"}


def seen_by_axe(tab: Any) -> dict[str, list[str]]:
    """What is wrong for axe at both widths, light and dark."""
    found: dict[str, list[str]] = {}
    for theme in THEMES:
        tab.emulate_media(color_scheme=theme, reduced_motion="reduce")
        for width, height in (WIDE, NARROW):
            tab.set_viewport_size({"width": width, "height": height})
            found[f"{theme} {width}"] = found_by_axe(tab, **(COLOURS if theme == "dark" else {}))
            if width == NARROW[0] and tab.evaluate("document.documentElement.scrollWidth") > width:
                found[f"{theme} {width}"].append("wider than the telephone")
    return found


def reached_by_keyboard(tab: Any) -> dict[str, list[str]]:
    """What the tabulator does not come to, and where one does not see that it has."""
    expected = tab.evaluate(MARK_FOCUSABLE)
    tab.evaluate(WATCH)
    reached: set[int] = set()
    for press in range(2 * len(expected) + 10):
        tab.keyboard.press("Tab")
        if press >= len(expected) and press % 8 == 0:
            reached = set(tab.evaluate("window.walked.reached"))
            if len(reached) == len(expected):
                break
    walked = tab.evaluate("window.walked")
    reached = set(walked["reached"])
    # What a script has replaced in the meantime is no longer there to be reached.
    gone = tab.evaluate("n => [...Array(n).keys()].filter((i) => !document.querySelector(`[data-walk='${i}']`))", len(expected))
    missed = [name for n, name in enumerate(expected) if n not in reached and n not in gone]
    return {"not reached": missed, "focus not seen": walked["unseen"]}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_fit_for_everybody(browser: Driver, page: Page) -> None:
    with browser.opened(page) as (tab, complaints):
        found = seen_by_axe(tab)
        tab.emulate_media(color_scheme="light", reduced_motion="reduce")
        tab.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        found |= reached_by_keyboard(tab)
        # Among them what the content security policy stopped, and files that are not there.
        found["complaints"] = complaints
    assert {what: wrong for what, wrong in found.items() if wrong} == {}
