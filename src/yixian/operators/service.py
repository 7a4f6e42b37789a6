"""The use cases of operators: keep what is typed, time the contact, say who is ready. One transaction each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from yixian.db.pool import Transaction
from yixian.operators import states, store
from yixian.operators.model import Board, Draft, Figures, Source, Standing, State, Work
from yixian.people.model import Actor, Role
from yixian.people.secrets import Vault

AT_THE_DESK: Final = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR})
"""Who takes contacts."""
LOOKING: Final = frozenset({Role.SUPERVISOR, Role.ANALYST})
"""Who sees the board and the figures."""
KEPT_FOR: Final = timedelta(days=2)
"""A draft that nobody touched for so long is thrown away: it holds what a caller said of themselves."""
MOST_DRAFTS: Final = 20
"""So many one operator may leave unfinished."""
SHOWN: Final = 500
"""So many operators the board names."""

NOT_YOURS: Final = "只有班长席可以更改他人的状态。"
NOT_AN_OPERATOR: Final = "没有找到这位话务员。"
TOO_MANY: Final = "搁置的来电太多了。请先办结或丢弃一些，再接新的。"


class Refused(Exception):
    """Not now, or not for this person; the sentence is for the screen."""


class NotFound(Exception):
    """No such operator."""


# -- Drafts ------------------------------------------------------------------------------------------------------


async def keep(tx: Transaction, vault: Vault, actor: Actor, key: str, values: Mapping[str, str], edit: int, now: datetime) -> bool:
    """Keeps what was typed so far; the first time the contact begins with that, and what was in hand before stands aside.

    `edit` counts the edits of the form: what arrives late does not replace what is newer. False when that was so, or when the
    contact is recorded already.

    Raises:
        Refused: too many unfinished contacts.
    """
    operator = UUID(actor.id)
    before = await store.drafts(tx, operator)
    known = next((d for d in before if d.key == key), None)
    if known is None:
        if len(before) >= MOST_DRAFTS:
            raise Refused(TOO_MANY)
        await _end(tx, operator, now)
    for other in before:
        if other.key != key and other.parked_at is None:
            await store.park(tx, operator, other.key, now)
    sealed = vault.seal(msgspec.json.encode(dict(values)).decode())
    if not await store.keep_draft(tx, operator, key, values.get("channel", ""), edit, sealed, now):
        return False
    if known is None or known.parked_at is not None:
        await _enter(tx, operator, State.TALKING, actor.id, now)
    return True


async def drafts(tx: Transaction, vault: Vault, actor: Actor) -> tuple[Draft, ...]:
    """What this operator has not finished, what was touched last first."""
    return tuple(
        Draft(
            d.key, msgspec.json.decode(vault.open(d.sealed), type=dict[str, str]), d.begun_at, d.saved_at, d.parked_at, d.edit
        )
        for d in await store.drafts(tx, UUID(actor.id))
    )  # fmt: skip


async def park(tx: Transaction, actor: Actor, key: str, now: datetime) -> None:
    """Puts a contact aside: the next one can be taken, and its time stands still."""
    await store.park(tx, UUID(actor.id), key, now)


async def drop(tx: Transaction, actor: Actor, key: str, now: datetime) -> None:
    """Throws a draft away."""
    await store.drop(tx, UUID(actor.id), key)
    if not await store.in_hand(tx, UUID(actor.id)):
        await _enter(tx, UUID(actor.id), State.READY, actor.id, now)


async def forget(tx: Transaction, now: datetime) -> int:
    """Throws away drafts that nobody finished; how many."""
    return await store.forget(tx, now - KEPT_FOR)


# -- Time --------------------------------------------------------------------------------------------------------


async def recorded(tx: Transaction, actor: Actor, key: str, channel: str, contact: UUID, outcome: str, queue: str, now: datetime) -> None:
    """The contact was recorded: its draft is gone, and only the work after it may still go on."""
    await store.record(tx, UUID(actor.id), key, channel, contact, outcome, queue, now)


async def talk_ended(tx: Transaction, operator: UUID, source: Source, actor: str, now: datetime) -> None:
    """The caller has hung up, or was told good-bye: the work after the contact begins."""
    await store.end_talk(tx, operator, now)
    await store.set_state(tx, operator, State.AFTER, "", source, actor, now)


async def recent(tx: Transaction, actor: Actor) -> tuple[Work | None, Work | None]:
    """The contact that this operator has in hand, recorded or not, and the one finished last; None where there is none."""
    found = await store.recent(tx, UUID(actor.id))
    return next((w for w in found if w.ended_at is None), None), next((w for w in found if w.ended_at is not None), None)


async def figures(tx: Transaction, since: datetime, till: datetime) -> Figures:
    """How long the contacts took that were recorded from `since` until before `till`: median entry time and its fellows."""
    return await store.figures(tx, since, till)


# -- States ------------------------------------------------------------------------------------------------------


async def change_state(
    tx: Transaction, actor: Actor, wanted: State, now: datetime, *, operator: UUID | None = None, queue: str = "",
    source: Source = Source.DESK,
) -> Standing:  # fmt: skip
    """Changes one's own state, or as a supervisor another's; the telephone changes anybody's.

    Raises:
        Refused: it cannot follow the present one, or is not this person's to change.
        NotFound: no such operator.
    """
    whose = operator or UUID(actor.id)
    if str(whose) != actor.id and not actor.roles & {Role.SUPERVISOR, Role.SYSTEM}:
        raise Refused(NOT_YOURS)
    before = await store.state_of(tx, whose)
    if str(whose) != actor.id and before is None:
        raise NotFound(NOT_AN_OPERATOR)
    if sentence := states.refusal(before or State.AWAY, wanted, source):
        raise Refused(sentence)
    if wanted is State.AFTER:
        await store.end_talk(tx, whose, now)
    elif wanted is not State.TALKING:
        await _end(tx, whose, now)
    await store.set_state(tx, whose, wanted, queue, source, actor.id, now)
    found = await store.standing(tx, whose)
    assert found is not None, "it was just set"
    return found


async def standing(tx: Transaction, actor: Actor) -> Standing | None:
    """Where this person stands; None when they never were at the desk."""
    return await store.standing(tx, UUID(actor.id))


async def board(tx: Transaction) -> Board:
    """All operators now."""
    return Board(tuple(await store.counts(tx)), tuple(await store.at_the_desk(tx, SHOWN)))


async def _enter(tx: Transaction, operator: UUID, state: State, actor: str, now: datetime) -> None:
    """A state that follows from what was done at the desk."""
    await store.set_state(tx, operator, state, "", Source.DESK, actor, now)


async def _end(tx: Transaction, operator: UUID, now: datetime) -> None:
    """Ends the work after contacts that were recorded."""
    for work in await store.in_hand(tx, operator):
        if work.recorded_at is not None:
            handling, wrap_up = states.times(work, now)
            await store.end_work(tx, operator, work.key, handling, wrap_up, now)
