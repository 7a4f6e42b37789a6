from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yixian.language.normalise import normalise, normalise_words


def test_the_same_words_look_the_same_however_typed() -> None:
    assert normalise("１２３４５　熱線\r\nＡＢＣ") == "12345 热线 abc"


def test_noise_is_left_out() -> None:
    assert normalise("尊敬的领导：路灯坏了，谢谢", normalise_words(("尊敬的領導", "谢谢"))) == ":路灯坏了,"


@given(st.text(max_size=200))
def test_any_text_has_a_plain_form_without_surrounding_space(text: str) -> None:
    plain = normalise(text)
    assert plain == plain.strip()
    assert "  " not in plain
