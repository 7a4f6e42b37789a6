"""The dispute desk in browsers: units say their word and vote, the hotline rules, leaders see what is late."""

from __future__ import annotations

import ast
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.disputes.conftest import CONSUMERS
from tests.hotline import TINY, Browser, Hotline, hotline_on
from tests.tickets.test_english_names import MARK, reads, two_names

from yixian.city import pack
from yixian.db import bootstrap, outbox, pool
from yixian.disputes import deciding_pages, forms, pages, service, words
from yixian.web import render

DRAIN = "The gully on Tollbooth Lane is blocked, the drain floods the road"
SOURCE = Path(service.__file__).parent
READ = (ast.Constant, ast.FormattedValue)


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


@pytest.fixture
async def bilingual(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    """Port Ash with its names in Chinese and in English."""
    async with hotline_on(fresh, home, two_names(pack.read(TINY))) as running:
        yield running


async def disputed(hotline: Hotline, named: str = "Waste Services") -> tuple[str, str]:
    """A ticket that Roads has been given and objects to: its number, and the dispute's address."""
    number = (await hotline.says(DRAIN))["tickets"][0]["number"]
    desk = await (await hotline.staff("supervisor")).open(f"/desk/ticket/{number}")
    if f"/desk/ticket/{number}/dispatch" in {f.action for f in desk.page.forms}:
        await desk.send(f"/desk/ticket/{number}/dispatch", unit="pa.roads", basis="Roads Order 12")
    roads = await (await hotline.staff("roads")).open(f"/desk/ticket/{number}")
    await roads.send(f"/desk/ticket/{number}/object", note="Litter blocks it", basis="Waste Order 2", unit=named)
    await heard(hotline)
    found = await hotline.owner.fetchval("SELECT id FROM dispute WHERE number = $1", number)
    return number, f"/desk/disputes/{found}"


async def heard(hotline: Hotline) -> None:
    """The worker's part."""
    database = hotline.app.state.process.database
    assert isinstance(database, pool.Database)
    while await outbox.hand_on(database, CONSUMERS, hotline.clock.now):
        pass


def offered(browser: Browser) -> set[str]:
    return {f.action.rsplit("/", 1)[1] for f in browser.page.forms if f.action.startswith("/desk/disputes/") and f.method == "post"}


async def test_from_the_objection_to_the_ruling(hotline: Hotline) -> None:
    number, page = await disputed(hotline)
    roads = await (await hotline.staff("roads")).open(page)
    assert "Litter blocks it" in roads.text and offered(roads) == {"say"}
    waste = await (await hotline.staff("waste")).open("/desk/disputes")
    assert "给本单位的通知（1）" in waste.text and number in waste.text
    await waste.open(page)
    await waste.send(f"{page}/say", note="Not litter: a broken pipe", basis="Waste Order 2")
    assert "Not litter: a broken pipe" in (await roads.open(page)).text
    dispatcher = await (await hotline.staff("dispatcher")).open(page)
    assert offered(dispatcher) == {"rule", "convene", "escalate"}
    await dispatcher.send(f"{page}/rule", unit="Waste Services", basis="Waste Order 2", note="Litter, as the photographs show")
    assert "Litter, as the photographs show" in dispatcher.text and offered(dispatcher) == set()
    ticket = await waste.open(f"/desk/ticket/{number}")
    assert f"/desk/ticket/{number}/return" not in {f.action for f in ticket.page.forms}
    assert f"/desk/ticket/{number}/object" not in {f.action for f in ticket.page.forms}


async def test_a_panel_in_browsers(hotline: Hotline) -> None:
    number, page = await disputed(hotline, "")
    dispatcher = await (await hotline.staff("dispatcher")).open(page)
    await dispatcher.send(f"{page}/convene", note="Whose gully is it?", units="Waste Services", days="2", status=409)
    assert "至少要有2个" in dispatcher.text and dispatcher.page.form(f"{page}/convene").fields["note"] == "Whose gully is it?"
    await dispatcher.send(f"{page}/convene", note="Whose gully is it?", units="Waste Services\nHarbour Master", days="2")
    waste = await (await hotline.staff("waste")).open(page)
    assert offered(waste) == {"vote"}
    await waste.send(f"{page}/vote", unit="Waste Services", basis="Waste Order 2")
    assert waste.page.form(f"{page}/vote").fields["unit"] == "Waste Services [pa.waste]", "it may be changed from where it stands"
    assert "会审结束前不公开" in waste.text
    desk = await (await hotline.staff("dispatcher")).open("/desk/disputes")
    assert "会审 1/2 已表决" in desk.text
    await dispatcher.open(page)
    assert offered(dispatcher) == {"convene", "escalate"} and "会审还在进行" in dispatcher.text
    ticket = await (await hotline.staff("dispatcher")).open(f"/desk/ticket/{number}")
    await ticket.send(f"/desk/ticket/{number}/rule", 409, unit="Waste Services", basis="B", note="C")
    assert "请在争议审定台裁定" in ticket.text


async def test_who_comes_second_is_told_and_loses_nothing(hotline: Hotline) -> None:
    _, page = await disputed(hotline)
    first = await (await hotline.staff("dispatcher")).open(page)
    second = await (await hotline.staff("supervisor")).open(page)
    await first.send(f"{page}/rule", unit="Waste Services", basis="B", note="C")
    await second.send(f"{page}/rule", 409, unit="Harbour Master", basis="Harbour Bylaw 1", note="It runs into the harbour")
    assert "审定期间承办" in second.text and "现办单位" not in second.text, "who acted until the ruling does not act now"
    assert "刚刚有了新情况" in second.text and "It runs into the harbour" in second.text and "裁定" in second.text


async def test_leaders_see_what_is_late_and_who_disputes(hotline: Hotline) -> None:
    number, _ = await disputed(hotline)
    hotline.clock.forward(days=5)
    supervisor = await (await hotline.staff("supervisor")).open("/desk/disputes?overdue=1")
    assert number in supervisor.text and "逾期争议按现办单位" in supervisor.text
    assert "Roads and Lighting" in supervisor.text and "100.0" in supervisor.text
    roads = await (await hotline.staff("roads")).open("/desk/disputes?tab=units")
    assert "每百件" not in roads.text, "what other units do is not a unit's business"
    assert number in roads.text, "its own disputes are"


@pytest.mark.parametrize(
    "query", ["rung=x", "unit=nowhere", "number=%E5%B7%A5%E5%8D%95", "after=x", "tab=x", "tab=ended", "unit=Waste+Services"]
)
async def test_odd_questions_are_answered(hotline: Hotline, query: str) -> None:
    await disputed(hotline)
    await (await hotline.staff("supervisor")).open(f"/desk/disputes?{query}", 409 if query.startswith("after") else 200)


async def test_what_there_is_not_and_what_one_may_not(hotline: Hotline) -> None:
    _, page = await disputed(hotline)
    dispatcher = await hotline.staff("dispatcher")
    nothing = "/desk/disputes/00000000-0000-7000-8000-000000000000"
    await dispatcher.open(nothing, 404)
    await dispatcher.open("/desk/disputes/x", 404)
    await (await hotline.staff("operator")).open("/desk/disputes", 403)
    await dispatcher.open(page)
    await dispatcher.send(f"{page}/rule", 422, unit="nowhere", basis="", note="")
    assert "没有找到，请输入名称的一部分" in dispatcher.text
    for address in (page, nothing):
        answer = await dispatcher.client.post(f"{address}/rule", data={})
        assert answer.status_code == 403, "without the form's token nothing is done"


async def test_the_desk_flags_what_is_often_disputed(hotline: Hotline) -> None:
    number, _ = await disputed(hotline)
    fresh = (await hotline.says(DRAIN, caller={"phone": "+447700900999"}))["tickets"][0]["number"]
    await hotline.owner.execute(
        "UPDATE ticket t SET matter = d.matter, region = d.region, state = 'awaiting_dispatch', lead = NULL, dispatched_at = NULL"
        "  FROM dispute d WHERE t.number = $1 AND d.number = $2",
        fresh,
        number,
    )
    await hotline.owner.execute("UPDATE dispute SET matter = 'ST0202' WHERE matter IS NULL")
    await hotline.owner.execute("UPDATE ticket SET matter = 'ST0202' WHERE matter IS NULL")
    desk = await (await hotline.staff("dispatcher")).open("/desk/dispatch")
    assert f"/desk/ticket/{fresh}" in desk.page.links and "常有争议" in desk.text


async def test_the_api(hotline: Hotline) -> None:
    number, page = await disputed(hotline)
    address = f"/api/v1/disputes/{page.rsplit('/', 1)[1]}"
    dispatcher, waste, admin = [await hotline.staff(login) for login in ("dispatcher", "waste", "admin")]
    listed = (await dispatcher.client.get("/api/v1/disputes")).json()
    assert [(line["number"], line["acting"], line["rung"]) for line in listed["lines"]] == [(number, "pa.roads", "desk")]
    assert (await dispatcher.client.get("/api/v1/dispute-counts")).json()["open"] == 1
    assert [u["unit"] for u in (await dispatcher.client.get("/api/v1/dispute-units")).json()] == ["pa.roads"]
    assert (await waste.client.get("/api/v1/dispute-units")).status_code == 403
    assert (await admin.client.get("/api/v1/disputes")).status_code == 403
    assert (await waste.client.get(address)).json()["allowed"] == ["say"]
    token = {"X-CSRF-Token": (await dispatcher.client.get("/api/v1/session")).json()["csrf"]}
    ruling = {"unit": "pa.waste", "basis": "Waste Order 2", "note": "Litter"}
    for wrong, status in (
        ({"unit": "x"}, 409),
        ({"days": -1}, 400),
        ({"nonsense": 1}, 400),
        ({"note": "\x00"}, 400),
        ({"version": 99}, 409),
    ):
        answer = await dispatcher.client.post(f"{address}/rule", json=ruling | wrong, headers=token)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), wrong
    assert (await dispatcher.client.post(f"{address}/nonsense", json={}, headers=token)).status_code == 404
    ruled = (await dispatcher.client.post(f"{address}/rule", json=ruling, headers=token)).json()
    assert (ruled["ended_how"], ruled["ruling"]["lead_name"], ruled["allowed"]) == ("ruled", "Waste Services", [])
    again = await dispatcher.client.post(f"{address}/rule", json=ruling, headers=token)
    assert (again.status_code, again.json()["type"], again.json()["happened"]["action"]) == (409, "overtaken", "ruled")


