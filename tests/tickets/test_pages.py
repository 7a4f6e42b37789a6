"""The desks in a browser: each person does their part of a ticket's life, and nobody sees what is not theirs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from tests.hotline import TINY, Browser, Hotline, hotline_on

from yixian.city import pack
from yixian.city.inforce import City, compile_city
from yixian.city.model import Audience, RequestKind, Urgency
from yixian.db import bootstrap
from yixian.db.ids import new_id
from yixian.tickets import choices, effects, forms, words
from yixian.tickets.choices import Unclear, What
from yixian.tickets.model import Action, State
from yixian.tickets.placing import placed
from yixian.web import render

DRAIN = "The gully on Tollbooth Lane is blocked, the drain floods the road"
LONDON = ZoneInfo("Europe/London")
ANSWER = "The gully was cleared this morning and the drain runs freely again."


@pytest.fixture(scope="module")
def port_ash() -> City:
    return compile_city(pack.read(TINY))


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


async def opened(hotline: Hotline, text: str = DRAIN) -> tuple[str, str]:
    """A ticket at the dispatcher's: number and check code."""
    ticket = (await hotline.says(text))["tickets"][0]
    return ticket["number"], ticket["check_code"]


async def with_roads(hotline: Hotline) -> tuple[str, str]:
    """A ticket that Roads has been given."""
    number, code = await opened(hotline)
    desk = await (await hotline.staff("supervisor")).open(f"/desk/ticket/{number}")
    if f"/desk/ticket/{number}/dispatch" in {f.action for f in desk.page.forms}:
        await desk.send(f"/desk/ticket/{number}/dispatch", unit="Roads and Lighting", basis="Roads Order 12")
    return number, code


async def does(browser: Browser, number: str, action: str, status: int = 200, **typed: str) -> Browser:
    await browser.open(f"/desk/ticket/{number}")
    return await browser.send(f"/desk/ticket/{number}/{action}", status, **typed)


async def answered(hotline: Hotline) -> tuple[str, str]:
    number, code = await with_roads(hotline)
    roads = await hotline.staff("roads")
    await does(roads, number, "sign")
    await does(roads, number, "contact", note="Rang; it floods after rain.")
    await does(roads, number, "reply", answer=ANSWER)
    await does(await hotline.staff("roads.chief"), number, "approve")
    await does(await hotline.staff("reviewer"), number, "pass")
    return number, code


def offered(browser: Browser) -> set[str]:
    return {f.action.rsplit("/", 1)[-1] for f in browser.page.forms if f.action.startswith("/desk/ticket/")} - {"reveal", "files"}


async def state_of(hotline: Hotline, number: str) -> str:
    return await hotline.owner.fetchval("SELECT state FROM ticket WHERE number = $1", number)


# -- Words and forms ---------------------------------------------------------------------------------------------


def test_the_words_of_the_room_have_english():
    said = (*words.sayings(), *forms.sayings())
    assert [s for s in said if s not in render.catalogue("en")] == []


def test_every_state_and_action_has_its_words_and_form():
    assert set(words.STATES) == set(words.HEADINGS) == set(words.STANDS) == set(State)
    assert set(Action) <= set(words.ACTIONS)
    assert set(forms.FORMS) == set(Action) - {Action.RECOUNT}, "only limits that change recount"


def test_a_unit_is_found_by_part_of_its_name_and_chosen_by_all_of_it(port_ash: City):
    found = choices.find(port_ash, What.UNITS, "road")
    assert found[0].text == "Roads and Lighting [pa.roads]"
    assert choices.code_of(port_ash, What.UNITS, found[0].text) == "pa.roads"
    assert choices.code_of(port_ash, What.UNITS, "Highways") == "pa.roads"
    assert choices.code_of(port_ash, What.UNITS, choices.named(port_ash, What.UNITS, "pa.roads")) == "pa.roads"
    assert choices.code_of(port_ash, What.UNITS, "") == ""
    with pytest.raises(Unclear):
        choices.code_of(port_ash, What.UNITS, "Nobody at all")
    with pytest.raises(Unclear, match="不止一个"):
        choices.code_of(port_ash, What.UNITS, "Noise")


def test_only_units_below_are_offered_for_handing_down(port_ash: City):
    below = choices.find(port_ash, What.UNITS, "", under=port_ash.register.paths["PA-N"])
    assert {c.code for c in below} >= {"PA-N.noise", "PA-N-1"}
    assert all(c.path.startswith(port_ash.register.paths["PA-N"]) and c.code != "PA-N" for c in below)


