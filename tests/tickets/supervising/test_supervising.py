"""The supervisor's day: numbers that add up and lead to their tickets, filters that are kept, what is done to many with a reason."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from tests.hotline import Browser, Hotline, hotline_on

from yixian.city import pack
from yixian.city.inforce import City, compile_city
from yixian.db import bootstrap
from yixian.disputes import cards as dispute_cards
from yixian.operators import cards as operator_cards
from yixian.people.model import Actor, Role
from yixian.tickets import service
from yixian.tickets.model import Filters, Rated, State
from yixian.tickets.supervising import board, narrowing, pages
from yixian.tickets.supervising.board import Board
from yixian.tickets.supervising.model import Tallied
from yixian.tickets.supervising.narrowing import Narrowed
from yixian.web import render

TINY = Path(__file__).parents[2] / "packs" / "tiny"
SUPERVISOR = Actor("pa.supervisor", "S", frozenset({Role.SUPERVISOR}), "pa.contact", "pa/pa.contact/")


@pytest.fixture
async def hotline(fresh: bootstrap.Addresses, home: Path) -> AsyncIterator[Hotline]:
    async with hotline_on(fresh, home) as running:
        yield running


@pytest.fixture(scope="module")
def port_ash() -> City:
    return compile_city(pack.read(TINY))


def test_the_words_of_the_desk_have_english() -> None:
    said = (*pages.sayings(), *operator_cards.sayings(), *dispute_cards.sayings())
    assert [s for s in said if s not in render.catalogue("en")] == []


async def opened(hotline: Hotline, count: int, text: str = "Huge pothole on Mill Road") -> list[str]:
    found: list[str] = []
    for n in range(count):
        hotline.clock.forward(minutes=1)
        minute = int(hotline.clock.now.timestamp()) // 60
        told = await hotline.says(f"{text} {n}", caller={"phone": f"+4477{minute:08}"})
        found.append(told["tickets"][0]["number"])
    return found


def numbers(desk: Browser) -> list[str]:
    """The tickets of the list, in its order."""
    return list(dict.fromkeys(re.findall(r'name="ticket" value="(\w+)~', desk.answer.text)))


# -- Figures ---------------------------------------------------------------------------------------------------------


def test_the_board_adds_up(port_ash: City) -> None:
    matter = next(iter(port_ash.matters))
    queue = port_ash.matters[matter].queue
    fallback = narrowing.queue_of(port_ash, "")
    tallies = [
        Tallied("state", "handling", "red", 2), Tallied("state", "handling", "green", 3), Tallied("state", "dispatched", "red", 1),
        Tallied("matter", matter, "red", 3), Tallied("matter", "", "green", 3),
        Tallied("region", "PA-N-1", "red", 2), Tallied("region", "PA-N", "green", 1), Tallied("region", "", "green", 3),
    ]  # fmt: skip
    values, matters, places = board.summed(tallies, port_ash)
    assert (values["all"], values["handling"], values["red"], values["handling.red"], values["amber"]) == (6, 5, 3, 2, 0)
    assert values[f"queue.{queue}.red"] == 3
    assert values[f"queue.{fallback}.green"] == 3, "what nobody knows the matter of stands in the queue for everything else"
    assert (values["place.PA-N"], values["place.PA-N.red"]) == (3, 2)
    assert (matters, places) == ((matter,), ("PA-N",))


def test_a_screen_is_told_what_changed() -> None:
    assert board.changed(None, {"a": 1, "b": 0}) == {"a": 1, "b": 0}
    assert board.changed({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 3}) == {"b": 3, "c": 0}
    assert board.changed({"a": 1}, {"a": 1}) == {}


def test_an_address_says_what_a_list_shows(port_ash: City) -> None:
    now = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
    by = narrowing.of(
        {"unit": port_ash.unit_name("pa.roads"), "rating": "bad", "state": "closed", "age": "1d", "light": "purple"}, port_ash
    )
    assert by.unit == "pa.roads"
    found = narrowing.filters(by, port_ash, None, now)
    assert (found.states, found.rating, found.unit_path, found.light) == ((State.CLOSED,), Rated.BAD, "pa/pa.roads/", None)
    assert found.before == now - timedelta(days=1)
    assert narrowing.of_query(by.query, port_ash) == by, "a kept filter comes back as it was"
    flow = narrowing.filters(Narrowed(flow="opened", hour="9"), port_ash, None, now).flow
    assert flow is not None
    assert (flow.since, flow.till) == (datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 10, tzinfo=UTC))
    assert not narrowing.counts(Narrowed(state="closed"), port_ash) and narrowing.counts(Narrowed(state="handling"), port_ash)
    assert not narrowing.counts(Narrowed(region="gone"), port_ash), "what the city no longer has counts nothing, and not everything"


# -- The board -------------------------------------------------------------------------------------------------------


async def test_every_number_leads_to_as_many_tickets(hotline: Hotline) -> None:
    potholes = await opened(hotline, 3)
    await opened(hotline, 2, "zzz qqq xxx")
    late = potholes[0]
    past = hotline.clock.now - timedelta(hours=1)
    await hotline.owner.execute("UPDATE ticket SET next_due = $2, amber_at = $2 WHERE number = $1", late, past)
    desk = await (await hotline.staff("supervisor")).open("/desk/supervisor")
    assert "话务员" in desk.text and "争议审定" in desk.text
    shown = re.findall(
        r'<a class="(?:n|count)[^"]*" href="([^"]+)"(?: data-live="([^"]+)")?>\s*(?:<span class="n"[^>]*>)?(\d+)', desk.answer.text
    )
    lists = {href.replace("&amp;", "&"): int(n) for href, _, n in shown if href.startswith("/desk/tickets?")}
    assert {"/desk/tickets?light=red", "/desk/tickets?flow=opened"} <= set(lists)
    assert lists["/desk/tickets?light=red"] == 1 and lists["/desk/tickets?flow=opened"] == 5
    for href, n in lists.items():
        await desk.open(href)
        assert len(numbers(desk)) == n, href
    await desk.open("/desk/tickets?light=red")
    assert numbers(desk) == [late]


async def test_the_stream_says_all_then_what_changes(hotline: Hotline) -> None:
    await opened(hotline, 1)
    process = hotline.app.state.process
    shared = Board()
    kept = ()
    first = await pages._latest(shared, process.database, SUPERVISOR, kept, process.live.city, hotline.clock())
    assert first["all"] == 1
    await opened(hotline, 1, "Another pothole on Quay Street")
    hotline.clock.forward(seconds=61)
    latest = first
    for _ in range(3):  # one thing a second
        hotline.clock.forward(seconds=1)
        latest = await pages._latest(shared, process.database, SUPERVISOR, kept, process.live.city, hotline.clock())
    told = board.changed(first, latest)
    assert told["all"] == 2 and told["flow.opened"] == 2
    assert "red" not in told, "what did not change is not said again"
    assert json.loads(board.encoded(told)) == told


async def test_a_board_that_nobody_watched_is_fresh_when_it_is_opened(hotline: Hotline) -> None:
    await opened(hotline, 1)
    desk = await (await hotline.staff("supervisor")).open("/desk/tickets?kind=help")
    await hotline.owner.execute("UPDATE ticket SET kind = 'help'")
    await desk.send("/desk/tickets/filters", name="Help")
    await desk.open("/desk/supervisor")
    await opened(hotline, 3)
    await hotline.owner.execute("UPDATE ticket SET kind = 'help'")
    hotline.clock.forward(minutes=16)
    await desk.open("/desk/supervisor")
    shown = dict(re.findall(r'data-live="([^"]+)">(\d+)<', desk.answer.text))
    assert (shown["all"], shown["flow.opened"]) == ("4", "4"), "not what was counted sixteen minutes ago"
    assert next(n for key, n in shown.items() if key.startswith("tile.")) == "4"
    at = hotline.clock.now.astimezone(ZoneInfo(hotline.app.state.process.live.city.pack.city.timezone))
    assert f"{at:%H:%M}" in desk.text.partition("截至")[2][:30]


async def test_the_days_picture_lives_with_its_numbers(hotline: Hotline) -> None:
    await opened(hotline, 2)
    process = hotline.app.state.process
    shared = Board()
    first = await pages._latest(shared, process.database, SUPERVISOR, (), process.live.city, hotline.clock())
    hour = hotline.clock.now.astimezone(ZoneInfo(process.live.city.pack.city.timezone)).hour
    assert (first[f"hour.{hour}.opened"], first["hours.most"]) == (2, 2)
    await opened(hotline, 3)
    hotline.clock.forward(minutes=2)
    told = board.changed(first, await pages._latest(shared, process.database, SUPERVISOR, (), process.live.city, hotline.clock()))
    assert (told[f"hour.{hour}.opened"], told["hours.most"], told["flow.opened"]) == (5, 5, 5)
    # On the page each bar and the caption have the key of their number.
    await (desk := await hotline.staff("supervisor")).open("/desk/supervisor")
    assert f'data-bar="hour.{hour}.opened"' in desk.answer.text and 'data-live="hours.most">5<' in desk.answer.text


async def test_the_row_of_a_queue_adds_up(hotline: Hotline) -> None:
    found = await opened(hotline, 3)
    await hotline.owner.execute("UPDATE ticket SET next_due = NULL, amber_at = NULL WHERE number = $1", found[0])
    desk = await (await hotline.staff("supervisor")).open("/desk/supervisor")
    shown = dict(re.findall(r'data-live="([^"]+)">(\d+)<', desk.answer.text))
    for code in [queue.code for queue in hotline.app.state.process.live.city.pack.queues]:
        lights = [int(shown[f"queue.{code}.{light}"]) for light in narrowing.LIGHTS]
        assert sum(lights) == int(shown[f"queue.{code}"]), code


@asynccontextmanager
async def asked(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[str]]:
    """The statements that are sent meanwhile, but those that begin and end a transaction."""
    sent: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval"):
        real = getattr(asyncpg.Connection, name)

        async def said(self: Any, query: str, *args: Any, _real: Any = real, **how: Any) -> Any:
            sent.append(query)
            return await _real(self, query, *args, **how)

        monkeypatch.setattr(asyncpg.Connection, name, said)
    yield sent
    monkeypatch.undo()


async def test_a_thousand_screens_cost_at_most_a_statement_a_second(hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    await opened(hotline, 1)
    process, city = hotline.app.state.process, hotline.app.state.process.live.city
    shared = Board((operator_cards.agents, dispute_cards.disputes, dispute_cards.consultations))
    queries = ["light=red", "state=handling"]
    await shared.tiles(process.database, SUPERVISOR, queries, city, hotline.clock())
    async with asked(monkeypatch) as sent:
        for _ in range(30):
            hotline.clock.forward(seconds=1)
            await asyncio.gather(*(shared.tiles(process.database, SUPERVISOR, queries, city, hotline.clock()) for _ in range(100)))
    assert len(sent) <= 30
    kinds = {"board_counts": 0, "operator_state": 0, "FROM dispute": 0, "count(*) FILTER": 0}
    for query in sent:
        for kind in kinds:
            kinds[kind] += kind in query
    assert kinds["board_counts"] >= 8, kinds
    assert all(n >= 2 for n in kinds.values()), f"nothing is forgotten: {kinds}"


# -- Kept filters ----------------------------------------------------------------------------------------------------


async def test_a_filter_is_kept_shared_counted_and_dropped(hotline: Hotline) -> None:
    await opened(hotline, 2)
    desk = await (await hotline.staff("supervisor")).open("/desk/tickets?unit=pa.roads&kind=help")
    await desk.send("/desk/tickets/filters", 422, name="  ")
    assert "请给这个筛选起一个名字" in desk.text
    fields = desk.page.form("/desk/tickets/filters").fields
    shared = {**fields, "name": "Roads now", "shared": "1"}
    desk.answer = await desk.client.post("/desk/tickets/filters", data=shared, follow_redirects=True)
    assert "筛选已保存" in desk.text
    await desk.open("/desk/tickets?urged=1")
    await desk.send("/desk/tickets/filters", name="Mine alone")
    other = await (await hotline.staff("dispatcher")).open("/desk/tickets")
    assert "Roads now" in other.text and "Mine alone" not in other.text
    assert not [f for f in other.page.forms if f.action.endswith("/drop")], "another's is not theirs to drop"
    # Its tile counts what its list shows.
    await desk.open("/desk/supervisor")
    tiles = re.findall(r'data-live="tile\.[\w-]+">(\d+)</span><span class="of">([^<]+)', desk.answer.text)
    in_hand = await hotline.owner.fetchval("SELECT count(*) FROM ticket WHERE lead = 'pa.roads' AND kind = 'help'")
    assert {name: int(n) for n, name in tiles} == {"Mine alone": 0, "Roads now": in_hand}
    drop = next(f.action for f in (await desk.open("/desk/tickets")).page.forms if f.action.endswith("/drop"))
    dropped = desk.page.form(drop)
    csrf = other.page.form("/logout").fields["csrf"]
    assert (await other.client.post(drop, data={"csrf": csrf})).status_code == 404
    assert (await desk.client.post(dropped.action, data=dropped.fields)).status_code == 303
    assert await hotline.owner.fetchval("SELECT count(*) FROM saved_filter") == 1
    for n in range(25):
        await desk.client.post("/desk/tickets/filters", data={**dropped.fields, "query": "urged=1", "name": f"F{n}"})
    assert await hotline.owner.fetchval("SELECT count(*) FROM saved_filter") == 20


async def test_tiles_count_what_their_lists_show(hotline: Hotline) -> None:
    found = await opened(hotline, 3)
    await hotline.owner.execute("UPDATE ticket SET urged = 2, channel = 'phone' WHERE number = ANY ($1)", found[:2])
    await hotline.owner.execute("UPDATE ticket SET matter = NULL WHERE number = $1", found[2])
    process, city = hotline.app.state.process, hotline.app.state.process.live.city
    queries = [
        "urged=1",
        "channel=phone",
        f"queue={narrowing.queue_of(city, '')}",
        "unit=pa",
        "unit=pa.roads",
        "light=green",
        "rating=none",
        "age=3d",
    ]
    counted = await Board().tiles(process.database, SUPERVISOR, queries, city, hotline.clock())
    for query in queries:
        async with process.database.transaction(SUPERVISOR.acting) as tx:
            filters = narrowing.filters(narrowing.of_query(query, city), city, None, hotline.clock())
            listed = await service.worklist(tx, SUPERVISOR, filters, "", 50, hotline.clock())
        assert counted[query] == len(listed.lines), query
    assert counted["urged=1"] == 2


# -- To many ---------------------------------------------------------------------------------------------------------


async def bulk(desk: Browser, status: int = 200, **typed: Any) -> Browser:
    form = desk.page.form("/desk/tickets/bulk")
    fields = {k: v for k, v in form.fields.items() if k not in ("ticket", "what")}
    desk.answer = await desk.client.post(form.action, data={**fields, **typed})
    return desk._looked_at(status)


async def test_urging_listing_and_handing_over_many_with_a_reason(hotline: Hotline) -> None:
    found = await opened(hotline, 3)
    waiting = (await opened(hotline, 1, "zzz qqq xxx"))[0]
    desk = await (await hotline.staff("supervisor")).open("/desk/tickets")
    versions = {r["number"]: r["version"] for r in await hotline.owner.fetch("SELECT number, version FROM ticket")}
    ticked = [f"{n}~{versions[n]}" for n in found]
    await bulk(desk, 422, what="urge", ticket=ticked, note=" ")
    assert "请写明理由" in desk.text
    await bulk(desk, what="list", ticket=[*ticked, f"{found[0]}~99", "PA~x"], note="The mayor asks")
    assert "3 件已完成" in desk.text
    notes = await hotline.owner.fetch("SELECT note FROM history WHERE action = 'list'")
    assert [r["note"] for r in notes] == ["The mayor asks"] * 3
    # The same again with what was seen before: somebody was faster.
    await desk.open("/desk/tickets?supervision=listed")
    assert set(numbers(desk)) == set(found)
    await bulk(desk, what="urge", ticket=ticked, note="Again")
    assert "3 件没有执行" in desk.text and "刚刚已被他人处理" in desk.text
    await desk.open("/desk/tickets")
    await bulk(desk, 422, what="hand_over", ticket=[f"{waiting}~1"], note="Theirs", unit="", basis="")
    assert "请选择单位并写明依据" in desk.text
    now = await hotline.owner.fetchval("SELECT version FROM ticket WHERE number = $1", waiting)
    await desk.open("/desk/tickets")
    await bulk(
        desk,
        what="hand_over",
        ticket=[f"{waiting}~{now}", f"{found[0]}~{versions[found[0]] + 1}"],
        note="Theirs",
        unit="pa.waste",
        basis="Waste Order 2",
    )
    assert "2 件已完成" in desk.text
    leads = await hotline.owner.fetch("SELECT lead FROM ticket WHERE number = ANY ($1)", [waiting, found[0]])
    assert {r["lead"] for r in leads} == {"pa.waste"}
    assert (
        await desk.client.post("/desk/tickets/bulk", data={"csrf": (await desk.open("/desk")).page.form("/logout").fields["csrf"]})
    ).status_code == 400


async def test_a_form_sent_when_signed_out_leads_back_to_its_page(hotline: Hotline) -> None:
    (number,) = await opened(hotline, 1)
    desk = await (await hotline.staff("supervisor")).open(f"/desk/ticket/{number}")
    csrf = desk.page.form("/logout").fields["csrf"]
    desk.client.cookies.clear()
    here = f"https://hotline.test/desk/ticket/{number}?next=/desk/tickets"
    answer = await desk.client.post(f"/desk/ticket/{number}/urge", data={"csrf": csrf, "note": "Soon"}, headers={"Referer": here})
    assert answer.status_code == 401 and "登录后回到刚才的页面就能看到" in answer.text
    assert f'href="/login?next=/desk/ticket/{number}%3Fnext%3D/desk/tickets"' in answer.text
    elsewhere = await desk.client.post(f"/desk/ticket/{number}/urge", data={"note": "x"}, headers={"Referer": "https://else.test/desk"})
    assert "/login?next" not in elsewhere.text and "回到工作台" in elsewhere.text


async def test_who_may_not(hotline: Hotline) -> None:
    (number,) = await opened(hotline, 1)
    for login, status in (("roads", 403), ("operator", 403), ("caller", 403), ("dispatcher", 200), ("reviewer", 200)):
        person = await hotline.staff(login)
        assert (await person.client.get("/desk/supervisor")).status_code == status, login
        csrf = (await person.open("/desk")).page.form("/logout").fields["csrf"]
        sent = {"csrf": csrf, "what": "urge", "ticket": f"{number}~2", "note": "x"}
        assert (await person.client.post("/desk/tickets/bulk", data=sent)).status_code == 403, login
    roads = await hotline.staff("roads")
    csrf = (await roads.open("/desk/tickets")).page.form("/logout").fields["csrf"]
    assert (await roads.client.post("/desk/tickets/filters", data={"csrf": csrf, "query": "urged=1", "name": "x"})).status_code == 403
    assert "常用筛选" not in roads.text
    assert await hotline.owner.fetchval("SELECT urged FROM ticket") == 0


async def test_part_of_a_name_lists_nothing_until_one_tap_says_which(hotline: Hotline) -> None:
    found = await opened(hotline, 2)
    await hotline.owner.execute("UPDATE ticket SET region = 'PA-N-1', kind = 'help'")
    await hotline.owner.execute("UPDATE ticket SET region = 'PA-S-1' WHERE number = $1", found[1])
    desk = await (await hotline.staff("supervisor")).open("/desk/tickets?region=gate&kind=help")
    assert numbers(desk) == [] and "区域“gate”可能是下面几个" in desk.text
    assert 'value="gate"' in desk.answer.text, "what was typed stays"
    offered = {form.action for form in desk.page.forms} & {"/desk/tickets/bulk", "/desk/tickets/filters"}
    assert not offered and not [link for link in desk.page.links if "/export/" in link]
    # One tap, and the rest of what was asked for is as it was.
    await desk.open(next(link for link in desk.page.links if link.startswith("/desk/tickets?region=PA-N&")))
    assert numbers(desk) == [found[0]] and "kind=help" in str(desk.answer.url)
    for nothing in ("unit=zzz", "matter=zzz", "region=zzz"):
        await desk.open(f"/desk/tickets?{nothing}")
        assert numbers(desk) == [] and "“zzz”没有找到" in desk.text, nothing
    # The only name that holds it is taken, and said.
    await desk.open("/desk/tickets?region=Customs")
    assert "区域“Customs”只有" in desk.text and 'value="HarboursideQuay WardCustoms House Quarter [PA-H-1-a]"' in desk.answer.text


async def test_what_is_unclear_is_neither_kept_nor_done_to_nor_taken_away(hotline: Hotline) -> None:
    (number,) = await opened(hotline, 1)
    desk = await (await hotline.staff("supervisor")).open("/desk/tickets?kind=help")
    csrf = desk.page.form("/logout").fields["csrf"]
    version = await hotline.owner.fetchval("SELECT version FROM ticket WHERE number = $1", number)
    sent = {"csrf": csrf, "query": "region=gate", "name": "Gate", "what": "urge", "ticket": f"{number}~{version}", "note": "Soon"}
    for door in ("filters", "bulk"):
        answer = await desk.client.post(f"/desk/tickets/{door}", data=sent)
        assert answer.status_code == 422 and "请先选定筛选条件里的区域、事项或单位" in answer.text, door
    assert await hotline.owner.fetchval("SELECT count(*) FROM saved_filter") == 0
    assert await hotline.owner.fetchval("SELECT urged FROM ticket") == 0
    assert (await desk.client.get("/desk/tickets/export/csv?region=gate")).status_code == 400
    assert await hotline.owner.fetchval("SELECT count(*) FROM audit WHERE action = 'tickets.export'") == 0


async def test_the_list_leaves_as_it_is_narrowed(hotline: Hotline) -> None:
    found = await opened(hotline, 2)
    await hotline.owner.execute("UPDATE ticket SET urged = 1 WHERE number = $1", found[0])
    desk = await (await hotline.staff("supervisor")).open("/desk/tickets?urged=1")
    link = next(a for a in desk.page.links if "/export/csv" in a)
    answer = await desk.client.get(link)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    sent = answer.text
    assert found[0] in sent and found[1] not in sent
    body = await hotline.owner.fetchval("SELECT body FROM audit WHERE action = 'tickets.export'")
    assert json.loads(body)["asked"] == {"urged": "1"}


@pytest.mark.parametrize(
    "query",
    ["queue=x&matter=y&region=z&unit=q",
     "hour=99&flow=opened", "flow=opened&after=x", "campaign=1&group=2", "age=x&rating=y", "state=closed&flow=closed&hour=3"],
)  # fmt: skip
async def test_odd_questions_are_answered_in_words(hotline: Hotline, query: str) -> None:
    answer = await (await hotline.staff("supervisor")).client.get(f"/desk/tickets?{query}")
    assert answer.status_code in (200, 409), query


# -- A great many ------------------------------------------------------------------------------------------------------

FILL = """
INSERT INTO ticket (id, number, contact, created_at, channel, kind, text, matter, region, urgency, audience, state, lead, basis,
                    dispatched_by, next_due, amber_at, closed_at, answer_due, dispatched_at, version, head)
