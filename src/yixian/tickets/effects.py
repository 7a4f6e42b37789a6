"""What a step does to a ticket and its orders: pure, so that the whole of a step can be seen and tested without a database."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from yixian.city.inforce import City
from yixian.city.model import Audience, RequestKind, Urgency
from yixian.db.ids import new_id
from yixian.people.model import Role
from yixian.tickets import calling, deadlines, placing
from yixian.tickets.lifecycle import Edge, Facts, urges_parts
from yixian.tickets.model import FINAL, Action, Alarmed, Care, Order, OrderRole, Reached, State, Step, Ticket


class Change(msgspec.Struct, frozen=True):
    """Everything that one step writes, beside its row of history."""

    ticket: Ticket
    ended: tuple[UUID, ...] = ()
    """Orders that end."""
    ended_how: str = ""
    made: tuple[Order, ...] = ()
    part: UUID | None = None
    """The order whose part is handed in."""
    urged: tuple[UUID, ...] = ()
    """The orders whose part is urged."""
    detail: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """What the history keeps beside the note."""


def apply(ticket: Ticket, edge: Edge, step: Step, facts: Facts, city: City, other: UUID | None = None) -> Change:
    """The change that `edge` makes.

    `other`: the ticket that this one is merged into.
    """
    moved = msgspec.structs.replace(ticket, state=edge.target, version=ticket.version + 1)
    change = _by_action(moved, edge, step, facts, city, other)
    ticket_after = deadlines.after(edge.clock, ticket, change.ticket, city, facts.now)
    made = tuple(msgspec.structs.replace(o, due=o.due or ticket_after.answer_due) for o in change.made)
    change = msgspec.structs.replace(change, ticket=_kept(_to_call(ticket_after, edge, city, facts.now)), made=made)
    if edge.target in FINAL or edge.target is State.CLOSED:
        change = _ended(change, edge, facts)
    return msgspec.structs.replace(change, ticket=deadlines.clocked(change.ticket, ticket, facts.now))


def _by_action(ticket: Ticket, edge: Edge, step: Step, facts: Facts, city: City, other: UUID | None) -> Change:
    match edge.action:
        case Action.DISPATCH | Action.REASSIGN | Action.RULE:
            return _assigned(ticket, edge.action, step, facts, city)
        case Action.HAND_DOWN:
            return _led_by(ticket, facts, city, step.unit, edge.action)
        case Action.HAND_UP:
            above = facts.handed_from
            assert above is not None, "the guard was_handed_down saw it"
            return _led_by(ticket, facts, city, above.unit, edge.action)
        case Action.INVITE:
            return Change(ticket, made=(_order(step.unit, city, OrderRole.CO, facts.now, ticket.answer_due),), detail={"unit": step.unit})
        case Action.PART:
            waiting = next(o for o in facts.mine(OrderRole.CO) if o.part_at is None)
            return Change(ticket, part=waiting.id, detail={"unit": waiting.unit})
        case Action.URGE if urges_parts(edge):
            # The lead urges its co-handlers; the ticket itself is urged by others, and their quiet time is not touched.
            urged = facts.parts_to_urge
            return Change(ticket, urged=tuple(o.id for o in urged), detail={"units": [o.unit for o in urged]})
        case Action.RETURN:
            return _returned(ticket, edge, step, facts)
        case Action.OBJECT:
            named = {"basis": step.basis.strip(), "unit": ticket.lead, "named": step.unit}
            return Change(ticket, made=_asked_of_those_before(ticket, facts), detail=named)
        case Action.REPLY:
            answered = msgspec.structs.replace(
                _no_extension_asked(ticket), answer=step.answer.strip(), internal_answer=step.internal.strip(), replied_at=facts.now
            )
            panel = tuple(o.id for o in facts.live(OrderRole.PANEL))
            return Change(
                answered, ended=panel, ended_how="settled", detail={"answer": answered.answer, "internal": answered.internal_answer}
            )
        case Action.REDO | Action.REOPEN:
            return _again(ticket, edge, facts)
        case Action.REFER:
            return _referred(ticket, edge, facts)
        case Action.SPLIT:
            return Change(ticket, detail={"parts": len(step.texts)})
        case Action.MERGE:
            return Change(msgspec.structs.replace(ticket, merged_into=other), detail={"into": step.number})
        case _:
            return _marked(ticket, edge.action, step, facts, city)


def _marked(ticket: Ticket, action: Action, step: Step, facts: Facts, city: City) -> Change:
    """Steps that change a few fields and no order."""
    match action:
        case Action.SIGN:
            return Change(msgspec.structs.replace(ticket, signed_at=facts.now))
        case Action.CONTACT:
            return Change(msgspec.structs.replace(ticket, contacted_at=ticket.contacted_at or facts.now))
        case Action.ASK_EXTENSION:
            asked = msgspec.structs.replace(ticket, extension_asked=step.days, extension_reason=step.note.strip())
            return Change(asked, detail={"days": step.days})
        case Action.GRANT_EXTENSION:
            granted = _no_extension_asked(msgspec.structs.replace(ticket, extensions=ticket.extensions + 1))
            return Change(granted, detail={"days": ticket.extension_asked, "reason": ticket.extension_reason})
        case Action.REFUSE_EXTENSION:
            return Change(_no_extension_asked(ticket))
        case Action.CALL_BACK:
            return _not_reached(ticket, step, facts, city)
        case Action.RATE:
            return _rated(ticket, step)
        case Action.URGE:
            urged = msgspec.structs.replace(ticket, urged=ticket.urged + 1, urged_at=facts.now)
            return Change(msgspec.structs.replace(urged, supervision=ticket.supervision or "urged"))
        case Action.LIST:
            return Change(msgspec.structs.replace(ticket, supervision="listed"))
        case Action.CALL_IN:
            return Change(msgspec.structs.replace(ticket, supervision="called_in"))
        case Action.JOIN | Action.LEAVE:
            return _of_campaign(ticket, action, step)
        case Action.SUPPLEMENT:
            return _supplemented(ticket, step, facts, city)
        case Action.AMEND:
            return _amended(ticket, step, facts, city)
        case Action.NEED_CARE | Action.TAKE_CARE:
            return Change(msgspec.structs.replace(ticket, care=Care.NEEDED if action is Action.NEED_CARE else Care.TAKEN))
        case Action.RAISE_ALARM | Action.CONFIRM_ALARM:
            how = Alarmed.RAISED if action is Action.RAISE_ALARM else Alarmed.CONFIRMED
            calm = ticket.calm or ticket.urgency
            return Change(msgspec.structs.replace(ticket, urgency=Urgency.CRITICAL, alarm=how, calm=calm), detail=_danger(step, facts))
        case Action.RECOUNT:
            return _recounted(ticket, step, city)
        case Action.HAND_OVER:
            handed = msgspec.structs.replace(ticket, keeper=step.keeper or None)
            return Change(handed, detail={"from": ticket.keeper or "", "to": step.keeper})
        case Action.STAND_DOWN:
            calm = ticket.calm or Urgency.NORMAL
            return Change(msgspec.structs.replace(ticket, urgency=calm, alarm=Alarmed.STOOD_DOWN), detail=_danger(step, facts))
        case _:
            return Change(ticket)


def _kept(ticket: Ticket) -> Ticket:
    """A dispatcher keeps what waits for dispatchers; what has gone on is kept by nobody."""
    waits = ticket.state in (State.AWAITING_DISPATCH, State.JOINT_REVIEW)
    return ticket if waits or ticket.keeper is None else msgspec.structs.replace(ticket, keeper=None)


def _to_call(ticket: Ticket, edge: Edge, city: City, now: datetime) -> Ticket:
    """Who has an answer is rung; who has rated it, or got it some other way, is not."""
    if edge.action is Action.PASS and edge.target is State.AWAITING_CALL_BACK:
        return msgspec.structs.replace(ticket, call_at=calling.first_call(now, ZoneInfo(city.pack.city.timezone)))
    waits = ticket.state is State.AWAITING_CALL_BACK and ticket.rated_solution is None
    return ticket if waits or ticket.call_at is None else msgspec.structs.replace(ticket, call_at=None)


def _not_reached(ticket: Ticket, step: Step, facts: Facts, city: City) -> Change:
    """A call came to nothing. Who is not to be rung again counts as rung often enough."""
    reached = step.reached or Reached.NO_ANSWER
    attempts = calling.MOST if reached in calling.NO_USE else ticket.attempts + 1
    call_at = calling.next_call(facts.now, reached, attempts, ZoneInfo(city.pack.city.timezone))
    rung = msgspec.structs.replace(ticket, attempts=attempts, call_at=call_at)
    return Change(rung, detail={"reached": reached.value, "attempts": attempts})


def _amended(ticket: Ticket, step: Step, facts: Facts, city: City) -> Change:
    """Another matter or place, and who would answer for it."""
    right = msgspec.structs.replace(ticket, matter=step.matter or ticket.matter, region=step.region or ticket.region)
    on = facts.now.astimezone(ZoneInfo(city.pack.city.timezone)).date()
    right = msgspec.structs.replace(right, suggestions=placing.amended(right, step.matter, city, on))
    return Change(right, detail={"matter": right.matter, "region": right.region})


def _supplemented(ticket: Ticket, step: Step, facts: Facts, city: City) -> Change:
    """More words; and where it is and who can be reached, as far as that was not known. Who is known to have brought it stays that."""
    detail = {"caller": str(step.caller)} if step.caller is not None and ticket.caller is None else {}
    waits = ticket.state is State.AWAITING_DISPATCH
    place = (step.place if waits else "") or ticket.place or step.place
    # What a person has settled is only made finer; a step cannot carry the ticket to another district.
    region = step.region if step.region.startswith(ticket.region or "") else ticket.region
    known = msgspec.structs.replace(ticket, place=place, region=region or ticket.region)
    if known.region != ticket.region and waits:
        on = facts.now.astimezone(ZoneInfo(city.pack.city.timezone)).date()
        known = msgspec.structs.replace(known, suggestions=placing.amended(known, "", city, on))
    return Change(known, detail=detail)


def _recounted(ticket: Ticket, step: Step, city: City) -> Change:
    """Other limits; the history keeps those that it had, and by which day the answer was and is owed."""
    dues = step.dues
    assert dues is not None, "the guards moves_the_promise and moves_a_limit saw it"
    pairs = {
        "dispatch": (ticket.dispatch_due, dues.dispatch), "sign": (ticket.sign_due, dues.sign),
        "contact": (ticket.contact_due, dues.contact), "answer": (ticket.answer_due, dues.answer),
    }  # fmt: skip
    moved = msgspec.structs.replace(
        ticket, dispatch_due=dues.dispatch, sign_due=dues.sign, contact_due=dues.contact, answer_due=dues.answer
    )
    said = {name: [_written(one) for one in pair] for name, pair in pairs.items() if pair[0] != pair[1]}
    zone = ZoneInfo(city.pack.city.timezone)
    days = [at.astimezone(zone).date().isoformat() for at in pairs["answer"] if at]
    return Change(moved, detail={"limits": said} | ({"answer_by": days} if dues.promise else {}))


def _written(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()


def _danger(step: Step, facts: Facts) -> dict[str, Any]:
    """What the second look weighed; whatever else sends such a figure has not weighed anything."""
    weighed = step.danger is not None and Role.SYSTEM in facts.actor.roles
    return {"danger": round(step.danger or 0.0, 4)} if weighed else {}


def _of_campaign(ticket: Ticket, action: Action, step: Step) -> Change:
    """Into the step's campaign, or out of the one it is in. Which limits that means, `deadlines.py` says."""
    detail: dict[str, Any] = {"left": _named(ticket)} if ticket.campaign else {}
    joins = action is Action.JOIN
    moved = msgspec.structs.replace(ticket, campaign=step.campaign if joins else None, special=step.special if joins else None)
    return Change(moved, detail=detail | ({"joined": _named(moved)} if moved.campaign else {}))


