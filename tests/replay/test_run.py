"""Against a server as anybody would start it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random
from uuid import uuid4

import msgspec
import pytest
from bench.stack import Stack, city

from yixian.app import clock
from yixian.db import pool
from yixian.intake.model import ContactIn, Receipt
from yixian.people.model import Role
from yixian.replay import staff, traffic
from yixian.replay.client import Client, connected
from yixian.replay.model import Account, CannotReplay, Credentials, Mix, Plan
from yixian.replay.report import Report, in_words, shown
from yixian.replay.run import encoded, run
from yixian.replay.units import Staff
from yixian.tickets.model import Action, State

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
    # A second look may dispatch a ticket just before the dispatcher does; who comes later is told so, and goes on.
    assert not report.stuck and set(report.refused) <= {"dispatch 409"}
    assert {"sign", "contact", "reply", "approve", "pass", "rate", "return", "redo"} <= set(report.life_cycle)
    assert in_words(report).endswith("every one is there, none twice.")
    assert shown(report)


async def test_whoever_finds_a_ticket_dispatched_by_another_goes_on_with_it(town: Stack):
    plan, answers = Plan(1, dissatisfied=0.0), list[tuple[Action, int]]()
    database = await pool.connect(town.where.application, 1)
    try:
        async with staff.hired(database, town.pack, "replay-late", clock) as credentials, connected(town.url, 2) as client:
            sessions = {role: await client.sign_in(account) for role, account in credentials.items()}
            crew = Staff(client, sessions, plan, town.pack.city.fallback_unit, lambda a, status, _s: answers.append((a, status)))
            tickets = [
                ticket
                for due in traffic.day(town.pack, 10, Mix(departmental=1.0, online=1.0), 6)
                for ticket in (await _taken(client, due.contact)).tickets
                if ticket.state == State.DISPATCHED and due.contact.caller
            ]
            ended = await crew.see_through(tickets[0].number, State.AWAITING_DISPATCH, called=True, chance=Random(1))
    finally:
        await database.close()
    assert (ended.state, ended.stuck) == (State.CLOSED, "")
    assert answers[0] == (Action.DISPATCH, 409) and all(status < 300 for _, status in answers[1:])


async def _taken(client: Client, contact: ContactIn) -> Receipt:
    answer = await client.post("/api/v1/contacts", encoded(contact), {"Idempotency-Key": f"late-{uuid4()}"}, lambda _status, _seconds: None)
    return msgspec.json.decode(answer.body, type=Receipt)


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
