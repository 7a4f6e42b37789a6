"""What the desks cost when a city's tickets of months are stored: pages and lists, and a thousand boards that live.

    python -m bench.bench_desks [--tickets 1000000] [--open 100000] [--boards 1000] [--web 1] [--json]

A few thousand contacts go through the public API and through their lives; their tickets are then copied under new numbers, spread over a
year (the ended ones) and over a fortnight (the open ones), until there are as many as asked for: synthetic data with real shapes. Times are
those of a client on the same machine, one request at a time, the whole page read. Where there is a Chromium, two desks are opened in it
too: until their scripts have run and nothing keeps the main thread.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import asyncpg
from bench import interactive
from bench.bench_intake import NEEDS_A_UNIT, played, spent_on
from bench.stack import Stack, city, machine
from rich.console import Console
from rich.table import Table

from yixian.app import clock
from yixian.city.model import Level
from yixian.db import pool
from yixian.people import service
from yixian.people.model import SYSTEM_ACTOR, Role
from yixian.replay import staff
from yixian.replay.client import connected
from yixian.replay.command import run_name
from yixian.replay.model import Account, Plan

PAGES: tuple[tuple[str, Role, str], ...] = (
    ("dispatch, the unsure by clock", Role.DISPATCHER, "/desk/dispatch"),
    ("tickets, all open", Role.SUPERVISOR, "/desk/tickets"),
    ("tickets, one state and red", Role.SUPERVISOR, "/desk/tickets?state=handling&light=red"),
    ("tickets, closed, newest first", Role.SUPERVISOR, "/desk/tickets?state=closed"),
    ("supervisor's board", Role.SUPERVISOR, "/desk/supervisor"),
    ("review", Role.REVIEWER, "/desk/review"),
    ("call-back", Role.CALL_BACK, "/desk/callback"),
    ("unit's worklist, the whole tree", Role.HANDLER, "/desk/unit"),
    ("the same, to be signed and overdue", Role.HANDLER, "/desk/unit?tab=sign&light=red"),
    ("unit's worklist, one district", Role.UNIT_REVIEWER, "/desk/unit?tab=todo"),
    ("the same, closed", Role.UNIT_REVIEWER, "/desk/unit?tab=closed"),
    ("groups", Role.SUPERVISOR, "/desk/groups"),
)

OPENED: tuple[tuple[str, Role, str], ...] = (
    ("dispatch, the unsure by clock", Role.DISPATCHER, "/desk/dispatch"),
    ("unit's worklist, the whole tree", Role.HANDLER, "/desk/unit"),
)
"""What is opened in a browser."""

COPY = """
WITH copies AS (
    SELECT t AS old, n, least(now() - interval '1 minute', $4::timestamptz + ($5::timestamptz - $4) * random()) AS at,
           md5(t.id::text || n || $6) AS chance
      FROM ticket t, generate_series(1, $2) n
     WHERE (t.closed_at IS NULL) = $1
     LIMIT $3
), moved AS (
    SELECT old, at, at - (old).created_at AS by,
           (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(chance, 1, 3)
            || '8' || substr(chance, 4, 15))::uuid AS id
      FROM copies
), made AS (
    INSERT INTO ticket
    SELECT r.*
      FROM moved m, jsonb_populate_record(m.old, jsonb_build_object(
               'id', m.id, 'number', 'C' || replace(m.id::text, '-', ''), 'created_at', m.at,
               'next_due', (m.old).next_due + m.by, 'amber_at', (m.old).amber_at + m.by, 'answer_due', (m.old).answer_due + m.by,
               'sign_due', (m.old).sign_due + m.by, 'dispatch_due', (m.old).dispatch_due + m.by,
               'dispatched_at', (m.old).dispatched_at + m.by, 'closed_at', (m.old).closed_at + m.by)) r
)
INSERT INTO unit_order
SELECT r.*
  FROM moved m
  JOIN unit_order o ON o.ticket = (m.old).id, jsonb_populate_record(o, jsonb_build_object(
           'id', gen_random_uuid(), 'ticket', m.id, 'since', o.since + m.by, 'ended_at', o.ended_at + m.by)) r
