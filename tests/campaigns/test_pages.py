"""The desk of campaigns as people use it: drafted by one, approved by another, watched by all concerned, ended with a report."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.hotline import TINY, Browser, Hotline, hotline_on
from tests.tickets.test_english_names import MARK, reads, two_names

from yixian.campaigns import api, forms, jobs, pages, service, words
from yixian.campaigns.counting import HEIGHT, chart
from yixian.campaigns.model import Day
from yixian.city import pack
from yixian.db import bootstrap, outbox
from yixian.db import jobs as work
from yixian.web import render

SETTLED = {"matter": "ST0101", "region": "PA-N-1", "outcome": "ticket_opened"}


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


@pytest.fixture
async def bilingual(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    """Port Ash with its names in Chinese and in English."""
    async with hotline_on(fresh, home, two_names(pack.read(TINY))) as running:
        yield running


async def works(hotline: Hotline) -> None:
    """The worker's part."""
    database, now = hotline.app.state.process.database, hotline.clock()
    kinds = jobs.kinds()
    while await outbox.hand_on(database, jobs.consumers(), now) or await work.run_due(database, kinds, now):
        pass


async def token(browser: Browser) -> dict[str, str]:
    return {"X-CSRF-Token": (await browser.client.get("/api/v1/session")).json()["csrf"]}


async def drafted(hotline: Hotline, **typed: str) -> tuple[Browser, str]:
    """The dispatcher on the page of their fresh draft, and its address."""
    today = hotline.clock.now.date()
    dispatcher = await hotline.staff("dispatcher")
    await dispatcher.open("/desk/campaigns/new")
    form = {
        "name": "Dark nights",
        "purpose": "Lamps before the solstice",
        "basis": "Council minute 12",
        "last_day": (today + timedelta(days=20)).isoformat(),
        "matters": "ST01",
        "answer": "1wd",
        "lead": "Roads and Lighting [pa.roads]",
    }
    await dispatcher.send("/desk/campaigns/new", **(form | typed))
    return dispatcher, re.sub(r"\?.*", "", str(dispatcher.answer.url.path))


async def reported(hotline: Hotline, text: str = "The street light is out", **more: object) -> str:
    operator = await hotline.staff("operator")
    caller = {"phone": f"+4477009{hotline.clock.now.minute:02}777"}
    contact = {"text": text, "channel": "phone", "caller": caller, **SETTLED, **more}
    answer = await operator.client.post("/api/v1/contacts", json=contact, headers=await token(operator))
    assert answer.status_code == 201, answer.text
    return answer.json()["tickets"][0]["number"]


def test_the_words_of_the_room_have_english() -> None:
    said = (*words.sayings(), *forms.sayings(), *pages.sayings(), *(c.name for c in service.USUAL_COLUMNS), *api.HEAD)
    assert [s for s in said if s not in render.catalogue("en")] == []


async def test_from_the_draft_to_the_report_on_the_desk(hotline: Hotline) -> None:
    dispatcher, here = await drafted(hotline)
    assert "草案" in dispatcher.text
    assert not [f for f in dispatcher.page.forms if f.action.endswith("/approve")], "nobody approves what they drafted"
    before = await reported(hotline, "A light went out last week")
    await works(hotline)
    supervisor = await hotline.staff("supervisor")
    await supervisor.open(f"{here}?count=1")
    assert "符合范围 1 件" in supervisor.text
    await supervisor.send(f"{here}/approve", note="Go")
    hotline.clock.forward(minutes=1)
    number = await reported(hotline)
    await works(hotline)
    await supervisor.open(here)
    assert number in supervisor.text
    assert before not in supervisor.text
    await supervisor.send(f"{here}/gather")
    await works(hotline)
    await supervisor.open(here)
    assert before in supervisor.text
    assert "存量工单已纳入 · system · 1 件" in supervisor.text
    await supervisor.open(f"/desk/ticket/{number}")
    assert "专项：Dark nights" in supervisor.text
    await supervisor.open("/desk/tickets")
    assert supervisor.text.count("专项：Dark nights") == 2
    hotline.clock.forward(days=9)
    supervisor = await hotline.staff("supervisor")
    await supervisor.open(here)
    assert "超时 2" in supervisor.text
    await supervisor.open(f"{here}/tickets?light=red&region=PA-N")
    assert number in supervisor.text
    await supervisor.open(here)
    await supervisor.send(f"{here}/end", note="Half the lamps burn again.")
    assert "结束时：共 2 件，未办结 2 件，超时 2 件" in supervisor.text
    await works(hotline)
    await supervisor.open(f"/desk/ticket/{number}")
    assert "移出专项" in supervisor.text
    assert "专项：Dark nights" not in supervisor.text
    await supervisor.open("/desk/campaigns?tab=over")
    assert "Dark nights" in supervisor.text


