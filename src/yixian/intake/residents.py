"""The residents' way in: one box, what was understood, a number. Three steps, and the last one is only to read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from yixian.attachments import api as incoming
from yixian.attachments import service as attachments
from yixian.attachments import serving
from yixian.attachments.model import Attachment, Kind, NotFound
from yixian.attachments.model import Unfit as UnfitFile
from yixian.city import coordinates
from yixian.db.keys import Keys
from yixian.db.pool import SYSTEM, Database
from yixian.groups import asking
from yixian.intake import pages, screens, service, words
from yixian.intake.api import check_rate
from yixian.intake.model import Channel, ContactIn, Receipt
from yixian.intake.pages import EMPTY, Errors, contact_of, fresh_key, key_of, sent
from yixian.intake.plan import NONE_OF_THEM
from yixian.intake.screens import Screen
from yixian.intake.service import Means, TooManyContacts, Unfit
from yixian.intake.understood import Understood, understood
from yixian.settings import Settings
from yixian.tickets import files as ticket_files
from yixian.tickets import words as ticket_words
from yixian.web import render
from yixian.web.problems import usual
from yixian.web.render import page

Asked = Request[Any, Any, Any]

LARGEST_WITHOUT_FILES: Final = 256 * 1024
"""Bytes of a form that brings no files."""

SHORTEST: Final = 4
"""Characters below which nothing is understood yet."""

WITHOUT_WORDS: Final[Mapping[Kind, str]] = {
    Kind.VOICE: "（语音留言，待听写）",
    Kind.PHOTO: "（只有照片，待查看）",
    Kind.DOCUMENT: "（只有文件，待查看）",
}
"""What stands for words where there are none: a person listens or looks, nothing is guessed."""


class Said(msgspec.Struct, frozen=True):
    """A form as it came."""

    values: dict[str, str]
    files: tuple[Attachment, ...]
    wrong: Errors


@get("/", include_in_schema=False)
async def front_page(request: Asked, say: FromQuery[bool] = False) -> Response[Any]:
    """One box: say what is wrong. In large print first three buttons."""
    if request.cookies.get(render.LOOK_COOKIE) == render.ELDER and not say:
        return page(request, "intake/elder.html")
    return _front(request, Said(dict(EMPTY) | {"key": fresh_key(), "screen": _first_screen(request)}, (), {}))


@post("/say", include_in_schema=False, request_max_body_size=ticket_files.LARGEST_FORM)
async def say(
    request: Asked, means: NamedDependency[Means], settings: NamedDependency[Settings], now: NamedDependency[datetime]
) -> Response[Any]:
    """Shows what was understood (`step` says so, or a question is open), or takes it in and says what became of it.

    Sent twice, or read again after a reload, it is one contact. What cannot wait is never held up by a look at it.
    """
    await _check_size(request)
    form = await request.form()
    step = "drop" if form.get("drop") else str(form.get("step") or "")
    said = await _taken(request, means, settings, now)
    screen = screens.named(said.values["screen"])
    if screen is not None and (there := screens.unchecked(screen, step)) is not None:
        return _screen(request, means, said, there, now)
    try:
        check_rate(request, now)
        if step == "drop" and not said.values["looked"]:
            return _front(request, said)
        contact = _contact(said)
        if said.wrong:
            return _again(request, means, said, contact, now)
        seen = _seen(means, contact, now)
        if seen.waits and step != "drop" and (asked := pages.doubted(said.values, means.city.pack.city.country))[1]:
            doubtful = msgspec.structs.replace(said, values=asked[0], wrong={"phone": asked[1]})
            if screen is not None:
                return _screen(request, means, doubtful, Screen.PHONE, now, 422)
            return _look(request, means, doubtful, seen, now, 422)
        if seen.waits and screen is not None and (there := screens.following(screen) if step == "next" else None) is not None:
            return _screen(request, means, said, there, now)
        questions = not said.values["asked"] and _questions(seen, said)
        if (seen.waits and (step == "look" or questions)) or step == "drop":
            return _look(request, means, said, seen, now)
        draft = attachments.draft_of(means.keys, said.values["key"]) if said.files else None
        receipt = await service.record(means, contact, None, f"web:{key_of(said.values)}", now, draft)
    except Unfit as unfit:
        return _refused(request, means, said, unfit, now)
    except TooManyContacts as too_many:
        return _front(request, msgspec.structs.replace(said, wrong={"": str(too_many)}), 429)
    return told(request, means, receipt, said.values)


@post("/understood", include_in_schema=False)
async def while_typing(request: Asked, means: NamedDependency[Means], now: NamedDependency[datetime]) -> Response[Any]:
    """A part of the page: what is understood so far, or with what was corrected at the look. Nothing is stored."""
    asking.check_rate(request, now)
    values = await sent(request)
    seen = None
    if len(values["text"]) >= SHORTEST:
        try:
            seen = _seen(means, contact_of(values, channel=Channel.WEB), now)
        except Unfit:
            seen = None  # it is said when the form is sent
    if values["looked"] and seen is not None and not seen.waits:
        seen = None  # it is told by the page that sending it leads to
    part = "intake/cards.html" if values["looked"] else "intake/so_far.html"
    return page(request, part, seen=seen, city=means.city, words=words, values=values, none_of_them=NONE_OF_THEM)


@get("/say/file/{key:str}/{identifier:uuid}", include_in_schema=False)
async def drafted_file(
    request: Asked, key: FromPath[str], identifier: FromPath[UUID], db: NamedDependency[Database], keys: NamedDependency[Keys]
) -> Response[bytes]:
    """A file that waits for its form, small; who has the form's key has the file."""
    async with db.transaction(SYSTEM) as tx:
        content = await attachments.draft_content(tx, attachments.draft_of(keys, key), identifier)
    return serving.answer(content, request.headers.get("range", ""), keep=0)


