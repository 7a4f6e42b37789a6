"""Where it is: asked back before it is taken, chosen with one click, sent as coordinates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from tests.hotline import Hotline, hotline_on
from tests.intake.conftest import NOW

from yixian.db import bootstrap
from yixian.intake import service
from yixian.intake.model import ContactIn
from yixian.intake.service import Means, Unfit

LANE = "The street light in Tollbooth Lane is out, third night"
"""The lane lies in two wards, and who looks after the lamps depends on the ward."""


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


def test_the_preview_asks_back_and_names_the_places(means: Means) -> None:
    (preview,) = service.preview(means, ContactIn(LANE), NOW)
    assert preview.why == "place_needed"
    assert preview.ask == "Is it Northgate, Castle Ward or Northgate, Mill Ward?"
    assert [choice.region for choice in preview.choices] == ["PA-N-1", "PA-N-2"]


async def test_what_two_places_fit_is_not_dispatched_by_guess(means: Means, owner: asyncpg.Connection) -> None:
    receipt = await service.record(means, ContactIn(LANE), None, None, NOW)
    assert not receipt.tickets[0].dispatched
    assert await owner.fetchval("SELECT region FROM ticket") == "PA-N"


async def test_a_resident_is_asked_and_chooses(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    asked = await browser.send("/say", 200, text=LANE)
    assert "Is it Northgate, Castle Ward or Northgate, Mill Ward?" in asked.text
    assert await hotline.owner.fetchval("SELECT count(*) FROM contact") == 0
    assert asked.page.form("/say").fields["text"] == LANE
    await asked.send("/say", 201, where="Northgate, Castle Ward", phone="+447700900123")
    row = await hotline.owner.fetchrow("SELECT region, place, lead FROM ticket")
    assert row is not None
    assert tuple(row) == ("PA-N-1", "Northgate, Castle Ward", "PA-N-1")


async def test_who_cannot_say_sends_it_as_it_is(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    asked = await browser.send("/say", 200, text=LANE)
    await asked.send("/say", 201)
    assert await hotline.owner.fetchval("SELECT state FROM ticket") == "awaiting_dispatch"


async def test_an_operator_is_told_to_ask(hotline: Hotline) -> None:
    operator = await (await hotline.staff("operator")).open("/desk/operator")
    shown = await operator.send("/desk/operator", text=LANE, deed="check")
    assert "请追问地点" in shown.text
    assert "Castle Ward" in shown.text


async def test_coordinates_are_kept_with_contact_and_ticket(means: Means, owner: asyncpg.Connection) -> None:
    await service.record(means, ContactIn("There is a deep pothole on the road", latitude=51.5, longitude=-0.1234567), None, None, NOW)
    for table in ("contact", "ticket"):
        row = await owner.fetchrow(f"SELECT latitude::float8, longitude::float8 FROM {table}")
        assert row is not None
        assert tuple(row) == (51.5, -0.123457)


async def test_half_a_position_is_refused(means: Means) -> None:
    with pytest.raises(Unfit) as refused:
        service.check(ContactIn("A pothole", latitude=51.5), None, means.city)
    assert refused.value.field == "longitude"


@pytest.mark.parametrize(
    "position",
    [
        {"latitude": 91, "longitude": 0},
        {"latitude": "north", "longitude": 0},
        {"latitude": 51.5, "longitude": 400},
        {"latitude": 51.5},
        {"latitude": 51.5, "longitude": 0, "datum": "mars"},
        {"latitude": 1e400, "longitude": 0},
    ],
)
async def test_bad_coordinates_are_refused_with_the_field(hotline: Hotline, position: dict[str, object]) -> None:
    body = {"text": "A pothole", **position}
    answer = await hotline.browser().client.post("/api/v1/contacts", content=str(body).replace("'", '"').replace("inf", "1e400"))
    assert answer.status_code in (400, 422)
    assert answer.json()["errors"] or answer.json()["detail"]
    assert await hotline.owner.fetchval("SELECT count(*) FROM contact") == 0


async def test_the_ticket_page_shows_the_coordinates(hotline: Hotline) -> None:
    body = {"text": "There is a deep pothole on the road in Northgate", "latitude": 51.5, "longitude": -0.12}
    answer = await hotline.browser().client.post("/api/v1/contacts", json=body)
    number = answer.json()["tickets"][0]["number"]
    page = await (await hotline.staff("supervisor")).open(f"/desk/ticket/{number}")
    assert "51.500000" in page.text
