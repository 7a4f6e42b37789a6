"""The grammar of addresses: roads, house numbers, buildings, and names known only by how they end.

A gazetteer never holds every lane and every estate. How Chinese addresses are written tells them nevertheless: what ends in 路 or
花园 and begins after a region or a word such as 在 is a name; what stands between a region and 西门 or 3栋 is one too. Everything
here is about one message in plain form (`normalise`); positions count characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

import msgspec


class Part(StrEnum):
    """What a stretch of an address is."""

    ROAD = "road"
    NAME = "name"
    """An estate, a building, a school, a market, a village: something with a name."""
    NUMBER = "number"
    BUILDING = "building"
    """Building, unit, floor, gate or metro exit: finer than the name or number."""


class Piece(msgspec.Struct, frozen=True):
    """A stretch of the text that is part of an address."""

    part: Part
    start: int
    end: int


_CJK: Final = "\u4e00-\u9fff"

# fmt: off
_ROAD_ENDINGS: Final = (
    "大道", "大街", "马路", "公路", "高速", "立交", "隧道", "大桥", "路", "街", "巷", "胡同",
)
_NAME_ENDINGS: Final = (
    "镇", "乡", "花园", "花苑", "小区", "新村", "新城", "新苑", "广场", "大厦", "家园", "名苑", "豪庭", "豪苑", "雅苑", "华庭",
    "雅居", "嘉园", "山庄", "工业园", "工业区", "科技园", "产业园", "创意园",
)
# These end many other words too: they count only beside a region, after 在, or before 门口, 3栋 and the like.
_WEAK_ENDINGS: Final = (
    "苑", "轩", "阁", "居", "湾", "府", "城", "园", "庭", "邨", "村", "社区", "厂", "中心", "里", "坊", "弄", "涌", "围", "桥",
    "公寓", "别墅", "大楼", "小学", "中学", "幼儿园", "学校", "大学", "学院", "医院", "卫生院", "市场", "商场", "百货",
    "公园", "购物中心", "地铁站", "公交站", "客运站", "车站", "酒店", "宾馆", "开发区", "派出所", "大院", "体育馆",
    "体育场", "图书馆", "博物馆", "文化宫", "少年宫", "水库", "机场", "码头", "祠堂", "商业街", "步行街", "美食街",
    "批发城", "服装城", "会所", "写字楼", "门诊部", "饭店", "酒楼", "餐厅",
)
# fmt: on
_ONLY_WITH_A_NUMBER: Final = ("里", "坊", "弄")
_ROADS: Final = frozenset(_ROAD_ENDINGS)
_WEAK: Final = frozenset(_WEAK_ENDINGS)

# What cannot be inside a name: whatever stands before it begins another word.
_BREAK: Final = re.compile(
    r"[^\u4e00-\u9fff]|[的在到去我你您他她是了把被这那哪条喺嘅咗啲嗰𠮶系咁唔有没很也就还又个位某因为至或将请跟们哋说给着号]"
    r"|[打买卖看找换扔俾畀揾嗌执谁啥边呢嚟要]|(?<=[路街道巷区镇村园场站口厦苑])[和同与及]"
    r"|反映|投诉|举报|位于|附近|门口|来自|旁边|对面|隔壁|隔篱|楼下|楼上|经过|路过|发现|看到|请问|关于|建议"
    r"|希望|咨询|整个|整条|每条|所有|全部|我们|咱们|他们|你们|本人|居住|家住|前往|来到|地址|地点|现场|坐落"
    r"|从(?!化)|由于|以及|沿着|靠近|途经|经由|周边|旁的|旁有|[前后今明昨每]天|早上|晚上|凌晨|半夜|白天"
    r"|上午|下午|最近|一直|长期|经常|严重|居民|业主|市民|政府|部门|领导|工作|小孩|孩子|儿子|女儿|老公|老婆"
    r"|家里|自己|不要|需要|想要|应该|怎么|什么|已经|没有|非法|违规|占用|期间|时段|时候|因此|所以|如果|如何"
    r"|可以|改成|变成|建成|属于|接到|收到|听说|知道|目前|现在|今年|去年|外面|里面|后面|前面|私人|有人|有个"
    r"|[一二三四五六七八九十]楼|一栋|一个|一间|一所|一家|几个|停在|停车"
)
_NOT_STEMS: Final = re.compile(
    r"自编|门牌|这个|那个|一个|某个|我们|你们|他们|咱们|附近|旁边|对面|隔壁|楼下|周边|本|该|此|各|全|整|老旧|新建"
    r"|旧|新|老|小|大|高档|住宅|生活|居民|商业|农贸|肉菜|综合|批发|菜|超级|房地产|二手|二手车|劳动力|人才"
    r"|股票|露天|儿童|民办|公办|私立|公立|职业|重点|名牌|附属|人民|中心|社区|街道|村|镇|城市|国际|五星级"
    r"|快捷|高速|公交|地铁|火车|高铁|汽车|终点|起点|首末|换乘|加油|服务|垃圾|变电|充电|收费|前面|后面|里面"
    r"|外面|国有|国营|私营|多个|几个|两个|本地|外地|同一|任何|乡村|农村|自然|行政|城中|全国|全市|办公|教学"
    r"|宿舍|住院|门诊|手机|网上|旧货|海鲜|宠物|定点|互联网|三甲|专科|妇幼|社区服务|社区卫生|政务|便民|大型"
    r"|连锁|品牌|电竞|地铁口|工地|饮用水|小孩|孩子|属于|四星级|三星级|经济|商务|封闭|开放|安置|拆迁|回迁"
    r"|公租房|商品房|出租|居住|高端|普通|隔离|文明|示范|停车|物流|健身|活动|党群|行政服务|政务服务|医疗|卫生"
    r"|购物|美容|培训|早教|托管|养老|日照|月子|洗浴|足浴|康复|家里|村里|镇里|街里|心里|手里|夜里|屋里"
)
_NOT_ROADS: Final = re.compile(
    r"[半绕修铁公道让问迷占走赶挡堵网线思出电套该]路$"
    r"|^[半沿整满临带开断封通拦引领大小主干支辅岔环便老新水陆门销退后前这那一过]路$|^(?:人行|机耕|柏油|水泥)路$"
    r"|(?:^|[^一二三四五六七八九十])马路$|[逛上沿临满过]街$"
    r"|^(?:满?大|商业|步行|美食|小吃|老|新|小|后|前)街$|^[小街陋深大后窄里]巷$"
    r"|^(?:[省县乡村国][道级]?|高速|乡村|柏油)?公路$|(?:[上下走全开]|绕城)高速$|^高速$"
    r"|^(?:过江|人行|地下|行人|海底)?隧道$|^(?:跨江|过江|铁路|公路|人行)?大桥$|^人行立交$"
)
# A road's last character begins another word here: 路灯, 街坊.
_GOES_ON: Final = {
    "路": re.compile(r"[灯面人牌政基况障肩标程费由线怒演径网数长过子霸虎考]"),
    "街": re.compile(r"[道坊头市区舞机灯拍]"),
    "巷": re.compile(r"道"),
}
# Beside these a place is meant, whatever the words before them are.
LOCATIVE: Final = re.compile(
    r" ?的?(?:"
    r"[东南西北正后前大侧旁]{1,2}门|[a-h]\d?(?:出|入)?口|(?:大|正)?门口|门前|斜?对面|附近"
    r"|旁边?|侧边?|隔壁|隔篱|楼下|楼底|楼上|路口|路段|十字路口|交界|交汇|这里|这边|那里|那边|呢度|呢边|[嗰𠮶]度"
    r"|[嗰𠮶]边|一带|后面|后山|前面|里面|工地|小区|楼盘|物业|业主|\d{1,3}(?:号楼|栋|座|幢|期|号|楼)"
    r"|[a-z一二三四五六七八九十东南西北](?:栋|座|幢|期|区\d)"
    r")"
)
_BY_POSITION: Final = re.compile(rf"[{_CJK}]{{2,7}}?(?={LOCATIVE.pattern})")

_NUMBER: Final = re.compile(
    r" ?(?:自编|门牌)?(?P<number>(?:[甲乙丙丁]?\d{1,5}(?:[-–]\d{1,4})*|[一二三四五六七八九十百零〇]{1,6}) ?号"
    r"(?: ?之 ?[一二三四五六七八九十\d]{1,2}|[甲乙丙丁]|-\d{1,3}(?!\d|号))?)"
    r"(?!线|文|令|公告|机|窗|台|车|通知|地块|楼(?![上下])|电梯|房|厂|仓|店长|工程|晚|早|上午|下午|凌晨|开始|之前|之后|以前|以后)"
)
_BARE_NUMBER: Final = re.compile(r" ?(?P<number>\d{1,4}(?:-\d{1,4})?)(?=[,，。;；!！?？ 旁对门附]|$)")
_BUILDING: Final = re.compile(
    r" ?(?:(?:第?\d{1,3}|[a-z]\d{0,2}|[一二三四五六七八九十]{1,3}|[东南西北])(?:期|区(?=\d|[a-z]))"
    r"|(?:第?\d{1,4}|[a-z]\d{0,2}|[一二三四五六七八九十]{1,3}|[东南西北])"
    r"(?:号楼|栋|座|幢|单元|梯(?!口)|楼(?![上下道梯])|层|铺(?!位|面|路)|室|房(?!东|子|产))(?:\d{2,4}(?!\d|[年月元])[房室]?)?"
    r"|[a-h]\d?(?:出口|入口|口)|[东南西北正后前侧]{1,2}门(?![面店诊])|大院|院(?![长子内里])|大门)"
)
_LATIN_ROAD: Final = re.compile(
    r"(?:\b(?:no\.? ?|number )?(?P<number>\d{1,5}[a-z]?(?:-\d{1,4})?),? )?"
    r"(?P<road>\b[a-z][a-z']+(?: [a-z\d][a-z']+){0,2}? (?:road|rd|street|avenue|ave|lane|boulevard|blvd|highway)\b"
    r"(?: (?:north|south|east|west|middle|central)\b)?)"
)
_NOT_LATIN_NAMES: Final = re.compile(
    r"^(?:.* )?(?:on|at|in|of|off|to|by|for|with|from|near|along|across|down|up|about|and|is|are|was|i|no|one|two|the|this|that"
    r"|a|an|our|my|your|his|her|their|its|each|every|any|all|whole|entire|main|side|same|next|other|public|private|local|report|small|busy|wide"
    r"|narrow|dirty|quiet)(?= )"
)
_LATIN: Final = re.compile(r"[a-z]{2}")

_LAST: Final = "".join(sorted({ending[-1] for ending in (*_ROAD_ENDINGS, *_NAME_ENDINGS, *_WEAK_ENDINGS)}))
_AT_END: Final = re.compile(f"[{_LAST}]")
_EVERY: Final = (*_ROAD_ENDINGS, *_NAME_ENDINGS, *_WEAK_ENDINGS)
_BY_LAST: Final = {last: tuple(sorted((e for e in _EVERY if e[-1] == last), key=len, reverse=True)) for last in _LAST}
_AVENUE_TAIL: Final = re.compile(r"[东南西北中](?![间侧边面段门部方向往行口心央央站]|路口)")
_LONGEST_STEM: Final = 8
_LONGEST_BESIDE: Final = 6


def pieces_of(text: str, known: Sequence[tuple[int, int]]) -> list[Piece]:
    """Roads, names, numbers and buildings, by place, without overlap; `known` are the stretches that the gazetteer explains."""
    names = list(_by_ending(text, known))
    if _LATIN.search(text):
        names.extend(_latin(text, known))
    taken = [*known, *((piece.start, piece.end) for piece in names)]
    names.extend(_by_position(text, taken))
    taken = sorted([*known, *((piece.start, piece.end) for piece in names)])
    return sorted([*names, *_finer(text, taken)], key=lambda piece: piece.start)


def _by_ending(text: str, known: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    """Names that end as roads, estates and the like do."""
    ends = {end for _, end in known}
    borders = sorted(known)
    last = number = 0
    for hit in _AT_END.finditer(text):
        end = hit.end()
        while number < len(borders) and borders[number][1] <= hit.start():
            last = max(last, borders[number][1])
            number += 1
        if number < len(borders) and borders[number][0] < end:
            continue  # inside a known name, or its end
        ending = next((e for e in _BY_LAST[hit.group()] if text.endswith(e, last, end)), "")
        if not ending or ((goes_on := _GOES_ON.get(hit.group())) and goes_on.match(text, end)):
            continue
        piece = _name(text, last, end, ending, ends)
        if piece is not None and (number == len(borders) or piece.end <= borders[number][0]):
            yield piece
            last = piece.end
            ends.add(last)


def _name(text: str, after: int, end: int, ending: str, ends: set[int]) -> Piece | None:
    """The name that ends at `end`, beginning no earlier than `after`; None when it is an ordinary word."""
    start = max(after, end - len(ending) - _LONGEST_STEM)
    for cut in _BREAK.finditer(text, start, end - len(ending)):
        start = cut.end()
    stem, beside = text[start : end - len(ending)], start in ends
    if not stem or (len(stem) < 2 and not beside and not text[end : end + 1].isdigit()):
        return None
    if ending in _ROADS:
        if _NOT_ROADS.search(text[start:end]) or (len(stem) > _LONGEST_BESIDE and not beside):
            return None
        tail = _AVENUE_TAIL.match(text, end) if ending == "大道" else None
        return Piece(Part.ROAD, start, tail.end() if tail else end)
    if _NOT_STEMS.fullmatch(stem):
        return None
    if ending in _WEAK and not _is_shown(text, start, end, ending, beside=beside):
        return None
    return Piece(Part.NAME, start, end)


def _is_shown(text: str, start: int, end: int, ending: str, *, beside: bool) -> bool:
    """Whether what stands around a weak ending shows that it is a place's."""
    if ending in _ONLY_WITH_A_NUMBER:
        return _NUMBER.match(text, end) is not None
    if beside:
        return end - start - len(ending) > 1 or ending == "村"
    if LOCATIVE.match(text, end):
        return True
    return len(ending) > 1 and end - start - len(ending) < 5 and text[start - 1 : start] in ("在", "喺")


