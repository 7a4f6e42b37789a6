"""`yixian replay`: a city's day, or a file, against a running server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from yixian.city import service as cities
from yixian.city.model import Pack
from yixian.db import bootstrap
from yixian.db.bootstrap import Addresses
from yixian.db.pool import SYSTEM, Database
from yixian.replay import report as reports
from yixian.replay import staff, traffic
from yixian.replay.model import GUANGZHOU_DAY, CannotReplay, Credentials, Due, Plan
from yixian.replay.report import Report
from yixian.replay.run import run
from yixian.settings import Settings, load

_err = Console(stderr=True)


def replay_command(
    file: Annotated[
        Path | None, typer.Argument(help="CSV with any of title, text, time; without it, generated from the city pack.", dir_okay=False)
    ] = None,
    url: Annotated[str, typer.Option(help="Where the server answers; default: this installation's own address.")] = "",
    count: Annotated[int, typer.Option(min=1, help="How many contacts.")] = 1_000,
    whole_day: Annotated[bool, typer.Option("--whole-day", help=f"A whole day of {GUANGZHOU_DAY:,} contacts.")] = False,
    rate: Annotated[float, typer.Option(min=0, help="Contacts a second; 0: as fast as it can.")] = 0.0,
    compress: Annotated[float, typer.Option(min=0, help="By the day's clock, so much faster (60: a day in 24 minutes).")] = 0.0,
    concurrency: Annotated[int, typer.Option(min=1, max=512, help="Contacts under way at once.")] = 16,
    seed: Annotated[int, typer.Option(help="The same seed says the same words.")] = 1,
    life_cycle: Annotated[bool, typer.Option(help="Simulated units sign, return, reply; the hotline reviews and calls back.")] = True,
    left: Annotated[float, typer.Option(min=0, max=1, help="Share of the tickets that staff leave alone at each step.")] = 0.0,
    staff_file: Annotated[
        Path | None, typer.Option("--staff", help="JSON with an account a role, for a server whose database is not at hand.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for a script instead of tables.")] = False,
) -> None:
    """Drive the public API with a city's day and simulated staff; report speed, outcomes, and whether sent = stored."""
    settings = load()
    plan = Plan(GUANGZHOU_DAY if whole_day else count, seed, rate, compress, concurrency, life_cycle, left=left)
    address = url or f"http://{settings.host}:{settings.port}"
    # With a staff file the server may be another machine's: nothing of this one is looked at.
    with bootstrap.addresses(settings) if staff_file is None else nullcontext() as where:
        try:
            found = asyncio.run(_replayed(settings, where, address, plan, file, staff_file, quiet=json))
        except CannotReplay as error:
            _err.print(str(error), highlight=False, markup=False)
            raise typer.Exit(1) from error
    if json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        Console().print(reports.shown(found))
    if found.kept is not None and not found.kept.whole:
        raise typer.Exit(1)


def run_name(now: datetime) -> str:
    """A name for a replay, unlike any other's: contacts carry it as their source."""
    return f"replay-{now:%m%d%H%M%S}-{now.microsecond // 1000:03}"


async def _replayed(
    settings: Settings, where: Addresses | None, address: str, plan: Plan, file: Path | None, staff_file: Path | None, *, quiet: bool
) -> Report:
    name = run_name(datetime.now(UTC))
    async with _means(settings, where, name, staff_file) as (database, pack, credentials):
        contacts, total = _contacts(plan, file, pack)
        plan = msgspec.structs.replace(plan, count=total)
        with _bar(quiet) as bar:
            sending = bar.add_task("contacts", total=total)
            handling = bar.add_task("tickets", total=None)

            def step(acknowledged: int, done: int) -> None:
                bar.update(sending, completed=acknowledged)
                bar.update(handling, completed=done)

            return await run(
                address, plan, contacts, credentials, run=name, data=file.name if file else "generated from the city pack",
                fallback_unit=pack.city.fallback_unit if pack else "", database=database, progress=step,
            )  # fmt: skip


@asynccontextmanager
async def _means(
    settings: Settings, where: Addresses | None, name: str, staff_file: Path | None
) -> AsyncIterator[tuple[Database | None, Pack | None, Credentials]]:
    if where is None:
        assert staff_file is not None, "one of the two is given"
        yield None, None, staff.from_file(staff_file)
        return
    async with bootstrap.ready(settings, where) as database:
        async with database.transaction(SYSTEM) as tx:
            pack = await cities.current(tx)
        async with staff.hired(database, pack, name, lambda: datetime.now(UTC)) as credentials:
            yield database, pack, credentials


def _contacts(plan: Plan, file: Path | None, pack: Pack | None) -> tuple[Iterable[Due], int]:
    """What is to be sent, and how many."""
    if file is None:
        if pack is None:
            raise CannotReplay("Without the database there is no city pack to generate from: name a CSV file.")
        return traffic.day(pack, plan.count, plan.mix, plan.seed), plan.count
    zone = ZoneInfo(pack.city.timezone if pack else "UTC")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        found = list(traffic.from_csv(lines, zone))
    return found, len(found)


def _bar(quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=_err,
        disable=quiet or not _err.is_terminal,
        refresh_per_second=2,
    )
