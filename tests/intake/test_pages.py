"""Residents say it in one box; operators see what is understood and say how it ended."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.hotline import Browser, Hotline, hotline_on

from yixian.db import bootstrap
from yixian.intake import words
from yixian.web import render

LAMP = "The street light outside our house in Castle Ward is out, third night"


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


async def say(hotline: Hotline, text: str, status: int = 201, **more: str) -> Browser:
    """What a resident types, looks at and sends; `more`: what is asked beside the words."""
    browser = await hotline.browser().open("/")
    if status == 422 or not more:
        return await browser.send("/say", status, text=text, **more)
    await browser.send("/say", text=text, step="look")
    return await browser.send("/say", status, **more)


async def contacts(hotline: Hotline) -> list[tuple[str, str]]:
    rows = await hotline.owner.fetch("SELECT outcome, text FROM contact ORDER BY at, id")
    return [(r["outcome"], r["text"]) for r in rows]


def test_the_words_of_the_room_have_english():
    assert [s for s in words.sayings() if s not in render.catalogue("en")] == []


async def test_a_resident_is_told_number_code_and_unit(hotline: Hotline):
    browser = await say(hotline, LAMP, phone="+447700900123", name="Ann")
    assert "工单编号" in browser.text
    link = next(a for a in browser.page.links if a.startswith("/ticket/"))
    progress = await browser.open(link)
    assert LAMP in progress.text
    assert "7700900123" not in progress.text


async def test_the_same_form_sent_twice_is_one_contact(hotline: Hotline):
    browser = await hotline.browser().open("/")
    form = browser.page.form("/say")
    first = await browser.client.post("/say", data={**form.fields, "text": LAMP})
    again = await browser.client.post("/say", data={**form.fields, "text": LAMP})
    assert (first.status_code, again.status_code) == (201, 200)
    assert len(await contacts(hotline)) == 1
    changed = await browser.client.post("/say", data={**form.fields, "text": LAMP + ", and the next one"})
    assert changed.status_code == 201
    assert len(await contacts(hotline)) == 2


async def test_an_emergency_is_sent_to_its_line_at_once(hotline: Hotline):
    browser = await say(hotline, "My neighbour's house is on fire")
    assert "tel:999" in browser.page.links
    assert "ring 999 now" in browser.text


async def test_who_is_told_to_ring_is_held_up_by_nothing(hotline: Hotline):
    """The number comes first, and nobody is asked for anything; what was typed before stays with the contact."""
    browser = await hotline.browser().open("/")
    typed = {**browser.page.form("/say").fields, "text": "My neighbour's house is on fire", "phone": "+447700900321"}
    main = (await browser.client.post("/say", data=typed)).text.partition("<main")[2].partition("</main")[0]
    first = re.search(r"<a [^>]*>|<button|<input|<textarea|<select", main)
    assert first and 'class="call" href="tel:999"' in first[0], "the number before anything else"
    assert not re.search(r'<textarea|<select|<input (?![^>]*type="hidden")', main), "nothing to fill in"
    assert [outcome for outcome, _ in await contacts(hotline)] == ["transferred"]
    assert await hotline.owner.fetchval("SELECT c.phone_tail FROM contact k JOIN caller c ON c.id = k.caller") == "0321"


async def test_an_empty_box_is_refused_and_keeps_the_rest(hotline: Hotline):
    browser = await say(hotline, "  ", 422, place="Tollbooth Lane")
    assert browser.page.form("/say").fields["place"] == "Tollbooth Lane"
    assert "请说说遇到了什么问题" in browser.text
    assert await contacts(hotline) == []


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script> light out", "'; DROP TABLE contact; -- light out", "light\x00 out", "光" * 10_000 + " light out"]
)
async def test_whatever_is_typed_is_only_text(hotline: Hotline, text: str):
    browser = await hotline.browser().open("/")
    status = 422 if len(text) > 10_000 else 201
    await browser.send("/say", status, text=text)
    assert "<script>alert" not in browser.answer.text
    assert len(await contacts(hotline)) == (status == 201)


async def test_a_form_that_is_broken_or_huge_is_answered_in_words(hotline: Hotline):
    client = hotline.browser().client
    headers = {"content-type": "application/x-www-form-urlencoded"}
    broken = await client.post("/say", content=b"text=%ff%fe&place=%ed%a0%80", headers=headers)
    huge = await client.post("/say", content=b"text=" + b"a" * 1_000_000, headers=headers)
    strange = await client.post("/say", content=b"\xff\xfe\x00", headers=headers)
    nothing = await client.post("/say")
    assert huge.status_code == 413
    for answer in (broken, huge, strange, nothing):
        assert answer.status_code < 500
        assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_what_is_already_open_is_added_to_unless_it_is_another_matter(hotline: Hotline):
    await say(hotline, LAMP, phone="+447700900123")
    browser = await say(hotline, LAMP + ", still", phone="07700 900123 ")
    assert "您之前反映过" in browser.text
    await browser.send("/say", 201, separate="1")
    assert sorted(outcome for outcome, _ in await contacts(hotline)) == ["added_to_ticket", "ticket_opened", "ticket_opened"]


async def test_english_is_spoken_to_those_who_ask_for_it(hotline: Hotline):
    browser = await hotline.browser(**{"accept-language": "en-GB"}).open("/")
    assert "Tell us what is wrong" in browser.text
    await browser.send("/say", 201, text=LAMP)
    assert "Check code" in browser.text


# -- The operator ------------------------------------------------------------------------------------------------


async def test_checking_stores_nothing_and_shows_the_unit(hotline: Hotline):
    desk = await (await hotline.staff("operator")).open("/desk/operator")
    await desk.send("/desk/operator", deed="check", text=LAMP)
    assert "系统的理解" in desk.text
    assert desk.page.form("/desk/operator").fields["text"] == LAMP
    assert await contacts(hotline) == []


async def test_an_operator_settles_matter_and_place_and_reads_out_the_code(hotline: Hotline):
    desk = await (await hotline.staff("operator")).open("/desk/operator")
    await desk.send(
        "/desk/operator", 201, deed="ticket_opened", text="It is dark here", matter="Street light out", region="Castle Ward [PA-N-1]"
    )
    assert "查询码" in desk.text
    row = await hotline.owner.fetchrow("SELECT matter, region, lead FROM ticket")
    assert tuple(row) == ("ST0101", "PA-N-1", "PA-N-1")
    assert desk.page.form("/desk/operator").fields["text"] == ""


@pytest.mark.parametrize(
    ("deed", "more", "outcome"),
    [
        ("answered", {"answer": "The office opens at nine."}, "answered"),
        ("transferred", {"reason": "999"}, "transferred"),
        ("legal_route", {"reason": "appeal"}, "legal_route"),
        ("outside_scope", {"reason": "outside_government"}, "outside_scope"),
        ("abandoned", {"text": ""}, "abandoned"),
    ],
)
async def test_every_way_a_call_can_end(hotline: Hotline, deed: str, more: dict[str, str], outcome: str):
    desk = await (await hotline.staff("operator")).open("/desk/operator")
    await desk.send("/desk/operator", 201, deed=deed, **{"text": "When do you open?", **more})
    assert [o for o, _ in await contacts(hotline)] == [outcome]


@pytest.mark.parametrize(
    ("deed", "field", "more"),
    [
        ("answered", "answer", {}),
        ("transferred", "reason", {}),
        ("ticket_opened", "text", {"text": ""}),
        ("ticket_opened", "matter", {"matter": "Dragons"}),
        ("ticket_opened", "region", {"region": "Atlantis"}),
    ],
)
async def test_what_is_missing_is_named_and_nothing_typed_is_lost(hotline: Hotline, deed: str, field: str, more: dict[str, str]):
    desk = await (await hotline.staff("operator")).open("/desk/operator")
    await desk.send("/desk/operator", 422, deed=deed, **{"text": LAMP, "title": "kept", **more})
    assert field in desk.page.anchors
    assert desk.page.form("/desk/operator").fields["title"] == "kept"
    assert await contacts(hotline) == []


async def test_a_caller_is_known_by_the_number_and_shown_masked(hotline: Hotline):
    await hotline.says(LAMP)
    desk = await (await hotline.staff("operator")).open("/desk/operator?phone=%2B44%207700%20900123")
    assert "A** ***0123" in desk.text
    assert LAMP[:40] in desk.text
    await desk.open("/desk/operator?phone=12345")
    assert "没有这个号码的记录" in desk.text


async def test_the_desk_is_the_operators(hotline: Hotline):
    await (await hotline.staff("roads")).open("/desk/operator", 403)
    stranger = await hotline.browser().client.get("/desk/operator")
    assert stranger.status_code == 303
    assert stranger.headers["location"].startswith("/login?next=")


async def test_a_form_without_its_token_is_not_taken(hotline: Hotline):
    desk = await (await hotline.staff("operator")).open("/desk/operator")
    form = desk.page.form("/desk/operator")
    answer = await desk.client.post("/desk/operator", data={**form.fields, "csrf": "", "text": LAMP, "deed": "ticket_opened"})
    assert answer.status_code == 403
    assert await contacts(hotline) == []
