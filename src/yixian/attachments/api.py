"""The way in for files that go with a contact that is not sent yet."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import unquote
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter
from litestar.status_codes import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from yixian.attachments import service, serving
from yixian.attachments.model import Attachment, Position, Unfit
from yixian.db.keys import Keys
from yixian.db.pool import SYSTEM, Database
from yixian.people.model import SYSTEM_ACTOR, Actor
from yixian.people.rates import within_rate
from yixian.settings import Settings
from yixian.web.problems import PROBLEM_RESPONSES, Problem, usual

Asked = Request[Any, Any, Any]

LARGEST_UPLOAD = 12 * 1024 * 1024
"""Bytes of one request with one file: the file and what stands around it. `Settings.attachment_bytes` says less, and says why."""

Key = Annotated[
    str,
    HeaderParameter(
        name="Idempotency-Key",
        min_length=service.SHORTEST_SECRET,
        max_length=200,
        description="The key with which the contact itself will be sent, soon; whoever has it has the files, so make it a random one.",
    ),
]
Name = Annotated[str, HeaderParameter(name="X-File-Name", max_length=600, description="The file's name, percent-encoded.")]


class AttachmentOut(msgspec.Struct, frozen=True):
    """A file that was taken in."""

    id: UUID
    kind: str
    media_type: str
    name: str
    size: int
    """Bytes, as it is kept."""
    width: int | None
    height: int | None
    position: Position | None = None
    """Where the photograph was taken, if the camera wrote it down: told this once, to be offered as the place, and not kept."""


@post(
    "/api/v1/attachments",
    tags=["contacts"],
    summary="Put a file with a contact to come",
    request_max_body_size=LARGEST_UPLOAD,
    responses=PROBLEM_RESPONSES,
)
async def upload(
    request: Asked,
    db: NamedDependency[Database],
    keys: NamedDependency[Keys],
    settings: NamedDependency[Settings],
    operator: NamedDependency[Actor | None],
    now: NamedDependency[datetime],
    key: Key,
    name: Name = "",
) -> Response[AttachmentOut]:
    """Takes a photograph, a recording or a PDF in: the body is the file. The contact that is sent with the same `Idempotency-Key`
    within a day takes it along."""
    check_rate(request, settings, now)
    file = await service.prepared(await request.body(), settings)
    async with db.transaction(SYSTEM) as tx:
        kept = await service.add_draft(
            tx, service.draft_of(keys, key), file, unquote(name, errors="replace"), settings, now, operator or SYSTEM_ACTOR
        )
    return Response(out(kept, file.position), status_code=HTTP_201_CREATED)


@get(
    "/api/v1/attachments/{identifier:uuid}", tags=["contacts"], summary="See a file that waits for its contact", responses=PROBLEM_RESPONSES
)
async def show(
    request: Asked, identifier: FromPath[UUID], db: NamedDependency[Database], keys: NamedDependency[Keys], key: Key
) -> Response[bytes]:
    """The file, or its thumbnail."""
    async with db.transaction(SYSTEM) as tx:
        content = await service.draft_content(tx, service.draft_of(keys, key), identifier)
    return serving.answer(content, request.headers.get("range", ""), keep=0)


@delete(
    "/api/v1/attachments/{identifier:uuid}", tags=["contacts"], summary="Take a file out again", status_code=HTTP_204_NO_CONTENT,
    responses=PROBLEM_RESPONSES,
)  # fmt: skip
async def remove(identifier: FromPath[UUID], db: NamedDependency[Database], keys: NamedDependency[Keys], key: Key) -> None:
    """Takes a file out of a contact that is not sent yet."""
    async with db.transaction(SYSTEM) as tx:
        await service.remove_draft(tx, service.draft_of(keys, key), identifier)


def out(kept: Attachment, position: Position | None = None) -> AttachmentOut:
    """What is told of a file."""
    return AttachmentOut(kept.id, kept.kind, kept.media_type, kept.name, kept.size, kept.width, kept.height, position)


async def sent_files(parts: list[Any], most: int) -> list[tuple[str, bytes]]:
    """Name and content of the files among a form's parts; fields that were left empty are none. Reads one byte more than `most` of each.

    `parts`: as `form.getall(name, [])` gives them.
    """
    files = [part for part in parts if isinstance(part, UploadFile)]
    read = [(file.filename, await file.read(most + 1)) for file in files]
    return [(name, data) for name, data in read if name or data]


def check_rate(request: Asked, settings: Settings, now: datetime) -> None:
    """Counts an upload of an address.

    Raises:
        Problem: 429, more in the last minute than the settings allow.
    """
    if not within_rate(request, "uploads", settings.upload_rate, now):
        raise usual(429)


def unfit(error: Unfit) -> Problem:
    """How a refused file reads."""
    return Problem(422, "unfit-file", "文件不能上传", str(error))


routes = (upload, show, remove)
