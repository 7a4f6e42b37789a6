"""What may happen to a ticket, who may do it, and what it does to the clock.

This table alone decides it. Buttons, API, reference page, diagram and property tests are made from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from yixian.city.model import RequestKind
from yixian.people.model import Actor, Role
from yixian.tickets import calling
from yixian.tickets.model import FINAL, OPEN, Action, Alarmed, Care, Order, OrderRole, State, Step, Ticket

REOPEN_WITHIN: Final = timedelta(days=30)
"""How long after closing a citizen may say that it is not solved after all."""

CALL_BACK_ATTEMPTS: Final = calling.MOST
"""After so many calls that nobody answered, a message with a link takes their place (domain sheet: Jinan art. 27)."""

MOST_EXTENSIONS: Final = 1
MOMENT: Final = "%Y-%m-%d %H:%M"
SHORTEST_ANSWER: Final = 10
"""Characters. Less cannot tell a citizen what was done."""


class Clock(StrEnum):
    """What a step does to the time limits."""

    RUNS = "runs"
    """Nothing."""
    STARTS = "starts"
    """The unit's limits are counted from now."""
    STARTS_FOR_A_NEW_LEAD = "starts_for_a_new_lead"
    """As `STARTS` when another unit leads than before; else nothing."""
    WAITS_FOR_DISPATCH = "waits_for_dispatch"
    """The hotline's dispatch limit is counted from now; the unit's limits end."""
    EXTENDS = "extends"
    """The answer is owed later, by what was asked for."""
    STOPS = "stops"
    """Nothing is owed any more."""
    TIGHTENS = "tightens"
    """What is still owed is counted from now by the campaign's limits, and never owed later than before."""
    ALARMS = "alarms"
    """The hotline's dispatch limit becomes the one of what is critical: from now, and never later than before."""
    CALMS = "calms"
    """The dispatch limit is that of the ticket without its alarm, counted as if there had never been one."""
    RECOUNTS = "recounts"
    """What is still owed is counted again from where it began, by the limits and the calendar as the city changed them."""
    EASES = "eases"
    """The ordinary limits hold again, counted from dispatch; nothing is owed earlier than before."""


class Facts(msgspec.Struct, frozen=True):
    """What a guard may look at beside the ticket."""

    actor: Actor
    orders: tuple[Order, ...]
    """All orders, ended ones too, oldest first."""
    now: datetime
    return_till: datetime | None = None
    """Until when the unit may return it: one working day from dispatch."""
    longest_extension: int = 30
    """The most working days that may be asked for."""
    named_path: str = ""
    """Path of the unit that the step names; empty when there is no such unit."""
    urge_again: datetime | None = None
    """From when on its citizen may urge it again, in the city's zone; None when it was not urged yet."""
    parts_again: Mapping[UUID, datetime] = msgspec.field(default_factory=dict[UUID, datetime])
    """The same of each co-handler's order that the lead has urged."""
    call_again: datetime | None = None
    """From when on another call that reaches nobody counts, in the city's zone; None where any does."""

    def live(self, role: OrderRole) -> tuple[Order, ...]:
        """The live orders in this role."""
        return tuple(o for o in self.orders if o.role is role and o.ended_at is None)

    def mine(self, role: OrderRole) -> tuple[Order, ...]:
        """Those of them that the actor's unit, or one below it, holds."""
        return tuple(o for o in self.live(role) if self.actor.unit_path and o.unit_path.startswith(self.actor.unit_path))

    @property
    def open_parts(self) -> tuple[Order, ...]:
        """The co-handlers' orders whose part is still to come."""
        return tuple(o for o in self.live(OrderRole.CO) if o.part_at is None)

    @property
    def parts_to_urge(self) -> tuple[Order, ...]:
        """Those of them that were not urged a little while ago."""
        return tuple(o for o in self.open_parts if self.now >= self.parts_again.get(o.id, self.now))

    @property
    def handed_from(self) -> Order | None:
        """The order of the unit that handed the ticket down to the one that leads now; what was handed up again does not count."""
        above: list[Order] = []
        for order in self.orders:
            if order.role is not OrderRole.LEAD or order.ended_at is None:
                continue
            if order.ended_how == Action.HAND_DOWN:
                above.append(order)
            elif order.ended_how == Action.HAND_UP and above:
                above.pop()
            else:
                above.clear()
        return above[-1] if above else None


