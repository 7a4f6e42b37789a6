"""Forms and open pages in a real browser: what was typed survives a chosen file, and who chooses one is still there."""

from __future__ import annotations

from pathlib import Path

from tests.attachments.files import photo
from tests.browser import lives
from tests.browser.driving import Driver
from yixian.people.model import Role


def test_a_chosen_file_costs_no_draft_on_its_page(browser: Driver, tmp_path: Path) -> None:
    picture = tmp_path / "lamp.jpg"
    picture.write_bytes(photo((320, 240)))
    ticket = lives.reported(browser, 71)
    context = browser.browser.new_context(locale="zh-CN", base_url=browser.city.address)
    tab = context.new_page()
    complaints: list[str] = []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        tab.goto(f"/ticket/{ticket['number']}?code={ticket['check_code']}")
        tab.locator("details:has(form[data-draft=supplement]) summary").click()
        tab.locator("details:has(form[data-draft=withdraw]) summary").click()
        tab.set_input_files("form[data-draft=supplement] input[type=file]", str(picture))
        tab.fill("form[data-draft=supplement] textarea", "灯杆编号是 A17")
        tab.fill("form[data-draft=withdraw] textarea", "灯已经亮了")
        tab.reload()
        assert tab.input_value("form[data-draft=supplement] textarea") == "灯杆编号是 A17"
        assert tab.input_value("form[data-draft=withdraw] textarea") == "灯已经亮了"
        # What is sent is done with; what is not, stays.
        tab.locator("details:has(form[data-draft=supplement]) summary").click()
        tab.set_input_files("form[data-draft=supplement] input[type=file]", str(picture))
        with tab.expect_navigation():
            tab.locator("form[data-draft=supplement] button").click()
        tab.reload()
        assert tab.input_value("form[data-draft=supplement] textarea") == ""
        assert tab.input_value("form[data-draft=withdraw] textarea") == "灯已经亮了"
        assert complaints == []
    finally:
        context.close()


def test_who_chooses_a_photograph_is_still_there(browser: Driver, tmp_path: Path) -> None:
    picture = tmp_path / "after.jpg"
    picture.write_bytes(photo((320, 240)))
    number = lives.reported(browser, 72)["number"]
    lives.in_hand(browser, number)
    other = browser.context(Role.UNIT_REVIEWER).new_page()
    tab = browser.context(Role.HANDLER).new_page()
    try:
        other.goto(f"/desk/ticket/{number}")
        other.wait_for_load_state("networkidle")
        tab.goto(f"/desk/ticket/{number}")
        tab.wait_for_load_state("networkidle")
        with tab.expect_response("**/presence") as told:
            tab.set_input_files("form[action$='/files'] input[type=file]", str(picture))
        assert told.value.status == 200
        other.locator(".presence", has_text="正在填写").wait_for(timeout=20_000)
        with tab.expect_response("**/presence", timeout=20_000) as told:
            pass
        assert told.value.status == 200
    finally:
        tab.close()
        other.close()
