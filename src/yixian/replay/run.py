"""Plays contacts against a running server, lets simulated staff handle the tickets, and looks whether all of it arrived."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Final

import msgspec

from yixian.db.pool import SYSTEM, Database
from yixian.intake import service as intake
from yixian.intake.model import ContactIn, Receipt, TicketReceipt
from yixian.people.model import Role
from yixian.replay.client import PATIENCE, Client, SignedIn, connected
from yixian.replay.model import CannotReplay, Credentials, Due, Plan
from yixian.replay.report import Kept, Report, Tally
from yixian.replay.units import Staff
from yixian.tickets.model import State

SAMPLE: Final = 200
"""Contacts asked again by key when there is no database to look into."""

Progress = Callable[[int, int], None]
"""Told how many contacts were acknowledged and how many tickets the staff have left, now and then."""


class _Acknowledged(msgspec.Struct, frozen=True):
    """A contact as it was sent, and the id it got."""

    number: int
    body: bytes
    by_operator: bool
    id: str


class _Play:
    """One replay under way."""

    def __init__(
        self, client: Client, plan: Plan, run: str, sessions: dict[Role, SignedIn], fallback_unit: str, progress: Progress
    ) -> None:
        self.client = client
        self.plan = plan
        self.run = run
        self.sessions = sessions
        self.progress = progress
        self.tally = Tally()
        self.acknowledged: list[str] = []
        self.sample: list[_Acknowledged] = []
        self.chance = Random(plan.seed)  # noqa: S311 -- a play needs to be repeatable, not secret
        self.staff = Staff(client, sessions, plan, fallback_unit, self.tally.step_answered) if plan.life_cycle else None
        # Bounded: who sends waits for who handles, so that neither runs far ahead.
        self.tickets: asyncio.Queue[tuple[TicketReceipt, bool] | None] = asyncio.Queue(8 * plan.concurrency)

    async def send_all(self, contacts: Iterator[tuple[int, Due]], began: float) -> None:
        """Sends what comes next, when it is due, until there is no more."""
        for number, due in contacts:
            await self._until_due(number, due, began)
            await self._send(number, due)

    async def _until_due(self, number: int, due: Due, began: float) -> None:
        moment = _moment(self.plan, number, due)
        if moment is None:
            return
        early = began + moment - time.monotonic()
        if early > 0:
            await asyncio.sleep(early)
        else:
            self.tally.behind = max(self.tally.behind, -early)

    async def _send(self, number: int, due: Due) -> None:
        contact = due.contact
        if not contact.source:
            contact = msgspec.structs.replace(contact, source=self.run, source_id=str(number))
        body = encoded(contact)
        self.tally.sent += 1
        answer = await self.client.post("/api/v1/contacts", body, self._headers(number, due.by_operator), self.tally.contact_answered)
        if answer.status not in (200, 201):
            return
        receipt = msgspec.json.decode(answer.body, type=Receipt)
        self.tally.received(receipt)
        known = str(receipt.contact)
        self.acknowledged.append(known)
        if number % max(1, self.plan.count // SAMPLE) == 0:
            self.sample.append(_Acknowledged(number, body, due.by_operator, known))
        self.progress(self.tally.acknowledged, self.tally.left_in.total())
        if self.staff and receipt.outcome == "ticket_opened":
            for ticket in receipt.tickets:
                await self.tickets.put((ticket, contact.caller is not None))

    def _headers(self, number: int, by_operator: bool) -> dict[str, str]:
        key = {"Idempotency-Key": f"{self.run}-{number}"}
        return {**key, **self.sessions[Role.OPERATOR].headers} if by_operator else key

    async def handle_all(self) -> None:
        """Sees tickets through until told that there are no more."""
        assert self.staff is not None, "only started with a staff"
        while (waiting := await self.tickets.get()) is not None:
            ticket, called = waiting
            self.tally.ended(await self.staff.see_through(ticket.number, State(ticket.state), called, self.chance))
            self.progress(self.tally.acknowledged, self.tally.left_in.total())

    async def ask_again(self) -> Kept:
        """Sends a sample again with its keys: each must be known, under the id it had."""
        missing = 0
        for one in self.sample:
            answer = await self.client.post(
                "/api/v1/contacts", one.body, self._headers(one.number, one.by_operator), lambda _status, _seconds: None
            )
            same = answer.status == 200 and str(msgspec.json.decode(answer.body, type=Receipt).contact) == one.id
            missing += not same
        return Kept("keys", len(self.sample), missing, twice=0, unasked=0)

    async def look_up(self, database: Database) -> Kept:
        """Compares what the database holds of this run with what was acknowledged, one by one."""
        async with database.transaction(SYSTEM) as tx:
            stored = [str(identifier) for identifier in await intake.stored_from(tx, self.run)]
        there, asked = set(stored), set(self.acknowledged)
        return Kept("database", len(asked), len(asked - there), twice=len(stored) - len(there), unasked=len(there - asked))


async def run(
    base_url: str,
    plan: Plan,
    contacts: Iterable[Due],
    credentials: Credentials,
    *,
    run: str,
    data: str,
    fallback_unit: str,
    database: Database | None = None,
    progress: Progress = lambda _acknowledged, _left: None,
    patience: float = PATIENCE,
) -> Report:
    """Plays `contacts` as `plan` says and reports.

    Args:
        run: this replay's own name: contacts carry it as their source, keys begin with it.
        data: what is played, for the report.
        fallback_unit: whom a dispatcher gives a ticket for which there is no suggestion.
        database: to compare what was stored, contact by contact; without it a sample is asked again by key.
        patience: seconds for which a request is sent again while the server is away.

    Raises:
        CannotReplay: the server stayed away, or does not let the staff in.
    """
    async with connected(base_url, 2 * plan.concurrency + 2, patience) as client:
        sessions = {role: await client.sign_in(account) for role, account in credentials.items()}
        play = _Play(client, plan, run, sessions, fallback_unit, progress)
        cpu, began = time.process_time(), time.monotonic()
        seconds = await _played(play, contacts, began)
        whole, spent = time.monotonic() - began, time.process_time() - cpu
        kept = await play.look_up(database) if database is not None else await play.ask_again()
        return play.tally.report(run, data, seconds, whole, spent, kept)


async def _played(play: _Play, contacts: Iterable[Due], began: float) -> float:
    """Sends everything and handles everything; returns after how many seconds the last contact was acknowledged."""
    numbered = enumerate(contacts)
    try:
        async with asyncio.TaskGroup() as group:
            handlers = [group.create_task(play.handle_all()) for _ in range(play.plan.concurrency if play.staff else 0)]
            async with asyncio.TaskGroup() as senders:
                for _ in range(play.plan.concurrency):
                    senders.create_task(play.send_all(numbered, began))
            seconds = time.monotonic() - began
            for _ in handlers:
                await play.tickets.put(None)
    except* CannotReplay as several:
        raise _first(several) from None
    return seconds


def _first(several: BaseExceptionGroup[CannotReplay]) -> CannotReplay:
    first = several.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _moment(plan: Plan, number: int, due: Due) -> float | None:
    """When a contact is to be sent, seconds from the beginning; None: at once."""
    if plan.compress:
        return due.at / plan.compress
    return number / plan.rate if plan.rate else None


def encoded(contact: ContactIn) -> bytes:
    """The contact as a resident's app sends it: what was not said is left out."""
    said = {f.name: value for f in _FIELDS if (value := getattr(contact, f.name)) != f.default}
    return msgspec.json.encode(said)


_FIELDS: Final = msgspec.structs.fields(ContactIn)
