"""Accounts for the simulated staff: made for one replay, disabled after it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from yixian.city.model import Pack
from yixian.db.pool import SYSTEM, Database
from yixian.people import service
from yixian.people.model import SYSTEM_ACTOR, UNIT_ROLES, Role
from yixian.replay.model import STAFF, Account, CannotReplay, Credentials

NAMES = {
    Role.OPERATOR: "模拟话务员",
    Role.DISPATCHER: "模拟派单员",
    Role.HANDLER: "模拟承办人",
    Role.UNIT_REVIEWER: "模拟承办审核",
    Role.REVIEWER: "模拟热线审核",
    Role.CALL_BACK: "模拟回访员",
}


@asynccontextmanager
async def hired(database: Database, pack: Pack, run: str, clock: Callable[[], datetime]) -> AsyncIterator[Credentials]:
    """Accounts of one simulated person a role, for as long as the block lasts.

    Those of units sit at the top of the tree of units, so that one person stands for all of them.
    """
    credentials: Credentials = {}
    for role in STAFF:
        unit = top_of(pack) if role in UNIT_ROLES else pack.city.fallback_unit
        new = service.NewStaff(f"{run}-{role.replace('_', '-')}", NAMES[role], frozenset({role}), unit, must_change=False)
        async with database.transaction(SYSTEM) as tx:
            added = await service.add_staff(tx, SYSTEM_ACTOR, new, clock())
        credentials[role] = Account(added.login, added.password)
    try:
        yield credentials
    finally:
        async with database.transaction(SYSTEM) as tx:
            for account in credentials.values():
                await service.disable(tx, SYSTEM_ACTOR, account.login, clock())


def top_of(pack: Pack) -> str:
    """The unit that has the most others below it."""
    above = {unit.code: unit.parent for unit in pack.units}
    below = dict.fromkeys(above, 0)
    for code in above:
        parent = above[code]
        while parent in below:
            below[parent] += 1
            parent = above[parent]
    return max(below, key=lambda code: (below[code], code))


def from_file(path: Path) -> Credentials:
    """Accounts from a JSON file: `{"operator": {"login": …, "password": …, "secret": …}, …}`.

    Raises:
        CannotReplay: it cannot be read, or a role is missing.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[Role, Account])
    except (OSError, msgspec.MsgspecError) as error:
        raise CannotReplay(f"{path} cannot be used: {error}. It is JSON: a login and a password for each role.") from error
    if missing := [role for role in STAFF if role not in found]:
        raise CannotReplay(f"{path} lacks accounts for: {', '.join(missing)}.")
    return found
