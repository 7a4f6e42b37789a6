"""How many tickets wait at each desk: the small numbers beside the desks' names.

They are asked for after a page has come, so that no page waits for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency

from yixian.db.pool import Database, Scope
from yixian.people.model import Actor, Role, Session
from yixian.tickets import above, service
from yixian.tickets.model import Filters, State

Asked = Request[Any, Any, Any]

DESKS: Final[Mapping[str, tuple[Role, tuple[State, ...]]]] = {
    "/desk/dispatch": (Role.DISPATCHER, (State.AWAITING_DISPATCH, State.JOINT_REVIEW)),
    "/desk/review": (Role.REVIEWER, (State.IN_REVIEW,)),
    "/desk/callback": (Role.CALL_BACK, (State.AWAITING_CALL_BACK,)),
    "/desk/unit": (Role.HANDLER, (State.DISPATCHED,)),
}
"""What waits where: for this role first of all. A unit's reviewers wait for answers instead; supervisors see all of the hotline's."""

AGE: Final = timedelta(seconds=30)
"""How old a number beside a desk may be; so often at most the database counts, for the hotline once a process."""

KEPT_MOST: Final = 500
"""Units whose numbers are remembered; then all are forgotten."""


def waiting(actor: Actor) -> dict[str, Filters]:
    """What waits at the desks of this person, by the desk's address."""
    found: dict[str, Filters] = {}
    for desk, (role, states) in DESKS.items():
        if desk == "/desk/unit" and Role.UNIT_REVIEWER in actor.roles:
            states = (*(states if role in actor.roles else ()), State.UNIT_REVIEW)
        elif role not in actor.roles and (Role.SUPERVISOR not in actor.roles or desk == "/desk/unit"):
            continue
        found[desk] = Filters(states=states, unit_path=actor.unit_path if desk == "/desk/unit" else "")
    return found


class Counted(msgspec.Struct, frozen=True):
    """What was counted, and when."""

    at: datetime
    waits: Mapping[str, int] = {}
    """By the desk's address, up to `tickets.service.COUNTED_TO`."""
    above: Mapping[str, int] = {}
    """What waits for a unit on the desks of rooms above: disputes, consultations, campaigns, answering sessions."""


@get("/desk/counts", include_in_schema=False)
async def count_waiting(
    request: Asked, session: NamedDependency[Session], db: NamedDependency[Database], now: NamedDependency[datetime]
) -> Response[dict[str, int]]:
    """How many wait at each desk of who is signed in; at most `AGE` old."""
    actor = session.actor
    wanted = waiting(actor)
    last = await _counted(request, actor, wanted, db, now) if wanted else Counted(now)
    found = {desk: n for desk, n in {**last.above, **last.waits}.items() if n}
    return Response(found, headers={"Cache-Control": f"private, max-age={AGE.seconds}"})


async def _counted(request: Asked, actor: Actor, wanted: Mapping[str, Filters], db: Database, now: datetime) -> Counted:
    """Whoever has the same sight of the same desks sees the same numbers: the whole hotline, or a branch of units."""
    kept: dict[tuple[str, ...], Counted] = request.app.state.setdefault("tickets_waiting", {})
    acting = actor.acting
    sight = (acting.scope.value, *(f"{desk}:{filters.unit_path}:{','.join(filters.states)}" for desk, filters in wanted.items()))
    last = kept.get(sight)
    if last is None or now - last.at >= AGE:
        async with db.transaction(acting) as tx:
            more = await above.unread(request, tx, actor, now) if acting.scope is Scope.UNIT else {}
            waits = await service.up_to(tx, actor, list(wanted.values()), now)
            last = Counted(now, dict(zip(wanted, waits, strict=True)), more)
        if len(kept) >= KEPT_MOST:
            kept.clear()
        kept[sight] = last
    return last


routes = (count_waiting,)
