"""How fast and how right messages are read, with the pack's words alone. Prints JSON.

    python bench/bench_language.py [--pack packs/guangzhou] [--folds 5] [--learned]

- `speed`: CPU milliseconds a message on one core, over the real messages of `YIXIAN_DATA` (default ../shared/data) when they are
  there, else over the pack's own examples.
- `held_out`: every example of the pack read by a reader that was built without it.
- `learned` (only when asked for): the classifier cross-validated on the labelled messages of `YIXIAN_DATA`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import msgspec
import numpy as np

from yixian.city.model import Pack
from yixian.city.pack import read as read_pack
from yixian.dispatch.evaluation import cross_validate
from yixian.language.learned import folds_of, hear
from yixian.language.service import Reader, compile_reader, read

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("YIXIAN_DATA", str(ROOT.parent / "shared" / "data")))
TYPICAL = range(30, 401)


def main() -> None:
    options = _options()
    pack = read_pack(options.pack)
    began = time.process_time()
    reader = compile_reader(pack)
    report: dict[str, object] = {
        "build_cpu_s": round(time.process_time() - began, 2),
        "leaves": len(reader.leaves),
        "examples": len(pack.examples),
    }
    report["speed"], report["found"] = _speed(reader, pack)
    report["held_out"] = _held_out(pack, reader, options.folds)
    if options.learned:
        report["learned"] = _learned()
    print(json.dumps(report, ensure_ascii=False, indent=2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Speed and accuracy of reading messages.")
    parser.add_argument("--pack", type=Path, default=ROOT / "packs" / "guangzhou")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--learned", action="store_true")
    return parser.parse_args()


def _rows(name: str) -> list[dict[str, str]]:
    path = DATA / "messages" / name
    if not path.exists():
        print(f"{path} is not there; set YIXIAN_DATA to the folder that holds messages/", file=sys.stderr)
        return []
    csv.field_size_limit(10**8)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _speed(reader: Reader, pack: Pack) -> tuple[object, object]:
    real = [(row["title"], row["text"]) for row in _rows("unlabelled.csv")]
    messages = real or [("", example.text) for example in pack.examples]
    spent: list[float] = []
    found: Counter[str] = Counter()
    for title, text in messages:
        began = time.process_time_ns()
        readings = read(reader, text, title)
        spent.append((time.process_time_ns() - began) / 1e6)
        found.update(_what_was_found(readings[0], len(readings)))
    lengths = np.array([len(text) for _, text in messages])
    every = np.array(spent)
    typical = every[(lengths >= TYPICAL.start) & (lengths < TYPICAL.stop)]
    speed = {
        "messages": "unlabelled.csv" if real else "the pack's examples",
        "n": len(messages),
        "typical_30_400_characters": _percentiles(typical if len(typical) else every),
        "every_length": _percentiles(every),
    }
    return speed, dict(sorted(found.items()))


def _percentiles(spent: np.ndarray) -> dict[str, float]:
    return {name: round(float(np.percentile(spent, share)), 3) for name, share in (("p50", 50), ("p90", 90), ("p99", 99))}


def _what_was_found(first, readings: int) -> list[str]:
    names = [f"kind:{first.kind}", f"language:{first.language}", f"urgency:{first.urgency}"]
    if readings > 1:
        names.append("several_matters")
    if first.disposition is not None:
        names.append(f"disposition:{first.disposition.kind}:{first.disposition.code}")
    if first.place.region is not None:
        names.append("place")
    return names


def _held_out(pack: Pack, whole: Reader, folds: int) -> object:
    """Top-1 and top-3 accuracy overall and by language, and what the first gate of the pack would let through."""
    examples = [example for example in pack.examples if example.matter in whole.leaves]
    _, truth = np.unique([example.matter for example in examples], return_inverse=True)
    fold = folds_of(truth, folds, seed=1)
    rows: list[tuple[str, bool, bool, float, float]] = []
    for number in range(folds):
        kept = tuple(example for example, own in zip(examples, fold, strict=True) if own != number)
        reader = compile_reader(msgspec.structs.replace(pack, examples=kept))
        for example, own in zip(examples, fold, strict=True):
            if own == number:
                # The whole message counts, so a split reading is judged by its first part.
                guesses = read(reader, example.text)[0].matters[:3]
                codes = [guess.matter for guess in guesses]
                scores = [*(guess.score for guess in guesses), 0.0, 0.0]
                rows.append((example.language, codes[:1] == [example.matter], example.matter in codes, scores[0], scores[1]))
    return {
        "n": len(rows),
        **_accuracy(rows),
        "by_language": {language: _accuracy([row for row in rows if row[0] == language]) for language in sorted({r[0] for r in rows})},
        "gate": _gate(rows, pack),
        "score_is_accuracy": _reliability(rows),
    }


def _accuracy(rows: list[tuple[str, bool, bool, float, float]]) -> dict[str, float]:
    return {
        "n": len(rows),
        "top1": round(float(np.mean([row[1] for row in rows])), 4),
        "top3": round(float(np.mean([row[2] for row in rows])), 4),
    }


def _gate(rows: list[tuple[str, bool, bool, float, float]], pack: Pack) -> dict[str, float]:
    kept = [right for _, right, _, first, second in rows if first >= pack.gate.floor and first - second >= pack.gate.margin]
    return {"coverage": round(len(kept) / max(1, len(rows)), 4), "accuracy_kept": round(float(np.mean(kept)), 4) if kept else 1.0}


def _reliability(rows: list[tuple[str, bool, bool, float, float]]) -> dict[str, dict[str, float]]:
    """By tenths of the score: how many examples, and how many of them were read rightly."""
    bins: dict[str, dict[str, float]] = {}
    for low in np.arange(0, 1, 0.1):
        right = [row[1] for row in rows if low <= row[3] < low + 0.1 or (low > 0.85 and row[3] == 1)]
        if right:
            bins[f"{low:.1f}-{low + 0.1:.1f}"] = {"n": len(right), "accuracy": round(float(np.mean(right)), 3)}
    return bins


def _learned() -> object:
    tokens, raw = _rows("labelled_tokens.csv"), _rows("labelled_raw.csv")
    if not tokens:
        return None
    texts = [row["tokens"] for row in tokens] + [f"{row['title']} {row['text']}" for row in raw]
    labels = [row["label"] for row in tokens + raw]
    began = time.process_time()
    judged = cross_validate(hear(texts, None), labels, folds=5, target=0.97, seed=1)
    return {**msgspec.to_builtins(judged), "cpu_s": round(time.process_time() - began, 1)}


if __name__ == "__main__":
    main()
