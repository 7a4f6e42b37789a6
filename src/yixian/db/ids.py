"""Identifiers: time-ordered ids, and daily numbers handed out in blocks."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg

BLOCK = 20
"""Numbers a process takes at once. What it does not use is a gap; in exchange no two creations ever wait for each other."""

LAST = 999_999


class NumbersUsedUp(Exception):
    """All 999,999 numbers of a day are taken."""


def new_id(at: datetime) -> UUID:
    """A UUIDv7 (RFC 9562) for a moment: ordered by time, unguessable in its last 62 bits."""
    milliseconds = int(at.timestamp() * 1000)
    chance = secrets.randbits(74)  # one call of the system, not two: a contact makes half a dozen ids
    value = milliseconds << 80 | 0x7 << 76 | chance >> 62 << 64 | 0b10 << 62 | chance & (1 << 62) - 1
    return UUID(int=value)


def first_id(at: datetime) -> UUID:
    """The lowest id that a row made at `at` can have: rows made from then on are those with this id or a higher one."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


def moment_of(identifier: UUID) -> datetime:
    """When a UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)


def month_of(identifier: UUID) -> tuple[datetime, datetime]:
    """A span, generous by a day, in which the row with this id was written: lets the database look into one or two partitions."""
    at = moment_of(identifier)
    return at - timedelta(days=1), at + timedelta(days=1)


class Numbers:
    """This process's current block of ticket numbers for a day."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._day = date.min
        self._next = 1
        self._end = 0
        self._reserving = asyncio.Lock()

    async def take(self, day: date) -> int:
        """The next number of `day`, from 1. Call it outside a transaction: a block once taken stays taken.

        Raises:
            NumbersUsedUp: the day has had 999,999 already.
        """
        if self._is_used_up(day):
            async with self._reserving:  # those who wait for the same block take one, not one each
                if self._is_used_up(day):
                    end = await self._pool.fetchval(RESERVE, day, BLOCK)
                    self._day, self._next, self._end = day, end - BLOCK + 1, end
        number = self._next
        self._next += 1
        if number > LAST:
            raise NumbersUsedUp(f"All {LAST:,} ticket numbers of {day} are taken.")
        return number

    def _is_used_up(self, day: date) -> bool:
        return day != self._day or self._next > self._end


RESERVE = """
INSERT INTO day_number AS d (day, last)
VALUES ($1, $2)
    ON CONFLICT (day) DO UPDATE
   SET last = d.last + $2
RETURNING last
"""
