"""Who changes the city's data: the system administrator, and nobody else's work with it.

The other two administrators are kept apart in `people/policy.py`: one sees to accounts and sessions, one reads the audit.
"""

from __future__ import annotations

from typing import Final

from yixian.db.pool import Acting, Scope
from yixian.people.model import Actor, Role

CHANGING: Final = frozenset({Role.SYSTEM_ADMIN})
"""They see and change units, queues, matters, limits, the calendar and lines, and see the settings."""


def refusal(actor: Actor) -> str | None:
    """Why this person may not change the city, as a sentence; None when they may."""
    if actor.roles & (CHANGING | {Role.SYSTEM}):
        return None
    return "您的角色不能进行这项操作；如工作需要，请联系管理员。"


def acting(actor: Actor) -> Acting:
    """As whom the database is told this person acts: the city's data and numbers of tickets, no ticket itself.

    Routes let in only who may change the city; the use cases give counts of tickets, never one of them.
    """
    return Acting(Scope.SYSTEM, actor=actor.id)
