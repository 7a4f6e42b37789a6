"""A city for measuring: its own database, web processes and worker in a temporary folder; what they cost in CPU."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil

from yixian import up
from yixian.app import clock
from yixian.city import service as cities
from yixian.city.model import Pack
from yixian.city.pack import read as read_pack
from yixian.db import bootstrap, pool
from yixian.db.bootstrap import Addresses
from yixian.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
GUANGZHOU = ROOT / "packs" / "guangzhou"


class Cpu(msgspec.Struct, frozen=True):
    """CPU seconds spent so far."""

    web: float
    worker: float
    postgres: float

    def since(self, before: Cpu) -> Cpu:
        """What was spent in between."""
        return Cpu(self.web - before.web, self.worker - before.worker, self.postgres - before.postgres)

    @property
    def whole(self) -> float:
        """All of it."""
        return self.web + self.worker + self.postgres

    def each(self, n: int) -> dict[str, float]:
        """Milliseconds for each of `n`."""
        parts = {"web": self.web, "worker": self.worker, "postgres": self.postgres, "all": self.whole}
        return {name: round(1000 * seconds / n, 3) for name, seconds in parts.items()}


class Stack(msgspec.Struct, frozen=True):
    """A running city."""

    settings: Settings
    where: Addresses
    pack: Pack
    pids: dict[str, int]

    @property
    def url(self) -> str:
        """Where the web server answers."""
        return f"http://{self.settings.host}:{self.settings.port}"

    def cpu(self) -> Cpu:
        """CPU seconds of every process of the city so far, ended children included."""
        return Cpu(*(_tree(self.pids[name]) for name in ("web", "worker", "postgres")))

    def memory(self) -> dict[str, float]:
        """Megabytes of private memory by part: what one process does not share with others."""
        return {name: round(sum(p.memory_full_info().uss for p in _processes(pid)) / 1e6, 1) for name, pid in self.pids.items()}


@contextmanager
def city(web_processes: int = 1, folder: Path = GUANGZHOU) -> Iterator[Stack]:
    """A city with a fresh database and the pack in `folder`, for as long as the block lasts; nothing is left behind."""
    home = Path(tempfile.mkdtemp(prefix="yx-bench-"))
    home.chmod(0o755)
    settings = Settings(
        home=home,
        port=free_port(),
        web_processes=web_processes,
        secure_cookies=False,
        second_factor=False,
        log_level="warning",
        meaning=False,  # the second look has a bench of its own, and a fresh city would make its vectors meanwhile
    )
    try:
        with bootstrap.addresses(settings) as where:
            up.prepare(where)
            pack = read_pack(folder)
            asyncio.run(load_pack(where, pack))
            with up.running(settings, where) as parts:
                if not up.answers(settings, 120):
                    raise SystemExit("the web server did not start")
                assert where.embedded is not None, "no address was given"
                postmaster = int((where.embedded.data_directory / "postmaster.pid").read_text().split()[0])
                pids = {part.name: part.process.pid for part in parts if part.process} | {"postgres": postmaster}
                yield Stack(settings, where, pack, pids)
    finally:
        shutil.rmtree(home, ignore_errors=True)


async def load_pack(where: Addresses, pack: Pack) -> None:
    """Makes `pack` the city in force."""
    database = await pool.connect(where.owner, 2)
    async with database.transaction(pool.SYSTEM) as tx:
        await cities.load(tx, pack, clock())
    await database.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def machine() -> dict[str, object]:
    """Where the figures were measured."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "load_before": round(os.getloadavg()[0], 2),
    }


def _tree(pid: int) -> float:
    """CPU seconds of a process, of its living children, and of those that it has seen end."""
    total = 0.0
    for process in _processes(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def _processes(pid: int) -> list[psutil.Process]:
    top = psutil.Process(pid)
    return [top, *top.children(recursive=True)]
