"""A voice note from the first word to the unit's ear, with the browser's own recorder and a microphone that hums."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.browser import lives
from tests.browser.driving import NARROW, Driver
from tests.browser.test_residents import checked
from yixian.people.model import Role

if TYPE_CHECKING:
    from playwright.sync_api import Locator
    from playwright.sync_api import Page as Tab


@contextmanager
def telephone(browser: Driver, permissions: list[str]) -> Iterator[Tab]:
    context = browser.browser.new_context(
        viewport={"width": NARROW[0], "height": NARROW[1]}, locale="zh-CN", base_url=browser.city.address, is_mobile=True, has_touch=True,
        permissions=permissions,
    )  # fmt: skip
    yield context.new_page()
    context.close()


@pytest.fixture
def phone(browser: Driver) -> Iterator[Tab]:
    """A telephone whose owner lets pages use the microphone."""
    with telephone(browser, ["microphone"]) as tab:
        yield tab


def recorded(tab: Tab, seconds: int) -> Locator:
    """Records so long, and gives what can be heard back."""
    tab.goto("/")
    button = tab.locator("[data-record]")
    button.tap()
    tab.wait_for_selector(f"[data-record][aria-pressed=true]:has-text('{seconds}')")
    assert "正在录音" in tab.locator("[data-said]").inner_text()
    button.tap()
    tab.wait_for_selector("[data-waiting] audio")
    assert button.get_attribute("aria-pressed") == "false"
    return tab.locator("[data-waiting] audio")


def heard(sound: Locator) -> float:
    """Plays it until something was heard, and says how many seconds; an error of the player is one."""
    sound.scroll_into_view_if_needed()
    sound.click(position={"x": 5, "y": 5})  # a player speaks to who has touched the page
    return sound.evaluate("""async (player) => {
      player.muted = false;
      await player.play();
      for (let n = 0; n < 100 && player.currentTime < 0.3; n++) await new Promise((r) => setTimeout(r, 50));
      if (player.error) throw new Error(player.error.message);
      player.pause();
      return player.currentTime;
    }""")


def test_what_is_said_is_heard_by_the_operator_and_by_the_unit(browser: Driver, phone: Tab) -> None:
    assert heard(recorded(phone, 2)) >= 0.3, "the resident hears it back"
    checked(phone)
    phone.get_by_role("button", name="下一步").tap()
    phone.wait_for_url("**/say")
    assert "先听您的录音" in phone.inner_text("main")
    phone.get_by_label("手机号码").fill("13911142001")
    phone.get_by_role("button", name="提交", exact=True).last.tap()
    phone.wait_for_selector(".codes")
    number = phone.locator(".codes .number").first.inner_text()
    phone.get_by_role("link", name="查看进度").tap()
    phone.wait_for_selector(".line-of-time")
    assert heard(phone.locator("audio").first) >= 0.3, "on the page of the ticket too"
    lives.dispatched(browser, number)
    for role in (Role.OPERATOR, Role.HANDLER):
        desk = browser.context(role).new_page()
        desk.goto(f"/desk/ticket/{number}")
        assert heard(desk.locator("audio").first) >= 0.3, role
        desk.close()


def test_who_goes_on_while_recording_loses_nothing(phone: Tab) -> None:
    phone.goto("/")
    phone.locator("[data-record]").tap()
    phone.wait_for_selector("[data-record][aria-pressed=true]:has-text('1')")
    phone.get_by_role("button", name="下一步").tap()
    phone.wait_for_url("**/say")
    assert "先听您的录音" in phone.inner_text("main")
    phone.locator("details.sheet > summary").tap()
    assert phone.locator("[data-waiting] audio").count() == 1


def test_a_recording_is_taken_out_again(phone: Tab) -> None:
    recorded(phone, 1)
    phone.locator("[data-waiting] button[name=drop]").tap()
    phone.wait_for_selector("[data-waiting] audio", state="detached")
    phone.get_by_role("button", name="下一步").tap()
    phone.wait_for_selector("#text[aria-invalid=true]")


def test_a_microphone_that_is_refused_says_what_to_do(browser: Driver) -> None:
    with telephone(browser, []) as tab:
        tab.goto("/")
        tab.get_by_label("什么事、在哪里").fill("路灯不亮")
        tab.locator("[data-record]").tap()
        tab.wait_for_selector("[data-said]:has-text('没有拿到麦克风')")
        assert "请在浏览器里允许使用，或改用文字" in tab.locator("[data-said]").inner_text()
        assert tab.locator("[data-record]").get_attribute("aria-pressed") == "false"
        assert tab.get_by_label("什么事、在哪里").input_value() == "路灯不亮"
        checked(tab)
