"""The reviewers' day and the call-backs: side by side, one key, when to ring again, what a bad rating opens, a link that works once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from tests.hotline import Browser, Hotline, hotline_on

from yixian.db import bootstrap, outbox
from yixian.people.model import Actor, Role, citizen
from yixian.settings import Settings
from yixian.tickets import calling, service
from yixian.tickets.model import Action, Rating, Reached, Step
from yixian.tickets.reviewing import jobs, pages, sampling, words
from yixian.tickets.reviewing import service as reviewing
from yixian.web import render

ANSWER = "Dear Ann, the pothole on Mill Road was filled this morning by our own crew; we looked again in the evening and it holds."


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


def test_the_words_of_the_desks_have_english() -> None:
    assert [s for s in pages.sayings() if s not in render.catalogue("en")] == []


def actor_of(hotline: Hotline, role: Role, unit: str) -> Actor:
    city = hotline.app.state.process.live.city
    return Actor(f"{unit}.{role}", role, frozenset({role}), unit, city.register.unit_path(unit))


async def step(hotline: Hotline, actor: Actor, number: str, action: Action, **particulars: Any) -> None:
    process = hotline.app.state.process
    hotline.clock.forward(seconds=1)
    async with process.database.transaction(actor.acting) as tx:
        await service.act(tx, actor, number, action, Step(**particulars), process.live.city, hotline.clock.now)


async def answered(hotline: Hotline, n: int = 0, **contact: Any) -> str:
    """A ticket whose answer waits for the hotline."""
    caller = {"name": "Ann", "phone": f"+4477009{n:05}", **contact.pop("caller", {})}
    told = await hotline.says(f"Huge pothole on Mill Road {n}. When will it be filled?", caller=caller, **contact)
    number = told["tickets"][0]["number"]
    lead = await hotline.owner.fetchval("SELECT lead FROM ticket WHERE number = $1", number)
    if lead is None:
        dispatcher = actor_of(hotline, Role.DISPATCHER, "pa.contact")
        await step(hotline, dispatcher, number, Action.DISPATCH, unit="pa.roads", basis="Roads Order 12")
        lead = "pa.roads"
    handler = actor_of(hotline, Role.HANDLER, lead)
    await step(hotline, handler, number, Action.SIGN)
    await step(hotline, handler, number, Action.CONTACT, note="Rang her about the pothole")
    await step(hotline, handler, number, Action.REPLY, answer=ANSWER, internal="Crew 4, two bags")
    await step(hotline, actor_of(hotline, Role.UNIT_REVIEWER, lead), number, Action.APPROVE)
    return number


async def passed(hotline: Hotline, n: int = 0, **contact: Any) -> str:
    """A ticket whose citizen is to be rung."""
    number = await answered(hotline, n, **contact)
    await step(hotline, actor_of(hotline, Role.REVIEWER, "pa.contact"), number, Action.PASS)
    return number


def open_one(desk: Browser, last: str) -> str:
    return next(f.action.split("/")[3] for f in desk.page.forms if re.fullmatch(rf"/desk/\w+/\w+/{last}", f.action))


async def ticket(hotline: Hotline, number: str) -> Any:
    return await hotline.owner.fetchrow("SELECT * FROM ticket WHERE number = $1", number)


# -- Review ----------------------------------------------------------------------------------------------------------


async def test_both_sides_stand_side_by_side_and_the_next_opens_at_once(hotline: Hotline) -> None:
    first, second = await answered(hotline, 1), await answered(hotline, 2)
    desk = await (await hotline.staff("reviewer")).open("/desk/review")
    assert open_one(desk, "pass") == first
    asked, told = desk.text.split("单位的答复", 1)
    assert "Huge pothole on Mill Road 1" in asked and "When will it be filled?" in asked.split("问了什么", 1)[1]
    assert "filled this morning" in told and "Crew 4, two bags" in told and "Rang her about the pothole" in told
    await desk.send(f"/desk/review/{first}/back", 422, note=" ")
    assert "请选择或写明退回理由" in desk.text
    answer = desk.page.form(f"/desk/review/{first}/back")
    desk.answer = await desk.client.post(
        answer.action, data={**answer.fields, "reason": ["when", "proof"], "note": "When is it tarred?"}, follow_redirects=True
    )
    assert desk.answer.status_code == 200
    assert open_one(desk, "pass") == second, "the next opens at once"
    row = await hotline.owner.fetchrow("SELECT note, source, target FROM history WHERE action = 'send_back'")
    assert tuple(row) == ("没有写明什么时候办好；缺少现场照片或办理凭证；When is it tarred?", "in_review", "handling")
    await desk.send(f"/desk/review/{second}/pass")
    assert (await ticket(hotline, second))["state"] == "awaiting_call_back"
    assert "没有等待审核的答复" in desk.text
    assert "合格 1 退回 1" in desk.text, "what one did today"
    # Answered again, the answer that was sent back stands beside the new one, with why.
    lead = (await ticket(hotline, first))["lead"]
    await step(
        hotline, actor_of(hotline, Role.HANDLER, lead), first, Action.REPLY, answer="It will be tarred on Friday, dear Ann. " + ANSWER
    )
    await step(hotline, actor_of(hotline, Role.UNIT_REVIEWER, lead), first, Action.APPROVE)
    await desk.open("/desk/review")
    assert "When is it tarred?" in desk.text.split("此前的答复", 1)[1].split("单位的答复", 1)[0]
    assert "on Friday" in desk.text.split("单位的答复", 1)[1]


async def test_two_reviewers_are_offered_different_ones_and_only_one_verdict_holds(hotline: Hotline) -> None:
    first, second = await answered(hotline, 1), await answered(hotline, 2)
    one, other = await hotline.staff("reviewer"), await hotline.staff("supervisor")
    await one.open("/desk/review")
    await other.open("/desk/review")
    assert (open_one(one, "pass"), open_one(other, "pass")) == (first, second)
    await other.open(f"/desk/review?ticket={first}")
    passing, backing = one.page.form(f"/desk/review/{first}/pass"), other.page.form(f"/desk/review/{first}/back")
    answers = await asyncio.gather(
        one.client.post(passing.action, data=passing.fields),
        other.client.post(backing.action, data={**backing.fields, "reason": "tone", "note": "Blames the council"}),
    )
    assert sorted(a.status_code for a in answers) == [303, 409]
    late = next(a for a in answers if a.status_code == 409)
    assert "刚刚被他人处理" in late.text
    steps = await hotline.owner.fetchval("SELECT count(*) FROM history WHERE action IN ('pass', 'send_back')")
    assert steps == 1


async def test_a_share_is_drawn_and_looked_at_by_somebody_else(hotline: Hotline) -> None:
    number = await answered(hotline, 1)
    desk = await (await hotline.staff("reviewer")).open("/desk/review")
    await desk.send(f"/desk/review/{number}/pass")
    (draw,) = jobs.consumers(Settings(home=Path("/nowhere"), second_look_percent=100))["ticket.moved"]
    database = hotline.app.state.process.database
    for _ in range(2):  # handed on twice, it is drawn once
        events = await hotline.owner.fetch("SELECT kind, subject, body::text, at FROM event WHERE kind = 'ticket.moved'")
        told = tuple(outbox.Event(e["kind"], e["subject"], msgspec.json.decode(e["body"]), e["at"]) for e in events)
        async with database.transaction(outbox_acting()) as tx:
            await draw(tx, told)
    assert await hotline.owner.fetchval("SELECT count(*) FROM second_review") == 1
    await desk.open("/desk/review?tab=second")
    assert "没有等待抽查的答复" in desk.text, "nobody looks at their own"
    other = await (await hotline.staff("supervisor")).open("/desk/review?tab=second")
    await other.send(f"/desk/review/{number}/second", 409, agrees="0", note="")
    assert "请写明哪里不合格" in other.text
    await other.send(f"/desk/review/{number}/second", agrees="0", note="Names no day")
    row = await hotline.owner.fetchrow("SELECT agrees, words, looked_by <> reviewer AS another FROM second_review")
    assert tuple(row) == (False, "Names no day", True)
    assert (await ticket(hotline, number))["state"] == "awaiting_call_back", "the ticket goes on"
    assert "抽查 1" in other.text


def outbox_acting() -> Any:
    from yixian.db.pool import SYSTEM

    return SYSTEM


def test_the_share_is_what_was_asked_for() -> None:
    hashes = [n.to_bytes(2) * 16 for n in range(10_000)]
    assert not any(sampling.drawn(h, 0) for h in hashes) and all(sampling.drawn(h, 100) for h in hashes)
    share = sum(sampling.drawn(h, 5) for h in hashes) / len(hashes)
    assert 0.02 < share < 0.08


async def test_who_may_not(hotline: Hotline) -> None:
    number = await answered(hotline, 1)
    for login, path, status in (
        ("operator", "/desk/review", 403), ("caller", "/desk/review", 403), ("roads", "/desk/review", 403),
        ("roads", "/desk/callback", 403), ("operator", "/desk/callback", 403), ("reviewer", "/desk/callback", 200),
    ):  # fmt: skip
        assert (await (await hotline.staff(login)).client.get(path)).status_code == status, (login, path)
    caller = await hotline.staff("caller")
    csrf = (await caller.open("/desk/callback")).page.form("/logout").fields["csrf"]
    for path in (f"/desk/review/{number}/pass", f"/desk/review/{number}/back"):
        assert (await caller.client.post(path, data={"csrf": csrf, "note": "x"})).status_code == 403
    assert (await caller.client.post(f"/desk/callback/{number}/rate", data={"csrf": csrf})).status_code == 422
    early = {"csrf": csrf, "response": "5", "solution": "5", "attitude": "5"}
    assert (await caller.client.post(f"/desk/callback/{number}/rate", data=early)).status_code == 409
    assert (await caller.client.post(f"/desk/callback/{number}/missed", data={"csrf": csrf, "reached": "gone"})).status_code == 400
    assert (await ticket(hotline, number))["state"] == "in_review"


# -- When to ring ----------------------------------------------------------------------------------------------------

ZONE = ZoneInfo("Asia/Shanghai")


def at(hour: int, minute: int = 0, day: int = 2) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "reached", "attempts", "due"),
    [
        (at(10), Reached.NO_ANSWER, 1, at(14)),
        (at(15), Reached.NO_ANSWER, 2, at(18, 30)),
        (at(19), Reached.NO_ANSWER, 1, at(9, day=3)),
        (at(10), Reached.NO_ANSWER, 3, None),
        (at(10), Reached.BUSY, 1, at(10, 30)),
        (at(11, 45), Reached.BUSY, 1, at(14)),
        (at(10), Reached.REFUSED, 1, None),
        (at(10), Reached.WRONG_NUMBER, 1, None),
    ],
)
def test_the_next_call_is_at_another_hour(now: datetime, reached: Reached, attempts: int, due: datetime | None) -> None:
    assert calling.next_call(now, reached, attempts, ZONE) == due


def test_nobody_is_rung_at_night() -> None:
    assert calling.first_call(at(10), ZONE) == at(10)
    assert calling.first_call(at(12), ZONE) == at(14)
    assert calling.first_call(at(23), ZONE) == at(9, day=3)
    assert calling.first_call(at(3), ZONE) == at(9)


# -- Calls -----------------------------------------------------------------------------------------------------------


async def test_a_call_with_three_ratings(hotline: Hotline) -> None:
    number = await passed(hotline, 1, caller={"language": "en", "needs": "Hard of hearing"})
    desk = await (await hotline.staff("caller")).open("/desk/callback")
    assert open_one(desk, "rate") == number
    assert "Hard of hearing" in desk.text
    assert words.ENGLISH.greeting in desk.text, "in the resident's language"
    assert "+44" not in desk.text
    await desk.send(f"/desk/callback/{number}/phone")
    assert "+447700900001" in desk.text
    told = await hotline.owner.fetchrow("SELECT field, reason FROM reveal")
    assert tuple(told) == ("phone", "电话回访")
    await desk.send(f"/desk/callback/{number}/rate", 422, response="5", words="Fine")
    assert "此项必填" in desk.text and "Fine" in desk.answer.text, "what was typed stays"
    await desk.send(f"/desk/callback/{number}/rate", response="5", solution="4", attitude="3", words="Fine")
    row = await ticket(hotline, number)
    assert (row["state"], row["rated_response"], row["rated_solution"], row["rated_attitude"], row["rating_words"], row["call_at"]) == (
        "closed", 5, 4, 3, "Fine", None,
    )  # fmt: skip
    assert "打通 1 其中满意 1" in desk.text


async def test_three_tries_at_other_hours_then_a_link_that_works_once(hotline: Hotline) -> None:
    number = await passed(hotline, 1)
    zone = ZoneInfo(hotline.app.state.process.live.city.pack.city.timezone)
    hours: list[int] = []
    for n in range(3):
        due = (await ticket(hotline, number))["call_at"]
        hotline.clock.now = max(hotline.clock.now, due)
        hours.append(due.astimezone(zone).hour)
        desk = await (await hotline.staff("caller")).open(f"/desk/callback?ticket={number}")
        await desk.send(f"/desk/callback/{number}/missed", reached="no_answer", note=f"Rang {n}")
        assert f"打过 {n + 1} 次" in (await desk.open(f"/desk/callback?tab={'later' if n < 2 else 'unreached'}")).text
    assert len(set(hours)) == 3, "three different times of the day"
    await desk.open(f"/desk/callback?tab=unreached&ticket={number}")
    told = desk.answer.text.partition("打过的电话")[2].partition("</ol>")[0]
    assert [told.count(words) for words in ("无人接听", "Rang 1")] == [3, 1], "each attempt once, with what was added"
    await hotline.owner.execute("UPDATE ticket SET matter = NULL, region = NULL, place = '' WHERE number = $1", number)
    await desk.open(f"/desk/callback?tab=unreached&ticket={number}")
    assert "· ·" not in desk.text
    assert "派单建议" not in desk.text, "the keys that are told of are this page's"
    assert "Rang 0" in desk.text and "没有打通 3" in desk.text
    await desk.send(f"/desk/callback/{number}/link", 409)
    assert "短信查询没有开通" in desk.text, "said when nothing can be sent"
    hotline.app.state.process = msgspec.structs.replace(
        hotline.app.state.process, settings=msgspec.structs.replace(hotline.app.state.process.settings, sms="show", public_url="https://hotline.test")
    )  # fmt: skip
    await desk.send(f"/desk/callback/{number}/link")
    path = re.search(r"https://hotline\.test(/rate/[\w-]+)", desk.text)
    assert path and number not in desk.text.split("演示环境", 1)[1].split("https", 1)[0], "nothing of the matter in the message"
    resident, other = hotline.browser(), hotline.browser()
    await resident.open(path[1])
    await other.open(path[1])
    assert "filled this morning" in resident.text and "+44" not in resident.text and number not in resident.answer.text
    await resident.send(path[1], 422, response="2")
    await resident.send(path[1], response="4", solution="1", attitude="4", words="Still there")
    assert "您不满意" in resident.text
    await other.send(path[1], 404, response="5", solution="5", attitude="5")
    await resident.open(path[1], 404)
    row = await ticket(hotline, number)
    assert (row["state"], row["rated_solution"]) == ("awaiting_call_back", 1)
    # The bad rating opens the same next step as one on the telephone: a reviewer decides.
    reviewer = await (await hotline.staff("reviewer")).open("/desk/review?tab=rated")
    assert "Still there" in reviewer.text
    await reviewer.send(f"/desk/ticket/{number}/redo", 422, note="")
    await reviewer.open("/desk/review?tab=rated")
    await reviewer.send(f"/desk/ticket/{number}/redo", note="The hole is still there")
    assert (await ticket(hotline, number))["state"] == "dispatched"
    assert reviewer.answer.url.path == "/desk/review"


async def test_three_calls_within_a_minute_are_one(hotline: Hotline) -> None:
    number = await passed(hotline, 1)
    hotline.clock.now = max(hotline.clock.now, (await ticket(hotline, number))["call_at"])
    desk = await (await hotline.staff("caller")).open(f"/desk/callback?ticket={number}")
    await desk.send(f"/desk/callback/{number}/missed", reached="busy", note="Engaged")
    due = (await ticket(hotline, number))["call_at"]
    zone = ZoneInfo(hotline.app.state.process.live.city.pack.city.timezone)
    for reached in ("no_answer", "busy"):
        hotline.clock.forward(seconds=10)
        await desk.open(f"/desk/callback?ticket={number}")
        await desk.send(f"/desk/callback/{number}/missed", 409, reached=reached, note="Rings out, a dog barks")
        assert f"不能算第2次，没有登记：{due.astimezone(zone):%Y-%m-%d %H:%M} 以后" in desk.text
        assert desk.page.form(f"/desk/callback/{number}/missed").fields["note"] == "Rings out, a dog barks", "what was typed stays"
        assert f"/desk/callback/{number}/link" not in desk.answer.text, "no link instead of a call"
    by_door = {"X-CSRF-Token": desk.page.form("/logout").fields["csrf"]}
    door = await desk.client.post(f"/api/v1/tickets/{number}/call_back", json={"note": "Rang"}, headers=by_door)
    assert door.status_code == 409 and "没有登记" in door.json()["detail"]
    assert (await ticket(hotline, number))["attempts"] == 1
    hotline.clock.now = due
    desk = await (await hotline.staff("caller")).open(f"/desk/callback?ticket={number}")
    await desk.send(f"/desk/callback/{number}/missed", reached="no_answer", note="Rings out")
    assert (await ticket(hotline, number))["attempts"] == 2
    # Who rings back a minute later and does not want to be asked is not asked to wait.
    hotline.clock.forward(minutes=1)
    await desk.open(f"/desk/callback?ticket={number}")
    await desk.send(f"/desk/callback/{number}/missed", reached="refused", note="")
    row = await ticket(hotline, number)
    assert (row["attempts"], row["call_at"]) == (3, None)


async def test_a_link_of_last_week_rates_nothing(hotline: Hotline) -> None:
    number = await passed(hotline, 1)
    desk = await (await hotline.staff("caller")).open(f"/desk/callback?ticket={number}")
    await desk.send(f"/desk/callback/{number}/missed", reached="wrong_number", note="")
    assert (await ticket(hotline, number))["attempts"] == 3, "nobody else is rung again"
    process = hotline.app.state.process
    settings = msgspec.structs.replace(process.settings, sms="show", public_url="https://hotline.test")
    caller_id = await hotline.owner.fetchval("SELECT id::text FROM staff WHERE login = 'caller'")
    actor = Actor(caller_id, "Caller", frozenset({Role.CALL_BACK}), "pa.contact")
    sent = await reviewing.send_link(process.database, process.vault, settings, actor, number, hotline.clock.now)
    path = sent.shown.split("hotline.test", 1)[1]
    assert (await hotline.browser().client.get("/rate/nonsense")).status_code == 404
    hotline.clock.forward(days=7, seconds=1)
    await hotline.browser().open(path, 404)


async def test_not_content_on_the_telephone_and_the_second_time_it_goes_to_a_dispatcher(hotline: Hotline) -> None:
    number = await passed(hotline, 1, hides_identity=True)
    desk = await (await hotline.staff("supervisor")).open("/desk/callback")
    assert "此人要求保密" in desk.text
    await desk.send(f"/desk/callback/{number}/rate", response="1", solution="1", attitude="1", words="")
    assert "由原单位重新办理" in desk.text, "what comes next opens at once"
    await desk.send(f"/desk/ticket/{number}/redo", note="Not done")
    lead = (await ticket(hotline, number))["lead"]
    handler = actor_of(hotline, Role.HANDLER, lead)
    await step(hotline, handler, number, Action.SIGN)
    await step(hotline, handler, number, Action.CONTACT, note="Rang her again")
    await step(hotline, handler, number, Action.REPLY, answer=ANSWER)
    await step(hotline, actor_of(hotline, Role.UNIT_REVIEWER, lead), number, Action.APPROVE)
    await step(hotline, actor_of(hotline, Role.REVIEWER, "pa.contact"), number, Action.PASS)
    await desk.open(f"/desk/callback?ticket={number}")
    await desk.send(f"/desk/callback/{number}/rate", response="1", solution="2", attitude="1", words="")
    assert "退回派单员" in desk.text
    # Who only rings may not decide it; who decides says why.
    caller = await (await hotline.staff("caller")).open(f"/desk/callback?tab=bad&ticket={number}")
    assert "不满意的由审核员决定" in caller.text
    assert not [f for f in caller.page.forms if f.action.endswith(("/redo", "/close"))]
    await desk.send(f"/desk/ticket/{number}/redo", note="Another unit must do it")
    assert (await ticket(hotline, number))["state"] == "awaiting_dispatch"


async def test_the_list_of_calls_comes_from_the_index(hotline: Hotline) -> None:
    for n in range(3):
        await passed(hotline, n)
    async with hotline.app.state.process.database.transaction(actor_of(hotline, Role.CALL_BACK, "pa.contact").acting) as tx:
        found, _ = await reviewing.calls(tx, reviewing.Waiting.NOW, "", hotline.clock.now + timedelta(days=1))
        assert len(found) == 3
        await tx.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plan = "\n".join(
            r[0] for r in await tx.fetch(
                "EXPLAIN SELECT t.id FROM ticket t "
                "WHERE t.state = 'awaiting_call_back' AND t.call_at <= $1 ORDER BY t.call_at, t.id LIMIT 50",
                hotline.clock.now,
            )
        )  # fmt: skip
    assert "ticket_to_call" in plan and "Sort" not in plan


async def test_a_bad_rating_can_be_referred_to_joint_review_with_a_key(hotline: Hotline) -> None:
    number = await passed(hotline, 7)
    await step(hotline, citizen(number), number, Action.RATE, rating=Rating(3, 1, 3, "They say it is not theirs"))
    desk = await (await hotline.staff("reviewer")).open("/desk/review?tab=rated")
    assert open_one(desk, "refer") == number
    assert all(f'data-key="{key}"' in desk.answer.text for key in "rwc")
    await desk.send(f"/desk/ticket/{number}/refer", note="The answer says that it is another unit's")
    assert "已完成：提请联合审定" in desk.text
    row = await ticket(hotline, number)
    assert (row["state"], row["rounds"]) == ("joint_review", 1)
    assert await hotline.owner.fetchval("SELECT public FROM history WHERE action = 'refer'"), "the citizen sees it in the time line"
    dispatcher = await (await hotline.staff("dispatcher")).open("/desk/dispatch?tab=joint")
    assert f"/desk/ticket/{number}/joint-review" in dispatcher.page.links
