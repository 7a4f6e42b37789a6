"""Brings a city pack into the database, and gives back the city that is in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from hashlib import blake2b
from operator import attrgetter
from typing import Any, Final, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from yixian.city import adjustments as adjusting
from yixian.city import amendments as amending
from yixian.city import store
from yixian.city.adjustments import Adjustment, Thing
from yixian.city.amendments import Amendment, Kept
from yixian.city.model import (
    Calendar,
    Closed,
    Example,
    Gate,
    Guide,
    Identity,
    Limit,
    Line,
    Matter,
    Pack,
    Place,
    Queue,
    Region,
    Responsibility,
    Speech,
    Triage,
    Unit,
)
from yixian.city.responsibility import compile_register, overlaps
from yixian.city.store import Counts, Kind
from yixian.db.pool import Transaction

CHANNEL: Final = store.CHANNEL
"""Notified with the loading's id when the city changed: listen, and read `current` again."""

T = TypeVar("T")


NO_CITY: Final = "No city is loaded. Load one: yixian pack load packs/guangzhou"

_ADJUSTABLE: Final = (Kind.DOCUMENT, Kind.QUEUE, Kind.UNIT, Kind.LINE, Kind.MATTER, Kind.EXAMPLE, Kind.GUIDE)
_ADJUSTABLE_DOCUMENTS: Final = frozenset({"city", "calendar", "limits", "queues", "closed"})


class NoCity(Exception):
    """No pack was loaded yet; the message says how."""


class LoadSummary(msgspec.Struct, frozen=True):
    """What a loading did, by kind of thing."""

    load: int | None
    """Id of the loading; None when nothing changed."""
    counts: dict[Kind, Counts]
    kept: tuple[Kept, ...] = ()
    """Entries of the responsibility list that stay as they were approved, though the pack says otherwise."""
    clashes: tuple[tuple[str, str], ...] = ()
    """Pairs of entries that fit equally once the pack's and the approved ones stand together: somebody should propose a change."""
    adjusted: tuple[tuple[Thing, str], ...] = ()
    """Things that stay as an administrator changed them, though the pack says otherwise."""

    @property
    def changes(self) -> int:
        """How many things were added, changed or retired."""
        return sum(counts.added + counts.changed + counts.retired for counts in self.counts.values())


class EntryChange(msgspec.Struct, frozen=True):
    """One change of an entry of the responsibility list: by a loading of a pack, or by an approved proposal."""

    load: int
    at: datetime
    actor: str
    before: Responsibility | None
    after: Responsibility | None
    """None: it is no longer named, or has ended."""
    since: date | None
    """The first day of an approved change; None for a pack, whose entries name their days themselves."""
    proposal: UUID | None


class ListInForce(msgspec.Struct, frozen=True):
    """The responsibility list: what the pack says, and what was approved over it."""

    pack: tuple[Responsibility, ...]
    amendments: tuple[Amendment, ...]
    """In the order of approval."""

    @property
    def entries(self) -> tuple[Responsibility, ...]:
        """Every version of every entry."""
        return amending.in_force(self.pack, self.amendments)


class _StoredUnit(Unit, frozen=True):
    """A unit and where it stands, for the tests on prefixes that the database makes."""

    path: str = ""


async def load(tx: Transaction, pack: Pack, now: datetime, actor: str = "system") -> LoadSummary:
    """Makes `pack` the city in force: adds, changes, retires; what is gone from the pack is kept, retired.

    The caller has checked the pack. Loading the same pack again changes nothing and leaves no trace.
    Every change is written down with what was before.
    """
    await store.take_turns(tx)
    load_id = await store.next_load(tx)
    said = _bodies(pack)
    for kind in _ADJUSTABLE:
        await store.put_said(tx, kind, _adjustable(kind, said[kind]))
    changes, today = await store.adjustments(tx), day_in(pack, now)
    laid = adjusting.lay_over(pack, changes, today)
    bodies = said if laid is pack else _bodies(laid)
    counts = {kind: await store.put(tx, kind, bodies[kind], load_id, now) for kind in bodies}
    await store.move_closed(tx, _closed_paths(laid))
    summary = LoadSummary(load_id, counts, adjusted=_otherwise(pack, changes, today))
    changed = await store.changed_by(tx, load_id, Kind.RESPONSIBILITY)
    standing = await responsibility_list(tx)
    summary = msgspec.structs.replace(
        summary,
        load=load_id if summary.changes else None,
        kept=amending.kept(standing.pack, standing.amendments, changed),
        clashes=tuple((one.code, other.code) for one, other in overlaps(standing.entries)) if standing.amendments else (),
    )
    if summary.changes:
        await store.record_load(tx, load_id, {kind.value: count for kind, count in counts.items()}, actor, now)
    return summary


