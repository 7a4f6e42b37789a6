"""The operator's screen over HTTP: one contact in hand, two aside, nothing lost, and who is ready."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from tests.hotline import PASSWORD, TINY, Browser, Hotline, hotline_on
from tests.intake.test_alarms import HELP, watchful  # noqa: F401 -- a fixture

from yixian.city import pack
from yixian.city.model import Asking, Branch, Gate, Moment, Pack, Saying, Speech
from yixian.db import bootstrap

LAMP = "The street light outside our house in Castle Ward is out, third night"
PHONE = "+447700900123"
SPEECH = Speech(
    sayings=(
        Saying(Moment.OPENING, {"en": "Port Ash town line, what has happened?"}),
        Saying(Moment.ASK_PLACE, {"en": "Where is it?"}),
        Saying(Moment.ANGRY, {"en": "I am sorry, please take your time."}),
        Saying(Moment.TICKET, {"en": "It is with the unit now."}),
    ),
    askings=(Asking("ST01", "One lamp or the whole street?", (Branch("The whole street", "The cable team comes tonight."),)),),
    feelings={"angry": ("nobody cares",), "desperate": ("cannot go on",)},
)


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    town = msgspec.structs.replace(pack.read(TINY), speech=SPEECH, gate=Gate(floor=0.3, margin=0.1))
    async with hotline_on(fresh, home, town) as running:
        yield running


async def desk(hotline: Hotline, path: str = "", login: str = "operator") -> Browser:
    return await (await hotline.staff(login)).open(f"/desk/operator{path}")


async def part(browser: Browser, door: str, status: int = 200, **typed: Any) -> dict[str, Any]:
    """What a script is answered."""
    fields = browser.page.form("/desk/operator").fields
    address = "/desk/operator" + (f"/{door}" if door else "")
    answer = await browser.client.post(address, data={**fields, **typed}, headers={"X-Part": "1"})
    assert answer.status_code == status, answer.text
    return answer.json()


# -- Beside the words ----------------------------------------------------------------------------------------------


async def test_what_is_typed_is_understood_with_its_reasons(hotline: Hotline):
    browser = await desk(hotline)
    assert "Port Ash town line" in browser.text
    beside = await part(browser, "live", text=LAMP + ", nobody cares")
    assert "street" in beside["beside"] and "<mark>" in beside["beside"]
    assert "One lamp or the whole street?" in beside["beside"]
    assert "The cable team comes tonight." in beside["beside"]
    assert "I am sorry, please take your time." in beside["beside"]
    assert beside["fills"]["region"] == "Castle Ward [PA-N-1]" or "PA-N-1" in beside["fills"]["region"]
    assert beside["picks"][0] == "Street light out [ST0101]"
    assert await hotline.owner.fetchval("SELECT count(*) FROM contact") == 0


async def test_a_guide_stands_beside_with_its_source_and_validity(hotline: Hotline):
    beside = await part(await desk(hotline), "live", text="How do I get a mooring permit for my boat?")
    assert "Harbour Bylaw 8" in beside["beside"]
    assert "2027-06-30" in beside["beside"]
    assert 'data-put="answer"' in beside["beside"]


async def test_a_guide_past_its_review_is_shown_as_such_and_not_offered_as_an_answer(fresh: bootstrap.Addresses, home: Path):
    town = pack.read(TINY)
    guides = tuple(msgspec.structs.replace(g, review_by=g.valid_from) for g in town.guides)
    async with hotline_on(fresh, home, msgspec.structs.replace(town, guides=guides)) as old:
        beside = await part(await desk(old), "live", text="How do I get a mooring permit for my boat?")
        assert "已过复核日期" in beside["beside"]
        assert 'data-put="answer"' not in beside["beside"]


async def test_what_the_system_filled_in_is_not_the_operators_word(hotline: Hotline):
    browser = await desk(hotline)
    fills = {"text": LAMP, "matter": "Pothole", "region": "Castle Ward [PA-N-1]"}
    await browser.send("/desk/operator", 201, deed="ticket_opened", filled="matter,region", **fills)
    row = await hotline.owner.fetchrow("SELECT matter, dispatched_by FROM ticket")
    assert tuple(row) == ("ST0101", "gate"), "the field said Pothole, but nobody had chosen it"


async def test_whoever_may_be_in_danger_is_asked_and_the_answer_counts(fresh: bootstrap.Addresses, home: Path, watchful: Pack):  # noqa: F811
    async with hotline_on(fresh, home, watchful) as town:
        browser = await desk(town)
        asked = await part(browser, "live", text=HELP)
        assert asked["alarm"] and "没有人有危险" in asked["beside"]
        said = await part(browser, "live", text=HELP, danger="no")
        assert not said["alarm"] and 'name="danger" value="no"' in said["beside"], "the answer stays with the form"
        await part(browser, "", 201, deed="ticket_opened", text=HELP, danger="no")
        assert await town.owner.fetchval("SELECT alarm FROM ticket") == ""


async def test_a_wrong_name_in_a_field_is_named_while_typing(hotline: Hotline):
    wrong = await part(await desk(hotline), "live", 422, text=LAMP, matter="Dragons")
    assert list(wrong["errors"]) == ["matter"]


# -- Who calls -----------------------------------------------------------------------------------------------------


async def test_one_person_has_one_history_over_all_channels(hotline: Hotline):
    await hotline.says(LAMP, channel="web")
    await hotline.says("The bin was not collected in Castle Ward", channel="wechat")
    browser = await desk(hotline, f"?phone={quote(PHONE)}")
    assert "A** ***0123" in browser.text
    assert "street light" in browser.text and "bin was not collected" in browser.text
    assert "正常" in browser.text or "不计时" in browser.text
    assert "7700900123" not in browser.text.replace(browser.page.form("/desk/operator").fields["phone"], "")


async def test_a_repeated_caller_with_special_needs_is_seen(hotline: Hotline):
    browser = await desk(hotline)
    for text in (LAMP, "The bin was not collected", "The drain is blocked in Castle Ward"):
        await browser.send("/desk/operator", 201, deed="ticket_opened", text=text, phone=PHONE, needs="听障", language="en")
    seen = await part(browser, "caller", phone="07700 900123")
    assert "听障" in seen["caller"]
    assert "30 天内第 4 次来电" in seen["caller"]
    assert seen["fills"] == {"audience": "person", "needs": "听障", "language": "en"}


async def test_a_number_in_clear_needs_a_reason_and_is_written_down(hotline: Hotline):
    await hotline.says(LAMP)
    browser = await desk(hotline, f"?phone={quote(PHONE)}")
    await browser.send("/desk/operator", 422, deed="reveal", reveal="name", text="typed meanwhile")
    assert browser.page.form("/desk/operator").fields["text"] == "typed meanwhile"
    await browser.send("/desk/operator", 200, deed="reveal", reveal="name", why="Call back about the lamp")
    assert "Ann" in browser.text
    rows = await hotline.owner.fetch("SELECT field, reason FROM reveal")
    assert [tuple(r) for r in rows] == [("name", "Call back about the lamp")]


async def test_a_firm_is_known_by_its_code_and_its_name_from_another_number(hotline: Hotline):
    browser = await desk(hotline)
    firm = {"audience": "firm", "name": "Ash Quay Trading Ltd", "identity": "91440101MA5XXXXX0A"}
    await browser.send("/desk/operator", 201, deed="ticket_opened", text=LAMP, phone="+44 7700 900200", **firm)
    by_name = await part(browser, "caller", phone="", audience="firm", name="ASH QUAY TRADING")
    by_code = await part(browser, "caller", phone="", audience="firm", identity="91440101 ma5xxxxx0a")
    for seen in (by_name, by_code):
        assert "Ash **" in seen["caller"] and "street light" in seen["caller"]
    await browser.send("/desk/operator", 201, deed="ticket_opened", text="Our bin was not collected", phone="+44 7700 900201", **firm)
    again = await part(browser, "caller", phone="+44 7700 900201")
    assert "还用过 1 个号码" in again["caller"] and "street light" in again["caller"]
    assert again["fills"]["audience"] == "firm"
    assert "没有这个号码的记录" in (await part(browser, "caller", phone="", audience="firm", name="Other Firm"))["caller"]


async def test_a_callers_own_ticket_takes_what_they_add(hotline: Hotline):
    number = (await hotline.says(LAMP))["tickets"][0]["number"]
    browser = await desk(hotline, f"?phone={quote(PHONE)}")
    await browser.send("/desk/operator", 201, text="It sparks now", onto=number, phone=PHONE)
    assert await hotline.owner.fetchval("SELECT count(*) FROM ticket") == 1
    assert "并入在办工单" in browser.text


# -- Nothing typed is lost -------------------------------------------------------------------------------------------


async def test_a_draft_survives_the_browser_and_the_session(hotline: Hotline):
    browser = await desk(hotline)
    await part(browser, "draft", text=LAMP, phone=PHONE, title="lamp", hides_identity="1", edit="1")
    again = await desk(hotline)  # another browser, signed in anew
    fields = again.page.form("/desk/operator").fields
    assert (fields["text"], fields["phone"], fields["title"], fields["hides_identity"]) == (LAMP, PHONE, "lamp", "1")
    assert fields["key"] == browser.page.form("/desk/operator").fields["key"]


async def test_an_older_edit_that_arrives_late_changes_nothing(hotline: Hotline):
    browser = await desk(hotline)
    await part(browser, "draft", text="new words", edit="5")
    assert (await part(browser, "draft", text="old", edit="4"))["kept"] is False
    assert (await desk(hotline)).page.form("/desk/operator").fields["text"] == "new words"


async def test_a_draft_is_sealed_and_its_operators_alone(hotline: Hotline):
    browser = await desk(hotline)
    await part(browser, "draft", text="a secret matter", phone=PHONE, edit="1")
    sealed = await hotline.owner.fetchval("SELECT sealed FROM operator_draft")
    assert b"secret" not in sealed and b"7700900123" not in sealed
    key = browser.page.form("/desk/operator").fields["key"]
    other = await desk(hotline, f"?draft={key}", login="supervisor")
    assert other.page.form("/desk/operator").fields["text"] == ""


async def test_two_contacts_stand_side_by_side(hotline: Hotline):
    browser = await desk(hotline)
    await browser.send("/desk/operator", deed="park", text="The first caller's lamp", phone=PHONE)
    assert browser.page.form("/desk/operator").fields["text"] == ""
    await browser.send("/desk/operator", deed="check", text="The second caller's bin")
    assert "搁置 1 件" in browser.text and "The first ca" in browser.text
    first = next(a for a in browser.page.links if "draft=" in a)
    await browser.open(first)
    assert browser.page.form("/desk/operator").fields["text"] == "The first caller's lamp"
    assert "The second c" in browser.text
    await browser.send("/desk/operator", deed="drop")
    assert await hotline.owner.fetchval("SELECT count(*) FROM operator_draft") == 1


async def test_a_call_that_comes_in_puts_the_other_aside_and_loses_nothing(hotline: Hotline):
    browser = await desk(hotline)
    await part(browser, "draft", text="half a sentence", edit="1")
    await browser.open(f"/desk/operator?phone={quote(PHONE)}")
    assert browser.page.form("/desk/operator").fields["text"] == ""
    await part(browser, "draft", edit="1")
    aside = await hotline.owner.fetch("SELECT parked_at IS NOT NULL AS aside FROM operator_draft ORDER BY begun_at")
    assert sorted(r["aside"] for r in aside) == [False, True]


async def test_what_is_refused_is_kept_as_a_draft(hotline: Hotline):
    browser = await desk(hotline)
    await browser.send("/desk/operator", 422, deed="answered", text="When do you open?")
    assert (await desk(hotline)).page.form("/desk/operator").fields["text"] == "When do you open?"


async def test_a_recorded_contact_leaves_no_draft_and_cannot_come_back(hotline: Hotline):
    browser = await desk(hotline)
    await part(browser, "draft", text=LAMP, edit="1")
    done = await part(browser, "", 201, text=LAMP, deed="ticket_opened", matter="Street light out")
    assert "查询码" in done["receipt"] and "It is with the unit now." in done["receipt"]
    assert (await part(browser, "draft", text=LAMP + "!", edit="9"))["kept"] is False, "an autosave that was under way"
    assert await hotline.owner.fetchval("SELECT count(*) FROM operator_draft") == 0


@pytest.mark.parametrize(
    "typed", [{"edit": "-1"}, {"edit": "９"}, {"edit": "9" * 40}, {"key": "k" * 500}, {"filled": ",,,x"}, {"text": "a\x00b"}]
)
async def test_bad_input_is_no_error_of_ours(hotline: Hotline, typed: dict[str, str]):
    browser = await desk(hotline)
    for door in ("draft", "live", "caller"):
        fields = {**browser.page.form("/desk/operator").fields, "text": "x", "phone": "1", **typed}
        answer = await browser.client.post(f"/desk/operator/{door}", data=fields)
        assert answer.status_code < 500


async def test_only_operators_and_only_with_the_token(hotline: Hotline):
    handler = await hotline.staff("roads")
    for door in ("draft", "live", "caller"):
        assert (await handler.client.post(f"/desk/operator/{door}", data={"text": "x"})).status_code == 403
        browser = await desk(hotline)
        assert (await browser.client.post(f"/desk/operator/{door}", data={"text": "x"})).status_code == 403


async def test_drafts_that_nobody_finished_are_forgotten_after_two_days(hotline: Hotline):
    from yixian.operators import jobs

    browser = await desk(hotline)
    await part(browser, "draft", text="never finished", edit="1")
    process = hotline.app.state.process
    hotline.clock.forward(hours=47)
    await jobs.forget(process.database, None, hotline.clock())
    assert await hotline.owner.fetchval("SELECT count(*) FROM operator_draft") == 1
    hotline.clock.forward(hours=2)
    await jobs.forget(process.database, None, hotline.clock())
    assert await hotline.owner.fetchval("SELECT count(*) FROM operator_draft") == 0
    assert await hotline.owner.fetchval("SELECT count(*) FROM contact_work") == 0


# -- States and time -------------------------------------------------------------------------------------------------


async def test_a_contact_is_timed_from_the_first_word_to_the_end_of_the_work_after_it(hotline: Hotline):
    browser = await desk(hotline)
    await part(browser, "draft", text="The lamp", phone=PHONE, edit="1")
    hotline.clock.forward(seconds=50)
    done = await part(browser, "", 201, text=LAMP, phone=PHONE, deed="ticket_opened", matter="Street light out")
    hotline.clock.forward(seconds=30)
    refused = await part(browser, "", 422, deed="state:ready")
    assert "通话还没有结束" in refused["errors"][""]
    await part(browser, "", deed="state:after", key=done["key"])
    hotline.clock.forward(seconds=15)
    bar = await part(browser, "", deed="state:ready", key=done["key"])
    assert "上一件 95 秒，话后 15 秒" in bar["bar"]
    row = await hotline.owner.fetchrow(
        "SELECT w.handling_seconds, w.wrap_up_seconds, w.queue, c.text FROM contact_work w JOIN contact c ON c.id = w.contact"
    )
    assert tuple(row) == (95, 15, "streets", LAMP)
    assert [r["state"] for r in await hotline.owner.fetch("SELECT state FROM operator_state_history ORDER BY at, id")] == [
        "talking",
        "after",
        "ready",
    ]


async def test_what_stands_aside_is_not_timed(hotline: Hotline):
    browser = await desk(hotline)
    await part(browser, "draft", text="The lamp", edit="1")
    hotline.clock.forward(seconds=10)
    await part(browser, "", deed="park", text="The lamp", edit="1")
    hotline.clock.forward(seconds=600)
    await part(browser, "draft", text="The lamp is out", edit="2")
    hotline.clock.forward(seconds=20)
    await part(browser, "", 201, text=LAMP, deed="ticket_opened", matter="Street light out", edit="2")
    entry = await hotline.owner.fetchval("SELECT extract(epoch FROM recorded_at - begun_at)::int - held_seconds FROM contact_work")
    assert entry == 30


async def test_the_next_contact_ends_the_work_after_the_last(hotline: Hotline):
    browser = await desk(hotline)
    await browser.send("/desk/operator", 201, deed="answered", text="When do you open?", answer="At nine")
    hotline.clock.forward(seconds=8)
    await part(browser, "draft", text="Next", edit="1")
    assert await hotline.owner.fetchval("SELECT handling_seconds FROM contact_work WHERE contact IS NOT NULL") == 8


async def test_the_board_and_the_figures_are_the_supervisors(hotline: Hotline):
    since = hotline.clock().isoformat()
    operator = await desk(hotline)
    for seconds in (20, 40, 90):
        await part(operator, "draft", text="x", edit="1")
        hotline.clock.forward(seconds=seconds)
        done = await part(operator, "", 201, text="When do you open?", answer="At nine", deed="answered")
        await operator.open("/desk/operator")
        assert done["key"] != operator.page.form("/desk/operator").fields["key"]
    hotline.clock.forward(seconds=1)
    supervisor = (await hotline.staff("supervisor")).client
    board = (await supervisor.get("/api/v1/operators")).json()
    assert board["counts"] == [{"state": "talking", "queue": "", "operators": 1}]
    assert [o["name"] for o in board["operators"]] == ["Operator"]
    asked = {"since": since, "till": hotline.clock().isoformat()}
    figures = (await supervisor.get("/api/v1/operators/figures", params=asked)).json()
    assert (figures["contacts"], figures["entry_median"], figures["entry_p90"]) == (3, 40.0, 80.0)
    assert (await operator.client.get("/api/v1/operators")).status_code == 403
    naive = await supervisor.get("/api/v1/operators/figures", params={"since": "2026-01-01T00:00:00", "till": asked["till"]})
    assert naive.status_code in (400, 422)


async def test_the_telephone_and_supervisors_set_states_and_nobody_else_anothers(hotline: Hotline):
    operator = await desk(hotline)
    await part(operator, "draft", text="x", edit="1")
    whose = str(await hotline.owner.fetchval("SELECT id FROM staff WHERE login = 'operator'"))
    address = f"/api/v1/operators/{whose}/state"

    async def put(login: str, body: dict[str, str], status: int) -> dict[str, Any]:
        hotline.clock.forward(seconds=1)
        browser = hotline.browser()
        session = (await browser.client.post("/api/v1/session", json={"login": login, "password": PASSWORD})).json()
        answer = await browser.client.put(address, json=body, headers={"X-CSRF-Token": session["csrf"]})
        assert answer.status_code == status, answer.text
        return answer.json()

    assert "通话还没有结束" in (await put("operator", {"state": "ready"}, 409))["detail"]
    await put("dispatcher", {"state": "away"}, 409)
    await put("operator", {"state": "after", "source": "telephone"}, 200)
    stood = await put("supervisor", {"state": "pause", "queue": "streets"}, 200)
    assert (stood["state"], stood["queue"]) == ("pause", "streets")
    await put("supervisor", {"state": "pause", "queue": "nowhere"}, 422)
    await put("supervisor", {"state": "dancing"}, 400)
    actors = await hotline.owner.fetch("SELECT source FROM operator_state_history ORDER BY at, id")
    assert [r["source"] for r in actors] == ["desk", "telephone", "desk"]
