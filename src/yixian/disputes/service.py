"""The use cases of disputes. A dispute follows its ticket; the ticket never waits for the dispute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from yixian.city.inforce import City
from yixian.db import outbox
from yixian.db.ids import new_id
from yixian.db.outbox import Event
from yixian.db.pool import Scope, Transaction
from yixian.disputes import ladder, panel, record, store
from yixian.disputes.ladder import Facts
from yixian.disputes.model import (
    Case,
    Counts,
    Deed,
    Dispute,
    Ended,
    Entry,
    Filters,
    Kind,
    Motion,
    Notice,
    Opinion,
    Page,
    Panel,
    Party,
    Precedent,
    Ruling,
    Rung,
    Seat,
    Side,
    UnitRecord,
    Word,
)
from yixian.disputes.panel import Tally
from yixian.people.model import Actor
from yixian.tickets import service as tickets
from yixian.tickets.model import Action, HistoryRow, Line, Order, OrderRole, State, Step, Ticket


class NotFound(Exception):
    """No such dispute, or none that this person may see: the two look the same on purpose."""


class Refused(Exception):
    """It cannot be done; the sentence is for the screen."""

    def __init__(self, sentence: str, allowed: Sequence[Deed] = ()) -> None:
        super().__init__(sentence)
        self.allowed = tuple(allowed)


class Overtaken(Exception):
    """Somebody changed the dispute in between; carries what they did."""

    def __init__(self, entry: Entry | None) -> None:
        super().__init__("争议刚刚有了新情况，请查看后再操作。")
        self.entry = entry


# -- Following the ticket ----------------------------------------------------------------------------------------

SAYING: Final = frozenset({Action.RETURN, Action.OBJECT, Action.OPINION})
"""Steps of a ticket with which a unit says something in a dispute."""

FOLLOWED: Final = SAYING | {Action.REFER}
"""And the one with which the hotline itself asks whose the ticket is."""


async def follow(tx: Transaction, number: str, seq: int, city: City) -> None:
    """Keeps what a unit said with step `seq` of a ticket, and opens a dispute when the step took it to joint review.

    Bears to be called again. Acts as the system.
    """
    ticket, orders = await tickets.read(tx, number)
    rows = await tickets.time_line(tx, ticket)
    row = next(r for r in rows if r.seq == seq)
    opened = (await store.open_of(tx, [ticket.id])).get(ticket.id)
    earlier = [_w for r in rows if r.seq <= seq and (_w := _word(r, orders, city))]
    if row.action == Action.REFER:
        acting = str(row.detail.get("unit") or "")
        if opened is None and acting in city.register.paths and not await store.had(tx, ticket.id, row.at):
            asked = Party(acting, city.register.paths[acting], Side.ACTING, due=city.due(row.at, ladder.WORDS_WITHIN))
            await _open(tx, ticket, row, asked, earlier, city)
            await _end_with(tx, ticket, rows)
        return
    word = _word(row, orders, city)
    if word is None or not await store.put_word(tx, ticket.id, opened, word):
        return
    if row.target == State.JOINT_REVIEW and row.source != State.JOINT_REVIEW and opened is None:
        await _open(tx, ticket, row, Party(word.unit, word.unit_path, Side.ACTING), earlier[:-1], city)
        await _end_with(tx, ticket, rows)


def _word(row: HistoryRow, orders: Sequence[Order], city: City) -> Word | None:
    """What was said with a step; None when nobody said anything of whose it is."""
    if row.action not in tuple(SAYING):
        return None
    unit = str(row.detail.get("unit") or "") if row.action != Action.OPINION else row.unit
    led = [o for o in orders if o.unit == unit and o.role is OrderRole.LEAD and o.since <= row.at]
    path = led[-1].unit_path if led else city.register.paths.get(unit, "")
    if not path:
        return None
    ordered = led[-1].since if led and row.action != Action.OPINION else None
    basis = str(row.detail.get("basis") or "")
    return Word(new_id(row.at), row.at, Kind(row.action), unit, path, row.actor, row.note, basis, row.seq, ordered)


async def _open(tx: Transaction, ticket: Ticket, row: HistoryRow, acting: Party, said: Sequence[Word], city: City) -> None:
    """Opens the dispute of a ticket that went to joint review with the step `row`. `said`: what was said of it before."""
    dispute = Dispute(
        id=new_id(row.at), ticket=ticket.id, number=ticket.number, opened_at=row.at, acting=acting.unit, matter=ticket.matter,
        region=ticket.region, place=ticket.place, audience=ticket.audience, title=ticket.title, text=ticket.text, rung=Rung.DESK,
        due=city.due(row.at, ladder.WITHIN[Rung.DESK]),
    )  # fmt: skip
    sides = _sides(acting, said, str(row.detail.get("named") or ""), city, row.at)
    if not await store.put_dispute(tx, dispute, sides):
        return
    await store.put_entry(tx, dispute.id, _entry("opened", row.at, row.actor, row.role, row.unit, row.note, {"acting": acting.unit}))
    asked = [(p.unit, p.unit_path, "asked") for p in sides if p.due]
    await store.put_notices(tx, dispute.id, asked, row.at)
    body = _body(dispute) | {"acting": acting.unit, "units": [p.unit for p in sides], "at": row.at}
    await outbox.put(tx, Event("dispute.opened", dispute.id, body, row.at))


def _sides(acting: Party, said: Sequence[Word], named: str, city: City, at: datetime) -> tuple[Party, ...]:
    """Who disputes: the acting unit, those that returned the ticket before, and whom the acting unit names."""
    sides = {acting.unit: acting}
    for word in said:
        if word.kind is Kind.RETURN:
            sides.setdefault(word.unit, Party(word.unit, word.unit_path, Side.RETURNED))
    if path := city.register.paths.get(named):
        sides.setdefault(named, Party(named, path, Side.NAMED, due=city.due(at, ladder.WORDS_WITHIN)))
    return tuple(sides.values())


async def part(tx: Transaction, moved: Mapping[UUID, str]) -> None:
    """Ends the disputes of tickets (id to number) that have left joint review. Acts as the system."""
    for identifier in await store.open_of(tx, list(moved)):
        ticket, _ = await tickets.read(tx, moved[identifier])
        await _end_with(tx, ticket, await tickets.time_line(tx, ticket))


async def _end_with(tx: Transaction, ticket: Ticket, rows: Sequence[HistoryRow]) -> None:
    """Ends the ticket's open dispute when its history shows that joint review is over."""
    identifier = (await store.open_of(tx, [ticket.id])).get(ticket.id)
    if identifier is None or not await store.hold(tx, identifier):
        return
    case = await _find(tx, identifier)
    if case.dispute.ended_at is not None:
        return
    left = next((r for r in rows if r.at >= case.dispute.opened_at and _leaves(r)), None)
    if left is None:
        return
    if left.action == Action.RULE:
        await _ruled_at_the_ticket(tx, case, left)
    else:
        how = Ended.SETTLED if left.action == Action.REPLY else Ended.LAPSED
        await store.end(tx, identifier, how, left.at)
        entry = _entry(how.value, left.at, left.actor, left.role, left.unit, "", {"step": left.action})
        await store.put_entry(tx, identifier, entry)
        await _tell_all(tx, case, how.value, left.at)
        await outbox.put(tx, Event("dispute.settled", identifier, _body(case.dispute) | {"how": how.value, "at": left.at}, left.at))


