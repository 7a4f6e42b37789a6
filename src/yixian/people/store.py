"""All SQL of staff, sessions, callers, reveals and the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from yixian.db.pool import Transaction
from yixian.people.model import Colleague, Role


class Staff(msgspec.Struct, frozen=True):
    """A row of table `staff` with its unit, less the secrets."""

    id: UUID
    login: str
    name: str
    roles: frozenset[Role]
    unit: str
    unit_name: str
    must_change: bool
    enrolled: bool
    """Has a second factor."""
    locked_till: datetime | None
    disabled_at: datetime | None
    created_at: datetime


class Charged(msgspec.Struct, frozen=True):
    """An account against which an attempt was just counted."""

    id: UUID
    password_hash: str
    second_factor: bytes | None
    second_factor_step: int
    locked_till: datetime | None
    """Set when this very attempt was the last one allowed: it counts if it is right."""


class SecondFactor(msgspec.Struct, frozen=True):
    """The second factor of an account against which an attempt was just counted."""

    secret: bytes | None
    """Sealed; None when none is enrolled."""
    step: int
    """The last time step used."""
    locked_till: datetime | None


class SessionRow(msgspec.Struct, frozen=True):
    """A live session with who has it."""

    staff: UUID
    login: str
    name: str
    roles: frozenset[Role]
    unit: str
    unit_path: str
    csrf: str
    created_at: datetime
    must_change: bool
    full_login: bool


class CallerRow(msgspec.Struct, frozen=True):
    """A row of table `caller`, sealed."""

    id: UUID
    kind: str
    name: bytes | None
    phone: bytes | None
    phone_hash: bytes | None
    phone_tail: str
    identity: bytes | None
    identity_hash: bytes | None
    language: str
    needs: str
    created_at: datetime


STAFF = """
SELECT s.id, s.login, s.name, s.roles, s.unit, u.name AS unit_name, s.must_change,
       s.second_factor IS NOT NULL AS enrolled, s.locked_till, s.disabled_at, s.created_at
  FROM staff s
  JOIN unit u ON u.code = s.unit
