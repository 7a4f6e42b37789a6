"""The JSON door: the telephone and the supervisor's board say and see who is ready; reports ask how long contacts take."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from yixian.city.inforce import City
from yixian.db.pool import Database
from yixian.operators import service
from yixian.operators.model import Board, Figures, Source, Standing, State
from yixian.people.guards import needs
from yixian.people.model import Session
from yixian.web.problems import PROBLEM_RESPONSES, FieldError, usual

NO_QUEUE = "没有这个服务队列，请核对编号。"
NO_ZONE = "时间须带时区，例如 2026-11-22T09:30:00+08:00。"


class StateIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an operator stands from now on."""

    state: State
    queue: Annotated[str, Meta(max_length=100, description="Code of the queue; empty: any.")] = ""
    source: Annotated[Source, Meta(description="`telephone` reports what is so and is never refused; `desk` is a person's wish.")] = (
        Source.DESK
    )


@get(
    "/api/v1/operators",
    tags=["operators"],
    summary="Who is ready",
    guards=[needs(*service.LOOKING)],
    responses=PROBLEM_RESPONSES,
)
async def show_board(session: NamedDependency[Session], db: NamedDependency[Database]) -> Board:
    """Operators by state and queue, and each who is at the desk."""
    async with db.transaction(session.actor.acting) as tx:
        return await service.board(tx)


@put(
    "/api/v1/operators/{who:uuid}/state",
    tags=["operators"],
    summary="Say where an operator stands",
    guards=[needs(*service.AT_THE_DESK)],
    responses=PROBLEM_RESPONSES,
)
async def set_state(
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
    who: FromPath[UUID],
    data: JSONBody[StateIn],
) -> Standing:
    """One's own state, or as a supervisor another's. `after` ends the talk; `ready`, `pause` and `away` end the work after it."""
    if data.queue and data.queue not in {q.code for q in city.pack.queues}:
        raise usual(422, (FieldError("queue", NO_QUEUE),))
    async with db.transaction(session.actor.acting) as tx:
        return await service.change_state(
            tx, session.actor, data.state, now, operator=who, queue=data.queue, source=data.source
        )  # fmt: skip


@get(
    "/api/v1/operators/figures",
    tags=["operators"],
    summary="How long contacts take",
    guards=[needs(*service.LOOKING)],
    responses=PROBLEM_RESPONSES,
)
async def show_figures(
    session: NamedDependency[Session], db: NamedDependency[Database], since: FromQuery[datetime], till: FromQuery[datetime]
) -> Figures:
    """Median entry, handling and wrap-up seconds of the contacts that were recorded from `since` until before `till`."""
    if since.tzinfo is None or till.tzinfo is None:
        raise usual(422, (FieldError("since" if since.tzinfo is None else "till", NO_ZONE),))
    async with db.transaction(session.actor.acting) as tx:
        return await service.figures(tx, since, till)


routes = (show_board, set_state, show_figures)
