"""How the room's refusals read as problems; for `web.problems.handlers`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from yixian.people.refusals import Invalid, NotFound, Refused, SignInRefused, TooManyAttempts
from yixian.web.problems import FieldError, Problem

KNOWN: Final[Mapping[type[Exception], Callable[[Any], Problem]]] = {
    SignInRefused: lambda error: Problem(401, "sign-in-refused", "登录未成功", str(error)),
    TooManyAttempts: lambda error: Problem(429, "too-many", "操作太频繁", str(error), headers={"Retry-After": "60"}),
    Refused: lambda error: Problem(403, "not-allowed", "没有权限", str(error)),
    Invalid: lambda error: Problem(422, "invalid", "填写有误", str(error), (FieldError(error.field, str(error)),)),
    NotFound: lambda error: Problem(404, "not-found", "没有找到", str(error)),
}
