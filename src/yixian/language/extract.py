"""Kind, urgency, who asks and whether it happens at night: from the pack's words, with the matter's own as the default."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from yixian.city.model import Audience, Matter, RequestKind, Triage, Urgency
from yixian.language.normalise import normalise_words
from yixian.language.phrases import Found, Phrases, compile_phrases, find_all
from yixian.language.triage import is_denied

_DEFAULT_STRENGTH: Final = 1.5
"""How many cue words the matter's usual kind is worth."""
_OPENING: Final = 60
_SHORT: Final = 60
_RANK: Final = {Urgency.NORMAL: 0, Urgency.URGENT: 1, Urgency.CRITICAL: 2}
_QUESTION: Final = re.compile(r"[?？]\s*$|(?:吗|呢|么|咩|未呀|点算)[。!！]?\s*$")


class CueModel(msgspec.Struct, frozen=True):
    """The pack's cue words in one list, so that a message is searched once, and what each points to."""

    phrases: Phrases
    kinds: dict[str, tuple[RequestKind, ...]]
    urgency: dict[str, Urgency]
    firm: frozenset[str]
    night: frozenset[str]


class Cues(msgspec.Struct, frozen=True):
    """The cue words of one message in plain form."""

    text: str
    found: tuple[Found, ...]


def compile_cues(triage: Triage) -> CueModel:
    """The pack's cue words. Names of kinds and urgencies must be those of the city's model; others raise ValueError."""
    kinds: dict[str, list[RequestKind]] = {}
    for kind, words in triage.kinds.items():
        for word in normalise_words(words):
            kinds.setdefault(word, []).append(RequestKind(kind))
    # A word listed twice means the more pressing of the two.
    named = sorted(((Urgency(name), words) for name, words in triage.urgency.items()), key=lambda entry: _RANK[entry[0]])
    urgency = {word: level for level, words in named for word in normalise_words(words)}
    firm, night = frozenset(normalise_words(triage.firm)), frozenset(normalise_words(triage.night))
    return CueModel(
        phrases=compile_phrases({*kinds, *urgency, *firm, *night}),
        kinds={word: tuple(found) for word, found in kinds.items()},
        urgency=urgency,
        firm=firm,
        night=night,
    )


def find_cues(model: CueModel, text: str) -> Cues:
    """The cue words in a text in plain form."""
    return Cues(text, tuple(find_all(model.phrases, text)))


def kind_of(model: CueModel, cues: Cues, matter: Matter | None) -> RequestKind:
    """What the person wants: cue words, those near the beginning twice, against the matter's usual kind; else help."""
    strength = dict.fromkeys(RequestKind, 0.0)
    if matter is not None:
        strength[matter.kind] = _DEFAULT_STRENGTH
    first = {found.phrase: found.start for found in reversed(cues.found)}
    for phrase, start in first.items():
        for kind in model.kinds.get(phrase, ()):
            strength[kind] += 2.0 if start < _OPENING else 1.0
    if len(cues.text) < _SHORT and _QUESTION.search(cues.text):
        strength[RequestKind.CONSULTATION] += 1.0
    best = max(RequestKind, key=lambda kind: strength[kind])
    return best if strength[best] > 0 else RequestKind.HELP


def urgency_of(model: CueModel, cues: Cues, matter: Matter | None) -> Urgency:
    """How long it may wait: the most pressing of the matter's own urgency and the words, where they speak of what is so now."""
    pressing = matter.urgency if matter is not None else Urgency.NORMAL
    for found in cues.found:
        named = model.urgency.get(found.phrase, Urgency.NORMAL)
        if _RANK[named] > _RANK[pressing] and not is_denied(cues.text, found):
            pressing = named
    return pressing


def audience_of(model: CueModel, cues: Cues, matter: Matter | None) -> Audience | None:
    """Who asks: a firm by its words, or by a matter that only one of the two has; None when nothing says so."""
    if any(found.phrase in model.firm for found in cues.found):
        return Audience.FIRM
    if matter is not None and len(matter.audience) == 1:
        return matter.audience[0]
    return None


def is_at_night(model: CueModel, cues: Cues) -> bool:
    """Whether the thing complained of happens at night."""
    return any(found.phrase in model.night for found in cues.found)
