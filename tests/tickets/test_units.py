"""The units' desk in a browser: five levels that see their own, what is due, answers with care, what leaves the desk."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pypdfium2
import pytest
from httpx import Response
from openpyxl import load_workbook
from tests.attachments.files import photo
from tests.hotline import PASSWORD, Browser, Hotline, hotline_on
from tests.tickets.test_lists import counting

from yixian.city.model import Audience, RequestKind, Urgency
from yixian.db import bootstrap
from yixian.db.pool import SYSTEM
from yixian.people import passwords, service, store
from yixian.people.model import SYSTEM_ACTOR, Actor, Role
from yixian.people.service import NewStaff
from yixian.tickets import desks, personal, unit_desk
from yixian.tickets import service as tickets
from yixian.tickets.model import Filters
from yixian.web import render

DRAIN = "The gully on Tollbooth Lane is blocked, the drain floods the road. When will it be cleared?"
GOOD = (
    "Dear resident, thank you for telling us. Our crew went to Tollbooth Lane this morning and cleared the gully; "
    "the blocked drain was cleared and runs freely again."
)

OWN = "Northgate's own"

LEVELS = {
    "north": (Role.HANDLER, "PA-N"),
    "north.chief": (Role.UNIT_REVIEWER, "PA-N"),
    "castle": (Role.HANDLER, "PA-N-1"),
    "castle.chief": (Role.UNIT_REVIEWER, "PA-N-1"),
    "mill": (Role.HANDLER, "PA-N-2"),
    "quay": (Role.HANDLER, "PA-H-1"),
    "customs": (Role.HANDLER, "PA-H-1-a"),
}


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        kept = await passwords.hashed(PASSWORD)
        db = running.app.state.process.database
        async with db.transaction(SYSTEM) as tx:
            for login, (role, unit) in LEVELS.items():
                new = NewStaff(login, login.title(), frozenset({role}), unit, must_change=False)
                added = await service.add_staff(tx, SYSTEM_ACTOR, new, running.clock.now)
                await store.set_password(tx, added.id, kept, False, running.clock.now)
        yield running


async def given(hotline: Hotline, unit: str, text: str = DRAIN, **more: Any) -> str:
    """A ticket that this unit leads; its number."""
    number = (await hotline.says(text, **more))["tickets"][0]["number"]
    head = await hotline.staff("supervisor")
    await head.open(f"/desk/ticket/{number}")
    step = "dispatch" if f"/desk/ticket/{number}/dispatch" in {f.action for f in head.page.forms} else "reassign"
    typed = {"unit": unit, "basis": "Roads Order 12"} | ({"note": "theirs"} if step == "reassign" else {})
    await head.send(f"/desk/ticket/{number}/{step}", **typed)
    return number


async def does(browser: Browser, number: str, action: str, status: int = 200, **typed: Any) -> Browser:
    await browser.open(f"/desk/ticket/{number}")
    return await browser.send(f"/desk/ticket/{number}/{action}", status, **typed)


async def in_hand(hotline: Hotline, login: str = "roads", unit: str = "pa.roads") -> tuple[Browser, str]:
    """A ticket that is signed and whose caller was contacted."""
    number = await given(hotline, unit)
    person = await hotline.staff(login)
    await does(person, number, "sign")
    await does(person, number, "contact", note="Rang; it floods after rain.")
    return person, number


async def state_of(hotline: Hotline, number: str) -> str:
    return await hotline.owner.fetchval("SELECT state FROM ticket WHERE number = $1", number)


async def audited(hotline: Hotline, action: str) -> list[str]:
    return [r["subject"] for r in await hotline.owner.fetch("SELECT subject FROM audit WHERE action = $1 ORDER BY seq", action)]


def listed(browser: Browser) -> set[str]:
    return {href.rsplit("/", 1)[-1] for href in browser.page.links if href.startswith("/desk/ticket/")}


async def post(browser: Browser, path: str, status: int, **typed: Any) -> Response:
    token = browser.page.form("/logout").fields["csrf"]
    answer = await browser.client.post(path, data={"csrf": token, **typed}, follow_redirects=True)
    assert answer.status_code == status, answer.text[:500]
    return answer


def test_the_words_of_the_desk_have_english():
    said = (*unit_desk.sayings(), *personal.sayings())
    assert [s for s in said if s not in render.catalogue("en")] == []


# -- The worklist ------------------------------------------------------------------------------------------------


async def test_a_ticket_stands_under_the_step_that_it_waits_for(hotline: Hotline):
    number = await given(hotline, "pa.roads")
    roads = await hotline.staff("roads")

    async def tabs() -> set[str]:
        found = set()
        for tab in unit_desk.TABS:
            await roads.open(f"/desk/unit?tab={tab.key}")
            if number in listed(roads):
                found.add(tab.key)
        return found

    assert await tabs() == {"todo", "sign"}
    await does(roads, number, "sign")
    assert await tabs() == {"todo", "contact"}
    await does(roads, number, "contact", note="Rang.")
    assert await tabs() == {"todo", "reply"}
    await does(roads, number, "reply", answer=GOOD)
    assert await tabs() == {"check"}
    await does(await hotline.staff("roads.chief"), number, "send_back", note="Say who did it.")
    assert await tabs() == {"todo", "back"}
    await does(roads, number, "reply", answer=GOOD + " Inspected twice.")
    await does(await hotline.staff("roads.chief"), number, "approve")
    assert await tabs() == {"sent"}


async def test_counts_are_those_of_the_lists(hotline: Hotline):
    for n in range(3):
        await given(hotline, "pa.roads", caller={"name": "B", "phone": f"+4477009002{n}1"})
    roads = await (await hotline.staff("roads")).open("/desk/unit?tab=sign")
    assert "待签收 3" in roads.text and "待联系 0" in roads.text
    hotline.clock.forward(days=30)
    roads = await (await hotline.staff("roads")).open("/desk/unit?tab=sign")
    assert "已超时 3" in roads.text
    assert len(listed(await roads.open("/desk/unit?tab=sign&light=red"))) == 3
    assert listed(await roads.open("/desk/unit?tab=sign&light=green")) == set()
    assert "没有符合条件的工单" in roads.text


async def test_an_empty_desk_says_what_will_come_and_when(hotline: Hotline):
    roads = await (await hotline.staff("roads")).open("/desk/unit")
    city = hotline.app.state.process.live.city
    by = city.due(hotline.clock.now, city.register.limit_for(RequestKind.HELP, Urgency.NORMAL, Audience.PERSON).dispatch)
    zone = ZoneInfo(city.pack.city.timezone)
    assert "没有在办的工单" in roads.text and "几秒内就到" in roads.text
    assert f"最迟 {by.astimezone(zone):%m-%d %H:%M} 派到" in roads.text
    for tab in unit_desk.TABS:
        await roads.open(f"/desk/unit?tab={tab.key}")
        assert tab.comes.partition("{at}")[0] in roads.text, tab.key
    await given(hotline, "pa.roads")
    assert "几秒内就到" not in (await roads.open("/desk/unit")).text


async def test_a_co_unit_finds_the_part_that_it_owes(hotline: Hotline):
    person, number = await in_hand(hotline)
    await does(person, number, "invite", unit="pa.waste", note="Take the silt away.")
    waste = await (await hotline.staff("waste")).open("/desk/unit?tab=co")
    assert listed(waste) == {number}
    await does(waste, number, "part", note="Silt taken away on Monday.")
    assert listed(await waste.open("/desk/unit?tab=co")) == set()
    assert listed(await waste.open("/desk/unit?tab=sign")) == set()


async def test_filters_narrow_and_what_cannot_be_chosen_narrows_nothing(hotline: Hotline):
    number = await given(hotline, "pa.roads")
    roads = await hotline.staff("roads")
    part = number[-5:]
    assert listed(await roads.open(f"/desk/unit?tab=todo&q={part}")) == {number}
    assert listed(await roads.open(f"/desk/unit?tab=todo&q={number}-01&matter=ST&urgency=normal")) == {number}
    assert listed(await roads.open("/desk/unit?tab=todo&q=ZZZ")) == set()
    assert listed(await roads.open("/desk/unit?tab=todo&matter=BN")) == set()
    for odd in ("light=purple", "urgency=x", "matter=NOPE", "region=NOPE", "campaign=x", "tab=x", "n=x&missed=99999", "q=%25%27%22"):
        await roads.open(f"/desk/unit?{odd}")
    for unclear in ("matter=NOPE", "region=o"):
        await roads.open(f"/desk/unit?tab=todo&{unclear}")
        assert listed(roads) == set() and "之前不列出工单" in roads.text, unclear
        assert (await roads.client.get(f"/desk/unit/export/csv?tab=todo&{unclear}")).status_code == 400
    await roads.open("/desk/unit?tab=todo&region=o")
    one_tap = next(link for link in roads.page.links if "region=PA-N&" in f"{link}&")
    await roads.open(one_tap)
    assert "不列出工单" not in roads.text
    await roads.open("/desk/unit?tab=todo&after=nonsense", 409)
    await roads.open("/desk/unit?tab=returned&after=nonsense")


async def test_a_desk_with_very_much_in_hand_counts_up_to_a_bound_and_asks_for_names(hotline: Hotline, monkeypatch: pytest.MonkeyPatch):
    numbers = [await given(hotline, "pa.roads", caller={"name": "B", "phone": f"+4477009007{n}1"}) for n in range(3)]
    monkeypatch.setattr(tickets, "MANY", 1)
    monkeypatch.setattr(tickets, "COUNTED_TO", 2)
    monkeypatch.setattr(desks, "COUNTED_TO", 2)
    roads = await (await hotline.staff("roads")).open("/desk/unit")
    assert "全部在办 1+" in roads.text and "待签收 1+" in roads.text and "待联系 0" in roads.text and "正常 1+" in roads.text
    assert listed(roads) == set(numbers)
    # Choices would have to be counted: in their place stand fields that find by name, and keep what was written.
    assert 'data-choose="matters"' in roads.answer.text and "choose.js" in roads.answer.text
    matter = await hotline.owner.fetchval("SELECT matter FROM ticket WHERE number = $1", numbers[0])
    name = hotline.app.state.process.live.city.matter_name(matter)
    await roads.open(f"/desk/unit?tab=todo&matter={name} [{matter}]")
    assert listed(roads) == set(numbers) and f'value="{name} [{matter}]"' in roads.answer.text
    assert listed(await roads.open("/desk/unit?tab=todo&matter=BN01")) == set()
    assert listed(await roads.open("/desk/unit?tab=todo&matter=nonsense")) == set() and 'value="nonsense"' in roads.answer.text
    answer = await roads.client.get(f"/desk/unit/export/csv?tab=todo&matter={matter}")
    assert answer.status_code == 200 and all(n in answer.text for n in numbers)


CAMPAIGN = """
INSERT INTO campaign (id, name, purpose, basis, first_day, last_day, begins_at, ends_at, matters, lead, columns, state,
                      drafted_at, drafted_by, approved_at, approved_by)