"""


async def charge(tx: Transaction, login: str, allowed: int, lock: timedelta, now: datetime) -> Charged | None:
    """Counts an attempt to sign in before it is looked at; None when there is no such account, or it is locked or disabled.

    Counting first makes the limit hold however many attempts come at once; `refund` takes it back when the attempt was right.
    The attempt number `allowed` locks. A series that was once locked begins anew when the lock is over.
    """
    row = await tx.fetchrow(
        """
        UPDATE staff
           SET failures    = CASE WHEN locked_till IS NULL THEN failures + 1 ELSE 1 END,
               locked_till = CASE WHEN locked_till IS NULL AND failures + 1 >= $2 OR $2 = 1 THEN $4 + $3::interval END
         WHERE login = $1
           AND disabled_at IS NULL
           AND (locked_till IS NULL OR locked_till <= $4)
        RETURNING id, password_hash, second_factor, second_factor_step, locked_till
        """,
        login,
        allowed,
        lock,
        now,
    )
    return Charged(*row) if row else None


async def charge_second_factor(tx: Transaction, staff: UUID, allowed: int, lock: timedelta, now: datetime) -> SecondFactor | None:
    """Counts an attempt at the second factor in the same way."""
    row = await tx.fetchrow(
        """
        UPDATE staff
           SET failures    = CASE WHEN locked_till IS NULL THEN failures + 1 ELSE 1 END,
               locked_till = CASE WHEN locked_till IS NULL AND failures + 1 >= $2 OR $2 = 1 THEN $4 + $3::interval END
         WHERE id = $1
           AND disabled_at IS NULL
           AND (locked_till IS NULL OR locked_till <= $4)
        RETURNING second_factor, second_factor_step, locked_till
        """,
        staff,
        allowed,
        lock,
        now,
    )
    return SecondFactor(*row) if row else None


async def refund(tx: Transaction, staff: UUID) -> None:
    """Takes back one counted attempt: the password was right, the second factor is still to come."""
    await tx.execute("UPDATE staff SET failures = greatest(failures - 1, 0), locked_till = NULL WHERE id = $1", staff)


async def forgive(tx: Transaction, staff: UUID) -> None:
    """Forgets all counted attempts: somebody is signed in, or was unlocked."""
    await tx.execute("UPDATE staff SET failures = 0, locked_till = NULL WHERE id = $1", staff)


async def use_step(tx: Transaction, staff: UUID, step: int) -> bool:
    """Marks a one-time password as used; False when it, or a later one, was used already."""
    used = await tx.fetchval(
        """
        UPDATE staff
           SET second_factor_step = $2
         WHERE id = $1
           AND second_factor_step < $2
        RETURNING true
        """,
        staff,
        step,
    )
    return bool(used)


async def enrol(tx: Transaction, staff: UUID, secret: bytes, step: int) -> bool:
    """Keeps the sealed secret of a second factor; False when there is one already."""
    return (
        await tx.fetchval(
            """
            UPDATE staff
               SET second_factor = $2, second_factor_step = $3
             WHERE id = $1
               AND second_factor IS NULL
            RETURNING true
            """,
            staff,
            secret,
            step,
        )
        or False
    )


async def open_session(tx: Transaction, token_hash: bytes, staff: UUID, csrf: str, address: str, full_login: bool, now: datetime) -> None:
    """A new session."""
    await tx.execute(
        """
        INSERT INTO session (token_hash, staff, csrf, created_at, seen_at, address, full_login)
        VALUES ($1, $2, $3, $4, $4, $5, $6)
        """,
        token_hash,
        staff,
        csrf,
        now,
        address,
        full_login,
    )


async def complete_session(tx: Transaction, before: bytes, after: bytes, csrf: str, now: datetime) -> bool:
    """Makes a session that awaited the second factor a full one, under a new token; False when it does not await it any more."""
    return (
        await tx.fetchval(
            """
            UPDATE session
               SET token_hash = $2, csrf = $3, full_login = true, seen_at = $4
             WHERE token_hash = $1
               AND NOT full_login
            RETURNING true
            """,
            before,
            after,
            csrf,
            now,
        )
        or False
    )


async def session(
    tx: Transaction, token_hash: bytes, seen_since: datetime, made_since: datetime, write_before: datetime, now: datetime
) -> SessionRow | None:
    """The live session with this token and who has it, in one statement that also writes down, if need be, that it was used."""
    row = await tx.fetchrow(
        """
        WITH found AS (
            SELECT e.token_hash, e.seen_at, s.id, s.login, s.name, s.roles, s.unit, u.path, e.csrf, e.created_at,
                   s.must_change, e.full_login
              FROM session e
              JOIN staff s ON s.id = e.staff
              JOIN unit u ON u.code = s.unit
             WHERE e.token_hash = $1
               AND e.seen_at > $2
               AND e.created_at > $3
               AND s.disabled_at IS NULL
        ), used AS (
            UPDATE session e
               SET seen_at = $5
              FROM found
             WHERE e.token_hash = found.token_hash
               AND found.seen_at < $4
        )
        SELECT id, login, name, roles, unit, path, csrf, created_at, must_change, full_login
          FROM found
        """,
        token_hash,
        seen_since,
        made_since,
        write_before,
        now,
    )
    return _session(row) if row else None


def _session(row: Any) -> SessionRow:
    staff, login, name, roles, *rest = row
    return SessionRow(staff, login, name, frozenset(Role(r) for r in roles), *rest)


async def close_session(tx: Transaction, token_hash: bytes) -> None:
    """Ends a session."""
    await tx.execute("DELETE FROM session WHERE token_hash = $1", token_hash)


async def close_sessions(tx: Transaction, staff: UUID, except_token: bytes = b"") -> None:
    """Ends all sessions of an account, but for the one named."""
    await tx.execute("DELETE FROM session WHERE staff = $1 AND token_hash <> $2", staff, except_token)


async def forget_sessions(tx: Transaction, seen_since: datetime, made_since: datetime) -> int:
    """Removes sessions that can no longer be used, and says how many."""
    done = await tx.execute("DELETE FROM session WHERE seen_at <= $1 OR created_at <= $2", seen_since, made_since)
    return int(done.split()[-1])


async def add(
    tx: Transaction,
    staff: UUID,
    login: str,
    name: str,
    roles: Sequence[str],
    unit: str,
    password_hash: str,
    must_change: bool,
    now: datetime,
) -> bool:
    """A new account; False when the login is taken."""
    return (
        await tx.fetchval(
            """
            INSERT INTO staff (id, login, name, roles, unit, password_hash, password_set_at, must_change, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $8, $7, $8)
                ON CONFLICT (login) DO NOTHING
            RETURNING true
            """,
            staff,
            login,
            name,
            list(roles),
            unit,
            password_hash,
            must_change,
            now,
        )
        or False
    )


async def unit_exists(tx: Transaction, unit: str) -> bool:
    """Whether there is such a unit, and it is not retired."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM unit WHERE code = $1 AND retired_at IS NULL)", unit))


