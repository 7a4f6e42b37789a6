"""The responsibility list as it reads by date: what the pack says, with what was approved since laid over it.

An amendment says how one entry reads from a day on, or that there is none from then on. It holds until the next amendment of the
same entry, whatever order they were approved in; of two for the same day the later approved one holds. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID

import msgspec

from yixian.city.model import Responsibility

ONE_DAY = timedelta(days=1)


class Amendment(msgspec.Struct, frozen=True):
    """An approved change of one entry."""

    code: str
    since: date
    """The first day on which it holds."""
    entry: Responsibility | None
    """How the entry reads from then on (`valid_from` is `since`); None: it has ended."""
    proposal: UUID


class Kept(msgspec.Struct, frozen=True):
    """An entry for which the pack says something else than what was approved; the approved words hold."""

    code: str
    pack: Responsibility | None
    """What the pack says; None when it does not name the entry."""
    approved: Responsibility | None
    """What was approved last; None when its end was."""
    now_changed: bool
    """Whether this loading of the pack changed what it says: then somebody should look; else it was known before."""


def in_force(entries: Iterable[Responsibility], amendments: Sequence[Amendment]) -> tuple[Responsibility, ...]:
    """The list with all its versions, by code and day; an entry stands once for each stretch in which it reads differently.

    `amendments` in the order of their approval.
    """
    by_code: dict[str, list[Amendment]] = defaultdict(list)
    for amendment in amendments:
        by_code[amendment.code].append(amendment)
    base: dict[str, Responsibility] = {}
    versions: list[Responsibility] = []
    for entry in entries:
        if entry.code in by_code:
            base[entry.code] = entry
        else:
            versions.append(entry)
    for code, changes in by_code.items():
        versions += _versions(base.get(code), changes)
    return tuple(sorted(versions, key=lambda entry: (entry.code, entry.valid_from)))


def version_on(entries: Iterable[Responsibility], day: date) -> dict[str, Responsibility]:
    """For each code the version that holds on `day`, else the next one to hold; what has ended by then is left out."""
    found: dict[str, Responsibility] = {}
    for entry in sorted(entries, key=lambda entry: entry.valid_from):
        if entry.valid_to is None or entry.valid_to >= day:
            found.setdefault(entry.code, entry)
    return found


def kept(pack: Iterable[Responsibility], amendments: Sequence[Amendment], changed: frozenset[str]) -> tuple[Kept, ...]:
    """The amended entries for which the pack says something else. `changed`: codes for which it said so only now."""
    said = {entry.code: entry for entry in pack}
    last = {amendment.code: amendment for amendment in sorted(amendments, key=lambda amendment: amendment.since)}
    return tuple(
        Kept(code, said.get(code), amendment.entry, code in changed)
        for code, amendment in sorted(last.items())
        if _differs(said.get(code), amendment)
    )


def _versions(base: Responsibility | None, changes: list[Amendment]) -> list[Responsibility]:
    """The stretches of one entry, in their order."""
    of_day = {change.since: change for change in changes}
    found: list[Responsibility] = [] if base is None else [base]
    for since, change in sorted(of_day.items()):
        found = [_until(version, since) for version in found if version.valid_from < since]
        if change.entry is not None:
            found.append(change.entry)
    return found


def _until(version: Responsibility, since: date) -> Responsibility:
    """The version, ending the day before `since` at the latest."""
    last = since - ONE_DAY
    return version if version.valid_to is not None and version.valid_to <= last else msgspec.structs.replace(version, valid_to=last)


def _differs(said: Responsibility | None, amendment: Amendment) -> bool:
    """Whether the pack contradicts the amendment. A pack that writes an end as its last day says the same."""
    if amendment.entry is None:
        return said is not None and (said.valid_to is None or said.valid_to >= amendment.since)
    return said is None or msgspec.structs.replace(said, valid_from=amendment.since) != amendment.entry