def test_a_form_that_cannot_be_read_names_the_fields(port_ash: City):
    filled = forms.read(Action.RATE, {"response": "5", "attitude": "x" * 9}, port_ash)
    assert dict(filled.errors) == {"solution": forms.MISSING}
    filled = forms.read(Action.RATE, {"response": "5", "solution": "2", "attitude": "4", "words": "slow"}, port_ash)
    assert filled.step.rating is not None
    assert (filled.step.rating.solution, filled.step.rating.words) == (2, "slow")
    split = forms.read(Action.SPLIT, {"texts": "the lamp\r\n\r\n\r\nthe bin\nand the gate"}, port_ash)
    assert split.step.texts == ("the lamp", "the bin\nand the gate")


def test_places_change_the_units_of_suggestions(port_ash: City):
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    ticket = effects.fresh(new_id(now), "PA1", None, "web", RequestKind.HELP, "loud music", Urgency.NORMAL, Audience.PERSON, now)
    ticket = msgspec.structs.replace(ticket, suggestions=({"matter": "NS", "unit": None},))
    assert placed(ticket, "", port_ash, date(2026, 11, 20)) == ticket.suggestions
    assert placed(ticket, "PA-S-1", port_ash, date(2026, 11, 20))[0]["unit"] == "PA-S.noise"
    assert placed(ticket, "PA", port_ash, date(2026, 11, 20))[0]["unit"] is None


# -- The life of a ticket, in browsers ---------------------------------------------------------------------------


async def test_from_the_gully_to_the_rating(hotline: Hotline):
    number, code = await answered(hotline)
    assert await state_of(hotline, number) == "awaiting_call_back"
    citizen = await hotline.browser().open(f"/ticket/{number}?code={code}")
    assert ANSWER in citizen.text
    await citizen.send(f"/ticket/{number}/rate", response="5", solution="5", attitude="4", words="Thank you")
    assert await state_of(hotline, number) == "closed"
    assert f"/ticket/{number}/reopen" in {f.action for f in citizen.page.forms}


async def test_each_person_is_offered_their_own_part(hotline: Hotline):
    number, _ = await with_roads(hotline)
    roads = await (await hotline.staff("roads")).open(f"/desk/ticket/{number}")
    assert offered(roads) == {"sign", "hand_down", "invite", "return", "object", "need_care"}
    dispatcher = await (await hotline.staff("dispatcher")).open(f"/desk/ticket/{number}")
    assert "sign" not in offered(dispatcher)
    assert "reassign" in offered(dispatcher)


async def test_another_unit_sees_nothing_of_it(hotline: Hotline):
    number, _ = await with_roads(hotline)
    waste = await hotline.staff("waste")
    page = await waste.open(f"/desk/ticket/{number}", 404)
    assert DRAIN not in page.text
    await waste.open("/desk/unit")
    assert number not in waste.text
    answer = await waste.client.post(f"/desk/ticket/{number}/sign", data={"csrf": waste.page.form("/logout").fields["csrf"]})
    assert answer.status_code == 404


async def test_whoever_is_overtaken_sees_what_happened_and_keeps_what_was_typed(hotline: Hotline):
    number, _ = await with_roads(hotline)
    first, second = await hotline.staff("roads"), await hotline.staff("roads")
    await does(first, number, "sign")
    for browser in (first, second):
        await browser.open(f"/desk/ticket/{number}")
    await first.send(f"/desk/ticket/{number}/contact", note="Rang at nine.")
    await second.send(f"/desk/ticket/{number}/contact", 409, note="Rang at ten, three rings.")
    assert "刚刚已被他人处理" in second.text
    assert "登记联系市民" in second.text
    assert second.page.form(f"/desk/ticket/{number}/contact").fields["note"] == "Rang at ten, three rings."


async def test_a_step_that_is_no_longer_offered_still_shows_what_was_typed(hotline: Hotline):
    number, _ = await with_roads(hotline)
    first, second = await hotline.staff("roads"), await hotline.staff("roads")
    await does(first, number, "sign")
    await does(first, number, "contact", note="Rang.")
    for browser in (first, second):
        await browser.open(f"/desk/ticket/{number}")
    await first.send(f"/desk/ticket/{number}/reply", answer=ANSWER)
    await second.send(f"/desk/ticket/{number}/reply", 409, answer="Another answer that took long to write.")
    assert "Another answer that took long to write." in second.text


