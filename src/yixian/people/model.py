"""Who works here and who calls."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from yixian.city.model import Audience
from yixian.db.pool import Acting, Scope


class Role(StrEnum):
    """What a person may do. `citizen` and `system` are nobody's role in the staff table: they name who acted."""

    OPERATOR = "operator"
    DISPATCHER = "dispatcher"
    HANDLER = "handler"
    UNIT_REVIEWER = "unit_reviewer"
    REVIEWER = "reviewer"
    CALL_BACK = "call_back"
    SUPERVISOR = "supervisor"
    KNOWLEDGE_EDITOR = "knowledge_editor"
    ANALYST = "analyst"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"
    CITIZEN = "citizen"
    SYSTEM = "system"


HOTLINE_ROLES = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.REVIEWER, Role.CALL_BACK, Role.SUPERVISOR, Role.ANALYST})
"""They see every ticket."""

UNIT_ROLES = frozenset({Role.HANDLER, Role.UNIT_REVIEWER})
"""They see the tickets of their unit and of those below it."""


class Actor(msgspec.Struct, frozen=True):
    """Who acts: a member of staff, a citizen who knows a check code, or the system itself."""

    id: str
    """Staff id; `citizen`; `system`."""
    name: str
    roles: frozenset[Role]
    unit: str = ""
    unit_path: str = ""
    """Path of the unit from the top, ending in a slash."""
    ticket: str = ""
    """For a citizen, the number whose check code was right."""

    @property
    def acting(self) -> Acting:
        """What the database is told of this actor."""
        if Role.SYSTEM in self.roles:
            return Acting(Scope.SYSTEM, actor=self.id)
        if self.roles & HOTLINE_ROLES:
            return Acting(Scope.HOTLINE, actor=self.id)
        if self.roles & UNIT_ROLES:
            return Acting(Scope.UNIT, actor=self.id, unit_path=self.unit_path)
        if Role.KNOWLEDGE_EDITOR in self.roles:
            return Acting(Scope.EDITOR, actor=self.id)
        if Role.CITIZEN in self.roles:
            return Acting(Scope.CITIZEN, actor=self.id, ticket=self.ticket)
        return Acting(Scope.NOBODY, actor=self.id)


SYSTEM_ACTOR = Actor("system", "system", frozenset({Role.SYSTEM}))


def citizen(ticket: str) -> Actor:
    """The resident who proved to know the ticket with this number."""
    return Actor("citizen", "citizen", frozenset({Role.CITIZEN}), ticket=ticket)


class Colleague(msgspec.Struct, frozen=True):
    """Somebody of the staff, as others see them."""

    id: str
    """Staff id."""
    login: str
    name: str
    unit: str


Short = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00]*$")]
"""Without NUL: PostgreSQL cannot store it."""


class CallerIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a caller says of themselves; all of it optional."""

    name: Short = ""
    phone: Short = ""
    identity: Short = ""
    """Identity number of a person, or unified credit code of a firm."""
    kind: Audience = Audience.PERSON
    language: Short = ""
    needs: Short = ""
    """Special needs: hard of hearing, blind, elder."""


class CallerMasked(msgspec.Struct, frozen=True):
    """What the screen shows of a caller without a reason to see more."""

    id: UUID
    kind: Audience
    name: str
    """`陈**`"""
    phone: str
    """`***1234`"""
    language: str = ""
    needs: str = ""


class Session(msgspec.Struct, frozen=True):
    """A signed-in member of staff."""

    actor: Actor
    csrf: str
    created_at: datetime
    must_change: bool
    awaiting_second_factor: bool
    """The password was right; the one-time password is still to come (or to be enrolled)."""
