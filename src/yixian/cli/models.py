"""`yixian dispatch train`, `models`, `live`, `back`, `lift`: what the city learned, and which of it is live."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from rich.table import Table

from yixian.app import clock
from yixian.cli.common import Json, out, print_json, progress, refused, with_database
from yixian.cli.dispatch import app
from yixian.db.pool import SYSTEM, Database
from yixian.learning import cards, service, training
from yixian.learning.model import Figures, Live, Model
from yixian.people.model import SYSTEM_ACTOR
from yixian.settings import Settings

PROBLEMS = (service.Refused, service.NotFound, service.NotAllowed, service.Overtaken)

Why = Annotated[str, typer.Option("--reason", help="Why; kept in the audit.")]


@app.command()
def train(note: Annotated[str, typer.Option(help="What sets this model apart, for its card.")] = "", json: Json = False) -> None:
    """Make a model of what dispatchers, returns and rulings settled; it is not live yet. The same again gives the same model."""
    with progress(json) as bar:
        task = bar.add_task("training", total=training.FOLDS + 1)

        async def use(database: Database, _settings: Settings) -> tuple[Model, bool]:
            return await service.train(database, SYSTEM_ACTOR, note, clock(), lambda n: bar.update(task, completed=n))

        try:
            model, fresh = with_database(use)
        except PROBLEMS as error:
            raise refused(error) from error
    if json:
        print_json(model)
        return
    typer.echo(cards.markdown(model))
    said = "made" if fresh else "there already: nothing has changed since"
    out.print(f"Model {model.version} is {said}. To make it live: yixian dispatch live {model.version} --reason ...", highlight=False)


@app.command()
def models(card: Annotated[int, typer.Option(help="Print this model's card as Markdown.", min=0)] = 0, json: Json = False) -> None:
    """List the models, newest first, and which is live."""

    async def use(database: Database, _settings: Settings) -> tuple[service.Overview, Model | None]:
        async with database.transaction(SYSTEM) as tx:
            return await service.overview(tx), await service.model(tx, card) if card else None

    try:
        found, one = with_database(use)
    except PROBLEMS as error:
        raise refused(error) from error
    if json:
        print_json(one or {"live": found.live, "models": found.models, "suspended": found.suspended})
    elif one is not None:
        typer.echo(cards.markdown(one), nl=False)
    else:
        _list(found)


@app.command()
def live(version: Annotated[int, typer.Argument(help="A model's number.", min=1)], reason: Why, json: Json = False) -> None:
    """Make a model live: every process reads and decides by it within seconds. Lifts all suspensions."""

    async def use(database: Database, _settings: Settings) -> Live | None:
        async with database.transaction(SYSTEM) as tx:
            seen = await service.live(tx)
            return await service.go_live(tx, SYSTEM_ACTOR, version, seen.id if seen else None, reason, clock())

    _switch(use, json)


@app.command()
def back(reason: Why, json: Json = False) -> None:
    """Go back to the model that was live before, or to the city pack alone."""

    async def use(database: Database, _settings: Settings) -> Live | None:
        async with database.transaction(SYSTEM) as tx:
            seen = await service.live(tx)
            return await service.go_back(tx, SYSTEM_ACTOR, seen.id if seen else None, reason, clock())

    _switch(use, json)


@app.command()
def lift(matter: Annotated[str, typer.Argument(help="Code of a suspended matter.")], reason: Why) -> None:
    """Let a suspended matter be dispatched at once again."""

    async def use(database: Database, _settings: Settings) -> None:
        async with database.transaction(SYSTEM) as tx:
            await service.lift(tx, SYSTEM_ACTOR, matter, reason, clock())

    try:
        with_database(use)
    except PROBLEMS as error:
        raise refused(error) from error
    out.print(f"{matter} is dispatched at once again.", highlight=False, markup=False)


def _switch(use: Callable[[Database, Settings], Awaitable[Live | None]], json: bool) -> None:
    try:
        row = with_database(use)
    except PROBLEMS as error:
        raise refused(error) from error
    if json:
        print_json(row)
    else:
        out.print(f"Live now: model {row.model}." if row else "Live now: the city pack alone.", highlight=False)


def _list(found: service.Overview) -> None:
    now_live = found.live.model if found.live else None
    table = Table("model", "made", "examples", "unit right", "kept", "right among kept", "note")
    for model in found.models:
        figures = model.card.with_model
        name = f"{model.version}{' live' if model.version == now_live else ''}"
        table.add_row(name, f"{model.made_at:%Y-%m-%d %H:%M}", f"{model.examples:,}", *_shares(figures), model.note)
    out.print(table if found.models else "No model yet. Make one: yixian dispatch train", highlight=False)
    out.print(f"Live: model {now_live}" if now_live else "Live: the city pack alone", highlight=False)
    for s in found.suspended:
        out.print(f"Suspended: {s.matter} since {s.at:%Y-%m-%d %H:%M}, {s.wrongs} of {s.tickets} went wrong", highlight=False, markup=False)


def _shares(figures: Figures | None) -> tuple[str, str, str]:
    if figures is None:
        return "–", "–", "–"
    kept = "–" if figures.accuracy_kept is None else f"{figures.accuracy_kept:.1%}"
    return f"{figures.unit_top1:.1%}", f"{figures.coverage:.1%}", kept
