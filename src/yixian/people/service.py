"""Signing in and out, and what administrators do with accounts.

A transaction never waits for a password to be hashed while others wait for it: signing in takes two short ones, around the hashing.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

import msgspec

from yixian.db.ids import new_id
from yixian.db.pool import NOBODY, Database, Transaction
from yixian.people import audit, one_time, passwords, policy, store
from yixian.people.model import Actor, Colleague, Role, Session
from yixian.people.policy import Deed
from yixian.people.refusals import Invalid, NotFound, Refused, SignInRefused
from yixian.people.secrets import CannotOpen, Vault
from yixian.people.store import SecondFactor, SessionRow, Staff
from yixian.settings import Settings

PAGE: Final = 50

NOT_LET_IN: Final = "登录名或密码不正确，或账号已被锁定或停用。连续输错会锁定账号一段时间；忘记密码请联系安全管理员重置。"
NOT_PROVEN: Final = "一次性口令不正确或已经用过，或账号已被锁定。请等待下一个口令再试；换了手机请联系安全管理员重置。"

_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


class SignedIn(msgspec.Struct, frozen=True):
    """A session that was just begun or completed, with the token for the cookie."""

    token: str
    csrf: str
    awaiting_second_factor: bool


class Offer(msgspec.Struct, frozen=True):
    """What a person needs to enrol a second factor."""

    secret: str
    """Base 32, to be typed into an authenticator."""
    uri: str
    """`otpauth://…`: the same as a link."""
    ticket: str
    """To be sent back with the first one-time password: the secret, sealed for this person and a quarter of an hour."""


class NewStaff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account to be made."""

    login: str
    name: str
    roles: frozenset[Role]
    unit: str
    """Code of the unit; the hotline's own for its staff."""
    must_change: bool = True
    """Whether the first password must be changed at the first sign-in."""


class Added(msgspec.Struct, frozen=True):
    """A new account and its password, which is told once and kept nowhere."""

    id: UUID
    login: str
    password: str


async def sign_in(
    db: Database, vault: Vault, settings: Settings, login: str, password: str, code: str, address: str, now: datetime
) -> SignedIn:
    """Begins a session. `code` is the one-time password; without it, where a second factor is wanted, the session awaits it.

    Raises:
        SignInRefused: after as long a time and with the same sentence, whatever was wrong.
    """
    async with db.transaction(NOBODY) as tx:
        account = await store.charge(tx, login.strip().lower(), settings.lockout_failures, _lock(settings), now)
    right = await passwords.matches(account.password_hash if account else None, password)
    if account is None or not right:
        raise await _refused(db, account.id if account else None, "password", address, bool(account and account.locked_till), now)
    renewed = await passwords.hashed(password) if passwords.outdated(account.password_hash) else account.password_hash
    secret = account.second_factor
    async with db.transaction(NOBODY) as tx:
        await store.rehash(tx, account.id, account.password_hash, renewed)
        if secret is None and not settings.second_factor:
            await store.forgive(tx, account.id)
            return await _begin(tx, account.id, address, now, awaiting=False)
        if secret is None or not code:
            await store.refund(tx, account.id)
            return await _begin(tx, account.id, address, now, awaiting=True)
        if await _use(tx, vault, account.id, secret, account.second_factor_step, code, now):
            await store.forgive(tx, account.id)
            return await _begin(tx, account.id, address, now, awaiting=False)
    raise await _refused(db, account.id, "second_factor", address, account.locked_till is not None, now)


async def second_factor(
    db: Database, vault: Vault, settings: Settings, token: str, session: Session, code: str, ticket: str, address: str, now: datetime
) -> SignedIn:
    """Completes a session that awaits its second factor; with the `ticket` of an offer, enrols one. The token changes.

    Raises:
        SignInRefused: the one-time password is wrong or was used, or the account is locked.
        Invalid: the offer is older than a quarter of an hour, or somebody else's.
    """
    staff = UUID(session.actor.id)
    if not session.awaiting_second_factor:
        raise Refused("已经完成登录，无需再次验证。")
    async with db.transaction(NOBODY) as tx:
        account = await store.charge_second_factor(tx, staff, settings.lockout_failures, _lock(settings), now)
    async with db.transaction(NOBODY) as tx:
        if account and await _proven(tx, vault, staff, account, code, ticket, now):
            done = _fresh(awaiting=False)
            if await store.complete_session(tx, digest(token), digest(done.token), done.csrf, now):
                await store.forgive(tx, staff)
                await audit.record(tx, str(staff), "session.begin", now, subject=str(staff), address=address)
                return done
    raise await _refused(db, staff, "second_factor", address, bool(account and account.locked_till), now)


