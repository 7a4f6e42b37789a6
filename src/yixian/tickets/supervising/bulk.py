"""What a supervisor does to one or many tickets of a list: each in a transaction of its own, with the reason in its history."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from yixian.tickets import above
from yixian.tickets import service as tickets
from yixian.tickets.dispatching.bulk import CHANGED, UNKNOWN, By
from yixian.tickets.dispatching.model import Aim, Outcome
from yixian.tickets.model import Action, State, Step, Ticket
from yixian.tickets.service import NotFound, Overtaken, Refused


class What(StrEnum):
    """What can be done from a list."""

    URGE = "urge"
    LIST = "list"
    CALL_IN = "call_in"
    HAND_OVER = "hand_over"
    """Another unit leads: a dispatch where none does yet."""


NAMES: Final = {What.URGE: "催办", What.LIST: "挂牌督办", What.CALL_IN: "约谈督办", What.HAND_OVER: "转给另一单位"}
ACTIONS: Final = {What.URGE: Action.URGE, What.LIST: Action.LIST, What.CALL_IN: Action.CALL_IN}

NO_REASON: Final = "请写明理由；理由会记入工单的经过。"
NO_UNIT: Final = "请选择单位并写明依据。"


def action_on(what: What, ticket: Ticket) -> Action:
    """The step that this is for a ticket."""
    if what is not What.HAND_OVER:
        return ACTIONS[what]
    return Action.DISPATCH if ticket.state is State.AWAITING_DISPATCH else Action.REASSIGN


async def do(by: By, what: What, step: Step, chosen: Sequence[Aim]) -> tuple[Outcome, ...]:
    """Does it to each of them, one after the other; what came of each, in their order."""
    return tuple([await _one(by, what, step, aim) for aim in chosen])


async def _one(by: By, what: What, step: Step, aim: Aim) -> Outcome:
    try:
        async with by.db.transaction(by.actor.acting) as tx:
            ticket, _ = await tickets.read(tx, aim.number)
            action = action_on(what, ticket)
            await above.check(by.request, tx, aim.number, action)
            step = msgspec.structs.replace(step, version=aim.version)
            moved = await tickets.act(tx, by.actor, aim.number, action, step, by.city, by.now)
    except NotFound:
        return Outcome(aim.number, done=False, said=UNKNOWN)
    except Overtaken:
        return Outcome(aim.number, done=False, said=CHANGED)
    except Refused as refused:
        return Outcome(aim.number, done=False, said=str(refused))
    return Outcome(aim.number, done=True, unit=moved.lead or "")


def sayings() -> tuple[str, ...]:
    """The sentences, for the test of the catalogue."""
    return (*NAMES.values(), NO_REASON, NO_UNIT)