def _leaves(row: HistoryRow) -> bool:
    return row.source == State.JOINT_REVIEW and row.target != State.JOINT_REVIEW


async def _ruled_at_the_ticket(tx: Transaction, case: Case, row: HistoryRow) -> None:
    """A dispatcher ruled on the ticket's own page: the same ruling, written down here."""
    co = tuple(str(u) for u in row.detail.get("co") or ())
    motion = Motion(note=row.note, basis=str(row.detail.get("basis") or ""), unit=str(row.detail.get("unit") or ""), co_units=co)
    await _write_ruling(tx, case, motion, row.actor, row.role, row.unit, row.at)


# -- What people do ----------------------------------------------------------------------------------------------

HOTLINES: Final = frozenset({Deed.CONVENE, Deed.ESCALATE, Deed.RULE})
"""Deeds that change where the dispute stands: one at a time, and only on what the person has seen."""


async def do(tx: Transaction, actor: Actor, dispute: UUID, deed: Deed, motion: Motion, city: City, now: datetime) -> Case:
    """Does a deed to a dispute and gives back how it stands.

    Raises:
        NotFound: no such dispute, or not one this actor may see.
        Refused: it cannot be done; carries the sentence for the screen and what can be done instead.
        Overtaken: somebody changed or ended the dispute in between; carries what they did.
        tickets.Refused, tickets.Overtaken: the ticket itself has moved on.
    """
    if deed in HOTLINES and actor.acting.scope is Scope.HOTLINE and await store.hold(tx, dispute):
        await store.lock_panel(tx, dispute)
    case = await _find(tx, dispute)
    stale = motion.version and motion.version != case.version and deed in HOTLINES
    if case.dispute.ended_at is not None or stale:
        raise Overtaken(case.entries[-1] if case.entries else None)
    _check_names(motion, city)
    facts = Facts(actor, now, city.register.paths, await _complained(tx, case) if deed is Deed.CONVENE else None)
    if said := ladder.refusal(case, deed, motion, facts):
        raise Refused(said, ladder.offered(case, facts))
    await _DEEDS[deed](tx, case, actor, motion, city, now)
    return await _find(tx, dispute)