async def offer(tx: Transaction, vault: Vault, session: Session, issuer: str, now: datetime, ticket: str = "") -> Offer | None:
    """What this person needs to enrol a second factor; None when they have one. `issuer` is what the authenticator shows.

    With the `ticket` of an earlier offer it is that one again: nobody has to type a second secret after a slip.

    Raises:
        Invalid: the ticket is older than a quarter of an hour, or somebody else's.
    """
    staff = UUID(session.actor.id)
    login, enrolled = await store.second_factor_of(tx, staff)
    if enrolled:
        return None
    secret = _offered(vault, staff, ticket, now) if ticket else one_time.new_secret()
    sealed = vault.seal(f"{staff} {int(now.timestamp())} {secret}")
    return Offer(secret, one_time.uri(secret, login, issuer), ticket or base64.urlsafe_b64encode(sealed).decode())


async def find_session(tx: Transaction, token: str, settings: Settings, now: datetime) -> Session | None:
    """The live session with this token; None when there is none, or it was idle or open for too long. One statement."""
    idle = timedelta(minutes=settings.session_idle_minutes)
    row = await store.session(tx, digest(token), now - idle, now - policy.LONGEST_SESSION, now - policy.SEEN_EVERY, now)
    return _session(row) if row else None


async def sign_out(tx: Transaction, token: str, actor: Actor, address: str, now: datetime) -> None:
    """Ends the session."""
    await store.close_session(tx, digest(token))
    await audit.record(tx, actor.id, "session.end", now, subject=actor.id, address=address)


async def forget_sessions(tx: Transaction, settings: Settings, now: datetime) -> int:
    """Removes sessions that have ended by themselves; for the worker, now and then."""
    return await store.forget_sessions(tx, now - timedelta(minutes=settings.session_idle_minutes), now - policy.LONGEST_SESSION)


async def change_password(db: Database, token: str, actor: Actor, old: str, new: str, settings: Settings, now: datetime) -> None:
    """One's own password; other sessions end.

    Raises:
        SignInRefused: the old one is wrong, or was too often.
        Invalid: the new one is not good enough.
    """
    staff = UUID(actor.id)
    async with db.transaction(NOBODY) as tx:
        login = await store.login_of(tx, staff)
        account = await store.charge(tx, login, settings.lockout_failures, _lock(settings), now)
    if account is None or not await passwords.matches(account.password_hash, old):
        raise await _refused(db, staff, "password", "", bool(account and account.locked_till), now)
    sentence = passwords.refusal(new, login) or ("新密码不能与原密码相同。" if new == old else None)
    hashed = None if sentence else await passwords.hashed(new)
    async with db.transaction(NOBODY) as tx:
        await store.refund(tx, staff)
        if hashed:
            await store.set_password(tx, staff, hashed, False, now)
            await store.close_sessions(tx, staff, digest(token))
            await audit.record(tx, actor.id, "staff.change_password", now, subject=actor.id)
    if sentence:
        raise Invalid("new", sentence)


async def add_staff(tx: Transaction, actor: Actor, new: NewStaff, now: datetime, address: str = "") -> Added:
    """A new account with a random password.

    Raises:
        Refused: this person may not.
        Invalid: the login is taken or not one; no such unit; roles that nobody can have together.
    """
    _allow(policy.refusal_on(actor, Deed.ADD, "", new.roles))
    _check(new)
    if not await store.unit_exists(tx, new.unit):
        raise Invalid("unit", "没有这个编码的单位，请从单位列表中选择。")
    added = Added(new_id(now), new.login, passwords.random_password())
    hashed = await passwords.hashed(added.password)
    if not await store.add(tx, added.id, new.login, new.name.strip(), sorted(new.roles), new.unit, hashed, new.must_change, now):
        raise Invalid("login", "这个登录名已被使用，请另选一个。")
    body = {"login": new.login, "roles": sorted(new.roles), "unit": new.unit}
    await audit.record(tx, actor.id, "staff.add", now, subject=str(added.id), body=body, address=address)
    return added


