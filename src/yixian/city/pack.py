"""Reads and checks a city pack. The format is `docs/reference/city-pack.md`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, time
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import Final, Literal, TypeVar

import msgspec

from yixian.city import checks
from yixian.city.checks import Draft
from yixian.city.model import (
    Asking,
    Audience,
    Calendar,
    Closed,
    Danger,
    Emergency,
    Example,
    Feeling,
    Gate,
    Guide,
    Identity,
    Level,
    Limit,
    Line,
    LineMode,
    Matter,
    Pack,
    PerRegion,
    Place,
    Plea,
    Queue,
    Region,
    RequestKind,
    Responsibility,
    Route,
    Saying,
    Speech,
    Thanks,
    Triage,
    Unit,
    Urgency,
    WorkHours,
)
from yixian.city.tables import (
    Column,
    Problem,
    Row,
    Severity,
    Table,
    Toml,
    day,
    needed,
    one_of,
    only_sections,
    optional,
    optional_day,
    optional_one_of,
    parse_toml,
    read_csv,
    read_text,
    several,
    table,
    take,
    take_each,
    text,
    yes,
)

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

_FRONT_MATTER: Final = re.compile(r"\+\+\+[ \t]*\r?\n(.*?)^\+\+\+[ \t]*(?:\r?\n|\Z)(.*)", re.DOTALL | re.MULTILINE)
_STRETCH: Final = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")
_CITY_SECTIONS: Final = ("city", "calendar", "gate", "queue", "limit", "per_region")
_TRIAGE_SECTIONS: Final = (
    "emergency", "legal_route", "outside", "kinds", "urgency", "firm", "night", "language", "split", "noise", "synonyms",
)  # fmt: skip


class InvalidPack(Exception):
    """A pack that cannot be read as a city. `problems` says where and what to do."""

    def __init__(self, folder: Path, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        shown = "\n".join(str(problem) for problem in problems[:10])
        more = f"\n… and {len(problems) - 10} more" if len(problems) > 10 else ""
        super().__init__(f"The city pack {folder} has {len(problems)} errors:\n{shown}{more}\nSee all: yixian pack check {folder}")


def read(folder: Path) -> Pack:
    """The city in this folder, everything in the order of its codes; queues, limits and triage in the order of the file.

    Only what would make it another city or none stops the reading: bad form, unknown or double codes. Whether it is
    complete (every leaf has examples and somebody who answers) is what `check` asks.

    Raises:
        InvalidPack: with every such error.
    """
    draft, problems = _parse(folder)
    problems += checks.references(draft)
    errors = tuple(sorted(problem for problem in problems if problem.severity is Severity.ERROR))
    if errors:
        raise InvalidPack(folder, errors)
    return _pack(draft)


def check(folder: Path, on: date | None = None) -> list[Problem]:
    """Every problem of the pack in this folder, by file and line.

    With `on`, also what has run out by that day: guides past their review, responsibilities no longer in force.
    """
    draft, problems = _parse(folder)
    problems += checks.references(draft)
    problems += checks.completeness(draft, on)
    return sorted(set(problems))


def _pack(draft: Draft) -> Pack:
    assert draft.identity is not None, "a pack without [city] has a problem that says so"
    return Pack(
        city=draft.identity.value,
        calendar=draft.calendar.value,
        gate=draft.gate,
        queues=_values(draft.queues),
        limits=_values(draft.limits),
        units=_in_order(draft.units, "code"),
        regions=_in_order(draft.regions, "code"),
        places=_in_order(draft.places, "kind", "name", "regions"),
        lines=_in_order(draft.lines, "number"),
        matters=_in_order(draft.matters, "code"),
        examples=_in_order(draft.examples, "matter", "text"),
        responsibilities=_in_order(draft.responsibilities, "code"),
        guides=_in_order(draft.guides, "code"),
        triage=msgspec.structs.replace(draft.triage, danger=_learnable(draft)),
        closed=_in_order(draft.closed, "code"),
        speech=Speech(_values(draft.sayings), _values(draft.askings), dict(draft.feelings)),
    )


def _learnable(draft: Draft) -> Danger | None:
    """The signs together with the messages they are learned from."""
    return None if draft.danger is None else msgspec.structs.replace(draft.danger.value, examples=_values(draft.pleas))


def _values(rows: Iterable[Row[T]]) -> tuple[T, ...]:
    return tuple(row.value for row in rows)


def _in_order(rows: Iterable[Row[T]], *by: str) -> tuple[T, ...]:
    return tuple(sorted((row.value for row in rows), key=attrgetter(*by)))


def _parse(folder: Path) -> tuple[Draft, list[Problem]]:
    """All that could be read, and what could not."""
    problems: list[Problem] = []
    if not folder.is_dir():
        problems.append(Problem(str(folder), 1, "is not a folder; name the folder that holds city.toml"))
        return Draft(), problems
    city = _read_toml(folder, "city.toml", problems)
    regions = read_csv(folder, "regions.csv", _REGIONS, problems)
    units = read_csv(folder, "units.csv", _UNITS, problems)
    per_region = take_each(city, "per_region", PerRegion, problems)
    closed = read_csv(folder, "closed.csv", _CLOSED, problems) if (folder / "closed.csv").exists() else []
    listed = {row.value.code for row in (*units, *closed)}
    speech = _read_toml(folder, "speech.toml", problems) if (folder / "speech.toml").exists() else Toml("speech.toml", "", {})
    draft = Draft(
        identity=_one(city, "city", Identity, problems),
        calendar=_calendar(folder, city, problems),
        gate=_gate(city, problems),
        queues=take_each(city, "queue", Queue, problems),
        limits=take_each(city, "limit", Limit, problems),
        units=[*units, *_units_per_region(regions, _values(per_region), listed)],
        regions=regions,
        places=read_csv(folder, "places.csv", _PLACES, problems),
        lines=read_csv(folder, "lines.csv", _LINES, problems),
        matters=_with_inherited_queues(_read_folder(folder, "matters", _MATTERS, problems)),
        examples=_read_folder(folder, "examples", _EXAMPLES, problems),
        responsibilities=_read_folder(folder, "responsibilities", _RESPONSIBILITIES, problems),
        guides=_guides(folder, problems),
        triage=_triage(_read_toml(folder, "triage.toml", problems), problems),
        danger=_danger(folder, problems),
        pleas=read_csv(folder, "triage/examples.csv", _PLEAS, problems) if (folder / "triage").is_dir() else (),
        closed=closed,
        sayings=take_each(speech, "say", Saying, problems),
        askings=take_each(speech, "ask", Asking, problems),
        feelings=_cues(speech, "feelings", tuple(Feeling), problems),
    )
    only_sections(city, _CITY_SECTIONS, problems)
    only_sections(speech, ("say", "ask", "feelings"), problems)
    problems += (row.problem('unit_name must hold "{name}"') for row in per_region if "{name}" not in row.value.unit_name)
    return draft, problems


def _read_toml(folder: Path, file: str, problems: list[Problem]) -> Toml:
    """The file; an empty one when it cannot be read, so that the rest of the pack is still checked."""
    content = read_text(folder, file, problems)
    parsed = None if content is None else parse_toml(file, content, problems)
    return parsed or Toml(file, "", {})


def _read_folder(folder: Path, name: str, into: Table[T], problems: list[Problem]) -> list[Row[T]]:
    files = sorted((folder / name).glob("*.csv"))
    if not files:
        problems.append(Problem(name, 1, f"has no CSV file; add {name}/<topic>.csv"))
    return [row for path in files for row in read_csv(folder, f"{name}/{path.name}", into, problems)]


def _one(city: Toml, header: str, into: type[S], problems: list[Problem]) -> Row[S] | None:
    if header not in city.data:
        if city.data:
            problems.append(city.problem(f"[{header}] is missing; add it"))
        return None
    value = take(city, header, 0, city.data[header], into, problems)
    return None if value is None else city.row(value, header)


class _CalendarTable(msgspec.Struct, frozen=True):
    workdays: Literal["cn", "mon-fri", "sun-thu"]
    hours: tuple[str, ...]


def _calendar(folder: Path, city: Toml, problems: list[Problem]) -> Row[Calendar]:
    exceptions = _exceptions(folder, problems)
    written = _one(city, "calendar", _CalendarTable, problems)
    if written is None:
        return city.row(Calendar(exceptions=exceptions), "calendar")
    hours = _hours(written.value.hours)
    if not hours:
        message = 'hours must be stretches of the day in order, such as ["09:00-12:00", "14:00-18:00"]'
        problems.append(city.problem(message, "calendar", key="hours"))
        return city.row(Calendar(written.value.workdays, exceptions=exceptions), "calendar")
    return city.row(Calendar(written.value.workdays, hours, exceptions), "calendar")


def _hours(written: tuple[str, ...]) -> tuple[WorkHours, ...]:
    """The stretches of a working day; none when one cannot be read or they are not in order."""
    found = [_STRETCH.fullmatch(stretch) for stretch in written]
    try:
        times = [time.fromisoformat(at) for stretch in found if stretch for at in stretch.groups()]
    except ValueError:
        return ()
    if None in found or any(later <= earlier for earlier, later in pairwise(times)):
        return ()
    return tuple(WorkHours(start, end) for start, end in zip(times[::2], times[1::2], strict=True))


class _Exception(msgspec.Struct, frozen=True):
    date: date
    working: bool
    name: str = ""


def _exceptions(folder: Path, problems: list[Problem]) -> tuple[tuple[date, bool], ...]:
    if not (folder / "calendar.csv").exists():
        return ()
    rows = read_csv(folder, "calendar.csv", _CALENDAR, problems)
    seen: set[date] = set()
    for row in rows:
        if row.value.date in seen:
            problems.append(row.problem(f"{row.value.date} stands twice; leave one"))
        seen.add(row.value.date)
    return tuple(sorted((row.value.date, row.value.working) for row in rows))


def _gate(city: Toml, problems: list[Problem]) -> Gate:
    written = _one(city, "gate", Gate, problems) if "gate" in city.data else None
    if written is None:
        return Gate()
    for field in ("target", "margin", "floor"):
        if not 0 <= getattr(written.value, field) <= 1:
            problems.append(city.problem(f"'{field}' of [gate] must lie between 0 and 1", "gate", key=field))
    return written.value


def _units_per_region(regions: list[Row[Region]], rules: tuple[PerRegion, ...], listed: set[str]) -> list[Row[Unit]]:
    """The units of streets and communities, where units.csv does not list one with the region's code."""
    made: list[Row[Unit]] = []
    for row in regions:
        region = row.value
        if region.code in listed or region.level not in (Level.STREET, Level.COMMUNITY):
            continue
        rule = next((rule for rule in rules if rule.level is region.level and region.name.endswith(rule.name_ends)), None)
        if rule is not None:
            made.append(Row(_unit_of(region, rule), row.file, row.line))
    return made


