"""`yixian dispatch`: how well messages are dispatched."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yixian.cli.common import Json, err, out, print_json
from yixian.dispatch import labelled
from yixian.language import learned

app = typer.Typer(help="Measure how well messages find their class.", no_args_is_help=True)

Train = Annotated[list[Path], typer.Option("--train", help="CSV to learn from; may be given several times.", exists=True, dir_okay=False)]
Test = Annotated[list[Path], typer.Option("--test", help="CSV to judge on; without it, cross-validation.", exists=True, dir_okay=False)]


@app.callback()
def dispatching() -> None:
    """Measure how well messages find their class."""


@app.command()
def evaluate(
    train: Train,
    test: Test = [],  # noqa: B006 -- typer reads the default, nobody changes it
    folds: Annotated[int, typer.Option(min=2, max=20, help="Folds of the cross-validation.")] = 5,
    target: Annotated[float, typer.Option(min=0.5, max=0.999, help="Accuracy the gate is to hold.")] = 0.97,
    seed: Annotated[int, typer.Option(help="Same seed, same figures.")] = 1,
    json: Json = False,
) -> None:
    """Train on labelled messages and judge on others. The gate is set on the training messages alone.

    Columns: label, and text (with or without title) or tokens.
    """
    try:
        known = labelled.read(*train)
        unseen = labelled.read(*test) if test else None
        with err.status("Training ..."):
            if unseen is None:
                found = learned.cross_validate(known.texts, known.labels, folds, target, seed)
            else:
                found = learned.evaluate(known.texts, known.labels, unseen.texts, unseen.labels, target, seed)
    except (labelled.Unreadable, ValueError) as error:
        err.print(str(error), highlight=False)
        raise typer.Exit(1) from error
    if json:
        print_json(found)
        return
    out.print(f"{found.n:,} messages, {found.classes} classes")
    out.print(f"accuracy {found.accuracy:.1%}, macro-F1 {found.macro_f1:.3f}, right one among three {found.top3:.1%}")
    out.print(f"At {found.target:.0%} the gate keeps {found.coverage:.1%}, of which {found.accuracy_kept:.1%} are right.")
