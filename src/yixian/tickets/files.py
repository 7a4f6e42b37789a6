"""The files of a ticket: for its citizen, for staff who see it, and for who adds one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import unquote
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, HeaderParameter, QueryParameter
from litestar.response import Redirect

from yixian.attachments import api as incoming
from yixian.attachments import service as attachments
from yixian.attachments import serving
from yixian.attachments.api import AttachmentOut
from yixian.attachments.model import Attachment, Clean, Unfit
from yixian.city.inforce import City
from yixian.db.keys import Keys
from yixian.db.pool import Database, Transaction
from yixian.language.service import Reader
from yixian.people import sessions
from yixian.people.guards import needs
from yixian.people.model import HOTLINE_ROLES, UNIT_ROLES, Actor, Role
from yixian.settings import Settings
from yixian.tickets import lifecycle, service
from yixian.tickets.caring import service as caring
from yixian.tickets.lifecycle import Refusal
from yixian.tickets.model import Action, Step, Ticket
from yixian.tickets.service import Refused
from yixian.web.problems import PROBLEM_RESPONSES, Problem
from yixian.web.static import local

Asked = Request[Any, Any, Any]

STAFF: Final = tuple(HOTLINE_ROLES | UNIT_ROLES)
ADDING: Final = tuple((HOTLINE_ROLES | UNIT_ROLES) - {Role.ANALYST})

LARGEST_FORM: Final = 40 * 1024 * 1024
"""Bytes of one form with several files."""

Code = Annotated[str, QueryParameter(description="The citizen's check code, instead of a staff session.")]
Name = Annotated[str, HeaderParameter(name="X-File-Name", max_length=600, description="The file's name, percent-encoded.")]


class FileOut(msgspec.Struct, frozen=True):
    """A file of a ticket."""

    id: UUID
    kind: str
    media_type: str
    name: str
    size: int
    """Bytes."""
    side: str
    """Who put it there: `resident`, `unit`, `hotline`."""
    at: datetime
    public: bool
    width: int | None
    height: int | None


# -- Pages -------------------------------------------------------------------------------------------------------


@get("/ticket/{number:str}/file/{identifier:uuid}", include_in_schema=False)
async def citizens_file(
    request: Asked, number: FromPath[str], identifier: FromPath[UUID], db: NamedDependency[Database], keys: NamedDependency[Keys],
    city: NamedDependency[City], now: NamedDependency[datetime], code: FromQuery[str] = "", small: FromQuery[bool] = False,
) -> Response[bytes]:  # fmt: skip
    """A file of the citizen's ticket that the citizen may see."""
    actor = await service.prove(db, keys.for_("check codes"), number, code, city, now)
    return await _answer(request, db, actor, identifier, small=small)


@get("/desk/ticket/{number:str}/file/{identifier:uuid}", include_in_schema=False, guards=[needs(*STAFF)])
async def staffs_file(
    request: Asked, number: FromPath[str], identifier: FromPath[UUID], db: NamedDependency[Database], small: FromQuery[bool] = False
) -> Response[bytes]:
    """A file that this member of staff may see; the number stands in the address for whoever reads the log."""
    actor = (await sessions.signed_in(request)).actor
    return await _answer(request, db, actor, identifier, small=small)


@post("/desk/ticket/{number:str}/files", include_in_schema=False, guards=[needs(*ADDING)], request_max_body_size=LARGEST_FORM)
async def add_at_the_desk(
    request: Asked,
    number: FromPath[str],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    now: NamedDependency[datetime],
) -> Redirect:
    """Puts the form's `file`s with the ticket: all of them, or none; `public` shows them to the citizen with the answer.
    Goes on to `next`, or to the ticket."""
    actor = (await sessions.signed_in(request)).actor
    form = await request.form()
    sent = await incoming.sent_files(form.getall("file", []), settings.attachment_bytes)
    if not sent:
        raise incoming.unfit(Unfit("请先选择要上传的文件。"))
    files = [(name, await attachments.prepared(data, settings)) for name, data in sent]
    async with db.transaction(actor.acting) as tx:
        await add(tx, actor, number, files, settings, now, public=bool(form.get("public")))
    onward = local(str(form.get("next"))) if form.get("next") else f"/desk/ticket/{number}"
    return Redirect(onward, status_code=303)


# -- The API -----------------------------------------------------------------------------------------------------


@get("/api/v1/tickets/{number:str}/attachments", tags=["tickets"], summary="The files of a ticket", responses=PROBLEM_RESPONSES)
async def list_files(
    request: Asked, number: FromPath[str], db: NamedDependency[Database], keys: NamedDependency[Keys], city: NamedDependency[City],
    now: NamedDependency[datetime], code: Code = "",
) -> tuple[FileOut, ...]:  # fmt: skip
    """Those that this person may see, oldest first."""
    actor = await _actor(request, db, keys, city, number, code, now)
    async with db.transaction(actor.acting) as tx:
        ticket, _ = await service.read(tx, number)
        return tuple(_file(file) for file in await attachments.of_ticket(tx, ticket.id))