def _unit_of(region: Region, rule: PerRegion) -> Unit:
    return Unit(
        code=region.code,
        name=rule.unit_name.replace("{name}", region.name),
        name_en=rule.unit_name_en.replace("{name}", region.name_en) if region.name_en else "",
        level=region.level,
        parent=region.parent,
        region=region.code,
        short_name=region.name,
        kind=rule.kind,
        aliases=region.aliases,
    )


def _with_inherited_queues(matters: list[Row[Matter]]) -> list[Row[Matter]]:
    """Matters without a queue take that of the nearest matter above that has one."""
    by_code = {row.value.code: row.value for row in matters}

    def queue_of(matter: Matter) -> str:
        seen: set[str] = set()
        at: Matter | None = matter
        while at is not None and not at.queue and at.code not in seen:
            seen.add(at.code)
            at = by_code.get(at.parent or "")
        return at.queue if at else ""

    return [
        row if row.value.queue else Row(msgspec.structs.replace(row.value, queue=queue_of(row.value)), row.file, row.line)
        for row in matters
    ]


class _FrontMatter(msgspec.Struct, frozen=True):
    code: str
    matter: str
    title: str
    questions: tuple[str, ...]
    unit: str
    source: str
    valid_from: date
    review_by: date


def _guides(folder: Path, problems: list[Problem]) -> list[Row[Guide]]:
    files = [f"guides/{path.name}" for path in sorted((folder / "guides").glob("*.md"))]
    return [row for file in files if (row := _guide(folder, file, problems)) is not None]


