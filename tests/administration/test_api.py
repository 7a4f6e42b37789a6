"""The JSON door to the city's data: the pages' rules, for programs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from tests.hotline import Browser, Hotline, hotline_on

from yixian.administration import jobs
from yixian.city.adjustments import Thing
from yixian.db import bootstrap, pool
from yixian.db.jobs import Job
from yixian.people.model import Role

from .test_pages import CODES


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, tmp_path: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, tmp_path) as running:
        yield running


class Door:
    """Somebody's program."""

    def __init__(self, browser: Browser, csrf: str, today: str) -> None:
        self.client = browser.client
        self.headers = {"X-CSRF-Token": csrf}
        self.today = today

    async def asks(self, path: str, status: int = 200, **params: Any) -> Any:
        return self._told(await self.client.get(f"/api/v1/{path}", params=params), status)

    async def sends(self, path: str, status: int, key: str = "", **body: Any) -> Any:
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        whole = {"since": self.today, "reason": "the council decided", **body}
        return self._told(await self.client.post(f"/api/v1/{path}", json=whole, headers=headers), status)

    def _told(self, answer: Response, status: int) -> Any:
        assert answer.status_code == status, answer.text
        return answer.json()


async def door_of(hotline: Hotline, login: str) -> Door:
    browser = await hotline.staff(login)
    csrf = (await browser.client.get("/api/v1/session")).json()["csrf"]
    return Door(browser, csrf, hotline.clock.now.date().isoformat())


@pytest.fixture
async def door(hotline: Hotline) -> Door:
    return await door_of(hotline, "admin")


async def test_what_there_is_and_how_it_is_written(door: Door) -> None:
    kinds = {kind["thing"]: kind for kind in await door.asks("city")}
    assert set(kinds) == set(Thing)
    urgency = next(field for field in kinds["limit"]["fields"] if field["name"] == "urgency")
    assert urgency["once"] and urgency["options"]["urgent"] == "紧急"
    for thing, code in CODES.items():
        page = await door.asks(f"city/{thing}")
        assert page["total"] == kinds[thing]["count"] or thing is Thing.DAY
        if page["total"]:
            one = await door.asks(f"city/{thing}/{page['lines'][0]['code'] if thing is Thing.DAY else code}")
            assert one["today"] == one["pack"] and one["changes"] == []
    found = await door.asks("city/unit", q="waste")
    assert [line["code"] for line in found["lines"]] == ["pa.waste"] and found["after"] == ""


async def test_tried_changed_from_a_day_seen_in_the_history_and_taken_back(hotline: Hotline, door: Door) -> None:
    later = (hotline.clock.now + timedelta(days=3)).date().isoformat()
    wanted: dict[str, Any] = {"thing": "unit", "deed": "change", "code": "pa.waste", "fields": {"phone": "0800 77"}, "since": later}
    tried = await door.sends("city-trials", 200, **wanted)
    assert [(one["field"], one["before"], one["after"]) for one in tried["changed"]] == [("phone", "", "0800 77")]
    assert (tried["blocks"], tried["clocks"]) == ([], None)
    assert await hotline.owner.fetchval("SELECT count(*) FROM adjustment") == 0
    change = await door.sends("city-changes", 201, **wanted, seen=tried["seen"])
    assert (change["in_force"], change["by"], change["since"]) == (False, "Admin", later)
    one = await door.asks("city/unit/pa.waste")
    assert one["today"]["phone"] == "" and one["changes"][0]["id"] == change["id"]
    # The mark of the first trial holds no more.
    other: dict[str, Any] = wanted | {"fields": {"phone": "1"}}
    await door.sends("city-changes", 409, **other, seen=tried["seen"])
    undone = await door.sends("city-changes", 201, thing="unit", deed="undo", code="pa.waste", undoes=change["id"], since=later)
    assert (undone["undoes"], undone["what"]) == (change["id"], "撤销变更")
    hotline.clock.forward(days=4)
    database = hotline.app.state.process.database
    await jobs.day(database, Job(None, "city.day", {}, 0), hotline.clock.now)  # type: ignore[arg-type]  # the work does not ask which job
    assert await hotline.owner.fetchval("SELECT body ->> 'phone' FROM unit WHERE code = 'pa.waste'") in ("", None)
    history = await door_of(hotline, "admin")
    assert [c["id"] for c in (await history.asks("city-changes"))["changes"]] == [undone["id"], change["id"]]
    assert (await history.asks(f"city-changes/{change['id']}"))["in_force"]


