"""Which words of a message speak for what is suggested: the city's own words that stand in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

from yixian.city.inforce import City
from yixian.city.model import Responsibility
from yixian.tickets.model import Ticket


class Of(StrEnum):
    """What a word speaks for."""

    MATTER = "matter"
    PLACE = "place"
    ENTRY = "entry"
    """A condition of the list's entry."""


NAMES: Final[Mapping[Of, str]] = {Of.MATTER: "事项", Of.PLACE: "地点", Of.ENTRY: "清单条件"}


class Piece(msgspec.Struct, frozen=True):
    """A stretch of the message."""

    text: str
    of: Of | None = None


_PARTS: Final = re.compile(r"[\s,，、;；()（）·]+")
_SHORTEST: Final = 2


def pieces(text: str, terms: Mapping[str, Of]) -> tuple[Piece, ...]:
    """The message cut where terms stand in it, the longest first at each place; together the pieces are the message."""
    known = {term.casefold(): of for term, of in terms.items() if len(term) >= _SHORTEST}
    if not known:
        return (Piece(text),) if text else ()
    found = re.compile("|".join(re.escape(t) for t in sorted(known, key=lambda t: (-len(t), t))), re.IGNORECASE)
    cut: list[Piece] = []
    end = 0
    for match in found.finditer(text):
        if match.start() > end:
            cut.append(Piece(text[end : match.start()]))
        cut.append(Piece(match[0], known.get(match[0].casefold())))
        end = match.end()
    return (*cut, Piece(text[end:])) if end < len(text) else tuple(cut)


def terms_of(ticket: Ticket, suggestions: Iterable[Mapping[str, Any]], city: City) -> dict[str, Of]:
    """The words to look for: of the place, of the suggested matters, of the entries' conditions."""
    found: dict[str, Of] = {}
    for suggestion in suggestions:
        matter = city.matters.get(str(suggestion.get("matter") or ""))
        if matter:
            found |= dict.fromkeys((matter.name, *matter.keywords), Of.MATTER)
        entry = entry_of(city, str(suggestion.get("matter") or ""), str(suggestion.get("entry") or ""))
        if entry:
            found |= dict.fromkeys(entry.words, Of.ENTRY)
    return found | dict.fromkeys(_of_place(ticket, city), Of.PLACE)


def _of_place(ticket: Ticket, city: City) -> Iterable[str]:
    yield from _PARTS.split(ticket.place)
    for region in city.register.regions_up.get(ticket.region or "", ())[:-1]:
        yield from (region.name, *region.aliases)


def entry_of(city: City, matter: str, code: str) -> Responsibility | None:
    """The list's entry with this code that answers for the matter; None when the list no longer has it."""
    above = city.register.matters_up.get(matter, ())
    return next((e for m in above for e in city.register.entries.get(m, ()) if e.code == code), None)


def sayings() -> tuple[str, ...]:
    """The names, for the test of the catalogue."""
    return tuple(NAMES.values())
