"""The operator's screen: one contact in hand, what is known beside it, and nothing typed ever lost.

Without scripts every button sends the whole form and gets the whole page back. With scripts the same addresses answer with the
parts of the page that changed, as JSON, when the request says `X-Part`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery

from yixian.city.inforce import City
from yixian.city.model import Moment
from yixian.db.pool import Transaction
from yixian.groups import asking
from yixian.groups.asking import SENSE, Others, Typed
from yixian.groups.service import Sense
from yixian.intake import companion as companions
from yixian.intake import known, service, words
from yixian.intake.companion import Beside, Companion
from yixian.intake.known import Known
from yixian.intake.model import Channel, ContactIn, Outcome, Receipt
from yixian.intake.pages import EMPTY, Errors, contact_of, doubted, fresh_key, key_of, sent
from yixian.intake.service import Means, Unfit
from yixian.operators import service as operators
from yixian.operators import words as operator_words
from yixian.operators.model import Draft, Standing, State, Work
from yixian.people import callers
from yixian.people.callers import Field
from yixian.people.guards import needs
from yixian.people.model import CallerIn, Role, Session
from yixian.people.refusals import Invalid, NotFound, Refused
from yixian.sessions import service as answering
from yixian.sessions.model import Offer
from yixian.tickets import choices
from yixian.tickets import words as ticket_words
from yixian.tickets.choices import Unclear, What
from yixian.web.render import language as reader_language
from yixian.web.render import page, translator

Asked = Request[Any, Any, Any]

OPERATORS: Final = (Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR)

BLANK: Final[Mapping[str, str]] = dict(EMPTY) | {
    "identity": "", "needs": "", "language": "", "danger": "", "filled": "", "edit": "0", "reveal": "phone", "why": "", "onto": "",
    "despairs": "",
}  # fmt: skip
"""Every field of the operator's form, as it is before anything was typed."""

_NO_DRAFT: Final = ("reveal", "why", "onto", "attach", "session", "key", "doubted")
"""Fields that are of the moment and not of the contact."""

DANGERS: Final = {"yes": True, "no": False}

STATES: Final = {f"state:{state.value}": state for state in State}
"""Buttons by which an operator says where they stand."""


class Open(msgspec.Struct, frozen=True):
    """What a page of this desk is about, whatever was asked."""

    request: Asked
    session: Session
    means: Means
    companion: Companion
    now: datetime


async def provide_companion(request: Asked, city: NamedDependency[City]) -> Companion:
    """Dependency `companion`: compiled once a city, and again when that changes."""
    held: tuple[int, Companion] | None = request.app.state.get("intake_companion")
    if held is None or held[0] != city.version:
        held = (city.version, await asyncio.to_thread(companions.compile_companion, city.pack))
        request.app.state["intake_companion"] = held
    return held[1]


async def provide_open(
    request: Asked,
    session: NamedDependency[Session],
    means: NamedDependency[Means],
    companion: NamedDependency[Companion],
    now: NamedDependency[datetime],
) -> Open:
    """Dependency `here`."""
    return Open(request, session, means, companion, now)


HERE: Final = {"companion": Provide(provide_companion), "here": Provide(provide_open)}


# -- Doors -------------------------------------------------------------------------------------------------------


@get("/desk/operator", include_in_schema=False, guards=[needs(*OPERATORS)], dependencies=HERE)
async def operator_desk(
    here: NamedDependency[Open], phone: FromQuery[str] = "", draft: FromQuery[str] = "", new: FromQuery[str] = ""
) -> Response[Any]:
    """The contact in hand, as far as it was typed; an empty form when there is none, or another one calls (`phone`, `new`)."""
    async with here.means.db.transaction(here.session.actor.acting) as tx:
        every = await operators.drafts(tx, here.means.vault, here.session.actor)
        values = _opened(every, phone.strip()[:40], draft, bool(new))
        caller, bar = await _who(tx, here, values), await _bar(tx, here, values["key"], every)
    return _page(here, values, caller, bar)


def _opened(drafts: tuple[Draft, ...], phone: str, draft: str, new: bool) -> dict[str, str]:
    """What the form shows first: the draft that was asked for or is in hand, or nothing."""
    if draft:
        found = next((d for d in drafts if d.key == draft), None)
    elif phone:
        found = next((d for d in drafts if d.values.get("phone") == phone), None)
    else:
        found = None if new else next((d for d in drafts if d.parked_at is None), None)
    if found is None:
        return dict(BLANK) | {"key": fresh_key(), "phone": phone}
    typed = {name: value for name, value in found.values.items() if name in BLANK}
    return dict(BLANK) | typed | {"key": found.key, "edit": str(found.edit)}


