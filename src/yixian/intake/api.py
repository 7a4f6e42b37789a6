"""The way in for everything that is not a page: residents' apps, partners, imports, operators' tools."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from yixian.attachments import service as attachments
from yixian.groups import asking
from yixian.intake import service
from yixian.intake.model import ContactIn, Preview, Receipt
from yixian.intake.service import Means, TooManyContacts
from yixian.people.model import Actor
from yixian.people.rates import within_rate
from yixian.people.sessions import address
from yixian.web.problems import PROBLEM_RESPONSES

Key = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        max_length=200,
        description="A key of the sender's own for this contact, best a random one of twenty characters or more: sent again with the same "
        "body, it gives the same receipt and stores nothing. With another body it is refused to whoever is signed in (422); of senders "
        "who are not signed in, it is another contact.",
    ),
]


@post(
    "/api/v1/contacts",
    tags=["contacts"],
    summary="Say what is wrong, or ask",
    responses={
        HTTP_200_OK: ResponseSpec(Receipt, description="The key was known: the receipt of the first time."),
        **PROBLEM_RESPONSES,
    },
)
async def take_contact(
    request: Request[Any, Any, Any],
    data: JSONBody[ContactIn],
    means: NamedDependency[Means],
    operator: NamedDependency[Actor | None],
    now: NamedDependency[datetime],
    key: Key = None,
) -> Response[Receipt]:
    """Takes one contact in and says what became of it: the answer, the tickets, or where to turn.

    Anybody may send one. Signed-in operators may also say how they ended it.
    """
    if operator is None:
        check_rate(request, now)
    files = attachments.draft_of(means.keys, key) if key else None
    receipt = await service.record(means, data, operator, _of_sender(request, means, data, key, operator), now, files)
    return Response(receipt, status_code=HTTP_200_OK if receipt.repeated else HTTP_201_CREATED)


@post(
    "/api/v1/contacts/preview",
    tags=["contacts"],
    summary="What would be understood",
    status_code=HTTP_200_OK,
    responses=PROBLEM_RESPONSES,
)
async def preview_contact(
    request: Request[Any, Any, Any],
    data: JSONBody[ContactIn],
    means: NamedDependency[Means],
    operator: NamedDependency[Actor | None],
    now: NamedDependency[datetime],
) -> list[Preview]:
    """What would be understood and who would get it; nothing is stored."""
    if operator is None:
        asking.check_rate(request, now)
    service.check(data, operator, means.city)
    return list(service.preview(means, data, now))


def check_rate(request: Request[Any, Any, Any], now: datetime) -> None:
    """Counts a contact of somebody who is not signed in.

    Raises:
        TooManyContacts: the address sent more in the last minute than the settings allow.
    """
    if not within_rate(request, "contacts", request.app.state.process.settings.public_rate, now):
        raise TooManyContacts("提交过于频繁，请一分钟后再试；紧急情况请直接拨打 110、119、120 或 122。")


def _of_sender(request: Request[Any, Any, Any], means: Means, data: ContactIn, key: str | None, operator: Actor | None) -> str | None:
    """Under what a sender's key is kept: keys of different senders never meet.

    Who is not signed in is known by the key and what it came with: so a retry may come over another network, and a stranger who hits on
    the key learns nothing and stands in nobody's way. Where the key can be guessed the words might be, too: it counts with the address.
    """
    if not key:
        return None
    if operator is not None:
        return f"{operator.id}:{key}"
    where = "" if len(key) >= attachments.SHORTEST_SECRET else address(request)
    said = msgspec.json.encode((key, where, data))
    return f"public:{hmac.digest(means.keys.for_('public idempotency keys'), said, hashlib.sha256).hex()}"


routes = (take_contact, preview_contact)
