"""How the room's codes read on screen. Keys of the message catalogue; a test keeps them in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yixian.city.model import Audience
from yixian.learning.model import Source

SOURCES: Final[Mapping[Source, str]] = {
    Source.CHOICE: "派单员选择",
    Source.AGREED: "派单员采用首条建议",
    Source.REASSIGNED: "退单后改派",
    Source.RULING: "联合审定裁定",
    Source.CONSULTED: "会商后派单",
    Source.ANSWERED: "自动派单后办结无异议",
}

FIGURES: Final[tuple[tuple[str, str], ...]] = (
    ("unit_top1", "首选单位正确"),
    ("unit_top3", "前三单位含正确"),
    ("matter_top1", "首选事项正确"),
    ("matter_top3", "前三事项含正确"),
    ("calibration_error", "置信度校准误差"),
    ("coverage", "可自动派单占比"),
    ("accuracy_kept", "其中正确"),
    ("accuracy_bound", "其中正确，95% 下限"),
)
"""Fields of `model.Figures`, and what a row of the comparison is called."""

PAIRS: Final[Mapping[str, str]] = {"equal": "地点、条件相同", "tie": "条件个数相同"}
AUDIENCES: Final[Mapping[Audience, str]] = {Audience.PERSON: "市民", Audience.FIRM: "企业"}
TABS: Final[tuple[tuple[str, str], ...]] = (("models", "模型"), ("watch", "在线监测"), ("gaps", "清单问题"))
DONE: Final[Mapping[str, str]] = {"live": "上线", "back": "回退", "lift": "恢复自动派单"}


def sayings() -> tuple[str, ...]:
    """All of them, for the test of the catalogue."""
    tables = (SOURCES, PAIRS, AUDIENCES, DONE)
    return (*(word for table in tables for word in table.values()), *(said for _, said in FIGURES), *(said for _, said in TABS))
