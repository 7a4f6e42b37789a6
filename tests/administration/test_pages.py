"""The desk of the city's data, through a browser: tried first, then decided; refused with what was typed; nobody else's work."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from jinja2 import DictLoader
from tests.hotline import Browser, Hotline, hotline_on

from yixian.administration import jobs
from yixian.administration.fields import FIELDS
from yixian.city.adjustments import Thing
from yixian.db import bootstrap, pool
from yixian.db import jobs as queue
from yixian.db.jobs import Job


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, tmp_path: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, tmp_path) as running:
        yield running


@pytest.fixture
async def admin(hotline: Hotline) -> Browser:
    return await hotline.staff("admin")


CODES = {
    Thing.UNIT: "pa.waste", Thing.QUEUE: "streets", Thing.MATTER: "ST0101", Thing.LIMIT: "*:*:*", Thing.DAY: "2026-12-25",
    Thing.HOURS: "calendar", Thing.LINE: "0800 1",
}  # fmt: skip


@pytest.mark.parametrize("thing", Thing)
async def test_every_thing_has_its_list_its_page_and_its_forms(admin: Browser, thing: Thing) -> None:
    await admin.open("/admin/city")
    await admin.open(f"/admin/city/{thing}")
    await admin.open(f"/admin/city/{thing}/one?code={CODES[thing]}")
    await admin.open(f"/admin/city/{thing}/change?code={CODES[thing]}")
    for field in FIELDS[thing]:
        assert field.once or field.name in admin.page.form(f"/admin/city/{thing}/change").fields or field.how == "yes"
    if thing is not Thing.HOURS:
        await admin.open(f"/admin/city/{thing}/add")
        await admin.open(f"/admin/city/{thing}/close?code={CODES[thing]}")


async def test_a_change_is_tried_then_decided_and_stands_in_the_history(hotline: Hotline, admin: Browser) -> None:
    await admin.open("/admin/city/unit/change?code=pa.waste")
    await admin.send("/admin/city/unit/change", phone="0800 77", name="Bins and Beaches", reason="the council decided", step="try")
    assert "试算结果" in admin.text and "0800 77" in admin.text and "还没有改动任何东西" in admin.text
    assert await hotline.owner.fetchval("SELECT count(*) FROM adjustment") == 0
    await admin.send("/admin/city/unit/change", step="decide")
    assert "已生效" in admin.text and "Bins and Beaches" in admin.text and "the council decided" in admin.text
    assert await hotline.owner.fetchval("SELECT body ->> 'name' FROM unit WHERE code = 'pa.waste'") == "Bins and Beaches"
    undo = next(link for link in admin.page.links if "/undo?" in link)
    await admin.open(undo)
    await admin.send("/admin/city/unit/undo", reason="a mistake", step="try")
    await admin.send("/admin/city/unit/undo", step="decide")
    assert "已撤销" in admin.text
    assert await hotline.owner.fetchval("SELECT body ->> 'name' FROM unit WHERE code = 'pa.waste'") == "Waste Services"


async def test_going_back_from_the_trial_keeps_what_was_typed(admin: Browser) -> None:
    await admin.open("/admin/city/unit/change?code=pa.waste")
    await admin.send("/admin/city/unit/change", phone="0800 77", reason="because", step="try")
    await admin.send("/admin/city/unit/change", step="edit")
    form = admin.page.form("/admin/city/unit/change")
    assert (form.fields["phone"], form.fields["reason"]) == ("0800 77", "because")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"reason": ""}, "请写明理由"), ({"since": "soon"}, "请填写生效日期"), ({"since": "2020-01-01"}, "不能早于今天"),
        ({"name": ""}, "名称：这一项不能为空"),
        ({"parent": "nobody"}, "没有找到"), ({"name": "x" * 501}, "太长了"), ({}, "没有任何改动"),
    ],
)  # fmt: skip
async def test_what_cannot_be_used_comes_back_as_typed_with_what_to_do(
    hotline: Hotline, admin: Browser, typed: dict[str, str], said: str
) -> None:
    await admin.open("/admin/city/unit/change?code=pa.waste")
    await admin.send("/admin/city/unit/change", 422, **{"reason": "because", "step": "try", **typed})
    assert said in admin.text
    fields = admin.page.form("/admin/city/unit/change").fields
    assert all(fields[name] == value for name, value in typed.items())
    assert await hotline.owner.fetchval("SELECT count(*) FROM adjustment") == 0


async def test_a_unit_is_closed_with_its_tickets_going_on_under_the_same_number_and_clock(hotline: Hotline, admin: Browser) -> None:
    dispatcher = await hotline.staff("dispatcher")
    receipt = await hotline.says(
        "The bin was not emptied",
    )
    number = receipt["tickets"][0]["number"]
    await dispatcher.open(f"/desk/ticket/{number}")
    state = await hotline.owner.fetchval("SELECT state FROM ticket WHERE number = $1", number)
    if state == "awaiting_dispatch":
        answer = await dispatcher.client.get("/api/v1/session")
        token = {"X-CSRF-Token": answer.json()["csrf"]}
        done = await dispatcher.client.post(
            f"/api/v1/tickets/{number}/dispatch", json={"unit": "pa.waste", "basis": "Waste Order 2"}, headers=token
        )
        assert done.status_code == 200, done.text
    due = await hotline.owner.fetchval("SELECT answer_due FROM ticket WHERE number = $1", number)
    await admin.open("/admin/city/unit/close?code=pa.waste")
    await admin.send("/admin/city/unit/close", reason="merged", successor="Roads and Lighting [pa.roads]", step="try")
    assert "有 1 件未办结工单在它手上" in admin.text and "有 2 名工作人员" in admin.text
    await admin.send("/admin/city/unit/close", step="decide")
    assert "已关闭" in admin.text
    roads = await hotline.staff("roads")
    await roads.open(f"/desk/ticket/{number}")
    moved = await hotline.staff("waste")
    await moved.open(f"/desk/ticket/{number}")
    assert await hotline.owner.fetchval("SELECT answer_due FROM ticket WHERE number = $1", number) == due
    harbour = await hotline.owner.fetchval("SELECT count(*) FROM unit_order WHERE unit_path = 'pa/pa.roads/pa.waste/'")
    assert harbour == 1


async def test_what_the_city_would_lack_is_refused_with_the_reason(hotline: Hotline, admin: Browser) -> None:
    await admin.open("/admin/city/limit/close?code=*:*:*")
    await admin.send("/admin/city/limit/close", reason="no limits", step="try")
    assert "会有诉求没有时限" in admin.text and "确定" not in admin.page.text.split("返回修改")[0].split("对在办工单")[-1]
    await admin.open("/admin/city/unit/close?code=pa")
    await admin.send("/admin/city/unit/close", reason="no council", successor="pa.roads", step="try")
    assert "接办单位不能是它自己的下级" in admin.text


async def test_who_decides_on_an_old_trial_sees_the_new_one_first(hotline: Hotline, admin: Browser) -> None:
    other = await hotline.staff("admin")
    for browser, phone in ((admin, "1"), (other, "2")):
        await browser.open("/admin/city/unit/change?code=pa.waste")
        await browser.send("/admin/city/unit/change", phone=phone, reason="because", step="try")
    await other.send("/admin/city/unit/change", step="decide")
    await admin.send("/admin/city/unit/change", 409, step="decide")
    assert "在您填写期间，别人改动了它" in admin.text
    await admin.send("/admin/city/unit/change", step="decide")
    assert await hotline.owner.fetchval("SELECT body ->> 'phone' FROM unit WHERE code = 'pa.waste'") == "1"


async def test_a_day_off_is_seen_in_the_year_and_running_clocks_stay(hotline: Hotline, admin: Browser) -> None:
    await hotline.says("The bin was not emptied")
    before = await hotline.owner.fetch("SELECT next_due FROM ticket")
    day = (hotline.clock.now + timedelta(days=1)).date()
    await admin.open(f"/admin/city/day/add?date={day}")
    await admin.send("/admin/city/day/add", reason="storm", step="try")
    assert "在办工单保持原时限" in admin.text
    await admin.send("/admin/city/day/add", step="decide")
    assert await hotline.owner.fetch("SELECT next_due FROM ticket") == before
    await admin.open(f"/admin/city/day?year={day.year}")
    assert f"/admin/city/day/one?code={day}" in admin.page.links


async def test_a_new_matter_gets_the_next_code_below_its_parent(hotline: Hotline, admin: Browser) -> None:
    await admin.open("/admin/city/matter/add?parent=ST01")
    said = "\n".join(f"the lamp flickers {n}" for n in range(6))
    await admin.send(
        "/admin/city/matter/add", name="Street light flickers", queue="streets", kind="help", urgency="normal", audience="both",
        examples=said, reason="people ask", step="try",
    )  # fmt: skip
    await admin.send("/admin/city/matter/add", step="decide")
    assert await hotline.owner.fetchval("SELECT body ->> 'name' FROM matter WHERE code = 'ST0103'") == "Street light flickers"


async def test_a_list_is_searched_in_both_languages_and_by_code(admin: Browser) -> None:
    for query, found in (("waste", True), ("WASTE", True), ("pa.was", True), ("Bins", True), ("no such", False)):
        await admin.open(f"/admin/city/unit?q={query}")
        assert ("/admin/city/unit/one?code=pa.waste" in admin.page.links) is found, query


async def test_what_waits_for_its_day_comes_into_force_on_it(hotline: Hotline, admin: Browser, fresh: bootstrap.Addresses) -> None:
    since = (hotline.clock.now + timedelta(days=3)).date()
    await admin.open("/admin/city/line/change?code=0800 1")
    await admin.send("/admin/city/line/change", name="Street Care", since=since.isoformat(), reason="new name", step="try")
    await admin.send("/admin/city/line/change", step="decide")
    assert "待生效" in admin.text
    database = await pool.connect(fresh.application, 2)
    await jobs.day(database, Job(None, "", {}, 0), hotline.clock.now + timedelta(days=3))  # type: ignore[arg-type]
    await database.close()
    assert await hotline.owner.fetchval("SELECT body ->> 'name' FROM line WHERE code = '0800 1'") == "Street Care"


@pytest.mark.parametrize("login", ["operator", "dispatcher", "reviewer", "caller", "supervisor", "editor", "roads", "roads.chief"])
async def test_nobody_else_enters(hotline: Hotline, login: str) -> None:
    other = await hotline.staff(login)
    for path in ("/admin/city", "/admin/city/unit", "/admin/city/unit/one?code=pa.waste", "/admin/settings"):
        await other.open(path, 403)


@pytest.mark.parametrize(
    "path",
    ["nothing", "unit/one?code=nobody", "unit/explode?code=pa.waste", "unit/one", "unit/change?code=nobody"],
)  # fmt: skip
async def test_what_is_not_there_is_not_found(admin: Browser, path: str) -> None:
    await admin.open(f"/admin/city/{path}", 404)


async def test_settings_are_shown_without_what_is_secret(admin: Browser) -> None:
    await admin.open("/admin/settings")
    assert "session_idle_minutes" in admin.text and "postgresql://" not in admin.text


async def test_the_security_administrator_sees_fingerprints_and_no_city(hotline: Hotline) -> None:
    await hotline.owner.execute("UPDATE staff SET roles = '{security_admin}' WHERE login = 'admin'")
    security = await hotline.staff("admin")
    for path in ("/admin/keys", "/admin/sessions", "/admin/staff", "/admin/staff/import"):
        await security.open(path)
    for path in ("/admin/city", "/admin/settings", "/admin/audit"):
        await security.open(path, 403)
    master = (hotline.app.state.process.settings.home / "master.key").read_text().strip()
    await security.open("/admin/keys")
    assert "加密来电人信息和一次性口令" in security.text and master[:8] not in security.text


async def test_running_tickets_are_counted_again_where_that_was_ticked(hotline: Hotline, admin: Browser) -> None:
    await hotline.says("The bin was not emptied")
    await admin.open("/admin/city/limit/change?code=*:*:*")
    await admin.send("/admin/city/limit/change", dispatch="30wh", answer="20wd", reason="the council decided", step="try")
    assert "现在有 1 件在办工单" in admin.text and "1 件的时限会变，都是推后" in admin.text
    assert "确定，立即生效" in admin.text
    assert admin.page.form("/admin/city/limit/change").fields["clocks"] == "keep"
    await admin.send("/admin/city/limit/change", clocks="later", step="edit")
    await admin.send("/admin/city/limit/change", step="try")
    await admin.send("/admin/city/limit/change", clocks="later", step="decide")
    assert "在办工单重新计算，只推后、不提前" in admin.text and "进行中" in admin.text
    database = hotline.app.state.process.database
    while await queue.run_due(database, jobs.kinds(), hotline.clock.now):
        pass
    await admin.open("/admin/city/limit/one?code=*:*:*")
    assert "看过 1 件，1 件改了时限，0 件因此超时" in admin.text and "已完成" in admin.text


async def test_limits_are_read_in_words_and_in_english(admin: Browser) -> None:
    await admin.open("/preference?lang=en&back=/admin/city/limit")
    assert "All · urgent · All" in admin.text
    assert "working days" in admin.text and "working hours" in admin.text
    assert "*:" not in admin.text and not re.search(r"\b\d+w[dh]\b", admin.text) and "全部" not in admin.text
    await admin.open("/admin/city/limit/one?code=*:*:*")
    assert "All · All · All" in admin.text and not re.search(r"\b\d+w[dh]\b", admin.text)


async def test_an_unknown_address_keeps_the_header_of_whoever_works_here(hotline: Hotline, admin: Browser) -> None:
    for path in ("/nowhere", "/desk/nowhere", "/admin/city/nothing"):
        await admin.open(path, 404)
        assert "退出" in admin.text and "/admin/city" in admin.page.links and "回到工作台" in admin.text
    resident = await hotline.browser().open("/nowhere", 404)
    assert "退出" not in resident.text and "回到首页" in resident.text
    # An address that was signed out of keeps nothing.
    await admin.open("/admin/city")
    await admin.send("/logout")
    await admin.open("/nowhere", 404)
    assert "退出" not in admin.text


async def test_a_missing_template_is_our_fault_and_not_the_databases(
    hotline: Hotline, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = hotline.app.state.pages.environments["zh"]
    monkeypatch.setitem(environment.loader.mapping, "administration", DictLoader({}))
    await admin.open("/admin/settings", 500)
    assert "暂时" not in admin.page.text.split("退出")[-1] and "回到工作台" in admin.text


async def test_who_only_looks_at_accounts_is_told_so_and_sees_no_empty_column(hotline: Hotline, admin: Browser) -> None:
    await admin.open("/admin/staff")
    assert "账号" in admin.text and "您可以查看账号" in admin.text
    assert '<th scope="col">操作</th>' not in admin.answer.text
    await hotline.owner.execute("UPDATE staff SET roles = '{security_admin}' WHERE login = 'editor'")
    security = await hotline.staff("editor")
    await security.open("/admin/staff")
    assert "您可以查看账号" not in security.text and "停用" in security.text


async def test_the_calendar_is_counted_by_its_year(hotline: Hotline, admin: Browser) -> None:
    await admin.open("/admin/city")
    assert f"{hotline.clock.now.year}日历" in admin.text.replace(" 日历", "日历")
