"""The browser itself: Debian's Chromium, driven by Playwright; one signed-in context a role."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser import ways
from tests.browser.city import City
from tests.browser.lives import Known
from tests.browser.pages import Page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext
    from playwright.sync_api import Page as Tab

    from yixian.people.model import Role

WIDE, NARROW = (1440, 900), (390, 844)
THEMES = ("light", "dark")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    # A microphone that hums; a page still has to be let to use it.
    "--use-fake-device-for-media-stream",
)  # fmt: skip


def chromium() -> str:
    """Where the system's Chromium is; empty when there is none. Never one that was downloaded by Playwright."""
    names = (os.environ.get("YIXIAN_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if name and (found := shutil.which(name))), "")


class Driver:
    """A browser in a running city."""

    def __init__(self, browser: Browser, city: City) -> None:
        self.browser = browser
        self.city = city
        self.known = Known(self)
        self.tokens: dict[Role, str] = {}
        """The forms' tokens, by who fills them in."""
        self._contexts: dict[str, BrowserContext] = {}

    def context(self, role: Role | None) -> BrowserContext:
        """The window of somebody with this role, signed in through the page; the same one each time."""
        login = "" if role is None else role.value.replace("_", "-")
        if login not in self._contexts:
            context = self._new()
            if login:
                tab = context.new_page()
                tab.goto("/login")
                tab.fill("input[name=login]", login)
                tab.fill("input[name=password]", self.city.passwords[login])
                tab.press("input[name=password]", "Enter")
                tab.wait_for_url("**/desk/**" if "admin" not in login else "**/admin/**")
                tab.close()
            self._contexts[login] = context
        return self._contexts[login]

    def _new(self) -> BrowserContext:
        return self.browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]}, locale="zh-CN", base_url=self.city.address)

    @contextmanager
    def opened(self, page: Page, left: Path | None = None) -> Iterator[tuple[Tab, list[str]]]:
        """The page in a tab of its own, and what its console complained of so far; that it refuses, where it should, is no complaint.

        `left`: where a picture goes if the page cannot be come to.
        """
        context = self._new() if page.own else self.context(page.role)
        tab = context.new_page()
        complaints: list[str] = []
        expected = f"the server responded with a status of {page.status} "

        def heard(text: str) -> None:
            if page.status < 400 or expected not in text:
                complaints.append(text)

        tab.on("console", lambda said: heard(f"{said.text} {said.location}") if said.type == "error" else None)
        tab.on("pageerror", lambda error: heard(str(error)))
        statuses: set[int] = set()
        tab.on("response", lambda got: statuses.add(got.status))
        try:
            tab.goto(self.known.in_address(page.address), wait_until="load")
            if page.way:
                ways.WAYS[page.way](self, tab)
            assert page.status in statuses, f"{page.name} never answers {page.status}: {tab.locator('main').inner_text()[:500]}"
            yield tab, complaints
        except Exception:
            if left:
                tab.screenshot(path=str(left))
            raise
        finally:
            tab.close()
            if page.own:
                context.close()


@contextmanager
def driver(city: City) -> Iterator[Driver]:
    """The browser, for as long as the block lasts."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        try:
            yield Driver(browser, city)
        finally:
            browser.close()
