"""A filter whose field holds part of a name: what it may mean is offered, and nothing is listed until it is one thing. Pure.

A list that silently left a filter out would show all tickets as if they were those that were asked for, with what is done to many below it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from yixian.city.inforce import City
from yixian.tickets import choices
from yixian.tickets.choices import Choice, Unclear, What
from yixian.web.given import NO_SUCH_CODE
from yixian.web.problems import FieldError, MayBe, Problem

LABELS: Final[Mapping[What, str]] = {What.UNITS: "单位", What.MATTERS: "事项", What.REGIONS: "区域"}

ONE_OF_THESE: Final = "没有这个编码；choices 里有与它相近的，请填其中一个的编码。"

NONE_OF_US: Final = "请先选定筛选条件里的区域、事项或单位。"


class Meant(msgspec.Struct, frozen=True):
    """What a filter's field holds, and what is meant by it."""

    what: What
    written: str
    code: str = ""
    """Empty while it may be several, or fits none."""
    guessed: bool = False
    """Whether it is part of a name, and of one name only."""
    may_be: tuple[Choice, ...] = ()
    """Best first."""

    @property
    def unclear(self) -> bool:
        """Whether somebody has to choose before anything can be listed."""
        return bool(self.written) and not self.code


class Offer(msgspec.Struct, frozen=True):
    """An unclear filter as a page says it."""

    label: str
    written: str
    ways: tuple[tuple[str, str], ...] = ()
    """Name and address of each that may be meant; none: nothing fits."""


class Taken(msgspec.Struct, frozen=True):
    """What was taken for part of a name, as a page says it."""

    label: str
    written: str
    name: str


def meant(city: City, what: What, written: str) -> Meant:
    """What `written` means: one thing by name, code or the only name that holds it; else those that it may be."""
    text = written.strip()
    try:
        return Meant(what, text, choices.code_of(city, what, text))
    except Unclear:
        found = choices.find(city, what, text.partition("[")[0].strip() or text)
    if len(found) == 1:
        return Meant(what, text, found[0].code, guessed=True)
    return Meant(what, text, may_be=found)


def offers(fields: Mapping[str, Meant], link: Callable[[dict[str, str]], str]) -> tuple[Offer, ...]:
    """The unclear ones among the fields of a form; `link`: the list's address with some of its filters put otherwise."""
    return tuple(
        Offer(LABELS[one.what], one.written, tuple((choice.name, link({field: choice.code})) for choice in one.may_be))
        for field, one in fields.items()
        if one.unclear
    )


def taken(fields: Mapping[str, Meant], city: City) -> tuple[Taken, ...]:
    """What was taken for part of a name."""
    return tuple(Taken(LABELS[one.what], one.written, choices.name_of(city, one.what, one.code)) for one in fields.values() if one.guessed)


def problem(fields: Mapping[str, Meant]) -> Problem:
    """The answer to who asks for a file of something unclear: 400, with what each field may mean."""
    unclear = {field: one for field, one in fields.items() if one.unclear}
    errors = tuple(FieldError(field, choices.SEVERAL if one.may_be else choices.NONE) for field, one in unclear.items())
    may_be = {field: [choice.text for choice in one.may_be] for field, one in unclear.items()}
    return Problem(400, "unclear", "筛选条件不明确", NONE_OF_US, errors, {"choices": may_be})


def unknown(city: City, field: str, what: What, code: str) -> FieldError | None:
    """What a program is told that asks for a code which the city does not have: what it may mean, as a page offers it; None: it has it.

    A page may take part of a name for the only one that holds it; a program is told, and asks again.
    """
    if not code or choices.is_code(city, what, code):
        return None
    one = meant(city, what, code)
    codes = [one.code] if one.code else [choice.code for choice in one.may_be]
    may_be = tuple(MayBe(found, choices.name_of(city, what, found)) for found in codes)
    return FieldError(field, ONE_OF_THESE if may_be else NO_SUCH_CODE, may_be)


def written(city: City, what: What, asked: str) -> str:
    """What the field holds: `name [code]` of what is clear, else what was typed."""
    return choices.written(city, what, asked) if choices.is_code(city, what, asked) else asked


def sayings() -> tuple[str, ...]:
    """The sentences, for the test of the catalogue."""
    return (NONE_OF_US, ONE_OF_THESE, "筛选条件不明确", *LABELS.values())
