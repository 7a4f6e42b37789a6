"""`yixian list`: the responsibility list as a file, and a file as proposals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from yixian.app import clock
from yixian.city import service as cities
from yixian.city.inforce import City, compile_city
from yixian.cli.common import Json, err, out, print_json, refused, say, with_database
from yixian.db.pool import SYSTEM, Database, Transaction
from yixian.people.model import SYSTEM_ACTOR
from yixian.people.refusals import Invalid
from yixian.responsibilities import files, importing, service
from yixian.responsibilities.model import Difference
from yixian.settings import Settings

T = TypeVar("T")

app = typer.Typer(help="The responsibility list: to a file, and from one.", no_args_is_help=True)

Source = Annotated[Path, typer.Argument(help="CSV or Excel (.xlsx), with the columns of an export.", exists=True, dir_okay=False)]
Since = Annotated[
    datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="First day on which its changes shall hold; default: today.")
]
Whole = Annotated[bool, typer.Option("--whole", help="The file is the complete list: entries that it leaves out are to end.")]


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to; ends in .csv or .xlsx.", dir_okay=False)],
    on: Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="As it reads on this day; default: today.")] = None,
) -> None:
    """Write the list, as it reads on a day, to a file that can be edited and imported again, or put into the city pack."""

    async def use(database: Database, _settings: Settings) -> bytes:
        async with database.transaction(SYSTEM) as tx:
            city = await _city(tx)
            return await importing.export(tx, city, _format(file), on.date() if on else service.today(city, clock()))

    content = with_database(use)
    file.write_bytes(content)
    out.print(f"Written: {file}", highlight=False)


@app.command()
def diff(file: Source, since: Since = None, whole: Whole = False, json: Json = False) -> None:
    """Show what a file would change: new, changed field by field, ended, and what cannot be read; changes nothing.

    Exits with 1 when the file has rows that cannot be taken.
    """

    async def use(database: Database, _settings: Settings) -> Difference:
        async with database.transaction(SYSTEM) as tx:
            city = await _city(tx)
            return await importing.compare_file(tx, file.read_bytes(), file.name, _day(since, city), whole, city)

    found = _done(use)
    _show(found, json)
    if found.problems:
        raise typer.Exit(1)


@app.command("import")
def import_list(
    file: Source,
    reason: Annotated[str, typer.Option("--reason", help="Why: the units concerned read it.")],
    since: Since = None,
    whole: Whole = False,
    json: Json = False,
) -> None:
    """Propose everything that a file changes and ask the units concerned; somebody who keeps the list approves it on screen.

    Exits with 1 when the file has rows that cannot be taken: then nothing is proposed.
    """

    async def use(database: Database, _settings: Settings) -> tuple[Difference, int]:
        async with database.transaction(SYSTEM) as tx:
            city, now = await _city(tx), clock()
            kept, found = await importing.read_file(
                tx, SYSTEM_ACTOR, file.read_bytes(), file.name, _day(since, city), whole, city, now
            )  # fmt: skip
            made = () if found.problems or not found.changes else await importing.confirm(tx, SYSTEM_ACTOR, kept.id, reason, city, now)
            return found, len(made)

    found, made = _done(use)
    _show(found, json)
    if found.problems:
        err.print("Nothing was proposed: mend the rows above first.")
        raise typer.Exit(1)
    if not json:
        out.print(f"{made:,} proposals were made; the units concerned are asked." if made else "Nothing to propose.")


def _done(use: Callable[[Database, Settings], Awaitable[T]]) -> T:
    """Does it; what cannot be taken is said in a sentence."""
    try:
        return with_database(use)
    except (Invalid, service.Refused, service.Overtaken) as error:
        raise refused(error) from error


async def _city(tx: Transaction) -> City:
    return compile_city(await cities.current(tx), await cities.version(tx) or 0)


def _day(since: datetime | None, city: City) -> date:
    return since.date() if since else service.today(city, clock())


def _format(file: Path) -> files.Format:
    try:
        return files.format_of(file.name)
    except files.Unreadable as unreadable:
        raise refused(unreadable) from unreadable


def _show(found: Difference, json: bool) -> None:
    if json:
        print_json(found)
        return
    table = Table("", "code", "field", "before", "after")
    for change in found.changes:
        for number, field in enumerate(change.fields or (None,)):
            what = (change.kind.value, change.code) if number == 0 else ("", "")
            table.add_row(*what, *((field.field, field.before, field.after) if field else ("", "", "")))
    if found.changes:
        out.print(table)
    for problem in found.problems:
        out.print(f"row {problem.row}, {problem.column}: {say(problem.sentence)}", highlight=False, markup=False)
    counts = (len(found.added), len(found.changed), len(found.ended), found.unchanged, len(found.problems))
    out.print("{:,} new, {:,} changed, {:,} ended, {:,} unchanged, {:,} problems.".format(*counts))
