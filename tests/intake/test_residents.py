"""From one box to a number: what was understood is shown, corrected with a tap, and goes with its photographs and recordings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.attachments.files import SECRET, bomb, photo, wav
from tests.hotline import TINY, Browser, Hotline, hotline_on
from tests.web.look import Page

from yixian.city import pack
from yixian.db import bootstrap
from yixian.intake import pages
from yixian.intake.service import Unfit

LAMP = "The street light outside our house in Castle Ward is out, third night"
QUESTION = "how do I get a berth"


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


async def sends(browser: Browser, status: int = 200, files: Any = (), **typed: str) -> Browser:
    """Sends the form of the page with files, as a browser without scripts does."""
    form = browser.page.form("/say")
    fields = {k: v for k, v in {**form.fields, **typed}.items() if k != "file"}
    browser.answer = await browser.client.post("/say", data=fields, files=[("file", f) for f in files])
    return browser._looked_at(status)  # the same look at the page as after `send`


async def tickets(hotline: Hotline) -> list[dict[str, Any]]:
    rows = await hotline.owner.fetch("SELECT number, text, matter, lead, dispatched_by, latitude, longitude FROM ticket ORDER BY id")
    return [dict(r) for r in rows]


def link(browser: Browser) -> str:
    return next(a for a in browser.page.links if a.startswith("/ticket/"))


async def test_three_steps_from_landing_to_number(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", text=LAMP, step="look")
    assert "这样理解对吗" in browser.text and "Street light out" in browser.text and "Castle Ward" in browser.text
    assert "工作日内答复" in browser.text
    assert await tickets(hotline) == [], "looking stores nothing"
    await browser.send("/say", 201, phone="+447700900123", name="Ann")
    assert link(browser).startswith("/ticket/PA")


async def test_what_cannot_wait_is_not_held_up_by_a_look(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", 201, text="My neighbour's house is on fire", step="look")
    assert "tel:999" in browser.page.links


async def test_another_matter_is_chosen_with_a_tap_and_a_person_confirms_it(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", text="The lamp and the bins in Castle Ward are in a bad state", step="look")
    offered = [value for name, value in _radios(browser, "meant") if value not in ("", "-")]
    assert offered, browser.text
    await browser.send("/say", 201, meant=offered[0])
    (ticket,) = await tickets(hotline)
    assert (ticket["matter"], ticket["dispatched_by"]) == (offered[0], "")
    first = await hotline.owner.fetchval("SELECT suggestions -> 0 ->> 'matter' FROM ticket")
    assert first == offered[0]


async def test_none_of_these_leaves_it_to_a_person(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", text=LAMP, step="look")
    assert _radios(browser, "meant")[-1] == ("meant", "-")
    await browser.send("/say", 201, meant="-")
    assert [(t["matter"], t["lead"]) for t in await tickets(hotline)] == [(None, None)]


async def test_a_matter_that_does_not_exist_is_refused_and_what_was_typed_stays(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", text=LAMP, step="look")
    await browser.send("/say", 422, meant="ST9999", phone="0123")
    assert "没有这个事项" in browser.text
    assert browser.page.form("/say").fields["phone"] == "0123"
    assert await tickets(hotline) == []


def _radios(browser: Browser, name: str) -> list[tuple[str, str]]:
    import re

    return re.findall(rf'type="radio" name="({name})" value="([^"]*)"', browser.answer.text)


async def test_photographs_go_with_the_ticket_without_what_they_told_and_offer_their_place(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    sent = photo(at=(23.1, 113.27))
    await sends(browser, files=[("lamp.jpg", sent, "image/jpeg")], text=LAMP, step="look")
    assert 'value="23.1,113.27"' in browser.answer.text and "照片" in browser.text
    assert browser.page.form("/say").fields.get("at", "") == "", "a place is only offered"
    await sends(browser, 201, at="23.1,113.27")
    (ticket,) = await tickets(hotline)
    assert (float(ticket["latitude"]), float(ticket["longitude"])) == (23.1, 113.27)
    address = link(browser)
    progress = await browser.open(address)
    assert f"/ticket/{ticket['number']}/file/" in progress.answer.text
    code = address.partition("code=")[2]
    listed = (await browser.client.get(f"/api/v1/tickets/{ticket['number']}/attachments?code={code}")).json()
    assert [(f["kind"], f["name"], f["side"]) for f in listed] == [("photo", "lamp.jpg", "resident")]
    base = f"/ticket/{ticket['number']}/file/{listed[0]['id']}"
    shown = await browser.client.get(f"{base}?code={code}")
    assert shown.headers["content-type"] == "image/jpeg" and SECRET not in shown.content
    assert shown.headers["x-content-type-options"] == "nosniff" and "private" in shown.headers["cache-control"]
    assert "sandbox" in shown.headers["content-security-policy"]
    assert (await browser.client.get(f"{base}?code=WRONG1")).status_code == 404
    assert (await browser.client.get(f"/desk/ticket/{ticket['number']}/file/{listed[0]['id']}")).status_code in (303, 401)
    for login, status in (("dispatcher", 200), ("waste", 404), ("admin", 403)):
        staff = await hotline.staff(login)
        assert (await staff.client.get(f"/desk/ticket/{ticket['number']}/file/{listed[0]['id']}")).status_code == status, login


async def test_a_voice_note_alone_is_taken_and_a_person_listens(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    await sends(browser, files=[("note.wav", wav(), "audio/wav")], step="look")
    assert "先听您的录音" in browser.text
    await browser.send("/say", 201, phone="+447700900123")
    (ticket,) = await tickets(hotline)
    assert (ticket["text"], ticket["matter"], ticket["lead"]) == ("（语音留言，待听写）", None, None)
    desk = await (await hotline.staff("dispatcher")).open(f"/desk/ticket/{ticket['number']}")
    assert "<audio" in desk.answer.text


async def test_hostile_files_are_refused_in_words_and_nothing_typed_is_lost(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    files = [("x.jpg", b"<script>alert(1)</script>", "image/jpeg"), ("b.png", bomb(), "image/png")]
    await sends(browser, 422, files=files, text=LAMP, step="look")
    assert browser.page.form("/say").fields["text"] == LAMP
    assert "尺寸太大" in browser.text
    assert await hotline.owner.fetchval("SELECT count(*) FROM attachment") == 0


async def test_a_file_is_taken_out_again_without_scripts(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    await sends(browser, files=[("lamp.jpg", photo(), "image/jpeg")], text=LAMP, step="look")
    file = await hotline.owner.fetchval("SELECT id FROM attachment")
    await sends(browser, step="drop", drop=str(file))
    assert await hotline.owner.fetchval("SELECT count(*) FROM attachment") == 0
    await sends(browser, step="drop", drop=str(file))
    await sends(browser, step="look", drop="nonsense")


async def test_a_program_puts_files_with_the_key_of_its_contact(hotline: Hotline) -> None:
    client, key = hotline.browser().client, {"Idempotency-Key": "an-app-of-a-partner-1"}
    put = await client.post("/api/v1/attachments", content=photo(at=(23.1, 113.27)), headers={**key, "X-File-Name": "%E7%81%AF.jpg"})
    assert put.status_code == 201
    assert (put.json()["name"], put.json()["position"]) == ("灯.jpg", {"latitude": 23.1, "longitude": 113.27})
    again = await client.post("/api/v1/attachments", content=wav(), headers=key)
    assert (await client.delete(f"/api/v1/attachments/{again.json()['id']}", headers=key)).status_code == 204
    assert (await client.get(f"/api/v1/attachments/{put.json()['id']}", headers=key)).headers["content-type"] == "image/jpeg"
    assert (
        await client.get(f"/api/v1/attachments/{put.json()['id']}", headers={"Idempotency-Key": "some-other-key-of-22ch"})
    ).status_code == 404
    bad = await client.post("/api/v1/attachments", content=b"MZ", headers=key)
    assert (bad.status_code, bad.json()["type"]) == (422, "unfit-file")
    large = await client.post("/api/v1/attachments", content=bytes(13 * 1024 * 1024), headers=key)
    assert large.status_code == 413
    receipt = (await client.post("/api/v1/contacts", json={"text": LAMP}, headers=key)).json()
    number, code = receipt["tickets"][0]["number"], receipt["tickets"][0]["check_code"]
    listed = (await client.get(f"/api/v1/tickets/{number}/attachments", params={"code": code})).json()
    assert [f["name"] for f in listed] == ["灯.jpg"]
    more = await client.post(f"/api/v1/tickets/{number}/attachments", params={"code": code}, content=photo())
    assert more.status_code == 201
    row = await hotline.owner.fetchrow("SELECT action, note FROM history ORDER BY at DESC, seq DESC LIMIT 1")
    assert tuple(row) == ("supplement", "补充了 1 个文件")


async def test_what_is_understood_shows_while_typing_and_stores_nothing(hotline: Hotline) -> None:
    client = hotline.browser().client
    part = await client.post("/understood", data={"text": LAMP})
    assert "Street light out" in part.text and "<html" not in part.text
    assert "tel:999" in (await client.post("/understood", data={"text": "My neighbour's house is on fire"})).text
    for text in ("", "li", "x" * 20_000):
        assert (await client.post("/understood", data={"text": text})).text.strip() == ""
    assert await hotline.owner.fetchval("SELECT count(*) FROM contact") == 0


async def test_a_position_outside_or_nonsense_is_told_and_dropped(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    await sends(browser, 422, text=LAMP, at="here", step="look")
    assert "位置没有读懂" in browser.text
    assert browser.page.form("/say").fields.get("at", "") == ""
    for wrong in ("91,10", "1,2,3", "nan,nan", "inf,0"):
        with pytest.raises(Unfit):
            pages.contact_of({**pages.EMPTY, "text": LAMP, "at": wrong}, channel=pages.Channel.WEB)


async def test_large_print_begins_with_three_buttons(hotline: Hotline) -> None:
    browser = hotline.browser()
    await browser.client.get("/preference?look=elder&back=/")
    await browser.open("/")
    assert [w for w in ("说问题", "查进度") if w in browser.text] == ["说问题", "查进度"]
    await browser.open("/?say=1")
    assert browser.page.form("/say")


async def test_the_english_edition_names_matter_and_unit(hotline: Hotline) -> None:
    browser = await hotline.browser(**{"accept-language": "en"}).open("/")
    await browser.send("/say", text=LAMP, step="look")
    assert "Is this right?" in browser.text and "working days" in browser.text
    await browser.send("/say", 201)
    assert "Check code" in browser.text


async def test_a_question_is_answered_at_once_with_its_source_and_a_person_is_one_press_away(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", 201, text=QUESTION, step="look")
    assert "依据" in browser.text
    asked = browser.answer.text
    await browser.send("/helped")
    assert await hotline.owner.fetchval("SELECT count(*) FROM event WHERE kind = 'contact.helped'") == 1
    for contact in ("nonsense", "0193a3a0-0000-7000-8000-000000000000"):
        assert (await browser.client.post("/helped", data={"contact": contact})).status_code in (200, 404)
    assert await hotline.owner.fetchval("SELECT count(*) FROM event WHERE kind = 'contact.helped'") == 1
    again = next(f for f in Page(asked).forms if f.action == "/say")
    looked = await browser.client.post("/say", data={**again.fields, "step": "look"})
    assert looked.status_code == 200 and "这样理解对吗" in looked.text


async def test_a_receipt_says_how_long_it_takes_though_nobody_knows_yet_whose_it_is(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", text="zzz qqq xxx", step="look")
    await browser.send("/say", 201)
    assert "正在确定由哪个单位办理" in browser.text and "派出后 10 个工作日内答复您" in browser.text
    address = link(browser)
    assert "派出后 10 个工作日内答复您" in (await browser.open(address)).text
    said = await hotline.says("zzz qqq xxx")
    assert said["tickets"][0]["answer_in"] == {"count": 10, "unit": "wd"}
    again = await hotline.says("zzz qqq xxx")
    assert again["tickets"][0]["answer_in"] == {"count": 10, "unit": "wd"}
    sure = await hotline.says(LAMP)
    assert sure["tickets"][0]["answer_due"] and sure["tickets"][0]["answer_in"] is None
    browser.answer = await browser.client.get(address, headers={"accept-language": "en"})
    assert "within 10 working days from when a unit has it" in browser.text


PERHAPS = "I want to keep my boat in the harbour, what does a permit need"


async def test_a_question_below_the_gate_is_offered_a_guide_with_its_source_and_then_the_ticket(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", text=PERHAPS, step="look")
    assert "也许这就是答案" in browser.text and "Apply at the Harbour Master" in browser.text and "Harbour Bylaw 8" in browser.text
    looked = browser.page.form("/say")
    took = await browser.client.post("/say", data={**looked.fields, "guide": "HB-G01"})
    assert took.status_code == 201 and "这是您要的答案" in took.text and "Apply at the Harbour Master" in took.text
    assert await tickets(hotline) == [] and await hotline.owner.fetchval("SELECT outcome FROM contact") == "answered"
    # It did not help after all: the same words become a ticket, and no guide stands in the way again.
    again = next(f for f in Page(took.text).forms if f.action == "/say" and "insist" in f.fields)
    once_more = await browser.client.post("/say", data={**again.fields, "step": "look"})
    assert "这样理解对吗" in once_more.text and "也许这就是答案" not in once_more.text
    sent = await browser.client.post("/say", data=Page(once_more.text).form("/say").fields)
    assert sent.status_code == 201 and len(await tickets(hotline)) == 1


async def test_a_guide_is_no_answer_unless_somebody_takes_it(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", text=PERHAPS, step="look")
    await browser.send("/say", 201)
    assert len(await tickets(hotline)) == 1
    await browser.open("/")
    await browser.send("/say", text=LAMP, step="look")
    assert "也许这就是答案" not in browser.text
    refused = await browser.client.post("/say", data={**browser.page.form("/say").fields, "guide": "XX-G99"})
    assert refused.status_code == 422 and "已经撤下" in refused.text


async def test_programs_are_told_of_guides_and_say_which_one_helped(hotline: Hotline) -> None:
    client = hotline.browser().client
    preview = (await client.post("/api/v1/contacts/preview", json={"text": PERHAPS})).json()
    assert [g["code"] for g in preview[0]["guides"]] == ["HB-G01"] and preview[0]["guides"][0]["source"] == "Harbour Bylaw 8"
    fire = (await client.post("/api/v1/contacts/preview", json={"text": "My boat is on fire, do I need a permit"})).json()
    assert fire[0]["guides"] == []
    told = (await client.post("/api/v1/contacts", json={"text": PERHAPS, "guide": "HB-G01"})).json()
    assert told["outcome"] == "answered" and "Harbour Bylaw 8" in told["said"]


# -- Large print: one question a screen --------------------------------------------------------------------------------


async def elder(hotline: Hotline) -> Browser:
    browser = hotline.browser()
    await browser.client.get("/preference?look=elder&back=/")
    await browser.open("/?say=1")
    return browser


async def test_large_print_asks_one_question_a_screen(hotline: Hotline) -> None:
    browser = await elder(hotline)
    assert "发生了什么事" in browser.text and "第 1 步，共 4 步" in browser.text
    assert "手机号码" not in browser.text and "地点" not in browser.page.form("/say").fields
    await browser.send("/say", text=LAMP, step="next")
    assert "在哪里？" in browser.text and browser.page.form("/say").fields["place"] == "Castle Ward"
    await browser.send("/say", place="Castle Ward, by the old gate", step="next")
    assert "手机号码是多少" in browser.text
    await browser.send("/say", phone="+447700900123", name="Ms Ash", step="next")
    assert "请核对" in browser.text and await tickets(hotline) == []
    for said in (LAMP, "by the old gate", "+447700900123", "Ms Ash", "Street light out", "工作日内答复"):
        assert said in browser.text, said
    await browser.send("/say", 201)
    (ticket,) = await tickets(hotline)
    assert ticket["text"] == LAMP and link(browser).startswith("/ticket/PA")


async def test_back_and_change_lose_nothing_and_never_trap(hotline: Hotline) -> None:
    browser, mistyped = await elder(hotline), "07700900123" * 20
    await browser.send("/say", 422, text="", step="next")
    assert "请说说遇到了什么问题" in browser.text and "第 1 步" in browser.text
    await browser.send("/say", text=LAMP, step="next")
    await browser.send("/say", place="by the gate", step="next")
    await browser.send("/say", 422, phone=mistyped, name="Ann", step="next")
    assert "第 3 步" in browser.text and browser.page.form("/say").fields["phone"] == mistyped
    await browser.send("/say", step="back")
    assert "第 2 步" in browser.text and browser.page.form("/say").fields["place"] == "by the gate"
    await browser.send("/say", step="back")
    assert browser.page.form("/say").fields["text"] == LAMP
    await browser.send("/say", 422, step="next")
    assert "第 3 步" in browser.text, "what cannot be taken is asked for again"
    assert browser.page.form("/say").fields["phone"] == mistyped and browser.page.form("/say").fields["name"] == "Ann"
    await browser.send("/say", phone="", step="next")
    await browser.send("/say", step="where")
    assert "第 2 步" in browser.text and browser.page.form("/say").fields["place"] == "by the gate"
    assert await tickets(hotline) == []


async def test_large_print_does_not_hold_up_what_cannot_wait_nor_a_known_answer(hotline: Hotline) -> None:
    browser = await elder(hotline)
    await browser.send("/say", 201, text="My neighbour's house is on fire", step="next")
    assert "tel:999" in browser.page.links
    browser = await elder(hotline)
    await browser.send("/say", 201, text=QUESTION, step="next")
    assert "依据" in browser.text


async def test_in_large_print_a_person_looks_and_a_guide_is_taken(hotline: Hotline) -> None:
    browser = await elder(hotline)
    await browser.send("/say", text=LAMP, step="next")
    for _ in range(2):
        await browser.send("/say", step="next")
    sent = await browser.client.post("/say", data={**browser.page.form("/say").fields, "meant": "-"})
    assert sent.status_code == 201
    assert [(t["matter"], t["lead"]) for t in await tickets(hotline)] == [(None, None)]
    browser = await elder(hotline)
    await browser.send("/say", text=PERHAPS, step="next")
    for _ in range(2):
        await browser.send("/say", step="next")
    assert "也许这就是答案" in browser.text
    took = await browser.client.post("/say", data={**browser.page.form("/say").fields, "guide": "HB-G01"})
    assert took.status_code == 201 and len(await tickets(hotline)) == 1
    again = next(f for f in Page(took.text).forms if f.action == "/say" and "insist" in f.fields)
    looked = await browser.client.post("/say", data={**again.fields, "step": "look"})
    assert "请核对" in looked.text and "也许这就是答案" not in looked.text


async def test_a_photograph_alone_goes_through_large_print(hotline: Hotline) -> None:
    browser = await elder(hotline)
    await sends(browser, files=[("lamp.jpg", photo(), "image/jpeg")], step="next")
    assert "第 2 步" in browser.text
    await browser.send("/say", step="what")
    file = await hotline.owner.fetchval("SELECT id FROM attachment")
    await browser.send("/say", drop=str(file))
    assert "第 1 步" in browser.text and await hotline.owner.fetchval("SELECT count(*) FROM attachment") == 0
    await browser.send("/say", screen="nonsense", text=LAMP, step="look")
    assert "这样理解对吗" in browser.text


async def test_taking_a_file_out_sends_nothing(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    await sends(browser, 200, files=[("lamp.jpg", photo(), "image/jpeg")], text=LAMP, step="look")
    file = await hotline.owner.fetchval("SELECT id FROM attachment")
    form = browser.page.form("/say")
    dropped = await browser.client.post("/say", data={**{k: v for k, v in form.fields.items() if k != "step"}, "drop": str(file)})
    assert dropped.status_code == 200 and await tickets(hotline) == []
    assert Page(dropped.text).form("/say").fields["text"] == LAMP


async def test_the_card_follows_what_is_tapped_and_what_is_typed(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", text="The lamp and the bins in Castle Ward are in a bad state", step="look")
    fields = browser.page.form("/say").fields
    offered = [value for _, value in _radios(browser, "meant") if value not in ("", "-")]
    other = next(m.name for m in pack.read(TINY).matters if m.code == offered[0])
    cards = await browser.client.post("/understood", data={**fields, "meant": offered[0]})
    assert other in cards.text and "<html" not in cards.text and "由工作人员确认" in cards.text
    none = await browser.client.post("/understood", data={**fields, "meant": "-"})
    assert "还不清楚是哪类事" in none.text
    moved = await browser.client.post("/understood", data={**fields, "place": "Mill Ward"})
    assert "Mill Ward" in moved.text and "Castle Ward" not in moved.text
    assert await tickets(hotline) == []


async def test_what_was_chosen_stays_chosen_when_it_is_looked_at_again(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", text="The lamp and the bins in Castle Ward are in a bad state", step="look")
    chosen = next(value for _, value in _radios(browser, "meant") if value not in ("", "-"))
    seen: set[str] = set()
    for meant, filed in ((chosen, chosen), ("-", None)):
        await (await browser.open("/")).send("/say", text="The lamp and the bins in Castle Ward are in a bad state", step="look")
        await browser.send("/say", meant=meant, step="look")
        assert browser.page.form("/say").fields["meant"] == meant
        await browser.send("/say", 201)
        (last,) = [row for row in await tickets(hotline) if row["number"] not in seen]
        seen.add(last["number"])
        assert last["matter"] == filed
