"""What must not become a ticket: emergencies for another line, matters with a legal way of their own, what is outside the hotline.

The phrases are the pack's. What is here is how languages speak of what is not happening: earlier, feared, denied, asked about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from yixian.city.model import Emergency, Route, Triage
from yixian.language.danger import DangerModel, is_thanks, weigh
from yixian.language.model import Alarm, Disposition
from yixian.language.normalise import normalise_words
from yixian.language.phrases import Found, Phrases, compile_phrases, find_all

# In the same clause before the phrase: it is past, feared, supposed, asked about or practised. Kept narrow: a missed alarm is
# worse than a needless one, so "perhaps" or "led to" do not quiet it, and "not" only does when it stands right before.
_NOT_NOW_BEFORE: Final = re.compile(
    r"(?:(?:以前|之前|从前|曾经|曾|去年|前年|上次|上周|上星期|上个?月|前几[天日年]|前段时间|当年|昨天|前天|昨日|寻日|琴日|"
    r"怕|担心|惊|万一|如果|假如|假若|要是|一旦|倘若|容易|会不会|随时会|迟早|差点|差啲|险些|几乎|"
    r"防止|避免|预防|防范|以防|咨询|演练|演习|模拟|培训|宣传|"
    r"\b(?:if|might|may|could|afraid|worried|last (?:year|month|week)|used to|drill|in case|prevent)\b)[^，。,.;；!！?？\n]{0,10}"
    r"|(?:没有|没|未|冇|并非|不是|不会|唔会|无|\bnot?\s))$"
)
# In the same clause after the phrase: it is a subject or a risk, or it is over.
_NOT_NOW_AFTER: Final = re.compile(
    r"^(?:怎么预防|如何预防|的?(?:隐患|风险|演练|演习|培训|知识|案例|责任认定|赔偿)|过的?|\s*(?:drill|hazard|risk|prevention|safety)\b)"
)
# Said by people who need help this minute; then a long message is read as alarm too.
_NOW: Final = re.compile(r"现在|正在|刚刚|刚才|马上|快来|快点|赶紧|救命|紧急|立刻|而家|依家|啱啱|快啲|\b(?:now|help|hurry|urgent(?:ly)?)\b")
_CLAUSE_END: Final = re.compile(r"[，。,;；!！?？\n]|\. ")

UNLESS_CHARACTERS: Final = 40
"""How far from the phrase an `unless` phrase still speaks of it."""
SUBJECT_CHARACTERS: Final = 120
"""What a message is about is said early; a court named in passing, later on, does not make it a lawsuit."""
ALARM_CHARACTERS: Final = 80
"""An alarm is raised at once. A fire in the fourth paragraph of a letter is an argument, unless the letter says "now" beside it."""


class _Rule(msgspec.Struct, frozen=True):
    kind: str
    code: str
    say: str
    unless: tuple[str, ...]


class TriageModel(msgspec.Struct, frozen=True):
    """All phrases in one list; each with the rules it belongs to, emergencies first."""

    phrases: Phrases
    rules: dict[str, tuple[_Rule, ...]]


def compile_triage(triage: Triage) -> TriageModel:
    """The pack's triage words, ready to be found in one pass."""
    rules: dict[str, list[_Rule]] = {}

    def put(kind: str, entries: Sequence[Emergency] | Sequence[Route]) -> None:
        for entry in entries:
            code = entry.to if isinstance(entry, Emergency) else entry.code
            rule = _Rule(kind, code, entry.say, normalise_words(entry.unless))
            for phrase in normalise_words(entry.phrases):
                rules.setdefault(phrase, []).append(rule)

    put("emergency", triage.emergency)
    put("legal_route", triage.legal_route)
    put("outside", triage.outside)
    return TriageModel(compile_phrases(rules), {phrase: tuple(found) for phrase, found in rules.items()})


_ORDER: Final = {"emergency": 0, "legal_route": 1, "outside": 2}


def sort_out(model: TriageModel, text: str) -> Disposition | None:
    """Why a message in plain form (its title, if any, first) does not become a ticket; None when it may.

    Emergencies come before legal routes, those before what is outside; within each, what is said first decides.
    """
    best: tuple[int, int, Disposition] | None = None
    for found in find_all(model.phrases, text):
        for rule in model.rules[found.phrase]:
            rank = (_ORDER[rule.kind], found.start)
            if (best is None or rank < best[:2]) and _holds(rule, found, text):
                best = (*rank, Disposition(rule.kind, rule.code, found.phrase, rule.say))
    return best[2] if best else None


def listen(model: TriageModel, danger: DangerModel | None, text: str, polite: str) -> tuple[Disposition | None, Alarm | None]:
    """Whether a message in plain form is an emergency for sure, may be one, or has another reason not to become a ticket.

    A phrase that the learned weights contradict is asked about and not acted upon: a wrong refusal costs more than a look. What may
    be an emergency is no legal route and not outside: a person looks first. What says nothing, and thanks for what was done, are no alarm.

    `polite`: the same message with its greetings and thanks, which `text` is without.
    """
    found = sort_out(model, text)
    if danger is None:
        return found, None
    weighed = weigh(danger, text)
    if found is not None and found.kind == "emergency":
        if weighed.chance >= danger.sure:
            return found, None
        return None, Alarm(tuple(dict.fromkeys((found.code, *weighed.to))), weighed.chance)
    if weighed.chance >= danger.ask and not weighed.quiet and not is_thanks(danger, polite):
        return None, Alarm(weighed.to, weighed.chance)
    return found, None


def _holds(rule: _Rule, found: Found, text: str) -> bool:
    around = text[max(0, found.start - UNLESS_CHARACTERS) : found.end + UNLESS_CHARACTERS]
    if any(phrase in around for phrase in rule.unless):
        return False
    if rule.kind != "emergency":
        return found.start < SUBJECT_CHARACTERS
    before, after = _clause(text, found)
    if _NOT_NOW_BEFORE.search(before) or _NOT_NOW_AFTER.search(after):
        return False
    return found.start < ALARM_CHARACTERS or _NOW.search(before + after) is not None


def is_denied(text: str, found: Found) -> bool:
    """Whether the phrase is spoken of as past, feared, supposed or not so."""
    before, after = _clause(text, found)
    return _NOT_NOW_BEFORE.search(before) is not None or _NOT_NOW_AFTER.search(after) is not None


def _clause(text: str, found: Found) -> tuple[str, str]:
    """What stands before and after the phrase in its own clause, at most 30 characters each."""
    before = text[max(0, found.start - 30) : found.start]
    cut = max((end.end() for end in _CLAUSE_END.finditer(before)), default=0)
    after = text[found.end : found.end + 30]
    stop = _CLAUSE_END.search(after)
    return before[cut:], after[: stop.start()] if stop else after
