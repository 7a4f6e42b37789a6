"""What an answer lacks, said before it is sent: does it answer what was asked, is it polite, does it name what was done. Pure.

Each rule looks at one thing and, when it finds it missing, says what to add. None keeps an answer from being sent but the one about
personal data, which asks once more: a rule of words cannot know better than the handler, but it can remember what is easily forgotten.
What is asked of an answer comes from the review of answers (答复审核: 是否针对诉求、是否说明办理情况和依据、用语是否规范).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

import msgspec

from yixian.city.inforce import City
from yixian.tickets import personal
from yixian.tickets.model import HistoryRow, Ticket

SHORTEST: Final = 40
LONGEST: Final = 800
LONGEST_SENTENCE: Final = 100
"""Weights: a Chinese character is one, a word in letters two."""

SAME: Final = 0.9
"""So alike is an answer that was hardly changed."""

MOST_ASKED: Final = 3
"""So many questions without an answer are named."""


OF_THE_CALLER: Final = "来电人信息"


class Rule(StrEnum):
    """What is looked at."""

    PERSONAL = "personal"
    SAME_AGAIN = "same_again"
    SUBJECT = "subject"
    QUESTION = "question"
    PLACE = "place"
    BLAME = "blame"
    GREETING = "greeting"
    DONE = "done"
    WHO = "who"
    WHEN = "when"
    PROMISE = "promise"
    LENGTH = "length"
    SENTENCE = "sentence"
    BLANK = "blank"


class Says(StrEnum):
    """What is said: keys of the message catalogue, with places for a hint's `values`."""

    PERSONAL = "公开答复中有个人信息（{what}），市民以外的人也可能看到，请删去；可以写在内部办理记录里。"
    BLANK = "还有没填的空：“{what}”，请补上。"
    SAME_AS_SENT_BACK = "与被退回的答复几乎一样。退回时说：“{why}”，请针对这一点补充。"
    SAME_AS_BEFORE = "与上一次的答复几乎一样，请写明这次多做了什么。"
    SUBJECT = "没有提到市民反映的“{what}”，请写明它的处理情况。"
    QUESTION = "市民还问到“{what}”，答复里没有回应。"
    PLACE = "没有写明地点（{where}），市民不容易知道说的是哪里。"
    BLAME = "“{what}”读来像是责怪市民，请换一种说法。"
    THANK = "请加一句感谢，例如“感谢您的反映”。"
    GREET = "请加上问候，例如“您好”。"
    GREET_AND_THANK = "请加上问候和感谢，例如“您好，感谢您的反映”。"
    DONE = "没有写明做了什么，请写出采取的措施和结果。"
    WHO = "没有写明由谁办理，请写出单位或人员（例如“我局工作人员”）。"
    WHEN = "没有写明时间，请写出何时到场、何时办好（例如“11月3日上午”）。"
    PROMISE = "“{what}”没有写明何时完成，请写出日期；定不下来的不要承诺。"
    TOO_SHORT = "太短了，市民难以看出办了什么；请写明经过和结果。"
    TOO_LONG = "太长了（约 {n} 字），请先说结果，把细节写在内部办理记录里。"
    SENTENCE = "“{what}”这句太长，请分成几句。"


class Hint(msgspec.Struct, frozen=True):
    """One thing that an answer lacks."""

    rule: Rule
    sentence: str
    """What to add, with places for `values`."""
    values: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])

    kinds: tuple[tuple[str, str], ...] = ()
    """`(kind, text)` of what is personal: the kinds are keys of the catalogue."""

    @property
    def asks_again(self) -> bool:
        """Whether sending it needs a second word."""
        return self.rule is Rule.PERSONAL

    def said(self, say: Callable[[str], str]) -> dict[str, str]:
        """The values as the reader's language has them."""
        if not self.kinds:
            return dict(self.values)
        return {"what": say("、").join(f"{say(kind)} {text}" for kind, text in self.kinds)}


class Case(msgspec.Struct, frozen=True):
    """What an answer is held against."""

    text: str
    """What the citizen said."""
    subjects: tuple[str, ...] = ()
    """Words for the matter: its name and keywords, in both languages."""
    places: tuple[str, ...] = ()
    """Names of the place, widest first."""
    earlier: str = ""
    """The answer that was sent back, or that did not content the citizen."""
    why_back: str = ""
    """What was said when it came back."""
    of_caller: tuple[str, ...] = ()
    """What in the answer is the caller's own name or number."""