async def find(tx: Transaction, login: str) -> Staff | None:
    """The account with this login, locked against other changes until the transaction ends."""
    row = await tx.fetchrow(f"{STAFF} WHERE s.login = $1 FOR UPDATE OF s", login)
    return _staff(row) if row else None


async def listed(tx: Transaction, after: str, limit: int) -> tuple[Staff, ...]:
    """Accounts by login, from the one after `after`."""
    rows = await tx.fetch(f"{STAFF} WHERE s.login > $1 ORDER BY s.login LIMIT $2", after, limit)
    return tuple(_staff(r) for r in rows)


async def colleagues(tx: Transaction, roles: Sequence[str], ids: Sequence[str] | None) -> tuple[Colleague, ...]:
    """Those with one of these roles whose accounts may be used, by name; `ids`: of these people alone. One statement."""
    rows = await tx.fetch(
        """
        SELECT id::text, login, name, unit
          FROM staff
         WHERE disabled_at IS NULL
           AND roles && $1
           AND ($2::text[] IS NULL OR id::text = ANY ($2))
         ORDER BY name, login
        """,
        list(roles),
        None if ids is None else list(ids),
    )
    return tuple(Colleague(*r) for r in rows)


async def names(tx: Transaction, ids: Sequence[str]) -> dict[str, str]:
    """What people are called, by staff id, whether their accounts may still be used or not. One statement."""
    rows = await tx.fetch("SELECT id::text, name FROM staff WHERE id::text = ANY ($1)", list(ids))
    return {r[0]: r[1] for r in rows}


def _staff(row: Any) -> Staff:
    return msgspec.convert(dict(row), Staff)


async def login_of(tx: Transaction, staff: UUID) -> str:
    """Login of an account."""
    login: str | None = await tx.fetchval("SELECT login FROM staff WHERE id = $1", staff)
    assert login is not None, "a session's account exists"
    return login


async def second_factor_of(tx: Transaction, staff: UUID) -> tuple[str, bool]:
    """Login of an account, and whether it has a second factor."""
    row = await tx.fetchrow("SELECT login, second_factor IS NOT NULL FROM staff WHERE id = $1", staff)
    assert row is not None, "a session's account exists"
    return row[0], row[1]


async def set_password(tx: Transaction, staff: UUID, password_hash: str, must_change: bool, now: datetime) -> None:
    """A new password."""
    await tx.execute(
        """
        UPDATE staff
           SET password_hash = $2, password_set_at = $4, must_change = $3, failures = 0, locked_till = NULL
         WHERE id = $1
        """,
        staff,
        password_hash,
        must_change,
        now,
    )


async def rehash(tx: Transaction, staff: UUID, before: str, after: str) -> None:
    """The same password, hashed with today's parameters."""
    if before != after:
        await tx.execute("UPDATE staff SET password_hash = $3 WHERE id = $1 AND password_hash = $2", staff, before, after)


async def clear_second_factor(tx: Transaction, staff: UUID) -> None:
    """Forgets the second factor: it is enrolled anew at the next sign-in."""
    await tx.execute("UPDATE staff SET second_factor = NULL, second_factor_step = 0 WHERE id = $1", staff)


async def set_disabled(tx: Transaction, staff: UUID, at: datetime | None) -> None:
    """Disables an account, or with None enables it."""
    await tx.execute("UPDATE staff SET disabled_at = $2 WHERE id = $1", staff, at)


async def set_roles(tx: Transaction, staff: UUID, roles: Sequence[str]) -> None:
    """Other roles; they hold from the next request on."""
    await tx.execute("UPDATE staff SET roles = $2 WHERE id = $1", staff, list(roles))


