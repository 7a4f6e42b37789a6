"""No link leads to a refusal: whoever works here can follow every link on every page that they come to."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.hotline import Browser, Hotline, hotline_on
from tests.web.look import Page

from yixian.db import bootstrap, outbox
from yixian.groups import jobs
from yixian.people.model import HOTLINE_ROLES, UNIT_ROLES
from yixian.people.policy import STAFF_ROLES

SETTLED = {"matter": "ST0102", "region": "PA-N-1", "outcome": "ticket_opened"}

WALKED = 40
"""Pages of one role; of addresses that differ in numbers alone one is enough."""
NOT_WALKED = re.compile(r"^(/preference|/logout|/static|/styleguide|/api/|/#|#|tel:|mailto:|https?:)|/export/|\.pdf|/file/")
_NUMBERS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|PA\d{8,}|\d+")


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


def like(address: str) -> str:
    """What is the same of addresses that lead to pages of one kind."""
    path, _, query = address.partition("#")[0].partition("?")
    names = sorted(part if part.startswith(("tab=", "which=")) else part.partition("=")[0] for part in query.split("&"))
    return f"{_NUMBERS.sub('N', path)}?{names}"


async def a_days_tickets(hotline: Hotline) -> list[str]:
    """Addresses of an event that many told of and of its tickets: with a unit, disputed, answered, to be called back, closed."""
    operator = await hotline.staff("operator")
    headers = {"X-CSRF-Token": (await operator.client.get("/api/v1/session")).json()["csrf"]}
    numbers: list[str] = []
    for n in range(6):
        hotline.clock.forward(minutes=1)
        told = {"text": f"The lift in building 3 of Harbour Court is broken {n}", "channel": "phone", **SETTLED}
        answer = await operator.client.post("/api/v1/contacts", json={**told, "caller": {"phone": f"+4477009{n:05}"}}, headers=headers)
        numbers.append(answer.json()["tickets"][0]["number"])
    while await outbox.hand_on(hotline.app.state.process.database, jobs.consumers(), hotline.clock()):
        pass
    numbers.append((await hotline.says("zzz qqq xxx"))["tickets"][0]["number"])
    for number, state in zip(numbers, ("in_review", "awaiting_call_back", "joint_review", "handling", "closed"), strict=False):
        await hotline.owner.execute("UPDATE ticket SET state = $2, answer = 'Mended.', ruled = true WHERE number = $1", number, state)
    group = await hotline.owner.fetchval("SELECT id FROM ticket_group")
    return [f"/desk/groups/{group}", *(f"/desk/ticket/{number}" for number in numbers)]


async def refusals(person: Browser, begin: list[str]) -> list[str]:
    """Where somebody who follows every link is refused, and on which page the link stands."""
    waiting = [(address, "the beginning") for address in begin]
    walked, refused = set[str](), list[str]()
    while waiting and len(walked) < WALKED:
        address, source = waiting.pop(0)
        kind = address if address in begin else like(address)
        if kind in walked:
            continue
        walked.add(kind)
        answer = await person.client.get(address, follow_redirects=True)
        if answer.status_code >= 400:
            refused.append(f"{answer.status_code} {address} on {source}")
        elif "html" in answer.headers.get("content-type", ""):
            waiting += [(link, address) for link in Page(answer.text).links if not NOT_WALKED.search(link)]
    return refused


async def test_every_link_can_be_followed_by_who_sees_it(hotline: Hotline) -> None:
    addresses = await a_days_tickets(hotline)
    found: dict[str, list[str]] = {}
    for role in sorted(STAFF_ROLES):
        unit = "pa.roads" if role in UNIT_ROLES else "pa.contact"
        await hotline.owner.execute("UPDATE staff SET roles = ARRAY[$1::text], unit = $2 WHERE login = 'operator'", role.value, unit)
        own = addresses if role in HOTLINE_ROLES else addresses[1:] if role in UNIT_ROLES else []
        person = await hotline.staff("operator")
        begin = ["/desk", *[a for a in own if (await person.client.get(a)).status_code == 200]]
        found[role.value] = await refusals(person, begin)
    assert {role: refused for role, refused in found.items() if refused} == {}
