"""Takes a contact in: understood, given its outcome, stored, and its tickets on their way, in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from yixian.attachments import service as attachments
from yixian.city import coordinates
from yixian.city.inforce import City
from yixian.city.model import RequestKind, Urgency
from yixian.db import outbox
from yixian.db.ids import new_id
from yixian.db.keys import Keys
from yixian.db.outbox import Event
from yixian.db.pool import SYSTEM, Database, Transaction
from yixian.dispatch.model import Decision, Standing
from yixian.intake import attaching, handing, store
from yixian.intake import plan as planning
from yixian.intake.model import ContactIn, Handed, Outcome, Perhaps, PlaceChoice, Preview, Receipt, TicketReceipt
from yixian.intake.plan import Plan, Planned
from yixian.language import position
from yixian.language import service as language
from yixian.language.model import Reading
from yixian.language.places import full_name
from yixian.language.service import Reader
from yixian.people import callers
from yixian.people.model import SYSTEM_ACTOR, Actor, Role, citizen
from yixian.people.secrets import Vault
from yixian.sessions.model import How
from yixian.sessions.service import Seat
from yixian.tickets import deadlines, effects, numbers
from yixian.tickets import service as tickets
from yixian.tickets.caring import service as caring
from yixian.tickets.model import Action, Alarmed, Care, State, Step, Ticket

REPEAT_WITHIN: Final = timedelta(days=7)
"""Same caller, same matter, same place within a week is the same request (domain sheet: "duplicate window 7 days")."""

OPERATORS: Final = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR})
"""Who may say themselves how a contact ended."""

_OPERATORS_ONLY: Final = ("matter", "region", "outcome", "answer", "reason", "complained_unit", "attach", "despairs")


class Unfit(Exception):
    """A contact that cannot be taken as it is; `field` is what to mend, the message how."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class KeyUsed(Exception):
    """The idempotency key was used before with another body."""


class TooManyContacts(Exception):
    """One address sends faster than the settings allow."""


class Means(msgspec.Struct, frozen=True):
    """What intake works with."""

    db: Database
    city: City
    reader: Reader
    vault: Vault
    keys: Keys
    standing: Standing = Standing()


async def record(
    means: Means, contact: ContactIn, actor: Actor | None, key: str | None, now: datetime, files: bytes | None = None
) -> Receipt:
    """Takes a contact in and says what became of it.

    `actor`: the operator who typed it, None for a resident. `key`: the same key again gives the same receipt and stores nothing.
    `files`: the draft (`attachments.service.draft_of`) whose files go with the tickets that it makes or is added to.

    Raises:
        Unfit: something must be mended before it can be taken; nothing was stored.
        KeyUsed: the key came with another body before; nothing was stored.
    """
    check(contact, actor, means.city)
    readings, plan = understand(means, contact, now)
    fresh = await _new_numbers(means, len(plan.tickets), now)
    digest = hashlib.sha256(msgspec.json.encode(contact)).digest()
    who = callers.caller_json(means.vault, contact.caller, now, means.city.pack.city.country) if contact.caller is not None else None
    acting = actor.acting if actor else SYSTEM
    if not (contact.session or contact.attach or acting.unit_path):
        done = await _at_once(means, contact, readings, plan, fresh, who, actor, key, digest, files, now)
        if done is not None:
            return done
    async with means.db.transaction(acting) as tx:
        plan, added = await _placed(tx, plan, contact, who, now)
        on = [*added, *fresh[: len(plan.tickets)]]
        row = _contact_row(contact, readings, plan, on, actor, now)
        kept = await store.store(tx, row, who, key, digest, now)
        if not kept.fresh:
            assert key is not None, "without a key every contact is fresh"
            return await _receipt_again(tx, means, key, digest)
        grown = await _add(tx, added, contact, plan, means.city, now)
        seat = await _seated(tx, contact, plan, actor, now)
        session = seat.session.id if seat and seat.how is How.HANDED else None
        opened = await _open(tx, means.city, contact, plan, row["id"], kept.caller, fresh, actor, now, session)
        handed = await handing.kept(tx, seat, opened, added, now) if seat else False
        opened = await _attached(tx, opened, contact, actor, means.city, now)
        if files is not None:
            await attachments.bind(tx, files, [t.id for t in (*grown, *opened)], now)
        known = await _receipts(tx, means, added) if added else ()
    means.db.wake()
    receipts = (*known, *(_receipt(ticket, means) for ticket in opened))
    return Receipt(
        row["id"], Outcome(row["outcome"]), plan.reason, row["said"], receipts, alarm=plan.alarm,
        handed=(handing.SAID[seat.how] if seat and handed else Handed.ORDINARY) if contact.session else None,
    )  # fmt: skip


