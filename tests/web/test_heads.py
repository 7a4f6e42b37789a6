"""Whoever asks for the head of anything that can be read gets it: monitors, link checkers, caches, browsers before a download."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.hotline import Browser, Hotline, hotline_on

from yixian.db import bootstrap
from yixian.web import render

ENDLESS = "/desk/live"

KNOWN = {"uuid": "0190b6a0-0000-7000-8000-000000000000"}
"""What stands for a parameter of an address; 1 for the others."""


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


async def told(hotline: Hotline, path: str, browser: Browser | None = None) -> list[Any]:
    """What the application itself says to HEAD: a client or a server would keep a body to itself."""
    there, _, query = path.partition("?")
    cookies = "; ".join(f"{name}={value}" for name, value in (browser.client.cookies if browser else {}).items())
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "HEAD", "scheme": "https", "path": there,
        "raw_path": there.encode(), "query_string": query.encode(), "root_path": "", "client": ("192.0.2.1", 4321),
        "server": ("hotline.test", 443), "headers": [(b"host", b"hotline.test"), (b"cookie", cookies.encode())],
    }  # fmt: skip
    said: list[Any] = []

    async def listen(message: Any) -> None:
        said.append(message)

    async def wait() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    app: Any = hotline.app
    await app(scope, wait, listen)
    return said


async def test_a_head_says_what_a_get_says_and_sends_no_body(hotline: Hotline) -> None:
    ticket = (await hotline.says("Huge pothole on Mill Road"))["tickets"][0]
    supervisor, resident = await hotline.staff("supervisor"), hotline.browser()
    for browser, path, status, form in (
        (resident, "/", 200, "text/html; charset=utf-8"),
        (resident, f"/ticket/{ticket['number']}?code={ticket['check_code']}", 200, "text/html; charset=utf-8"),
        (supervisor, "/desk/supervisor", 200, "text/html; charset=utf-8"),
        (supervisor, "/api/v1/tickets", 200, "application/json"),
        (resident, "/api/v1/tickets", 401, "application/problem+json"),
        (resident, "/nowhere", 404, "text/html; charset=utf-8"),
        (resident, "/api/v1/nowhere", 404, "application/problem+json"),
        (resident, f"/static/{render.static_digest()}/yixian.css", 200, "text/css; charset=utf-8"),
        (resident, "/api/openapi.json", 200, "application/vnd.oai.openapi+json"),
        (resident, "/health", 200, "application/json"),
    ):
        read = await browser.client.get(path)
        assert (read.status_code, read.headers["content-type"]) == (status, form), path
        start, *rest = await told(hotline, path, browser)
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        assert (start["status"], headers["content-type"], headers["content-length"]) == (status, form, str(len(read.content))), path
        assert headers["content-security-policy"] == read.headers["content-security-policy"], path
        assert [message["body"] for message in rest] == [b""], path


async def test_who_is_not_signed_in_is_sent_to_sign_in_as_by_get(hotline: Hotline) -> None:
    start, *_ = await told(hotline, "/desk/supervisor")
    assert start["status"] == 303
    assert dict(start["headers"])[b"location"] == b"/login?next=/desk/supervisor"


async def test_what_is_only_sent_has_no_head(hotline: Hotline) -> None:
    for path in ("/api/v1/contacts", "/logout"):
        start, *_ = await told(hotline, path)
        assert start["status"] == 405, path


async def test_every_door_and_page_has_a_head(hotline: Hotline) -> None:
    supervisor = await hotline.staff("supervisor")
    paths = [route.path for route in hotline.app.routes if "GET" in getattr(route, "methods", ()) and "{" not in route.path]
    assert len(paths) > 50
    for path in paths:
        if path != ENDLESS:
            there = await supervisor.client.get(path)
            assert (await supervisor.client.head(path)).status_code == there.status_code, path


async def test_the_head_of_a_stream_ends(hotline: Hotline) -> None:
    supervisor = await hotline.staff("supervisor")
    start, *rest = await asyncio.wait_for(told(hotline, ENDLESS, supervisor), 10)
    assert start["status"] == 200
    assert dict(start["headers"])[b"content-type"].startswith(b"text/event-stream")
    assert [message["body"] for message in rest] == [b""]


async def test_what_is_sent_in_a_way_that_an_address_does_not_take_is_told_the_ways(hotline: Hotline) -> None:
    """RFC 9110, 15.5.6: at every door and page."""
    browser = hotline.browser()
    ways: dict[str, set[str]] = {}
    for route in hotline.app.routes:
        path = re.sub(r"{(\w+):(\w+)}", lambda part: KNOWN.get(part[2], "1"), route.path)
        ways.setdefault(path, set()).update(getattr(route, "methods", ()))
    assert len(ways) > 150
    for path, methods in ways.items():
        answer = await browser.client.request("TRACE", path)
        assert answer.status_code == 405, path
        assert answer.headers["allow"] == ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set()))), path
    deleted = await browser.client.delete("/api/v1/contacts")
    assert (deleted.headers["allow"], deleted.headers["content-type"]) == ("OPTIONS, POST", "application/problem+json")
    start, *_ = await told(hotline, "/logout")
    assert dict(start["headers"])[b"allow"] == b"OPTIONS, POST"
