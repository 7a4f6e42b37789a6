"""What would move: totals counted by hand, nothing written, continued where it stopped."""

from __future__ import annotations

import msgspec
import pytest
from tests.learning.conftest import School

from yixian.city.inforce import City, compile_city
from yixian.db.ids import first_id
from yixian.db.pool import SYSTEM
from yixian.dispatch.model import Standing
from yixian.language.service import compile_reader
from yixian.learning import service, whatif
from yixian.learning.whatif import Effect, Side

HOLES = "There is a huge pothole on Mill Road"
BINS = "bins not collected since Monday"


def side(city: City, **standing: object) -> Side:
    return Side(city, compile_reader(city.pack), Standing(**standing))


def potholes_to(city: City, unit: str) -> City:
    """The town whose list gives potholes to another unit."""
    base = next(e for e in city.pack.responsibilities if e.code == "ST-1")
    entry = msgspec.structs.replace(base, code="ST02-1", matter="ST0201", lead=unit)
    return compile_city(msgspec.structs.replace(city.pack, responsibilities=(*city.pack.responsibilities, entry)))


@pytest.fixture
async def told(school: School) -> School:
    """Three potholes, of which one was answered, and two bins."""
    for text in (HOLES, HOLES, BINS, BINS):
        await school.says(text)
    await school.passed(await school.says(HOLES), "pa.roads")
    return school


async def replayed(school: School, before: Side, after: Side, start: Effect | None = None, limit: int = 100, **more: object) -> Effect:
    begin = start or Effect(first_id(school.now.replace(hour=0)))
    return await service.replay(
        school.db, before, after, service.today(school.city, school.now), begin, limit, more.get("learned", frozenset()), lambda _e: None
    )  # fmt: skip


async def test_a_changed_list_moves_what_it_names_from_whom_to_whom(told: School):
    before = side(told.city)
    after = msgspec.structs.replace(before, city=potholes_to(told.city, "pa.harbour"))
    effect = await replayed(told, before, after)
    assert (effect.tickets, effect.moved, effect.at_once_moved) == (5, 3, 3)
    assert (effect.at_once_before, effect.at_once_after) == (5, 5)
    ((source, target, cell),) = whatif.moves(effect)
    assert (source, target, cell.count, len(cell.numbers)) == ("pa.roads", "pa.harbour", 3, 3)
    # Of the one that was answered it is known that the roads unit was right.
    assert (effect.known, effect.right_before, effect.right_after) == (1, 1, 0)
    assert (effect.at_once_known_after, effect.at_once_right_after) == (1, 0)


async def test_a_stricter_gate_moves_nobody_but_asks_more_often(told: School):
    from yixian.dispatch.guarantee import Gate

    before = side(told.city)
    after = msgspec.structs.replace(before, standing=Standing(Gate(0.9, 0.95, float("inf"), {"BN01": 0.0})))
    effect = await replayed(told, before, after)
    assert (effect.moved, effect.at_once_before, effect.at_once_after) == (0, 5, 2)
    assert (effect.newly_at_once, effect.no_longer_at_once) == (0, 3)


async def test_tickets_a_model_learned_from_say_nothing_about_how_well_it_reads(told: School):
    both = side(told.city)
    answered = await told.owner.fetchval("SELECT id FROM ticket WHERE state = 'awaiting_call_back'")
    assert (await replayed(told, both, both, learned=frozenset({answered}))).known == 0


async def test_what_goes_at_once_because_it_was_learned_by_heart_is_counted_apart(told: School):
    from yixian.dispatch.guarantee import Gate

    after = side(told.city)
    before = msgspec.structs.replace(after, standing=Standing(Gate(0.9, 0.95, float("inf"), {"BN01": 0.0})))
    learned = frozenset({r["id"] for r in await told.owner.fetch("SELECT id FROM ticket WHERE matter <> 'BN01'")})
    effect = await replayed(told, before, after, learned=learned)
    assert (effect.newly_at_once, effect.newly_learned) == (3, len(learned))
    assert (await replayed(told, before, after)).newly_learned == 0


async def test_stopped_and_continued_it_comes_to_the_same(told: School):
    before = side(told.city)
    after = msgspec.structs.replace(before, city=potholes_to(told.city, "pa.harbour"))
    whole = await replayed(told, before, after)
    part = await replayed(told, before, after, limit=2)
    assert part.tickets == 2
    kept = msgspec.json.decode(msgspec.json.encode(part), type=Effect)
    assert await replayed(told, before, after, start=kept) == whole


async def test_nothing_is_written(told: School):
    async def everything() -> list[object]:
        return [await told.rows(table, "*") for table in ("ticket", "history", "correction", "auto_dispatch", "event", "audit")]

    was = await everything()
    both = side(told.city)
    await replayed(told, both, msgspec.structs.replace(both, city=potholes_to(told.city, "pa.harbour")))
    assert await everything() == was


async def test_gaps_overlaps_and_swaps_are_named(school: School):
    """The list loses its bins, gets two equal owners of oil, and dispatchers keep taking potholes for blocked drains."""
    entries = [e for e in school.city.pack.responsibilities if e.matter not in ("BN", "BN01")]
    oil = next(e for e in entries if e.code == "HB-1")
    twins = [msgspec.structs.replace(oil, code=f"HB02-{n}", matter="HB02", lead=lead) for n, lead in ((1, "pa.harbour"), (2, "pa.waste"))]
    city = compile_city(msgspec.structs.replace(school.city.pack, responsibilities=(*entries, *twins)))
    for unit, matter, suggested, times in (("pa.roads", "ST0202", "ST0201", 3), ("pa.roads", "ST0201", "ST0202", 1)):
        for _ in range(times):
            ticket = await school.open(suggestions=({"matter": suggested, "unit": "pa.roads", "score": 0.5},))
            await school.dispatched(ticket, unit, matter)
    nobody = [await school.open(suggestions=({"matter": "BN01", "unit": None, "score": 0.6},)) for _ in range(2)]
    unknown = await school.open()
    await school.open(suggestions=({"matter": "NS02", "unit": None, "score": 0.6, "place_needed": "district"},))
    await school.hand_on()
    async with school.db.transaction(SYSTEM) as tx:
        found = await service.report(tx, city, school.now)
    assert {h.matter for h in found.holes} >= {"BN01", "BN02"}
    assert [(p.matter, p.one, p.other, p.why) for p in found.pairs if p.matter == "HB02"] == [("HB02", "HB02-1", "HB02-2", "equal")]
    assert [(s.suggested, s.chosen, s.times, s.back) for s in found.swaps] == [("ST0201", "ST0202", 3, 1)]
    assert {(u.matter, u.tickets) for u in found.unowned} == {("BN01", 2), (None, 1)}
    assert {n for u in found.unowned for n in u.numbers} == {*(t.number for t in nobody), unknown.number}
