"""Every form that comes too late: nothing is done, what came first is told, what was typed is there, and one key sends it again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.hotline import PASSWORD, Browser, Hotline, hotline_on

from yixian.db import bootstrap
from yixian.db.pool import SYSTEM
from yixian.people import passwords, store
from yixian.people import service as staff
from yixian.people.model import SYSTEM_ACTOR, Actor, Role, citizen
from yixian.people.service import NewStaff
from yixian.tickets import forms, service
from yixian.tickets.model import Action, Rating, State, Step

ANSWER = "The gully was cleared this morning and the drain runs freely again."
ROADS = {"unit": "Roads and Lighting", "basis": "Roads Order 12"}
WASTE = {"unit": "Waste Services", "basis": "Waste Order 2"}
RATED = {"response": "4", "solution": "1", "attitude": "3", "words": "Still wet"}

LONG_LIFE: tuple[tuple[str, Action, dict[str, str]], ...] = (
    ("supervisor", Action.RAISE_ALARM, {"note": "A child fell in"}),
    ("dispatcher", Action.CONFIRM_ALARM, {"note": "Seen from the road"}),
    ("dispatcher", Action.STAND_DOWN, {"note": "Climbed out"}),
    ("dispatcher", Action.AMEND, {"region": "Northgate [PA-N]", "note": "By the bridge"}),
    ("dispatcher", Action.DISPATCH, ROADS),
    ("roads", Action.RETURN, {"note": "Not ours", "basis": "Water Act 3"}),
    ("dispatcher", Action.DISPATCH, WASTE),
    ("dispatcher", Action.REASSIGN, {**ROADS, "note": "It is a road"}),
    ("roads", Action.OBJECT, {"note": "A bin blocks it", "basis": "Waste Order 2"}),
    ("dispatcher", Action.OPINION, {"note": "A road gully"}),
    ("dispatcher", Action.RULE, {**ROADS, "note": "The list says so"}),
    ("roads", Action.INVITE, {"unit": "Waste Services", "note": "Take the leaves away"}),
    ("waste", Action.PART, {"note": "Leaves taken away"}),
    ("roads", Action.SIGN, {}),
    ("roads", Action.CONTACT, {"note": "Rang; it floods after rain"}),
    ("roads", Action.ASK_EXTENSION, {"days": "2", "note": "Frost"}),
    ("reviewer", Action.REFUSE_EXTENSION, {"note": "It thaws"}),
    ("roads", Action.ASK_EXTENSION, {"days": "3", "note": "A part is missing"}),
    ("reviewer", Action.GRANT_EXTENSION, {"note": "Once"}),
    ("supervisor", Action.URGE, {"note": "Rain tomorrow"}),
    ("supervisor", Action.LIST, {"note": "By Friday"}),
    ("supervisor", Action.CALL_IN, {"note": "Spoke with the head of roads"}),
    ("operator", Action.SUPPLEMENT, {"note": "It is by number 4"}),
    ("roads", Action.REPLY, {"answer": ANSWER, "internal": "Two hours, two people"}),
    ("roads.chief", Action.SEND_BACK, {"note": "Say when"}),
    ("roads", Action.REPLY, {"answer": ANSWER + " On Monday.", "internal": ""}),
    ("roads.chief", Action.APPROVE, {"note": "Good"}),
    ("reviewer", Action.PASS, {"note": "Answers it"}),
    ("caller", Action.CALL_BACK, {"note": "Engaged"}),
    ("caller", Action.NEED_CARE, {"note": "She sees no way on"}),
    ("supervisor", Action.TAKE_CARE, {"note": "I ring her"}),
    ("caller", Action.RATE, RATED),
    ("reviewer", Action.REDO, {"note": "Look again"}),
    ("operator", Action.WITHDRAW, {"note": "It drained by itself"}),
)
"""One ticket's life: each step by whose form, and what was typed into it."""


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


class People:
    """Who works here, each signed in once."""

    def __init__(self, hotline: Hotline) -> None:
        self.hotline = hotline
        self._known: dict[str, Browser] = {}

    async def of(self, login: str) -> Browser:
        if login not in self._known:
            self._known[login] = await self.hotline.staff(login)
        return self._known[login]