SELECT gen_random_uuid(), 'PAX' || n, gen_random_uuid(), $1, 'web', 'help', 'x', (ARRAY['ST0101', 'BN01'])[1 + n % 2],
       CASE WHEN n % 50 = 0 THEN 'PA-S-1' ELSE 'PA-N-1' END, 'normal', 'person',
       CASE WHEN n % 5 = 0 THEN 'handling' ELSE 'withdrawn' END, 'pa.roads', 'b', 'gate',
       CASE WHEN n % 5 = 0 THEN $1::timestamptz + n * interval '1 s' END, CASE WHEN n % 5 = 0 THEN $1::timestamptz END,
       CASE WHEN n % 5 = 0 THEN NULL ELSE $1::timestamptz END, $1, $1, 1, ''
  FROM generate_series(1, 20000) n
"""


async def plan(tx: asyncpg.Connection, query: str, *arguments: Any) -> str:
    return "\n".join(r[0] for r in await tx.fetch(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {query}", *arguments))


async def test_lists_and_figures_come_from_indexes(hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    await hotline.owner.execute(FILL, hotline.clock.now)
    await hotline.owner.execute("VACUUM ANALYZE ticket")
    database = hotline.app.state.process.database
    for filters in (Filters(), Filters(urged=False, channel="web"), Filters(matters=("BN01", ""))):
        async with database.transaction(SUPERVISOR.acting) as tx:
            sent: list[tuple[str, tuple[Any, ...]]] = []
            tx.add_query_logger(lambda record, sent=sent: sent.append((record.query, tuple(record.args))))
            page = await service.worklist(tx, SUPERVISOR, filters, "", 50, hotline.clock.now)
            await asyncio.sleep(0)  # loggers are called with the loop's next turn
            assert len(page.lines) == 50
            told = await plan(tx, *[sent[0][0], *sent[0][1]])
            assert "ticket_by_clock" in told, told
            assert "Seq Scan on ticket" not in told and "Sort" not in told, told
    # The board's figures read one index, not the tickets.
    body = await hotline.owner.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'board_counts'")
    first = body.replace("$1", "now()").replace("acting_scope() IN ('system', 'hotline')", "true")
    assert "Index Only Scan using ticket_on_board" in await plan(hotline.owner, first)
