"""`yixian import`: contacts from a file of another system."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from yixian.app import clock
from yixian.cli.common import Json, out, print_json, progress, refused, with_database
from yixian.db.keys import Keys, master_key
from yixian.db.pool import Database
from yixian.intake import importing
from yixian.intake.model import LONGEST_TEXT
from yixian.intake.service import Means
from yixian.language.live import live_city
from yixian.learning.service import SCHOOL
from yixian.people.secrets import SoftwareVault
from yixian.settings import Settings

File = Annotated[Path, typer.Argument(help="CSV with a column text, and where there are title, time, id.", exists=True, dir_okay=False)]


def import_file(file: File, json: Json = False) -> None:
    """Take in contacts from a file; run again, it stores what is missing and nothing twice."""
    with progress(json) as bar:
        task = bar.add_task(file.name, total=None)

        async def use(database: Database, settings: Settings) -> importing.Summary:
            live = await live_city(database, SCHOOL)
            keys = Keys(master_key(settings.home))
            means = Means(database, live.city, live.reader, SoftwareVault(keys), keys, live.lesson.standing)
            bar.update(task, total=sum(1 for _ in importing.rows(file, live.city.pack.city.timezone)))
            return await importing.import_rows(means, file, clock, lambda: bar.advance(task))

        try:
            summary = with_database(use)
        except importing.Unreadable as error:
            raise refused(error) from error
    if json:
        print_json(summary)
    else:
        _show(summary)


def _show(summary: importing.Summary) -> None:
    known = f"{summary.known:,} known from an earlier run"
    out.print(f"{summary.rows:,} rows: {summary.stored:,} stored, {known}, {summary.empty:,} without words.")
    if summary.cut:
        lines = ", ".join(str(line) for line in summary.cut[:20]) + (" ..." if len(summary.cut) > 20 else "")
        out.print(f"Only the first {LONGEST_TEXT:,} characters were taken of lines {lines}.", highlight=False)
    for title, counts in (
        ("outcome", summary.outcomes),
        ("reason", summary.reasons),
        ("kind", summary.kinds),
        ("matter (20 most frequent)", summary.matters),
        ("district", summary.districts),
        ("why a dispatcher looks", summary.why_not),
    ):
        if counts:
            table = Table(title, "n")
            for name, count in counts.items():
                table.add_row(name, f"{count:,}")
            out.print(table)
    out.print(
        f"{summary.tickets:,} tickets, {summary.dispatched_at_once:,} dispatched at once ({summary.coverage:.1%}); "
        f"place found for {summary.place_found:,}."
    )
