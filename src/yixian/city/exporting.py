"""Writes a city back as the folder of a pack: what administrators and editors changed can be kept, compared, loaded elsewhere."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from yixian.city import amendments
from yixian.city.model import Audience, Guide, Pack, Responsibility, Speech, Triage


def files(pack: Pack, on: date) -> dict[str, str]:
    """The files of the pack, by their path in its folder; `pack check` accepts them when it accepts the city.

    Of an entry of the responsibility list the version of the day `on` keeps the code, later ones have their first day behind it; what
    has ended, and entries about matters that are no more, are left out.
    """
    triage = pack.triage
    written = {
        "city.toml": _city(pack),
        "regions.csv": _csv(("code", "name", "name_en", "level", "parent", "aliases"), pack.regions),
        "units.csv": _csv(
            ("code", "name", "short_name", "name_en", "level", "parent", "region", "function", "kind", "first_level", "aliases", "phone"),
            pack.units,
        ),
        "places.csv": _csv(("name", "kind", "regions", "aliases"), pack.places),
        "lines.csv": _csv(("number", "name", "mode", "queue", "unit", "hours", "merged_on", "note"), pack.lines),
        "calendar.csv": _rows(("date", "working", "name"), ((d, "yes" if worked else "no", "") for d, worked in pack.calendar.exceptions)),
        "matters/city.csv": _matters(pack),
        "examples/city.csv": _csv(("matter", "text", "language"), pack.examples),
        "responsibilities/city.csv": _list(pack, on),
        "triage.toml": _triage(triage),
    }
    if pack.speech != Speech():
        written["speech.toml"] = _speech(pack.speech)
    if pack.closed:
        written["closed.csv"] = _csv(("code", "name", "successor", "since", "region", "function"), pack.closed)
    if triage.danger is not None:
        danger = triage.danger
        head = {field: getattr(danger, field) for field in danger.__struct_fields__ if field not in ("signs", "examples")}
        head = {field: value for field, value in head.items() if value is not None}
        written["triage/signs.toml"] = _table("danger", head) + _table("signs", danger.signs)
        written["triage/examples.csv"] = _csv(("text", "emergency", "to", "kind", "language"), danger.examples)
    written |= {f"guides/{guide.code}.md": _guide(guide) for guide in pack.guides}
    return written


def write(pack: Pack, folder: Path, on: date) -> int:
    """Writes the pack into a folder that is empty or not there; how many files.

    Raises:
        FileExistsError: something is there already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty; name a new folder")
    written = files(pack, on)
    for name, text in written.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "guides").mkdir(exist_ok=True)
    return len(written)


# -- CSV -------------------------------------------------------------------------------------------------------------


def _csv(columns: tuple[str, ...], things: Iterable[msgspec.Struct]) -> str:
    return _rows(columns, ([_cell(getattr(thing, column)) for column in columns] for thing in things))


