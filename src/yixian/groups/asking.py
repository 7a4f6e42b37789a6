"""What is asked while somebody is still typing: who else told of it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from litestar import Request
from litestar.di import NamedDependency, Provide

from yixian.city.inforce import City
from yixian.db.pool import SYSTEM, Database
from yixian.groups import service
from yixian.groups.model import Nearby
from yixian.groups.service import Sense
from yixian.language import position
from yixian.language import service as language
from yixian.language.service import Reader
from yixian.people.attempts import Attempts
from yixian.people.model import Actor, Role
from yixian.people.sessions import address
from yixian.tickets.model import State
from yixian.web.problems import usual

Asked = Request[Any, Any, Any]

SHORTEST: Final = 6
"""Characters below which nothing is looked for: too little was said."""

FEWEST_SHOWN: Final = 3
"""Residents are told of others from so many callers on: fewer would tell whoever is complained of that somebody rang."""

ASKED_FOR_ONE_SENT: Final = 10
"""While one contact is typed the page asks a few times; so many times as often as contacts may be sent, one address may ask."""

OPERATORS: Final = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR})

Text = Annotated[str, msgspec.Meta(max_length=10_000, pattern=r"^[^\x00]*$", description="What was typed so far.")]
Short = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00]*$")]


class Typed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A contact that is still being typed."""

    text: Text
    title: Short = ""
    place: Short = ""
    matter: Short = ""
    """Code of the matter, when it is settled."""
    region: Short = ""


class Others(msgspec.Struct, frozen=True):
    """Who else told of it."""

    callers: int = 0
    said: str = ""
    """The same as a sentence for residents; empty when there is nothing to say."""
    tickets: tuple[Nearby, ...] = ()
    """For operators: open tickets that are probably about the same event, the likeliest first, at most five."""


async def provide_sense(request: Asked, city: NamedDependency[City]) -> Sense:
    """Dependency `sense`: compiled once a city, and again when that changes."""
    held: tuple[int, Sense] | None = request.app.state.get("groups_sense")
    if held is None or held[0] != city.version:
        held = (city.version, await asyncio.to_thread(service.compile_sense, city.pack))
        request.app.state["groups_sense"] = held
    return held[1]


SENSE: Final = {"sense": Provide(provide_sense)}


async def others(db: Database, reader: Reader, sense: Sense, typed: Typed, actor: Actor | None, now: datetime) -> Others:
    """Who else told of what somebody is typing. Operators see tickets; residents how many there are, and that it is being handled."""
    if len(typed.text.strip()) < SHORTEST:
        return Others()
    said = _told(reader, sense, typed, now)
    by_operator = actor is not None and bool(actor.roles & OPERATORS)
    async with db.transaction(actor.acting if actor is not None and by_operator else SYSTEM) as tx:
        found = await service.nearby(tx, sense, said)
    if by_operator:
        return Others(max((n.callers for n in found), default=0), "", found)
    shown = next((n for n in found if n.callers >= FEWEST_SHOWN and not n.sensitive), None)
    return Others(shown.callers, _sentence(shown)) if shown else Others()


def _sentence(found: Nearby) -> str:
    if found.state is State.AWAITING_DISPATCH:
        return f"{found.callers} 人已反映同一问题，正在确定由哪个单位办理。您仍可提交，会一并计入。"
    return f"{found.callers} 人已反映同一问题，单位正在处理。您仍可提交，会一并计入。"


def _told(reader: Reader, sense: Sense, typed: Typed, now: datetime) -> service.Told:
    reading = position.understood(reader, typed.text[: 2 * language.READ_CHARACTERS], typed.title, said=typed.place)[0]
    matters = [guess.matter for guess in reading.matters]
    matter = typed.matter or (matters[0] if matters else None)
    return service.told(sense, typed.text, typed.title, typed.place, matter, matters, typed.region or reading.place.region, now)


def check_rate(request: Asked, now: datetime) -> None:
    """Counts what somebody who is not signed in asks.

    Raises:
        Problem: the address asked too often in the last minute.
    """
    rate = request.app.state.process.settings.public_rate
    if not rate:
        return
    if "groups_by_address" not in request.app.state:
        request.app.state["groups_by_address"] = Attempts(rate * ASKED_FOR_ONE_SENT)
    if not request.app.state["groups_by_address"].allow(address(request), now):
        raise usual(429)
