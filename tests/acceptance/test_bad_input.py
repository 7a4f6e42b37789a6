"""Bad input: always a problem that says what to do or a page that does, never an error of ours, and nothing stored by halves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import Response

from yixian.db.embedded import Server
from yixian.settings import Settings

from .conftest import START, Made, addresses, copied, dropped, running
from .driver import PASSWORD, City, Clock, Line12345, Ticket, problem_of

NUL = chr(0)
LONE = "\\ud800"
CONTACTS = "/api/v1/contacts"


@pytest.fixture(scope="module")
async def town(server: Server, port_ash: Made, own_settings: Settings) -> AsyncIterator[City]:
    """One town for all of them: whatever is sent, it stays as it is."""
    name = await copied(server, port_ash.name)
    async with running(addresses(server, name), own_settings, Clock(START, "Europe/London"), port_ash.told) as started:
        yield started
    await dropped(server, name)


@pytest.fixture(scope="module")
async def hole(town: City) -> Ticket:
    """A ticket that Roads and Lighting have."""
    return await town.line.report("Huge pothole on Mill Road")


@pytest.fixture
async def unchanged(town: City, hole: Ticket) -> AsyncIterator[None]:
    before = await town.stored(), await hole.row("state, version, head")
    yield
    assert (await town.stored(), await hole.row("state, version, head")) == before


def raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


BODIES: dict[str, tuple[bytes, int]] = {
    "an unknown field": (raw('{"text": "The light is out", "colour": "red"}'), 400),
    "an unknown field of the caller": (raw('{"text": "The light is out", "caller": {"shoe": 42}}'), 400),
    "no text": (raw("{}"), 400),
    "an empty text": (raw('{"text": "  "}'), 422),
    "a megabyte of text": (raw('{"text": "' + "x" * 1_000_000 + '"}'), 413),
    "a text a little too long": (raw('{"text": "' + "灯" * 10_001 + '"}'), 400),
    "a date that does not exist": (raw('{"text": "The light is out", "received_at": "2026-02-30T10:00:00Z"}'), 400),
    "a date without a time zone": (raw('{"text": "The light is out", "received_at": "2026-02-28T10:00:00"}'), 422),
    "a date before all calendars": (raw('{"text": "The light is out", "received_at": "0000-00-00T00:00:00Z"}'), 400),
    "broken UTF-8": (b'{"text": "The light \xff\xfe is out"}', 400),
    "half a character": (b'{"text": "\xe7\x81', 400),
    "a lone surrogate": (raw('{"text": "The light ' + LONE + ' is out"}'), 400),
    "NUL in the text": (raw('{"text": "The light \\u0000 is out"}'), 400),
    "NUL in the title": (raw('{"text": "The light is out", "title": "a\\u0000b"}'), 400),
    "NUL in the place": (raw('{"text": "The light is out", "place": "\\u0000"}'), 400),
    "NUL in the source": (raw('{"text": "The light is out", "source": "\\u0000", "source_id": "\\u0000"}'), 400),
    "NUL in the caller's name": (raw('{"text": "The light is out", "caller": {"name": "a\\u0000b"}}'), 400),
    "NUL in the caller's needs": (raw('{"text": "The light is out", "caller": {"phone": "1", "needs": "\\u0000"}}'), 400),
    "NUL in the caller's language": (raw('{"text": "The light is out", "caller": {"phone": "1", "language": "\\u0000"}}'), 400),
    "a caller's name without end": (raw('{"text": "The light is out", "caller": {"name": "' + "x" * 100_000 + '"}}'), 400),
    "a number for a text": (raw('{"text": 12345}'), 400),
    "a list for a text": (raw('{"text": ["a", "b"]}'), 400),
    "null for a text": (raw('{"text": null}'), 400),
    "a list for the whole": (raw("[]"), 400),
    "an unknown channel": (raw('{"text": "The light is out", "channel": "pigeon"}'), 400),
    "an unknown kind": (raw('{"text": "The light is out", "kind": "nonsense"}'), 400),
    "JSON without its end": (raw('{"text": "The light is out"'), 400),
    "two values": (raw('{"text": "The light is out"} {"text": "again"}'), 400),
    "nothing at all": (b"", 400),
    "a form where JSON belongs": (b"text=The+light+is+out", 400),
    "brackets a hundred thousand deep": (b"[" * 100_000, 400),
}


@pytest.mark.parametrize("what", BODIES)
async def test_a_contact_that_cannot_be_read(town: City, unchanged: None, what: str):
    body, status = BODIES[what]
    answer = await town.public.post(CONTACTS, content=body, headers={"Content-Type": "application/json"})
    problem = problem_of(answer)
    assert answer.status_code == status, problem
    assert len(answer.content) < 2000, "a problem does not repeat what was sent"


@pytest.mark.parametrize("kind", ("text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data", "x", ""))
async def test_a_contact_of_another_media_type(town: City, unchanged: None, kind: str):
    answer = await town.public.post(CONTACTS, content=b"<contact/>", headers={"Content-Type": kind})
    assert problem_of(answer)["status"] in (400, 415)


@pytest.mark.parametrize("key", ("k" * 201, "键", "a\tb"))
async def test_a_key_that_cannot_be_kept(town: City, key: str):
    answer = await town.public.post(CONTACTS, json={"text": " "}, headers={"Idempotency-Key": key.encode()})  # type: ignore[dict-item]
    assert problem_of(answer)["status"] in (400, 422)


STEPS: dict[str, tuple[str, Any, int]] = {
    "an unknown action": ("explode", {}, 404),
    "an action with a NUL": ("sign%00", {}, 404),
    "an unknown field": ("sign", {"colour": "red"}, 400),
    "NUL in a note": ("contact", {"note": f"a{NUL}b"}, 400),
    "a note without end": ("contact", {"note": "x" * 10_001}, 400),
    "a rating of eleven": ("rate", {"rating": {"response": 11, "solution": 1, "attitude": 1}}, 400),
    "a rating in words": ("rate", {"rating": "excellent"}, 400),
    "days without end": ("ask_extension", {"days": 10**30, "note": "x"}, 400),
    "days before now": ("ask_extension", {"days": -1, "note": "x"}, 400),
    "half a day": ("ask_extension", {"days": 0.5, "note": "x"}, 400),
    "a version beyond numbers": ("sign", {"version": 2**63}, 400),
    "a unit of SQL": ("hand_down", {"unit": "'; DROP TABLE ticket; --"}, 409),
    "a hundred co-units": ("invite", {"co_units": ["pa.waste"] * 100, "unit": "pa.waste", "note": "x"}, 400),
    "a step of somebody else": ("approve", {}, 409),
    "a step out of turn": ("reply", {"answer": "x" * 20}, 409),
    "a list for a step": ("sign", [], 400),
}


@pytest.mark.parametrize("what", STEPS)
async def test_a_step_that_cannot_be_taken(town: City, hole: Ticket, unchanged: None, what: str):
    action, body, status = STEPS[what]
    handler = town.unit("pa.roads").handler
    answer = await handler.client.post(f"/api/v1/tickets/{hole.number}/{action}", json=body, headers={"X-CSRF-Token": handler.csrf})
    assert problem_of(answer)["status"] == status, answer.text


NUMBERS = (
    "PA2606100000012", "GZ2611220000425", "0", "..%2F..%2Fetc%2Fpasswd", "%00", "PA26061000000%00", "' OR '1'='1", "💡", "%ff%fe",
    "x" * 5000, "PA260610000001１", "pa2606100000011",
)  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
async def test_a_number_that_is_none(town: City, hole: Ticket, unchanged: None, number: str):
    handler = town.unit("pa.roads").handler
    csrf = {"X-CSRF-Token": handler.csrf}
    for answer in (
        await handler.client.get(f"/api/v1/tickets/{number}"),
        await handler.client.post(f"/api/v1/tickets/{number}/sign", json={}, headers=csrf),
        await town.public.get(f"/api/v1/tickets/{number}", params={"code": hole.code}),
        await town.public.post(f"/api/v1/tickets/{number}/urge", json={"code": hole.code}),
    ):
        assert problem_of(answer)["status"] in (400, 404, 405), answer.text
    for page in (
        await handler.client.get(f"/desk/ticket/{number}"),
        await town.public.get(f"/ticket/{number}", params={"code": hole.code}),
    ):
        says_what_to_do(page, 400, 404)


@pytest.mark.parametrize("code", ("AAAAAA", "' OR 1=1", NUL, "💡" * 6, "x" * 5000, "%"))
async def test_a_code_that_is_wrong(town: City, hole: Ticket, code: str):
    before = await town.stored()
    await town.owner.execute("DELETE FROM lookup_failure")
    assert problem_of(await town.public.get(f"/api/v1/tickets/{hole.number}", params={"code": code}))["status"] == 404
    acted = await town.public.post(f"/api/v1/tickets/{hole.number}/withdraw", json={"code": code, "note": "x"})
    assert problem_of(acted)["status"] in (400, 404)
    says_what_to_do(await town.public.get(f"/ticket/{hole.number}", params={"code": code}), 404)
    says_what_to_do(await town.public.post(f"/ticket/{hole.number}/withdraw", data={"code": code, "note": "x"}), 404)
    assert await town.stored() == before


QUERIES = (
    "state=nonsense", "limit=0", "limit=-1", "limit=1000000000000000000000", "limit=ten", "after=x", "after=%00", "after=~", "unit=nowhere",
    "after=2026-99-99T00:00:00~00000000-0000-0000-0000-000000000000", "after=9999-12-31T23:59:59%2B00:00~0", "region=%27", "matter=ZZ",
    "kind=what", "light=blue", "supervision=hard", "state=closed&state=handling", "number=%00", "number=%F0%9F%92%A1", "colour=red",
    "after=0001-01-01T00:00:00%2B14:00~00000000-0000-0000-0000-000000000000", "unit=%00", "limit=1&limit=2", "number=" + "x" * 5000,
)  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
async def test_a_question_that_makes_no_sense(town: City, unchanged: None, query: str):
    answer = await town.supervisor.client.get(f"/api/v1/tickets?{query}")
    if answer.status_code != 200:
        problem_of(answer)
    for desk in ("unit", "dispatch", "review", "callback", "supervisor"):
        person = town.unit("pa.roads").handler if desk == "unit" else town.supervisor
        page = await person.client.get(f"/desk/{desk}?{query}&tab={query[:20]}")
        if page.status_code != 200:
            says_what_to_do(page, 400, 404, 409, 422)


PAGES = (
    "/?x=%00", "/track?number=%00&code=%00", "/track?number=PA%0d%0aSet-Cookie:x&code=y%0d%0aSet-Cookie:x", "/ticket/",
    "/ticket/x", "/nowhere", "/desk/nowhere",
    "/login?next=%00", "/login?next=//evil.example", "/desk/choices/units?q=%00", "/desk/choices/nothing?q=x", "/desk/operator?phone=%00",
    "/desk/operator?phone=" + "9" * 5000, "/preference?lang=%00&back=//evil.example", "/preference?lang=xx", "/static/../../etc/passwd",
    "/static/%00", "/admin/staff?after=%00", "/%ff", "/track?number=%ff",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_that_is_asked_for_strangely(town: City, unchanged: None, path: str):
    for person in (town.public, town.operator.client, town.staff("system_admin").client):
        answer = await person.get(path)
        assert answer.status_code < 500, answer.text
        if answer.is_redirect:
            target = answer.headers["location"]
            assert target.startswith("/") and not target.startswith(("//", "/\\")), target
            assert "\n" not in target and "\r" not in target and answer.headers.get("set-cookie", "") != "x"
        elif answer.status_code >= 400:
            says_what_to_do(answer, 400, 401, 403, 404, 422)


FORMS: dict[str, tuple[str, dict[str, Any], int]] = {
    "nothing said": ("/say", {"text": ""}, 422),
    "too much said": ("/say", {"text": "灯" * 10_001}, 422),
    "a megabyte": ("/say", {"text": "x" * 1_000_000}, 413),
    "an unknown kind of request": ("/say", {"text": "The light is out", "kind": "nonsense"}, 422),
    "an unknown kind of caller": ("/say", {"text": "The light is out", "phone": "1", "audience": "ghost"}, 422),
    "a place without end": ("/say", {"text": "The light is out", "place": "x" * 201}, 422),
}


@pytest.mark.parametrize("what", FORMS)
async def test_a_residents_form_that_cannot_be_taken_keeps_what_was_typed(town: City, unchanged: None, what: str):
    path, fields, status = FORMS[what]
    answer = await town.public.post(path, data=fields)
    says_what_to_do(answer, status)
    if status == 422 and len(fields["text"]) < 1000:
        assert fields["text"] in answer.text


@pytest.mark.parametrize("body", (b"\xff\xfe=%ff", b"text=%ff%fe", b"", b"&&&===", b"text=a&text=b&key=" + b"k" * 1000))
async def test_a_form_of_noise(town: City, body: bytes):
    answer = await town.public.post("/say", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code < 500
    assert "text/html" in answer.headers["content-type"]


async def test_a_staff_form_that_cannot_be_taken_keeps_what_was_typed(town: City, hole: Ticket, unchanged: None):
    roads = town.unit("pa.roads").handler
    page = await roads.client.post(f"/desk/ticket/{hole.number}/return", data={"csrf": roads.csrf, "note": "Not ours at all", "basis": ""})
    says_what_to_do(page, 422)
    assert "Not ours at all" in page.text
    for action in ("explode", "%00"):
        gone = await roads.client.post(f"/desk/ticket/{hole.number}/{action}", data={"csrf": roads.csrf})
        says_what_to_do(gone, 404)


INJECTED = (
    "'; DROP TABLE ticket; -- the light is out",
    "<script>alert('lamp')</script> the light is out",
    "the light is out {{ 7 * 7 }} {% raw %} ${7*7} %(x)s %s",
    'the light is out " onmouseover="alert(1)" <img src=x onerror=alert(1)>',
    "the light is out \u202e\u2066 \ufeff \x1b[31m",
)


@pytest.mark.parametrize("text", INJECTED)
async def test_sql_and_html_are_only_words(city: City, line: Line12345, text: str):
    ticket = await line.report(text, title=text[:200], place=text[:200], by=city.operator, matter="ST0201")
    assert ticket.seen.text == text and ticket.seen.title == text[:200]
    await city.unit("pa.roads").signs(ticket)
    await city.unit("pa.roads").contacts(ticket, text)
    await city.citizen(ticket).does("supplement", note=text)
    for page in (
        await city.citizen(ticket).page(),
        await city.unit("pa.roads").handler.page(f"/desk/ticket/{ticket.number}"),
        await city.unit("pa.roads").handler.page("/desk/unit?tab=work"),
    ):
        assert "<script>alert" not in page and "<img src=x" not in page and '" onmouseover="alert' not in page
        assert "7 * 7" in page or "{{" not in text
    assert await city.owner.fetchval("SELECT count(*) FROM ticket") == 1


# -- Sessions


@pytest.mark.parametrize("token", (None, "", "wrong", "x" * 5000, NUL.join("ab")))
async def test_a_step_without_the_sessions_token(town: City, hole: Ticket, unchanged: None, token: str | None):
    handler = town.unit("pa.roads").handler
    headers = {} if token is None else {"X-CSRF-Token": token}
    answer = await handler.client.post(f"/api/v1/tickets/{hole.number}/sign", json={}, headers=headers)
    assert (answer.status_code, problem_of(answer)["type"]) == (403, "csrf")
    form = await handler.client.post(f"/desk/ticket/{hole.number}/sign", data={} if token is None else {"csrf": token})
    says_what_to_do(form, 403)


async def test_a_contact_with_a_forged_token_is_nobodys(town: City, unchanged: None):
    answer = await town.operator.client.post(CONTACTS, json={"text": "The light is out"}, headers={"X-CSRF-Token": "wrong"})
    assert problem_of(answer)["type"] == "csrf"


@pytest.mark.parametrize("cookie", ("", "wrong", "x" * 5000, "%00", "'; --"))
async def test_a_session_that_is_none(town: City, hole: Ticket, unchanged: None, cookie: str):
    async with town.client(cookies={"yixian_session": cookie}) as stranger:
        for answer in (
            await stranger.get("/api/v1/session"),
            await stranger.get("/api/v1/tickets"),
            await stranger.get(f"/api/v1/tickets/{hole.number}"),
            await stranger.post(f"/api/v1/tickets/{hole.number}/sign", json={}),
            await stranger.get("/api/v1/staff"),
        ):
            assert (answer.status_code, problem_of(answer)["type"]) == (401, "not-signed-in")
        page = await stranger.get(f"/desk/ticket/{hole.number}")
        assert page.status_code == 303 and page.headers["location"].startswith("/login?next=")
        form = await stranger.post(f"/desk/ticket/{hole.number}/sign", data={})
        says_what_to_do(form, 401)


async def test_an_expired_session_takes_no_step(city: City, line: Line12345):
    ticket = await line.report("Huge pothole on Mill Road")
    handler = city.unit("pa.roads").handler
    city.clock.forward(minutes=31)
    answer = await handler.client.post(f"/api/v1/tickets/{ticket.number}/sign", json={}, headers={"X-CSRF-Token": handler.csrf})
    assert (answer.status_code, problem_of(answer)["type"]) == (401, "not-signed-in")
    assert (await ticket.look()).steps == ["register", "dispatch"]


@pytest.mark.parametrize(
    "body",
    (
        {"login": "supervisor"}, {"login": NUL, "password": NUL}, {"login": "x" * 100_000, "password": "x" * 100_000},
        {"login": 1, "password": 2},
        {"login": "supervisor", "password": PASSWORD, "one_time": "x" * 100}, {"login": "supervisor", "password": PASSWORD, "admin": True},
        {"login": "' OR 1=1 --", "password": PASSWORD},
    ),
)  # fmt: skip
async def test_a_sign_in_that_cannot_be_read(town: City, body: dict[str, Any]):
    answer = await town.public.post("/api/v1/session", json=body)
    if answer.status_code != 201:
        assert problem_of(answer)["status"] in (400, 401, 422)
        assert "set-cookie" not in answer.headers


def says_what_to_do(page: Response, *statuses: int) -> None:
    """A page for people, with the right status and a way on."""
    assert page.status_code in statuses, f"{page.status_code}: {page.text[:3000]}"
    assert page.headers["content-type"].startswith("text/html"), page.headers["content-type"]
    assert "<h1" in page.text and "Traceback" not in page.text