Guard = Callable[[Ticket, Step, Facts], str | None]
"""None when the step may be taken, else the sentence that says why not. Sentences are keys of the message catalogue."""


class Edge(msgspec.Struct, frozen=True):
    """One thing that may happen."""

    action: Action
    source: State
    target: State
    by: frozenset[Role]
    guards: tuple[Guard, ...] = ()
    clock: Clock = Clock.RUNS
    tells_citizen: bool = False
    """The citizen is told, and sees the step in the time line."""
    why: str = ""
    """Reason or source of a step that is not self-evident."""


class Refusal(msgspec.Struct, frozen=True):
    """Why somebody may not do something, and what they may do instead."""

    sentence: str
    allowed: tuple[Action, ...] = ()


# -- Guards: pure, one thing each --------------------------------------------------------------------------------


def leads(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """The actor's unit leads."""
    return None if facts.mine(OrderRole.LEAD) else "本单位不是主办单位，不能代为操作。"


def assists(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """The actor's unit is a co-handler."""
    return None if facts.mine(OrderRole.CO) else "本单位不是协办单位。"


def has_note(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """Something was said."""
    return None if step.note.strip() else "请填写说明。"


def has_basis(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """A reason and a basis are given."""
    return None if step.note.strip() and step.basis.strip() else "退单须同时写明理由和依据（职责清单条目或法规条款）。"


def names_unit(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """A unit is named, and exists."""
    return None if facts.named_path else "请选择承办单位。"


def names_unit_below(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """The unit named is below the one that leads."""
    paths = [o.unit_path for o in facts.live(OrderRole.LEAD)]
    below = any(facts.named_path.startswith(path) and facts.named_path != path for path in paths)
    return None if below else "只能下派给本单位的下级单位。"


def was_handed_down(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """A unit above handed it down."""
    return None if facts.handed_from else "本工单不是上级单位下派的，不能退回上级；如不属本单位职责，请按退单办理。"


def names_new_unit(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """The unit named does not have the ticket yet."""
    has = any(o.unit_path == facts.named_path for role in (OrderRole.LEAD, OrderRole.CO) for o in facts.live(role))
    return "该单位已在办理本工单。" if has else None


def names_unit_and_basis(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """A unit and the basis of its competence are named."""
    return None if facts.named_path and step.basis.strip() else "请选择承办单位并写明派单依据。"


def states_objection(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """A reason and a basis are given."""
    return None if step.note.strip() and step.basis.strip() else "提出异议须同时写明理由和依据（职责清单条目或法规条款）。"


def names_no_own_unit(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """Who says that it is another's does not name itself."""
    own = any(o.unit == step.unit for o in facts.live(OrderRole.LEAD)) if step.unit else False
    return "应由本单位办理的，不必提出异议；请选择其他单位，或留空。" if own else None


def within_return_time(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """Not later than one working day after dispatch."""
    late = facts.return_till is not None and facts.now > facts.return_till
    return "已超过退单时限（派单后一个工作日），请继续办理；确有争议可提请联合审定。" if late else None


def not_ruled(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """No ruling has been made: it is binding."""
    return "承办单位已经联合审定，不得再退。" if ticket.ruled else None


def first_return(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """Nobody has returned it before."""
    return None if ticket.returns == 0 else "已有单位退单。"


def later_return(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """Somebody has returned it before."""
    return None if ticket.returns > 0 else "尚无单位退单。"


def all_parts_are_in(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """Every co-handler has done its part."""
    return "还有协办单位未提交办理意见：请等待，或与其联系；等不到的，可以催办，或请话务中心协调。" if facts.open_parts else None


def part_is_due(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """The actor's unit has not handed in its part yet."""
    return None if any(o.part_at is None for o in facts.mine(OrderRole.CO)) else "本单位的办理意见已提交。"


def has_answer(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """There is a public answer worth the name."""
    return None if len(step.answer.strip()) >= SHORTEST_ANSWER else f"公开答复不能少于{SHORTEST_ANSWER}个字，请写明做了什么、结果如何。"


def was_contacted(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """The citizen was contacted, or nobody can be."""
    return None if ticket.contacted_at or ticket.caller is None else "请先联系市民并登记联系情况，再提交答复。"


def no_extension_waiting(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """No request for extension is open."""
    return "延期申请正在审批。" if ticket.extension_asked is not None else None


def extension_left(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """The ticket has not been extended as often as it may be."""
    return None if ticket.extensions < MOST_EXTENSIONS else f"每件工单最多延期{MOST_EXTENSIONS}次。"


def asks_for_days(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """A reason, and no more working days than the pack's limit allows."""
    if step.note.strip() and 1 <= step.days <= facts.longest_extension:
        return None
    return f"请填写延期理由和1至{facts.longest_extension}个工作日的延期天数；理由会告知市民。"


def extension_waits(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """A request for extension is open."""
    return None if ticket.extension_asked is not None else "没有待审批的延期申请。"


def call_back_needed(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """There is somebody to call, and the kind of request is one that is called back."""
    return None if needs_call_back(ticket) else "此类诉求无需回访。"


def call_back_not_needed(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """Consultations, praise, and callers who left no number are not called back (domain sheet: "all closed non-consult tickets")."""
    return "此类诉求须回访。" if needs_call_back(ticket) else None


def needs_call_back(ticket: Ticket) -> bool:
    """Whether the citizen must be asked before the ticket is closed."""
    return ticket.caller is not None and ticket.kind not in (RequestKind.CONSULTATION, RequestKind.PRAISE)


def attempts_left(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """There have been fewer attempts than the most."""
    return None if ticket.attempts < CALL_BACK_ATTEMPTS else f"已回访{CALL_BACK_ATTEMPTS}次未接通，请转短信评价后办结。"


def rung_apart(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """Time for somebody to be reached has passed since the last call; who refuses or is not there at all is written down at any time."""
    again = facts.call_again
    if again is None or facts.now >= again or step.reached in calling.NO_USE:
        return None
    return f"离上次拨打太近，不能算第{ticket.attempts + 1}次，没有登记：{again.strftime(MOMENT)} 以后再打没有打通，才能登记。"


def attempts_made(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """There have been enough attempts."""
    return None if ticket.attempts >= CALL_BACK_ATTEMPTS else f"未接通的回访满{CALL_BACK_ATTEMPTS}次才可不经评价办结。"


def has_rating(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """Three ratings from 1 to 5 are given."""
    r = step.rating
    fine = r is not None and all(1 <= value <= 5 for value in (r.response, r.solution, r.attitude))
    return None if fine else "请对响应、解决、态度分别评1至5分。"


def rated_well(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """The solution is rated 3 or better."""
    return None if step.rating is not None and step.rating.solution >= 3 else "评价不满意的工单须先处理不满意原因。"


def rated_badly(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """The solution is rated 1 or 2."""
    return None if step.rating is not None and step.rating.solution < 3 else "评价满意。"


def was_rated_badly(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """The citizen was not content."""
    return None if ticket.satisfied is False else "市民没有评价不满意。"


def not_rated_yet(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """One rating a round."""
    return None if ticket.rated_solution is None else "本次办理已经评价过。"


def may_reopen(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """Closed not longer than thirty days ago."""
    recent = ticket.closed_at is not None and facts.now - ticket.closed_at <= REOPEN_WITHIN
    return None if recent else f"办结超过{REOPEN_WITHIN.days}天，请提交新的诉求。"


def first_round(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """It was not opened again before."""
    return None if ticket.rounds == 0 else "已经重办过一次。"


def later_round(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """It was opened again before."""
    return None if ticket.rounds > 0 else "尚未重办过。"


def names_other(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """Another ticket is named."""
    return None if step.number and step.number != ticket.number else "请填写要并入的另一张工单的编号。"


def has_parts(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """Each new ticket has its text."""
    return None if step.texts and all(t.strip() for t in step.texts) else "请填写拆分后每张工单的内容。"


def names_campaign(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """A campaign is named that it does not belong to yet."""
    named = step.special is not None and step.campaign is not None and step.campaign != ticket.campaign
    return None if named else "工单由系统按专项的范围纳入，不能手工操作。"


def is_in_campaign(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """It belongs to a special campaign."""
    return None if ticket.campaign is not None else "本工单不在任何专项中。"


def names_matter_or_place(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """What it is about, or where it is, is put right."""
    put_right = step.matter not in ("", ticket.matter) or step.region not in ("", ticket.region)
    return None if put_right else "请选择与现在不同的事项或区域。"


def hands_to_another(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """Somebody else keeps it afterwards, or nobody where somebody did."""
    return None if step.keeper != (ticket.keeper or "") else "请选择另一位派单员，或放回待派列表。"


def is_alarmed(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """It may be an emergency."""
    return None if ticket.alarm in (Alarmed.RAISED, Alarmed.CONFIRMED) else "这件工单没有警报，不用解除。"


def is_not_confirmed(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """No person has said that somebody is in danger."""
    return "已经有人确认有危险，只能由工作人员解除。" if ticket.alarm is Alarmed.CONFIRMED else None


def is_not_yet_confirmed(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """It has an alarm, or had one, and nobody has confirmed it."""
    return None if ticket.alarm in (Alarmed.RAISED, Alarmed.STOOD_DOWN) else "没有待确认的警报。"


def never_alarmed(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """There was never an alarm: what a person has decided about one is not raised again."""
    return None if ticket.alarm is Alarmed.NO else "这件工单已经有过警报。"


def moves_the_promise(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """Counted again, the answer is owed on another day than the citizen was told."""
    return None if step.dues is not None and step.dues.promise else "答复的日期没有变。"


def moves_a_limit(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """Counted again, something is owed at another time, but the answer on the day that the citizen was told."""
    return None if step.dues is not None and not step.dues.promise else "时限由系统按规定重新计算，不能手工操作。"


def not_just_urged(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """It was not urged a little while ago: the unit was told, and being told again within the hour makes nobody faster."""
    again = facts.urge_again
    if again is None or facts.now >= again or ticket.urged_at is None:
        return None
    at, till = (moment.astimezone(again.tzinfo).strftime(MOMENT) for moment in (ticket.urged_at, again))
    return f"{at} 已经催过，承办的人看得到；{till} 以后可以再催。有新的情况，请用“补充内容”写下来。"


def parts_are_open(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """A co-handler's part is still to come."""
    return None if facts.open_parts else "没有协办单位还欠办理意见，不用催办。"


def parts_not_just_urged(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """One of those whose part is still to come was not urged a little while ago."""
    if facts.parts_to_urge or not facts.open_parts:
        return None
    first = min(facts.open_parts, key=lambda o: facts.parts_again[o.id])
    again, urged = facts.parts_again[first.id], first.urged_at or facts.now
    at, till = (moment.astimezone(again.tzinfo).strftime(MOMENT) for moment in (urged, again))
    return f"{at} 已经催过协办单位，对方看得到；{till} 以后可以再催。等不及的请直接联系，或请话务中心协调。"


def is_in_need(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """Somebody is to look after who brought it, and nobody does yet."""
    match ticket.care:
        case Care.NEEDED:
            return None
        case Care.TAKEN:
            return "已经有人接手关怀。"
        case Care.NO:
            return "这件工单没有人报告情绪危急。"


def is_not_in_need(ticket: Ticket, step: Step, facts: Facts) -> str | None:
    """Nobody waits for that already."""
    return "已经报告过情绪危急，正等人接手。" if ticket.care is Care.NEEDED else None


# -- The table ---------------------------------------------------------------------------------------------------

DISPATCHING = frozenset({Role.DISPATCHER, Role.SUPERVISOR})
GATE = frozenset({Role.SYSTEM})
HANDLING = frozenset({Role.HANDLER, Role.UNIT_REVIEWER})
REVIEWING = frozenset({Role.REVIEWER, Role.SUPERVISOR})
CALLING = frozenset({Role.CALL_BACK, Role.REVIEWER, Role.SUPERVISOR})
SUPERVISING = frozenset({Role.SUPERVISOR})
TAKING = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR})
CITIZEN = frozenset({Role.CITIZEN})

WITH_UNIT: Final = (State.DISPATCHED, State.HANDLING, State.JOINT_REVIEW, State.UNIT_REVIEW)
"""A unit acts and its clock runs."""

ANSWER_OWED: Final = (*WITH_UNIT, State.IN_REVIEW)
"""The citizen was told by when to have an answer, and has none: also while the hotline reviews it, for it may go back to the unit."""

URGED: Final = (State.AWAITING_DISPATCH, State.DISPATCHED, State.HANDLING, State.JOINT_REVIEW)
"""Somebody still has to do something about the matter."""


PARTS_COME: Final = (State.DISPATCHED, State.HANDLING, State.JOINT_REVIEW)
"""Co-handlers hand in their parts."""


def _same(
    action: Action, states: tuple[State, ...], by: frozenset[Role], *guards: Guard, tells: bool = False, why: str = ""
) -> Iterator[Edge]:
    """Steps that leave the ticket where it is."""
    for state in states:
        yield Edge(action, state, state, by, guards, tells_citizen=tells, why=why)


def _open_states() -> tuple[State, ...]:
    return tuple(s for s in State if s in OPEN)


EDGES: Final[tuple[Edge, ...]] = (
    Edge(Action.DISPATCH, State.AWAITING_DISPATCH, State.DISPATCHED, DISPATCHING | GATE, (names_unit_and_basis,), Clock.STARTS, True),
    # The hotline's own mistake is put right by the hotline; a ruling is not.
    *(
        Edge(Action.REASSIGN, s, State.DISPATCHED, DISPATCHING, (names_unit_and_basis, has_note, not_ruled), Clock.STARTS_FOR_A_NEW_LEAD)
        for s in (State.DISPATCHED, State.HANDLING)
    ),
    Edge(Action.SIGN, State.DISPATCHED, State.HANDLING, HANDLING, (leads,), tells_citizen=True),
    *_same(Action.CONTACT, (State.HANDLING, State.JOINT_REVIEW), HANDLING, leads, has_note),
    Edge(Action.HAND_DOWN, State.DISPATCHED, State.DISPATCHED, HANDLING, (leads, names_unit, names_unit_below), why="Down the five levels; the limits stay the citizen's."),
    Edge(Action.HAND_DOWN, State.HANDLING, State.DISPATCHED, HANDLING, (leads, names_unit, names_unit_below)),
    Edge(Action.HAND_UP, State.DISPATCHED, State.HANDLING, HANDLING, (leads, was_handed_down, has_note), why="A lower unit gives it back to the one that handed it down."),
    Edge(Action.HAND_UP, State.HANDLING, State.HANDLING, HANDLING, (leads, was_handed_down, has_note)),
    *_same(Action.INVITE, (State.DISPATCHED, State.HANDLING), HANDLING | DISPATCHING, names_unit, names_new_unit, has_note),
    *_same(Action.PART, PARTS_COME, HANDLING, assists, part_is_due, has_note),
    # One return is a unit's right; the second means nobody agrees, so others decide (Weifang regulation, art. 22).
    Edge(
        Action.RETURN, State.DISPATCHED, State.AWAITING_DISPATCH, HANDLING,
        (leads, has_basis, not_ruled, within_return_time, first_return), Clock.WAITS_FOR_DISPATCH,
    ),
    Edge(
        Action.RETURN, State.HANDLING, State.AWAITING_DISPATCH, HANDLING,
        (leads, has_basis, not_ruled, within_return_time, first_return), Clock.WAITS_FOR_DISPATCH,
    ),
    # Problem first, dispute later: the unit that has it keeps acting, and its clock runs.
    Edge(Action.RETURN, State.DISPATCHED, State.JOINT_REVIEW, HANDLING, (leads, has_basis, not_ruled, within_return_time, later_return)),
    Edge(Action.RETURN, State.HANDLING, State.JOINT_REVIEW, HANDLING, (leads, has_basis, not_ruled, within_return_time, later_return)),
    *(
        Edge(Action.OBJECT, s, State.JOINT_REVIEW, HANDLING, (leads, states_objection, names_no_own_unit, not_ruled),
             why="Whose it is can be doubted at any time, and nobody waits for it: the unit keeps acting, its clock runs (派单异议审核制度, 66号文 5).")
        for s in (State.DISPATCHED, State.HANDLING)
    ),
    *_same(Action.OPINION, (State.JOINT_REVIEW,), HANDLING | DISPATCHING, has_note),
    Edge(
        Action.RULE, State.JOINT_REVIEW, State.DISPATCHED, DISPATCHING, (names_unit_and_basis, has_note), Clock.STARTS_FOR_A_NEW_LEAD,
        why="Binding: no return after it (Weifang art. 22; 66号文 5).",
    ),
    *_same(
        Action.ASK_EXTENSION, (State.HANDLING, State.JOINT_REVIEW), HANDLING, leads, no_extension_waiting, extension_left, asks_for_days,
        why="With a reason, which the citizen is told when it is granted (Beijing art. 15).",
    ),
    *(
        Edge(Action.GRANT_EXTENSION, s, s, REVIEWING, (extension_waits,), Clock.EXTENDS, True)
        for s in (State.HANDLING, State.JOINT_REVIEW)
    ),
    *_same(Action.REFUSE_EXTENSION, (State.HANDLING, State.JOINT_REVIEW), REVIEWING, extension_waits, has_note),
    Edge(Action.REPLY, State.HANDLING, State.UNIT_REVIEW, frozenset({Role.HANDLER}), (leads, was_contacted, all_parts_are_in, has_answer)),
    Edge(Action.REPLY, State.JOINT_REVIEW, State.UNIT_REVIEW, frozenset({Role.HANDLER}), (leads, was_contacted, all_parts_are_in, has_answer),
         why="Solved before anybody settled whose it was: then nothing is left to settle."),
    Edge(Action.APPROVE, State.UNIT_REVIEW, State.IN_REVIEW, frozenset({Role.UNIT_REVIEWER}), (leads,)),
    Edge(Action.SEND_BACK, State.UNIT_REVIEW, State.HANDLING, frozenset({Role.UNIT_REVIEWER}), (leads, has_note)),
    # Every answer is reviewed by the hotline before anybody is called (令第191号; Jinan regulation).
    Edge(Action.SEND_BACK, State.IN_REVIEW, State.HANDLING, REVIEWING, (has_note,)),
    Edge(Action.PASS, State.IN_REVIEW, State.AWAITING_CALL_BACK, REVIEWING, (call_back_needed,), Clock.STOPS, True),
    Edge(Action.PASS, State.IN_REVIEW, State.CLOSED, REVIEWING, (call_back_not_needed,), Clock.STOPS, True),
    *_same(Action.CALL_BACK, (State.AWAITING_CALL_BACK,), CALLING, attempts_left, rung_apart, has_note, why="Nobody answered."),
    Edge(Action.RATE, State.AWAITING_CALL_BACK, State.CLOSED, CALLING | CITIZEN, (not_rated_yet, has_rating, rated_well), tells_citizen=True),
    Edge(Action.RATE, State.AWAITING_CALL_BACK, State.AWAITING_CALL_BACK, CALLING | CITIZEN, (not_rated_yet, has_rating, rated_badly), tells_citizen=True),
    Edge(Action.RATE, State.CLOSED, State.CLOSED, CITIZEN, (not_rated_yet, has_rating, may_reopen), tells_citizen=True),
    Edge(Action.CLOSE, State.AWAITING_CALL_BACK, State.CLOSED, CALLING, (attempts_made,), tells_citizen=True),
    Edge(Action.CLOSE, State.AWAITING_CALL_BACK, State.CLOSED, REVIEWING, (was_rated_badly, has_note), tells_citizen=True,
         why="The dissatisfaction was looked into and found to ask for what nobody may give; the note says so."),
    # Bad and justified: once more by the same unit; the second time a dispatcher decides whose level it is.
    Edge(Action.REDO, State.AWAITING_CALL_BACK, State.DISPATCHED, REVIEWING, (was_rated_badly, has_note, first_round), Clock.STARTS, True),
    Edge(Action.REDO, State.AWAITING_CALL_BACK, State.AWAITING_DISPATCH, REVIEWING, (was_rated_badly, has_note, later_round), Clock.WAITS_FOR_DISPATCH, True),
    # Bad because the wrong unit answered: others say whose it is, and the one that has it acts meanwhile.
    Edge(Action.REFER, State.AWAITING_CALL_BACK, State.JOINT_REVIEW, REVIEWING, (was_rated_badly, has_note, not_ruled), Clock.STARTS, True,
         why="A bad answer from a unit that may be the wrong one: joint review at once, without waiting for two returns; a ruling stays binding."),
    Edge(Action.REOPEN, State.CLOSED, State.DISPATCHED, CITIZEN | TAKING | REVIEWING, (has_note, may_reopen, first_round), Clock.STARTS, True),
    Edge(Action.REOPEN, State.CLOSED, State.AWAITING_DISPATCH, CITIZEN | TAKING | REVIEWING, (has_note, may_reopen, later_round), Clock.WAITS_FOR_DISPATCH, True),
    # A citizen urges whoever still has to do something about the matter; what is written already is only looked at.
    *_same(Action.URGE, URGED, CITIZEN, not_just_urged, tells=True),
    *_same(Action.URGE, (*URGED, State.UNIT_REVIEW, State.IN_REVIEW), TAKING, tells=True),
    *_same(
        Action.URGE, PARTS_COME, HANDLING, leads, parts_are_open, parts_not_just_urged,
        why="Who leads answers for the whole, and co-handlers owe it their part in time (Beijing art. 14): it urges those, nobody else.",
    ),
    *_same(Action.LIST, (State.AWAITING_DISPATCH, *WITH_UNIT), SUPERVISING, has_note, why="挂牌督办"),
    *_same(Action.CALL_IN, (State.AWAITING_DISPATCH, *WITH_UNIT), SUPERVISING, has_note, why="约谈督办"),
    *_same(Action.SUPPLEMENT, (State.AWAITING_DISPATCH, *WITH_UNIT, State.IN_REVIEW), CITIZEN | TAKING, has_note, tells=True),
    *_same(Action.SPLIT, (State.AWAITING_DISPATCH, State.DISPATCHED), TAKING, has_parts),
    *(
        Edge(Action.MERGE, s, State.MERGED, TAKING, (names_other, has_note), Clock.STOPS, True, why="重复诉求并单 (66号文 5)")
        for s in (State.AWAITING_DISPATCH, State.DISPATCHED, State.HANDLING)
    ),
    *(
        Edge(Action.WITHDRAW, s, State.WITHDRAWN, CITIZEN | TAKING, (has_note,), Clock.STOPS, True)
        for s in _open_states()
    ),
    *(
        Edge(Action.TERMINATE, s, State.TERMINATED, REVIEWING, (has_note,), Clock.STOPS, True,
             why="Refusal to cooperate, or one of the non-acceptance cases; the citizen is told the reason (Weifang).")
        for s in (State.AWAITING_DISPATCH, State.HANDLING, State.JOINT_REVIEW, State.IN_REVIEW)
    ),
    *(
        Edge(Action.JOIN, s, s, GATE, (names_campaign,), Clock.TIGHTENS, why="A special campaign (专项) has limits of its own; the stricter campaign wins.")
        for s in _open_states()
    ),
    *(
        Edge(Action.LEAVE, s, s, SUPERVISING, (is_in_campaign, has_note), Clock.EASES, why="It should not have been in the campaign.")
        for s in _open_states()
    ),
    Edge(Action.AMEND, State.AWAITING_DISPATCH, State.AWAITING_DISPATCH, TAKING, (names_matter_or_place,),
         why="Put right before it is dispatched, so that the suggestions are those of the right matter and place."),
    *_same(
        Action.HAND_OVER, (State.AWAITING_DISPATCH, State.JOINT_REVIEW), DISPATCHING, has_note, hands_to_another,
        why="One dispatcher gives what waits to another, or back to all: at the end of a shift, or because the other knows more of it.",
    ),
    Edge(Action.RAISE_ALARM, State.AWAITING_DISPATCH, State.AWAITING_DISPATCH, GATE | TAKING, (never_alarmed,), Clock.ALARMS,
         why="Somebody may be in danger although the words did not say so: a person looks within minutes."),
    Edge(Action.CONFIRM_ALARM, State.AWAITING_DISPATCH, State.AWAITING_DISPATCH, TAKING, (is_not_yet_confirmed,), Clock.ALARMS),
    Edge(Action.CONFIRM_ALARM, State.AWAITING_DISPATCH, State.AWAITING_DISPATCH, CITIZEN, (is_not_yet_confirmed,), Clock.ALARMS, True,
         why="Who is there knows best: nothing but a person stands it down after that."),
    Edge(Action.STAND_DOWN, State.AWAITING_DISPATCH, State.AWAITING_DISPATCH, TAKING, (is_alarmed,), Clock.CALMS),
    Edge(Action.STAND_DOWN, State.AWAITING_DISPATCH, State.AWAITING_DISPATCH, GATE, (is_alarmed, is_not_confirmed), Clock.CALMS,
         why="The second look is sure that nobody is in danger; its threshold costs at most one emergency in two hundred."),
    Edge(Action.STAND_DOWN, State.AWAITING_DISPATCH, State.AWAITING_DISPATCH, CITIZEN, (is_alarmed,), Clock.CALMS, True,
         why="The resident says that nobody is in danger: then it is an ordinary matter."),
    *(
        Edge(Action.RECOUNT, s, s, GATE, (moves_the_promise,), Clock.RECOUNTS, True,
             why="The city changed its limits or its calendar and chose to count running tickets again: the citizen is told the new day.")
        for s in ANSWER_OWED
    ),
    *(Edge(Action.RECOUNT, s, s, GATE, (moves_a_limit,), Clock.RECOUNTS) for s in (State.AWAITING_DISPATCH, *ANSWER_OWED)),
    *_same(
        Action.NEED_CARE, _open_states(), TAKING | HANDLING | REVIEWING | CALLING, is_not_in_need,
        why="Whoever speaks with somebody who may take their own life tells it once, and the hotline looks after them.",
    ),
    *_same(Action.NEED_CARE, tuple(State), GATE, is_not_in_need, why="What a citizen says later reads so too, whatever has become of the matter."),
    *_same(Action.TAKE_CARE, tuple(State), DISPATCHING, is_in_need, why="However the matter goes on, or has ended: it stays on the board until a person takes it."),
    *_same(Action.LEAVE, _open_states(), GATE, is_in_campaign, why="The campaign is over: what was promised stays promised."),
)  # fmt: skip


def urges_parts(edge: Edge) -> bool:
    """Whether it is the lead that urges its co-handlers, and not somebody who urges the ticket."""
    return edge.action is Action.URGE and edge.by == HANDLING


def edge_for(ticket: Ticket, action: Action, step: Step, facts: Facts) -> Edge | Refusal:
    """The edge this person may take now, or the sentence that says why not."""
    reasons: list[str] = []
    for edge in EDGES:
        if edge.action is action and edge.source is ticket.state and edge.by & facts.actor.roles:
            said = next((s for guard in edge.guards if (s := guard(ticket, step, facts))), None)
            if said is None:
                return edge
            reasons.append(said)
    allowed = tuple(a.action for a in offered(ticket, facts))
    if not reasons and action is Action.URGE and Role.CITIZEN in facts.actor.roles and ticket.state in INSTEAD_OF_URGING:
        return Refusal(INSTEAD_OF_URGING[ticket.state], allowed)
    if not reasons:
        return Refusal(_not_now(ticket, action), allowed)
    return Refusal(reasons[-1], allowed)


_REVIEWED: Final = "答复已经写好，正在审核，不用再催：审核后就发给您。有新的情况，请用“补充内容”写下来。"

INSTEAD_OF_URGING: Final[Mapping[State, str]] = {
    State.UNIT_REVIEW: _REVIEWED,
    State.IN_REVIEW: _REVIEWED,
    State.AWAITING_CALL_BACK: "已经有答复了：请看答复，并作评价；没有解决的，请评“不满意”，工作人员会核查。",
    State.CLOSED: "已经办结，不用再催；没有解决的，三十天内可以选“没有解决，重新办理”。",
}
"""What a citizen does instead where nobody is left to urge."""


def _not_now(ticket: Ticket, action: Action) -> str:
    if ticket.state in FINAL:
        return "工单已经终结，不能再操作。"
    if any(e.action is action and e.source is ticket.state for e in EDGES):
        return "您的岗位不能进行这项操作。"
    return "工单当前状态不能进行这项操作，可能已被他人处理；请刷新后再看。"


ABOUT_THE_TICKET: Final = frozenset(
    {
        leads, assists, was_handed_down, not_ruled, within_return_time, first_return, later_return, all_parts_are_in, part_is_due, was_contacted,
        no_extension_waiting, extension_left, extension_waits, call_back_needed, call_back_not_needed, attempts_left, attempts_made,
        was_rated_badly, not_rated_yet, may_reopen, first_round, later_round,
        is_in_campaign, is_alarmed, is_not_confirmed, is_not_yet_confirmed, never_alarmed,
        is_in_need, is_not_in_need, not_just_urged, parts_are_open, parts_not_just_urged,
    }
)  # fmt: skip
"""Guards that do not depend on what somebody is still to type: they decide which buttons are shown."""


def awaited(ticket: Ticket, facts: Facts) -> tuple[str, ...]:
    """What must happen before the unit that leads may answer, in sentences; nothing when it may, or when the answer is not its own."""
    replies = (e for e in EDGES if e.action is Action.REPLY and e.source is ticket.state and e.by & facts.actor.roles)
    if not (edge := next(replies, None)) or leads(ticket, Step(), facts):
        return ()
    return tuple(said for guard in edge.guards if guard in ABOUT_THE_TICKET and (said := guard(ticket, Step(), facts)))


def offered(ticket: Ticket, facts: Facts) -> tuple[Edge, ...]:
    """The steps this person may take now if they fill in what is asked: one edge an action, in the table's order."""
    found: dict[Action, Edge] = {}
    for edge in EDGES:
        if edge.source is not ticket.state or not edge.by & facts.actor.roles or edge.action in found:
            continue
        if not any(guard(ticket, Step(), facts) for guard in edge.guards if guard in ABOUT_THE_TICKET):
            found[edge.action] = edge
    return tuple(found.values())
