"""`public_rate`: how much one address may send, and that staff and others are not hindered by it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.hotline import Hotline, hotline_on

from yixian.db import bootstrap

HOLE = "There is a deep pothole in Northgate"


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        process = running.app.state.process
        running.app.state.process = msgspec.structs.replace(process, settings=msgspec.structs.replace(process.settings, public_rate=2))
        yield running


async def test_one_address_sends_so_many_a_minute_and_loses_nothing_typed(hotline: Hotline) -> None:
    anybody = hotline.browser()
    sent = [await anybody.client.post("/api/v1/contacts", json={"text": f"{HOLE} {n}"}) for n in range(3)]
    assert [s.status_code for s in sent] == [201, 201, 429]
    assert sent[2].json()["type"] == "too-many" and sent[2].headers["retry-after"] == "60"
    await anybody.open("/")
    await anybody.send("/say", 429, text=f"{HOLE} again")
    assert f"{HOLE} again" in anybody.answer.text, "what was typed is still there"
    assert await hotline.owner.fetchval("SELECT count(*) FROM contact") == 2
    operator = await hotline.staff("operator")
    csrf = {"X-CSRF-Token": (await operator.client.get("/api/v1/session")).json()["csrf"]}
    for n in range(3):
        assert (await operator.client.post("/api/v1/contacts", json={"text": f"{HOLE} {n}"}, headers=csrf)).status_code == 201
    hotline.clock.forward(seconds=61)
    assert (await anybody.client.post("/api/v1/contacts", json={"text": HOLE})).status_code == 201


async def test_looking_is_counted_too(hotline: Hotline) -> None:
    client = hotline.browser().client
    looks = [(await client.post("/api/v1/contacts/preview", json={"text": HOLE})).status_code for _ in range(21)]
    assert looks == [200] * 20 + [429]