def _guide(folder: Path, file: str, problems: list[Problem]) -> Row[Guide] | None:
    content = read_text(folder, file, problems)
    if content is None:
        return None
    parts = _FRONT_MATTER.match(content)
    if parts is None:
        problems.append(Problem(file, 1, "must begin with a line +++, then code, matter, title …, then a line +++"))
        return None
    head = parse_toml(file, parts[1], problems, first_line=2)
    written = None if head is None else take(head, "", 0, head.data, _FrontMatter, problems)
    if written is None:
        return None
    answer = parts[2].strip()
    if not answer or not written.questions:
        problems.append(Problem(file, 1, "has no answer or no questions; write the answer below the second +++"))
    return Row(Guide(**msgspec.structs.asdict(written), text=answer), file, 2)


class _Words(msgspec.Struct, frozen=True):
    words: tuple[str, ...]


class _Marks(msgspec.Struct, frozen=True):
    marks: tuple[str, ...]


class _Language(msgspec.Struct, frozen=True):
    marks: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    words: dict[str, str] = msgspec.field(default_factory=dict[str, str])


class _Phrases(msgspec.Struct, frozen=True):
    phrases: tuple[str, ...]


def _triage(toml: Toml, problems: list[Problem]) -> Triage:
    only_sections(toml, _TRIAGE_SECTIONS, problems)
    firm, night = (_section(toml, name, _Words, problems) for name in ("firm", "night"))
    split = _section(toml, "split", _Marks, problems)
    noise = _section(toml, "noise", _Phrases, problems)
    languages = _languages(toml, problems)
    return Triage(
        emergency=_values(take_each(toml, "emergency", Emergency, problems)),
        legal_route=_values(take_each(toml, "legal_route", Route, problems)),
        outside=_values(take_each(toml, "outside", Route, problems)),
        kinds=_cues(toml, "kinds", tuple(RequestKind), problems),
        urgency=_cues(toml, "urgency", tuple(Urgency), problems),
        firm=firm.words if firm else (),
        night=night.words if night else (),
        languages={name: language.marks for name, language in languages.items() if language.marks},
        split=split.marks if split else (),
        noise=noise.phrases if noise else (),
        words={name: language.words for name, language in languages.items() if language.words},
        endings={name: language.endings for name, language in languages.items() if language.endings},
        synonyms=_synonyms(toml, problems),
    )


