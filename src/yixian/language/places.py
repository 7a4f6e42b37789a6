"""Where it is: the city's regions and places, found in the words and brought into agreement with each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Final

import msgspec

from yixian.city.model import NO_PLACE, OUTSIDE, Level, Place, Region
from yixian.language.addresses import Part, Piece, pieces_of
from yixian.language.model import PlaceFound
from yixian.language.normalise import normalise
from yixian.language.phrases import Found, Phrases, compile_phrases, find_longest
from yixian.language.whereabouts import bearing

_ENDINGS: Final = {
    Level.CITY: ("市",),
    Level.DISTRICT: ("区", "县", "市"),
    Level.STREET: ("街道", "镇", "乡"),
    Level.COMMUNITY: ("社区", "村"),
}
_SPOKEN: Final = {
    # A village in the city has often given its name to the street around it: 石牌村 lies in 石牌街道.
    Level.STREET: ("街", "街道", "街道办", "镇", "镇政府", "村"),
    Level.COMMUNITY: ("社区", "村", "居委", "居委会", "村委", "村委会"),
}
_DEPTH: Final = {Level.PROVINCE: 0, Level.CITY: 1, Level.DISTRICT: 2, Level.STREET: 3, Level.COMMUNITY: 4}

# A region's short name before one of these is another thing's name: 黄埔大道 is not in 黄埔区, 白云机场 not in the whole of 白云区.
_NAMES_ANOTHER: Final = re.compile(
    r"[一二三四五六七八九十东南西北中]{0,2}(?:大道|大街|马路|路|街|巷|桥|隧道|立交|站|广场|机场|公园|山|湖|河|涌|大厦|花园|小学|中学|大学|医院|酒店|市场|城|苑|村|线)"
    r"|银行|啤酒|荔枝|日报|晚报|航空|[菜话牌队籍酒米鸡](?!市场|房)|人(?=[,。的在来说去都 ]|$)|丝苗|早茶|凉茶|快线|号线|制药|集团|证券|恒大"
    r"| (?:\w+ )?(?:road|rd|street|avenue|ave|boulevard|university|college|hospital|bank|beer|airport|mountain)\b"
)
# A road's name before one of these is part of another word: 北京路线.
_COUNTS: Final = tuple("一二三四五六七八九十")
_NO_ROAD: Final = re.compile(r"[线由]")
# What shows that a short name is a place: 棠下附近, 员村地铁站; and after 在, what can only follow a place.
_AT_A_PLACE: Final = re.compile(
    r" ?的?(?:附近|旁边?|一带|[那这]边|[嗰𠮶呢]边|周边|门口|对面|村口|牌坊|城中村|批发市场|肉菜市场|菜市场|农贸市场|市场|商场|地铁|公交站"
    r"|派出所|医院|卫生院|[中小]学|幼儿园|小区|花园|新村|工业区|工业园|科技园|客运站|收费站|立交|大桥|隧道|广场|公园|水厂|街道|村里)"
)
_AFTER_IN: Final = re.compile(r"[的嘅,，。这那有开住租买被]|$")
# After a town that opens a sentence, these show that it is where, and not whence: 东莞的工厂, 深圳地铁.
_SOME_OF: Final = re.compile(
    r"的|那[边里]|[嗰𠮶]边|有[个间家]|某|一[家个间]|市区|地铁|机场|火车站|高铁站"
    r"|(?!老板|老乡|口音|饭店|菜馆|米粉|司机|游客|客户|商家|公司|工作|品牌)[\u4e00-\u9fff]{2}(?:的|有[个间家]|一[家个间]|那边)"
)
# Streets all over the country are called so; the words mean other things at least as often.
_ORDINARY: Final = re.compile(
    r"人民|建设|和平|解放|东风|前进|新华|光明|胜利|团结|长兴|凤凰|兴华|太平|永和|人和|中山|北京|工业|商业|学院|广场|公园|中心|白云|[东南西北]区|新城|新村|开发区|东山"
    r"|龙凤|华乐|百花|金花|大东|大沙|沙河|红旗|向阳|朝阳|幸福|文化|体育|火车站|车站|机场|码头|市场|中新|街口|城区|老城|新港|滨江|中南|江南|江北|华南|新市"
)
_GENERIC: Final = re.compile(r"(?:站|路|街|大学|学校|校|院|园|场|厂|城)$")
_STOP: Final = re.compile(r"[。.;；!！?？，,]")
_LINK: Final = re.compile(r"[ 的(（·/]{0,2}")
_CROSSING: Final = re.compile(r" ?(?:和|与|跟|同|及|、|至|到|-|&|and) ?")
_WIDE: Final = re.compile("[\u4e00-\u9fff]")
_OF_A_COMMUNITY: Final = 4
"""Length of a community's chain: itself, street, district, city."""
_NAMED: Final = 4
"""So many candidates are named when asking back."""


