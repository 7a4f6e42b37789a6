"""The beat of an open page, as its script sends it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.hotline import Browser, Hotline, hotline_on

from yixian.db import bootstrap


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


async def beats(browser: Browser, number: str, **sent: str) -> tuple[int, str]:
    """Status and words of a beat from the page of the ticket."""
    await browser.open(f"/desk/ticket/{number}")
    csrf = next(form.fields["csrf"] for form in browser.page.forms if "csrf" in form.fields)
    answer = await browser.client.post(f"/desk/ticket/{number}/presence", data={"csrf": csrf, "version": "1", **sent})
    return answer.status_code, answer.text


async def test_who_fills_in_a_form_without_a_step_types_all_the_same(hotline: Hotline) -> None:
    number = (await hotline.says("zzz qqq xxx"))["tickets"][0]["number"]
    dispatcher, supervisor = await hotline.staff("dispatcher"), await hotline.staff("supervisor")
    status, _ = await beats(dispatcher, number, doing="typing", action="files")
    assert status == 200
    status, said = await beats(supervisor, number, doing="reading")
    assert status == 200 and "正在填写" in said and "files" not in said
    # What is no beat is refused, and changes nothing of who is there.
    for wrong in ({"doing": "dancing"}, {"doing": "reading", "version": "x"}, {"doing": "reading", "version": "1" * 12}):
        assert (await beats(supervisor, number, **wrong))[0] == 400