def case_of(ticket: Ticket, rows: Iterable[HistoryRow], city: City, of_caller: Iterable[str] = ()) -> Case:
    """What an answer to this ticket is held against. `rows`: its history, as far as the person may see it."""
    matter = city.matters.get(ticket.matter or "")
    above = [city.matters[code] for code in city.register.matters_up.get(ticket.matter or "", ()) if code in city.matters]
    subjects = (matter.name, matter.name_en, *matter.keywords, *(word for m in above[1:2] for word in m.keywords)) if matter else ()
    regions = city.register.regions_up.get(ticket.region or "", ())
    places = (*(name for r in reversed(regions[:-1]) for name in (r.name, *r.aliases)), ticket.place)
    back = [row for row in rows if row.action in ("send_back", "redo", "refer", "reopen")]
    earlier = ticket.answer if back else ""
    return Case(
        f"{ticket.title} {ticket.text}", tuple(s for s in subjects if s), tuple(p for p in places if p), earlier,
        back[-1].note if back else "", tuple(of_caller),
    )  # fmt: skip


def hints(answer: str, case: Case) -> tuple[Hint, ...]:
    """What this public answer lacks, gravest first; nothing for an empty one, which the form itself asks for."""
    said = answer.strip()
    if not said:
        return ()
    looked = (
        _personal(said, case), _blank(said), _same_again(said, case), _subject(said, case), _questions(said, case), _place(said, case),
        _blame(said), _greeting(said), *(_named(said, rule) for rule in NAMED), _promise(said), _length(said), _sentence(said),
    )  # fmt: skip
    return tuple(hint for hint in looked if hint is not None)


# -- Rules: one thing each ---------------------------------------------------------------------------------------


def _personal(said: str, case: Case) -> Hint | None:
    parts = (*((p.kind, p.text) for p in personal.found(said)), *((OF_THE_CALLER, word) for word in case.of_caller))
    if not parts:
        return None
    return Hint(Rule.PERSONAL, Says.PERSONAL, {"what": "、".join(f"{kind} {text}" for kind, text in parts)}, parts)


_LEFT_OPEN: Final = re.compile(r"\{[^{}\n]{1,40}\}|[×X]{2,}|[＿_]{3,}|（此处[^）]*）|\[[^\]\n]{0,20}(?:填|此处)[^\]\n]{0,20}\]|……{2,}")


def _blank(said: str) -> Hint | None:
    match = _LEFT_OPEN.search(said)
    return Hint(Rule.BLANK, Says.BLANK, {"what": match[0]}) if match else None


def _same_again(said: str, case: Case) -> Hint | None:
    if not case.earlier or _likeness(said, case.earlier) < SAME:
        return None
    if case.why_back:
        return Hint(Rule.SAME_AGAIN, Says.SAME_AS_SENT_BACK, {"why": case.why_back[:80]})
    return Hint(Rule.SAME_AGAIN, Says.SAME_AS_BEFORE)


def _subject(said: str, case: Case) -> Hint | None:
    """The thing itself is named: a word for the matter, one that the citizen used if there is any."""
    used = tuple(word for word in case.subjects if _holds(case.text, word))
    if not case.subjects or any(_holds(said, word) for word in used or case.subjects):
        return None
    # The matter's own name is rarely said whole: most of it will do.
    if any(_covers(said, word, 0.5) for word in case.subjects):
        return None
    return Hint(Rule.SUBJECT, Says.SUBJECT, {"what": (used or case.subjects)[0]})


def _questions(said: str, case: Case) -> Hint | None:
    """Each question of the citizen has at least some of its words in the answer."""
    open_ones = [q for q in _asked(case.text) if not _covers(said, q, 0.25)]
    if not open_ones:
        return None
    named = "”“".join(_short(q) for q in open_ones[:MOST_ASKED])
    return Hint(Rule.QUESTION, Says.QUESTION, {"what": named})


def _place(said: str, case: Case) -> Hint | None:
    if not case.places or any(_holds(said, _stem(name)) for name in case.places):
        return None
    if _covers(said, case.places[-1], 0.4):
        return None
    return Hint(Rule.PLACE, Says.PLACE, {"where": case.places[-1]})


_BLAMING: Final = re.compile(
    r"无理取闹|胡搅蛮缠|无中生有|刁民|自作自受|咎由自取|你自己|您自己的(?:问题|责任|原因)|多管闲事|小题大做|爱莫能助|不归我(?:们|局|单位|街)?管"
    r"|与(?:我|本)(?:局|单位|街|街道)无关|没有义务|早就告诉|已经说过|您应该早|你应该|你必须|恶意投诉|别再打"
    r"|\b(?:your own fault|not our (?:problem|job|business)|nothing to do with us|as (?:we|i) already told you|you should have)\b",
    re.IGNORECASE,
)


