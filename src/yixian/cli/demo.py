"""`yixian demo`: a whole city on this machine, with staff, data and a stream of contacts."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

import yixian
from yixian import up
from yixian.app import clock
from yixian.city import pack as packs
from yixian.city import service as cities
from yixian.city.inforce import City, compile_city
from yixian.city.model import Level
from yixian.cli import demo_answers
from yixian.cli.common import err, out
from yixian.db import bootstrap
from yixian.db.bootstrap import Addresses
from yixian.db.pool import SYSTEM
from yixian.people import service as people
from yixian.people.model import SYSTEM_ACTOR, UNIT_ROLES, Actor, Role
from yixian.people.policy import STAFF_ROLES
from yixian.people.service import Added, NewStaff
from yixian.people.words import ROLE_NAMES
from yixian.settings import Settings, load

Pack = Annotated[Path | None, typer.Option(help="Another city's pack.", exists=True, file_okay=False)]


def demo(
    pack: Pack = None,
    rate: Annotated[float, typer.Option(help="Contacts a second that play; 0: none.", min=0, max=200)] = 1.0,
    forget: Annotated[bool, typer.Option("--forget", help="Throw the demo's data away and stop.")] = False,
) -> None:
    """Bring up a city: database, data, staff, web, worker, and contacts that keep coming. Ctrl-C stops it; data stays."""
    base = load()
    settings = msgspec.structs.replace(
        base, home=base.home / "demo", secure_cookies=False, second_factor=False, sms="show", database_url=""
    )
    if forget:
        _forget(settings.home)
        return
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    with bootstrap.addresses(settings) as where:
        with err.status("Preparing the database ..."):
            up.prepare(where)
        with err.status("Loading the city ..."):
            added = asyncio.run(fill(settings, where, pack or default_pack()))
        with up.running(settings, where) as parts:
            with err.status("Starting web and worker (each reads the city, some seconds) ..."):
                if not up.answers(settings, 120):
                    err.print("The web server did not start; see the messages above.")
                    raise typer.Exit(1)
            _greet(settings, added)
            if rate:
                up.add(parts, "residents", _player(rate))
            up.keep(parts, settings, where, lambda: not stopping.is_set())
            err.print("Stopping ...")


def default_pack() -> Path:
    """Guangzhou's pack: beside the code in a checkout, inside the package when installed."""
    inside = Path(yixian.__file__).parent / "packs" / "guangzhou"
    return inside if inside.exists() else Path(yixian.__file__).parents[2] / "packs" / "guangzhou"


def _forget(home: Path) -> None:
    if (home / "postgres" / "data" / "postmaster.pid").exists():
        err.print("The demo is still running: stop it with Ctrl-C first.")
        raise typer.Exit(1)
    shutil.rmtree(home, ignore_errors=True)
    out.print("The demo's data is gone.")


async def fill(settings: Settings, where: Addresses, folder: Path) -> tuple[Added, ...]:
    """The pack in force, one account a role, and texts that answers begin from; the first time only, but for the pack."""
    pack = packs.read(folder)
    async with bootstrap.ready(settings, where) as database, database.transaction(SYSTEM) as tx:
        await cities.load(tx, pack, clock())
        if await people.staff_list(tx, SYSTEM_ACTOR):
            return ()
        city = compile_city(pack)
        accounts = demo_staff(city)
        added = tuple([await people.add_staff(tx, SYSTEM_ACTOR, account, clock()) for account in accounts])
        editor = next(a for a, account in zip(added, accounts, strict=True) if Role.KNOWLEDGE_EDITOR in account.roles)
        await demo_answers.keep(tx, Actor(str(editor.id), editor.login, frozenset({Role.KNOWLEDGE_EDITOR})), city, clock())
        return added


def demo_staff(city: City) -> tuple[NewStaff, ...]:
    """One account a role; those of units belong to the first district government, which sees its whole district."""
    hotline = city.pack.city.fallback_unit
    district = next(u.code for u in city.pack.units if u.level is Level.DISTRICT and u.code == u.region)
    return tuple(
        NewStaff(
            login=role.value.replace("_", "-"),
            name=f"{ROLE_NAMES[role]}（演示）",
            roles=frozenset({role}),
            unit=district if role in UNIT_ROLES else hotline,
            must_change=False,
        )
        for role in Role
        if role in STAFF_ROLES
    )


def _greet(settings: Settings, added: tuple[Added, ...]) -> None:
    at = f"http://{settings.host}:{settings.port}"
    if added:
        table = Table("login", "password", title="Accounts of this demo, shown once")
        for account in added:
            table.add_row(account.login, account.password)
        out.print(table)
    else:
        again = f"YIXIAN_HOME={settings.home} {sys.argv[0]} staff reset LOGIN"
        out.print(f"Continuing with the data of last time; the accounts are the same. For a new password: {again}", highlight=False)
    out.print(
        f"Residents   {at}/\nStaff       {at}/desk\nAPI         {at}/api/openapi.json\nCtrl-C stops everything; the data stays.",
        highlight=False,
    )


def _player(rate: float) -> list[str]:
    """Contacts that keep coming through the public API, and staff who take most of the tickets through their life."""
    count, seed = max(200, int(rate * 600)), secrets.randbits(20)
    options = {"rate": rate, "count": count, "left": 0.25, "concurrency": 4, "seed": seed}
    return [sys.executable, "-m", "yixian.cli", "replay", *(f"--{name}={value}" for name, value in options.items()), "--json"]
