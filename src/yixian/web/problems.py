"""Errors as people meet them: problem+json for programs, a page for people, and always a sentence that says what to do.

Sentences are keys of the message catalogue (`messages/`), so they are said in the reader's language.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, SerializationException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.response import Redirect

from yixian.web import render

Asked = Request[Any, Any, Any]
Handler = Callable[[Asked, Any], Response[Any]]

PROBLEM_JSON: Final = "application/problem+json"

log = structlog.get_logger("yixian.web")


class MayBe(msgspec.Struct, frozen=True):
    """One that a field may mean."""

    code: str
    """What the field is to hold."""
    name: str


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with one field."""

    field: str
    """Name of the field, dotted when it is inside another; empty for the whole."""
    detail: str
    choices: tuple[MayBe, ...] = ()
    """What it may mean, best first; left out where nothing fits."""


class ProblemOut(msgspec.Struct, frozen=True):
    """An error as a program reads it (RFC 9457). Some types have further members, named where they occur."""

    type: str
    title: str
    status: int
    detail: str
    """What happened and what to do."""
    errors: tuple[FieldError, ...] = ()


PROBLEM_RESPONSES: Final[dict[int, ResponseSpec]] = {
    status: ResponseSpec(ProblemOut, description=said, media_type=PROBLEM_JSON, generate_examples=False)
    for status, said in (
        (400, "The request cannot be read: not JSON, a wrong type, an unknown field."),
        (401, "Nobody is signed in."),
        (403, "Not allowed to this person, or the CSRF token is wrong."),
        (404, "No such thing, or none that this person may see."),
        (409, "Things have changed, or do not allow it."),
        (413, "Too large."),
        (422, "Readable, but something must be mended; `errors` names it."),
        (429, "Too many requests."),
    )
}
"""For the OpenAPI description of routes."""


