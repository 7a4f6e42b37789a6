"""What becomes of a contact: decided from what was understood, before anything is stored. Pure."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec
from msgspec.structs import replace

from yixian.city.inforce import City
from yixian.city.model import Audience, Guide, RequestKind, Urgency
from yixian.dispatch import gate
from yixian.dispatch.model import Decision, Standing, Why
from yixian.intake.model import ContactIn, Outcome, Perhaps
from yixian.language.feelings import gives_up
from yixian.language.model import Alarm, Answer, Disposition, Reading

ANSWERED_FROM: Final = 0.6
"""How well a guide must fit a consultation to be given as the answer; below it a person answers."""

LIKELY: Final = 0.45
"""How well a guide must fit any words to be offered as what perhaps answers them."""
NEAR: Final = 0.15
"""How well one must that is about the matter, or about one beside it."""
OFFERED: Final = 2

NONE_OF_THEM: Final = "-"
"""What a resident says instead of a matter when it is none of those that were offered."""

ALARM_SAID: Final = (
    "有人正处于危险中吗？请立即拨打 {0}，不要等我们回复。您说的已经登记，工作人员马上查看。 Is anyone in danger? Call {0} now."
)
"""To whoever may be in danger; in both languages, as what a pack says of emergencies."""

_OUTCOMES: Final = {"emergency": Outcome.TRANSFERRED, "legal_route": Outcome.LEGAL_ROUTE, "outside": Outcome.OUTSIDE_SCOPE}


class Planned(msgspec.Struct, frozen=True):
    """One ticket to be."""

    reading: Reading
    decision: Decision
    kind: RequestKind
    matter: str | None
    region: str | None
    text: str
    """The resident's own words: all of them, or the part that is about this matter."""


class Plan(msgspec.Struct, frozen=True):
    """What becomes of the contact, unless the same caller's open ticket is found to be about the same."""

    outcome: Outcome
    reason: str = ""
    said: str = ""
    tickets: tuple[Planned, ...] = ()
    alarm: tuple[str, ...] = ()
    """It may be an emergency: the numbers that the resident is shown first, likeliest first."""
    care: bool = False
    """Who said it may take their own life: somebody of the hotline looks after them at once."""


def plan(
    contact: ContactIn, readings: tuple[Reading, ...], answers: tuple[Answer, ...], city: City, on: date, standing: Standing = Standing()
) -> Plan:
    """Decides the outcome. `standing`: what the city has learned about when to act alone.

    An operator's word comes first; then the six dispositions (Beijing regulation, art. 11: emergencies, legal routes, what is
    outside), then an answer from the guides for a consultation, then tickets: one for each matter. Who may take their own life is
    never answered or sent elsewhere without a ticket.
    """
    if contact.outcome not in (None, Outcome.TICKET_OPENED):
        return Plan(contact.outcome, contact.reason, contact.answer)
    care, disposed = needs_care(contact, readings), readings[0].disposition
    if care:
        readings = (_looked_after(readings[0]), *readings[1:])
    first = readings[0]
    if first.disposition is not None and contact.outcome is None and not contact.matter:
        return _disposed(first.disposition)
    if first.alarm is not None and not contact.matter:
        # Never a silent ordinary ticket: whoever is in danger reads the numbers first, and a person looks within minutes.
        to = first.alarm.to
        tickets = (_ticket(contact, first, True, city, on, standing),)
        if care and disposed is not None:
            return Plan(Outcome.TICKET_OPENED, disposed.code, disposed.say, tickets, to, care)
        return Plan(Outcome.TICKET_OPENED, said=ALARM_SAID.format("、".join(to)), tickets=tickets, alarm=to, care=care)
    if contact.outcome is None and not care and (said := _taken(contact, city, on) or _answer(contact, first, answers, city, on)):
        return Plan(Outcome.ANSWERED, said=said)
    tickets = tuple(_ticket(contact, reading, len(readings) == 1, city, on, standing) for reading in readings)
    return Plan(Outcome.TICKET_OPENED, tickets=tickets, care=care)


def needs_care(contact: ContactIn, readings: tuple[Reading, ...]) -> bool:
    """Whether who said it may take their own life: because the operator hears it, or because the words say so."""
    return contact.despairs or gives_up(readings[0].felt)


def _looked_after(reading: Reading) -> Reading:
    """The reading of somebody who is looked after: sooner than an ordinary matter; and what is an emergency in so many words carries its
    alarm, since the number of another line alone would leave them with nobody here who knows of them.
    """
    disposition = reading.disposition
    if disposition is None or disposition.kind != "emergency":
        urgency = Urgency.URGENT if reading.urgency is Urgency.NORMAL else reading.urgency
        return replace(reading, disposition=None, urgency=urgency)
    alarm = Alarm((disposition.code,), 1.0, reading.urgency)
    return replace(reading, disposition=None, alarm=alarm, urgency=Urgency.CRITICAL)