async def _complained(tx: Transaction, case: Case) -> str | None:
    ticket, _ = await tickets.read(tx, case.dispute.number)
    return ticket.complained_unit


async def _say(tx: Transaction, case: Case, actor: Actor, motion: Motion, city: City, now: datetime) -> None:
    """A side says its word; as often as it likes, each kept."""
    word = Word(
        new_id(now), now, Kind.STATEMENT, actor.unit, actor.unit_path, actor.id, motion.note.strip(), motion.basis.strip()
    )  # fmt: skip
    await store.put_word(tx, case.dispute.ticket, case.dispute.id, word)
    await store.put_entry(tx, case.dispute.id, _by(actor, case, Deed.SAY, "said", now))


async def _convene(tx: Transaction, case: Case, actor: Actor, motion: Motion, city: City, now: datetime) -> None:
    due = city.due(now, f"{motion.days or ladder.PANEL_DAYS}wd")
    sitting = Panel(new_id(now), case.dispute.rung, motion.note.strip(), now, actor.id, due)
    sides = [p.unit_path for p in case.parties]
    paths = {u: city.register.paths[u] for u in dict.fromkeys(motion.units)}
    seats = [Seat(sitting.id, unit, path, panel.votes(path, sides)) for unit, path in paths.items()]
    await store.put_panel(tx, case.dispute.id, sitting, seats)
    await store.allow_until(tx, case.dispute.id, city.due(due, ladder.AFTER_PANEL))
    await store.put_notices(tx, case.dispute.id, [(s.unit, s.unit_path, "convened") for s in seats], now)
    detail: dict[str, Any] = {"units": [s.unit for s in seats], "due": due}
    await store.put_entry(tx, case.dispute.id, _by(actor, case, Deed.CONVENE, "convened", now, sitting.question, detail))
    body = _body(case.dispute) | {"question": sitting.question, "units": detail["units"], "due": due, "at": now}
    await outbox.put(tx, Event("dispute.convened", case.dispute.id, body, now))


async def _vote(tx: Transaction, case: Case, actor: Actor, motion: Motion, city: City, now: datetime) -> None:
    """A unit's one opinion and vote; given again, it takes the place of the one before."""
    seat = ladder.seat_of(case, actor)
    assert seat is not None, "the ladder saw it"
    before = case.opinions_of(seat.panel).get(seat.unit)
    opinion = Opinion(
        panel=seat.panel, unit=seat.unit, unit_path=seat.unit_path, seq=before.seq + 1 if before else 1, at=now, actor=actor.id,
        lead=motion.unit, co=_co(motion), basis=motion.basis.strip(), words=motion.note.strip(),
    )  # fmt: skip
    if not await store.put_opinion(tx, case.dispute.id, opinion):
        raise Overtaken(case.entries[-1])
    action = "changed" if before else "voted"
    await store.put_entry(tx, case.dispute.id, _by(actor, case, Deed.VOTE, action, now, detail={"counts": seat.votes}))


