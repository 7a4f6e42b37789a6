"""Takes out of a message what could say who wrote it or where they live; what it is about stays. Pure.

A telephone number, an identity number, a plate, an address at home: none of it helps to tell matters apart, all of it is personal.
Short numbers without such a sense stay ("凌晨2点", "3次"): they often carry what is wrong.
"""

from __future__ import annotations

import re
from typing import Final

GAP: Final = "＊"
"""Stands for what was taken out."""

_DIGIT = r"[0-9０-９]"
_PATTERNS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # Mail addresses and web addresses, which may hold names.
        r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
        r"https?://\S+|www\.\S+",
        # Plates: 粤A12345, 粤AD12345.
        r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领港澳学警][A-Z][·・\s]?[A-Z0-9]{4,6}",
        # Letters and digits in one: identity, passport, order and account numbers.
        rf"(?=[A-Z0-9０-９]*{_DIGIT}{{3}})[A-Z0-9０-９]{{6,}}",
        # Any three digits or more, also with spaces, dashes and brackets among them.
        rf"\+?{_DIGIT}(?:[\s\-－—()（）.]?{_DIGIT}){{2,}}",
        # House, building, floor and room numbers, whatever their length.
        rf"[甲乙丙丁]?[A-Z]?{_DIGIT}{{1,2}}(?:之[一二三四五六七八九十]+)?(?=\s*(?:号|號|栋|棟|幢|座|室|房|单元|單元|楼|樓|层|層|弄))",
        # Numbers said in words: 一三八零零…
        r"[零〇一二三四五六七八九幺两]{5,}",
        # A name that somebody gives for their own.
        r"(?<=我叫)[\u4e00-\u9fff]{2,3}(?=[，,。.、；;\s])",
        r"(?<=姓名)[:：\s]*[\u4e00-\u9fff]{2,4}",
        r"(?<=my name is )[a-z'-]+(?: [a-z'-]+)?",
    )
)
_GAPS: Final = re.compile(rf"{GAP}(?:\s*{GAP})+")


def masked(text: str) -> str:
    """The text with personal numbers, addresses at home, plates, mail addresses and own names replaced by `GAP`."""
    for pattern in _PATTERNS:
        text = pattern.sub(GAP, text)
    return _GAPS.sub(GAP, text)
