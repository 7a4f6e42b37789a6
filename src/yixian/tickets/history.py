"""The chain: each row of a ticket's history carries the hash of the row before it.

The chain is per ticket, so writers never queue behind each other; hourly seals tie all chains together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from yixian.tickets.model import HistoryRow

START = bytes(32)
"""What the first row of a ticket, and the first seal, build on."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_encoder = msgspec.json.Encoder(order="sorted")


def digest(
    previous: bytes, ticket: UUID, seq: int, at: datetime, actor: str, role: str, unit: str, action: str,
    source: str, target: str, note: str, detail: dict[str, Any], public: bool,
) -> bytes:  # fmt: skip
    """SHA-256 over the previous hash and every field of the row, in one canonical JSON array (times in microseconds, UTC)."""
    fields = [ticket.hex, seq, (at - _EPOCH) // _MICROSECOND, actor, role, unit, action, source, target, note, detail, public]
    return hashlib.sha256(previous + _encoder.encode(fields)).digest()


def follows(row: HistoryRow, previous: bytes) -> bool:
    """Whether `row` is unchanged and builds on `previous`."""
    made = digest(
        row.previous, row.ticket, row.seq, row.at, row.actor, row.role, row.unit, row.action,
        row.source, row.target, row.note, row.detail, row.public,
    )  # fmt: skip
    return row.previous == previous and made == row.hash


def seal_root(previous: bytes, rows: Iterable[tuple[UUID, int, bytes]]) -> tuple[bytes, int]:
    """Root over an hour's rows `(ticket, seq, hash)` in that order, built on the root before; and how many there were."""
    root = hashlib.sha256(previous)
    count = 0
    for ticket, seq, row_hash in rows:
        root.update(ticket.bytes + seq.to_bytes(4) + row_hash)
        count += 1
    return root.digest(), count
