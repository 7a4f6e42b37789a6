"""A dispatcher asks on screen, a unit answers on its desk, and each is told of what waits for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.hotline import TINY, Hotline, hotline_on
from tests.tickets.test_english_names import reads, two_names

from yixian.city import pack
from yixian.db import bootstrap, outbox
from yixian.disputes import consulting, consulting_pages, jobs, words
from yixian.web import render

LANE = "The street light in Tollbooth Lane is out, third night"


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


@pytest.fixture
async def bilingual(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    """Port Ash with its names in Chinese and in English."""
    async with hotline_on(fresh, home, two_names(pack.read(TINY))) as running:
        yield running


def test_the_words_have_english() -> None:
    said = (*words.sayings(), *consulting_pages.sayings(), consulting.QUESTION, consulting.GONE, consulting.TOO_MANY)
    assert [s for s in said if s not in render.catalogue("en")] == []


async def test_asked_beside_the_suggestions_answered_on_the_units_desk_and_dispatched(hotline: Hotline) -> None:
    number = (await hotline.says("Something smells odd somewhere"))["tickets"][0]["number"]
    dispatcher, roads = await hotline.staff("dispatcher"), await hotline.staff("roads")
    here = f"/desk/ticket/{number}/consultation"
    await dispatcher.open(here)
    assert "2 个工作小时内答复" in dispatcher.text and "2wh" not in dispatcher.text
    await dispatcher.send(here, units="nobody at all", status=409)
    assert "nobody at all" in dispatcher.answer.text
    await dispatcher.send(here, units="Roads and Lighting [pa.roads]\nWaste Services [pa.waste]", question="Whose smell?")
    waiting = (await roads.client.get("/desk/counts")).json()
    assert waiting["/desk/consultations"] == 1
    await roads.open("/desk/consultations")
    assert "Whose smell?" in roads.text
    assert "Waste" not in roads.text, "each answers by itself"
    action = next(f.action for f in roads.page.forms if f.action.startswith("/desk/consultations/"))
    await roads.send(action, said="no", words="We have lamps", status=409)
    assert "We have lamps" in roads.answer.text
    await roads.send(action, said="no", basis="Roads Order 12", words="We have lamps")
    assert (await roads.client.get("/desk/counts")).status_code == 200
    part = await dispatcher.client.get(here, headers={"X-Part": "1"})
    assert "Roads Order 12" in part.text
    assert "<html" not in part.text
    hotline.clock.forward(hours=30)
    supervisor = await hotline.staff("supervisor")
    await supervisor.open("/desk/supervisor")
    assert "1 个单位的会商答复已逾期" in supervisor.text
    await supervisor.open("/desk/consultations?tab=overdue")
    assert number in supervisor.text
    dispatcher = await hotline.staff("dispatcher")  # signed out over night
    await dispatcher.open(f"/desk/ticket/{number}")
    await dispatcher.send(f"/desk/ticket/{number}/dispatch", unit="Waste Services [pa.waste]", basis="Waste Order 2")
    while await outbox.hand_on(hotline.app.state.process.database, jobs.consumers(), hotline.clock()):
        pass
    await supervisor.open("/desk/consultations?tab=ended")
    assert "已派单" in supervisor.text


async def test_the_dispatcher_is_shown_what_to_ask_about_the_place_and_the_places_that_fit(hotline: Hotline) -> None:
    number = (await hotline.says(LANE))["tickets"][0]["number"]
    dispatcher = await hotline.staff("dispatcher")
    await dispatcher.open(f"/desk/ticket/{number}/consultation")
    assert "Roads and Lighting" in dispatcher.text and "[pa." not in dispatcher.text, "a name that only one has needs no code"
    await dispatcher.open(f"/desk/ticket/{number}/where")
    places = [href for href in dispatcher.answer.text.split('"') if "region=" in href]
    assert len(places) == 2
    await dispatcher.open(places[0].replace("&amp;", "&"))
    assert number in dispatcher.text
    operator = await hotline.staff("operator")
    await operator.open(f"/desk/ticket/{number}/where", status=403)


async def test_consultations_name_units_matter_and_place_in_english(bilingual: Hotline) -> None:
    number = (await bilingual.says(LANE))["tickets"][0]["number"]
    await bilingual.owner.execute("UPDATE ticket SET matter = 'ST0101', region = 'PA-N-1' WHERE number = $1", number)
    dispatcher, here = await bilingual.staff("dispatcher"), f"/desk/ticket/{number}/consultation"
    await dispatcher.open(here)
    await dispatcher.send(here, units="pa.roads\npa.waste", question="Whose lamp?")
    await reads(dispatcher, here, "Roads and Lighting", "Waste Services")
    await reads(dispatcher, "/desk/consultations", "Roads and Lighting", "Street light out", "Castle Ward, Northgate")
