"""The use cases of the supervisors' desk that are more than one step of a ticket's life: filters that are kept."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from yixian.db.ids import new_id
from yixian.db.pool import Transaction
from yixian.people.model import Actor
from yixian.tickets.lifecycle import Refusal
from yixian.tickets.service import NotFound, Refused
from yixian.tickets.supervising import store
from yixian.tickets.supervising.model import SavedFilter
from yixian.tickets.supervising.narrowing import Narrowed

MOST: Final = 20
"""Filters of one person."""
LONGEST_NAME: Final = 40

NO_NAME: Final = "请给这个筛选起一个名字，不超过四十个字。"
NOTHING: Final = "请先选好筛选条件再保存。"
TOO_MANY: Final = "您已经保存了二十个筛选，请先删除不用的。"


async def kept(tx: Transaction) -> tuple[SavedFilter, ...]:
    """The filters of the acting person, and those that others share. One statement."""
    return await store.filters(tx)


async def keep(tx: Transaction, actor: Actor, name: str, by: Narrowed, now: datetime, *, shared: bool) -> None:
    """Keeps what a list is narrowed by under a name; the same name again replaces it.

    Raises:
        Refused: no name, nothing to keep, or too many kept already.
    """
    named = " ".join(name.split())
    if not named or len(named) > LONGEST_NAME:
        raise Refused(Refusal(NO_NAME))
    if not by.asked():
        raise Refused(Refusal(NOTHING))
    if not await store.put_filter(tx, SavedFilter(new_id(now), actor.id, named, by.query, shared, now), MOST):
        raise Refused(Refusal(TOO_MANY))


async def drop(tx: Transaction, identifier: UUID) -> None:
    """Takes a filter away.

    Raises:
        NotFound: there is none, or it is another's.
    """
    if not await store.drop_filter(tx, identifier):
        raise NotFound("没有这个筛选，或者它是别人的。")


def sayings() -> tuple[str, ...]:
    """Sentences, for the test of the catalogue."""
    return (NO_NAME, NOTHING, TOO_MANY, "没有这个筛选，或者它是别人的。")
