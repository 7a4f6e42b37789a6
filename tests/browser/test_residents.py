"""A resident with a telephone in the hand: from landing to number, with photographs and a voice, in large print, in English."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.attachments.files import photo
from tests.browser.driving import NARROW, Driver
from tests.browser.test_pages import found_by_axe

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

LAMP = "海珠区江南中街江南大道中路灯不亮，晚上黑麻麻"


@pytest.fixture
def phone(browser: Driver) -> Iterator[Tab]:
    """A telephone's browser, new to the city, that may use microphone and position."""
    context = browser.browser.new_context(
        viewport={"width": NARROW[0], "height": NARROW[1]}, locale="zh-CN", base_url=browser.city.address, is_mobile=True, has_touch=True,
        geolocation={"latitude": 23.0965, "longitude": 113.2775}, permissions=["geolocation"],
    )  # fmt: skip
    tab = context.new_page()
    yield tab
    context.close()


def checked(tab: Tab) -> None:
    """Nothing serious for axe, and nothing to scroll sideways."""
    assert found_by_axe(tab) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= NARROW[0]


def test_from_landing_to_number_in_three_steps_and_under_thirty_seconds(phone: Tab, tmp_path: Path) -> None:
    picture = tmp_path / "lamp.jpg"
    picture.write_bytes(photo((1600, 1200), at=(23.0965, 113.2775)))
    began = time.monotonic()
    phone.goto("/")
    phone.get_by_label("什么事、在哪里").fill(LAMP)
    phone.set_input_files("input[type=file]", str(picture))
    phone.wait_for_selector(".so-far .understood")
    assert "海珠区" in phone.locator(".so-far").inner_text()
    phone.wait_for_selector("ul.waiting img")
    phone.get_by_role("button", name="下一步").tap()
    phone.wait_for_url("**/say")
    assert phone.evaluate("document.activeElement.tagName") == "H1"
    phone.get_by_label("手机号码").fill("13900139000")
    phone.get_by_role("button", name="提交", exact=True).last.tap()
    phone.wait_for_selector(".codes")
    took = time.monotonic() - began
    assert re.search(r"GZ\d{13}", phone.locator(".codes").inner_text())
    assert took < 30, f"{took:.1f} s"
    checked(phone)
    phone.get_by_role("link", name="查看进度").tap()
    phone.wait_for_selector(".line-of-time")
    assert phone.locator("ul.files img").count() == 1
    checked(phone)


def test_what_was_understood_is_corrected_with_a_tap(phone: Tab) -> None:
    phone.goto("/")
    phone.get_by_label("什么事、在哪里").fill("楼下太吵了睡不着")
    phone.get_by_role("button", name="下一步").tap()
    phone.wait_for_selector("#meant")
    checked(phone)
    was = phone.locator("[data-cards]").inner_text()
    phone.locator("#meant .chip").last.tap()
    phone.wait_for_function("was => document.querySelector('[data-cards]').innerText !== was", arg=was)
    assert "还不清楚是哪类事" in phone.locator("[data-cards]").inner_text()
    phone.get_by_label("手机号码").fill("13900139001")
    phone.get_by_role("button", name="提交", exact=True).last.tap()
    phone.wait_for_selector(".codes")


def test_what_may_be_an_emergency_asks_whom_to_ring_below_the_numbers(phone: Tab) -> None:
    phone.goto("/")
    phone.get_by_label("什么事、在哪里").fill("海珠区江南中街隔壁一直有小孩哭喊，好久没有人开门，快来看看")
    phone.get_by_role("button", name="下一步").tap()
    phone.wait_for_selector("form[action$='/reach']")
    numbers, form = phone.locator("a.call").first.bounding_box(), phone.locator("form[action$='/reach']").bounding_box()
    assert numbers and form and numbers["y"] < NARROW[1] and numbers["y"] < form["y"]
    checked(phone)
    phone.get_by_label("手机号码").fill("13900139002")
    phone.get_by_role("button", name="马上补进").tap()
    phone.wait_for_selector("[data-draft-done=supplement]")
    assert phone.locator("a.call").count() > 0
    checked(phone)


def test_a_position_is_added_when_one_says_so(phone: Tab) -> None:
    phone.goto("/")
    phone.get_by_label("什么事、在哪里").fill("路灯不亮，晚上黑麻麻")
    phone.get_by_role("button", name="用我现在的位置").tap()
    phone.wait_for_selector("[data-locate][aria-pressed=true]")
    assert phone.locator("input[name=at]").input_value().startswith("23.0965")
    phone.get_by_role("button", name="下一步").tap()
    phone.wait_for_selector("#where")
    assert "附上位置" in phone.locator("#where").inner_text()


