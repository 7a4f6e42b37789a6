"""What is shown is what is filed: the field for the place says where, and never what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.hotline import Hotline, hotline_on
from tests.intake.conftest import NOW

from yixian.city import pack
from yixian.city.calendar import Duration
from yixian.city.inforce import City, compile_city
from yixian.city.model import Audience, RequestKind, Urgency
from yixian.db import bootstrap
from yixian.intake import service
from yixian.intake.model import ContactIn, Outcome
from yixian.intake.service import Means
from yixian.intake.understood import understood
from yixian.language.service import Reader, compile_reader
from yixian.people.model import CallerIn

GUANGZHOU = Path(__file__).parents[2] / "packs" / "guangzhou"

SAID = (
    "The pavement near Grandview Mall is full of rubbish bins",
    "第一，海珠区江南西路路灯不亮；第二，同一条路上的烧烤店油烟很大，每天晚上熏得人睡不着觉",
    "第一，海珠区江南西路的路灯不亮了；第二，天河区天河路的烧烤店油烟很大，熏得人睡不着觉",
    "垃圾堆了一个星期",
    "路面有个大坑",
    "天河区石牌东路的井盖破了",
    "噪音很大，半夜还在施工",
    "小区电梯坏了三天没有人修",
    "公交车等了四十分钟都没有来",
)
PLACES = (
    "岗顶BRT公交站",
    "华南理工大学宿舍",
    "殡仪馆路",
    "正佳广场",
    "中级人民法院门口",
    "海珠区江南中街",
    "3栋201",
    "同和地铁站旁边的幼儿园",
)

IN_TOWN = (
    "The street light outside our house in Castle Ward is out, third night",
    "There is a deep pothole on the road in Mill Ward",
    "The bins in Castle Ward have not been emptied for two weeks",
    "1. The street light in Castle Ward is out. 2. The bins in Mill Ward have not been emptied for two weeks",
    "It is dark here",
)


@pytest.fixture(scope="module")
def guangzhou() -> tuple[City, Reader]:
    read = pack.read(GUANGZHOU)
    return compile_city(read), compile_reader(read)


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


def shown(means: Means, contact: ContactIn) -> list[tuple[str | None, ...]]:
    previews = service.preview(means, contact, NOW)
    return [(p.suggestions[0].matter, p.suggestions[0].unit, p.region) if p.suggestions else (None, None, p.region) for p in previews]


def filed(means: Means, contact: ContactIn) -> list[tuple[str | None, ...]]:
    tickets = service.understand(means, contact, NOW)[1].tickets
    return [(t.matter, t.decision.suggestions[0].unit if t.decision.suggestions else None, t.region) for t in tickets]


def offered_place(means: Means, text: str) -> str:
    """What stands in the field for the place after the look."""
    return understood(service.preview(means, ContactIn(text), NOW), means.city).place


@pytest.mark.parametrize("text", [*SAID, *IN_TOWN])
def test_the_place_that_the_page_fills_in_changes_nothing(means: Means, guangzhou: tuple[City, Reader], text: str) -> None:
    at = msgspec.structs.replace(means, city=guangzhou[0], reader=guangzhou[1]) if text in SAID else means
    contact = ContactIn(text, place=offered_place(at, text))
    assert filed(at, contact) == shown(at, ContactIn(text))


@pytest.mark.parametrize("text", SAID)
def test_a_place_never_says_what_it_is_about(means: Means, guangzhou: tuple[City, Reader], text: str) -> None:
    at = msgspec.structs.replace(means, city=guangzhou[0], reader=guangzhou[1])
    alone = service.understand(at, ContactIn(text), NOW)[1].tickets
    for place in PLACES:
        contact = ContactIn(text, place=place)
        tickets = service.understand(at, contact, NOW)[1].tickets
        assert [(t.matter, t.kind, t.text) for t in tickets] == [(t.matter, t.kind, t.text) for t in alone], place
        assert filed(at, contact) == shown(at, contact), place


def test_each_of_several_matters_keeps_the_place_that_it_names(means: Means, guangzhou: tuple[City, Reader]) -> None:
    at = msgspec.structs.replace(means, city=guangzhou[0], reader=guangzhou[1])
    lamp, smoke = service.understand(at, ContactIn(SAID[2], place="海珠区江南西路"), NOW)[1].tickets
    districts = [at.city.regions[str(t.region)].code[:6] for t in (lamp, smoke)]
    assert districts == ["440105", "440106"]
    assert offered_place(at, SAID[2]) == "", "two places are not one"


def test_words_and_place_together_say_where(means: Means, guangzhou: tuple[City, Reader]) -> None:
    at = msgspec.structs.replace(means, city=guangzhou[0], reader=guangzhou[1])
    ((_, _, region),) = filed(at, ContactIn("路面有个大坑", place="正佳广场"))
    assert region is not None and region.startswith("440106")
    ((_, _, region),) = filed(at, ContactIn("天河区石牌东路的路灯不亮", place="25号"))
    assert region is not None and region.startswith("440106")


def test_an_alarm_in_the_field_for_the_place_is_heard(means: Means) -> None:
    (danger,) = service.preview(means, ContactIn("please come quickly", place="the house on fire in Castle Ward"), NOW)
    assert (danger.disposition, danger.reason) == ("transferred", "999")


async def test_the_tickets_are_those_that_the_page_showed(hotline: Hotline) -> None:
    browser = hotline.browser()
    for text in IN_TOWN:
        shown = (await browser.client.post("/api/v1/contacts/preview", json={"text": text})).json()
        await (await browser.open("/")).send("/say", text=text, step="look")
        await browser.send("/say", 201)
        rows = await hotline.owner.fetch(
            "SELECT matter, region FROM ticket WHERE number = ANY (SELECT unnest(tickets) FROM contact WHERE text = $1) ORDER BY number",
            text,
        )
        assert [tuple(r) for r in rows] == [(p["suggestions"][0]["matter"] if p["suggestions"] else None, p["region"]) for p in shown], text


def test_the_time_that_is_shown_is_that_of_what_will_be_filed(means: Means, guangzhou: tuple[City, Reader]) -> None:
    """A question is answered sooner than a request for people to come: who asks for people is not shown the sooner one."""
    city, reader = guangzhou
    at = msgspec.structs.replace(means, city=city, reader=reader)
    question = "居住证怎么办理需要什么材料"
    for kind in (RequestKind.CONSULTATION, RequestKind.HELP):
        contact = ContactIn(question, kind=kind, outcome=Outcome.TICKET_OPENED)
        (line,) = understood(service.preview(at, contact, NOW), city).lines
        (ticket,) = service.understand(at, contact, NOW)[1].tickets
        limit = city.register.limit_for(ticket.kind, Urgency.NORMAL, Audience.PERSON)
        assert (ticket.kind, line.answer_in) == (kind, Duration.parse(limit.answer))
    assert understood(service.preview(at, ContactIn(question, kind=RequestKind.HELP), NOW), city).lines[0].answer_in == Duration.parse(
        city.register.limit_for(RequestKind.HELP, Urgency.NORMAL, Audience.PERSON).answer
    )


def test_a_firm_is_shown_the_time_of_firms(means: Means) -> None:
    contact = ContactIn("We complain: nobody repairs the street light outside our shop in Castle Ward", caller=CallerIn(kind=Audience.FIRM))
    (line,) = understood(service.preview(means, contact, NOW), means.city).lines
    (ticket,) = service.understand(means, contact, NOW)[1].tickets
    limit = means.city.register.limit_for(ticket.kind, Urgency.NORMAL, Audience.FIRM)
    assert line.answer_in == Duration.parse(limit.answer)
