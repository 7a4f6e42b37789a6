"""The plain baseline that the learned classifier must beat, by the same folds: character 1-3-grams, TF-IDF, linear SVM.

    python -m bench.bench_baseline FILE [FILE ...] [--text COLUMN ...] [--label COLUMN] [--least 1] [--folds 5] [--seed 1]

Files and columns as for `yixian dispatch evaluate`. Prints JSON: `best_coverage` is the largest share of the surest that is right at 97 %,
known only afterwards, as `dispatch evaluate` names it.
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
from yixian.dispatch.evaluation import best_coverage
from yixian.language.learned import folds_of

TARGET = 0.97


def main() -> None:
    parser = argparse.ArgumentParser(description="The plain baseline.")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--text", action="append", default=[], help="column of words; may be given several times")
    parser.add_argument("--label", default="label", help="column of labels")
    parser.add_argument("--least", type=int, default=1, help="leave out labels with fewer messages")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    known = labelled.frequent(labelled.read(*options.files, text=options.text, label=options.label), options.least)
    texts, truth = np.array(known.texts, dtype=object), np.unique(np.array(known.labels), return_inverse=True)[1]
    classes = int(truth.max()) + 1
    fold, margins = folds_of(truth, options.folds, options.seed), np.full((len(truth), classes), -np.inf)
    for number in range(options.folds):
        inside, outside = fold != number, fold == number
        plain = make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2), LinearSVC())
        found = plain.fit(texts[inside], truth[inside]).decision_function(texts[outside])
        if found.ndim == 1:
            # Of two classes sklearn keeps only the second's side.
            found = np.stack([-found, found], axis=1)
        margins[np.ix_(outside, plain.classes_)] = found
    ranked = np.sort(margins, axis=1)
    guessed = margins.argmax(axis=1)
    right = guessed == truth
    figures = {
        "accuracy": float(right.mean()),
        "macro_f1": float(f1_score(truth, guessed, average="macro")),
        "best_coverage": best_coverage(ranked[:, -1] - ranked[:, -2], right, TARGET),
    }
    print(json.dumps({"n": len(truth), "classes": classes, **{name: round(value, 4) for name, value in figures.items()}}))


if __name__ == "__main__":
    main()
