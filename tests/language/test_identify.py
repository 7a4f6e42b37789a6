from __future__ import annotations

import pytest

from yixian.language.identify import compile_languages, identify
from yixian.language.normalise import normalise
from yixian.language.service import Reader


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("路灯坏了没人修", "zh"),
        ("條街啲燈唔着", "yue"),
        ("點解冇人嚟整㗎", "yue"),
        ("The lamp is broken", "en"),
        ("WeChat 上面提交的 order 没有人处理，请回复", "zh"),
        ("街灯が壊れています", "other"),
        ("Уличный фонарь не работает", "other"),
        ("12345", "other"),
        ("", "other"),
    ],
)
def test_languages_are_told_apart(reader: Reader, text: str, language: str) -> None:
    assert identify(reader.languages, normalise(text)) == language


def test_a_city_may_have_languages_of_its_own() -> None:
    model = compile_languages(("ka", "en", "de"), {"de": ("der", "die", "nicht", "ist"), "ka": ("არ", "და")})
    assert identify(model, "ქუჩის განათება არ მუშაობს") == "ka"
    assert identify(model, "die laterne ist kaputt") == "de"
    assert identify(model, "the lamp is broken") == "en"