async def reset(tx: Transaction, actor: Actor, login: str, now: datetime, address: str = "") -> str:
    """A new random password, told once; the second factor is forgotten, sessions end, a lock is lifted.

    Raises:
        Refused, NotFound: as for `administer`.
    """
    staff = await _subject(tx, actor, Deed.RESET, login)
    password = passwords.random_password()
    await store.set_password(tx, staff.id, await passwords.hashed(password), True, now)
    await store.clear_second_factor(tx, staff.id)
    await store.close_sessions(tx, staff.id)
    await _recorded(tx, actor, Deed.RESET, staff, now, address)
    return password


async def disable(tx: Transaction, actor: Actor, login: str, now: datetime, address: str = "") -> None:
    """Nobody signs in with the account any more; sessions end at once.

    Raises:
        Refused: this person may not do it, or not to this account.
        NotFound: no such account.
    """
    staff = await _subject(tx, actor, Deed.DISABLE, login)
    await store.set_disabled(tx, staff.id, now)
    await store.close_sessions(tx, staff.id)
    await _recorded(tx, actor, Deed.DISABLE, staff, now, address)


async def enable(tx: Transaction, actor: Actor, login: str, now: datetime, address: str = "") -> None:
    """The account works again, with the password it had.

    Raises:
        Refused, NotFound: as for `disable`.
    """
    staff = await _subject(tx, actor, Deed.ENABLE, login)
    await store.set_disabled(tx, staff.id, None)
    await _recorded(tx, actor, Deed.ENABLE, staff, now, address)


async def unlock(tx: Transaction, actor: Actor, login: str, now: datetime, address: str = "") -> None:
    """Lifts a lock before its time.

    Raises:
        Refused, NotFound: as for `disable`.
    """
    staff = await _subject(tx, actor, Deed.UNLOCK, login)
    await store.forgive(tx, staff.id)
    await _recorded(tx, actor, Deed.UNLOCK, staff, now, address)


async def change_roles(tx: Transaction, actor: Actor, login: str, roles: frozenset[Role], now: datetime, address: str = "") -> None:
    """Other roles, which hold from the next request on.

    Raises:
        Refused, NotFound: as for `disable`.
        Invalid: roles that nobody can have together.
    """
    if sentence := policy.refusal_of_roles(roles):
        raise Invalid("roles", sentence)
    staff = await _subject(tx, actor, Deed.CHANGE_ROLES, login, roles)
    await store.set_roles(tx, staff.id, sorted(roles))
    before_and_after = {"before": sorted(staff.roles), "after": sorted(roles)}
    await audit.record(
        tx, actor.id, "staff.change_roles", now, subject=str(staff.id), body={"login": login, **before_and_after}, address=address
    )


async def staff_list(tx: Transaction, actor: Actor, after: str = "") -> tuple[Staff, ...]:
    """A page of accounts by login, from the one after `after`.

    Raises:
        Refused: this person may not see it.
    """
    _allow(policy.refusal(actor, Deed.LIST))
    return await store.listed(tx, after, PAGE)


async def colleagues(tx: Transaction, roles: Iterable[Role], ids: Sequence[str] | None = None) -> tuple[Colleague, ...]:
    """Those who work in one of these roles, by name: of all, or of these staff ids. One statement. For colleagues' eyes."""
    return await store.colleagues(tx, sorted(role.value for role in roles), ids)


async def names(tx: Transaction, ids: Sequence[str]) -> dict[str, str]:
    """What people are called, by staff id; nothing for what is no staff id. One statement. For colleagues' eyes."""
    return await store.names(tx, ids) if ids else {}


async def count_staff(tx: Transaction, units: Sequence[str]) -> int:
    """How many accounts that may be used belong to these units."""
    return await store.count_in(tx, units)


async def move_staff(tx: Transaction, to: Mapping[str, str], now: datetime) -> int:
    """Those who work in a closed unit work in the one that took over, from their next request on; how many. `to`: by closed unit."""
    moved = await store.move(tx, to)
    for staff, before, after in moved:
        await audit.record(tx, "system", "staff.change_unit", now, subject=str(staff), body={"before": before, "after": after})
    return len(moved)


def digest(token: str) -> bytes:
    """What is kept of a session's token: SHA-256."""
    return sha256(token.encode()).digest()


