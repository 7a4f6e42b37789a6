"""Three administrators hold each other in balance: walked through the whole table."""

from __future__ import annotations

import pytest

from yixian.people import policy
from yixian.people.model import Actor, Role
from yixian.people.policy import ADMINISTRATORS, RIGHTS, STAFF_ROLES, Deed

OTHER = "other"


def actor(*roles: Role, id: str = "me") -> Actor:
    return Actor(id, id, frozenset(roles))


def may(role: Role, deed: Deed, subject: Role = Role.HANDLER) -> bool:
    return policy.refusal_on(actor(role), deed, OTHER, frozenset({subject})) is None


@pytest.mark.parametrize("deed", Deed)
@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_everybody_may_do_what_the_table_says_and_nothing_else(role: Role, deed: Deed):
    assert may(role, deed) == (role in RIGHTS[deed])


def test_no_deed_but_looking_at_the_list_is_shared_between_administrators():
    for deed in set(Deed) - {Deed.LIST}:
        assert len(RIGHTS[deed] & ADMINISTRATORS) <= 1, deed


def test_administrators_do_only_administration():
    for role in ADMINISTRATORS:
        assert role not in RIGHTS[Deed.REVEAL]
    for deed in set(Deed) - {Deed.REVEAL}:
        assert RIGHTS[deed] <= ADMINISTRATORS | {Role.SYSTEM}, deed


@pytest.mark.parametrize("deed", (Deed.ADD, Deed.RESET, Deed.CHANGE_ROLES))
@pytest.mark.parametrize("role", sorted(ADMINISTRATORS))
def test_no_administrator_can_become_another(role: Role, deed: Deed):
    for other in ADMINISTRATORS:
        assert not may(role, deed, other)
        assert may(Role.SYSTEM, deed, other)


@pytest.mark.parametrize("deed", (Deed.DISABLE, Deed.ENABLE, Deed.RESET, Deed.UNLOCK, Deed.CHANGE_ROLES))
def test_nobody_administers_their_own_account(deed: Deed):
    for role in ADMINISTRATORS:
        assert policy.refusal_on(actor(role), deed, "me", frozenset({role}))


def test_roles_that_cannot_go_together_are_refused():
    assert policy.refusal_of_roles(frozenset())
    assert policy.refusal_of_roles(frozenset({Role.CITIZEN}))
    assert policy.refusal_of_roles(frozenset({Role.SYSTEM_ADMIN, Role.AUDIT_ADMIN}))
    assert policy.refusal_of_roles(frozenset({Role.OPERATOR, Role.DISPATCHER})) is None