class Form(IntEnum):
    """How much of its name a word gives."""

    BARE = 0
    """A short name without its ending; as part of a road's name it means nothing."""
    SPOKEN = 1
    """With an ending that is not its own: 江南中街 for 江南中街道."""
    WHOLE = 2


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
    kind: str = ""
    """Of a place, its kind in the pack; of a region, empty."""


class Gazetteer(msgspec.Struct, frozen=True):
    """Names and what they mean; for every region the chain of regions around it, itself first."""

    phrases: Phrases
    senses: dict[str, Sense]
    chains: dict[str, tuple[str, ...]]
    depth: dict[str, int]
    names: dict[str, str]
    """Of every region, as people write it."""
    beyond: dict[str, Sense]
    """Places outside the city, whose names something small in the city may have too."""


class _Named(msgspec.Struct, frozen=True):
    found: Found
    sense: Sense


class _Group(msgspec.Struct, frozen=True):
    """Names and pieces of address that stand together."""

    start: int
    end: int
    named: tuple[_Named, ...]
    pieces: tuple[Piece, ...]
    bearing: int
    """How surely it is where it happens; below zero for where somebody lives, works, comes from or goes to."""

    @property
    def located(self) -> bool:
        """Whether the gazetteer knows where it is."""
        return any(name.sense.regions for name in self.named)


class _Mark(msgspec.Struct, frozen=True):
    """A name or a piece, while groups are made."""

    start: int
    end: int
    named: _Named | None = None
    piece: Piece | None = None

    @property
    def is_road(self) -> bool:
        """Whether it is a road, known or not."""
        if self.named is not None:
            return self.named.sense.kind == "road"
        return self.piece is not None and self.piece.part is Part.ROAD


def compile_gazetteer(regions: Sequence[Region], places: Sequence[Place] = ()) -> Gazetteer:
    """Every way to name a region or place. Endings such as 区, 街道, 社区 are dropped here and need not be listed as aliases."""
    known: dict[str, dict[str, tuple[Clarity, Form]]] = {}
    kinds: dict[str, str] = {}
    for region in regions:
        for name, clarity, form in _names(region):
            _put(known, name, region.code, clarity, form)
    for place in places:
        for name in (place.name, *place.aliases):
            plain = normalise(name)
            kinds.setdefault(plain, place.kind)
            for code in place.regions:
                _put(known, plain, code, Clarity.CLEAR if len(name) > 2 else Clarity.BESIDE, Form.WHOLE)
    chains = _chains(regions)
    senses = {name: _sense(codes, kinds.get(name, ""), chains) for name, codes in known.items() if name}
    beyond = {name: sense for place in places if place.kind in (OUTSIDE, NO_PLACE) for name, sense in _beyond(place)}
    # A name that the city itself has keeps meaning the city's.
    senses = beyond | senses
    return Gazetteer(
        phrases=compile_phrases(senses),
        senses=senses,
        chains=chains,
        depth={region.code: _DEPTH[region.level] for region in regions},
        names={region.code: region.name for region in regions},
        beyond={name: sense for name, sense in beyond.items() if sense.kind == OUTSIDE},
    )


def _beyond(place: Place) -> Iterable[tuple[str, Sense]]:
    """Names of a place outside the city, or of what is no place."""
    yield normalise(place.name), Sense((), Clarity.CLEAR, kind=place.kind)
    for alias in place.aliases:
        yield normalise(alias), Sense((), Clarity.CLEAR, bare=True, kind=place.kind)


def _chains(regions: Sequence[Region]) -> dict[str, tuple[str, ...]]:
    parent = {region.code: region.parent for region in regions}
    chains: dict[str, tuple[str, ...]] = {}
    for region in regions:
        chain = [region.code]
        while (above := parent.get(chain[-1])) is not None and above in parent and above not in chain:
            chain.append(above)
        chains[region.code] = tuple(chain)
    return chains


