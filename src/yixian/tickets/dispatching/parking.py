"""How long a ticket may be put aside. Pure. The clock runs on: what waits on purpose is late like everything else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from yixian.city.model import Urgency
from yixian.tickets.model import State, Ticket

LATE: Final = timedelta(hours=2)
"""How long a ticket may wait that is late already."""

NO_REASON: Final = "请写明暂放原因。"
NOT_WAITING: Final = "只有待派单的工单可以暂放。"
CRITICAL: Final = "特急工单不能暂放。"
PAST: Final = "暂放到的时间须在现在之后。"
TOO_LONG: Final = "暂放不能超过派单时限；快到时限或已超时的，最多暂放两小时。"
NO_TIME: Final = "请写明暂放到什么时候。"


def refusal(ticket: Ticket, until: datetime, reason: str, now: datetime) -> str | None:
    """Why this ticket may not be put aside until then; None when it may."""
    if not reason.strip():
        return NO_REASON
    if ticket.state is not State.AWAITING_DISPATCH:
        return NOT_WAITING
    if ticket.urgency is Urgency.CRITICAL:
        return CRITICAL
    if until <= now:
        return PAST
    return TOO_LONG if until > max(ticket.dispatch_due or now, now + LATE) else None


def moment(written: str, zone: ZoneInfo) -> datetime | None:
    """The time that a field of a form holds, `2026-11-22T15:30` in the city's zone; None when it holds none."""
    try:
        at = datetime.fromisoformat(written)
        return at.replace(tzinfo=zone) if at.tzinfo is None else at
    except ValueError:
        return None


def sayings() -> tuple[str, ...]:
    """The sentences, for the test of the catalogue."""
    return NO_REASON, NOT_WAITING, CRITICAL, PAST, TOO_LONG, NO_TIME