async def _escalate(tx: Transaction, case: Case, actor: Actor, motion: Motion, city: City, now: datetime) -> None:
    """One rung up, with the reason; a panel that sits is dismissed, its opinions stay."""
    rung = ladder.above(case.dispute.rung)
    assert rung is not None, "nobody may escalate from the last rung"
    due = city.due(now, ladder.WITHIN[rung])
    await store.close_panels(tx, case.dispute.id, now)
    await store.climb(tx, case.dispute.id, rung, due)
    detail: dict[str, Any] = {"from": case.dispute.rung.value, "to": rung.value, "due": due}
    await store.put_entry(tx, case.dispute.id, _by(actor, case, Deed.ESCALATE, "escalated", now, motion.note.strip(), detail))
    await store.put_notices(tx, case.dispute.id, [(p.unit, p.unit_path, "escalated") for p in case.parties], now)
    await outbox.put(tx, Event("dispute.escalated", case.dispute.id, _body(case.dispute) | detail | {"at": now}, now))


async def _rule(tx: Transaction, case: Case, actor: Actor, motion: Motion, city: City, now: datetime) -> None:
    """The ticket goes to the ruled unit, which cannot return it; the ruling is written down and offered to the list."""
    step = Step(note=motion.note.strip(), basis=motion.basis.strip(), unit=motion.unit, co_units=_co(motion))
    await tickets.act(tx, actor, case.dispute.number, Action.RULE, step, city, now)
    role = ladder.role_for(case, Deed.RULE, actor)
    await _write_ruling(tx, case, motion, actor.id, role or "", actor.unit, now)


_DEEDS: Final = {
    Deed.SAY: _say,
    Deed.CONVENE: _convene,
    Deed.VOTE: _vote,
    Deed.ESCALATE: _escalate,
    Deed.RULE: _rule,
}


async def _write_ruling(tx: Transaction, case: Case, motion: Motion, actor: str, role: str, unit: str, at: datetime) -> None:
    dispute, counted = case.dispute, tally(case)
    ruling = Ruling(
        dispute=dispute.id, ticket=dispute.ticket, at=at, actor=actor, role=role, rung=dispute.rung, lead=motion.unit, co=_co(motion),
        basis=motion.basis.strip(), reason=motion.note.strip(), how=panel.how(counted, motion.unit),
        tally=counted.kept() if counted else {}, matter=dispute.matter, region=dispute.region, audience=dispute.audience,
        units=tuple(dict.fromkeys((*(p.unit for p in case.parties), motion.unit))),
    )  # fmt: skip
    await store.put_ruling(tx, ruling)
    await store.end(tx, dispute.id, Ended.RULED, at)
    detail: dict[str, Any] = {"unit": ruling.lead, "co": list(ruling.co), "basis": ruling.basis, "how": ruling.how.value}
    await store.put_entry(tx, dispute.id, _entry("ruled", at, actor, role, unit, ruling.reason, detail))
    await _tell_all(tx, case, "ruled", at)
    await outbox.put(tx, Event("dispute.ruled", dispute.id, _told_of(ruling, dispute), at))


def _told_of(ruling: Ruling, dispute: Dispute) -> dict[str, Any]:
    """The ruling as other rooms take it up: a proposal for the responsibility list."""
    return _body(dispute) | {
        "audience": ruling.audience,
        "lead": ruling.lead,
        "co": ruling.co,
        "basis": ruling.basis,
        "reason": ruling.reason,
        "rung": ruling.rung,
        "how": ruling.how,
        "units": ruling.units,
        "at": ruling.at,
    }


def tally(case: Case) -> Tally | None:
    """The votes of the newest panel; None when nobody was asked."""
    if not case.panels:
        return None
    newest = case.panels[-1].id
    return panel.count(case.seats_of(newest), case.opinions_of(newest))


