"""Whoever sends too much hears it: the rest is read before the answer, or the connection would be reset under it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from httpx import ASGITransport, AsyncClient
from litestar import Litestar, post
from litestar.params import RawBody

from yixian.web.refused_bodies import RefusedBodies

PIECE = b"x" * 1024
PIECES = 200


@post("/take", request_max_body_size=4096)
async def take(body: RawBody) -> int:
    return len(body)


@post("/look", status_code=413)
async def look(body: RawBody) -> int:
    """Refuses by itself, when it has read everything."""
    return len(body)


async def sent(app: Any, **headers: str) -> tuple[int, int]:
    """The answer's status, and how many pieces of the body were taken off the wire."""
    taken = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(PIECES):
            taken += 1
            yield PIECE

    async with AsyncClient(transport=ASGITransport(app), base_url="https://hotline.test") as client:
        answer = await client.post("/take", content=pieces(), headers=headers)
    return answer.status_code, taken


async def test_a_body_without_a_length_is_read_to_its_end_before_it_is_refused() -> None:
    assert await sent(Litestar([take], middleware=[RefusedBodies()])) == (413, PIECES)


async def test_a_body_that_says_how_long_it_is_is_read_to_its_end_too() -> None:
    app = Litestar([take], middleware=[RefusedBodies()])
    assert await sent(app, **{"content-length": str(PIECES * len(PIECE))}) == (413, PIECES)


async def test_what_is_not_refused_passes_as_it_is() -> None:
    app: Any = Litestar([take], middleware=[RefusedBodies()])
    async with AsyncClient(transport=ASGITransport(app), base_url="https://hotline.test") as client:
        answer = await client.post("/take", content=b"x" * 4000)
    assert (answer.status_code, answer.json()) == (201, 4000)


async def test_what_was_read_to_its_end_is_answered_at_once() -> None:
    app: Any = Litestar([look], middleware=[RefusedBodies()])
    async with AsyncClient(transport=ASGITransport(app), base_url="https://hotline.test") as client:
        answer = await asyncio.wait_for(client.post("/look", content=b"x" * 4000), 10)
    assert (answer.status_code, answer.json()) == (413, 4000)
