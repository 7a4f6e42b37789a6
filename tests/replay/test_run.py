"""Against a server as anybody would start it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from bench.stack import Stack, city

from yixian.app import clock
from yixian.db import pool
from yixian.people.model import Role
from yixian.replay import staff, traffic
from yixian.replay.client import connected
from yixian.replay.model import Account, CannotReplay, Credentials, Mix, Plan
from yixian.replay.report import Report, in_words, shown
from yixian.replay.run import run

TINY = Path(__file__).parents[1] / "packs" / "tiny"


@pytest.fixture(scope="module")
def town() -> Iterator[Stack]:
    with city(1, TINY) as running:
        yield running


async def play(town: Stack, plan: Plan, name: str, *, look_up: bool = True) -> Report:
    database = await pool.connect(town.where.application, 2)
    try:
        async with staff.hired(database, town.pack, name, clock) as credentials:
            contacts = list(traffic.day(town.pack, plan.count, plan.mix, plan.seed))
            return await run(
                town.url, plan, contacts, credentials, run=name, data="Port Ash", fallback_unit=town.pack.city.fallback_unit,
                database=database if look_up else None,
            )  # fmt: skip
    finally:
        await database.close()


async def test_every_contact_is_stored_once_and_every_ticket_comes_to_its_end(town: Stack):
    plan = Plan(120, seed=2, returned=0.3, dissatisfied=0.3, mix=Mix(departmental=0.4))
    report = await play(town, plan, "replay-whole")
    assert report.sent == report.acknowledged == 120
    assert report.kept is not None and report.kept.whole and report.kept.looked_at == 120 and report.kept.unasked == 0
    assert report.tickets > 30 and report.left_in == {"closed": report.tickets}
    assert not report.stuck and not report.refused
    assert {"sign", "contact", "reply", "approve", "pass", "rate", "return", "redo"} <= set(report.life_cycle)
    assert in_words(report).endswith("every one is there, none twice.")
    assert shown(report)


async def test_staff_may_leave_tickets_lying_for_others_to_see(town: Stack):
    report = await play(town, Plan(60, seed=3, left=0.3, mix=Mix(departmental=0.8)), "replay-left")
    assert len(report.left_in) > 2


async def test_without_a_database_a_sample_is_asked_again_by_its_keys(town: Stack):
    report = await play(town, Plan(40, seed=4, life_cycle=False), "replay-keys", look_up=False)
    assert report.kept is not None and report.kept.how == "keys"
    assert report.kept.looked_at == 40 and report.kept.whole


async def test_a_rate_is_kept(town: Stack):
    report = await play(town, Plan(30, seed=5, rate=60.0, life_cycle=False), "replay-rate")
    assert 0.45 < report.seconds < 10
    assert report.per_second < 65


async def test_accounts_are_disabled_when_the_play_is_over(town: Stack):
    database = await pool.connect(town.where.application, 1)
    async with staff.hired(database, town.pack, "replay-gone", clock) as credentials:
        account = credentials[Role.HANDLER]
    await database.close()
    async with connected(town.url, 1) as client:
        with pytest.raises(CannotReplay, match="refused"):
            await client.sign_in(account)


async def test_a_server_that_is_not_there_is_told_of_and_not_waited_for_without_end(town: Stack):
    began = asyncio.get_running_loop().time()
    with pytest.raises(CannotReplay, match="Is it running"):
        await run(
            "http://127.0.0.1:9", Plan(2, life_cycle=False), traffic.day(town.pack, 2, Mix(departmental=1.0, online=1.0), 1), {},
            run="replay-nobody", data="", fallback_unit="", patience=0.5,
        )  # fmt: skip
    assert asyncio.get_running_loop().time() - began < 10


def test_accounts_may_come_from_a_file(tmp_path: Path):
    accounts: Credentials = {role: Account(f"{role}1", "secret") for role in staff.NAMES}
    file = tmp_path / "staff.json"
    file.write_bytes(msgspec.json.encode(accounts))
    assert staff.from_file(file) == accounts
    del accounts[Role.REVIEWER]
    file.write_bytes(msgspec.json.encode(accounts))
    with pytest.raises(CannotReplay, match="reviewer"):
        staff.from_file(file)
    file.write_text("{")
    with pytest.raises(CannotReplay, match="cannot be used"):
        staff.from_file(file)
