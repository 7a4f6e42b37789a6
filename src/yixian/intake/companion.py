"""What stands beside the words while an operator types: what was understood and why, what is known about it, what to say next. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from yixian.city.inforce import City
from yixian.city.model import Asking, Feeling, Guide, Moment, Pack
from yixian.dispatch.model import Why
from yixian.intake import service
from yixian.intake.model import ContactIn, Preview
from yixian.intake.service import Means
from yixian.language import reasons
from yixian.language import service as language
from yixian.language.model import Felt
from yixian.tickets import choices
from yixian.tickets.choices import What

CARDS: Final = 3
"""So many guides are shown."""
LIKELY: Final = 0.35
"""How well a guide must fit the words, when it is about another matter than those suggested."""
FILLED: Final = ("matter", "region", "place", "kind")
"""Fields that the system fills. Left as they are, they are its word and not the operator's: the gate decides as if they were empty."""

_CALMS: Final = {Feeling.ANGRY: Moment.ANGRY, Feeling.DESPERATE: Moment.DESPERATE, Feeling.GIVING_UP: Moment.DESPERATE}


class Companion(msgspec.Struct, frozen=True):
    """What a city's pack holds for operators, ready to be looked up. Made by `compile_companion`."""

    guides: Mapping[str, tuple[Guide, ...]]
    """By matter."""
    askings: Mapping[str, Asking]
    """By matter."""
    sayings: Mapping[Moment, Mapping[str, str]]
    languages: tuple[str, ...]


class Card(msgspec.Struct, frozen=True):
    """A guide that may help, with what must be known before one relies on it."""

    guide: Guide
    unit: str
    in_force: bool
    """Whether it is within its validity today; if not, it is shown and must be checked first."""


class Said(msgspec.Struct, frozen=True):
    """What to say now."""

    moment: Moment
    language: str
    text: str


class Beside(msgspec.Struct, frozen=True):
    """All that stands beside the words."""

    previews: tuple[Preview, ...] = ()
    words: tuple[tuple[str, ...], ...] = ()
    """For each preview the words that speak most for its first suggestion."""
    cards: tuple[Card, ...] = ()
    asking: Asking | None = None
    felt: Felt | None = None
    said: tuple[Said, ...] = ()
    fills: Mapping[str, str] = {}
    """What the system would write into the fields of `FILLED`; empty where it is not certain."""
    picks: tuple[str, ...] = ()
    """The first matter's suggestions, as they are written into the field of the matter."""
    places: tuple[str, ...] = ()
    """The places that fit, as they are written into the field of the region."""


def compile_companion(pack: Pack) -> Companion:
    """Reads a pack's words for operators."""
    guides: dict[str, list[Guide]] = {}
    for guide in pack.guides:
        guides.setdefault(guide.matter, []).append(guide)
    return Companion(
        guides={matter: tuple(own) for matter, own in guides.items()},
        askings={asking.matter: asking for asking in pack.speech.askings},
        sayings={saying.moment: saying.words for saying in pack.speech.sayings},
        languages=pack.city.languages,
    )


def beside(means: Means, companion: Companion, contact: ContactIn, speaks: str, now: datetime) -> Beside:
    """What stands beside a contact that is still typed; nothing is stored.

    `speaks`: the caller's language when it is known, else the words tell.
    """
    if not contact.text.strip():
        return Beside(said=_said(companion, (Moment.OPENING,), speaks))
    previews = service.preview(means, contact, now)
    first = previews[0]
    felt = language.feeling(means.reader, contact.text, contact.title)
    matters = tuple(s.matter for s in first.suggestions)
    return Beside(
        previews=previews,
        words=tuple(_words(means, p, contact.matter) for p in previews),
        cards=_cards(means, companion, contact, matters, _today(means.city, now)),
        asking=_asking(companion, means.city, matters[0] if matters else contact.matter),
        felt=felt,
        said=_said(companion, _moments(first, felt, contact), speaks or first.language),
        fills=_fills(first, means.city),
        picks=tuple(choices.written(means.city, What.MATTERS, m) for m in matters),
        places=tuple(choices.written(means.city, What.REGIONS, c.region) for c in first.choices),
    )


def _words(means: Means, preview: Preview, settled: str) -> tuple[str, ...]:
    matter = settled or (preview.suggestions[0].matter if preview.suggestions else "")
    return reasons.words_for(means.reader, preview.text, preview.language, matter)


def _today(city: City, now: datetime) -> date:
    return now.astimezone(ZoneInfo(city.pack.city.timezone)).date()


def _cards(means: Means, companion: Companion, contact: ContactIn, matters: tuple[str, ...], on: date) -> tuple[Card, ...]:
    """The guides that answer these words best, and those about the suggested matters; those in force first."""
    fits = {a.guide: a.score for a in language.answer(means.reader, f"{contact.title}{contact.text}")}
    near = {g.code: g for matter in dict.fromkeys((contact.matter, *matters)) for g in companion.guides.get(matter, ())}
    alike = {g.code: g for own in companion.guides.values() for g in own if fits.get(g.code, 0.0) >= LIKELY}
    every = [Card(g, means.city.unit_name(g.unit), g.valid_from <= on <= g.review_by) for g in (near | alike).values()]
    best = sorted(every, key=lambda c: (not c.in_force, -fits.get(c.guide.code, 0.0), c.guide.code not in near, c.guide.code))
    return tuple(best[:CARDS])


def _asking(companion: Companion, city: City, matter: str) -> Asking | None:
    """What to ask back about a matter, or about the nearest matter above it that has a question."""
    at: str | None = matter
    while at:
        if at in companion.askings:
            return companion.askings[at]
        at = city.matters[at].parent if at in city.matters else None
    return None


def _moments(preview: Preview, felt: Felt | None, contact: ContactIn) -> tuple[Moment, ...]:
    """What is to be said, in this order: danger, then the person, then the matter."""
    danger = (Moment.DANGER,) if preview.alarm and contact.danger is None else ()
    calm = (_CALMS[felt.feeling],) if felt else ()
    place = (Moment.ASK_PLACE,) if (preview.ask or preview.why is Why.PLACE_NEEDED or preview.region is None) and not contact.region else ()
    return (*danger, *calm, *place)


def _said(companion: Companion, moments: tuple[Moment, ...], speaks: str) -> tuple[Said, ...]:
    return tuple(said for moment in moments if (said := saying(companion, moment, speaks)))


def saying(companion: Companion, moment: Moment, speaks: str) -> Said | None:
    """What to say at a moment in a language, or in the city's first; None where the pack has nothing."""
    words = companion.sayings.get(moment, {})
    for lang in (speaks, companion.languages[0]):
        if lang in words:
            return Said(moment, lang, words[lang])
    return None


def _fills(preview: Preview, city: City) -> dict[str, str]:
    sure = preview.why is Why.SURE and bool(preview.suggestions)
    return {
        "matter": choices.written(city, What.MATTERS, preview.suggestions[0].matter) if sure else "",
        "region": choices.written(city, What.REGIONS, preview.region),
        "place": preview.place,
        "kind": preview.kind,
    }
