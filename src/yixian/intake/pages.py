"""What a form says; the pages are in `residents.py` and `operator.py`."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from litestar import Request

from yixian.city.model import Audience, RequestKind
from yixian.intake.model import Channel, ContactIn
from yixian.intake.service import Unfit
from yixian.people import callers
from yixian.web.problems import field_error

Asked = Request[Any, Any, Any]

Errors = dict[str, str]
"""What is wrong, by field; sentences are keys of the message catalogue."""

EMPTY: Final[Mapping[str, str]] = {
    "text": "", "title": "", "place": "", "name": "", "phone": "", "hides_identity": "", "channel": "phone", "audience": "person",
    "kind": "", "matter": "", "region": "", "complained_unit": "", "answer": "", "reason": "", "insist": "", "separate": "", "danger": "",
    "attach": "", "session": "", "key": "",
    "where": "", "asked": "", "meant": "", "looked": "", "guide": "", "screen": "", "at": "", "photo_at": "",
    "doubted": "",
}  # fmt: skip
"""Every field of the form, as it is before anything was typed; operators have more (`operator.py`)."""

# -- Forms -------------------------------------------------------------------------------------------------------


def _place(values: Mapping[str, str]) -> str:
    """What stands in the field for the place, behind the region that was chosen when the hotline asked back."""
    chosen, typed = values["where"], values["place"]
    return typed if chosen in typed else f"{chosen}{typed}"


def contact_of(values: Mapping[str, str], channel: Channel, more: Mapping[str, Any] | None = None) -> ContactIn:
    """A contact from a form.

    Raises:
        Unfit: a field that cannot be taken.
    """
    caller = {"name": values["name"], "phone": values["phone"], "kind": values["audience"] or Audience.PERSON}
    given: dict[str, Any] = {
        "text": values["text"],
        "title": values["title"],
        "place": _place(values),
        "channel": channel,
        "caller": caller if values["name"] or values["phone"] else None,
        "hides_identity": True if values["hides_identity"] else None,
        # Whoever is not helped by the answer asks for people to look at it.
        "kind": RequestKind.HELP if values["insist"] else values["kind"] or None,
        "separate": bool(values["separate"]),
        "danger": {"yes": True, "no": False}.get(values.get("danger", "")),
        "meant": values["meant"],
        "guide": "" if values["insist"] else values.get("guide", ""),
        **position_of(values["at"]),
        **(more or {}),
    }
    try:
        return msgspec.convert(given, ContactIn)
    except msgspec.ValidationError as error:
        wrong = field_error(str(error), "")
        raise Unfit(wrong.field.removeprefix("caller."), wrong.detail) from error


def doubted(values: Mapping[str, str], country: str) -> tuple[dict[str, str], str]:
    """The form once its telephone number was looked at, and what to ask about it; asked once, the same number is taken as it is."""
    if values["phone"] == values["doubted"]:
        return dict(values), ""
    return {**values, "doubted": values["phone"]}, callers.doubt_about(values["phone"], country)


def position_of(at: str) -> dict[str, float]:
    """`latitude` and `longitude` of a field that holds both, with a comma between; empty when it is.

    Raises:
        Unfit: it holds something else.
    """
    if not at:
        return {}
    try:
        latitude, longitude = (float(part) for part in at.split(","))
    except ValueError:
        raise Unfit("at", "位置没有读懂。请去掉位置，用文字说明地点。") from None
    return {"latitude": latitude, "longitude": longitude}


async def sent(request: Asked, names: Iterable[str] = EMPTY) -> dict[str, str]:
    """The form's known fields, trimmed; what PostgreSQL cannot store is left out."""
    form = await request.form()
    return {name: str(form.get(name) or "").replace("\r\n", "\n").replace("\x00", "").strip() for name in names}


def fresh_key() -> str:
    """A key for a form that is shown for the first time."""
    return secrets.token_urlsafe(16)


def key_of(values: Mapping[str, str]) -> str:
    """The form's own key together with what it says: the same form sent again is the same contact, a changed one another."""
    said = msgspec.json.encode({k: v for k, v in values.items() if k != "key"}, order="sorted")
    return f"{values['key'][:40] or fresh_key()}:{hashlib.sha256(said).hexdigest()[:16]}"
