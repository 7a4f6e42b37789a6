"""Many tell of one thing: what the operator is offered, what the supervisor is shown, what the resident and the unit learn."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from asyncpg.connection import LoggedQuery
from tests.hotline import TINY, Browser, Hotline, hotline_on
from tests.tickets.test_english_names import left_in_chinese, reads, two_names

from yixian.city import pack
from yixian.db import bootstrap, outbox
from yixian.groups import jobs, words
from yixian.web import render

TOLD = (
    "The lift in building 3 of Harbour Court has been broken since last night",
    "Lift broken at Harbour Court building 3, my mother cannot get down",
    "Harbour Court: the lift of building 3 is out again, nobody comes",
    "building 3 Harbour Court, lift broken, we all climb the stairs",
    "Still no lift in Harbour Court building 3!",
)
ONCE = ("NOTIFY", "'jit'", "typeinfo_tree", "pg_catalog")
"""Not the desk's: the call to the worker, and types that are asked for when a connection meets them first."""

SETTLED = {"matter": "ST0102", "region": "PA-N-1", "outcome": "ticket_opened"}


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


@pytest.fixture
async def bilingual(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    """Port Ash with its names in Chinese and in English."""
    async with hotline_on(fresh, home, two_names(pack.read(TINY))) as running:
        yield running


async def hand_on(hotline: Hotline) -> None:
    """The worker's part."""
    database = hotline.app.state.process.database
    while await outbox.hand_on(database, jobs.consumers(), hotline.clock()):
        pass


async def told(hotline: Hotline, count: int = 5) -> list[str]:
    """Numbers of tickets that so many neighbours opened about the one lift, a minute apart."""
    operator = await hotline.staff("operator")
    headers = await token(operator)
    numbers = []
    for n in range(count):
        hotline.clock.forward(minutes=1)
        contact = {"text": TOLD[n % 5], "channel": "phone", "caller": {"phone": f"+4477009{n:05}"}, **SETTLED}
        answer = await operator.client.post("/api/v1/contacts", json=contact, headers=headers)
        assert answer.status_code == 201, answer.text
        numbers.append(answer.json()["tickets"][0]["number"])
    await hand_on(hotline)
    return numbers


async def token(browser: Browser) -> dict[str, str]:
    return {"X-CSRF-Token": (await browser.client.get("/api/v1/session")).json()["csrf"]}


async def group_of(hotline: Hotline) -> str:
    return str(await hotline.owner.fetchval("SELECT id FROM ticket_group"))


def test_the_words_of_the_room_have_english():
    assert [s for s in words.sayings() if s not in render.catalogue("en")] == []


async def test_a_supervisor_sees_the_group_takes_note_names_it_and_merges_it(hotline: Hotline):
    numbers = await told(hotline)
    supervisor = await hotline.staff("supervisor")
    await supervisor.open("/desk/groups")
    assert "满 5 人" in supervisor.text
    await supervisor.open(next(link for link in supervisor.page.links if re.match("/desk/groups/[0-9a-f]{8}-", link)))
    assert all(number in supervisor.text for number in numbers)
    here = f"/desk/groups/{await group_of(hotline)}"
    await supervisor.send(f"{here}/acknowledge", note="已通知属地")
    await supervisor.send(f"{here}/name", name="Harbour Court lift")
    assert "Harbour Court lift" in supervisor.text
    await supervisor.open("/desk/groups")
    assert "这里没有群体诉求" in supervisor.text
    await supervisor.open(here)
    form = supervisor.page.form(f"{here}/merge")
    sent = {"csrf": form.fields["csrf"], "number": numbers[0], "numbers": numbers}
    await supervisor.client.post(form.action, data=sent)
    await supervisor.open(here)
    assert "已通知属地" in supervisor.text
    assert await hotline.owner.fetchval("SELECT count(*) FROM ticket WHERE state = 'merged'") == 4


async def test_a_group_names_matter_place_and_unit_in_english(bilingual: Hotline):
    numbers = await told(bilingual)
    supervisor = await bilingual.staff("supervisor")
    for number in numbers:
        await supervisor.open(f"/desk/ticket/{number}")
        if f"/desk/ticket/{number}/dispatch" in {form.action for form in supervisor.page.forms}:
            await supervisor.send(f"/desk/ticket/{number}/dispatch", unit="pa.roads", basis="Roads Order 12")
    named = ("Street light damaged", "Castle Ward, Northgate", "Roads and Lighting")
    await reads(supervisor, "/desk/groups", *named)
    await reads(supervisor, f"/desk/groups/{await group_of(bilingual)}", *named)
    operator = await bilingual.staff("operator")
    operator.client.headers["accept-language"] = "en"
    near = await operator.client.post("/desk/nearby", data={"text": TOLD[0], **SETTLED}, headers=await token(operator))
    assert "Roads and Lighting" in near.text and left_in_chinese(near.text) == []


async def test_what_cannot_be_done_is_said_and_what_was_typed_is_kept(hotline: Hotline):
    await told(hotline)
    supervisor = await hotline.staff("supervisor")
    here = f"/desk/groups/{await group_of(hotline)}"
    await supervisor.open(here)
    await supervisor.send(f"{here}/take_out", 409, number="PA20990101000001", note="another lift")
    assert "不在这一组" in supervisor.text
    assert "another lift" in supervisor.answer.text
    await supervisor.open("/desk/groups/00000000-0000-0000-0000-000000000000", 404)
    await supervisor.open("/desk/groups?after=tomorrow_x", 409)


async def test_an_operator_is_offered_the_open_ticket_and_merges_the_next_caller_into_it(hotline: Hotline):
    numbers = await told(hotline, 2)
    operator = await hotline.staff("operator")
    await operator.open("/desk/operator")
    await operator.send("/desk/operator", text="lift broken, Harbour Court building 3", phone="+447700999999", deed="check")
    assert "可能是同一事件" in operator.text
    (offered,) = [n for n in numbers if n in operator.text]
    await operator.send("/desk/operator", 201, attach=offered, matter="ST0102", deed="ticket_opened")
    assert "并入在办工单" in operator.text
    await hand_on(hotline)
    row = await hotline.owner.fetchrow(
        "SELECT t.state, m.number AS main, c.outcome FROM ticket t JOIN ticket m ON m.id = t.merged_into JOIN contact c ON c.id = t.contact"
    )
    assert tuple(row) == ("merged", offered, "added_to_ticket")
    assert await hotline.owner.fetchval("SELECT callers FROM ticket_group") == 3
    words_seen = await hotline.owner.fetchval("SELECT string_agg(note, ' ') FROM history WHERE action = 'supplement'")
    assert "又有一位来电人" in words_seen
    assert "Harbour" not in words_seen, "nobody reads what somebody else said"


async def test_the_first_caller_ringing_again_is_added_to_their_own_ticket(hotline: Hotline):
    (number,) = await told(hotline, 1)
    operator = await hotline.staff("operator")
    contact = {"text": "It is still broken, and dark now too", "caller": {"phone": "+447700900000"}, "attach": number}
    answer = await operator.client.post("/api/v1/contacts", json=contact, headers=await token(operator))
    assert answer.json()["outcome"] == "added_to_ticket"
    assert [t["number"] for t in answer.json()["tickets"]] == [number]
    assert await hotline.owner.fetchval("SELECT count(*) FROM ticket") == 1


@pytest.mark.parametrize(
    ("attach", "more", "status"),
    [("PA20990101000001", {}, 422), ("'; --", {}, 422), ("{own}", {"outcome": "answered", "answer": "Yes"}, 422)],
)
async def test_nothing_is_stored_when_the_ticket_cannot_be_merged_into(hotline: Hotline, attach: str, more: dict[str, Any], status: int):
    (number,) = await told(hotline, 1)
    operator = await hotline.staff("operator")
    contact = {"text": "lift broken", "attach": attach.format(own=number), **more}
    answer = await operator.client.post("/api/v1/contacts", json=contact, headers=await token(operator))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, "attach")
    assert await hotline.owner.fetchval("SELECT count(*) FROM contact") == 1
    refused = await hotline.browser().client.post("/api/v1/contacts", json={"text": "lift broken", "attach": number})
    assert refused.status_code == 422, "a resident does not choose"