def _blame(said: str) -> Hint | None:
    match = _BLAMING.search(said)
    return Hint(Rule.BLAME, Says.BLAME, {"what": match[0]}) if match else None


_GREETING: Final = re.compile(r"您好|你好|尊敬的|先生|女士|\b(?:dear|hello|good (?:morning|afternoon|evening))\b", re.IGNORECASE)
_THANKS: Final = re.compile(r"感谢|谢谢|致谢|歉意|抱歉|理解(?:与|和)支持|\b(?:thank|thanks|sorry|apologi[sz]e|grateful)", re.IGNORECASE)


def _greeting(said: str) -> Hint | None:
    greets, thanks = bool(_GREETING.search(said)), bool(_THANKS.search(said))
    if greets and thanks:
        return None
    if greets:
        return Hint(Rule.GREETING, Says.THANK)
    if thanks:
        return Hint(Rule.GREETING, Says.GREET)
    return Hint(Rule.GREETING, Says.GREET_AND_THANK)


_DID: Final = re.compile(
    r"(?:已|己经|现已|均已|经)[^，。；！？\n]{0,24}?(?:修复|维修|更换|清理|清运|清除|处理|处置|解决|整改|整治|拆除|查处|处罚|立案|核查|核实|调查|检查|巡查"
    r"|约谈|劝离|劝导|告知|联系|协调|督促|责令|要求|安排|移交|转交|恢复|疏通|加固|完成|办结|办理|退还|退款|支付|发放|受理|开展|组织|派)"
    r"|(?:当场|现场|随即|立即|当即|前往|赶到|会同|联合|到)[^。！？\n]{0,24}?(?:检查|核查|核实|责令|整改|处置|处理|处罚|维修|更换|清理|劝离|测量|检测|约谈)"
    r"|(?:修复|更换|清理|处理|整改|完成|疏通|恢复|核实|查实|发现)(?:了|完毕|完成|到位|情况)"
    r"|\b(?:was|were|has been|have been|had been|is now|are now)\s+(?:\w+ly\s+)?\w+(?:ed|en|t|wn|ne|lt|ut|id)\b"
    r"|\b(?:we|i|they|team|crew|officers?|inspectors?|staff|contractors?|engineers?)\s+(?:\w+ly\s+)?"
    r"(?:have\s+|has\s+)?(?:\w+ed|went|found|took|made|put|sent|met|spoke|cut|rang)\b",
    re.IGNORECASE,
)


_WHO: Final = re.compile(
    r"(?:我|本|区|市|县|镇|街|该)(?:局|街道?|镇|区|中心|单位|委|办|院|所|大队|队|站|公司|处|部|厅|署|村|社区)"
    r"|[\u4e00-\u9fff](?:局|街道办?|委员会|管委会|中心|大队|支队|派出所|公司|集团|居委会|村委会|社区|物业|施工方|办公室|学校|医院|部门)"
    r"|工作人员|执法人员|执法队员?|维修人员|网格员|民警|监督员|环卫工|养护单位|施工单位|属地"
    r"|\b(?:we|our|team|crew|officers?|inspectors?|contractors?|engineers?|council|department|unit|office|company|staff|services)\b",
    re.IGNORECASE,
)


_WHEN: Final = re.compile(
    r"\d{1,2}\s?月\s?\d{1,2}\s?[日号]|\d{1,2}\s?日|\d{4}[-/年.]\d{1,2}|\d{1,2}[时点:：]\d{0,2}|今[天日晨晚早]|昨[天日晚]|前天|当[天日晚]|次日|明[天日]"
    r"|[上下本]周|周[一二三四五六日天]|星期|月底|月[初中]|年底|[上中下]旬|[一二三四五六七八九十两\d]+个?(?:工作日|小时|天|日|周|个月)(?:内|前|后)?"
    r"|\b(?:today|tonight|yesterday|tomorrow|(?:this|last|next) (?:morning|afternoon|evening|night|week|month)"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may \d|june|july|august|september|october|november|december"
    r"|\d{1,2}(?::\d{2})? ?[ap]m|within \w+ (?:working )?(?:hours?|days?|weeks?))\b",
    re.IGNORECASE,
)

NAMED: Final = {
    Rule.DONE: (_DID, Says.DONE),
    Rule.WHO: (_WHO, Says.WHO),
    Rule.WHEN: (_WHEN, Says.WHEN),
}
"""What every answer names, as words show it, and what is said where none does."""


def _named(said: str, rule: Rule) -> Hint | None:
    words, sentence = NAMED[rule]
    return None if words.search(said) else Hint(rule, sentence)


