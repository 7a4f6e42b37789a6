"""One thing done to many tickets: each in a transaction of its own, so that what fails undoes nothing else and nothing is half done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
from litestar import Request

from yixian.city.inforce import City
from yixian.db.pool import Database, Transaction
from yixian.people.model import Actor
from yixian.tickets import above
from yixian.tickets import service as tickets
from yixian.tickets.dispatching import service
from yixian.tickets.dispatching.model import Aim, Outcome
from yixian.tickets.lifecycle import Refusal
from yixian.tickets.model import Action, Step, Ticket
from yixian.tickets.service import NotFound, Overtaken, Refused

MOST: Final = 100
"""Tickets at once: more than a page shows."""


class What(StrEnum):
    """What can be done to many."""

    FIRST = "first"
    """Each to the unit of its own first suggestion."""
    UNIT = "unit"
    """All to one unit."""
    AMEND = "amend"
    """All are about this, or happened there."""
    PARK = "park"
    """All are put aside."""
    HAND_OVER = "hand_over"
    """All go to another dispatcher, or back to all of them."""


NAMES: Final = {
    What.FIRST: "按第一条建议派单",
    What.UNIT: "派给同一单位",
    What.AMEND: "更正事项与地点",
    What.PARK: "暂放",
    What.HAND_OVER: "交接",
}
NO_SUGGESTION: Final = "没有可用的派单建议：还不知道在哪里，或清单里没有承办单位。"
CHANGED: Final = "刚刚已被他人处理，没有执行。"
UNKNOWN: Final = "没有找到这件工单。"


class Deed(msgspec.Struct, frozen=True):
    """What is to be done to each."""

    what: What
    step: Step = Step()
    until: datetime | None = None
    reason: str = ""


class By(msgspec.Struct, frozen=True):
    """Who does it, where and when."""

    request: Request[Any, Any, Any]
    db: Database
    actor: Actor
    city: City
    now: datetime


def aims(ticked: Sequence[str]) -> tuple[Aim, ...]:
    """The tickets that were ticked, `number~version` each, once each; what cannot be read is left out."""
    found: dict[str, Aim] = {}
    for text in ticked[:MOST]:
        number, _, version = text.partition("~")
        if number.isalnum() and number.isascii() and version.isdecimal() and len(version) < 9:
            found.setdefault(number, Aim(number, int(version)))
    return tuple(found.values())


async def do(by: By, deed: Deed, chosen: Sequence[Aim]) -> tuple[Outcome, ...]:
    """Does `deed` to each of them, one after the other; what came of each, in their order."""
    return tuple([await _one(by, deed, aim) for aim in chosen])


async def _one(by: By, deed: Deed, aim: Aim) -> Outcome:
    try:
        async with by.db.transaction(by.actor.acting) as tx:
            moved = await _done(by, tx, deed, aim)
    except NotFound:
        return Outcome(aim.number, done=False, said=UNKNOWN)
    except Overtaken:
        return Outcome(aim.number, done=False, said=CHANGED)
    except Refused as refused:
        return Outcome(aim.number, done=False, said=str(refused))
    return Outcome(aim.number, done=True, unit=(moved.lead or "") if moved else "")


async def _done(by: By, tx: Transaction, deed: Deed, aim: Aim) -> Ticket | None:
    if deed.what is What.PARK:
        assert deed.until is not None, "whoever reads the form asks for it"
        await service.park(tx, by.actor, aim.number, aim.version, deed.until, deed.reason, by.now)
        return None
    if deed.what is What.HAND_OVER:
        step = msgspec.structs.replace(deed.step, version=aim.version)
        await service.hand_over(tx, by.actor, aim.number, step, by.city, by.now)
        return None
    action = Action.AMEND if deed.what is What.AMEND else Action.DISPATCH
    await above.check(by.request, tx, aim.number, action)
    step = deed.step
    if deed.what is What.FIRST:
        step = first_suggestion((await tickets.read(tx, aim.number))[0])
    step = msgspec.structs.replace(step, version=aim.version)
    return await tickets.act(tx, by.actor, aim.number, action, step, by.city, by.now)


def first_suggestion(ticket: Ticket) -> Step:
    """The ticket's own first suggestion as a step.

    Raises:
        Refused: it has none with a unit.
    """
    best = ticket.suggestions[0] if ticket.suggestions else {}
    if not best.get("unit"):
        raise Refused(Refusal(NO_SUGGESTION))
    co = tuple(str(u) for u in best.get("co_units") or ())
    return Step(unit=str(best["unit"]), co_units=co, basis=str(best.get("basis") or ""), matter=str(best.get("matter") or ""))


def sayings() -> tuple[str, ...]:
    """The sentences, for the test of the catalogue."""
    return (*NAMES.values(), NO_SUGGESTION, CHANGED, UNKNOWN)