async def test_a_resident_learns_how_many_and_nothing_else(hotline: Hotline):
    asked = {"text": TOLD[0]}
    await told(hotline, 2)
    resident = hotline.browser().client
    assert (await resident.post("/api/v1/groups/nearby", json=asked)).json() == {"callers": 0, "said": "", "tickets": []}
    await told(hotline, 4)
    seen = (await resident.post("/api/v1/groups/nearby", json=asked)).json()
    assert seen["callers"] >= 3
    assert "人已反映同一问题" in seen["said"]
    assert seen["tickets"] == []
    part = (await resident.post("/nearby", data=asked)).text
    assert "人已反映同一问题" in part
    assert "PA2" not in part
    operator = await hotline.staff("operator")
    answer = await operator.client.post("/api/v1/groups/nearby", json=asked, headers=await token(operator))
    assert 1 <= len(answer.json()["tickets"]) <= 5


async def test_a_unit_sees_a_number_beside_its_ticket(hotline: Hotline):
    numbers = await told(hotline)
    dispatcher = await hotline.staff("dispatcher")
    step = {"unit": "pa.roads", "basis": "Roads Order 12", "matter": "ST0102", "region": "PA-N-1"}
    await dispatcher.client.post(f"/api/v1/tickets/{numbers[0]}/reassign", json={**step, "note": "x"}, headers=await token(dispatcher))
    await dispatcher.client.post(f"/api/v1/tickets/{numbers[0]}/dispatch", json=step, headers=await token(dispatcher))
    roads, waste = await hotline.staff("roads"), await hotline.staff("waste")
    await roads.open(f"/desk/ticket/{numbers[0]}/ties")
    assert "5 人反映同一事件" in roads.text
    assert not [link for link in roads.page.links if link.startswith("/desk/groups")]
    assert (await waste.client.get(f"/api/v1/tickets/{numbers[0]}/ties")).json()["ties"]["callers"] == 0
    assert (await roads.client.get("/api/v1/groups")).status_code == 403
    assert (await roads.client.get("/desk/groups")).status_code == 403


