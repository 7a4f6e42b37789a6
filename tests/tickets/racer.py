"""One of several processes that all dispatch the same tickets at the same moment: a program, started by `test_race.py`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from yixian.city import pack
from yixian.city.inforce import City, compile_city
from yixian.db import pool
from yixian.people.model import Actor, Role
from yixian.tickets import service
from yixian.tickets.model import Action, Step

TIMES = 2


async def dispatch(db: pool.Database, city: City, number: str, unit: str) -> str:
    """Tries once; what came of it."""
    actor = Actor("racer", "racer", frozenset({Role.DISPATCHER}), "pa.contact", city.register.unit_path("pa.contact"))
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        async with db.transaction(actor.acting) as tx:
            await service.act(tx, actor, number, Action.DISPATCH, Step(unit=unit, basis="Order"), city, now)
    except (service.Overtaken, service.Refused) as conflict:
        return type(conflict).__name__
    return "won"


async def race(url: str, folder: Path, numbers: list[str]) -> Counter[str]:
    city = compile_city(pack.read(folder))
    db = await pool.connect(url, 8)
    async with db.transaction(pool.SYSTEM):
        pass
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    tries = [dispatch(db, city, number, unit) for number in numbers for unit in ("pa.roads", "pa.harbour")[:TIMES]]
    found = Counter(await asyncio.gather(*tries))
    await db.close()
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(race(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))))