async def test_what_is_missing_is_named_at_its_field(hotline: Hotline):
    number, _ = await with_roads(hotline)
    roads = await hotline.staff("roads")
    await does(roads, number, "sign")
    await does(roads, number, "invite", 422, unit="Nobody", note="Please help")
    assert "invite-unit" in roads.page.anchors and "协办单位：" in roads.text
    assert roads.page.form(f"/desk/ticket/{number}/invite").fields["note"] == "Please help"


async def test_a_step_that_may_not_be_taken_yet_is_refused_in_words(hotline: Hotline):
    number, _ = await with_roads(hotline)
    roads = await hotline.staff("roads")
    await does(roads, number, "sign")
    assert "还不能提交答复" in roads.text, "the page says so before anybody writes an answer"
    token = roads.page.form("/logout").fields["csrf"]
    answer = await roads.client.post(f"/desk/ticket/{number}/reply", data={"csrf": token, "answer": ANSWER})
    assert answer.status_code == 409
    assert "请先联系市民" in answer.text
    assert ANSWER in answer.text


async def test_a_returned_ticket_leaves_the_unit_at_its_list(hotline: Hotline):
    number, _ = await with_roads(hotline)
    roads = await hotline.staff("roads")
    await does(roads, number, "return", note="A water main, not a gully", basis="Water Act 3")
    assert roads.answer.url.path == "/desk/unit"
    assert number in roads.text
    assert await state_of(hotline, number) == "awaiting_dispatch"


async def test_looking_at_a_number_is_written_down(hotline: Hotline):
    number, _ = await with_roads(hotline)
    operator = await (await hotline.staff("supervisor")).open(f"/desk/ticket/{number}")
    assert "7700900123" not in operator.text
    await operator.send(f"/desk/ticket/{number}/reveal", 422, field="phone", reason=" ")
    assert "请填写查看原因" in operator.text
    await operator.send(f"/desk/ticket/{number}/reveal", field="phone", reason="To ring back")
    assert "+447700900123" in operator.text
    assert await hotline.owner.fetchval("SELECT reason FROM reveal") == "To ring back"


async def test_an_answer_with_markup_is_shown_as_text(hotline: Hotline):
    number, _ = await with_roads(hotline)
    roads = await hotline.staff("roads")
    await does(roads, number, "sign")
    await does(roads, number, "contact", note="<img src=x onerror=alert(1)>")
    await does(roads, number, "reply", answer="<script>alert(1)</script> **done** this morning")
    assert "<script>alert" not in roads.answer.text
    assert "<img src=x" not in roads.answer.text
    assert "<strong>done</strong>" in roads.answer.text


# -- Desks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("login", "desk"),
    [
        ("operator", "/desk/operator"), ("dispatcher", "/desk/dispatch"), ("roads", "/desk/unit"), ("roads.chief", "/desk/unit"),
        ("reviewer", "/desk/review"), ("caller", "/desk/callback"), ("supervisor", "/desk/supervisor"), ("admin", "/admin/city"),
    ],
)  # fmt: skip
async def test_everybody_begins_at_their_own_desk(hotline: Hotline, login: str, desk: str):
    browser = await (await hotline.staff(login)).open("/desk")
    assert browser.answer.url.path == desk
    assert [a for a in browser.page.links if a.startswith(("/desk", "/admin"))]


@pytest.mark.parametrize(
    ("login", "path"),
    [
        ("roads", "/desk/supervisor"), ("roads", "/desk/dispatch"), ("roads", "/desk/live"), ("operator", "/desk/review"),
        ("admin", "/desk/unit"), ("admin", "/desk/tickets"), ("caller", "/desk/live"),
    ],
)  # fmt: skip
async def test_nobody_sits_at_anothers_desk(hotline: Hotline, login: str, path: str):
    await (await hotline.staff(login)).open(path, 403)


async def test_every_desk_shows_the_ticket_where_it_stands(hotline: Hotline):
    number, _ = await answered(hotline)
    for login, path in (("reviewer", "/desk/callback"), ("caller", "/desk/callback"), ("roads", "/desk/unit?tab=sent")):
        browser = await (await hotline.staff(login)).open(path)
        assert number in browser.text, path
    supervisor = await (await hotline.staff("supervisor")).open("/desk/supervisor")
    await supervisor.open("/desk/tickets?state=awaiting_call_back&light=none")
    assert number in supervisor.text
    await supervisor.open("/desk/tickets?state=handling")
    assert number not in supervisor.text
    await supervisor.open(f"/desk/tickets?number={number.lower()}")
    assert supervisor.answer.url.path == f"/desk/ticket/{number}"