class Problem(Exception):
    """An error that a person can act on.

    `detail` says what happened and what to do; `more` holds members beside the usual ones (`allowed`, `happened`).
    """

    def __init__(
        self,
        status: int,
        type: str,
        title: str,
        detail: str,
        errors: tuple[FieldError, ...] = (),
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.type = type
        self.title = title
        self.detail = detail
        self.errors = errors
        self.more = dict(more or {})
        self.headers = dict(headers or {})


USUAL: Final[Mapping[int, tuple[str, str, str]]] = {
    400: ("malformed", "请求无法读懂", "请核对填写的内容后重新提交。"),
    401: ("not-signed-in", "需要登录", "请登录后再试；刚才填写的内容还在本页。"),
    403: ("not-allowed", "没有权限", "您的岗位不能进行这项操作；如工作需要，请联系系统管理员。"),
    404: ("not-found", "没有找到", "没有这个页面或记录，请核对地址或编号。"),
    405: ("method-not-allowed", "不能这样访问", "请从页面上的按钮或链接进入。"),
    409: ("conflict", "与现状冲突", "请刷新后查看最新情况，再决定怎样操作。"),
    413: ("too-large", "内容太长", "提交的内容超过了上限，请缩短文字或减少附件后再提交。"),
    415: ("wrong-media-type", "格式不对", "请按接口说明的内容类型提交。"),
    422: ("invalid", "填写有误", "请按提示修改后重新提交。"),
    429: ("too-many", "操作太频繁", "请稍等一分钟再试。"),
    503: ("unavailable", "暂时不能服务", "系统正忙，请稍后再试；紧急情况请直接拨打紧急电话。"),
}
"""Status to type, title and what to do, for errors that nobody said more about."""

OWN_FAULT: Final = ("internal", "系统出错了", "是我们的问题，不是您的。请稍后再试；如仍不行，请拨打热线并告知参考号 {reference}。")


def usual(status: int, errors: tuple[FieldError, ...] = (), headers: Mapping[str, str] | None = None) -> Problem:
    """The problem of a status about which nothing more is known."""
    kind, title, detail = USUAL.get(status) or USUAL[400]
    return Problem(status, kind, title, detail, errors, headers=headers)


def handlers(known: Mapping[type[Exception], Callable[[Any], Problem]], sign_in: str = "/login") -> dict[Any, Handler]:
    """Exception handlers for the application.

    `known`: how the rooms' own exceptions read as problems. `sign_in`: where a page sends somebody who is not signed in.
    """

    def answering(reads: Callable[[Any], Problem]) -> Handler:
        return lambda request, error: respond(request, reads(error), sign_in)

    return {
        Problem: answering(lambda error: error),
        HTTPException: answering(_of_framework),
        SerializationException: answering(_of_framework),
        msgspec.MsgspecError: answering(_of_framework),
        UnicodeDecodeError: answering(lambda _error: usual(400, (FieldError("", "文字编码须为 UTF-8。"),))),
        Exception: lambda request, error: _unhandled(request, error, sign_in),
        **{kind: answering(reads) for kind, reads in known.items()},
    }


def respond(request: Asked, problem: Problem, sign_in: str = "/login") -> Response[Any]:
    """The answer to a problem: JSON under `/api/`, a page elsewhere; who is not signed in is sent to sign in."""
    if request.url.path.startswith("/api/"):
        return as_json(request, problem)
    if problem.status == 401 and request.method == "GET":
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return Redirect(f"{sign_in}?next={quote(here, safe='/')}", status_code=303)
    return _ToWhom(problem)


WHOSE: Final = "whose"
"""Under this name the application says who asks: `await app.state["whose"](request)` gives the session, or None."""


class _ToWhom(Response[bytes]):
    """A page about a problem, made when it is sent: an unknown address has no route, and nobody has asked yet who is signed in."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(b"", status_code=problem.status)
        self.problem = problem

    def to_asgi_response(self, app: Any, request: Any, **how: Any) -> Any:
        """What sends the page."""

        async def sent(scope: Any, receive: Any, send: Any) -> None:
            answer = as_page(request, self.problem, await _session(request))
            await answer.to_asgi_response(app, request, **how)(scope, receive, send)

        return sent


async def _session(request: Asked) -> Any:
    """Who is signed in; None when nobody is, or when that cannot be found out now."""
    whose = request.app.state.get(WHOSE)
    if whose is None:
        return None
    try:
        return await whose(request)
    except Exception as error:
        log.warning("problem.whose", path=request.url.path, error=repr(error))
        return None


def as_json(request: Asked, problem: Problem) -> Response[bytes]:
    """`application/problem+json` (RFC 9457)."""
    say = render.translator(render.language(request))
    body = {
        "type": problem.type,
        "title": say(problem.title),
        "status": problem.status,
        "detail": say(problem.detail),
        "errors": [_told(e, say) for e in problem.errors],
        **problem.more,
    }
    return Response(
        msgspec.json.encode(body),
        status_code=problem.status,
        media_type=PROBLEM_JSON,
        headers={"Cache-Control": "no-store", **problem.headers},
    )


def _told(error: FieldError, say: render.Say) -> dict[str, Any]:
    choices = [{"code": one.code, "name": say(one.name)} for one in error.choices]
    return {"field": error.field, "detail": say(error.detail)} | ({"choices": choices} if choices else {})


def as_page(request: Asked, problem: Problem, session: Any = None) -> Response[Any]:
    """A page with the same status, which says what to do; plain text when not even that page can be made.

    `session`: of the person who works here and asks; their header stays above the page.
    """
    staff = session is not None or request.url.path.startswith(("/desk", "/admin", "/password"))
    how: dict[str, Any] = {"status": problem.status, "headers": problem.headers}
    try:
        back = _came_from(request) if problem.status == 401 else ""
        return render.page(request, "web/problem.html", **how, problem=problem, staff=staff, session=session, back=back)
    except Exception as error:
        log.error("problem.page", path=request.url.path, exc_info=error)
        say = render.translator(render.language(request))
        return Response(
            f"{say(problem.title)} {say(problem.detail)}", status_code=problem.status, media_type="text/plain", headers=problem.headers
        )


def _came_from(request: Asked) -> str:
    """The page of ours on which a form stood, for the way back to it; empty when nobody knows."""
    parts = urlsplit(request.headers.get("referer", ""))
    if request.method == "GET" or parts.netloc != request.headers.get("host", ""):
        return ""
    return quote(f"{parts.path}?{parts.query}" if parts.query else parts.path, safe="/")


def _unhandled(request: Asked, error: Exception, sign_in: str) -> Response[Any]:
    """What nobody foresaw: told with a reference that finds it in the log, never with its insides."""
    reference = secrets.token_hex(4)
    log.error("unhandled", reference=reference, method=request.method, path=request.url.path, exc_info=error)
    kind, title, detail = OWN_FAULT
    say = render.translator(render.language(request))
    return respond(request, Problem(500, kind, title, say(detail, reference=reference), more={"reference": reference}), sign_in)


def _of_framework(error: Exception) -> Problem:
    """The framework's and msgspec's errors, in our words."""
    if isinstance(error, ValidationException):
        extra: list[Any] = error.extra if isinstance(error.extra, list) else []
        errors = tuple(field_error(str(e.get("message", "")), str(e.get("key", ""))) for e in extra if isinstance(e, dict))
        if missing := _MISSING.search(error.detail):
            errors = (*errors, FieldError(missing["field"], "此项必填。"))
        return usual(400, errors)
    if isinstance(error, HTTPException) and error.status_code == 405:
        return usual(405, headers=_allowed(error))
    if isinstance(error, HTTPException) and error.status_code not in (400, 500):
        return usual(error.status_code)
    if isinstance(error, HTTPException) and error.status_code == 500:
        raise error
    cause = error.__cause__ if isinstance(error.__cause__, (msgspec.MsgspecError, SerializationException)) else error
    return usual(400, (field_error(str(cause), ""),))


def _allowed(error: HTTPException) -> dict[str, str]:
    """What the address takes, which a 405 must say (RFC 9110, 15.5.6); HEAD wherever there is GET (`heads`)."""
    methods = {method.strip() for method in (error.headers or {}).get("allow", "").split(",")}
    return {"Allow": ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))}


_AT = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")

_MISSING = re.compile(r"Missing required \w+ parameter '(?P<field>[^']*)'")

_SAYINGS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"unknown field `(?P<field>[^`]*)`"), "没有这个字段，请删去或核对拼写。"),
    (re.compile(r"missing required field `(?P<field>[^`]*)`"), "此项必填。"),
    (re.compile(r"of length <= "), "太长，请缩短。"),
    (re.compile(r"of length >= "), "太短，请补充。"),
    (re.compile(r"Expected `(int|float)` (<|>|multiple)"), "数值超出范围。"),
    (re.compile(r"Invalid enum value"), "不是可选的值，请见接口说明。"),
    (re.compile(r"(datetime|RFC3339)", re.IGNORECASE), "日期时间无效，应写作 2026-11-22T08:00:00Z。"),
    (re.compile(r"(Invalid|Expected).*date", re.IGNORECASE), "日期无效，应写作 2026-11-22。"),
    (re.compile(r"Invalid UUID", re.IGNORECASE), "编号格式无效。"),
    (re.compile(r"utf-?8|surrogate", re.IGNORECASE), "文字编码须为 UTF-8。"),
    (re.compile(r"malformed|truncated|trailing", re.IGNORECASE), "不是有效的 JSON，请检查括号、引号和逗号。"),
    (re.compile(r"got `null`"), "此项不能为空。"),
    (re.compile(r"Expected `str"), "应为文字。"),
    (re.compile(r"Expected `int"), "应为整数。"),
    (re.compile(r"Expected `float"), "应为数字。"),
    (re.compile(r"Expected `bool"), "应为 true 或 false。"),
    (re.compile(r"Expected `array"), "应为列表。"),
    (re.compile(r"Expected `object"), "应为对象。"),
)
"""What msgspec says, and how a person is told."""

UNREADABLE: Final = "无法读懂，请核对格式。"


def field_error(message: str, key: str) -> FieldError:
    """One of msgspec's messages, with the field it is about. Values are never repeated: they may be somebody's data."""
    path = at["path"] if (at := _AT.search(message)) else key
    path = "" if path == "data" else path.removeprefix("data.")
    for pattern, saying in _SAYINGS:
        if found := pattern.search(message):
            name = found.groupdict().get("field")
            return FieldError(f"{path}.{name}" if name and path and path != name else name or path, saying)
    return FieldError(path, UNREADABLE)


def sayings() -> tuple[str, ...]:
    """Every fixed sentence here: all of them stand in the catalogue (tested)."""
    fixed = [text for _, title, detail in (*USUAL.values(), OWN_FAULT) for text in (title, detail)]
    return (*fixed, *(saying for _, saying in _SAYINGS), UNREADABLE)