_KINDS_OF: Final[Mapping[Thing, tuple[Kind, ...]]] = {
    Thing.UNIT: (Kind.UNIT,),
    Thing.QUEUE: (Kind.QUEUE, Kind.DOCUMENT),
    Thing.MATTER: (Kind.MATTER, Kind.EXAMPLE),
    Thing.LIMIT: (Kind.DOCUMENT,),
    Thing.DAY: (Kind.DOCUMENT,),
    Thing.HOURS: (Kind.DOCUMENT,),
    Thing.LINE: (Kind.LINE,),
}


async def as_said(tx: Transaction, beside: Pack | None = None, thing: Thing | None = None) -> Pack:
    """The city as the pack itself says it, without what administrators changed.

    What they may not change is taken from `beside`, a city that a process holds, instead of being read; with a `thing`, so is all but that.

    Raises:
        NoCity: no pack was loaded yet.
    """
    said = await store.said(tx, _KINDS_OF[thing] if thing else _ADJUSTABLE)
    standing = beside or await current(tx)
    if thing is None and not said[Kind.DOCUMENT]:
        raise NoCity(NO_CITY)
    return msgspec.structs.replace(standing, **{name: value for kind, bodies in said.items() for name, value in _parts(kind, bodies, said)})


def _parts(kind: Kind, bodies: Mapping[str, str], said: Mapping[Kind, Mapping[str, str]]) -> list[tuple[str, Any]]:
    """The fields of a pack that a kind's bodies fill."""
    match kind:
        case Kind.UNIT:
            return [("units", _sorted(bodies, Unit, "code"))]
        case Kind.LINE:
            return [("lines", _sorted(bodies, Line, "number"))]
        case Kind.MATTER:
            return [("matters", _sorted(bodies, Matter, "code"))]
        case Kind.EXAMPLE:
            return [("examples", _sorted(bodies, Example, "matter", "text"))]
        case Kind.GUIDE:
            return [("guides", _sorted(bodies, Guide, "code"))]
        case Kind.QUEUE:
            order: list[str] = msgspec.json.decode(said[Kind.DOCUMENT]["queues"], type=list[str])
            return [("queues", tuple(msgspec.json.decode(bodies[code], type=Queue) for code in order))]
        case _:
            return [(name, msgspec.json.decode(bodies[name], type=into)) for name, into in _DOCUMENTS.items() if name in bodies]


_DOCUMENTS: Final[Mapping[str, Any]] = {
    "city": Identity, "calendar": Calendar, "limits": tuple[Limit, ...], "closed": tuple[Closed, ...],
}  # fmt: skip


async def today(tx: Transaction, now: datetime) -> date | None:
    """The day in the city; None before a pack was loaded. Reads little."""
    documents = (await store.said(tx, (Kind.DOCUMENT,)))[Kind.DOCUMENT]
    if "city" not in documents:
        return None
    return now.astimezone(ZoneInfo(msgspec.json.decode(documents["city"], type=Identity).timezone)).date()


async def adjustments(tx: Transaction) -> tuple[Adjustment, ...]:
    """Everything administrators changed, in the order in which they decided it."""
    return await store.adjustments(tx)


async def adjustments_of(tx: Transaction, thing: Thing, code: str) -> tuple[Adjustment, ...]:
    """The changes of one thing, in the order in which they were decided."""
    return await store.adjustments_of(tx, thing, code)


async def adjustment(tx: Transaction, identifier: UUID) -> Adjustment | None:
    """One change; None when there is none with this id."""
    return await store.adjustment(tx, identifier)


async def last_adjustments(tx: Transaction, before: int, limit: int) -> tuple[Adjustment, ...]:
    """The changes decided last, newest first, from the one before the number `before`."""
    return await store.last_adjustments(tx, before, limit)


async def adjust(tx: Transaction, change: Adjustment) -> None:
    """Writes down a change of the city; on its day `bring_into_force` lays it over.

    The caller holds `take_turns` and has checked the city that comes of it.
    """
    await store.put_adjustment(tx, change)