async def test_a_campaign_names_units_matters_and_regions_in_english(bilingual: Hotline) -> None:
    _, here = await drafted(bilingual, matters="ST01\nST02", regions="PA-N\nPA-S", units="pa", members="pa.waste\npa.harbour")
    supervisor = await (await bilingual.staff("supervisor")).open(here)
    await supervisor.send(f"{here}/approve", note="Go")
    bilingual.clock.forward(minutes=1)
    number = await reported(bilingual)
    await supervisor.open(f"/desk/ticket/{number}")
    if f"/desk/ticket/{number}/dispatch" in {form.action for form in supervisor.page.forms}:
        await supervisor.send(f"/desk/ticket/{number}/dispatch", unit="pa.roads", basis="Roads Order 12")
    await works(bilingual)
    await supervisor.open(here)
    assert f"{MARK}Street lights、{MARK}Roads" in supervisor.text and f"{MARK}Northgate、{MARK}Saltmarsh" in supervisor.text
    scope = ("Street lights, Roads", "Northgate", "Saltmarsh", "Port Ash Town Council")
    await reads(supervisor, here, number, "Roads and Lighting", "Waste Services", "Harbour Master", *scope)
    await reads(supervisor, "/desk/campaigns", "Roads and Lighting")
    await reads(supervisor, f"{here}/tickets", number, "Street light out")


async def test_a_draft_that_cannot_be_used_keeps_what_was_typed(hotline: Hotline) -> None:
    dispatcher = await hotline.staff("dispatcher")
    await dispatcher.open("/desk/campaigns/new")
    wrong = {"name": "Dark nights", "purpose": "Lamps", "basis": "M", "last_day": "soon", "matters": "Nothing of ours", "lead": "pa.roads"}
    await dispatcher.send("/desk/campaigns/new", status=422, **wrong)
    assert forms.BAD_DAY in dispatcher.text
    assert dispatcher.page.form("/desk/campaigns/new").fields["purpose"] == "Lamps"
    day = hotline.clock.now.date().isoformat()
    await dispatcher.send("/desk/campaigns/new", status=422, last_day=day, matters="ST", answer="90wd")
    assert "比普通时限还长" in dispatcher.text
    await dispatcher.send("/desk/campaigns/new", status=422, answer="1wd", columns="Now：nonsense")
    assert "每栏一行" in dispatcher.text
    await dispatcher.send("/desk/campaigns/new", columns="")
    assert "Dark nights" in dispatcher.text
    here = dispatcher.answer.url.path
    await dispatcher.open(f"{here}/revise")
    await dispatcher.send(f"{here}/revise", name="Darker nights")
    assert "Darker nights" in dispatcher.text
    await dispatcher.send(f"{here}/discard", note="Not this winter")
    assert "已作废" in dispatcher.text


async def test_two_supervisors_on_one_page_the_second_is_told(hotline: Hotline) -> None:
    _, here = await drafted(hotline)
    first, second = await hotline.staff("supervisor"), await hotline.staff("supervisor")
    await first.open(here)
    await second.open(here)
    await first.send(f"{here}/approve")
    await second.send(f"{here}/discard", status=409, note="I think not")
    assert "专项刚刚被他人修改" in second.text
    assert "I think not" in second.text


