"""A contact that is meant for a leader's answering session: handed over while it runs, or left as a question beforehand.

The ticket is there from the start, whatever becomes of the call: what no leader takes is dispatched like any other. What may be an
emergency waits for no leader.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from yixian.city.model import Urgency
from yixian.db.pool import Transaction
from yixian.intake.model import ContactIn, Handed
from yixian.intake.plan import Plan
from yixian.sessions import service as sessions
from yixian.sessions.model import How
from yixian.sessions.service import Seat
from yixian.tickets import service as tickets
from yixian.tickets.model import Ticket

SAID: Final = {How.HANDED: Handed.WAITING, How.EARLY: Handed.EARLY, How.OVERFLOW: Handed.OVERFLOW}


class NoSeat(Exception):
    """The session cannot have it; the sentence says what to do."""


async def seated(tx: Transaction, contact: ContactIn, plan: Plan, by_operator: bool, now: datetime) -> Seat | None:
    """The seat of a contact that is meant for a session; None when it is not, or cannot wait for a leader.

    Raises:
        NoSeat: no such session, or not at this time.
    """
    if not contact.session or plan.alarm or any(t.reading.urgency is Urgency.CRITICAL for t in plan.tickets):
        return None
    try:
        return await sessions.seat(tx, UUID(contact.session), by_operator, now)
    except ValueError:
        raise NoSeat("没有这次接听，请重新选择。") from None
    except (sessions.NotFound, sessions.Refused) as refused:
        raise NoSeat(str(refused)) from refused


async def kept(tx: Transaction, seat: Seat, opened: Sequence[Ticket], added: Sequence[str], now: datetime) -> bool:
    """Writes the call down with the first of its tickets; False when there is none, since it was answered or sent elsewhere."""
    ticket = opened[0] if opened else (await tickets.read(tx, added[0]))[0] if added else None
    if ticket is None:
        return False
    await sessions.keep(tx, seat, ticket, now)
    return True
