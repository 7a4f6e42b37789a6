"""Brings everything up and keeps it up: the database (when it is ours), the web processes, the worker."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager

import asyncpg
import msgspec
import structlog

from yixian.app import clock
from yixian.db import bootstrap, embedded
from yixian.db.bootstrap import Addresses
from yixian.settings import Settings

LOOK_EVERY = 0.25
"""Seconds between looks at whether everything still runs."""

CALM = 30.0
"""A process that lived so long (seconds) and then died is started again at once; one that dies sooner waits, longer each time."""

LONGEST_WAIT = 10.0
STOP_WITHIN = 15.0
"""Seconds that a process has to end its requests before it is killed."""

log = structlog.get_logger("yixian.up")


class Part(msgspec.Struct):
    """One process that is kept running."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    not_before: float = 0.0
    deaths: int = 0
    quiet: bool = False
    """Its output is nobody's business, and that it ends is no accident."""


def commands(settings: Settings) -> dict[str, list[str]]:
    """The processes of an installation, by name."""
    web = [
        sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "yixian.app:create",
        "--host", settings.host, "--port", str(settings.port), "--workers", str(settings.web_processes),
        "--loop", "uvloop", "--respawn-failed-workers", "--no-ws", "--log-level", "warning", "--backlog", "1024",
        "--workers-kill-timeout", str(int(STOP_WITHIN) - 5),
    ]  # fmt: skip
    return {"web": web, "worker": [sys.executable, "-m", "yixian.cli", "worker"]}


@contextmanager
def running(settings: Settings, where: Addresses) -> Generator[list[Part]]:
    """The processes, started; stopped when the block ends, whatever ends it. `add` puts further ones beside them."""
    environment = {**os.environ, **_environment(settings, where)}
    parts = [Part(name, command) for name, command in commands(settings).items()]
    for part in parts:
        _start(part, environment)
    try:
        yield parts
    finally:
        _stop(parts)


def keep(parts: list[Part], settings: Settings, where: Addresses, going_on: Callable[[], bool]) -> None:
    """Starts again what died, the embedded database included, for as long as `going_on` says."""
    environment = {**os.environ, **_environment(settings, where)}
    while going_on():
        if where.embedded is not None and not embedded.alive(where.embedded):
            log.warning("the database died; starting it again")
            embedded.revive(settings.home)
        for part in parts:
            _mend(part, environment)
        time.sleep(LOOK_EVERY)


def add(parts: list[Part], name: str, command: list[str]) -> None:
    """One more process, started at the next look of `keep`; when it ends by itself it is started again."""
    parts.append(Part(name, command, quiet=True))


def answers(settings: Settings, within: float) -> bool:
    """Whether the web server accepts connections within so many seconds."""
    return asyncio.run(_answers(settings, within))


async def _answers(settings: Settings, within: float) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            _, writer = await asyncio.open_connection(settings.host, settings.port)
        except OSError:
            await asyncio.sleep(0.1)
            continue
        writer.close()
        return True
    return False


def prepare(where: Addresses) -> None:
    """The database created and migrated.

    Raises:
        SchemaMismatch: it was made by a newer version.
    """
    for attempt in range(5):
        try:
            asyncio.run(bootstrap.prepare(where, clock()))
            return
        except asyncpg.CannotConnectNowError:  # still reading its log after a crash
            if attempt == 4:
                raise
            time.sleep(1)


def _environment(settings: Settings, where: Addresses) -> Mapping[str, str]:
    """The settings as the processes read them; the embedded database is named to them, so that they need not start it."""
    values = {f"YIXIAN_{name.upper()}": str(value) for name, value in msgspec.structs.asdict(settings).items()}
    return {**values, "YIXIAN_DATABASE_URL": where.application, "YIXIAN_DATABASE_OWNER_URL": where.owner}


def _start(part: Part, environment: Mapping[str, str]) -> None:
    part.started = time.monotonic()
    # A group of its own: Ctrl-C reaches us alone, and we stop them in order.
    output = subprocess.DEVNULL if part.quiet else None
    part.process = subprocess.Popen(part.command, env=dict(environment), start_new_session=True, stdout=output, stderr=output)


def _mend(part: Part, environment: Mapping[str, str]) -> None:
    now = time.monotonic()
    if part.process is not None:
        code = part.process.poll()
        if code is None:
            return
        _end_group(part.process.pid)  # what it started must not hold the port
        part.deaths = 0 if now - part.started > CALM else part.deaths + 1
        part.not_before = now + (min(0.2 * 2**part.deaths, LONGEST_WAIT) if part.deaths else 0)
        part.process = None
        if not part.quiet:
            log.warning("died; starting it again", part=part.name, code=code)
    if now >= part.not_before:
        _start(part, environment)


def _end_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def _stop(parts: list[Part]) -> None:
    alive = [p.process for p in parts if p.process is not None and p.process.poll() is None]
    for process in alive:
        process.send_signal(signal.SIGTERM)
    end = time.monotonic() + STOP_WITHIN
    for process in alive:
        try:
            process.wait(max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            _end_group(process.pid)
            process.wait()
