"""The JSON door to the list, for other systems of the city."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.hotline import Browser, Hotline, hotline_on

from yixian.db import bootstrap

LIST = "/api/v1/responsibilities"
PROPOSALS = "/api/v1/responsibility-proposals"
BINS = {"matter": "BN", "lead": "pa.roads", "basis": "Waste Order 2"}


@pytest.fixture
async def line(fresh: bootstrap.Addresses, tmp_path: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, tmp_path) as running:
        yield running


class Caller:
    """Somebody's program, signed in."""

    def __init__(self, browser: Browser, token: str) -> None:
        self.client = browser.client
        self.headers = {"X-CSRF-Token": token}

    async def get(self, path: str, status: int = 200) -> Any:
        answer = await self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def post(self, path: str, status: int, **body: Any) -> Any:
        answer = await self.client.post(path, json=body, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json()


async def caller(line: Hotline, login: str) -> Caller:
    browser = await line.staff(login)
    return Caller(browser, (await browser.client.get("/api/v1/session")).json()["csrf"])


async def test_from_proposal_to_entry(line: Hotline) -> None:
    editor, second = await caller(line, "editor"), await caller(line, "editor.second")
    today = line.clock.now.date().isoformat()
    made = await editor.post(PROPOSALS, 201, code="BN-1", since=today, reason="The depot moved", entry=BINS)
    assert (made["kind"], made["state"], {u["unit"] for u in made["units"]}) == ("changed", "in_review", {"pa.roads", "pa.waste"})
    address = f"{PROPOSALS}/{made['id']}"
    for login in ("roads.chief", "waste.chief"):
        await (await caller(line, login)).post(f"{address}/answer", 200)
    assert (await editor.get(address))["allowed"] == ["refuse", "withdraw"], "never their own approval"
    assert (await second.get(address))["allowed"] == ["approve", "refuse", "withdraw"]
    approved = await second.post(f"{address}/approve", 200)
    assert approved["state"] == "approved"
    entry = await editor.get(f"{LIST}/BN-1")
    assert [v["lead"] for v in entry["versions"]] == ["pa.waste", "pa.roads"]
    assert [(h["before"] or {}).get("lead") for h in entry["history"]] == [None, "pa.waste"]
    again = await second.post(f"{address}/approve", 409)
    assert (again["type"], again["reasons"]) == ("refused", [again["detail"]])


async def test_faults_name_their_field_and_store_nothing(line: Hotline) -> None:
    editor = await caller(line, "editor")
    far = "2099-01-01"
    for body, field in (
        ({"since": far, "reason": " ", "entry": BINS}, "reason"),
        ({"since": "2001-01-01", "reason": "x", "entry": BINS}, "since"),
        ({"since": far, "reason": "x", "entry": BINS | {"lead": "nobody"}}, "lead"),
        ({"since": far, "reason": "x", "entry": BINS | {"matter": "ZZ"}}, "matter"),
        ({"since": far, "reason": "x", "entry": BINS | {"places": ["PA-X"]}}, "place"),
        ({"since": far, "reason": "x", "code": "a b", "entry": BINS}, "code"),
        ({"since": far, "reason": "x", "code": "XX-1"}, "code"),
        ({"since": far, "reason": "x"}, "code"),
    ):
        problem = await editor.post(PROPOSALS, 422, **body)
        assert [e["field"] for e in problem["errors"]] == [field]
    await editor.post(PROPOSALS, 400, since="soon", reason="x")
    await editor.post(PROPOSALS, 400, since=far, reason="x", colour="red")
    await editor.get(f"{PROPOSALS}/{'0' * 8}-0000-7000-8000-{'0' * 12}", 404)
    await editor.get(f"{LIST}/no-such", 404)
    await editor.get(f"{LIST}?on=never", 400)
    assert await line.owner.fetchval("SELECT count(*) FROM proposal") == 0


async def test_who_may_not_is_told(line: Hotline) -> None:
    for login in ("operator", "roads.chief", "dispatcher"):
        person = await caller(line, login)
        await person.post(PROPOSALS, 403, since="2099-01-01", reason="x", entry=BINS)
        assert (await person.get(LIST))["total"] == 10, "the list itself may be read"
    answer = await line.browser().client.get(LIST)
    assert answer.status_code == 401


async def test_a_file_by_the_api(line: Hotline) -> None:
    editor = await caller(line, "editor")
    content = (await editor.client.get(f"{LIST}/export/xlsx")).content
    today = line.clock.now.date().isoformat()
    sent = {"name": "list.xlsx", "content": base64.b64encode(content).decode(), "since": today, "whole": True}
    same = await editor.post("/api/v1/responsibility-imports", 201, **sent)
    assert (same["difference"]["unchanged"], same["difference"]["ended"]) == (8, [])
    await editor.post(f"/api/v1/responsibility-imports/{same['id']}/confirm", 409, reason="x")
    text = (await editor.client.get(f"{LIST}/export/csv")).content.decode("utf-8-sig")
    fewer = "\r\n".join(row for row in text.splitlines() if not row.startswith("BN01-1"))
    sent |= {"name": "list.csv", "content": base64.b64encode(fewer.encode()).decode()}
    found = await editor.post("/api/v1/responsibility-imports", 201, **sent)
    assert [d["code"] for d in found["difference"]["ended"]] == ["BN01-1"]
    made = await editor.post(f"/api/v1/responsibility-imports/{found['id']}/confirm", 201, reason="No trade bins any more")
    assert len(made["proposals"]) == 1
    wrong = await editor.post("/api/v1/responsibility-imports", 422, **sent | {"content": "***"})
    assert wrong["errors"][0]["field"] == "content"


async def test_a_list_changed_meanwhile_is_shown_again(line: Hotline) -> None:
    editor, second = await caller(line, "editor"), await caller(line, "editor.second")
    today = line.clock.now.date().isoformat()
    text = (await editor.client.get(f"{LIST}/export/csv")).content.replace(b"pa.waste,,Waste Order 2", b"pa.roads,,Waste Order 2")
    sent = {"name": "list.csv", "content": base64.b64encode(text).decode(), "since": today}
    shown = await editor.post("/api/v1/responsibility-imports", 201, **sent)
    made = await editor.post(PROPOSALS, 201, code="BN-1", since=today, reason="x", entry=BINS | {"basis": "Waste Order 3"})
    line.clock.forward(days=8)
    editor, second = await caller(line, "editor"), await caller(line, "editor.second")
    await second.post("/api/v1/responsibility-approvals", 200, proposals=[made["id"]], since=line.clock.now.date().isoformat())
    problem = await editor.post(f"/api/v1/responsibility-imports/{shown['id']}/confirm", 409, reason="x")
    assert problem["type"] == "overtaken" and "请重新上传" in problem["detail"]
    assert await line.owner.fetchval("SELECT count(*) FROM proposal") == 1