def _named(ticket: Ticket) -> dict[str, Any]:
    """The ticket's campaign with its limits, as the history keeps them."""
    special = ticket.special
    assert special is not None, "the database keeps both or neither"
    return {
        "campaign": str(ticket.campaign),
        "name": special.name,
        "sign": special.sign,
        "contact": special.contact,
        "answer": special.answer,
    }


def _no_extension_asked(ticket: Ticket) -> Ticket:
    return msgspec.structs.replace(ticket, extension_asked=None, extension_reason="")


def _rated(ticket: Ticket, step: Step) -> Change:
    rating = step.rating
    assert rating is not None, "the guard has_rating saw it"
    rated = msgspec.structs.replace(
        ticket,
        rated_response=rating.response,
        rated_solution=rating.solution,
        rated_attitude=rating.attitude,
        rating_words=rating.words,
    )
    words = {"words": rating.words} if rating.words else {}
    return Change(rated, detail={"response": rating.response, "solution": rating.solution, "attitude": rating.attitude} | words)


def _assigned(ticket: Ticket, action: Action, step: Step, facts: Facts, city: City) -> Change:
    """A lead (and co-units) named by the gate, a dispatcher, or a ruling."""
    by = "gate" if Role.SYSTEM in facts.actor.roles and not step.settled else "person"
    assigned = msgspec.structs.replace(
        ticket,
        lead=step.unit,
        basis=step.basis.strip(),
        matter=step.matter or ticket.matter,
        region=step.region or ticket.region,
        dispatched_by=by,
        ruled=ticket.ruled or action is Action.RULE,
    )
    detail: dict[str, Any] = {"unit": step.unit, "co": list(step.co_units), "basis": assigned.basis, "matter": assigned.matter}
    if step.settled:
        detail["settled"] = True
    panel = tuple(o.id for o in facts.live(OrderRole.PANEL))
    leading = facts.live(OrderRole.LEAD)
    if action is Action.RULE and leading and leading[0].unit == step.unit:
        have = {o.unit for o in facts.live(OrderRole.CO)} | {step.unit}
        more = tuple(_order(u, city, OrderRole.CO, facts.now, None) for u in dict.fromkeys(step.co_units) if u not in have)
        return Change(assigned, ended=panel, ended_how="ruled", made=more, detail=detail)
    assigned = _no_extension_asked(assigned)
    ended = (*(o.id for o in leading), *(o.id for o in facts.live(OrderRole.CO)), *panel)
    return Change(assigned, ended=ended, ended_how=action, made=orders(step.unit, step.co_units, city, facts.now), detail=detail)


