"""What the security and the audit administrator look over; and that none of the three does another's work."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from httpx import AsyncClient

from yixian.administration import policy as city_policy
from yixian.administration.fields import FIELDS
from yixian.administration.words import THINGS
from yixian.city.inforce import compile_city
from yixian.city.model import Pack
from yixian.db.ids import new_id
from yixian.db.pool import SYSTEM, Database
from yixian.people import audit, policy, service
from yixian.people.model import Actor, Role
from yixian.people.oversight import staff, telling, trail, words
from yixian.people.oversight.model import Entry, Filters, Search, Standing
from yixian.people.policy import ADMINISTRATORS, RIGHTS, Deed
from yixian.people.refusals import Invalid, Refused
from yixian.web import render

from .conftest import NOW, PASSWORD, Clock

Hire = Callable[..., Awaitable[Actor]]
LONDON = ZoneInfo("Europe/London")
ROOT = Path(__file__).parents[2]

WORK = {
    Role.SYSTEM_ADMIN: {"city"},
    Role.SECURITY_ADMIN: {"accounts", "sessions", "keys"},
    Role.AUDIT_ADMIN: {"audit"},
}
DEEDS = {
    "accounts": set(RIGHTS) - {Deed.LIST, Deed.READ_AUDIT, Deed.REVEAL, Deed.SEE_SESSIONS, Deed.END_SESSION, Deed.SEE_KEYS},
    "sessions": {Deed.SEE_SESSIONS, Deed.END_SESSION},
    "keys": {Deed.SEE_KEYS},
    "audit": {Deed.READ_AUDIT},
}


@pytest.mark.parametrize("one", sorted(ADMINISTRATORS))
@pytest.mark.parametrize("other", sorted(ADMINISTRATORS))
def test_no_administrator_does_the_work_of_another(one: Role, other: Role) -> None:
    me = Actor("me", "me", frozenset({one}))
    for work in WORK[other]:
        if work == "city":
            assert (city_policy.refusal(me) is None) is (one is other)
        for deed in DEEDS.get(work, ()):
            assert (policy.refusal_on(me, deed, "you", frozenset({Role.HANDLER})) is None) is (one is other), (one, deed)


@pytest.mark.parametrize("role", sorted(policy.STAFF_ROLES))
@pytest.mark.parametrize("deed", sorted(set(Deed) - {Deed.LIST, Deed.READ_AUDIT, Deed.REVEAL, Deed.SEE_SESSIONS, Deed.SEE_KEYS, Deed.ADD}))
def test_nobody_raises_themselves(role: Role, deed: Deed) -> None:
    me = Actor("me", "me", frozenset({role}))
    assert policy.refusal_on(me, deed, "me", frozenset({role, Role.SUPERVISOR}))


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(), ["aud", "li", "sec", "wang"]), (Filters(query="an"), ["wang"]), (Filters(query="%"), []),
        (Filters(unit="pa.roads"), ["li"]),
        (Filters(role=Role.HANDLER), ["li"]), (Filters(standing=Standing.LOCKED), ["wang"]), (Filters(standing=Standing.DISABLED), ["aud"]),
        (Filters(standing=Standing.USABLE), ["li", "sec"]),
    ],
)  # fmt: skip
async def test_accounts_are_found_by_what_is_asked(
    port_ash: Database, hire: Hire, owner: asyncpg.Connection, filters: Filters, found: list[str]
) -> None:
    security = await hire("sec", Role.SECURITY_ADMIN)
    await hire("li", Role.HANDLER, unit="pa.roads")
    await hire("wang", Role.OPERATOR)
    await hire("aud", Role.AUDIT_ADMIN)
    await owner.execute("UPDATE staff SET locked_till = $1 WHERE login = 'wang'", NOW + timedelta(minutes=5))
    await owner.execute("UPDATE staff SET disabled_at = $1 WHERE login = 'aud'", NOW)
    async with port_ash.transaction(security.acting) as tx:
        assert [a.login for a in await staff.listed(tx, security, filters, "", NOW)] == found


FILE = "login,name,roles,unit\nzhao,Zhao,承办人|unit_reviewer,pa.roads\nli,Li,handler,pa.waste\nwang,Wang,operator,pa.contact\n"


async def test_a_file_of_accounts_shows_its_difference_and_then_does_it(port_ash: Database, hire: Hire, owner: asyncpg.Connection) -> None:
    security = await hire("sec", Role.SECURITY_ADMIN)
    await hire("li", Role.HANDLER, unit="pa.roads")
    await hire("wang", Role.OPERATOR)
    await hire("chen", Role.DISPATCHER)
    async with port_ash.transaction(security.acting) as tx:
        found = await staff.difference(tx, security, FILE)
        assert [(t.wish.login, t.deed) for t in found.turns] == [("zhao", "add"), ("li", "change"), ("wang", "same")]
        assert await tx.fetchval("SELECT count(*) FROM staff") == 4
        added = await staff.carry_out(tx, security, FILE, NOW)
    assert [one.login for one in added] == ["zhao"]
    assert dict(await owner.fetch("SELECT login, unit FROM staff WHERE login = ANY ('{zhao,li,chen}')")) == {
        "zhao": "pa.roads", "li": "pa.waste", "chen": "pa.contact",
    }  # fmt: skip
    actions = [row[0] for row in await owner.fetch("SELECT action FROM audit WHERE actor = $1 ORDER BY seq", security.id)]
    assert actions == ["staff.add", "staff.change_unit"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("zhao,Zhao,king,pa.roads", "不认识的角色"), ("zhao,Zhao,handler,nowhere", "没有这个编码的单位"), ("zhao,Zhao,handler", "四格"),
        ("sec,Sec,supervisor,pa.contact", "自己的账号"), ("zhao,Zhao,audit_admin,pa.contact", "管理员账号"),
        ("aud,Aud,supervisor,pa.contact", "管理员账号"), ("li,Li,handler,pa.roads\nli,Li,handler,pa.waste", "不止一次"),
    ],
)  # fmt: skip
async def test_a_file_with_one_wrong_row_does_nothing(
    port_ash: Database, hire: Hire, owner: asyncpg.Connection, row: str, said: str
) -> None:
    security = await hire("sec", Role.SECURITY_ADMIN)
    await hire("aud", Role.AUDIT_ADMIN)
    before = await owner.fetchval("SELECT string_agg(s::text, ';' ORDER BY login) FROM staff s")
    text = f"login,name,roles,unit\nqian,Qian,handler,pa.roads\n{row}\n"
    async with port_ash.transaction(security.acting) as tx:
        assert said in " ".join(sentence for _, sentence in (await staff.difference(tx, security, text)).problems)
    with pytest.raises(Invalid):
        async with port_ash.transaction(security.acting) as tx:
            await staff.carry_out(tx, security, text, NOW)
    assert await owner.fetchval("SELECT string_agg(s::text, ';' ORDER BY login) FROM staff s") == before


async def test_a_session_is_seen_and_ended(door: AsyncClient, hire: Hire, enter: Any, clock: Clock) -> None:
    await hire("sec", Role.SECURITY_ADMIN)
    await hire("wang", Role.OPERATOR)
    await enter("wang")
    theirs = door.cookies.get("yixian_session")
    door.cookies.clear()
    await door.post("/login", data={"login": "sec", "password": PASSWORD})
    page = (await door.get("/admin/sessions")).text
    assert "wang" in page
    csrf, identifier = (re.search(f'name="{name}" value="([^"]*)"', page) for name in ("csrf", "session"))
    assert csrf and identifier
    own = await door.post("/admin/sessions", data={"csrf": csrf[1], "session": "zz"})
    assert own.status_code == 404
    ended = await door.post("/admin/sessions", data={"csrf": csrf[1], "session": identifier[1]})
    assert ended.status_code == 200 and "已结束登录" in ended.text
    door.cookies.clear()
    door.cookies.set("yixian_session", theirs or "")
    assert (await door.get("/api/v1/session")).status_code == 401


async def _trail(port_ash: Database, actor: Actor, wanted: Search) -> list[str]:
    async with port_ash.transaction(trail.acting(actor)) as tx:
        return [row.action for row in (await trail.search(tx, actor, wanted, LONDON, NOW + timedelta(minutes=1))).rows]


async def test_the_audit_is_found_by_who_what_ticket_days_and_address(port_ash: Database, hire: Hire, owner: asyncpg.Connection) -> None:
    auditor, security = await hire("aud", Role.AUDIT_ADMIN), await hire("sec", Role.SECURITY_ADMIN)
    await hire("li", Role.HANDLER)
    async with port_ash.transaction(security.acting) as tx:
        await service.disable(tx, security, "li", NOW, "10.0.0.9")
    await owner.execute(
        "INSERT INTO audit (at, actor, action, subject, body) VALUES ($1, $2, 'caller.reveal', 'x', '{\"ticket\": \"GZ1\"}')",
        NOW,
        security.id,
    )
    today = NOW.astimezone(LONDON).date()
    assert await _trail(port_ash, auditor, Search(actor="sec")) == ["caller.reveal", "staff.disable"]
    assert await _trail(port_ash, auditor, Search(action="staff.dis")) == ["staff.disable"]
    assert "staff.disable" in await _trail(port_ash, auditor, Search(subject="li"))
    assert await _trail(port_ash, auditor, Search(ticket="GZ1")) == ["caller.reveal"]
    assert await _trail(port_ash, auditor, Search(address="10.0.0.9")) == ["staff.disable"]
    assert await _trail(port_ash, auditor, Search(since=today + timedelta(days=1))) == []
    assert len(await _trail(port_ash, auditor, Search(since=today, until=today))) == 5
    with pytest.raises(Refused):
        await _trail(port_ash, security, Search())


async def test_only_the_months_asked_for_are_looked_at(port_ash: Database, hire: Hire, owner: asyncpg.Connection) -> None:
    auditor = await hire("aud", Role.AUDIT_ADMIN)
    later = (NOW + timedelta(days=62)).date()
    plan = "\n".join(
        row[0]
        for row in await owner.fetch(
            "EXPLAIN SELECT * FROM audit WHERE at >= $1 AND at <= $2 AND (at, seq) < ($2, 5) ORDER BY at DESC, seq DESC LIMIT 50",
            NOW - timedelta(minutes=1),
            NOW,
        )
    )
    assert f"audit_{NOW:%Y%m}" in plan and f"audit_{later:%Y%m}" not in plan
    assert await _trail(port_ash, auditor, Search()) != []


async def test_a_file_of_the_audit_is_safe_in_a_spreadsheet_and_itself_audited(
    port_ash: Database, hire: Hire, owner: asyncpg.Connection
) -> None:
    auditor = await hire("aud", Role.AUDIT_ADMIN)
    await owner.execute("INSERT INTO audit (at, actor, action, subject) VALUES ($1, '', 'x.y', '=1+1')", NOW)
    async with port_ash.transaction(trail.acting(auditor)) as tx:
        text, count = await trail.taken(tx, auditor, Search(action="x."), LONDON, NOW + timedelta(minutes=1))
    rows = list(csv.reader(io.StringIO(text)))
    assert count == 1 and rows[1][5] == "'=1+1"
    assert await _trail(port_ash, auditor, Search(actor="aud")) == ["audit.export"]


@pytest.mark.parametrize(
    ("role", "open_to"),
    [
        (Role.SYSTEM_ADMIN, {"/admin/staff"}), (Role.SECURITY_ADMIN, {"/admin/staff", "/admin/staff/import", "/admin/sessions"}),
        (Role.AUDIT_ADMIN, {"/admin/audit", "/admin/audit.csv"}), (Role.SUPERVISOR, set()),
    ],
)  # fmt: skip
async def test_each_page_opens_to_its_administrator_only(door: AsyncClient, hire: Hire, role: Role, open_to: set[str]) -> None:
    await hire("who", role)
    await door.post("/login", data={"login": "who", "password": PASSWORD})
    pages = ("/admin/staff", "/admin/staff/import", "/admin/sessions", "/admin/audit", "/admin/audit.csv")
    assert {path for path in pages if (await door.get(path)).status_code == 200} == open_to


async def test_the_audit_is_paged_without_gap_or_repeat(port_ash: Database, hire: Hire) -> None:
    auditor = await hire("aud", Role.AUDIT_ADMIN)
    async with port_ash.transaction(SYSTEM) as tx:
        for n in range(120):  # three at each moment: the time alone does not tell them apart
            await audit.record(tx, "system", "test.deed", NOW - timedelta(seconds=n // 3), subject=str(n))
    subjects: list[str] = []
    before = ""
    async with port_ash.transaction(trail.acting(auditor)) as tx:
        while True:
            page = await trail.search(tx, auditor, Search(action="test.", before=before), LONDON, NOW)
            subjects += [row.subject for row in page.rows]
            if not (before := page.next):
                break
        for nonsense in ("nonsense", "1-9999999999999999999999", "99999999999999999999-1"):
            with pytest.raises(Refused):
                await trail.search(tx, auditor, Search(before=nonsense), LONDON, NOW)
    assert len(subjects) == len(set(subjects)) == 120


async def test_who_and_what_are_told_by_name_with_the_codes_beside(
    port_ash: Database, hire: Hire, owner: asyncpg.Connection, door: AsyncClient, enter: Any
) -> None:
    auditor, security = await hire("aud", Role.AUDIT_ADMIN), await hire("sec", Role.SECURITY_ADMIN)
    await hire("li", Role.HANDLER)
    await owner.execute("UPDATE staff SET name = 'Li Na' WHERE login = 'li'")
    await owner.execute("UPDATE staff SET name = 'Sage' WHERE login = 'sec'")
    async with port_ash.transaction(security.acting) as tx:
        await service.disable(tx, security, "li", NOW, "10.0.0.9")
        changed = {"before": {"phone": "1"}, "after": {"phone": "2"}}
        await audit.record(tx, security.id, "city.change", NOW, subject="unit:pa.roads", body=changed)
    for person in ("sec", "Sage", security.id):
        assert set(await _trail(port_ash, auditor, Search(actor=person))) == {"staff.disable", "city.change"}
    assert "staff.disable" in await _trail(port_ash, auditor, Search(subject="Li Na"))
    async with port_ash.transaction(trail.acting(auditor)) as tx:
        found = (await trail.search(tx, auditor, Search(actor="sec"), LONDON, NOW + timedelta(minutes=1))).rows
    disabled = next(row for row in found if row.action == "staff.disable")
    assert (disabled.actor_name, disabled.actor_login, disabled.subject_name, disabled.subject_login) == ("Sage", "sec", "Li Na", "li")
    await enter("aud")
    shown = (await door.get("/admin/audit", params={"by": "Sage"})).text
    for said in ("停用账号", "Sage", "Li Na（li）", "变更城市数据", "单位 · Roads and Lighting", "联系电话", "1 → 2"):
        assert said in shown, said
    # The door finds by the same rules as the page.
    answer = await door.get("/api/v1/audit", params={"by": "Sage", "action": "staff."})
    [row] = answer.json()["rows"]
    assert (row["words"], row["actor_name"], row["subject_login"]) == ("停用账号", "Sage", "li")
    assert (await door.get("/api/v1/audit", params={"since": "soon"})).status_code == 400
    assert (await door.get("/api/v1/audit", params={"result": "refused", "by": "Sage"})).json()["rows"] == []


async def _ticket(owner: asyncpg.Connection) -> UUID:
    """A ticket with the number PA1."""
    ticket = new_id(NOW)
    await owner.execute(
        """
        INSERT INTO ticket (id, number, contact, created_at, channel, kind, text, urgency, audience, state, version, head)
        VALUES ($1, 'PA1', $1, $2, 'web', 'help', 'x', 'normal', 'person', 'awaiting_dispatch', 1, '')
        """, ticket, NOW,
    )  # fmt: skip
    return ticket


async def test_a_ticket_is_told_by_its_number_however_it_was_written_down(
    port_ash: Database, hire: Hire, owner: asyncpg.Connection
) -> None:
    auditor = await hire("aud", Role.AUDIT_ADMIN)
    ticket = await _ticket(owner)
    for body in ({"ticket": str(ticket)}, {"ticket": "PA1"}, {"ticket": "not one"}):
        async with port_ash.transaction(SYSTEM) as tx:
            await audit.record(tx, "system", "caller.reveal", NOW, subject="x", body=body)
    async with port_ash.transaction(trail.acting(auditor)) as tx:
        found = await trail.search(tx, auditor, Search(ticket="PA1"), LONDON, NOW + timedelta(minutes=1))
        all_of_them = await trail.search(tx, auditor, Search(action="caller."), LONDON, NOW + timedelta(minutes=1))
    assert [row.ticket for row in found.rows] == ["PA1", "PA1"]
    assert sorted(row.ticket for row in all_of_them.rows) == ["", "PA1", "PA1"]


def test_what_somebody_typed_is_never_taken_for_a_word_of_ours(tiny: Pack) -> None:
    body = {"login": "analyst", "name": "report", "roles": ["analyst"]}
    entry = Entry(1, NOW, "system", "", "", "staff.add", "x", "analyst", "report", "", "done", body, "")
    told = telling.told(entry, compile_city(tiny, 1), render.translator("zh"))
    assert [one.text for one in told.particulars] == ["analyst", "report", "分析员"]


def test_every_deed_field_and_choice_of_the_audit_has_its_words() -> None:
    page = (ROOT / "docs/reference/events.md").read_text(encoding="utf-8").split("## The audit")[1]
    documented = re.findall(r"^\| `(\w+\.\w+)` \|", page, re.MULTILINE)
    assert set(words.ACTIONS) == set(documented)
    fields = [field for of_thing in FIELDS.values() for field in of_thing]
    assert {field.name for field in fields} <= set(words.FIELDS)
    assert {thing.value: name for thing, name in THINGS.items()} == words.THINGS
    for field in fields:
        for value, word in field.options:
            assert words.VALUES[str(value)] == word
    assert set(words.sayings()) <= render.catalogue("en").keys()