def _co(motion: Motion) -> tuple[str, ...]:
    return tuple(u for u in dict.fromkeys(motion.co_units) if u != motion.unit)


def _check_names(motion: Motion, city: City) -> None:
    if unknown := [u for u in (motion.unit, *motion.co_units, *motion.units) if u and u not in city.units]:
        raise Refused(f"没有编号为 {unknown[0]} 的单位，请重新选择。")


async def _tell_all(tx: Transaction, case: Case, kind: str, at: datetime) -> None:
    """Tells the sides, and everybody who sat on a panel."""
    told = {p.unit: p.unit_path for p in case.parties} | {s.unit: s.unit_path for s in case.seats}
    await store.put_notices(tx, case.dispute.id, [(unit, path, kind) for unit, path in told.items()], at)


def _by(actor: Actor, case: Case, deed: Deed, action: str, now: datetime, note: str = "", detail: dict[str, Any] | None = None) -> Entry:
    return _entry(action, now, actor.id, ladder.role_for(case, deed, actor) or "", actor.unit, note, detail or {})


def _entry(action: str, at: datetime, actor: str, role: str, unit: str, note: str = "", detail: dict[str, Any] | None = None) -> Entry:
    return Entry(at, actor, role, unit, action, note, detail or {})


def _body(dispute: Dispute) -> dict[str, Any]:
    """What every event of a dispute says."""
    return {
        "dispute": dispute.id,
        "number": dispute.number,
        "ticket": dispute.ticket,
        "matter": dispute.matter,
        "region": dispute.region,
        "rung": dispute.rung,
    }


# -- Looking -----------------------------------------------------------------------------------------------------

LIMIT: Final = 50
LIMIT_MOST: Final = 200


async def see(tx: Transaction, dispute: UUID) -> Case:
    """The dispute as the acting person may see it.

    Raises:
        NotFound: no such dispute, or not one that they may see.
    """
    return await _find(tx, dispute)


async def open_case(tx: Transaction, ticket: Ticket) -> Case | None:
    """The ticket's open dispute, as the acting person may see it; None when there is none."""
    identifier = (await store.open_of(tx, [ticket.id])).get(ticket.id)
    return await store.find(tx, identifier) if identifier else None


def offered(case: Case, actor: Actor, city: City, now: datetime) -> tuple[Deed, ...]:
    """What this person may do to it now."""
    return ladder.offered(case, Facts(actor, now, city.register.paths))


def waits_for(case: Case, actor: Actor, city: City, now: datetime) -> str | None:
    """What somebody who may rule still has to wait for, as a sentence."""
    if case.dispute.ended_at is not None or ladder.role_for(case, Deed.RULE, actor) is None:
        return None
    return ladder.must_wait(case, Facts(actor, now, city.register.paths))


async def precedents(tx: Transaction, case: Case) -> tuple[Precedent, ...]:
    """The newest rulings about the same matter that the acting person may see."""
    return await store.precedents(tx, case.dispute.matter, case.dispute.id) if case.dispute.matter else ()


async def worklist(tx: Transaction, actor: Actor, filters: Filters, after: str, limit: int, now: datetime) -> Page:
    """A stretch of the disputes this person may see: open ones by the clock, ended ones newest first. One statement.

    Raises:
        Refused: an `after` that we did not hand out.
    """
    limit = max(1, min(limit, LIMIT_MOST))
    lines = await store.lines(tx, filters, _branch(actor), _cursor(after), limit + 1, now)
    if len(lines) <= limit:
        return Page(lines, "")
    last = lines[limit - 1]
    return Page(lines[:limit], f"{last.due.isoformat()}~{last.id}")


async def counts(tx: Transaction, actor: Actor, now: datetime) -> Counts:
    """How many disputes are open and late, as far as this person may see. One statement."""
    return await store.counts(tx, _branch(actor), now)


def _branch(actor: Actor) -> str:
    """A unit's list is its own branch's; the database would hide the rest anyway, but one row at a time."""
    return actor.unit_path if actor.acting.scope is Scope.UNIT else ""


