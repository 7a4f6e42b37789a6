"""`yixian bench`: the project's measurements, run from a checkout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

import yixian
from yixian.cli.common import err, out

Name = Annotated[str, typer.Argument(help="Which one; without it, the list.")]


def bench(context: typer.Context, name: Name = "") -> None:
    """Run one of the project's measurements; further options go to it."""
    folder = Path(yixian.__file__).parents[2] / "bench"
    found = {f.stem.removeprefix("bench_"): f for f in sorted(folder.glob("bench_*.py"))}
    if not found:
        err.print("The measurements are not installed with the package. Run this from a checkout of the project.")
        raise typer.Exit(1)
    if name not in found:
        for known, file in found.items():
            out.print(f"{known:12} {_first_line(file)}", highlight=False, markup=False)
        raise typer.Exit(1 if name else 0)
    command = [sys.executable, "-m", f"bench.bench_{name}", *context.args]
    raise typer.Exit(subprocess.run(command, cwd=folder.parent, check=False).returncode)


def _first_line(file: Path) -> str:
    return file.read_text(encoding="utf-8").removeprefix('"""').split("\n", 1)[0].removesuffix('"""')