def _names(region: Region) -> Iterable[tuple[str, Clarity, Form]]:
    """Names of a region, when each counts, and how much of its name each is."""
    name = normalise(region.name)
    stem = next((name[: -len(end)] for end in _ENDINGS.get(region.level, ()) if name.endswith(end) and len(name) > len(end) + 1), name)
    yield name, Clarity.CLEAR if len(name) > 2 else Clarity.BESIDE, Form.WHOLE
    if stem != name:
        yield stem, _stem_clarity(region.level, stem), Form.BARE
        for ending in _SPOKEN.get(region.level, ()):
            yield stem + ending, Clarity.BESIDE if len(stem + ending) < 3 else Clarity.CLEAR, Form.SPOKEN
    for alias in region.aliases:
        yield normalise(alias), Clarity.CLEAR if len(alias) > 2 or region.level is Level.DISTRICT else Clarity.BESIDE, Form.BARE


def _stem_clarity(level: Level, stem: str) -> Clarity:
    if level in (Level.CITY, Level.DISTRICT):
        return Clarity.CLEAR
    if len(stem) < 3:
        return Clarity.BESIDE
    if level is Level.COMMUNITY and (len(stem) == 3 or _GENERIC.search(stem)):
        return Clarity.INSIDE
    return Clarity.CLEAR


def _put(known: dict[str, dict[str, tuple[Clarity, Form]]], name: str, code: str, clarity: Clarity, form: Form) -> None:
    codes = known.setdefault(name, {})
    was, was_form = codes.get(code, (Clarity.BESIDE, Form.BARE))
    codes[code] = (max(was, clarity), max(was_form, form))


def _sense(codes: dict[str, tuple[Clarity, Form]], kind: str, chains: Mapping[str, tuple[str, ...]]) -> Sense:
    """A name's full form beats another region's short form: 西村街道 is not the stem of 西村街道社区."""
    form = max(form for _, form in codes.values())
    full = [code for code, (_, own) in codes.items() if own is form]
    # What people call so stays beside it, except next door: 大塘社区 is called 大塘村 as the 大塘村 of another district is; where a
    # 钟落潭社区 and a 钟落潭村 lie in one town, each keeps its name.
    next_door = {outer for code in full for outer in chains[code][1:2]}
    spoken = [
        code
        for code, (_, own) in codes.items()
        if own is Form.SPOKEN and form is Form.WHOLE and len(chains[code]) == _OF_A_COMMUNITY and chains[code][1] not in next_door
    ]
    meant = [*full, *spoken]
    return Sense(
        regions=tuple(sorted(meant)),
        clarity=max(codes[code][0] for code in meant),
        bare=form is Form.BARE,
        kind=kind,
    )


def find_place(gazetteer: Gazetteer, text: str) -> PlaceFound:
    """Where a message in plain form says it is: the deepest region all its clear words agree on, with what else it could be.

    Where somebody lives, works or comes from gives way to where it happens. When two places fit, or the words contradict each
    other, the region is only what is certain and `ask` says what to ask.
    """
    groups = _groups(gazetteer, text)
    if not groups:
        return PlaceFound()
    here = _here(gazetteer, text, groups)
    if beyond := _beyond_the_city(gazetteer, text, groups, here):
        return _outside(gazetteer, text, beyond)
    located = [group for group in here if group.located]
    if not located:
        return _unlocated(gazetteer, text, groups, here)
    best = _most_agreed(gazetteer, [(name, group.bearing > 0) for group in located for name in group.named if name.sense.regions])
    best = _narrowed(gazetteer, best, groups, here)
    candidates = (*best, *_contradicting(gazetteer, located, best))
    candidates = candidates if len(candidates) > 1 else ()
    found = PlaceFound(region=in_common(gazetteer, candidates or best), candidates=candidates, ask=ask_back(gazetteer, candidates, text))
    found = _described(text, _told(gazetteer, text, here, best), found)
    only_city = gazetteer.depth.get(best[0], 0) <= _DEPTH[Level.CITY] and not (found.road or found.name)
    return msgspec.structs.replace(found, text="") if only_city else found


# -- Names and groups ---------------------------------------------------------------------------------------------


