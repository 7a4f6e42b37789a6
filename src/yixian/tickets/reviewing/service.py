"""The use cases of reviewing and calling back that are more than one step of a ticket's life."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from yixian.city.inforce import City
from yixian.db.pool import NOBODY, Database, Transaction
from yixian.language.service import Reader
from yixian.people import callers
from yixian.people.model import Actor, citizen
from yixian.people.phones import sms
from yixian.people.secrets import Vault
from yixian.settings import Settings
from yixian.tickets import service as tickets
from yixian.tickets.caring import service as caring
from yixian.tickets.lifecycle import Refusal
from yixian.tickets.model import Action, HistoryRow, State, Step, Ticket
from yixian.tickets.reviewing import sampling, store, words
from yixian.tickets.reviewing.model import Call, Drawn, Figures, Link, Rung, Waiting
from yixian.tickets.service import NotFound, Refused

LINK_LASTS: Final = timedelta(days=7)
LINES: Final = 50
DRAWN_SHOWN: Final = 50

VOID: Final = "这个评价链接不能用了：可能已经评价过，或者超过了七天。您可以用工单编号和查询码评价，或拨打热线。"
NOT_DUE: Final = "还不到发评价链接的时候：请先按时间拨打；打满三次、对方拒绝或号码有误时再发。"
LOOKED_AT: Final = "这件已经有人抽查过，或者是您自己审核通过的。"


def today(now: datetime, city: City) -> datetime:
    """When the city's day began, UTC."""
    zone = ZoneInfo(city.pack.city.timezone)
    return datetime.combine(now.astimezone(zone).date(), time(), zone).astimezone(UTC)


async def figures(tx: Transaction, actor: Actor, city: City, now: datetime) -> Figures:
    """What this person did today; one statement."""
    return await store.figures(tx, actor.id, today(now, city))


# -- The second look -----------------------------------------------------------------------------------------------


async def draw(tx: Transaction, passed: Sequence[tuple[UUID, int]], since: datetime, percent: int, now: datetime) -> None:
    """Draws a share of answers that were passed for a second look. Drawn twice, it is drawn once.

    `passed`: `(ticket, version)`; `since`: not later than the earliest of them.
    """
    for ticket, version, actor, row_hash in await store.passings(tx, list(passed), since):
        if sampling.drawn(row_hash, percent):
            await store.draw(tx, ticket, version, actor, now)


async def to_look_at(tx: Transaction, actor: Actor) -> tuple[Drawn, ...]:
    """What this person may look at a second time: what others passed."""
    return await store.to_look_at(tx, actor.id, DRAWN_SHOWN)


async def count_to_look_at(tx: Transaction, actor: Actor) -> int:
    """How many that are."""
    return await store.count_to_look_at(tx, actor.id)


async def look(tx: Transaction, actor: Actor, number: str, version: int, words_said: str, now: datetime, *, agrees: bool) -> None:
    """Writes down what somebody else thinks of an answer that was passed. The ticket goes on: its citizen decides what it was worth.

    Raises:
        NotFound: no such ticket.
        Refused: looked at already, one's own, or a doubt without a word why.
    """
    if not agrees and not words_said.strip():
        raise Refused(Refusal("请写明哪里不合格。"))
    ticket, _ = await tickets.read(tx, number)
    if not await store.look(tx, ticket.id, version, actor.id, agrees, words_said.strip(), now):
        raise Refused(Refusal(LOOKED_AT))


# -- Calls ---------------------------------------------------------------------------------------------------------


async def calls(tx: Transaction, which: Waiting, after: str, now: datetime) -> tuple[tuple[Call, ...], str]:
    """A stretch of the list of calls, and where the next begins; empty at the end. One statement.

    Raises:
        Refused: an `after` that we did not hand out.
    """
    found = await store.calls(tx, which, _cursor(after), LINES + 1, now)
    if len(found) <= LINES:
        return found, ""
    last = found[LINES - 1]
    return found[:LINES], f"{last.call_at.isoformat() if last.call_at else ''}~{last.id}"


def _cursor(after: str) -> tuple[datetime | None, UUID] | None:
    if not after:
        return None
    at, _, identifier = after.partition("~")
    try:
        return (datetime.fromisoformat(at).astimezone(UTC) if at else None), UUID(identifier)
    except (ValueError, OverflowError):
        raise Refused(Refusal("翻页位置无效，请从第一页重新查看。")) from None