@pytest.mark.parametrize(
    "query", ["state=nonsense", "light=purple", "after=x", "after=~~", "supervision=x&urged=1", "state=closed", "state=handling%00"]
)
async def test_odd_questions_are_answered_in_words(hotline: Hotline, query: str):
    supervisor = await hotline.staff("supervisor")
    answer = await supervisor.client.get(f"/desk/tickets?{query}")
    assert answer.status_code in (200, 400, 409)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


WASTE = {
    "matter": "BN01", "score": 0.41, "unit": "pa.waste", "co_units": ["pa.roads"], "entry": "BN-1", "basis": "Waste Order 2",
    "note": "", "place_needed": None,
}  # fmt: skip
NOISE = {
    "matter": "NS01", "score": 0.2, "unit": None, "co_units": [], "entry": None, "basis": "", "note": "", "place_needed": "district",
}  # fmt: skip


async def unsure(hotline: Hotline, *suggestions: dict[str, object]) -> str:
    """A ticket that waits for the dispatcher with these suggestions."""
    number, _ = await with_roads(hotline)
    await does(await hotline.staff("roads"), number, "return", note="Not ours", basis="Water Act 3")
    await hotline.owner.execute("UPDATE ticket SET suggestions = $2::jsonb WHERE number = $1", number, json.dumps(suggestions))
    return number


async def test_the_dispatcher_takes_a_suggestion_with_one_click(hotline: Hotline):
    number = await unsure(hotline, WASTE, NOISE)
    desk = await (await hotline.staff("dispatcher")).open("/desk/dispatch")
    assert "Waste Services" in desk.text
    await desk.send(f"/desk/ticket/{number}/dispatch")
    assert desk.answer.url.path == "/desk/dispatch"
    assert "已完成：派单" in desk.text
    rows = await hotline.owner.fetch("SELECT unit, role FROM unit_order WHERE ended_at IS NULL ORDER BY role DESC")
    assert [tuple(r) for r in rows] == [("pa.waste", "lead"), ("pa.roads", "co")]


async def test_the_place_that_a_dispatcher_names_brings_the_unit(hotline: Hotline):
    number = await unsure(hotline, NOISE)
    desk = await (await hotline.staff("dispatcher")).open("/desk/dispatch")
    assert "要知道在哪个区" in desk.text
    await desk.open("/desk/dispatch?region=Nowhere")
    assert "没有找到" in desk.text
    await desk.open(f"/desk/dispatch?ticket={number}&region=Marsh+Village+%5BPA-S-1%5D")
    await desk.send(f"/desk/ticket/{number}/dispatch")
    assert tuple(await hotline.owner.fetchrow("SELECT lead, region FROM ticket")) == ("PA-S.noise", "PA-S-1")


async def test_choices_are_offered_while_typing(hotline: Hotline):
    dispatcher = await hotline.staff("dispatcher")
    answer = await dispatcher.client.get("/desk/choices/units?q=harb")
    assert "Harbour Master [pa.harbour]" in answer.json()
    below = (await dispatcher.client.get("/desk/choices/units?q=&under=PA-N")).json()
    assert below
    assert not any("[pa." in text for text in below)
    assert (await dispatcher.client.get("/desk/choices/dragons?q=x")).status_code == 404
    assert (await hotline.browser().client.get("/desk/choices/units?q=x")).status_code == 303


# -- Citizens ----------------------------------------------------------------------------------------------------


async def test_a_citizen_finds_the_ticket_by_number_and_code(hotline: Hotline):
    number, code = await with_roads(hotline)
    browser = await hotline.browser().open("/track")
    form = browser.page.form("/track")
    assert set(form.fields) == {"number", "code"}
    await browser.open(f"/track?number={number.lower()}&code={code.lower()}")
    assert browser.answer.url.path == f"/ticket/{number}"
    assert "Roads and Lighting" in browser.text
    for secret in ("7700900123", "supervisor", "Supervisor", "Roads Order 12"):
        assert secret not in browser.text


