"""Who may take their own life is known to a supervisor at once, and until somebody looks after them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.hotline import Browser, Hotline, hotline_on
from tests.intake.conftest import TINY

from yixian.city import pack
from yixian.city.model import Emergency, Moment, Pack, Saying, Speech
from yixian.db import bootstrap

LAST = "I want to end my life, the hole in the road was the last straw"
POTHOLE = "There is a deep pothole on the road in Northgate"
GIVING_UP = f"{POTHOLE}, I fell again and I cannot go on"
BOARD = "还没有人接手"
PHONE = "+447700900123"


@pytest.fixture(scope="session")
def caring() -> Pack:
    """Port Ash, with words of those who give up."""
    read = pack.read(TINY)
    line = Emergency("999", "Lives", ("end my life",), "You matter. Ring 999 now.", ("end my life insurance",), giving_up=True)
    speech = Speech(
        sayings=(Saying(Moment.DESPERATE, {"en": "I hear you."}),),
        feelings={"desperate": ("nobody helps",), "giving_up": ("cannot go on",)},
    )
    triage = msgspec.structs.replace(read.triage, emergency=(*read.triage.emergency, line))
    return msgspec.structs.replace(read, triage=triage, speech=speech)


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path, caring: Pack) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home, caring) as running:
        yield running


async def number_of(hotline: Hotline, text: str) -> str:
    return (await hotline.says(text))["tickets"][0]["number"]


async def board(hotline: Hotline, who: str = "supervisor") -> Browser:
    return await (await hotline.staff(who)).open("/desk/supervisor")


async def test_an_ordinary_matter_is_dispatched_and_still_stands_red_on_the_board(hotline: Hotline) -> None:
    number = await number_of(hotline, GIVING_UP)
    assert await hotline.owner.fetchval("SELECT state FROM ticket WHERE number = $1", number) == "dispatched"
    shown = await board(hotline)
    assert BOARD in shown.text
    assert f"/desk/ticket/{number}" in shown.page.links
    assert 'data-key="c"' in shown.answer.text
    dispatcher = await (await hotline.staff("dispatcher")).open("/desk/dispatch")
    assert BOARD not in dispatcher.text, "what is dispatched is not the dispatcher's any more"


async def test_it_stays_until_somebody_takes_it_and_the_history_says_who(hotline: Hotline) -> None:
    number = await number_of(hotline, GIVING_UP)
    shown = await board(hotline)
    await shown.send(f"/desk/ticket/{number}/take_care")
    assert BOARD not in shown.text
    assert (await hotline.owner.fetchrow("SELECT care FROM ticket WHERE number = $1", number))["care"] == "taken"
    await shown.open(f"/desk/ticket/{number}")
    assert "接手关怀" in shown.text
    assert "已有人接手关怀" in shown.text
    rows = await hotline.owner.fetch("SELECT actor, role FROM history WHERE action = 'take_care'")
    assert [row["role"] for row in rows] == ["supervisor"]
    assert BOARD not in (await board(hotline)).text


async def test_of_two_who_press_at_once_the_second_is_told(hotline: Hotline) -> None:
    number = await number_of(hotline, GIVING_UP)
    first, second = await board(hotline), await board(hotline)
    await first.send(f"/desk/ticket/{number}/take_care")
    await second.send(f"/desk/ticket/{number}/take_care", 409)
    assert "已经有人接手关怀" in second.text


async def test_an_emergency_in_so_many_words_is_a_ticket_too(hotline: Hotline) -> None:
    browser = await hotline.browser().open("/")
    await browser.send("/say", 201, text=LAST)
    assert "You matter. Ring 999 now." in browser.text
    assert "tel:999" in browser.page.links
    assert browser.text.index("You matter") < browser.text.index("工单编号")
    row = await hotline.owner.fetchrow("SELECT urgency, state, alarm, care FROM ticket")
    assert tuple(row) == ("critical", "awaiting_dispatch", "raised", "needed")
    assert BOARD in (await board(hotline)).text
    dispatcher = await (await hotline.staff("dispatcher")).open("/desk/dispatch")
    assert BOARD in dispatcher.text, "not yet dispatched: the dispatcher sees it as well"


async def test_another_emergency_goes_to_its_line_as_before(hotline: Hotline) -> None:
    receipt = await hotline.says("The house next door is on fire")
    assert receipt["outcome"] == "transferred"
    assert BOARD not in (await board(hotline)).text


@pytest.mark.parametrize(
    "text", ["My end my life insurance costs too much", "I cannot pay and nobody helps", "I was afraid I cannot go on"]
)
async def test_what_only_sounds_like_it_alerts_nobody(hotline: Hotline, text: str) -> None:
    await hotline.says(text)
    assert BOARD not in (await board(hotline)).text


async def test_no_older_ticket_swallows_it(hotline: Hotline) -> None:
    await hotline.says(POTHOLE)
    again = await hotline.says(GIVING_UP)
    assert again["outcome"] == "ticket_opened"
    assert await hotline.owner.fetchval("SELECT count(*) FROM ticket WHERE care = 'needed'") == 1


async def test_what_the_operator_hears_counts_without_such_words(hotline: Hotline) -> None:
    desk = await (await hotline.staff("operator")).open("/desk/operator")
    await desk.send("/desk/operator", 201, deed="ticket_opened", text=POTHOLE, despairs="1")
    shown = await board(hotline)
    assert BOARD in shown.text


async def test_marked_it_cannot_end_without_a_ticket(hotline: Hotline) -> None:
    desk = await (await hotline.staff("operator")).open("/desk/operator")
    await desk.send("/desk/operator", 422, deed="transferred", reason="999", text=POTHOLE, despairs="1")
    assert "请转为工单" in desk.text
    assert await hotline.owner.fetchval("SELECT count(*) FROM contact") == 0


async def test_a_resident_cannot_say_it_of_others(hotline: Hotline) -> None:
    answer = await hotline.browser().client.post("/api/v1/contacts", json={"text": POTHOLE, "despairs": True})
    assert answer.status_code == 422
    assert json.loads(answer.text)["errors"][0]["field"] == "despairs"


async def test_whoever_speaks_with_them_later_can_tell(hotline: Hotline) -> None:
    number = await number_of(hotline, POTHOLE)
    handler = await (await hotline.staff("roads")).open(f"/desk/ticket/{number}")
    await handler.send(f"/desk/ticket/{number}/need_care", note="She said she sees no way on")
    shown = await board(hotline)
    assert BOARD in shown.text
    await shown.send(f"/desk/ticket/{number}/take_care")
    assert BOARD not in shown.text


async def test_it_stays_though_the_resident_takes_the_matter_back(hotline: Hotline) -> None:
    receipt = (await hotline.says(GIVING_UP))["tickets"][0]
    resident = await hotline.browser().open(f"/ticket/{receipt['number']}?code={receipt['check_code']}")
    await resident.send(f"/ticket/{receipt['number']}/withdraw", note="Never mind")
    shown = await board(hotline)
    assert BOARD in shown.text
    await shown.send(f"/desk/ticket/{receipt['number']}/take_care")
    assert BOARD not in shown.text


@pytest.mark.parametrize("who", ["roads", "operator", "caller"])
async def test_not_everybody_sees_the_lines(hotline: Hotline, who: str) -> None:
    await number_of(hotline, GIVING_UP)
    await (await hotline.staff(who)).open("/desk/care", 403)


async def test_a_reviewer_sees_it_and_may_not_take_it(hotline: Hotline) -> None:
    await number_of(hotline, GIVING_UP)
    shown = await board(hotline, "reviewer")
    assert BOARD in shown.text
    assert "我来接手" not in shown.text


async def test_the_board_s_number_moves(hotline: Hotline) -> None:
    shown = await board(hotline)
    assert '<span class="hidden" aria-hidden="true" data-live="care">0</span>' in shown.answer.text
    await number_of(hotline, GIVING_UP)
    hotline.clock.forward(seconds=3)
    await shown.open("/desk/supervisor")
    assert 'data-live="care">1</span>' in shown.answer.text


# -- What is said later ----------------------------------------------------------------------------------------------


async def own_page(hotline: Hotline, text: str = POTHOLE) -> tuple[Browser, str]:
    """The resident's page of a new ticket, and its number."""
    ticket = (await hotline.says(text))["tickets"][0]
    return await hotline.browser().open(f"/ticket/{ticket['number']}?code={ticket['check_code']}"), ticket["number"]


