"""Reliability and the risk-coverage curve as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from yixian.dispatch.evaluation import Evaluation


class NoPictures(Exception):
    """The package that draws is not installed; the message says what to do."""


def draw(found: Evaluation, file: Path) -> None:
    """Writes the two pictures side by side; the ending of `file` (png, svg, pdf) says in which form.

    Raises:
        NoPictures: matplotlib is missing, or knows no such form.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise NoPictures("Pictures need matplotlib: pip install 'yixian[pictures]'.") from error
    figure: Any = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw_curve(left, found)
    _draw_reliability(right, found)
    try:
        figure.savefig(file, dpi=150)
    except ValueError as error:
        raise NoPictures(f"{file}: {error}. Use a name that ends in .png, .svg or .pdf.") from error


def _draw_curve(axes: Any, found: Evaluation) -> None:
    axes.plot([p.coverage for p in found.curve], [100 * p.risk for p in found.curve], color="#1f5fa8", linewidth=2)
    axes.axhline(100 * (1 - found.target), color="#b3261e", linestyle="--", linewidth=1, label=f"target {found.target:.0%} right")
    kept = [found.coverage], [100 * (1 - found.accuracy_kept)]
    axes.plot(*kept, "o", color="#1f5fa8", markersize=8, label=f"the gate keeps {found.coverage:.1%}, {found.accuracy_kept:.1%} right")
    axes.set(xlabel="share kept", ylabel="wrong among the kept, %", xlim=(0, 1), title="Risk and coverage")
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper left", frameon=False)
    axes.grid(alpha=0.25)


def _draw_reliability(axes: Any, found: Evaluation) -> None:
    axes.plot([0, 1], [0, 1], color="#8a8a8a", linewidth=1, linestyle="--")
    axes.plot([b.confidence for b in found.reliability], [b.accuracy for b in found.reliability], "o-", color="#1f5fa8", linewidth=2)
    axes.set(xlabel="how sure it is", ylabel="how often it is right", xlim=(0, 1.01), ylim=(0, 1.01))
    axes.set_title(f"Reliability: expected calibration error {found.calibration_error:.1%}")
    axes.grid(alpha=0.25)
