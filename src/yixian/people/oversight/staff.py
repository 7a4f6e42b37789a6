"""Accounts looked over: the list with its filters, another unit, many at once from a file, sessions seen and ended."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Final

from yixian.db.pool import Transaction
from yixian.people import audit, policy, service
from yixian.people import store as accounts
from yixian.people.model import Actor, Role
from yixian.people.oversight import store
from yixian.people.oversight.model import Difference, Filters, LiveSession, Turn, Wish
from yixian.people.policy import Deed
from yixian.people.refusals import Invalid, NotFound, Refused
from yixian.people.service import Added, NewStaff
from yixian.people.store import Staff
from yixian.people.words import ROLE_NAMES
from yixian.settings import Settings

PAGE: Final = 50
SESSIONS: Final = 200
MOST_AT_ONCE: Final = 200
"""Accounts of one file: each new one costs a tenth of a second for its password."""
COLUMNS: Final = ("login", "name", "roles", "unit")
_ROLES: Final = {name: role for role, name in ROLE_NAMES.items()} | {role.value: role for role in Role}


async def listed(tx: Transaction, actor: Actor, filters: Filters, after: str, now: datetime) -> tuple[Staff, ...]:
    """A page of accounts by login, from the one after `after`.

    Raises:
        Refused: this person may not see it.
    """
    _allow(actor, Deed.LIST)
    return await store.accounts(tx, filters, after, PAGE, now)


async def change_unit(tx: Transaction, actor: Actor, login: str, unit: str, now: datetime, address: str = "") -> None:
    """Somebody works in another unit, from their next request on.

    Raises:
        Refused, NotFound: as for `service.disable`.
        Invalid: no such unit.
    """
    _allow(actor, Deed.CHANGE_UNIT)
    staff = await accounts.find(tx, login)
    if staff is None:
        raise NotFound("没有这个登录名的账号，请核对。")
    if sentence := policy.refusal_on(actor, Deed.CHANGE_UNIT, str(staff.id), staff.roles):
        raise Refused(sentence)
    if unit not in await store.open_units(tx, [unit]):
        raise Invalid("unit", "没有这个编码的单位，请从单位列表中选择。")
    await accounts.set_unit(tx, staff.id, unit)
    body = {"login": login, "before": staff.unit, "after": unit}
    await audit.record(tx, actor.id, "staff.change_unit", now, subject=str(staff.id), body=body, address=address)


# -- Many at once ----------------------------------------------------------------------------------------------------


def read(text: str) -> tuple[tuple[Wish, ...], tuple[tuple[int, str], ...]]:
    """The rows of a CSV file with the columns login, name, roles (`|` between), unit; and what cannot be read, by line."""
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""))
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error:
        return (), ((reader.line_num, "不是 CSV 文件，请核对引号和逗号。"),)
    if not rows or tuple(rows[0][1]) != COLUMNS:
        return (), ((1, "第一行须是 login,name,roles,unit。"),)
    if len(rows) - 1 > MOST_AT_ONCE:
        return (), ((1, "一次最多导入二百个账号，请分几次导入。"),)
    wishes: list[Wish] = []
    problems: list[tuple[int, str]] = []
    seen: set[str] = set()
    for line, cells in rows[1:]:
        if sentence := _wrong(cells, seen):
            problems.append((line, sentence))
            continue
        login, name, roles, unit = cells
        seen.add(login)
        wishes.append(Wish(login, name, frozenset(_ROLES[role.strip()] for role in roles.split("|")), unit))
    return tuple(wishes), tuple(problems)


def _wrong(cells: list[str], seen: set[str]) -> str | None:
    if len(cells) != len(COLUMNS):
        return "这一行须有四格：login,name,roles,unit。"
    if cells[0] in seen:
        return "同一个登录名出现了不止一次。"
    if any(role.strip() not in _ROLES for role in cells[2].split("|")):
        return "有不认识的角色；角色之间用 | 分开，写名称或代号。"
    return None


async def difference(tx: Transaction, actor: Actor, text: str) -> Difference:
    """What a file would do: who is new, whose roles or unit change. Accounts that it does not name stay as they are.

    Raises:
        Refused: this person may not.
    """
    _allow(actor, Deed.ADD)
    wishes, problems = read(text)
    known = await store.known(tx, [wish.login for wish in wishes])
    units = await store.open_units(tx, [wish.unit for wish in wishes])
    turns: list[Turn] = []
    wrong = list(problems)
    for n, wish in enumerate(wishes, start=2):
        before = known.get(wish.login)
        if sentence := _refusal(actor, wish, before, units):
            wrong.append((n, f"{wish.login}：{sentence}"))
        elif before is None:
            turns.append(Turn(wish, "add"))
        else:
            same = before.roles == wish.roles and before.unit == wish.unit
            turns.append(Turn(wish, "same" if same else "change", before.roles, before.unit))
    return Difference(tuple(turns), tuple(wrong))


def _refusal(actor: Actor, wish: Wish, before: Staff | None, units: frozenset[str]) -> str | None:
    if sentence := policy.refusal_of_roles(wish.roles):
        return sentence
    if wish.unit not in units:
        return "没有这个编码的单位，请从单位列表中选择。"
    if before is None:
        return policy.refusal_on(actor, Deed.ADD, "", wish.roles)
    return policy.refusal_on(actor, Deed.CHANGE_ROLES, str(before.id), before.roles | wish.roles)


async def carry_out(tx: Transaction, actor: Actor, text: str, now: datetime, address: str = "") -> tuple[Added, ...]:
    """Does what the file says, all of it or nothing; the new accounts with their passwords, told once.

    Raises:
        Refused: this person may not.
        Invalid: something is wrong with the file.
    """
    found = await difference(tx, actor, text)
    if found.problems:
        raise Invalid("file", found.problems[0][1])
    added: list[Added] = []
    for turn in found.turns:
        wish = turn.wish
        if turn.deed == "add":
            added.append(await service.add_staff(tx, actor, NewStaff(wish.login, wish.name, wish.roles, wish.unit), now, address))
        elif turn.deed == "change":
            if turn.before_roles != wish.roles:
                await service.change_roles(tx, actor, wish.login, wish.roles, now, address)
            if turn.before_unit != wish.unit:
                await change_unit(tx, actor, wish.login, wish.unit, now, address)
    return tuple(added)


# -- Sessions --------------------------------------------------------------------------------------------------------


async def sessions(tx: Transaction, actor: Actor, query: str, settings: Settings, now: datetime) -> tuple[LiveSession, ...]:
    """Who is signed in, the latest seen first; `query`: part of a login or name, or an address.

    Raises:
        Refused: this person may not see it.
    """
    _allow(actor, Deed.SEE_SESSIONS)
    idle = timedelta(minutes=settings.session_idle_minutes)
    return await store.sessions(tx, query.strip(), now - idle, now - policy.LONGEST_SESSION, SESSIONS)


async def end_session(tx: Transaction, actor: Actor, identifier: str, now: datetime, address: str = "") -> str:
    """Signs somebody out; gives their login.

    Raises:
        Refused: this person may not, or it is their own.
        NotFound: it has ended already.
    """
    _allow(actor, Deed.END_SESSION)
    found = await store.session(tx, _digest(identifier))
    if found is None:
        raise NotFound("这次登录已经结束。")
    if sentence := policy.refusal_on(actor, Deed.END_SESSION, str(found.staff), found.roles):
        raise Refused(sentence)
    await accounts.close_session(tx, _digest(identifier))
    body = {"login": found.login, "address": found.address}
    await audit.record(tx, actor.id, "staff.end_session", now, subject=str(found.staff), body=body, address=address)
    return found.login


def _digest(identifier: str) -> bytes:
    try:
        return bytes.fromhex(identifier)
    except ValueError:
        return b""


def _allow(actor: Actor, deed: Deed) -> None:
    if sentence := policy.refusal(actor, deed):
        raise Refused(sentence)
