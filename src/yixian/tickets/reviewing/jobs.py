"""What happens to answers that were passed without anybody doing it: a share is drawn for a second look."""

from __future__ import annotations

from collections.abc import Mapping

from yixian.db.outbox import Consumer, Event
from yixian.db.pool import Transaction
from yixian.settings import Settings
from yixian.tickets.model import Action
from yixian.tickets.reviewing import service


def consumers(settings: Settings) -> Mapping[str, tuple[Consumer, ...]]:
    """Who here acts on which events."""

    async def draw(tx: Transaction, events: tuple[Event, ...]) -> None:
        passed = [event for event in events if event.body.get("action") == Action.PASS]
        if passed and settings.second_look_percent:
            keys = [(event.subject, int(event.body["version"])) for event in passed]
            since = min(event.at for event in passed)
            await service.draw(tx, keys, since, settings.second_look_percent, max(event.at for event in passed))

    return {"ticket.moved": (draw,)}
