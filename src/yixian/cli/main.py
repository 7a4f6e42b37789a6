"""The commands, put together."""

from __future__ import annotations

import socket
import sys
from typing import NoReturn

import asyncpg
import typer
from rich.console import Console
from rich.markup import escape

import yixian
from yixian.city.pack import InvalidPack
from yixian.city.service import NoCity
from yixian.cli import bench, database, demo, dispatch, importing, lists, models, packs, serving, staff, whatif
from yixian.db.backup import BackupFailed
from yixian.db.embedded import DatabaseUnavailable
from yixian.db.migrate import SchemaMismatch
from yixian.replay.command import replay_command
from yixian.settings import SettingsError

app = typer.Typer(
    name="yixian",
    help="One line between a city and its people.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("up")(serving.up)
app.command("demo")(demo.demo)
app.command("worker", hidden=True)(serving.worker)
app.add_typer(database.app, name="db")
app.add_typer(packs.app, name="pack")
app.add_typer(lists.app, name="list")
app.command("import")(importing.import_file)
app.command("replay")(replay_command)
app.add_typer(dispatch.app, name="dispatch")
assert models.app is whatif.app is dispatch.app, "their commands stand among those of dispatch"
app.add_typer(staff.app, name="staff")
app.command("bench", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(bench.bench)


@app.command("version")
def version() -> None:
    """Print the version."""
    print(yixian.__version__)


EXPECTED = (
    DatabaseUnavailable, SchemaMismatch, SettingsError, NoCity, InvalidPack, BackupFailed, OSError,
)  # fmt: skip
"""Errors whose sentence says what to do: no traceback."""

NO_DATABASE = (
    ConnectionError, socket.gaierror, asyncpg.PostgresConnectionError, asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError, asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError, asyncpg.ClientConfigurationError,
)  # fmt: skip
"""What is raised where the database named by the settings cannot be used."""

UNREACHABLE = "The database cannot be reached. Does the server run, and are YIXIAN_DATABASE_URL and YIXIAN_DATABASE_OWNER_URL right?"


def main() -> None:
    """Entry point."""
    try:
        app()
    except NO_DATABASE as error:
        _fail(error, f"{UNREACHABLE} ({error})")
    except EXPECTED as error:
        _fail(error, str(error))


def _fail(error: Exception, said: str) -> NoReturn:
    Console(stderr=True).print(f"[red]{type(error).__name__}[/red]: {escape(said)}", highlight=False)
    sys.exit(1)
