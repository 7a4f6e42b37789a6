"""Whether two messages tell of the same event: near words, one place, one matter, and no number that says otherwise. Pure.

A message is boiled down once to a `Print`: its words and those of its head as numbers, the names of places in it, and the numbers that
tell one house, building or bus line from the next. Two prints are then compared in microseconds. Words count by how rare they are among
the city pack's own examples, so what everybody writes ("please look into this") says nothing, and an estate's name a great deal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from math import exp, log
from typing import Final
from zlib import crc32

import msgspec

from yixian.language.addresses import Part, pieces_of, plain_number
from yixian.language.grams import words_of
from yixian.language.normalise import normalise

HEAD: Final = 40
"""Characters of a message without a title that stand for it: people begin with what it is about."""

READ: Final = 400
"""Characters looked at beside the title; what comes later is argument."""

MOST_WORDS: Final = 240
MOST_KEYS: Final = 16
"""So many keys find 97 % of the like pairs among real messages; with ten it is 94 %."""


class Rarity(msgspec.Struct, frozen=True):
    """What each word is worth: the natural logarithm of how many examples there are for one that holds it."""

    weights: dict[int, float]
    unknown: float
    """Of a word that no example holds."""

    def of(self, words: Iterable[int]) -> float:
        """What these words are worth together."""
        known, unknown = self.weights.get, self.unknown
        return sum([known(word, unknown) for word in words])


class Print(msgspec.Struct, frozen=True):
    """A message as it is compared."""

    head: frozenset[int]
    """Words of the title, or of the first characters."""
    words: frozenset[int]
    """All words, those of the head too."""
    names: frozenset[str]
    """Roads, estates, schools and the like that it names."""
    numbers: frozenset[str]
    """What contradicts when it differs: `building 3`, `house 12 中山路`, `phase 2`, `line 204`."""
    keys: tuple[int, ...]
    """Its rarest stretches and its names: messages of one event share at least one nearly always, and others rarely."""


class Told(msgspec.Struct, frozen=True):
    """A message with what is known of it beside its words."""

    print: Print
    at: datetime
    matter: str | None = None
    topics: tuple[str, ...] = ()
    """The matters above those that it may be about, the likeliest first: siblings when the first of one is among the other's."""
    regions: tuple[str, ...] = ()
    """Its region and those around it, the deepest first, without the city; empty when nobody knows."""


def compile_rarity(texts: Iterable[str]) -> Rarity:
    """How rare words are in these texts, such as a pack's examples; about 0.1 ms of one core each."""
    counts: dict[int, int] = {}
    total = 0
    for text in texts:
        total += 1
        for word in _words(normalise(text)):
            counts[word] = counts.get(word, 0) + 1
    return Rarity({word: log((total + 1) / (count + 1)) for word, count in counts.items()}, log(total + 1) if total else 1.0)


_A_HOUSE: Final = re.compile(r" ?[\d一二三四五六七八九十百-]{1,9} ?号")


def print_of(
    rarity: Rarity, text: str, title: str = "", place: str = "", noise: tuple[str, ...] = (), areas: tuple[str, ...] = ()
) -> Print:
    """The print of a message as it was typed or said.

    Args:
        place: where, as one would say it.
        noise: phrases to leave out, in plain form.
        areas: names of districts and streets, left out as well but where a house number follows. Thousands live in each: that two messages
            name one says nothing that their regions do not say, and 江南中街 looks like a road.
    """
    plain_title, plain = normalise(f"{title} {place}".strip(), noise), normalise(text, noise)[:READ]
    # Numbers and names need the address around them.
    whole = f"{plain_title}。{plain}" if plain_title else plain
    names, numbers = frozenset(_names(whole, areas)), frozenset(_numbers(whole))
    plain_title, plain = _outside(areas, plain_title), _outside(areas, plain)
    head = plain_title if title else f"{plain_title}。{plain[:HEAD]}"
    whole = f"{plain_title}。{plain}" if plain_title else plain
    in_head = frozenset(_words(head))
    words = in_head if head == whole else in_head.union(_words(whole))
    if len(words) > MOST_WORDS:
        words = in_head.union(sorted(words, key=lambda w: (-rarity.weights.get(w, rarity.unknown), w))[:MOST_WORDS])
    return Print(in_head, words, names, numbers, _keys(rarity, names, f"{plain_title}。{plain[:HEAD]}"))


def _outside(areas: tuple[str, ...], plain: str) -> str:
    """A text in plain form without these names, where no house is named by them."""
    for area in areas:
        if area in plain:
            plain = re.sub(rf"{re.escape(area)}(?!{_A_HOUSE.pattern})", " ", plain).strip()
    return plain


def _words(text: str) -> list[int]:
    """Pairs of characters where words are not spaced, words of three letters and more where they are; as numbers for an index."""
    return [hashed(word) for word in words_of(text) if word[0] != "=" or len(word) > 3]


def hashed(word: str) -> int:
    """A word as a signed number of 32 bits, the same in every process."""
    number = crc32(word.encode())
    return number - (1 << 32) if number >> 31 else number


