"""Changes of the city: on their day, over the pack and not instead of it, refused when something would be lacking, undone by a new one."""

from __future__ import annotations

from datetime import date, timedelta

import asyncpg
import msgspec
import pytest

from yixian.administration import policy, service
from yixian.administration.model import Deed, Wanted
from yixian.city.adjustments import Thing
from yixian.city.model import Audience, RequestKind, Urgency
from yixian.city.responsibility import Assignment
from yixian.people.model import Actor, Role
from yixian.people.refusals import Refused

from .conftest import MORNING, SOON, TODAY, TownHall, edited


async def test_a_change_for_today_holds_at_once_and_one_for_later_on_its_day(hall: TownHall) -> None:
    await hall.changes(Thing.UNIT, "pa.waste", phone="0800 77")
    await hall.changes(Thing.UNIT, "pa.waste", SOON, name="Bins and Beaches")
    assert (await hall.city()).units["pa.waste"].phone == "0800 77"
    assert (await hall.city()).units["pa.waste"].name == "Waste Services"
    await hall.day_comes(SOON - timedelta(days=1))
    assert (await hall.city()).units["pa.waste"].name == "Waste Services"
    await hall.day_comes(SOON)
    after = (await hall.city()).units["pa.waste"]
    assert (after.name, after.phone) == ("Bins and Beaches", "0800 77")
    assert await hall.owner.fetchval("SELECT count(*) FROM adjustment WHERE load_id IS NULL") == 0