class _Danger(msgspec.Struct, frozen=True):
    ask: float
    sure: float
    thanks: Thanks | None = None


def _danger(folder: Path, problems: list[Problem]) -> Row[Danger] | None:
    """The signs of danger and the thresholds; None for a pack without the folder `triage`."""
    if not (folder / "triage").is_dir():
        return None
    toml = _read_toml(folder, "triage/signs.toml", problems)
    only_sections(toml, ("danger", "signs"), problems)
    written = _one(toml, "danger", _Danger, problems)
    try:
        signs = msgspec.convert(toml.data.get("signs", {}), dict[str, tuple[str, ...]])
    except msgspec.ValidationError as error:
        problems.append(toml.problem(f'[signs] must hold lists of words like smoke = ["冒烟"]: {error}', "signs"))
        return None
    if written is None:
        return None
    return toml.row(Danger(signs=signs, ask=written.value.ask, sure=written.value.sure, thanks=written.value.thanks), "danger")


def _section(toml: Toml, header: str, into: type[S], problems: list[Problem]) -> S | None:
    return take(toml, header, 0, toml.data[header], into, problems) if header in toml.data else None


def _cues(toml: Toml, header: str, known: tuple[str, ...], problems: list[Problem]) -> dict[str, tuple[str, ...]]:
    """The cue words of each kind or urgency."""
    found = toml.data.get(header, {})
    try:
        cues = msgspec.convert(found, dict[str, tuple[str, ...]])
    except msgspec.ValidationError as error:
        problems.append(toml.problem(f"[{header}] must hold lists of words: {error}", header))
        return {}
    problems += (
        toml.problem(f"unknown key '{name}' in [{header}]; write one of {', '.join(known)}", header, key=name)
        for name in cues
        if name not in known
    )
    return cues


