"""The dispatcher's day: one after the other, many at once, both sides' words, and how much each unit has."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.hotline import Browser, Hotline, hotline_on

from yixian.db import bootstrap
from yixian.people.model import citizen
from yixian.tickets import changes, service
from yixian.tickets.dispatching import pages
from yixian.tickets.model import Action, Step
from yixian.tickets.presence import words as presence_words
from yixian.web import render

VAGUE = "zzz qqq xxx"
WASTE = {
    "matter": "BN01", "score": 0.41, "unit": "pa.waste", "co_units": ["pa.roads"], "entry": "BN-1", "basis": "Waste Order 2",
    "note": "", "place_needed": None,
}  # fmt: skip


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


def test_the_words_of_the_desk_have_english() -> None:
    said = (*pages.sayings(), *changes.sayings(), *presence_words.sayings())
    assert [s for s in said if s not in render.catalogue("en")] == []


async def waiting(hotline: Hotline, count: int, *suggestions: dict[str, Any], text: str = VAGUE) -> list[str]:
    """Tickets that wait for a dispatcher with these suggestions, a minute apart."""
    numbers: list[str] = []
    for n in range(count):
        hotline.clock.forward(minutes=1)
        told = await hotline.says(f"{text} {n}", caller={"phone": f"+4477009{n:05}"})
        numbers.append(told["tickets"][0]["number"])
    await hotline.owner.execute(
        "UPDATE ticket SET suggestions = $2::jsonb, matter = $3 WHERE number = ANY ($1)",
        numbers, json.dumps(suggestions), suggestions[0]["matter"] if suggestions else None,
    )  # fmt: skip
    return numbers


def open_one(desk: Browser) -> str:
    """The number of the ticket beside the list."""
    return next(f.action.split("/")[3] for f in desk.page.forms if f.action.endswith("/dispatch") and f.action.startswith("/desk/ticket/"))


async def stands(hotline: Hotline, number: str) -> tuple[str, str | None]:
    row = await hotline.owner.fetchrow("SELECT state, lead FROM ticket WHERE number = $1", number)
    return row["state"], row["lead"]


async def test_one_after_the_other_and_each_dispatcher_is_offered_another(hotline: Hotline) -> None:
    numbers = await waiting(hotline, 4, WASTE)
    first, second = await hotline.staff("dispatcher"), await hotline.staff("supervisor")
    await first.open("/desk/dispatch")
    assert open_one(first) == numbers[0]
    await second.open("/desk/dispatch")
    assert open_one(second) == numbers[1]
    assert "Dispatcher 在看" in second.text
    # After each, the next that is free opens at once.
    await first.send(f"/desk/ticket/{numbers[0]}/dispatch")
    assert open_one(first) == numbers[2]
    assert "已完成：派单" in first.text
    assert await stands(hotline, numbers[0]) == ("dispatched", "pa.waste")
    # Who opens one that another has is told so at once, and the other sees both.
    await second.open(f"/desk/dispatch?ticket={numbers[2]}")
    assert "Dispatcher（Contact Centre）正在查看" in second.text


async def test_what_helps_to_decide_stands_beside_it(hotline: Hotline) -> None:
    old, new = await waiting(hotline, 2, WASTE)
    await hotline.owner.execute("UPDATE ticket SET text = 'The bin was not collected'")
    desk = await (await hotline.staff("dispatcher")).open(f"/desk/dispatch?ticket={old}")
    await desk.send(f"/desk/ticket/{old}/dispatch")
    waste = await hotline.staff("waste")
    await waste.open(f"/desk/ticket/{old}")
    await waste.send(f"/desk/ticket/{old}/return", note="A trade bin", basis="Trade Waste Order 5")
    await desk.open(f"/desk/dispatch?ticket={new}")
    # The words that speak for the matter, the entry with its basis, where the last one went and that it came back, the load.
    assert '<mark class="of-matter" title="事项">bin</mark>' in desk.answer.text
    assert "BN-1" in desk.text and "Waste Order 2" in desk.text
    assert f"{old}" in desk.text.split("最近同类工单派给了谁", 1)[1]
    assert "退单 → 待派单" in desk.text
    assert "在办 0 今日新派 1 30 天退单 1" in desk.text
    # What came back shows both sides' words, and goes to the same unit only with a reason.
    await desk.open("/desk/dispatch?tab=returned")
    assert open_one(desk) == old
    assert "A trade bin" in desk.text and "Trade Waste Order 5" in desk.text
    assert f"/desk/disputes?number={old}" in desk.page.links
    back = f"/desk/dispatch/{old}/back?tab=returned"
    await desk.send(back, 422, note=" ", basis="Waste Order 2")
    assert "请写明理由和依据" in desk.text
    await desk.send(back, note="A household, see the photograph", basis="Waste Order 2")
    assert await stands(hotline, old) == ("dispatched", "pa.waste")
    told = await hotline.owner.fetchval("SELECT note FROM history WHERE action = 'dispatch' ORDER BY at DESC, seq DESC LIMIT 1")
    assert told == "A household, see the photograph"
    assert "tab=returned" in str(desk.answer.url), "the work goes on in the same list"


async def test_a_suggestion_that_lacks_something_says_what_and_leads_to_its_field(hotline: Hotline) -> None:
    nowhere = WASTE | {"unit": None, "place_needed": "district"}
    unlisted = WASTE | {"unit": None, "matter": "ST0101"}
    (number,) = await waiting(hotline, 1, WASTE, nowhere, unlisted)
    desk = await (await hotline.staff("dispatcher")).open(f"/desk/dispatch?ticket={number}")
    html = desk.answer.text
    assert '<button data-key="1" class="primary">' in html
    assert 'href="#region" data-key="2" data-lacks="region" data-says="第 2 条建议还缺地点' in html
    assert 'href="#other" data-key="3" data-lacks="other-unit" data-says="第 3 条建议没有承办单位' in html
    assert 'id="region"' in html and 'id="other-unit"' in html and '<details class="sheet" id="other">' in html


async def test_what_is_everywhere_in_the_city_says_the_citys_name(hotline: Hotline) -> None:
    (number,) = await waiting(hotline, 1, WASTE)
    await hotline.owner.execute("UPDATE ticket SET region = 'PA' WHERE number = $1", number)
    desk = await (await hotline.staff("dispatcher")).open("/desk/dispatch")
    assert '<span class="quiet">Port Ash</span>' in desk.answer.text and '<span class="quiet">PA</span>' not in desk.answer.text


async def test_many_at_once_each_by_itself(hotline: Hotline) -> None:
    numbers = await waiting(hotline, 4, WASTE)
    bare = numbers[3]
    await hotline.owner.execute("UPDATE ticket SET suggestions = '[]' WHERE number = $1", bare)
    desk = await (await hotline.staff("dispatcher")).open("/desk/dispatch")
    csrf = desk.page.form("/desk/dispatch/bulk?").fields["csrf"]
    ticked = [f"{n}~1" for n in numbers]
    # Somebody is faster with the second.
    other = await (await hotline.staff("supervisor")).open(f"/desk/dispatch?ticket={numbers[1]}")
    await other.send(f"/desk/ticket/{numbers[1]}/dispatch")

    async def bulk(status: int = 200, **typed: Any) -> Browser:
        desk.answer = await desk.client.post("/desk/dispatch/bulk", data={"csrf": csrf, **typed})
        return desk._looked_at(status)

    await bulk(what="first", ticket=[*ticked, "nonsense", "PA~x"])
    assert "2 件已完成" in desk.text and "2 件没有执行" in desk.text
    assert "刚刚已被他人处理" in desk.text and "没有可用的派单建议" in desk.text
    assert [await stands(hotline, n) for n in numbers] == [("dispatched", "pa.waste")] * 3 + [("awaiting_dispatch", None)]
    # What is missing is asked for, and what was ticked stays.
    await bulk(422, what="unit", ticket=[f"{bare}~1"], unit="Roads")
    assert "请选择承办单位并写明派单依据" in desk.text
    await desk.send("/desk/dispatch/bulk?", 422, what="park", reason="", until="2030-01-01T10:00")
    assert "请写明暂放原因" in desk.text
    await bulk(what="amend", ticket=[f"{bare}~1"], matter="BN01", region="PA-S")
    row = await hotline.owner.fetchrow("SELECT matter, region, version, suggestions FROM ticket WHERE number = $1", bare)
    assert (row["matter"], row["region"], row["version"]) == ("BN01", "PA-S", 2)
    # The matter that was said brings the unit of the list.
    await bulk(what="first", ticket=[f"{bare}~2"])
    assert await stands(hotline, bare) == ("dispatched", "pa.waste")
    await bulk(422, what="first", ticket=[])
    await bulk(400, what="everything", ticket=ticked)


async def test_what_is_put_aside_comes_back_by_its_time_or_by_news(hotline: Hotline) -> None:
    first, second = await waiting(hotline, 2, WASTE)
    desk = await (await hotline.staff("dispatcher")).open(f"/desk/dispatch?ticket={first}")
    park = f"/desk/dispatch/{first}/park?"
    await desk.send(park, 422, reason="The caller will say where", until="2099-01-01T10:00")
    assert "暂放不能超过派单时限" in desk.text
    # What was typed is still there.
    assert desk.page.form(park).fields["reason"] == "The caller will say where"
    await desk.send(park, 422, reason="x", until="soon")
    assert "请写明暂放到什么时候" in desk.text
    zone = ZoneInfo(hotline.app.state.process.live.city.pack.city.timezone)
    until = (hotline.clock.now + timedelta(minutes=10)).astimezone(zone).strftime("%Y-%m-%dT%H:%M")
    await desk.open(f"/desk/dispatch?ticket={first}")
    await desk.send(park, reason="The caller will say where", until=until)
    assert open_one(desk) == second
    assert f"ticket={first}" not in "".join(desk.page.links)
    await desk.open("/desk/dispatch?tab=parked")
    assert open_one(desk) == first and "The caller will say where" in desk.text
    # The resident adds something: it is back at once.
    await supplements(hotline, first)
    await desk.open("/desk/dispatch?tab=parked")
    assert "没有暂放的工单" in desk.text
    await desk.open("/desk/dispatch")
    assert f"/desk/dispatch?ticket={first}" in desk.page.links
    # And by its time, or when somebody takes it up.
    await desk.open(f"/desk/dispatch?ticket={second}")
    await desk.send(f"/desk/dispatch/{second}/park?", reason="Waits", until=until)
    await desk.open(f"/desk/dispatch?tab=parked&ticket={second}")
    await desk.send(f"/desk/dispatch/{second}/take-up")
    assert open_one(desk) == second
    hotline.clock.forward(seconds=1)
    await desk.send(f"/desk/dispatch/{second}/park?", reason="Waits again", until=until)
    hotline.clock.forward(minutes=11)
    await desk.open("/desk/dispatch")
    assert f"/desk/dispatch?ticket={second}" in desk.page.links


async def somebody(hotline: Hotline, login: str) -> str:
    """A person's staff id."""
    return str(await hotline.owner.fetchval("SELECT id FROM staff WHERE login = $1", login))


