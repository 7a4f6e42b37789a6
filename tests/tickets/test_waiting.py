"""The numbers beside the desks' names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.hotline import Hotline, hotline_on

from yixian.db import bootstrap
from yixian.people.model import Actor, Role
from yixian.tickets.model import State
from yixian.tickets.waiting import waiting


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


def somebody(*roles: Role) -> Actor:
    return Actor("s", "s", frozenset(roles), "pa.roads", "pa/pa.roads/")


def test_each_is_told_of_their_own_desks():
    def waits(*roles: Role) -> dict[str, tuple[State, ...]]:
        return {desk: filters.states for desk, filters in waiting(somebody(*roles)).items()}

    dispatching = {"/desk/dispatch": (State.AWAITING_DISPATCH, State.JOINT_REVIEW)}
    assert waits(Role.DISPATCHER) == dispatching
    assert waits(Role.SUPERVISOR) == {
        **dispatching, "/desk/review": (State.IN_REVIEW,), "/desk/callback": (State.AWAITING_CALL_BACK,),
    }  # fmt: skip
    assert waits(Role.HANDLER) == {"/desk/unit": (State.DISPATCHED,)}
    assert waits(Role.UNIT_REVIEWER) == {"/desk/unit": (State.UNIT_REVIEW,)}
    assert waits(Role.HANDLER, Role.UNIT_REVIEWER) == {"/desk/unit": (State.DISPATCHED, State.UNIT_REVIEW)}
    assert waits(Role.OPERATOR) == {}
    both = waiting(somebody(Role.SUPERVISOR, Role.HANDLER))
    assert (both["/desk/unit"].unit_path, both["/desk/review"].unit_path) == ("pa/pa.roads/", "")


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
