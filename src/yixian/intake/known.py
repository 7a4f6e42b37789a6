"""What the hotline knows of somebody who calls: one history, whatever the channel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from yixian.city.model import Audience
from yixian.db.pool import Transaction
from yixian.intake import store
from yixian.people import callers
from yixian.people.model import CallerMasked
from yixian.people.secrets import Vault
from yixian.tickets import deadlines
from yixian.tickets.deadlines import Light

LATEST: Final = 10
"""So many contacts and so many tickets are shown."""
REPEATED_WITHIN: Final = timedelta(days=30)
REPEATED_FROM: Final = 3
"""So many contacts within thirty days make a repeated caller."""


class Own(msgspec.Struct, frozen=True):
    """One of the caller's tickets."""

    number: str
    state: str
    matter: str | None
    lead: str | None
    place: str
    text: str
    """The beginning of what was said."""
    created_at: datetime
    due: datetime | None
    """What is owed next."""
    light: Light
    open: bool


class Known(msgspec.Struct, frozen=True):
    """A caller with what they said lately."""

    caller: CallerMasked
    contacts: tuple[Mapping[str, Any], ...]
    """`received_at`, `channel`, `kind`, `text`, `outcome`, `tickets`; newest first."""
    tickets: tuple[Own, ...]
    """Open ones first, newest first."""
    lately: int
    """Contacts within the last thirty days."""
    others: tuple[CallerMasked, ...] = ()
    """Of a firm, the other numbers that it calls from."""

    @property
    def repeated(self) -> bool:
        """Whether they call again and again."""
        return self.lately >= REPEATED_FROM


async def known(tx: Transaction, vault: Vault, phone: str, country: str, now: datetime, *, firm: str = "", code: str = "") -> Known | None:
    """Who has this number, or which firm this is, and their latest contacts and tickets; None when nobody known.

    `country`: whose number it is when it does not say (ISO 3166-1). `firm`, `code`: a firm's name and unified credit code. A firm's
    history is that of all its numbers. A number of statements that does not grow with the history.
    """
    caller = await callers.by_phone(tx, vault, phone, country) if phone else None
    named = await _firm(tx, vault, caller, firm, code)
    caller = caller or next(iter(named), None)
    if caller is None:
        return None
    every = list({c.id: c for c in (caller, *named)})
    contacts = await store.recent_of(tx, every, LATEST)
    tickets = await store.tickets_of(tx, every, LATEST)
    lately = await store.count_since(tx, every, now - REPEATED_WITHIN)
    others = tuple(c for c in named if c.id != caller.id)
    return Known(caller, tuple(contacts), tuple(_own(t, now) for t in tickets), lately, others)


async def _firm(tx: Transaction, vault: Vault, caller: CallerMasked | None, name: str, code: str) -> tuple[CallerMasked, ...]:
    """The numbers of the firm that calls: the one that was named, else the one that this number is known to be of."""
    if name or code:
        return await callers.firm(tx, vault, name, code)
    if caller is not None and caller.kind is Audience.FIRM:
        return await callers.same_firm(tx, vault, caller.id)
    return ()


def _own(row: Mapping[str, Any], now: datetime) -> Own:
    is_open = row["closed_at"] is None
    return Own(
        row["number"], row["state"], row["matter"], row["lead"], row["place"], row["text"], row["created_at"],
        row["next_due"] if is_open else None,
        deadlines.light(row["next_due"], row["amber_at"], now) if is_open else Light.NONE,
        is_open,
    )  # fmt: skip