async def test_a_ticket_is_handed_to_a_colleague_with_the_reason_and_comes_back(hotline: Hotline) -> None:
    first, second, third = await waiting(hotline, 3, WASTE)
    head, dispatcher = await somebody(hotline, "supervisor"), await somebody(hotline, "dispatcher")
    desk = await (await hotline.staff("dispatcher")).open("/desk/dispatch")
    assert open_one(desk) == first
    over = f"/desk/dispatch/{first}/hand-over?"
    await desk.send(over, 422, keeper="", note="You know the owner")
    assert "请选择交给谁" in desk.text and desk.page.form(over).fields["note"] == "You know the owner"
    await desk.send(over, 409, keeper="nobody", note="You know the owner")
    assert "没有这位派单员" in desk.text
    await desk.send(over, keeper=head, note="You know the owner")
    assert "已完成：交接" in desk.text and open_one(desk) == second
    row = await hotline.owner.fetchrow("SELECT actor, note, detail FROM history WHERE action = 'hand_over'")
    assert (row["actor"], row["note"], json.loads(row["detail"])) == (dispatcher, "You know the owner", {"from": "", "to": head})
    # The colleague is offered it before all others; everybody sees whose it is; nobody else is offered it.
    other = await (await hotline.staff("supervisor")).open("/desk/dispatch")
    assert open_one(other) == first
    assert "Dispatcher交给您" in other.text and "You know the owner" in other.text
    await desk.open("/desk/dispatch")
    assert "Supervisor 保管" in desk.text and open_one(desk) == second
    await other.open("/desk/dispatch?tab=mine")
    assert "我的 1" in other.text and open_one(other) == first
    # The same again is no handing over; back to all is.
    await other.open(f"/desk/dispatch?ticket={first}")
    await other.send(over, 409, keeper=head, note="Mine")
    assert "请选择另一位派单员" in other.text
    await other.send(over, keeper="pile", note="Not today")
    assert await hotline.owner.fetchval("SELECT keeper FROM ticket WHERE number = $1", first) is None
    # Once it is dispatched nobody keeps it.
    await other.open(f"/desk/dispatch?ticket={third}")
    await other.send(f"/desk/dispatch/{third}/hand-over?", keeper=dispatcher, note="Yours")
    await desk.open(f"/desk/dispatch?ticket={third}")
    await desk.send(f"/desk/ticket/{third}/dispatch")
    assert await hotline.owner.fetchval("SELECT keeper FROM ticket WHERE number = $1", third) is None


