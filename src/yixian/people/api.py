"""The JSON door: signing in and out, accounts, the audit, revealing."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT

from yixian.city.inforce import City
from yixian.db.pool import NOBODY, Database
from yixian.people import callers, service, sessions
from yixian.people.attempts import Attempts
from yixian.people.callers import Field
from yixian.people.guards import needs
from yixian.people.model import Actor, Role, Session
from yixian.people.oversight import trail, words
from yixian.people.oversight.model import Entry, Result, Search
from yixian.people.policy import RIGHTS, Deed
from yixian.people.secrets import Vault
from yixian.people.service import Added, NewStaff, Offer, SignedIn
from yixian.people.sessions import Held, address
from yixian.people.store import Staff
from yixian.settings import Settings
from yixian.web.problems import PROBLEM_RESPONSES
from yixian.web.render import language, translator

Asked = Request[Any, Any, Any]

ISSUER = "Yixian 12345"
"""What an authenticator shows beside the login."""


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Login and password, and the one-time password if the second factor is enrolled."""

    login: str
    password: str
    one_time: str = ""


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A one-time password; with the `ticket` of an offer it enrols the second factor."""

    one_time: str
    ticket: str = ""


class NewPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One's own password, old and new."""

    old: str
    new: str


class SessionOut(msgspec.Struct, frozen=True):
    """Who is signed in."""

    csrf: str
    """To be sent as `X-CSRF-Token` with every request that changes something."""
    awaiting_second_factor: bool
    must_change_password: bool
    id: str
    name: str
    roles: tuple[Role, ...]
    unit: str


class Roles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The roles that somebody is to have."""

    roles: frozenset[Role]


class Password(msgspec.Struct, frozen=True):
    """A random password, told once."""

    password: str


class Why(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be revealed, for which ticket, and why."""

    field: Field
    reason: str
    ticket: UUID | None = None


class Revealed(msgspec.Struct, frozen=True):
    """A name or number in clear."""

    value: str


@post(
    "/api/v1/session",
    tags=["session"],
    summary="Sign in",
    dependencies={"attempts": Provide(sessions.provide_attempts)},
    responses=PROBLEM_RESPONSES,
)
async def begin_session(
    request: Asked,
    data: JSONBody[SignIn],
    db: NamedDependency[Database],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    attempts: NamedDependency[Attempts],
    now: NamedDependency[datetime],
) -> Response[SessionOut]:
    """Begins a session and sets its cookie. With `awaiting_second_factor` a one-time password is still to come."""
    sessions.check_rate(attempts, request, now)
    begun = await service.sign_in(db, vault, settings, data.login, data.password, data.one_time, address(request), now)
    return await _began(db, settings, begun, now)


@get(
    "/api/v1/session",
    tags=["session"],
    summary="Who is signed in",
    dependencies={"held": Provide(sessions.provide_held)},
    responses=PROBLEM_RESPONSES,
)
async def see_session(held: NamedDependency[Held]) -> SessionOut:
    """Who is signed in, and the token that changing requests need."""
    return _out(held.session)


@delete(
    "/api/v1/session",
    tags=["session"],
    summary="Sign out",
    dependencies={"held": Provide(sessions.provide_held)},
    status_code=HTTP_204_NO_CONTENT,
    responses=PROBLEM_RESPONSES,
)
async def end_session(
    request: Asked,
    held: NamedDependency[Held],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    now: NamedDependency[datetime],
) -> Response[None]:
    """Ends the session."""
    async with db.transaction(NOBODY) as tx:
        await service.sign_out(tx, held.token, held.session.actor, address(request), now)
    return Response(None, status_code=HTTP_204_NO_CONTENT, cookies=[sessions.cookie("", settings)])


@get(
    "/api/v1/session/second-factor",
    tags=["session"],
    summary="Enrol a second factor",
    dependencies={"held": Provide(sessions.provide_held)},
    responses=PROBLEM_RESPONSES,
)
async def offer_second_factor(
    held: NamedDependency[Held], db: NamedDependency[Database], vault: NamedDependency[Vault], now: NamedDependency[datetime]
) -> Offer | None:
    """A fresh secret for an authenticator; null when a second factor is enrolled already."""
    async with db.transaction(NOBODY) as tx:
        return await service.offer(tx, vault, held.session, ISSUER, now)


