from __future__ import annotations

import csv
import math
import os
from pathlib import Path

import numpy as np
import pytest

from yixian.language.learned import choose_threshold, cross_validate, evaluate, predict, train

DATA = Path(os.environ.get("YIXIAN_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
TOPICS = {
    "zh": {"水": ["家里停水了", "水管爆裂漏水", "水压太小"], "灯": ["路灯坏了", "街上路灯不亮", "灯杆倒了"]},
    "tokens": {"水": ["家里 停水", "水管 爆裂", "水压 小"], "灯": ["路灯 坏", "街上 路灯 不亮", "灯杆 倒"]},
    "ar": {
        "ماء": ["انقطع الماء عن البيت", "تسرب الماء من الأنبوب", "ضغط الماء ضعيف"],
        "ضوء": ["مصباح الشارع مكسور", "الشارع مظلم بلا ضوء", "عمود الضوء سقط"],
    },
    "he": {"מים": ["אין מים בבית", "צינור מים התפוצץ", "לחץ מים נמוך"], "אור": ["פנס הרחוב שבור", "הרחוב חשוך בלי אור", "עמוד פנס נפל"]},
}


def _labelled(script: str) -> tuple[list[str], list[str]]:
    pairs = [(f"{text} {number}", label) for label, texts in TOPICS[script].items() for text in texts for number in range(12)]
    return [text for text, _ in pairs], [label for _, label in pairs]


@pytest.mark.parametrize("script", TOPICS)
def test_any_script_is_learned(script: str) -> None:
    texts, labels = _labelled(script)
    model = train(texts, labels, seed=1)
    for label, said in TOPICS[script].items():
        chances = predict(model, said)
        assert [model.classes[best] for best in chances.argmax(axis=1)] == [label] * len(said)
        assert np.allclose(chances.sum(axis=1), 1)


def test_training_twice_gives_the_same_model() -> None:
    texts, labels = _labelled("zh")
    first, second = train(texts, labels, seed=3), train(texts, labels, seed=3)
    assert np.array_equal(predict(first, texts), predict(second, texts))


def test_unknown_words_and_empty_texts_are_no_error() -> None:
    model = train(*_labelled("zh"), seed=1)
    assert predict(model, ["", "zzz", "𠀀"]).shape == (3, 2)
    assert predict(model, []).shape == (0, 2)


def test_training_without_two_classes_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="fewer than two classes"):
        train(["a", "b"], ["x", "x"], seed=1)
    with pytest.raises(ValueError, match="2 texts but 1 labels"):
        train(["a", "b"], ["x"], seed=1)


def test_a_class_with_one_text_does_not_break_training() -> None:
    texts, labels = _labelled("zh")
    model = train([*texts, "井盖不见了"], [*labels, "盖"], seed=1)
    assert set(model.classes) == {"水", "灯", "盖"}


def test_the_gate_opens_only_as_far_as_the_evidence_goes() -> None:
    confidences = np.linspace(1, 0, 1000)
    correct = np.arange(1000) < 600
    threshold = choose_threshold(confidences, correct, target=0.97)
    kept = confidences >= threshold
    assert correct[kept].mean() >= 0.97
    assert 550 < kept.sum() < 620
    # Thirty right of thirty do not prove 97 %: the lower bound is 90 %.
    assert choose_threshold(confidences[:30], np.ones(30, dtype=bool), target=0.97) == math.inf
    assert choose_threshold(np.array([]), np.array([], dtype=bool)) == math.inf


def test_equal_confidences_stay_together() -> None:
    confidences = np.concatenate([np.full(200, 0.9), np.full(100, 0.5)])
    correct = np.concatenate([np.ones(200, dtype=bool), np.arange(100) < 50])
    assert choose_threshold(confidences, correct, target=0.97) == 0.9


def test_an_evaluation_judges_only_what_was_not_trained_on() -> None:
    texts, labels = _labelled("zh")
    judged = evaluate(texts, labels, ["停水", "路灯不亮", "井盖"], ["水", "灯", "盖"], target=0.97, seed=1)
    assert (judged.n, judged.classes) == (3, 3)
    assert judged.accuracy == pytest.approx(2 / 3, abs=0.001)
    assert cross_validate(texts, labels, folds=3, target=0.9, seed=1).accuracy == 1


def test_real_messages_reach_the_simple_baseline() -> None:
    path = DATA / "messages" / "labelled_raw.csv"
    if not path.exists():
        pytest.skip(f"{path} is not there; set YIXIAN_DATA")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    judged = cross_validate([f"{row['title']} {row['text']}" for row in rows], [row["label"] for row in rows], 5, 0.97, seed=1)
    # Only 495 messages here; bench/bench_language.py --learned measures all.
    assert judged.accuracy > 0.75
