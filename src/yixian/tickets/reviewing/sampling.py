"""Which answers that were passed are looked at a second time. Pure; nobody can foresee or choose it: a row's hash decides."""

from __future__ import annotations


def drawn(row_hash: bytes, percent: int) -> bool:
    """Whether the passing that this row of history tells of is drawn; `percent` of all are, 0 to 100.

    `row_hash`: of the row, which builds on all before it; whoever passes an answer cannot know it beforehand.
    """
    return int.from_bytes(row_hash[:8]) % 10_000 < percent * 100