@post(
    "/api/v1/session/second-factor",
    tags=["session"],
    summary="Complete signing in",
    dependencies={"held": Provide(sessions.provide_held)},
    status_code=HTTP_200_OK,
    responses=PROBLEM_RESPONSES,
)
async def prove_second_factor(
    request: Asked,
    data: JSONBody[Proof],
    held: NamedDependency[Held],
    db: NamedDependency[Database],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    now: NamedDependency[datetime],
) -> Response[SessionOut]:
    """Completes a session with a one-time password. The session's cookie and CSRF token change."""
    done = await service.second_factor(db, vault, settings, held.token, held.session, data.one_time, data.ticket, address(request), now)
    return await _began(db, settings, done, now)


@put(
    "/api/v1/session/password",
    tags=["session"],
    summary="Change one's own password",
    dependencies={"held": Provide(sessions.provide_completed)},
    status_code=HTTP_204_NO_CONTENT,
    responses=PROBLEM_RESPONSES,
)
async def change_password(
    data: JSONBody[NewPassword],
    held: NamedDependency[Held],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    now: NamedDependency[datetime],
) -> None:
    """Changes one's own password; one's other sessions end."""
    await service.change_password(db, held.token, held.session.actor, data.old, data.new, settings, now)


@get("/api/v1/staff", tags=["staff"], summary="Accounts", guards=[needs(*RIGHTS[Deed.LIST])], responses=PROBLEM_RESPONSES)
async def list_staff(actor: NamedDependency[Actor], db: NamedDependency[Database], after: FromQuery[str] = "") -> tuple[Staff, ...]:
    """A page of accounts by login."""
    async with db.transaction(actor.acting) as tx:
        return await service.staff_list(tx, actor, after)


@post("/api/v1/staff", tags=["staff"], summary="Add an account", guards=[needs(*RIGHTS[Deed.ADD])], responses=PROBLEM_RESPONSES)
async def add_staff(
    request: Asked, data: JSONBody[NewStaff], actor: NamedDependency[Actor], db: NamedDependency[Database], now: NamedDependency[datetime]
) -> Added:
    """Adds an account; its password is in this answer and nowhere else."""
    async with db.transaction(actor.acting) as tx:
        return await service.add_staff(tx, actor, data, now, address(request))


@post(
    "/api/v1/staff/{login:str}/reset",
    tags=["staff"],
    summary="Reset",
    guards=[needs(*RIGHTS[Deed.RESET])],
    status_code=HTTP_200_OK,
    responses=PROBLEM_RESPONSES,
)
async def reset_staff(
    request: Asked, login: FromPath[str], actor: NamedDependency[Actor], db: NamedDependency[Database], now: NamedDependency[datetime]
) -> Password:
    """A new password, told once; the second factor is enrolled anew, sessions end."""
    async with db.transaction(actor.acting) as tx:
        return Password(await service.reset(tx, actor, login, now, address(request)))


@post(
    "/api/v1/staff/{login:str}/disable",
    tags=["staff"],
    summary="Disable",
    guards=[needs(*RIGHTS[Deed.DISABLE])],
    status_code=HTTP_204_NO_CONTENT,
    responses=PROBLEM_RESPONSES,
)
async def disable_staff(
    request: Asked, login: FromPath[str], actor: NamedDependency[Actor], db: NamedDependency[Database], now: NamedDependency[datetime]
) -> None:
    """Nobody signs in with the account any more."""
    async with db.transaction(actor.acting) as tx:
        await service.disable(tx, actor, login, now, address(request))


@post(
    "/api/v1/staff/{login:str}/enable",
    tags=["staff"],
    summary="Enable",
    guards=[needs(*RIGHTS[Deed.ENABLE])],
    status_code=HTTP_204_NO_CONTENT,
    responses=PROBLEM_RESPONSES,
)
async def enable_staff(
    request: Asked, login: FromPath[str], actor: NamedDependency[Actor], db: NamedDependency[Database], now: NamedDependency[datetime]
) -> None:
    """The account works again."""
    async with db.transaction(actor.acting) as tx:
        await service.enable(tx, actor, login, now, address(request))


