"""The use cases of groups: one transaction each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from yixian.city.inforce import City
from yixian.city.model import Level, Pack
from yixian.db import outbox
from yixian.db.ids import new_id
from yixian.db.outbox import Event
from yixian.db.pool import Transaction
from yixian.groups import alerts, joining, store
from yixian.groups.model import Deed, Earlier, Figures, Nearby, New, Page, Standing, Tied, Ties, Which, Whole
from yixian.language.normalise import normalise_words
from yixian.language.sameness import JOINED_FROM, WITHIN, Rarity, Told, compile_rarity, print_of, same_event
from yixian.people.model import Actor, Role
from yixian.tickets import service as tickets
from yixian.tickets.lifecycle import Refusal
from yixian.tickets.model import OPEN, Action, Step
from yixian.tickets.service import NotFound, Refused

REPEATS_FOR: Final = "30 days"
"""The same caller with the same matter again within so long after a ticket was closed: 重复诉求."""

MOST_NEARBY: Final = 5
MOST_AT_ONCE: Final = 100
"""Tickets that one merge or listing takes."""

LIMIT: Final = 30

MAY: Final[dict[Deed, frozenset[Role]]] = {
    Deed.ACKNOWLEDGE: frozenset({Role.SUPERVISOR}),
    Deed.NAME: frozenset({Role.SUPERVISOR, Role.DISPATCHER}),
    Deed.DISMISS: frozenset({Role.SUPERVISOR}),
    Deed.MERGE: frozenset({Role.SUPERVISOR, Role.DISPATCHER}),
    Deed.LIST: frozenset({Role.SUPERVISOR}),
    Deed.PUT_IN: frozenset({Role.SUPERVISOR, Role.DISPATCHER}),
    Deed.TAKE_OUT: frozenset({Role.SUPERVISOR, Role.DISPATCHER}),
}
"""Who may do what with a group."""


class Sense(msgspec.Struct, frozen=True):
    """What messages are compared by: how rare words are, which matters are siblings, which regions lie in which."""

    rarity: Rarity
    noise: tuple[str, ...]
    above: Mapping[str, str | None]
    """The matter above each."""
    around: Mapping[str, str | None]
    """The region around each."""
    areas: tuple[str, ...] = ()
    """Names of districts and streets in plain form, longest first."""


def compile_sense(pack: Pack) -> Sense:
    """From a pack alone; about 0.3 s of one core for 5,000 examples."""
    texts = [*(e.text for e in pack.examples), *(m.name for m in pack.matters), *(f"{g.title}{g.text}" for g in pack.guides)]
    return Sense(
        rarity=compile_rarity(texts),
        noise=normalise_words(pack.triage.noise),
        above={m.code: m.parent for m in pack.matters},
        around={r.code: r.parent for r in pack.regions},
        areas=_areas(pack),
    )


def _areas(pack: Pack) -> tuple[str, ...]:
    """Districts and streets as they are written: a 街道 also as 街."""
    names = [r.name for r in pack.regions if r.level in (Level.DISTRICT, Level.STREET)]
    return normalise_words((*names, *(name.removesuffix("道") for name in names if name.endswith("街道"))))


def told(
    sense: Sense, text: str, title: str, place: str, matter: str | None, matters: Iterable[str], region: str | None, at: datetime
) -> Told:
    """A message as it is compared."""
    topics = tuple(dict.fromkeys(above for code in (matter, *matters) if code and (above := sense.above.get(code))))
    return Told(print_of(sense.rarity, text, title, place, sense.noise, sense.areas), at, matter, topics, _chain(sense, region))


def _chain(sense: Sense, region: str | None) -> tuple[str, ...]:
    """A region and those around it, without the city, which is around everything."""
    chain: list[str] = []
    while region and region in sense.around and region not in chain:
        chain.append(region)
        region = sense.around[region]
    return tuple(chain[:-1]) if len(chain) > 1 else ()


# -- Found by the worker -----------------------------------------------------------------------------------------


async def tie(tx: Transaction, sense: Sense, opened: Sequence[UUID], now: datetime) -> int:
    """Ties newly opened tickets to those about the same event; returns how many were new. Safe to do twice.

    Six statements, however many tickets.
    """
    await store.take_turns(tx)
    new = await store.news(tx, opened, REPEATS_FOR)
    if not new:
        return 0
    tied = [_tied(sense, n) for n in new]
    since = min(t.told.at for t in tied) - WITHIN
    known, groups = await store.known(tx, [t.told.print.keys for t in tied], since, [t.joins for t in tied if t.joins])
    joined = joining.join(sense.rarity, tied, known, groups, new_id)
    await store.keep(tx, joined.ties, joined.moved, joined.groups)
    await _count(tx, [g.id for g in joined.groups], now)
    return len(new)


def _tied(sense: Sense, new: New) -> Tied:
    said = told(sense, new.text, new.title, new.place, new.matter, new.matters, new.region, new.at)
    return Tied(new.ticket, said, new.caller, repeats=new.repeats, repeat_of=new.repeat_of, joins=new.merged_into)


async def _count(tx: Transaction, groups: Sequence[UUID], now: datetime) -> None:
    """Counts groups anew, and reports those that reached a level."""
    if not groups:
        return
    standing = [s for s in await store.standing(tx, groups) if s.tellings]
    raised = {s.id: level for s in standing if not s.dismissed and (level := alerts.reached(s.tellings, s.raised))}
    figures = [_figures(s) for s in standing]
    await store.put_figures(tx, figures, raised, now)
    if raised:
        await outbox.put(tx, *(_raised(f, raised[f.id], now) for f in figures if f.id in raised))


def _raised(figures: Figures, level: int, now: datetime) -> Event:
    body = {
        "level": level,
        "callers": figures.callers,
        "tickets": figures.tickets,
        "first_at": figures.first_at,
        "last_at": figures.last_at,
    }
    return Event("group.raised", figures.id, body, now)


def _figures(standing: Standing) -> Figures:
    times = [t.at for t in standing.tellings]
    callers = len({t.caller for t in standing.tellings if t.caller})
    anonymous = sum(t.caller is None for t in standing.tellings)
    return Figures(standing.id, len(times), callers, anonymous, min(times), max(times))


async def forget(tx: Transaction, now: datetime) -> int:
    """Forgets prints that nothing can join any more; returns how many."""
    return await store.forget(tx, now - WITHIN - timedelta(days=1))


# -- Asked while somebody is still typing ------------------------------------------------------------------------


async def nearby(tx: Transaction, sense: Sense, said: Told) -> tuple[Nearby, ...]:
    """Open tickets that are probably about the event somebody is telling of, the likeliest first, at most five. Two statements."""
    known, groups = await store.known(tx, [said.print.keys], said.at - WITHIN)
    by_id = {g.id: g for g in groups}
    scores: dict[UUID, float] = {}
    for other in known:
        score = same_event(sense.rarity, said, other.told)
        if score >= JOINED_FROM and not (other.member_of and joining.contradicts(said.print.numbers, by_id[other.member_of])):
            scores[other.ticket] = round(score, 3)
    return await store.open_ones(tx, scores, MOST_NEARBY) if scores else ()


# -- For people --------------------------------------------------------------------------------------------------


async def groups(tx: Transaction, which: Which, after: str, limit: int, now: datetime) -> Page:
    """A stretch of groups, newest first.

    Raises:
        Refused: `after` is not what a stretch before ended with.
    """
    lines = await store.lines(tx, which, _after(after), limit + 1, now)
    shown = lines[:limit]
    if len(lines) <= limit:
        return Page(shown, "")
    last = shown[-1]
    at = last.last_at if which is Which.ALL else last.raised_at
    assert at is not None, "what is listed by its alert has one"
    return Page(shown, f"{at.timestamp():.6f}_{last.id.hex}")


def _after(after: str) -> tuple[datetime, UUID] | None:
    if not after:
        return None
    moment, _, identifier = after.partition("_")
    try:
        return datetime.fromtimestamp(float(moment), UTC), UUID(identifier)
    except (ValueError, OverflowError, OSError):
        raise Refused(Refusal("翻页位置无效，请回到列表开头。")) from None


async def see(tx: Transaction, group: UUID, now: datetime) -> Whole:
    """A group with its tickets.

    Raises:
        NotFound: no such group, or none that this person may see.
    """
    line = await store.line(tx, group, now)
    if line is None:
        raise NotFound("没有找到这个群体诉求，请从列表进入。")
    return Whole(line, await store.members(tx, group), await store.done(tx, group))


async def tickets_of(tx: Transaction, group: UUID) -> tuple[UUID, ...]:
    """The tickets of a group; none of one that there is not, or that the acting person may not see."""
    return await store.tickets_of(tx, group)


async def beside(tx: Transaction, actor: Actor, number: str) -> Earlier:
    """What is tied to a ticket: for a unit numbers alone."""
    ties: Ties = await store.ties(tx, number)
    known = await store.earlier(tx, number)
    return msgspec.structs.replace(known, ties=ties) if known else Earlier(ties)


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody wants to do with a group: which of these a deed needs, it says when they are missing."""

    note: str = ""
    name: str = ""
    number: str = ""
    """The main ticket of a merge; the ticket to put in or take out."""
    numbers: tuple[str, ...] = ()
    """The tickets to merge or list; none: all that are open."""