def test_every_sentence_has_english() -> None:
    say = render.translator("en")
    said = (*words.sayings(), *forms.sayings(), *pages.sayings(), service.OFTEN)
    assert [s for s in said if say(s) == s] == []


def test_every_refusal_has_english() -> None:
    say = render.translator("en")
    found: list[str] = []
    for source in SOURCE.glob("*.py"):
        nodes = list(ast.walk(ast.parse(source.read_text(encoding="utf-8"))))
        inside = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in (n for n in nodes if id(n) not in inside):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            found.append("".join(str(p.value) if isinstance(p, ast.Constant) else "7" for p in parts if isinstance(p, READ)))
    refusals = [s for s in found if s.endswith("。")]
    assert len(refusals) > 20
    assert [s for s in refusals if say(s) == s] == []


async def test_joint_review_is_one_key_on_the_dispatchers_desk(hotline: Hotline) -> None:
    number, page = await disputed(hotline, "Waste Services")
    desk = await (await hotline.staff("dispatcher")).open(f"/desk/dispatch?tab=joint&ticket={number}")
    part = f"/desk/ticket/{number}/joint-review"
    assert part in desk.page.links and f'data-part="{part}"' in desk.answer.text
    # Where nobody who knows of the matter is without a part in it, the key leads to the form.
    await hotline.owner.execute("UPDATE ticket SET suggestions = '[]', matter = NULL WHERE number = $1", number)
    await desk.open(part)
    assert "没有找到两个与争议无关" in desk.text and page in desk.page.links
    # Two units that the gate also thought of: one press convenes them, with the question in words, and the desk goes on.
    thought = [{"matter": "HB02", "unit": "pa.harbour", "co_units": ["pa.waste", "PA-N"]}, {"matter": "ST0101", "unit": "PA-S.noise"}]
    await hotline.owner.execute("UPDATE ticket SET suggestions = $2::jsonb WHERE number = $1", number, json.dumps(thought))
    await desk.open(part)
    convene = desk.page.form(f"{page}/convene").fields
    assert convene["units"] == "pa.harbour;PA-N;PA-S.noise", "a side of the dispute does not judge it"
    assert "应由哪个单位主办？争议单位：Roads and Lighting、Waste Services" in convene["note"]
    assert 'data-key="1"' in desk.answer.text
    await desk.send(f"{page}/convene")
    assert "/desk/dispatch?tab=joint" in str(desk.answer.url) and "已完成：请单位会审" in desk.text
    assert await hotline.owner.fetchval("SELECT count(*) FROM dispute_seat WHERE votes") == 3
    # While it sits the desk says how far it is; once the votes are clear, one press rules as they say.
    await desk.open(part)
    assert "正在会审" in desk.text and "已表决 0 / 3" in desk.text
    sitting = await hotline.owner.fetchrow("SELECT id, dispute FROM dispute_panel")
    for unit, path in (("pa.harbour", "pa/pa.harbour/"), ("PA-N", "pa/PA-N/")):
        await hotline.owner.execute(
            "INSERT INTO dispute_opinion (panel, dispute, unit, unit_path, seq, at, actor, lead, basis)"
            " VALUES ($1, $2, $3, $4, 1, now(), 'x', 'pa.waste', 'Waste Order 2')", *sitting, unit, path,
        )  # fmt: skip
    await desk.open(part)
    assert "多数单位认为应由 Waste Services 主办" in desk.text
    await desk.send(f"{page}/rule")
    row = await hotline.owner.fetchrow("SELECT state, lead, ruled FROM ticket WHERE number = $1", number)
    assert tuple(row) == ("dispatched", "pa.waste", True)
    assert await hotline.owner.fetchval("SELECT how FROM dispute_ruling") == "majority"
    assert "没有进行中的争议" in (await desk.open(part)).text
    for login, status in (("roads", 403), ("reviewer", 403), ("supervisor", 200)):
        assert (await (await hotline.staff(login)).client.get(part)).status_code == status, login


