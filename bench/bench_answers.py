"""Which answer belongs to which question: how often the right one of a whole file is found, by words, by words and meaning. Prints JSON.

    python -m bench.bench_answers FILE.csv [--question question] [--answer answer] [--no-meaning] [--json]

Every question of the file is asked of all of its answers (`--question` may be given several times: the columns are read one after the
other). `words` is the index that finds guides for residents (`yixian.language.index`), asked with what the answers say. `meaning` puts
vectors beside it, of the first characters only, as everywhere; 0.1 s of CPU a text, so it is left out of long files by default
(`--meaning` insists). `plain` is the baseline: character 1-3-grams, TF-IDF, cosine.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sklearn.feature_extraction.text import TfidfVectorizer

from yixian.language.index import build_index, count_terms, similarities
from yixian.language.learned import is_short
from yixian.language.meaning import Vectors, centred, embedder
from yixian.language.normalise import normalise

Alike = NDArray[np.float32]
"""Questions by answers."""
AMONG = (1, 5, 10)
PART = 16
"""Texts whose vectors are made between two signs of progress."""


def main() -> None:
    options = _options()
    questions, answers = read(options.file, options.question or ["question"], options.answer)
    found = {"bench": "answers", "data": options.file.name, "n": len(questions), "plain": recall(plain(questions, answers))}
    words = by_words(questions, answers)
    found["words"] = recall(words)
    wanted = is_short(questions) if options.meaning is None else options.meaning
    if wanted and embedder() is not None:
        found["words_and_meaning"] = recall(both(words, meant(questions), meant(answers)))
    print(json.dumps(found, ensure_ascii=False, indent=2))
    if not options.json:
        _show(found)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Which answer belongs to which question.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--question", action="append", help="column of the question; may be given several times")
    parser.add_argument("--answer", default="answer", help="column of the answer")
    parser.add_argument("--meaning", action=argparse.BooleanOptionalAction, default=None, help="where questions are short, if not said")
    parser.add_argument("--json", action="store_true", help="JSON alone")
    return parser.parse_args()


def read(file: Path, question: list[str], answer: str) -> tuple[list[str], list[str]]:
    """The questions and the answers, in the same order."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = [row for row in csv.DictReader(opened) if row.get(answer)]
    if not rows or not {answer, *question} <= rows[0].keys():
        sys.exit(f"{file} needs the columns {', '.join([*question, answer])}, and a row.")
    return ["\n".join(row[column] for column in question) for row in rows], [row[answer] for row in rows]


def plain(questions: list[str], answers: list[str]) -> Alike:
    """The baseline."""
    machine = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True).fit(answers)
    return (machine.transform(questions) @ machine.transform(answers).T).toarray()


def by_words(questions: list[str], answers: list[str]) -> Alike:
    """As residents' questions are compared with guides."""
    index = build_index([normalise(text) for text in answers])
    return np.stack([similarities(index, count_terms(normalise(text))) for text in questions])


def meant(texts: list[str]) -> Vectors:
    """What each text means, seen from their middle."""
    embed = embedder()
    assert embed is not None
    found = np.concatenate([embed(texts[at : at + PART]) for at in track(range(0, len(texts), PART), "Meaning")])
    return centred(found, found.mean(axis=0))


def both(words: Alike, questions: Vectors, answers: Vectors) -> Alike:
    """Words and meaning with the same weight."""
    return (words + questions @ answers.T) / 2


def recall(alike: Alike) -> dict[str, float]:
    """How often the right answer (the one of the same row) is among the first 1, 5 and 10; of those that tie, each comes first as often."""
    own = np.diagonal(alike)[:, None]
    before, tied = (alike > own).sum(axis=1), (alike == own).sum(axis=1)
    return {f"at_{n}": round(float(np.clip((n - before) / tied, 0, 1).mean()), 3) for n in AMONG}


def _show(found: dict[str, object]) -> None:
    table = Table("", *(f"among {n}" for n in AMONG))
    for name in ("plain", "words", "words_and_meaning"):
        if isinstance(figures := found.get(name), dict):
            table.add_row(name.replace("_", " "), *(f"{figures[f'at_{n}']:.1%}" for n in AMONG))
    Console(file=sys.stderr).print(table)


if __name__ == "__main__":
    main()
