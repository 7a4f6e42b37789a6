"""The dispatcher at the keyboard, and two people on one ticket, in a real browser."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.browser import lives, ways
from tests.browser.driving import Driver
from yixian.people.model import Role

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

UNSURE = (
    "天河区石牌东路有人把东西乱放，影响通行，麻烦处理一下",
    "海珠区滨江东路那个地方晚上很吵，也不知道是谁弄的",
    "越秀区北京路有个摊子挡路，地上还有脏水",
)


def comes_in(driver: Driver, count: int, started: int) -> None:
    """Contacts that the gate is not sure of."""
    for n in range(count):
        body = {"text": f"{UNSURE[n % 3]}，{started + n}号门前", "caller": {"name": "林先生", "phone": f"1390014{started + n:04}"}}
        asked = urllib.request.Request(
            f"{driver.city.address}/api/v1/contacts", json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(asked, timeout=60) as answer:
            assert answer.status == 201


def waiting(tab: Tab) -> int:
    return int(tab.locator("nav.tabs a").first.locator(".n").inner_text())


@pytest.fixture
def desk(browser: Driver) -> Tab:
    tab = browser.context(Role.DISPATCHER).new_page()
    yield tab
    tab.close()


def test_ten_tickets_by_the_keyboard_alone(browser: Driver, desk: Tab) -> None:
    comes_in(browser, 12, 100)
    desk.goto("/desk/dispatch")
    before = waiting(desk)
    done = 0
    for _ in range(30):
        if done == 10:
            break
        if desk.locator('button[data-key="1"]').count():
            with desk.expect_navigation():
                desk.keyboard.press("1")
                # What may be an emergency is only gone to by its key.
                if desk.locator('button[data-key="1"][data-asks]:focus').count():
                    desk.keyboard.press("Enter")
            assert desk.locator(".notice.good").count(), desk.locator("main").inner_text()[:400]
            done += 1
        else:
            # No suggestion names a unit: on to the next in the list.
            with desk.expect_navigation():
                desk.keyboard.press("n")
    assert done == 10
    assert waiting(desk) == before - 10


def test_a_key_on_a_suggestion_without_a_place_says_so_and_goes_to_the_field(browser: Driver, desk: Tab) -> None:
    body = {"text": "楼下垃圾桶满了好几天没人清运，臭得很", "caller": {"name": "林先生", "phone": "13900140400"}}
    asked = urllib.request.Request(
        f"{browser.city.address}/api/v1/contacts", json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:
        number = json.load(answer)["tickets"][0]["number"]
    desk.goto(f"/desk/dispatch?ticket={number}")
    lacking = desk.locator("[data-lacks=region]").first
    desk.keyboard.press(lacking.get_attribute("data-key"))
    assert desk.evaluate("document.activeElement.id") == "region"
    assert "还缺地点" in desk.locator("[data-key-says]").inner_text()
    desk.keyboard.type("天河区")
    with desk.expect_navigation():
        desk.keyboard.press("Enter")
    assert "region=" in desk.url


def test_a_key_without_a_suggestion_says_so(browser: Driver, desk: Tab) -> None:
    comes_in(browser, 1, 500)
    desk.goto("/desk/dispatch")
    desk.locator("[data-key='3']").evaluate_all("all => all.forEach((one) => one.remove())")
    desk.keyboard.press("3")
    assert "没有第 3 条建议" in desk.locator("[data-key-says]").inner_text()


def test_ticking_and_bulk_by_the_keyboard(browser: Driver, desk: Tab) -> None:
    comes_in(browser, 3, 200)
    desk.goto("/desk/dispatch")
    desk.keyboard.press("j")
    desk.keyboard.press("x")
    desk.keyboard.press("j")
    desk.keyboard.press("x")
    assert desk.locator("[data-ticked]").inner_text() == "2"
    desk.keyboard.press("b")
    desk.wait_for_function("document.activeElement?.value === 'first'")
    with desk.expect_navigation():
        desk.keyboard.press("Enter")
    assert desk.locator("tbody tr").count() == 2
    with desk.expect_navigation():
        desk.keyboard.press("n")
    assert desk.url.endswith("/desk/dispatch") or "/desk/dispatch?" in desk.url


def test_who_clicks_a_tick_goes_on_by_keys(browser: Driver, desk: Tab) -> None:
    comes_in(browser, 2, 600)
    desk.goto("/desk/dispatch")
    desk.locator("[data-queue] input[name=ticket]").first.check()
    assert desk.evaluate("document.activeElement.type") == "checkbox"
    desk.keyboard.press("b")
    desk.wait_for_function("document.activeElement?.value === 'first'")
    assert desk.locator("[data-ticked]").inner_text() == "1"


def test_a_key_does_not_send_off_what_may_be_an_emergency(browser: Driver, desk: Tab) -> None:
    number = lives.said(browser, ways.SMOKE + "，在海珠区江南中街紫金大街8号", "13900140701")["tickets"][0]["number"]
    desk.goto(f"/desk/dispatch?ticket={number}")
    if not desk.locator('button[data-key="1"]').count():
        desk.goto(f"/desk/dispatch?ticket={number}&region=海珠区")
    desk.keyboard.press("1")
    assert "可能有人有危险" in desk.locator("[data-key-says]").inner_text()
    assert desk.evaluate("document.activeElement.dataset.key") == "1"
    desk.keyboard.press("1")
    assert desk.locator(f"#said a[href$='{number}']").count(), "the key again is not an answer either"
    with desk.expect_navigation():
        desk.keyboard.press("Enter")
    assert "已完成：派单" in desk.locator("main").inner_text()


def test_two_browsers_on_one_ticket_see_each_other_and_the_late_one_keeps_what_was_typed(browser: Driver, desk: Tab) -> None:
    comes_in(browser, 1, 300)
    desk.goto("/desk/dispatch")
    number = desk.locator("#said .number").inner_text()
    other = browser.context(Role.SUPERVISOR).new_page()
    try:
        other.goto(f"/desk/ticket/{number}")
        other.locator(".presence").wait_for()
        assert "正在查看" in other.locator(".presence").inner_text()
        # The dispatcher begins to type: the other is told within seconds, before they collide.
        desk.keyboard.press("o")
        desk.locator("#other-basis").fill("职责清单")
        other.locator(".presence", has_text="正在填写").wait_for(timeout=12_000)
        # The other is faster all the same.
        other.locator("#do-urge textarea").evaluate("field => field.closest('details')?.setAttribute('open', '')")
        other.locator("#do-urge textarea").fill("请尽快")
        with other.expect_navigation():
            other.locator("#do-urge button").click()
        unit = "广州市城市管理和综合执法局"
        desk.locator("#other-unit").fill(unit)
        desk.locator("#other-basis").fill("职责清单：市容环境")
        with desk.expect_navigation():
            desk.locator("#other-basis").press("Enter")
        assert "刚刚已被他人处理" in desk.locator("#overtaken").inner_text()
        assert "催办" in desk.locator("#overtaken").inner_text()
        assert desk.locator("#dispatch-basis").input_value() == "职责清单：市容环境"
        assert unit in desk.locator("#dispatch-unit").input_value()
        with desk.expect_navigation():
            desk.keyboard.press("y")
        assert "已完成：派单" in desk.locator("main").inner_text()
    finally:
        other.close()