async def test_who_when_what_and_why_are_kept_and_nobody_rewrites_them(hall: TownHall) -> None:
    await hall.changes(Thing.UNIT, "pa.waste", phone="0800 77")
    [change] = (await hall.sees(Thing.UNIT, "pa.waste")).changes
    assert (change.name, change.at, change.reason) == ("Ada", MORNING, "the council decided")
    assert change.before and change.after and (change.before["phone"], change.after["phone"]) == ("", "0800 77")
    [audited] = await hall.owner.fetch("SELECT actor, subject, body ->> 'after' FROM audit WHERE action = 'city.change'")
    assert tuple(audited) == (hall.admin.id, "unit:pa.waste", '{"phone": "0800 77"}')
    for statement in ("UPDATE adjustment SET reason = 'other'", "DELETE FROM adjustment", "UPDATE adjustment SET load_id = NULL"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await hall.owner.execute(statement)


async def test_loading_the_pack_again_undoes_nothing_and_what_it_changes_itself_comes_through(hall: TownHall) -> None:
    await hall.changes(Thing.UNIT, "pa.waste", phone="0800 77", short_name="Bins")
    again = await hall.loads(hall.tiny)
    assert again.changes == 0
    assert again.adjusted == ((Thing.UNIT, "pa.waste"),)
    await hall.loads(edited(hall.tiny, "pa.waste", name="Waste and Water", phone="0800 55"))
    unit = (await hall.city()).units["pa.waste"]
    assert (unit.name, unit.phone, unit.short_name) == ("Waste and Water", "0800 77", "Bins")
    seen = await hall.sees(Thing.UNIT, "pa.waste")
    assert {(s.field, s.pack, s.city, s.pack_changed) for s in seen.otherwise} == {
        ("phone", "0800 55", "0800 77", True), ("short_name", "Waste", "Bins", False),
    }  # fmt: skip
    await hall.decides(Wanted(Thing.UNIT, "pa.waste", Deed.FOLLOW, TODAY, "the pack is right", follows=("phone",)))
    assert (await hall.city()).units["pa.waste"].phone == "0800 55"


async def test_a_unit_that_the_pack_drops_stays_as_long_as_the_city_keeps_it(hall: TownHall) -> None:
    await hall.changes(Thing.UNIT, "PA-H.noise", phone="0800 77")
    kept = tuple(unit for unit in hall.tiny.units if unit.code != "PA-H.noise")
    await hall.loads(msgspec.structs.replace(hall.tiny, units=kept))
    assert (await hall.city()).units["PA-H.noise"].phone == "0800 77"


async def test_an_undone_change_leaves_both_in_the_history_and_the_field_to_the_pack(hall: TownHall) -> None:
    change = await hall.changes(Thing.UNIT, "pa.waste", phone="0800 77")
    await hall.undoes(change)
    seen = await hall.sees(Thing.UNIT, "pa.waste")
    assert seen.today == seen.pack
    assert [c.undoes for c in seen.changes] == [change.id, None]
    await hall.loads(edited(hall.tiny, "pa.waste", phone="0800 55"))
    assert (await hall.city()).units["pa.waste"].phone == "0800 55"


async def test_a_closed_unit_is_found_as_its_successor_by_name_and_by_place_and_its_people_go_with_it(hall: TownHall) -> None:
    await hall.owner.execute(
        """
        INSERT INTO staff (id, login, name, roles, unit, password_hash, password_set_at, created_at)
        VALUES (gen_random_uuid(), 'mia', 'Mia', '{handler}', 'PA-H.noise', '', now(), now())
        """
    )
    before = (await hall.city()).register
    noise = next(e for e in hall.tiny.responsibilities if e.lead == "@district.noise" or "@district.noise" in e.co)
    tried = await hall.tries(Wanted(Thing.UNIT, "PA-H.noise", Deed.CLOSE, TODAY, "merged", successor="PA-H"))
    assert tried.blocks == ()
    assert ("有 {n} 名工作人员在这个单位；关闭后转到接办单位。", 1) in [(e.sentence, e.n) for e in tried.effects]
    await hall.closes(Thing.UNIT, "PA-H.noise", "PA-H")
    after = (await hall.city()).register
    asked = (noise.matter, "PA-H", Audience.PERSON, True, " ".join(noise.words), TODAY)
    was, now = before.resolve(*asked), after.resolve(*asked)
    assert isinstance(was, Assignment) and isinstance(now, Assignment)
    assert "PA-H.noise" in (was.lead, *was.co) and "PA-H" in (now.lead, *now.co) and "PA-H.noise" not in (now.lead, *now.co)
    assert (await hall.city()).unit_name("PA-H.noise") == "Harbourside Noise Team"
    assert await hall.owner.fetchval("SELECT unit FROM staff WHERE login = 'mia'") == "PA-H"
    assert await hall.owner.fetchval("SELECT path FROM unit WHERE code = 'PA-H.noise'") == "pa/PA-H/PA-H.noise/"
    await hall.loads(hall.tiny)
    assert "PA-H.noise" not in (await hall.city()).units
    seen = await hall.sees(Thing.UNIT, "PA-H.noise")
    assert seen.today is None and seen.closed
    await hall.undoes(seen.closed)
    assert "PA-H.noise" in (await hall.city()).units


async def test_closing_two_units_into_each_other_or_below_themselves_is_refused(hall: TownHall) -> None:
    for code, successor in (("PA-H", "PA-H.noise"), ("PA-H", ""), ("PA-H", "PA-H"), ("pa.waste", "nobody")):
        tried = await hall.tries(Wanted(Thing.UNIT, code, Deed.CLOSE, TODAY, "merged", successor=successor))
        assert tried.blocks, (code, successor)
        with pytest.raises(service.Blocked):
            await hall.closes(Thing.UNIT, code, successor)
    await hall.closes(Thing.UNIT, "pa.waste", "pa.roads", SOON)
    assert (await hall.tries(Wanted(Thing.UNIT, "pa.roads", Deed.CLOSE, TODAY, "merged", successor="pa.waste"))).blocks
    assert not (await hall.tries(Wanted(Thing.UNIT, "pa.roads", Deed.CLOSE, TODAY, "merged", successor="pa.harbour"))).blocks


async def test_a_chain_of_closings_ends_at_who_is_open(hall: TownHall) -> None:
    await hall.closes(Thing.UNIT, "pa.waste", "pa.roads")
    await hall.closes(Thing.UNIT, "pa.roads", "pa.harbour")
    city = await hall.city()
    found = city.register.resolve("BN01", "PA-N", Audience.PERSON, False, "", TODAY)
    assert isinstance(found, Assignment) and found.lead == "pa.harbour"
    assert next(line for line in city.pack.lines if line.number == "0800 1").unit == "pa.harbour"


async def test_a_matter_is_added_with_its_words_and_closed_into_another(hall: TownHall) -> None:
    body = {
        "parent": "ST01", "name": "Street light flickers", "queue": "streets", "kind": "help", "urgency": "normal",
        "audience": ["person", "firm"], "keywords": ["flicker"], "examples": [["en", f"the lamp flickers {n}"] for n in range(6)],
    }  # fmt: skip
    await hall.decides(Wanted(Thing.MATTER, "ST0109", Deed.ADD, TODAY, "people ask", body))
    city = await hall.city()
    assert city.matters["ST0109"].name == "Street light flickers"
    assert sum(e.matter == "ST0109" for e in city.pack.examples) == 6
    with pytest.raises(service.Unfit, match="已经用过"):
        await hall.decides(Wanted(Thing.MATTER, "ST0109", Deed.ADD, TODAY, "again", body))
    await hall.closes(Thing.MATTER, "ST0109", "ST0101")
    city = await hall.city()
    assert "ST0109" not in city.matters
    assert sum(e.text.startswith("the lamp flickers") for e in city.pack.examples if e.matter == "ST0101") == 6
    assert (await hall.tries(Wanted(Thing.MATTER, "ST01", Deed.CLOSE, TODAY, "too wide"))).blocks


async def test_a_matter_with_too_few_words_is_warned_of_and_one_without_any_refused(hall: TownHall) -> None:
    fewer = await hall.tries(await hall.wants(Thing.MATTER, "ST0101", examples=[["en", "dark"]]))
    assert fewer.warnings and not fewer.blocks
    assert (await hall.tries(await hall.wants(Thing.MATTER, "ST0101", examples=[]))).blocks


async def test_a_queue_that_matters_use_is_closed_only_into_another_and_there_is_one_fallback(hall: TownHall) -> None:
    assert (await hall.tries(Wanted(Thing.QUEUE, "streets", Deed.CLOSE, TODAY, "merged"))).blocks
    await hall.closes(Thing.QUEUE, "streets", "front_desk")
    city = await hall.city()
    assert {q.code for q in city.pack.queues} == {"front_desk", "harbour"}
    assert city.matters["ST0101"].queue == "front_desk"
    assert (await hall.tries(await hall.wants(Thing.QUEUE, "front_desk", fallback=False))).blocks
    assert (await hall.tries(await hall.wants(Thing.QUEUE, "harbour", fallback=True))).blocks


async def test_limits_and_days_change_what_is_owed_from_their_day_on(hall: TownHall) -> None:
    await hall.changes(Thing.LIMIT, "*:*:*", SOON, answer="3wd")
    await hall.decides(Wanted(Thing.DAY, "2027-03-01", Deed.ADD, TODAY, "St David", {"date": "2027-03-01", "working": False}))
    kinds = (RequestKind.HELP, Urgency.NORMAL, Audience.PERSON)
    assert (await hall.city()).register.limit_for(*kinds).answer == "10wd"
    assert (date(2027, 3, 1), False) in (await hall.city()).pack.calendar.exceptions
    await hall.day_comes(SOON)
    assert (await hall.city()).register.limit_for(*kinds).answer == "3wd"
    assert (await hall.tries(Wanted(Thing.LIMIT, "*:*:*", Deed.CLOSE, SOON, "no limits"))).blocks


async def test_what_was_shown_must_still_be_so_when_it_is_decided(hall: TownHall) -> None:
    wanted = await hall.wants(Thing.UNIT, "pa.waste", phone="1")
    seen = (await hall.tries(wanted)).seen
    await hall.changes(Thing.UNIT, "pa.waste", phone="2")
    with pytest.raises(service.Overtaken):
        await hall.decides(msgspec.structs.replace(wanted, seen=seen))
    assert (await hall.city()).units["pa.waste"].phone == "2"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"reason": "  "}, "reason"), ({"reason": "x" * 2_001}, "reason"), ({"since": TODAY - timedelta(days=1)}, "since"),
        ({"since": TODAY + timedelta(days=2_000)}, "since"), ({"body": None}, ""),
    ],
)  # fmt: skip
async def test_what_cannot_be_used_is_refused_at_its_field(hall: TownHall, changed: dict[str, object], field: str) -> None:
    wanted = msgspec.structs.replace(await hall.wants(Thing.UNIT, "pa.waste", phone="1"), **changed)
    with pytest.raises(service.Unfit) as refused:
        await hall.decides(wanted)
    assert refused.value.field == field
    assert await hall.owner.fetchval("SELECT count(*) FROM adjustment") == 0


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SYSTEM_ADMIN, Role.SYSTEM}))
async def test_nobody_but_the_system_administrator_changes_the_city(hall: TownHall, role: Role) -> None:
    other = Actor("x", "x", frozenset({role}), "pa.contact", "pa/pa.contact/")
    wanted = await hall.wants(Thing.UNIT, "pa.waste", phone="1")
    for use in (hall.tries, hall.decides):
        with pytest.raises(Refused):
            await use(wanted, other)
    assert policy.refusal(other)


async def test_the_database_lets_nobody_else_write_a_change(hall: TownHall) -> None:
    async with hall.db.transaction(hall.admin.acting) as tx:
        assert await tx.fetchval("SELECT count(*) FROM adjustment") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute(
                """
                INSERT INTO adjustment (id, at, actor, name, thing, code, since, reason, after)
                VALUES (gen_random_uuid(), now(), '', '', 'unit', 'x', now(), 'x', '{}')
                """
            )
