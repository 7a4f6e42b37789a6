"""`yixian db`: migrate, look, verify, back up, restore."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from yixian.app import clock
from yixian.cli.common import Json, err, out, print_json, progress
from yixian.db import backup as backups
from yixian.db import bootstrap, migrate
from yixian.db.bootstrap import Addresses
from yixian.settings import load
from yixian.tickets import verify as verifying

SHOWN = 20
"""Faults that are listed; --json lists up to a thousand."""

app = typer.Typer(help="Migrate, verify, back up and restore the database.", no_args_is_help=True)


@app.command("migrate")
def migrate_database(json: Json = False) -> None:
    """Bring the database up to this version; a second run changes nothing."""
    with bootstrap.addresses(load()) as where:
        applied = asyncio.run(bootstrap.prepare(where, clock()))
    if json:
        print_json([{"version": m.version, "name": m.name} for m in applied])
        return
    for migration in applied:
        out.print(f"{migration.version:04} {migration.name}")
    out.print(f"{len(applied)} migrations applied." if applied else "The database is up to date.")


@app.command()
def status(json: Json = False) -> None:
    """Which migrations are applied, which are waiting, and whether the database comes from a newer version."""
    with bootstrap.addresses(load()) as where:
        found = asyncio.run(_status(where))
    if json:
        print_json(found)
    else:
        out.print(f"applied {len(found.applied)}, waiting {len(found.pending)}, unknown {len(found.unknown)}, changed {len(found.changed)}")
    try:
        migrate.check(found)
    except migrate.SchemaMismatch as error:
        err.print(str(error), highlight=False)
        raise typer.Exit(1) from error


async def _status(where: Addresses) -> migrate.Status:
    try:
        connection = await asyncpg.connect(where.owner)
    except asyncpg.InvalidCatalogNameError:
        return migrate.Status((), tuple(m.version for m in migrate.known()), (), ())
    try:
        return await migrate.status(connection)
    finally:
        await connection.close()


@app.command()
def verify(json: Json = False) -> None:
    """Read every ticket's history and every seal; name whatever was changed, removed or put in between."""
    with bootstrap.addresses(load()) as where, progress(json) as bar:
        task = bar.add_task("history", total=None)
        report = asyncio.run(_verify(where, lambda done, total: bar.update(task, completed=done, total=total)))
    if json:
        print_json(report)
    else:
        _show(report)
    if not report.sound:
        raise typer.Exit(1)


def _show(report: verifying.Report) -> None:
    for fault in report.faults[:SHOWN]:
        where = f"ticket {fault.ticket} step {fault.seq}" if fault.ticket else f"hour {fault.hour:%Y-%m-%d %H:00}Z" if fault.hour else ""
        out.print(f"{fault.wrong.value}: {where}", highlight=False)
    looked = f"{report.tickets:,} tickets, {report.rows:,} steps, {report.seals:,} seals"
    out.print(f"{looked}: {'nothing was changed' if report.sound else f'{len(report.faults):,} faults'}.", highlight=False)


async def _verify(where: Addresses, step: verifying.Progress) -> verifying.Report:
    async with bootstrap.as_owner(where) as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        return await verifying.verify(connection, step)


@app.command()
def backup(file: Annotated[Path | None, typer.Argument(help="Where to; default: backups/ below YIXIAN_HOME.")] = None) -> None:
    """Write the whole database to one file, while the city works."""
    settings = load()
    target = file or settings.home / "backups" / f"yixian-{datetime.now(UTC):%Y%m%d-%H%M%S}.dump"
    target.parent.mkdir(parents=True, exist_ok=True)
    with bootstrap.addresses(settings) as where, err.status("Backing up ..."):
        size = backups.backup(where, target)
    out.print(f"{target} ({size / 1_000_000:.1f} MB)", highlight=False)
    out.print(
        f"Keep {settings.home / 'master.key'} too, in another place: without it names and numbers in the backup stay closed.",
        highlight=False,
    )


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file made by `yixian db backup`.", exists=True, dir_okay=False)],
    replace: Annotated[bool, typer.Option("--replace", help="The database holds contacts: throw them away.")] = False,
) -> None:
    """Fill the database from a backup. Stop `yixian up` first."""
    with bootstrap.addresses(load()) as where:
        asyncio.run(bootstrap.prepare(where, clock()))
        if asyncio.run(backups.holds_contacts(where)) and not replace:
            err.print("The database holds contacts. Restore into an empty one, or say --replace to throw them away.")
            raise typer.Exit(1)
        with err.status("Restoring ..."):
            backups.restore(where, file)
            applied = asyncio.run(bootstrap.prepare(where, clock()))
    out.print(f"Restored; {len(applied)} newer migrations applied. Check it: yixian db verify", highlight=False)
