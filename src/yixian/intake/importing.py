"""Contacts from a file of another system: each row once, whatever happens, however often it is run."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from yixian.intake import service
from yixian.intake.model import LONGEST_TEXT, Channel, ContactIn, Outcome, Receipt
from yixian.intake.service import Means
from yixian.people.model import SYSTEM_ACTOR

AT_ONCE = 8
"""Rows in hand at the same time."""

NAME_KEPT = 120
"""So much of a file's name stands in the keys of its rows: what tells the rows apart must stand there whole."""

COLUMNS = {"text", "title", "time", "id"}
LARGEST_FIELD = 10_000_000
"""Characters that a field of the file may have to be read at all."""

_TIMES = ("%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d", "%Y-%m-%d")


class Unreadable(Exception):
    """A file that cannot be imported; the message says what to mend."""


class Row(msgspec.Struct, frozen=True):
    """One row of the file."""

    line: int
    key: str
    contact: ContactIn
    cut: bool = False
    """Its text was longer than a contact's may be: what is beyond is not taken in."""


class Summary(msgspec.Struct, frozen=True):
    """What an import did."""

    file: str
    rows: int
    stored: int
    known: int
    """Rows that an earlier run had stored already."""
    empty: int
    """Rows without any words: there is nothing to take in; each is an abandoned contact."""
    outcomes: dict[str, int]
    reasons: dict[str, int]
    kinds: dict[str, int]
    matters: dict[str, int]
    """The most frequent, by name."""
    districts: dict[str, int]
    place_found: int
    """Contacts whose place was found down to a district or deeper."""
    tickets: int
    dispatched_at_once: int
    """Tickets that the gate was sure of."""
    coverage: float
    """Their share."""
    why_not: dict[str, int]
    """Why the others went to a dispatcher."""
    cut: tuple[int, ...]
    """Lines of the file whose text is longer than a contact's may be: only its beginning was taken in."""


def rows(file: Path, timezone: str) -> Iterator[Row]:
    """The rows of a CSV file with the columns `text`, and where there are `title`, `time`, `id`.

    The key of a row is its id when there is one, else a digest of its words and their number: two equal rows are two contacts.

    Raises:
        Unreadable: not UTF-8, not CSV, or no column `text`.
    """
    seen: Counter[str] = Counter()
    csv.field_size_limit(LARGEST_FIELD)
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            if "text" not in (reader.fieldnames or ()):
                raise Unreadable(f"{file} needs a column 'text' in its first line (and may have title, time, id).")
            for found in reader:
                yield _row(file, reader.line_num, found, ZoneInfo(timezone), seen)
    except UnicodeDecodeError as error:
        raise Unreadable(f"{file} is not UTF-8 (byte {error.start}). Save it as UTF-8 and try again.") from error
    except csv.Error as error:
        raise Unreadable(f"{file} cannot be read as CSV: {error}. Mend or leave out that row and try again.") from error


def _row(file: Path, line: int, found: dict[str, str | None], zone: ZoneInfo, seen: Counter[str]) -> Row:
    text, title = _clean(found.get("text")), _clean(found.get("title"))[:200]
    words = text or title
    digest = hashlib.sha256(f"{found.get('id') or ''}\0{found.get('time') or ''}\0{title}\0{text}".encode()).hexdigest()[:32]
    seen[digest] += 1
    contact = ContactIn(
        text=words[:LONGEST_TEXT],
        title=title,
        channel=Channel.IMPORT,
        outcome=None if words else Outcome.ABANDONED,
        source=f"import:{file.name}"[:200],
        source_id=(found.get("id") or "")[:200],
        received_at=_time(found.get("time"), zone),
    )
    return Row(line, f"import:{file.name[:NAME_KEPT]}:{digest}:{seen[digest]}", contact, cut=len(words) > LONGEST_TEXT)


def _clean(text: str | None) -> str:
    """Without the control characters that no database text may hold."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]+", " ", text or "").strip()


def _time(text: str | None, zone: ZoneInfo) -> datetime | None:
    for form in _TIMES:
        try:
            return datetime.strptime((text or "").strip(), form).replace(tzinfo=zone).astimezone(UTC)
        except ValueError:
            continue
    return None


async def import_rows(means: Means, file: Path, clock: Callable[[], datetime], step: Callable[[], None]) -> Summary:
    """Takes every row in; calls `step` after each. Run again, it stores what is missing and nothing twice."""
    tally = Tally(means)
    waiting = rows(file, means.city.pack.city.timezone)

    async def work() -> None:
        for row in waiting:
            now = clock()
            tally.add(row, await service.record(means, row.contact, SYSTEM_ACTOR, row.key, now), now)
            step()

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())
    return tally.summary(file)


class Tally:
    """Counts what becomes of the rows."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._cut: list[int] = []
        self._counts: dict[str, Counter[str]] = {k: Counter() for k in ("outcome", "reason", "kind", "matter", "district", "why", "n")}

    def add(self, row: Row, receipt: Receipt, now: datetime) -> None:
        """Counts one row."""
        count, contact = self._counts, row.contact
        if row.cut:
            self._cut.append(row.line)
        count["n"]["rows"] += 1
        count["n"]["known" if receipt.repeated else "stored"] += 1
        count["n"]["empty"] += not contact.text
        count["outcome"][receipt.outcome] += 1
        if receipt.reason:
            count["reason"][f"{receipt.outcome}:{receipt.reason}"] += 1
        if contact.text:
            self._add_reading(contact, now)
        for ticket in receipt.tickets:
            count["n"]["tickets"] += 1
            count["n"]["dispatched"] += ticket.dispatched

    def _add_reading(self, contact: ContactIn, now: datetime) -> None:
        for preview in service.preview(self._means, contact, now):
            self._counts["kind"][preview.kind] += 1
            if preview.suggestions:
                self._counts["matter"][self._means.city.matter_name(preview.suggestions[0].matter)] += 1
            above = self._means.city.register.ancestors(preview.region) if preview.region else ()
            if len(above) >= 2:
                self._counts["n"]["placed"] += 1
                self._counts["district"][self._means.city.region_name(above[-2])] += 1
            if not preview.disposition:
                self._counts["why"][preview.why] += 1

    def summary(self, file: Path) -> Summary:
        """The counts so far."""
        n = self._counts["n"]
        return Summary(
            file=file.name,
            rows=n["rows"],
            stored=n["stored"],
            known=n["known"],
            empty=n["empty"],
            outcomes=dict(self._counts["outcome"].most_common()),
            reasons=dict(self._counts["reason"].most_common()),
            kinds=dict(self._counts["kind"].most_common()),
            matters=dict(self._counts["matter"].most_common(20)),
            districts=dict(self._counts["district"].most_common()),
            place_found=n["placed"],
            tickets=n["tickets"],
            dispatched_at_once=n["dispatched"],
            coverage=round(n["dispatched"] / n["tickets"], 4) if n["tickets"] else 0.0,
            why_not={why: count for why, count in self._counts["why"].most_common() if why != "sure"},
            cut=tuple(sorted(self._cut)),
        )
