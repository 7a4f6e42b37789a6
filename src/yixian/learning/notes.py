"""What the supervisor's own desk says of this room."""

from __future__ import annotations

from datetime import datetime

from yixian.db.pool import Transaction
from yixian.learning import service
from yixian.tickets.above import Note


async def notes(tx: Transaction, _now: datetime) -> tuple[Note, ...]:
    """That matters are suspended; nothing when none is."""
    suspended = await service.suspensions(tx)
    if not suspended:
        return ()
    return (Note(f"{len(suspended)} 个事项因自动派单差错偏多已暂停，请查看派单模型。", "/desk/models?tab=watch"),)
