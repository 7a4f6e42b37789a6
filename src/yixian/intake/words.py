"""How the room's codes read on screen. Keys of the message catalogue; a test keeps them in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yixian.city.model import Feeling
from yixian.dispatch.model import Why
from yixian.intake.model import Handed, Outcome
from yixian.tickets.words import CHANNELS

OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.ANSWERED: "直接答复",
    Outcome.TICKET_OPENED: "转为工单",
    Outcome.ADDED_TO_TICKET: "并入在办工单",
    Outcome.TRANSFERRED: "转接紧急热线",
    Outcome.LEGAL_ROUTE: "告知法定途径",
    Outcome.OUTSIDE_SCOPE: "不属受理范围",
    Outcome.ABANDONED: "中途挂断",
}

TOLD: Final[Mapping[Outcome, str]] = {
    Outcome.ANSWERED: "这是您要的答案",
    Outcome.TICKET_OPENED: "我们收到了",
    Outcome.ADDED_TO_TICKET: "您之前反映过，已补充到原工单",
    Outcome.TRANSFERRED: "这是紧急情况，请马上拨打",
    Outcome.LEGAL_ROUTE: "这件事有专门的法定途径",
    Outcome.OUTSIDE_SCOPE: "这件事热线不能受理",
    Outcome.ABANDONED: "已登记",
}
"""The heading of a resident's result page."""

WHYS: Final[Mapping[Why, str]] = {
    Why.SURE: "把握充分，登记后直接派单",
    Why.ALARM: "可能是紧急情况，登记后排在派单台最前面，由人立即查看",
    Why.NOTHING_FITS: "没有找到合适的事项，登记后由派单员选择",
    Why.UNSURE: "把握不足，登记后由派单员选择",
    Why.CLOSE_CALL: "两个单位都可能，登记后由派单员选择",
    Why.PLACE_NEEDED: "还需要更具体的地点才能确定单位",
    Why.NO_OWNER: "职责清单里没有承办单位，登记后由派单员选择",
    Why.LANGUAGE: "不是本市常用语言，登记后由派单员阅读",
    Why.ABOUT_THE_UNIT: "投诉对象就是承办单位，登记后由派单员另行指定",
    Why.SUSPENDED: "此事项近期自动派单差错偏多，已暂停，登记后由派单员选择",
}

HANDED: Final[Mapping[Handed, str]] = {
    Handed.WAITING: "已转给负责人接听，请保持通话。",
    Handed.EARLY: "已交给接听的负责人，并照常办理，不必等到接听那天。",
    Handed.OVERFLOW: "负责人席位已满：已按普通工单登记，照常派单。",
    Handed.ORDINARY: "没有转给负责人：照常办理。",
}
"""What became of the wish to reach a leader."""

FEELINGS: Final[Mapping[Feeling, str]] = {
    Feeling.ANGRY: "来电人很生气",
    Feeling.DESPERATE: "来电人情绪低落、无助",
    Feeling.GIVING_UP: "来电人可能想不开",
}

NEEDS: Final = ("高龄", "听障", "视障", "行动不便", "言语障碍", "需要翻译")
"""Special needs that are chosen from; what else is known is shown as it was written."""

LANGUAGES: Final[Mapping[str, str]] = {"zh": "普通话", "yue": "粤语", "en": "英语", "other": "其他语言"}

SPOKEN: Final[Mapping[str, str]] = {"zh": "zh-CN", "yue": "yue-Hans", "en": "en"}
"""Languages of the pack's phrases as pages name them."""


def needs(known: str) -> tuple[tuple[str, str], ...]:
    """The special needs to choose from, what is known already among them."""
    return tuple((need, need) for need in dict.fromkeys((*NEEDS, *((known,) if known else ()))))


__all__ = ("CHANNELS", "FEELINGS", "HANDED", "LANGUAGES", "NEEDS", "OUTCOMES", "SPOKEN", "TOLD", "WHYS", "needs", "sayings")


def sayings() -> tuple[str, ...]:
    """All of them, for the test of the catalogue."""
    return tuple(word for table in (OUTCOMES, TOLD, CHANNELS, WHYS, HANDED, FEELINGS, LANGUAGES) for word in table.values()) + NEEDS
