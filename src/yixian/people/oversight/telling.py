"""A row of the audit in words: who, what, to whom or what, with which particulars. Pure; the codes stay beside the words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from yixian.city.inforce import City
from yixian.people.oversight import words
from yixian.people.oversight.model import Entry
from yixian.web.render import Say

LONGEST: Final = 300
"""Characters of one particular; the whole stands in the file."""


AS_WRITTEN: Final = frozenset({
    "reason", "note", "why", "text", "title", "name", "login", "code", "short_name", "name_en", "address", "number", "aliases", "keywords",
    "examples", "source",
})  # fmt: skip
"""What somebody typed: an account that is called `analyst` keeps its name."""


class Particular(msgspec.Struct, frozen=True):
    """One thing that was written down with a deed."""

    label: str
    text: str
    ticket: bool = False
    """The text is the number of a ticket."""


class Told(msgspec.Struct, frozen=True):
    """A row of the audit as it is read."""

    entry: Entry
    action: str
    subject: str
    """What it was done to, in words; empty where only a code is known."""
    particulars: tuple[Particular, ...]


def told(entry: Entry, city: City, say: Say) -> Told:
    """The row in the reader's language."""
    return Told(entry, say(words.said(entry.action)), _subject(entry, city, say), tuple(_particulars(entry, city, say)))


def _subject(entry: Entry, city: City, say: Say) -> str:
    if entry.subject_name:
        return f"{entry.subject_name}（{entry.subject_login}）"
    thing, _, code = entry.subject.partition(":")
    if code and thing in words.THINGS:
        return f"{say(words.THINGS[thing])} · {_name(thing, code, city) or code}"
    if entry.action.startswith("matter."):
        return city.matter_name(entry.subject)
    name = entry.body.get("name")
    return name if isinstance(name, str) and not entry.action.startswith("staff.") else ""


def _name(thing: str, code: str, city: City) -> str:
    match thing:
        case "unit":
            return city.unit_name(code)
        case "matter":
            return city.matter_name(code)
        case "queue":
            return next((queue.name for queue in city.pack.queues if queue.code == code), code)
        case "line":
            return next((line.name for line in city.pack.lines if line.number == code), code)
        case _:
            return ""


def _particulars(entry: Entry, city: City, say: Say) -> Iterator[Particular]:
    before, after = entry.body.get("before"), entry.body.get("after")
    for name, value in entry.body.items():
        if value in (None, "", [], {}) or name in ("before", "after"):
            continue
        if name == "ticket":
            yield Particular(say(words.PARTICULARS[name]), entry.ticket or str(value), ticket=bool(entry.ticket))
        else:
            yield Particular(say(words.PARTICULARS.get(name, name)), _short(_value(name, value, city, say)))
    if isinstance(before, Mapping) or isinstance(after, Mapping):
        yield from _changed(before or {}, after or {}, city, say)
    elif before is not None or after is not None:
        yield Particular(say("变更"), f"{_value(_of(entry), before, city, say) or '—'} → {_value(_of(entry), after, city, say) or '—'}")


def _of(entry: Entry) -> str:
    """What `before` and `after` are of."""
    return "unit" if entry.action == "staff.change_unit" else ""


def _changed(before: Mapping[str, Any], after: Mapping[str, Any], city: City, say: Say) -> Iterator[Particular]:
    for name in dict.fromkeys((*before, *after)):
        pair = (_short(_value(name, side.get(name), city, say)) or "—" for side in (before, after))
        yield Particular(say(words.FIELDS.get(name, name)), " → ".join(pair))


def _value(name: str, value: Any, city: City, say: Say) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return say(words.VALUES[str(value).lower()])
    if isinstance(value, (list, tuple)):
        return "、".join(_value(name, one, city, say) for one in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, Mapping):
        return "，".join(f"{key}：{_value(str(key), one, city, say)}" for key, one in value.items())  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    text = str(value)
    if name in ("unit", "successor", "parent", "lead") and text in {*city.units, *city.closed}:
        return city.unit_name(text)
    if name in ("matter", "successor", "parent") and text in city.matters:
        return city.matter_name(text)
    if name == "queue":
        return _name(name, text, city)
    if name in AS_WRITTEN:
        return text
    return say(words.VALUES[text]) if text in words.VALUES else text


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