_PROMISE: Final = re.compile(
    r"将(?:会|于|尽快|继续|进一步|加强|安排|组织|督促|开展|列入|予以|加大|持续|适时|再次|尽力)|会尽快|尽快|近期|下一步|后续将|拟于|拟对|计划(?:于|对|在)|争取"
    r"|\b(?:will|shall|soon|shortly|as soon as possible|going to|plan to|intend to)\b",
    re.IGNORECASE,
)


def _promise(said: str) -> Hint | None:
    """A sentence that says what will be done says until when."""
    for sentence in _sentences(said):
        if _PROMISE.search(sentence) and not _WHEN.search(sentence):
            return Hint(Rule.PROMISE, Says.PROMISE, {"what": _short(sentence)})
    return None


def _length(said: str) -> Hint | None:
    weight = _weight(said)
    if weight < SHORTEST:
        return Hint(Rule.LENGTH, Says.TOO_SHORT)
    if weight > LONGEST:
        return Hint(Rule.LENGTH, Says.TOO_LONG, {"n": str(weight)})
    return None


def _sentence(said: str) -> Hint | None:
    long_one = next((s for s in _sentences(said) if _weight(s) > LONGEST_SENTENCE), None)
    return Hint(Rule.SENTENCE, Says.SENTENCE, {"what": _short(long_one)}) if long_one else None


# -- Words -------------------------------------------------------------------------------------------------------

_ENDS: Final = re.compile(r"[。！？!?；;\n]+|\.(?=\s|$)")
_QUESTION: Final = re.compile(
    r"吗[？?]?$|呢[？?]?$|[？?]$|什么时候|何时|多久|怎么|如何|为什么|为何|是否|能否|能不能|可不可以|是不是|有没有|哪里|多少"
    r"|^\W*(?:what|when|why|how|who|where|which|can|could|is|are|do|does|will|may|should)\b",
    re.IGNORECASE,
)
_FUNCTION: Final = frozenset(
    "的了吗呢吧啊是在有和与或及也都就还又不没很这那我你您他她它们个请问什么怎如何时候多久能否可以会要想为因所以被把给对从到上下里说一"
)
_EMPTY_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        """
        the and for are was were has have had this that with from your you our they them their what when why how who where which can could
        will would should does did not but all any been being there here about please into over under more some than then its his her out
        get got
        """,
    )
)
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z'-]{2,}|\d{2,}")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]+")
_SUFFIX: Final = re.compile(r"(?:街道办事处|街道|社区|村委会|居委会|镇|区|市|县|街|村)$")


def _sentences(text: str) -> list[str]:
    return [s.strip() for s in _ENDS.split(text) if s.strip()]


def _asked(text: str) -> list[str]:
    """The questions in what the citizen said, each with its mark."""
    parts = re.findall(r"(?:[^。！？!?；;\n，,.]|\.(?!\s|$))+[？?]?", text)
    found = [p.strip() for p in parts if _QUESTION.search(p.strip())]
    return [q for q in dict.fromkeys(found) if _units(q)]


def _units(text: str) -> set[str]:
    """What a text is about, in small pieces: pairs of Chinese characters that carry meaning, and words in letters by their stem."""
    pairs = {run[i : i + 2] for run in _HAN.findall(text) for i in range(len(run) - 1)}
    meant = {pair for pair in pairs if not (set(pair) & _FUNCTION)}
    words = {w.lower()[:5] for w in _WORD.findall(text) if w.lower() not in _EMPTY_WORDS}
    return meant | words


def _covers(said: str, wanted: str, share: float) -> bool:
    """Whether at least `share` of what `wanted` is about is in `said`; what is about nothing is covered."""
    units = _units(wanted)
    return not units or len(units & _units(said)) >= share * len(units)


def _holds(text: str, word: str) -> bool:
    return bool(word) and word.casefold() in text.casefold()


def _stem(name: str) -> str:
    """A region's name as it is said: `江南中街道` is also `江南中`."""
    short = _SUFFIX.sub("", name)
    return short if len(short) >= 2 else name


def _likeness(one: str, other: str) -> float:
    plain = [re.sub(r"\W+", "", text) for text in (one, other)]
    return SequenceMatcher(None, *plain, autojunk=False).ratio() if all(plain) else 0.0


def _weight(text: str) -> int:
    return sum(len(run) for run in _HAN.findall(text)) + 2 * len(re.findall(r"[A-Za-z]+", text)) + len(re.findall(r"\d+", text))


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= 24 else f"{plain[:23]}…"


SENTENCES: Final = (OF_THE_CALLER, *Says)
"""Every sentence here, for the test of the catalogue."""