async def test_all_mine_go_to_a_colleague_at_the_end_of_a_shift(hotline: Hotline) -> None:
    numbers = await waiting(hotline, 4, WASTE)
    head, dispatcher = await somebody(hotline, "supervisor"), await somebody(hotline, "dispatcher")
    other = await hotline.staff("supervisor")
    for number in numbers[:2]:
        await other.open(f"/desk/dispatch?ticket={number}")
        await other.send(f"/desk/dispatch/{number}/hand-over?", keeper=dispatcher, note="Please take these")
    desk = await (await hotline.staff("dispatcher")).open(f"/desk/dispatch?ticket={numbers[2]}")
    zone = ZoneInfo(hotline.app.state.process.live.city.pack.city.timezone)
    until = (hotline.clock.now + timedelta(minutes=30)).astimezone(zone).strftime("%Y-%m-%dT%H:%M")
    await desk.send(f"/desk/dispatch/{numbers[2]}/park?", reason="The caller rings back", until=until)
    await desk.open("/desk/dispatch?tab=mine")
    assert "我的 3" in desk.text

    async def hand_over_all(status: int, **typed: str) -> None:
        token = desk.page.form("/logout").fields["csrf"]
        body = {"csrf": token, "mine": "1", "what": "hand_over", **typed}
        desk.answer = await desk.client.post("/desk/dispatch/bulk?tab=mine", data=body)
        desk._looked_at(status)

    assert desk.page.form("/desk/dispatch/bulk?tab=mine").fields["mine"] == "1"
    await hand_over_all(422, keeper=head, note=" ")
    assert "请选择交给谁" in desk.text
    hotline.clock.forward(seconds=1)
    await hand_over_all(200, keeper=head, note="End of my shift")
    assert "3 件已完成" in desk.text
    assert "我的 0" in (await desk.open("/desk/dispatch?tab=mine")).text
    await other.open("/desk/dispatch?tab=mine")
    assert "我的 3" in other.text
    kept = await hotline.owner.fetch("SELECT number FROM ticket WHERE keeper = $1 ORDER BY number", head)
    assert [r["number"] for r in kept] == sorted(numbers[:3])
    # What was put aside is still put aside, until the same time, with the colleague.
    await other.open(f"/desk/dispatch?tab=parked&ticket={numbers[2]}")
    assert "The caller rings back" in other.text and "暂放 1" in other.text
    assert await hotline.owner.fetchval("SELECT count(*) FROM history WHERE action = 'hand_over' AND note = 'End of my shift'") == 3
    # Nothing waits for one person alone: near its limit it is offered to all.
    assert open_one(await desk.open("/desk/dispatch")) == numbers[3]
    await desk.send(f"/desk/ticket/{numbers[3]}/dispatch")
    await hotline.owner.execute("UPDATE ticket SET amber_at = $2 WHERE number = $1", numbers[1], hotline.clock.now)
    assert open_one(await desk.open("/desk/dispatch")) == numbers[1]