def test_all_tickets_of_a_number_after_a_code(phone: Tab) -> None:
    phone.goto("/my")
    checked(phone)
    phone.get_by_label("手机号码").fill("13900138000")
    phone.get_by_role("button", name="获取验证码").tap()
    code = re.search(r"\d{6}", phone.locator(".notice.info").inner_text())
    assert code
    checked(phone)
    phone.get_by_label("验证码").fill(code[0])
    phone.get_by_role("button", name="查看我的工单").tap()
    phone.wait_for_selector(".ticket-cards")
    assert "GZ" in phone.locator(".ticket-cards").inner_text()
    checked(phone)


def test_large_print_has_three_buttons_and_reads_aloud(phone: Tab) -> None:
    phone.goto("/preference?look=elder&back=/")
    assert phone.locator(".big-button").count() == 3
    checked(phone)
    button = phone.locator("[data-read-button]").first
    button.tap()
    assert button.get_attribute("aria-pressed") == "true"
    button.tap()
    assert button.get_attribute("aria-pressed") == "false"
    phone.get_by_role("link", name="说问题").tap()
    phone.wait_for_selector("textarea")
    checked(phone)


def test_the_english_edition(phone: Tab) -> None:
    phone.goto("/preference?lang=en&back=/")
    phone.get_by_label("What, and where").fill("The street light in Jiangnanzhong Street, Haizhu District is out")
    phone.get_by_role("button", name="Next").tap()
    phone.wait_for_selector(".understood")
    assert "Is this right?" in phone.inner_text("h1")
    checked(phone)


def test_large_print_asks_one_question_at_a_time_and_the_browsers_way_back_loses_nothing(phone: Tab) -> None:
    phone.goto("/preference?look=elder&back=/")
    phone.get_by_role("link", name="说问题").tap()
    phone.get_by_label("什么事").fill(LAMP)
    phone.locator("button.primary").tap()
    phone.wait_for_selector("#place")
    checked(phone)
    phone.locator("#place").fill("江南大道中 12 号门口")
    phone.locator("button.primary").tap()
    phone.wait_for_selector("#phone")
    checked(phone)
    phone.locator("#phone").fill("13900139002")
    phone.locator("button.primary").tap()
    phone.wait_for_selector(".said-so-far")
    checked(phone)
    assert phone.locator("[data-read-button]").count() >= 1
    for selector, typed in (("#phone", "13900139002"), ("#place", "江南大道中 12 号门口")):
        phone.go_back()
        phone.wait_for_selector(selector)
        assert phone.locator(selector).input_value() == typed
    phone.go_back()
    phone.wait_for_selector("textarea")
    assert phone.locator("textarea").input_value() == LAMP
    for _ in range(3):
        phone.go_forward()
    phone.wait_for_selector(".said-so-far")
    phone.get_by_role("button", name="改：在哪里").tap()
    phone.wait_for_selector("#place")
    assert phone.locator("#place").input_value() == "江南大道中 12 号门口"
    for selector in ("#phone", ".said-so-far"):
        phone.locator("button.primary").tap()
        phone.wait_for_selector(selector)
    phone.locator("button.primary").tap()
    phone.wait_for_selector(".codes")
    checked(phone)


def test_names_in_english_have_the_chinese_beside_them(phone: Tab) -> None:
    phone.goto("/preference?lang=en&back=/")
    phone.get_by_label("What, and where").fill(LAMP)
    phone.get_by_role("button", name="Next").tap()
    phone.wait_for_selector(".understood-list")
    said = phone.locator(".understood-list").inner_text()
    assert "Jiangnanzhong Subdistrict, Haizhu District" in said and "海珠区江南中街道" in said
    spoken = phone.evaluate("[...document.querySelectorAll('.understood-list .in-chinese')].map((e) => e.lang)")
    assert spoken and set(spoken) == {"zh-CN"}


def test_urging_is_answered_with_when_it_is_possible_again(phone: Tab) -> None:
    phone.goto("/")
    phone.get_by_label("什么事、在哪里").fill("不知道该找谁，家门口的情况一直没改善")
    phone.get_by_role("button", name="下一步").tap()
    phone.wait_for_selector("#phone")
    phone.get_by_role("button", name="提交", exact=True).last.tap()
    phone.get_by_role("link", name="查看进度").tap()
    phone.locator("summary", has_text="催一催").tap()
    phone.get_by_role("button", name="催一催").tap()
    phone.wait_for_selector(".urge-again")
    assert phone.locator("summary", has_text="催一催").count() == 0
    checked(phone)
