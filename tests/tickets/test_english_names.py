"""Staff who read English find places, matters and units named in English where the pack does so, on every page of a ticket's way."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.hotline import TINY, Browser, Hotline, hotline_on
from tests.tickets.supervising.test_supervising import bulk
from tests.tickets.test_pages import ANSWER

from yixian.city import pack
from yixian.city.model import Pack
from yixian.db import bootstrap

HOLE = "Huge pothole on Castle Hill"

MARK = "〇"
"""Stands before every name in Chinese: what is left of it on an English page, outside what is marked as Chinese, was not translated."""


def two_names(town: Pack) -> Pack:
    """Port Ash as a city that has every name in Chinese, and in English."""

    def both(things: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(msgspec.structs.replace(t, name=MARK + t.name, name_en=t.name) for t in things)

    (city,) = both((town.city,))
    return msgspec.structs.replace(
        town, city=city, units=both(town.units), regions=both(town.regions), matters=both(town.matters), queues=both(town.queues)
    )


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home, two_names(pack.read(TINY))) as running:
        yield running


async def does(hotline: Hotline, login: str, number: str, action: str, **typed: Any) -> None:
    browser = await (await hotline.staff(login)).open(f"/desk/ticket/{number}")
    await browser.send(f"/desk/ticket/{number}/{action}", **typed)


def left_in_chinese(page: str) -> list[str]:
    """Names in Chinese that a reader of English meets: not those beside the English, nor what stands in fields to be typed into."""
    shown = re.sub(r'<span[^>]* lang="zh-CN">[^<]*</span>', "", page)
    shown = re.sub(r"<(textarea|title|datalist)\b.*?</\1>|<[^>]*>", " ", shown, flags=re.DOTALL)
    return re.findall(rf".{{0,30}}{MARK}.{{0,20}}", shown)


async def reads(browser: Browser, path: str, *named: str) -> None:
    browser.client.headers["accept-language"] = "en"
    html = (await browser.open(path)).answer.text
    assert left_in_chinese(html) == [], path
    for name in named:
        assert name in html, (path, name)


async def test_the_desks_and_the_ticket_are_in_english(hotline: Hotline) -> None:
    number = (await hotline.says(HOLE))["tickets"][0]["number"]
    supervisor = await (await hotline.staff("supervisor")).open(f"/desk/ticket/{number}")
    if f"/desk/ticket/{number}/dispatch" in supervisor.answer.text:
        await supervisor.send(f"/desk/ticket/{number}/dispatch", unit="pa.roads", basis="Roads Order 12")
    roads = await hotline.staff("roads")
    await reads(roads, "/desk/unit", "Roads and Lighting")
    await reads(roads, f"/desk/ticket/{number}", "Roads and Lighting", "Castle Ward, Northgate")
    await does(hotline, "roads", number, "sign")
    await does(hotline, "roads", number, "invite", unit="pa.waste", note="Take the silt away")
    await does(hotline, "roads", number, "urge", note="Rain on Friday")
    await reads(roads, f"/desk/ticket/{number}", "Roads and Lighting", "Waste Services")
    await reads(await hotline.staff("waste"), "/desk/unit", "Roads and Lighting")
    await does(hotline, "waste", number, "part", note="The silt is gone.")
    await does(hotline, "roads", number, "contact", note="Rang.")
    await does(hotline, "roads", number, "reply", answer=ANSWER)
    await does(hotline, "roads.chief", number, "approve")
    reviewer = await hotline.staff("reviewer")
    await reads(reviewer, "/desk/review", "Roads and Lighting", "Waste Services")
    await reads(reviewer, f"/desk/review?ticket={number}", "Roads and Lighting")
    await reads(await hotline.staff("supervisor"), "/desk/tickets", "Roads and Lighting")
    await does(hotline, "reviewer", number, "pass")
    await reads(await hotline.staff("caller"), f"/desk/callback?ticket={number}", "Roads and Lighting")


async def test_what_was_given_back_is_named_in_english(hotline: Hotline) -> None:
    number = (await hotline.says(HOLE))["tickets"][0]["number"]
    supervisor = await (await hotline.staff("supervisor")).open(f"/desk/ticket/{number}")
    if f"/desk/ticket/{number}/dispatch" in supervisor.answer.text:
        await supervisor.send(f"/desk/ticket/{number}/dispatch", unit="pa.roads", basis="Roads Order 12")
    await does(hotline, "roads", number, "return", note="Not ours", basis="Roads Order 13")
    await reads(await hotline.staff("roads"), "/desk/unit?tab=returned", "Roads and Lighting")


async def test_chinese_pages_have_the_chinese_name_alone(hotline: Hotline) -> None:
    number = (await hotline.says(HOLE))["tickets"][0]["number"]
    supervisor = await hotline.staff("supervisor")
    page = (await supervisor.open(f"/desk/ticket/{number}")).answer.text
    assert f"{MARK}Northgate{MARK}Castle Ward" in page and "in-chinese" not in page


async def test_paper_is_in_english(hotline: Hotline) -> None:
    number = (await hotline.says(HOLE))["tickets"][0]["number"]
    supervisor = await (await hotline.staff("supervisor")).open(f"/desk/ticket/{number}")
    if f"/desk/ticket/{number}/dispatch" in supervisor.answer.text:
        await supervisor.send(f"/desk/ticket/{number}/dispatch", unit="pa.roads", basis="Roads Order 12")
    await does(hotline, "roads", number, "sign")
    roads = await hotline.staff("roads")
    in_chinese = (await roads.open(f"/desk/ticket/{number}/print")).text
    assert (
        f"{MARK}Port Ash 工单" in in_chinese
        and f"{MARK}Roads and Lighting" in in_chinese
        and f"{MARK}Northgate{MARK}Castle Ward" in in_chinese
    )
    await reads(roads, f"/desk/ticket/{number}/print", "Roads and Lighting", "Castle Ward, Northgate", "Pothole")
    assert b"/Lang (en)" in (await roads.client.get(f"/desk/ticket/{number}.pdf")).content


async def test_the_supervisors_pages_are_in_english(hotline: Hotline) -> None:
    number = (await hotline.says(HOLE))["tickets"][0]["number"]
    supervisor = await (await hotline.staff("supervisor")).open(f"/desk/ticket/{number}")
    if f"/desk/ticket/{number}/dispatch" in supervisor.answer.text:
        await supervisor.send(f"/desk/ticket/{number}/dispatch", unit="pa.roads", basis="Roads Order 12")
    await hotline.owner.execute("UPDATE ticket SET care = 'needed' WHERE number = $1", number)
    in_chinese = (await supervisor.open("/desk/supervisor")).text
    assert f"{MARK}Pothole" in in_chinese and f"{MARK}Northgate" in in_chinese and "in-chinese" not in supervisor.answer.text
    await reads(supervisor, "/desk/supervisor", "Pothole", "Northgate", "Castle Ward, Northgate", "Roads and Lighting")
    for query in ("", "?q=lighting"):
        await reads(supervisor, f"/desk/load{query}", "Roads and Lighting")
    await reads(supervisor, "/desk/load/pa.roads", "Roads and Lighting", number)
    await supervisor.open("/desk/tickets")
    version = await hotline.owner.fetchval("SELECT version FROM ticket WHERE number = $1", number)
    await bulk(supervisor, what="list", note="Rain on Friday", ticket=f"{number}~{version}")
    assert "Roads and Lighting" in supervisor.text and left_in_chinese(supervisor.answer.text) == []


async def test_the_dispatchers_and_the_operators_desk_are_in_english(hotline: Hotline) -> None:
    given_back = (await hotline.says(HOLE))["tickets"][0]["number"]
    await does(hotline, "roads", given_back, "return", note="Not ours", basis="Roads Order 13")
    dispatcher = await hotline.staff("dispatcher")
    assert f"{MARK}Roads and Lighting" in (await dispatcher.open(f"/desk/dispatch?ticket={given_back}")).answer.text
    await reads(dispatcher, f"/desk/dispatch?ticket={given_back}", "Roads and Lighting", "Northgate", "Pothole")
    operator = await hotline.staff("operator")
    operator.client.headers["accept-language"] = "en"
    await operator.open("/desk/operator")
    await operator.send("/desk/operator", deed="check", text=HOLE)
    assert "Roads and Lighting" in operator.answer.text and left_in_chinese(operator.answer.text) == []


async def test_the_list_the_models_and_the_templates_are_in_english(hotline: Hotline) -> None:
    supervisor = await hotline.staff("supervisor")
    code = hotline.app.state.process.live.city.pack.responsibilities[0].code
    for path, *names in (
        ("/desk/list", "Roads and Lighting"),
        (f"/desk/list/entry/{code}",),
        ("/desk/list/proposals",),
        ("/desk/models",),
        ("/desk/answering",),
    ):
        await reads(supervisor, path, *names)
    await reads(await hotline.staff("roads"), "/desk/templates")
