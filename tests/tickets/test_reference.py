"""The reference page says what the table says."""

from __future__ import annotations

from pathlib import Path

from yixian.tickets import reference
from yixian.tickets.lifecycle import EDGES, Clock
from yixian.tickets.model import State

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "lifecycle.md"


def test_the_page_is_made_from_the_table_as_it_is_now() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference.page(), "run: python -m yixian.tickets.reference > docs/reference/lifecycle.md"


def test_every_state_and_clock_has_its_sentence() -> None:
    assert set(reference.sentences(State)) == {s.value for s in State}
    assert set(reference.sentences(Clock)) == {c.value for c in Clock}


def test_every_edge_is_on_the_page() -> None:
    text = reference.page()
    assert all(f"| `{e.action}` | `{e.source}` |" in text for e in EDGES)
    assert text.count("\n| `") == len(EDGES) + len(State)