async def _at_once(
    means: Means, contact: ContactIn, readings: tuple[Reading, ...], plan: Plan, fresh: Sequence[str], who: dict[str, Any] | None,
    actor: Actor | None, key: str | None, digest: bytes, files: bytes | None, now: datetime,
) -> Receipt | None:  # fmt: skip
    """An ordinary contact, stored in one round trip; None when it is none after all, and nothing was stored: it may go with an open
    ticket, has files, or came before.
    """
    row = _contact_row(contact, readings, plan, fresh, actor, now)
    caller = who["id"] if who else None  # who is known already keeps his own id: the database sees to that
    openings = _openings(means.city, contact, plan, row["id"], caller, fresh, actor, now, None)
    opened, new = tickets.drafted(openings, means.city, now)
    acting, matters = actor.acting if actor else SYSTEM, _matters(plan, contact, who)
    draft = files if opened else None
    async with means.db.looking() as connection:
        if not await store.take(connection, acting, row, who, key, digest, draft, new, matters, REPEAT_WITHIN, now):
            return None
    means.db.wake()
    receipts = tuple(_receipt(ticket, means) for ticket in opened)
    return Receipt(row["id"], Outcome(row["outcome"]), plan.reason, row["said"], receipts, alarm=plan.alarm)


def _matters(plan: Plan, contact: ContactIn, who: dict[str, Any] | None) -> list[str]:
    """What the caller's open tickets would have to be about to be the same request; none when nothing can be."""
    # What may be an emergency, or who is to be looked after, is never put quietly with an older ticket.
    if contact.separate or plan.alarm or plan.care or who is None or who.get("phone_hash") is None:
        return []
    return [t.matter for t in plan.tickets if t.matter]


async def _seated(tx: Transaction, contact: ContactIn, plan: Plan, actor: Actor | None, now: datetime) -> Seat | None:
    """The seat of a contact that is meant for a leader's session; the whole transaction is undone when it cannot be."""
    by_operator = actor is not None and bool(actor.roles & OPERATORS)
    try:
        return await handing.seated(tx, contact, plan, by_operator, now)
    except handing.NoSeat as refused:
        raise Unfit("session", str(refused)) from refused


