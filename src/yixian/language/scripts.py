"""Which writing system each character belongs to, found with two table look-ups so that a long message costs microseconds."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray


class Script(IntEnum):
    """A writing system, as far as reading a message needs to tell them apart."""

    NONE = 0
    """Digits, punctuation, signs, spaces."""
    HAN = 1
    KANA = 2
    LATIN = 3
    HANGUL = 4
    CYRILLIC = 5
    GREEK = 6
    ARABIC = 7
    HEBREW = 8
    DEVANAGARI = 9
    THAI = 10
    GEORGIAN = 11
    ARMENIAN = 12
    OTHER = 13


# (first code point, last code point, script), ascending and without overlap.
_BLOCKS: Final = (
    (0x41, 0x5A, Script.LATIN),
    (0x61, 0x7A, Script.LATIN),
    (0xC0, 0x24F, Script.LATIN),
    (0x370, 0x3FF, Script.GREEK),
    (0x400, 0x52F, Script.CYRILLIC),
    (0x531, 0x58F, Script.ARMENIAN),
    (0x5D0, 0x5F4, Script.HEBREW),
    (0x620, 0x6D3, Script.ARABIC),
    (0x6D5, 0x7BF, Script.ARABIC),
    (0x7C0, 0x8FF, Script.OTHER),
    (0x900, 0x97F, Script.DEVANAGARI),
    (0x980, 0xDFF, Script.OTHER),
    (0xE01, 0xE4E, Script.THAI),
    (0xE80, 0x109F, Script.OTHER),
    (0x10A0, 0x10FF, Script.GEORGIAN),
    (0x1100, 0x11FF, Script.HANGUL),
    (0x1200, 0x1DBF, Script.OTHER),
    (0x1E00, 0x1EFF, Script.LATIN),
    (0x1F00, 0x1FFF, Script.GREEK),
    (0x3005, 0x3007, Script.HAN),
    (0x3041, 0x30FF, Script.KANA),
    (0x3400, 0x4DBF, Script.HAN),
    (0x4E00, 0x9FFF, Script.HAN),
    (0xAC00, 0xD7A3, Script.HANGUL),
    (0xF900, 0xFAFF, Script.HAN),
    (0x20000, 0x323AF, Script.HAN),
)
_FIRST: Final = np.array([first for first, _, _ in _BLOCKS], dtype=np.uint32)
_LAST: Final = np.array([last for _, last, _ in _BLOCKS], dtype=np.uint32)
_SCRIPT: Final = np.array([int(script) for _, _, script in _BLOCKS], dtype=np.int64)

UNSPACED: Final = r"\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af\u3041-\u30ff\u0e00-\u0e7f"
"""Regular-expression ranges of the scripts written without spaces between words: Han, kana, Thai."""


def script_counts(text: str) -> NDArray[np.int64]:
    """How many characters of each script `text` has: one number a `Script`, in its order."""
    points = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32)
    block = np.searchsorted(_FIRST, points, side="right") - 1
    inside = (block >= 0) & (points <= _LAST[block])
    return np.bincount(np.where(inside, _SCRIPT[block], 0), minlength=len(Script)).astype(np.int64)


_HAN: Final = re.compile("[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_KANA: Final = re.compile("[\u3041-\u30ff]")
_LETTER: Final = re.compile("[A-Za-z]")


def main_script(text: str) -> Script:
    """The script most letters are in; a Han character counts as much as two letters, for it says as much. Kana makes it kana."""
    # What hardly any message needs to be counted for.
    if text.isascii():
        return Script.LATIN if _LETTER.search(text) else Script.NONE
    if 3 * len(_HAN.findall(text)) > len(text) and not _KANA.search(text):
        return Script.HAN
    counts = script_counts(text)
    if counts[Script.KANA] * 8 > counts[Script.HAN] and counts[Script.KANA] > 2:
        return Script.KANA
    counts[Script.NONE] = 0
    counts[Script.HAN] *= 2
    return Script(int(counts.argmax())) if counts.any() else Script.NONE