def orders(lead: str, co_units: tuple[str, ...], city: City, now: datetime) -> tuple[Order, ...]:
    """Fresh orders for a lead and its co-units."""
    others = tuple(dict.fromkeys(u for u in co_units if u != lead))
    return (_order(lead, city, OrderRole.LEAD, now, None), *(_order(u, city, OrderRole.CO, now, None) for u in others))


def _order(unit: str, city: City, role: OrderRole, now: datetime, due: datetime | None) -> Order:
    return Order(id=new_id(now), unit=unit, unit_path=city.register.unit_path(unit), role=role, since=now, due=due)


def _led_by(ticket: Ticket, facts: Facts, city: City, unit: str, how: Action) -> Change:
    """Another unit of the same branch leads; the limits stay as they were."""
    ended = tuple(o.id for o in facts.live(OrderRole.LEAD))
    made = (_order(unit, city, OrderRole.LEAD, facts.now, ticket.answer_due),)
    return Change(msgspec.structs.replace(ticket, lead=unit), ended=ended, ended_how=how, made=made, detail={"unit": unit})


def _returned(ticket: Ticket, edge: Edge, step: Step, facts: Facts) -> Change:
    returned = msgspec.structs.replace(ticket, returns=ticket.returns + 1)
    detail: dict[str, Any] = {"basis": step.basis.strip(), "unit": ticket.lead}
    if edge.target is State.JOINT_REVIEW:
        return Change(returned, made=_asked_of_those_before(ticket, facts), detail=detail)
    ended = tuple(o.id for o in facts.orders if o.ended_at is None)
    unled = _no_extension_asked(msgspec.structs.replace(returned, lead=None))
    return Change(unled, ended=ended, ended_how=edge.action, detail=detail)


