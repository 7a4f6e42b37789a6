"""What makes a pack a city: everything it refers to exists, and nothing that a resident may ask for is left without an answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import product
from typing import Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from yixian.city.calendar import Duration
from yixian.city.matters import leaves
from yixian.city.model import (
    NO_PLACE,
    OUTSIDE,
    Asking,
    Audience,
    Calendar,
    Closed,
    Danger,
    Example,
    Gate,
    Guide,
    Identity,
    Level,
    Limit,
    Line,
    Matter,
    Pack,
    Place,
    Plea,
    Queue,
    Region,
    RequestKind,
    Responsibility,
    Saying,
    Triage,
    Unit,
    Urgency,
)
from yixian.city.responsibility import LEVELS, chain, closest_limits, overlaps, ties, unanswered, units_by_function
from yixian.city.tables import Problem, Row, Severity

T = TypeVar("T")

ENOUGH_EXAMPLES: Final = 6
"""Fewer ways of saying it than this, and a matter is found too rarely."""

ENOUGH_PLEAS: Final = 300
"""Fewer emergencies, or harmless messages of the same words, and what is learned from them is chance."""

_MATTER_CODE: Final = re.compile(r"[A-Z]{2}(\d\d){0,3}")
BY_PLACE: Final = re.compile(r"@(?:district(?:\.[a-z0-9-]+)?|street|community)")
"""How an entry names units by place."""
_DURATIONS: Final = ("dispatch", "sign", "contact", "answer", "extension", "urge")


class Draft(msgspec.Struct, frozen=True):
    """What was read of a pack, each thing with its place; not yet known to fit together."""

    identity: Row[Identity] | None = None
    calendar: Row[Calendar] = Row(Calendar(), "city.toml", 1)
    gate: Gate = Gate()
    queues: Sequence[Row[Queue]] = ()
    limits: Sequence[Row[Limit]] = ()
    units: Sequence[Row[Unit]] = ()
    regions: Sequence[Row[Region]] = ()
    places: Sequence[Row[Place]] = ()
    lines: Sequence[Row[Line]] = ()
    matters: Sequence[Row[Matter]] = ()
    examples: Sequence[Row[Example]] = ()
    responsibilities: Sequence[Row[Responsibility]] = ()
    guides: Sequence[Row[Guide]] = ()
    triage: Triage = msgspec.field(default_factory=Triage)
    danger: Row[Danger] | None = None
    pleas: Sequence[Row[Plea]] = ()
    closed: Sequence[Row[Closed]] = ()
    sayings: Sequence[Row[Saying]] = ()
    askings: Sequence[Row[Asking]] = ()
    feelings: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict[str, tuple[str, ...]])


class Known(msgspec.Struct, frozen=True):
    """The codes that others may refer to."""

    queues: frozenset[str]
    units: frozenset[str]
    regions: frozenset[str]
    matters: frozenset[str]


def references(draft: Draft) -> Iterator[Problem]:
    """What keeps the parts from fitting together: codes that stand twice or nowhere, chains that lead nowhere."""
    known = Known(
        queues=frozenset(row.value.code for row in draft.queues),
        units=frozenset(row.value.code for row in draft.units),
        regions=frozenset(row.value.code for row in draft.regions),
        matters=frozenset(row.value.code for row in draft.matters),
    )
    yield from _doubles(draft)
    yield from _identity(draft, known)
    yield from _queues(draft.queues)
    yield from _limits(draft.limits)
    yield from _regions(draft)
    yield from _units(draft, known)
    yield from _matters(draft.matters, known)
    for place in draft.places:
        yield from _unknown(place, "region", place.value.regions, known.regions, "regions.csv")
        beyond = place.value.kind in (OUTSIDE, NO_PLACE)
        if not place.value.regions and not beyond:
            yield place.problem("column 'regions' is empty; write the region codes it lies in")
        if place.value.regions and beyond:
            yield place.problem(f"a place of kind '{place.value.kind}' lies in no region; empty the column 'regions'")
    for line in draft.lines:
        yield from _unknown(line, "queue", (line.value.queue,), known.queues, "city.toml")
        yield from _unknown(line, "unit", (line.value.unit,), known.units, "units.csv")
    for example in draft.examples:
        yield from _unknown(example, "matter", (example.value.matter,), known.matters, "matters/*.csv")
    closed = frozenset(row.value.code for row in draft.closed)
    for entry in draft.responsibilities:
        yield from _responsibility(entry, known, closed)
    yield from _dangers(draft)
    yield from _closed(draft, known)
    for guide in draft.guides:
        yield from _unknown(guide, "matter", (guide.value.matter,), known.matters, "matters/*.csv")
        yield from _unknown(guide, "unit", (guide.value.unit,), known.units, "units.csv")
    for asking in draft.askings:
        yield from _unknown(asking, "matter", (asking.value.matter,), known.matters, "matters/*.csv")
    for saying in draft.sayings:
        if draft.identity and draft.identity.value.languages[0] not in saying.value.words:
            yield saying.problem(f"has no words in {draft.identity.value.languages[0]}, the city's first language")


def draft_of(pack: Pack, entries: Sequence[Responsibility]) -> Draft:
    """A pack that is no folder, to be checked with these entries of its list: each thing stands on a line named for its kind and code."""
    danger = pack.triage.danger

    def rows(values: Iterable[T], kind: str, *by: str) -> list[Row[T]]:
        return [Row(value, f"{kind} {' '.join(str(getattr(value, field)) for field in by)}".strip(), 1) for value in values]

    return Draft(
        identity=Row(pack.city, "city", 1),
        calendar=Row(pack.calendar, "calendar", 1),
        gate=pack.gate,
        queues=rows(pack.queues, "queue", "code"),
        limits=rows(pack.limits, "limit", "kind", "urgency", "audience"),
        units=rows(pack.units, "unit", "code"),
        regions=rows(pack.regions, "region", "code"),
        places=rows(pack.places, "place", "name"),
        lines=rows(pack.lines, "line", "number"),
        matters=rows(pack.matters, "matter", "code"),
        examples=rows(pack.examples, "example", "matter"),
        responsibilities=rows(entries, "responsibility", "code"),
        guides=rows(pack.guides, "guide", "code"),
        triage=pack.triage,
        danger=Row(danger, "danger", 1) if danger else None,
        pleas=rows(danger.examples, "danger") if danger else (),
        closed=rows(pack.closed, "closed", "code"),
        sayings=rows(pack.speech.sayings, "say", "moment"),
        askings=rows(pack.speech.askings, "ask", "matter"),
        feelings=pack.speech.feelings,
    )


def completeness(draft: Draft, on: date | None) -> Iterator[Problem]:
    """What a resident would miss: matters nobody can recognise or answers for, entries that contradict each other."""
    yield from _examples(draft)
    yield from _equally_specific(draft.responsibilities)
    yield from _answered_everywhere(draft, on)
    yield from _units_by_place(draft)
    yield from _limits_for_all(draft)
    for guide in draft.guides:
        if on is not None and guide.value.review_by < on:
            message = f"was to be reviewed by {guide.value.review_by}; read it again and set a new review_by"
            yield guide.problem(message, Severity.WARNING)


def _doubles(draft: Draft) -> Iterator[Problem]:
    yield from _twice(draft.queues, lambda queue: queue.code, "queue")
    yield from _twice(draft.regions, lambda region: region.code, "region")
    yield from _twice(draft.units, lambda unit: unit.code, "unit")
    yield from _twice(draft.closed, lambda unit: unit.code, "closed unit")
    yield from _twice(draft.lines, lambda line: line.number, "line")
    yield from _twice(draft.matters, lambda matter: matter.code, "matter")
    yield from _twice(draft.responsibilities, lambda entry: entry.code, "responsibility")
    yield from _twice(draft.guides, lambda guide: guide.code, "guide")
    yield from _twice(draft.places, lambda place: " ".join((place.kind, place.name, *sorted(place.regions))), "place")
    yield from _twice(draft.examples, lambda example: f"{example.matter} {example.text}", "example")
    yield from _twice(draft.pleas, lambda plea: plea.text, "message")
    yield from _twice(draft.limits, lambda limit: f"{limit.kind} {limit.urgency} {limit.audience}", "limit")


def _twice(rows: Iterable[Row[T]], key: Callable[[T], str], what: str) -> Iterator[Problem]:
    first: dict[str, Row[T]] = {}
    for row in rows:
        before = first.setdefault(key(row.value), row)
        if before is not row:
            where = f"{before.file}:{before.line}"
            yield row.problem(f"{what} '{key(row.value)}' stands already in {where}; give one another code or leave it out")


def _dangers(draft: Draft) -> Iterator[Problem]:
    """What keeps the messages of triage/examples.csv from being learned from."""
    if draft.danger is None:
        return
    at, danger = draft.danger, draft.danger.value
    if not 0 < danger.ask <= danger.sure <= 1:
        yield at.problem(f"ask {danger.ask} and sure {danger.sure} must be chances, 0 to 1, and ask the smaller")
    named = (*danger.thanks.said, *danger.thanks.done, *danger.thanks.may) if danger.thanks else ()
    for name in named:
        if name not in danger.signs:
            yield at.problem(f"thanks names the sign '{name}'; add it to [signs] or correct the name")
    languages = draft.identity.value.languages if draft.identity else ()
    for row in draft.pleas:
        if row.value.emergency and not row.value.to:
            yield row.problem("an emergency names the numbers to ring; write them in column 'to', such as 119|120")
        elif row.value.to and not row.value.emergency:
            yield row.problem("column 'to' is for emergencies; empty it, or write yes in column 'emergency'")
        if languages and row.value.language not in languages:
            yield row.problem(f"language '{row.value.language}' is not one of the city's ({', '.join(languages)})")
    found = Counter(row.value.emergency for row in draft.pleas)
    for emergency, name in ((True, "emergencies"), (False, "harmless messages")):
        if found[emergency] < ENOUGH_PLEAS:
            said = f"has {found[emergency]} {name}; write at least {ENOUGH_PLEAS}, as people say them"
            yield Problem("triage/examples.csv", 1, said, Severity.WARNING)


def _unknown(row: Row[T], what: str, codes: Iterable[str], known: frozenset[str], file: str) -> Iterator[Problem]:
    for code in codes:
        if code not in known:
            yield row.problem(f"unknown {what} '{code}'; add it to {file} or correct the code")


def _identity(draft: Draft, known: Known) -> Iterator[Problem]:
    if draft.identity is None:
        return
    city, at = draft.identity.value, draft.identity
    if city.fallback_unit not in known.units:
        yield at.problem(f"fallback_unit '{city.fallback_unit}' is not a unit; add it to units.csv or correct the code")
    if city.code not in known.regions:
        yield at.problem(f"code '{city.code}' is not a region; make it the code of the city in regions.csv")
    if not city.number_prefix.isascii() or not city.number_prefix.isalnum():
        yield at.problem("number_prefix must be a few Latin letters or digits, such as GZ")
    if not re.fullmatch(r"[A-Z]{2}", city.country):
        yield at.problem("country must be the two capital letters of the country, such as CN: telephone numbers are read by it")
    try:
        ZoneInfo(city.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        yield at.problem(f"timezone '{city.timezone}' is not known; write one such as Asia/Shanghai")


def _queues(queues: Sequence[Row[Queue]]) -> Iterator[Problem]:
    fallbacks = [row for row in queues if row.value.fallback]
    if not fallbacks:
        yield Problem("city.toml", queues[0].line if queues else 1, "no queue is the fallback; set fallback = true in one [[queue]]")
    for row in fallbacks[1:]:
        yield row.problem(f"queue '{row.value.code}' is a second fallback; set fallback = true in one [[queue]] only")


def _limits(limits: Iterable[Row[Limit]]) -> Iterator[Problem]:
    words = {"kind": RequestKind, "urgency": Urgency, "audience": Audience}
    for row in limits:
        for field, known in words.items():
            if getattr(row.value, field) not in ("*", *known):
                yield row.problem(f"{field} '{getattr(row.value, field)}' is not known; write * or one of {', '.join(known)}")
        for field in _DURATIONS:
            try:
                Duration.parse(getattr(row.value, field))
            except ValueError as error:
                yield row.problem(f"{field}: {error}")


def _regions(draft: Draft) -> Iterator[Problem]:
    levels = {row.value.code: row.value.level for row in draft.regions}
    city = draft.identity.value.code if draft.identity else None
    for row in draft.regions:
        region = row.value
        if region.level is Level.PROVINCE:
            yield row.problem("a region's level is city, district, street or community")
        elif region.level is Level.CITY:
            if region.parent is not None or (city is not None and region.code != city):
                yield row.problem(f"the city is the root: its code is that of [city] ('{city}') and its parent empty")
        elif region.parent not in levels:
            yield row.problem(f"unknown region '{region.parent or ''}' as parent; add it to regions.csv or correct the code")
        elif levels[region.parent] is not (above := LEVELS[LEVELS.index(region.level) - 1]):
            yield row.problem(f"a {region.level} lies in a {above}, but '{region.parent}' is a {levels[region.parent]}")


def _units(draft: Draft, known: Known) -> Iterator[Problem]:
    levels = {row.value.code: row.value.level for row in draft.units}
    region_levels = {row.value.code: row.value.level for row in draft.regions}
    above = {row.value.code: row.value.parent for row in draft.units}
    functions: dict[tuple[str, str], str] = {}
    for row in draft.units:
        unit = row.value
        yield from _unit_parent(row, levels, above)
        yield from _unknown(row, "region", (unit.region,), known.regions, "regions.csv")
        if LEVELS.index(unit.level) < LEVELS.index(Level.DISTRICT):
            continue
        if unit.region in region_levels and region_levels[unit.region] is not unit.level:
            yield row.problem(f"a {unit.level} unit serves a {unit.level}; region '{unit.region}' is a {region_levels[unit.region]}")
        if unit.function and (other := functions.setdefault((unit.region, unit.function), unit.code)) != unit.code:
            yield row.problem(f"'{other}' has the function '{unit.function}' in '{unit.region}' already; only one can be found by it")


def _unit_parent(row: Row[Unit], levels: dict[str, Level], above: dict[str, str | None]) -> Iterator[Problem]:
    unit = row.value
    if unit.parent is None:
        if unit.level not in (Level.PROVINCE, Level.CITY):
            yield row.problem(f"a {unit.level} unit has a parent; write the code of the unit above")
        return
    if unit.parent not in levels:
        yield row.problem(f"unknown unit '{unit.parent}' as parent; add it to units.csv or correct the code")
        return
    steps = LEVELS.index(unit.level) - LEVELS.index(levels[unit.parent])
    if steps not in (0, 1):
        yield row.problem(f"a {unit.level} unit cannot stand below '{unit.parent}', a {levels[unit.parent]} unit; name the unit between")
    top = list(chain(unit.code, above))[-1]
    if above[top] in above:
        yield row.problem(f"the parents of '{unit.code}' go round in a circle; the topmost has no parent")


def _matters(matters: Iterable[Row[Matter]], known: Known) -> Iterator[Problem]:
    for row in matters:
        matter = row.value
        if not _MATTER_CODE.fullmatch(matter.code):
            yield row.problem(f"code '{matter.code}' must be two capital letters and two digits a level, at most CR010203")
        elif (matter.code[:-2] or None) != matter.parent:
            wanted = f"'{matter.code[:-2]}'" if len(matter.code) > 2 else "empty"
            yield row.problem(f"parent of '{matter.code}' must be {wanted}, it is '{matter.parent or ''}'")
        if matter.parent is not None:
            yield from _unknown(row, "matter", (matter.parent,), known.matters, "matters/*.csv")
        if not matter.queue and matter.parent is None:
            yield row.problem(f"topic '{matter.code}' has no queue; write one of city.toml")
        elif matter.queue:
            yield from _unknown(row, "queue", (matter.queue,), known.queues, "city.toml")


def _closed(draft: Draft, known: Known) -> Iterator[Problem]:
    """Closed units that are open, or whose work nobody took over."""
    to = {row.value.code: row.value.successor for row in draft.closed}
    for row in draft.closed:
        if row.value.code in known.units:
            yield row.problem(f"unit '{row.value.code}' is in units.csv and closed as well; leave it out of one")
        seen, at = {row.value.code}, row.value.successor
        while at in to and at not in seen:
            seen.add(at)
            at = to[at]
        if at not in known.units:
            yield row.problem(f"successor '{row.value.successor}' is not a unit, nor closed in favour of one; name one of units.csv")


def _responsibility(row: Row[Responsibility], known: Known, closed: frozenset[str]) -> Iterator[Problem]:
    entry = row.value
    yield from _unknown(row, "matter", (entry.matter,), known.matters, "matters/*.csv")
    yield from _unknown(row, "region", entry.places, known.regions, "regions.csv")
    for named in (entry.lead, *entry.co):
        if not named.startswith("@"):
            yield from _unknown(row, "unit", (named,), known.units | closed, "units.csv")
        elif not BY_PLACE.fullmatch(named):
            yield row.problem(f"'{named}' is not a unit by place; write @district, @district.<function>, @street or @community")
    if entry.valid_to is not None and entry.valid_to < entry.valid_from:
        yield row.problem(f"valid_to {entry.valid_to} comes before valid_from {entry.valid_from}")


def _examples(draft: Draft) -> Iterator[Problem]:
    languages = draft.identity.value.languages if draft.identity else ()
    leaf_codes = {leaf.code for leaf in leaves(row.value for row in draft.matters)}
    known = {row.value.code for row in draft.matters}
    counts = Counter(row.value.matter for row in draft.examples)
    first: dict[str, Row[Example]] = {}
    for row in draft.examples:
        example = row.value
        if example.matter in known and example.matter not in leaf_codes:
            yield row.problem(f"'{example.matter}' has matters below it; move the example to one of them")
        if languages and example.language not in languages:
            yield row.problem(f"language '{example.language}' is not one of the city's ({', '.join(languages)})")
        before = first.setdefault(example.text, row)
        if before.value.matter != example.matter:
            where = f"'{before.value.matter}' in {before.file}:{before.line}"
            yield row.problem(f"the same words stand for {where}; say what tells them apart", Severity.WARNING)
    for row in draft.matters:
        found = counts[row.value.code]
        if row.value.code in leaf_codes and found < ENOUGH_EXAMPLES:
            message = f"matter '{row.value.code}' {row.value.name} has {found} examples; write at least {ENOUGH_EXAMPLES}"
            yield row.problem(message, Severity.WARNING if found else Severity.ERROR)


def _equally_specific(entries: Sequence[Row[Responsibility]]) -> Iterator[Problem]:
    at = {id(row.value): row for row in entries}
    for one, other in overlaps(row.value for row in entries):
        row = at[id(other)]
        yield row.problem(f"'{other.code}' and '{one.code}' fit equally; give one of them a place, a condition or other dates")
    for one, other in ties(row.value for row in entries):
        message = f"'{other.code}' and '{one.code}' have as many conditions; add an entry for when those of both are met"
        yield at[id(other)].problem(message, Severity.WARNING)


def _answered_everywhere(draft: Draft, on: date | None) -> Iterator[Problem]:
    """Leaves that nobody answers for: anywhere, or in some district or for some who ask."""
    rows = {row.value.code: row for row in draft.matters}
    entries = (row.value for row in draft.responsibilities)
    for found in unanswered((row.value for row in draft.matters), (row.value for row in draft.regions), entries, on):
        row = rows[found.matter]
        said = f"nobody answers for '{found.matter}' {row.value.name}"
        if found.district is None:
            yield row.problem(f"{said}; add it, or a matter above, to responsibilities/*.csv")
        else:
            yield row.problem(f"{said} in '{found.district}' when a {found.audience} asks by day; add an entry without conditions")


def _units_by_place(draft: Draft) -> Iterator[Problem]:
    """Units that an entry finds by place, and that do not exist at some of its places."""
    by_function = {(row.value.region, row.value.function): row.value.code for row in draft.closed if row.value.function}
    by_function |= units_by_function(row.value for row in draft.units)
    codes = {row.value.code for row in (*draft.units, *draft.closed)}
    above = {row.value.code: row.value.parent for row in draft.regions}
    at_level = {level: [row.value.code for row in draft.regions if row.value.level is level] for level in LEVELS}
    said: set[tuple[str, tuple[str, ...]]] = set()
    for row in draft.responsibilities:
        for named in (row.value.lead, *row.value.co):
            if not BY_PLACE.fullmatch(named) or (named, row.value.places) in said:
                continue
            said.add((named, row.value.places))
            level, _, function = named[1:].partition(".")
            concerned = _within(at_level[Level(level)], row.value.places, above)
            missing = [code for code in concerned if (by_function.get((code, function)) if function else code) not in codes]
            if missing:
                where = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
                yield row.problem(f"'{named}' finds no unit in {where}; add it to units.csv")


def _within(regions: list[str], places: tuple[str, ...], above: dict[str, str | None]) -> list[str]:
    """Those of the regions that lie in one of the places, or hold one."""
    if not places:
        return regions
    holding = {code for place in places for code in chain(place, above)}
    return [code for code in regions if code in holding or not set(places).isdisjoint(chain(code, above))]


def _limits_for_all(draft: Draft) -> Iterator[Problem]:
    covered = closest_limits(row.value for row in draft.limits)
    missing = [asked for asked in product(RequestKind, Urgency, Audience) if asked not in covered]
    if missing:
        what = f"no time limit for {', '.join(missing[0])} ({len(missing)} such)"
        yield Problem("city.toml", 1, f'{what}; add a [[limit]] with kind, urgency and audience = "*"')