async def meanwhile(hotline: Hotline, number: str) -> str:
    """Somebody else does something that leaves the ticket where it is; what it is called in the history."""
    process = hotline.app.state.process
    state = State(await hotline.owner.fetchval("SELECT state FROM ticket WHERE number = $1", number))
    had = None
    if state is State.AWAITING_CALL_BACK:
        had = await hotline.owner.fetchval("UPDATE ticket SET attempts = 0 WHERE number = $1 AND attempts > 2 RETURNING 3", number)
        who, action, step = Actor("c", "C", frozenset({Role.CALL_BACK}), "pa.contact"), Action.CALL_BACK, Step(note="No answer")
        await hotline.owner.execute("UPDATE ticket SET call_at = $2 WHERE number = $1 AND call_at > $2", number, hotline.clock.now)
    elif state is State.CLOSED:
        who, action, step = citizen(number), Action.RATE, Step(rating=Rating(1, 1, 1))
    else:
        who, action, step = citizen(number), Action.SUPPLEMENT, Step(note="And the lamp is out")
    async with process.database.transaction(who.acting) as tx:
        await service.act(tx, who, number, action, step, process.live.city, hotline.clock.now)
    if action is Action.CALL_BACK:
        # The next call is due at once: it is the version that comes too late here, not the call that comes too soon.
        await hotline.owner.execute("UPDATE ticket SET call_at = $2 WHERE number = $1 AND call_at > $2", number, hotline.clock.now)
    if had:
        await hotline.owner.execute("UPDATE ticket SET attempts = 3 WHERE number = $1", number)
    return {Action.CALL_BACK: "登记未接通", Action.RATE: "登记评价"}.get(action, "补充内容")


async def too_late(hotline: Hotline, browser: Browser, number: str, action: Action, typed: dict[str, str]) -> None:
    """Opens the form, is overtaken, sends, reads, and sends again without typing anything."""
    address = f"/desk/ticket/{number}/{action}"
    hotline.clock.forward(seconds=1)
    await browser.open(f"/desk/ticket/{number}")
    happened = await meanwhile(hotline, number)
    hotline.clock.forward(seconds=1)
    before = await hotline.owner.fetchval("SELECT version FROM ticket WHERE number = $1", number)
    await browser.send(address, 409, **typed)
    told = browser.text.split("刚刚已被他人处理，您的操作没有执行。", 1)
    assert len(told) == 2, f"{action}: {browser.text[:300]}"
    assert happened in told[1][:400], action
    assert await hotline.owner.fetchval("SELECT version FROM ticket WHERE number = $1", number) == before, "nothing is half done"
    kept = browser.page.form(address).fields
    assert {name: kept[name] for name in typed} == typed, action
    assert f'form="do-{action}" data-key="y"' in browser.answer.text
    await browser.send(address)
    done = await hotline.owner.fetchval(
        "SELECT action FROM history h JOIN ticket t ON t.id = h.ticket WHERE t.number = $1 ORDER BY seq DESC LIMIT 1", number
    )
    assert done == action


async def opened(hotline: Hotline, n: int = 0) -> str:
    told = await hotline.says(f"zzz qqq xxx {n}", caller={"phone": f"+4477009{n:05}"})
    return told["tickets"][0]["number"]


async def test_every_form_of_a_long_life(hotline: Hotline) -> None:
    people, number = People(hotline), await opened(hotline)
    for login, action, typed in LONG_LIFE:
        await too_late(hotline, await people.of(login), number, action, typed)


async def test_the_forms_of_other_lives(hotline: Hotline) -> None:
    people = People(hotline)
    first, second, third, fourth, fifth = [await opened(hotline, n) for n in range(5)]
    dispatcher = await people.of("dispatcher")
    await too_late(hotline, dispatcher, first, Action.SPLIT, {"texts": "the lamp\n\nthe bin"})
    await too_late(hotline, dispatcher, second, Action.MERGE, {"number": third, "note": "The same"})
    await too_late(hotline, await people.of("reviewer"), fourth, Action.TERMINATE, {"note": "A court decides"})
    await too_late(hotline, dispatcher, fifth, Action.DISPATCH, {"unit": "Northgate District Council [PA-N]", "basis": "B"})
    await hired(hotline, "north", "PA-N")
    await hired(hotline, "noise", "PA-N.noise")
    await too_late(hotline, await people.of("north"), fifth, Action.HAND_DOWN, {"unit": "PA-N.noise", "note": "Yours"})
    await too_late(hotline, await people.of("noise"), fifth, Action.HAND_UP, {"note": "A road, not a noise"})


async def test_the_forms_at_the_end_of_a_life(hotline: Hotline) -> None:
    people, number = People(hotline), await opened(hotline)
    for login, action, typed in LONG_LIFE[4:5] + LONG_LIFE[13:15] + LONG_LIFE[25:28]:
        browser = await people.of(login)
        hotline.clock.forward(seconds=1)
        await browser.open(f"/desk/ticket/{number}")
        await browser.send(f"/desk/ticket/{number}/{action}", **typed)
    await hotline.owner.execute("UPDATE ticket SET attempts = 3")
    await too_late(hotline, await people.of("caller"), number, Action.CLOSE, {"note": "Nobody answers"})
    await too_late(hotline, await people.of("operator"), number, Action.REOPEN, {"note": "It floods again"})


