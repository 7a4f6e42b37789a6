"""The city as data: what a city pack holds, as plain frozen structs. The file format is `docs/reference/city-pack.md`."""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum
from typing import Final

import msgspec


class Level(StrEnum):
    """The five levels of the network, widest first."""

    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"


class RequestKind(StrEnum):
    """诉求类型. The usual five by rule (Guangzhou 实施细则, 2023), and praise."""

    CONSULTATION = "consultation"
    HELP = "help"
    COMPLAINT = "complaint"
    REPORT = "report"
    SUGGESTION = "suggestion"
    PRAISE = "praise"


class Urgency(StrEnum):
    """How long a matter may wait. Emergencies are not an urgency: they leave for another line at once."""

    NORMAL = "normal"
    URGENT = "urgent"
    CRITICAL = "critical"


class Audience(StrEnum):
    """Who asks: a person or a firm."""

    PERSON = "person"
    FIRM = "firm"


class LineMode(StrEnum):
    """How a line was merged into the hotline (国办发〔2020〕53号)."""

    MERGED = "merged"
    PARALLEL = "parallel"
    SUBCENTRE = "subcentre"


class Region(msgspec.Struct, frozen=True):
    """A stretch of the city: the city itself, a district, a street or town, a community or village."""

    code: str
    name: str
    level: Level
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    name_en: str = ""


OUTSIDE: Final = "outside"
"""The kind of a place that is not in the city: another city, its districts."""
NO_PLACE: Final = "none"
"""The kind of a name that holds a place's name and is no place: a bank, a beer."""


class Place(msgspec.Struct, frozen=True):
    """A named place finer than, or across, regions: a road, an estate, a landmark; or one to be told apart from those."""

    name: str
    kind: str
    regions: tuple[str, ...]
    """Where it lies; empty for the kinds `outside` and `none`."""
    aliases: tuple[str, ...] = ()


class Unit(msgspec.Struct, frozen=True):
    """Who handles."""

    code: str
    name: str
    level: Level
    parent: str | None
    region: str
    short_name: str = ""
    name_en: str = ""
    function: str = ""
    kind: str = "department"
    first_level: bool = False
    aliases: tuple[str, ...] = ()
    phone: str = ""
    """Where colleagues reach it; shown to staff."""


class Closed(msgspec.Struct, frozen=True):
    """A unit that is no more, and who answers in its stead."""

    code: str
    name: str
    successor: str
    since: date | None = None
    region: str = ""
    function: str = ""
    """With the region, how entries found it by place (`@district.water`); empty when none did."""


class Queue(msgspec.Struct, frozen=True):
    """A service queue of the hotline."""

    code: str
    name: str
    name_en: str = ""
    fallback: bool = False


class Line(msgspec.Struct, frozen=True):
    """A service line that was merged into the hotline."""

    number: str
    name: str
    mode: LineMode
    queue: str
    unit: str
    hours: str = ""
    merged_on: date | None = None
    note: str = ""


class Matter(msgspec.Struct, frozen=True):
    """An entry of the matter tree. Tickets are filed under leaves."""

    code: str
    parent: str | None
    name: str
    queue: str
    name_en: str = ""
    kind: RequestKind = RequestKind.HELP
    keywords: tuple[str, ...] = ()
    audience: tuple[Audience, ...] = (Audience.PERSON, Audience.FIRM)
    urgency: Urgency = Urgency.NORMAL
    sensitive: bool = False
    """The caller's identity is hidden from the unit unless the caller allows it."""


class Example(msgspec.Struct, frozen=True):
    """How somebody said it."""

    matter: str
    text: str
    language: str = "zh"


class Responsibility(msgspec.Struct, frozen=True):
    """Who answers for a matter at a place under conditions, by what right, from when to when."""

    code: str
    matter: str
    lead: str
    """A unit's code, or `@district.<function>`, `@district`, `@street`, `@community`."""
    basis: str
    valid_from: date
    valid_to: date | None = None
    places: tuple[str, ...] = ()
    """Region codes; empty means everywhere."""
    who: Audience | None = None
    night: bool = False
    words: tuple[str, ...] = ()
    co: tuple[str, ...] = ()
    note: str = ""


class Guide(msgspec.Struct, frozen=True):
    """An answer to a common question, with its source and validity."""

    code: str
    matter: str
    title: str
    questions: tuple[str, ...]
    unit: str
    source: str
    valid_from: date
    review_by: date
    text: str


class Limit(msgspec.Struct, frozen=True):
    """Time limits of a kind of request. Durations are written `2h` (clock hours), `4wh` (working hours), `5wd` (working days)."""

    kind: str
    urgency: str
    audience: str
    dispatch: str
    sign: str
    contact: str
    answer: str
    extension: str
    source: str = ""
    urge: str = "24h"
    """How long after an urging the citizen may urge again, and a lead its co-handlers."""


class PerRegion(msgspec.Struct, frozen=True):
    """A rule that makes the units of streets or communities from the regions."""

    level: Level
    unit_name: str
    unit_name_en: str = ""
    """With `{name}` for the region's name in English; used where the region has one."""
    name_ends: str = ""
    kind: str = "government"


class Gate(msgspec.Struct, frozen=True):
    """When a ticket may be dispatched without a person looking."""

    target: float = 0.97
    margin: float = 0.25
    floor: float = 0.45


class WorkHours(msgspec.Struct, frozen=True):
    """A stretch of a working day."""

    start: time
    end: time


class Calendar(msgspec.Struct, frozen=True):
    """Which days are worked, and when."""

    workdays: str = "mon-fri"
    """`cn`: the national calendar with make-up days; `mon-fri`; `sun-thu`."""
    hours: tuple[WorkHours, ...] = (WorkHours(time(9), time(12)), WorkHours(time(14), time(18)))
    exceptions: tuple[tuple[date, bool], ...] = ()
    """Days that differ, and whether they are worked."""


