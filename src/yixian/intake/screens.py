"""The residents' form in large print: one question a screen, and everything said goes along. Pure.

What happened, where, the number to ring, a look at all of it. Nothing is checked on the way back: whoever mistyped may leave the screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Screen(StrEnum):
    """A screen of the form, in their order."""

    WHAT = "what"
    WHERE = "where"
    PHONE = "phone"
    CHECK = "check"


ORDER: Final = tuple(Screen)

ASKED: Final[Mapping[Screen, frozenset[str]]] = {
    Screen.WHAT: frozenset({"text", "at", "photo_at"}),
    Screen.WHERE: frozenset({"place", "where", "at"}),
    Screen.PHONE: frozenset({"phone", "name", "hides_identity"}),
    Screen.CHECK: frozenset({"meant"}),
}
"""The fields that a screen has itself; all others go along unseen."""

_MENDED: Final[Mapping[str, Screen]] = {
    "text": Screen.WHAT, "file": Screen.WHAT, "place": Screen.WHERE, "where": Screen.WHERE, "at": Screen.WHERE,
    "phone": Screen.PHONE, "name": Screen.PHONE,
}  # fmt: skip

BACK: Final = "back"


def named(name: str) -> Screen | None:
    """The screen with this name; None for a form that has no screens."""
    return Screen(name) if name in ORDER else None


def unchecked(screen: Screen, step: str) -> Screen | None:
    """Where somebody goes who only goes back, or wants to change an answer; None for whoever goes on."""
    if step == BACK:
        return ORDER[max(0, ORDER.index(screen) - 1)]
    return named(step)


def following(screen: Screen) -> Screen | None:
    """The next screen; None when all has been looked at and it is sent."""
    at = ORDER.index(screen) + 1
    return ORDER[at] if at < len(ORDER) else None


def mending(field: str) -> Screen:
    """Where a field that cannot be taken is mended."""
    return _MENDED.get(field, Screen.CHECK)