SELECT $1, $2, 'p', 'b', d::date, d::date + 9, d - interval '1 day', d + interval '9 days', '{ST}', $3, '[]', 'approved', d, 'one', d, 'two'
  FROM (SELECT $4::timestamptz AS d) AS today
"""


async def test_very_much_in_hand_can_be_narrowed_to_a_campaign(hotline: Hotline, monkeypatch: pytest.MonkeyPatch):
    inside, outside = [await given(hotline, "pa.roads", caller={"name": "B", "phone": f"+4477009007{n}1"}) for n in range(2)]
    ours, theirs = uuid4(), uuid4()
    for campaign, name, lead in ((ours, "Winter lamps", "pa.roads"), (theirs, "Clean bins", "pa.waste")):
        await hotline.owner.execute(CAMPAIGN, campaign, name, lead, hotline.clock.now)
    special = json.dumps({"name": "Winter lamps", "since": hotline.clock.now.isoformat()})
    await hotline.owner.execute("UPDATE ticket SET campaign = $2, special = $3 WHERE number = $1", inside, ours, special)
    monkeypatch.setattr(tickets, "MANY", 1)
    roads = await (await hotline.staff("roads")).open("/desk/unit?tab=todo")
    assert f'<option value="{ours}">Winter lamps</option>' in roads.answer.text, "to choose from, though nobody has counted"
    assert "Clean bins" not in roads.text, "not its own, and none of its tickets is in it"
    assert listed(await roads.open(f"/desk/unit?tab=todo&campaign={ours}")) == {inside}
    assert f'<option value="{ours}" selected>' in roads.answer.text
    monkeypatch.setattr(tickets, "MANY", 20_000)
    assert "Winter lamps（1）" in (await roads.open("/desk/unit?tab=todo")).text
    assert listed(roads) == {inside, outside}


async def test_somebody_of_the_hotline_and_of_a_unit_sees_the_units_work_at_the_units_desk(hotline: Hotline):
    number = await given(hotline, "pa.roads")
    await given(hotline, "pa.waste", caller={"name": "C", "phone": "+447700900881"})
    await hotline.owner.execute("UPDATE staff SET roles = roles || '{reviewer}'::text[] WHERE login = 'roads'")
    both = await (await hotline.staff("roads")).open("/desk/unit")
    assert listed(both) == {number} and "全部在办 1" in both.text
    assert (await both.client.get("/desk/counts")).json()["/desk/unit"] == 1


async def test_many_are_signed_at_once_and_what_was_lost_is_said(hotline: Hotline):
    numbers = [await given(hotline, "pa.roads", caller={"name": "B", "phone": f"+4477009001{n}1"}) for n in range(3)]
    roads = await (await hotline.staff("roads")).open("/desk/unit?tab=sign")
    ids = [str(r["id"]) for r in await hotline.owner.fetch("SELECT id FROM ticket WHERE number = ANY ($1)", numbers)]
    await does(await hotline.staff("roads"), numbers[0], "sign")
    answer = await post(roads, "/desk/unit/sign", 200, ticket=[*ids, str(uuid4()), "nonsense"])
    assert "已签收 2 件" in answer.text and "2 件没有签收" in answer.text
    assert [await state_of(hotline, n) for n in numbers] == ["handling"] * 3
    other = await (await hotline.staff("waste")).open("/desk/unit")
    await given(hotline, "pa.roads", caller={"name": "C", "phone": "+447700900991"})
    fresh = await hotline.owner.fetchval("SELECT id FROM ticket WHERE state = 'dispatched'")
    assert "1 件没有签收" in (await post(other, "/desk/unit/sign", 200, ticket=[str(fresh)])).text
    assert await hotline.owner.fetchval("SELECT state FROM ticket WHERE id = $1", fresh) == "dispatched"


async def test_what_was_returned_leaves_a_record_and_nothing_else(hotline: Hotline):
    number = await given(hotline, "pa.roads")
    roads = await hotline.staff("roads")
    await does(roads, number, "return", note="A private road", basis="Roads Order 12, 3")
    await roads.open("/desk/unit?tab=returned")
    assert number in roads.text and "A private road" in roads.text and "Tollbooth" not in roads.text
    await roads.open(f"/desk/ticket/{number}", 404)
    waste = await (await hotline.staff("waste")).open("/desk/unit?tab=returned")
    assert number not in waste.text


# -- Five levels -------------------------------------------------------------------------------------------------


async def test_each_level_sees_its_own_and_what_is_below(hotline: Hotline):
    castle = await given(hotline, "PA-N-1", caller={"name": "B", "phone": "+447700900201"})
    quay = await given(hotline, "PA-H-1-a", caller={"name": "C", "phone": "+447700900301"})
    sees = {"north": {castle}, "castle": {castle}, "mill": set(), "quay": {quay}, "customs": {quay}, "roads": set()}
    for login, expected in sees.items():
        person = await (await hotline.staff(login)).open("/desk/unit?tab=todo")
        assert listed(person) == expected, login
    mill = await hotline.staff("mill")
    for path in (f"/desk/ticket/{castle}", f"/desk/ticket/{castle}/print", f"/desk/ticket/{castle}.pdf"):
        await mill.open(path, 404)
    assert castle not in (await mill.client.get("/desk/unit/export/csv?tab=todo")).text
    assert await audited(hotline, "ticket.pdf") == [] == await audited(hotline, "ticket.print")


async def test_a_district_hands_down_by_picking_a_unit_below(hotline: Hotline):
    number = await given(hotline, "PA-N")
    north = await (await hotline.staff("north")).open(f"/desk/ticket/{number}")
    form = north.page.form(f"/desk/ticket/{number}/hand_down")
    assert "unit" in form.fields and "PA-N-1" in north.answer.text and "PA-S-1" not in north.answer.text
    await north.send(f"/desk/ticket/{number}/hand_down", unit="PA-N-1", note="Please look today.")
    assert number in listed(await (await hotline.staff("castle")).open("/desk/unit?tab=sign"))
    assert await hotline.owner.fetchval("SELECT lead FROM ticket WHERE number = $1", number) == "PA-N-1"


async def test_a_return_offers_the_lists_entries_and_an_extension_its_most(hotline: Hotline):
    number = await given(hotline, "pa.roads")
    roads = await (await hotline.staff("roads")).open(f"/desk/ticket/{number}")
    assert "Roads Order 12（职责清单 ST-1" in roads.answer.text
    assert "可退单至" in roads.text and "须在" in roads.text
    await does(roads, number, "sign")
    await does(roads, number, "contact", note="Rang.")
    assert "个工作日" in (await roads.open(f"/desk/ticket/{number}")).text


# -- Answers -----------------------------------------------------------------------------------------------------


async def test_an_answer_is_looked_at_while_it_is_written_and_sent_all_the_same(hotline: Hotline):
    roads, number = await in_hand(hotline)
    await roads.open(f"/desk/ticket/{number}")
    poor = "It is not our problem. We will look at it soon."
    live = await post(roads, f"/desk/ticket/{number}/hints", 200, answer=poor)
    assert "not our problem" in live.text and "<html" not in live.text
    fine = await post(roads, f"/desk/ticket/{number}/hints", 200, answer=GOOD)
    assert "没有发现遗漏" in fine.text
    checked = await post(roads, f"/desk/ticket/{number}/check", 200, answer=poor, internal="", version="0")
    assert "送出前看一看" in checked.text and poor in checked.text
    await does(roads, number, "reply", answer=poor)
    assert await state_of(hotline, number) == "unit_review", "hints never keep an answer back"
    chief = await (await hotline.staff("roads.chief")).open(f"/desk/ticket/{number}")
    assert "送出前看一看" in chief.text, "who approves it sees them too"


@pytest.mark.parametrize(
    "told", ["Ring Ann's number +44 7700 900123 for more.", "Ring 07700 900123.", "手机13800138000。", "身份证440105199003071234。"]
)
async def test_personal_data_asks_once_more(hotline: Hotline, told: str):
    roads, number = await in_hand(hotline)
    await does(roads, number, "reply", 422, answer=f"{GOOD} {told}")
    assert await state_of(hotline, number) == "handling"
    assert "答复还没有送出" in roads.text and "个人信息" in roads.text
    assert told in roads.page.form(f"/desk/ticket/{number}/reply").fields["answer"]
    form = roads.page.form(f"/desk/ticket/{number}/reply")
    await post(roads, form.action, 200, **{**form.fields, "public_anyway": "1"})
    assert await state_of(hotline, number) == "unit_review"


async def test_the_callers_own_name_is_personal(hotline: Hotline):
    number = await given(hotline, "pa.roads", caller={"name": "Wilhelmina Ash", "phone": "+447700900555"})
    roads = await hotline.staff("roads")
    await does(roads, number, "sign")
    await does(roads, number, "contact", note="Rang.")
    await does(roads, number, "reply", 422, answer=f"{GOOD} As Wilhelmina Ash asked.")
    assert "来电人信息" in roads.text


@pytest.mark.parametrize("called", ["陈女士", "欧阳先生", "李生", "Ms Ash"])
async def test_who_gave_only_how_to_be_addressed_may_be_addressed_so(hotline: Hotline, called: str):
    number = await given(hotline, "pa.roads", caller={"name": called, "phone": "+447700900555"})
    roads = await hotline.staff("roads")
    await does(roads, number, "sign")
    await does(roads, number, "contact", note="Rang.")
    await does(roads, number, "reply", answer=f"{called}，您好：{GOOD}")
    assert await state_of(hotline, number) == "unit_review"


async def test_a_template_fills_an_empty_answer_and_never_overwrites_a_written_one(hotline: Hotline):
    chief = await (await hotline.staff("roads.chief")).open("/desk/templates")
    text = "Dear resident, about {事项} at {地点} ({编号}): done by {unit} on {date}."
    await chief.send("/desk/templates", title="Cleared", text=text, matter="")
    roads, number = await in_hand(hotline)
    await roads.open(f"/desk/ticket/{number}")
    identifier = str(await hotline.owner.fetchval("SELECT id FROM answer_template"))
    roads.answer = await post(roads, f"/desk/ticket/{number}/fill", 200, answer="", internal="silt", template=identifier)
    form = roads.page.form(f"/desk/ticket/{number}/reply")
    assert number in form.fields["answer"] and "Roads and Lighting" in form.fields["answer"] and "{" not in form.fields["answer"]
    assert form.fields["internal"] == "silt"
    for how, kept, put in (("", True, False), ("append", True, True), ("replace", False, True)):
        typed = {"answer": "My own words.", "template": identifier, "how": how}
        roads.answer = await post(roads, f"/desk/ticket/{number}/fill", 200, **typed)
        now = roads.page.form(f"/desk/ticket/{number}/reply").fields["answer"]
        assert (("My own words." in now), (number in now)) == (kept, put), how
    await post(roads, f"/desk/ticket/{number}/fill", 422, answer="x", template="nonsense")


async def test_templates_belong_to_their_unit(hotline: Hotline):
    north = await (await hotline.staff("north.chief")).open("/desk/templates")
    await north.send("/desk/templates", title=OWN, text="Thank you. {编号}", matter="")
    editor = await (await hotline.staff("editor")).open("/desk/templates")
    await editor.send("/desk/templates", title="For everybody", text="Hello. {编号}", matter="")
    ids = {r["title"]: str(r["id"]) for r in await hotline.owner.fetch("SELECT id, title FROM answer_template")}
    mine = f"/desk/templates/{ids[OWN]}"
    for login, sees in (("castle", True), ("north", True), ("roads", False), ("mill", True), ("editor", False)):
        page = await (await hotline.staff(login)).open("/desk/templates")
        assert (OWN in page.text) is sees, login
        assert "For everybody" in page.text
    for login in ("castle.chief", "roads.chief", "editor"):
        other = await (await hotline.staff(login)).open("/desk/templates")
        for path in (mine, f"/desk/templates/{uuid4()}"):
            await post(other, path, 404, title="Mine now", text="Mine", matter="", version="1")
        await post(other, f"{mine}/retire", 404, version="1")
    handler = await (await hotline.staff("north")).open("/desk/templates")
    await post(handler, "/desk/templates", 403, title="x", text="y", matter="")
    await north.send("/desk/templates", 422, title="", text="{nonsense}", matter="")
    assert "请填写模板名称" in north.text and "没有“nonsense”这个填充项" in north.text
    await post(north, mine, 200, title="Renamed", text="Thanks", matter="", version="1")
    await post(north, mine, 409, title="Too late", text="Thanks", matter="", version="1")
    await post(north, f"{mine}/retire", 200, version="2")
    assert "Renamed" not in (await (await hotline.staff("north")).open("/desk/templates")).text
    assert len(await audited(hotline, "template.keep")) == 3 and len(await audited(hotline, "template.retire")) == 1


# -- What leaves the desk ----------------------------------------------------------------------------------------


async def test_a_ticket_on_paper_is_masked_and_written_down(hotline: Hotline):
    number = await given(
        hotline,
        "pa.roads",
        "江南中街的路灯坏了三天，请尽快修复。The gully is blocked.",
        caller={"name": "陈大文", "phone": "+447700900777"},
    )
    roads = await hotline.staff("roads")
    await roads.open(f"/desk/ticket/{number}/print")
    assert "路灯坏了三天" in roads.text and "陈**" in roads.text and "陈大文" not in roads.text and "900777" not in roads.text
    answer = await roads.client.get(f"/desk/ticket/{number}.pdf")
    assert answer.headers["content-type"] == "application/pdf" and answer.headers["cache-control"] == "no-store"
    document = pypdfium2.PdfDocument(answer.content)
    try:
        text = "".join(document[i].get_textpage().get_text_range() for i in range(len(document)))
    finally:
        document.close()
    plain = "".join(text.split())
    assert number in plain and "江南中街的路灯坏了三天" in plain and "陈**" in plain and "0777" in plain
    assert "陈大文" not in plain and "900777" not in plain
    assert (await audited(hotline, "ticket.print"), await audited(hotline, "ticket.pdf")) == ([number], [number])
    await (await hotline.staff("waste")).open(f"/desk/ticket/{number}.pdf", 404)


async def test_a_list_leaves_as_csv_and_excel_without_formulas_or_callers(hotline: Hotline):
    number = await given(hotline, "pa.roads", "The drain floods the road", caller={"name": "Ann Smith", "phone": "+447700900123"})
    await hotline.owner.execute("UPDATE ticket SET title = '=HYPERLINK(\"x\") 13800138000', place = '@SUM(1)' WHERE number = $1", number)
    roads = await (await hotline.staff("roads")).open("/desk/unit?tab=todo")
    answer = await roads.client.get("/desk/unit/export/csv?tab=todo")
    assert answer.status_code == 200 and answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 2 and rows[1][0] == number
    assert rows[1][5].startswith("'=HYPERLINK") and "13800138000" not in rows[1][5] and rows[1][8].startswith("'@SUM")
    assert "Ann" not in answer.text and "0123" not in answer.text
    answer = await roads.client.get("/desk/unit/export/xlsx?tab=todo&q=ZZZ")
    assert load_workbook(io.BytesIO(answer.content)).active.max_row == 1, "the filter in force is the file's"
    answer = await roads.client.get("/desk/unit/export/xlsx?tab=todo")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert (sheet.max_row, sheet.cell(2, 6).data_type, sheet.cell(2, 1).value) == (2, "s", number)
    assert str(sheet.cell(2, 6).value).startswith("=HYPERLINK")
    assert await audited(hotline, "tickets.export") == ["csv", "xlsx", "xlsx"]
    body = json.loads(await hotline.owner.fetchval("SELECT body FROM audit WHERE action = 'tickets.export' ORDER BY seq LIMIT 1"))
    assert body["asked"] == {"tab": "todo"}
    assert (await roads.client.get("/desk/unit/export/exe")).status_code == 404
    assert (await roads.client.get("/desk/tickets/export/csv")).status_code == 403
    head = await hotline.staff("supervisor")
    assert number in (await head.client.get("/desk/tickets/export/csv")).text


async def test_photographs_go_with_the_ticket(hotline: Hotline):
    roads, number = await in_hand(hotline)
    await roads.open(f"/desk/ticket/{number}")
    assert "添加现场照片或文件" in roads.text
    form = roads.page.form(f"/desk/ticket/{number}/files")
    answer = await roads.client.post(
        f"/desk/ticket/{number}/files",
        data={"csrf": form.fields["csrf"], "public": "1"},
        files={"file": ("gully.jpg", photo(), "image/jpeg")},
        follow_redirects=True,
    )
    assert answer.status_code == 200 and "照片：gully.jpg" in answer.text


@pytest.mark.parametrize("size", [1, 8])
async def test_the_desk_costs_the_same_however_much_is_in_hand(hotline: Hotline, size: int):
    for n in range(size):
        await given(hotline, "pa.roads", caller={"name": "B", "phone": f"+4477009006{n}1"})
    actor = Actor("x", "x", frozenset({Role.HANDLER}), "pa.roads", "pa/pa.roads/")
    async with hotline.app.state.process.database.transaction(actor.acting) as tx, counting(tx) as sent:
        hand = await tickets.hand(tx, actor, hotline.clock.now)
        walked = [line async for lines in tickets.walk(tx, actor, Filters(), 50_000, hotline.clock.now) for line in lines]
    assert sum(t.count for t in hand.tallies) == len(walked) == size
    assert len(sent) == 4
