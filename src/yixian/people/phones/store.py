"""The SQL of codes and of residents' sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from yixian.db.pool import Transaction


async def asked(tx: Transaction, what: bytes, since: datetime) -> int:
    """How many codes were asked for by this number or address. Two who ask at once for the same wait for each other."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 16))", what)
    return int(await tx.fetchval("SELECT count(*) FROM phone_code_asked WHERE what = $1 AND at > $2", what, since) or 0)


async def put_code(tx: Transaction, phone: bytes, code: bytes, by: tuple[bytes, ...], now: datetime) -> None:
    """Makes this the number's one code, and counts that it was asked for."""
    await tx.execute(
        """
        INSERT INTO phone_code (phone_hash, code_hash, made_at)
        VALUES ($1, $2, $3)
            ON CONFLICT (phone_hash) DO UPDATE
           SET code_hash = excluded.code_hash, made_at = excluded.made_at, tries = 0
        """,
        phone, code, now,
    )  # fmt: skip
    await tx.execute("INSERT INTO phone_code_asked (at, what) SELECT $1, unnest($2::bytea[])", now, list(by))


async def try_code(tx: Transaction, phone: bytes, since: datetime, tries: int) -> bytes | None:
    """Counts a try and gives the hash to compare with; None when there is no code made after `since`, or it was tried too often."""
    found: bytes | None = await tx.fetchval(
        """
        UPDATE phone_code
           SET tries = tries + 1
         WHERE phone_hash = $1
           AND made_at > $2
           AND tries < $3
        RETURNING code_hash
        """,
        phone, since, tries,
    )  # fmt: skip
    return found


async def use_code(tx: Transaction, phone: bytes, code: bytes) -> bool:
    """Takes the code away: each works once; False when somebody was faster."""
    return await tx.execute("DELETE FROM phone_code WHERE phone_hash = $1 AND code_hash = $2", phone, code) == "DELETE 1"


async def put_session(tx: Transaction, token: bytes, phone: bytes, tail: str, csrf: str, now: datetime) -> None:
    """Keeps a session."""
    await tx.execute(
        "INSERT INTO resident_session (token_hash, phone_hash, phone_tail, csrf, made_at) VALUES ($1, $2, $3, $4, $5)",
        token, phone, tail, csrf, now,
    )  # fmt: skip


async def session(tx: Transaction, token: bytes, since: datetime) -> dict[str, Any] | None:
    """The session of a cookie, when it was made after `since`."""
    row = await tx.fetchrow(
        "SELECT phone_hash, phone_tail, csrf FROM resident_session WHERE token_hash = $1 AND made_at > $2", token, since
    )
    return dict(row) if row else None


async def end_session(tx: Transaction, token: bytes) -> None:
    """Ends a session."""
    await tx.execute("DELETE FROM resident_session WHERE token_hash = $1", token)


async def forget(tx: Transaction, sessions_before: datetime, codes_before: datetime, asked_before: datetime) -> None:
    """Removes what is over."""
    await tx.execute("DELETE FROM resident_session WHERE made_at < $1", sessions_before)
    await tx.execute("DELETE FROM phone_code WHERE made_at < $1", codes_before)
    await tx.execute("DELETE FROM phone_code_asked WHERE at < $1", asked_before)