@post("/helped", include_in_schema=False)
async def helped(request: Asked, means: NamedDependency[Means], now: NamedDependency[datetime]) -> Response[Any]:
    """The answer was of use: thanks. It is noted, for who looks after the guides; whoever counts, counts contacts."""
    sent_form = await request.form()
    try:
        contact = UUID(str(sent_form.get("contact") or ""))
    except ValueError:
        raise usual(404) from None
    async with means.db.transaction(SYSTEM) as tx:
        await service.note_helped(tx, contact, now)
    means.db.wake()
    return page(request, "intake/helped.html")


def told(request: Asked, means: Means, receipt: Receipt, values: Mapping[str, str]) -> Response[Any]:
    """The page that says what became of it."""
    return page(
        request, "intake/said.html", status=200 if receipt.repeated else 201, receipt=receipt, values=values, told=words.TOLD,
        handed=words.HANDED, lines={e.to for e in means.city.pack.triage.emergency}, states=ticket_words.STATES, city=means.city,
    )  # fmt: skip


# -- What came ---------------------------------------------------------------------------------------------------


async def _check_size(request: Asked) -> None:
    """Only files may make a form large.

    Raises:
        Problem: 413.
    """
    if not request.headers.get("content-type", "").startswith("multipart/") and len(await request.body()) > LARGEST_WITHOUT_FILES:
        raise usual(413)


async def _taken(request: Asked, means: Means, settings: Settings, now: datetime) -> Said:
    """The form's fields, and its files: those that came with it are kept under its key, one may be dropped."""
    form, values = await request.form(), await sent(request)
    draft, wrong = attachments.draft_of(means.keys, values["key"]), dict[str, str]()
    if values["key"]:
        for name, data in await incoming.sent_files(form.getall("file", []), settings.attachment_bytes):
            incoming.check_rate(request, settings, now)
            try:
                file = await attachments.prepared(data, settings)
                async with means.db.transaction(SYSTEM) as tx:
                    await attachments.add_draft(tx, draft, file, name, settings, now)
            except UnfitFile as unfit:
                wrong["file"] = str(unfit)
                continue
            if file.position is not None and not values["photo_at"]:
                values["photo_at"] = f"{file.position.latitude},{file.position.longitude}"
    async with means.db.transaction(SYSTEM) as tx:
        if dropped := str(form.get("drop") or ""):
            await _dropped(tx, draft, dropped)
        return Said(values, await attachments.drafts(tx, draft) if values["key"] else (), wrong)


async def _dropped(tx: Any, draft: bytes, identifier: str) -> None:
    try:
        await attachments.remove_draft(tx, draft, UUID(identifier))
    except (ValueError, NotFound):
        return  # pressed twice: it is gone already


def _contact(said: Said) -> ContactIn:
    """The contact that a form makes; without words, but with a file, a person listens or looks.

    Raises:
        Unfit: a field that cannot be taken.
    """
    if said.values["text"] or not said.files:
        return contact_of(said.values, channel=Channel.WEB)
    kinds = {file.kind for file in said.files}
    wordless = next(text for kind, text in WITHOUT_WORDS.items() if kind in kinds)
    return contact_of({**said.values, "text": wordless, "meant": NONE_OF_THEM}, channel=Channel.WEB)


# -- What is shown -----------------------------------------------------------------------------------------------


def _seen(means: Means, contact: ContactIn, now: datetime) -> Understood:
    service.check(contact, None, means.city)
    return understood(service.preview(means, contact, now), means.city)


