"""The desk of the list as people use it: search, propose, answer, approve, and a file that is looked at before it counts."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from tests.hotline import Browser, Hotline, hotline_on
from tests.web.look import filled

from yixian.db import bootstrap
from yixian.responsibilities import files, forms, pages, review, search, words
from yixian.web import render


@pytest.fixture
async def line(fresh: bootstrap.Addresses, tmp_path: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, tmp_path) as running:
        yield running


async def upload(browser: Browser, content: bytes, name: str, status: int = 200, **typed: str) -> Browser:
    """Sends a file through the form."""
    await browser.open("/desk/list/import")
    form = browser.page.form("/desk/list/import")
    data = {k: v for k, v in filled(form).items() if k != "file"} | typed
    browser.answer = await browser.client.post(form.action, data=data, files={"file": (name, content)}, follow_redirects=True)
    return browser._looked_at(status)


async def exported(browser: Browser, form: str = "csv") -> bytes:
    return (await browser.client.get(f"/desk/list/export?form={form}")).content


async def proposed(line: Hotline, **typed: str) -> tuple[Browser, str]:
    """An editor proposes that roads lead for bins; the address of the proposal."""
    editor = await line.staff("editor")
    await editor.open("/desk/list/propose?code=BN-1")
    await editor.send("/desk/list/propose", **{"lead": "pa.roads", "reason": "The depot moved", **typed})
    return editor, editor.answer.url.path


async def answered(line: Hotline, address: str, *logins: str) -> None:
    for login in logins:
        chief = await line.staff(login)
        await chief.open(address)
        await chief.send(f"{address}/answer", answer="agree")


async def taken_up(line: Hotline, code: str, lead: str) -> None:
    """Returns when the running process holds the changed list."""
    live = line.app.state.process.live
    while not any(e.code == code and e.lead == lead for e in live.city.pack.responsibilities):
        await asyncio.sleep(0.02)


def test_every_word_of_the_room_has_english() -> None:
    said = (*words.sayings(), *forms.sayings(), *pages.sayings(), *review.sayings(), *search.sayings(), *files.HEADINGS.values())
    assert [s for s in said if s not in render.catalogue("en")] == []


async def test_from_a_proposal_to_dispatch_without_a_restart(line: Hotline) -> None:
    editor, address = await proposed(line)
    assert "征求意见" in editor.text and "Waste Services" in editor.text and "Roads and Lighting" in editor.text
    await answered(line, address, "roads.chief", "waste.chief")
    second = await line.staff("editor.second")
    await second.open(address)
    await second.send(f"{address}/approve")
    assert "已批准" in second.text
    await asyncio.wait_for(taken_up(line, "BN-1", "pa.roads"), 10)
    receipt = await line.says("You missed our bin again, not collected")
    dispatcher = await line.staff("dispatcher")
    ticket = (await dispatcher.client.get(f"/api/v1/tickets/{receipt['tickets'][0]['number']}")).json()
    assert "pa.roads" in {ticket["lead"], *(s.get("unit") for s in ticket["suggestions"])}
    await second.open("/desk/list/entry/BN-1")
    assert "批准人 Editor.Second" in second.text and "现行" in second.text and "已终止" in second.text


async def test_an_objection_needs_a_reason_and_keeps_what_was_typed(line: Hotline) -> None:
    _, address = await proposed(line)
    chief = await line.staff("roads.chief")
    await chief.open(address)
    await chief.send(f"{address}/answer", 422, answer="object", basis="Waste Order 2, 4")
    assert "请写明不同意的理由。" in chief.text and "Waste Order 2, 4" in chief.text
    await chief.send(f"{address}/answer", answer="object", reason="We have no lorries")
    assert "We have no lorries" in chief.text and "不同意" in chief.text


async def test_the_proposer_is_offered_no_approval_and_gets_none(line: Hotline) -> None:
    editor, address = await proposed(line)
    await answered(line, address, "roads.chief", "waste.chief")
    await editor.open(address)
    assert f"{address}/approve" not in [form.action for form in editor.page.forms]
    token = editor.page.forms[0].fields["csrf"]
    editor.answer = await editor.client.post(f"{address}/approve", data={"csrf": token})
    editor._looked_at(409)
    assert "须由另一位" in editor.text


async def test_a_unit_sees_only_what_concerns_it(line: Hotline) -> None:
    _, address = await proposed(line)
    await (await line.staff("operator")).open(address)  # the hotline may look
    _, lamps = await proposed_lamps(line)
    waste = await line.staff("waste.chief")
    await waste.open(lamps, 404)
    await waste.open("/desk/list/proposals")
    assert "BN-1" in waste.text and "ST-1" not in waste.text
    await waste.open("/desk/list/propose", 403)
    admin = await line.staff("admin")
    await admin.open("/desk/list", 403)


async def proposed_lamps(line: Hotline) -> tuple[Browser, str]:
    editor = await line.staff("editor")
    await editor.open("/desk/list/propose?code=ST-1")
    await editor.send("/desk/list/propose", lead="pa.harbour", reason="Lamps")
    return editor, editor.answer.url.path


async def test_silence_lets_it_be_approved_and_says_so(line: Hotline) -> None:
    _, address = await proposed(line)
    supervisor = await line.staff("supervisor")
    await supervisor.open(address)
    assert f"{address}/approve" not in [form.action for form in supervisor.page.forms]
    line.clock.forward(days=8)
    supervisor = await line.staff("supervisor")
    await supervisor.open("/desk/list/proposals?tab=over")
    assert "逾期未答复，按同意计 2" in supervisor.text
    await supervisor.open(address)
    await supervisor.send(f"{address}/approve")
    assert "已批准" in supervisor.text


async def test_a_form_that_cannot_be_taken_says_where_and_keeps_everything(line: Hotline) -> None:
    editor = await line.staff("editor")
    await editor.open("/desk/list/propose")
    await editor.send("/desk/list/propose", 422, matter="ST0101", lead="nobody", basis="Order", reason="Why not", since="soon")
    assert "没有找到" in editor.text and "请填写日期" in editor.text and "Why not" in editor.text
    await editor.send("/desk/list/propose", 422, lead="@district.lamps", since="2099-01-01")
    assert "找不到单位" in editor.text
    await editor.send("/desk/list/propose", lead="@district.noise", since="2099-01-01")
    assert "ST0101-3" in editor.text, "the next free number of the matter"


async def test_searching_by_word_unit_place_and_day(line: Hotline) -> None:
    editor = await line.staff("operator")
    for query, found in (
        ("q=noise", {"NS-1", "NS01-1"}),
        ("q=noise+order+7", {"NS01-1"}),
        ("unit=pa.harbour&on=", {"HB-1", "NS01-2", "NS01-3", "ST0101-1"}),
        ("unit=PA-S.noise", {"NS-1", "NS01-1"}),
        ("region=PA-N-1&matter=ST", {"ST-1", "ST0101-2"}),
        ("q=%E4%B8%8D%E5%AD%98%E5%9C%A8", set()),
    ):
        await editor.open(f"/desk/list?{query}")
        codes = {link.rpartition("/")[2] for link in editor.page.links if "/entry/" in link}
        assert codes == found, query
    await editor.open("/desk/list?unit=nowhere&on=rubbish&after=x")
    assert "没有找到" in editor.text


async def test_a_file_is_looked_at_before_it_counts(line: Hotline) -> None:
    editor = await line.staff("editor")
    text = (await exported(editor)).decode("utf-8-sig")
    changed = text.replace("BN-1,BN,*,,,,pa.waste", "BN-1,BN,*,,,,pa.roads") + "HB02-1,HB02,PA-H,,,,pa.harbour,,Bylaw 2,2024-01-01,,\r\n"
    await upload(editor, changed.encode(), "list.csv")
    counts = re.findall(r'class="n">(\d+)</span><span class="of">(\w+)', editor.answer.text)
    assert counts == [("1", "新增"), ("1", "变更"), ("0", "终止"), ("7", "不变"), ("0", "有误")]
    assert await line.owner.fetchval("SELECT count(*) FROM proposal") == 0, "looking proposes nothing"
    confirm = next(form.action for form in editor.page.forms if form.action.endswith("/confirm"))
    await editor.send(confirm, 422, reason="")
    await editor.send(confirm, reason="The yearly round")
    assert "BN-1" in editor.text and "HB02-1" in editor.text
    editor.answer = await editor.client.post(confirm, data={"csrf": editor.page.forms[0].fields["csrf"], "reason": "Again"})
    editor._looked_at(409)
    assert await line.owner.fetchval("SELECT count(*) FROM proposal") == 2


async def test_several_are_approved_together_or_not_at_all(line: Hotline) -> None:
    editor = await line.staff("editor")
    text = (await exported(editor)).decode("utf-8-sig")
    rows = "HB02-1,HB02,PA-H,,,,pa.harbour,,Bylaw 2,2024-01-01,,\r\nHB02-2,HB02,PA-H,,,,pa.waste,,Bylaw 2,2024-01-01,,\r\n"
    await upload(editor, (text + rows).encode(), "list.csv")
    confirm = next(form.action for form in editor.page.forms if form.action.endswith("/confirm"))
    await editor.send(confirm, reason="The yearly round")
    line.clock.forward(days=8)
    second = await line.staff("editor.second")
    await second.open("/desk/list/proposals")
    ids = [str(r["id"]) for r in await line.owner.fetch("SELECT id FROM proposal ORDER BY number")]
    action = "/desk/list/proposals?tab=review"
    await sent(second, action, ids, 409)
    assert "“HB02-1”（Harbour Master）和“HB02-2”（Waste Services）同样适用于" in second.text
    await sent(second, action, ids[:1], 200)
    states = await line.owner.fetch("SELECT code, state FROM proposal ORDER BY number")
    assert [tuple(r) for r in states] == [("HB02-1", "approved"), ("HB02-2", "in_review")]


async def sent(browser: Browser, action: str, ids: list[str], status: int) -> None:
    token = browser.page.form(action).fields["csrf"]
    browser.answer = await browser.client.post(action, data={"csrf": token, "proposal": ids}, follow_redirects=True)
    browser._looked_at(status)


async def test_files_that_cannot_be_taken_are_refused_in_words(line: Hotline) -> None:
    editor = await line.staff("editor")
    for content, name, sentence in (
        (b"PK\x03\x04 not a sheet", "list.xlsx", "不是有效的 Excel 文件"),
        (b"\xff\xfe\x00\xd8", "list.csv", ""),
        (b"a,b\r\n1,2\r\n", "list.csv", "表头里有不认识的列"),
        (b"anything", "list.pdf", "只能导入 CSV 或 Excel"),
        (b"", "list.csv", "表头缺少"),
        (b'code,"matter\r\n', "list.csv", "不是有效的 CSV"),
    ):
        await upload(editor, content, name, 422)
        assert sentence in editor.text
    await editor.open("/desk/list/import")
    await upload(editor, await exported(editor), "list.csv", 422, since="2001-01-01")
    assert "不能早于今天" in editor.text
    assert await line.owner.fetchval("SELECT count(*) FROM list_import") == 0


async def test_an_excel_sheet_comes_back_as_it_went(line: Hotline) -> None:
    editor = await line.staff("editor")
    content = await exported(editor, "xlsx")
    sheet: Any = load_workbook(io.BytesIO(content)).active
    assert [c.value for c in sheet[1]][:3] == ["编码", "事项", "地点"]
    assert {c.data_type for row in sheet.iter_rows() for c in row if c.value is not None} == {"s"}, "no cell is a formula"
    await upload(editor, content, "list.xlsx", whole="1")
    assert "这份文件与现行清单没有差异。" in editor.text


async def test_the_knowledge_editor_begins_the_day_at_the_list_and_sees_no_ticket(line: Hotline) -> None:
    receipt = await line.says("The light outside our house is out at Castle Ward")
    editor = await line.staff("editor")
    await editor.open("/desk")
    assert editor.answer.url.path == "/desk/list"
    answer = await editor.client.get(f"/api/v1/tickets/{receipt['tickets'][0]['number']}")
    assert answer.status_code == 404