async def test_the_form_after_a_bad_rating(hotline: Hotline) -> None:
    people, number = People(hotline), await opened(hotline)
    for login, action, typed in (*LONG_LIFE[4:5], *LONG_LIFE[13:15], *LONG_LIFE[25:28], ("caller", Action.RATE, RATED)):
        browser = await people.of(login)
        hotline.clock.forward(seconds=1)
        await browser.open(f"/desk/ticket/{number}")
        await browser.send(f"/desk/ticket/{number}/{action}", **typed)
    await too_late(hotline, await people.of("reviewer"), number, Action.REFER, {"note": "Whose gully is it?"})


async def hired(hotline: Hotline, login: str, unit: str) -> None:
    """A handler more."""
    kept = await passwords.hashed(PASSWORD)
    async with hotline.app.state.process.database.transaction(SYSTEM) as tx:
        new = NewStaff(login, login.title(), frozenset({Role.HANDLER}), unit, must_change=False)
        added = await staff.add_staff(tx, SYSTEM_ACTOR, new, hotline.clock.now)
        await store.set_password(tx, added.id, kept, False, hotline.clock.now)


def test_no_form_is_forgotten() -> None:
    tried = {action for _, action, _ in LONG_LIFE} | {Action.SPLIT, Action.MERGE, Action.TERMINATE, Action.CLOSE, Action.REOPEN}
    tried.add(Action.REFER)
    on_the_desk_alone = {Action.HAND_OVER}
    only_in_a_campaign = {Action.JOIN, Action.LEAVE}
    assert set(forms.FORMS) == tried | {Action.HAND_DOWN, Action.HAND_UP} | only_in_a_campaign | on_the_desk_alone


async def test_who_no_longer_has_the_ticket_keeps_what_was_typed(hotline: Hotline) -> None:
    people, number = People(hotline), await opened(hotline)
    dispatcher, roads = await people.of("dispatcher"), await people.of("roads")
    await dispatcher.open(f"/desk/ticket/{number}")
    await dispatcher.send(f"/desk/ticket/{number}/dispatch", **ROADS)
    await roads.open(f"/desk/ticket/{number}")
    await roads.send(f"/desk/ticket/{number}/sign")
    await dispatcher.open(f"/desk/ticket/{number}")
    await dispatcher.send(f"/desk/ticket/{number}/reassign", **WASTE, note="It is rubbish")
    await roads.send(f"/desk/ticket/{number}/contact", 404, note="Rang for half an hour")
    assert "Rang for half an hour" in roads.text and "已不由您的单位办理" in roads.text
    # The same words for a ticket that there never was: nobody learns of others' tickets.
    answer = await roads.client.post(
        "/desk/ticket/PA1/contact", data={"csrf": (await roads.open("/desk/unit")).page.form("/logout").fields["csrf"], "note": "x"}
    )
    assert answer.status_code == 404


async def test_an_incomplete_form_is_told_of_changes_too(hotline: Hotline) -> None:
    people, number = People(hotline), await opened(hotline)
    dispatcher = await people.of("dispatcher")
    await dispatcher.open(f"/desk/ticket/{number}")
    await meanwhile(hotline, number)
    await dispatcher.send(f"/desk/ticket/{number}/dispatch", 422, unit="Roads and Lighting", basis="")
    assert "补充内容" in dispatcher.text.split("刚刚已被他人处理", 1)[1][:300]


async def test_the_beat_tells_of_others_and_of_changes(hotline: Hotline) -> None:
    people, number = People(hotline), await opened(hotline)
    dispatcher, supervisor = await people.of("dispatcher"), await people.of("supervisor")
    csrf = (await dispatcher.open("/desk/dispatch")).page.form("/logout").fields["csrf"]
    other = (await supervisor.open("/desk/supervisor")).page.form("/logout").fields["csrf"]
    address = f"/desk/ticket/{number}/presence"

    async def beats(browser: Browser, token: str, **said: str) -> tuple[int, str, str]:
        answer = await browser.client.post(address, data={"csrf": token, "version": "1", "doing": "reading", **said})
        return answer.status_code, " ".join(answer.text.split()), answer.headers.get("X-Next-Beat", "")

    await beats(supervisor, other, doing="typing", action="dispatch")
    status, said, soon = await beats(dispatcher, csrf)
    assert (status, soon) == (200, "5")
    assert "Supervisor（Contact Centre）正在填写“派单”" in said
    assert "刚刚有了变化" not in said
    assert await beats(supervisor, other, doing="gone") == (204, "", "")
    await meanwhile(hotline, number)
    status, said, soon = await beats(dispatcher, csrf)
    assert (status, soon) == (200, "15")
    assert "Supervisor" not in said and "刚刚有了变化" in said and "And the lamp is out" in said
    for wrong in ({"doing": "sleeping"}, {"version": "x"}, {"version": "9" * 30}):
        assert (await beats(dispatcher, csrf, **wrong))[0] == 400, wrong
    assert (await beats(dispatcher, "stolen"))[0] == 403
    roads = await people.of("roads")
    token = (await roads.open("/desk/unit")).page.form("/logout").fields["csrf"]
    assert (await beats(roads, token))[0] == 404
