"""The words that speak for a matter, and those that show a feeling."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from yixian.city import pack
from yixian.city.model import Emergency, Feeling, Pack, Speech
from yixian.language.feelings import compile_feelings, feeling_of
from yixian.language.model import Felt
from yixian.language.normalise import normalise
from yixian.language.phrases import find_all
from yixian.language.reasons import MOST, words_for
from yixian.language.service import Reader, compile_reader, read
from yixian.language.words import in_own_words

TINY = Path(__file__).parents[1] / "packs" / "tiny"
WORDS = {"angry": ("没人管", "furious", "求求"), "desperate": ("走投无路", "求求你们", "cannot go on"), "giving_up": ("活不下去",)}
LIVES = Emergency("110", "有人可能轻生", ("想自杀",), "请立即拨打110", ("自杀式",), giving_up=True)
FIRE = Emergency("119", "消防", ("着火了",), "请立即拨打119")


def felt_in(text: str, words: dict[str, tuple[str, ...]] = WORDS) -> Felt | None:
    town = pack.read(TINY)
    triage = msgspec.structs.replace(town.triage, emergency=(FIRE, LIVES))
    return feeling_of(compile_feelings(msgspec.structs.replace(town, triage=triage, speech=Speech(feelings=words))), normalise(text))


@pytest.fixture(scope="module")
def town() -> tuple[Pack, Reader]:
    read_pack = pack.read(TINY)
    return read_pack, compile_reader(read_pack)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("The street light outside our house in Castle Ward is out", "light"),
        ("There is a deep pothole on the road in front of the school", "pothole"),
        ("Nobody emptied the bin this week, it was not collected", "bin"),
    ],
)
def test_the_word_that_a_person_would_name_is_among_them(town: tuple[Pack, Reader], text: str, word: str):
    _, reader = town
    reading = read(reader, text)[0]
    words = words_for(reader, text, reading.language, reading.matters[0].matter)
    assert any(word in w for w in words)
    assert len(words) <= MOST
    assert all(w in reading.text for w in words)


def test_nothing_speaks_for_a_matter_that_is_not_there(town: tuple[Pack, Reader]):
    _, reader = town
    assert words_for(reader, "The street light is out", "en", "no such matter") == ()
    assert words_for(reader, "", "en", "ST0101") == ()
    assert words_for(reader, "!!! 12345 ...", "en", "ST0101") == ()


def test_no_word_is_cut_where_nothing_stands_between_words(guangzhou: Pack, guangzhou_reader: Reader):
    """Of messages in Chinese whole words of the pack are shown, or the clause: what is shown begins and ends where a known word does."""
    reader = guangzhou_reader
    messages = [e.text for e in guangzhou.examples if e.language == "zh"][::29]
    messages += [
        "我家厨房好像有焦味，不知道是不是着火，怎么办",
        "番禺区市桥街道工地半夜施工，吵到凌晨两点",
        "天河区石牌村楼道堆杂物，电动车乱停",
    ]
    shown = 0
    for message in messages:
        reading = read(reader, message)[0]
        if not reading.matters:
            continue
        plain = in_own_words(reader.words, normalise(message, reader.noise), reading.language)
        known = find_all(reader.matters.phrases, plain)
        begins, ends = {k.start for k in known}, {k.end for k in known}
        clauses = re.findall(r"[^\W\d]+", plain)
        for word in words_for(reader, message, reading.language, reading.matters[0].matter):
            shown += 1
            at = plain.index(word)
            assert word in clauses or (at in begins and at + len(word) in ends) or word.isascii(), (message, word)
    assert shown > len(messages) / 2


@pytest.mark.parametrize(
    ("text", "feeling", "words"),
    [
        ("打了电话也没人管", Feeling.ANGRY, ("没人管",)),
        ("没人管，我已经走投无路了", Feeling.DESPERATE, ("走投无路",)),
        ("求求你们帮帮我", Feeling.DESPERATE, ("求求你们",)),
        ("沒人管", Feeling.ANGRY, ("没人管",)),
        ("I am FURIOUS about this", Feeling.ANGRY, ("furious",)),
        ("没人管，求求你们，我活不下去了", Feeling.GIVING_UP, ("活不下去",)),
        ("我想自杀", Feeling.GIVING_UP, ("想自杀",)),
    ],
)
def test_a_feeling_shows_in_the_words(text: str, feeling: Feeling, words: tuple[str, ...]):
    felt = felt_in(text)
    assert felt is not None
    assert (felt.feeling, felt.words) == (feeling, words)


@pytest.mark.parametrize("text", ["请问社保卡怎么补办", "如果走投无路再找你们", "I am not furious", "我家着火了", "怕他想自杀式停车", ""])
def test_where_nothing_shows_it_nothing_is_said(text: str):
    assert felt_in(text) is None


def test_a_pack_without_words_feels_nothing():
    assert felt_in("走投无路", {}) is None