async def needs(hotline: Hotline, number: str) -> list[str]:
    """By whom it was raised that somebody of this ticket is to be looked after."""
    rows = await hotline.owner.fetch(
        "SELECT h.actor FROM history h JOIN ticket t ON t.id = h.ticket WHERE t.number = $1 AND h.action = 'need_care' ORDER BY h.seq",
        number,
    )
    return [row["actor"] for row in rows]


@pytest.mark.parametrize("step", ["supplement", "urge", "withdraw"])
async def test_who_despairs_later_stands_on_the_board_with_those_words(hotline: Hotline, step: str) -> None:
    page, number = await own_page(hotline)
    assert BOARD not in (await board(hotline)).text
    hotline.clock.forward(minutes=40)
    await page.send(f"/ticket/{number}/{step}", note="It is still there. I cannot go on")
    assert "可能想不开" not in page.text, "what the hotline thinks of it is not the resident's page"
    shown = await board(hotline)
    assert BOARD in shown.text and f"/desk/ticket/{number}" in shown.page.links
    assert "“cannot go on” It is still there." in shown.text, "not the ordinary words of the first contact"
    await shown.send(f"/desk/ticket/{number}/take_care")
    assert BOARD not in shown.text
    assert await needs(hotline, number) == ["system"]


async def test_once_while_it_waits_and_again_after_somebody_took_it(hotline: Hotline) -> None:
    page, number = await own_page(hotline)
    for _ in range(2):
        await page.send(f"/ticket/{number}/supplement", note="I cannot go on")
    assert await needs(hotline, number) == ["system"]
    await (await board(hotline)).send(f"/desk/ticket/{number}/take_care")
    await page.open(f"{page.answer.url}")
    await page.send(f"/ticket/{number}/supplement", note="Nobody rang me, I cannot go on")
    assert BOARD in (await board(hotline)).text
    assert await needs(hotline, number) == ["system", "system"]


