"""The use cases of learning: models are made, go live and go back; matters are suspended by the watch and lifted by people."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from yixian.city import service as cities
from yixian.city.inforce import City, compile_city
from yixian.db.ids import first_id, new_id
from yixian.db.pool import SYSTEM, Database, Transaction
from yixian.dispatch import guarantee
from yixian.dispatch.model import Standing
from yixian.language.live import Lesson, School
from yixian.learning import gaps, store, training, whatif
from yixian.learning.model import Card, Correction, Live, Model, Suspension, Watched
from yixian.learning.training import Trained
from yixian.learning.whatif import Effect, Side
from yixian.people import audit
from yixian.people.model import Actor, Role
from yixian.tickets import service as tickets

RULING: Final = frozenset({Role.SYSTEM_ADMIN, Role.SUPERVISOR, Role.SYSTEM})
"""Who decides which model is live, and lifts suspensions."""
LOOKING: Final = frozenset({Role.SYSTEM_ADMIN, Role.SUPERVISOR, Role.ANALYST})
"""Who sees models and how matters do."""

SHOWN: Final = 12
"""So many models, stretches and past suspensions are shown."""
AT_ONCE: Final = 2000
"""Examples read in one statement."""
LONGEST_REASON: Final = 500


class NotFound(Exception):
    """No such model, or no such suspension."""


class Refused(Exception):
    """It cannot be done; the sentence is for the screen."""


class NotAllowed(Exception):
    """Not by this person."""


class Overtaken(Exception):
    """Somebody was faster; carries what is live now."""

    def __init__(self, now_live: Live | None) -> None:
        switched = f"刚刚有人切换了派单模型，现在上线的是 V{now_live.model} 版，请查看后再操作。" if now_live else ""
        super().__init__(switched or "刚刚有人回退了派单模型，现在按城市包派单，请查看后再操作。")
        self.now_live = now_live


class Learned(Lesson, frozen=True):
    """What running processes hold of it: the reader's lesson, and when to act alone."""

    model: int | None = None
    standing: Standing = Standing()


class Overview(msgspec.Struct, frozen=True):
    """What the desk shows."""

    live: Live | None
    before: Live | None
    """What "back" goes to; None: the city pack alone, or nothing is live."""
    models: tuple[Model, ...]
    stretches: tuple[Live, ...]
    watched: tuple[Watched, ...]
    suspended: tuple[Suspension, ...]
    lifted: tuple[Suspension, ...]


# -- Training ----------------------------------------------------------------------------------------------------


async def train(
    database: Database, actor: Actor, note: str, now: datetime, done: Callable[[int], None] = lambda _n: None
) -> tuple[Model, bool]:
    """Makes a model of the examples in force. The same examples and city again give the model that is there; then False.

    Raises:
        NotAllowed: not this person.
        Refused: there is no example yet.
        NoCity: no pack was loaded.
    """
    _check(actor)
    async with database.transaction(SYSTEM) as tx:
        pack, load = await cities.current(tx), await cities.version(tx) or 0
        corrections = await _corrections(tx)
    if not corrections:
        raise Refused("还没有可学的样本：派单员派过单、单位答复过之后再训练。")
    city = await asyncio.to_thread(compile_city, pack, load)
    trained = await asyncio.to_thread(training.train, city, corrections, today(city, now), done)
    digest = training.digest(pack, trained.lessons)
    async with database.transaction(SYSTEM) as tx:
        await store.take_turns(tx)
        if known := await store.model_like(tx, digest):
            return known, False
        card = _card(city, trained, actor, note, now)
        gate = trained.gate
        model = Model(await store.next_version(tx), now, actor.id, note, load, len(trained.lessons.taught), digest, gate, card)
        await store.put_model(tx, model, training.identified(trained.lessons))
        await audit.record(tx, actor.id, "model.train", now, subject=str(model.version), body={"examples": model.examples, "note": note})
    return model, True


async def _corrections(tx: Transaction, after: UUID = UUID(int=0)) -> tuple[Correction, ...]:
    """The examples in force that have a higher id, that is, that were settled later."""
    found: list[Correction] = []
    while page := await store.corrections(tx, after, AT_ONCE):
        found += page
        after = page[-1].id
    return tuple(found)