def _groups(gazetteer: Gazetteer, text: str) -> list[_Group]:
    """What stands together, by place in the text."""
    every = find_longest(gazetteer.phrases, text)
    named = _counting(gazetteer, text, every)
    pieces = pieces_of(text, _explained(gazetteer, every, named))
    marks = [_Mark(name.found.start, name.found.end, named=name) for name in named if name.sense.kind != NO_PLACE]
    marks.extend(_Mark(piece.start, piece.end, piece=piece) for piece in pieces)
    marks.sort(key=lambda mark: mark.start)
    groups: list[list[_Mark]] = []
    for mark in marks:
        if groups and _joined(text, groups[-1][-1], mark):
            groups[-1].append(mark)
        else:
            groups.append([mark])
    made = [_group(text, marks) for marks in groups]
    return [group for group in made if group.located or group.pieces or _is_beyond(text, group)]


def _explained(gazetteer: Gazetteer, every: Sequence[Found], named: Sequence[_Named]) -> list[tuple[int, int]]:
    """The stretches that the grammar need not look at."""
    nothing = [found for found in every if gazetteer.senses[found.phrase].kind == NO_PLACE]
    return sorted({(found.start, found.end) for found in (*nothing, *(name.found for name in named))})


def _group(text: str, marks: Sequence[_Mark]) -> _Group:
    start, end = marks[0].start, marks[-1].end
    pieces = tuple(mark.piece for mark in marks if mark.piece is not None)
    certainty = any(piece.part is Part.NUMBER for piece in pieces)
    return _Group(
        start=start,
        end=end,
        named=tuple(mark.named for mark in marks if mark.named is not None),
        pieces=pieces,
        bearing=bearing(text, start, end) + certainty,
    )


def _joined(text: str, one: _Mark, other: _Mark) -> bool:
    between = text[one.end : other.start]
    if other.piece is not None and other.piece.part in (Part.NUMBER, Part.BUILDING):
        return len(between) < 4
    if one.piece is not None and one.piece.part is Part.NUMBER and _WIDE.search(text[one.start : other.end]) is None:
        return len(between) < 3  # 25 Tianhe Road
    return _LINK.fullmatch(between) is not None or (one.is_road and other.is_road and _CROSSING.fullmatch(between) is not None)


def _counting(gazetteer: Gazetteer, text: str, every: Sequence[Found]) -> list[_Named]:
    """The names that count, by place in the text."""
    named = [name for number, found in enumerate(every) if (name := _itself(gazetteer, text, found, every[number + 1 : number + 2]))]
    clear = [name for name in named if name.sense.clarity is Clarity.CLEAR]
    if len(clear) == len(named):
        return clear
    around = tuple({code for name in clear for code in name.sense.regions if gazetteer.depth.get(code, 0) >= _DEPTH[Level.DISTRICT]})
    counting: list[_Named] = []
    for name in named:
        if name.sense.clarity is Clarity.CLEAR:
            counting.append(name)
            continue
        if name.sense.clarity is Clarity.BESIDE:
            beside = counting and name.found.start - counting[-1].found.end <= 2
            around_it = [code for code in counting[-1].sense.regions if gazetteer.depth[code] > _DEPTH[Level.CITY]] if beside else ()
        else:
            around_it = around
        inside = _inside(gazetteer, name.sense, around_it)
        if not inside and name.found.phrase not in gazetteer.beyond:
            inside = _shown(gazetteer, text, name)
        if inside:
            counting.append(_Named(name.found, Sense(inside, Clarity.CLEAR, name.sense.bare, name.sense.kind)))
        elif outside := gazetteer.beyond.get(name.found.phrase):
            counting.append(_Named(name.found, outside))
    return counting


def _shown(gazetteer: Gazetteer, text: str, name: _Named) -> tuple[str, ...]:
    """Regions that a short name means because it stands where only a place can: streets and places, not the thousands of villages."""
    if name.sense.clarity is not Clarity.BESIDE or _ORDINARY.fullmatch(name.found.phrase):
        return ()
    end = name.found.end
    if not (_AT_A_PLACE.match(text, end) or (text[: name.found.start].endswith(("在", "喺")) and _AFTER_IN.match(text, end))):
        return ()
    if name.sense.kind:
        return name.sense.regions
    return tuple(code for code in name.sense.regions if gazetteer.depth[code] <= _DEPTH[Level.STREET])


