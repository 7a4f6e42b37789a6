"""The audit: who did what, when, from where, with which result. Written with the deed itself; never changed or removed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from yixian.db.pool import Transaction
from yixian.people import policy, store
from yixian.people.model import Actor
from yixian.people.policy import Deed
from yixian.people.refusals import Refused
from yixian.people.store import AuditRow

PAGE: Final = 50
_END: Final = (datetime(9999, 1, 1, tzinfo=UTC), 2**62)


class Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to look for; empty fits everything."""

    actor: str = ""
    """Login or staff id."""
    action: str = ""
    """An action (`staff.reset`) or the beginning of one (`staff.`)."""
    subject: str = ""
    days: int = 180
    """How far back."""
    before: str = ""
    """Where the page before ended: its `next`."""


class Page(msgspec.Struct, frozen=True):
    """A page of the audit, newest first."""

    rows: tuple[AuditRow, ...]
    next: str
    """To be given as `before` for the page that follows; empty when this is the last."""


async def record(
    tx: Transaction,
    actor: str,
    action: str,
    now: datetime,
    *,
    subject: str = "",
    result: str = "done",
    body: dict[str, Any] | None = None,
    address: str = "",
) -> None:
    """Writes one row into the running transaction. `actor`: staff id, `system`, or empty when nobody is signed in."""
    await store.record(tx, actor, action, subject, result, body or {}, address, now)


async def search(tx: Transaction, actor: Actor, wanted: Search, now: datetime) -> Page:
    """A page of the audit.

    Raises:
        Refused: only the audit administrator reads it; or `before` is not what a page gave.
    """
    if sentence := policy.refusal(actor, Deed.READ_AUDIT):
        raise Refused(sentence)
    since = now - timedelta(days=wanted.days)
    found = await store.audit(tx, wanted.actor.strip(), wanted.action, wanted.subject, since, _position(wanted.before), PAGE + 1)
    rows = found[:PAGE]
    return Page(rows, _name(rows[-1]) if len(found) > PAGE else "")


def _name(row: AuditRow) -> str:
    return f"{int(row.at.timestamp() * 1_000_000)}-{row.seq}"


def _position(name: str) -> tuple[datetime, int]:
    if not name:
        return _END
    try:
        microseconds, seq = (int(part) for part in name.split("-"))
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds), seq
    except (ValueError, OverflowError) as error:
        raise Refused("翻页位置无效，请从第一页重新查询。") from error