@post("/desk/operator", include_in_schema=False, guards=[needs(*OPERATORS)], dependencies=SENSE | HERE)
async def operate(here: NamedDependency[Open], sense: NamedDependency[Sense]) -> Response[Any]:
    """Does what the button says: looks the caller up, checks, puts aside, changes one's state, or records how the contact ended."""
    form = await here.request.form()
    values = await _typed(here.request)
    # The button that hands over to a leader names the session, the one that adds to a ticket its number: a ticket is opened with it.
    deed = str(form.get("deed") or (Outcome.TICKET_OPENED if values["session"] or values["onto"] else "check"))
    if deed in tuple(Outcome):
        return await _record(here, values, Outcome(deed))
    errors, values, revealed = await _do(here, values, deed)
    if _wants_parts(here.request):
        return await _parts(here, values, errors, revealed)
    if errors or deed in STATES or deed in ("caller", "park", "drop", "reveal"):
        return await _whole(here, values, errors=errors, status=422 if errors else 200, revealed=revealed)
    return await _checked(here, sense, values)


@post("/desk/operator/draft", include_in_schema=False, guards=[needs(*OPERATORS)], dependencies=HERE, status_code=200)
async def keep_draft(here: NamedDependency[Open]) -> Response[Any]:
    """Keeps what was typed so far; the first time the contact begins with it."""
    values = await _typed(here.request)
    first = (await here.request.form()).get("first")
    try:
        kept = await _keep(here, values)
    except operators.Refused as refused:
        return _json({"kept": False, "said": _say(here.request, str(refused))}, 409)
    # The first time the operator's state changes with it.
    return _json({"kept": kept, **(await _frame(here, values) if kept and first else {})})


@post("/desk/operator/live", include_in_schema=False, guards=[needs(*OPERATORS)], dependencies=HERE, status_code=200)
async def live(here: NamedDependency[Open]) -> Response[Any]:
    """What stands beside the words typed so far, and what the system would fill in; nothing is stored."""
    values = await _typed(here.request)
    try:
        beside = _beside(here, values)
    except Unfit as unfit:
        return _json({"errors": {unfit.field: _say(here.request, str(unfit))}}, 422)
    body = {"beside": _part(here, "operator_beside", values=values, beside=beside), "fills": beside.fills, "picks": beside.picks}
    return _json({**body, "places": beside.places, "alarm": bool(beside.previews and beside.previews[0].alarm)})


@post("/desk/operator/caller", include_in_schema=False, guards=[needs(*OPERATORS)], dependencies=HERE, status_code=200)
async def who_calls(here: NamedDependency[Open]) -> Response[Any]:
    """Who has this number, or which firm this is, and what of it need not be asked again."""
    values = await _typed(here.request)
    caller = await _known(here, values)
    fills = {} if caller is None else {"audience": caller.caller.kind, "needs": caller.caller.needs, "language": caller.caller.language}
    return _json({"caller": _part(here, "operator_caller", values=values, caller=caller, revealed=""), "fills": fills})


# -- What the buttons do -----------------------------------------------------------------------------------------


async def _do(here: Open, values: dict[str, str], deed: str) -> tuple[Errors, dict[str, str], str]:
    """Does what is no end of the contact; gives what is wrong, what the form holds then, and what was revealed."""
    actor, now = here.session.actor, here.now
    try:
        if deed == "reveal":
            return {}, values, await _reveal(here, values)
        if deed != "drop" and _has_words(values):
            await _keep(here, values)
        async with here.means.db.transaction(actor.acting) as tx:
            if deed == "park":
                await operators.park(tx, actor, values["key"], now)
            elif deed == "drop":
                await operators.drop(tx, actor, values["key"], now)
            elif deed in STATES:
                await operators.change_state(tx, actor, STATES[deed], now)
    except (operators.Refused, Refused, NotFound) as refused:
        return {"": str(refused)}, values, ""
    except Invalid as invalid:
        return {"why": str(invalid)}, values, ""
    return {}, _fresh(values) if deed in ("park", "drop") else values, ""


