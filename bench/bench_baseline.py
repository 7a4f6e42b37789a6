"""The plain baseline that the learned classifier must beat, by the same folds: character 1-3-grams, TF-IDF, linear SVM.

    python -m bench.bench_baseline FILE.csv [FILE.csv ...] [--folds 5] [--seed 1]

Columns as for `yixian dispatch evaluate`: label, and text (with or without title) or tokens. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from yixian.dispatch import labelled
from yixian.language.learned import folds_of


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    known = labelled.read(*options.files)
    texts, truth = np.array(known.texts, dtype=object), np.unique(np.array(known.labels), return_inverse=True)[1]
    fold, guessed = folds_of(truth, options.folds, options.seed), np.empty_like(truth)
    for number in range(options.folds):
        inside, outside = fold != number, fold == number
        plain = make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2), LinearSVC())
        guessed[outside] = plain.fit(texts[inside], truth[inside]).predict(texts[outside])
    figures = {"accuracy": float((guessed == truth).mean()), "macro_f1": float(f1_score(truth, guessed, average="macro"))}
    print(json.dumps({"n": len(truth), **{name: round(value, 4) for name, value in figures.items()}}))


if __name__ == "__main__":
    main()