@get(
    "/api/v1/tickets/{number:str}/attachments/{identifier:uuid}",
    tags=["tickets"],
    summary="A file of a ticket",
    responses=PROBLEM_RESPONSES,
)
async def show_file(
    request: Asked, number: FromPath[str], identifier: FromPath[UUID], db: NamedDependency[Database], keys: NamedDependency[Keys],
    city: NamedDependency[City], now: NamedDependency[datetime], code: Code = "", small: FromQuery[bool] = False,
) -> Response[bytes]:  # fmt: skip
    """The file, or with `small` its thumbnail; parts of it by `Range`."""
    return await _answer(request, db, await _actor(request, db, keys, city, number, code, now), identifier, small=small)


@post(
    "/api/v1/tickets/{number:str}/attachments", tags=["tickets"], summary="Put a file with a ticket",
    request_max_body_size=incoming.LARGEST_UPLOAD, responses=PROBLEM_RESPONSES,
)  # fmt: skip
async def add_file(
    request: Asked, number: FromPath[str], db: NamedDependency[Database], keys: NamedDependency[Keys], city: NamedDependency[City],
    settings: NamedDependency[Settings], reader: NamedDependency[Reader], now: NamedDependency[datetime], code: Code = "", name: Name = "",
    public: FromQuery[bool] = False,
) -> AttachmentOut:  # fmt: skip
    """The body is the file. A citizen's is a supplement; of staff, `public` shows it to the citizen with the answer."""
    actor = await _actor(request, db, keys, city, number, code, now)
    if Role.CITIZEN not in actor.roles and not actor.roles & set(ADDING):
        raise Problem(403, "not-allowed", "没有权限", "您的岗位不能给工单添加文件。")
    incoming.check_rate(request, settings, now)
    file = await attachments.prepared(await request.body(), settings)
    files = [(unquote(name, errors="replace"), file)]
    async with db.transaction(actor.acting) as tx:
        if Role.CITIZEN in actor.roles:
            (kept,) = await supplement(tx, actor, number, Step(), files, reader, city, settings, now)
        else:
            (kept,) = await add(tx, actor, number, files, settings, now, public=public)
    db.wake()
    return incoming.out(kept, file.position)


# -- What both do ------------------------------------------------------------------------------------------------


async def add(
    tx: Transaction, actor: Actor, number: str, files: list[tuple[str, Clean]], settings: Settings, now: datetime, *, public: bool
) -> tuple[Attachment, ...]:
    """Puts files (name and content) with an open ticket that this member of staff sees.

    Raises:
        NotFound: no such ticket, or not one this actor may see.
        Refused: the ticket is over.
        Unfit: more files than there may be; none was kept.
    """
    ticket, _ = await service.read(tx, number)
    _check_open(ticket)
    return tuple([await attachments.add(tx, actor, ticket.id, file, name, settings, now, public=public) for name, file in files])


async def supplement(
    tx: Transaction,
    actor: Actor,
    number: str,
    step: Step,
    files: list[tuple[str, Clean]],
    reader: Reader,
    city: City,
    settings: Settings,
    now: datetime,
) -> tuple[Attachment, ...]:
    """A citizen's words with their files, in one step of the ticket's history; files alone are told by how many they are.

    Raises:
        NotFound, Refused, Overtaken: as `service.act`.
        Unfit: more files than there may be; nothing was kept.
    """
    said = step.note or f"补充了 {len(files)} 个文件"
    ticket = await caring.act(tx, actor, number, Action.SUPPLEMENT, msgspec.structs.replace(step, note=said), reader, city, now)
    return tuple([await attachments.add(tx, actor, ticket.id, file, name, settings, now) for name, file in files])


def _check_open(ticket: Ticket) -> None:
    if ticket.state not in lifecycle.OPEN:
        raise Refused(Refusal("工单已经办结，不能再添加文件。"))


async def _actor(request: Asked, db: Database, keys: Keys, city: City, number: str, code: str, now: datetime) -> Actor:
    """The citizen by the code, else who is signed in and works with tickets."""
    if not code:
        actor = (await sessions.signed_in(request)).actor
        if not actor.roles & set(STAFF):
            raise Problem(403, "not-allowed", "没有权限", "您的岗位不能查看工单的文件。")
        return actor
    try:
        return await service.prove(db, keys.for_("check codes"), number, code, city, now)
    except service.ClosedToLookUps as closed:
        raise Problem(429, "too-many", "查询次数过多", str(closed), headers={"Retry-After": "3600"}) from None


async def _answer(request: Asked, db: Database, actor: Actor, identifier: UUID, *, small: bool) -> Response[bytes]:
    async with db.transaction(actor.acting) as tx:
        content = await attachments.content(tx, identifier, thumbnail=small)
    return serving.answer(content, request.headers.get("range", ""))


def _file(file: Attachment) -> FileOut:
    return FileOut(
        file.id, file.kind, file.media_type, file.name, file.size, file.side, file.at, file.public, file.width, file.height
    )  # fmt: skip


routes = (citizens_file, staffs_file, add_at_the_desk, list_files, show_file, add_file)