async def _reveal(here: Open, values: Mapping[str, str]) -> str:
    """A caller's name or number in clear; who looked and why is written down.

    Raises:
        Refused, Invalid, NotFound: as `callers.reveal`.
    """
    caller = await _known(here, values)
    if caller is None or values["reveal"] not in tuple(Field):
        raise NotFound("没有可以查看的信息：来电人没有留下，或要求对承办单位保密。")
    field = Field(values["reveal"])
    async with here.means.db.transaction(here.session.actor.acting) as tx:
        return await callers.reveal(tx, here.means.vault, here.session.actor, caller.caller.id, field, None, values["why"], here.now)


async def _keep(here: Open, values: Mapping[str, str]) -> bool:
    """Keeps the draft.

    Raises:
        operators.Refused: too many unfinished contacts.
    """
    typed = {name: value for name, value in values.items() if name not in _NO_DRAFT}
    async with here.means.db.transaction(here.session.actor.acting) as tx:
        return await operators.keep(tx, here.means.vault, here.session.actor, values["key"], typed, _edit(values), here.now)


async def _record(here: Open, values: dict[str, str], outcome: Outcome) -> Response[Any]:
    """Records how the contact ended; what cannot be taken is named, and everything typed stays."""
    actor, means, now = here.session.actor, here.means, here.now
    # Nobody is held up who is put through to another line.
    if outcome is Outcome.TICKET_OPENED and values["danger"] != "yes":
        values, doubt = doubted(values, means.city.pack.city.country)
        if doubt:
            return await _unfit(here, values, {"phone": doubt})
    try:
        contact = _contact(values, outcome, means.city)
        receipt = await service.record(means, contact, actor, f"{actor.id}:{key_of(values)}", now)
    except Unfit as unfit:
        return await _unfit(here, values, {unfit.field: str(unfit)})
    queue = _queue(here, contact)
    async with means.db.transaction(actor.acting) as tx:
        await operators.recorded(tx, actor, values["key"], contact.channel, receipt.contact, receipt.outcome, queue, now)
        if contact.caller is not None and contact.caller.phone:
            # What the contact's own row does not fill in: a firm's code, and by what name it is known again.
            await callers.upsert(tx, means.vault, contact.caller, now, means.city.pack.city.country)
    status, fresh = 200 if receipt.repeated else 201, _fresh(values)
    said = companions.saying(here.companion, _closing(receipt), values["language"])
    if not _wants_parts(here.request):
        return await _whole(here, fresh, receipt=receipt, status=status, said=said)
    body = {"receipt": _part(here, "operator_receipt", receipt=receipt, said=said), "key": fresh["key"], **await _frame(here, fresh)}
    return _json(body, status)


async def _unfit(here: Open, values: dict[str, str], errors: Errors) -> Response[Any]:
    """What is to be mended, or confirmed; everything typed stays."""
    if _has_words(values):
        await _keep_quietly(here, values)
    if _wants_parts(here.request):
        return _json(_wrong(here.request, errors) | {"doubted": values["doubted"]}, 422)
    return await _whole(here, values, errors=errors, status=422)


async def _keep_quietly(here: Open, values: Mapping[str, str]) -> None:
    """Keeps the draft where that can be done; the page with what was typed comes back in any case."""
    try:
        await _keep(here, values)
    except operators.Refused:
        return


async def _checked(here: Open, sense: Sense, values: Mapping[str, str]) -> Response[Any]:
    """The whole page with what was understood, who else told of it, and which leaders answer."""
    means, actor, now = here.means, here.session.actor, here.now
    try:
        contact = _contact(values, None, means.city)
        service.check(contact, actor, means.city)
        beside = companions.beside(means, here.companion, contact, values["language"], now)
    except Unfit as unfit:
        return await _whole(here, values, errors={unfit.field: str(unfit)}, status=422)
    typed = Typed(contact.text, contact.title, contact.place, contact.matter, contact.region)
    found = await asking.others(means.db, means.reader, sense, typed, actor, now)
    async with means.db.transaction(actor.acting) as tx:
        offers = await answering.offers_for(
            tx, means.reader, contact.text, contact.place, contact.matter, contact.region, means.city, now
        )  # fmt: skip
    return await _whole(here, values, beside=beside, found=found, offers=offers)


def _closing(receipt: Receipt) -> Moment:
    return Moment.TICKET if receipt.tickets else Moment.CLOSE


