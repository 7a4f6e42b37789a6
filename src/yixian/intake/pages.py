"""What a form says, and the operator's desk; the residents' pages are in `residents.py`."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery

from yixian.city.inforce import City
from yixian.city.model import Audience, RequestKind
from yixian.groups import asking
from yixian.groups.asking import SENSE, Others, Typed
from yixian.groups.service import Sense
from yixian.intake import known, service, words
from yixian.intake.known import Known
from yixian.intake.model import Channel, ContactIn, Outcome, Preview, Receipt
from yixian.intake.service import Means, Unfit
from yixian.people.guards import needs
from yixian.people.model import Actor, Role, Session
from yixian.sessions import service as answering
from yixian.sessions.model import Offer
from yixian.tickets import choices
from yixian.tickets import words as ticket_words
from yixian.tickets.choices import Unclear, What
from yixian.web.problems import field_error
from yixian.web.render import page

Asked = Request[Any, Any, Any]

Errors = dict[str, str]
"""What is wrong, by field; sentences are keys of the message catalogue."""

EMPTY: Final[Mapping[str, str]] = {
    "text": "", "title": "", "place": "", "name": "", "phone": "", "hides_identity": "", "channel": "phone", "audience": "person",
    "kind": "", "matter": "", "region": "", "complained_unit": "", "answer": "", "reason": "", "insist": "", "separate": "",
    "attach": "", "session": "", "key": "",
    "where": "", "asked": "", "meant": "", "looked": "", "at": "", "photo_at": "",
}  # fmt: skip
"""Every field of both forms, as it is before anything was typed."""

OPERATORS: Final = (Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR)


# -- Forms -------------------------------------------------------------------------------------------------------


def _place(values: Mapping[str, str]) -> str:
    """What stands in the field for the place, behind the region that was chosen when the hotline asked back."""
    chosen, typed = values["where"], values["place"]
    return typed if chosen in typed else f"{chosen}{typed}"


def contact_of(values: Mapping[str, str], channel: Channel, more: Mapping[str, Any] | None = None) -> ContactIn:
    """A contact from a form.

    Raises:
        Unfit: a field that cannot be taken.
    """
    caller = {"name": values["name"], "phone": values["phone"], "kind": values["audience"] or Audience.PERSON}
    given: dict[str, Any] = {
        "text": values["text"],
        "title": values["title"],
        "place": _place(values),
        "channel": channel,
        "caller": caller if values["name"] or values["phone"] else None,
        "hides_identity": True if values["hides_identity"] else None,
        # Whoever is not helped by the answer asks for people to look at it.
        "kind": RequestKind.HELP if values["insist"] else values["kind"] or None,
        "separate": bool(values["separate"]),
        "meant": values["meant"],
        **position_of(values["at"]),
        **(more or {}),
    }
    try:
        return msgspec.convert(given, ContactIn)
    except msgspec.ValidationError as error:
        wrong = field_error(str(error), "")
        raise Unfit(wrong.field.removeprefix("caller."), wrong.detail) from error


def position_of(at: str) -> dict[str, float]:
    """`latitude` and `longitude` of a field that holds both, with a comma between; empty when it is.

    Raises:
        Unfit: it holds something else.
    """
    if not at:
        return {}
    try:
        latitude, longitude = (float(part) for part in at.split(","))
    except ValueError:
        raise Unfit("at", "位置没有读懂。请去掉位置，用文字说明地点。") from None
    return {"latitude": latitude, "longitude": longitude}


async def sent(request: Asked) -> dict[str, str]:
    """The form's known fields, trimmed; what PostgreSQL cannot store is left out."""
    form = await request.form()
    return {name: str(form.get(name) or "").replace("\r\n", "\n").replace("\x00", "").strip() for name in EMPTY}


def fresh_key() -> str:
    """A key for a form that is shown for the first time."""
    return secrets.token_urlsafe(16)


def key_of(values: Mapping[str, str]) -> str:
    """The form's own key together with what it says: the same form sent again is the same contact, a changed one another."""
    said = msgspec.json.encode({k: v for k, v in values.items() if k != "key"}, order="sorted")
    return f"{values['key'][:40] or fresh_key()}:{hashlib.sha256(said).hexdigest()[:16]}"


# -- Operators ---------------------------------------------------------------------------------------------------


@get("/desk/operator", include_in_schema=False, guards=[needs(*OPERATORS)])
async def operator_desk(
    request: Asked, session: NamedDependency[Session], means: NamedDependency[Means], phone: FromQuery[str] = ""
) -> Response[Any]:
    """An empty form; with a telephone number, who it is and what they said before."""
    values = dict(EMPTY) | {"key": fresh_key(), "phone": phone.strip()}
    return await _operator(request, session, means, values)


