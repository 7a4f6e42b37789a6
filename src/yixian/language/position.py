"""What the words say of the place, together with what was said apart: the field for the place, the coordinates of a telephone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from yixian.city.model import Audience
from yixian.language import service
from yixian.language.model import PlaceFound, Reading
from yixian.language.normalise import as_written, normalise
from yixian.language.places import Gazetteer, ask_back, find_place, full_name, in_common
from yixian.language.service import Reader

_WIDE: Final = re.compile("[\u4e00-\u9fff]")
_DISTRICT: Final = 2
"""How deep districts are in a gazetteer; the city itself says nothing."""


def understood(
    reader: Reader, text: str, title: str = "", audience: Audience | None = None, said: str = "", district: str | None = None
) -> tuple[Reading, ...]:
    """What a message says (`service.read`) and where that is, with what stands in the field for the place and the coordinates.

    The text says what it is about, the field only where; both together say where, as when one names the road and the other the house.

    Args:
        said: what stands in the field for the place. Where it names a region, it comes before the words of the message; in a message
            of several matters not before what a matter says of itself.
        district: the code of the district in which the coordinates are. The words come before it; it settles what they leave open.
    """
    readings = service.read(reader, text, title, audience, said)
    return tuple(
        msgspec.structs.replace(r, place=by_coordinates(reader.gazetteer, place, district, r.text))
        for r, place in zip(readings, _places(reader.gazetteer, readings, said, f"{title}。{text}"), strict=True)
    )


def _places(gazetteer: Gazetteer, readings: Sequence[Reading], said: str, written: str) -> tuple[PlaceFound, ...]:
    """The readings' places together with the field's words. `written`: the message as it was written, for its capitals."""
    plain = normalise(said)
    if not plain:
        return tuple(r.place for r in readings)
    own = find_place(gazetteer, plain)
    own = msgspec.structs.replace(own, text=as_written(own.text, said))
    return tuple(_place(gazetteer, r, len(readings) > 1, plain, own, f"{said}。{written}") for r in readings)


def _place(gazetteer: Gazetteer, reading: Reading, several: bool, plain: str, own: PlaceFound, written: str) -> PlaceFound:
    found = reading.place
    if plain == normalise(found.text):
        return found  # copied from the words, by the form that offered it: nothing that they do not say already
    if several and _says_where(gazetteer, reading, own):
        return found
    both = find_place(gazetteer, f"{plain}。{reading.text}")
    if several and both.region is None and not both.candidates:
        return found  # what the whole message says, rather than nothing
    return as_said(gazetteer, msgspec.structs.replace(both, text=as_written(both.text, written)), own)


def _says_where(gazetteer: Gazetteer, reading: Reading, own: PlaceFound) -> bool:
    """Whether one of several matters says itself that it is elsewhere than the field says."""
    there = find_place(gazetteer, reading.text)
    if there.region is None or there.candidates or gazetteer.depth.get(there.region, 0) < _DISTRICT:
        return False
    return own.region is None or not (_within(gazetteer, own.region, there.region) or _within(gazetteer, there.region, own.region))


def as_said(gazetteer: Gazetteer, found: PlaceFound, own: PlaceFound) -> PlaceFound:
    """`found` in the message, unless the place's own field names (`own`) somewhere else, or what it leaves open."""
    if own.region is None or own.candidates:
        return found
    if found.region is not None and not found.candidates and _within(gazetteer, found.region, own.region):
        return found
    return msgspec.structs.replace(own, text=own.text or found.text)


def by_coordinates(gazetteer: Gazetteer, found: PlaceFound, district: str | None, text: str) -> PlaceFound:
    """`found` by the words, with the district of the coordinates where the words leave it open; a question when they disagree."""
    if district is None or found.outside:
        return found
    fitting = tuple(code for code in found.candidates if _within(gazetteer, code, district))
    if fitting:
        several = fitting if len(fitting) > 1 else ()
        return msgspec.structs.replace(
            found, region=in_common(gazetteer, fitting), candidates=several, ask=ask_back(gazetteer, several, text)
        )
    if not found.candidates and (found.region is None or _within(gazetteer, district, found.region)):
        return msgspec.structs.replace(found, region=district, ask="")
    if found.region is not None and _within(gazetteer, found.region, district):
        return found
    return msgspec.structs.replace(found, ask=_disagreement(gazetteer, found, district, text))


def _within(gazetteer: Gazetteer, code: str, outer: str) -> bool:
    return outer in gazetteer.chains.get(code, ())


def _disagreement(gazetteer: Gazetteer, found: PlaceFound, district: str, text: str) -> str:
    named = full_name(gazetteer, found.region) if found.region else found.text
    there = full_name(gazetteer, district)
    if _WIDE.search(text):
        return f"您说的是{named}，定位却在{there}。请问事情发生在哪里？"
    return f"You say {named}, but the position sent is in {there}. Where does it happen?"
