"""How often one address may try to sign in."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Final

WINDOW: Final = timedelta(minutes=1)

REMEMBERED: Final = 10_000
"""Addresses; more at once is an attack from many, which the lock-out of each account answers."""


class Attempts:
    """The attempts of the last minute by address, in this process: several web processes together allow as many times more."""

    def __init__(self, a_minute: int) -> None:
        self._a_minute = a_minute
        self._made: dict[str, deque[datetime]] = {}

    def allow(self, address: str, now: datetime) -> bool:
        """Whether this address may try once more now; what is refused does not count."""
        made = self._made.pop(address, None) or deque()
        while made and made[0] <= now - WINDOW:
            made.popleft()
        allowed = len(made) < self._a_minute
        if allowed:
            made.append(now)
        self._made[address] = made  # at the end: whoever tried longest ago stands first, and is forgotten first
        if len(self._made) > REMEMBERED:
            del self._made[next(iter(self._made))]
        return allowed