def _by_position(text: str, taken: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    """Names without any ending, between a region or road and 西门, 对面, 3栋."""
    spans = sorted(taken)
    for number, (_, end) in enumerate(spans):
        found = _BY_POSITION.match(text, end)
        if found is None or (number + 1 < len(spans) and found.end() > spans[number + 1][0]):
            continue
        name = found.group()
        if not _BREAK.search(name) and not _NOT_STEMS.fullmatch(name) and not _BUILDING.match(text, end) and not _NUMBER.match(text, end):
            yield Piece(Part.NAME, found.start(), found.end())


def _finer(text: str, taken: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    """House numbers, buildings, gates and exits that follow a name."""
    for number, (_, end) in enumerate(taken):
        limit = taken[number + 1][0] if number + 1 < len(taken) else len(text)
        house = _NUMBER.match(text, end, limit) or _BARE_NUMBER.match(text, end, limit)
        if house is not None:
            yield Piece(Part.NUMBER, *house.span("number"))
            end = house.end()
        while building := _BUILDING.match(text, end, limit):
            yield Piece(Part.BUILDING, building.start() + (building.group()[0] == " "), building.end())
            end = building.end()


def _latin(text: str, known: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    """Roads written in English, and the numbers before them: 25 Tianhe Road."""
    for found in _LATIN_ROAD.finditer(text):
        start = found.start("road")
        if cut := _NOT_LATIN_NAMES.match(found.group("road")):
            start += cut.end() + 1
        if " " in text[start : found.end()]:
            if found.group("number"):
                yield Piece(Part.NUMBER, *found.span("number"))
            if not any(begin < found.end() and start < end for begin, end in known):
                yield Piece(Part.ROAD, start, found.end())


_DIGITS: Final = {numeral: value for value, numeral in enumerate("零一二三四五六七八九")} | {"〇": 0}
_CHINESE: Final = re.compile("[零〇一二三四五六七八九十百]+")


def plain_number(number: str) -> str:
    """A house number in one way of writing, to compare by: 二百一十九号之二 and 219号之2 give `219-2`, 甲3号 gives `甲3`."""
    figures = _CHINESE.sub(lambda found: _figures(found.group()), number)
    return figures.replace(" ", "").replace("–", "-").replace("号之", "-").replace("号", "")


def _figures(numerals: str) -> str:
    """二百一十九 as 219; a row of digits such as 二一九 too."""
    if not set(numerals) & {"十", "百"}:
        return "".join(str(_DIGITS[n]) for n in numerals)
    total = digit = 0
    for numeral in numerals:
        if numeral == "百":
            total, digit = total + (digit or 1) * 100, 0
        elif numeral == "十":
            total, digit = total + (digit or 1) * 10, 0
        else:
            digit = _DIGITS[numeral]
    return str(total + digit)
