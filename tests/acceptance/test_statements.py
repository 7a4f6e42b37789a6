"""What a request costs in statements: a contact stays within eight, and no list costs one a row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from asyncpg.connection import LoggedQuery

from .driver import PHONE, City, Line12345

ONCE = ("NOTIFY", "'jit'", "typeinfo_tree")
"""Not a request's: the call to the workers, later and for many requests together; and what the driver asks once a connection."""

MARY = {"name": "Mary Beck", "phone": PHONE}


@pytest.fixture
def counted(city: City):
    """Counts the statements that the application sends while a block lasts, those that open and end transactions too."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        heard: list[str] = []

        def hear(query: LoggedQuery) -> None:
            if not any(mark in query.query for mark in ONCE):
                heard.append(query.query)

        connections = [holder._con for holder in city.database._pool._holders if holder._con is not None]
        assert connections
        for connection in connections:
            connection.add_query_logger(hear)
        yield heard
        for connection in connections:
            connection.remove_query_logger(hear)

    return counting


async def _all_connected(city: City) -> None:
    """Opens every connection of the pool, so that none comes later unheard."""
    pool = city.database._pool
    busy = pool.get_size() - pool.get_idle_size()  # one listens for a changed city
    held = [await pool.acquire() for _ in range(pool.get_max_size() - busy)]
    for connection in held:
        await pool.release(connection)


@pytest.mark.parametrize(
    ("words", "more"),
    (
        ("Huge pothole on Mill Road", {}),
        ("Huge pothole on Mill Road", {"caller": MARY}),
        ("something is wrong, please come", {"caller": MARY}),
        ("the bins were not collected since Monday. Also, huge pothole in the road by the school", {"caller": MARY}),
        ("There is smoke pouring from the house", {"caller": MARY}),
    ),
)
async def test_a_contact_costs_at_most_eight_statements(city: City, counted, words: str, more: dict):
    await _all_connected(city)
    with counted() as first:
        answer = await city.public.post("/api/v1/contacts", json={"text": words, **more}, headers={"Idempotency-Key": "k-1"})
    assert answer.status_code == 201
    assert 0 < len(first) <= 8, "\n".join(q[:100] for q in first)
    headers = {"Idempotency-Key": "k-2", "X-CSRF-Token": city.operator.csrf}
    with counted() as theirs:
        answer = await city.operator.client.post("/api/v1/contacts", json={"text": words, "separate": True, **more}, headers=headers)
    assert answer.status_code == 201
    assert len(theirs) <= 8, "\n".join(q[:100] for q in theirs)


async def test_no_list_costs_a_statement_a_row(city: City, line: Line12345, counted):
    await _all_connected(city)
    roads = city.unit("pa.roads").handler
    reads = {
        "the supervisor's list": (city.supervisor, "/api/v1/tickets"),
        "the unit's list": (roads, "/api/v1/tickets"),
        "the counts": (roads, "/api/v1/ticket-counts"),
        "the unit's desk": (roads, "/desk/unit"),
        "the dispatcher's desk": (city.dispatcher, "/desk/dispatch"),
        "the supervisor's desk": (city.supervisor, "/desk/supervisor"),
        "the operator's desk": (city.operator, f"/desk/operator?phone={PHONE.replace('+', '%2B')}"),
        "the accounts": (city.staff("system_admin"), "/api/v1/staff"),
        "the audit": (city.staff("audit_admin"), "/api/v1/audit"),
    }

    async def costs() -> dict[str, int]:
        told: dict[str, int] = {}
        city.clock.forward(minutes=2)  # nobody looked: the board fetches everything
        with counted() as statements:
            await city.supervisor.client.get("/desk/supervisor")
        told["the supervisor's desk, unwatched"] = len(statements)
        city.clock.forward(seconds=5)  # then it fetches one thing a second, whatever the number of tickets
        for name, (person, path) in reads.items():
            with counted() as statements:
                answer = await person.client.get(path)
            assert answer.status_code == 200, name
            told[name] = len(statements)
        return told

    await line.takes("Huge pothole on Mill Road", caller=MARY)
    await line.takes("something is wrong, please come")
    await costs()  # what a process asks for once
    few = await costs()
    for _ in range(49):
        await line.takes("Huge pothole on Mill Road", caller=MARY, separate=True)
        await line.takes("something is wrong, please come")
    assert len(await roads.list()) == 50
    assert await costs() == few
    assert few.pop("the supervisor's desk, unwatched") <= 14
    assert max(few.values()) <= 10, few


async def test_a_tickets_page_costs_the_same_however_long_its_history(city: City, line: Line12345, counted):
    await _all_connected(city)
    ticket = await line.report("Huge pothole on Mill Road")
    roads = city.unit("pa.roads").handler

    async def costs() -> list[int]:
        told: list[int] = []
        for path in (f"/api/v1/tickets/{ticket.number}", f"/desk/ticket/{ticket.number}"):
            with counted() as statements:
                assert (await roads.client.get(path)).status_code == 200
            told.append(len(statements))
        with counted() as statements:
            await city.citizen(ticket).looks()
        return [*told, len(statements)]

    before = await costs()
    for n in range(20):
        await city.citizen(ticket).does("supplement", note=f"{n}")
    assert await costs() == before
