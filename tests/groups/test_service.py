"""Tickets about one event find each other, are counted, raised and handled as one."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from tests.groups.conftest import Crowd

from yixian.db.pool import SYSTEM
from yixian.groups import service
from yixian.groups.model import Deed, Which
from yixian.groups.service import Given
from yixian.people.model import Role
from yixian.tickets.model import Action, State
from yixian.tickets.service import NotFound, Refused

OUTAGE = (
    "翠湖花园3栋的电梯从昨晚坏到现在，没有人来修",
    "翠湖花园三栋电梯停了，老人下不了楼",
    "翠湖花园3栋502住户反映电梯坏了一整天",
    "你好，翠湖花园3栋电梯又坏了，物业不理",
    "翠湖花园电梯坏了，3栋的居民都在爬楼梯",
)


async def outage(crowd: Crowd, count: int = 5) -> list:
    return [await crowd.tells(OUTAGE[n % len(OUTAGE)], lead="pa.roads") for n in range(count)]


async def test_five_neighbours_about_one_lift_become_one_group_and_raise_it_once(crowd: Crowd):
    told = await outage(crowd)
    groups = {await crowd.group_of(t) for t in told}
    assert len(groups) == 1
    whole = await crowd.sees_group(groups.pop())
    assert (whole.line.tickets, whole.line.callers, whole.line.anonymous, whole.line.raised) == (5, 5, 0, 5)
    assert [m.number for m in whole.members] == [t.number for t in told]
    (alert,) = await crowd.alerts()
    assert alert["subject"] == whole.line.id
    assert '"level": 5' in alert["body"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("翠湖花园3栋的电梯坏了，没有人来修", "翠湖花园5栋的电梯坏了，没有人来修"),
        ("中山路12号门口的路灯不亮", "中山路15号门口的路灯不亮"),
        ("海珠区凤阳街道路灯不亮，413号门口", "海珠区凤阳街道路灯不亮，431号门口"),
        ("凤阳街道413号路灯不亮", "凤阳街道431号路灯不亮"),
        ("204路公交车等了四十分钟还不来", "208路公交车等了四十分钟还不来"),
        ("The lift in building 3 of Harbour Court is broken", "The lift in building 5 of Harbour Court is broken"),
    ],
)
async def test_other_numbers_are_other_events(crowd: Crowd, one: str, other: str):
    first, second = await crowd.tells(one), await crowd.tells(other)
    assert (await crowd.group_of(first), await crowd.group_of(second)) == (None, None)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("翠湖花园的电梯坏了，我13号反映过", "翠湖花园的电梯坏了，我15号反映过"),
        ("翠湖花园违反粤府〔2020〕53号文件，电梯坏了没人修", "翠湖花园违反粤府〔2019〕88号文件，电梯坏了没人修"),
    ],
)
async def test_numbers_of_days_and_of_laws_are_no_houses(crowd: Crowd, one: str, other: str):
    first, second = await crowd.tells(one), await crowd.tells(other)
    assert await crowd.group_of(first) == await crowd.group_of(second) is not None


async def test_a_group_that_names_a_building_takes_no_other_building_by_way_of_a_neighbour_who_names_none(crowd: Crowd):
    third = await crowd.tells("翠湖花园3栋的电梯坏了，没有人来修")
    none = await crowd.tells("翠湖花园的电梯坏了，没有人来修")
    fifth = await crowd.tells("翠湖花园5栋的电梯坏了，没有人来修")
    assert await crowd.group_of(third) == await crowd.group_of(none) is not None
    assert await crowd.group_of(fifth) != await crowd.group_of(third)


async def test_what_happens_elsewhere_or_much_later_is_another_event(crowd: Crowd):
    first = await crowd.tells("翠湖花园的电梯坏了，没有人来修")
    elsewhere = await crowd.tells("锦绣江南的电梯坏了，没有人来修")
    crowd.passes(days=7, hours=1)
    later = await crowd.tells("翠湖花园的电梯坏了，没有人来修")
    assert [await crowd.group_of(t) for t in (first, elsewhere, later)] == [None, None, None]


@pytest.mark.parametrize(
    ("other", "place", "together"),
    [
        ("江南中街的路灯坏了好几天", "江南中街", True),
        ("江南中街道路灯坏了三天", "江南中街道", True),
        ("海珠区江南中街水管爆了", "海珠区江南中街", False),
        ("江南中街垃圾没人收", "江南中街", False),
        ("江南中街富力天域工地通宵打桩，太吵了", "江南中街富力天域", False),
    ],
)
async def test_a_street_that_thousands_live_in_makes_nothing_one_event(crowd: Crowd, other: str, place: str, together: bool):
    where = {"region": "PA-N-2"}
    lamp = await crowd.tells("海珠区江南中街路灯坏了三天没人修", place="海珠区江南中街", **where)
    second = await crowd.tells(other, place=place, **where)
    assert await crowd.group_of(second) == await crowd.group_of(lamp)
    assert (await crowd.group_of(lamp) is not None) is together


async def test_houses_of_a_road_that_is_called_as_the_street_are_told_apart(crowd: Crowd):
    where = {"region": "PA-N-2"}
    first = await crowd.tells("大塘街12号门口的路灯不亮", place="大塘街12号", **where)
    other = await crowd.tells("大塘街15号门口的路灯不亮", place="大塘街15号", **where)
    again = await crowd.tells("大塘街12号门口路灯还是不亮", place="大塘街12号", **where)
    assert await crowd.group_of(first) == await crowd.group_of(again) is not None
    assert await crowd.group_of(other) is None


async def test_one_caller_and_the_anonymous_raise_nothing(crowd: Crowd):
    caller = await crowd.caller()
    for n in range(6):
        await crowd.tells(OUTAGE[n % 5], caller=caller)
    told = [await crowd.tells(OUTAGE[n % 5], caller=None) for n in range(6)]
    line = (await crowd.sees_group(await crowd.group_of(told[-1]))).line
    assert (line.tickets, line.callers, line.anonymous, line.raised) == (12, 1, 6, 0)
    assert await crowd.alerts() == []


async def test_five_callers_over_more_than_72_hours_raise_nothing(crowd: Crowd):
    for text in OUTAGE:
        ticket = await crowd.tells(text)
        crowd.passes(hours=19)
    line = (await crowd.sees_group(await crowd.group_of(ticket))).line
    assert (line.callers, line.raised) == (5, 0)


async def test_it_is_raised_again_at_ten_and_must_be_acknowledged_again(crowd: Crowd):
    told = await outage(crowd)
    group = await crowd.group_of(told[0])
    assert group is not None
    await does(crowd, group, Deed.ACKNOWLEDGE)
    assert [line.id for line in await waiting(crowd)] == []
    told += await outage(crowd, 7)
    assert [line.id for line in await waiting(crowd)] == [group]
    bodies = [a["body"] for a in await crowd.alerts()]
    assert ['"level": 5' in bodies[0], '"level": 10' in bodies[1], len(bodies)] == [True, True, 2]


async def test_a_batch_makes_the_same_groups_as_one_by_one_and_twice_is_once(crowd: Crowd):
    told = []
    for text in (*OUTAGE, "锦绣江南门口的垃圾三天没有人收", "锦绣江南门口垃圾堆了三天"):
        crowd.passes(minutes=1)
        told.append(await crowd.open(text=text))
    await crowd.ties(*told)
    await crowd.ties(*told)
    groups = [await crowd.group_of(t) for t in told]
    assert len(set(groups[:5])) == 1
    assert groups[5] == groups[6] is not None
    assert groups[5] != groups[0]
    assert len(await crowd.alerts()) == 1


async def test_two_workers_at_once_make_one_group(crowd: Crowd):
    told = [await crowd.open(text=text) for text in OUTAGE]
    await asyncio.gather(*(crowd.ties(t) for t in told))
    assert len({await crowd.group_of(t) for t in told}) == 1
    assert len(await crowd.alerts()) == 1


async def does(crowd: Crowd, group, deed: Deed, **given) -> service.Whole:
    crowd.passes(seconds=1)
    async with crowd.db.transaction(crowd.supervisor.acting) as tx:
        return await service.do(tx, crowd.supervisor, group, deed, Given(**given), crowd.city, crowd.now)


async def waiting(crowd: Crowd):
    async with crowd.db.transaction(crowd.supervisor.acting) as tx:
        return (await service.groups(tx, Which.WAITING, "", 30, crowd.now)).lines


async def test_merging_takes_all_or_none(crowd: Crowd):
    told = await outage(crowd)
    group = await crowd.group_of(told[0])
    await crowd.answered(told[3], "pa.roads")
    with pytest.raises(Refused, match=f"{told[3].number}.*没有任何工单被并入"):
        await does(crowd, group, Deed.MERGE, number=told[0].number)
    assert {m.state for m in (await crowd.sees_group(group)).members} == {State.DISPATCHED, State.IN_REVIEW}
    rest = [told[n].number for n in (1, 2, 4)]
    whole = await does(crowd, group, Deed.MERGE, number=told[0].number, numbers=tuple(rest))
    assert [m.number for m in whole.members if m.merged] == rest
    assert (whole.line.main, whole.line.open) == (told[0].number, 2)
    assert whole.done[-1].deed == "merge"


async def test_taken_out_stays_out_and_is_not_counted(crowd: Crowd):
    told = await outage(crowd)
    group = await crowd.group_of(told[0])
    whole = await does(crowd, group, Deed.TAKE_OUT, number=told[4].number, note="说的是另一部电梯")
    assert (whole.line.tickets, whole.line.callers) == (4, 4)
    await crowd.ties(told[4])
    assert await crowd.group_of(told[4]) is None
    sixth = await crowd.tells(OUTAGE[0])
    assert await crowd.group_of(sixth) == group


async def test_dismissed_says_why_and_is_never_raised_again(crowd: Crowd):
    told = await outage(crowd)
    group = await crowd.group_of(told[0])
    with pytest.raises(Refused, match="理由"):
        await does(crowd, group, Deed.DISMISS)
    await does(crowd, group, Deed.DISMISS, note="同一栋楼的演练")
    await outage(crowd, 6)
    assert len(await crowd.alerts()) == 1
    assert await waiting(crowd) == ()


async def test_listing_for_supervision_lists_every_open_ticket(crowd: Crowd):
    told = await outage(crowd)
    group = await crowd.group_of(told[0])
    whole = await does(crowd, group, Deed.LIST, note="群体诉求")
    assert {m.supervision for m in whole.members} == {"listed"}
    assert "list" in await crowd.history(told[2])


async def test_who_may_not(crowd: Crowd):
    told = await outage(crowd)
    group = await crowd.group_of(told[0])
    for actor in (crowd.operator, crowd.reviewer, crowd.staff("pa.contact", Role.ANALYST)):
        for deed in Deed:
            async with crowd.db.transaction(actor.acting) as tx:
                with pytest.raises(Refused, match="岗位"):
                    await service.do(tx, actor, group, deed, Given(), crowd.city, crowd.now)
    handler = crowd.handler("pa.roads")
    async with crowd.db.transaction(handler.acting) as tx:
        with pytest.raises(NotFound):
            await service.see(tx, group, crowd.now)
        assert await tx.fetch("SELECT * FROM ticket_tie") == []


async def test_a_unit_learns_the_number_of_its_own_ticket_and_no_other(crowd: Crowd):
    told = await outage(crowd)
    for unit, callers in (("pa.roads", 5), ("pa.waste", 0)):
        handler = crowd.handler(unit)
        async with crowd.db.transaction(handler.acting) as tx:
            beside = await service.beside(tx, handler, told[0].number)
        assert (beside.ties.callers, beside.group) == (callers, None)


async def test_the_same_caller_after_closing_is_a_repeat_for_thirty_days(crowd: Crowd):
    caller = await crowd.caller()
    first = await crowd.tells(OUTAGE[0], caller=caller, lead="pa.roads")
    await crowd.closed(first, "pa.roads")
    crowd.passes(days=29)
    again = await crowd.tells("电梯又坏了", caller=caller)
    async with crowd.db.transaction(crowd.operator.acting) as tx:
        beside = await service.beside(tx, crowd.operator, again.number)
    assert (beside.ties.repeats, beside.repeat_of) == (1, first.number)
    crowd.passes(days=3)
    later = await crowd.tells("电梯又坏了", caller=caller)
    other = await crowd.tells("电梯又坏了")
    for ticket in (later, other):
        async with crowd.db.transaction(SYSTEM) as tx:
            assert (await service.beside(tx, crowd.operator, ticket.number)).ties.repeats == 0


async def test_merged_by_a_person_belongs_to_the_same_group_whatever_the_words(crowd: Crowd):
    first = await crowd.tells(OUTAGE[0], lead="pa.roads")
    second = await crowd.open(text="楼里又出事了，快来")
    await crowd.does(crowd.operator, second, Action.MERGE, number=first.number, note="同一部电梯")
    await crowd.ties(second)
    assert await crowd.group_of(first) == await crowd.group_of(second) is not None


async def test_the_past_of_a_group_cannot_be_altered(crowd: Crowd):
    told = await outage(crowd)
    group = await crowd.group_of(told[0])
    await does(crowd, group, Deed.NAME, name="翠湖花园停梯")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await crowd.owner.execute("DELETE FROM group_history")
    assert (await crowd.sees_group(group)).line.name == "翠湖花园停梯"


async def test_prints_are_forgotten_and_groups_stay(crowd: Crowd):
    told = await outage(crowd)
    async with crowd.db.transaction(SYSTEM) as tx:
        assert await service.forget(tx, crowd.now + timedelta(days=9)) == 5
    assert (await crowd.sees_group(await crowd.group_of(told[0]))).line.tickets == 5
    assert await crowd.owner.fetchval("SELECT count(*) FROM ticket_print_key") == 0


async def test_nearby_finds_the_open_ticket_and_not_the_closed_one(crowd: Crowd):
    first, second = await crowd.tells(OUTAGE[0], lead="pa.roads"), await crowd.tells(OUTAGE[1], lead="pa.roads")
    said = service.told(crowd.sense, "翠湖花园3栋电梯还没修好", "", "", None, (), None, crowd.now)
    async with crowd.db.transaction(crowd.operator.acting) as tx:
        found = await service.nearby(tx, crowd.sense, said)
    assert [(n.callers, n.number in (first.number, second.number)) for n in found] == [(2, True)]
    for ticket in (first, second):
        await crowd.does(crowd.operator, ticket, Action.WITHDRAW, note="修好了")
    async with crowd.db.transaction(crowd.operator.acting) as tx:
        assert await service.nearby(tx, crowd.sense, said) == ()


async def test_a_neighbour_who_names_two_buildings_does_not_bring_them_together(crowd: Crowd):
    third = await crowd.tells("翠湖花园3栋的电梯坏了，没有人来修")
    both = await crowd.tells("翠湖花园3栋、5栋的电梯坏了，没有人来修")
    fifth = await crowd.tells("翠湖花园5栋的电梯坏了，没有人来修")
    assert await crowd.group_of(third) == await crowd.group_of(both) is not None
    assert await crowd.group_of(fifth) is None
