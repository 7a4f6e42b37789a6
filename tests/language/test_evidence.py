from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from yixian.language.evidence import Family, count_texts, evidence_of, family_of, tree_of
from yixian.language.grams import terms

TEXTS = ("路灯", "路面", "停水", "水费")
TREE = tree_of(["路", "路", "水", "水"], ["城", "城", "城", "城"])


def _said(text: str) -> np.ndarray:
    counted = count_texts(TEXTS, terms)
    belongs = csr_array((np.ones(12, np.float32), ([0, 1, 2, 3, 4, 4, 5, 5, 6, 6, 6, 6], [0, 1, 2, 3] * 3)), shape=(7, 4))
    by_term = evidence_of(counted, belongs, TREE).by_term().toarray()
    heard = [counted.vocabulary[term] for term in set(terms(text)) if term in counted.vocabulary]
    return TREE.over_leaves(by_term[heard].sum(axis=0))


def test_a_matters_own_words_speak_most_for_it_and_some_for_its_siblings() -> None:
    light, surface, stoppage, bill = _said("路灯")
    assert light > surface > stoppage == pytest.approx(bill)


def test_a_word_that_nobody_used_says_nothing() -> None:
    assert not _said("树").any()


@pytest.mark.parametrize(
    ("term", "family"), [("灯", Family.CHARACTER), ("路灯", Family.PAIR), ("<lig", Family.PIECE), ("\t路灯不亮", Family.PHRASE)]
)
def test_terms_are_told_apart_by_their_form(term: str, family: Family) -> None:
    assert family_of(term) is family
