"""The city as its administrators changed it: what the pack says, with dated changes laid over it, field by field. Pure.

A change sets some fields of one thing from a day on, lets fields follow the pack again, closes the thing, or opens it again. What a
change does not name still reads as the pack says, also when the pack changes it later. Of two changes of the same field the one with the
later day holds; of two for the same day, the one decided later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from yixian.city.model import Calendar, Closed, Example, Level, Limit, Line, Matter, Pack, Queue, Unit
from yixian.city.responsibility import successors

Body = dict[str, Any]
"""A thing as JSON would hold it: field → text, number, list, None."""

HOURS: Final = "calendar"
"""The code of the one thing that says which weekdays are worked and from when to when."""


class Thing(StrEnum):
    """What administrators may change."""

    UNIT = "unit"
    QUEUE = "queue"
    MATTER = "matter"
    LIMIT = "limit"
    DAY = "day"
    """A day of the calendar that is worked, or not, other than the weekday says; its code is the date."""
    HOURS = "hours"
    LINE = "line"


class Adjustment(msgspec.Struct, frozen=True):
    """One change of one thing, as it was decided."""

    id: UUID
    at: datetime
    actor: str
    """Staff id, or `system`."""
    name: str
    """The person's name at the time."""
    thing: Thing
    code: str
    since: date
    """The first day on which it holds."""
    sets: Body
    follows: tuple[str, ...]
    """Fields that read again what the pack says."""
    ends: bool | None
    """True: closed from then on; False: open again."""
    successor: str
    before: Body | None
    """How it would have read on that day without this change; None: there was none."""
    after: Body | None
    reason: str
    undoes: UUID | None = None
    recounts: bool = False
    """Whether the limits of tickets that run already are counted again."""
    load_id: int | None = None
    """The loading that brought it into force; None until its day."""
    earlier: bool = False
    """Whether they may come to end earlier than was said; only with `recounts`."""
    number: int = 0
    """In the order in which changes were decided."""


class Overlay(msgspec.Struct, frozen=True):
    """What all changes of one thing come to on a day."""

    sets: Body
    ended: bool
    successor: str
    since: date | None
    """When it was closed."""
    last: Body | None
    """How it read by the latest change: it stands so when the pack no longer names it."""


class Said(msgspec.Struct, frozen=True):
    """A field of which the pack and the city say different things; the city's words hold."""

    field: str
    pack: Any
    city: Any
    pack_changed: bool
    """Whether the pack said something else still when the city decided."""


def lay_over(pack: Pack, adjustments: Iterable[Adjustment], on: date) -> Pack:
    """The city on a day. `adjustments` in the order in which they were decided; `pack` is what the pack itself says."""
    overlays = by_thing(adjustments, on)
    if not overlays:
        return pack
    for thing, of_thing in overlays.items():
        pack = _LAYING[thing](pack, of_thing)
    return pack


def holding(adjustments: Iterable[Adjustment], begun: datetime, timezone: str) -> tuple[Adjustment, ...]:
    """The changes by which a clock runs that began at `begun` (UTC): those in force by then, and those applied to running clocks."""
    zone = ZoneInfo(timezone)
    return tuple(change for change in adjustments if change.recounts or _in_force_at(change, zone) <= begun)


def _in_force_at(change: Adjustment, zone: ZoneInfo) -> datetime:
    """A change for the day on which it is decided holds at once, any other from the midnight of its day."""
    return max(change.at, datetime.combine(change.since, time(), zone))


def by_thing(adjustments: Iterable[Adjustment], on: date) -> dict[Thing, dict[str, Overlay]]:
    """What the changes come to on a day, by thing and code; in the order in which things may be laid."""
    found: dict[Thing, dict[str, list[Adjustment]]] = {thing: defaultdict(list) for thing in _LAYING}
    for change in adjustments:
        if change.since <= on:
            found[change.thing][change.code].append(change)
    return {thing: {code: overlay(changes) for code, changes in of.items()} for thing, of in found.items() if of}


def overlay(changes: Sequence[Adjustment]) -> Overlay:
    """What changes of one thing come to; those of later days over those of earlier ones."""
    sets: Body = {}
    ended, successor, since, last = False, "", None, None
    for change in sorted(changes, key=lambda change: change.since):
        sets = {name: value for name, value in sets.items() if name not in change.follows} | change.sets
        if change.ends is not None:
            ended, successor, since = change.ends, change.successor if change.ends else "", change.since
        last = change.after if change.after is not None else last
    return Overlay(sets, ended, successor, since, last)


