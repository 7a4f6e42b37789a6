"""`make screenshots`: every page of `pages.PAGES` at both widths, light and dark, into a folder."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Error
from rich.progress import track

from tests.browser.city import running_city
from tests.browser.driving import NARROW, THEMES, WIDE, Driver, chromium, driver
from tests.browser.pages import PAGES, Page
from yixian.settings import load

CONTACTS = 120
"""So many come in first, so that the desks have work on them."""


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else load().home / "screenshots"
    wanted = set(sys.argv[2:])
    if not chromium():
        sys.exit("Chromium is missing: apt-get install chromium, or name it in YIXIAN_CHROMIUM.")
    folder.mkdir(parents=True, exist_ok=True)
    print(f"Bringing up a city and playing {CONTACTS} contacts ...", flush=True)
    with running_city(CONTACTS) as city, driver(city) as browser:
        missed = {
            page.name for page in track([p for p in PAGES if not wanted or p.name in wanted], "Pages") if not taken(browser, page, folder)
        }
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")
    if missed:
        sys.exit(f"Not come to: {', '.join(sorted(missed))}. Each has a picture of where its way ended.")


def taken(browser: Driver, page: Page, folder: Path) -> bool:
    """Whether its four pictures were taken; if its way could not be gone, one of where it ended."""
    try:
        with browser.opened(page, left=folder / f"{page.name}-missed.png") as (tab, _):
            for theme in THEMES:
                tab.emulate_media(color_scheme=theme, reduced_motion="reduce")
                for width, height in (WIDE, NARROW):
                    tab.set_viewport_size({"width": width, "height": height})
                    tab.screenshot(path=str(folder / f"{page.name}-{width}-{theme}.png"), full_page=True)
    except (Error, AssertionError) as error:
        print(f"{page.name}: {error}", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    main()