async def test_a_first_contact_that_raised_it_is_not_raised_again(hotline: Hotline) -> None:
    page, number = await own_page(hotline, GIVING_UP)
    await page.send(f"/ticket/{number}/supplement", note="I cannot go on")
    assert await needs(hotline, number) == [], "it stood on the board from the start"
    assert (await board(hotline)).text.count(number) == 1


async def test_in_so_many_words_the_page_says_what_the_city_says_first(hotline: Hotline) -> None:
    page, number = await own_page(hotline)
    await page.send(f"/ticket/{number}/supplement", note="I want to end my life")
    assert "You matter. Ring 999 now." in page.text and "tel:999" in page.page.links
    assert page.text.index("You matter") < page.text.index("收到了")
    assert BOARD in (await board(hotline)).text


@pytest.mark.parametrize("note", ["The hole is deeper now", "My end my life insurance costs too much", "I was afraid I cannot go on"])
async def test_an_ordinary_supplement_alerts_nobody(hotline: Hotline, note: str) -> None:
    page, number = await own_page(hotline)
    await page.send(f"/ticket/{number}/supplement", note=note)
    assert await needs(hotline, number) == []


@pytest.mark.parametrize("body", [{"note": "I cannot go on"}, {"note": "I cannot go on", "code": ""}])
async def test_the_api_is_no_way_round_it(hotline: Hotline, body: dict[str, str]) -> None:
    ticket = (await hotline.says(POTHOLE))["tickets"][0]
    door = f"/api/v1/tickets/{ticket['number']}/supplement"
    if "code" in body:  # an operator types what the caller says
        client = (await hotline.staff("operator")).client
        csrf = (await client.get("/api/v1/session")).json()["csrf"]
        answer = await client.post(door, json={"note": body["note"]}, headers={"X-CSRF-Token": csrf})
    else:
        answer = await hotline.browser().client.post(door, json=body | {"code": ticket["check_code"]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["version"] == await hotline.owner.fetchval("SELECT version FROM ticket")
    assert await needs(hotline, ticket["number"]) == ["system"]


async def test_words_of_a_rating_count_when_the_matter_is_over(hotline: Hotline) -> None:
    page, number = await own_page(hotline)
    await hotline.owner.execute("UPDATE ticket SET state = 'awaiting_call_back', answer = 'It was filled.'")
    await page.open(f"{page.answer.url}")
    await page.send(f"/ticket/{number}/rate", response="5", solution="4", attitude="5", words="It is too late, I cannot go on")
    assert await hotline.owner.fetchval("SELECT state FROM ticket") == "closed"
    assert BOARD in (await board(hotline)).text


@pytest.mark.parametrize("caller", ["07700 900123", "07700 900456"])
async def test_a_contact_that_an_operator_puts_with_an_open_ticket_counts(hotline: Hotline, caller: str) -> None:
    number = await number_of(hotline, POTHOLE)
    client = (await hotline.staff("operator")).client
    csrf = {"X-CSRF-Token": (await client.get("/api/v1/session")).json()["csrf"]}
    said = {"text": POTHOLE, "caller": {"phone": caller}, "attach": number, "despairs": True}
    assert (await client.post("/api/v1/contacts", json=said, headers=csrf)).json()["outcome"] == "added_to_ticket"
    assert await hotline.owner.fetchval("SELECT count(*) FROM ticket WHERE care = 'needed'") == 1
    assert BOARD in (await board(hotline)).text