async def due_adjustments(tx: Transaction, on: date) -> tuple[Adjustment, ...]:
    """Changes whose day has come and that are not in force yet."""
    return await store.due_adjustments(tx, on)


async def bring_into_force(tx: Transaction, due: Sequence[Adjustment], on: date, now: datetime) -> Pack:
    """Makes the city what the pack and every change up to the day `on` come to; the running processes are told. Gives the city.

    The caller holds `take_turns`; `due` are the changes that it is written of that they came into force.
    """
    laid = adjusting.lay_over(await as_said(tx), await store.adjustments(tx), on)
    load_id = await store.next_load(tx)
    bodies = _bodies(laid)
    counts = {kind: await store.put(tx, kind, bodies[kind], load_id, now) for kind in bodies if kind in _ADJUSTABLE}
    await store.move_closed(tx, _closed_paths(laid))
    await store.record_load(tx, load_id, {kind.value: count for kind, count in counts.items()}, due[-1].actor if due else "system", now)
    await store.in_force_with(tx, [change.id for change in due], load_id)
    return laid


def day_in(pack: Pack, now: datetime) -> date:
    """The day in the city."""
    return now.astimezone(ZoneInfo(pack.city.timezone)).date()


async def responsibility_list(tx: Transaction) -> ListInForce:
    """The responsibility list as the database holds it now."""
    decode = msgspec.json.Decoder(Responsibility).decode
    rows = await store.amendments(tx)
    return ListInForce(
        pack=await _all(tx, Kind.RESPONSIBILITY, Responsibility, "code"),
        amendments=tuple(Amendment(code, since, decode(body) if body else None, proposal) for code, since, body, proposal in rows),
    )


async def amend(tx: Transaction, changes: Sequence[tuple[Amendment, Responsibility | None]], now: datetime, actor: str) -> int:
    """Brings approved amendments, each with what stood before, into force, and tells the running processes to read the city again.

    The caller holds `take_turns` and has checked the list that comes of it. At most one amendment an entry.
    Returns the id under which the city counts the change, like a loading's.
    """
    load_id = await store.next_load(tx)
    given: list[dict[str, Any]] = [
        {"code": a.code, "since": a.since, "before": before, "after": a.entry, "proposal": a.proposal} for a, before in changes
    ]
    await store.amend(tx, load_id, given)
    new = sum(before is None for _, before in changes)
    ended = sum(a.entry is None for a, _ in changes)
    counts = Counts(new, len(changes) - new - ended, ended, 0)
    await store.record_load(tx, load_id, {Kind.RESPONSIBILITY.value: counts}, actor, now)
    return load_id


async def take_turns(tx: Transaction) -> None:
    """Makes whoever else changes the city wait until this transaction ends: what is checked now is still so when it is written."""
    await store.take_turns(tx)


async def entry_history(tx: Transaction, code: str) -> tuple[EntryChange, ...]:
    """Every change of an entry, oldest first; nothing for a code that never was."""
    return tuple(msgspec.convert(row, EntryChange) for row in await store.entry_history(tx, code))


async def current(tx: Transaction) -> Pack:
    """The city in force: as its pack was read, with the responsibility list as it was amended since.

    Raises:
        NoCity: no pack was loaded yet.
    """
    documents = await store.bodies(tx, Kind.DOCUMENT)
    if not documents:
        raise NoCity(NO_CITY)
    queues = {queue.code: queue for queue in await _all(tx, Kind.QUEUE, Queue, "code")}
    return Pack(
        city=msgspec.json.decode(documents["city"], type=Identity),
        calendar=msgspec.json.decode(documents["calendar"], type=Calendar),
        gate=msgspec.json.decode(documents["gate"], type=Gate),
        queues=tuple(queues[code] for code in msgspec.json.decode(documents["queues"], type=list[str])),
        limits=msgspec.json.decode(documents["limits"], type=tuple[Limit, ...]),
        units=await _all(tx, Kind.UNIT, Unit, "code"),
        regions=await _all(tx, Kind.REGION, Region, "code"),
        places=await _all(tx, Kind.PLACE, Place, "kind", "name", "regions"),
        lines=await _all(tx, Kind.LINE, Line, "number"),
        matters=await _all(tx, Kind.MATTER, Matter, "code"),
        examples=await _all(tx, Kind.EXAMPLE, Example, "matter", "text"),
        responsibilities=(await responsibility_list(tx)).entries,
        guides=await _all(tx, Kind.GUIDE, Guide, "code"),
        triage=msgspec.json.decode(documents["triage"], type=Triage),
        closed=msgspec.json.decode(documents.get("closed", "[]"), type=tuple[Closed, ...]),
        speech=msgspec.json.decode(documents.get("speech", "{}"), type=Speech),
    )


