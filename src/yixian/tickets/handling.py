"""What the page of a ticket gives who handles it: until when each step is owed, units to hand it to, what a return can rest on,
texts to begin an answer from, and what an answer still lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from yixian.city.inforce import City
from yixian.city.responsibility import holds_on
from yixian.people import callers
from yixian.people.guards import needs
from yixian.people.model import UNIT_ROLES, Actor
from yixian.tickets import answers, deadlines, forms, hints, service, wording
from yixian.tickets.desks import HERE, Here, zone_of
from yixian.tickets.hints import Hint
from yixian.tickets.model import Action, AnswerTemplate, HistoryRow, OrderRole, Ticket
from yixian.tickets.service import Seen
from yixian.web.render import language, page

MOST_BELOW: Final = 300
"""Units in one picker; where there are more, letters are typed."""

MOST_BASES: Final = 12


class Text(msgspec.Struct, frozen=True):
    """A template as the form offers it."""

    id: str
    title: str
    owner: str
    """Name of the unit; empty for the whole city's."""
    filled: str


def owed(action: Action, seen: Seen, actor: Actor) -> datetime | None:
    """Until when this step is owed; None when nothing says so."""
    ticket = seen.ticket
    match action:
        case Action.SIGN:
            return ticket.sign_due
        case Action.CONTACT:
            return ticket.contact_due if ticket.contacted_at is None else None
        case Action.REPLY | Action.APPROVE:
            return ticket.answer_due
        case Action.DISPATCH | Action.REASSIGN:
            return ticket.dispatch_due
        case Action.PART:
            mine = [o for o in seen.orders if o.role is OrderRole.CO and o.ended_at is None and o.unit_path.startswith(actor.unit_path)]
            return next((o.due for o in mine if o.part_at is None), None)
        case _:
            return None


def below(city: City, unit: str, lang: str) -> tuple[tuple[str, str], ...]:
    """`(code, name)` of the units below this one, the nearest first, each with the one it stands under; none when there are too many.

    Named in the reader's language.
    """
    path = city.register.paths.get(unit, "")
    found = [u for u in city.units.values() if path and city.register.paths[u.code].startswith(path) and u.code != unit]
    if len(found) > MOST_BELOW:
        return ()
    found.sort(key=lambda u: (city.register.paths[u.code].count("/"), u.parent or "", u.name))
    named = {code: city.unit_in(code, lang).text for u in found for code in (u.code, u.parent or "")}
    return tuple((u.code, named[u.code] if u.parent == unit else f"{named[u.parent or '']} · {named[u.code]}") for u in found)


def bases(ticket: Ticket, city: City, on: date) -> tuple[str, ...]:
    """What a return or an objection can rest on: the entries of the list in force for the matter and those above it."""
    found: list[str] = []
    for matter in city.register.matters_up.get(ticket.matter or "", ()):
        for entry in city.register.entries.get(matter, ()):
            if holds_on(entry, on):
                found.append(f"{entry.basis}（职责清单 {entry.code}{_leads(entry.lead, city)}）")
    return tuple(dict.fromkeys(found))[:MOST_BASES]


def _leads(lead: str, city: City) -> str:
    return "" if lead.startswith("@") else f"，主办：{city.unit_name(lead)}"


def texts(templates: Sequence[AnswerTemplate], ticket: Ticket, here: Here) -> tuple[Text, ...]:
    """The templates, filled for this ticket."""
    today = here.now.astimezone(zone_of(here.city)).date()
    lang, unit = language(here.request), ticket.lead or here.session.actor.unit
    return tuple(
        Text(
            str(t.id),
            t.title,
            here.city.unit_in(t.unit, lang).text,
            answers.filled(t.text, ticket, here.city, unit, today, english=lang == "en"),
        )
        for t in templates
    )


class Lacks(msgspec.Struct, frozen=True):
    """What an answer lacks, and whether it may be sent without a second word."""

    hints: tuple[Hint, ...]
    looked: bool = True
    """False when there was nothing to look at."""

    @property
    def asks_again(self) -> bool:
        """Whether it needs a second word."""
        return any(hint.asks_again for hint in self.hints)


async def looked_at(tx: Any, here: Here, ticket: Ticket, rows: Sequence[HistoryRow], answer: str) -> Lacks:
    """What this answer to the ticket lacks."""
    named = await callers.spoken_of(tx, here.vault, ticket.caller, answer) if ticket.caller else ()
    return Lacks(hints.hints(answer, hints.case_of(ticket, rows, here.city, named)), bool(answer.strip()))


async def check(here: Here, number: str, answer: str) -> Lacks:
    """What an answer that somebody writes lacks.

    Raises:
        NotFound: no such ticket, or not one this person may see.
    """
    actor = here.session.actor
    async with here.db.transaction(actor.acting) as tx:
        seen = await service.see(tx, actor, number, here.city, here.now)
        rows = await service.time_line(tx, seen.ticket)
        return await looked_at(tx, here, seen.ticket, rows, answer)


def with_text(values: Mapping[str, str], text: str, how: str) -> dict[str, str] | None:
    """The form with a template put into the answer; None when something is written there and nobody said what becomes of it."""
    written = values.get("answer", "").strip()
    match how:
        case _ if not written:
            return {**values, "answer": text}
        case "replace":
            return {**values, "answer": text}
        case "append":
            return {**values, "answer": f"{written}\n{text}"}
        case _:
            return None


async def chosen(here: Here, number: str, identifier: str) -> Text | None:
    """The template that was picked, filled; None when there is none that this person may use."""
    actor = here.session.actor
    async with here.db.transaction(actor.acting) as tx:
        seen = await service.see(tx, actor, number, here.city, here.now)
        try:
            found = await wording.usable(tx, UUID(identifier))
        except (ValueError, wording.NotYours):
            return None
    return texts([found], seen.ticket, here)[0]


@post("/desk/ticket/{number:str}/hints", include_in_schema=False, dependencies=HERE, guards=[needs(*UNIT_ROLES)])
async def live_hints(here: NamedDependency[Here], number: FromPath[str]) -> Response[Any]:
    """What the answer as it is typed lacks: a part of the page."""
    sent = await here.request.form()
    lacks = await check(here, number, str(sent.get("answer") or "").replace("\x00", "")[: forms.LONGEST])
    return page(here.request, "tickets/hints.html", lacks=lacks)


def limits(seen: Seen, city: City) -> dict[str, Any]:
    """What the forms say of limits: the most days of an extension, and until when it may be returned."""
    return {"extension": deadlines.longest_extension(seen.ticket, city), "return_till": deadlines.return_till(seen.ticket, city)}


routes = (live_hints,)
