"""What may be an emergency is never a silent ordinary ticket: the resident is asked first, a person looks within minutes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import msgspec
import pytest
from tests.hotline import Browser, Hotline, hotline_on
from tests.intake.conftest import NOW, TINY

from yixian.city import pack
from yixian.city import service as cities
from yixian.city.inforce import compile_city
from yixian.city.model import Danger, Pack, Plea
from yixian.db import bootstrap
from yixian.db.pool import SYSTEM
from yixian.dispatch.model import Why
from yixian.intake import service
from yixian.intake.model import ContactIn, Outcome
from yixian.intake.service import Means
from yixian.language.service import compile_reader
from yixian.people.model import CallerIn

HELP = "Please hurry, my brother is not breathing, he is lying by the pothole in Northgate"
POTHOLE = "There is a deep pothole on the road in Northgate, a hole in the road"
WHO = CallerIn(phone="+447700900123")

_SIGNS = {"body": ("not breathing", "bleeding", "unconscious"), "now": ("hurry", "please come", "right now")}
_PLEAS = (
    *(Plea(f"{now}, my {who} is {how}", True, ("998", "999"), "illness", "en")
      for now in ("please hurry", "please come") for who in ("brother", "father", "neighbour") for how in ("bleeding", "not breathing")),
    *(Plea(text, False, (), "illness", "en") for text in (
        "the surgery was closed", "my bin was not emptied", "how do I pay", "the lamp is out", "a hole in the road", "my neighbour is loud",
        "which day is my bin emptied", "the bus was late", "my father needs a permit", "is the library open", "thank you", "hello")),
)  # fmt: skip


@pytest.fixture(scope="session")
def watchful() -> Pack:
    """Port Ash, with examples of emergencies and a clock of minutes."""
    read = pack.read(TINY)
    limits = tuple(msgspec.structs.replace(limit, dispatch="10m") if limit.urgency == "critical" else limit for limit in read.limits)
    general = next(limit for limit in read.limits if limit.urgency == "*" and limit.kind == "*")
    limits += () if any(limit.urgency == "critical" for limit in limits) else (
        msgspec.structs.replace(general, urgency="critical", dispatch="10m"),
    )  # fmt: skip
    danger = Danger(signs=_SIGNS, examples=_PLEAS, ask=0.5, sure=0.6)
    return msgspec.structs.replace(read, limits=limits, triage=msgspec.structs.replace(read.triage, danger=danger))


@pytest.fixture
async def alert(means: Means, watchful: Pack) -> Means:
    async with means.db.transaction(SYSTEM) as tx:
        await cities.load(tx, watchful, NOW)
    return msgspec.structs.replace(means, city=compile_city(watchful), reader=compile_reader(watchful))


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path, watchful: Pack) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home, watchful) as running:
        yield running


async def test_it_waits_for_a_person_with_minutes_to_go_and_not_for_a_unit(alert: Means, owner: asyncpg.Connection) -> None:
    receipt = await service.record(alert, ContactIn(HELP), None, None, NOW)
    assert receipt.outcome is Outcome.TICKET_OPENED
    assert receipt.alarm[0] in ("998", "999")
    assert receipt.alarm[0] in receipt.said
    assert not receipt.tickets[0].dispatched
    row = await owner.fetchrow("SELECT urgency, state, dispatch_due FROM ticket")
    assert row is not None
    assert (row["urgency"], row["state"]) == ("critical", "awaiting_dispatch")
    assert (row["dispatch_due"] - NOW).total_seconds() == 600


async def test_the_same_key_shows_the_numbers_again(alert: Means) -> None:
    first = await service.record(alert, ContactIn(HELP), None, "k", NOW)
    again = await service.record(alert, ContactIn(HELP), None, "k", NOW)
    assert again.repeated
    assert again.alarm == first.alarm


async def test_it_is_not_put_quietly_with_an_older_ticket(alert: Means, owner: asyncpg.Connection) -> None:
    await service.record(alert, ContactIn(POTHOLE, caller=WHO), None, None, NOW)
    receipt = await service.record(alert, ContactIn(HELP + ", a hole in the road", caller=WHO), None, None, NOW)
    assert receipt.outcome is Outcome.TICKET_OPENED
    assert await owner.fetchval("SELECT count(*) FROM ticket") == 2


async def test_an_ordinary_matter_goes_its_way(alert: Means) -> None:
    receipt = await service.record(alert, ContactIn(POTHOLE), None, None, NOW)
    assert receipt.alarm == ()
    assert receipt.tickets[0].dispatched


async def test_a_preview_says_it_before_anything_is_stored(alert: Means) -> None:
    (shown,) = service.preview(alert, ContactIn(HELP), NOW)
    assert shown.why is Why.ALARM
    assert shown.alarm


async def test_the_resident_reads_the_numbers_before_anything_else(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", 201, text=HELP)
    assert "有人正处于危险中吗" in browser.text
    assert browser.text.index("有人正处于危险中吗") < browser.text.index("工单编号")
    assert "tel:999" in browser.page.links


async def test_the_operator_is_told_to_ask_first(hotline: Hotline) -> None:
    desk = await (await hotline.staff("operator")).open("/desk/operator")
    await desk.send("/desk/operator", deed="check", text=HELP)
    assert "先问有没有人正处于危险中" in desk.text
    await desk.send("/desk/operator", deed="check", text=POTHOLE)
    assert "先问有没有人正处于危险中" not in desk.text


async def test_it_stands_above_what_is_long_overdue(hotline: Hotline) -> None:
    await hotline.says("zzz qqq xxx")
    hotline.clock.forward(days=9)
    await hotline.says(HELP)
    desk = await (await hotline.staff("dispatcher")).open("/desk/dispatch")
    assert "特急 1 件" in desk.text
    assert desk.text.index("Please hurry") < desk.text.index("zzz qqq xxx")
    # It is the one that is open for work, too.
    assert HELP in desk.text


async def test_the_resident_says_that_nobody_is_in_danger_and_it_is_an_ordinary_ticket(hotline: Hotline, owner: asyncpg.Connection) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", 201, text=HELP)
    number, code = await _known(browser, owner)
    await browser.send(f"/ticket/{number}/stand_down", 200, code=code)
    row = await owner.fetchrow("SELECT urgency, alarm, state FROM ticket")
    assert row is not None
    assert tuple(row) == ("normal", "stood_down", "awaiting_dispatch")
    told = await owner.fetchrow("SELECT role, action, public FROM history ORDER BY seq DESC LIMIT 1")
    assert told is not None
    assert tuple(told) == ("citizen", "stand_down", True)
    desk = await (await hotline.staff("dispatcher")).open("/desk/dispatch")
    assert "特急" not in desk.text


async def test_nobody_is_in_danger_counts_as_said_when_somebody_else_was_faster(hotline: Hotline, owner: asyncpg.Connection) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", 201, text=HELP)
    number, code = await _known(browser, owner)
    waiting = hotline.browser()
    await waiting.open(f"/ticket/{number}?code={code}")
    desk = await (await hotline.staff("dispatcher")).open("/desk/dispatch")
    await desk.send(f"/desk/ticket/{number}/stand_down", 200)
    for late in (browser, waiting):
        await late.send(f"/ticket/{number}/stand_down", 200, code=code)
        assert "警报已经解除" in late.text and "没有执行" not in late.text
    assert await owner.fetchval("SELECT count(*) FROM history WHERE action = 'stand_down'") == 1


async def test_the_resident_says_that_somebody_is_in_danger_and_reads_the_numbers(hotline: Hotline, owner: asyncpg.Connection) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", 201, text=HELP)
    number, code = await _known(browser, owner)
    await browser.send(f"/ticket/{number}/confirm_alarm", 200, code=code)
    page = await browser.open(f"/ticket/{number}?code={code}")
    assert "tel:999" in page.page.links
    assert await owner.fetchval("SELECT alarm FROM ticket") == "confirmed"


async def test_without_the_code_nobody_stands_an_alarm_down(hotline: Hotline, owner: asyncpg.Connection) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", 201, text=HELP)
    number, _ = await _known(browser, owner)
    await browser.send(f"/ticket/{number}/stand_down", 404, code="WRONG1")
    assert await owner.fetchval("SELECT alarm FROM ticket") == "raised"


async def test_a_dispatcher_stands_it_down_with_one_press(hotline: Hotline, owner: asyncpg.Connection) -> None:
    await hotline.says(HELP)
    number = await owner.fetchval("SELECT number FROM ticket")
    desk = await (await hotline.staff("dispatcher")).open("/desk/dispatch")
    assert "没有人有危险，解除警报" in desk.text
    await desk.send(f"/desk/ticket/{number}/stand_down", 200)
    assert await owner.fetchval("SELECT alarm FROM ticket") == "stood_down"
    assert await owner.fetchval("SELECT role FROM history ORDER BY seq DESC LIMIT 1") == "dispatcher"


async def test_who_was_asked_before_raises_no_needless_alarm(alert: Means, owner: asyncpg.Connection) -> None:
    calm = await service.record(alert, ContactIn(HELP, danger=False), None, None, NOW)
    assert calm.alarm == ()
    assert await owner.fetchval("SELECT urgency FROM ticket") == "normal"


async def test_who_says_that_somebody_is_in_danger_is_believed_whatever_the_words(alert: Means, owner: asyncpg.Connection) -> None:
    receipt = await service.record(alert, ContactIn(POTHOLE, danger=True), None, None, NOW)
    assert receipt.alarm
    assert not receipt.tickets[0].dispatched
    row = await owner.fetchrow("SELECT urgency, alarm, calm FROM ticket")
    assert row is not None
    assert tuple(row) == ("critical", "confirmed", "normal")


async def _leaves(browser: Browser, number: str, status: int = 200, **said: str) -> Browser:
    return await browser.send(f"/ticket/{number}/reach", status, **said)


@pytest.mark.parametrize("look", ["", "elder"])
async def test_whom_to_ring_and_where_is_asked_under_the_numbers_and_goes_with_the_ticket(
    hotline: Hotline, owner: asyncpg.Connection, look: str
) -> None:
    browser = hotline.browser()
    await browser.client.get(f"/preference?look={look or 'plain'}&back=/")
    await browser.open("/?say=1")
    await browser.send("/say", 201, text=HELP, **({"step": "next"} if look else {}))
    number, _ = await _known(browser, owner)
    assert browser.text.index("999") < browser.text.index("怎样找到您")
    await _leaves(browser, number, phone="+447700900123", name="Ann Ash", place="Castle Ward, by the old gate")
    assert "收到了" in browser.text and "tel:999" in browser.page.links and "留下联系方式和地点" not in browser.text
    assert "7700900123" not in browser.text and "Ann Ash" not in browser.text
    assert await owner.fetchval("SELECT count(*) FROM ticket t JOIN caller c ON c.id = t.caller") == 1
    row = await owner.fetchrow("SELECT place, region FROM ticket")
    assert row is not None and tuple(row) == ("Castle Ward, by the old gate", "PA-N-1")
    (step,) = await owner.fetch("SELECT note, role FROM history WHERE action = 'supplement'")
    assert step["role"] == "citizen" and "by the old gate" in step["note"] and "0123" not in step["note"]
    desk = await (await hotline.staff("dispatcher")).open(f"/desk/ticket/{number}")
    assert "A** ***0123" in desk.text and "by the old gate" in desk.text
    await desk.send(f"/desk/ticket/{number}/reveal", field="phone", reason="ring back at once")
    assert "+447700900123" in desk.text
    assert await owner.fetchval("SELECT count(*) FROM reveal") == 1
    stranger = await (await hotline.staff("roads")).client.get(f"/desk/ticket/{number}")
    assert stranger.status_code == 404


async def test_what_is_left_is_looked_at_once_and_never_lost(hotline: Hotline, owner: asyncpg.Connection) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", 201, text=HELP)
    number, _ = await _known(browser, owner)
    receipt = browser.answer
    await _leaves(browser, number, 422, phone="", name="", place="")
    assert "填一项也可以" in browser.text
    await _leaves(browser, number, 422, phone="0770090", place="by the gate")
    fields = browser.page.form(f"/ticket/{number}/reach").fields
    assert "这个号码少了几位" in browser.text and (fields["phone"], fields["place"]) == ("0770090", "by the gate")
    assert "tel:999" in browser.page.links
    assert await owner.fetchval("SELECT count(*) FROM caller") == 0
    await _leaves(browser, number)
    assert await owner.fetchval("SELECT count(*) FROM history WHERE action = 'supplement'") == 1
    browser.answer = receipt
    await _leaves(browser, number, 404, code="WRONG1", phone="+447700900123")
    browser.answer = receipt
    await _leaves(browser, number, 422, name="x" * 101)
    assert await owner.fetchval("SELECT count(*) FROM caller") == 1


async def _known(browser: Browser, owner: asyncpg.Connection) -> tuple[str, str]:
    """The number and the check code that the page after saying it shows."""
    number = await owner.fetchval("SELECT number FROM ticket")
    found = re.search(rf"/ticket/{number}\?code=(\w+)", browser.answer.text)
    assert found is not None
    return number, found[1]
