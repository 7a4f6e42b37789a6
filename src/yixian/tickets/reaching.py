"""Whom to reach about a ticket, and where it is, said after it was registered: what may be an emergency asks nothing first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from yixian.city.inforce import City
from yixian.db.pool import Transaction
from yixian.language import position
from yixian.language.service import Reader
from yixian.people import callers
from yixian.people.model import Actor, CallerIn
from yixian.people.secrets import Vault
from yixian.tickets import service, store
from yixian.tickets.caring import service as caring
from yixian.tickets.model import Action, Step, Ticket

NOTHING: Final = "请填写手机号码、称呼或地点，填一项也可以。"
TOO_LONG: Final = "填得太长了，请缩短到 {n} 个字以内。"
LIMITS: Final[Mapping[str, int]] = {"phone": 40, "name": 100, "place": 200}
"""Characters."""

LEFT: Final = "留下了联系方式"
"""What the history says of a name or number: the words themselves are sealed, and shown to whoever may look."""


def looked_at(values: dict[str, str], city: City) -> tuple[dict[str, str], dict[str, str]]:
    """The form and what is wrong with it, by field. A number that cannot be one is asked about once, and then taken."""
    errors = {name: TOO_LONG.replace("{n}", str(most)) for name, most in LIMITS.items() if len(values[name]) > most}
    if not any(values[name] for name in LIMITS):
        errors["phone"] = NOTHING
    doubt = callers.doubt_about(values["phone"], city.pack.city.country) if values["phone"] != values["doubted"] else ""
    if doubt and not errors:
        return {**values, "doubted": values["phone"]}, {"phone": doubt}
    return values, errors


async def leave(
    tx: Transaction, vault: Vault, actor: Actor, number: str, values: Mapping[str, str], reader: Reader, city: City, now: datetime
) -> Ticket:
    """Keeps them with the ticket, in one step of its history, with the place where none was known. `tx`: as the system.

    Raises:
        NotFound, Refused, Overtaken: as `tickets.service.act`; nothing was kept.
    """
    ticket, _ = await service.read(tx, number)
    said = CallerIn(name=values["name"], phone=values["phone"])
    caller = await callers.upsert(tx, vault, said, now, city.pack.city.country) if said.name or said.phone else None
    place = values["place"] if values["place"] != ticket.place else ""
    note = "；".join(filter(None, (LEFT if caller else "", f"地点：{values['place']}" if place or not caller else "")))
    found = position.understood(reader, ticket.text, ticket.title, said=place)[0].place if place else None
    # What the words leave open stays open: a dispatcher reads the place as it was said.
    region = found.region or "" if found is not None and not found.candidates else ""
    step = Step(note=note, place=place, region=region, caller=caller)
    after = await caring.act(tx, actor, number, Action.SUPPLEMENT, step, reader, city, now)
    if caller is not None:
        await store.give_caller(tx, after.id, caller)
    return after


def sayings() -> tuple[str, ...]:
    """The fixed sentences, for the test of the catalogue."""
    return NOTHING, *(TOO_LONG.replace("{n}", str(most)) for most in LIMITS.values())
