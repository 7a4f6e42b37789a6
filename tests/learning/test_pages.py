"""The desk of models in a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.hotline import Browser, Hotline, hotline_on

from yixian.db import bootstrap, outbox
from yixian.db.pool import SYSTEM
from yixian.learning import jobs, service, words
from yixian.people.model import SYSTEM_ACTOR
from yixian.web import render

SACKS = "Seagulls pulled the sacks to shreds near the {}, scraps blowing about"
PLACES = ("bridge", "chapel", "mill", "inn", "bakery", "library", "school", "barn", "forge", "green", "cross", "well")


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


async def token(browser: Browser) -> dict[str, str]:
    return {"X-CSRF-Token": (await browser.client.get("/api/v1/session")).json()["csrf"]}


async def taught(hotline: Hotline, times: int = 2) -> None:
    """Models 1 to `times`, of what a dispatcher put right."""
    database = hotline.app.state.process.database
    dispatcher = await hotline.staff("dispatcher")
    headers = await token(dispatcher)
    for place in PLACES:
        hotline.clock.forward(seconds=1)
        receipt = await hotline.says(SACKS.format(place), separate=True)
        number, at_once = receipt["tickets"][0]["number"], receipt["tickets"][0]["dispatched"]
        step: dict[str, Any] = {"unit": "pa.waste", "matter": "BN01", "basis": "Waste Order 2", "note": "Sacks"}
        action = "reassign" if at_once else "dispatch"
        answer = await dispatcher.client.post(f"/api/v1/tickets/{number}/{action}", json=step, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        if place in ("well", "cross")[:times]:
            while await outbox.hand_on(database, jobs.consumers(), hotline.clock()):
                pass
            await service.train(database, SYSTEM_ACTOR, f"till the {place}", hotline.clock())


async def test_a_supervisor_compares_goes_live_and_back_and_why_is_kept(hotline: Hotline):
    await taught(hotline)
    desk = await (await hotline.staff("supervisor")).open("/desk/models")
    assert "没有上线的模型" in desk.text and "till the well" in desk.text and "派单员选择 12" in desk.text
    await desk.send("/desk/models/live/2", 422, reason="  ")
    assert "请写明原因" in desk.text
    await desk.send("/desk/models/live/2", reason="Reads sacks")
    assert "已完成：上线" in desk.text and "回退到城市包自身" in desk.text
    await desk.send("/desk/models/live/1", reason="Another look")
    await desk.send("/desk/models/back", reason="Not better")
    assert "已完成：回退" in desk.text and "V2 自" in desk.text
    audited = await hotline.owner.fetch(
        "SELECT action, subject, body ->> 'reason' AS why FROM audit WHERE action LIKE 'model.%' ORDER BY at, seq"
    )
    assert [tuple(r) for r in audited][-3:] == [
        ("model.live", "2", "Reads sacks"),
        ("model.live", "1", "Another look"),
        ("model.back", "2", "Not better"),
    ]


async def test_a_form_of_before_says_what_is_live_now_and_keeps_what_was_typed(hotline: Hotline):
    await taught(hotline)
    slow = await (await hotline.staff("supervisor")).open("/desk/models")
    quick = await (await hotline.staff("admin")).open("/desk/models")
    await quick.send("/desk/models/live/1", reason="First")
    await slow.send("/desk/models/live/2", 409, reason="My careful words")
    assert "现在上线的是 V1 版" in slow.text and "My careful words" in slow.answer.text
    await slow.send("/desk/models/live/2", reason="My careful words")
    assert "V2 自" in slow.text


async def test_who_may_not_does_not(hotline: Hotline):
    await taught(hotline, 1)
    for login in ("dispatcher", "operator", "roads", "reviewer"):
        browser = await hotline.staff(login)
        await browser.open("/desk/models", 403)
        answer = await browser.client.post("/desk/models/live/1", data={"reason": "x", "csrf": "x"})
        assert answer.status_code == 403
    admin = await (await hotline.staff("admin")).open("/desk/models?tab=gaps")
    assert "清单问题" not in admin.text, "who sees no ticket is shown none"


async def test_bad_input_is_answered(hotline: Hotline):
    supervisor = await (await hotline.staff("supervisor")).open("/desk/models?tab=watch&done=%00")
    headers = await token(supervisor)
    for path, status in (
        ("/desk/models/live/99", 404),
        ("/desk/models/live/99999999999999", 404),
        ("/desk/models/lift/%27", 404),
        ("/desk/models/back", 422),
    ):
        answer = await supervisor.client.post(path, data={"reason": "x"}, headers=headers)
        assert answer.status_code == status, (path, answer.text[:300])
    assert (await supervisor.client.post("/desk/models/back", data={"seen": "no"}, headers=headers)).status_code == 400
    assert (await supervisor.client.post("/desk/models/back", data={"reason": "x" * 600}, headers=headers)).status_code == 422


async def test_gaps_of_the_list_are_shown_to_the_supervisor(hotline: Hotline):
    page = await (await hotline.staff("supervisor")).open("/desk/models?tab=gaps")
    assert "没有承办单位的事项" in page.text and "常被混淆的事项" in page.text


async def test_a_suspension_stands_on_the_supervisors_desk_until_a_person_lifts_it(hotline: Hotline):
    database = hotline.app.state.process.database
    async with database.transaction(SYSTEM) as tx:
        await tx.execute(
            "INSERT INTO matter_suspension (id, matter, at, tickets, rights, wrongs, target, evidence)"
            " VALUES (gen_random_uuid(), 'ST0201', $1, 60, 20, 30, 0.9, 25)",
            hotline.clock(),
        )
    desk = await (await hotline.staff("supervisor")).open("/desk/supervisor")
    assert "1 个事项因自动派单差错偏多已暂停" in desk.text
    await desk.open("/desk/models?tab=watch")
    assert "Pothole" in desk.text and "已知错 30 件" in desk.text
    await desk.send("/desk/models/lift/ST0201", reason="The list was put right")
    assert "已完成：恢复自动派单" in desk.text and "The list was put right" in desk.text
    await desk.open("/desk/supervisor")
    assert "已暂停" not in desk.text


def test_every_word_has_its_english():
    assert [s for s in words.sayings() if s not in render.catalogue("en")] == []
