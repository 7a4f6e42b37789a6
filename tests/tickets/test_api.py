"""The JSON door: what staff and citizens get, and what they are told when it cannot be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.datastructures import State as AppState
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from openapi_spec_validator import validate
from tests.tickets.conftest import ANSWER, Town

from yixian import app as wiring
from yixian.city.inforce import City
from yixian.db.keys import Keys
from yixian.db.pool import SYSTEM, Database
from yixian.language.service import Reader, compile_reader
from yixian.people import api as people_api
from yixian.people import passwords, sessions, store
from yixian.people import service as people
from yixian.people.model import SYSTEM_ACTOR, Role
from yixian.people.secrets import SoftwareVault
from yixian.people.service import NewStaff
from yixian.settings import Settings
from yixian.tickets import api, clearing, numbers
from yixian.tickets.choices import What
from yixian.tickets.model import Action, State, Ticket
from yixian.web import problems

PASSWORD = "four harbour lamps glow"
KEYS = Keys(b"k" * 32)


@dataclass
class Process:
    settings: Settings
    database: Database
    town: Town

    def clock(self) -> datetime:
        return self.town.now


class Door:
    """The town's API, and who is at it."""

    def __init__(self, client: httpx.AsyncClient, town: Town, hashed: str) -> None:
        self.client = client
        self.town = town
        self.hashed = hashed
        self.token: dict[str, str] = {}

    async def enter(self, role: Role, unit: str = "pa.contact") -> None:
        """Signs in as a new member of staff."""
        self.client.cookies.clear()
        login = f"{role}.{unit}".lower()
        async with self.town.db.transaction(SYSTEM) as tx:
            if not await tx.fetchval("SELECT count(*) FROM staff WHERE login = $1", login):
                new = NewStaff(login, role.title(), frozenset({role}), unit, must_change=False)
                added = await people.add_staff(tx, SYSTEM_ACTOR, new, self.town.now)
                await store.set_password(tx, added.id, self.hashed, False, self.town.now)
        answer = await self.client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
        self.token = {"X-CSRF-Token": answer.json()["csrf"]}

    async def does(self, ticket: Ticket | str, action: str, **body: Any) -> tuple[int, Any]:
        self.town.passes(seconds=1)
        number = ticket if isinstance(ticket, str) else ticket.number
        answer = await self.client.post(f"/api/v1/tickets/{number}/{action}", json=body, headers={} if "code" in body else self.token)
        return answer.status_code, answer.json()

    async def gets(self, path: str, **query: Any) -> tuple[int, Any]:
        answer = await self.client.get(f"/api/v1/{path}", params=query)
        return answer.status_code, answer.json()


def code(ticket: Ticket) -> str:
    return numbers.check_code(KEYS.for_("check codes"), ticket.number)


@pytest.fixture(scope="session")
async def hashed() -> str:
    return await passwords.hashed(PASSWORD)


@pytest.fixture(scope="session")
def reader(city: City) -> Reader:
    return compile_reader(city.pack)


def always(value: Any) -> Callable[[], Any]:
    return lambda: value


@pytest.fixture
async def door(town: Town, hashed: str, reader: Reader, tmp_path: Path) -> AsyncIterator[Door]:
    settings = Settings(home=tmp_path, second_factor=False)
    process = Process(settings, town.db, town)
    given = {
        "db": town.db, "city": town.city, "settings": settings, "keys": KEYS, "vault": SoftwareVault(KEYS),
        "reader": reader,
    }  # fmt: skip
    application = Litestar(
        [*api.routes, *people_api.routes],
        dependencies={
            **{name: Provide(always(value), sync_to_thread=False) for name, value in given.items()},
            "now": Provide(process.clock, sync_to_thread=False),
            "session": Provide(sessions.provide_session),
            "actor": Provide(sessions.provide_actor),
        },
        exception_handlers=problems.handlers(wiring.PROBLEMS),
        state=AppState({"process": process}),
        openapi_config=OpenAPIConfig("Tickets", "1"),
    )
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="https://testserver.local") as client:
        yield Door(client, town, hashed)


