"""The use cases of files.

Before a ticket exists its files wait under the key of the form they were put with; whoever has the key has the files.
Who may see a file is who may see its ticket, as the database's policies say: a ticket that hides who called shows its unit the resident's
photographs all the same, for they are what it is about.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Final
from uuid import UUID

from yixian.attachments import photos, sounds, store
from yixian.attachments.model import LONGEST_NAME, Attachment, Clean, Content, Kind, NotFound, Side, Unfit
from yixian.attachments.recognise import PHOTOS, Form, form_of, is_heif
from yixian.db import outbox
from yixian.db.ids import new_id
from yixian.db.keys import Keys
from yixian.db.outbox import Event
from yixian.db.pool import Transaction
from yixian.people.model import SYSTEM_ACTOR, UNIT_ROLES, Actor, Role
from yixian.settings import Settings

KEPT_AS_DRAFT: Final = timedelta(days=1)

SHORTEST_SECRET: Final = 20
"""Characters of a form's key: whoever has it has the form's files, and a shorter one is soon guessed or counted up to."""

_ENDINGS: Final[Mapping[str, str]] = {
    "image/jpeg": ".jpg", "audio/webm": ".webm", "audio/ogg": ".ogg", "audio/mp4": ".m4a", "audio/mpeg": ".mp3", "audio/wav": ".wav",
    "application/pdf": ".pdf",
}  # fmt: skip
_NAMES: Final[Mapping[Kind, str]] = {Kind.PHOTO: "照片", Kind.VOICE: "录音", Kind.DOCUMENT: "文件"}

_WORKING: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="attachments")
"""Pictures are decoded here: so many at once, whoever sends how many, so that memory and cores stay free for the pages."""


def clean(data: bytes, most: int) -> Clean:
    """A file as it may be kept, by its content. Pure; decodes pictures, so call `prepared` from a request.

    `most`: bytes that a file may have.

    Raises:
        Unfit: empty, too large, of no form that is taken, broken, or hiding something.
    """
    if not data:
        raise Unfit("这个文件是空的。请重新选择。")
    if len(data) > most:
        raise Unfit(f"文件不能超过 {most // 1_000_000} MB。请换一个小一些的，或分几次上传。")
    form = form_of(data)
    if form is None and is_heif(data):
        raise Unfit("暂不支持这种格式的照片（HEIC）。请在手机“设置-相机-格式”里选“兼容性最佳”，或截图后上传。")
    if form is None:
        raise Unfit("只能上传照片（JPG、PNG、WebP）、录音（MP3、M4A、WAV、OGG、WebM）和 PDF 文件。")
    if form in PHOTOS:
        return photos.clean(data)
    return Clean(Kind.DOCUMENT, form.value, data) if form is Form.PDF else sounds.clean(data, form)


async def prepared(data: bytes, settings: Settings) -> Clean:
    """`clean`, off the event loop, a few at a time.

    Raises:
        Unfit: as `clean`.
    """
    return await asyncio.get_running_loop().run_in_executor(_WORKING, clean, data, settings.attachment_bytes)


def draft_of(keys: Keys, form: str) -> bytes:
    """Under what the files of a form wait; `form`: its idempotency key, which only its browser knows."""
    return hmac.new(keys.for_("attachment drafts"), form.encode(), hashlib.sha256).digest()


async def add_draft(
    tx: Transaction, draft: bytes, file: Clean, name: str, settings: Settings, now: datetime, actor: Actor = SYSTEM_ACTOR
) -> Attachment:
    """Keeps a file for a contact that is not sent yet, for a day. `tx`: as the system. `draft`: from `draft_of`.

    Raises:
        Unfit: the form has as many files as it may.
    """
    await store.wait_for_draft(tx, draft)
    _check_count(len(await store.drafts(tx, draft)), settings)
    return await _put(tx, draft, file, name, actor, now)


async def drafts(tx: Transaction, draft: bytes) -> tuple[Attachment, ...]:
    """The files of a form that is not sent yet, oldest first."""
    return await store.drafts(tx, draft)


async def draft_content(tx: Transaction, draft: bytes, identifier: UUID) -> Content:
    """What is shown of a draft's file.

    Raises:
        NotFound: the form has none such.
    """
    return await store.draft_content(tx, draft, identifier) or _missing()


async def remove_draft(tx: Transaction, draft: bytes, identifier: UUID) -> None:
    """Takes a file out of a form again.

    Raises:
        NotFound: the form has none such.
    """
    if not await store.remove_draft(tx, draft, identifier):
        raise _not_found()


async def bind(tx: Transaction, draft: bytes, tickets: Sequence[UUID], now: datetime) -> int:
    """Puts the files of a form with the tickets that its contact made, all of them with each; how many files. Twice does no harm."""
    return await store.bind_drafts(tx, draft, tickets, now) if tickets else 0


async def add(
    tx: Transaction, actor: Actor, ticket: UUID, file: Clean, name: str, settings: Settings, now: datetime, *, public: bool = False
) -> Attachment:
    """Puts a file with a ticket. `public`: the citizen sees it, with the answer; what a citizen adds themselves they always see.

    Whoever calls has made sure that this actor may act on the ticket; the database refuses who may not even see it. Writes the event
    `attachment.added`.

    Raises:
        Unfit: this side has as many files with the ticket as it may.
    """
    side = side_of(actor)
    await store.wait_for_ticket(tx, ticket)
    _check_count(await store.count(tx, ticket, side), settings)
    kept = await _put(tx, None, file, name, actor, now)
    shown = public or side is Side.RESIDENT
    await store.bind(tx, ticket, kept.id, side, shown, now)
    body = {"ticket": ticket, "attachment": kept.id, "kind": kept.kind, "side": side, "public": shown, "at": now}
    await outbox.put(tx, Event("attachment.added", ticket, body, now))
    return kept


async def of_ticket(tx: Transaction, ticket: UUID) -> tuple[Attachment, ...]:
    """The files of a ticket that the acting person may see, oldest first."""
    return (await store.of_tickets(tx, [ticket])).get(ticket, ())


async def of_tickets(tx: Transaction, tickets: Sequence[UUID]) -> Mapping[UUID, tuple[Attachment, ...]]:
    """The same for many, in one statement; tickets without files are left out."""
    return await store.of_tickets(tx, tickets) if tickets else {}


async def content(tx: Transaction, identifier: UUID, *, thumbnail: bool = False) -> Content:
    """A file that the acting person may see; its thumbnail where it has one and `thumbnail` asks for it.

    Raises:
        NotFound: no such file, or not one this person may see.
    """
    return await store.content(tx, identifier, thumbnail) or _missing()


async def forget_drafts(tx: Transaction, now: datetime) -> int:
    """Deletes files whose form was not sent within a day; how many."""
    return await store.forget_drafts(tx, now - KEPT_AS_DRAFT)


def side_of(actor: Actor) -> Side:
    """On whose side an actor stands; the system takes in what residents send."""
    if actor.roles & UNIT_ROLES and actor.acting.scope == "unit":
        return Side.UNIT
    return Side.RESIDENT if actor.roles & {Role.CITIZEN, Role.SYSTEM} else Side.HOTLINE


def safe_name(name: str, kind: Kind, media_type: str) -> str:
    """A file's name as it may stand in a page, a header and a file system; the ending says what the file is, not what it was called."""
    stem = PurePosixPath(unicodedata.normalize("NFKC", name).replace("\\", "/")).name
    # Spaces, punctuation that systems read as something, and what turns the direction of writing round or cannot be seen.
    stem = "".join(" " if unicodedata.category(c)[0] in "CZ" or c in '<>:"/|?*%' else c for c in stem)
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", " ".join(stem.split())).strip(". ")
    ending = _ENDINGS[media_type]
    return f"{stem[: LONGEST_NAME - len(ending)].strip('. ') or _NAMES[kind]}{ending}"


async def _put(tx: Transaction, draft: bytes | None, file: Clean, name: str, actor: Actor, now: datetime) -> Attachment:
    identifier, side = new_id(now), side_of(actor)
    kept = safe_name(name, file.kind, file.media_type)
    await store.put(tx, identifier, draft, kept, file, side, actor.id, now)
    return Attachment(identifier, file.kind, file.media_type, kept, len(file.body), side, now, file.width, file.height)


def _check_count(there: int, settings: Settings) -> None:
    if there >= settings.attachments_most:
        raise Unfit(f"最多上传 {settings.attachments_most} 个文件。请先去掉一个再加。")


def _not_found() -> NotFound:
    return NotFound("没有这个文件，或者您不能查看它。")


def _missing() -> Content:
    raise _not_found()
