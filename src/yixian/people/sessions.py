"""From a request's cookie to who is signed in; looked up once a request, however many ask."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Protocol

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType

from yixian.db.pool import Database
from yixian.people import service
from yixian.people.attempts import Attempts
from yixian.people.model import Actor, Session
from yixian.people.refusals import TooManyAttempts
from yixian.settings import Settings
from yixian.web.problems import Problem

COOKIE: Final = "yixian_session"
CSRF_HEADER: Final = "X-CSRF-Token"
CSRF_FIELD: Final = "csrf"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_FOUND: Final = "yixian.people.session"

Connection = ASGIConnection[Any, Any, Any, Any]
Asked = Request[Any, Any, Any]


class Process(Protocol):
    """What this room needs of `app.state.process`."""

    @property
    def settings(self) -> Settings: ...

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Callable[[], datetime]: ...


class NotSignedIn(Problem):
    """Nobody is signed in, or not completely; a page sends them to sign in."""


class Held(msgspec.Struct, frozen=True):
    """A session with the token that the browser holds."""

    token: str
    session: Session


def not_signed_in() -> NotSignedIn:
    """Nobody is signed in."""
    return NotSignedIn(401, "not-signed-in", "需要登录", "请登录后再试；长时间没有操作会自动退出。")


async def held(connection: Connection) -> Held | None:
    """The live session of this request, complete or not; None when there is none. Asks the database once a request."""
    state: dict[str, Any] = connection.scope["state"]
    if _FOUND not in state:
        state[_FOUND] = await _look_up(connection)
    return state[_FOUND]


async def whose(request: Asked) -> Session | None:
    """Who is signed in completely, for a page that anybody may be shown; None when nobody is."""
    found = await held(request)
    complete = found is not None and not found.session.awaiting_second_factor and not found.session.must_change
    return found.session if found is not None and complete else None


async def provide_held(request: Asked) -> Held:
    """Dependency: the session, complete or not, with its token; for what completes or ends it.

    Raises:
        NotSignedIn: there is none.
        Problem: 403, an unsafe request without the session's CSRF token.
    """
    found = await held(request)
    if found is None:
        raise not_signed_in()
    await _check_csrf(request, found.session)
    return found


async def provide_completed(request: Asked) -> Held:
    """Dependency: the session after its second factor, whether or not the password must be changed.

    Raises:
        NotSignedIn, Problem: as for `signed_in`.
    """
    return await _completed(request)


async def signed_in(connection: Connection) -> Session:
    """The complete session of this request.

    Raises:
        NotSignedIn: there is none, or the second factor or a new password is still to come.
        Problem: 403, an unsafe request without the session's CSRF token.
    """
    found = await _completed(connection)
    if found.session.must_change:
        raise NotSignedIn(401, "password-change-needed", "请先修改密码", "首次登录或密码被重置后，须先修改密码再使用。")
    return found.session


async def provide_session(request: Asked) -> Session:
    """Dependency `session`: see `signed_in`."""
    return await signed_in(request)


async def provide_actor(request: Asked) -> Actor:
    """Dependency `actor`: who is signed in; see `signed_in`."""
    return (await signed_in(request)).actor


async def provide_operator(request: Asked) -> Actor | None:
    """Dependency `operator`: who is signed in, on routes that anybody may use; None for the public.

    An unsafe request without any CSRF token counts as the public's: another site may have made the browser send it.

    Raises:
        Problem: 403, the CSRF token is wrong.
    """
    found = await held(request)
    if found is None or found.session.awaiting_second_factor or found.session.must_change:
        return None
    if request.method not in SAFE and not await _token_of(request):
        return None
    await _check_csrf(request, found.session)
    return found.session.actor


async def provide_attempts(request: Asked, settings: NamedDependency[Settings]) -> Attempts:
    """Dependency `attempts`: the sign-in attempts that this process has seen."""
    state = request.app.state
    if "attempts" not in state:
        state["attempts"] = Attempts(settings.staff_rate)
    return state["attempts"]


def check_rate(attempts: Attempts, request: Asked, now: datetime) -> None:
    """Counts an attempt of this address.

    Raises:
        TooManyAttempts: it made too many in the last minute.
    """
    if not attempts.allow(address(request), now):
        raise TooManyAttempts("登录尝试过于频繁，请一分钟后再试。")


def address(connection: Connection) -> str:
    """Where the request comes from: behind a proxy of ours, what the proxy says, which stands last in its header."""
    process: Process | None = connection.app.state.get("process")
    if process is not None and process.settings.behind_proxy:
        return connection.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return connection.client.host if connection.client else ""


def cookie(token: str, settings: Settings) -> Cookie:
    """The session's cookie; an empty token removes it."""
    return Cookie(
        key=COOKIE,
        value=token,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
        max_age=None if token else 0,
    )


async def _completed(connection: Connection) -> Held:
    found = await held(connection)
    if found is None:
        raise not_signed_in()
    if found.session.awaiting_second_factor:
        raise NotSignedIn(401, "second-factor-needed", "登录尚未完成", "请输入一次性口令完成登录。")
    await _check_csrf(connection, found.session)
    return found


async def _look_up(connection: Connection) -> Held | None:
    token = connection.cookies.get(COOKIE)
    if not token:
        return None
    process: Process = connection.app.state.process
    async with process.database.looking() as tx:
        session = await service.find_session(tx, token, process.settings, process.clock())
    return Held(token, session) if session else None


async def _check_csrf(connection: Connection, session: Session) -> None:
    if connection.scope.get("method", "GET") in SAFE:
        return
    token = await _token_of(connection)
    if not hmac.compare_digest(token.encode(), session.csrf.encode()):
        raise Problem(403, "csrf", "页面已过期", "页面的安全标记缺失或已失效，操作没有执行。请返回上一页，刷新后重新提交。")


async def _token_of(connection: Connection) -> str:
    """The token of the header, else of the form."""
    if header := connection.headers.get(CSRF_HEADER):
        return header
    if isinstance(connection, Request) and connection.content_type[0] in (RequestEncodingType.URL_ENCODED, RequestEncodingType.MULTI_PART):
        form: Any = await connection.form()
        return str(form.get(CSRF_FIELD) or "")
    return ""