async def do(tx: Transaction, actor: Actor, group: UUID, deed: Deed, given: Given, city: City, now: datetime) -> Whole:
    """Does `deed` with a group: all of it, or nothing.

    Raises:
        NotFound: no such group or ticket, or none that this person may see.
        Refused: it cannot be done now; the sentence says why.
        Overtaken: a ticket was changed in between.
    """
    if not MAY[deed] & actor.roles:
        raise Refused(Refusal("您的岗位不能进行这项操作。"))
    await store.take_turns(tx)
    whole = await see(tx, group, now)
    number = given.number.strip().upper()
    detail: dict[str, object] = {}
    match deed:
        case Deed.ACKNOWLEDGE:
            if not await store.acknowledge(tx, group, actor.id, now):
                raise Refused(Refusal("这个提醒已经有人确认，或尚未达到提醒人数。"))
        case Deed.NAME:
            await store.name(tx, group, _needed(given.name, "请填写名称。"))
            detail = {"name": given.name.strip()}
        case Deed.DISMISS:
            _needed(given.note, "请填写理由。")
            if not await store.dismiss(tx, group, actor.id, now):
                raise Refused(Refusal("已经排除过了。"))
        case Deed.MERGE:
            detail = await _merge(tx, actor, whole, number, given, city, now)
        case Deed.LIST:
            detail = await _list(tx, actor, whole, given, city, now)
        case Deed.TAKE_OUT:
            _needed(given.note, "请填写理由。")
            if await store.take_out(tx, group, _needed(number, "请填写工单编号。")) is None:
                raise Refused(Refusal(f"工单 {number} 不在这一组。"))
            detail = {"number": number}
            await _recount(tx, group, now)
        case Deed.PUT_IN:
            detail = {"number": await _put_in(tx, group, _needed(number, "请填写工单编号。"))}
            await _recount(tx, group, now)
    await store.put_done(tx, new_id(now), group, actor.id, deed, given.note.strip(), detail, now)
    return await see(tx, group, now)


