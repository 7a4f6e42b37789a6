"""The city in the database is the city in the folder, and every change to it can be looked up."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import msgspec
import pytest

from yixian.city import pack, service
from yixian.city.model import Example, Pack
from yixian.city.service import Counts, Kind
from yixian.db.pool import NOBODY, SYSTEM, Database

from .conftest import GUANGZHOU

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
LATER = datetime(2026, 11, 2, 8, tzinfo=UTC)


def changed(summary: service.LoadSummary) -> dict[Kind, tuple[int, int, int]]:
    counted = {kind: (one.added, one.changed, one.retired) for kind, one in summary.counts.items()}
    return {kind: counts for kind, counts in counted.items() if any(counts)}


async def load(database: Database, city: Pack, now: datetime = NOW) -> service.LoadSummary:
    async with database.transaction(SYSTEM) as tx:
        return await service.load(tx, city, now, actor="test")


async def current(database: Database) -> Pack:
    async with database.transaction(NOBODY) as tx:
        return await service.current(tx)


async def test_what_was_read_is_what_is_in_force(database: Database, tiny: Pack) -> None:
    summary = await load(database, tiny)
    assert summary.load is not None
    assert summary.counts[Kind.UNIT] == Counts(added=len(tiny.units), changed=0, retired=0, unchanged=0)
    assert await current(database) == tiny


async def test_before_the_first_loading_it_says_how_to_load(database: Database) -> None:
    with pytest.raises(service.NoCity, match="yixian pack load"):
        await current(database)


async def test_loading_again_changes_nothing_and_leaves_no_trace(database: Database, owner: asyncpg.Connection, tiny: Pack) -> None:
    first = await load(database, tiny)
    again = await load(database, tiny, LATER)
    assert again.load is None and again.changes == 0
    assert again.counts[Kind.EXAMPLE].unchanged == len(tiny.examples)
    assert await owner.fetch("SELECT id FROM pack_load") == [(first.load,)]
    async with database.transaction(NOBODY) as tx:
        assert await service.version(tx) == first.load


async def test_only_what_changed_is_changed_and_what_was_before_is_kept(database: Database, owner: asyncpg.Connection, tiny: Pack) -> None:
    await load(database, tiny)
    units = tuple(msgspec.structs.replace(u, name="Bins and Beaches") if u.code == "pa.waste" else u for u in tiny.units)
    examples = (*tiny.examples[1:], Example("BN01", "zzz no bin lorry", "en"))
    edited = msgspec.structs.replace(tiny, units=units, examples=examples)
    summary = await load(database, edited, LATER)
    assert changed(summary) == {Kind.UNIT: (0, 1, 0), Kind.EXAMPLE: (1, 0, 1)}
    [change] = await owner.fetch(
        "SELECT before ->> 'name', after ->> 'name' FROM city_change WHERE kind = 'unit' AND load_id = $1", summary.load
    )
    assert change == ("Waste Services", "Bins and Beaches")


async def test_what_disappears_is_retired_and_may_come_back(database: Database, owner: asyncpg.Connection, tiny: Pack) -> None:
    await load(database, tiny)
    gone = {"NS02"}
    without = msgspec.structs.replace(
        tiny,
        matters=tuple(matter for matter in tiny.matters if matter.code not in gone),
        examples=tuple(example for example in tiny.examples if example.matter not in gone),
    )
    summary = await load(database, without, LATER)
    assert changed(summary) == {Kind.MATTER: (0, 0, 1), Kind.EXAMPLE: (0, 0, 6)}
    assert await current(database) == without
    assert await owner.fetchval("SELECT retired_at FROM matter WHERE code = 'NS02'") == LATER
    assert changed(await load(database, tiny, LATER)) == {Kind.MATTER: (1, 0, 0), Kind.EXAMPLE: (6, 0, 0)}
    assert await current(database) == tiny


async def test_one_city_replaces_another(database: Database, tiny: Pack, guangzhou: Pack) -> None:
    await load(database, tiny)
    await load(database, guangzhou, LATER)
    assert await current(database) == guangzhou


async def test_a_unit_moved_moves_all_below_it(database: Database, owner: asyncpg.Connection, tiny: Pack) -> None:
    await load(database, tiny)
    parent = {"PA-H": "pa.harbour"}
    units = tuple(msgspec.structs.replace(unit, parent=parent.get(unit.code, unit.parent)) for unit in tiny.units)
    await load(database, msgspec.structs.replace(tiny, units=units), LATER)
    paths = await owner.fetch("SELECT path FROM unit WHERE path LIKE 'pa/pa.harbour/PA-H/%' ORDER BY path")
    assert [path for (path,) in paths] == [
        "pa/pa.harbour/PA-H/",
        "pa/pa.harbour/PA-H/PA-H-1/",
        "pa/pa.harbour/PA-H/PA-H-1/PA-H-1-a/",
        "pa/pa.harbour/PA-H/PA-H.noise/",
    ]


async def test_running_processes_are_told_and_only_of_changes(database: Database, tiny: Pack) -> None:
    async with database.listening(service.CHANNEL) as heard:
        first = await load(database, tiny)
        assert await asyncio.wait_for(heard.next(), 5) == str(first.load)
        await load(database, tiny)
        second = await load(database, msgspec.structs.replace(tiny, lines=tiny.lines[1:]))
        assert await asyncio.wait_for(heard.next(), 5) == str(second.load)


async def test_two_loadings_at_once_take_turns(database: Database, tiny: Pack) -> None:
    summaries = await asyncio.gather(*(load(database, tiny) for _ in range(4)))
    assert sorted(summary.load is not None for summary in summaries) == [False, False, False, True]


async def test_a_loading_that_fails_changes_nothing(database: Database, tiny: Pack) -> None:
    await load(database, tiny)
    broken = msgspec.structs.replace(tiny, units=tiny.units[:1], examples=(*tiny.examples, Example("ZZ", "no such matter", "en")))
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await load(database, broken, LATER)
    assert await current(database) == tiny


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM unit",
        "DELETE FROM responsibility",
        "DELETE FROM city_change",
        "UPDATE city_change SET before = NULL",
        "UPDATE pack_load SET actor = 'someone else'",
    ],
)
async def test_the_application_cannot_remove_what_was(database: Database, tiny: Pack, statement: str) -> None:
    await load(database, tiny)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(SYSTEM) as tx:
            await tx.execute(statement)


async def test_not_even_the_owner_rewrites_history(database: Database, owner: asyncpg.Connection, tiny: Pack) -> None:
    await load(database, tiny)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="never changed"):
        await owner.execute("DELETE FROM city_change")


async def test_a_large_city_loads_in_ten_seconds_and_again_in_less(database: Database, large_folder: Path) -> None:
    city = pack.read(large_folder)
    started = time.perf_counter()
    summary = await load(database, city)
    first = time.perf_counter() - started
    assert summary.counts[Kind.EXAMPLE].added == 25_200
    assert first < 10
    assert (await load(database, city, LATER)).changes == 0
    assert await current(database) == city


async def test_guangzhou_comes_back_as_it_was_read(database: Database, guangzhou: Pack) -> None:
    await load(database, guangzhou)
    assert await current(database) == pack.read(GUANGZHOU)
