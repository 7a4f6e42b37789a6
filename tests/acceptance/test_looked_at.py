"""Every page is looked at in a browser: what `make test-browser` and `make screenshots` open leaves no door of a page out."""

from __future__ import annotations

import re

from litestar.routes import HTTPRoute
from tests.browser.pages import PAGES

from yixian.app import create_app
from yixian.city.adjustments import Thing
from yixian.settings import Settings

NO_PAGES = re.compile(r"^/(api|static|health|styleguide/chart)|^/desk$|/export\b|\.csv$|/file/")
"""Doors for machines, files, and the one that leads everybody to their own desk."""
PARTS = {
    "/desk/care", "/desk/choices/{what:str}", "/desk/counts", "/desk/live", "/desk/ticket/{number:str}/ties",
    "/desk/ticket/{number:str}/where",
}  # fmt: skip
"""What pages fetch to put into themselves."""


def door(address: str, doors: list[str]) -> str:
    """The door behind an address; of two that fit, the one with fewer names in it."""
    path = re.sub(r"{[^}]+}", "one", address).partition("?")[0]
    fit = [one for one in doors if re.fullmatch(re.sub(r"{[^}]+}", "[^/]+", one), path)]
    return min(fit, key=lambda one: one.count("{"), default="")


def test_every_door_of_a_page_is_opened_in_a_browser(own_settings: Settings) -> None:
    routes = [route for route in create_app(own_settings).routes if isinstance(route, HTTPRoute) and "GET" in route.methods]
    doors = [route.path for route in routes]
    pages = {path for path in doors if not NO_PAGES.search(path)} - PARTS
    assert len(pages) > 50
    opened = {page.door or door(page.address, doors) for page in PAGES}
    assert pages - opened == set()
    assert opened - pages <= {""}, "a page that there is no door for"


def test_every_thing_of_the_city_is_opened_in_a_browser() -> None:
    missing = {
        f"{thing}/{deed}"
        for thing in Thing
        for deed in ("one", "add")
        if not any(page.address.startswith(f"/admin/city/{thing}/{deed}") for page in PAGES)
    }
    # A day's page is come to by adding one; there is one calendar, to which nothing is added.
    assert missing <= {"day/one", "hours/add", "line/one"}
