"""A leader's morning through the pages: planned, published, asked, handed over, answered, reported."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.hotline import Browser, Hotline, hotline_on

from yixian.db import bootstrap
from yixian.intake import words as intake_words
from yixian.sessions import forms, pages, words
from yixian.web import render

LAMP = "The street light outside our house in Mill Ward is out"


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


def test_the_words_of_the_room_have_english() -> None:
    said = (*words.sayings(), *forms.sayings(), *pages.sayings(), *intake_words.HANDED.values())
    assert [s for s in said if s not in render.catalogue("en")] == []


async def planned(hotline: Hotline) -> tuple[Browser, str]:
    """The supervisor on the page of a published session of tomorrow, and its address."""
    supervisor = await hotline.staff("supervisor")
    await supervisor.open("/desk/answering/new")
    form = {
        "unit": "Roads and Lighting [pa.roads]",
        "leader": "Head of Roads",
        "day": (hotline.clock.now.date() + timedelta(days=1)).isoformat(),
    }
    await supervisor.send("/desk/answering/new", **form, seats="0", status=422)
    assert "席位为1至50个" in supervisor.text
    await supervisor.send("/desk/answering/new", **form, seats="1", note="Lamps in winter")
    address = re.sub(r"\?.*", "", str(supervisor.answer.url.path))
    # The frame names the city, whatever the page calls its own parts; before it is published nothing is counted.
    assert "Port Ash" in supervisor.text and "接听情况" not in supervisor.text
    await supervisor.send(f"{address}/publish")
    assert "即将接听" in supervisor.text and "接听情况" in supervisor.text
    return supervisor, address


async def test_a_leaders_morning(hotline: Hotline) -> None:
    supervisor, address = await planned(hotline)
    resident = await hotline.browser().open("/leaders")
    assert "Head of Roads" in resident.text
    public = address.replace("/desk/answering", "/leaders")
    await resident.open(public)
    await resident.send(public, text="Why is Castle Hill dark?", phone="+447700900777", status=201)
    assert "照常办理" in resident.text

    hotline.clock.forward(days=1, hours=1)
    operator = await hotline.staff("operator")
    await operator.open("/desk/operator")
    settled = {"matter": "Street light out [ST0101]", "region": "Mill Ward [PA-N-2]"}
    await operator.send("/desk/operator", text=LAMP, phone="+447700900123", **settled, deed="check")
    assert "转给Head of Roads接听" in operator.text
    session = address.rsplit("/", 1)[1]
    await operator.send("/desk/operator", session=session, status=201)
    assert "已转给负责人接听" in operator.text
    await operator.open("/desk/operator")
    await operator.send("/desk/operator", text=LAMP, phone="+447700900124", **settled, deed="check")
    assert "各席正忙" in operator.text
    await operator.send("/desk/operator", session=session, status=201)
    assert "席位已满" in operator.text

    stranger = await hotline.staff("waste")
    await stranger.open(address, status=404)
    leader = await hotline.staff("roads")
    await leader.open(address)
    await leader.send(f"{address}/take")
    assert LAMP in leader.text
    await leader.send(f"{address}/finish", result="promised", note="We mend it.", status=422)
    assert "请选择由哪个单位兑现承诺" in leader.text
    assert "We mend it." in leader.answer.text, "nothing that was typed is lost"
    by = (hotline.clock.now.date() + timedelta(days=2)).isoformat()
    await leader.send(f"{address}/finish", result="promised", note="We mend it.", unit="Northgate District Council [PA-N]", day=by)
    assert "已承诺" in leader.text
    await leader.send(f"{address}/take")
    assert "Why is Castle Hill dark?" in leader.text
    await supervisor.open(address)
    row = await hotline.owner.fetchrow(
        "SELECT lead, session IS NOT NULL AS marked FROM ticket WHERE text = $1 AND session IS NOT NULL", LAMP
    )
    assert row is not None
    assert (row["lead"], row["marked"]) == ("PA-N", True)


async def test_bad_input_is_a_sentence_and_never_a_fault(hotline: Hotline) -> None:
    supervisor, address = await planned(hotline)
    await supervisor.open(address)
    await supervisor.send(f"{address}/cancel", note="", status=422)
    for path, status in (
        (f"{address[:-4]}0000", 404),
        ("/leaders/00000000-0000-0000-0000-000000000000", 404),
        ("/desk/answering?after=x", 409),
    ):
        await supervisor.open(path, status=status)
    token = (await supervisor.client.get("/api/v1/session")).json()["csrf"]
    for deed in ("nonsense", "take", "finish"):
        answer = await supervisor.client.post(
            f"/api/v1/answering/{address.rsplit('/', 1)[1]}/{deed}", json={}, headers={"X-CSRF-Token": token}
        )
        assert answer.status_code in (404, 409)
    answer = await supervisor.client.post("/api/v1/contacts", json={"text": LAMP, "session": "x"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "session")
    assert (await supervisor.client.get("/api/v1/leaders")).json()[0]["leader"] == "Head of Roads"