async def test_a_dispute_names_units_matter_and_place_in_english(bilingual: Hotline) -> None:
    number, page = await disputed(bilingual, "pa.waste")
    dispatcher = await bilingual.staff("dispatcher")
    await reads(dispatcher, f"/desk/ticket/{number}/joint-review", "Roads and Lighting", "Waste Services")
    await reads(dispatcher, page, "Roads and Lighting", "Waste Services", "Blocked drain")
    await dispatcher.send(f"{page}/convene", note="Whose gully is it?", units="pa.harbour\nPA-S.noise", days="2")
    await reads(dispatcher, page, "Harbour Master", "Saltmarsh Noise Team")
    for unit in ("pa.harbour", "PA-S.noise"):
        await bilingual.owner.execute(
            """
            INSERT INTO dispute_opinion (panel, dispute, unit, unit_path, seq, at, actor, lead, co, basis)
            SELECT panel, dispute, unit, unit_path, 1, now(), 'x', 'pa.waste', '{PA-S}', 'Waste Order 2'
              FROM dispute_seat
             WHERE unit = $1
            """,
            unit,
        )
    await reads(
        dispatcher, f"/desk/ticket/{number}/joint-review", "The majority says that Waste Services should lead", "Roads and Lighting"
    )
    await reads(dispatcher, page, "Waste Services", "Saltmarsh District Council")
    await dispatcher.send(f"{page}/rule", unit="pa.waste", basis="Waste Order 2", note="Litter", co_units="PA-S\nPA-H")
    await reads(dispatcher, page, "Waste Services", "Saltmarsh District Council")
    in_chinese = await (await bilingual.staff("supervisor")).open(page)
    assert f"{MARK}Waste Services 主办 · 协办：{MARK}Saltmarsh District Council、{MARK}Harbourside District Council" in in_chinese.text
    assert f"{MARK}Blocked drain" in in_chinese.text and "in-chinese" not in in_chinese.answer.text


async def test_the_list_of_disputes_names_units_and_matters_in_english(bilingual: Hotline) -> None:
    _, page = await disputed(bilingual, "pa.waste")
    bilingual.clock.forward(days=5)
    supervisor = await bilingual.staff("supervisor")
    await reads(supervisor, "/desk/disputes?overdue=1", "Roads and Lighting", "Waste Services", "Blocked drain")
    await supervisor.open(page)
    await supervisor.send(f"{page}/rule", unit="pa.waste", basis="Waste Order 2", note="Litter")
    await reads(supervisor, "/desk/disputes?tab=ended", "Roads and Lighting", "Waste Services", "Blocked drain")


def test_the_words_beside_the_ticket_have_english() -> None:
    assert [s for s in deciding_pages.sayings() if s not in render.catalogue("en")] == []
