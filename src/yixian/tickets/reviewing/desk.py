"""What the desks of review and call-back share: a list, one of its tickets beside it, and what was tried with that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar.di import Provide
from litestar.params import FromQuery

from yixian.db.pool import Transaction
from yixian.tickets import changes, words
from yixian.tickets import service as tickets
from yixian.tickets.desks import HERE, Here
from yixian.tickets.model import HistoryRow
from yixian.tickets.presence import service as presence
from yixian.tickets.presence import words as presence_words
from yixian.tickets.presence.model import Present
from yixian.tickets.service import NotFound, Seen
from yixian.web.render import language

Taken = Mapping[UUID, tuple[Present, ...]]
"""Who else has which ticket of the list open."""


class Wanted(msgspec.Struct, frozen=True):
    """What the address asks for."""

    tab: str = ""
    ticket: str = ""
    """The one to stand beside the list; empty: the first that nobody has open."""
    after: str = ""
    done: str = ""
    """What was done last, to the ticket with `number`."""
    number: str = ""


async def provide_wanted(
    tab: FromQuery[str] = "",
    ticket: FromQuery[str] = "",
    after: FromQuery[str] = "",
    done: FromQuery[str] = "",
    number: FromQuery[str] = "",
) -> Wanted:
    """Dependency `wanted`."""
    return Wanted(tab, ticket, after, done, number)


DESK: Final = HERE | {"wanted": Provide(provide_wanted)}


async def chosen(here: Here, tx: Transaction, listed: Mapping[UUID, str], wanted: str) -> tuple[str, Taken]:
    """The number of the ticket to stand beside the list, empty when there is none; and who else has which open.

    `listed`: the list's tickets with their numbers. `wanted`: the one that was asked for.
    """
    if wanted:
        return wanted, await presence.others(tx, list(listed), here.now)
    offered, taken = await presence.offer(tx, here.session.actor, list(listed), here.now)
    return (listed[offered] if offered else ""), taken


async def seen(here: Here, tx: Transaction, number: str) -> tuple[Seen, tuple[HistoryRow, ...]] | None:
    """The ticket with its history; None when it is gone meanwhile."""
    try:
        found = await tickets.see(tx, here.session.actor, number, here.city, here.now)
    except NotFound:
        return None
    return found, await tickets.time_line(tx, found.ticket)


def around(here: Here, opened: Seen | None, rows: tuple[HistoryRow, ...], taken: Taken, version: int) -> dict[str, Any]:
    """What the pages of both desks show around the ticket.

    `version`: what was looked at, when somebody was faster; 0: nobody was.
    """
    ticket, lang = opened.ticket if opened else None, language(here.request)
    return {
        "session": here.session,
        "ticket": ticket,
        "came_first": changes.since(rows, version, here.city, lang) if version and ticket else (),
        "present_said": presence_words.sentences(taken.get(ticket.id, ()), here.city, lang) if ticket else (),
        "city": here.city,
        "now": here.now,
        "words": words,
    }


def told(wanted: Wanted, own: Mapping[str, str]) -> dict[str, Any]:
    """What was done last, in words. `own`: of this desk, beside the steps of a ticket's life."""
    return {"done": own.get(wanted.done, words.ACTIONS.get(wanted.done, "")), "done_key": wanted.done, "done_number": wanted.number}