def _cursor(after: str) -> tuple[datetime, UUID] | None:
    if not after:
        return None
    due, _, identifier = after.partition("~")
    try:
        at = datetime.fromisoformat(due)
        if at.tzinfo is None:
            raise ValueError("a time without its zone")
        return at, UUID(identifier)
    except (ValueError, OverflowError):
        raise Refused("翻页位置无效，请从第一页重新查看。") from None


async def records(tx: Transaction, now: datetime) -> tuple[UnitRecord, ...]:
    """How often units said in the last 90 days that a ticket is not their own. Two statements. For the hotline's eyes."""
    since = now - record.WINDOW
    return record.records(await tickets.led_since(tx, since), await store.doubted_since(tx, since))


async def notices(tx: Transaction, actor: Actor) -> tuple[Notice, ...]:
    """What the actor's unit was told and has not acknowledged yet."""
    return await store.notices(tx, actor.unit_path) if actor.acting.scope is Scope.UNIT else ()


async def acknowledge(tx: Transaction, actor: Actor, until: UUID, now: datetime) -> int:
    """Takes down what the actor's unit was told up to the notice `until`; returns how many."""
    return await store.acknowledge(tx, actor.unit_path, until, actor.id, now) if actor.acting.scope is Scope.UNIT else 0


async def _find(tx: Transaction, dispute: UUID) -> Case:
    found = await store.find(tx, dispute)
    if found is None:
        raise NotFound("没有找到这件争议，或您无权查看。")
    return found


# -- What the ticket's own desks ask -----------------------------------------------------------------------------

DISPUTED_WITHIN: Final = timedelta(days=180)
OFTEN: Final = "常有争议"


async def flags(tx: Transaction, lines: Sequence[Line], now: datetime) -> dict[UUID, str]:
    """Those tickets of a list of whose like it is often disputed who leads. One statement."""
    asked = [store.Asked(line.id, line.matter, line.region, line.owners) for line in lines]
    return dict.fromkeys(await store.often_disputed(tx, asked, now - DISPUTED_WITHIN), OFTEN)


async def bars(tx: Transaction, number: str, action: Action) -> str | None:
    """Why this ticket is not ruled on its own page: a panel sits, or the dispute has climbed."""
    if action is not Action.RULE:
        return None
    standing = await store.standing_of(tx, number)
    if standing is None or standing == (Rung.DESK, False):
        return None
    return "这件争议正在会审或已经上交，请在争议审定台裁定。"


# -- By the clock ------------------------------------------------------------------------------------------------


async def mark(tx: Transaction, now: datetime) -> int:
    """Marks what is late, writes it into the time line, tells the units that owe something; returns how many were marked.

    A dispute whose ticket has left joint review without our hearing of it ends here instead. Acts as the system.
    """
    rulings = await store.mark_disputes(tx, now)
    for late in rulings:
        if not await _is_over(tx, late.number):
            await _write_late(tx, "ruling", late, now)
    panels = await store.mark_panels(tx, now)
    for late in panels:
        await _write_late(tx, "opinion", late, now)
    words = await store.mark_words(tx, now)
    for late in words:
        await _write_late(tx, "words", late, now)
    return len(rulings) + len(panels) + len(words)


async def _write_late(tx: Transaction, what: str, late: store.Late, now: datetime) -> None:
    detail: dict[str, Any] = {"what": what, "due": late.due, "units": [unit for unit, _ in late.units]}
    await store.put_entry(tx, late.dispute, _entry("overdue", now, "system", "system", "", "", detail))
    await store.put_notices(tx, late.dispute, [(unit, path, f"{what}_overdue") for unit, path in late.units], now)
    body = {"dispute": late.dispute, "number": late.number, "rung": late.rung, **detail, "at": now}
    await outbox.put(tx, Event("dispute.overdue", late.dispute, body, now))


async def _is_over(tx: Transaction, number: str) -> bool:
    ticket, _ = await tickets.read(tx, number)
    if ticket.state is State.JOINT_REVIEW:
        return False
    await _end_with(tx, ticket, await tickets.time_line(tx, ticket))
    return True
