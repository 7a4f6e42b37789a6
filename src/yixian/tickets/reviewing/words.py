"""How reviewing and calling back read on screen, and what is said on the telephone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from yixian.tickets.model import Reached

REASONS: Final[Mapping[str, str]] = {
    "asked": "没有回答市民问的问题",
    "done": "没有写明做了什么、结果如何",
    "basis": "没有写明依据",
    "when": "没有写明什么时候办好",
    "tone": "用语不规范，或者推给别的单位",
    "personal": "公开答复里有个人信息",
    "proof": "缺少现场照片或办理凭证",
}
"""Why answers are sent back most often (答复审核)."""

REACHED: Final[Mapping[Reached, str]] = {
    Reached.NO_ANSWER: "无人接听",
    Reached.BUSY: "占线",
    Reached.REFUSED: "拒绝回访",
    Reached.WRONG_NUMBER: "号码有误",
}

QUESTIONS: Final = (("response", "响应是否及时"), ("solution", "问题是否解决"), ("attitude", "态度如何"))


class Script(msgspec.Struct, frozen=True):
    """What to say, in one language."""

    lang: str
    """As a screen reader is told."""
    name: str
    """Of the language: a key of the catalogue."""
    greeting: str
    answer: str
    questions: tuple[str, str, str]
    """Response, solution, attitude."""
    thanks: str


MANDARIN: Final = Script(
    "zh-CN", "普通话",
    "您好，这里是12345政务服务便民热线。您之前反映过一个问题，想占用您一两分钟做个回访，方便吗？",
    "承办单位的答复是：",
    (
        "单位联系您、办理您的问题，及时吗？请从1到5打分，5是很满意。",
        "您的问题解决了吗？同样从1到5打分。",
        "办理人员的态度怎么样？从1到5打分。",
    ),
    "谢谢您。还有什么想说的吗？以后有事可以随时拨打12345。",
)  # fmt: skip
CANTONESE: Final = Script(
    "zh-HK", "粤语",
    "你好，呢度系12345热线。你之前反映过一个问题，想阻你一两分钟做个回访，得唔得闲？",
    "承办单位嘅答复系：",
    (
        "单位联系你、跟进你嘅问题，快唔快？由1分到5分，5分系好满意。",
        "你嘅问题解决咗未？都系由1分到5分。",
        "跟进嘅同事态度点样？由1分到5分。",
    ),
    "多谢你。仲有冇嘢想讲？以后有事随时打12345。",
)  # fmt: skip
ENGLISH: Final = Script(
    "en", "英语",
    "Hello, this is the 12345 hotline. You told us about a problem earlier. May I take a minute or two to ask how it went?",
    "The unit's answer is:",
    (
        "How quickly were you contacted and helped? One to five; five is very satisfied.",
        "Was your problem solved? Again one to five.",
        "How were you treated? One to five.",
    ),
    "Thank you. Is there anything else you would like to say? You can ring 12345 at any time.",
)  # fmt: skip

SCRIPTS: Final[Mapping[str, Script]] = {"zh": MANDARIN, "cmn": MANDARIN, "yue": CANTONESE, "en": ENGLISH}
"""By language, as callers have it. What is spoken is not translated with the page: it is the resident's language, not the caller's."""

SECRET: Final = "此人要求保密：只与本人说话；接电话的不是本人时，不要说明来意和诉求内容，改时间再打。"  # noqa: S105 -- what is said of one
OF_THE_LINK: Final = "【12345热线】您反映的事项已有答复，请用这个链接评价（七天内有效，限用一次）：{link}"


def script_for(language: str) -> Script:
    """What to say to somebody who speaks this language; Mandarin where there is none of it."""
    return SCRIPTS.get(language.lower().partition("-")[0], MANDARIN)


def sayings() -> tuple[str, ...]:
    """All of them, for the test of the catalogue."""
    names = tuple(script.name for script in SCRIPTS.values())
    return (*REASONS.values(), *REACHED.values(), *(said for _, said in QUESTIONS), *names, SECRET, OF_THE_LINK)
