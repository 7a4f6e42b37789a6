"""The people behind the tickets, simulated: a table of what is done where, walked until the ticket is closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

import msgspec

from yixian.people.model import Role
from yixian.replay.client import Client, SignedIn
from yixian.replay.model import Plan
from yixian.tickets.model import Action, OrderRole, Rating, State, Step

MOST_STEPS: Final = 40
"""A ticket that takes more is going round in circles: left, and counted as stuck."""

_BASIS: Final = "职责清单：由受理单位先行协调办理"
_ANSWER: Final = "经现场核查，您反映的问题已处理完毕，并已要求责任单位加强日常巡查，如有反复请再联系我们。"
_CONFLICT: Final = 409

Done = Callable[[Action, int, float], None]
"""Told of every answer to a step: the action, its status, the seconds it took."""


class Suggested(msgspec.Struct, frozen=True):
    """What the ticket's page suggests to a dispatcher."""

    unit: str | None = None
    co_units: tuple[str, ...] = ()
    matter: str = ""
    basis: str = ""


class Ordered(msgspec.Struct, frozen=True):
    """One assignment to one unit."""

    role: OrderRole
    ended_at: str | None = None
    part_at: str | None = None

    @property
    def owes_its_part(self) -> bool:
        """A co-unit whose part the lead still waits for."""
        return self.role is OrderRole.CO and self.ended_at is None and self.part_at is None


class Standing(msgspec.Struct, frozen=True):
    """How a ticket stands, as far as the staff need it."""

    state: State
    suggestions: tuple[Suggested, ...] = ()
    orders: tuple[Ordered, ...] = ()


class Ended(msgspec.Struct, frozen=True):
    """Where the staff left a ticket."""

    state: State
    steps: int
    stuck: str = ""
    """Why they could not go on."""


class _Walk(msgspec.Struct):
    """One ticket on its way."""

    state: State
    called: bool
    """The caller left a number."""
    contacted: bool = False
    returned: bool = False
    content: bool = True
    rated: bool = False


class Staff:
    """Everybody that a ticket needs, signed in."""

    def __init__(self, client: Client, sessions: Mapping[Role, SignedIn], plan: Plan, fallback_unit: str, done: Done) -> None:
        self._client = client
        self._sessions = sessions
        self._plan = plan
        self._fallback = fallback_unit
        self._done = done

    async def see_through(self, number: str, state: State, called: bool, chance: Random) -> Ended:
        """Takes a ticket from `state` to its end, or to where it is left.

        `called`: the caller left a number, so that they are contacted and called back.

        Raises:
            CannotReplay: the server stayed away.
        """
        walk = _Walk(state, called, content=chance.random() >= self._plan.dissatisfied)
        returns = chance.random() < self._plan.returned
        for steps in range(MOST_STEPS):
            if walk.state not in _NEXT or chance.random() < self._plan.left:
                return Ended(walk.state, steps)
            role, action = _next(walk, returns)
            step = await self._step(number, walk, action)
            if stuck := await self._take(number, walk, role, action, step):
                return Ended(walk.state, steps, stuck)
        return Ended(walk.state, MOST_STEPS, "too many steps")

    async def _step(self, number: str, walk: _Walk, action: Action) -> Step:
        """What is said with a step; whoever dispatches or replies looks at the ticket first."""
        match action:
            case Action.DISPATCH | Action.RULE:
                return self._assignment(await self._standing(number, Role.DISPATCHER))
            case Action.REPLY:
                owing = sum(order.owes_its_part for order in (await self._standing(number, Role.HANDLER)).orders)
                for _ in range(owing):
                    await self._send(number, Role.HANDLER, Action.PART, Step(note="本单位已配合核查，情况属实。"))
                return _words(action, walk)
            case _:
                return _words(action, walk)

    def _assignment(self, standing: Standing) -> Step:
        best = next((s for s in standing.suggestions if s.unit), None)
        if best is None or best.unit is None:
            return Step(unit=self._fallback, basis=_BASIS, note="职责未明，先行受理")
        return Step(unit=best.unit, co_units=best.co_units, basis=best.basis or _BASIS, matter=best.matter, note="按建议派单")

    async def _take(self, number: str, walk: _Walk, role: Role, action: Action, step: Step) -> str:
        """Takes one step and notes where the ticket stands then; returns why it could not, empty when it could."""
        status, body, tries = await self._send(number, role, action, step)
        if status < 300:
            _note(walk, action)
            walk.state = msgspec.json.decode(body, type=Standing).state
            return ""
        if status == _CONFLICT:
            # Done already: by an earlier sending whose answer was lost, or by another (a second look may be quicker than a dispatcher).
            stands = (await self._standing(number, role)).state
            if tries > 1 or stands is not walk.state:
                _note(walk, action)
                walk.state = stands
                return ""
        return f"{action}: {status} {body.decode(errors='replace')[:200]}"

    async def _send(self, number: str, role: Role, action: Action, step: Step) -> tuple[int, bytes, int]:
        answer = await self._client.post(
            f"/api/v1/tickets/{number}/{action}",
            msgspec.json.encode(_said(step)),
            self._sessions[role].headers,
            lambda status, seconds: self._done(action, status, seconds),
        )
        return answer.status, answer.body, answer.tries

    async def _standing(self, number: str, role: Role) -> Standing:
        answer = await self._client.get(f"/api/v1/tickets/{number}", self._sessions[role].headers, lambda _status, _seconds: None)
        return msgspec.json.decode(answer.body, type=Standing)


