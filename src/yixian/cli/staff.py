"""`yixian staff`: accounts made on the machine itself, where the first administrators come from."""

from __future__ import annotations

from typing import Annotated

import typer

from yixian.app import clock
from yixian.cli.common import Json, out, print_json, refused, with_database
from yixian.db.pool import SYSTEM, Database
from yixian.people import refusals, service
from yixian.people.model import SYSTEM_ACTOR, Role
from yixian.settings import Settings

app = typer.Typer(help="Add accounts and reset passwords.", no_args_is_help=True)

PROBLEMS = (refusals.Refused, refusals.Invalid, refusals.NotFound)


@app.command()
def add(
    login: Annotated[str, typer.Argument(help="Small letters, digits, dot, dash.")],
    name: Annotated[str, typer.Option(help="As colleagues know the person.")],
    role: Annotated[list[Role], typer.Option(help="May be given several times.")],
    unit: Annotated[str, typer.Option(help="Code of the unit; the hotline's own for its staff.")],
    json: Json = False,
) -> None:
    """Make an account; its password is printed once."""

    async def use(database: Database, _settings: Settings) -> service.Added:
        async with database.transaction(SYSTEM) as tx:
            return await service.add_staff(tx, SYSTEM_ACTOR, service.NewStaff(login, name, frozenset(role), unit), clock())

    try:
        added = with_database(use)
    except PROBLEMS as error:
        raise refused(error) from error
    if json:
        print_json(added)
    else:
        out.print(f"{added.login}  {added.password}", highlight=False, markup=False)
        out.print("This password is shown once. It must be changed at the first sign-in.")


@app.command()
def reset(login: Annotated[str, typer.Argument()], json: Json = False) -> None:
    """Give an account a new password, printed once; its second factor is forgotten and its sessions end."""

    async def use(database: Database, _settings: Settings) -> str:
        async with database.transaction(SYSTEM) as tx:
            return await service.reset(tx, SYSTEM_ACTOR, login, clock())

    try:
        password = with_database(use)
    except PROBLEMS as error:
        raise refused(error) from error
    if json:
        print_json({"login": login, "password": password})
    else:
        out.print(f"{login}  {password}", highlight=False, markup=False)
