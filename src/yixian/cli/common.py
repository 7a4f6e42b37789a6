"""What the commands share: settings, a database, progress, JSON."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from yixian.db import bootstrap
from yixian.db.bootstrap import Addresses
from yixian.db.pool import Database
from yixian.settings import Settings, load
from yixian.web import render

T = TypeVar("T")

say = render.translator("en")
"""Sentences of the rooms are written in Chinese; commands speak English."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a script instead of a table.")]

out = Console()
err = Console(stderr=True)


def print_json(value: Any) -> None:
    """A value as JSON, one object, indented."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def refused(error: Exception) -> typer.Exit:
    """Says in English why something cannot be done; the end of the command, to be raised."""
    err.print(say(str(error)), highlight=False, markup=False)
    return typer.Exit(1)


def with_database(use: Callable[[Database, Settings], Awaitable[T]], *, migrate: bool = True) -> T:
    """Runs `use` on the city's database: the embedded one is started for as long as it takes, and migrated if need be."""
    settings = load()
    with bootstrap.addresses(settings) as where:
        return asyncio.run(_use(use, settings, where, migrate))


async def _use(use: Callable[[Database, Settings], Awaitable[T]], settings: Settings, where: Addresses, migrate: bool) -> T:
    from yixian.app import clock

    if migrate:
        await bootstrap.prepare(where, clock())
    async with bootstrap.ready(settings, where) as database:
        return await use(database, settings)


def progress(quiet: bool = False) -> Progress:
    """A progress bar on standard error, so that output can be piped."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        disable=quiet or not err.is_terminal,
        transient=True,
    )