def _languages(toml: Toml, problems: list[Problem]) -> dict[str, _Language]:
    found: object = toml.data.get("language", {})
    if not isinstance(found, dict):
        problems.append(toml.problem("write [language.<code>] with marks or words below", "language"))
        return {}
    tables: Mapping[str, object] = found
    read = {name: take(toml, f"language.{name}", 0, value, _Language, problems) for name, value in tables.items()}
    return {name: language for name, language in read.items() if language is not None}


def _synonyms(toml: Toml, problems: list[Problem]) -> dict[str, str]:
    try:
        return msgspec.convert(toml.data.get("synonyms", {}), dict[str, str])
    except msgspec.ValidationError as error:
        problems.append(toml.problem(f'[synonyms] must hold lines like "街灯" = "路灯": {error}', "synonyms"))
        return {}


def _audience(cell: str) -> tuple[Audience, ...]:
    known = {"": tuple(Audience), "both": tuple(Audience)} | {one.value: (one,) for one in Audience}
    if cell not in known:
        raise ValueError(f"'{cell}' is not known; write person, firm or both")
    return known[cell]


def _places(cell: str) -> tuple[str, ...]:
    if not cell:
        raise ValueError("is empty; write * for everywhere, or region codes")
    return () if cell == "*" else several(cell)


def _night(cell: str) -> bool:
    if cell not in ("", "night"):
        raise ValueError(f"'{cell}' is not known; write night, or leave it empty")
    return cell == "night"


_REGIONS: Final = table(
    Region,
    code=needed,
    name=needed,
    level=one_of(Level),
    parent=optional,
    aliases=several,
    name_en=Column(text, "name_en", may_lack=True),
)
_PLACES: Final = table(Place, name=needed, kind=needed, regions=several, aliases=several)
_CALENDAR: Final = table(_Exception, date=day, working=yes, name=text)
_UNITS: Final = table(
    Unit,
    code=needed,
    name=needed,
    short_name=text,
    name_en=text,
    level=one_of(Level),
    parent=optional,
    region=needed,
    function=text,
    kind=needed,
    first_level=yes,
    aliases=several,
    phone=Column(text, "phone", may_lack=True),
)
_CLOSED: Final = table(Closed, code=needed, name=needed, successor=needed, since=optional_day, region=text, function=text)
_LINES: Final = table(
    Line,
    number=needed,
    name=needed,
    mode=one_of(LineMode),
    queue=needed,
    unit=needed,
    hours=text,
    merged_on=optional_day,
    note=text,
)
_MATTERS: Final = table(
    Matter,
    code=needed,
    parent=optional,
    name=needed,
    name_en=text,
    queue=text,
    kind=one_of(RequestKind, empty=RequestKind.HELP),
    keywords=several,
    audience=_audience,
    urgency=one_of(Urgency, empty=Urgency.NORMAL),
    sensitive=yes,
)
_EXAMPLES: Final = table(Example, matter=needed, text=needed, language=needed)
_PLEAS: Final = table(Plea, text=needed, emergency=yes, to=several, kind=needed, language=needed)
_RESPONSIBILITIES: Final = table(
    Responsibility,
    code=needed,
    matter=needed,
    place=Column(_places, "places"),
    who=optional_one_of(Audience),
    time=Column(_night, "night"),
    words=several,
    lead=needed,
    co=several,
    basis=needed,
    valid_from=day,
    valid_to=optional_day,
    note=text,
)
