"""A few journeys in the first real city: eleven districts, five levels, Mandarin, Cantonese and English."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from yixian.db.embedded import Server
from yixian.intake.model import Outcome
from yixian.settings import Settings
from yixian.tickets.model import State

from .conftest import ROOT, START, addresses, copied, dropped, make, running
from .driver import City, Clock, Refusal, Ticket

LAMP = "海珠区江南中街道紫金大街的路灯不亮，晚上很黑"
ANSWER = "路灯已于今天上午修复，今晚复查亮灯正常。"
LEVELS = ("gd", "gz", "440105", "440105004", "440105004101")
"""Province, city, Haizhu district, Jiangnanzhong street, Wansongyuan community."""

UNITS = (*LEVELS, "440105.housing-construction", "440105.urban-management", "gz.lighting-center")


@pytest.fixture(scope="module")
async def guangzhou(server: Server, template: str, own_settings: Settings) -> AsyncIterator[City]:
    made = await make(server, template, own_settings, ROOT / "packs" / "guangzhou", "gz.hotline", UNITS)
    name = await copied(server, made.name)
    async with running(addresses(server, name), own_settings, Clock(START, "Asia/Shanghai"), made.told) as started:
        yield started
    await dropped(server, name)


async def said(city: City, text: str, phone: str = "", **fields: str) -> Ticket:
    made = await city.line.takes(text, caller={"name": "陈小明", "phone": phone} if phone else None, **fields)
    assert len(made.tickets) == 1, made.receipt
    return made.tickets[0]


async def test_a_broken_lamp_in_haizhu_is_repaired(guangzhou: City):
    ticket = await said(guangzhou, LAMP, "13800138000")
    assert ticket.number.startswith("GZ260610") and ticket.seen.region == "440105004"
    assert ticket.seen.caller and (ticket.seen.caller.name, ticket.seen.caller.phone) == ("陈**", "***8000")
    if ticket.state is State.AWAITING_DISPATCH:
        best = ticket.seen.suggestions[0]
        await guangzhou.dispatcher.dispatches(ticket, best["unit"], *best["co_units"], basis=best["basis"])
    lead = guangzhou.unit(ticket.acting_unit)
    assert lead.code == "gz.lighting-center"
    await lead.signs(ticket)
    await lead.contacts(ticket, "已电话联系市民，核实灯杆位置。")
    for helper in ticket.helpers:
        await guangzhou.unit(helper).hands_in_its_part(ticket, "已配合核查。")
    await lead.replies(ticket, ANSWER)
    await lead.approves(ticket)
    await guangzhou.reviewer.passes(ticket)
    assert ANSWER in await guangzhou.citizen(ticket).page()
    await guangzhou.citizen(ticket).rates(5, "好快，多谢晒")
    assert ticket.state is State.CLOSED


async def test_the_first_unit_keeps_acting_while_two_units_argue(guangzhou: City):
    """One returned it, the second wanted to: the second has it, and acts, until the hotline rules."""
    ticket = await said(guangzhou, LAMP, "13800138001")
    housing, law = guangzhou.unit("440105.housing-construction"), guangzhou.unit("440105.urban-management")
    if ticket.state is State.DISPATCHED:
        await guangzhou.dispatcher.does("reassign", ticket, unit=housing.code, basis="职责清单 3.2.1", note="先由区住建局核实")
    else:
        await guangzhou.dispatcher.dispatches(ticket, housing.code, basis="职责清单 3.2.1")
    await housing.returns(ticket, because="路灯由城管局管养", basis="职责清单 3.2.1")
    await guangzhou.dispatcher.dispatches(ticket, law.code, basis="职责清单 3.2.4")
    due = ticket.seen.answer_due
    await law.returns(ticket, because="属区管道路", basis="职责清单 3.2.4")
    assert ticket.state is State.JOINT_REVIEW
    assert ticket.acting_unit == law.code and ticket.panel == {housing.code}
    assert ticket.seen.answer_due == due and ticket.seen.next_due


async def test_a_ticket_goes_down_five_levels_and_up_again(guangzhou: City):
    ticket = await said(guangzhou, "有件麻烦事想请政府帮帮忙，说不清楚", "13800138002", kind="help")
    province, *below = (guangzhou.unit(code) for code in LEVELS)
    await guangzhou.dispatcher.dispatches(ticket, province.code, basis="职责清单")
    due, holder = ticket.seen.answer_due, province
    for unit in below:
        await holder.hands_down(ticket, unit.code)
        assert ticket.acting_unit == unit.code and ticket.state is State.DISPATCHED
        assert (await province.sees(ticket)).lead == unit.code, "those above keep it in sight"
        holder = unit
    assert ticket.seen.answer_due == due, "the limits stay the citizen's"
    with pytest.raises(Refusal):
        await holder.hands_down(ticket, "440105")
    for above in reversed([province, *below[:-1]]):
        await holder.hands_up(ticket, "本级无权处理，请上级办理")
        assert ticket.acting_unit == above.code and ticket.state is State.HANDLING
        holder = above
    assert ticket.seen.answer_due == due
    with pytest.raises(Refusal):
        await province.hands_up(ticket, "没有上级了")


@pytest.mark.parametrize(
    ("words", "line"),
    (
        ("我家着火了，快来人", "119"),
        ("有人晕倒咗，冇呼吸，快啲嚟", "120"),
        ("There is a fire in my building, please help now", "119"),
    ),
)
async def test_emergencies_go_to_their_line_at_once(guangzhou: City, words: str, line: str):
    made = await guangzhou.line.takes(words)
    assert (made.receipt.outcome, made.receipt.reason) == (Outcome.TRANSFERRED, line)
    assert made.receipt.said and not made.tickets


async def test_a_lawsuit_is_pointed_to_the_court(guangzhou: City):
    made = await guangzhou.line.takes("我不服法院判决")
    assert (made.receipt.outcome, made.receipt.reason) == (Outcome.LEGAL_ROUTE, "litigation")


async def test_a_question_of_social_security_is_answered_with_its_source(guangzhou: City):
    made = await guangzhou.line.takes("灵活就业人员怎样参加社保？")
    assert made.receipt.outcome is Outcome.ANSWERED and "依据" in made.receipt.said


async def test_wages_owed_said_in_cantonese_hide_who_said_it(guangzhou: City):
    """Labour is among the pack's sensitive matters."""
    ticket = await said(guangzhou, "老细拖欠我三个月人工，喺海珠区江南中街道开工", "13800138003")
    assert ticket.seen.hides_identity
    assert any("human-resources" in (s["unit"] or "") for s in ticket.seen.suggestions) or "human-resources" in ticket.acting_unit


async def test_the_friday_before_a_holiday_counts_the_nations_make_up_days(guangzhou: City):
    """National Day 2026: off from Thursday 1 to Wednesday 7 October; Saturday 10 October is worked."""
    guangzhou.clock.turn_to(2026, 9, 30, 10)
    ticket = await said(guangzhou, LAMP, "13800138004")
    if ticket.state is State.AWAITING_DISPATCH:
        best = ticket.seen.suggestions[0]
        await guangzhou.dispatcher.dispatches(ticket, best["unit"], basis=best["basis"])
    assert ticket.seen.sign_due == guangzhou.clock.at(2026, 10, 8, 18)
    assert ticket.seen.answer_due == guangzhou.clock.at(2026, 10, 13, 18), "8, 9, the worked Saturday, 12, 13"
