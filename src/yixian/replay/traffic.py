"""What a city says in a day: when, on which channel, in which words. Pure, and the same again for the same seed."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from itertools import accumulate
from random import Random
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from yixian.city.model import Example, Guide, Level, Pack, RequestKind
from yixian.intake.model import LONGEST_TEXT, Channel, ContactIn, Outcome
from yixian.people.model import CallerIn
from yixian.replay.model import CannotReplay, Due, Mix

DAY: Final = 86_400.0
"""Seconds."""

HOURS: Final = (
    0.6, 0.4, 0.3, 0.3, 0.4, 0.6, 1.2, 2.4, 5.5, 9.8, 10.2, 8.0,
    4.6, 5.0, 8.8, 9.2, 8.2, 6.2, 4.6, 4.2, 3.9, 3.2, 1.6, 1.0,
)  # fmt: skip
"""Share of the contacts an hour, in percent: peaks from 9 to 11 and from 14 to 16 (Beijing's hotline, 2019), 3.6 % from 23 to 6."""

KINDS: Final = {
    RequestKind.CONSULTATION: 0.62,
    RequestKind.COMPLAINT: 0.15,
    RequestKind.HELP: 0.14,
    RequestKind.REPORT: 0.04,
    RequestKind.SUGGESTION: 0.03,
    RequestKind.PRAISE: 0.02,
}
"""Share of the contacts by kind: questions lead, as in every city that publishes its figures."""

ONLINE: Final = {Channel.WECHAT: 0.45, Channel.APP: 0.25, Channel.WEB: 0.25, Channel.MEDIA: 0.05}

_CJK: Final = ("zh", "yue")
_ANSWER: Final = "已按现行规定向来电人说明办理条件、材料、地点和时限，来电人表示清楚。"
_T = TypeVar("_T")


class Words(msgspec.Struct, frozen=True):
    """What a pack offers to speak with; made once by `words_of`."""

    by_kind: dict[RequestKind, tuple[Example, ...]]
    guides: dict[str, Guide]
    questions: tuple[str, ...]
    emergencies: tuple[str, ...]
    legal_routes: tuple[str, ...]
    outside: tuple[str, ...]
    places: tuple[str, ...]
    openings: dict[bool, tuple[str, ...]]
    """What one says first out of politeness, in characters (True) and in letters."""
    joints: dict[bool, tuple[str, ...]]
    """What stands between two matters."""


def words_of(pack: Pack) -> Words:
    """Sorts a pack's words by what they are for.

    Raises:
        CannotReplay: the pack has no examples to speak from.
    """
    if not pack.examples:
        raise CannotReplay("The city pack has no examples of what residents say; add examples/*.csv, or replay a CSV file.")
    kind_of = {matter.code: matter.kind for matter in pack.matters}
    by_kind: dict[RequestKind, list[Example]] = {}
    for example in pack.examples:
        by_kind.setdefault(kind_of.get(example.matter, RequestKind.HELP), []).append(example)
    return Words(
        by_kind={kind: tuple(examples) for kind, examples in by_kind.items()},
        guides={guide.matter: guide for guide in pack.guides},
        questions=tuple(question for guide in pack.guides for question in guide.questions),
        emergencies=_phrases(e.phrases for e in pack.triage.emergency),
        legal_routes=_phrases(r.phrases for r in pack.triage.legal_route),
        outside=_phrases(r.phrases for r in pack.triage.outside),
        places=tuple(_places(pack)),
        openings=_by_script(pack.triage.noise),
        joints=_by_script(pack.triage.split),
    )


def _phrases(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(phrase for group in groups for phrase in group)


def _by_script(phrases: tuple[str, ...]) -> dict[bool, tuple[str, ...]]:
    return {wide: tuple(p for p in phrases if p.isascii() is not wide) for wide in (True, False)}


def _places(pack: Pack) -> Iterator[str]:
    """Places as people name them: district and street, or district and road."""
    regions = {region.code: region for region in pack.regions}
    for region in pack.regions:
        if region.level is Level.STREET and region.parent in regions:
            yield regions[region.parent].name + region.name
    for place in pack.places:
        if len(place.regions) == 1 and (inside := regions.get(place.regions[0])):
            above = regions.get(inside.parent or "")
            yield (above.name if inside.level is not Level.DISTRICT and above else inside.name) + place.name


def day(pack: Pack, count: int, mix: Mix, seed: int) -> Iterator[Due]:
    """A generated day of `count` contacts, in order of time."""
    words = words_of(pack)
    ways = _ways(words, mix)
    chance = Random(seed)  # noqa: S311 -- a play needs to be repeatable, not secret
    known = max(1, int(count * (1 - mix.returning)))
    for at in moments(count, chance):
        yield _one(at, words, ways, mix, chance, known)


class _Way(StrEnum):
    """The ways a contact can go."""

    ANSWERED = "answered"
    DEPARTMENTAL = "departmental"
    GUIDED = "guided"
    EMERGENCY = "emergency"
    LEGAL_ROUTE = "legal_route"
    OUTSIDE = "outside"
    ABANDONED = "abandoned"


def _ways(words: Words, mix: Mix) -> dict[_Way, float]:
    """The share of each way; what the pack has no words for is answered by an operator."""
    shares = {
        _Way.DEPARTMENTAL: mix.departmental,
        _Way.ABANDONED: mix.abandoned,
        _Way.GUIDED: mix.guided if words.questions else 0.0,
        _Way.EMERGENCY: mix.emergency if words.emergencies else 0.0,
        _Way.LEGAL_ROUTE: mix.legal_route if words.legal_routes else 0.0,
        _Way.OUTSIDE: mix.outside if words.outside else 0.0,
    }
    return shares | {_Way.ANSWERED: max(0.0, 1.0 - sum(shares.values()))}


def moments(count: int, chance: Random) -> Iterator[float]:
    """When `count` contacts come, seconds since the day began, in order."""
    ends = list(accumulate(HOURS))
    hour = 0
    for number in range(count):
        share = (number + chance.random()) / count * ends[-1]
        while ends[hour] < share:
            hour += 1
        yield 3600.0 * (hour + 1 - (ends[hour] - share) / HOURS[hour])


def _one(at: float, words: Words, ways: dict[_Way, float], mix: Mix, chance: Random, known: int) -> Due:
    caller = CallerIn(phone=_phone(chance.randrange(known)))
    online = chance.random() < mix.online
    channel = _drawn(ONLINE, chance) if online else Channel.PHONE
    way = _drawn(ways, chance)
    match way:
        case _Way.ANSWERED:
            return Due(at, _answered(channel, caller, words, chance), by_operator=True)
        case _Way.DEPARTMENTAL:
            return Due(at, _departmental(channel, caller, words, mix, chance), by_operator=not online)
        case _Way.GUIDED:
            return Due(at, ContactIn(text=chance.choice(words.questions), channel=_drawn(ONLINE, chance), caller=caller))
        case _Way.ABANDONED:
            return Due(at, ContactIn(text="", channel=channel, outcome=Outcome.ABANDONED), by_operator=True)
        case _Way.EMERGENCY:
            text = _placed(chance.choice(words.emergencies), words, chance)
        case _Way.LEGAL_ROUTE:
            text = _polite(chance.choice(words.legal_routes), words, chance)
        case _Way.OUTSIDE:
            text = _polite(chance.choice(words.outside), words, chance)
    return Due(at, ContactIn(text=text, channel=channel, caller=caller), by_operator=not online)


def _departmental(channel: Channel, caller: CallerIn, words: Words, mix: Mix, chance: Random) -> ContactIn:
    """Something that a unit has to do: never a question."""
    example = _example(words, chance, besides=RequestKind.CONSULTATION)
    text = _placed(example.text, words, chance)
    if chance.random() < mix.two_matters:
        text = _and_another(text, words, chance)
    text = _polite(text, words, chance)
    if channel is Channel.PHONE:
        return ContactIn(text=text, channel=channel, caller=caller, outcome=Outcome.TICKET_OPENED)
    hides = chance.random() < 0.03
    return ContactIn(text=text, channel=channel, caller=caller, hides_identity=hides)


def _answered(channel: Channel, caller: CallerIn, words: Words, chance: Random) -> ContactIn:
    """Something that an operator settles in the same conversation."""
    example = _example(words, chance)
    guide = words.guides.get(example.matter)
    said = guide.text.strip() if guide else _ANSWER
    return ContactIn(
        text=_polite(example.text, words, chance),
        channel=channel,
        caller=caller if chance.random() < 0.5 else None,
        outcome=Outcome.ANSWERED,
        answer=said[:LONGEST_TEXT],
    )


def _example(words: Words, chance: Random, besides: RequestKind | None = None) -> Example:
    kinds = {kind: share for kind, share in KINDS.items() if kind is not besides and kind in words.by_kind}
    if not kinds:
        kinds = dict.fromkeys(words.by_kind, 1.0)
    return chance.choice(words.by_kind[_drawn(kinds, chance)])


def _placed(text: str, words: Words, chance: Random) -> str:
    """Most people say where; some do not."""
    if not words.places or chance.random() < 0.1:
        return text
    place = chance.choice(words.places)
    return f"{place}, {text}" if text.isascii() and place.isascii() else f"{place}，{text}"


def _and_another(text: str, words: Words, chance: Random) -> str:
    other = _example(words, chance, besides=RequestKind.CONSULTATION).text
    joints = words.joints[not other.isascii()]
    joint = chance.choice(joints) if joints else ""
    return f"{text}. {joint} {other}" if other.isascii() else f"{text}。{joint}{other}"


def _polite(text: str, words: Words, chance: Random) -> str:
    openings = words.openings[not text.isascii()]
    if not openings or chance.random() < 0.6:
        return text
    opening = chance.choice(openings)
    return f"{opening}, {text}" if text.isascii() else f"{opening}，{text}"


def _drawn(shares: dict[_T, float], chance: Random) -> _T:
    return chance.choices(list(shares), weights=list(shares.values()))[0]


def _phone(number: int) -> str:
    """A number of this play: no mobile number of China begins with 12, so it is nobody's."""
    return f"12{number % 1_000_000_000:09}"


def from_csv(lines: Iterable[str], zone: ZoneInfo) -> Iterator[Due]:
    """Contacts from a CSV with any of the columns `title`, `text`, `time`, by the time of day where there is one.

    Raises:
        CannotReplay: neither `title` nor `text` is among the columns, or a time cannot be read.
    """
    reader = csv.DictReader(lines)
    columns = set(reader.fieldnames or ())
    if not columns & {"title", "text"}:
        raise CannotReplay("The CSV needs a column 'text' or 'title' in its first line.")
    found = [_from_row(number, row, zone) for number, row in enumerate(reader, start=2) if _said(row)]
    yield from sorted(found, key=lambda due: due.at)


def _said(row: dict[str, str | None]) -> str:
    return (row.get("text") or row.get("title") or "").strip()


def _from_row(number: int, row: dict[str, str | None], zone: ZoneInfo) -> Due:
    when = _moment(number, (row.get("time") or "").strip(), zone)
    at = when.hour * 3600.0 + when.minute * 60 + when.second if when else 0.0
    title = (row.get("title") or "").strip()[:200] if row.get("text") else ""
    contact = ContactIn(text=_said(row)[:LONGEST_TEXT], title=title, received_at=when)
    return Due(at, contact)


def _moment(number: int, text: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    for pattern in ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M"):
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=zone)
        except ValueError:
            continue
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise CannotReplay(f"Line {number} of the CSV: '{text}' is no time; write it like 2026-11-22 09:30:00.") from None
    return when if when.tzinfo else when.replace(tzinfo=zone)