async def test_a_ticket_goes_its_way_through_the_api(door: Door) -> None:
    ticket = await door.town.open()
    await door.enter(Role.DISPATCHER)
    assert (await door.does(ticket, "dispatch", unit="pa.roads", basis="Roads Order 12"))[0] == 200
    await door.enter(Role.HANDLER, "pa.roads")
    status, moved = await door.does(ticket, "sign", version=2)
    assert (status, moved["state"], moved["version"], moved["lead"]) == (200, "handling", 3, "pa.roads")
    await door.does(ticket, "contact", note="Rang")
    await door.does(ticket, "reply", answer=ANSWER)
    status, seen = await door.gets(f"tickets/{ticket.number}")
    assert (status, seen["state"], seen["answer"], seen["lead_name"]) == (200, "unit_review", ANSWER, "Roads and Lighting")
    assert [row["action"] for row in seen["history"]] == ["register", "dispatch", "sign", "contact", "reply"]
    assert seen["caller"]["phone"].endswith("1234")
    await door.enter(Role.UNIT_REVIEWER, "pa.roads")
    assert (await door.does(ticket, "approve"))[1]["state"] == "in_review"
    await door.enter(Role.REVIEWER)
    assert (await door.does(ticket, "pass"))[1]["state"] == "awaiting_call_back"
    rating = {"response": 5, "solution": 5, "attitude": 5}
    assert (await door.does(ticket, "rate", code=code(ticket), rating=rating))[1]["state"] == "closed"
    _, told = await door.gets(f"tickets/{ticket.number}", code=code(ticket))
    assert (told["answer"], told["rated"], told["allowed"]) == (ANSWER, True, ["reopen"])


async def test_a_citizen_sees_a_masked_time_line(door: Door) -> None:
    ticket = await door.town.open("pa.roads")
    roads = door.town.handler("pa.roads")
    await door.town.does(roads, ticket, Action.SIGN)
    await door.town.does(roads, ticket, Action.CONTACT, note="Sounded cross")
    await door.town.does(roads, ticket, Action.REPLY, answer=ANSWER, internal="Our own fault")
    status, told = await door.gets(f"tickets/{ticket.number}", code=code(ticket).lower())
    assert (status, told["state"], told["unit"], told["answer"]) == (200, "unit_review", "Roads and Lighting", "")
    assert [step["action"] for step in told["steps"]] == ["register", "dispatch", "sign"]
    assert "cross" not in str(told) and "fault" not in str(told) and "handler" not in str(told)


async def test_a_wrong_code_says_no_more_than_a_wrong_number_and_ten_close_the_number_for_an_hour(door: Door) -> None:
    ticket = await door.town.open("pa.roads")
    wrong = await door.gets(f"tickets/{ticket.number}", code="XXXXXX")
    unknown = await door.gets(f"tickets/{numbers.number('PA', door.town.now.date(), 999_999)}", code="XXXXXX")
    assert wrong == unknown
    assert wrong[0] == 404
    for _ in range(9):
        assert (await door.does(ticket, "urge", code="XXXXXX"))[0] == 404
    status, closed = await door.gets(f"tickets/{ticket.number}", code=code(ticket))
    assert (status, closed["type"]) == (429, "too-many")
    door.town.passes(hours=1, seconds=1)
    assert (await door.gets(f"tickets/{ticket.number}", code=code(ticket)))[0] == 200


async def test_a_code_does_what_citizens_may_and_nothing_else(door: Door) -> None:
    ticket = await door.town.open("pa.roads")
    assert (await door.does(ticket, "urge", code=code(ticket)))[0] == 200
    assert (await door.does(ticket, "supplement", code=code(ticket), note="Number 4"))[0] == 200
    assert (await door.does(ticket, "sign", code=code(ticket)))[0] == 403
    assert (await door.does(ticket, "withdraw", code=code(ticket)))[0] == 409
    status, gone = await door.does(ticket, "withdraw", code=code(ticket), note="It works again")
    assert (status, gone["state"]) == (200, "withdrawn")


async def test_nobody_gets_in_without_session_or_code(door: Door) -> None:
    ticket = await door.town.open("pa.roads")
    assert (await door.gets(f"tickets/{ticket.number}"))[0] == 401
    assert (await door.does(ticket, "urge"))[0] == 401
    assert (await door.gets("tickets"))[0] == 401
    await door.enter(Role.SYSTEM_ADMIN)
    assert (await door.gets("tickets"))[0] == 403
    assert (await door.gets(f"tickets/{ticket.number}"))[0] == 404
    await door.enter(Role.HANDLER, "pa.harbour")
    assert (await door.gets(f"tickets/{ticket.number}"))[0] == 404
    assert (await door.does(ticket, "sign"))[0] == 404
    door.token = {}
    assert (await door.does(ticket, "sign"))[0] == 403


async def test_conflicts_say_what_happened_or_what_is_allowed(door: Door) -> None:
    ticket = await door.town.open("pa.roads")
    await door.enter(Role.HANDLER, "pa.roads")
    status, refused = await door.does(ticket, "reply", answer=ANSWER)
    assert (status, refused["type"]) == (409, "refused")
    assert "sign" in refused["allowed"]
    await door.does(ticket, "sign")
    status, overtaken = await door.does(ticket, "hand_down", unit="pa.roads", version=2)
    assert (status, overtaken["type"], overtaken["happened"]["action"]) == (409, "overtaken", "sign")


