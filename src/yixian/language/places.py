"""Where it is: the city's regions and places, found in the words and brought into agreement with each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Final

import msgspec

from yixian.city.model import Level, Place, Region
from yixian.language.model import PlaceFound
from yixian.language.normalise import normalise
from yixian.language.phrases import Found, Phrases, compile_phrases, find_longest

_ENDINGS: Final = {
    Level.CITY: ("市",),
    Level.DISTRICT: ("区", "县", "市"),
    Level.STREET: ("街道", "镇", "乡"),
    Level.COMMUNITY: ("社区", "村"),
}
_SPOKEN: Final = {
    Level.STREET: ("街", "街道", "街道办", "镇", "镇政府"),
    Level.COMMUNITY: ("社区", "村", "居委", "居委会", "村委", "村委会"),
}
_DEPTH: Final = {Level.PROVINCE: 0, Level.CITY: 1, Level.DISTRICT: 2, Level.STREET: 3, Level.COMMUNITY: 4}

# A region's short name before one of these is another thing's name: 黄埔大道 is not in 黄埔区, 白云机场 not in the whole of 白云区.
_NAMES_A_ROAD: Final = re.compile(
    r"(?:[一二三四五六七八九十东南西北中]{0,2}(?:大道|大街|马路|路|街|巷|桥|隧道|立交|站|广场|机场|公园|山|湖|河|涌|大厦|花园|小学|中学|大学|医院|酒店|市场|城|苑|村|线))"
)
# What follows a place and still says where: roads, house numbers, buildings.
_ADDRESS_TAIL: Final = re.compile(
    r"(?:[^\W的旁边和与在至到这段条通就是附近对面村]{0,6}?(?:大道|大街|马路|路|街|巷|里|胡同|弄|坊)[一二三四五六七八九十东南西北中]{0,2})?"
    r"(?:\d+(?:-\d+)*(?:号之[一二三四五六七八九十]|号|弄|栋|座|幢|楼|单元|室|房|铺)?){0,4}"
)
_BARE_ADDRESS: Final = re.compile(
    r"[\u4e00-\u9fff]{2,6}?(?:大道|大街|马路|路|街|巷)[一二三四五六七八九十东南西北中]{0,2}(?:\d+(?:-\d+)*(?:号|弄|栋|座|幢))?"
)
_NOT_A_NAME: Final = re.compile(r"^.*(?:[的在到去从过我是了和与把往这那哪条喺]|反映|投诉|位于|附近|门口|来自)")
_NO_ROAD: Final = re.compile(r"[绕修铁公道让问迷占走赶挡堵过网线思出电套条该]路$|马路$")
_GENERIC: Final = re.compile(r"(?:站|路|街|大学|学校|校|院|园|场|厂|城)$")
_STOP: Final = re.compile(r"[，。,.;；!！?？]")


class Clarity(IntEnum):
    """When a name counts."""

    BESIDE = 0
    """Only right after the name of a region around it: 和平, 东风 and hundreds of other communities are ordinary words."""
    INSIDE = 1
    """When a region around it is named anywhere: 火车站 and 大马路 are communities too."""
    CLEAR = 2
    """By itself."""


class Sense(msgspec.Struct, frozen=True):
    """What a name may mean: regions, and how clearly it names them."""

    regions: tuple[str, ...]
    clarity: Clarity
    bare: bool = False
    """A short name without its ending; as part of a road's name it means nothing."""


class Gazetteer(msgspec.Struct, frozen=True):
    """Names and what they mean; for every region the chain of regions around it, itself first."""

    phrases: Phrases
    senses: dict[str, Sense]
    chains: dict[str, tuple[str, ...]]
    depth: dict[str, int]


class _Named(msgspec.Struct, frozen=True):
    found: Found
    sense: Sense


