"""Whatever goes wrong, somebody is told what to do."""

from __future__ import annotations

import pytest

JSON = "application/problem+json"


async def read(client, method, path, **more):
    answer = await client.request(method, path, follow_redirects=False, **more)
    if path.startswith("/api/"):
        assert answer.headers["content-type"] == JSON
        told = answer.json()
        assert {"type", "title", "status", "detail", "errors"} <= set(told)
        assert told["status"] == answer.status_code
        assert told["detail"].endswith(("。", "."))
        return answer.status_code, told
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.status_code, answer.text


@pytest.mark.parametrize(
    ("method", "path", "send", "status", "field"),
    [
        ("GET", "/nowhere", {}, 404, None),
        ("GET", "/nowhere/%ff%fe", {}, 404, None),
        ("DELETE", "/body", {}, 405, None),
        ("POST", "/body", {"content": b"{"}, 400, ""),
        ("POST", "/body", {"content": b""}, 400, ""),
        ("POST", "/body", {"content": b'{"text": "\xff\xfe"}'}, 400, ""),
        ("POST", "/body", {"content": b"\xff\xfe"}, 400, ""),
        ("POST", "/body", {"json": {"text": "a", "colour": "red"}}, 400, "colour"),
        ("POST", "/body", {"json": {"count": 3}}, 400, "text"),
        ("POST", "/body", {"json": {"text": "长" * 21}}, 400, "text"),
        ("POST", "/body", {"json": {"text": None}}, 400, "text"),
        ("POST", "/body", {"json": {"text": 7}}, 400, "text"),
        ("POST", "/body", {"json": {"text": "a", "count": "many"}}, 400, "count"),
        ("POST", "/body", {"json": {"text": "a", "inner": {"text": []}}}, 400, "inner.text"),
        ("POST", "/body", {"json": {"text": "a", "inner": {"colour": 1}}}, 400, "inner.colour"),
        ("POST", "/body", {"json": []}, 400, None),
        ("POST", "/body", {"content": b"x" * 5000}, 413, None),
        ("GET", "/number", {}, 400, "of"),
        ("GET", "/number?of=seven", {}, 400, "of"),
        ("GET", "/number?of=%ff", {}, 400, "of"),
        ("GET", "/gone", {}, 404, None),
        ("GET", "/refused", {}, 409, "note"),
    ],
)
@pytest.mark.parametrize("under", ["/api", ""])
async def test_bad_input_is_told_in_words(client, under, method, path, send, status, field):
    found, told = await read(client, method, under + path, **send)
    assert found == status, told
    if under and field is not None:
        assert field in [e["field"] for e in told["errors"]]


async def test_a_problem_carries_what_else_it_knows(client):
    _, told = await read(client, "GET", "/api/refused")
    assert told["type"] == "refused"
    assert told["allowed"] == ["sign"]


async def test_the_unforeseen_is_told_with_a_reference_and_without_its_insides(client):
    for path in ("/api/broken", "/broken"):
        status, told = await read(client, "GET", path)
        assert status == 500
        assert "secret of the inside" not in str(told)
        assert "参考号" in str(told)


async def test_nothing_is_repeated_unescaped(client):
    _, told = await read(client, "GET", "/refused")
    assert "<b>" not in told
    answer = await client.get("/hello")
    assert "<script>alert" not in answer.text


async def test_a_page_sends_to_sign_in_and_comes_back(client):
    answer = await client.get("/mine?a=1&b=2", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/mine%3Fa%3D1%26b%3D2"
    status, _ = await read(client, "GET", "/api/mine")
    assert status == 401


async def test_the_reader_chooses_the_language(client):
    _, told = await read(client, "GET", "/api/nowhere", headers={"accept-language": "en-GB,zh;q=0.5"})
    assert told["title"] == "Not found"