async def test_a_citizen_urges_adds_and_withdraws(hotline: Hotline):
    number, code = await with_roads(hotline)
    browser = await hotline.browser().open(f"/ticket/{number}?code={code}")
    await browser.send(f"/ticket/{number}/urge", note="Rain tomorrow")
    await browser.send(f"/ticket/{number}/supplement", 422, note="  ")
    await browser.send(f"/ticket/{number}/supplement", note="It is by number 4")
    assert "It is by number 4" in browser.text
    await browser.send(f"/ticket/{number}/withdraw", note="It drained by itself")
    assert await state_of(hotline, number) == "withdrawn"
    assert not [f for f in browser.page.forms if f.action.startswith("/ticket/")]


async def test_who_has_urged_is_told_when_to_urge_again_and_what_to_do_instead(hotline: Hotline):
    number, code = await with_roads(hotline)
    browser = await hotline.browser().open(f"/ticket/{number}?code={code}")
    pressed_twice = {"code": code, "note": ""}
    await browser.send(f"/ticket/{number}/urge", note="Rain tomorrow")
    again = hotline.clock.now + timedelta(hours=24)
    said = f"{again.astimezone(LONDON):%Y-%m-%d %H:%M} 以后可以再催"
    assert said in browser.text
    assert not [f for f in browser.page.forms if f.action.endswith("/urge")]
    hotline.clock.forward(seconds=30)
    second = await browser.client.post(f"/ticket/{number}/urge", data=pressed_twice)
    assert second.status_code == 409 and said in second.text and "补充内容" in second.text
    door = await browser.client.post(f"/api/v1/tickets/{number}/urge", json={"code": code})
    assert door.status_code == 409 and said in door.json()["detail"]
    seen = (await browser.client.get(f"/api/v1/tickets/{number}?code={code}")).json()
    assert "urge" not in seen["allowed"] and datetime.fromisoformat(seen["urge_again"]) == again
    assert await hotline.owner.fetchval("SELECT urged FROM ticket WHERE number = $1", number) == 1
    english = await browser.client.post(f"/ticket/{number}/urge", data=pressed_twice, headers={"accept-language": "en"})
    assert "it can be urged again from" in english.text
    hotline.clock.forward(hours=24)
    await browser.open(f"/ticket/{number}?code={code}")
    await browser.send(f"/ticket/{number}/urge")
    assert await hotline.owner.fetchval("SELECT urged FROM ticket WHERE number = $1", number) == 2


async def test_staff_urge_when_they_see_fit(hotline: Hotline):
    number, _ = await with_roads(hotline)
    for times in (1, 2):
        await does(await hotline.staff("supervisor"), number, "urge", note="The mayor asks")
        assert await hotline.owner.fetchval("SELECT urged FROM ticket WHERE number = $1", number) == times


async def test_what_is_only_reviewed_or_over_is_not_urged_and_the_page_says_what_to_do(hotline: Hotline):
    number, code = await with_roads(hotline)
    roads, client = await hotline.staff("roads"), hotline.browser().client

    async def refused() -> str:
        page = await client.get(f"/ticket/{number}?code={code}")
        assert page.status_code == 200 and f"/ticket/{number}/urge" not in page.text
        answer = await client.post(f"/ticket/{number}/urge", data={"code": code})
        assert answer.status_code == 409
        return answer.text

    await does(roads, number, "sign")
    await does(roads, number, "contact", note="Rang.")
    await does(roads, number, "reply", answer=ANSWER)
    assert "正在审核，不用再催" in await refused()
    await does(await hotline.staff("roads.chief"), number, "approve")
    assert "正在审核，不用再催" in await refused()
    await does(await hotline.staff("reviewer"), number, "pass")
    assert "请看答复，并作评价" in await refused()
    resident = await hotline.browser().open(f"/ticket/{number}?code={code}")
    await resident.send(f"/ticket/{number}/rate", response="5", solution="4", attitude="3", words="Bright again")
    assert "重新办理" in await refused()


async def test_a_resident_sees_how_she_rated_each_time(hotline: Hotline):
    number, code = await answered(hotline)
    resident = await hotline.browser().open(f"/ticket/{number}?code={code}")
    await resident.send(f"/ticket/{number}/rate", response="5", solution="1", attitude="3", words="Still dark")
    for part in ("响应是否及时：很满意", "问题是否解决：很不满意", "态度如何：一般", "Still dark"):
        assert part in resident.text
    await does(await hotline.staff("reviewer"), number, "redo", note="True")
    await resident.open(f"/ticket/{number}?code={code}")
    assert "问题是否解决：很不满意" in resident.text, "the first round's rating stays on the time line"
    seen = (await resident.client.get(f"/api/v1/tickets/{number}?code={code}")).json()
    ratings = [s["rating"] for s in seen["steps"] if s["rating"]]
    assert ratings == [{"response": 5, "solution": 1, "attitude": 3, "words": "Still dark"}]


