"""Which words of a message speak for a matter: shown to whoever is asked to believe the reading."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from yixian.language.evidence import PHRASE_MARK
from yixian.language.matters import MatterModel
from yixian.language.normalise import normalise
from yixian.language.phrases import Found, find_all
from yixian.language.scripts import UNSPACED
from yixian.language.service import Reader
from yixian.language.words import in_own_words

MOST: Final = 4
"""So many words are named; more would be the message again."""
READ: Final = 300
"""Characters that are looked at: what it is about is said early."""
SHARE: Final = 0.4
"""What speaks less than this share of the strongest is left out."""
CLAUSE: Final = 10
"""Characters of a clause that is named whole because no word of it is known; a longer one would say nothing."""

_RUNS: Final = re.compile(rf"([{UNSPACED}]+)|([^\W\d_{UNSPACED}]+)")


class _Stretch(msgspec.Struct, frozen=True):
    words: str
    start: int
    strength: float


def words_for(reader: Reader, text: str, language: str, matter: str) -> tuple[str, ...]:
    """The words of a message that speak most for a matter, in the order in which they stand; none for an unknown matter.

    They are in plain form and in the matters' own words, as they were read. Where a script puts no spaces between words, they are words and
    phrases that the pack knows, never a piece of one; where it knows none, the clause that speaks for the matter, when that is short.
    """
    model = reader.matters
    if matter not in model.codes:
        return ()
    plain = in_own_words(reader.words, normalise(text, reader.noise)[:READ], language)
    found = list(_stretches(model, plain, matter))
    least = SHARE * max((s.strength for s in found), default=0.0)
    best = sorted((s for s in found if s.strength > 0 and s.strength >= least), key=lambda s: -s.strength)
    words = [s.words for s in sorted(best[:MOST], key=lambda s: s.start)]
    return tuple(dict.fromkeys(words))


def _stretches(model: MatterModel, plain: str, matter: str) -> Iterator[_Stretch]:
    """Runs of characters that speak for the matter, and words that do."""
    leaf = model.codes.index(matter)
    groups = frozenset((leaf, int(model.tree.parents[leaf]), int(model.tree.topics[leaf])))
    heat = [0.0] * len(plain)
    known = find_all(model.phrases, plain)
    for found in known:
        _warm(heat, found.start, found.end, _weight(model, PHRASE_MARK + found.phrase, groups))
    for run in _RUNS.finditer(plain):
        if run.group(1) is not None:
            for at in range(run.start(), run.end() - 1):
                _warm(heat, at, at + 2, _weight(model, plain[at : at + 2], groups))
        else:
            weight = sum(_weight(model, piece, groups) for piece in _pieces(run.group(2)))
            _warm(heat, run.start(), run.end(), weight)
    # A character in the middle of a run belongs to two pairs; what is as warm as one good pair is part of the word.
    warm = 0.25 * max(heat, default=0.0)
    clauses: list[_Stretch] = []
    any_known = False
    for run in _RUNS.finditer(plain):
        spans = list(_warm_runs(heat, run.start(), run.end(), warm)) if run.group(1) is not None else [run.span()]
        whole = list(_whole(spans, known)) if run.group(1) is not None else spans
        any_known = any_known or bool(whole)
        yield from (_Stretch(plain[start:end], start, sum(heat[start:end])) for start, end in whole)
        if spans and not whole and len(run[0]) <= CLAUSE:
            clauses.append(_Stretch(run[0], run.start(), sum(heat[run.start() : run.end()])))
    if not any_known:
        yield from clauses


def _warm_runs(heat: list[float], start: int, end: int, warm: float) -> Iterator[tuple[int, int]]:
    """Where two or more characters together speak for the matter: pairs of characters may begin or end inside a word."""
    since: int | None = None
    for at in range(start, end + 1):
        here = at < end and heat[at] > warm
        if here and since is None:
            since = at
        elif not here and since is not None:
            if at - since > 1:
                yield since, at
            since = None


def _whole(spans: Sequence[tuple[int, int]], known: Sequence[Found]) -> Iterator[tuple[int, int]]:
    """The known words that stand in these places with two characters or more; those that overlap or touch are one."""
    words = [k for k in known if any(min(end, k.end) - max(start, k.start) > 1 for start, end in spans)]
    since = until = -1
    for word in words:
        if word.start > until:
            if since >= 0:
                yield since, until
            since = word.start
        until = max(until, word.end)
    if since >= 0:
        yield since, until


def _warm(heat: list[float], start: int, end: int, weight: float) -> None:
    for at in range(start, end):
        heat[at] += weight / (end - start)


def _weight(model: MatterModel, term: str, groups: frozenset[int]) -> float:
    """How much a term says for a matter, its parent and its topic together."""
    number = model.vocabulary.get(term)
    if number is None:
        return 0.0
    evidence = model.evidence
    first, last = int(evidence.starts[number]), int(evidence.starts[number + 1])
    pairs = zip(evidence.groups[first:last].tolist(), evidence.weights[first:last].tolist(), strict=True)
    return sum(weight for group, weight in pairs if group in groups)


def _pieces(word: str) -> Iterator[str]:
    """The pieces of a word between spaces, as `grams` makes them."""
    closed = f"<{word}>"
    for size in (3, 4, 5):
        for start in range(len(closed) - size + 1):
            yield closed[start : start + size]
