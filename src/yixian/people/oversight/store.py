"""SQL over accounts, sessions and the audit, for those who look them over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from yixian.db.pool import Transaction
from yixian.people.oversight.model import Entry, Filters, LiveSession, Search, Standing
from yixian.people.store import STAFF, Staff


async def accounts(tx: Transaction, filters: Filters, after: str, limit: int, now: datetime) -> tuple[Staff, ...]:
    """Accounts by login, from the one after `after`, that fit the filters."""
    conditions, values = ["s.login > $1"], [after]

    def given(value: Any) -> str:
        values.append(value)
        return f"${len(values)}"

    if filters.query:
        words = given(f"%{_plain(filters.query)}%")
        conditions.append(f"(s.login ILIKE {words} OR s.name ILIKE {words})")
    if filters.unit:
        conditions.append(f"s.unit = {given(filters.unit)}")
    if filters.role:
        conditions.append(f"{given(filters.role.value)} = ANY (s.roles)")
    match filters.standing:
        case Standing.USABLE:
            conditions.append(f"s.disabled_at IS NULL AND (s.locked_till IS NULL OR s.locked_till <= {given(now)})")
        case Standing.LOCKED:
            conditions.append(f"s.disabled_at IS NULL AND s.locked_till > {given(now)}")
        case Standing.DISABLED:
            conditions.append("s.disabled_at IS NOT NULL")
        case Standing.UNENROLLED:
            conditions.append("s.disabled_at IS NULL AND s.second_factor IS NULL")
        case None:
            pass
    rows = await tx.fetch(f"{STAFF} WHERE {' AND '.join(conditions)} ORDER BY s.login LIMIT {given(limit)}", *values)
    return tuple(msgspec.convert(dict(row), Staff) for row in rows)


def _plain(words: str) -> str:
    """Words in which no sign stands for others."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def known(tx: Transaction, logins: Sequence[str]) -> Mapping[str, Staff]:
    """Those of these accounts that there are, by login."""
    rows = await tx.fetch(f"{STAFF} WHERE s.login = ANY ($1)", list(logins))
    found = [msgspec.convert(dict(row), Staff) for row in rows]
    return {staff.login: staff for staff in found}


async def open_units(tx: Transaction, units: Sequence[str]) -> frozenset[str]:
    """Those of these units that are open."""
    rows = await tx.fetch("SELECT code FROM unit WHERE code = ANY ($1) AND retired_at IS NULL", list(units))
    return frozenset(row[0] for row in rows)


SESSION: Final = """
SELECT encode(e.token_hash, 'hex') AS id, e.staff, s.login, s.name, s.roles, u.name AS unit_name, e.created_at, e.seen_at,
       e.address, e.full_login
  FROM session e
  JOIN staff s ON s.id = e.staff
  JOIN unit u ON u.code = s.unit
"""


async def sessions(tx: Transaction, query: str, seen_since: datetime, made_since: datetime, limit: int) -> tuple[LiveSession, ...]:
    """Sessions that can still be used, the latest seen first."""
    rows = await tx.fetch(
        f"""
        {SESSION}
         WHERE e.seen_at > $2
           AND e.created_at > $3
           AND ($1 = '' OR s.login ILIKE '%' || $1 || '%' OR s.name ILIKE '%' || $1 || '%' OR e.address = $1)
         ORDER BY e.seen_at DESC, e.token_hash
         LIMIT $4
        """,
        _plain(query),
        seen_since,
        made_since,
        limit,
    )
    return tuple(msgspec.convert(dict(row), LiveSession) for row in rows)


async def session(tx: Transaction, identifier: bytes) -> LiveSession | None:
    """One session by the digest of its token."""
    row = await tx.fetchrow(f"{SESSION} WHERE e.token_hash = $1", identifier)
    return msgspec.convert(dict(row), LiveSession) if row else None


_PERSON: Final = "(ARRAY(SELECT id::text FROM staff WHERE login = {0} OR name = {0}) || {0}::text)"
_OF_ACTOR: Final = f"actor = ANY ({_PERSON})"
_TO_SUBJECT: Final = f"subject = ANY ({_PERSON})"
_ABOUT_TICKET: Final = "(subject = {0} OR body ->> 'ticket' IN ({0}, (SELECT id::text FROM ticket WHERE number = {0})))"


async def trail(
    tx: Transaction, wanted: Search, since: datetime, until: datetime, before: tuple[datetime, int], limit: int
) -> tuple[Entry, ...]:
    """Rows of the audit from `since` to before `until`, newest first, from the one before `before`.

    Both ends are said for the partitions: only the months between are looked at.
    """
    values: list[Any] = [since, min(until, before[0]), until, *before]
    # A comparison of rows rules out no partition, so the end is said again by itself.
    conditions = ["at >= $1", "at <= $2", "at < $3", "(at, seq) < ($4, $5)"]

    def given(value: Any) -> str:
        values.append(value)
        return f"${len(values)}"

    if wanted.actor:
        conditions.append(_OF_ACTOR.format(given(wanted.actor)))
    if wanted.action:
        conditions.append(f"starts_with(action, {given(wanted.action)})")
    if wanted.subject:
        conditions.append(_TO_SUBJECT.format(given(wanted.subject)))
    if wanted.ticket:
        conditions.append(_ABOUT_TICKET.format(given(wanted.ticket)))
    if wanted.address:
        conditions.append(f"address = {given(wanted.address)}")
    if wanted.result:
        conditions.append(f"result = {given(wanted.result)}")
    rows = await tx.fetch(
        f"""
        WITH page AS (
            SELECT seq, at, actor, action, subject, result, body, address
              FROM audit
             WHERE {" AND ".join(conditions)}
             ORDER BY at DESC, seq DESC
             LIMIT {given(limit)}
        )
        SELECT page.seq, page.at, page.actor, coalesce(who.login, '') AS actor_login, coalesce(who.name, '') AS actor_name, page.action,
               page.subject, coalesce(whom.login, '') AS subject_login, coalesce(whom.name, '') AS subject_name,
               coalesce(named.number, same.number, '') AS ticket, page.result, page.body, page.address
          FROM page
          LEFT JOIN staff who ON who.id::text = page.actor
          LEFT JOIN staff whom ON whom.id::text = page.subject
          LEFT JOIN ticket named
            ON named.id = CASE WHEN page.body ->> 'ticket' ~ '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$'
                               THEN (page.body ->> 'ticket')::uuid END
          LEFT JOIN ticket same ON same.number IN (page.subject, page.body ->> 'ticket')
         ORDER BY page.at DESC, page.seq DESC
        """,  # noqa: S608 -- every piece is written here
        *values,
    )
    return tuple(msgspec.convert(dict(row), Entry) for row in rows)
