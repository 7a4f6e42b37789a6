"""What is sent to us in bodies, forms and addresses, read so that nothing in it can fail further in."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from msgspec import Meta

from yixian.web.problems import FieldError, Problem, usual

E = TypeVar("E", bound=StrEnum)

STORABLE: Final = r"^[^\x00]*$"
"""PostgreSQL cannot store the character NUL."""

Words = Annotated[str, Meta(max_length=10_000, pattern=STORABLE)]
"""What somebody says, in a body."""
Short = Annotated[str, Meta(max_length=200, pattern=STORABLE)]
"""A name or a code."""
Codes = Annotated[tuple[Short, ...], Meta(max_length=200)]
Version = Annotated[
    int, Meta(ge=0, le=2**31 - 1, description="The version one looked at: answers 409 when it is not the newest. 0: not said.")
]


def named(kind: type[E], name: str) -> E:
    """Which deed, step or thing an address names.

    Raises:
        Problem: 404, none of this kind.
    """
    try:
        return kind(name)
    except ValueError:
        raise usual(404) from None


def sought(text: str) -> str:
    """A code or number as it can be looked for; `-`, which nothing is called, where the database could not even be asked about it."""
    return text.strip() if text.isprintable() else "-"


def uuid_of(text: str) -> UUID | None:
    """The id that is written; None when it is none."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def text_of(form: Any, name: str, longest: int | None = None) -> str:
    """A field's text, without what no field can hold, and no longer than `longest` characters; empty when it was not sent."""
    return str(form.get(name) or "").replace("\r\n", "\n").replace("\x00", "")[:longest]


def count_of(text: str, otherwise: int = 0) -> int:
    """The whole number that is written; `otherwise` when it is none, below zero or above 999,999."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else otherwise


def version_of(form: Any) -> int:
    """The version that the page with this form was made from; 0: not said."""
    return count_of(str(form.get("version") or ""))


NO_SUCH_CODE: Final = "没有这个编码，请核对。"


def unknown_code(*errors: FieldError) -> Problem:
    """The answer to codes that the city does not have: 422, with what is wrong with each."""
    return Problem(422, "invalid", "填写有误", NO_SUCH_CODE, errors)