async def test_a_split_makes_new_numbers(door: Door) -> None:
    ticket = await door.town.open()
    await door.enter(Role.OPERATOR)
    assert (await door.does(ticket, "split", texts=["The light", "The bin"]))[0] == 200
    _, listed = await door.gets("tickets")
    assert len(listed["lines"]) == 3
    assert all(numbers.is_number("PA", line["number"]) for line in listed["lines"])


async def test_lists_by_the_query(door: Door) -> None:
    for unit in ("pa.roads", "pa.roads", "pa.harbour"):
        await door.town.open(unit)
    await door.enter(Role.SUPERVISOR)
    _, first = await door.gets("tickets", limit=2, state=["dispatched", "handling"])
    _, rest = await door.gets("tickets", limit=2, state=["dispatched", "handling"], after=first["after"])
    assert (len(first["lines"]), len(rest["lines"]), rest["after"]) == (2, 1, "")
    assert [len((await door.gets("tickets", unit=unit))[1]["lines"]) for unit in ("pa.roads", "pa", "PA-N")] == [2, 3, 0]
    assert len((await door.gets("tickets", region="PA-N", matter="ST", kind="help", light="green"))[1]["lines"]) == 3
    assert (await door.gets("ticket-counts"))[1] == [{"state": "dispatched", "light": "green", "count": 3}]
    await door.enter(Role.HANDLER, "pa.harbour")
    assert len((await door.gets("tickets"))[1]["lines"]) == 1


BAD_QUERIES = [
    ({"state": "lost"}, 422),
    ({"after": "x"}, 409),
    ({"after": "~\0"}, 409),
    ({"limit": 1000}, 400),
    ({"unit": "x"}, 422),
    ({"region": "x"}, 422),
    ({"matter": "x\0"}, 422),
    ({"number": "x\0"}, 200),
    ({"state": ["closed", "handling"]}, 409),
    ({"supervision": "x"}, 400),
    ({"light": "blue"}, 400),
]
BAD_BODIES = [
    ("fly", {}, 404),
    ("urge", {"colour": "red"}, 400),
    ("supplement", {"note": "a\0b"}, 400),
    ("supplement", {"note": "x" * 10_001}, 400),
    ("supplement", {"note": "<b>'; DROP TABLE ticket;--"}, 200),
    ("rate", {"rating": {"response": 9, "solution": 5, "attitude": 5}}, 400),
    ("merge", {"number": "'; DROP TABLE ticket", "note": "x"}, 404),
]


@pytest.mark.parametrize(("query", "status"), BAD_QUERIES)
async def test_bad_queries(door: Door, query: dict[str, Any], status: int) -> None:
    await door.enter(Role.SUPERVISOR)
    assert (await door.gets("tickets", **query))[0] == status


async def test_a_code_that_nobody_has_is_answered_with_what_it_may_mean(door: Door) -> None:
    """The offers are those of the lists' pages; several wrong codes are told at once."""
    await door.enter(Role.SUPERVISOR)
    status, told = await door.gets("tickets", unit="Roads", region="North", matter="pothole", state=["closed", "lost"])
    errors = {error["field"]: error for error in told["errors"]}
    assert (status, list(errors)) == (422, ["state", "unit", "region", "matter"])
    assert {one["code"] for one in errors["state"]["choices"]} == {state.value for state in State}
    for field, what, asked in (("unit", What.UNITS, "Roads"), ("region", What.REGIONS, "North"), ("matter", What.MATTERS, "pothole")):
        page = clearing.meant(door.town.city, what, asked)
        assert [one["code"] for one in errors[field]["choices"]] == ([page.code] if page.code else [one.code for one in page.may_be])
        assert errors[field]["choices"], field
        assert (await door.gets("tickets", **{field: errors[field]["choices"][0]["code"]}))[0] == 200, "what is offered can be asked for"
    _, told = await door.gets("tickets", unit="no such unit")
    assert "choices" not in told["errors"][0]


@pytest.mark.parametrize(("action", "body", "status"), BAD_BODIES)
async def test_bad_bodies(door: Door, action: str, body: dict[str, Any], status: int) -> None:
    ticket = await door.town.open("pa.roads")
    await door.enter(Role.OPERATOR)
    assert (await door.does(ticket, action, **body))[0] == status


@pytest.mark.parametrize("number", ["PA", "%00", "..%2f", "PA2611220000017'", "号"])
async def test_strange_numbers_are_not_found(door: Door, number: str) -> None:
    await door.enter(Role.OPERATOR)
    assert (await door.gets(f"tickets/{number}"))[0] == 404
    assert (await door.gets(f"tickets/{number}", code="ABCDEF"))[0] == 404


async def test_the_description_is_valid(door: Door) -> None:
    description = (await door.client.get("/schema/openapi.json")).json()
    validate(description)
    step = description["paths"]["/api/v1/tickets/{number}/{action}"]["post"]
    assert {"200", "401", "404", "409"} <= set(step["responses"])
