"""The JSON door to consultation before a first dispatch."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK
from msgspec import Meta

from yixian.city.inforce import City
from yixian.db.pool import Database
from yixian.disputes import consulting
from yixian.disputes.model import Consulted, ConsultedPage, Consulting, Said
from yixian.people.guards import needs
from yixian.people.model import UNIT_ROLES, Session
from yixian.settings import Settings
from yixian.web.given import Short, Words
from yixian.web.problems import PROBLEM_RESPONSES

LOOKING: Final = tuple(sorted(consulting.LOOKING))
ASKING: Final = tuple(sorted(consulting.ASKING))


class AskIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to ask what."""

    units: Annotated[tuple[Short, ...], Meta(max_length=20, description="Codes; five a ticket at most.")]
    question: Annotated[Words, Meta(description="Empty: whether the ticket is theirs.")] = ""


class AnswerIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a unit says."""

    said: Said
    basis: Annotated[Words, Meta(description="The list entry or law; needed for `no` and `partly`.")] = ""
    words: Words = ""


@get("/api/v1/consultations", tags=["disputes"], summary="Consultations", guards=[needs(*LOOKING)], responses=PROBLEM_RESPONSES)
async def list_consultations(
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    now: NamedDependency[datetime],
    which: FromQuery[Consulting] = Consulting.OPEN,
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=consulting.LIMIT_MOST)] = consulting.LIMIT,
) -> ConsultedPage:
    """Open ones by the clock, ended ones newest first. A unit sees those in which it was asked, and its own answer alone."""
    async with db.transaction(session.actor.acting) as tx:
        return await consulting.worklist(tx, session.actor, which, after, limit, now)


@post(
    "/api/v1/tickets/{number:str}/consultation",
    tags=["disputes"],
    summary="Ask units before a first dispatch",
    status_code=HTTP_200_OK,
    guards=[needs(*ASKING)],
    responses=PROBLEM_RESPONSES,
)
async def ask(
    number: FromPath[str],
    data: JSONBody[AskIn],
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    settings: NamedDependency[Settings],
    now: NamedDependency[datetime],
) -> Consulted:
    """Whether the ticket is theirs. It goes on waiting for dispatch, its clock running; it may be dispatched at any time."""
    async with db.transaction(session.actor.acting) as tx:
        limit = settings.consultation_limit
        found = await consulting.ask(tx, session.actor, number.upper(), data.units, data.question, limit, city, now)
    db.wake()
    return found


@post(
    "/api/v1/consultations/{consultation:uuid}/answer",
    tags=["disputes"],
    summary="Answer a consultation",
    status_code=HTTP_200_OK,
    guards=[needs(*sorted(UNIT_ROLES))],
    responses=PROBLEM_RESPONSES,
)
async def answer(
    consultation: FromPath[UUID],
    data: JSONBody[AnswerIn],
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    now: NamedDependency[datetime],
) -> Consulted:
    """A unit's answer, given once. Answers 409 when it need not answer any more."""
    async with db.transaction(session.actor.acting) as tx:
        found = await consulting.answer(tx, session.actor, consultation, data.said, data.basis, data.words, now)
    db.wake()
    return found


routes = (list_consultations, ask, answer)
