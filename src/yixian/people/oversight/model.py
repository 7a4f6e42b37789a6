"""What is looked for, and what is found."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
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


class Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to look for in the audit; empty fits everything."""

    actor: str = ""
    """Login or staff id."""
    action: str = ""
    """An action (`staff.reset`) or the beginning of one (`staff.`)."""
    subject: str = ""
    """What it was done to: a staff id or login, a thing of the city (`unit:gz.water`)."""
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