async def test_a_unit_sees_its_own_tickets_and_may_not_decide(hotline: Hotline) -> None:
    _, here = await drafted(hotline)
    roads, waste, admin = await hotline.staff("roads"), await hotline.staff("waste"), await hotline.staff("admin")
    await roads.open(here, status=404)
    await (await (await hotline.staff("supervisor")).open(here)).send(f"{here}/approve")
    await roads.open(here)
    assert not [f for f in roads.page.forms if here in f.action]
    await waste.open(here, status=404)
    await waste.open(f"{here}/tickets", status=404)
    await admin.open("/desk/campaigns", status=403)
    await roads.open("/desk/campaigns/new", status=403)
    answer = await roads.client.post(f"/api/v1{here.removeprefix('/desk')}/end", json={"note": "x"}, headers=await token(roads))
    assert answer.status_code == 403
    answer = await hotline.browser().client.get("/api/v1/campaigns")
    assert answer.status_code == 401


async def test_the_door_drafts_approves_counts_and_exports(hotline: Hotline) -> None:
    dispatcher, supervisor = await hotline.staff("dispatcher"), await hotline.staff("supervisor")
    ours, theirs = await token(dispatcher), await token(supervisor)
    day = hotline.clock.now.date()
    plan = {
        "name": "Dark nights", "purpose": "Lamps", "basis": "Minute 12", "first_day": str(day), "last_day": str(day),
        "scope": {"words": ["light"]}, "limits": {"answer": "1wd"}, "lead": "pa.roads",
    }  # fmt: skip
    wrong = await dispatcher.client.post("/api/v1/campaigns", json=plan | {"lead": "nobody", "basis": ""}, headers=ours)
    assert wrong.status_code == 422
    assert {e["field"] for e in wrong.json()["errors"]} == {"lead", "basis"}
    made = await dispatcher.client.post("/api/v1/campaigns", json=plan, headers=ours)
    assert made.status_code == 201, made.text
    here = f"/api/v1/campaigns/{made.json()['id']}"
    assert made.json()["allowed"] == ["revise", "discard"]
    assert (await dispatcher.client.post(f"{here}/approve", json={}, headers=ours)).status_code == 409
    assert (await supervisor.client.post(f"{here}/approve", json={"version": 7}, headers=theirs)).status_code == 409
    assert (await supervisor.client.post(f"{here}/bless", json={}, headers=theirs)).status_code == 404
    approved = await supervisor.client.post(f"{here}/approve", json={"version": 1}, headers=theirs)
    assert (approved.status_code, approved.json()["phase"]) == (200, "running")
    number = await reported(hotline, "=HYPERLINK street light out")
    await works(hotline)
    assert (await supervisor.client.get(f"{here}/fitting")).json() == {"fits": 1, "there": 1, "joins": 0, "moves": 0, "stays": 0}
    assert (await supervisor.client.get(f"{here}/board")).json()["figures"]["open"] == 1
    listed = (await supervisor.client.get(f"{here}/tickets", params={"unit": "pa.roads"})).json()
    assert isinstance(listed["lines"], list)
    assert (await supervisor.client.get(f"{here}/tickets", params={"unit": "nobody"})).status_code == 422
    assert (await supervisor.client.get(f"{here}/tickets", params={"state": ["closed", "handling"]})).status_code == 409
    assert (await supervisor.client.get("/api/v1/campaigns", params={"after": "x"})).status_code == 409
    assert [c["name"] for c in (await supervisor.client.get("/api/v1/campaigns")).json()["lines"]] == ["Dark nights"]
    assert (await supervisor.client.get(f"/api/v1/tickets/{number}")).json()["special"]["name"] == "Dark nights"
    sheet = await supervisor.client.get(f"{here}/export")
    assert sheet.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert (rows[0], len(rows), rows[1][0]) == (list(api.HEAD), 2, number)
    assert rows[1][3].startswith("'="), "a resident's words are no formula"
    assert "00777" not in sheet.text


def test_the_picture_has_two_bars_a_day_and_the_highest_fills_it() -> None:
    first = Day(date(2026, 1, 5), 4, 2)
    picture = chart([first, Day(first.day + timedelta(days=1), 0, 1)])
    assert [(b.x, b.y, b.height, b.kind) for b in picture.bars] == [
        (2, 0, HEIGHT, "joined"),
        (10, HEIGHT // 2, HEIGHT // 2, "closed"),
        (30, HEIGHT * 3 // 4, HEIGHT // 4, "closed"),
    ]
    assert chart([]).bars == ()