def _said(step: Step) -> dict[str, Any]:
    """The particulars that were given; what is left out has its default."""
    return {f.name: value for f in msgspec.structs.fields(step) if (value := getattr(step, f.name)) != f.default}


_NEXT: Final[dict[State, tuple[Role, Action]]] = {
    State.AWAITING_DISPATCH: (Role.DISPATCHER, Action.DISPATCH),
    State.DISPATCHED: (Role.HANDLER, Action.SIGN),
    State.HANDLING: (Role.HANDLER, Action.REPLY),
    State.JOINT_REVIEW: (Role.DISPATCHER, Action.RULE),
    State.UNIT_REVIEW: (Role.UNIT_REVIEWER, Action.APPROVE),
    State.IN_REVIEW: (Role.REVIEWER, Action.PASS),
    State.AWAITING_CALL_BACK: (Role.CALL_BACK, Action.RATE),
}
"""Who does what next; states that are not here are ends."""


def _next(walk: _Walk, returns: bool) -> tuple[Role, Action]:
    if walk.state is State.DISPATCHED and returns and not walk.returned:
        return Role.HANDLER, Action.RETURN
    if walk.state is State.HANDLING and walk.called and not walk.contacted:
        return Role.HANDLER, Action.CONTACT
    if walk.state is State.AWAITING_CALL_BACK and walk.rated:
        return Role.REVIEWER, Action.REDO
    return _NEXT[walk.state]


def _note(walk: _Walk, action: Action) -> None:
    """What the next steps depend on."""
    match action:
        case Action.CONTACT:
            walk.contacted = True
        case Action.RETURN:
            walk.returned = True
        case Action.RATE:
            walk.rated = True
        case Action.REDO:
            # Handled once more, the citizen is content.
            walk.contacted, walk.rated, walk.content = False, False, True
        case Action.DISPATCH:
            walk.contacted = False
        case _:
            pass


def _words(action: Action, walk: _Walk) -> Step:
    match action:
        case Action.CONTACT:
            return Step(note="已电话联系市民，核实地点和情况。")
        case Action.RETURN:
            return Step(note="经核查不属本单位职责。", basis="职责清单对应条目")
        case Action.REPLY:
            return Step(answer=_ANSWER, internal="已现场处置，资料留存。")
        case Action.RATE:
            rating = Rating(5, 5, 5) if walk.content else Rating(3, 1, 2, "问题没有解决")
            return Step(rating=rating)
        case Action.REDO:
            return Step(note="市民反映未解决，请重新办理。")
        case _:
            return Step()
