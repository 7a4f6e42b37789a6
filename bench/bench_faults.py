"""Kill -9 at random moments while contacts come in: is everything that was acknowledged there afterwards, and nothing twice?

    python -m bench.bench_faults [--kills 30] [--rate 25] [--seed 1]

Starts `yixian up` as anybody would, sends contacts with idempotency keys through the public API while simulated staff handle the
tickets, and kills web processes, the worker and PostgreSQL. Afterwards it compares, contact by contact, and verifies every history.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from random import Random

import asyncpg
import msgspec
import psutil
from bench.stack import GUANGZHOU, free_port, load_pack, machine

from yixian import up
from yixian.app import clock
from yixian.city.model import Pack
from yixian.city.pack import read as read_pack
from yixian.db import bootstrap, pool
from yixian.db.bootstrap import Addresses
from yixian.replay import staff, traffic
from yixian.replay.client import connected
from yixian.replay.command import run_name
from yixian.replay.model import Due, Plan
from yixian.replay.report import Report
from yixian.replay.run import run
from yixian.settings import Settings
from yixian.tickets import verify

MOST = 100_000
"""Contacts there are to be sent while the killing goes on."""

PATIENCE = 60.0
"""Seconds a sender keeps trying: a city's phone application would keep trying longer."""


class Target(StrEnum):
    """What is killed."""

    WEB_PROCESS = "web_process"
    """One of the processes that answer requests."""
    WEB = "web"
    """Their parent."""
    WORKER = "worker"
    POSTGRES = "postgres"
    """The postmaster: all its backends go with it."""


class Kill(msgspec.Struct, frozen=True):
    """One kill -9, and how long it took until a contact was taken again."""

    at: float
    target: Target
    answered_after: float


class Found(msgspec.Struct, frozen=True):
    """What the siege showed."""

    kills: tuple[Kill, ...]
    replay: Report
    lost_tickets: int
    """Numbers on an acknowledged contact that no ticket has."""
    keys_without_contact: int
    events_waiting: int
    verify: verify.Report

    @property
    def sound(self) -> bool:
        """Nothing acknowledged was lost, nothing is twice, every history verifies."""
        kept = self.replay.kept
        fine = kept is not None and kept.whole and self.replay.sent == self.replay.acknowledged
        return fine and not (self.lost_tickets or self.keys_without_contact or self.events_waiting or not self.verify.sound)


class _Siege(msgspec.Struct, frozen=True):
    settings: Settings
    where: Addresses
    pack: Pack
    supervisor: int

    @property
    def url(self) -> str:
        return f"http://{self.settings.host}:{self.settings.port}"


def siege(kills: int, rate: float, seed: int, folder: Path = GUANGZHOU, every: tuple[float, float] = (2.0, 8.0)) -> Found:
    """Plays contacts at `rate` a second while `kills` times something is killed, `every` so many seconds after the last recovery.

    Each sort of thing is killed once before any is killed again.
    """
    with _up(folder) as city:
        return asyncio.run(_besieged(city, kills, rate, seed, every))


@contextmanager
def _up(folder: Path) -> Iterator[_Siege]:
    home = Path(tempfile.mkdtemp(prefix="yx-fault-"))
    home.chmod(0o755)
    settings = Settings(home=home, port=free_port(), web_processes=2, secure_cookies=False, second_factor=False, log_level="error")
    try:
        with bootstrap.addresses(settings) as where:
            up.prepare(where)
            pack = read_pack(folder)
            asyncio.run(load_pack(where, pack))
            log = (home / "up.log").open("w")
            supervisor = subprocess.Popen([sys.executable, "-m", "yixian.cli", "up"], env=_environment(settings), stdout=log, stderr=log)
            try:
                if not _started(settings, supervisor):
                    raise SystemExit(f"yixian up did not start:\n{(home / 'up.log').read_text()[-3000:]}")
                yield _Siege(settings, where, pack, supervisor.pid)
            finally:
                supervisor.send_signal(signal.SIGTERM)
                supervisor.wait(60)
                log.close()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _started(settings: Settings, supervisor: subprocess.Popen[bytes]) -> bool:
    """Whether the web server answers within two minutes."""
    end = time.monotonic() + 120
    while time.monotonic() < end and supervisor.poll() is None:
        if up.answers(settings, 1):
            return True
    return False


def _environment(settings: Settings) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("YIXIAN_")}
    return plain | {f"YIXIAN_{name.upper()}": str(value) for name, value in msgspec.structs.asdict(settings).items() if value != ""}