def _itself(gazetteer: Gazetteer, text: str, found: Found, after: Sequence[Found]) -> _Named | None:
    """What a name stands for; None when it is the beginning of another word."""
    sense = gazetteer.senses[found.phrase]
    if sense.kind == "road" and _NO_ROAD.match(text, found.end):
        return None
    if sense.kind == OUTSIDE and sense.bare and text.startswith(_COUNTS, found.end):
        return None  # 中山八路
    if sense.bare and (another := _NAMES_ANOTHER.match(text, found.end)):
        if another.group()[0] == " ":
            return _road_named_after(gazetteer, found, sense)
        followed = after and after[0].start == found.end and gazetteer.senses[after[0].phrase].regions
        small = min(gazetteer.depth[code] for code in sense.regions) >= _DEPTH[Level.STREET] if sense.regions else False
        if not followed and not (small and not _ORDINARY.fullmatch(found.phrase) and _AT_A_PLACE.match(text, found.end)):
            return None
    return _Named(found, sense)


def _road_named_after(gazetteer: Gazetteer, found: Found, sense: Sense) -> _Named | None:
    """An English road with the name of a street or village: in its district, most likely. With that of a district: anywhere."""
    districts = {code for deep in sense.regions for code in gazetteer.chains[deep][1:] if gazetteer.depth[code] == _DEPTH[Level.DISTRICT]}
    return _Named(found, Sense(tuple(sorted(districts)), sense.clarity)) if districts else None


def _inside(gazetteer: Gazetteer, sense: Sense, around: Sequence[str]) -> tuple[str, ...]:
    return tuple(code for code in sense.regions if any(outer in gazetteer.chains[code][1:] for outer in around))


# -- Which of them is meant ---------------------------------------------------------------------------------------


def _here(gazetteer: Gazetteer, text: str, groups: Sequence[_Group]) -> list[_Group]:
    """The groups that may be where it happens: not where somebody lives or goes, unless that is all there is."""
    here = [group for group in groups if group.bearing >= 0]
    if any(_is_deep(gazetteer, group) or (group.pieces and group.bearing > 0) or _is_beyond(text, group) for group in here):
        return here
    return list(groups)


def _is_beyond(text: str, group: _Group) -> bool:
    """Whether it names a place outside the city; a short name only where something happens at it, or with a finer place beside it."""
    outside = [name for name in group.named if name.sense.kind == OUTSIDE]
    if not outside:
        return False
    if group.bearing > 0 or len(outside) > 1 or not outside[0].sense.bare:
        return True
    opens = group.start == 0 or _STOP.match(text, group.start - 1) is not None
    return group.bearing == 0 and (
        any(piece.part is Part.NAME for piece in group.pieces) or (opens and _SOME_OF.match(text, group.end) is not None)
    )


def _is_deep(gazetteer: Gazetteer, group: _Group) -> bool:
    return any(gazetteer.depth.get(code, 0) >= _DEPTH[Level.DISTRICT] for name in group.named for code in name.sense.regions)


def _beyond_the_city(gazetteer: Gazetteer, text: str, groups: Sequence[_Group], here: Sequence[_Group]) -> _Group | None:
    """Where it happens, when that is outside: no place of the city is named as surely, and not the city itself."""
    beyond = [group for group in here if _is_beyond(text, group) and not _is_deep(gazetteer, group)]
    if any(group.located and not _is_deep(gazetteer, group) for group in groups):
        # "Can my insurance from there come to this city?" is a question to this city; an address elsewhere is not.
        beyond = [group for group in beyond if group.pieces or (group.bearing > 0 and not all(name.sense.bare for name in group.named))]
    if not beyond:
        return None
    best = max(beyond, key=lambda group: (group.bearing, -group.start))
    return best if all(best.bearing > group.bearing for group in here if _is_deep(gazetteer, group)) else None


