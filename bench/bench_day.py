"""A replayed Guangzhou day: contacts through the public API, one in ten to a unit, every ticket through its whole life.

    python -m bench.bench_day [--share 0.05] [--web 2] [--concurrency 16] [--json]

Prints the wall time, what was sent and stored, and what `yixian db verify` finds at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time

import msgspec
from bench.stack import Cpu, Stack, city, machine
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from yixian.app import clock
from yixian.db import bootstrap, pool
from yixian.replay import report as reports
from yixian.replay import staff, traffic
from yixian.replay.command import run_name
from yixian.replay.model import GUANGZHOU_DAY, Plan
from yixian.replay.report import Report
from yixian.replay.run import run
from yixian.tickets import verify

TARGET_MINUTES = 20
CAUGHT_UP_WITHIN = 120
"""Seconds that the worker has, after the last step, to hand on what is left."""


def main() -> None:
    options = _options()
    count = max(1, round(GUANGZHOU_DAY * options.share))
    found: dict[str, object] = {
        "bench": "day",
        "data": "packs/guangzhou, generated day",
        "machine": machine(),
        "web_processes": options.web,
    }
    with city(options.web) as stack:
        report, cpu, caught_up = asyncio.run(_played(stack, Plan(count, seed=options.seed, concurrency=options.concurrency)))
        began = time.monotonic()
        checked = asyncio.run(_verified(stack))
        found |= {
            "web_processes": options.web,
            "share_of_a_day": options.share,
            "minutes": round(report.seconds_in_all / 60, 2),
            "minutes_for_a_whole_day": round(report.seconds_in_all / 60 / options.share, 2),
            "target_minutes": TARGET_MINUTES,
            "cpu_ms_each": cpu.each(report.acknowledged),
            "worker_done_after_s": caught_up,
            "replay": msgspec.to_builtins(report),
            "verify": msgspec.to_builtins(checked),
            "verify_s": round(time.monotonic() - began, 1),
            "memory_mb": stack.memory(),
        }
    print(json.dumps(found, ensure_ascii=False, indent=2))
    if not options.json:
        Console(file=sys.stderr).print(reports.shown(report))
    whole = report.kept is not None and report.kept.whole and report.sent == report.acknowledged
    if not whole or not checked.sound or report.stuck:
        raise SystemExit("the day did not come out even: see above")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A replayed Guangzhou day.")
    parser.add_argument("--share", type=float, default=1.0, help="of the 112,000 contacts")
    parser.add_argument("--web", type=int, default=2, help="web processes")
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="JSON alone")
    return parser.parse_args()


async def _played(stack: Stack, plan: Plan) -> tuple[Report, Cpu, float]:
    name = run_name(clock())
    database = await pool.connect(stack.where.application, 2)
    try:
        async with staff.hired(database, stack.pack, name, clock) as credentials:
            before = stack.cpu()
            with _bar() as bar:
                sending = bar.add_task("contacts", total=plan.count)
                handling = bar.add_task("tickets", total=None)

                def step(acknowledged: int, left: int) -> None:
                    bar.update(sending, completed=acknowledged)
                    bar.update(handling, completed=left)

                report = await run(
                    stack.url, plan, traffic.day(stack.pack, plan.count, plan.mix, plan.seed), credentials, run=name,
                    data="a generated Guangzhou day", fallback_unit=stack.pack.city.fallback_unit, database=database, progress=step,
                )  # fmt: skip
            caught_up = await _worker_done(database)
            return report, stack.cpu().since(before), caught_up
    finally:
        await database.close()


async def _worker_done(database: pool.Database) -> float:
    """How many seconds the worker needed until no event waited any more."""
    began = time.monotonic()
    while time.monotonic() - began < CAUGHT_UP_WITHIN:
        async with database.transaction(pool.SYSTEM) as tx:
            if not await tx.fetchval("SELECT EXISTS (SELECT FROM event WHERE done_at IS NULL)"):
                return round(time.monotonic() - began, 2)
        await asyncio.sleep(0.1)
    raise SystemExit(f"the worker still had events to hand on after {CAUGHT_UP_WITHIN} s")


async def _verified(stack: Stack) -> verify.Report:
    async with bootstrap.as_owner(stack.where) as owner, owner.transaction(isolation="repeatable_read", readonly=True):
        return await verify.verify(owner)


def _bar() -> Progress:
    err = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    return Progress(*columns, console=err, disable=not err.is_terminal, refresh_per_second=1)


if __name__ == "__main__":
    main()
