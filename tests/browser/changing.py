"""The ways through the city's data and the list: a change tried, decided, taken back; a file looked at before it counts."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from tests.browser import lives
from tests.browser.lives import as_owner

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

    from tests.browser.driving import Driver

Way = Callable[["Driver", "Tab"], None]


def tried(**fields: str) -> Way:
    """What a change would do; nothing is changed by it."""

    def way(driver: Driver, tab: Tab) -> None:
        for name, text in {"reason": "试一试", **fields}.items():
            field = tab.locator(f"#f-{name}")
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(text)
            else:
                field.fill(text)
        tab.click("button[value=try]")
        tab.wait_for_selector("input[name=seen]", state="attached")

    return way


def decided(**fields: str) -> Way:
    """A change, looked at and made."""

    def way(driver: Driver, tab: Tab) -> None:
        tried(**fields)(driver, tab)
        tab.click("button[value=decide]")
        tab.wait_for_url("**/one?**")

    return way


def then(first: Way, link: str) -> Way:
    """What stands behind a link of the page that `first` leads to."""

    def way(driver: Driver, tab: Tab) -> None:
        first(driver, tab)
        tab.locator(link).first.click()
        tab.wait_for_selector("#f-reason")

    return way


def not_filled_in(driver: Driver, tab: Tab) -> None:
    """A form of which the browser itself let nothing be missed."""
    tab.locator("main form.sheet").evaluate("form => { form.noValidate = true; }")
    tab.click("button[value=try]")
    tab.wait_for_selector("[role=alert]")


def limit_tried(driver: Driver, tab: Tab) -> None:
    """What another limit would do to the tickets that run, with the choice what becomes of them."""
    assert driver.known["in_hand"], "a ticket whose answer is owed by this limit"
    tried(answer="20wd")(driver, tab)
    assert tab.locator("input[name=clocks]").count() == 3
    assert tab.locator("tr[data-row]").count(), "no ticket's day would move"


def recounting(driver: Driver, tab: Tab) -> None:
    """A change that has running tickets counted again, while the worker is at it."""
    taken = tab.request.get("/admin/city/day").text()
    tried(date=next(day for day in (f"2031-03-{n:02}" for n in range(3, 29)) if day not in taken))(driver, tab)
    tab.locator("input[name=clocks][value=later]").check(force=True)
    tab.click("button[value=decide]")
    tab.wait_for_url("**/admin/city/day/one**")
    for _ in range(50):
        if tab.locator(".line-of-time .tag:text-is('已完成')").count():
            break
        tab.wait_for_timeout(200)
        tab.reload()
    # The few tickets here are counted before anybody could look: of a city's ten thousand, this is the first batch.
    as_owner(driver, "UPDATE recount SET done_at = NULL, looked = 500, moved = 480, late = 3, own = 20")
    tab.reload()
    tab.wait_for_selector(".line-of-time .tag:text-is('进行中')")


def list_compared(driver: Driver, tab: Tab) -> None:
    """What a file would change in the list: an entry with another hint, one with another basis."""
    rows = list(csv.DictReader(io.StringIO(tab.request.get("/desk/list/export?form=csv").text().removeprefix("\ufeff"))))[:2]
    rows[0]["note"] = "请先电话核实现场"
    rows[1]["basis"] = "《广州市市容环境卫生管理规定》"
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    tab.set_input_files("main input[type=file]", {"name": "list.csv", "mimeType": "text/csv", "buffer": file.getvalue().encode()})
    tab.locator("main form[enctype] button").last.click()
    tab.wait_for_selector("form[action$='/confirm']")


def proposed(driver: Driver, tab: Tab) -> None:
    """A change of the list, proposed; the units concerned are asked."""
    tab.fill("main [name=lead]", lives.home_of_the_handler())
    tab.fill("main [name=reason]", "移交协议已经签署")
    tab.locator("main form.sheet button").last.click()
    tab.wait_for_url(re.compile(r"/desk/list/proposals/[0-9a-f-]{36}"))


_COLLEAGUES: Final = (
    "login,name,roles,unit\nnew-operator{n},热线新同事{n},operator,gz.hotline\nnew-reviewer{n},审核新同事{n},reviewer,gz.hotline\n"
)


def staff_compared(wrong: bool = False) -> Way:
    """Colleagues from a table, looked at before they are added."""

    def way(driver: Driver, tab: Tab) -> None:
        table = _COLLEAGUES.format(n=tab.locator("body").evaluate("() => Date.now() % 1e8"))
        tab.fill("main [name=text]", table.replace("operator,gz", "emperor,gz") if wrong else table)
        tab.click("button[value=try]")
        tab.wait_for_selector(".notice.bad" if wrong else "button[value=decide]")

    return way


def staff_added(driver: Driver, tab: Tab) -> None:
    """Their passwords, shown once."""
    staff_compared()(driver, tab)
    tab.click("button[value=decide]")
    tab.wait_for_selector("table code")


WAYS: Final[Mapping[str, Way]] = {
    "limit-tried": limit_tried,
    "recounting": recounting,
    "not-filled-in": not_filled_in,
    "unit-closed-tried": tried(successor=lives.home_of_the_handler()),
    "queue-tried": tried(name_en="Markets and consumers"),
    "matter-tried": tried(urgency="urgent"),
    "hours-tried": tried(hours="09:00-12:00 13:30-17:30"),
    "line-changed": decided(note="已与热线合署办公"),
    "line-followed": then(decided(note="并入后由热线受理"), "a[href*='/follow?']"),
    "line-undone": then(decided(note="号码保留到年底"), "a[href*='/undo?']"),
    "line-closed": decided(),
    "line-reopened": then(decided(), "a[href*='/reopen?']"),
    "list-compared": list_compared,
    "proposed": proposed,
    "staff-compared": staff_compared(),
    "staff-not-read": staff_compared(wrong=True),
    "staff-added": staff_added,
}
"""By the names that `pages.PAGES` uses."""
