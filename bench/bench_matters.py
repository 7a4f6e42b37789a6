"""Matter, then unit, on messages that no author of the pack has written: with the pack alone, no history. Prints JSON.

    python -m bench.bench_matters [--pack packs/guangzhou] [--no-meaning] [--json]

The sets `bench/sets/messages-*.csv` (synthetic: 674 messages written for this purpose by three hands, in speech, typed and written style,
without sight of the pack's examples) carry the matters that a fair dispatcher would accept, the place that the message determines, and
for some the unit that leads by the responsibility list. Each message is read as intake reads it, then, with meaning, a second time as
the worker does.

- `matter`: the right matter first, and among three. `unit`: the right lead first, and among three suggestions, of those messages whose
  matter and place determine one; `unit_place_given`: when somebody has pointed at the place, as residents and operators can. `co`: of
  messages with a right lead and named co-units, how many have exactly these.
- `gate`: what passes the pack's gate and how much of it goes to the right unit; `curve`: what would be right of the surest share.
- `queues`: by queue of the right matter. `confused`: the unit meant, the unit said, how often.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import msgspec
import numpy as np
from rich.console import Console
from rich.progress import track

from yixian.city.inforce import City, compile_city
from yixian.city.model import Audience
from yixian.city.pack import read as read_pack
from yixian.city.responsibility import Assignment
from yixian.dispatch import gate
from yixian.dispatch.evaluation import calibration_error, reliability, risk_coverage
from yixian.dispatch.model import Decision
from yixian.language import second
from yixian.language.meaning import embedder
from yixian.language.model import Reading
from yixian.language.normalise import normalise
from yixian.language.service import Reader, compile_reader, read

ROOT = Path(__file__).resolve().parents[1]
SETS = ROOT / "bench" / "sets"
ON = date(2026, 11, 1)


class Said(msgspec.Struct, frozen=True):
    """One message of a set."""

    file: str
    text: str
    matters: tuple[str, ...]
    language: str
    unit: str | None
    """The lead that it must have; None when matter and place do not determine one."""
    co: tuple[str, ...]
    queue: str
    region: str | None
    """The most specific place that the message determines for a reader who knows the city."""


class Judged(msgspec.Struct, frozen=True):
    """A message as it was read: where the right matter and unit stood (-1: not among three)."""

    said: Said
    matter: int
    unit: int
    placed: int
    """As `unit`, when somebody has pointed at the place."""
    co: bool | None
    first: str | None
    confidence: float
    passed: bool


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pack", type=Path, default=ROOT / "packs" / "guangzhou")
    parser.add_argument("--no-meaning", action="store_true")
    options = parser.parse_args()
    pack = read_pack(options.pack)
    city, reader = compile_city(pack), compile_reader(pack)
    messages = tuple(_messages(city))
    found: dict[str, Any] = {"data": "bench/sets/messages-*.csv (synthetic)", "words": _report(_judge(reader, city, messages))}
    embed = None if options.no_meaning else embedder()
    if embed is not None:
        texts = second.texts_of(pack)
        vectors = {}
        for start in track(range(0, len(texts), 64), "what the pack means", console=Console(stderr=True)):
            part = texts[start : start + 64]
            vectors |= dict(zip(part, embed(part), strict=True))
        again = second.compile_second(pack, reader, vectors)
        meant = embed([normalise(said.text, reader.noise) for said in messages])
        found["meaning"] = _report(_judge(reader, city, messages, again, meant))
    print(json.dumps(found, ensure_ascii=False, indent=2))


def _messages(city: City) -> Iterable[Said]:
    for file in sorted(SETS.glob("messages-*.csv")):
        with file.open(encoding="utf-8", newline="") as opened:
            for row in csv.DictReader(opened):
                matters = tuple(row["matters"].split("|"))
                unit = row["unit"] or _lead(city, matters[0], row)
                co = tuple(filter(None, row["co"].split("|")))
                yield Said(file.stem, row["text"], matters, row["language"], unit, co, _queue(city, matters[0]), row["region"] or None)


def _lead(city: City, matter: str, row: dict[str, str]) -> str | None:
    who = Audience(row["who"] or "person")
    found = city.register.resolve(matter, row["region"] or None, who, row["at"] == "night", normalise(row["text"]), ON)
    return found.lead if isinstance(found, Assignment) else None


def _queue(city: City, code: str) -> str:
    at: str | None = code
    while at is not None:
        matter = city.matters[at]
        if matter.queue:
            return matter.queue
        at = matter.parent
    return ""


def _judge(
    reader: Reader, city: City, messages: tuple[Said, ...], again: second.Second | None = None, meant: Any = None
) -> list[Judged]:  # fmt: skip
    judged = []
    for number, said in enumerate(messages):
        # A message that is read as several matters is judged by the first.
        reading = read(reader, said.text)[0]
        if again is not None:
            reading = second.read_again(reader, again, reading, meant[number])
        placed = gate.decide(reading, city, ON, region=said.region)
        judged.append(_judged(said, reading, gate.decide(reading, city, ON), placed))
    return judged


def _judged(said: Said, reading: Reading, decision: Decision, placed: Decision) -> Judged:
    matter = next((place for place, guess in enumerate(reading.matters[:3]) if guess.matter in said.matters), -1)
    best = decision.suggestions[0] if decision.suggestions else None
    right = _where(said, decision)
    co = set(best.co_units) == set(said.co) if best is not None and right == 0 and said.co else None
    return Judged(said, matter, right, _where(said, placed), co, best.unit if best else None, decision.confidence, decision.sure)


def _where(said: Said, decision: Decision) -> int:
    units = [suggestion.unit for suggestion in decision.suggestions]
    return units.index(said.unit) if said.unit in units else -1


def _report(judged: list[Judged]) -> dict[str, Any]:
    known = [j for j in judged if j.said.unit is not None]
    right, sure = np.array([j.unit == 0 for j in known]), np.array([j.confidence for j in known])
    passed = [j for j in known if j.passed]
    co = [j.co for j in judged if j.co is not None]
    wrong = Counter((j.said.unit, j.first) for j in known if j.unit != 0)
    return {
        "all": _shares(judged),
        "by_style": _by(judged, lambda j: j.said.file.removeprefix("messages-")),
        "by_language": _by(judged, lambda j: j.said.language),
        "queues": _by(judged, lambda j: j.said.queue),
        "co_exact": {"n": len(co), "share": _share(co)},
        "gate": {"kept": _share([j.passed for j in known]), "n": len(passed), "right": _share([j.unit == 0 for j in passed])},
        "curve": {f"{p.coverage:.0%}": round(1 - p.risk, 3) for p in risk_coverage(sure, right)[4::5]},
        "calibration_error": calibration_error(reliability(sure, right)),
        "confused": [f"{meant} → {said or 'asks for the place'}: {n}" for (meant, said), n in wrong.most_common(15)],
    }


def _by(judged: list[Judged], key: Any) -> dict[str, Any]:
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        groups[key(one)].append(one)
    return {name: _shares(group) for name, group in sorted(groups.items())}


def _shares(judged: list[Judged]) -> dict[str, Any]:
    known = [j for j in judged if j.said.unit is not None]
    return {
        "n": len(judged),
        "matter": [_share([j.matter == 0 for j in judged]), _share([j.matter >= 0 for j in judged])],
        "units_known": len(known),
        "unit": [_share([j.unit == 0 for j in known]), _share([j.unit >= 0 for j in known])],
        "unit_place_given": [_share([j.placed == 0 for j in known]), _share([j.placed >= 0 for j in known])],
    }


def _share(these: Iterable[bool | None]) -> float:
    every = list(these)
    return round(sum(map(bool, every)) / len(every), 4) if every else 0.0


if __name__ == "__main__":
    main()