async def test_a_unit_that_must_do_it_again_reads_what_was_wrong(hotline: Hotline):
    number, code = await answered(hotline)
    resident = await hotline.browser().open(f"/ticket/{number}?code={code}")
    await resident.send(f"/ticket/{number}/rate", response="2", solution="1", attitude="4", words="The road floods as before")
    await does(await hotline.staff("reviewer"), number, "redo", note="Look again")
    roads = await (await hotline.staff("roads")).open(f"/desk/ticket/{number}")
    heading, said = "请针对评价重新办理", "响应 2、解决 1、态度 4"
    assert heading in roads.text and roads.text.count(said) == 2, "over the page, and in the history"
    assert roads.text.count("The road floods as before") == 2
    await roads.open(f"/desk/ticket/{number}/print")
    assert said in roads.text and "The road floods as before" in roads.text
    for browser in (await hotline.staff("waste"), hotline.browser()):
        answer = await browser.client.get(f"/desk/ticket/{number}")
        assert "floods as before" not in answer.text, "who has it not in hand reads nothing"
    # Done again and rated well, it is over; the bad rating stays in the history only.
    await does(roads, number, "sign")
    await does(roads, number, "contact", note="Rang again.")
    await does(roads, number, "reply", answer=ANSWER)
    assert heading in roads.text, "it is told until it is rated again"
    await does(await hotline.staff("roads.chief"), number, "approve")
    await does(await hotline.staff("reviewer"), number, "pass")
    await resident.open(f"/ticket/{number}?code={code}")
    await resident.send(f"/ticket/{number}/rate", response="5", solution="5", attitude="5")
    await roads.open(f"/desk/ticket/{number}")
    assert heading not in roads.text and roads.text.count(said) == 1


async def test_who_has_rated_badly_is_not_asked_again_but_told_what_comes_next(hotline: Hotline):
    number, code = await answered(hotline)
    citizen = await hotline.browser().open(f"/ticket/{number}?code={code}")
    assert "请评价" in citizen.text
    await citizen.send(f"/ticket/{number}/rate", response="1", solution="1", attitude="3", words="Still dark")
    assert await state_of(hotline, number) == "awaiting_call_back"
    assert "评价已收到" in citizen.text and "重新办理" in citizen.text
    assert "请评价" not in citizen.text.replace("请看答复并评价", "")


async def test_an_answer_is_a_draft_until_the_hotline_has_passed_it(hotline: Hotline):
    number, code = await with_roads(hotline)
    roads = await hotline.staff("roads")
    await does(roads, number, "sign")
    await does(roads, number, "contact", note="Rang.")
    await does(roads, number, "reply", answer=ANSWER)
    assert ANSWER not in (await hotline.browser().open(f"/ticket/{number}?code={code}")).text


@pytest.mark.parametrize("code", ["", "AAAAAA", "<script>", "%00", "%ff", "A" * 5000])
async def test_a_wrong_code_shows_nothing(hotline: Hotline, code: str):
    number, _ = await with_roads(hotline)
    browser = await hotline.browser().open(f"/ticket/{number}?code={code}", 404)
    assert DRAIN not in browser.text
    assert "编号或查询码不对" in browser.text


@pytest.mark.parametrize("path", ["/ticket/PA1?code=x", "/ticket/%00?code=x", "/ticket/PA9999999999999?code=AAAAAA", "/ticket/<b>?code=x"])
async def test_a_number_that_is_none(hotline: Hotline, path: str):
    browser = await hotline.browser().open(path, 404)
    assert "<b>" not in browser.answer.text


async def test_a_citizen_cannot_do_what_staff_do(hotline: Hotline):
    number, code = await with_roads(hotline)
    client = hotline.browser().client
    for action in ("sign", "dispatch", "pass", "terminate", "nonsense"):
        answer = await client.post(f"/ticket/{number}/{action}", data={"code": code, "note": "x"})
        assert answer.status_code == 404, action
    assert (await client.post(f"/ticket/{number}/withdraw", data={"code": "AAAAAA", "note": "x"})).status_code == 404
    assert await state_of(hotline, number) == "dispatched"
