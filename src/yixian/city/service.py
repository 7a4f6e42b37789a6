"""Brings a city pack into the database, and gives back the city that is in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from operator import attrgetter
from typing import Final, TypeVar

import msgspec

from yixian.city import store
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
from yixian.city.responsibility import compile_register
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

    @property
    def changes(self) -> int:
        """How many things were added, changed or retired."""
        return sum(counts.added + counts.changed + counts.retired for counts in self.counts.values())


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
    if not summary.changes:
        return msgspec.structs.replace(summary, load=None)
    await store.record_load(tx, load_id, {kind.value: count for kind, count in counts.items()}, actor, now)
    return summary


async def current(tx: Transaction) -> Pack:
    """The city in force, as its pack was read.

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
        responsibilities=await _all(tx, Kind.RESPONSIBILITY, Responsibility, "code"),
        guides=await _all(tx, Kind.GUIDE, Guide, "code"),
        triage=msgspec.json.decode(documents["triage"], type=Triage),
    )


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
