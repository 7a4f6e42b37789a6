"""How right dispatch is with the pack alone, and how much passes which gate. Prints JSON.

    python bench/bench_gate.py [--pack packs/guangzhou] [--folds 5] [--share 1.0] [--no-meaning]

Every example of the pack is read by a reader that was built without it, and dispatched by the responsibility list. Right means: to the
unit that the example's own matter would have gone to. Examples rarely say where, so one that names no street is taken to come from one
community, the same for all. With meaning (four minutes of one core for the vectors) each is read a second time, as the worker does.

- `unit_top1`, `unit_top3`, `leaf_top1`, `leaf_top3`: of all examples, and by language.
- `gates`: for thresholds (`floor`: how likely the first unit is; `margin`: its lead over the second) the share
  kept, how much of it went to the right unit, and below which that is not with 95 % certainty (one-sided Clopper-Pearson).
- `pack_gate`: the same for the thresholds in the pack's city.toml.
- `chosen`: of these, the gate that keeps most while what it keeps is right at the pack's target.
- `at_95_percent`: the same for a target of 95 %.
- `proven`: the gate that keeps most while the bound itself is at the target; null when none is.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import msgspec
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from scipy.stats import beta

from yixian.city.inforce import City, compile_city
from yixian.city.model import Example, Level, Pack
from yixian.city.pack import read as read_pack
from yixian.dispatch.gate import decide, settled
from yixian.dispatch.model import Decision
from yixian.language import second
from yixian.language.learned import folds_of
from yixian.language.meaning import Embed, embedder
from yixian.language.normalise import normalise
from yixian.language.service import Reader, compile_reader, read

Vectors = dict[str, NDArray[np.float32]]
ROOT = Path(__file__).resolve().parents[1]
ON = date(2026, 11, 1)
LOW = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.82, 0.84, 0.86, 0.88)
FLOORS = (*LOW, *(round(0.9 + 0.005 * step, 3) for step in range(20)))
MARGINS = (0.0, *FLOORS)


class Outcome(msgspec.Struct, frozen=True):
    """One example as read without it: where the right matter and unit stood among the suggestions (-1: nowhere), and how surely."""

    language: str
    leaf: int
    unit: int
    score: float
    lead: float


def main() -> None:
    options = _options()
    pack = read_pack(options.pack)
    embed = None if options.no_meaning else embedder()
    vectors = _vectors(pack, embed) if embed is not None else None
    outcomes = _held_out(pack, options.folds, options.share, vectors)
    curve = [gate for floor in FLOORS for margin in MARGINS if margin <= floor and (gate := _gate(outcomes, floor, margin))["kept"] > 0]
    languages = sorted({outcome.language for outcome in outcomes})
    report = {
        "meaning": vectors is not None,
        **_accuracy(outcomes),
        "by_language": {language: _accuracy([o for o in outcomes if o.language == language]) for language in languages},
        "pack_gate": _gate(outcomes, pack.gate.floor, pack.gate.margin),
        "chosen": _most([gate for gate in curve if gate["precision"] >= pack.gate.target]),
        "proven": _most([gate for gate in curve if gate["bound"] >= pack.gate.target]),
        "at_95_percent": _most([gate for gate in curve if gate["precision"] >= 0.95]),
        "gates": [gate for gate in curve if gate["margin"] in (0.0, gate["floor"])],
    }
    print(json.dumps(report, ensure_ascii=False, indent=2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Dispatch with the pack's words alone: accuracy and what passes the gate.")
    parser.add_argument("--pack", type=Path, default=ROOT / "packs" / "guangzhou")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--share", type=float, default=1.0, help="how many of the folds are read, for a quick look")
    parser.add_argument("--no-meaning", action="store_true", help="by words alone")
    return parser.parse_args()


def _vectors(pack: Pack, embed: Embed) -> Vectors:
    noise = compile_reader(msgspec.structs.replace(pack, examples=())).noise
    texts = tuple(dict.fromkeys((*second.texts_of(pack), *(normalise(example.text, noise) for example in pack.examples))))
    parts = [texts[start : start + 64] for start in range(0, len(texts), 64)]
    return {
        text: vector
        for part in track(parts, "meaning", console=Console(stderr=True))
        for text, vector in zip(part, embed(part), strict=True)
    }


def _held_out(pack: Pack, folds: int, share: float, vectors: Vectors | None) -> list[Outcome]:
    city = compile_city(pack)
    leaves = {leaf.code for leaf in city.leaves}
    examples = [example for example in pack.examples if example.matter in leaves]
    _, truth = np.unique([example.matter for example in examples], return_inverse=True)
    fold = folds_of(truth, folds, seed=1)
    outcomes: list[Outcome] = []
    for number in range(max(1, round(folds * share))):
        kept = tuple(example for example, own in zip(examples, fold, strict=True) if own != number)
        fewer = msgspec.structs.replace(pack, examples=kept)
        reader = compile_reader(fewer)
        again = second.compile_second(fewer, reader, vectors) if vectors is not None else None
        outcomes += (_outcome(reader, again, vectors, city, example) for example, own in zip(examples, fold, strict=True) if own == number)
    return outcomes


def _outcome(reader: Reader, again: second.Second | None, vectors: Vectors | None, city: City, example: Example) -> Outcome:
    # A message that is read as several matters is judged by the first.
    reading = read(reader, example.text)[0]
    if again is not None and vectors is not None:
        reading = second.read_again(reader, again, reading, vectors[normalise(example.text, reader.noise)])
    region = _somewhere(city, reading.place.region)
    decision = decide(msgspec.structs.replace(reading, alarm=None), city, ON, region=region)
    right = settled(example.matter, reading, city, ON, region).suggestions[0].unit
    return Outcome(
        language=example.language,
        leaf=_place([guess.matter for guess in reading.matters[:3]], example.matter),
        unit=_place([suggestion.unit for suggestion in decision.suggestions], right),
        score=decision.confidence,
        lead=_lead(decision),
    )


def _lead(decision: Decision) -> float:
    best, *others = (suggestion.score for suggestion in decision.suggestions) if decision.suggestions else (0.0,)
    return best - max(others, default=0.0)


def _somewhere(city: City, named: str | None) -> str | None:
    if named is not None and city.regions[named].level in (Level.STREET, Level.COMMUNITY):
        return named
    return next((code for code, region in city.regions.items() if region.level is Level.COMMUNITY), named)


def _place(suggested: Sequence[str | None], right: str | None) -> int:
    return suggested.index(right) if right in suggested else -1


def _accuracy(outcomes: Sequence[Outcome]) -> dict[str, float]:
    leaf, unit = np.array([outcome.leaf for outcome in outcomes]), np.array([outcome.unit for outcome in outcomes])
    shares = {"leaf_top1": leaf == 0, "leaf_top3": leaf >= 0, "unit_top1": unit == 0, "unit_top3": unit >= 0}
    return {"n": len(outcomes), **{name: round(float(right.mean()), 4) for name, right in shares.items()}}


def _gate(outcomes: Sequence[Outcome], floor: float, margin: float) -> dict[str, float]:
    kept = [outcome.unit == 0 for outcome in outcomes if outcome.score >= floor and outcome.lead >= margin]
    right = sum(kept)
    # The share that would be right at least so seldom in one of twenty such samples.
    bound = float(beta.ppf(0.05, right, len(kept) - right + 1)) if right else 0.0
    return {
        "floor": floor,
        "margin": margin,
        "kept": len(kept),
        "kept_share": round(len(kept) / max(1, len(outcomes)), 4),
        "precision": round(right / len(kept), 4) if kept else 1.0,
        "bound": round(bound, 4),
    }


def _most(gates: Sequence[dict[str, float]]) -> dict[str, float] | None:
    return max(gates, key=lambda gate: (gate["kept"], gate["floor"], gate["margin"]), default=None)


if __name__ == "__main__":
    main()