def check(contact: ContactIn, actor: Actor | None, city: City) -> None:
    """Whether a contact can be taken.

    Raises:
        Unfit: with the field to mend.
    """
    by_operator = actor is not None and bool(actor.roles & (OPERATORS | {Role.SYSTEM}))
    if not by_operator:
        for field in _OPERATORS_ONLY:
            if getattr(contact, field):
                raise Unfit(field, "只有话务员登记时才能填写这一项；请去掉后再提交。")
    if not contact.text.strip() and contact.outcome is not Outcome.ABANDONED:
        raise Unfit("text", "请先记下来电人反映的问题。" if by_operator else "请说说遇到了什么问题。")
    if contact.matter and contact.matter not in {m.code for m in city.leaves}:
        raise Unfit("matter", f"没有编号为 {contact.matter} 的末级事项，请重新选择。")
    if contact.meant and contact.meant != planning.NONE_OF_THEM and contact.meant not in {m.code for m in city.leaves}:
        raise Unfit("meant", "没有这个事项，请重新选择，或选“不是这些事”。")
    if contact.guide and contact.guide not in {g.code for g in city.pack.guides}:
        raise Unfit("guide", "这条办事指南已经撤下；请再看一次，或直接提交。")
    if contact.region and contact.region not in city.regions:
        raise Unfit("region", f"没有编号为 {contact.region} 的区域，请重新选择。")
    if contact.complained_unit and contact.complained_unit not in city.units:
        raise Unfit("complained_unit", f"没有编号为 {contact.complained_unit} 的单位，请重新选择。")
    if contact.outcome is Outcome.ANSWERED and not contact.answer.strip():
        raise Unfit("answer", "直接答复须写明答复内容。")
    if contact.outcome in (Outcome.TRANSFERRED, Outcome.LEGAL_ROUTE, Outcome.OUTSIDE_SCOPE) and not contact.reason.strip():
        raise Unfit("reason", "请写明转往哪条线路、走什么法定途径，或为什么不属受理范围。")
    if contact.despairs and contact.outcome not in (None, Outcome.TICKET_OPENED):
        raise Unfit("despairs", "来电人可能想不开的，请转为工单，值班长才看得到；需要时同时转接紧急电话。")
    if contact.attach and contact.outcome not in (None, Outcome.TICKET_OPENED):
        raise Unfit("attach", "只有转为工单时才能并入在办工单；请选“不并入”。")
    if contact.session and contact.outcome not in (None, Outcome.TICKET_OPENED):
        raise Unfit("session", "转给负责人接听的，结果由接听的负责人登记；请选“转为工单”或去掉接听。")
    if contact.session and contact.attach:
        raise Unfit("session", "并入在办工单的不能再转给负责人接听。")
    if contact.outcome is Outcome.ADDED_TO_TICKET:
        raise Unfit("outcome", "请直接在原工单上登记补充或催办。")
    _check_position(contact, city)
    if contact.received_at is not None and contact.received_at.tzinfo is None:
        raise Unfit("received_at", "时间须带时区，例如 2026-11-22T09:30:00+08:00。")


def _check_position(contact: ContactIn, city: City) -> None:
    if (contact.latitude is None) != (contact.longitude is None):
        raise Unfit("latitude" if contact.latitude is None else "longitude", "经度和纬度要一起填写。")
    point = _point(contact)
    if point is not None and not coordinates.where(city.outlines, point).inside:
        raise Unfit("latitude", "这个位置不在本市范围内。请检查坐标，或去掉坐标，用文字说明地点。")


def _point(contact: ContactIn) -> coordinates.Point | None:
    if contact.latitude is None or contact.longitude is None:
        return None
    return coordinates.on_the_globe(contact.latitude, contact.longitude, contact.datum)


def _district(contact: ContactIn, city: City) -> str | None:
    """The district in which the coordinates are."""
    point = _point(contact)
    return coordinates.where(city.outlines, point).region if point is not None else None


def understand(means: Means, contact: ContactIn, now: datetime) -> tuple[tuple[Reading, ...], Plan]:
    """What was said, and what would become of it; nothing is stored."""
    if contact.attach:
        contact = msgspec.structs.replace(contact, outcome=Outcome.TICKET_OPENED)
    audience, district = planning.audience_of(contact), _district(contact, means.city)
    readings = position.understood(means.reader, contact.text, contact.title, audience, contact.place, district)
    readings = planning.asked_about_danger(contact, readings, means.city)
    if contact.matter or contact.attach or contact.session:
        readings = readings[:1]  # a person has settled that it is one
    answers = language.answer(means.reader, f"{contact.title}{contact.text}") if _asks(contact, readings[0]) else ()
    return readings, planning.plan(contact, readings, answers, means.city, _today(means.city, now), means.standing)


def preview(means: Means, contact: ContactIn, now: datetime) -> tuple[Preview, ...]:
    """What would be understood, one entry a matter; nothing is stored."""
    readings, plan = understand(means, contact, now)
    today = _today(means.city, now)
    if plan.tickets:
        nearest = (
            language.answer(means.reader, f"{contact.title}{contact.text}") if contact.kind in (None, RequestKind.CONSULTATION) else ()
        )
        guides = planning.perhaps(plan, nearest, means.city, today)
        return tuple(_preview(contact, p.reading, p.decision, means, plan, guides) for p in plan.tickets)
    decided = [planning.gate.decide(r, means.city, today, gate=means.standing.gate, suspended=means.standing.suspended) for r in readings]
    return tuple(_preview(contact, r, d, means, plan) for r, d in zip(readings, decided, strict=True))