def _card(city: City, trained: Trained, actor: Actor, note: str, now: datetime) -> Card:
    lessons, pack = trained.lessons, city.pack
    settled = [c.at for c in lessons.corrections]
    threshold = trained.gate.threshold if trained.gate else None
    return Card(
        city=pack.city.name, pack_digest=training.pack_digest(pack), load_id=city.version, made_at=now, made_by=actor.id, note=note,
        first_at=min(settled, default=None), last_at=max(settled, default=None), by_source=training.by_source(lessons),
        weight=sum(t.weight for t in lessons.taught), relabelled=lessons.relabelled, unused=lessons.unused,
        matters=len({t.matter for t in lessons.taught}), target=pack.gate.target, level=guarantee.LEVEL, own_gate=trained.gate is not None,
        threshold=threshold if threshold is not None and threshold < float("inf") else None,
        with_model=trained.with_model, pack_alone=trained.pack_alone,
    )  # fmt: skip


def today(city: City, now: datetime) -> date:
    """The day by the city's reckoning."""
    return now.astimezone(ZoneInfo(city.pack.city.timezone)).date()


# -- Going live and going back -----------------------------------------------------------------------------------


async def go_live(tx: Transaction, actor: Actor, version: int, seen: UUID | None, reason: str, now: datetime) -> Live:
    """Makes a model the one by which every process reads and decides, within seconds. Lifts every suspension; the watch begins anew.

    `seen`: the stretch that the person saw as live; None: none was.

    Raises:
        NotAllowed: not this person.
        NotFound: no such model.
        Overtaken: another went live in between.
        Refused: it is live already, or no reason is given.
    """
    current = await _turn(tx, actor, seen, reason)
    if await store.model(tx, version) is None:
        raise NotFound(f"没有 V{version} 版模型，请从列表中选择。")
    if current is not None and current.model == version:
        raise Refused(f"V{version} 版已经上线。")
    row = Live(new_id(now), version, now, None, "live", actor.id, _role(actor), reason.strip(), current.id if current else None)
    await _change(tx, current, row, now)
    await store.lift_all(tx, row, f"V{version} 版模型上线")
    await _tell(tx, actor, "model.live", current, row, reason, now)
    return row


async def go_back(tx: Transaction, actor: Actor, seen: UUID | None, reason: str, now: datetime) -> Live | None:
    """Goes back to what was live before: an earlier model, or (None) the city pack alone. What going live had lifted is suspended again.

    Raises:
        NotAllowed: not this person.
        Overtaken: somebody else switched in between.
        Refused: no model is live, or no reason is given.
    """
    current = await _turn(tx, actor, seen, reason)
    if current is None:
        raise Refused("现在没有上线的模型，按城市包派单，无可回退。")
    before = await store.stretch(tx, current.back_to) if current.back_to else None
    role, words = _role(actor), reason.strip()
    row = Live(new_id(now), before.model, now, None, "back", actor.id, role, words, before.back_to) if before else None
    await _change(tx, current, row, now)
    if current.how == "live":
        await store.suspend_again(tx, current.id, now)
    await _tell(tx, actor, "model.back", current, row, reason, now)
    return row


async def _turn(tx: Transaction, actor: Actor, seen: UUID | None, reason: str) -> Live | None:
    """What is live, once nobody else is changing it."""
    _check(actor)
    _check_reason(reason)
    await store.take_turns(tx)
    current = await store.live(tx)
    if (current.id if current else None) != seen:
        raise Overtaken(current)
    return current


async def _change(tx: Transaction, current: Live | None, row: Live | None, now: datetime) -> None:
    if current is not None:
        await store.end_live(tx, current.id, now)
    if row is not None:
        await store.begin_live(tx, row)
    await store.begin_rounds(tx)


async def _tell(tx: Transaction, actor: Actor, deed: str, before: Live | None, after: Live | None, reason: str, now: datetime) -> None:
    body: dict[str, Any] = {"from": before.model if before else None, "to": after.model if after else None, "reason": reason.strip()}
    subject = str(after.model) if after else "pack"
    if deed == "model.live":
        await audit.record(tx, actor.id, "model.live", now, subject=subject, body=body)
    else:
        await audit.record(tx, actor.id, "model.back", now, subject=subject, body=body)
    await cities.announce(tx)


async def lift(tx: Transaction, actor: Actor, matter: str, reason: str, now: datetime) -> None:
    """Lets a suspended matter be dispatched at once again; its watch begins anew.

    Raises:
        NotAllowed: not this person.
        NotFound: it is not suspended, or somebody lifted it already.
        Refused: no reason is given.
    """
    _check(actor)
    _check_reason(reason)
    if await store.lift(tx, matter, actor.id, _role(actor), reason.strip(), now) is None:
        raise NotFound("该事项没有被暂停，可能已有人恢复。")
    await store.begin_rounds(tx, [matter])
    await audit.record(tx, actor.id, "matter.lift", now, subject=matter, body={"reason": reason.strip()})
    await cities.announce(tx)


