"""Many dispatchers, one ticket: one wins, the others are told."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from pathlib import Path

from tests.tickets.conftest import TINY, Town

from yixian.db import bootstrap

RACER = Path(__file__).parent / "racer.py"
TICKETS = 40
PROCESSES = 2


async def test_four_dispatchers_in_two_processes_click_at_once(town: Town, fresh: bootstrap.Addresses) -> None:
    numbers = [(await town.open(caller=None)).number for _ in range(TICKETS)]
    command = (sys.executable, str(RACER), fresh.application, str(TINY), *numbers)
    racers = [await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE) for _ in range(PROCESSES)]
    for racer in racers:
        assert racer.stdout is not None
        assert await racer.stdout.readline() == b"ready\n"
    ended = await asyncio.gather(*(racer.communicate(b"go\n") for racer in racers))
    assert [(racer.returncode, error) for racer, (_, error) in zip(racers, ended, strict=True)] == [(0, b"")] * PROCESSES
    found = sum((Counter(json.loads(out)) for out, _ in ended), Counter[str]())
    assert found["won"] == TICKETS
    assert found["Overtaken"] + found["Refused"] == 3 * TICKETS
    assert found.total() == 4 * TICKETS
    assert await town.owner.fetchval("SELECT count(*) FROM unit_order WHERE role = 'lead' AND ended_at IS NULL") == TICKETS
    assert await town.owner.fetchval("SELECT count(*) FROM unit_order") == TICKETS
    assert await town.owner.fetchval("SELECT count(*) FROM history WHERE action = 'dispatch'") == TICKETS