async def note_helped(tx: Transaction, contact: UUID, now: datetime) -> None:
    """Notes that an answer was of use to whoever asked; a contact that was not answered, or is not there, is passed over in silence."""
    kept = await store.find(tx, contact)
    if kept is not None and kept.outcome == Outcome.ANSWERED:
        await outbox.put(tx, Event("contact.helped", contact, {"contact": contact, "at": now}, now))


def _asks(contact: ContactIn, reading: Reading) -> bool:
    """Whether a guide may answer: whoever wants to ask a leader is not to be answered by one."""
    asks = (contact.kind or reading.kind) == "consultation"
    return asks and contact.outcome is None and not contact.session and reading.disposition is None


def _today(city: City, now: datetime) -> Any:
    return now.astimezone(ZoneInfo(city.pack.city.timezone)).date()


async def _new_numbers(means: Means, count: int, now: datetime) -> tuple[str, ...]:
    """Numbers for the tickets to be; taken before the transaction, so that nobody waits. What is not used is a gap."""
    day = _today(means.city, now)
    prefix = means.city.pack.city.number_prefix
    return tuple([numbers.number(prefix, day, await means.db.numbers.take(day)) for _ in range(count)])


async def _placed(
    tx: Transaction, plan: Plan, contact: ContactIn, who: dict[str, Any] | None, now: datetime
) -> tuple[Plan, tuple[str, ...]]:
    """The plan once it is known which open tickets the contact goes with; and the numbers of those that get its words."""
    if contact.attach:
        try:
            return await attaching.placed(tx, plan, contact.attach.strip().upper(), who)
        except attaching.Gone as gone:
            raise Unfit("attach", str(gone)) from gone
    return await _repeated(tx, plan, contact, who, now) if who else (plan, ())


async def _attached(
    tx: Transaction, opened: tuple[Ticket, ...], contact: ContactIn, actor: Actor | None, city: City, now: datetime
) -> tuple[Ticket, ...]:
    """The caller's own ticket, merged into the one that the operator chose."""
    if not contact.attach or actor is None:
        return opened
    try:
        return tuple([await attaching.merged(tx, ticket, contact.attach.strip().upper(), actor, city, now) for ticket in opened])
    except attaching.Gone as gone:
        raise Unfit("attach", str(gone)) from gone


async def _repeated(tx: Transaction, plan: Plan, contact: ContactIn, who: dict[str, Any], now: datetime) -> tuple[Plan, tuple[str, ...]]:
    """Takes out of the plan what the caller's open tickets already hold; returns their numbers."""
    matters = _matters(plan, contact, who)
    if not matters:
        return plan, ()
    found = await store.alike(tx, bytes.fromhex(who["phone_hash"][2:]), matters, now, REPEAT_WITHIN)
    same = {t.matter: number for t in plan.tickets for number, matter, region in found if matter == t.matter and _same_place(t, region)}
    if not same:
        return plan, ()
    rest = tuple(t for t in plan.tickets if t.matter not in same)
    outcome = Outcome.TICKET_OPENED if rest else Outcome.ADDED_TO_TICKET
    return Plan(outcome, plan.reason, plan.said, rest), tuple(dict.fromkeys(same.values()))


def _same_place(planned: Planned, region: str | None) -> bool:
    """One place inside the other, or one of them not known."""
    here = planned.region
    return here is None or region is None or here.startswith(region) or region.startswith(here)


async def _add(tx: Transaction, added: Sequence[str], contact: ContactIn, plan: Plan, city: City, now: datetime) -> tuple[Ticket, ...]:
    step = Step(note=contact.text)
    grown = [await tickets.act(tx, citizen(number), number, Action.SUPPLEMENT, step, city, now) for number in added]
    # Where there is no new ticket to stand on the board, the one that got the words does.
    if plan.care and not plan.tickets and grown:
        grown[0] = await caring.need(tx, grown[0], contact.text.strip()[: caring.KEPT], city, now)
    return tuple(grown)