def _queue(here: Open, contact: ContactIn) -> str:
    """The queue of what the contact was about: of the settled matter, else of the one that the words fit best; empty for none."""
    matter = contact.matter
    if not matter:
        guesses = service.understand(here.means, contact, here.now)[0][0].matters
        matter = guesses[0].matter if guesses else ""
    found = here.means.city.matters.get(matter)
    return found.queue if found else ""


# -- What the form says ------------------------------------------------------------------------------------------


async def _typed(request: Asked) -> dict[str, str]:
    """The form's fields; a form without a key gets one."""
    values = await sent(request, BLANK)
    return values | {"key": values["key"][:40] or fresh_key()}


def _edit(values: Mapping[str, str]) -> int:
    """Which edit of the form it is; what cannot be one is the first."""
    said = values["edit"]
    return int(said) if said.isascii() and said.isdigit() and len(said) < 9 else 0


def _has_words(values: Mapping[str, str]) -> bool:
    """Whether somebody typed anything, or rang from a number."""
    return any(values[name] for name in ("text", "phone", "name", "title", "place", "answer", "identity"))


def _fresh(values: Mapping[str, str]) -> dict[str, str]:
    """The form of the next contact: over the same channel."""
    return dict(BLANK) | {"key": fresh_key(), "channel": values["channel"]}


def _channel(values: Mapping[str, str]) -> Channel:
    return Channel(values["channel"]) if values["channel"] in tuple(Channel) else Channel.PHONE


def _contact(values: Mapping[str, str], outcome: Outcome | None, city: City) -> ContactIn:
    """The contact as the operator has it; what only the system filled in is left out.

    Raises:
        Unfit: a field that cannot be taken.
    """
    by_system = {name for name in values["filled"].split(",") if name in companions.FILLED}
    own = {name: "" if name in by_system else value for name, value in values.items()}
    return contact_of(own, _channel(own), _settled(own, outcome, city))


def _settled(values: Mapping[str, str], outcome: Outcome | None, city: City) -> dict[str, Any]:
    """What an operator may settle beside the words.

    Raises:
        Unfit: a name that is not clear.
    """
    opening = outcome is Outcome.TICKET_OPENED
    onto = values["onto"] or ("" if values["session"] else values["attach"])
    settled: dict[str, Any] = {
        "outcome": outcome,
        "attach": onto if opening else "",
        "session": values["session"] if opening else "",
        "answer": values["answer"] if outcome else "",
        "reason": values["reason"] if outcome else "",
        "danger": DANGERS.get(values["danger"]),
        "despairs": bool(values["despairs"]),
        "caller": _caller(values),
    }
    if outcome in (Outcome.TICKET_OPENED, Outcome.ABANDONED):
        settled |= {"answer": "", "reason": ""}
    for field, what in (("matter", What.MATTERS), ("region", What.REGIONS), ("complained_unit", What.UNITS)):
        try:
            settled[field] = choices.code_of(city, what, values[field])
        except Unclear as unclear:
            raise Unfit(field, str(unclear)) from unclear
    return settled


def _caller(values: Mapping[str, str]) -> dict[str, str] | None:
    """What the caller said of themselves, as `CallerIn` reads it; None when nothing."""
    if not (values["name"] or values["phone"] or values["identity"]):
        return None
    said = {name: values[name] for name in ("name", "phone", "identity", "needs", "language")}
    return said | {"kind": values["audience"] or CallerIn().kind}


def _beside(here: Open, values: Mapping[str, str]) -> Beside:
    """What stands beside the words typed so far.

    Raises:
        Unfit: a field that cannot be taken.
    """
    contact = _contact(values, None, here.means.city)
    if contact.text.strip():
        service.check(contact, here.session.actor, here.means.city)
    return companions.beside(here.means, here.companion, contact, values["language"], here.now)


# -- What is shown -----------------------------------------------------------------------------------------------


async def _who(tx: Transaction, here: Open, values: Mapping[str, str]) -> Known | None:
    """Who calls: by number, or the firm that was named."""
    firm = values["audience"] == "firm"
    name, code = (values["name"], values["identity"]) if firm else ("", "")
    if not (values["phone"] or name or code):
        return None
    means = here.means
    return await known.known(tx, means.vault, values["phone"], means.city.pack.city.country, here.now, firm=name, code=code)


async def _known(here: Open, values: Mapping[str, str]) -> Known | None:
    async with here.means.db.transaction(here.session.actor.acting) as tx:
        return await _who(tx, here, values)