def _check(actor: Actor) -> None:
    if not RULING & actor.roles:
        raise NotAllowed("只有值班长和系统管理员可以训练、切换派单模型或恢复事项。")


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused("请写明原因。")
    if len(reason) > LONGEST_REASON:
        raise Refused(f"原因不超过{LONGEST_REASON}个字。")


def _role(actor: Actor) -> str:
    return next(role for role in Role if role in RULING & actor.roles)


# -- Looking -----------------------------------------------------------------------------------------------------


async def overview(tx: Transaction) -> Overview:
    """What is live, which models there are, how matters do. Nothing in it is about a person."""
    current = await store.live(tx)
    return Overview(
        live=current,
        before=await store.stretch(tx, current.back_to) if current and current.back_to else None,
        models=await store.models(tx, SHOWN),
        stretches=await store.lives(tx, SHOWN),
        watched=await store.watched(tx),
        suspended=await store.suspensions(tx),
        lifted=await store.past_suspensions(tx, SHOWN),
    )


async def live(tx: Transaction) -> Live | None:
    """Which model is live; None: the city pack alone."""
    return await store.live(tx)


async def model(tx: Transaction, version: int) -> Model:
    """One model.

    Raises:
        NotFound: there is none with this number.
    """
    found = await store.model(tx, version)
    if found is None:
        raise NotFound(f"没有 V{version} 版模型，请从列表中选择。")
    return found


async def suspensions(tx: Transaction) -> tuple[Suspension, ...]:
    """The matters that are suspended now, newest first."""
    return await store.suspensions(tx)


async def learned(tx: Transaction) -> Learned:
    """What the live model teaches, and which matters are suspended; for processes that read and decide."""
    mark = await store.mark(tx)
    current = await store.live(tx)
    suspended = frozenset(s.matter for s in await store.suspensions(tx))
    return await learned_by(tx, current.model if current else None, mark, suspended)


async def learned_by(tx: Transaction, version: int | None, mark: str = "", suspended: frozenset[str] = frozenset()) -> Learned:
    """What a model teaches, live or not; None: nothing, the city pack alone.

    Raises:
        NotFound: no such model.
    """
    if version is None:
        return Learned(mark, (), None, Standing(None, suspended))
    found = await model(tx, version)
    return Learned(mark, await store.taught(tx, version), version, Standing(found.gate, suspended))


SCHOOL: Final[School[Learned]] = School(store.mark, learned)
"""For `language.live.live_city`."""


# -- What if, and what is open -----------------------------------------------------------------------------------

GONE_THROUGH: Final = 500
"""Tickets read in one transaction of a replay."""


async def replay(
    database: Database,
    before: Side,
    after: Side,
    on: date,
    start: Effect,
    limit: int,
    learned_from: frozenset[UUID],
    done: Callable[[Effect], None],
) -> Effect:
    """Goes through past tickets from `start.after` on, `limit` in all, and gives back what would move. Nothing is written.

    `done` is told after every stretch; what it is told can be the `start` of another call, which then goes on from there.
    """
    effect = start
    while effect.tickets < limit:
        async with database.transaction(SYSTEM) as tx:
            await store.read_only(tx)
            page = await tickets.past(tx, effect.after, min(GONE_THROUGH, limit - effect.tickets))
        if not page:
            break
        effect = await asyncio.to_thread(whatif.replayed, effect, page, before, after, on, learned_from)
        done(effect)
    return effect


async def learned_from(tx: Transaction, version: int) -> frozenset[UUID]:
    """The tickets that a model learned from."""
    return await store.learned_from(tx, version)


async def report(tx: Transaction, city: City, now: datetime) -> gaps.Report:
    """What the responsibility list leaves open, by its words and by the tickets of the last 90 days."""
    since, on = now - gaps.WINDOW, today(city, now)
    unowned = [gaps.Unowned(matter, count, tuple(numbers)) for matter, count, numbers in await tickets.unowned(tx, since)]
    settled = await _corrections(tx, first_id(since))
    return gaps.Report(
        since=since.date(),
        holes=gaps.holes(city, on),
        unowned=tuple(unowned[: gaps.MOST]),
        pairs=gaps.pairs(city, on),
        contradicted=gaps.contradicted(city, settled, on),
        swaps=await store.swaps(tx, since, gaps.SWAPS_FROM, gaps.MOST),
    )