async def _besieged(city: _Siege, kills: int, rate: float, seed: int, every: tuple[float, float]) -> Found:
    name = run_name(clock())
    plan = Plan(MOST, seed, rate=rate, concurrency=16)
    database = await pool.connect(city.where.application, 2)
    try:
        async with staff.hired(database, city.pack, name, clock) as credentials:
            killing = asyncio.create_task(_kill_again_and_again(city, kills, Random(seed), every))
            report = await run(
                city.url, plan, _until_done(killing, traffic.day(city.pack, MOST, plan.mix, plan.seed)), credentials, run=name,
                data=f"{city.pack.city.name}, generated contacts", fallback_unit=city.pack.city.fallback_unit, database=database,
                patience=PATIENCE,
            )  # fmt: skip
            done = await killing
    finally:
        await database.close()
    return await _looked_at(city, report, done, name)


def _until_done(killing: asyncio.Task[tuple[Kill, ...]], contacts: Iterator[Due]) -> Iterator[Due]:
    for due in contacts:
        if killing.done():
            return
        yield due


async def _kill_again_and_again(city: _Siege, kills: int, chance: Random, every: tuple[float, float]) -> tuple[Kill, ...]:
    began = time.monotonic()
    waiting = [target for _ in range(kills) for target in chance.sample(list(Target), len(Target))][:kills]
    done: list[Kill] = []
    last = began
    while waiting:
        await asyncio.sleep(chance.uniform(*every))
        at = time.monotonic()
        if at - last > PATIENCE:
            raise SystemExit(f"there has been no {waiting[0]} to kill for {PATIENCE:.0f} s")
        if _kill(city, waiting[0], chance):
            await _contact_taken(city)
            last = time.monotonic()
            done.append(Kill(round(at - began, 2), waiting.pop(0), round(last - at, 2)))
    await asyncio.sleep(every[0])
    return tuple(done)


def _kill(city: _Siege, target: Target, chance: Random) -> bool:
    """Kill -9; False when there is nothing of that sort just now."""
    found = _processes(city, target)
    if not found:
        return False
    try:
        os.kill(chance.choice(sorted(found)), signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _processes(city: _Siege, target: Target) -> list[int]:
    assert city.where.embedded is not None, "no address was given"
    if target is Target.POSTGRES:
        try:
            return [int((city.where.embedded.data_directory / "postmaster.pid").read_text().split()[0])]
        except (OSError, IndexError):
            return []
    parts = {("worker" if "worker" in part.cmdline() else "web"): part for part in psutil.Process(city.supervisor).children()}
    if target is Target.WEB_PROCESS:
        return [child.pid for child in parts["web"].children() if "granian" in child.cmdline()] if "web" in parts else []
    return [parts[target].pid] if target in parts else []


async def _contact_taken(city: _Siege) -> None:
    """Returns when a contact is taken again."""
    body = b'{"text": "Is anybody there? The street lamp is out.", "source": "siege-probe"}'
    async with connected(city.url, 2, PATIENCE) as client:
        await client.post("/api/v1/contacts", body, {}, lambda _status, _seconds: None)


async def _looked_at(city: _Siege, report: Report, kills: tuple[Kill, ...], name: str) -> Found:
    async with bootstrap.as_owner(city.where) as owner:
        waiting = await _events_waiting(owner)
        lost = await owner.fetchval(
            """
            SELECT count(*)
              FROM contact c, unnest(c.tickets) AS number
             WHERE c.source = $1
               AND NOT EXISTS (SELECT FROM ticket t WHERE t.number = number)
            """,
            name,
        )
        keys = await owner.fetchval("SELECT count(*) FROM idempotency i WHERE NOT EXISTS (SELECT FROM contact c WHERE c.id = i.contact)")
        async with owner.transaction(isolation="repeatable_read", readonly=True):
            checked = await verify.verify(owner)
    return Found(kills, report, lost, keys, waiting, checked)


async def _events_waiting(owner: asyncpg.Connection) -> int:
    """Events that the worker has not handed on after half a minute of peace."""
    waiting = 0
    for _ in range(300):
        waiting = await owner.fetchval("SELECT count(*) FROM event WHERE done_at IS NULL")
        if not waiting:
            break
        await asyncio.sleep(0.1)
    return waiting


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill -9 while contacts come in.")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--rate", type=float, default=25.0, help="contacts a second")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    found = siege(options.kills, options.rate, options.seed)
    shown = {"bench": "faults", "machine": machine(), "sound": found.sound, **msgspec.to_builtins(found)}
    print(json.dumps(shown, ensure_ascii=False, indent=2))
    if not found.sound:
        raise SystemExit("something acknowledged was lost, is twice, or does not verify: see above")


if __name__ == "__main__":
    main()