def _asked_of_those_before(ticket: Ticket, facts: Facts) -> tuple[Order, ...]:
    """It stays with the unit that has it; those that returned it before are asked for their opinion."""
    earlier = {o.unit: o for o in facts.orders if o.role is OrderRole.LEAD and o.ended_how == Action.RETURN and o.unit != ticket.lead}
    return tuple(Order(new_id(facts.now), o.unit, o.unit_path, OrderRole.PANEL, facts.now) for o in earlier.values())


def _again(ticket: Ticket, edge: Edge, facts: Facts) -> Change:
    """A new round: what was rated and counted in the last one is in the history."""
    fresh = msgspec.structs.replace(
        ticket,
        rounds=ticket.rounds + 1,
        attempts=0,
        extensions=0,
        rated_response=None,
        rated_solution=None,
        rated_attitude=None,
        rating_words="",
        closed_at=None,
    )
    fresh = _no_extension_asked(fresh)
    detail: dict[str, Any] = {"answer": ticket.answer, "round": fresh.rounds}
    if edge.action is Action.REOPEN and ticket.campaign is not None:
        # Its campaign may be over by now; if it is not, it takes the ticket in again.
        detail["left"] = _named(ticket)
        fresh = msgspec.structs.replace(fresh, campaign=None, special=None)
    live = tuple(o.id for o in facts.orders if o.ended_at is None)
    if edge.target is State.AWAITING_DISPATCH:
        return Change(msgspec.structs.replace(fresh, lead=None), ended=live, ended_how=edge.action, detail=detail)
    if facts.live(OrderRole.LEAD):
        return Change(fresh, detail=detail)
    last = [o for o in facts.orders if o.role is OrderRole.LEAD][-1]
    return Change(fresh, made=(Order(new_id(facts.now), last.unit, last.unit_path, OrderRole.LEAD, facts.now),), detail=detail)


