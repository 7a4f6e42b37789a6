"""The use cases of changing the city: look, try, decide, undo. Open the transaction as `policy.acting` says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

import msgspec

from yixian.administration import effects, fields, policy, recounting
from yixian.administration.model import CLOCKED, Clocks, Deed, Effect, FieldChange, Line, Preview, Progress, Seen, Wanted
from yixian.city import adjustments as adjusting
from yixian.city import service as cities
from yixian.city.adjustments import Adjustment, Body, Thing
from yixian.city.inforce import City
from yixian.city.model import Pack
from yixian.city.responsibility import successors
from yixian.db.ids import new_id
from yixian.db.pool import Transaction
from yixian.people import audit
from yixian.people import service as people
from yixian.people.model import Actor
from yixian.people.refusals import Refused
from yixian.tickets.dependents import service as dependents

PAGE: Final = 100
LONGEST_REASON: Final = 2_000
FARTHEST_DAYS: Final = 3 * 366
"""A change is decided at most so many days ahead."""
_FIRST: Final = 2**62


class NotFound(Exception):
    """No such thing of the city, or no such change."""


class Unfit(Exception):
    """What was filled in cannot be used; field and sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class Blocked(Exception):
    """The city would lack something; the sentences are for the screen."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = tuple(sentences)


class KeyUsed(Exception):
    """The key stands for another change."""


class Overtaken(Exception):
    """Somebody changed the thing since it was shown."""


OVERTAKEN: Final = "在您填写期间，别人改动了它。下面是按最新内容重新试算的结果，请核对后再确定。"


def today(city: City, now: datetime) -> date:
    """The day in the city."""
    return cities.day_in(city.pack, now)


async def standing(tx: Transaction, city: City, now: datetime) -> Pack:
    """The city in force: as this process holds it, or read anew while it has not heard of the latest change yet."""
    if await cities.version(tx) == city.version:
        return city.pack
    return adjusting.lay_over(await cities.as_said(tx, city.pack), await cities.adjustments(tx), today(city, now))


# -- Looking ---------------------------------------------------------------------------------------------------------


class Show(StrEnum):
    """Which things a list shows."""

    OPEN = ""
    CHANGED = "changed"
    CLOSED = "closed"


class Lines(msgspec.Struct, frozen=True):
    """A stretch of a list."""

    lines: tuple[Line, ...]
    total: int
    after: str
    """Where the next stretch begins; empty at the end."""


def count(city: City, thing: Thing) -> int:
    """How many there are in the city as this process holds it."""
    return len(adjusting.members(city.pack, thing))


async def lines(
    tx: Transaction, actor: Actor, thing: Thing, city: City, now: datetime,
    query: str = "", show: Show = Show.OPEN, after: str = "", limit: int = PAGE,
) -> Lines:  # fmt: skip
    """The things of a kind that hold `query` in a name or code, by code, from the one after `after`; three statements at most.

    Raises:
        Refused: not for this person.
    """
    _allow(actor)
    changes = [change for change in await cities.adjustments(tx) if change.thing is thing]
    touched = {change.code for change in changes}
    words = query.strip().lower()
    if show is Show.CLOSED:
        overlays = adjusting.by_thing(changes, today(city, now)).get(thing, {})
        gone = {code: _last_words(changes, code) for code, over in overlays.items() if over.ended}
        codes = sorted(code for code, body in gone.items() if _holds(code, _texts(body.get), words))
        shown = [code for code in codes if code > after][:limit]
        found = [Line(code, gone[code], True, True) for code in shown]
    else:
        pack = await standing(tx, city, now)
        members = adjusting.members(pack, thing)
        named = (code for code in members if show is not Show.CHANGED or code in touched)
        codes = sorted(code for code in named if _holds(code, _texts(partial(_of, members[code])), words))
        shown = [code for code in codes if code > after][:limit]
        bodies = adjusting.bodies(pack, thing, shown)
        found = [Line(code, bodies[code], code in touched) for code in shown]
    return Lines(tuple(found), len(codes), shown[-1] if shown and shown[-1] != codes[-1] else "")


def _last_words(changes: Sequence[Adjustment], code: str) -> Body:
    """How a thing read last, before it was closed."""
    return next((change.before for change in reversed(changes) if change.code == code and change.ends and change.before), {"name": code})


def _of(one: object, name: str) -> Any:
    return one.get(name) if isinstance(one, dict) else getattr(one, name, None)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def _texts(get: Callable[[str], Any]) -> Iterator[str]:
    """What a thing is called, in all ways."""
    yield from (text for name in ("name", "name_en", "short_name") if (text := get(name)))
    yield from (text for name in ("aliases", "keywords") for text in get(name) or ())


def _holds(code: str, texts: Iterator[str], words: str) -> bool:
    return not words or words in code.lower() or any(words in text.lower() for text in texts)


async def see(tx: Transaction, actor: Actor, thing: Thing, code: str, city: City, now: datetime) -> Seen:
    """One thing: what the city says, what the pack says, every change.

    Raises:
        NotFound: there is none, and never was.
        Refused: not for this person.
    """
    _allow(actor)
    on = today(city, now)
    said = await cities.as_said(tx, city.pack, thing)
    changes = await cities.adjustments_of(tx, thing, code)
    pack = adjusting.things(said, thing).get(code)
    if pack is None and not changes:
        raise NotFound("没有找到，请核对地址。")
    standing = adjusting.things(adjusting.lay_over(said, await _concerning(tx, thing), on), thing).get(code)
    closing = next((c for c in sorted(changes, key=lambda c: c.since, reverse=True) if c.since <= on and c.ends is not None), None)
    return Seen(
        thing=thing,
        code=code,
        today=standing,
        pack=pack,
        otherwise=adjusting.said_otherwise(pack, changes, on),
        changes=tuple(reversed(changes)),
        waiting=tuple(change for change in changes if change.since > on),
        closed=closing if closing and closing.ends else None,
        recounts=await recounting.progress(tx, changes),
    )


async def _concerning(tx: Transaction, thing: Thing) -> list[Adjustment]:
    """The changes by which a thing of this kind may read otherwise: its own, and those of what it points to."""
    return [change for change in await cities.adjustments(tx) if change.thing in (thing, Thing.UNIT, Thing.QUEUE)]


async def reads_on(tx: Transaction, actor: Actor, thing: Thing, code: str, city: City, day: date) -> Body | None:
    """How a thing will read on a day; None when it will not be there.

    Raises:
        Refused: not for this person.
    """
    _allow(actor)
    said = await cities.as_said(tx, city.pack, thing)
    return adjusting.things(adjusting.lay_over(said, await _concerning(tx, thing), day), thing).get(code)


async def codes(tx: Transaction, actor: Actor, thing: Thing, city: City) -> frozenset[str]:
    """Every code that a thing of this kind has, or had.

    Raises:
        Refused: not for this person.
    """
    _allow(actor)
    said = await cities.as_said(tx, city.pack, thing)
    changed = (change.code for change in await cities.adjustments(tx) if change.thing is thing)
    return frozenset((*adjusting.things(said, thing), *adjusting.things(city.pack, thing), *changed))


async def recent(tx: Transaction, actor: Actor, before: int = 0, limit: int = PAGE) -> tuple[Adjustment, ...]:
    """The changes decided last, newest first; from the one before the number `before`.

    Raises:
        Refused: not for this person.
    """
    _allow(actor)
    return await cities.last_adjustments(tx, before or _FIRST, limit)


async def parted(tx: Transaction, actor: Actor, city: City, now: datetime) -> tuple[tuple[Thing, str, tuple[adjusting.Said, ...]], ...]:
    """Every thing of which the pack says something else than the city decided.

    Raises:
        Refused: not for this person.
    """
    _allow(actor)
    changes, on = await cities.adjustments(tx), today(city, now)
    if not changes:
        return ()
    pack = await cities.as_said(tx, city.pack)
    of: dict[tuple[Thing, str], list[Adjustment]] = {}
    for change in changes:
        of.setdefault((change.thing, change.code), []).append(change)
    said = {thing: adjusting.things(pack, thing) for thing in {thing for thing, _ in of}}
    found = ((thing, code, adjusting.said_otherwise(said[thing].get(code), own, on)) for (thing, code), own in of.items())
    return tuple(one for one in found if one[2])


# -- Trying ----------------------------------------------------------------------------------------------------------


class _Ground(msgspec.Struct, frozen=True):
    """What a change is tried on."""

    said: Pack
    changes: tuple[Adjustment, ...]
    today: date

    def on(self, day: date, *more: Adjustment) -> Pack:
        return adjusting.lay_over(self.said, (*self.changes, *more), day)


async def _ground(tx: Transaction, city: City, now: datetime) -> _Ground:
    return _Ground(await cities.as_said(tx), await cities.adjustments(tx), today(city, now))


async def preview(tx: Transaction, actor: Actor, wanted: Wanted, city: City, now: datetime) -> Preview:
    """What the change would do. Nothing is written.

    Raises:
        Unfit: something was filled in that cannot be used, or nothing would change.
        NotFound: there is no such thing.
        Refused: not for this person.
    """
    _allow(actor)
    return await _preview(tx, actor, wanted, await _ground(tx, city, now), now)


async def _preview(tx: Transaction, actor: Actor, wanted: Wanted, ground: _Ground, now: datetime) -> Preview:
    _check(wanted, ground.today)
    change = _change(actor, wanted, ground, now)
    before = ground.on(wanted.since)
    after = ground.on(wanted.since, change)
    now_reads, would_read = (adjusting.things(pack, wanted.thing).get(change.code) for pack in (before, after))
    change = msgspec.structs.replace(change, before=now_reads, after=would_read)
    if now_reads == would_read:
        raise Unfit("", "没有任何改动。")
    blocked = await asyncio.to_thread(_blocked, wanted, change, ground)
    warned = await asyncio.to_thread(effects.warnings, before, after)
    return Preview(
        change=change,
        fields=field_changes(now_reads, would_read),
        blocks=blocked,
        warnings=warned,
        effects=await _effects(tx, wanted, change, before),
        clocks=await recounting.choice(tx, change, ground.said, ground.changes, now),
        seen=_mark(ground, wanted),
    )


def _check(wanted: Wanted, on: date) -> None:
    if not wanted.reason.strip():
        raise Unfit("reason", "请写明理由，会留在变更记录中。")
    if len(wanted.reason) > LONGEST_REASON:
        raise Unfit("reason", "理由太长了，请缩短到两千字以内。")
    if wanted.since < on:
        raise Unfit("since", "生效日不能早于今天。")
    if (wanted.since - on).days > FARTHEST_DAYS:
        raise Unfit("since", "生效日最多提前三年。")
    if wanted.clocks is not Clocks.KEEP and wanted.thing not in CLOCKED:
        raise Unfit("clocks", "这项改动与时限无关，在办工单不用重新计算。")


def _change(actor: Actor, wanted: Wanted, ground: _Ground, now: datetime) -> Adjustment:
    """The change that is wanted, less how it comes out."""
    standing = adjusting.things(ground.on(wanted.since), wanted.thing).get(wanted.code)
    said = adjusting.things(ground.said, wanted.thing).get(wanted.code)
    blank = Adjustment(
        id=wanted.id or new_id(now), at=now, actor=actor.id, name=actor.name, thing=wanted.thing, code=wanted.code, since=wanted.since,
        sets={},
        follows=(), ends=None, successor="", before=standing, after=None, reason=wanted.reason.strip(), undoes=wanted.undoes,
        recounts=wanted.clocks is not Clocks.KEEP, earlier=wanted.clocks is Clocks.ANEW,
    )  # fmt: skip
    match wanted.deed:
        case Deed.ADD:
            return _added(blank, wanted, standing, ground)
        case Deed.CHANGE:
            if standing is None:
                raise NotFound("它在这一天不存在，或已经关闭，不能修改。")
            body = wanted.body or {}
            return msgspec.structs.replace(blank, sets={name: value for name, value in body.items() if standing.get(name) != value})
        case Deed.CLOSE:
            if standing is None:
                raise NotFound("它在这一天不存在，或已经关闭。")
            if wanted.thing is Thing.HOURS:
                raise Unfit("", "工作时间不能停用，请修改它。")
            return msgspec.structs.replace(blank, ends=True, successor=wanted.successor)
        case Deed.REOPEN:
            if standing is not None:
                raise Unfit("", "它没有关闭，不需要恢复。")
            return msgspec.structs.replace(blank, ends=False)
        case Deed.FOLLOW:
            if said is None:
                raise Unfit("", "城市包里没有它，不能改回按城市包。")
            return msgspec.structs.replace(blank, follows=wanted.follows)
        case Deed.UNDO:
            return _undone(blank, wanted, said, ground)


def _added(blank: Adjustment, wanted: Wanted, standing: Body | None, ground: _Ground) -> Adjustment:
    if standing is not None or any(c.thing is wanted.thing and c.code == wanted.code for c in ground.changes):
        field = fields.KEY.get(wanted.thing, "")
        raise Unfit(field, "这个编码已经用过，请换一个；已关闭的请到它的页面恢复。")
    body = dict(wanted.body or {})
    if wanted.thing is Thing.MATTER:
        body["code"] = wanted.code
    return msgspec.structs.replace(blank, sets=body, after=body, ends=False)


def _undone(blank: Adjustment, wanted: Wanted, said: Body | None, ground: _Ground) -> Adjustment:
    """The opposite of an earlier change: what it set reads again as before it, what it closed is open again."""
    earlier = next((change for change in ground.changes if change.id == wanted.undoes), None)
    if earlier is None or (earlier.thing, earlier.code) != (wanted.thing, wanted.code):
        raise NotFound("没有这条变更记录，请核对地址。")
    if wanted.since < earlier.since:
        raise Unfit("since", "撤销不能早于原变更的生效日。")
    if earlier.before is None and earlier.ends is False:
        return msgspec.structs.replace(blank, ends=True, successor=wanted.successor)
    if earlier.ends is not None:
        return msgspec.structs.replace(blank, ends=not earlier.ends, successor=wanted.successor if not earlier.ends else "")
    names = (*earlier.sets, *earlier.follows)
    before = earlier.before or {}
    # What only repeats the pack follows it from now on: otherwise an undone change would hold the field for ever.
    follows = tuple(name for name in names if said is not None and before.get(name) == said.get(name))
    return msgspec.structs.replace(blank, follows=follows, sets={name: before.get(name) for name in names if name not in follows})


def _blocked(wanted: Wanted, change: Adjustment, ground: _Ground) -> tuple[str, ...]:
    """What the city would lack on the day, or on any later one for which something is decided already."""
    days = sorted({wanted.since, *(c.since for c in ground.changes if c.since > wanted.since)})
    found: list[str] = []
    for day in days:
        before, after = ground.on(day), ground.on(day, change)
        deed = Deed.CLOSE if change.ends and day == wanted.since else wanted.deed
        deed = Deed.CHANGE if deed is Deed.CLOSE and day != wanted.since else deed
        found += effects.blocks(before, after, wanted.thing, wanted.code, deed, change.successor)
    return tuple(dict.fromkeys(found))


def field_changes(before: Body | None, after: Body | None) -> tuple[FieldChange, ...]:
    """The fields that read otherwise afterwards."""
    earlier, later = before or {}, after or {}
    names: list[str] = list({**earlier, **later})
    found = [FieldChange(name, earlier.get(name), later.get(name)) for name in names]
    return tuple(change for change in found if change.before != change.after)


_HANGS_ON: Final = frozenset({"parent", "level", "region", "function", "queue", "sensitive", "kind", "urgency", "fallback"})
"""Fields that other things feel; of the rest nothing hangs on."""


async def _effects(tx: Transaction, wanted: Wanted, change: Adjustment, before: Pack) -> tuple[Effect, ...]:
    if not change.ends and not _HANGS_ON.intersection((*change.sets, *change.follows)):
        return ()
    if change.before is None:
        return ()
    found = list(effects.in_city(before, wanted.thing, wanted.code, wanted.since))
    if wanted.thing is Thing.UNIT:
        handed = Effect("有 {n} 件未办结工单在它手上：连同编号和时限归接办单位继续办理。", await dependents.in_hand(tx, [wanted.code]))
        moved = Effect("有 {n} 件未办结工单在它手上，随它一起走。", handed.n)
        staff = await people.count_staff(tx, [wanted.code])
        found = [handed if change.ends else moved, Effect("有 {n} 名工作人员在这个单位；关闭后转到接办单位。", staff), *found]
    if wanted.thing is Thing.MATTER:
        below = [m.code for m in before.matters if m.code.startswith(wanted.code)]
        found.insert(0, Effect("有 {n} 件未办结工单属于它，照常办完。", await dependents.open_about(tx, below)))
    return tuple(effect for effect in found if effect.n)


def _mark(ground: _Ground, wanted: Wanted) -> str:
    """A mark of everything that was decided about the thing, and of what the pack says of it."""
    own = [change.number for change in ground.changes if (change.thing, change.code) == (wanted.thing, wanted.code)]
    said = adjusting.things(ground.said, wanted.thing).get(wanted.code)
    return blake2b(msgspec.json.encode((own, said), order="deterministic"), digest_size=8).hexdigest()


# -- Deciding --------------------------------------------------------------------------------------------------------


async def decide(tx: Transaction, actor: Actor, wanted: Wanted, city: City, now: datetime, address: str = "") -> Adjustment:
    """Makes the change: at once when its day is today, else on its day.

    Raises:
        Overtaken: somebody changed the thing since `wanted.seen` was shown.
        Blocked: the city would lack something.
        Unfit, NotFound, Refused: as for `preview`.
    """
    _allow(actor)
    await cities.take_turns(tx)
    ground = await _ground(tx, city, now)
    if wanted.seen and wanted.seen != _mark(ground, wanted):
        raise Overtaken(OVERTAKEN)
    found = await _preview(tx, actor, wanted, ground, now)
    if found.blocks:
        raise Blocked(found.blocks)
    await cities.adjust(tx, found.change)
    await audit.record(tx, actor.id, "city.change", now, subject=f"{wanted.thing}:{wanted.code}", body=_told(found), address=address)
    if wanted.since <= ground.today:
        await bring_into_force(tx, ground.today, now)
    return found.change


def _told(preview: Preview) -> dict[str, Any]:
    change = preview.change
    return {
        "since": change.since,
        "before": {field.field: field.before for field in preview.fields},
        "after": {field.field: field.after for field in preview.fields},
        "ends": change.ends,
        "successor": change.successor,
        "reason": change.reason,
        **({"clocks": clocks_of(change)} if change.thing in CLOCKED else {}),
    }


def clocks_of(change: Adjustment) -> Clocks:
    """What was chosen for the tickets that ran already."""
    if not change.recounts:
        return Clocks.KEEP
    return Clocks.ANEW if change.earlier else Clocks.LATER


async def bring_into_force(tx: Transaction, on: date, now: datetime) -> int:
    """Brings everything whose day has come into force, and carries along what hangs on it; how many changes."""
    await cities.take_turns(tx)
    due = await cities.due_adjustments(tx, on)
    if not due:
        return 0
    pack = await cities.bring_into_force(tx, due, on, now)
    if any(change.thing is Thing.UNIT for change in due):
        await people.move_staff(tx, successors(pack.closed), now)
        await dependents.follow_units(tx)
    for change in due:
        if change.recounts:
            await recounting.begin(tx, change, now)
    return len(due)


def _allow(actor: Actor) -> None:
    if sentence := policy.refusal(actor):
        raise Refused(sentence)


def wanted_undo(earlier: Adjustment, since: date, reason: str, successor: str = "", seen: str = "") -> Wanted:
    """The undoing of an earlier change, as something that is wanted."""
    return Wanted(earlier.thing, earlier.code, Deed.UNDO, since, reason, successor=successor, undoes=earlier.id, seen=seen)


async def decided(tx: Transaction, actor: Actor, identifier: UUID) -> Adjustment | None:
    """The change with this id, if it was made; nobody else changes the city until the transaction ends.

    Raises:
        Refused: not for this person.
    """
    _allow(actor)
    await cities.take_turns(tx)
    return await cities.adjustment(tx, identifier)


async def progress(tx: Transaction, actor: Actor, changes: Sequence[Adjustment]) -> dict[UUID, Progress]:
    """How far running tickets are counted again for these changes, by change.

    Raises:
        Refused: not for this person.
    """
    _allow(actor)
    return await recounting.progress(tx, changes)


async def change_of(tx: Transaction, actor: Actor, identifier: UUID) -> Adjustment:
    """One change.

    Raises:
        NotFound: there is none.
        Refused: not for this person.
    """
    _allow(actor)
    found = await cities.adjustment(tx, identifier)
    if found is None:
        raise NotFound("没有这条变更记录，请核对地址。")
    return found
