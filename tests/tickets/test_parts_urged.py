"""Who leads urges the co-handlers that owe it their part; they see it, nobody else is marked, and nobody is urged every minute."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.hotline import Hotline, hotline_on
from tests.tickets.conftest import Town
from tests.tickets.test_pages import does, offered, with_roads

from yixian.db import bootstrap
from yixian.people.model import Actor, Role
from yixian.tickets import service
from yixian.tickets.lifecycle import EDGES, urges_parts
from yixian.tickets.model import Action, Filters, Line, Ticket


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


async def line_of(town: Town, actor: Actor, ticket: Ticket) -> Line:
    """The ticket as it stands in this person's list."""
    async with town.db.transaction(actor.acting) as tx:
        found = await service.worklist(tx, actor, Filters(), "", 50, town.now)
    return next(line for line in found.lines if line.number == ticket.number)


async def refusal(town: Town, actor: Actor, ticket: Ticket, action: Action = Action.URGE) -> str:
    with pytest.raises((service.Refused, service.NotFound)) as refused:
        await town.does(actor, ticket, action)
    return str(refused.value)


async def test_the_lead_urges_those_whose_part_is_open_and_only_they_are_marked(town: Town) -> None:
    ticket = await town.open("pa.roads", co=("pa.waste", "pa.harbour"))
    roads, waste, harbour = (town.handler(unit) for unit in ("pa.roads", "pa.waste", "pa.harbour"))
    await town.does(harbour, ticket, Action.PART, note="The cable is mended.")
    after = await town.does(roads, ticket, Action.URGE, note="The answer is owed tomorrow.")
    marked = {unit.unit: (await line_of(town, unit, ticket)).part_urged for unit in (roads, waste, harbour, town.supervisor)}
    assert marked == {"pa.roads": False, "pa.waste": True, "pa.harbour": False, "pa.contact": False}
    assert (after.urged, after.supervision, after.urged_at) == (0, "", None), "nobody urged the ticket"
    async with town.db.transaction(waste.acting) as tx:
        row = (await service.time_line(tx, after))[-1]
    assert (row.action, row.role, row.unit, row.note, row.public) == ("urge", "handler", "pa.roads", "The answer is owed tomorrow.", False)
    assert row.detail == {"units": ["pa.waste"]}
    body = json.loads(await town.owner.fetchval("SELECT body FROM event WHERE kind = 'ticket.moved' ORDER BY at DESC LIMIT 1"))
    assert (body["number"], body["action"], body["tells"], body["note"]) == (ticket.number, "urge", False, ""), "the citizen is not told"
    await town.does(waste, ticket, Action.PART, note="Leaves taken away.")
    assert not (await line_of(town, waste, ticket)).part_urged


async def test_who_may_not_urge_a_part(town: Town) -> None:
    ticket = await town.open("pa.roads", co=("pa.waste",))
    assert "不是主办单位" in await refusal(town, town.handler("pa.waste"), ticket)
    assert "没有找到工单" in await refusal(town, town.handler("pa.harbour"), ticket)
    assert "不能进行这项操作" in await refusal(town, town.caller_back, ticket)
    assert Action.URGE not in {e.action for e in (await town.sees(town.handler("pa.waste"), ticket)).offered}
    alone = await town.open("pa.roads")
    assert "没有协办单位还欠办理意见" in await refusal(town, town.handler("pa.roads"), alone)
    await town.does(town.handler("pa.waste"), ticket, Action.PART, note="Done.")
    assert "没有协办单位还欠办理意见" in await refusal(town, town.handler("pa.roads"), ticket)
    assert Action.URGE not in {e.action for e in (await town.sees(town.handler("pa.roads"), ticket)).offered}
    assert (await town.history(ticket)).count("urge") == 0


async def test_each_co_handler_is_left_in_peace_for_the_quiet_time(town: Town) -> None:
    ticket = await town.open("pa.roads", co=("pa.waste",))
    roads, chief = town.handler("pa.roads"), town.chief("pa.roads")
    await town.does(roads, ticket, Action.URGE)
    town.passes(minutes=1)
    said = await refusal(town, chief, ticket)
    assert "已经催过协办单位" in said and "以后可以再催" in said
    assert Action.URGE not in {e.action for e in (await town.sees(roads, ticket)).offered}
    # One that came later has not been urged: it alone is.
    await town.does(roads, ticket, Action.INVITE, unit="pa.harbour", note="Your cable")
    assert [o.unit for o in (await town.sees(roads, ticket)).urges] == ["pa.harbour"]
    await town.does(roads, ticket, Action.URGE)
    urged = dict(await town.owner.fetch("SELECT unit, urged_at FROM unit_order WHERE ticket = $1 AND role = 'co'", ticket.id))
    assert urged["pa.waste"] < urged["pa.harbour"]
    town.passes(hours=24)
    await town.does(roads, ticket, Action.URGE)
    assert {o.urged_at for o in (await town.sees(roads, ticket)).orders if o.role == "co"} == {town.now}
    # The citizen's quiet time and the hotline's urging are their own.
    assert (await town.does(town.supervisor, ticket, Action.URGE)).urged == 1
    assert (await town.sees(town.supervisor, ticket)).urges == ()


async def test_the_lead_urges_on_the_page_and_the_co_handler_sees_it(hotline: Hotline) -> None:
    number, _ = await with_roads(hotline)
    roads, waste = await hotline.staff("roads"), await hotline.staff("waste")
    await does(roads, number, "sign")
    await does(roads, number, "invite", unit="Waste Services", note="Take the leaves away")
    await roads.open(f"/desk/ticket/{number}")
    assert "可以催办" in roads.text and "对方在自己的工单列表里看得到：Waste Services" in roads.text
    await does(roads, number, "urge", note="It rains on Friday")
    assert "主办单位催协办单位：Waste Services" in roads.text and "urge" not in offered(roads)
    again = await roads.client.post(
        f"/desk/ticket/{number}/urge", data={"csrf": roads.page.form("/logout").fields["csrf"]}, follow_redirects=True
    )
    assert again.status_code == 409 and "已经催过协办单位" in again.text
    english = await roads.client.get(f"/desk/ticket/{number}", headers={"accept-language": "en"})
    assert "The lead urged its co-handlers: Waste Services" in english.text
    mark = "主办单位催办意见"
    assert mark in (await waste.open("/desk/unit")).text
    assert mark in (await waste.open("/desk/unit?tab=part")).text
    assert mark not in (await roads.open("/desk/unit")).text
    assert mark not in (await (await hotline.staff("supervisor")).open("/desk/tickets")).text
    assert "It rains on Friday" in (await waste.open(f"/desk/ticket/{number}")).text
    door = (await waste.client.get("/api/v1/tickets")).json()["lines"][0]
    assert door["number"] == number and door["part_urged"] is True
    orders = (await waste.client.get(f"/api/v1/tickets/{number}")).json()["orders"]
    assert {o["unit"]: bool(o["urged_at"]) for o in orders} == {"pa.roads": False, "pa.waste": True}
    await does(waste, number, "part", note="The leaves are gone.")
    assert mark not in (await waste.open("/desk/unit")).text


def test_only_those_of_a_unit_urge_parts() -> None:
    assert {e.by for e in EDGES if urges_parts(e)} == {frozenset({Role.HANDLER, Role.UNIT_REVIEWER})}
