"""The frame of every page: the desks' rail, what one sets for oneself, what opens and closes; in large print and in English too."""

from __future__ import annotations

import pytest

from tests.browser.driving import NARROW, Driver
from tests.browser.pages import PAGES, Page
from tests.browser.test_pages import found_by_axe
from yixian.people.model import Role

SUPERVISOR = Page("supervisor", "/desk/supervisor", Role.SUPERVISOR)
PRINTED = tuple(p for p in PAGES if p.name in ("front", "progress", "login", "supervisor", "list", "styleguide"))
GUIDE = Page("styleguide", "/styleguide")


def test_the_rail_is_a_drawer_on_a_telephone(browser: Driver) -> None:
    with browser.opened(SUPERVISOR) as (tab, _):
        tab.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        rail = tab.locator("#rail")
        assert not rail.is_visible()
        tab.locator(".menu-button").click()
        assert rail.is_visible()
        assert found_by_axe(tab) == []
        tab.keyboard.press("Escape")
        assert not rail.is_visible()
        assert tab.evaluate("document.activeElement.className") == "menu-button"
        tab.locator(".menu-button").click()
        tab.locator("#rail a", has_text="派单").first.click()
        tab.wait_for_url("**/desk/dispatch**")


def test_the_rail_says_what_waits_and_folds(browser: Driver) -> None:
    with browser.opened(SUPERVISOR) as (tab, _):
        tab.wait_for_function("document.querySelector('[data-count=\"/desk/dispatch\"]').textContent !== ''")
        tab.locator(".rail-fold").click()
        tab.wait_for_load_state()
        assert tab.locator("#rail").bounding_box()["width"] < 80
        assert tab.locator("#rail a[aria-current]").get_attribute("title") == "总览"
        tab.locator(".rail-fold").click()
        tab.wait_for_load_state()
        assert tab.locator("#rail").bounding_box()["width"] > 150


def test_light_and_dark_are_chosen_without_losing_the_page(browser: Driver) -> None:
    with browser.opened(SUPERVISOR) as (tab, _):
        tab.fill("[data-search]", "half typed")
        before = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        tab.locator(".who summary").click()
        tab.locator("[data-theme-choice=dark]").click()
        tab.wait_for_function("before => getComputedStyle(document.body).backgroundColor !== before", arg=before)
        assert tab.input_value("[data-search]") == "half typed"
        tab.reload()
        assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
        tab.locator(".who summary").click()
        tab.locator("[data-theme-choice=auto]").click()
        tab.wait_for_function("!document.documentElement.dataset.theme")


def test_menus_and_dialogs_close_on_escape_and_give_the_focus_back(browser: Driver) -> None:
    with browser.opened(GUIDE) as (tab, _):
        menu = tab.locator("details.menu").first
        menu.locator("summary").press("Enter")
        assert menu.get_attribute("open") is not None
        menu.locator("a").first.press("Escape")
        assert menu.get_attribute("open") is None
        assert tab.evaluate("document.activeElement.tagName") == "SUMMARY"
        tab.locator("[data-opens=s-dialog]").press("Enter")
        assert tab.locator("#s-dialog").is_visible()
        assert found_by_axe(tab) == []
        tab.keyboard.press("Escape")
        assert not tab.locator("#s-dialog").is_visible()
        assert tab.evaluate("document.activeElement.dataset.opens") == "s-dialog"


def test_the_question_mark_shows_the_keys(browser: Driver) -> None:
    with browser.opened(SUPERVISOR) as (tab, _):
        tab.keyboard.press("?")
        assert tab.locator("#keys").is_visible()
        tab.keyboard.press("Escape")
        assert not tab.locator("#keys").is_visible()


@pytest.mark.parametrize(
    "page", [p for p in PAGES if p.name in ("front", "progress", "login", "supervisor", "list", "styleguide")], ids=str
)
def test_large_print_and_english_fit_a_telephone(browser: Driver, page: Page) -> None:
    context = browser.context(page.role)
    cookies = [{"name": "yixian_look", "value": "elder", "url": browser.city.address}]
    cookies.append({"name": "yixian_lang", "value": "en", "url": browser.city.address})
    context.add_cookies(cookies)
    try:
        with browser.opened(page) as (tab, _):
            tab.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
            assert tab.evaluate("getComputedStyle(document.documentElement).fontSize") == "21px"
            assert tab.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
            assert found_by_axe(tab) == []
    finally:
        context.clear_cookies(name="yixian_look")
        context.clear_cookies(name="yixian_lang")


def test_without_scripts_pages_work(browser: Driver) -> None:
    context = browser.browser.new_context(java_script_enabled=False, base_url=browser.city.address, locale="zh-CN")
    tab = context.new_page()
    tab.goto("/login")
    tab.fill("input[name=login]", "supervisor")
    tab.fill("input[name=password]", browser.city.passwords["supervisor"])
    tab.press("input[name=password]", "Enter")
    tab.wait_for_url("**/desk/**")
    tab.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    tab.locator(".menu-button").click()
    assert tab.locator("#rail").is_visible()
    context.close()
