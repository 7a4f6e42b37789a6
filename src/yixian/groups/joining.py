"""Which of the known tickets a new one belongs to. Pure: what is known comes in, what becomes of it goes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from yixian.groups.model import Growing, Tied
from yixian.language.sameness import JOINED_FROM, Print, Rarity, contradict, same_event

CANDIDATES: Final = 30
"""So many of the tickets that share most keys with a new one are compared with it."""

NewId = Callable[[datetime], UUID]


class Joined(msgspec.Struct, frozen=True):
    """What comes of a batch."""

    ties: tuple[Tied, ...]
    """The new tickets, each with its group, if any."""
    moved: dict[UUID, UUID]
    """Known tickets that stood alone and now belong to a group."""
    groups: tuple[Growing, ...]
    """Groups that were made or grew."""


class _Table:
    """What is known while a batch is worked through: tickets by key, and the groups they are in."""

    def __init__(self, rarity: Rarity, new: Iterable[Tied], known: Iterable[Tied], groups: Iterable[Growing]) -> None:
        self.rarity = rarity
        self.tied: dict[UUID, Tied] = {}
        # Only by what one of the new ones will ask for.
        self.by_key: dict[int, list[UUID]] = {key: [] for tied in new for key in tied.told.print.keys}
        self.groups = {group.id: group for group in groups}
        for tied in known:
            self.learn(tied)

    def learn(self, tied: Tied) -> None:
        self.tied[tied.ticket] = tied
        for key in tied.told.print.keys:
            if (tickets := self.by_key.get(key)) is not None:
                tickets.append(tied.ticket)

    def like(self, new: Tied) -> list[tuple[float, Tied]]:
        """Known tickets with how probably each is about the same event, the best first; those that share most keys are looked at."""
        shared = Counter(ticket for key in new.told.print.keys for ticket in self.by_key[key])
        found = sorted(shared, key=lambda ticket: (-shared[ticket], ticket))[:CANDIDATES]
        scored = [(same_event(self.rarity, new.told, self.tied[ticket].told), self.tied[ticket]) for ticket in found]
        return sorted((s for s in scored if s[0] >= JOINED_FROM), key=lambda s: (-s[0], s[1].ticket))

    def fits(self, new: Tied, other: Tied) -> bool:
        """Whether the new ticket may stand beside the other and all that the other stands beside."""
        if other.member_of is None:
            return True
        return other.member_of not in new.apart and not contradicts(new.told.print.numbers, self.groups[other.member_of])


_JOINT: Final = "|"


def contradicts(numbers: Iterable[str], group: Growing) -> bool:
    """Whether these numbers contradict those of any ticket of the group: by way of a neighbour who names both, 3栋 and 5栋 never meet."""
    return any(contradict(numbers, theirs.split(_JOINT)) for theirs in group.numbers)


def _as_one(*prints: Print) -> frozenset[str]:
    """What tickets name, a string each."""
    return frozenset(_JOINT.join(sorted(p.numbers)) for p in prints if p.numbers)


def join(rarity: Rarity, new: Sequence[Tied], known: Iterable[Tied], groups: Iterable[Growing], new_id: NewId) -> Joined:
    """Finds each new ticket's group, in the order in which they came: one that stands alone may be what the next one joins.

    `known` holds the tickets that share a key with any of them, and `groups` what these belong to.
    """
    table = _Table(rarity, new, known, groups)
    alone = {ticket for ticket, tied in table.tied.items() if tied.member_of is None}
    touched: dict[UUID, None] = {}
    moved: dict[UUID, UUID] = {}
    for tied in sorted(new, key=lambda t: (t.told.at, t.ticket)):
        other = _other(table, tied)
        if other is not None:
            group = _grown(table.groups[other.member_of], tied) if other.member_of else _made(other, tied, new_id)
            table.groups[group.id] = group
            touched[group.id] = None
            if other.member_of is None:
                table.tied[other.ticket] = msgspec.structs.replace(other, member_of=group.id)
                if other.ticket in alone:
                    moved[other.ticket] = group.id
            tied = msgspec.structs.replace(tied, member_of=group.id)
        table.learn(tied)
    return Joined(tuple(table.tied[t.ticket] for t in new), moved, tuple(table.groups[g] for g in touched))


def _other(table: _Table, new: Tied) -> Tied | None:
    """The ticket whose company it joins: the one that a person merged it into, else the likest that it does not contradict."""
    if new.joins is not None:
        return table.tied.get(new.joins)
    return next((other for _, other in table.like(new) if table.fits(new, other)), None)


def _made(first: Tied, second: Tied, new_id: NewId) -> Growing:
    numbers = _as_one(first.told.print, second.told.print)
    began, ended = sorted((first.told.at, second.told.at))
    region = (first.told.regions or second.told.regions or (None,))[0]
    return Growing(new_id(ended), first.told.matter, region, numbers, began, ended, fresh=True)


def _grown(group: Growing, new: Tied) -> Growing:
    return msgspec.structs.replace(
        group,
        numbers=group.numbers | _as_one(new.told.print),
        first_at=min(group.first_at, new.told.at),
        last_at=max(group.last_at, new.told.at),
    )