def things(pack: Pack, thing: Thing) -> dict[str, Body]:
    """The things of a kind, by code, as bodies."""
    match thing:
        case Thing.UNIT:
            return {unit.code: _body(unit) for unit in pack.units}
        case Thing.QUEUE:
            return {queue.code: _body(queue) for queue in pack.queues}
        case Thing.LINE:
            return {line.number: _body(line) for line in pack.lines}
        case Thing.LIMIT:
            return {limit_code(limit): _body(limit) for limit in pack.limits}
        case Thing.MATTER:
            said = _examples(pack)
            return {matter.code: _body(matter) | {"examples": said.get(matter.code, [])} for matter in pack.matters}
        case Thing.DAY:
            return {day.isoformat(): {"date": day.isoformat(), "working": working} for day, working in pack.calendar.exceptions}
        case Thing.HOURS:
            return {HOURS: {"workdays": pack.calendar.workdays, "hours": _body(pack.calendar)["hours"]}}


def members(pack: Pack, thing: Thing) -> Mapping[str, object]:
    """The things of a kind, by code, as the pack holds them: nothing is made anew for each."""
    match thing:
        case Thing.UNIT:
            return {unit.code: unit for unit in pack.units}
        case Thing.MATTER:
            return {matter.code: matter for matter in pack.matters}
        case _:
            return things(pack, thing)


def bodies(pack: Pack, thing: Thing, codes: Sequence[str]) -> dict[str, Body]:
    """As `things`, of these alone."""
    wanted = set(codes)
    match thing:
        case Thing.UNIT:
            return {unit.code: _body(unit) for unit in pack.units if unit.code in wanted}
        case _:
            return {code: body for code, body in things(pack, thing).items() if code in wanted}


def limit_code(limit: Limit) -> str:
    """What tells a row of the limits from the others: `complaint:urgent:*`."""
    return f"{limit.kind}:{limit.urgency}:{limit.audience}"


def said_otherwise(pack: Body | None, changes: Sequence[Adjustment], on: date) -> tuple[Said, ...]:
    """The fields of which the pack says something else than what the city decided, as of a day. `pack`: None when it has no such thing."""
    standing = [change for change in changes if change.since <= on]
    city = overlay(standing)
    if pack is None:
        return ()
    found: list[Said] = []
    for name, value in city.sets.items():
        if pack.get(name) != value:
            deciding = next(change for change in sorted(standing, key=lambda c: c.since, reverse=True) if name in change.sets)
            known = deciding.before.get(name) if deciding.before else None
            found.append(Said(name, pack.get(name), value, pack.get(name) != known))
    return tuple(found)


# -- Laying each kind of thing -------------------------------------------------------------------------------------


def _standing(said: dict[str, Body], overlays: Mapping[str, Overlay]) -> dict[str, Body]:
    """The bodies in force: the pack's with what was changed, without those that were closed."""
    standing = dict(said)
    for code, over in overlays.items():
        if over.ended:
            standing.pop(code, None)
        elif code in said:
            standing[code] = said[code] | over.sets
        elif over.last is not None:
            standing[code] = over.last | over.sets
    return standing


def _lay_units(pack: Pack, overlays: Mapping[str, Overlay]) -> Pack:
    said = things(pack, Thing.UNIT)
    ended = {code: over for code, over in overlays.items() if over.ended and over.since is not None}
    closed = (*pack.closed, *(_closed(code, said.get(code) or over.last or {}, over) for code, over in sorted(ended.items())))
    open_again = {code for code, over in overlays.items() if not over.ended}
    closed = tuple({unit.code: unit for unit in closed if unit.code not in open_again}.values())
    to = successors(closed)
    units = msgspec.convert(list(_standing(said, overlays).values()), tuple[Unit, ...])
    return msgspec.structs.replace(
        pack,
        closed=closed,
        units=tuple(sorted((_below(unit, to) for unit in units), key=lambda unit: unit.code)),
        lines=tuple(_renamed(line, "unit", to) for line in pack.lines),
        guides=tuple(_renamed(guide, "unit", to) for guide in pack.guides),
        city=_renamed(pack.city, "fallback_unit", to),
    )


def _closed(code: str, body: Body, over: Overlay) -> Closed:
    found = body.get("level") not in (None, Level.PROVINCE, Level.CITY)
    return Closed(
        code=code,
        name=str(body.get("name", code)),
        successor=over.successor,
        since=over.since,
        region=str(body.get("region", "")),
        function=str(body.get("function", "")) if found else "",
    )


