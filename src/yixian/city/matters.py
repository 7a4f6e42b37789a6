"""The matter tree."""

from __future__ import annotations

from collections.abc import Iterable

from yixian.city.model import Matter


def leaves(matters: Iterable[Matter]) -> tuple[Matter, ...]:
    """The matters without children, under which tickets are filed, in their order."""
    matters = tuple(matters)
    parents = {matter.parent for matter in matters}
    return tuple(matter for matter in matters if matter.code not in parents)