@post(
    "/api/v1/staff/{login:str}/unlock",
    tags=["staff"],
    summary="Unlock",
    guards=[needs(*RIGHTS[Deed.UNLOCK])],
    status_code=HTTP_204_NO_CONTENT,
    responses=PROBLEM_RESPONSES,
)
async def unlock_staff(
    request: Asked, login: FromPath[str], actor: NamedDependency[Actor], db: NamedDependency[Database], now: NamedDependency[datetime]
) -> None:
    """Lifts a lock before its time."""
    async with db.transaction(actor.acting) as tx:
        await service.unlock(tx, actor, login, now, address(request))


@put(
    "/api/v1/staff/{login:str}/roles",
    tags=["staff"],
    summary="Change roles",
    guards=[needs(*RIGHTS[Deed.CHANGE_ROLES])],
    status_code=HTTP_204_NO_CONTENT,
    responses=PROBLEM_RESPONSES,
)
async def change_roles(
    request: Asked,
    login: FromPath[str],
    data: JSONBody[Roles],
    actor: NamedDependency[Actor],
    db: NamedDependency[Database],
    now: NamedDependency[datetime],
) -> None:
    """Other roles, from the next request on."""
    async with db.transaction(actor.acting) as tx:
        await service.change_roles(tx, actor, login, data.roles, now, address(request))


class EntryOut(Entry, frozen=True):
    """A row of the audit, with the deed in words."""

    words: str = ""


class AuditOut(msgspec.Struct, frozen=True):
    """A page of the audit, newest first."""

    rows: tuple[EntryOut, ...]
    next: str
    """To be given as `before` for the page that follows; empty when this is the last."""


@get("/api/v1/audit", tags=["staff"], summary="The audit", guards=[needs(*RIGHTS[Deed.READ_AUDIT])], responses=PROBLEM_RESPONSES)
async def search_audit(
    request: Asked,
    actor: NamedDependency[Actor],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
    by: FromQuery[str] = "",
    action: FromQuery[str] = "",
    subject: FromQuery[str] = "",
    ticket: FromQuery[str] = "",
    where: FromQuery[str] = "",
    result: FromQuery[Result] = Result.ANY,
    since: FromQuery[date | None] = None,
    until: FromQuery[date | None] = None,
    before: FromQuery[str] = "",
) -> AuditOut:
    """A page of the audit, newest first, as the page finds it: by person, deed, ticket, days, address."""
    by, action, subject, ticket, where = (word.strip()[:200].replace("\x00", "") for word in (by, action, subject, ticket, where))
    wanted = Search(by, action, subject, ticket, where, result.value, since, until, before)
    async with db.transaction(trail.acting(actor)) as tx:
        found = await trail.search(tx, actor, wanted, ZoneInfo(city.pack.city.timezone), now)
    say = translator(language(request))
    rows = tuple(EntryOut(**msgspec.structs.asdict(row), words=say(words.said(row.action))) for row in found.rows)
    return AuditOut(rows, found.next)


@post(
    "/api/v1/callers/{caller:uuid}/reveal",
    tags=["staff"],
    summary="Reveal",
    guards=[needs(*RIGHTS[Deed.REVEAL])],
    status_code=HTTP_200_OK,
    responses=PROBLEM_RESPONSES,
)
async def reveal(
    caller: FromPath[UUID],
    data: JSONBody[Why],
    actor: NamedDependency[Actor],
    db: NamedDependency[Database],
    vault: NamedDependency[Vault],
    now: NamedDependency[datetime],
) -> Revealed:
    """A name or number in clear; that it was looked at, and why, is written down."""
    async with db.transaction(actor.acting) as tx:
        return Revealed(await callers.reveal(tx, vault, actor, caller, data.field, data.ticket, data.reason, now))


async def _began(db: Database, settings: Settings, begun: SignedIn, now: datetime) -> Response[SessionOut]:
    async with db.transaction(NOBODY) as tx:
        session = await service.find_session(tx, begun.token, settings, now)
    if session is None:
        raise sessions.not_signed_in()
    return Response(_out(session), cookies=[sessions.cookie(begun.token, settings)])


def _out(session: Session) -> SessionOut:
    actor = session.actor
    return SessionOut(
        session.csrf, session.awaiting_second_factor, session.must_change, actor.id, actor.name, tuple(sorted(actor.roles)), actor.unit
    )


routes = (
    begin_session,
    see_session,
    end_session,
    offer_second_factor,
    prove_second_factor,
    change_password,
    list_staff,
    add_staff,
    reset_staff,
    disable_staff,
    enable_staff,
    unlock_staff,
    change_roles,
    search_audit,
    reveal,
)