class Bar(msgspec.Struct, frozen=True):
    """Where the operator stands, and what is unfinished."""

    standing: Standing | None
    work: Work | None
    """The contact in hand."""
    last: Work | None
    """The one that was finished last."""
    aside: tuple[Draft, ...]
    """What stands aside, or was left unfinished, besides the contact on the screen."""


async def _bar(tx: Transaction, here: Open, key: str, every: tuple[Draft, ...] | None = None) -> Bar:
    """`every`: all drafts, where they are known already."""
    actor = here.session.actor
    drafts = await operators.drafts(tx, here.means.vault, actor) if every is None else every
    in_hand, last = await operators.recent(tx, actor)
    return Bar(await operators.standing(tx, actor), in_hand, last, tuple(d for d in drafts if d.key != key))


async def _frame(here: Open, values: Mapping[str, str]) -> dict[str, str]:
    """The parts of the page that follow what the operator did: where they stand, and what stands aside."""
    async with here.means.db.transaction(here.session.actor.acting) as tx:
        bar = await _bar(tx, here, values["key"])
    return {"bar": _part(here, "operator_bar", bar=bar)}


async def _parts(here: Open, values: Mapping[str, str], errors: Errors, revealed: str) -> Response[Any]:
    """What a script puts into the page after a button that ends nothing."""
    if errors:
        return _json(_wrong(here.request, errors), 422)
    body = {"key": values["key"], **await _frame(here, values)}
    if revealed:
        body["caller"] = _part(here, "operator_caller", values=values, caller=await _known(here, values), revealed=revealed)
    return _json(body)


def _wrong(request: Asked, errors: Errors) -> dict[str, Any]:
    return {"errors": {field: _say(request, sentence) for field, sentence in errors.items()}}


async def _whole(here: Open, values: Mapping[str, str], **shown: Any) -> Response[Any]:
    """The whole page; `shown` as for `_page`."""
    async with here.means.db.transaction(here.session.actor.acting) as tx:
        caller, bar = await _who(tx, here, values), await _bar(tx, here, values["key"])
    return _page(here, values, caller, bar, **shown)


def _page(
    here: Open, values: Mapping[str, str], caller: Known | None, bar: Bar, *, errors: Errors | None = None, beside: Beside | None = None,
    found: Others | None = None, offers: tuple[Offer, ...] = (), receipt: Receipt | None = None, status: int = 200, revealed: str = "",
    said: companions.Said | None = None,
) -> Response[Any]:  # fmt: skip
    opening = companions.saying(here.companion, Moment.OPENING, values["language"])
    return page(
        here.request,
        "intake/operator.html",
        status=status,
        **_shared(here),
        values=values,
        errors=errors or {},
        beside=beside or Beside(said=(opening,) if opening else ()),
        found=found,
        chosen=values["attach"],
        offers=offers,
        receipt=receipt,
        said=said,
        caller=caller,
        revealed=revealed,
        bar=bar,
        reasons=_reasons(here.means.city),
    )


def _part(here: Open, name: str, **context: Any) -> str:
    """A part of the page as HTML."""
    return bytes(page(here.request, f"intake/{name}.html", **_shared(here), **context).content).decode()


def _shared(here: Open) -> dict[str, Any]:
    return {
        "session": here.session,
        "city": here.means.city,
        "now": here.now,
        "words": words,
        "operator_words": operator_words,
        "ticket_words": ticket_words,
        "choices": choices,
        "what": What,
        "states": State,
    }


def _reasons(city: City) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """What a contact may be sent on for, by outcome: lines, legal routes, and why it is outside."""
    triage = city.pack.triage
    lines = {e.to: e.name for e in triage.emergency}
    return (
        (words.OUTCOMES[Outcome.TRANSFERRED], tuple((to, f"{to} {name}") for to, name in sorted(lines.items()))),
        (words.OUTCOMES[Outcome.LEGAL_ROUTE], tuple((r.code, r.name or r.code) for r in triage.legal_route)),
        (words.OUTCOMES[Outcome.OUTSIDE_SCOPE], tuple((r.code, r.name or r.code) for r in triage.outside)),
    )


def _wants_parts(request: Asked) -> bool:
    return request.headers.get("x-part") == "1"


def _say(request: Asked, sentence: str) -> str:
    return translator(reader_language(request))(sentence)


def _json(body: Mapping[str, Any], status: int = 200) -> Response[Any]:
    return Response(dict(body), status_code=status, media_type="application/json", headers={"Cache-Control": "no-store"})


routes = (operator_desk, operate, keep_draft, live, who_calls)
