"""A model's card for people: what it was made from, when, by whom, and how well it reads. Markdown; pure."""

from __future__ import annotations

from collections.abc import Iterator

from yixian.learning.model import Figures, Model

SOURCES = {
    "choice": "dispatcher chose",
    "agreed": "dispatcher took the first suggestion",
    "reassigned": "dispatched again after a return",
    "ruling": "joint ruling",
    "answered": "dispatched at once, answered, passed",
}


def markdown(model: Model) -> str:
    """The card, ready to be printed or filed."""
    return "\n".join(_lines(model)) + "\n"


def _lines(model: Model) -> Iterator[str]:
    card = model.card
    yield f"# Dispatch model {model.version} of {card.city}"
    yield ""
    yield f"Made {card.made_at:%Y-%m-%d %H:%M} UTC by {card.made_by}."
    yield f"City: loading {card.load_id}, digest `{card.pack_digest}`."
    if card.note:
        yield f"Note: {card.note}"
    yield ""
    yield "## Data"
    yield ""
    span = f", settled {card.first_at:%Y-%m-%d} to {card.last_at:%Y-%m-%d}" if card.first_at and card.last_at else ""
    yield f"{model.examples:,} examples of {card.matters:,} matters{span}; together worth {card.weight:,.1f} texts of the pack."
    yield ""
    yield "| how it was settled | examples |"
    yield "|---|---|"
    for source, count in card.by_source.items():
        yield f"| {SOURCES.get(source, source)} | {count:,} |"
    yield ""
    yield f"For {card.relabelled:,} only the unit was certain: the unit's matter that fits the words was taken."
    yield f"{card.unused:,} more teach nothing about words, since the list names another unit for what they are about."
    yield "Personal numbers, addresses and names are masked; tickets that hide who called are not among them."
    yield ""
    yield "## Figures"
    yield ""
    if card.with_model is None or card.pack_alone is None:
        yield "Too few examples to leave some out: nothing is known yet of how well it reads."
    else:
        yield from _figures(card.with_model, card.pack_alone, card.target)
    yield ""
    yield "## Gate"
    yield ""
    if not card.own_gate:
        yield "Too few examples to prove a gate of its own: the city pack's holds."
    elif card.threshold is None:
        yield f"No common threshold holds {card.target:.0%} at {card.level:.0%}: only matters with a gate of their own go at once."
    else:
        own = len(model.gate.by_class) if model.gate else 0
        yield f"Acts alone from a confidence of {card.threshold:.3f}: {card.target:.0%} right, proven at {card.level:.0%}."
        yield f"{own} matters have a gate of their own."
    yield ""
    yield f"Digest `{model.digest}`: the same examples, city and rules make the same model."


def _figures(model: Figures, pack: Figures, target: float) -> Iterator[str]:
    yield f"{model.n:,} examples, each read by a model taught by the other four fifths; the same read by the city pack alone beside it."
    yield ""
    yield "| | this model | pack alone |"
    yield "|---|---|---|"
    for label, name in (
        ("unit right", "unit_top1"),
        ("unit among three", "unit_top3"),
        ("matter right", "matter_top1"),
        ("matter among three", "matter_top3"),
        ("calibration error", "calibration_error"),
        (f"kept by a gate for {target:.0%}", "coverage"),
        ("right among those kept", "accuracy_kept"),
        ("… at least, at 95 %", "accuracy_bound"),
    ):
        yield f"| {label} | {_percent(getattr(model, name))} | {_percent(getattr(pack, name))} |"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"