def _below(unit: Unit, to: Mapping[str, str]) -> Unit:
    """The unit under whoever took over the one above it."""
    return _renamed(unit, "parent", to)


def _lay_queues(pack: Pack, overlays: Mapping[str, Overlay]) -> Pack:
    to = {code: over.successor for code, over in overlays.items() if over.ended}
    return msgspec.structs.replace(
        pack,
        queues=msgspec.convert(list(_standing(things(pack, Thing.QUEUE), overlays).values()), tuple[Queue, ...]),
        lines=tuple(_renamed(line, "queue", to) for line in pack.lines),
        matters=tuple(_renamed(matter, "queue", to) for matter in pack.matters),
    )


def _lay_lines(pack: Pack, overlays: Mapping[str, Overlay]) -> Pack:
    lines = msgspec.convert(list(_standing(things(pack, Thing.LINE), overlays).values()), tuple[Line, ...])
    return msgspec.structs.replace(pack, lines=tuple(sorted(lines, key=lambda line: line.number)))


def _lay_limits(pack: Pack, overlays: Mapping[str, Overlay]) -> Pack:
    standing = _standing(things(pack, Thing.LIMIT), overlays)
    return msgspec.structs.replace(pack, limits=msgspec.convert(list(standing.values()), tuple[Limit, ...]))


def _lay_matters(pack: Pack, overlays: Mapping[str, Overlay]) -> Pack:
    to = {code: over.successor for code, over in overlays.items() if over.ended and over.successor}
    gone = {code for code, over in overlays.items() if over.ended}
    said = things(pack, Thing.MATTER)
    own = {code for code, over in overlays.items() if "examples" in over.sets or (code not in said and over.last)}
    bodies = _standing(said, overlays)
    kept = [_renamed(example, "matter", to) for example in pack.examples if example.matter not in own]
    added = [
        Example(to.get(code, code), text, language)
        for code in own
        for language, text in (bodies.get(code) or (said.get(code) or overlays[code].last or {}) | overlays[code].sets).get("examples", ())
    ]
    matters = [{name: value for name, value in body.items() if name != "examples"} for body in bodies.values()]
    examples = {(e.matter, e.text): e for e in (*added, *kept) if e.matter not in gone}
    return msgspec.structs.replace(
        pack,
        matters=tuple(sorted(msgspec.convert(matters, tuple[Matter, ...]), key=lambda matter: matter.code)),
        examples=tuple(examples[key] for key in sorted(examples)),
        guides=tuple(guide for guide in (_renamed(guide, "matter", to) for guide in pack.guides) if guide.matter not in gone),
    )


def _lay_days(pack: Pack, overlays: Mapping[str, Overlay]) -> Pack:
    standing = _standing(things(pack, Thing.DAY), overlays)
    exceptions = tuple(sorted((date.fromisoformat(code), bool(body["working"])) for code, body in standing.items()))
    return msgspec.structs.replace(pack, calendar=msgspec.structs.replace(pack.calendar, exceptions=exceptions))


def _lay_hours(pack: Pack, overlays: Mapping[str, Overlay]) -> Pack:
    body = _body(pack.calendar) | _standing(things(pack, Thing.HOURS), overlays)[HOURS]
    return msgspec.structs.replace(pack, calendar=msgspec.convert(body, Calendar))


_LAYING: Final[Mapping[Thing, Callable[[Pack, Mapping[str, Overlay]], Pack]]] = {
    # What is pointed to comes after what points to it: a line that was added is also moved when its unit is closed.
    Thing.LINE: _lay_lines,
    Thing.MATTER: _lay_matters,
    Thing.QUEUE: _lay_queues,
    Thing.UNIT: _lay_units,
    Thing.LIMIT: _lay_limits,
    Thing.DAY: _lay_days,
    Thing.HOURS: _lay_hours,
}


def _body(thing: msgspec.Struct) -> Body:
    return msgspec.to_builtins(thing)


def _renamed(thing: Any, field: str, to: Mapping[str, str]) -> Any:
    """The thing with a code in one field replaced, where `to` names another."""
    now = to.get(getattr(thing, field))
    return msgspec.structs.replace(thing, **{field: now}) if now else thing


def _examples(pack: Pack) -> dict[str, list[list[str]]]:
    """What people say, by matter: pairs of language and words."""
    found: dict[str, list[list[str]]] = {}
    for example in pack.examples:
        found.setdefault(example.matter, []).append([example.language, example.text])
    return found
