"""The table itself: what can never happen, whoever does what in whatever order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.tickets.conftest import ANSWER, TINY

from yixian.city import pack
from yixian.city.inforce import City, compile_city
from yixian.city.model import Audience, RequestKind, Urgency
from yixian.db.ids import new_id
from yixian.people.model import SYSTEM_ACTOR, Actor, Role, citizen
from yixian.tickets import calling, deadlines, effects, lifecycle
from yixian.tickets.lifecycle import EDGES, Clock, Edge, Facts, Refusal
from yixian.tickets.model import FINAL, OPEN, Action, Dues, Order, OrderRole, Rating, Reached, Special, State, Step, Ticket

CITY = compile_city(pack.read(TINY))
START = datetime(2026, 11, 23, 9, tzinfo=UTC)
UNITS = ("pa.roads", "pa.harbour", "PA-N", "PA-N-1", "PA-N.noise")
STAFF_ROLES = [r for r in Role if r not in (Role.CITIZEN, Role.SYSTEM)]


# -- The graph ---------------------------------------------------------------------------------------------------


def reachable(edges: Iterable[Edge], start: State = State.AWAITING_DISPATCH) -> set[State]:
    edges = tuple(edges)
    found = {start}
    while more := {e.target for e in edges if e.source in found} - found:
        found |= more
    return found


def test_every_state_can_be_reached() -> None:
    assert reachable(EDGES) == set(State)


@pytest.mark.parametrize("skipped", [Action.REPLY, Action.APPROVE, Action.PASS, Action.DISPATCH, Action.SIGN])
def test_no_path_to_closed_goes_without(skipped: Action) -> None:
    if skipped is Action.SIGN:  # a lower unit that hands it up again, and a joint review, need no signature of the lead
        edges = [e for e in EDGES if e.action not in (Action.SIGN, Action.HAND_UP, Action.RETURN, Action.OBJECT)]
    else:
        edges = [e for e in EDGES if e.action is not skipped]
    assert State.CLOSED not in reachable(edges)


def test_where_a_call_back_is_needed_nothing_is_closed_without_one() -> None:
    edges = [e for e in EDGES if lifecycle.call_back_not_needed not in e.guards]
    into = {(e.source, e.action) for e in edges if e.target is State.CLOSED and e.source is not State.CLOSED}
    assert into == {(State.AWAITING_CALL_BACK, Action.RATE), (State.AWAITING_CALL_BACK, Action.CLOSE)}


def test_a_closed_ticket_that_is_opened_again_needs_a_new_answer() -> None:
    again = {e.target for e in EDGES if e.source is State.CLOSED} - {State.CLOSED}
    without_reply = [e for e in EDGES if e.action is not Action.REPLY and e.source is not State.CLOSED]
    assert all(State.CLOSED not in reachable(without_reply, state) for state in again)


@pytest.mark.parametrize("state", [s for s in State if s not in FINAL])
def test_no_state_but_a_final_one_is_an_end(state: State) -> None:
    assert {e.target for e in EDGES if e.source is state} - {state}


@pytest.mark.parametrize("state", sorted(FINAL))
def test_nothing_leads_out_of_a_final_state(state: State) -> None:
    assert not [e for e in EDGES if e.source is state and e.target is not state]
    # A person is looked after whatever became of the matter, also when it is the last they say of it.
    assert {e.action for e in EDGES if e.source is state} == {Action.NEED_CARE, Action.TAKE_CARE}


def test_no_edge_stands_twice_in_the_table() -> None:
    assert len({(e.action, e.source, e.target, e.guards, role) for e in EDGES for role in e.by}) == sum(len(e.by) for e in EDGES)


def test_every_action_is_used_and_every_edge_has_somebody_to_take_it() -> None:
    assert {e.action for e in EDGES} == set(Action)
    assert all(e.by for e in EDGES)


def test_the_clock_runs_from_dispatch_and_not_from_signing() -> None:
    assert {e.clock for e in EDGES if e.action is Action.SIGN} == {Clock.RUNS}
    assert {e.clock for e in EDGES if e.action is Action.DISPATCH} == {Clock.STARTS}
    # A bad rating begins a new round, with joint review as without it; a dispute among units begins none.
    assert {e.clock for e in EDGES if e.action is Action.REFER} == {Clock.STARTS}
    assert {e.clock for e in EDGES if e.target is State.JOINT_REVIEW and e.action is not Action.REFER} <= {
        Clock.RUNS,
        Clock.EXTENDS,
        Clock.TIGHTENS,
        Clock.EASES,
        Clock.RECOUNTS,
    }


def test_only_staff_roles_of_the_right_kind_stand_in_the_table() -> None:
    administrators = {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN, Role.ANALYST, Role.KNOWLEDGE_EDITOR}
    assert not [e for e in EDGES if e.by & administrators]
    assert {e.action for e in EDGES if Role.SYSTEM in e.by} == {
        Action.DISPATCH, Action.JOIN, Action.LEAVE, Action.RAISE_ALARM, Action.STAND_DOWN, Action.RECOUNT, Action.NEED_CARE,
    }  # fmt: skip


# -- Walks -------------------------------------------------------------------------------------------------------


class Walk:
    """A ticket on its way through steps that are all done on paper."""

    def __init__(self, city: City, kind: RequestKind, called: bool) -> None:
        made = effects.fresh(
            new_id(START), "PA1", new_id(START) if called else None, "web", kind, "text", Urgency.NORMAL, Audience.PERSON, START
        )
        due = city.due(START, deadlines.limit_of(made, city).dispatch)
        self.city = city
        self.ticket: Ticket = deadlines.clocked(msgspec.structs.replace(made, dispatch_due=due, version=1), None, START)
        self.orders: tuple[Order, ...] = ()
        self.now = START
        self.round: list[Action] = []
        """What was done since it was last opened."""

    def facts(self, actor: Actor, step: Step) -> Facts:
        return Facts(
            actor, self.orders, self.now, deadlines.return_till(self.ticket, self.city),
            deadlines.longest_extension(self.ticket, self.city), self.city.register.paths.get(step.unit, ""),
            parts_again=deadlines.parts_again(self.ticket, self.orders, self.city),
            call_again=calling.counts_from(self.ticket.attempts, self.ticket.call_at, ZoneInfo("UTC")),
        )  # fmt: skip

    def edge(self, actor: Actor, action: Action, step: Step) -> Edge | Refusal:
        return lifecycle.edge_for(self.ticket, action, step, self.facts(actor, step))

    def offered(self, actor: Actor) -> tuple[Action, ...]:
        return tuple(e.action for e in lifecycle.offered(self.ticket, self.facts(actor, Step())))

    def take(self, actor: Actor, edge: Edge, step: Step) -> None:
        before = self.ticket
        change = effects.apply(before, edge, step, self.facts(actor, step), self.city, new_id(self.now))
        ended = {o.id for o in self.orders} & set(change.ended)
        assert ended == set(change.ended), "only orders that there are end"
        self.orders = (
            *(msgspec.structs.replace(o, ended_at=self.now, ended_how=change.ended_how) if o.id in ended else o for o in self.orders),
            *change.made,
        )
        self.orders = tuple(msgspec.structs.replace(o, part="x", part_at=self.now) if o.id == change.part else o for o in self.orders)
        assert set(change.urged) <= {o.id for o in self.orders if o.role is OrderRole.CO and o.part_at is None and o.ended_at is None}
        self.orders = tuple(msgspec.structs.replace(o, urged_at=self.now) if o.id in change.urged else o for o in self.orders)
        self.ticket = change.ticket
        opened_again = before.state in (State.CLOSED, State.AWAITING_CALL_BACK) and change.ticket.state in (
            State.DISPATCHED,
            State.AWAITING_DISPATCH,
            State.JOINT_REVIEW,
        )
        self.round = [] if opened_again else [*self.round, edge.action]
        self.now += timedelta(seconds=1)

    def candidates(self, actor: Actor, action: Action) -> list[Step]:
        """Steps with everything filled in, of which at least one can be taken when the action is offered."""
        special = Special("Dark nights", self.now, answer="1wd")
        full = Step(note="x", basis="x", answer=ANSWER, days=1, number="PA2", texts=("a", "b"), campaign=new_id(self.now), special=special)
        if action is Action.AMEND:
            matters = sorted(leaf.code for leaf in self.city.leaves if leaf.code != self.ticket.matter)
            return [msgspec.structs.replace(full, matter=matters[0])]
        if action is Action.RECOUNT:
            t, hour = self.ticket, timedelta(hours=1)
            later = [due and due + hour for due in (t.dispatch_due, t.sign_due, t.contact_due, t.answer_due)]
            dues = Dues(*later, promise=t.state is not State.AWAITING_DISPATCH and self.now.second % 2 == 0)
            return [msgspec.structs.replace(full, dues=dues)]
        if action is Action.HAND_OVER:
            return [msgspec.structs.replace(full, keeper="" if self.ticket.keeper else "s")]
        if action is Action.RATE:
            return [msgspec.structs.replace(full, rating=Rating(3, solution, 3)) for solution in (5, 1)]
        if action is Action.CALL_BACK:
            return [full, msgspec.structs.replace(full, reached=Reached.REFUSED)]
        units = self.city.units if action is Action.INVITE else UNITS
        return [msgspec.structs.replace(full, unit=unit) for unit in units]

    def check(self) -> None:
        """What the database would refuse, and what would be wrong all the same."""
        t = self.ticket
        live = [o for o in self.orders if o.ended_at is None]
        leading = [o.unit for o in live if o.role is OrderRole.LEAD]
        assert t.lead or t.state in (State.AWAITING_DISPATCH, *FINAL)
        assert t.dispatched_at is None or t.basis
        assert t.state is not State.CLOSED or t.answer
        assert (t.next_due is None) == (t.amber_at is None)
        assert (t.campaign is None) == (t.special is None)
        assert t.keeper is None or t.state in (State.AWAITING_DISPATCH, State.JOINT_REVIEW)
        assert len({(o.unit, o.role) for o in live}) == len(live)
        if t.state in OPEN and t.state is not State.AWAITING_DISPATCH:
            assert leading == [t.lead]
        else:
            assert not live
        assert (t.closed_at is not None) == (t.state not in OPEN)
        assert (t.next_due is not None) == (t.state in (State.AWAITING_DISPATCH, *lifecycle.WITH_UNIT))
        assert t.extension_asked is None or t.state in (State.DISPATCHED, State.HANDLING, State.JOINT_REVIEW)
        if t.state is State.CLOSED:
            assert {Action.REPLY, Action.APPROVE, Action.PASS} <= set(self.round)
            if lifecycle.needs_call_back(t):
                # Rung often enough, or told not to ring: `attempts` holds both.
                assert Action.RATE in self.round or (Action.CALL_BACK in self.round and t.attempts >= lifecycle.CALL_BACK_ATTEMPTS)


def actors(city: City) -> list[Actor]:
    hotline = [
        Actor(r, r, frozenset({r}), "pa.contact", "pa/pa.contact/") for r in STAFF_ROLES if r not in (Role.HANDLER, Role.UNIT_REVIEWER)
    ]
    units = [Actor(u, u, frozenset({r}), u, city.register.unit_path(u)) for u in (*UNITS, "pa") for r in (Role.HANDLER, Role.UNIT_REVIEWER)]
    return [*hotline, *units, citizen("PA1"), SYSTEM_ACTOR]


PLAIN = {
    State.AWAITING_DISPATCH: (Action.DISPATCH,),
    State.DISPATCHED: (Action.SIGN,),
    State.HANDLING: (Action.CONTACT, Action.PART, Action.REPLY),
    State.JOINT_REVIEW: (Action.RULE,),
    State.UNIT_REVIEW: (Action.APPROVE,),
    State.IN_REVIEW: (Action.PASS,),
    State.AWAITING_CALL_BACK: (Action.RATE, Action.CLOSE),
}
"""The plain way to the end, from every open state."""


NAMES_A_UNIT = (Action.HAND_DOWN, Action.INVITE)
"""Offered although no unit may be left to name: which there are, the city knows and the table does not."""


ENDINGS = (Action.WITHDRAW, Action.TERMINATE, Action.MERGE)
"""Taken rarely, or no walk would see much."""


def advance(walk: Walk, people: list[Actor]) -> None:
    """One step on the plain way."""
    for action in PLAIN[walk.ticket.state]:
        if action is Action.CONTACT and walk.ticket.contacted_at:
            continue
        for actor in people:
            for step in walk.candidates(actor, action):
                edge = walk.edge(actor, action, step)
                if isinstance(edge, Edge):
                    walk.take(actor, edge, step)
                    walk.check()
                    return
    raise AssertionError(f"no way out of {walk.ticket.state}")


def wander(walk: Walk, actor: Actor, chance: Random) -> None:
    """Any step that is offered to somebody; and one that is not is refused."""
    stranger = chance.choice(tuple(Action))
    if not [e for e in EDGES if e.action is stranger and e.source is walk.ticket.state and e.by & actor.roles]:
        assert isinstance(walk.edge(actor, stranger, walk.candidates(actor, stranger)[0]), Refusal)
    offered = walk.offered(actor)
    if not offered:
        return
    action = chance.choice(offered)
    if action in ENDINGS and chance.random() < 0.95:
        return
    steps = [(s, e) for s in walk.candidates(actor, action) if isinstance(e := walk.edge(actor, action, s), Edge)]
    assert steps or action in NAMES_A_UNIT, f"{action} is offered and cannot be taken"
    if steps:
        step, edge = chance.choice(steps)
        assert edge.by & actor.roles
        walk.take(actor, edge, step)
        walk.check()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), steps=st.integers(0, 120), kind=st.sampled_from(RequestKind), called=st.booleans())
def test_whatever_is_done_in_whatever_order(seed: int, steps: int, kind: RequestKind, called: bool) -> None:
    walk, people, chance = Walk(CITY, kind, called), actors(CITY), Random(seed)
    for _ in range(steps):
        if walk.ticket.state in PLAIN and chance.random() < 0.25:
            advance(walk, people)
        else:
            wander(walk, chance.choice(people), chance)
        walk.now += timedelta(hours=chance.choice((0, 0, 0, 0, 1, 20)))
    for _ in range(30):
        if walk.ticket.state in OPEN:
            advance(walk, people)
    assert walk.ticket.state not in OPEN, "going round in circles"


@pytest.mark.parametrize("edge", EDGES, ids=lambda e: f"{e.source}-{e.action}-{e.target}")
def test_nobody_outside_the_edges_roles_takes_it(edge: Edge) -> None:
    walk = Walk(CITY, RequestKind.HELP, True)
    walk.ticket = msgspec.structs.replace(walk.ticket, state=edge.source)
    allowed = frozenset().union(*(e.by for e in EDGES if e.action is edge.action and e.source is edge.source))
    for actor in actors(CITY):
        if not actor.roles & allowed:
            assert isinstance(walk.edge(actor, edge.action, walk.candidates(actor, edge.action)[0]), Refusal)
