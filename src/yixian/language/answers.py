"""Which guide answers a question: likeness to the guides' titles and to the questions people ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from yixian.city.model import Guide
from yixian.language.index import Index, build_index, count_terms, similarities
from yixian.language.model import Answer
from yixian.language.normalise import normalise

KEPT: Final = 3
LEAST: Final = 0.08
"""Below this, what is shared is a few common characters."""


class AnswerModel(msgspec.Struct, frozen=True):
    """The guides and their questions; the texts of guide g begin at `starts[g]`."""

    guides: tuple[Guide, ...]
    index: Index
    starts: NDArray[np.int64]


def compile_answers(guides: Sequence[Guide], noise: tuple[str, ...] = ()) -> AnswerModel:
    """Indexes the titles and questions of the guides. Which guides are valid today is the caller's to say."""
    texts = [[normalise(text, noise) for text in (guide.title, *guide.questions)] for guide in guides]
    starts = np.cumsum([0, *(len(own) for own in texts)])[:-1].astype(np.int64)
    return AnswerModel(tuple(guides), build_index([text for own in texts for text in own]), starts)


def find_answers(model: AnswerModel, text: str) -> tuple[Answer, ...]:
    """The guides nearest to a question in plain form, at most three, best first, with their likeness 0 to 1."""
    if not model.guides:
        return ()
    alike = np.maximum.reduceat(similarities(model.index, count_terms(text[:300])), model.starts)
    best = np.argsort(-alike, kind="stable")[:KEPT]
    return tuple(_answer(model.guides[guide], float(alike[guide])) for guide in best if alike[guide] >= LEAST)


def _answer(guide: Guide, score: float) -> Answer:
    return Answer(guide.code, guide.title, guide.text, guide.source, round(min(1.0, score), 4))