async def test_the_desk_costs_the_same_however_many_groups_and_tickets(hotline: Hotline):
    async def cost() -> list[int]:
        supervisor = await hotline.staff("supervisor")
        counts = []
        for path in ("/desk/groups?which=all", "/api/v1/groups?which=all", f"/desk/groups/{await group_of(hotline)}"):
            heard: list[str] = []

            def hear(query: LoggedQuery, heard: list[str] = heard) -> None:
                if not any(mark in query.query for mark in ONCE):
                    heard.append(query.query)

            pool = hotline.app.state.process.database._pool
            connections = [holder._con for holder in pool._holders if holder._con is not None]
            for connection in connections:
                connection.add_query_logger(hear)
            assert (await supervisor.client.get(path)).status_code == 200
            for connection in connections:
                connection.remove_query_logger(hear)
            counts.append(len(heard))
        return counts

    await told(hotline, 2)
    few = await cost()
    await told(hotline, 10)
    for name in ("Mill Yard", "Lantern Wharf", "Customs House"):
        for text in (f"rats around the bins behind {name} school", f"Rats behind {name} school, around the bins"):
            await hotline.says(text, caller={"phone": f"+44770080{len(name):04}"}, separate=True)
    await hand_on(hotline)
    assert await cost() == few
    assert max(few) <= 10


async def test_bad_input_is_answered_in_words(hotline: Hotline):
    await told(hotline)
    supervisor = await hotline.staff("supervisor")
    headers, here = await token(supervisor), f"/api/v1/groups/{await group_of(hotline)}"
    for path, body, status in (
        ("/celebrate", {}, 404),
        ("/name", {"name": ""}, 409),
        ("/name", {"name": "x" * 101}, 400),
        ("/merge", {"number": "x\u0000"}, 400),
        ("/merge", {"number": "PA1", "numbers": ["PA2"]}, 409),
        ("/put_in", {"number": "PA1"}, 404),
        ("/put_in", {"number": "路"}, 404),
        ("/acknowledge", {"unknown": 1}, 400),
    ):
        answer = await supervisor.client.post(here + path, json=body, headers=headers)
        assert answer.status_code == status, (path, answer.text)
        assert answer.json()["detail"]
    assert (await supervisor.client.get("/api/v1/groups?after=1e400_0", headers=headers)).status_code == 409
    assert (await supervisor.client.post(f"{here}/acknowledge", json={})).status_code == 403
    for text in ("", "   ", "x" * 10_000, "🚧" * 50, "'; DROP TABLE ticket; --"):
        assert (await hotline.browser().client.post("/nearby", data={"text": text})).status_code == 200
