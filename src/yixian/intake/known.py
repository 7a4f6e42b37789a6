"""What the hotline knows of somebody who calls: one history, whatever the channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from yixian.db.pool import Transaction
from yixian.intake import store
from yixian.people import callers
from yixian.people.model import CallerMasked
from yixian.people.secrets import Vault

LATEST: Final = 10
"""So many contacts are shown."""


class Known(msgspec.Struct, frozen=True):
    """A caller with what they said lately."""

    caller: CallerMasked
    contacts: tuple[Mapping[str, Any], ...]
    """`received_at`, `channel`, `kind`, `text`, `outcome`, `tickets`; newest first."""
    tickets: tuple[Mapping[str, Any], ...]
    """`number`, `state`, `matter`, `lead`, `answer_due` of the tickets that came of them."""


async def known(tx: Transaction, vault: Vault, phone: str, country: str) -> Known | None:
    """Who has this number, and their latest contacts and tickets; None when nobody known has it.

    `country`: whose number it is when it does not say (ISO 3166-1).
    """
    caller = await callers.by_phone(tx, vault, phone, country)
    if caller is None:
        return None
    contacts = await store.recent_of(tx, caller.id, LATEST)
    numbers = [number for c in contacts for number in c["tickets"]]
    tickets = await store.receipts(tx, numbers) if numbers else []
    return Known(caller, tuple(contacts), tuple(tickets))
