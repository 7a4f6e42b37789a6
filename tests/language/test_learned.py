from __future__ import annotations

import numpy as np
import pytest

from yixian.language.features import count_features
from yixian.language.learned import Model, confidence, folds_of, hear, is_short, predict, train
from yixian.language.meaning import SIZE, Vectors

TOPICS = {
    "zh": {"水": ["家里停水了", "水管爆裂漏水", "水压太小"], "灯": ["路灯坏了", "街上路灯不亮", "灯杆倒了"]},
    "tokens": {"水": ["家里 停水", "水管 爆裂", "水压 小"], "灯": ["路灯 坏", "街上 路灯 不亮", "灯杆 倒"]},
    "ar": {
        "ماء": ["انقطع الماء عن البيت", "تسرب الماء من الأنبوب", "ضغط الماء ضعيف"],
        "ضوء": ["مصباح الشارع مكسور", "الشارع مظلم بلا ضوء", "عمود الضوء سقط"],
    },
    "he": {"מים": ["אין מים בבית", "צינור מים התפוצץ", "לחץ מים נמוך"], "אור": ["פנס הרחוב שבור", "הרחוב חשוך בלי אור", "עמוד פנס נפל"]},
}


def _taught(texts: list[str], labels: list[str], seed: int = 1) -> Model:
    return train(hear(texts, None), labels, seed)


def _labelled(script: str) -> tuple[list[str], list[str]]:
    pairs = [(f"{text} {number}", label) for label, texts in TOPICS[script].items() for text in texts for number in range(12)]
    return [text for text, _ in pairs], [label for _, label in pairs]


@pytest.mark.parametrize("script", TOPICS)
def test_any_script_is_learned(script: str) -> None:
    texts, labels = _labelled(script)
    model = _taught(texts, labels)
    for label, said in TOPICS[script].items():
        chances = predict(model, hear(said, None))
        assert [model.classes[best] for best in chances.argmax(axis=1)] == [label] * len(said)
        assert np.allclose(chances.sum(axis=1), 1)


def test_training_twice_gives_the_same_model() -> None:
    texts, labels = _labelled("zh")
    first, second = _taught(texts, labels, 3), _taught(texts, labels, 3)
    assert np.array_equal(predict(first, hear(texts, None)), predict(second, hear(texts, None)))


FIRST = {
    "zh": ("路灯坏了", "水管漏水", "请政府派人来看一看，我们小区的居民已经等了很久，多次反映都没有结果，希望尽快处理。"),
    "en": (
        "the lamp is broken",
        "the pipe is leaking",
        " please send somebody to look, all of us have been waiting for weeks and nobody answers, ",
    ),
    "ar": ("المصباح مكسور", "الأنبوب يتسرب", " نرجو إرسال شخص لينظر في الأمر فقد انتظر السكان طويلا ولم يجبنا أحد حتى الآن "),
}


def test_letters_beside_each_other_in_the_alphabet_are_told_apart() -> None:
    counts, features = count_features(["水", "氵", "氶", "氷"])
    assert counts.shape == (4, len(features)) and (counts.sum(axis=0) == 1).all()


@pytest.mark.parametrize("script", FIRST)
def test_what_is_said_first_counts_more_than_what_is_mentioned_later(script: str) -> None:
    lamp, pipe, between = FIRST[script]
    texts = [f"{first}{between * times}{later}" for first, later in ((lamp, pipe), (pipe, lamp)) for times in (2, 3, 4) for _ in range(8)]
    model = _taught(texts, ["lamp"] * 24 + ["pipe"] * 24)
    said = [f"{lamp}{between * 6}{pipe}{between}{pipe}", f"{pipe}{between * 6}{lamp}{between}{lamp}"]
    assert [model.classes[best] for best in predict(model, hear(said, None)).argmax(axis=1)] == ["lamp", "pipe"]


def test_unknown_words_and_empty_texts_are_no_error() -> None:
    model = _taught(*_labelled("zh"))
    assert predict(model, hear(["", "zzz", "𠀀"], None)).shape == (3, 2)
    assert predict(model, hear([], None)).shape == (0, 2)


def test_training_without_two_classes_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="fewer than two classes"):
        _taught(["a", "b"], ["x", "x"])
    with pytest.raises(ValueError, match="2 texts but 1 labels"):
        _taught(["a", "b"], ["x"])


def test_a_class_with_one_text_does_not_break_training() -> None:
    texts, labels = _labelled("zh")
    model = _taught([*texts, "井盖不见了"], [*labels, "盖"])
    assert set(model.classes) == {"水", "灯", "盖"}


def test_a_text_that_counts_more_is_heard_more() -> None:
    texts = ["灯 亮"] * 16 + ["水 管"] * 16
    labels = ["灯"] * 12 + ["水"] * 20
    doubted = train(hear(texts, None), labels, 1, np.repeat([1.0, 0.1, 1.0], [12, 4, 16]))
    trusted = train(hear(texts, None), labels, 1, np.repeat([0.1, 5.0, 1.0], [12, 4, 16]))
    said = hear(["灯 亮"], None)
    assert doubted.classes[predict(doubted, said).argmax()] == "灯"
    assert trusted.classes[predict(trusted, said).argmax()] == "水"


def _meaning(texts: list[str]) -> Vectors:
    """A meaning of our own: what speaks of wet things lies one way, of bright things the other, whatever the words."""
    wet = {"水管": 1, "自来水": 1, "H2O": 1, "路灯": -1, "灯杆": -1, "lamp": -1}
    vectors = np.random.default_rng(0).normal(0, 0.05, (len(texts), SIZE)).astype(np.float32)
    vectors[:, 0] += [sum(way for word, way in wet.items() if word in text) for text in texts]
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_meaning_is_heard_where_no_word_is_known() -> None:
    texts = [f"{word}{number}号" for number in range(20) for word in ("水管", "自来水", "路灯", "灯杆")]
    labels = ["水", "水", "灯", "灯"] * 20
    unknown = ["H2O", "lamp"]
    heard = train(hear(texts, _meaning), labels, 1)
    found = predict(heard, hear(unknown, _meaning))
    assert [heard.classes[best] for best in found.argmax(axis=1)] == ["水", "灯"]
    assert heard.centres is not None and _taught(texts, labels).centres is None


def test_confidence_is_a_chance_and_the_left_out_texts_tell_it() -> None:
    texts, labels = _labelled("zh")
    model = _taught(texts, labels)
    sure = confidence(model, predict(model, hear([*texts, "井盖"], None)))
    assert ((sure > 0) & (sure < 1)).all()
    assert len(model.left_out.said) == len(texts) and model.left_out.correct.mean() > 0.9


def test_every_class_is_spread_over_the_folds() -> None:
    truth = np.repeat([0, 1], [50, 10])
    fold = folds_of(truth, 5, seed=1)
    assert [(truth[fold == number] == 1).sum() for number in range(5)] == [2, 2, 2, 2, 2]


def test_meaning_is_for_short_texts() -> None:
    assert is_short(["路灯不亮"] * 3)
    assert not is_short(["路灯不亮" * 40] * 3)
    assert not is_short([])
