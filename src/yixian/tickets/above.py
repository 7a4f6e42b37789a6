"""What rooms above this one say of tickets. The desks and doors ask; `app.py` says who answers.

Tickets import no room above them, yet their lists show what such a room knows, and a step may have to wait for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request

from yixian.db.pool import Transaction
from yixian.people.model import Actor
from yixian.tickets.lifecycle import Refusal
from yixian.tickets.model import Action, Line
from yixian.tickets.service import Refused

Asked = Request[Any, Any, Any]

KEPT: Final = "tickets_above"
"""Under this name the application's state keeps them."""


class Above(msgspec.Struct, frozen=True):
    """One room above."""

    flags: Callable[[Transaction, Sequence[Line], datetime], Awaitable[Mapping[UUID, str]]]
    """What sets tickets of a list apart, in two words, by ticket: keys of the message catalogue. One statement for the whole list."""
    bars: Callable[[Transaction, str, Action], Awaitable[str | None]]
    """Why a step on the ticket with this number must be taken elsewhere, as a sentence; None when it need not."""


class Note(msgspec.Struct, frozen=True):
    """What the supervisor is to see first."""

    sentence: str
    link: str


NOTING: Final = "tickets_noting"
"""Under this name the application's state keeps those who have notes for the supervisor."""

GROUPING: Final = "tickets_grouping"
"""Under this name the application's state keeps who knows which tickets are about one event."""

Grouping = Callable[[Transaction, UUID], Awaitable[tuple[UUID, ...]]]


async def grouped(request: Asked, tx: Transaction, group: UUID) -> tuple[UUID, ...]:
    """The tickets of a group, as the room above knows it; none where there is no such room."""
    room: Grouping | None = request.app.state.get(GROUPING)
    return await room(tx, group) if room else ()


CAMPAIGNING: Final = "tickets_campaigning"
"""Under this name the application's state keeps who knows the special campaigns."""


class Campaign(msgspec.Struct, frozen=True):
    """A special campaign that tickets may belong to."""

    id: UUID
    name: str


Campaigning = Callable[[Transaction], Awaitable[tuple[Campaign, ...]]]


async def campaigns(request: Asked, tx: Transaction) -> tuple[Campaign, ...]:
    """The campaigns under way that the acting person may see, as the room above knows them; none where there is no such room."""
    room: Campaigning | None = request.app.state.get(CAMPAIGNING)
    return await room(tx) if room else ()


Noting = Callable[[Transaction, datetime], Awaitable[tuple[Note, ...]]]


COUNTING: Final = "tickets_counting"
"""Under this name the application's state keeps those who know what waits for a unit on desks of their own."""

Counting = Callable[[Transaction, Actor, datetime], Awaitable[Mapping[str, int]]]


BOARDING: Final = "tickets_boarding"
"""Under this name the application's state keeps those who have a card on the supervisor's board: `supervising.board.Rooms`."""


async def unread(request: Asked, tx: Transaction, actor: Actor, now: datetime) -> dict[str, int]:
    """How much waits for the actor's unit on the desks of the rooms above, by the desk's address; one statement a room."""
    rooms: tuple[Counting, ...] = request.app.state.get(COUNTING) or ()
    return {desk: n for room in rooms for desk, n in (await room(tx, actor, now)).items() if n}


async def notes(request: Asked, tx: Transaction) -> tuple[Note, ...]:
    """What the rooms above have to tell the supervisor; one statement a room."""
    rooms: tuple[Noting, ...] = request.app.state.get(NOTING) or ()
    now: datetime = request.app.state.process.clock()
    return tuple([note for room in rooms for note in await room(tx, now)])


async def flags(request: Asked, tx: Transaction, lines: Sequence[Line], now: datetime) -> Mapping[UUID, tuple[str, ...]]:
    """What the rooms above say of a list's tickets."""
    found: dict[UUID, tuple[str, ...]] = {}
    for room in _rooms(request):
        for ticket, said in (await room.flags(tx, lines, now)).items() if lines else ():
            found[ticket] = (*found.get(ticket, ()), said)
    return found


async def check(request: Asked, tx: Transaction, number: str, action: Action) -> None:
    """Lets the step be taken.

    Raises:
        Refused: a room above says that it must be taken elsewhere.
    """
    for room in _rooms(request):
        if said := await room.bars(tx, number, action):
            raise Refused(Refusal(said))


def _rooms(request: Asked) -> tuple[Above, ...]:
    return request.app.state.get(KEPT) or ()
