"""What the words say of the place, together with what was said apart: the field for the place, the coordinates of a telephone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from yixian.language.model import PlaceFound, Reading
from yixian.language.normalise import as_written, normalise
from yixian.language.places import Gazetteer, ask_back, find_place, full_name, in_common

_WIDE: Final = re.compile("[\u4e00-\u9fff]")


def located(gazetteer: Gazetteer, readings: Sequence[Reading], said: str = "", district: str | None = None) -> tuple[Reading, ...]:
    """The readings with their places brought into agreement with what else is known.

    Args:
        said: what stands in the field for the place. Where it names a region, it comes before the words of the message.
        district: the code of the district in which the coordinates are. The words come before it; it settles what they leave open.
    """
    own = find_place(gazetteer, normalise(said)) if said else PlaceFound()
    own = msgspec.structs.replace(own, text=as_written(own.text, said))
    return tuple(
        msgspec.structs.replace(r, place=by_coordinates(gazetteer, as_said(gazetteer, r.place, own), district, r.text)) for r in readings
    )


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
