"""What the things of the city and the deeds are called on screen: keys of the message catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yixian.administration.model import Clocks, Deed
from yixian.city.adjustments import Adjustment, Thing

THINGS: Final[Mapping[Thing, str]] = {
    Thing.UNIT: "单位", Thing.QUEUE: "队列", Thing.MATTER: "事项", Thing.LIMIT: "时限", Thing.DAY: "日历", Thing.HOURS: "工作时间",
    Thing.LINE: "热线归并",
}  # fmt: skip
ICONS: Final[Mapping[Thing, str]] = {
    Thing.UNIT: "building", Thing.QUEUE: "headset", Thing.MATTER: "tree", Thing.LIMIT: "clock", Thing.DAY: "calendar",
    Thing.HOURS: "clock", Thing.LINE: "phone",
}  # fmt: skip
ADDING: Final[Mapping[Thing, str]] = {
    Thing.UNIT: "新增单位", Thing.QUEUE: "新增队列", Thing.MATTER: "新增事项", Thing.LIMIT: "新增时限", Thing.DAY: "新增特别日",
    Thing.LINE: "新增热线",
}  # fmt: skip
CLOSING: Final[Mapping[Thing, str]] = {
    Thing.UNIT: "关闭单位", Thing.QUEUE: "停用队列", Thing.MATTER: "停用事项", Thing.LIMIT: "删除这一行时限", Thing.DAY: "取消特别日",
    Thing.LINE: "移出登记",
}  # fmt: skip
SUCCESSORS: Final[Mapping[Thing, str]] = {Thing.UNIT: "接办单位", Thing.QUEUE: "接替的队列", Thing.MATTER: "接替的事项"}
SUCCESSOR_HINTS: Final[Mapping[Thing, str]] = {
    Thing.UNIT: "工单、人员和下级单位都归它；职责清单写明原单位的，按它执行。",
    Thing.QUEUE: "事项和热线改进这个队列；没有事项或热线时可以不填。",
    Thing.MATTER: "群众的说法和办事指南归它；不填则一并停用。",
}
DEEDS: Final[Mapping[Deed, str]] = {
    Deed.CHANGE: "修改", Deed.ADD: "新增", Deed.CLOSE: "关闭", Deed.REOPEN: "恢复", Deed.FOLLOW: "改回按城市包", Deed.UNDO: "撤销变更",
}  # fmt: skip
CLOCKS: Final[Mapping[Clocks, str]] = {
    Clocks.KEEP: "在办工单保持原时限", Clocks.LATER: "在办工单重新计算，只推后、不提前", Clocks.ANEW: "在办工单重新计算，可以提前",
}  # fmt: skip
"""What becomes of tickets that run already."""
PARTED: Final = "与城市包不同"


def what(change: Adjustment) -> str:
    """What kind of change it was, in a word."""
    if change.undoes:
        return DEEDS[Deed.UNDO]
    if change.ends:
        return DEEDS[Deed.CLOSE]
    if change.ends is False:
        return DEEDS[Deed.ADD] if change.before is None and change.sets else DEEDS[Deed.REOPEN]
    return DEEDS[Deed.FOLLOW] if change.follows and not change.sets else DEEDS[Deed.CHANGE]
