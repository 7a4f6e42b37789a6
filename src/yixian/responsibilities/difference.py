"""What a file would change about the list: entry by entry, field by field. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import msgspec

from yixian.city.inforce import City
from yixian.city.model import Responsibility
from yixian.responsibilities import checks, files
from yixian.responsibilities.concerned import Naming
from yixian.responsibilities.model import ChangeKind, Difference, EntryDifference, FieldChange, ImportRow, ReadProblem, Source, Wanted

_DATED = "valid_from"


def compare(
    city: City,
    rows: Sequence[ImportRow],
    problems: Iterable[ReadProblem],
    current: Mapping[str, Responsibility],
    since: date,
    whole: bool,
) -> Difference:
    """How `rows` differ from the entries that hold on the day `since` (`current`, by code).

    `whole`: the file is the complete list, so that entries it leaves out are to end; else they are left alone.
    An entry's first day is not a difference by itself: a change holds from `since` on, whatever day the file names for what was before.
    """
    found = [_of_row(row, current.get(row.entry.code), since) for row in rows]
    differences = [difference for difference in found if difference is not None]
    listed = {row.entry.code for row in rows}
    left_out = [entry for code, entry in sorted(current.items()) if whole and code not in listed]
    return Difference(
        added=tuple(d for d in differences if d.kind is ChangeKind.NEW),
        changed=tuple(d for d in differences if d.kind is ChangeKind.CHANGED),
        ended=tuple(EntryDifference(entry.code, ChangeKind.ENDED, entry, None, ()) for entry in left_out),
        unchanged=len(rows) - len(differences),
        problems=tuple(sorted({*problems, *_wrong(city, differences)})),
    )


def fields(before: Responsibility | None, after: Responsibility | None) -> tuple[FieldChange, ...]:
    """The fields that differ, as a file writes them; all that are filled in when there is no other side."""
    old, new = (files.cells(entry) if entry else dict.fromkeys(files.HEADINGS, "") for entry in (before, after))
    dated = before is None or after is None
    return tuple(FieldChange(name, old[name], new[name]) for name in files.HEADINGS if old[name] != new[name] and (dated or name != _DATED))


def wanted(difference: Difference, since: date, reason: str, file: str) -> tuple[Wanted, ...]:
    """The proposals that a file comes to. A new entry that names a later day begins on it."""
    return tuple(Wanted(change.code, change.after, _first_day(change, since), reason, Source.IMPORT, file) for change in difference.changes)


def _first_day(change: EntryDifference, since: date) -> date:
    return max(since, change.after.valid_from) if change.after and change.kind is ChangeKind.NEW else since


def digest(difference: Difference) -> str:
    """Tells two differences apart: what is confirmed is what was shown."""
    return hashlib.sha256(msgspec.json.encode(difference)).hexdigest()


def _of_row(row: ImportRow, before: Responsibility | None, since: date) -> EntryDifference | None:
    entry = row.entry
    if before is None:
        if entry.valid_to is not None and entry.valid_to < since:
            return None  # over before it could begin: the file keeps what was
        return EntryDifference(entry.code, ChangeKind.NEW, None, entry, fields(None, entry), row.row)
    after = msgspec.structs.replace(entry, valid_from=before.valid_from)
    if after == before:
        return None
    return EntryDifference(entry.code, ChangeKind.CHANGED, before, entry, fields(before, after), row.row)


def _wrong(city: City, differences: Iterable[EntryDifference]) -> Iterable[ReadProblem]:
    naming = Naming(city)
    for difference in differences:
        if difference.after is not None:
            for finding in checks.of_entry(naming, difference.after):
                yield ReadProblem(difference.row, finding.field, finding.sentence)