async def test_sent_twice_with_one_key_it_is_made_once(hotline: Hotline, door: Door) -> None:
    added: dict[str, Any] = {
        "thing": "matter", "deed": "add",
        "fields": {
            "parent": "ST01", "name": "Street light flickers", "queue": "streets", "kind": "help", "urgency": "normal", "audience": "both",
            "examples": "\n".join(f"the lamp flickers {n}" for n in range(6)),
        },
    }  # fmt: skip
    first = await door.sends("city-changes", 201, key="a", **added)
    again = await door.sends("city-changes", 200, key="a", **added)
    assert again == first and first["code"].startswith("ST01")
    await door.sends("city-changes", 422, key="a", **added | {"reason": "another"})
    await door.sends("city-changes", 422, key="a", **added | {"fields": {**added["fields"], "name": "Another"}})
    wanted: dict[str, Any] = {"thing": "unit", "deed": "change", "code": "pa.waste", "fields": {"phone": "1"}}
    assert await door.sends("city-changes", 201, key="b", **wanted) == await door.sends("city-changes", 200, key="b", **wanted)
    assert await hotline.owner.fetchval("SELECT count(*) FROM adjustment") == 2


async def test_running_tickets_are_counted_again_where_the_door_says_so(hotline: Hotline, door: Door) -> None:
    await hotline.says("The bin was not emptied")
    wanted: dict[str, Any] = {"thing": "limit", "deed": "change", "code": "*:*:*", "fields": {"dispatch": "30wh", "answer": "20wd"}}
    clocks = (await door.sends("city-trials", 200, **wanted))["clocks"]
    assert clocks["running"] == clocks["later"]["touched"] == 1 and clocks["later"]["earlier"] == 0
    change = await door.sends("city-changes", 201, **wanted, clocks="later")
    assert change["recount"]["done_at"] is None
    async with hotline.app.state.process.database.transaction(pool.SYSTEM) as tx:
        kind, body = await tx.fetchrow("SELECT kind, body FROM job WHERE kind = 'city.recount'")
    await jobs.kinds()[kind].run(hotline.app.state.process.database, Job(None, kind, body, 0), hotline.clock.now)  # type: ignore[arg-type]  # as above
    assert (await door.asks(f"city-changes/{change['id']}"))["recount"]["moved"] == 1
    other: dict[str, Any] = {"thing": "unit", "deed": "change", "code": "pa.waste", "fields": {"phone": "1"}}
    for chosen, status in (("weekly", 400), ("anew", 422)):
        problem = await door.sends("city-changes", status, **other, clocks=chosen)
        assert problem["errors"][0]["field"] == "clocks"


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"fields": {"telephone": "1"}}, 422, "fields.telephone"), ({"fields": {"name": ""}}, 422, "name"),
        ({"fields": {"parent": "nobody at all"}}, 422, "parent"), ({"reason": " "}, 422, "reason"), ({"since": "2020-01-01"}, 422, "since"),
        ({"since": "soon"}, 400, "since"), ({"fields": {}}, 422, ""), ({"code": "nobody"}, 404, None), ({"colour": "red"}, 400, "colour"),
        ({"deed": "close"}, 409, ""), ({"deed": "undo"}, 404, None), ({"deed": "follow", "follow": "phone"}, 422, ""),
        ({"thing": "hours", "deed": "change", "code": "calendar", "fields": {"hours": "09:00-24:00"}}, 422, "hours"),
        ({"thing": "matter", "deed": "change", "code": "ST0101", "fields": {"audience": "everybody"}}, 422, "audience"),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_at_its_field_and_nothing_is_changed(
    hotline: Hotline, door: Door, wrong: dict[str, Any], status: int, field: str | None
) -> None:
    wanted: dict[str, Any] = {"thing": "unit", "deed": "change", "code": "pa.waste", "fields": {"phone": "1"}}
    problem = await door.sends("city-changes", status, **wanted | wrong)
    if field is not None:
        assert field in [error["field"] for error in problem["errors"]], problem
    assert await hotline.owner.fetchval("SELECT count(*) FROM adjustment") == 0


async def test_nobody_but_the_system_administrator_comes_in(hotline: Hotline) -> None:
    await hotline.owner.execute("UPDATE staff SET roles = $1 WHERE login = 'editor'", [Role.SECURITY_ADMIN.value])
    await hotline.owner.execute("UPDATE staff SET roles = $1 WHERE login = 'editor.second'", [Role.AUDIT_ADMIN.value])
    for login in ("editor", "editor.second", "supervisor", "roads"):
        other = await door_of(hotline, login)
        for path in ("city", "city/unit", "city/unit/pa.waste", "city-changes"):
            await other.asks(path, 403)
        for path in ("city-trials", "city-changes"):
            await other.sends(path, 403, thing="unit", deed="change", code="pa.waste", fields={"phone": "1"})
    public = hotline.browser().client
    assert (await public.get("/api/v1/city")).status_code == 401