@post("/desk/operator", include_in_schema=False, guards=[needs(*OPERATORS)], dependencies=SENSE)
async def operate(
    request: Asked,
    session: NamedDependency[Session],
    means: NamedDependency[Means],
    sense: NamedDependency[Sense],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """Looks the caller up, shows what is understood, or records how the contact ended: the button says which."""
    form = await request.form()
    values = await sent(request)
    # The button that hands over to a leader names the session; a ticket is opened with it.
    deed = str(form.get("deed") or (Outcome.TICKET_OPENED if values["session"] else "check"))
    if deed == "caller":
        return await _operator(request, session, means, values)
    try:
        contact = contact_of(values, _channel(values), _settled(values, deed, means.city))
        if deed not in tuple(Outcome):
            service.check(contact, session.actor, means.city)
            previews, found = service.preview(means, contact, now), await _others(means, sense, contact, session, now)
            offers = await _leaders(means, contact, session, now)
            return await _operator(request, session, means, values, previews=previews, found=found, offers=offers)
        receipt = await service.record(means, contact, session.actor, f"{session.actor.id}:{key_of(values)}", now)
    except Unfit as unfit:
        return await _operator(request, session, means, values, errors={unfit.field: str(unfit)}, status=422)
    fresh = dict(EMPTY) | {"key": fresh_key(), "channel": values["channel"]}
    return await _operator(request, session, means, fresh, receipt=receipt, status=200 if receipt.repeated else 201)


async def _others(means: Means, sense: Sense, contact: ContactIn, session: Session, now: datetime) -> Others:
    """Who else told of it; the page asks by itself while something is typed, where there are scripts."""
    typed = Typed(contact.text, contact.title, contact.place, contact.matter, contact.region)
    return await asking.others(means.db, means.reader, sense, typed, session.actor, now)


async def _leaders(means: Means, contact: ContactIn, session: Session, now: datetime) -> tuple[Offer, ...]:
    """Leaders who answer just now, and to whose scope it belongs."""
    async with means.db.transaction(session.actor.acting) as tx:
        return await answering.offers_for(
            tx, means.reader, contact.text, contact.place, contact.matter, contact.region, means.city, now
        )  # fmt: skip


def _channel(values: Mapping[str, str]) -> Channel:
    return Channel(values["channel"]) if values["channel"] in tuple(Channel) else Channel.PHONE


def _settled(values: Mapping[str, str], deed: str, city: City) -> dict[str, Any]:
    """What an operator may settle beside the words.

    Raises:
        Unfit: a name that is not clear.
    """
    outcome = Outcome(deed) if deed in tuple(Outcome) else None
    settled: dict[str, Any] = {
        "outcome": outcome,
        "attach": values["attach"] if outcome is Outcome.TICKET_OPENED and not values["session"] else "",
        "session": values["session"] if outcome is Outcome.TICKET_OPENED else "",
        "answer": values["answer"] if outcome else "",
        "reason": values["reason"] if outcome else "",
    }
    if outcome in (Outcome.TICKET_OPENED, Outcome.ABANDONED):
        settled |= {"answer": "", "reason": ""}
    for field, what in (("matter", What.MATTERS), ("region", What.REGIONS), ("complained_unit", What.UNITS)):
        try:
            settled[field] = choices.code_of(city, what, values[field])
        except Unclear as unclear:
            raise Unfit(field, str(unclear)) from unclear
    return settled


async def _operator(
    request: Asked, session: Session, means: Means, values: Mapping[str, str], *, errors: Errors | None = None,
    previews: tuple[Preview, ...] = (), found: Others | None = None, offers: tuple[Offer, ...] = (),
    receipt: Receipt | None = None, status: int = 200,
) -> Response[Any]:  # fmt: skip
    caller = await _who(means, session.actor, values["phone"]) if values["phone"] else None
    return page(
        request,
        "intake/operator.html",
        status=status,
        session=session,
        values=values,
        errors=errors or {},
        previews=previews,
        found=found,
        chosen=values["attach"],
        offers=offers,
        receipt=receipt,
        caller=caller,
        city=means.city,
        reasons=_reasons(means.city),
        words=words,
        ticket_words=ticket_words,
        choices=choices,
        what=What,
    )


async def _who(means: Means, actor: Actor, phone: str) -> Known | None:
    async with means.db.transaction(actor.acting) as tx:
        return await known.known(tx, means.vault, phone, means.city.pack.city.country)


def _reasons(city: City) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """What a contact may be sent on for, by outcome: lines, legal routes, and why it is outside."""
    triage = city.pack.triage
    lines = {e.to: e.name for e in triage.emergency}
    return (
        (words.OUTCOMES[Outcome.TRANSFERRED], tuple((to, f"{to} {name}") for to, name in sorted(lines.items()))),
        (words.OUTCOMES[Outcome.LEGAL_ROUTE], tuple((r.code, r.name or r.code) for r in triage.legal_route)),
        (words.OUTCOMES[Outcome.OUTSIDE_SCOPE], tuple((r.code, r.name or r.code) for r in triage.outside)),
    )


routes = (operator_desk, operate)