def _session(row: SessionRow) -> Session:
    actor = Actor(str(row.staff), row.name, row.roles, row.unit, row.unit_path)
    return Session(actor, row.csrf, row.created_at, row.must_change, not row.full_login)


def _fresh(*, awaiting: bool) -> SignedIn:
    return SignedIn(secrets.token_urlsafe(32), secrets.token_urlsafe(24), awaiting)


async def _begin(tx: Transaction, staff: UUID, address: str, now: datetime, *, awaiting: bool) -> SignedIn:
    begun = _fresh(awaiting=awaiting)
    await store.open_session(tx, digest(begun.token), staff, begun.csrf, address, not awaiting, now)
    await audit.record(tx, str(staff), "session.password" if awaiting else "session.begin", now, subject=str(staff), address=address)
    return begun


async def _proven(tx: Transaction, vault: Vault, staff: UUID, account: SecondFactor, code: str, ticket: str, now: datetime) -> bool:
    """Whether the one-time password is right, for the secret that is kept or, when none is, for the one that was offered."""
    if account.secret is not None:
        return await _use(tx, vault, staff, account.secret, account.step, code, now)
    secret = _offered(vault, staff, ticket, now)
    step = one_time.step_of(secret, code, now, 0)
    if step is None or not await store.enrol(tx, staff, vault.seal(secret), step):
        return False
    await audit.record(tx, str(staff), "staff.enrol", now, subject=str(staff))
    return True


async def _use(tx: Transaction, vault: Vault, staff: UUID, secret: bytes, last: int, code: str, now: datetime) -> bool:
    """Whether the one-time password is right and was not used; the database decides between two who use it at once."""
    step = one_time.step_of(vault.open(secret), code, now, last)
    return step is not None and await store.use_step(tx, staff, step)


def _offered(vault: Vault, staff: UUID, ticket: str, now: datetime) -> str:
    try:
        whose, at, secret = vault.open(base64.urlsafe_b64decode(ticket.encode())).split()
    except (CannotOpen, ValueError, binascii.Error) as error:
        raise Invalid("ticket", "绑定信息无效，请返回重新绑定。") from error
    if whose != str(staff) or now.timestamp() - int(at) > policy.OFFER_HOLDS.total_seconds():
        raise Invalid("ticket", "绑定信息已过期，请返回重新绑定。")
    return secret


async def _refused(db: Database, staff: UUID | None, what: str, address: str, locked: bool, now: datetime) -> SignInRefused:
    """Writes down an attempt that failed. Unknown logins are not kept: people type passwords into the wrong field."""
    who = str(staff) if staff else ""
    async with db.transaction(NOBODY) as tx:
        await audit.record(tx, "", "session.begin", now, subject=who, result="refused", body={"wrong": what}, address=address)
        if locked:
            await audit.record(tx, "", "staff.locked", now, subject=who, address=address)
    return SignInRefused(NOT_LET_IN if what == "password" else NOT_PROVEN)


def _check(new: NewStaff) -> None:
    if not _LOGIN.fullmatch(new.login):
        raise Invalid("login", "登录名须为 2 至 40 个小写字母、数字或 . _ -，并以字母或数字开头。")
    if not new.name.strip():
        raise Invalid("name", "请填写姓名。")
    if sentence := policy.refusal_of_roles(new.roles):
        raise Invalid("roles", sentence)


def _allow(sentence: str | None) -> None:
    if sentence:
        raise Refused(sentence)


async def _subject(tx: Transaction, actor: Actor, deed: Deed, login: str, roles: Iterable[Role] = ()) -> Staff:
    """The account that something is to be done to. Whether it exists is told only to those who may do it."""
    _allow(policy.refusal(actor, deed))
    staff = await store.find(tx, login)
    if staff is None:
        raise NotFound("没有这个登录名的账号，请核对。")
    _allow(policy.refusal_on(actor, deed, str(staff.id), staff.roles.union(roles)))
    return staff


async def _recorded(tx: Transaction, actor: Actor, deed: Deed, staff: Staff, now: datetime, address: str) -> None:
    await audit.record(tx, actor.id, f"staff.{deed}", now, subject=str(staff.id), body={"login": staff.login}, address=address)


def _lock(settings: Settings) -> timedelta:
    return timedelta(minutes=settings.lockout_minutes)
