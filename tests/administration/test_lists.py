"""Lists that are long: four thousand units, three thousand accounts; a stretch at a time, in a fixed number of statements."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import msgspec
import pytest

from yixian.administration import policy, service
from yixian.administration.service import Lines, Show
from yixian.city.adjustments import Thing
from yixian.city.model import Level, Unit
from yixian.people.model import Actor, Role
from yixian.people.oversight import staff as accounts
from yixian.people.oversight import store as account_store
from yixian.people.oversight.model import Filters

from .conftest import MORNING, TownHall

UNITS = 4_000
STAFF = 3_000
SECURITY = Actor("sec", "Sage", frozenset({Role.SECURITY_ADMIN}), "pa.contact", "pa/pa.contact/")


async def lines(hall: TownHall, *how: Any, **more: Any) -> tuple[Lines, list[str]]:
    """A stretch of the units, and the statements that it took."""
    city, asked = await hall.city(), []
    async with hall.db.transaction(policy.acting(hall.admin)) as tx:
        with tx.query_logger(lambda record: asked.append(record.query)):
            found = await service.lines(tx, hall.admin, Thing.UNIT, city, hall.now, *how, **more)
            await asyncio.sleep(0)
    return found, asked


@pytest.fixture
async def large(hall: TownHall) -> TownHall:
    more = tuple(
        Unit(code=f"big.{n:04}", name=f"Office {n} of {'Fish' if n % 1000 == 7 else 'Nets'}", level=Level.CITY, parent="pa", region="PA")
        for n in range(UNITS)
    )
    await hall.loads(msgspec.structs.replace(hall.tiny, units=(*hall.tiny.units, *more)))
    return hall


async def test_four_thousand_units_by_the_hundred_without_gap_or_repeat(large: TownHall) -> None:
    codes: list[str] = []
    counts: set[int] = set()
    after = ""
    while True:
        found, asked = await lines(large, after=after)
        counts.add(len(asked))
        codes += [line.code for line in found.lines]
        assert len(found.lines) <= service.PAGE and found.total == UNITS + len(large.tiny.units)
        if not (after := found.after):
            break
    assert len(codes) == len(set(codes)) == UNITS + len(large.tiny.units) and codes == sorted(codes)
    few, asked = await lines(large, limit=1)
    assert len(few.lines) == 1 and counts == {len(asked)} and len(asked) <= 3, asked


async def test_units_are_searched_by_name_changed_and_closed(large: TownHall) -> None:
    assert [line.code for line in (await lines(large, "of fish"))[0].lines] == ["big.0007", "big.1007", "big.2007", "big.3007"]
    assert (await lines(large, "of fish", Show.CHANGED))[0] == Lines((), 0, "")
    await large.changes(Thing.UNIT, "big.1007", phone="1")
    await large.closes(Thing.UNIT, "big.2007", "pa.roads")
    assert [line.code for line in (await lines(large, "fish", Show.CHANGED))[0].lines] == ["big.1007"]
    assert [line.code for line in (await lines(large, "fish", Show.CLOSED))[0].lines] == ["big.2007"]
    assert (await lines(large, "fish"))[0].total == 3


FILL = """
INSERT INTO staff (id, login, name, roles, unit, password_hash, password_set_at, created_at)
SELECT gen_random_uuid(), 'p' || lpad(n::text, 5, '0'), 'Person ' || n, '{handler}', 'pa.roads', '', now(), now()
  FROM generate_series(1, $1::integer) n
"""


async def test_three_thousand_accounts_by_the_fifty_each_stretch_from_the_index(hall: TownHall) -> None:
    await hall.owner.execute(FILL, STAFF)
    await hall.owner.execute("ANALYZE staff")
    logins: list[str] = []
    counts: set[int] = set()
    async with hall.db.transaction(SECURITY.acting) as tx:
        while True:
            asked: list[str] = []
            with tx.query_logger(lambda record, asked=asked: asked.append(record.query)):
                found = await accounts.listed(tx, SECURITY, Filters(), logins[-1] if logins else "", MORNING)
                await asyncio.sleep(0)
            counts.add(len([query for query in asked if "FROM staff" in query]))
            logins += [account.login for account in found]
            if len(found) < accounts.PAGE:
                break
        named = await accounts.listed(tx, SECURITY, Filters("Person 299"), "", MORNING)
    assert len(logins) == len(set(logins)) == STAFF and counts == {1}
    assert {account.name for account in named} == {"Person 299", *(f"Person 299{n}" for n in range(10))}
    assert "Seq Scan on staff" not in await plan(hall.owner, "p01500")


async def plan(owner: asyncpg.Connection, after: str) -> str:
    """How the database finds the stretch after this login."""
    statement = f"EXPLAIN {account_store.STAFF} WHERE s.login > $1 ORDER BY s.login LIMIT 50"
    return "\n".join(row[0] for row in await owner.fetch(statement, after))
