"""Who is to be looked after. Taking them over is a step of their ticket (`Action.TAKE_CARE`), which its history keeps."""

from __future__ import annotations

from typing import Final

from yixian.db.pool import Transaction
from yixian.tickets.caring import store
from yixian.tickets.caring.model import InNeed

SHOWN: Final = 20
"""More at once has never been seen; the others follow as these are taken."""


async def in_need(tx: Transaction) -> tuple[InNeed, ...]:
    """Those that nobody has taken yet, as the acting person may see them, oldest first. One statement."""
    return await store.in_need(tx, SHOWN)
