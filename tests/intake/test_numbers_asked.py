"""A telephone number that cannot be one is asked about once, and never refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.hotline import Hotline, hotline_on

from yixian.db import bootstrap
from yixian.people.callers import TOO_LONG, TOO_SHORT, UNUSUAL, doubt_about
from yixian.tickets import reaching
from yixian.web import render

LAMP = "The street light outside our house in Castle Ward is out, third night"
SHORT = "0770090"
ASKED = "这个号码少了几位"


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


@pytest.mark.parametrize(
    ("phone", "asked"),
    [
        ("", ""), ("13912345678", ""), ("139 1234 5678", ""), ("+86 139-1234-5678", ""),
        ("１３９１２３４５６７８", ""), ("020-81234567", ""),
        ("+85291234567", ""), ("4008001234", ""), ("1391234", TOO_SHORT), ("1391234567", TOO_SHORT), ("139123456789", TOO_LONG),
        ("81234567", TOO_SHORT), ("楼下陈生", UNUSUAL), ("1", UNUSUAL),
    ],
)  # fmt: skip
def test_what_is_asked(phone: str, asked: str) -> None:
    assert doubt_about(phone, "CN") == asked


@pytest.mark.parametrize("phone", ["+447700900123", "07700 900123", "+8613800138000"])
def test_numbers_of_another_country_are_read_by_its_plan(phone: str) -> None:
    assert doubt_about(phone, "GB") == ""


def test_what_is_asked_has_english() -> None:
    said = (TOO_SHORT, TOO_LONG, UNUSUAL, *reaching.sayings())
    assert [s for s in said if s not in render.catalogue("en")] == []


async def count(hotline: Hotline, table: str = "ticket") -> int:
    return int(await hotline.owner.fetchval(f"SELECT count(*) FROM {table}") or 0)


async def test_a_resident_is_asked_once(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", text=LAMP, step="look")
    await browser.send("/say", 422, phone=SHORT, name="Ann")
    assert ASKED in browser.text and await count(hotline) == 0
    fields = browser.page.form("/say").fields
    assert (fields["phone"], fields["name"], fields["text"]) == (SHORT, "Ann", LAMP)
    await browser.send("/say", 422, phone=SHORT + "1")  # another one: asked again
    await browser.send("/say", 201)
    assert await count(hotline) == 1


async def test_large_print_asks_on_the_screen_of_the_number(hotline: Hotline) -> None:
    browser = hotline.browser()
    await browser.client.get("/preference?look=elder&back=/")
    await browser.open("/?say=1")
    await browser.send("/say", text=LAMP, step="next")
    await browser.send("/say", step="next")
    await browser.send("/say", 422, phone=SHORT, step="next")
    assert ASKED in browser.text and "第 3 步" in browser.text
    await browser.send("/say", step="next")
    assert "第 4 步" in browser.text
    await browser.send("/say", 201)
    assert await count(hotline) == 1


async def test_an_operator_is_asked_once_with_scripts_and_without(hotline: Hotline) -> None:
    desk = await (await hotline.staff("operator")).open("/desk/operator")
    await desk.send("/desk/operator", 422, deed="ticket_opened", text=LAMP, phone=SHORT)
    assert ASKED in desk.text and "phone" in desk.page.anchors
    typed = dict(desk.page.form("/desk/operator").fields)
    part = {"x-part": "1"}
    asked = await desk.client.post("/desk/operator", data={**typed, "deed": "ticket_opened", "doubted": ""}, headers=part)
    assert asked.status_code == 422 and (asked.json()["doubted"], *asked.json()["errors"]) == (SHORT, "phone")
    await desk.send("/desk/operator", 201, deed="ticket_opened")
    assert await count(hotline) == 1


async def test_nobody_in_danger_is_asked_about_a_number(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", text=LAMP, step="look")
    await browser.send("/say", 201, text="My neighbour's house is on fire", phone=SHORT)
    assert "tel:999" in browser.page.links
    desk = await (await hotline.staff("operator")).open("/desk/operator")
    await desk.send("/desk/operator", 201, deed="transferred", reason="999", text="The house is on fire", phone=SHORT)


async def test_the_api_takes_any_number(hotline: Hotline) -> None:
    answer = await hotline.browser().client.post("/api/v1/contacts", json={"text": LAMP, "caller": {"phone": SHORT}})
    assert answer.status_code == 201