async def count_answers(tx: Transaction) -> int:
    """How many answers wait for the hotline's review; one statement."""
    return await store.count_answers(tx)


async def waiting(tx: Transaction, now: datetime) -> dict[Waiting, int]:
    """How many stand on each part of the list of calls; one statement."""
    return await store.waiting(tx, now)


def rung(rows: Sequence[HistoryRow]) -> tuple[Rung, ...]:
    """The calls of this round that did not end with a rating, oldest first."""
    begun = max((row.seq for row in rows if row.action in (Action.REDO, Action.REFER, Action.REOPEN)), default=0)
    return tuple(
        Rung(row.at, row.actor, str(row.detail.get("reached") or "no_answer"), row.note)
        for row in rows
        if row.action == Action.CALL_BACK and row.seq > begun
    )


def questions(text: str) -> tuple[str, ...]:
    """What was asked in so many words: the sentences that end with a question mark."""
    return tuple(found.strip() for found in re.findall(r"[^。！!？?；;\n]*[？?]", text) if len(found.strip()) > 1)


# -- Links ---------------------------------------------------------------------------------------------------------


class Sent(msgspec.Struct, frozen=True):
    """A link that left."""

    shown: str
    """What the page may show of the message: all of it in a demo, else nothing."""


async def newest_link(tx: Transaction, ticket: Ticket) -> Link | None:
    """The last link of this round."""
    return await store.newest_link(tx, ticket.id, ticket.rounds)


def link_is_due(ticket: Ticket) -> bool:
    """Whether a message takes the place of a call: rung often enough, or not to be rung."""
    return ticket.state is State.AWAITING_CALL_BACK and ticket.rated_solution is None and ticket.call_at is None


async def send_link(db: Database, vault: Vault, settings: Settings, actor: Actor, number: str, now: datetime) -> Sent:
    """Sends a link to rate with to the telephone of who asked. That the number was used stands among the reveals.

    Raises:
        NotFound: no such ticket.
        Refused: it is not due.
        people.refusals.NotFound: there is no number.
        sms.NotSent: it did not leave; the link is void.
    """
    token = secrets.token_urlsafe(24)
    async with db.transaction(actor.acting) as tx:
        ticket, _ = await tickets.read(tx, number)
        if not link_is_due(ticket) or ticket.caller is None:
            raise Refused(Refusal(NOT_DUE))
        phone = await callers.reveal(tx, vault, actor, ticket.caller, callers.Field.PHONE, ticket.id, "发送评价短信", now)
        await store.put_link(tx, _mark(token), ticket.id, number, ticket.rounds, actor.id, now)
    base = (settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")
    shown = await sms.send(settings, phone, words.OF_THE_LINK.format(link=f"{base}/rate/{token}"))
    async with db.transaction(actor.acting) as tx:
        await store.sent(tx, _mark(token), now)
    return Sent(shown)


async def by_link(db: Database, token: str, now: datetime) -> Ticket:
    """The ticket that a link rates.

    Raises:
        NotFound: no such link, or it is used, too old, or of an earlier round.
    """
    async with db.transaction(NOBODY) as tx:
        found = await store.link(tx, _mark(token))
    if found is None or found.used_at or not found.sent_at or found.made_at <= now - LINK_LASTS:
        raise NotFound(VOID)
    async with db.transaction(citizen(found.number).acting) as tx:
        ticket, _ = await tickets.read(tx, found.number)
    if ticket.rounds != found.round or ticket.rated_solution is not None or ticket.state not in (State.AWAITING_CALL_BACK, State.CLOSED):
        raise NotFound(VOID)
    return ticket


async def rate_by_link(db: Database, token: str, step: Step, reader: Reader, city: City, now: datetime) -> Ticket:
    """Rates by a link and uses it up, both or neither; a bad rating opens the same next step as one on the telephone.

    Raises:
        NotFound: as for `by_link`, or somebody was faster.
        Refused: the life cycle does not allow it.
        Overtaken: the ticket changed in between.
    """
    ticket = await by_link(db, token, now)
    actor = citizen(ticket.number)
    async with db.transaction(actor.acting) as tx:
        if not await store.use(tx, _mark(token), now - LINK_LASTS, now):
            raise NotFound(VOID)
        return await caring.act(tx, actor, ticket.number, Action.RATE, step, reader, city, now)


def _mark(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def sayings() -> tuple[str, ...]:
    """Sentences, for the test of the catalogue."""
    return (VOID, NOT_DUE, LOOKED_AT, "请写明哪里不合格。")
