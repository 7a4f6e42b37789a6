"""`yixian pack`: check a city pack, bring it into force."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from yixian.app import clock
from yixian.city import exporting, service
from yixian.city import pack as packs
from yixian.city.model import Pack
from yixian.city.tables import Severity
from yixian.cli.common import Json, err, out, print_json, with_database
from yixian.db.pool import SYSTEM, Database
from yixian.settings import Settings

app = typer.Typer(help="Check a city pack, and bring it into force.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="Folder of the pack.", exists=True, file_okay=False)]


@app.command()
def check(folder: Folder, json: Json = False) -> None:
    """List every error of a pack with file, line and what to do."""
    problems = packs.check(folder, date.today())  # noqa: DTZ011 -- whoever sits at the keyboard means their own day
    if json:
        print_json(problems)
    else:
        for problem in problems:
            out.print(str(problem), highlight=False, markup=False)
        errors = sum(p.severity is Severity.ERROR for p in problems)
        out.print(f"{errors} errors, {len(problems) - errors} warnings." if problems else "The pack is in order.")
    if any(p.severity is Severity.ERROR for p in problems):
        raise typer.Exit(1)


@app.command()
def load(folder: Folder, json: Json = False) -> None:
    """Bring a pack into force: changes only what changed, keeps what was before; running processes take it up by themselves."""
    summary = load_pack(folder)
    if json:
        print_json(summary)
        return
    table = Table("", "added", "changed", "retired", "unchanged")
    for kind, counts in summary.counts.items():
        table.add_row(kind.value, *(f"{n:,}" for n in (counts.added, counts.changed, counts.retired, counts.unchanged)))
    out.print(table)
    _show_kept(summary)
    out.print("Nothing had changed." if summary.load is None else f"Loading {summary.load}: {summary.changes:,} changes.")


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.", file_okay=False)],
    json: Json = False,
) -> None:
    """Write the city in force back as a pack, with what administrators and editors changed."""

    async def use(database: Database, _settings: Settings) -> Pack:
        async with database.transaction(SYSTEM) as tx:
            return await service.current(tx)

    try:
        pack = with_database(use)
        written = exporting.write(pack, folder, service.day_in(pack, clock()))
    except (service.NoCity, OSError) as error:
        err.print(str(error), highlight=False)
        raise typer.Exit(1) from error
    if json:
        print_json({"folder": str(folder), "files": written})
    else:
        out.print(f"{written} files in {folder}. Check them: yixian pack check {folder}", highlight=False, markup=False)


def _show_kept(summary: service.LoadSummary) -> None:
    """Where the pack and the approved list part ways: the approved words hold."""
    for kept in summary.kept:
        says = f"says lead {kept.pack.lead}" if kept.pack else "does not name it"
        holds = f"lead {kept.approved.lead} since {kept.approved.valid_from}" if kept.approved else "it has ended"
        news = " (changed by this loading)" if kept.now_changed else ""
        out.print(f"{kept.code} stays as approved: {holds}; the pack {says}{news}.", highlight=False, markup=False)
    for thing, code in summary.adjusted:
        out.print(f"{thing} {code} stays as an administrator changed it: see /admin/city.", highlight=False, markup=False)
    for one, other in summary.clashes:
        out.print(f"{one} and {other} fit equally, one of the pack and one approved: propose a change.", highlight=False, markup=False)
    if summary.kept:
        out.print("To end the difference put an export of the list into the pack: yixian list export FILE", highlight=False)


def load_pack(folder: Path) -> service.LoadSummary:
    """Checks and loads; a pack with errors is refused whole."""
    problems = [p for p in packs.check(folder) if p.severity is Severity.ERROR]
    if problems:
        for problem in problems[:20]:
            err.print(str(problem), highlight=False, markup=False)
        err.print(f"The pack has {len(problems)} errors and was not loaded. See: yixian pack check {folder}", highlight=False)
        raise typer.Exit(1)
    pack = packs.read(folder)

    async def use(database: Database, _settings: Settings) -> service.LoadSummary:
        async with database.transaction(SYSTEM) as tx:
            return await service.load(tx, pack, clock())

    with err.status(f"Loading {folder} ..."):
        return with_database(use)
