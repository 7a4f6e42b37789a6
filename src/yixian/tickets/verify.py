"""Whether history is still what was written: every chain row by row, every seal hour by hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from yixian.db.pool import Transaction
from yixian.tickets import history, store
from yixian.tickets.model import Seal
from yixian.tickets.seals import HOUR
from yixian.tickets.store import ChainedRow

MOST_FAULTS: Final = 1000
STEP: Final = 1000
"""Rows between two reports of progress."""

Progress = Callable[[int, int], None]
"""Told how many rows and seals were looked at, of how many."""


class Wrong(StrEnum):
    """What can be wrong."""

    ROW_CHANGED = "row_changed"
    """A row is not what was written, or does not build on the one before it."""
    ROW_MISSING = "row_missing"
    """The rows do not count on from one."""
    TICKET_CHANGED = "ticket_changed"
    """The ticket's head or version is not its last row's: rows were cut off its end, or put there."""
    TICKET_REMOVED = "ticket_removed"
    """There is history of a ticket that is gone."""
    HISTORY_REMOVED = "history_removed"
    """There is a ticket without history."""
    HOUR_CHANGED = "hour_changed"
    """What an hour holds is not what was sealed."""
    SEAL_CHANGED = "seal_changed"
    """A seal does not build on the one before it, or one is missing."""


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong."""

    wrong: Wrong
    ticket: str = ""
    """Number of the ticket; its id when the ticket is gone."""
    seq: int = 0
    hour: datetime | None = None


class Report(msgspec.Struct, frozen=True):
    """What was looked at and what is wrong: nothing, one hopes."""

    tickets: int
    rows: int
    seals: int
    faults: tuple[Fault, ...]

    @property
    def sound(self) -> bool:
        """Nothing is wrong."""
        return not self.faults


class _Chain:
    """How far the chain of one ticket was followed."""

    def __init__(self) -> None:
        self.ticket: UUID | None = None
        self.last: ChainedRow | None = None
        self.tickets = 0
        self.faults: list[Fault] = []

    def take(self, chained: ChainedRow) -> None:
        """The next row, in the order of tickets and their rows."""
        row = chained.row
        if row.ticket != self.ticket:
            self.end()
            self.ticket, self.last = row.ticket, None
            self.tickets += 1
        name = chained.number or str(row.ticket)
        before = self.last.row if self.last else None
        if row.seq != (before.seq + 1 if before else 1):
            self.faults.append(Fault(Wrong.ROW_MISSING, name, row.seq))
        elif not history.follows(row, before.hash if before else history.START):
            self.faults.append(Fault(Wrong.ROW_CHANGED, name, row.seq))
        self.last = chained

    def end(self) -> None:
        """The ticket's last row was taken."""
        last = self.last
        if last is None:
            return
        if last.number is None:
            self.faults.append(Fault(Wrong.TICKET_REMOVED, str(last.row.ticket)))
        elif (last.head, last.version) != (last.row.hash, last.row.seq):
            self.faults.append(Fault(Wrong.TICKET_CHANGED, last.number, last.row.seq))


async def verify(tx: Transaction, progress: Progress | None = None) -> Report:
    """Reads all history and all seals once, as a stream, and reports what is wrong (`MOST_FAULTS` faults at most).

    The transaction must see everything: that of the owner, or of the system; read-committed is fine while the hotline runs, but a
    ticket that takes a step meanwhile may then be named: use `REPEATABLE READ` to be exact.
    """
    rows_total, seals_total = await store.history_size(tx)
    total = rows_total + seals_total
    tell = progress or (lambda done, of: None)
    chain = _Chain()
    rows = 0
    async for chained in store.chains(tx):
        chain.take(chained)
        rows += 1
        if rows % STEP == 0:
            tell(rows, total)
    chain.end()
    chain.faults += [Fault(Wrong.HISTORY_REMOVED, number) for number in await store.without_history(tx, MOST_FAULTS)]
    seals = 0
    before: Seal | None = None
    async for seal in store.seals(tx):
        chain.faults += await _of_seal(tx, seal, before)
        before = seal
        seals += 1
        tell(rows + seals, total)
    tell(total, total)
    return Report(chain.tickets, rows, seals, tuple(chain.faults[:MOST_FAULTS]))


async def _of_seal(tx: Transaction, seal: Seal, before: Seal | None) -> list[Fault]:
    """What is wrong with one seal and its hour."""
    faults: list[Fault] = []
    previous, hour = (before.root, before.hour + HOUR) if before else (history.START, seal.hour)
    if (seal.previous, seal.hour) != (previous, hour):
        faults.append(Fault(Wrong.SEAL_CHANGED, hour=seal.hour))
    rows = await store.rows_between(tx, seal.hour, seal.hour + HOUR)
    root, count = history.seal_root(seal.previous, ((ticket, seq, row_hash) for _, ticket, seq, row_hash in rows))
    if (root, count) != (seal.root, seal.rows):
        faults.append(Fault(Wrong.HOUR_CHANGED, hour=seal.hour))
    return faults
