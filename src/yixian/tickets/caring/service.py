"""Who is to be looked after. Taking them over is a step of their ticket (`Action.TAKE_CARE`), which its history keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from yixian.city.inforce import City
from yixian.db.pool import Transaction
from yixian.language import service as language
from yixian.language.service import Reader
from yixian.people.model import SYSTEM_ACTOR, Actor
from yixian.tickets import service as tickets
from yixian.tickets.caring import store
from yixian.tickets.caring.model import InNeed
from yixian.tickets.model import Action, Care, Step, Ticket

SHOWN: Final = 20
"""More at once has never been seen; the others follow as these are taken."""

HEARD: Final = frozenset({Action.SUPPLEMENT, Action.URGE, Action.REOPEN, Action.WITHDRAW, Action.RATE})
"""Steps that carry what a citizen says, themselves or through who listens to them."""

KEPT: Final = 500
"""Characters of what was said that stand beside the words that count."""


async def act(
    tx: Transaction, actor: Actor, number: str, action: Action, step: Step, reader: Reader, city: City, now: datetime,
    numbers: Sequence[str] = (),
) -> Ticket:  # fmt: skip
    """As `tickets.act`; and who by what is said with it may take their own life is to be looked after, as after a first contact.

    Raises:
        NotFound, Refused, Overtaken: as `tickets.act`.
    """
    moved = await tickets.act(tx, actor, number, action, step, city, now, numbers)
    said = "\n".join(filter(None, (step.note.strip(), step.rating.words.strip() if step.rating else "")))
    felt = language.despair(reader, said) if said and action in HEARD else None
    if felt is None:
        return moved
    # First the words that count: of a long letter nothing else may fit into the line on the board.
    return await need(tx, moved, f"“{'”“'.join(felt.words)}” {said[:KEPT]}", city, now)


async def need(tx: Transaction, ticket: Ticket, note: str, city: City, now: datetime) -> Ticket:
    """Raises that who brought the ticket is to be looked after; nothing happens while somebody is already asked to."""
    if ticket.care is Care.NEEDED:
        return ticket
    return await tickets.act(tx, SYSTEM_ACTOR, ticket.number, Action.NEED_CARE, Step(note=note), city, now)


async def in_need(tx: Transaction) -> tuple[InNeed, ...]:
    """Those that nobody has taken yet, as the acting person may see them, who waits longest first. One statement."""
    return await store.in_need(tx, SHOWN)