def _most_agreed(gazetteer: Gazetteer, named: Sequence[tuple[_Named, bool]]) -> tuple[str, ...]:
    """The regions that most names fit, where it surely happens before others; then the deepest; then the ones named first."""
    first: dict[str, int] = {}
    happens: set[str] = set()
    for name, here in named:
        for code in name.sense.regions:
            first.setdefault(code, name.found.start)
            if here and gazetteer.depth.get(code, 0) >= _DEPTH[Level.DISTRICT]:
                happens.add(code)
    names = {name.found.phrase: name for name, _ in named}.values()
    rank = {
        code: (
            gazetteer.depth.get(code, 0) > _DEPTH[Level.CITY],
            not happens.isdisjoint(gazetteer.chains[code]),
            sum(1 for name in names if any(_compatible(gazetteer, code, other) for other in name.sense.regions)),
            gazetteer.depth.get(code, 0),
        )
        for code in first
    }
    for name, _ in named:
        if name.sense.bare and len(name.sense.regions) > 1:
            _prefer_the_widest(gazetteer, name.sense.regions, rank)
    top = max(rank.values())
    tied = [code for code in first if rank[code] == top]
    earliest = min(first[code] for code in tied)
    return tuple(sorted(code for code in tied if first[code] == earliest))


def _prefer_the_widest(gazetteer: Gazetteer, codes: Sequence[str], rank: dict[str, tuple[bool, bool, int, int]]) -> None:
    """Of the regions that a short name may mean, all fitting as well, the street is meant and not a village in it."""
    support = max(rank[code][:3] for code in codes)
    widest = min(gazetteer.depth[code] for code in codes if rank[code][:3] == support)
    for code in codes:
        if gazetteer.depth[code] > widest and rank[code][:3] == support:
            rank[code] = (*support, 0)


def _narrowed(gazetteer: Gazetteer, best: tuple[str, ...], groups: Sequence[_Group], here: Sequence[_Group]) -> tuple[str, ...]:
    """Of several that fit, those where the person lives or works: people report what is near them."""
    if len(best) == 1:
        return best
    elsewhere = [code for group in groups if group not in here for name in group.named for code in name.sense.regions]
    near = tuple(code for code in best if any(outer in gazetteer.chains[code] for outer in elsewhere))
    return near or best


def _contradicting(gazetteer: Gazetteer, located: Sequence[_Group], best: Sequence[str]) -> tuple[str, ...]:
    """Regions that the same stretch of words names and that cannot be true beside `best`: a wrong district, most often."""
    if len(best) > 1:
        return ()
    for group in located:
        if any(best[0] in name.sense.regions for name in group.named):
            # A short name may be another thing's; only full ones can contradict.
            others = [name.sense.regions for name in group.named if not name.sense.bare and not _agrees(gazetteer, name, best)]
            wrong = {c: None for codes in others for c in codes if best[0] not in gazetteer.chains[c]}
            return tuple(wrong)[:1]
    return ()


def _compatible(gazetteer: Gazetteer, code: str, other: str) -> bool:
    """Whether a name that means `other` speaks for `code`: `other` is `code` or lies around it."""
    return other in gazetteer.chains.get(code, (code,))


def _agrees(gazetteer: Gazetteer, name: _Named, best: Sequence[str]) -> bool:
    return any(_compatible(gazetteer, code, other) for code in best for other in name.sense.regions)


def in_common(gazetteer: Gazetteer, codes: Sequence[str]) -> str | None:
    """The deepest region around all of `codes`; None when that is only the whole city, unless the city itself was meant."""
    if len(codes) == 1:
        return codes[0]
    shared = set[str](gazetteer.chains.get(codes[0], ())).intersection(*(gazetteer.chains.get(code, ()) for code in codes[1:]))
    deep = [code for code in shared if gazetteer.depth.get(code, 0) > _DEPTH[Level.CITY]]
    return max(deep, key=lambda code: gazetteer.depth[code], default=None)


def _home(gazetteer: Gazetteer, groups: Sequence[_Group]) -> str | None:
    """The district where the person lives, when the place itself has a name that the gazetteer does not know."""
    codes = {
        next((c for c in gazetteer.chains[code] if gazetteer.depth[c] == _DEPTH[Level.DISTRICT]), None)
        for group in groups
        for name in group.named
        for code in name.sense.regions
    }
    return codes.pop() if len(codes) == 1 else None


# -- The words, and the question ----------------------------------------------------------------------------------


def _finest(groups: Sequence[_Group]) -> _Group:
    """The group that says most; among equals the first."""
    return max(groups, key=lambda group: (group.bearing, len({piece.part for piece in group.pieces}) + len(group.named), -group.start))


