"""The words the journeys are told in: a line that takes reports, a city with units and staff, a clock that the test turns.

Everything goes over HTTP through the real application; only the worker's jobs are started by hand, at the clock's time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
from httpx import ASGITransport, AsyncClient, Response
from litestar import Litestar

from yixian.db import jobs, outbox
from yixian.db.pool import Database
from yixian.intake.model import Receipt
from yixian.people.sessions import COOKIE
from yixian.tickets import jobs as ticket_jobs
from yixian.tickets.api import ProgressOut, TicketOut
from yixian.tickets.model import Count, Line, State

ADDRESS = "https://hotline.test"
PASSWORD = "four harbour lamps glow"
PHONE = "+44 7700 900123"
ANSWER = "The lamp was replaced this morning; we looked again after dark and it is lit."

Told = Mapping[str, tuple[str, str]]
"""Session token and CSRF token by login."""


class Refusal(Exception):
    """The application said no, in the way it must: a problem+json with a sentence."""

    def __init__(self, answer: Response) -> None:
        self.problem: dict[str, Any] = problem_of(answer)
        self.status = answer.status_code
        self.type = self.problem["type"]
        self.allowed = self.problem.get("allowed", [])
        self.fields = {e["field"] for e in self.problem["errors"]}
        super().__init__(f"{self.status} {self.type}: {self.problem['detail']} {self.problem['errors']}")


def problem_of(answer: Response) -> dict[str, Any]:
    """The problem of a refusal, looked at: nothing else may come back when something is refused."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert 400 <= answer.status_code < 500, problem
    assert problem["status"] == answer.status_code
    assert problem["type"] and problem["title"] and problem["detail"], problem
    return problem


