from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from yixian.dispatch import picture
from yixian.dispatch.evaluation import Bin, Evaluation, calibration_error, cross_validate, evaluate, reliability, risk_coverage
from yixian.language.learned import hear

DATA = Path(os.environ.get("YIXIAN_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
TEXTS = [f"{word} {number}" for number in range(60) for word in ("家里停水了", "水管漏水", "路灯坏了", "灯杆倒了")]
LABELS = ["水", "水", "灯", "灯"] * 60


def test_an_evaluation_judges_only_what_was_not_trained_on() -> None:
    judged = evaluate(hear(TEXTS, None), LABELS, hear(["停水", "路灯不亮", "井盖"], None), ["水", "灯", "盖"], target=0.97, seed=1)
    assert (judged.n, judged.classes) == (3, 3)
    assert judged.accuracy == pytest.approx(2 / 3, abs=0.001)
    assert cross_validate(hear(TEXTS, None), LABELS, folds=3, target=0.9, seed=1).accuracy == 1


def test_every_figure_comes_with_its_coverage() -> None:
    judged = cross_validate(hear(TEXTS, None), LABELS, folds=3, target=0.9, seed=1, each=True)
    assert judged.coverage > 0.9 and judged.accuracy_kept == 1
    assert {c.name: (c.said, c.own_gate) for c in judged.by_class} == {"水": (120, True), "灯": (120, True)}
    assert sum(c.kept for c in judged.by_class) == round(judged.coverage * judged.n)


def test_calibration_error_by_hand() -> None:
    # Half of the messages 0.9 sure and right at 0.8, half 0.6 sure and right at 0.7: 0.1 apart on both sides.
    assert calibration_error([Bin(10, 0.9, 0.8), Bin(10, 0.6, 0.7)]) == 0.1
    assert calibration_error([]) == 0


def test_risk_and_coverage_by_hand() -> None:
    points = risk_coverage(np.array([0.9, 0.5, 0.8, 0.7]), np.array([True, False, False, True]))
    assert [(p.coverage, p.risk) for p in points] == [(0.25, 0), (0.5, 0.5), (0.75, 0.3333), (1, 0.5)]


def test_reliability_bins_hold_every_message_once() -> None:
    bins = reliability(np.linspace(0, 1, 101), np.arange(101) >= 50)
    assert sum(b.n for b in bins) == 101
    assert [b.confidence for b in bins] == sorted(b.confidence for b in bins)


def test_labels_that_contradict_each_other_lower_the_ceiling() -> None:
    # Each text stands twice, word for word; a tenth of the pairs carry different labels.
    texts = [f"第{number}小区的{number * 7}号楼停水{number * 13}天" for number in range(100) for _ in range(2)]
    labels = ["水" if copy == 0 or number % 10 else "灯" for number in range(100) for copy in range(2)]
    judged = cross_validate(hear(texts, None), labels, folds=3, target=0.9, seed=1)
    assert judged.alike_pairs >= 100
    # 2e(1 - e) = 0.1 at e = 0.0528.
    assert judged.ceiling == pytest.approx(0.947, abs=0.02)


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_curve_is_drawn(tmp_path: Path, ending: str) -> None:
    pytest.importorskip("matplotlib")
    file = tmp_path / f"curve.{ending}"
    picture.draw(_judged(), file)
    assert file.stat().st_size > 5_000


def test_a_picture_of_no_known_form_is_refused_with_what_to_do(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(picture.NoPictures, match=r"ends in \.png"):
        picture.draw(_judged(), tmp_path / "curve.doc")


def _judged() -> Evaluation:
    return cross_validate(hear(TEXTS, None), LABELS, folds=3, target=0.9, seed=1)


def test_real_messages_reach_the_simple_baseline() -> None:
    path = DATA / "messages" / "labelled_raw.csv"
    if not path.exists():
        pytest.skip(f"{path} is not there; set YIXIAN_DATA")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = [f"{row['title']} {row['text']}" for row in rows]
    judged = cross_validate(hear(texts, None), [row["label"] for row in rows], 5, 0.97, seed=1)
    # Only 495 messages here; `make evaluate` measures all.
    assert judged.accuracy > 0.75