def _told(gazetteer: Gazetteer, text: str, here: Sequence[_Group], best: Sequence[str]) -> list[_Group]:
    """The groups whose words say where it is: the one that names `best`, with those close by that agree."""
    kernel = max(
        (g for g in here if any(code in name.sense.regions for name in g.named for code in best)), key=lambda g: (g.bearing, -g.start)
    )
    if not kernel.pieces and all(gazetteer.depth.get(code, 0) <= _DEPTH[Level.DISTRICT] for code in best):
        unnamed = [g for g in here if not g.named and g.bearing >= kernel.bearing and g.pieces]
        kernel = max(unnamed, key=lambda g: (g.bearing, -g.start), default=kernel)
    number = here.index(kernel)
    told = [kernel]
    for group in reversed(here[:number]):
        if _near(text, group, told[0]) and _fits(gazetteer, group, best):
            told.insert(0, group)
    for group in here[number + 1 :]:
        if _near(text, told[-1], group) and _fits(gazetteer, group, best):
            told.append(group)
    return told


def _near(text: str, one: _Group, other: _Group) -> bool:
    between = text[one.end : other.start]
    return len(between) <= 6 and _STOP.search(between) is None


def _fits(gazetteer: Gazetteer, group: _Group, best: Sequence[str]) -> bool:
    return all(_agrees(gazetteer, name, best) for name in group.named)


def _described(text: str, told: Sequence[_Group], found: PlaceFound) -> PlaceFound:
    """`found` with the words of these groups and the parts of the address in them."""
    parts: dict[str, str] = {}
    marks = [(p.start, p.end, str(p.part)) for g in told for p in g.pieces]
    marks += [(n.found.start, n.found.end, _part_of(n)) for g in told for n in g.named]
    for start, end, part in sorted(marks):
        if part == Part.BUILDING:
            parts[part] = parts.get(part, "") + text[start:end]
        elif part:
            parts.setdefault(part, text[start:end])
    return msgspec.structs.replace(found, text=text[told[0].start : told[-1].end], **parts)


def _part_of(named: _Named) -> str:
    if named.sense.kind in ("", OUTSIDE, NO_PLACE):
        return ""
    return Part.ROAD if named.sense.kind == "road" else Part.NAME


def _unlocated(gazetteer: Gazetteer, text: str, groups: Sequence[_Group], here: Sequence[_Group]) -> PlaceFound:
    """A place that only its own name tells: in the district where the person lives, or to be asked for."""
    found = _described(text, [_finest(here)], PlaceFound(region=_home(gazetteer, groups)))
    if found.region is not None:
        return found
    ask = f"请问{found.text}在哪个区、哪条街道？" if _WIDE.search(text) else f"Where is {found.text}?"
    return msgspec.structs.replace(found, ask=ask)


def _outside(gazetteer: Gazetteer, text: str, beyond: _Group) -> PlaceFound:
    """A place outside the city, and the question whether it is."""
    words = text[beyond.start : beyond.end]
    city = next((name for code, name in gazetteer.names.items() if gazetteer.depth[code] == _DEPTH[Level.CITY]), "")
    outside = "".join(text[n.found.start : n.found.end] for n in beyond.named if n.sense.kind == OUTSIDE)
    if _WIDE.search(text):
        ask = f"{outside}不在{city}。请问事情发生在{city}的哪个区、哪条街道？"
    else:
        ask = f"{outside.title()} is not in {city}. Where in {city} does it happen?"
    return _described(text, [beyond], PlaceFound(outside=words, ask=ask))


def ask_back(gazetteer: Gazetteer, candidates: Sequence[str], text: str) -> str:
    """The question that names the places that fit, in the language of `text`; empty when there is nothing to ask."""
    if not candidates:
        return ""
    named = [full_name(gazetteer, code) for code in candidates[:_NAMED]]
    more = len(candidates) > _NAMED
    if _WIDE.search(text):
        return f"请问是{'、'.join(named[:-1])}，还是{named[-1]}{'，或者别的地方' if more else ''}？"
    return f"Is it {', '.join(named[:-1])} or {named[-1]}{', or elsewhere' if more else ''}?"


def full_name(gazetteer: Gazetteer, code: str) -> str:
    """District, street and community in one."""
    names = [gazetteer.names[c] for c in reversed(gazetteer.chains[code]) if gazetteer.depth[c] > _DEPTH[Level.CITY]]
    return ("" if _WIDE.search(gazetteer.names[code]) else ", ").join(names) or gazetteer.names[code]
