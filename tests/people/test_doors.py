"""Signing in over HTTP: cookies, CSRF, rates, and pages that lead on."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient
from pyotp.totp import TOTP

from yixian.people import store
from yixian.people.model import Actor, CallerIn, Role
from yixian.people.secrets import SoftwareVault

from .conftest import PASSWORD, Clock
from .test_callers import keep

Hire = Callable[..., Awaitable[Actor]]
Enter = Callable[[str], Awaitable[dict[str, str]]]
Door = AsyncClient

NEW_STAFF = {"login": "zhao", "name": "Zhao", "roles": ["handler"], "unit": "pa.roads"}


def hidden(html: str, name: str) -> str:
    found = re.search(f'name="{name}" value="([^"]*)"', html)
    assert found, f"no hidden field {name}"
    return found[1]


# -- The session's cookie


@pytest.mark.parametrize("secure", (True, False))
async def test_the_cookie_is_kept_from_scripts_and_other_sites(door: Door, hire: Hire, enter: Enter, secure: bool, settings_of: Any):
    settings_of(secure_cookies=secure)
    await hire("wang", Role.OPERATOR)
    answer = await door.post("/api/v1/session", json={"login": "wang", "password": PASSWORD})
    flags = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= flags
    assert ("secure" in flags) == secure


async def test_a_session_is_seen_and_ended(door: Door, hire: Hire, enter: Enter):
    await hire("wang", Role.OPERATOR)
    assert (await door.get("/api/v1/session")).status_code == 401
    token = await enter("wang")
    seen = (await door.get("/api/v1/session")).json()
    assert (seen["name"], seen["roles"], seen["csrf"]) == ("Wang", ["operator"], token["X-CSRF-Token"])
    assert (await door.delete("/api/v1/session", headers=token)).status_code == 204
    assert (await door.get("/api/v1/session")).status_code == 401


async def test_a_wrong_password_is_a_problem_with_a_sentence(door: Door, hire: Hire):
    await hire("wang", Role.OPERATOR)
    answer = await door.post("/api/v1/session", json={"login": "wang", "password": "wrong"})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "sign-in-refused" and "set-cookie" not in answer.headers


async def test_an_idle_session_is_over(door: Door, hire: Hire, enter: Enter, clock: Clock):
    await hire("wang", Role.OPERATOR)
    await enter("wang")
    clock.forward(minutes=30)
    answer = await door.get("/api/v1/session")
    assert (answer.status_code, answer.json()["type"]) == (401, "not-signed-in")


async def test_one_address_may_not_try_for_ever(door: Door, hire: Hire, clock: Clock, settings_of: Any):
    settings_of(staff_rate=3)
    statuses = [(await door.post("/api/v1/session", json={"login": "x", "password": "y"})).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    clock.forward(seconds=61)
    assert (await door.post("/api/v1/session", json={"login": "x", "password": "y"})).status_code == 401


# -- CSRF


@pytest.mark.parametrize("headers", ({}, {"X-CSRF-Token": "wrong"}, {"X-CSRF-Token": ""}))
async def test_a_change_without_the_sessions_token_is_refused(door: Door, hire: Hire, enter: Enter, headers: dict[str, str]):
    await hire("sys", Role.SECURITY_ADMIN)
    token = await enter("sys")
    for answer in (
        await door.post("/api/v1/staff", json=NEW_STAFF, headers=headers),
        await door.delete("/api/v1/session", headers=headers),
        await door.post("/logout", data={"csrf": headers.get("X-CSRF-Token", "")}),
        await door.post("/admin/staff", data={"deed": "disable", "login": "sys", "csrf": "wrong"}),
    ):
        assert answer.status_code == 403, answer.text
    assert (await door.post("/api/v1/staff", json=NEW_STAFF, headers=token)).status_code == 201


async def test_a_door_for_everybody_knows_staff_only_by_their_token(door: Door, hire: Hire, enter: Enter):
    await hire("wang", Role.OPERATOR)
    assert (await door.post("/api/who")).text == "public"
    token = await enter("wang")
    assert (await door.post("/api/who")).text == "public", "another site may have made the browser send it"
    assert (await door.post("/api/who", headers=token)).text == "Wang"
    assert (await door.post("/api/who", headers={"X-CSRF-Token": "wrong"})).status_code == 403


# -- Roles


@pytest.mark.parametrize(
    ("role", "statuses"),
    (
        (Role.SYSTEM_ADMIN, (200, 403, 403, 403, 403)),
        (Role.SECURITY_ADMIN, (200, 201, 200, 204, 403)),
        (Role.AUDIT_ADMIN, (403, 403, 403, 403, 200)),
        (Role.SUPERVISOR, (403, 403, 403, 403, 403)),
    ),
)
async def test_each_administrators_doors(door: Door, hire: Hire, enter: Enter, role: Role, statuses: tuple[int, ...]):
    await hire("li", Role.HANDLER, unit="pa.roads")
    await hire("admin", role)
    token = await enter("admin")
    answers = (
        await door.get("/api/v1/staff"),
        await door.post("/api/v1/staff", json=NEW_STAFF, headers=token),
        await door.post("/api/v1/staff/li/reset", headers=token),
        await door.put("/api/v1/staff/li/roles", json={"roles": ["unit_reviewer"]}, headers=token),
        await door.get("/api/v1/audit"),
    )
    assert tuple(a.status_code for a in answers) == statuses


async def test_a_role_that_is_taken_away_is_gone_at_once(door: Door, hire: Hire, enter: Enter, owner: Any):
    await hire("sys", Role.SYSTEM_ADMIN)
    await enter("sys")
    assert (await door.get("/api/v1/staff")).status_code == 200
    await owner.execute("UPDATE staff SET roles = '{analyst}'")
    assert (await door.get("/api/v1/staff")).status_code == 403


async def test_a_caller_is_revealed_with_a_reason(door: Door, hire: Hire, enter: Enter, port_ash: Any, vault: SoftwareVault):
    await hire("wang", Role.OPERATOR)
    token, caller = await enter("wang"), await keep(port_ash, vault, CallerIn(phone="13800138000"))
    answer = await door.post(f"/api/v1/callers/{caller}/reveal", json={"field": "phone", "reason": "回电"}, headers=token)
    assert (answer.status_code, answer.json()) == (200, {"value": "+8613800138000"})
    answer = await door.post(f"/api/v1/callers/{caller}/reveal", json={"field": "phone", "reason": ""}, headers=token)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "reason")


# -- Pages


async def test_a_page_sends_to_sign_in_and_back(door: Door, hire: Hire):
    await hire("sys", Role.SYSTEM_ADMIN)
    away = await door.get("/admin/staff?after=b", follow_redirects=False)
    assert away.status_code == 303
    form = await door.get(away.headers["location"])
    assert form.status_code == 200
    data = {"login": "sys", "password": PASSWORD, "next": hidden(form.text, "next")}
    back = await door.post("/login", data=data, follow_redirects=False)
    assert (back.status_code, back.headers["location"]) == (303, "/admin/staff?after=b")
    assert (await door.get("/admin/staff")).status_code == 200


@pytest.mark.parametrize("elsewhere", ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"))
async def test_signing_in_never_leads_elsewhere(door: Door, hire: Hire, elsewhere: str):
    await hire("wang", Role.OPERATOR)
    answer = await door.post("/login", data={"login": "wang", "password": PASSWORD, "next": elsewhere}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_a_refused_sign_in_keeps_the_login_and_not_the_password(door: Door, hire: Hire):
    await hire("wang", Role.OPERATOR)
    answer = await door.post("/login", data={"login": "wang", "password": "wrong words here"})
    assert answer.status_code == 401
    assert 'value="wang"' in answer.text and "wrong words here" not in answer.text and "不正确" in answer.text


async def test_from_the_first_sign_in_to_the_desk(door: Door, hire: Hire, settings_of: Any, clock: Clock, owner: Any):
    settings_of(second_factor=True)
    await hire("wang", Role.OPERATOR)
    await owner.execute("UPDATE staff SET must_change = true")
    step = await door.post("/login", data={"login": "wang", "password": PASSWORD}, follow_redirects=False)
    assert step.headers["location"].startswith("/login/second-factor")
    early = await door.get("/password", follow_redirects=False)
    assert early.headers["location"].startswith("/login"), "half a sign-in opens nothing"

    form = (await door.get("/login/second-factor")).text
    secret = re.search("otpauth://.*?secret=([A-Z2-7]+)", form)
    assert secret and re.search(f">{secret[1][:4]}</span><span>{secret[1][4:8]}<", form), "and in pieces that can be typed"
    device = TOTP(secret[1])
    proof = {"csrf": hidden(form, "csrf"), "ticket": hidden(form, "ticket"), "next": "/desk"}
    slip = await door.post("/login/second-factor", data={**proof, "one_time": "000000"})
    assert slip.status_code == 401 and secret[1] in slip.text, "the same secret again"
    late = await door.post("/login/second-factor", data={**proof, "ticket": "b2xk", "one_time": device.at(clock.now)})
    assert late.status_code == 401 and "新的密钥" in late.text and secret[1] not in late.text, "an offer that is over is replaced"
    step = await door.post("/login/second-factor", data={**proof, "one_time": device.at(clock.now)}, follow_redirects=False)
    assert step.headers["location"].startswith("/password")

    form = (await door.get("/password")).text
    words = {"csrf": hidden(form, "csrf"), "old": PASSWORD, "new": "five harbour lamps", "again": "five harbour lamp"}
    assert (await door.post("/password", data=words)).status_code == 422
    step = await door.post("/password", data={**words, "again": words["new"]}, follow_redirects=False)
    assert (step.status_code, step.headers["location"]) == (303, "/desk")
    assert not (await door.get("/api/v1/session")).json()["must_change_password"]

    step = await door.post("/logout", data={"csrf": words["csrf"]}, follow_redirects=False)
    assert step.headers["location"] == "/login"
    clock.forward(seconds=30)
    again = {"login": "wang", "password": "five harbour lamps", "one_time": device.at(clock.now)}
    assert not (await door.post("/api/v1/session", json=again)).json()["awaiting_second_factor"]


async def test_the_api_enrols_and_completes_too(door: Door, hire: Hire, settings_of: Any, clock: Clock):
    settings_of(second_factor=True)
    await hire("sys", Role.SYSTEM_ADMIN)
    half = (await door.post("/api/v1/session", json={"login": "sys", "password": PASSWORD})).json()
    assert half["awaiting_second_factor"]
    refused = await door.get("/api/v1/staff")
    assert (refused.status_code, refused.json()["type"]) == (401, "second-factor-needed")
    offer = (await door.get("/api/v1/session/second-factor")).json()
    proof = {"one_time": TOTP(offer["secret"]).at(clock.now), "ticket": offer["ticket"]}
    done = await door.post("/api/v1/session/second-factor", json=proof, headers={"X-CSRF-Token": half["csrf"]})
    assert done.status_code == 200 and done.json()["csrf"] != half["csrf"]
    assert (await door.get("/api/v1/staff")).status_code == 200
    again = await door.post("/api/v1/session/second-factor", json=proof, headers={"X-CSRF-Token": done.json()["csrf"]})
    assert again.status_code == 403


async def test_accounts_are_administered_on_their_page(door: Door, hire: Hire):
    await hire("sec", Role.SECURITY_ADMIN)
    await hire("li", Role.HANDLER, unit="pa.roads")
    await door.post("/login", data={"login": "sec", "password": PASSWORD})
    form = (await door.get("/admin/staff")).text
    new = {"csrf": hidden(form, "csrf"), "deed": "add", **NEW_STAFF}
    added = await door.post("/admin/staff", data=new)
    assert added.status_code == 200, added.text
    told = re.search('id="told">([a-z0-9-]+)<', added.text)
    assert told
    wrong = await door.post("/admin/staff", data={**new, "unit": "nowhere"})
    assert wrong.status_code == 422 and 'value="zhao"' in wrong.text and "nowhere" in wrong.text
    gone = await door.post("/admin/staff", data={"csrf": new["csrf"], "deed": "disable", "login": "li"})
    assert gone.status_code == 200 and "已停用" in gone.text
    refused = await door.post("/admin/staff", data={"csrf": new["csrf"], "deed": "reset", "login": "sec"})
    assert refused.status_code == 403
    assert "li" in (await door.get("/admin/staff?after=")).text


async def test_the_page_of_the_audit(door: Door, hire: Hire):
    await hire("aud", Role.AUDIT_ADMIN)
    await door.post("/login", data={"login": "aud", "password": PASSWORD})
    page = await door.get("/admin/audit?action=staff.")
    assert page.status_code == 200 and "staff.add" in page.text and "session.begin" not in page.text.split("<tbody>")[1]
    assert (await door.get("/admin/audit", headers={"Accept-Language": "en"})).status_code == 200
    assert (await door.get("/admin/audit?before=x")).status_code == 403
    assert (await door.get("/admin/staff")).status_code == 403


async def test_a_request_asks_for_its_session_once(door: Door, hire: Hire, enter: Enter, monkeypatch: pytest.MonkeyPatch):
    await hire("sys", Role.SYSTEM_ADMIN)
    await enter("sys")
    asked: list[str] = []
    real = store.session

    async def counted(tx: Any, token_hash: bytes, *times: Any) -> Any:
        asked.append(token_hash.hex())
        return await real(tx, token_hash, *times)

    monkeypatch.setattr(store, "session", counted)
    assert (await door.get("/api/v1/staff")).status_code == 200, "its guard and two dependencies ask"
    assert len(asked) == 1