async def gate(tx: Transaction) -> Gate:
    """The gate of the city in force, without reading the rest.

    Raises:
        NoCity: no pack was loaded yet.
    """
    documents = await store.bodies(tx, Kind.DOCUMENT)
    if not documents:
        raise NoCity(NO_CITY)
    return msgspec.json.decode(documents["gate"], type=Gate)


async def announce(tx: Transaction) -> None:
    """Tells the running processes, once this transaction is committed, that something they hold beside the pack has changed."""
    await store.announce(tx)


async def version(tx: Transaction) -> int | None:
    """The id of the latest loading that changed something; None before the first. Cheap: to see whether to read again."""
    return await store.last_load(tx)


async def _all(tx: Transaction, kind: Kind, into: type[T], *by: str) -> tuple[T, ...]:
    return _sorted(await store.bodies(tx, kind), into, *by)


def _sorted(bodies: Mapping[str, str], into: type[T], *by: str) -> tuple[T, ...]:
    decode = msgspec.json.Decoder(into).decode
    return tuple(sorted((decode(body) for body in bodies.values()), key=attrgetter(*by)))


def _adjustable(kind: Kind, bodies: Mapping[str, str]) -> Mapping[str, str]:
    """Those bodies of a kind that administrators may change."""
    return bodies if kind is not Kind.DOCUMENT else {code: body for code, body in bodies.items() if code in _ADJUSTABLE_DOCUMENTS}


def _closed_paths(pack: Pack) -> dict[str, str]:
    paths = compile_register(pack).paths if pack.closed else {}
    return {unit.code: paths[unit.code] for unit in pack.closed if unit.code in paths}


def _otherwise(pack: Pack, changes: Sequence[Adjustment], on: date) -> tuple[tuple[Thing, str], ...]:
    """Things of which the pack says something else than the city decided, or that only the city closed."""
    of = {(change.thing, change.code) for change in changes}
    said = {thing: adjusting.things(pack, thing) for thing in {thing for thing, _ in of}}
    overlays = adjusting.by_thing(changes, on)

    def differs(thing: Thing, code: str) -> bool:
        over, body = overlays.get(thing, {}).get(code), said[thing].get(code)
        return over is not None and body is not None and (over.ended or any(body.get(name) != value for name, value in over.sets.items()))

    return tuple(sorted(one for one in of if differs(*one)))


def _bodies(pack: Pack) -> dict[Kind, dict[str, str]]:
    """The pack as the tables hold it, in the order in which they may be written."""
    path_of = compile_register(pack).unit_path
    units = [_StoredUnit(**msgspec.structs.asdict(unit), path=path_of(unit.code)) for unit in pack.units]
    documents: Mapping[str, object] = {
        "city": pack.city,
        "calendar": pack.calendar,
        "gate": pack.gate,
        "limits": pack.limits,
        "triage": pack.triage,
        "queues": [queue.code for queue in pack.queues],
        "closed": pack.closed,
        **({"speech": pack.speech} if pack.speech != Speech() else {}),
    }
    return {
        Kind.DOCUMENT: {code: _json(document) for code, document in documents.items()},
        Kind.QUEUE: _by(lambda queue: queue.code, pack.queues),
        Kind.REGION: _by(lambda region: region.code, pack.regions),
        Kind.UNIT: _by(lambda unit: unit.code, units),
        Kind.LINE: _by(lambda line: line.number, pack.lines),
        Kind.MATTER: _by(lambda matter: matter.code, pack.matters),
        Kind.EXAMPLE: _by(lambda example: f"{example.matter}:{_digest(example.text)}", pack.examples),
        Kind.PLACE: _by(lambda place: ":".join((place.kind, place.name, *sorted(place.regions))), pack.places),
        Kind.RESPONSIBILITY: _by(lambda entry: entry.code, pack.responsibilities),
        Kind.GUIDE: _by(lambda guide: guide.code, pack.guides),
    }


def _by(code: Callable[[T], str], things: Sequence[T]) -> dict[str, str]:
    return {code(thing): _json(thing) for thing in things}


def _json(thing: object) -> str:
    return msgspec.json.encode(thing).decode()


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()
