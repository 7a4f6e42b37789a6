from __future__ import annotations

import msgspec
import pytest

from yixian.city.model import Pack
from yixian.language.service import compile_reader, read
from yixian.language.words import Words, compile_words, in_own_words


@pytest.fixture(scope="module")
def words() -> Words:
    return compile_words(
        {
            "yue": {"冇": "没有", "街灯": "路灯", "系": "是", "系统": "系统"},
            "en": {"street light": "路灯", "leak": "漏水", "gas leak": "漏气"},
            "cy": {"golau stryd": "street light"},
        },
        {"单车": "自行车"},
        {"en": ("s", "ing")},
    )


@pytest.mark.parametrize(
    ("language", "said", "heard"),
    [
        ("yue", "街灯冇电", "路灯没有电"),
        ("yue", "系统坏系咩", "系统坏是咩"),
        ("zh", "街灯系统", "街灯系统"),
        ("zh", "单车不见了", "自行车不见了"),
        ("yue", "冇单车", "没有自行车"),
        ("other", "单车", "自行车"),
        ("cy", "y golau stryd wedi torri", "y street light wedi torri"),
        ("en", "", ""),
    ],
)
def test_words_give_way_to_what_the_matters_call_it(words: Words, language: str, said: str, heard: str) -> None:
    assert in_own_words(words, said, language) == heard


@pytest.mark.parametrize(
    ("said", "meanings"),
    [("two street lights are out", ["路灯"]), ("a gas leak", ["漏气"]), ("it is leaking, leaking", ["漏水"]), ("leaked streetlight", [])],
)
def test_beside_words_of_another_script_their_meaning_is_added(words: Words, said: str, meanings: list[str]) -> None:
    heard = in_own_words(words, said, "en")
    assert heard.startswith(said)
    assert [part.strip() for part in heard.removeprefix(said).split("。") if part.strip()] == meanings


def test_a_citys_words_are_understood_and_its_people_quoted_as_they_spoke(small: Pack) -> None:
    taught = msgspec.structs.replace(small.triage, synonyms={"大光灯": "路灯"}, words={"en": {"lantern": "路灯"}})
    reader = compile_reader(msgspec.structs.replace(small, triage=taught))
    (reading,) = read(reader, "大光灯坏了")
    assert (reading.matters[0].matter, reading.text) == ("UM01", "大光灯坏了")
    assert read(reader, "a lantern fell")[0].matters[0].matter == "UM01"
