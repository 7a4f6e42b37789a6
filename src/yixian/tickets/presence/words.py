"""How the presence of others reads. Keys of the message catalogue; a test keeps them in it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from yixian.city.inforce import CHINESE
from yixian.people.model import Role
from yixian.tickets import words
from yixian.tickets.model import Action
from yixian.tickets.presence.model import Doing, Present

HOTLINE: Final = "话务中心"

TYPING_INTO: Final = "{who}正在填写“{what}”"
TYPING: Final = "{who}正在填写"
READING: Final = "{who}正在查看"
SHORT: Final = "{name} 在看"


def sentences(others: Sequence[Present], city: Any, lang: str = CHINESE) -> tuple[tuple[str, dict[str, str]], ...]:
    """A sentence for each, as a key and what stands in it; who types comes first. One for all of the hotline's unnamed people."""
    said: dict[tuple[str, str, str], tuple[str, dict[str, str]]] = {}
    for present in sorted(others, key=lambda p: p.doing is not Doing.TYPING):
        names = {"name": present.name, "role": words.ROLES[Role(present.role)] if present.role in tuple(Role) else ""}
        key = TYPING if present.doing is Doing.TYPING else READING
        if present.name and present.doing is Doing.TYPING and present.action in tuple(Action):
            key = TYPING_INTO
            names["what"] = words.ACTIONS[present.action]
        said.setdefault(
            (present.name or HOTLINE, present.unit if present.name else "", ""),
            (key, names | {"unit": city.unit_in(present.unit, lang).text}),
        )
    return tuple(said.values())


def sayings() -> tuple[str, ...]:
    """All fixed sentences, for the test of the catalogue."""
    return HOTLINE, TYPING_INTO, TYPING, READING, SHORT