def _needed(text: str, sentence: str) -> str:
    if not text.strip():
        raise Refused(Refusal(sentence))
    return text.strip()


async def _recount(tx: Transaction, group: UUID, now: datetime) -> None:
    await store.renumber(tx, group)
    await _count(tx, [group], now)


async def _put_in(tx: Transaction, group: UUID, number: str) -> str:
    found = await store.tie_of(tx, number) if number.isascii() and number.isalnum() else None
    if found is None:
        raise NotFound(f"没有找到工单 {number}，请核对编号。")
    ticket, member_of, tied = found
    if not tied:
        raise Refused(Refusal("这张工单刚刚登记，请几秒后再试。"))
    if member_of is not None:
        raise Refused(Refusal(f"工单 {number} 已在一个组里，请先从那一组移出。"))
    await store.put_in(tx, group, ticket)
    return number


def _chosen(whole: Whole, given: Given) -> list[str]:
    """Numbers of the tickets that are meant: those named, else all that are open.

    Raises:
        Refused: one that is named is not of the group, or there are none, or too many.
    """
    ours = {m.number: m for m in whole.members}
    named = [n.strip().upper() for n in given.numbers if n.strip()]
    if strange := next((n for n in named if n not in ours), None):
        raise Refused(Refusal(f"工单 {strange} 不在这一组。"))
    chosen = named or [m.number for m in whole.members if m.state in OPEN]
    if len(chosen) > MOST_AT_ONCE:
        raise Refused(Refusal(f"一次最多处理{MOST_AT_ONCE}张工单，请分批勾选。"))
    return list(dict.fromkeys(chosen))


async def _merge(tx: Transaction, actor: Actor, whole: Whole, main: str, given: Given, city: City, now: datetime) -> dict[str, object]:
    """Merges tickets into the main one; the first that cannot be stops all of it."""
    if not any(m.number == main for m in whole.members):
        raise Refused(Refusal("请指定本组的一张工单作为主单。"))
    merged = [n for n in _chosen(whole, given) if n != main]
    if not merged:
        raise Refused(Refusal("没有可以并入主单的工单。"))
    note = given.note.strip() or "同一事件，并入主单办理"
    for number in merged:
        try:
            await tickets.act(tx, actor, number, Action.MERGE, Step(note=note, number=main), city, now)
        except Refused as refused:
            raise Refused(Refusal(f"工单 {number} 不能并入：{refused}没有任何工单被并入。")) from refused
    await store.put_main(tx, whole.line.id, main)
    return {"main": main, "numbers": merged}


async def _list(tx: Transaction, actor: Actor, whole: Whole, given: Given, city: City, now: datetime) -> dict[str, object]:
    """Lists tickets for supervision: the main one when others were merged into it."""
    note = _needed(given.note, "请填写理由。")
    chosen = _chosen(whole, given)
    if not chosen:
        raise Refused(Refusal("没有在办的工单。"))
    for number in chosen:
        try:
            await tickets.act(tx, actor, number, Action.LIST, Step(note=note), city, now)
        except Refused as refused:
            raise Refused(Refusal(f"工单 {number} 不能挂牌：{refused}没有任何工单被挂牌。")) from refused
    return {"numbers": chosen}