"""


def main() -> None:
    options = _options()
    found: dict[str, Any] = {"bench": "desks", "data": "packs/guangzhou, generated contacts, copied", "machine": machine()}
    with city(options.web) as stack:
        played(stack, 1_500, 16, seed=31, life_cycle=True, mix=NEEDS_A_UNIT)
        played(stack, 1_500, 16, seed=32, mix=NEEDS_A_UNIT)
        found["stored"] = asyncio.run(filled(stack, options.tickets, options.open))
        found["pages"] = asyncio.run(asked(stack, options.rounds))
        found["interactive"] = asyncio.run(opened(stack, min(options.rounds, 10)))
        if options.boards:
            found["boards"] = asyncio.run(boards(stack, options.boards, options.seconds))
    print(json.dumps(found, ensure_ascii=False, indent=2))
    if not options.json:
        _show(found)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What the desks cost with a year's tickets stored.")
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--open", type=int, default=100_000, help="how many of them are open")
    parser.add_argument("--boards", type=int, default=1_000, help="live boards at once")
    parser.add_argument("--seconds", type=int, default=30, help="how long the boards are watched")
    parser.add_argument("--rounds", type=int, default=15, help="requests a page")
    parser.add_argument("--web", type=int, default=1, help="web processes")
    parser.add_argument("--json", action="store_true", help="JSON alone")
    return parser.parse_args()


async def filled(stack: Stack, tickets: int, still_open: int) -> dict[str, Any]:
    """Copies what is there until there are as many; without triggers and foreign keys, which the originals have passed."""
    began = time.monotonic()
    owner = await asyncpg.connect(stack.where.owner)
    await owner.execute("SET session_replication_role = replica")
    now = clock()
    for is_open, wanted, days in ((True, still_open, 14), (False, tickets - still_open, 365)):
        originals = await owner.fetchval("SELECT count(*) FROM ticket WHERE (closed_at IS NULL) = $1", is_open)
        missing, part = wanted - originals, 0
        while missing > 0:
            stretch = min(missing, 100_000)
            times = stretch // max(originals, 1) + 1
            await owner.execute(COPY, is_open, times, stretch, now - timedelta(days=days), now, str(part), timeout=600)
            missing, part = missing - stretch, part + 1
            print(f"{wanted - missing:,} of {wanted:,} {'open' if is_open else 'ended'}", file=sys.stderr)
    await owner.execute("VACUUM ANALYZE ticket", timeout=600)
    await owner.execute("VACUUM ANALYZE unit_order", timeout=600)
    counts = await owner.fetchrow(
        "SELECT count(*), count(*) FILTER (WHERE closed_at IS NULL), pg_total_relation_size('ticket') FROM ticket"
    )
    await owner.close()
    return {"tickets": counts[0], "open": counts[1], "ticket_mb": counts[2] // 1_000_000, "seconds": round(time.monotonic() - began)}


@asynccontextmanager
async def people(stack: Stack) -> AsyncIterator[dict[Role, Mapping[str, str]]]:
    """One person a role, signed in: what their requests carry."""
    database = await pool.connect(stack.where.application, 2)
    try:
        found: dict[Role, Mapping[str, str]] = {}
        async with connected(stack.url, 1) as client:
            for role in {role for _, role, _ in PAGES}:
                unit = _unit_of(role, stack)
                new = service.NewStaff(
                    f"{run_name(clock())}-{role.replace('_', '-')}", str(role), frozenset({role}), unit, must_change=False
                )
                async with database.transaction(pool.SYSTEM) as tx:
                    added = await service.add_staff(tx, SYSTEM_ACTOR, new, clock())
                found[role] = (await client.sign_in(Account(added.login, added.password))).headers
        yield found
    finally:
        await database.close()


def _unit_of(role: Role, stack: Stack) -> str:
    """Who handles sees the whole tree of units; who reviews for a unit, the first district's; everybody else is of the hotline."""
    if role is Role.HANDLER:
        return staff.top_of(stack.pack)
    if role is Role.UNIT_REVIEWER:
        return next(u.code for u in stack.pack.units if u.level is Level.DISTRICT and u.code == u.region)
    return stack.pack.city.fallback_unit


