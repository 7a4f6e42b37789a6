"""How the room's codes read on screen. Keys of the message catalogue; a test keeps them in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yixian.groups.model import Deed, Which

DEEDS: Final[Mapping[Deed, str]] = {
    Deed.ACKNOWLEDGE: "确认知悉",
    Deed.NAME: "命名",
    Deed.DISMISS: "排除",
    Deed.MERGE: "并入主单",
    Deed.LIST: "挂牌督办",
    Deed.PUT_IN: "加入工单",
    Deed.TAKE_OUT: "移出工单",
}

TABS: Final[Mapping[Which, str]] = {
    Which.WAITING: "待确认",
    Which.RAISED: "已提醒",
    Which.ALL: "全部同类",
}


def sayings() -> tuple[str, ...]:
    """Everything above, for the test of the catalogue."""
    return (*DEEDS.values(), *TABS.values())
