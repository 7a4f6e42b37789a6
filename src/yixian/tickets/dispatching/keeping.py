"""Whose a waiting ticket is among the dispatchers: nobody's at first, somebody's once it was handed over. Pure.

Who keeps a ticket is offered it before all others, and nobody else is, until its clock comes near: a ticket never waits for one person.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from yixian.city.model import Urgency
from yixian.tickets.dispatching.model import Found
from yixian.tickets.model import Light, Line

BACK: Final = "pile"
"""In a form: back to all dispatchers."""

NO_ONE: Final = "请选择交给谁，并写明交接说明。"
PRESSING: Final = (Light.RED, Light.AMBER)


class Dispatcher(msgspec.Struct, frozen=True):
    """Somebody to whom a ticket can be handed over."""

    id: str
    """Staff id."""
    name: str


def dispatchers(found: Sequence[Found]) -> tuple[Dispatcher, ...]:
    """Those who came with the desk's counts, by name."""
    return tuple(Dispatcher(one.code, one.name) for one in found if one.by == "colleague")


def to_offer(lines: Sequence[Line], actor: str) -> tuple[Line, ...]:
    """The tickets of a list that this person may be offered: their own first, then in the list's order."""
    own = [line for line in lines if line.keeper == actor]
    return (*own, *(line for line in lines if line.keeper != actor and (line.keeper is None or presses(line))))


def presses(line: Line) -> bool:
    """Whether it cannot wait for the one who keeps it."""
    return line.light in PRESSING or line.urgency is Urgency.CRITICAL


def keeper(sent: str) -> str | None:
    """Whom a form names: a staff id, empty for all dispatchers; None when it names nobody."""
    text = sent.strip()
    return "" if text == BACK else text or None


def sayings() -> tuple[str, ...]:
    """The sentences, for the test of the catalogue."""
    return (NO_ONE,)
