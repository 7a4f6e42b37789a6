"""Which of the known tickets a new one belongs to. Pure: what is known comes in, what becomes of it goes out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from yixian.groups.model import Growing, Tied
from yixian.language.sameness import JOINED_FROM, Rarity, contradict, same_event

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

    def __init__(self, rarity: Rarity, known: Iterable[Tied], groups: Iterable[Growing]) -> None:
        self.rarity = rarity
        self.tied: dict[UUID, Tied] = {}
        self.by_key: dict[int, list[UUID]] = defaultdict(list)
        self.groups = {group.id: group for group in groups}
        for tied in known:
            self.learn(tied)

    def learn(self, tied: Tied) -> None:
        self.tied[tied.ticket] = tied
        for key in tied.told.print.keys:
            self.by_key[key].append(tied.ticket)

    def like(self, new: Tied) -> list[tuple[float, Tied]]:
        """Known tickets with how probably each is about the same event, the best first."""
        found = dict.fromkeys(ticket for key in new.told.print.keys for ticket in self.by_key.get(key, ()))
        scored = [(same_event(self.rarity, new.told, self.tied[ticket].told), self.tied[ticket]) for ticket in found]
        return sorted((s for s in scored if s[0] >= JOINED_FROM), key=lambda s: (-s[0], s[1].ticket))

    def fits(self, new: Tied, other: Tied) -> bool:
        """Whether the new ticket may stand beside the other and all that the other stands beside."""
        if other.member_of is None:
            return True
        return other.member_of not in new.apart and not contradict(new.told.print.numbers, self.groups[other.member_of].numbers)


def join(rarity: Rarity, new: Sequence[Tied], known: Iterable[Tied], groups: Iterable[Growing], new_id: NewId) -> Joined:
    """Finds each new ticket's group, in the order in which they came: one that stands alone may be what the next one joins.

    `known` holds the tickets that share a key with any of them, and `groups` what these belong to.
    """
    table = _Table(rarity, known, groups)
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
    numbers = first.told.print.numbers | second.told.print.numbers
    began, ended = sorted((first.told.at, second.told.at))
    region = (first.told.regions or second.told.regions or (None,))[0]
    return Growing(new_id(ended), first.told.matter, region, numbers, began, ended, fresh=True)


def _grown(group: Growing, new: Tied) -> Growing:
    return msgspec.structs.replace(
        group,
        numbers=group.numbers | new.told.print.numbers,
        first_at=min(group.first_at, new.told.at),
        last_at=max(group.last_at, new.told.at),
    )
