"""All tickets under one telephone number, for who proves to have it, and for nobody else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from tests.attachments.files import photo
from tests.hotline import Browser, Hotline, hotline_on

from yixian.db import bootstrap
from yixian.people.phones import sms
from yixian.settings import Settings

LAMP = "The street light outside our house in Castle Ward is out, third night"
ANN, BEN = "+447700900123", "+447700900456"


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        process = running.app.state.process
        running.app.state.process = msgspec.structs.replace(process, settings=msgspec.structs.replace(process.settings, sms="show"))
        yield running


async def asks(browser: Browser, phone: str, status: int = 200) -> str:
    """Asks for a code; what the demo's page shows of it."""
    await browser.open("/my")
    await browser.send("/my/code", status, phone=phone)
    return next(iter(re.findall(r"\b\d{6}\b", browser.answer.text)), "")


def other(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_who_has_the_code_sees_the_numbers_tickets_and_no_others(hotline: Hotline) -> None:
    mine = (await hotline.says(LAMP))["tickets"][0]["number"]
    second = (await hotline.says("The bins in Castle Ward were not emptied", caller={"phone": "07700 900123"}))["tickets"][0]["number"]
    theirs = (await hotline.says(LAMP, caller={"phone": BEN}))["tickets"][0]["number"]
    browser = hotline.browser()
    code = await asks(browser, "07700 900 123")
    await browser.send("/my/enter", code=code)
    assert browser.text.index(second) and mine in browser.text and theirs not in browser.text
    assert "尾号 0123" in browser.text
    await browser.open(next(a for a in browser.page.links if mine in a))
    assert LAMP in browser.text
    hotline.clock.forward(minutes=31)
    assert mine not in (await browser.open("/my")).text, "after half an hour the number is proven again"


async def test_what_no_unit_has_yet_shows_how_long_the_answer_takes(hotline: Hotline) -> None:
    await hotline.says("huge pothole on Mill Road")
    hotline.clock.forward(minutes=1)
    vague = (await hotline.says("something is wrong, please come"))["tickets"][0]
    browser = hotline.browser()
    await browser.send("/my/enter", code=await asks(browser, ANN))
    cards = browser.text.split(vague["number"])
    waits = "派出后 10 个工作日内答复您。"
    assert waits in cards[1] and "最迟" in cards[1].partition(waits)[2], "newest first: the other one has a unit, and a day"
    assert browser.text.count(waits) == 1
    await browser.open(f"/ticket/{vague['number']}?code={vague['check_code']}")
    assert waits in browser.text, "as the ticket's own page says"
    for raised, days in (("calm = 'normal'", 10), ("calm = NULL", 2)):
        await hotline.owner.execute(f"UPDATE ticket SET urgency = 'urgent', {raised} WHERE number = $1", vague["number"])
        assert f"派出后 {days} 个工作日内答复您。" in (await browser.open("/my")).text, "what an alarm makes of it is not promised"


async def test_a_code_works_once_and_can_be_given_back(hotline: Hotline) -> None:
    await hotline.says(LAMP)
    browser, thief = hotline.browser(), hotline.browser()
    code = await asks(browser, ANN)
    await browser.send("/my/enter", code=code)
    answer = await thief.client.post("/my/enter", data={"phone": ANN, "code": code})
    assert answer.status_code == 422
    await browser.send("/my/leave")
    assert browser.page.form("/my/code")
    kept = await hotline.owner.fetchval("SELECT count(*) FROM resident_session")
    assert kept == 0


async def test_five_tries_however_many_come_at_once_and_ten_minutes(hotline: Hotline) -> None:
    browser = hotline.browser()
    code = await asks(browser, ANN)

    async def tries(typed: str) -> int:
        return (await browser.client.post("/my/enter", data={"phone": ANN, "code": typed})).status_code

    assert set(await asyncio.gather(*(tries(other(code)) for _ in range(8)))) == {422}
    assert await tries(code) == 422, "five were wrong: the right one comes too late"
    hotline.clock.forward(minutes=2)
    code = await asks(browser, ANN)
    hotline.clock.forward(minutes=10)
    assert await tries(code) == 422


async def test_no_page_tells_whether_a_number_is_known(hotline: Hotline) -> None:
    await hotline.says(LAMP)
    pages = []
    for phone in (ANN, BEN):
        browser = hotline.browser()
        code = await asks(browser, phone)
        asked = browser.answer.text
        wrong = (await browser.client.post("/my/enter", data={"phone": phone, "code": other(code)})).text
        pages.append([text.replace(code, "").replace(phone, "") for text in (asked, wrong)])
        hotline.clock.forward(minutes=2)
    assert pages[0] == pages[1]


async def test_numbers_and_codes_are_not_in_the_database(hotline: Hotline) -> None:
    browser = hotline.browser()
    code = await asks(browser, ANN)
    await browser.send("/my/enter", code=code)
    for table in ("phone_code", "phone_code_asked", "resident_session"):
        text = str(await hotline.owner.fetch(f"SELECT t::text FROM {table} t"))
        assert "7700900123" not in text and code not in text
        assert not [c for c in browser.client.cookies.values() if c in text]


async def test_one_number_and_one_address_are_sent_only_so_many(hotline: Hotline) -> None:
    browser = hotline.browser()
    assert await asks(browser, ANN)
    assert await asks(browser, ANN, 429) == ""
    for n in range(4):
        assert await asks(browser, f"+4477009007{n:02}")
    await asks(browser, "+447700900799", 429)
    hotline.clock.forward(minutes=1, seconds=1)
    assert await asks(browser, ANN)


@pytest.mark.parametrize("phone", ["", "12", "nonsense", "x" * 500, "0\x00"])
async def test_what_is_no_number_is_told_in_words(hotline: Hotline, phone: str) -> None:
    browser = await hotline.browser().open("/my")
    await browser.send("/my/code", 422, phone=phone)
    assert "请填写能收短信的手机号码" in browser.text


async def test_switched_off_it_says_what_else_there_is(fresh: bootstrap.Addresses, home: Path) -> None:
    async with hotline_on(fresh, home) as off:
        browser = await off.browser().open("/my")
        assert "没有开通" in browser.text and "/track" in browser.page.links
        assert (await browser.client.post("/my/code", data={"phone": ANN})).status_code == 503


@asynccontextmanager
async def gateway(status: int) -> AsyncIterator[tuple[str, list[tuple[str, Any]]]]:
    """A gateway that answers with this status; its address, and what it was sent."""
    got: list[tuple[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        got.append((request.headers.get("Authorization", ""), await request.json()))
        return web.Response(status=status)

    app = web.Application()
    app.router.add_post("/send", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/send", got
    finally:
        await runner.cleanup()


async def test_a_gateway_is_sent_number_text_and_key_and_must_take_it(home: Path) -> None:
    async with gateway(202) as (url, got):
        assert await sms.send(Settings(home=home, sms="http", sms_url=url, sms_key="k1"), ANN, "code 123456") == ""
        assert got == [("Bearer k1", {"to": ANN, "text": "code 123456"})]
    for status in (302, 400, 500):
        async with gateway(status) as (url, _):
            with pytest.raises(sms.NotSent):
                await sms.send(Settings(home=home, sms="http", sms_url=url), ANN, "x")
    with pytest.raises(sms.NotSent):  # nobody listens there any more
        await sms.send(Settings(home=home, sms="http", sms_url=url), ANN, "x")
    with pytest.raises(sms.NotSent):
        await sms.send(Settings(home=home, sms="http", sms_url="nonsense"), ANN, "x")


async def test_a_citizen_supplements_with_a_photograph_and_sees_it(hotline: Hotline) -> None:
    ticket = (await hotline.says(LAMP))["tickets"][0]
    browser = await hotline.browser().open(f"/ticket/{ticket['number']}?code={ticket['check_code']}")
    assert "接下来" in browser.text
    form = browser.page.form(f"/ticket/{ticket['number']}/supplement")
    fields = {k: v for k, v in form.fields.items() if k != "file"}
    bad = await browser.client.post(form.action, data=fields, files=[("file", ("x.jpg", b"no picture", "image/jpeg"))])
    assert bad.status_code == 422 and "只能上传" in bad.text
    good = await browser.client.post(form.action, data=fields, files=[("file", ("x.jpg", photo(), "image/jpeg"))], follow_redirects=True)
    assert good.status_code == 200 and "补充了 1 个文件" in good.text and "/file/" in good.text
    nothing = await browser.client.post(form.action, data=fields)
    assert nothing.status_code == 422