def _referred(ticket: Ticket, edge: Edge, facts: Facts) -> Change:
    """A new round that begins with the question whose it is; who has answered badly acts on, and those that returned it are heard."""
    again = _again(ticket, edge, facts)
    asked = _asked_of_those_before(ticket, facts)
    return msgspec.structs.replace(again, made=(*again.made, *asked), detail=again.detail | {"unit": ticket.lead})


def _ended(change: Change, edge: Edge, facts: Facts) -> Change:
    """The ticket is over: its orders end with it, in a way that lets the units look at it later."""
    ended_at = change.ticket.closed_at or facts.now
    live = tuple(o.id for o in facts.orders if o.ended_at is None)
    how = "closed" if edge.target is State.CLOSED else edge.action.value
    over = msgspec.structs.replace(_no_extension_asked(change.ticket), closed_at=ended_at)
    return msgspec.structs.replace(change, ticket=over, ended=live, ended_how=how)


def part_of(ticket: Ticket, text: str, number: str, now: datetime) -> Ticket:
    """A new ticket for one part of another: the same caller, place and channel, nothing of its handling."""
    return msgspec.structs.replace(
        fresh(ticket.contact, number, ticket.caller, ticket.channel, ticket.kind, text, ticket.urgency, ticket.audience, now),
        region=ticket.region,
        place=ticket.place,
        latitude=ticket.latitude,
        longitude=ticket.longitude,
        hides_identity=ticket.hides_identity,
        complained_unit=ticket.complained_unit,
        split_from=ticket.id,
    )


def fresh(
    contact: UUID, number: str, caller: UUID | None, channel: str, kind: RequestKind, text: str,
    urgency: Urgency, audience: Audience, now: datetime,
) -> Ticket:  # fmt: skip
    """A ticket to which nothing has happened yet."""
    return Ticket(
        id=new_id(now), number=number, contact=contact, caller=caller, created_at=now, channel=channel, kind=kind, title="", text=text,
        matter=None, region=None, place="", urgency=urgency, audience=audience, state=State.AWAITING_DISPATCH, lead=None,
        responsibility=None, basis="", confidence=None, dispatched_by="", suggestions=(), hides_identity=False, complained_unit=None,
        dispatch_due=None, sign_due=None, contact_due=None, answer_due=None, next_due=None, amber_at=None, warned_at=None,
        overdue_at=None, first_dispatched_at=None, dispatched_at=None, signed_at=None, contacted_at=None, replied_at=None, closed_at=None,
        answer="", internal_answer="", returns=0, ruled=False, extensions=0, extension_asked=None, extension_reason="", attempts=0,
        rounds=0, urged=0, supervision="", rated_response=None, rated_solution=None, rated_attitude=None, rating_words="",
        merged_into=None, split_from=None, version=0, head=b"",
    )  # fmt: skip
