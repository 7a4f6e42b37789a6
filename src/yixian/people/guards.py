"""Guards of routes: who may enter at all. What they may do inside, the rooms' own tables say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar.handlers import BaseRouteHandler

from yixian.people import sessions
from yixian.people.model import Role
from yixian.people.sessions import Connection
from yixian.web.problems import usual

Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]


def needs(*roles: Role) -> Guard:
    """A guard that lets in who is completely signed in and has one of these roles; without roles, anybody who is signed in.

    It answers 401 to who is not signed in, 403 to other roles, and 403 to an unsafe request without the session's CSRF token.
    """
    wanted = frozenset(roles)

    async def guard(connection: Connection, _handler: BaseRouteHandler) -> None:
        session = await sessions.signed_in(connection)
        if wanted and not wanted & session.actor.roles:
            raise usual(403)

    return guard
