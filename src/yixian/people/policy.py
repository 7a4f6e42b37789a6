"""Who may do what with staff, the audit and what is known of callers.

This table alone decides it. Three administrators hold each other in balance (GB/T 22239, level 3): one keeps the city's data,
one says who works here and how they sign in, one sees what everybody did. None can become another: accounts of administrators are made,
given roles and reset by the system alone, that is by `yixian staff` on the machine itself. The system administrator sees to the
city's data (`administration/policy.py`) and sees the accounts that depend on it; the security administrator sees to accounts, roles,
second factors and sessions; the audit administrator reads the audit and changes nothing at all.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final

from yixian.people.model import HOTLINE_ROLES, UNIT_ROLES, Actor, Role

ADMINISTRATORS: Final = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})

STAFF_ROLES: Final = frozenset(Role) - {Role.CITIZEN, Role.SYSTEM}
"""What a member of staff can be."""

LONGEST_SESSION: Final = timedelta(hours=12)
"""Signed in longer than a shift, one signs in again, however busy."""

SEEN_EVERY: Final = timedelta(minutes=1)
"""A session's last use is written down at most so often."""

OFFER_HOLDS: Final = timedelta(minutes=15)
"""How long an enrolment of a second factor may take."""


class Deed(StrEnum):
    """What can be done to an account, to the audit, to a caller's secrets."""

    LIST = "list"
    ADD = "add"
    DISABLE = "disable"
    ENABLE = "enable"
    RESET = "reset"
    UNLOCK = "unlock"
    CHANGE_ROLES = "change_roles"
    CHANGE_UNIT = "change_unit"
    SEE_SESSIONS = "see_sessions"
    END_SESSION = "end_session"
    SEE_KEYS = "see_keys"
    READ_AUDIT = "read_audit"
    REVEAL = "reveal"


RIGHTS: Final[dict[Deed, frozenset[Role]]] = {
    Deed.LIST: frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.SYSTEM}),
    Deed.ADD: frozenset({Role.SECURITY_ADMIN, Role.SYSTEM}),
    Deed.DISABLE: frozenset({Role.SECURITY_ADMIN, Role.SYSTEM}),
    Deed.ENABLE: frozenset({Role.SECURITY_ADMIN, Role.SYSTEM}),
    Deed.RESET: frozenset({Role.SECURITY_ADMIN, Role.SYSTEM}),
    Deed.UNLOCK: frozenset({Role.SECURITY_ADMIN, Role.SYSTEM}),
    Deed.CHANGE_ROLES: frozenset({Role.SECURITY_ADMIN, Role.SYSTEM}),
    Deed.CHANGE_UNIT: frozenset({Role.SECURITY_ADMIN, Role.SYSTEM}),
    Deed.SEE_SESSIONS: frozenset({Role.SECURITY_ADMIN}),
    Deed.END_SESSION: frozenset({Role.SECURITY_ADMIN}),
    # Fingerprints: which key this is, never what it is.
    Deed.SEE_KEYS: frozenset({Role.SECURITY_ADMIN}),
    Deed.READ_AUDIT: frozenset({Role.AUDIT_ADMIN}),
    # Who speaks with residents. Analysts and editors work without names; administrators have no business with them.
    Deed.REVEAL: (HOTLINE_ROLES - {Role.ANALYST}) | UNIT_ROLES,
}

_BECOMING: Final = frozenset({Deed.ADD, Deed.RESET, Deed.CHANGE_ROLES, Deed.CHANGE_UNIT})
"""Whoever may do these to an account can sign in as its owner, or make an account that can: never with an administrator's."""


def refusal(actor: Actor, deed: Deed) -> str | None:
    """Why this person may not do `deed` at all, as a sentence; None when they may."""
    if RIGHTS[deed] & actor.roles:
        return None
    return "您的角色不能进行这项操作；如工作需要，请联系管理员。"


def refusal_on(actor: Actor, deed: Deed, subject: str, roles: frozenset[Role]) -> str | None:
    """Why this person may not do `deed` to this account, as a sentence; None when they may.

    `subject` is the account's staff id (empty for one that is to be added), `roles` what it has and what it would have.
    """
    if actor.id == subject:
        return "不能对自己的账号进行管理操作，请由另一位管理员办理。"
    if deed in _BECOMING and roles & ADMINISTRATORS and Role.SYSTEM not in actor.roles:
        return "管理员账号只能在服务器上用 yixian staff 命令新增、重置或变更角色。"
    return refusal(actor, deed)


def refusal_of_roles(roles: frozenset[Role]) -> str | None:
    """Why nobody can have these roles together, as a sentence; None when somebody can."""
    if not roles:
        return "请至少选择一个角色。"
    if roles - STAFF_ROLES:
        return "“市民”和“系统”不是工作人员的角色。"
    if len(roles & ADMINISTRATORS) > 1:
        return "系统管理员、安全管理员、审计管理员须由不同的人担任。"
    return None
