"""The audit: who did what, when, from where, with which result. Written with the deed itself; never changed or removed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from yixian.db.pool import Transaction
from yixian.people import store


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
