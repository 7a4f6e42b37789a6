"""Brings a city pack into the database, and gives back the city that is in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from hashlib import blake2b
from operator import attrgetter
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec

from yixian.city import amendments as amending
from yixian.city import store
from yixian.city.amendments import Amendment, Kept
from yixian.city.model import (
    Calendar,
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
    Triage,
    Unit,
)
from yixian.city.responsibility import compile_register, overlaps
from yixian.city.store import Counts, Kind
from yixian.db.pool import Transaction

CHANNEL: Final = store.CHANNEL
"""Notified with the loading's id when the city changed: listen, and read `current` again."""

T = TypeVar("T")


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
    counts = {kind: await store.put(tx, kind, bodies, load_id, now) for kind, bodies in _bodies(pack).items()}
    summary = LoadSummary(load_id, counts)
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
        raise NoCity("No city is loaded. Load one: yixian pack load packs/guangzhou")
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
    )


async def gate(tx: Transaction) -> Gate:
    """The gate of the city in force, without reading the rest.

    Raises:
        NoCity: no pack was loaded yet.
    """
    documents = await store.bodies(tx, Kind.DOCUMENT)
    if not documents:
        raise NoCity("No city is loaded. Load one: yixian pack load packs/guangzhou")
    return msgspec.json.decode(documents["gate"], type=Gate)


async def announce(tx: Transaction) -> None:
    """Tells the running processes, once this transaction is committed, that something they hold beside the pack has changed."""
    await store.announce(tx)


async def version(tx: Transaction) -> int | None:
    """The id of the latest loading that changed something; None before the first. Cheap: to see whether to read again."""
    return await store.last_load(tx)


async def _all(tx: Transaction, kind: Kind, into: type[T], *by: str) -> tuple[T, ...]:
    decode = msgspec.json.Decoder(into).decode
    found = [decode(body) for body in (await store.bodies(tx, kind)).values()]
    return tuple(sorted(found, key=attrgetter(*by)))


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
