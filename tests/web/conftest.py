"""A small application with the shared look, and doors that fail in every way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from litestar import Litestar, Request, Response, get, post
from litestar.params import FromQuery, JSONBody
from litestar.testing import AsyncTestClient

from yixian.web import problems, render, static, styleguide
from yixian.web.problems import FieldError, Problem

ABOUT = render.About("云山市", "Yunshan", ZoneInfo("Asia/Shanghai"))


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    text: str = ""


class Body(msgspec.Struct, forbid_unknown_fields=True):
    text: Annotated[str, msgspec.Meta(max_length=20)]
    count: int = 0
    inner: Inner | None = None


class Gone(Exception):
    """An exception of some room."""


@post(["/api/body", "/body"], request_max_body_size=4096)
async def body(data: JSONBody[Body]) -> dict[str, str]:
    return {"text": data.text}


@get(["/api/refused", "/refused"])
async def refused() -> None:
    raise Problem(409, "refused", "与现状冲突", "<b>工单</b>已被他人处理。", (FieldError("note", "此项必填。"),), {"allowed": ["sign"]})


@get(["/api/number", "/number"])
async def number(of: FromQuery[int]) -> dict[str, int]:
    return {"of": of}


@get(["/api/broken", "/broken"])
async def broken() -> None:
    raise RuntimeError("secret of the inside")


@get(["/api/gone", "/gone"])
async def gone() -> None:
    raise Gone


@get(["/api/mine", "/mine"])
async def mine() -> None:
    raise problems.usual(401)


@get("/hello")
async def hello(request: Request[Any, Any, Any]) -> Response[bytes]:
    return render.page(request, "web/problem.html", problem=Problem(200, "x", "<script>alert(1)</script>", "没有找到"))


@pytest.fixture
async def client() -> AsyncIterator[AsyncTestClient[Litestar]]:
    app = Litestar(
        [*static.routes, *styleguide.routes, body, refused, number, broken, gone, mine, hello],
        exception_handlers=problems.handlers({Gone: lambda _: problems.usual(404)}),
        before_send=[static.secure],
        openapi_config=None,
    )
    app.state.pages = render.build((), lambda: ABOUT)
    async with AsyncTestClient(app, raise_server_exceptions=False) as opened:
        yield opened