class Identity(msgspec.Struct, frozen=True):
    """Who the city is."""

    code: str
    name: str
    name_en: str
    number_prefix: str
    timezone: str
    languages: tuple[str, ...]
    fallback_unit: str
    country: str = ""
    """Two letters (ISO 3166-1): whose telephone numbers are meant when none says its country. Empty: none's."""
    hotline: str = ""
    """The number that people ring; empty: none is shown."""


class Emergency(msgspec.Struct, frozen=True):
    """Words that send a contact to an emergency line at once."""

    to: str
    name: str
    phrases: tuple[str, ...]
    say: str
    unless: tuple[str, ...] = ()
    giving_up: bool = False
    """Its words are said by who may take their own life (`Feeling.GIVING_UP`)."""


class Route(msgspec.Struct, frozen=True):
    """Words that point to a legal route, or outside what the hotline may do."""

    code: str
    phrases: tuple[str, ...]
    say: str
    name: str = ""
    unless: tuple[str, ...] = ()


class Plea(msgspec.Struct, frozen=True):
    """How somebody in danger said it, or how somebody said much the same without being in danger."""

    text: str
    emergency: bool
    to: tuple[str, ...] = ()
    """The numbers to ring, when it is an emergency."""
    kind: str = ""
    """What it is, or resembles: `fire`, `gas`."""
    language: str = "zh"


class Thanks(msgspec.Struct, frozen=True):
    """The signs of thanks for what was done, by their names: one of each of the first two, and none that speaks for danger."""

    said: tuple[str, ...]
    """That somebody thanks."""
    done: tuple[str, ...]
    """That it is over, or how kind somebody was."""
    may: tuple[str, ...] = ()
    """Signs that may speak for danger and yet stand beside thanks: a person who is named."""


class Danger(msgspec.Struct, frozen=True):
    """What "may be an emergency" is learned from, and from which chance on it counts."""

    signs: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict[str, tuple[str, ...]])
    """Words that mean alike, under a name."""
    examples: tuple[Plea, ...] = ()
    ask: float = 0.1
    """From this chance on the resident is shown the numbers and asked, and a person looks at once."""
    sure: float = 0.9
    """From this chance on it is handed to the number at once, as when a phrase says so."""
    thanks: Thanks | None = None
    """What is thanks and no alarm; None: that is not told apart."""


class Triage(msgspec.Struct, frozen=True):
    """The words by which a contact is sorted before it is matched to a matter."""

    emergency: tuple[Emergency, ...] = ()
    legal_route: tuple[Route, ...] = ()
    outside: tuple[Route, ...] = ()
    kinds: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict[str, tuple[str, ...]])
    urgency: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict[str, tuple[str, ...]])
    firm: tuple[str, ...] = ()
    night: tuple[str, ...] = ()
    languages: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict[str, tuple[str, ...]])
    """Marks by which a language is told, such as the characters only written Cantonese has."""
    split: tuple[str, ...] = ()
    noise: tuple[str, ...] = ()
    words: dict[str, dict[str, str]] = msgspec.field(default_factory=dict[str, dict[str, str]])
    """For a language, its words and what the matters call it: 街灯 as 路灯."""
    endings: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict[str, tuple[str, ...]])
    """What a language may put after those words: `s`, `ing`."""
    synonyms: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """The same for every message, after the words of its language."""
    danger: Danger | None = None


class Moment(StrEnum):
    """When an operator says one of the pack's phrases."""

    OPENING = "opening"
    ASK_PLACE = "ask_place"
    ANGRY = "angry"
    DESPERATE = "desperate"
    DANGER = "danger"
    TICKET = "ticket"
    """A ticket was opened: what the caller is told."""
    CLOSE = "close"


class Feeling(StrEnum):
    """How somebody sounds, where the words show it."""

    ANGRY = "angry"
    DESPERATE = "desperate"
    GIVING_UP = "giving_up"
    """Sees no way on, and may take their own life: somebody looks after them at once."""


class Saying(msgspec.Struct, frozen=True):
    """What an operator says at a moment, by language; in a language that is missing, the city's first is said."""

    moment: Moment
    words: dict[str, str]


class Branch(msgspec.Struct, frozen=True):
    """One answer to a question that is asked back, and what to advise then."""

    answer: str
    advice: str


class Asking(msgspec.Struct, frozen=True):
    """What to ask back about a matter: the answer decides what is advised."""

    matter: str
    question: str
    branches: tuple[Branch, ...] = ()


class Speech(msgspec.Struct, frozen=True):
    """How operators speak with callers: phrases, questions, and the words by which a feeling shows."""

    sayings: tuple[Saying, ...] = ()
    askings: tuple[Asking, ...] = ()
    feelings: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict[str, tuple[str, ...]])
    """Words, by `Feeling`."""


class Pack(msgspec.Struct, frozen=True):
    """A whole city. `per_region` units are already among `units`."""

    city: Identity
    calendar: Calendar
    gate: Gate
    queues: tuple[Queue, ...]
    limits: tuple[Limit, ...]
    units: tuple[Unit, ...]
    regions: tuple[Region, ...]
    places: tuple[Place, ...]
    lines: tuple[Line, ...]
    matters: tuple[Matter, ...]
    examples: tuple[Example, ...]
    responsibilities: tuple[Responsibility, ...]
    guides: tuple[Guide, ...]
    triage: Triage
    closed: tuple[Closed, ...] = ()
    """Units that are no more: whatever names one still finds its successor."""
    speech: Speech = Speech()
