"""Several matters in one message: where it could be cut. Whether it is cut depends on what the parts are about (see `service`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

PART_CHARACTERS: Final = 8
"""A shorter part (four words where words are longer) says too little to be a matter by itself."""
MOST_PARTS: Final = 5
SENTENCES_UP_TO: Final = 120
"""Only a short message is cut at the ends of its sentences; in a long one sentences tell one story."""

_LIST_ITEM: Final = re.compile(
    r"(?:^|(?<=[\s。;；:：,，!！?？]))(?:\d{1,2}[、.．)）](?!\d)|[(（]\d{1,2}[)）]|[一二三四五六七八九十]{1,2}、|[①②③④⑤⑥⑦⑧⑨]|第[一二三四五][,，、])"
)
_SENTENCE_END: Final = re.compile(r"(?<=[。!！?？;；])|(?<=[a-z][.]) ")


class Splitter(msgspec.Struct, frozen=True):
    """The words that stand between two matters, as one pattern; None when the pack has none."""

    marks: re.Pattern[str] | None


def compile_splitter(marks: Sequence[str]) -> Splitter:
    """`marks` in plain form; a mark counts only at the beginning of a clause."""
    if not marks:
        return Splitter(None)
    any_mark = "|".join(re.escape(mark) for mark in sorted(marks, key=lambda mark: (-len(mark), mark)))
    return Splitter(re.compile(rf"(?:(?<=[\s。;；,，!！?？.])|^)(?:{any_mark})[\s,，:：]*"))


def parts_of(splitter: Splitter, text: str, *, sentences: bool) -> tuple[str, ...]:
    """The parts a message in plain form may be cut into; one part, the whole, when nothing suggests a cut.

    `sentences` lets the ends of sentences suggest it too, in a short message.
    """
    cuts = [_by_pattern(_LIST_ITEM, text)]
    if splitter.marks is not None:
        cuts.append(_by_pattern(splitter.marks, text))
    if sentences and len(text) <= SENTENCES_UP_TO:
        cuts.append(_by_pattern(_SENTENCE_END, text))
    return next((cut for cut in cuts if 2 <= len(cut) <= MOST_PARTS), (text,))


def _by_pattern(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    return _long_enough(pattern.split(text))


def _long_enough(parts: Sequence[str]) -> tuple[str, ...]:
    """The parts with short ones joined to the part before them, so that no word is lost."""
    kept: list[str] = []
    for part in (part.strip() for part in parts):
        if not part:
            continue
        if (kept and len(part) < PART_CHARACTERS) or (kept and len(kept[-1]) < PART_CHARACTERS):
            kept[-1] += part
        else:
            kept.append(part)
    return tuple(kept)
