"""A contact that an operator puts with an open ticket about the same event.

Another caller gets a ticket of their own that is merged at once: their own number and code, the main ticket's progress and answer,
and nobody reads what somebody else said. The same caller's words are added to their ticket.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from yixian.city.inforce import City
from yixian.db.pool import Transaction
from yixian.intake import store
from yixian.intake.model import Outcome
from yixian.intake.plan import Plan
from yixian.people.model import Actor
from yixian.tickets import service as tickets
from yixian.tickets.model import Action, Step, Ticket

NOTE: Final = "同一事件，登记时并入"


class Gone(Exception):
    """The ticket cannot be merged into any more; the sentence says what to do."""


async def placed(tx: Transaction, plan: Plan, number: str, who: dict[str, Any] | None) -> tuple[Plan, tuple[str, ...]]:
    """The plan of a contact that goes with ticket `number`, and the tickets that get its words instead of a new one.

    Raises:
        Gone: no such ticket, or it is over.
    """
    found = await store.open_ticket(tx, number) if number.isascii() and number.isalnum() else None
    if found is None:
        raise Gone(f"工单 {number} 已经办结或并入别的工单，请重新检查后再选。")
    mine = who is not None and who["phone_hash"] is not None and bytes.fromhex(who["phone_hash"][2:]) == found.phone_hash
    rest = () if mine else plan.tickets
    return Plan(Outcome.ADDED_TO_TICKET, plan.reason, plan.said, rest, plan.alarm, plan.care), (number,) if mine else ()


async def merged(tx: Transaction, ticket: Ticket, number: str, actor: Actor, city: City, now: datetime) -> Ticket:
    """Merges the caller's own ticket into `number`, and tells that one's unit that one more has told of it.

    Raises:
        Gone: somebody ended the ticket meanwhile.
    """
    try:
        own = await tickets.act(tx, actor, ticket.number, Action.MERGE, Step(note=NOTE, number=number), city, now)
    except tickets.Refused as refused:
        raise Gone(str(refused)) from refused
    try:
        note = f"又有一位来电人反映同一问题（工单 {ticket.number}）"
        await tickets.act(tx, actor, number, Action.SUPPLEMENT, Step(note=note), city, now)
    except tickets.Refused:
        pass  # it is being called back: the merge itself is in the history of the caller's own
    return own