async def asked(stack: Stack, rounds: int) -> dict[str, Any]:
    """Milliseconds of each page."""
    async with people(stack) as headers, aiohttp.ClientSession(stack.url) as session:
        return {title: await _page(session, headers[role], path, rounds) for title, role, path in PAGES}


async def opened(stack: Stack, rounds: int) -> dict[str, Any]:
    """Milliseconds until each of these can be worked with in a browser; nothing without one."""
    async with people(stack) as headers:
        return await interactive.measured(stack.url, {title: (headers[role], path) for title, role, path in OPENED}, rounds)


async def _page(session: aiohttp.ClientSession, headers: Mapping[str, str], path: str, rounds: int) -> dict[str, Any]:
    times, size, status = [], 0, 0
    for _ in range(rounds + 2):
        began = time.perf_counter()
        async with session.get(path, headers=headers) as answer:
            size, status = len(await answer.read()), answer.status
        times.append(1000 * (time.perf_counter() - began))
    times = sorted(times[2:])
    p95 = times[min(len(times) - 1, int(0.95 * len(times)))]
    return {
        "path": path,
        "status": status,
        "p50_ms": round(statistics.median(times), 1),
        "p95_ms": round(p95, 1),
        "kb": round(size / 1000, 1),
    }


async def boards(stack: Stack, count: int, seconds: int) -> dict[str, Any]:
    """What so many open boards cost: cores of web, database and worker while two contacts a second change the numbers."""
    connector, forever = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout(total=None)
    async with people(stack) as headers, aiohttp.ClientSession(stack.url, connector=connector, timeout=forever) as session:
        messages = [0]
        streams = [asyncio.create_task(_watch(session, headers[Role.SUPERVISOR], messages)) for _ in range(count)]
        await asyncio.sleep(10 + count / 100)  # all of them have begun
        coming = asyncio.create_task(asyncio.to_thread(_trickle, stack, 2 * seconds + 20))
        await asyncio.sleep(5)
        before, began, heard = stack.cpu(), time.monotonic(), messages[0]
        await asyncio.sleep(seconds)
        spent, lasted = stack.cpu().since(before), time.monotonic() - began
        alive = sum(not s.done() for s in streams)
        for stream in streams:
            stream.cancel()
        await asyncio.gather(*streams, coming, return_exceptions=True)
    cores = {name: round(value / lasted, 3) for name, value in (("web", spent.web), ("postgres", spent.postgres), ("worker", spent.worker))}
    return {"boards": count, "alive": alive, "messages": messages[0] - heard, "cores": cores | {"all": round(spent.whole / lasted, 3)}}


def _trickle(stack: Stack, count: int) -> None:
    asyncio.run(spent_on(stack, Plan(count, 41, rate=2.0, concurrency=2, life_cycle=False, mix=NEEDS_A_UNIT)))


async def _watch(session: aiohttp.ClientSession, headers: Mapping[str, str], messages: list[int]) -> None:
    async with session.get("/desk/live", headers=headers) as answer:
        async for line in answer.content:
            messages[0] += line.startswith(b"data:")


def _show(found: dict[str, Any]) -> None:
    table = Table("page", "p50 ms", "p95 ms", "KB", title=f"{found['stored']['tickets']:,} tickets, {found['stored']['open']:,} open")
    for title, page in found["pages"].items():
        table.add_row(title, f"{page['p50_ms']}", f"{page['p95_ms']}", f"{page['kb']}")
    console = Console(file=sys.stderr)
    console.print(table)
    for title, page in found["interactive"].items():
        console.print(
            f"{title}: interactive in a browser after {page['interactive_p50_ms']} ms (worst {page['interactive_worst_ms']}), "
            f"with all its parts after {page['whole_p50_ms']} ms (worst {page['whole_worst_ms']})"
        )
    if "boards" in found:
        console.print(f"{found['boards']['boards']:,} boards: {found['boards']['cores']['all']} cores {found['boards']}")


if __name__ == "__main__":
    main()
