"""The numbers beside the desks' names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.hotline import Hotline, hotline_on

from yixian.db import bootstrap
from yixian.people.model import Actor, Role
from yixian.tickets.model import Count, Light, State
from yixian.tickets.waiting import waiting

COUNTS = (
    Count(State.AWAITING_DISPATCH, Light.RED, 2),
    Count(State.AWAITING_DISPATCH, Light.GREEN, 3),
    Count(State.JOINT_REVIEW, Light.GREEN, 1),
    Count(State.DISPATCHED, Light.GREEN, 7),
    Count(State.UNIT_REVIEW, Light.GREEN, 4),
    Count(State.IN_REVIEW, Light.AMBER, 9),
)


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


def somebody(*roles: Role) -> Actor:
    return Actor("s", "s", frozenset(roles))


def test_each_sees_what_waits_at_their_own_desks():
    assert waiting(somebody(Role.DISPATCHER), COUNTS) == {"/desk/dispatch": 6}
    assert waiting(somebody(Role.SUPERVISOR), COUNTS) == {"/desk/dispatch": 6, "/desk/review": 9}
    assert waiting(somebody(Role.HANDLER), COUNTS) == {"/desk/unit": 7}
    assert waiting(somebody(Role.UNIT_REVIEWER), COUNTS) == {"/desk/unit": 4}
    assert waiting(somebody(Role.HANDLER, Role.UNIT_REVIEWER), COUNTS) == {"/desk/unit": 11}
    assert waiting(somebody(Role.OPERATOR), COUNTS) == {}


async def test_a_desk_says_how_many_wait(hotline):
    await hotline.says("Something is wrong somewhere, nobody knows what.")
    dispatcher = await hotline.staff("dispatcher")
    answer = await dispatcher.client.get("/desk/counts")
    assert answer.json() == {"/desk/dispatch": 1}
    assert "private" in answer.headers["cache-control"]
    assert (await (await hotline.staff("admin")).client.get("/desk/counts")).json() == {}
    assert (await hotline.browser().client.get("/desk/counts", follow_redirects=False)).status_code == 303


async def test_the_rail_groups_the_desks_and_marks_the_present_one(hotline):
    supervisor = await hotline.staff("supervisor")
    await supervisor.open("/desk/supervisor")
    html = supervisor.answer.text
    assert html.index("日常") < html.index('href="/desk/dispatch"') < html.index("协同") < html.index('href="/desk/disputes"')
    assert html.count('href="/desk/supervisor" title="总览" aria-current="page"') == 1
    assert 'data-count="/desk/review"' in html
