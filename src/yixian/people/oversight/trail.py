"""The audit searched and taken away as a file. Taking it away is itself written down."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from yixian.city.tables import guarded
from yixian.db.pool import Acting, Scope, Transaction
from yixian.people import audit, policy
from yixian.people.model import Actor
from yixian.people.oversight import store, words
from yixian.people.oversight.model import Entry, Page, Search
from yixian.people.policy import Deed
from yixian.people.refusals import Refused

PAGE: Final = 50
DAYS: Final = 180
"""So far back, when no first day is given."""
MOST_TAKEN: Final = 20_000
"""Rows of one file."""
COLUMNS: Final = ("at", "actor", "name", "action", "words", "subject", "person", "ticket", "result", "address", "body")
"""Of the file: codes as they are searched for, beside them who and what they stand for."""
_AT_ONCE: Final = 2_000
_END: Final = (datetime(9999, 1, 1, tzinfo=UTC), 2**62)


def acting(actor: Actor) -> Acting:
    """As whom the database is told the audit administrator acts: a ticket's number must be found, nothing of it is shown."""
    return Acting(Scope.SYSTEM, actor=actor.id)


async def search(tx: Transaction, actor: Actor, wanted: Search, zone: ZoneInfo, now: datetime, limit: int = PAGE) -> Page:
    """A page of the audit, newest first. Days are those of `zone`; only the months between the first and the last are looked at.

    Raises:
        Refused: only the audit administrator reads it; or `before` is not what a page gave.
    """
    if sentence := policy.refusal(actor, Deed.READ_AUDIT):
        raise Refused(sentence)
    since = _start(wanted.since, zone) if wanted.since else now - timedelta(days=DAYS)
    until = _start(wanted.until + timedelta(days=1), zone) if wanted.until and wanted.until < date(9999, 1, 1) else _END[0]
    found = await store.trail(tx, wanted, since, until, _position(wanted.before), limit + 1)
    rows = found[:limit]
    return Page(rows, _name(rows[-1]) if len(found) > limit else "")


async def taken(tx: Transaction, actor: Actor, wanted: Search, zone: ZoneInfo, now: datetime, address: str = "") -> tuple[str, int]:
    """What the search finds as a CSV file, at most `MOST_TAKEN` rows, newest first, and how many; that it was taken is audited.

    Raises:
        Refused: as for `search`.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    count, at = 0, msgspec.structs.replace(wanted, before="")
    while count < MOST_TAKEN:
        page = await search(tx, actor, at, zone, now, min(_AT_ONCE, MOST_TAKEN - count))
        writer.writerows([guarded(cell) for cell in _cells(row)] for row in page.rows)
        count += len(page.rows)
        if not page.next:
            break
        at = msgspec.structs.replace(at, before=page.next)
    asked = {name: str(value) for name, value in msgspec.structs.asdict(wanted).items() if value}
    await audit.record(tx, actor.id, "audit.export", now, result="done", body={**asked, "rows": count}, address=address)
    return out.getvalue(), count


def _cells(row: Entry) -> tuple[str, ...]:
    body: Any = msgspec.json.encode(row.body).decode() if row.body else ""
    return (
        row.at.isoformat(), row.actor_login or row.actor, row.actor_name, row.action, words.said(row.action), row.subject,
        row.subject_name, row.ticket, row.result, row.address, body,
    )  # fmt: skip


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _name(row: Entry) -> str:
    return f"{int(row.at.timestamp() * 1_000_000)}-{row.seq}"


def _position(name: str) -> tuple[datetime, int]:
    if not name:
        return _END
    try:
        microseconds, seq = (int(part) for part in name.split("-"))
        if abs(seq) >= 2**62:
            raise OverflowError
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds), seq
    except (ValueError, OverflowError) as error:
        raise Refused("翻页位置无效，请从第一页重新查询。") from error
