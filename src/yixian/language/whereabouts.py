"""Where it happens against where somebody lives, works or comes from: told by the words around a place."""

from __future__ import annotations

import re
from typing import Final

_AWAY_BEFORE: Final = re.compile(
    r"(?:(?:家|居|我|租|户|人|都|就|一直|长期|现|目前|们|哋)住(?:在|于|喺|响|系)?|住(?:在|喺|响|系)|居住(?:在|于)|[我家]家(?:住|是|在)|^家在|屋企(?:喺|系|响)?"
    r"|户籍(?:所在地)?(?:在|是|地|为|属于)?|户口(?:所在地)?(?:在|是|落在)?|老家(?:在|是)?|来自|籍贯(?:是|为)?|祖籍|毕业于|就读于"
    r"|(?:公司|单位|工厂|厂)(?:在|喺|位于|地址(?:是|在)?|设在|注册(?:在|地(?:址)?(?:在|是)?))|注册(?:地|地址)?(?:在|是|为)?|总部(?:在|位于)?"
    r"|(?:上班|工作|返工|打工|就业|读书|上学)(?:的?地(?:方|点))?(?:在|喺|是)|(?<!过)去(?:到|往)?|前往|开往|飞往|寄(?:到|往)|发往|经过|途经|路过|来往|往返"
    r"|(?:以前|之前|过去|曾经?|原来|去年)(?:住)?(?:在|喺)|搬(?:到|去|来)|从|由|回到?|返(?:去|到)?|离|距离?"
    r"|(?:儿子|女儿|仔|父母|爸爸?|妈妈?|老公|老婆|亲戚|朋友|本人|人)(?:都|也|现在|而家)?(?:在|喺)"
    r"|\blive (?:in|at|on|near)|\bwork (?:in|at|for)|\bfrom|\bgo(?:ing)? to|\bmoved? to) ?$"
)
_HERE_BEFORE: Final = re.compile(
    r"(?:位于|位在|地址(?:是|在|为|系|:)?|地点(?:是|在|为|:)?|地处|坐落(?:在|于)|发生(?:在|于|喺)|事发(?:地|地点)?(?:在|是|:)?|就在|就喺|投诉|举报|反映"
    r"|现场(?:在|是|:)?|在|喺|响|\bat|\bon|\bin|\bnear|\boutside|\bopposite|\blocated (?:at|in|on)) ?(?:the )?:? ?$"
)
_AWAY_AFTER: Final = re.compile(
    r" ?(?:人(?=[，,。的在来说去都 ]|$)|户口|户籍|出生|上班|返工|工作(?!人员|日|站|室)|打工|读书|上学|方向|回来|返嚟|过来|过嚟|出发|坐车|搬"
    r"|到(?!处|底|了|点|晚|夜|期)|去(?!年)|居住|住[，,。 ]|开往)"
)
_HERE_AFTER: Final = re.compile(
    r" ?的?(?:[东南西北正后前大侧旁]{1,2}(?:门|边|侧|面)|[a-h]\d?(?:出|入)?口|(?:大|正)?门口|门前|大门|出口|入口|斜?对面|对出|附近|旁边?"
    r"|侧边?|隔壁|隔篱|楼下|楼底|路口|路段|十字路口|交界|交汇|这里|这边|这条|呢度|呢边|呢条|一带|后面|后山|前面|里面|内|上(?!班|学)|有人|有个|有间|有家|有一|工地|段"
    r"|周边|小区|楼盘|物业|业主|管网|有(?!限)| (?:near|outside|opposite|gate|exit))"
)
_CLAUSE: Final = re.compile(r"[。.;；!！?？，,]")
_BACK: Final = 14


def bearing(text: str, start: int, end: int) -> int:
    """How surely it happens at the place that `text[start:end]` names: above zero surely, below where somebody lives or goes."""
    before = text[max(0, start - _BACK) : start]
    before = before[max((stop.end() for stop in _CLAUSE.finditer(before)), default=0) :]
    score = 0
    if _AWAY_BEFORE.search(before):
        score -= 2
    elif _HERE_BEFORE.search(before):
        score += 1
    if _AWAY_AFTER.match(text, end):
        score -= 2
    elif _HERE_AFTER.match(text, end):
        score += 2
    return score