def compile_gazetteer(regions: Sequence[Region], places: Sequence[Place] = ()) -> Gazetteer:
    """Every way to name a region or place. Endings such as 区, 街道, 社区 are dropped here and need not be listed as aliases."""
    chains = _chains(regions)
    known: dict[str, dict[str, tuple[Clarity, bool]]] = {}
    for region in regions:
        for name, clarity, bare in _names(region):
            _put(known, name, region.code, clarity, bare)
    for place in places:
        for name in (place.name, *place.aliases):
            for code in place.regions:
                _put(known, normalise(name), code, Clarity.CLEAR if len(name) > 2 else Clarity.BESIDE, bare=False)
    senses = {name: _sense(codes) for name, codes in known.items() if name}
    return Gazetteer(
        phrases=compile_phrases(senses),
        senses=senses,
        chains=chains,
        depth={region.code: _DEPTH[region.level] for region in regions},
    )


def _chains(regions: Sequence[Region]) -> dict[str, tuple[str, ...]]:
    parent = {region.code: region.parent for region in regions}
    chains: dict[str, tuple[str, ...]] = {}
    for region in regions:
        chain = [region.code]
        while (above := parent.get(chain[-1])) is not None and above in parent and above not in chain:
            chain.append(above)
        chains[region.code] = tuple(chain)
    return chains


def _names(region: Region) -> Iterable[tuple[str, Clarity, bool]]:
    """Names of a region, when each counts, and whether it is bare of its ending."""
    name = normalise(region.name)
    stem = next((name[: -len(end)] for end in _ENDINGS.get(region.level, ()) if name.endswith(end) and len(name) > len(end) + 1), name)
    yield name, Clarity.CLEAR if len(name) > 2 else Clarity.BESIDE, False
    if stem != name:
        yield stem, _stem_clarity(region.level, stem), True
        for ending in _SPOKEN.get(region.level, ()):
            yield stem + ending, Clarity.BESIDE if len(stem + ending) < 3 else Clarity.CLEAR, False
    for alias in region.aliases:
        yield normalise(alias), Clarity.CLEAR if len(alias) > 2 or region.level is Level.DISTRICT else Clarity.BESIDE, True


def _stem_clarity(level: Level, stem: str) -> Clarity:
    if level in (Level.CITY, Level.DISTRICT):
        return Clarity.CLEAR
    if len(stem) < 3:
        return Clarity.BESIDE
    if level is Level.COMMUNITY and (len(stem) == 3 or _GENERIC.search(stem)):
        return Clarity.INSIDE
    return Clarity.CLEAR


def _put(known: dict[str, dict[str, tuple[Clarity, bool]]], name: str, code: str, clarity: Clarity, bare: bool) -> None:
    codes = known.setdefault(name, {})
    was, was_bare = codes.get(code, (Clarity.BESIDE, True))
    codes[code] = (max(was, clarity), was_bare and bare)


def _sense(codes: dict[str, tuple[Clarity, bool]]) -> Sense:
    """A name's full form beats another region's short form: 西村街道 is not the stem of 西村街道社区."""
    whole = [code for code, (_, bare) in codes.items() if not bare]
    meant = whole or list(codes)
    return Sense(
        regions=tuple(sorted(meant)),
        clarity=max(codes[code][0] for code in meant),
        bare=not whole,
    )


def find_place(gazetteer: Gazetteer, text: str) -> PlaceFound:
    """Where a message in plain form says it is: the deepest region all its clear words agree on, with what else it could be."""
    named = _counting(gazetteer, text)
    if not named:
        return PlaceFound(text=_bare_address(text))
    best = _most_agreed(gazetteer, named)
    return PlaceFound(
        region=_in_common(gazetteer, best),
        text=_words(text, [name for name in named if _agrees(gazetteer, name, best)], best),
        candidates=best if len(best) > 1 else (),
    )


