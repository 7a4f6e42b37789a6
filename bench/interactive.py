"""When a page in a real browser can be worked with: its scripts have run, its main thread is idle. Nothing where there is no browser."""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
from collections.abc import Mapping
from http.cookies import SimpleCookie
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking")

# From the beginning of the navigation: until the modules have run (DOMContentLoaded comes after them), or the last task that kept the main
# thread for more than 50 ms was over, whichever is later; and until the last part of the page that a script asks for has come.
READY: Final = """
() => new Promise((done) => {
  const long = [];
  new PerformanceObserver((list) => long.push(...list.getEntries())).observe({ type: "longtask", buffered: true });
  setTimeout(() => {
    const page = performance.getEntriesByType("navigation")[0];
    const parts = performance.getEntriesByType("resource").map((one) => one.responseEnd);
    const over = long.map((one) => one.startTime + one.duration);
    done({
      interactive: Math.max(page.domContentLoadedEventEnd, ...over),
      whole: Math.max(page.loadEventEnd, ...parts),
      html: page.responseEnd,
    });
  }, 1000);
})
"""


def chromium() -> str:
    """Where the system's browser is; empty when there is none, or nothing to drive it with."""
    if find_spec("playwright") is None:
        return ""
    names = (os.environ.get("YIXIAN_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if name and (found := shutil.which(name))), "")


async def measured(url: str, visits: Mapping[str, tuple[Mapping[str, str], str]], rounds: int) -> dict[str, Any]:
    """Milliseconds from the beginning of a navigation, for each of `visits` (a title, with a session's headers and a path).

    `interactive`, `html` (the page itself has come) and `whole` (with every part that scripts fetch), p50 and the worst of `rounds`; the
    browser has the static files in its cache, as one that is used all day. Empty without a browser.
    """
    if not (found := chromium()):
        return {}
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        try:
            return {title: await _visits(await browser.new_context(base_url=url), url, *visit, rounds) for title, visit in visits.items()}
        finally:
            await browser.close()


async def _visits(context: BrowserContext, url: str, headers: Mapping[str, str], path: str, rounds: int) -> dict[str, Any]:
    cookies = SimpleCookie(headers.get("Cookie", ""))
    await context.add_cookies([{"name": name, "value": one.value, "url": url} for name, one in cookies.items()])
    tab = await context.new_page()
    times: list[dict[str, float]] = []
    for _ in range(rounds + 1):
        answer = await tab.goto(path, wait_until="load")
        assert answer is not None and answer.ok and "/login" not in tab.url, f"{path}: {answer and answer.status} at {tab.url}"
        times.append(await tab.evaluate(READY))
        await asyncio.sleep(0.2)
    await context.close()
    told: dict[str, Any] = {"path": path}
    for name in ("interactive", "html", "whole"):
        each = [one[name] for one in times[1:]]
        told |= {f"{name}_p50_ms": round(statistics.median(each)), f"{name}_worst_ms": round(max(each))}
    return told