async def set_unit(tx: Transaction, staff: UUID, unit: str) -> None:
    """Another unit; it holds from the next request on."""
    await tx.execute("UPDATE staff SET unit = $2 WHERE id = $1", staff, unit)


async def count_in(tx: Transaction, units: Sequence[str]) -> int:
    """How many accounts that may be used belong to these units."""
    found: int | None = await tx.fetchval("SELECT count(*) FROM staff WHERE unit = ANY ($1) AND disabled_at IS NULL", list(units))
    return found or 0


async def move(tx: Transaction, to: Mapping[str, str]) -> tuple[tuple[UUID, str, str], ...]:
    """Moves everybody of the units that are keys of `to`; whom, from where, to where."""
    rows = await tx.fetch(
        """
        UPDATE staff s
           SET unit = given.after
          FROM unnest($1::text[], $2::text[]) AS given (before, after)
         WHERE s.unit = given.before
        RETURNING s.id, given.before, given.after
        """,
        list(to),
        list(to.values()),
    )
    return tuple((r[0], r[1], r[2]) for r in rows)


async def upsert_caller(tx: Transaction, row: dict[str, Any]) -> UUID:
    """Keeps a caller as `callers.caller_json` gives it; the id is that of the row which already has this phone, if one has.

    What was not known is filled in. A name or identity that is known stays: over the public form anybody may type anybody's number.
    Language and needs follow what was said last.
    """
    identifier: UUID | None = await tx.fetchval("SELECT keep_caller($1)", row)
    assert identifier is not None, "a caller that is kept has an id"
    return identifier


CALLER = "SELECT id, kind, name, phone, phone_hash, phone_tail, identity, identity_hash, language, needs, created_at FROM caller"


async def caller_by_phone(tx: Transaction, phone_hash: bytes) -> CallerRow | None:
    """The caller with this phone; None when there is none that the acting person may see."""
    row = await tx.fetchrow(f"{CALLER} WHERE phone_hash = $1", phone_hash)
    return CallerRow(*row) if row else None


async def firm(tx: Transaction, identity_hash: bytes | None, name_hash: bytes | None) -> tuple[CallerRow, ...]:
    """The callers of a firm with this credit code or this name, the latest first; at most twenty."""
    rows = await tx.fetch(
        f"""
        {CALLER}
         WHERE kind = 'firm'
           AND (identity_hash = $1::bytea OR name_hash = $2::bytea)
         ORDER BY id DESC
         LIMIT 20
        """,
        identity_hash,
        name_hash,
    )
    return tuple(CallerRow(*r) for r in rows)


async def same_firm(tx: Transaction, caller: UUID) -> tuple[CallerRow, ...]:
    """The callers of the same firm, by credit code where this one's is known, else by name; the latest first, at most twenty."""
    rows = await tx.fetch(
        f"""
        {CALLER}
         WHERE kind = 'firm'
           AND (identity_hash = (SELECT identity_hash FROM caller WHERE id = $1 AND kind = 'firm')
                OR name_hash = (SELECT name_hash FROM caller WHERE id = $1 AND kind = 'firm' AND identity_hash IS NULL))
         ORDER BY id DESC
         LIMIT 20
        """,  # noqa: S608 -- the columns are written above
        caller,
    )
    return tuple(CallerRow(*r) for r in rows)


async def callers(tx: Transaction, ids: Sequence[UUID]) -> tuple[CallerRow, ...]:
    """Those of these callers that the acting person may see."""
    rows = await tx.fetch(f"{CALLER} WHERE id = ANY ($1)", list(ids))
    return tuple(CallerRow(*r) for r in rows)


async def record_reveal(tx: Transaction, staff: UUID, caller: UUID, field: str, ticket: UUID | None, reason: str, now: datetime) -> None:
    """That somebody looked at a name or number in clear."""
    await tx.execute(
        "INSERT INTO reveal (at, staff, caller, field, ticket, reason) VALUES ($1, $2, $3, $4, $5, $6)",
        now,
        staff,
        caller,
        field,
        ticket,
        reason,
    )


async def record(
    tx: Transaction, actor: str, action: str, subject: str, result: str, body: dict[str, Any], address: str, now: datetime
) -> None:
    """One row of the audit."""
    await tx.execute(
        "INSERT INTO audit (at, actor, action, subject, result, body, address) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        now,
        actor,
        action,
        subject,
        result,
        body,
        address,
    )
