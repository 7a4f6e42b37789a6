"""How the room's refusals read as problems; for `web.problems.handlers`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from yixian.administration.service import Blocked, KeyUsed, NotFound, Overtaken, Unfit
from yixian.administration.wanting import Wrong
from yixian.web.problems import FieldError, Problem


def _wrong(error: Wrong) -> Problem:
    return Problem(422, "invalid", "填写有误", str(error), tuple(FieldError(field, said) for field, said in error.errors.items()))


KNOWN: Final[Mapping[type[Exception], Callable[[Any], Problem]]] = {
    Wrong: _wrong,
    Unfit: lambda error: Problem(422, "invalid", "填写有误", str(error), (FieldError(error.field, str(error)),)),
    Blocked: lambda error: Problem(409, "blocked", "不能这样改", str(error), tuple(FieldError("", said) for said in error.sentences)),
    Overtaken: lambda error: Problem(409, "overtaken", "已被他人改动", str(error)),
    KeyUsed: lambda error: Problem(422, "key-used", "重复的幂等键", str(error), (FieldError("Idempotency-Key", str(error)),)),
    NotFound: lambda error: Problem(404, "not-found", "没有找到", str(error)),
}
