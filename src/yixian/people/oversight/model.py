"""What is looked for, and what is found."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from yixian.people.model import Role


class Standing(StrEnum):
    """How an account stands."""

    USABLE = "usable"
    LOCKED = "locked"
    DISABLED = "disabled"
    UNENROLLED = "unenrolled"
    """Without a second factor."""


class Filters(msgspec.Struct, frozen=True):
    """Which accounts; empty fits all."""

    query: str = ""
    """Part of a login or a name."""
    unit: str = ""
    role: Role | None = None
    standing: Standing | None = None


class LiveSession(msgspec.Struct, frozen=True):
    """Somebody who is signed in, or about to be."""

    id: str
    """Digest of the session's token, hexadecimal: it signs nobody in."""
    staff: UUID
    login: str
    name: str
    roles: frozenset[Role]
    unit_name: str
    created_at: datetime
    seen_at: datetime
    address: str
    full_login: bool


class Entry(msgspec.Struct, frozen=True):
    """A row of the audit: something that somebody did, or tried to do."""

    seq: int
    at: datetime
    actor: str
    """Staff id; `system`; empty when nobody was signed in."""
    actor_login: str
    """Empty when it was nobody who works here."""
    actor_name: str
    action: str
    subject: str
    """What it was done to: a staff id, a thing of the city (`unit:gz.water`), the number of a ticket."""
    subject_login: str
    """Of a person to whom it was done."""
    subject_name: str
    ticket: str
    """Number of the ticket that it was about."""
    result: str
    body: dict[str, Any]
    address: str


class Page(msgspec.Struct, frozen=True):
    """A page of the audit, newest first."""

    rows: tuple[Entry, ...]
    next: str
    """To be given as `before` for the page that follows; empty when this is the last."""


class Result(StrEnum):
    """How a deed ended."""

    ANY = ""
    DONE = "done"
    REFUSED = "refused"


class Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to look for in the audit; empty fits everything."""

    actor: str = ""
    """Login, name or id of a person; `system`."""
    action: str = ""
    """An action (`staff.reset`) or the beginning of one (`staff.`)."""
    subject: str = ""
    """What it was done to: a person (login, name, id), a thing of the city (`unit:gz.water`), any other code."""
    ticket: str = ""
    """Number of the ticket it was about."""
    address: str = ""
    """From where."""
    result: str = ""
    """`done` or `refused`."""
    since: date | None = None
    """The first day; None: `DAYS` back."""
    until: date | None = None
    """The last day, with it."""
    before: str = ""
    """Where the page before ended: its `next`."""


class Wish(msgspec.Struct, frozen=True):
    """A row of a file of accounts."""

    login: str
    name: str
    roles: frozenset[Role]
    unit: str


class Turn(msgspec.Struct, frozen=True):
    """What a row of the file would do."""

    wish: Wish
    deed: str
    """`add`, `change`, `same`."""
    before_roles: frozenset[Role] = frozenset()
    before_unit: str = ""


class Difference(msgspec.Struct, frozen=True):
    """What a file of accounts would do, and what is wrong with it."""

    turns: tuple[Turn, ...]
    problems: tuple[tuple[int, str], ...]
    """Line of the file and sentence."""

    @property
    def does_something(self) -> bool:
        """Whether there is anything to be done."""
        return not self.problems and any(turn.deed != "same" for turn in self.turns)