_HAN: Final = re.compile("[\u3400-\u9fff]{3,}")
_SPACED: Final = re.compile(r"[^\W\d_]{4,}")


def _keys(rarity: Rarity, names: Iterable[str], head: str) -> tuple[int, ...]:
    """Names first, then the rarest stretches of the head: three characters, or a word where words are spaced."""
    worth: dict[int, float] = {}
    for run in _HAN.findall(head):
        pairs = [rarity.weights.get(hashed(run[start : start + 2]), rarity.unknown) for start in range(len(run) - 1)]
        for start, (one, other) in enumerate(pairwise(pairs)):
            worth[hashed(run[start : start + 3])] = one + other + min(one, other)
    for word in _SPACED.findall(_HAN.sub(" ", head)):
        worth[hashed(word)] = 2 * rarity.weights.get(hashed("=" + word), rarity.unknown)
    rarest = sorted(worth, key=lambda key: (-worth[key], key))
    return tuple(dict.fromkeys((*sorted(hashed(name) for name in names)[: MOST_KEYS // 2], *rarest)))[:MOST_KEYS]


def _names(text: str, areas: tuple[str, ...]) -> Iterator[str]:
    for piece in pieces_of(text, ()):
        if piece.part in (Part.NAME, Part.ROAD):
            name = text[piece.start : piece.end]
            if not _A_HOUSE.match(text, piece.end):
                name = _outside(areas, name)
            if len(name) > 2:
                yield name


# -- Numbers that tell one place from the next -------------------------------------------------------------------

_NUMERAL: Final = "一二三四五六七八九十百"
_ONE: Final = rf"(?:[a-z]?\d{{1,4}}[a-z]?|[a-z]|[{_NUMERAL}]{{1,4}})"
_BUILDING: Final = re.compile(
    rf"(?<![\da-z{_NUMERAL}几两多每整这那某同])({_ONE}(?: ?[、,，和及至到-] ?{_ONE})*) ?(?:号楼|号栋|栋|幢|座(?!大?[桥山庙塔城]))"
    r"|\b(?:building|block|tower) ([a-z]?\d{1,4}[a-z]?|[a-z])\b"
)
_PHASE: Final = re.compile(rf"(?<![第\d{_NUMERAL}学任分])([1-9]|[一二三四五六七八九]) ?期(?![间待限望末房货刊])")
_HOUSE: Final = re.compile(
    rf"(?:([\u3400-\u9fff]{{1,2}}(?:大道[东西南北中]?|街?道|[路街巷弄里坊村围][东西南北中]?))|门牌|(?<=[区园苑院寓庭厦城]))"
    rf" ?(\d{{1,5}}(?:-\d{{1,3}})?|[{_NUMERAL}]{{1,4}}) ?号(?![线楼栋文令公告机窗台车通])"
    r"|(?<![\w.])(?:no\.? ?|number )?(\d{1,4}[a-z]?),? ([a-z]+) (?:road|street|lane|avenue|rd|st)\b"
    # A number that stands alone, too high for a day of the month and not that of a law or a line.
    r"|(?<![\da-z月第编〕\])）》.:/~至到-]) ?(3[2-9]|[4-9]\d|\d{3,4}) ?号(?![线楼栋文令公告机窗台车通码院工])"
)
_LINE: Final = re.compile(
    r"(?<![\da-z])([a-z]{0,2}\d{1,4}) ?路(?=公交|车|巴士|首|末|班|到|的|改|等|$|[,，。、 ])"
    r"|(\d{1,2}) ?号线|\b(?:bus|line) (\d{1,3})\b"
)
_ONE_OF_A_KIND: Final = re.compile("一(?:栋|幢|座)")
_SPLIT: Final = re.compile("[、,，和及]")
_RANGE: Final = re.compile(r"(\d{1,3}) ?[至到-] ?(\d{1,3})")
_LONGEST_RANGE: Final = 40


def _numbers(text: str) -> Iterator[str]:
    for found in _BUILDING.finditer(text):
        # 一栋 is "a building" far more often than building number one.
        if not _ONE_OF_A_KIND.fullmatch(found.group()):
            yield from (f"building {number}" for number in _each(found.group(1) or found.group(2)))
    yield from (f"phase {plain_number(found.group(1))}" for found in _PHASE.finditer(text))
    for found in _HOUSE.finditer(text):
        road, number = found.group(1) or found.group(4) or "", plain_number(found.group(2) or found.group(3) or found.group(5))
        yield f"house {number} {road}".strip()
    yield from (f"line {found.group(1) or found.group(2) or found.group(3)}" for found in _LINE.finditer(text))


def _each(numbers: str) -> Iterator[str]:
    """`1、7-9` as 1, 7, 8, 9."""
    for number in _SPLIT.split(numbers):
        span = _RANGE.fullmatch(number.strip())
        if span and 0 < int(span.group(2)) - int(span.group(1)) <= _LONGEST_RANGE:
            yield from (str(n) for n in range(int(span.group(1)), int(span.group(2)) + 1))
        else:
            yield from (plain_number(part.strip()) for part in re.split("[至到-]", number) if part.strip())


def contradict(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether two messages' numbers say that they are about different houses, buildings, phases or lines.

    3栋 and 5栋 do; 3栋 and 3栋502 do not, nor does a number against none. House numbers are only compared on one road.
    """
    first, second = _by_kind(one), _by_kind(other)
    for kind in first.keys() & second.keys():
        if kind == "house":
            pairs = [(a, b) for a in first[kind] for b in second[kind] if _comparable(a, b)]
            if pairs and all(a.split(" ")[0] != b.split(" ")[0] for a, b in pairs):
                return True
        elif first[kind].isdisjoint(second[kind]):
            return True
    return False


def _by_kind(numbers: Iterable[str]) -> dict[str, set[str]]:
    kinds: dict[str, set[str]] = {}
    for number in numbers:
        kind, _, rest = number.partition(" ")
        kinds.setdefault(kind, set()).add(rest)
    return kinds


def _comparable(one: str, other: str) -> bool:
    roads = [house.partition(" ")[2] for house in (one, other)]
    return roads[0] == roads[1] or not all(roads)


# -- How alike ---------------------------------------------------------------------------------------------------


_HARDLY: Final = 0.7
"""One example may hold a rare word, not two: log 2."""


def _rare(rarity: Rarity, words: Iterable[int]) -> int:
    """Words that hardly any example holds: what only this event is called by."""
    known, unknown = rarity.weights.get, rarity.unknown
    least = unknown - _HARDLY
    return sum([known(word, unknown) >= least for word in words])


@lru_cache(maxsize=4096)
def _words_of(name: str) -> frozenset[int]:
    return frozenset(_words(name))


_HELD: Final = 0.6
"""Where the grammar of addresses took a word too many, most of the name is still there: 区丽发新城 and 丽发新城."""


def _holds(rarity: Rarity, print: Print, name: str) -> bool:
    """Whether the message holds most of the name, by its words' rarity; 花园 alone is not much of 翠湖花园."""
    if name in print.names:
        return True
    words = _words_of(name)
    return bool(words) and rarity.of(words & print.words) >= _HELD * rarity.of(words)


def _regions(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[bool, bool]:
    """Whether one lies in the other at least a street deep, and whether they lie apart."""
    if not one or not other:
        return False, False
    inside = one[0] in other or other[0] in one
    return inside and len(one) > 1 and len(other) > 1, not inside


WITHIN: Final = timedelta(days=7)
"""Messages further apart are not compared (domain sheet: duplicate window of seven days)."""

JOINED_FROM: Final = 0.5
"""From this probability two messages count as one event."""

_OWN: Final = 2
"""So many rare words of a head's own are taken for a name that no grammar of addresses knows."""

_RARE: Final = 3
"""So many rare words in common stand for a place where none is named: 58车贷, a company, a school without its ending."""

# Fitted by logistic regression on half of the labelled pairs, except `near`, which that city's masked regions cannot show.
_BIAS: Final = -3.9
_HEAD: Final = 7.3
"""For the share, by rarity, of what each begins with that the other holds anywhere; 0 to 1."""
_NAMES: Final = 1.9
_MATTER: Final = 1.3
_SIBLINGS: Final = 0.8
_NEAR: Final = 1.0


def same_event(rarity: Rarity, one: Told, other: Told) -> float:
    """How probable it is that two messages are about one event, 0 to 1; about ten microseconds, less for most that are not.

    Some things settle it, whatever the words: days between them, regions that lie apart, numbers that contradict, names of places of
    which none is the same; and that nothing says that it is the same place: two street lamps are out, somewhere, or in one street
    before two estates that only their people know. Only then are the words weighed.
    """
    if abs(one.at - other.at) > WITHIN:
        return 0.0
    near, apart = _regions(one.regions, other.regions)
    a, b = one.print, other.print
    if apart or (a.numbers and b.numbers and contradict(a.numbers, b.numbers)):
        return 0.0
    names = _shared_names(rarity, a, b) if a.names or b.names else 0
    if a.names and b.names and not names:
        return 0.0
    again, back = a.head & b.words, b.head & a.words
    if not names and _rare(rarity, again | back) < _RARE and not (near and not _have_names(rarity, a, b)):
        return 0.0
    heads = rarity.of(a.head) + rarity.of(b.head)
    alike = (rarity.of(again) + rarity.of(back)) / heads if heads else 0.0
    matter = one.matter is not None and one.matter == other.matter
    siblings = not {*one.topics[:1], *other.topics[:1]}.isdisjoint({*one.topics} & {*other.topics})
    total = _BIAS + _HEAD * alike + _NAMES * min(names, 2) + _MATTER * matter + _SIBLINGS * siblings + _NEAR * near
    return 1 / (1 + exp(-total))


def _shared_names(rarity: Rarity, a: Print, b: Print) -> int:
    """Place names that both hold."""
    return sum(_holds(rarity, a, name) and _holds(rarity, b, name) for name in a.names | b.names)


def _have_names(rarity: Rarity, a: Print, b: Print) -> bool:
    """Whether each head has as many rare words that the other message lacks as two names would be."""
    return min(_rare(rarity, a.head - b.words), _rare(rarity, b.head - a.words)) >= _OWN