def _counting(gazetteer: Gazetteer, text: str) -> list[_Named]:
    """The names that count, by place in the text."""
    every = [
        named
        for found in find_longest(gazetteer.phrases, text)
        if not ((named := _Named(found, gazetteer.senses[found.phrase])).sense.bare and _NAMES_A_ROAD.match(text, found.end))
    ]
    clear = [named for named in every if named.sense.clarity is Clarity.CLEAR]
    if len(clear) == len(every) or not clear:
        return clear
    around = tuple({code for named in clear for code in named.sense.regions if gazetteer.depth.get(code, 0) >= _DEPTH[Level.DISTRICT]})
    counting: list[_Named] = []
    for named in every:
        if named.sense.clarity is Clarity.CLEAR:
            counting.append(named)
            continue
        if named.sense.clarity is Clarity.BESIDE:
            around_it = counting[-1].sense.regions if counting and named.found.start - counting[-1].found.end <= 2 else ()
        else:
            around_it = around
        if inside := _inside(gazetteer, named.sense, around_it):
            counting.append(_Named(named.found, Sense(inside, Clarity.CLEAR)))
    return counting


def _inside(gazetteer: Gazetteer, sense: Sense, around: Sequence[str]) -> tuple[str, ...]:
    return tuple(code for code in sense.regions if any(outer in gazetteer.chains[code][1:] for outer in around))


def _most_agreed(gazetteer: Gazetteer, named: Sequence[_Named]) -> tuple[str, ...]:
    """The regions that most names fit; among those the deepest; among those the ones named first."""
    support: dict[str, int] = {}
    first: dict[str, int] = {}
    for name in named:
        for code in name.sense.regions:
            first.setdefault(code, name.found.start)
    names = {name.found.phrase: name for name in named}.values()
    for code in first:
        support[code] = sum(1 for name in names if any(_compatible(gazetteer, code, other) for other in name.sense.regions))
    rank = {code: (support[code], gazetteer.depth.get(code, 0)) for code in first}
    top = max(rank.values())
    tied = [code for code in first if rank[code] == top]
    earliest = min(first[code] for code in tied)
    return tuple(sorted(code for code in tied if first[code] == earliest))


def _compatible(gazetteer: Gazetteer, code: str, other: str) -> bool:
    """Whether a name that means `other` speaks for `code`: `other` is `code` or lies around it."""
    return other in gazetteer.chains.get(code, (code,))


def _agrees(gazetteer: Gazetteer, name: _Named, best: Sequence[str]) -> bool:
    return any(_compatible(gazetteer, code, other) for code in best for other in name.sense.regions)


def _in_common(gazetteer: Gazetteer, codes: Sequence[str]) -> str | None:
    """The deepest region around all of `codes`; None when that is only the whole city, unless the city itself was meant."""
    if len(codes) == 1:
        return codes[0]
    shared = set[str](gazetteer.chains.get(codes[0], ())).intersection(*(gazetteer.chains.get(code, ()) for code in codes[1:]))
    deep = [code for code in shared if gazetteer.depth.get(code, 0) > _DEPTH[Level.CITY]]
    return max(deep, key=lambda code: gazetteer.depth[code], default=None)


def _words(text: str, named: Sequence[_Named], best: Sequence[str]) -> str:
    """The words that name `best`, with the wider names close by and the road and house number that follow."""
    kernel = next(number for number, name in enumerate(named) if any(code in name.sense.regions for code in best))
    start, end = named[kernel].found.start, named[kernel].found.end
    for name in reversed(named[:kernel]):
        if _joins(text[name.found.end : start]):
            start = name.found.start
    for name in named[kernel + 1 :]:
        if _joins(text[end : name.found.start]):
            end = name.found.end
    tail = _ADDRESS_TAIL.match(text, end)
    return text[start : tail.end() if tail else end]


def _joins(between: str) -> bool:
    return len(between) <= 6 and _STOP.search(between) is None


def _bare_address(text: str) -> str:
    """A road with or without a number, when the gazetteer knows no name in the text."""
    for found in _BARE_ADDRESS.finditer(text):
        name = _NOT_A_NAME.sub("", found.group())
        if len(name) > 2 and not _NO_ROAD.search(name):
            return name
    return ""