def _questions(seen: Understood, said: Said) -> bool:
    """Whether who handles it depends on a place that is not clear yet; without words there is nothing to ask about."""
    return bool(said.values["text"]) and any(line.asks for line in seen.lines)


def _first_screen(request: Asked) -> str:
    """In large print one question is asked at a time."""
    return screens.Screen.WHAT if request.cookies.get(render.LOOK_COOKIE) == render.ELDER else ""


def _screen(request: Asked, means: Means | None, said: Said, screen: Screen, now: datetime | None, status: int = 200) -> Response[Any]:
    """One question of the form in large print, or the look at all of it; what cannot be understood yet is shown without."""
    seen = _seen_if_it_can_be(means, said, now) if means is not None and now is not None and screen is not Screen.WHAT else None
    if screen is Screen.CHECK and seen is None:
        screen = Screen.WHAT
    asked = {"asked": "1"} if screen is not Screen.WHAT else {}
    values = {**said.values, **asked, "screen": screen}
    regions = (_region_of(values["photo_at"], means), _region_of(values["at"], means)) if means is not None else (None, None)
    # Kept by the browser, unlike other pages: its own way back leads through answers to forms, with what was typed in them.
    return page(
        request, "intake/screen.html", status=status, headers={"Cache-Control": "private, no-cache"}, screen=screen.value,
        number=screens.ORDER.index(screen) + 1, values=values, own=screens.ASKED[screen], errors=said.wrong, files=said.files, seen=seen,
        line=seen.lines[0] if seen and seen.lines else None, city=means.city if means else None, none_of_them=NONE_OF_THEM,
        photo_region=regions[0], at_region=regions[1],
    )  # fmt: skip


def _seen_if_it_can_be(means: Means, said: Said, now: datetime) -> Understood | None:
    """What the words say; whatever is wrong with the other fields."""
    try:
        return _seen(means, _contact(said), now)
    except Unfit:
        pass
    try:
        return _seen(means, ContactIn(text=said.values["text"]), now)
    except Unfit:
        return None


def _look(request: Asked, means: Means, said: Said, seen: Understood, now: datetime, status: int = 200) -> Response[Any]:
    if screens.named(said.values["screen"]) is not None:
        return _screen(request, means, said, Screen.CHECK, now, status)
    values = {**said.values, "asked": "1", "looked": "1"}
    return page(
        request, "intake/understood.html", status=status, values=values, errors=said.wrong, files=said.files, seen=seen, city=means.city,
        none_of_them=NONE_OF_THEM, photo_region=_region_of(values["photo_at"], means), at_region=_region_of(values["at"], means),
    )  # fmt: skip


def _region_of(at: str, means: Means) -> str | None:
    """The district that a position (`lat,lng`, WGS 84) lies in; None when it is not known, or not in the city."""
    try:
        given = pages.position_of(at)
    except Unfit:
        return None
    if not given:
        return None
    return coordinates.where(means.city.outlines, coordinates.Point(given["latitude"], given["longitude"])).region


def _front(request: Asked, said: Said, status: int = 200) -> Response[Any]:
    if screens.named(said.values["screen"]) is not None:
        return _screen(request, None, said, Screen.WHAT, None, status)
    return page(request, "intake/front.html", status=status, values=said.values, errors=said.wrong, files=said.files)


def _again(request: Asked, means: Means, said: Said, contact: ContactIn, now: datetime) -> Response[Any]:
    """The page that the form came from, with what is wrong."""
    if screens.named(said.values["screen"]) is not None:
        return _screen(request, means, said, screens.mending(next(iter(said.wrong), "")), now, 422)
    if said.values["looked"] and (said.values["text"] or said.files):
        return _look(request, means, said, _seen(means, contact, now), now, 422)
    return _front(request, said, 422)


def _refused(request: Asked, means: Means, said: Said, unfit: Unfit, now: datetime) -> Response[Any]:
    """The same for a field that cannot be taken; what was typed stays, a position that is not in the city goes."""
    field = "at" if unfit.field in ("latitude", "longitude") else unfit.field
    values = {**said.values, "at": ""} if field == "at" else said.values
    wrong = {**said.wrong, field: str(unfit)}
    kept = Said({**values, "meant": ""} if field == "meant" else values, said.files, wrong)
    if screens.named(values["screen"]) is not None:
        return _screen(request, means, kept, screens.mending(field), now, 422)
    try:
        # What the words say can still be shown, whatever is wrong with the rest.
        plain = ContactIn(text=values["text"], place=values["place"][:200])
        return _again(request, means, kept, plain if field not in ("text", "place") else _contact(kept), now)
    except Unfit:
        return _front(request, kept, 422)


routes = (front_page, say, while_typing, drafted_file, helped)