def asked_about_danger(contact: ContactIn, readings: tuple[Reading, ...], city: City) -> tuple[Reading, ...]:
    """The readings once it was asked whether anybody is in danger: who is there knows better than what the words look like.

    What is an emergency in so many words stays one.
    """
    first = readings[0]
    if contact.danger is None or first.disposition is not None:
        return readings
    if not contact.danger:
        return tuple(replace(r, alarm=None, urgency=r.alarm.calm) if r.alarm is not None else r for r in readings)
    if first.alarm is not None:
        return readings
    lines = tuple(sorted({e.to for e in city.pack.triage.emergency}))
    return tuple(replace(r, alarm=Alarm(lines, 1.0, r.urgency), urgency=Urgency.CRITICAL) for r in readings[:1])


def _disposed(disposition: Disposition) -> Plan:
    return Plan(_OUTCOMES[disposition.kind], disposition.code, disposition.say)


def _answer(contact: ContactIn, reading: Reading, answers: tuple[Answer, ...], city: City, on: date) -> str:
    """A guide's text with its source, when a consultation is clearly the question that a valid guide answers."""
    if (contact.kind or reading.kind) is not RequestKind.CONSULTATION or not answers or answers[0].score < ANSWERED_FROM:
        return ""
    guide = in_force(answers[0].guide, city, on)
    return _said(guide) if guide is not None else ""


def _taken(contact: ContactIn, city: City, on: date) -> str:
    """The guide that whoever asks took for the answer."""
    guide = in_force(contact.guide, city, on) if contact.guide else None
    return _said(guide) if guide is not None else ""


def _said(guide: Guide) -> str:
    return f"{guide.text.strip()}\n\n依据：{guide.source}"


def in_force(code: str, city: City, on: date) -> Guide | None:
    """The guide with this code, if it holds on this day."""
    return next((g for g in city.pack.guides if g.code == code and g.valid_from <= on <= g.review_by), None)


def perhaps(plan: Plan, answers: tuple[Answer, ...], city: City, on: date) -> tuple[Perhaps, ...]:
    """The guides that perhaps answer what is to become a ticket: those about its likely matters first, then by how well they fit.

    `answers`: the guides nearest to the words. A ticket is still one press away: a guide that only may fit never stands in for a person.
    """
    if len(plan.tickets) != 1 or plan.alarm or plan.care:
        return ()
    parents = {m.code: m.parent for m in city.pack.matters}
    likely = {s.matter for s in plan.tickets[0].decision.suggestions}
    beside = likely | {parents[matter] for matter in likely if parents.get(matter)}
    found: list[tuple[bool, float, Guide]] = []
    for answer in answers:
        guide = in_force(answer.guide, city, on)
        if guide is None:
            continue
        near = guide.matter in beside or parents.get(guide.matter) in beside
        if answer.score >= (NEAR if near else LIKELY):
            found.append((near, answer.score, guide))
    found.sort(key=lambda one: (not one[0], -one[1]))
    return tuple(Perhaps(g.code, g.title, g.text.strip(), g.source) for _, _, g in found[:OFFERED])


def _ticket(contact: ContactIn, reading: Reading, alone: bool, city: City, on: date, standing: Standing) -> Planned:
    said = contact.region or None  # by a person: what the words may mean besides no longer counts
    if contact.matter:
        decision = gate.settled(contact.matter, reading, city, on, said, contact.complained_unit)
    else:
        decision = gate.decide(
            reading, city, on, region=said, complained_unit=contact.complained_unit, gate=standing.gate, suspended=standing.suspended
        )
        if contact.meant and alone:
            decision = _as_meant(contact, decision, reading, city, on)
    matter = decision.suggestions[0].matter if decision.suggestions else None
    # What was understood is without greetings and in one way of writing; what is kept is what was said.
    text = contact.text if alone else reading.text
    return Planned(reading, decision, kind_of(contact, reading), matter, said or reading.place.region, text)


def _as_meant(contact: ContactIn, read: Decision, reading: Reading, city: City, on: date) -> Decision:
    """The decision once the resident has said which matter it is, or that it is none of those offered.

    They know what they mean, not how the city files it: what they say comes first among the suggestions, but sends nothing off by
    itself. Only where the words alone were sure of the same unit does the ticket go at once.
    """
    if read.why is Why.ALARM:
        return read
    if contact.meant == NONE_OF_THEM:
        return Decision(Why.NOTHING_FITS, 0.0, ())
    picked = gate.settled(contact.meant, reading, city, on, None, contact.complained_unit)
    chosen = picked.suggestions[0]
    if read.sure and read.suggestions[0].unit == chosen.unit:
        return replace(picked, why=picked.why, confidence=read.confidence)
    others = tuple(s for s in read.suggestions if s.matter != contact.meant)
    why = Why.UNSURE if picked.sure else picked.why
    return Decision(why, read.confidence, (chosen, *others)[:3])


def audience_of(contact: ContactIn) -> Audience | None:
    """Who asks, when the caller said so: a firm says it is one; a person says nothing, and then the words may tell."""
    return Audience.FIRM if contact.caller is not None and contact.caller.kind is Audience.FIRM else None


def audience_for(contact: ContactIn, reading: Reading) -> Audience:
    """As whose request it is filed: as the caller or the words say, else as a person's. Its limits hang on that, shown or filed."""
    return audience_of(contact) or reading.audience or Audience.PERSON


def kind_of(contact: ContactIn, reading: Reading) -> RequestKind:
    """As what kind of request it is filed: as somebody said, else as the words do."""
    return contact.kind or reading.kind