async def _open(
    tx: Transaction, city: City, contact: ContactIn, plan: Plan, contact_id: UUID, caller: UUID | None,
    fresh: Sequence[str], actor: Actor | None, now: datetime, session: UUID | None,
) -> tuple[Ticket, ...]:  # fmt: skip
    if not plan.tickets:
        return ()
    return await tickets.open_tickets(tx, _openings(city, contact, plan, contact_id, caller, fresh, actor, now, session), city, now)


def _openings(
    city: City, contact: ContactIn, plan: Plan, contact_id: UUID, caller: UUID | None, fresh: Sequence[str], actor: Actor | None,
    now: datetime, session: UUID | None,
) -> list[tickets.Opening]:  # fmt: skip
    handed = session is not None
    # One caller is looked after once, however many matters they have.
    cares = (Care.NEEDED if plan.care else Care.NO, *(Care.NO for _ in plan.tickets))
    return [
        tickets.Opening(
            msgspec.structs.replace(_ticket(contact, planned, contact_id, caller, number, city, now), session=session, care=care),
            actor or SYSTEM_ACTOR,
            None if contact.attach or handed else _gate_step(planned, settled=bool(contact.matter)),
        )
        for planned, number, care in zip(plan.tickets, fresh, cares, strict=False)
    ]


def _ticket(contact: ContactIn, planned: Planned, contact_id: UUID, caller: UUID | None, number: str, city: City, now: datetime) -> Ticket:
    reading, decision = planned.reading, planned.decision
    best = decision.suggestions[0] if decision.suggestions else None
    point = _point(contact)
    return msgspec.structs.replace(
        effects.fresh(contact_id, number, caller, contact.channel, planned.kind, planned.text,
                      reading.urgency or Urgency.NORMAL, planning.audience_for(contact, reading), now),
        title=contact.title,
        matter=planned.matter,
        region=planned.region,
        place=contact.place or reading.place.text,
        responsibility=best.entry if best and decision.sure else None,
        confidence=decision.confidence,
        suggestions=tuple(msgspec.to_builtins(s) for s in decision.suggestions) if not decision.sure else (),
        hides_identity=_hides(contact, decision, city),
        alarm=_alarmed(contact, reading),
        calm=reading.alarm.calm if reading.alarm is not None and not contact.matter else None,
        complained_unit=contact.complained_unit or None,
        latitude=point.latitude if point else None,
        longitude=point.longitude if point else None,
    )  # fmt: skip


def _alarmed(contact: ContactIn, reading: Reading) -> Alarmed:
    """Whether it is an alarm; a person who was asked has confirmed it."""
    if reading.alarm is None or contact.matter:
        return Alarmed.NO
    return Alarmed.CONFIRMED if contact.danger else Alarmed.RAISED


def _hides(contact: ContactIn, decision: Decision, city: City) -> bool:
    """Whether the unit is not to know who called. While it is open which matter it is, the most sensitive one counts."""
    if contact.hides_identity is not None:
        return contact.hides_identity
    meant = decision.suggestions[:1] if decision.sure else decision.suggestions
    return any(city.matters[s.matter].sensitive for s in meant)


def _gate_step(planned: Planned, *, settled: bool) -> Step | None:
    """The dispatch that the gate is sure of. `settled`: a person said which matter it is; then the choice was not the gate's."""
    if not planned.decision.sure:
        return None
    best = planned.decision.suggestions[0]
    return Step(unit=best.unit or "", co_units=best.co_units, basis=best.basis, settled=settled)