def _rows(columns: tuple[str, ...], rows: Iterable[Iterable[Any]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, StrEnum):
        return value.value
    return "|".join(value) if isinstance(value, tuple) else str(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _matters(pack: Pack) -> str:
    columns = ("code", "parent", "name", "name_en", "queue", "kind", "keywords", "audience", "urgency", "sensitive")
    return _rows(
        columns,
        (
            [_audience(matter.audience) if column == "audience" else _cell(getattr(matter, column)) for column in columns]
            for matter in pack.matters
        ),
    )


def _audience(audience: tuple[Audience, ...]) -> str:
    return "both" if len(audience) != 1 else audience[0].value


def _list(pack: Pack, on: date) -> str:
    columns = ("code", "matter", "place", "who", "time", "words", "lead", "co", "basis", "valid_from", "valid_to", "note")
    return _rows(columns, (_entry(entry) for entry in _versions(pack, on)))


def _versions(pack: Pack, on: date) -> list[Responsibility]:
    matters = {matter.code for matter in pack.matters}
    entries = [entry for entry in pack.responsibilities if entry.matter in matters]
    present = amendments.version_on(entries, on)
    later = [
        msgspec.structs.replace(entry, code=f"{entry.code}.{entry.valid_from:%Y%m%d}")
        for entry in entries
        if entry.valid_from > present.get(entry.code, entry).valid_from
    ]
    return sorted((*present.values(), *later), key=lambda entry: entry.code)


def _entry(entry: Responsibility) -> list[str]:
    return [
        entry.code, entry.matter, _cell(entry.places) or "*", _cell(entry.who), "night" if entry.night else "", _cell(entry.words),
        entry.lead, _cell(entry.co), entry.basis, _cell(entry.valid_from), _cell(entry.valid_to), entry.note,
    ]  # fmt: skip


# -- TOML and Markdown -----------------------------------------------------------------------------------------------


def _city(pack: Pack) -> str:
    hours = [f"{stretch.start:%H:%M}-{stretch.end:%H:%M}" for stretch in pack.calendar.hours]
    parts = [
        _table("city", _fields(pack.city)),
        _table("calendar", {"workdays": pack.calendar.workdays, "hours": hours}),
        _table("gate", _fields(pack.gate)),
        *(_table("queue", _fields(queue), several=True) for queue in pack.queues),
        *(_table("limit", _fields(limit), several=True) for limit in pack.limits),
    ]
    return "".join(parts)


def _triage(triage: Triage) -> str:
    parts = [_table("emergency", _fields(one), several=True) for one in triage.emergency]
    parts += [_table("legal_route", _fields(one), several=True) for one in triage.legal_route]
    parts += [_table("outside", _fields(one), several=True) for one in triage.outside]
    tables: Mapping[str, Mapping[str, Any]] = {
        "kinds": triage.kinds,
        "urgency": triage.urgency,
        "firm": {"words": triage.firm},
        "night": {"words": triage.night},
        "split": {"marks": triage.split},
        "noise": {"phrases": triage.noise},
        "synonyms": triage.synonyms,
    }
    parts += [_table(name, values) for name, values in tables.items() if any(values.values())]
    for language in dict.fromkeys((*triage.languages, *triage.endings, *triage.words)):
        marks = {"marks": triage.languages.get(language, ()), "endings": triage.endings.get(language, ())}
        parts.append(_table(f"language.{language}", {name: value for name, value in marks.items() if value}))
        if words := triage.words.get(language):
            parts.append(_table(f"language.{language}.words", words))
    return "".join(parts)


def _speech(speech: Speech) -> str:
    parts = [_table("say", _fields(one), several=True) for one in speech.sayings]
    parts += [_table("ask", _fields(one), several=True) for one in speech.askings]
    return "".join((*parts, _table("feelings", speech.feelings) if speech.feelings else ""))


def _guide(guide: Guide) -> str:
    head = "".join(f"{name} = {_value(value)}\n" for name, value in _fields(guide).items() if name != "text")
    return f"+++\n{head}+++\n{guide.text}\n"


def _fields(thing: msgspec.Struct) -> dict[str, Any]:
    return {name: value for name in thing.__struct_fields__ if (value := getattr(thing, name)) is not None}


def _table(name: str, values: Mapping[str, Any], *, several: bool = False) -> str:
    header = f"[[{name}]]" if several else f"[{name}]"
    return header + "\n" + "".join(f"{_key(key)} = {_value(value)}\n" for key, value in values.items()) + "\n"


def _key(key: str) -> str:
    return key if key.isascii() and key.replace("_", "").replace("-", "").isalnum() else _value(key)


def _value(value: Any) -> str:
    """A value as TOML; its strings are those of JSON."""
    match value:
        case bool():
            return "true" if value else "false"
        case date():
            return value.isoformat()
        case int() | float():
            return repr(value)
        case str():
            return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
        case msgspec.Struct():
            return _value(_fields(value))
        case dict():
            pairs: dict[str, Any] = value
            return "{ " + ", ".join(f"{_key(name)} = {_value(one)}" for name, one in pairs.items()) + " }"
        case _:
            return "[" + ", ".join(_value(one) for one in value) + "]"