class Clock:
    """Stands still until it is moved. Given in the city's own time."""

    def __init__(self, start: datetime, zone: str) -> None:
        self.now = start.astimezone(UTC)
        self._zone = ZoneInfo(zone)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **how: float) -> None:
        self.now += timedelta(**how)

    def at(self, year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
        """A time on the city's own clocks, as UTC."""
        return datetime(year, month, day, hour, minute, tzinfo=self._zone).astimezone(UTC)

    def turn_to(self, *when: int) -> None:
        """On to a time on the city's own clocks: year, month, day, hour, minute."""
        later = self.at(*when)
        assert later >= self.now, "time goes one way"
        self.now = later


class Ticket:
    """A ticket as the tests speak of it: `seen` is brought up to date after every step."""

    def __init__(self, number: str, code: str, city: City) -> None:
        self.number = number
        self.code = code
        self.seen: TicketOut = None  # type: ignore[assignment]  # `look` fills it before anybody gets the ticket
        self._city = city

    @property
    def state(self) -> State:
        return self.seen.state

    @property
    def acting_unit(self) -> str:
        """The unit that leads now, by code; empty when none does."""
        return next((o.unit for o in self.seen.orders if o.role == "lead" and o.ended_at is None), "")

    @property
    def helpers(self) -> set[str]:
        return {o.unit for o in self.seen.orders if o.role == "co" and o.ended_at is None}

    @property
    def panel(self) -> set[str]:
        return {o.unit for o in self.seen.orders if o.role == "panel" and o.ended_at is None}

    @property
    def steps(self) -> list[str]:
        """What was done, oldest first."""
        return [row.action for row in self.seen.history]

    async def look(self) -> Ticket:
        self.seen = msgspec.json.decode((await self._city.supervisor.get(f"/api/v1/tickets/{self.number}")).content, type=TicketOut)
        return self

    async def row(self, columns: str) -> asyncpg.Record:
        """The stored row."""
        return await self._city.owner.fetchrow(f"SELECT {columns} FROM ticket WHERE number = $1", self.number)


class Staff:
    """Somebody who works here, signed in."""

    def __init__(self, login: str, client: AsyncClient, told: tuple[str, str], city: City) -> None:
        self.login = login
        self.client = client
        self.csrf = told[1]
        self._city = city
        client.cookies.set(COOKIE, told[0], domain="hotline.test")

    async def get(self, path: str, **asked: Any) -> Response:
        """Reads; whoever was signed out for idleness signs in again first.

        Raises:
            Refusal: it was refused.
        """
        return await self.ask("GET", path, params=asked)

    async def ask(self, method: str, path: str, **how: Any) -> Response:
        answer = await self.client.request(method, path, headers={"X-CSRF-Token": self.csrf}, **how)
        if answer.status_code == 401 and answer.json()["type"] == "not-signed-in":
            await self.sign_in()
            answer = await self.client.request(method, path, headers={"X-CSRF-Token": self.csrf}, **how)
        if answer.status_code >= 400:
            raise Refusal(answer)
        return answer

    async def sign_in(self) -> None:
        answer = await self.client.post("/api/v1/session", json={"login": self.login, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        self.csrf = answer.json()["csrf"]

    async def does(self, action: str, ticket: Ticket, **particulars: Any) -> Ticket:
        """Takes one step, a second after whatever came before.

        Raises:
            Refusal: it was refused.
        """
        self._city.clock.forward(seconds=1)
        await self.ask("POST", f"/api/v1/tickets/{ticket.number}/{action}", json=particulars)
        return await ticket.look()

    async def sees(self, ticket: Ticket) -> TicketOut:
        """The ticket as this person sees it.

        Raises:
            Refusal: they may not, or it is not there.
        """
        return msgspec.json.decode((await self.get(f"/api/v1/tickets/{ticket.number}")).content, type=TicketOut)

    async def list(self, **asked: Any) -> list[Line]:
        """A worklist: the first stretch."""
        answer = await self.get("/api/v1/tickets", **asked)
        return msgspec.convert(answer.json()["lines"], list[Line])

    async def counts(self) -> dict[str, int]:
        """How many tickets stand in each state."""
        found = msgspec.json.decode((await self.get("/api/v1/ticket-counts")).content, type=list[Count])
        return {state: sum(c.count for c in found if c.state is state) for state in State}

    async def page(self, path: str) -> str:
        """A page for people."""
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    # -- What the hotline's people do

    async def dispatches(self, ticket: Ticket, to: str, *co: str, basis: str = "Roads Order 12", **more: Any) -> Ticket:
        return await self.does("dispatch", ticket, unit=to, co_units=co, basis=basis, **more)

    async def rules(self, ticket: Ticket, for_: str, *, because: str, basis: str) -> Ticket:
        return await self.does("rule", ticket, unit=for_, note=because, basis=basis)

    async def passes(self, ticket: Ticket) -> Ticket:
        return await self.does("pass", ticket)

    async def sends_back(self, ticket: Ticket, because: str) -> Ticket:
        return await self.does("send_back", ticket, note=because)

    async def rates(self, ticket: Ticket, solution: int, words: str = "") -> Ticket:
        return await self.does("rate", ticket, rating={"response": 4, "solution": solution, "attitude": 5, "words": words})


class Unit:
    """A unit with its two people: one handles, one looks at the answer before it leaves."""

    def __init__(self, code: str, city: City) -> None:
        self.code = code
        self.handler = city.staff(f"{code}.handler".lower())
        self.reviewer = city.staff(f"{code}.reviewer".lower())

    async def signs(self, ticket: Ticket) -> Ticket:
        return await self.handler.does("sign", ticket)

    async def contacts(self, ticket: Ticket, said: str = "Rang; it is the lamp at number 4.") -> Ticket:
        return await self.handler.does("contact", ticket, note=said)

    async def replies(self, ticket: Ticket, answer: str = ANSWER, internal: str = "") -> Ticket:
        return await self.handler.does("reply", ticket, answer=answer, internal=internal)

    async def approves(self, ticket: Ticket) -> Ticket:
        return await self.reviewer.does("approve", ticket)

    async def returns(self, ticket: Ticket, because: str, basis: str) -> Ticket:
        return await self.handler.does("return", ticket, note=because, basis=basis)

    async def hands_in_its_part(self, ticket: Ticket, said: str) -> Ticket:
        return await self.handler.does("part", ticket, note=said)

    async def hands_down(self, ticket: Ticket, to: str) -> Ticket:
        return await self.handler.does("hand_down", ticket, unit=to)

    async def hands_up(self, ticket: Ticket, because: str) -> Ticket:
        return await self.handler.does("hand_up", ticket, note=because)

    async def asks_for_longer(self, ticket: Ticket, days: int, because: str) -> Ticket:
        return await self.handler.does("ask_extension", ticket, days=days, note=because)

    async def answers(self, ticket: Ticket) -> Ticket:
        """All that is the unit's to do, from signing to the hotline's review."""
        await self.signs(ticket)
        await self.contacts(ticket)
        await self.replies(ticket)
        return await self.approves(ticket)

    async def sees(self, ticket: Ticket) -> TicketOut:
        return await self.handler.sees(ticket)


class Citizen:
    """Whoever knows a ticket's number and check code."""

    def __init__(self, ticket: Ticket, city: City) -> None:
        self.ticket = ticket
        self._city = city

    async def looks(self, code: str = "") -> ProgressOut:
        """How it stands.

        Raises:
            Refusal: wrong code, or too many of them.
        """
        answer = await self._city.public.get(f"/api/v1/tickets/{self.ticket.number}", params={"code": code or self.ticket.code})
        if answer.status_code >= 400:
            raise Refusal(answer)
        return msgspec.json.decode(answer.content, type=ProgressOut)

    async def page(self) -> str:
        answer = await self._city.public.get(f"/ticket/{self.ticket.number}", params={"code": self.ticket.code})
        assert answer.status_code == 200, answer.text
        return answer.text

    async def does(self, action: str, **particulars: Any) -> Ticket:
        self._city.clock.forward(seconds=1)
        body = {"code": self.ticket.code, **particulars}
        answer = await self._city.public.post(f"/api/v1/tickets/{self.ticket.number}/{action}", json=body)
        if answer.status_code >= 400:
            raise Refusal(answer)
        return await self.ticket.look()

    async def rates(self, solution: int, words: str = "") -> Ticket:
        return await self.does("rate", rating={"response": 4, "solution": solution, "attitude": 5, "words": words})


class Report(msgspec.Struct, frozen=True):
    """What came of a contact."""

    receipt: Receipt
    tickets: tuple[Ticket, ...]
    status: int


class Line12345:
    """The line: everything that residents can say, over the public API."""

    def __init__(self, city: City) -> None:
        self._city = city

    async def takes(self, text: str, key: str = "", by: Staff | None = None, **fields: Any) -> Report:
        """One contact, with all that came of it.

        Raises:
            Refusal: it could not be taken.
        """
        self._city.clock.forward(seconds=1)
        headers = {"Idempotency-Key": key} if key else {}
        client = self._city.public
        if by is not None:
            client = by.client
            headers["X-CSRF-Token"] = by.csrf
        answer = await client.post("/api/v1/contacts", json={"text": text, **fields}, headers=headers)
        if answer.status_code >= 400:
            raise Refusal(answer)
        receipt = msgspec.json.decode(answer.content, type=Receipt)
        tickets = [await Ticket(t.number, t.check_code, self._city).look() for t in receipt.tickets]
        return Report(receipt, tuple(tickets), answer.status_code)

    async def report(self, text: str, phone: str = PHONE, **fields: Any) -> Ticket:
        """One contact that becomes exactly one ticket, from a caller with a telephone; without one when `phone` is empty."""
        caller = {"name": "Mary Beck", "phone": phone} if phone else None
        made = await self.takes(text, caller=caller, **fields)
        assert len(made.tickets) == 1, made.receipt
        return made.tickets[0]


class City:
    """The running application, who works in it, and what time it is."""

    def __init__(self, app: Litestar, clock: Clock, owner: asyncpg.Connection, told: Told) -> None:
        self.app = app
        self.clock = clock
        self.owner = owner
        """For looking at what is stored: the application itself never connects as this role."""
        self._told = told
        self._staff: dict[str, Staff] = {}
        self.public = self.client()
        self.line = Line12345(self)

    @property
    def database(self) -> Database:
        return self.app.state.process.database

    def client(self, **how: Any) -> AsyncClient:
        """Somebody's browser, not signed in."""
        return AsyncClient(transport=ASGITransport(self.app), base_url=ADDRESS, **how)  # type: ignore[arg-type]

    def staff(self, login: str) -> Staff:
        if login not in self._staff:
            self._staff[login] = Staff(login, self.client(), self._told[login], self)
        return self._staff[login]

    def unit(self, code: str) -> Unit:
        return Unit(code, self)

    def citizen(self, ticket: Ticket) -> Citizen:
        return Citizen(ticket, self)

    @property
    def operator(self) -> Staff:
        return self.staff("operator")

    @property
    def dispatcher(self) -> Staff:
        return self.staff("dispatcher")

    @property
    def reviewer(self) -> Staff:
        return self.staff("reviewer")

    @property
    def caller_back(self) -> Staff:
        return self.staff("call_back")

    @property
    def supervisor(self) -> Staff:
        return self.staff("supervisor")

    async def work(self) -> None:
        """What the worker does when its time has come: events handed on, due jobs done, at the clock's time."""
        kinds = ticket_jobs.kinds()
        await jobs.plan_periodic(self.database, kinds, self.clock())
        while await jobs.run_due(self.database, kinds, self.clock()):
            pass
        assert not await self.owner.fetch("SELECT kind, last_error FROM job WHERE last_error IS NOT NULL")
        while await outbox.hand_on(self.database, ticket_jobs.consumers(), self.clock()):
            pass

    async def events(self, kind: str, ticket: Ticket) -> int:
        """How many events of a kind there were about a ticket."""
        found = await self.owner.fetchval(
            "SELECT count(*) FROM event e JOIN ticket t ON t.id = e.subject WHERE e.kind = $1 AND t.number = $2", kind, ticket.number
        )
        return int(found)

    async def stored(self) -> dict[str, int]:
        """How many rows there are of all that a request could leave behind."""
        tables = ("contact", "caller", "ticket", "unit_order", "history", "event", "idempotency", "notice", "staff", "reveal")
        union = " UNION ALL ".join(f"SELECT '{t}' AS name, count(*) AS n FROM {t}" for t in tables)
        return {r["name"]: r["n"] for r in await self.owner.fetch(union)}

    async def caller_of(self, ticket: Ticket) -> UUID | None:
        return (await ticket.row("caller"))["caller"]

    async def close(self) -> None:
        for client in (self.public, *(s.client for s in self._staff.values())):
            await client.aclose()