def _contact_row(
    contact: ContactIn, readings: tuple[Reading, ...], plan: Plan, on: Sequence[str], actor: Actor | None, now: datetime
) -> dict[str, Any]:
    first = readings[0]
    decision = plan.tickets[0].decision if plan.tickets else None
    point = _point(contact)
    return {
        "id": new_id(now),
        "at": now,
        "received_at": contact.received_at or now,
        "channel": contact.channel,
        "source": contact.source,
        "source_id": contact.source_id,
        "operator": actor.id if actor and Role.SYSTEM not in actor.roles else None,
        "language": first.language,
        "kind": planning.kind_of(contact, first),
        "title": contact.title,
        "text": contact.text,
        "matter": contact.matter or (first.matters[0].matter if first.matters else None),
        "region": contact.region or first.place.region,
        "latitude": point.latitude if point else None,
        "longitude": point.longitude if point else None,
        "outcome": plan.outcome,
        "reason": plan.reason,
        "said": plan.said,
        "tickets": list(on),
        "reading": {
            "matters": [{"matter": g.matter, "score": round(g.score, 3)} for r in readings for g in r.matters],
            "urgency": first.urgency,
            "place": first.place.text,
            "why": decision.why if decision else "",
            "confidence": round(decision.confidence, 3) if decision else None,
            "alarm": msgspec.to_builtins(first.alarm),
        },
    }


async def stored_from(tx: Transaction, source: str) -> list[UUID]:
    """The ids of all contacts that came from another system: to compare with what it sent. Reads the whole month; not for screens."""
    return await store.ids_from(tx, source)


def _receipt(ticket: Ticket, means: Means) -> TicketReceipt:
    return TicketReceipt(
        number=ticket.number,
        check_code=code_of(means.keys, ticket.number),
        state=ticket.state,
        dispatched=ticket.dispatched_at is not None,
        matter=means.city.matter_name(ticket.matter),
        unit=means.city.unit_name(ticket.lead),
        place=ticket.place or means.city.region_name(ticket.region),
        answer_due=ticket.answer_due,
        matter_code=ticket.matter or "",
        unit_code=ticket.lead or "",
        answer_in=deadlines.answer_in(ticket, means.city),
    )


def code_of(keys: Keys, number: str) -> str:
    """The check code of a ticket."""
    return numbers.check_code(keys.for_("check codes"), number)


async def _receipt_again(tx: Transaction, means: Means, key: str, digest: bytes) -> Receipt:
    """The receipt of the contact that this key made before."""
    known = await store.by_key(tx, key)
    assert known is not None, "the key was refused as known"
    contact, first_digest = known
    if first_digest != digest:
        raise KeyUsed("这个幂等键已用于另一份内容；请换一个新的键。")
    kept = await store.find(tx, contact)
    assert kept is not None, "a key is stored with its contact"
    receipts = await _receipts(tx, means, kept.tickets)
    return Receipt(kept.id, Outcome(kept.outcome), kept.reason, kept.said, receipts, repeated=True, alarm=kept.alarm)


async def _receipts(tx: Transaction, means: Means, on: Sequence[str]) -> tuple[TicketReceipt, ...]:
    if not on:
        return ()
    return tuple(
        TicketReceipt(
            number=row["number"],
            check_code=code_of(means.keys, row["number"]),
            state=row["state"],
            dispatched=row["dispatched"],
            matter=means.city.matter_name(row["matter"]),
            unit=means.city.unit_name(row["lead"]),
            place=row["place"],
            answer_due=row["answer_due"],
            matter_code=row["matter"] or "",
            unit_code=row["lead"] or "",
            answer_in=deadlines.usual_answer(State(row["state"]), row["kind"], row["urgency"], row["audience"], means.city),
        )
        for row in await store.receipts(tx, on)
    )


def _preview(
    contact: ContactIn, reading: Reading, decision: Decision, means: Means, plan: Plan, guides: tuple[Perhaps, ...] = ()
) -> Preview:
    return Preview(
        text=reading.text,
        language=reading.language,
        kind=planning.kind_of(contact, reading),
        urgency=reading.urgency,
        region=reading.place.region,
        region_name=means.city.region_name(reading.place.region),
        place=reading.place.text,
        why=decision.why,
        confidence=decision.confidence,
        suggestions=decision.suggestions,
        ask=reading.place.ask,
        choices=tuple(PlaceChoice(code, full_name(means.reader.gazetteer, code)) for code in reading.place.candidates),
        disposition="" if plan.outcome is Outcome.TICKET_OPENED else plan.outcome,
        reason=plan.reason,
        said=plan.said,
        alarm=plan.alarm,
        guides=guides,
        audience=planning.audience_for(contact, reading),
    )