async def test_who_may_not_hand_over(hotline: Hotline) -> None:
    (number,) = await waiting(hotline, 1, WASTE)
    roads = await (await hotline.staff("roads")).open("/desk/unit")
    token = roads.page.form("/logout").fields["csrf"]
    for path in (f"/desk/dispatch/{number}/hand-over", f"/desk/ticket/{number}/hand_over"):
        answer = await roads.client.post(path, data={"csrf": token, "keeper": "pile", "note": "x"})
        assert answer.status_code in (403, 404), path
    assert await hotline.owner.fetchval("SELECT count(*) FROM history WHERE action = 'hand_over'") == 0


async def supplements(hotline: Hotline, number: str) -> None:
    """The resident adds a word."""
    process = hotline.app.state.process
    async with process.database.transaction(citizen(number).acting) as tx:
        added = Step(note="By the church")
        await service.act(tx, citizen(number), number, Action.SUPPLEMENT, added, process.live.city, hotline.clock.now)


async def test_the_queue_is_narrowed_and_stays_so(hotline: Hotline) -> None:
    first, second, third = await waiting(hotline, 3, WASTE)
    hotline.clock.forward(hours=5)
    (fresh,) = await waiting(hotline, 1, WASTE, text="something else entirely")
    await hotline.owner.execute("UPDATE ticket SET kind = 'help', region = NULL")
    await hotline.owner.execute("UPDATE ticket SET kind = 'report', region = 'PA-S-1' WHERE number = $1", second)
    desk = await hotline.staff("dispatcher")
    for asked, found in (
        ("kind=report", {second}), ("at=PA-S", {second}), ("age=4h", {first, second, third}), ("at=PA-N", set()),
        ("kind=nonsense&age=y&campaign=z&group=q", {first, second, third, fresh}), ("at=Saltmarsh", {second}), ("at=nowhere", set()),
            ("group=00000000-0000-0000-0000-000000000000", set()),
    ):  # fmt: skip
        await desk.open(f"/desk/dispatch?{asked}")
        listed = {link.rsplit("ticket=", 1)[1] for link in desk.page.links if link.startswith("/desk/dispatch?") and "ticket=" in link}
        assert listed == found, asked
    await desk.open("/desk/dispatch?at=nowhere")
    assert "没有找到，请改写成名称的一部分" in desk.text and "批量操作" not in desk.page.text.split("键盘快捷键")[0]
    # A step brings one back to the same narrowed list.
    await desk.open("/desk/dispatch?kind=report")
    await desk.send(f"/desk/ticket/{second}/dispatch")
    assert "kind=report" in str(desk.answer.url)
    assert "没有符合条件的工单" in desk.text


async def test_the_load_leads_to_its_tickets(hotline: Hotline) -> None:
    numbers = await waiting(hotline, 3, WASTE)
    desk = await hotline.staff("dispatcher")
    for number in numbers:
        await desk.open(f"/desk/dispatch?ticket={number}")
        await desk.send(f"/desk/ticket/{number}/dispatch")
    await hotline.owner.execute(
        "UPDATE ticket SET next_due = $2, amber_at = $2 WHERE number = $1", numbers[0], hotline.clock.now - timedelta(hours=1)
    )
    await desk.open("/desk/load")
    assert "Waste Services 3 1 0 3 0" in desk.text
    await desk.open("/desk/load/pa.waste?light=red")
    assert numbers[0] in desk.text and numbers[1] not in desk.text
    await desk.open("/desk/load?order=returned&q=harbour")
    assert "没有符合条件的单位" in desk.text
    await desk.open("/desk/load/nobody", 404)
    for login, status in (("roads", 403), ("operator", 403), ("supervisor", 200)):
        person = await hotline.staff(login)
        assert (await person.client.get("/desk/load")).status_code == status, login
        assert (await person.client.get("/desk/dispatch")).status_code == status, login
