"""How many emergencies are recognised, and what that costs in false alarms. Prints JSON.

    python bench/bench_triage.py [--pack packs/guangzhou] [--set bench/sets/emergencies.csv] [--speed] [--folds 5]
                                 [--no-meaning] [--vectors FILE]

Two tiers: `sent` is handed to an emergency number at once; `asked` becomes a ticket with an alarm, and the resident is shown the
numbers and asked first. `recall` counts both. Of each share: how many of how many, and the 95 % bounds (Clopper-Pearson).

`after` is how it stands once the worker has looked at the alarms by what they mean: an emergency that was stood down counts as missed.
That takes the vectors of 7,000 examples, four minutes of one core (`--vectors` keeps them in a file); `--no-meaning` does without.

- `set`: the messages of the set, by kind and by language; `right_desk`: whether a right number is among those named.
- `ordinary`: the examples of the pack's matters, nearly all harmless; what the pack's triage examples teach is not among them.
- `held_out` (with `--folds`): the pack's own triage examples and ordinary examples, each weighed by what was learned without it, for
  several thresholds. This is what `ask` of the pack is set by: 99 % and a margin for people who speak otherwise than its authors.
- `calls_of_meaning_per_100`: how many vectors the alarms of 100 messages cost the worker.
- `real`: the real messages of `YIXIAN_DATA` (default ../shared/data) when they are there; not labelled, nearly all harmless.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from yixian.city.model import Pack
from yixian.city.pack import read as read_pack
from yixian.language import alarms
from yixian.language.alarms import AlarmModel
from yixian.language.danger import DangerModel, compile_danger, is_thanks, weigh
from yixian.language.learned import folds_of
from yixian.language.meaning import Embed, embedder
from yixian.language.normalise import normalise, normalise_words
from yixian.language.service import Reader, compile_reader, read, weigh_danger

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("YIXIAN_DATA", str(ROOT.parent / "shared" / "data")))
DESKS = {"96833": "gas", "95598": "power"}
"""What the sets call the emergency desks of gas and power."""


class Judged(msgspec.Struct, frozen=True):
    """One message and what was made of it."""

    emergency: bool
    kind: str
    language: str
    right: frozenset[str]
    named: frozenset[str]
    sent: bool
    asked: bool
    stands: bool
    """Whether it is still asked about after the second look."""

    @property
    def found(self) -> bool:
        return self.sent or self.asked

    @property
    def kept(self) -> bool:
        """Found, and not stood down."""
        return self.sent or self.stands


class Ears(msgspec.Struct, frozen=True):
    """What messages are heard with: their words, and a second time what they mean."""

    reader: Reader
    embed: Embed | None = None
    alarms: AlarmModel | None = None


def main() -> None:
    options = _options()
    began = time.process_time()
    pack = read_pack(options.pack)
    parsed = time.process_time()
    reader = compile_reader(pack)
    ears = _ears(pack, reader, None if options.no_meaning else embedder(), options.vectors)
    report: dict[str, object] = {"pack_cpu_s": round(parsed - began, 2), "compile_cpu_s": round(time.process_time() - parsed, 2)}
    rows = [_judge(ears, row) for row in _rows(options.set)]
    report["set"] = {"file": options.set.name, **_report(rows)}
    # What the second look was taught by is no test of it.
    words = Ears(reader)
    report["ordinary"] = _costs([_judge(words, {"text": e.text, "kind": e.matter[:2], "language": e.language}) for e in pack.examples])
    real = [_judge(ears, row) for row in _rows(DATA / "messages" / "unlabelled.csv")]
    report["real"] = _costs(real) if real else None
    if options.folds:
        report["held_out"] = _held_out(pack, options.folds)
    if options.speed:
        report["speed"] = _speed(reader, [e.text for e in pack.examples])
    print(json.dumps(report, ensure_ascii=False, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Recall of emergencies and its cost in false alarms.")
    parser.add_argument("--pack", type=Path, default=ROOT / "packs" / "guangzhou")
    parser.add_argument("--set", type=Path, default=ROOT / "bench" / "sets" / "emergencies.csv")
    parser.add_argument("--folds", type=int, default=0, help="also weigh the pack's own examples, held out in so many folds")
    parser.add_argument("--speed", action="store_true", help="also CPU milliseconds a message")
    parser.add_argument("--no-meaning", action="store_true", help="without the second look")
    parser.add_argument("--vectors", type=Path, help="file that keeps vectors from one run to the next (.npz)")
    return parser.parse_args()


def _ears(pack: Pack, reader: Reader, embed: Embed | None, kept: Path | None) -> Ears:
    if embed is None:
        return Ears(reader)
    vectors: dict[str, NDArray[np.float32]] = {}
    if kept is not None and kept.exists():
        with np.load(kept) as file:
            vectors = dict(zip(file["texts"].tolist(), file["vectors"], strict=True))
    missing = [text for text in dict.fromkeys((*alarms.texts_of(pack, reader), *(e.text for e in pack.examples))) if text not in vectors]
    for start in range(0, len(missing), 32):
        part = missing[start : start + 32]
        vectors |= dict(zip(part, embed(part), strict=True))
    if kept is not None and missing:
        np.savez(kept, texts=np.array(list(vectors)), vectors=np.stack(list(vectors.values())))
    return Ears(reader, embed, alarms.compile_alarms(pack, reader, vectors))


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    csv.field_size_limit(10**8)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _judge(ears: Ears, row: dict[str, str]) -> Judged:
    first = read(ears.reader, row["text"], row.get("title", ""))[0]
    sent = first.disposition is not None and first.disposition.kind == "emergency"
    alarm = first.alarm
    named = {first.disposition.code} if sent and first.disposition is not None else set[str]()
    if alarm is not None:
        named.update(alarm.to)
    return Judged(
        emergency=row.get("emergency") == "yes",
        kind=row.get("kind", ""),
        language=row.get("language", ""),
        right=frozenset(row.get("to", "").split("|")),
        named=frozenset(DESKS.get(number, number) for number in named),
        sent=sent,
        asked=not sent and alarm is not None,
        stands=not sent and alarm is not None and not _is_calm(ears, row),
    )


def _is_calm(ears: Ears, row: dict[str, str]) -> bool:
    weighed = weigh_danger(ears.reader, row["text"], row.get("title", ""))
    if ears.embed is None or ears.alarms is None or weighed is None:
        return False
    return alarms.hear(ears.alarms, weighed, ears.embed([weighed.words])[0]).calm


def _report(rows: Sequence[Judged]) -> dict[str, object]:
    emergencies, harmless = [row for row in rows if row.emergency], [row for row in rows if not row.emergency]
    found = [row for row in emergencies if row.found]
    return {
        "recall": _share(emergencies, lambda row: row.found),
        "recall_after": _share(emergencies, lambda row: row.kept),
        "recall_sent": _share(emergencies, lambda row: row.sent),
        "right_desk_of_found": _share(found, lambda row: bool(row.right & row.named)),
        "hard_negatives": _costs(harmless),
        "by_kind": {kind: _both(rows, lambda row, kind=kind: row.kind == kind) for kind in sorted({row.kind for row in rows})},
        "by_language": {
            language: _both(rows, lambda row, language=language: row.language == language)
            for language in sorted({row.language for row in rows})
        },
    }


def _both(rows: Sequence[Judged], of: Callable[[Judged], bool]) -> dict[str, str]:
    chosen = [row for row in rows if of(row)]
    emergencies, harmless = [row for row in chosen if row.emergency], [row for row in chosen if not row.emergency]
    return {
        "recall": f"{sum(row.found for row in emergencies)}/{len(emergencies)}",
        "sent_wrongly": f"{sum(row.sent for row in harmless)}/{len(harmless)}",
        "asked_needlessly": f"{sum(row.asked for row in harmless)}/{len(harmless)}",
    }


def _costs(rows: Sequence[Judged]) -> dict[str, object]:
    return {
        "sent": _share(rows, lambda row: row.sent),
        "asked": _share(rows, lambda row: row.asked),
        "asked_after": _share(rows, lambda row: row.stands),
        "calls_of_meaning_per_100": round(100 * sum(row.asked for row in rows) / max(1, len(rows)), 1),
    }


def _share(rows: Sequence[Judged], of: Callable[[Judged], bool]) -> dict[str, object]:
    n, k = len(rows), sum(map(of, rows))
    return {"k": k, "n": n, "share": round(k / n, 4) if n else None, "bounds_95": bounds(k, n)}


def bounds(k: int, n: int) -> tuple[float, float]:
    """The two-sided 95 % interval of a share `k` of `n` (Clopper-Pearson)."""
    low = float(beta.ppf(0.025, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
    return round(low, 4), round(high, 4)


def _held_out(pack: Pack, folds: int) -> object:
    danger, noise = pack.triage.danger, normalise_words(pack.triage.noise)
    assert danger is not None, "a pack without triage/examples.csv has nothing to hold out"
    truth = np.array([plea.emergency for plea in danger.examples])
    chance, ordinary = np.zeros(len(truth)), np.zeros(len(pack.examples))
    own, other = folds_of(truth.astype(np.intp), folds, seed=1), np.arange(len(ordinary)) % folds
    for number in range(folds):
        taught = msgspec.structs.replace(danger, examples=tuple(danger.examples[n] for n in np.flatnonzero(own != number)))
        model = compile_danger(taught, [pack.examples[n].text for n in np.flatnonzero(other != number)], noise)
        assert model is not None, "every fold holds both sorts"
        for n in np.flatnonzero(own == number):
            chance[n] = _chance(model, danger.examples[n].text, noise)
        for n in np.flatnonzero(other == number):
            ordinary[n] = _chance(model, pack.examples[n].text, noise)
    return {
        str(ask): {
            "recall": round(float((chance[truth] >= ask).mean()), 4),
            "hard_negatives_asked": round(float((chance[~truth] >= ask).mean()), 4),
            "ordinary_asked": round(float((ordinary >= ask).mean()), 4),
        }
        for ask in sorted({danger.ask, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5})
    }


def _chance(model: DangerModel, text: str, noise: tuple[str, ...]) -> float:
    """As `triage.listen` hears it: what says nothing, and thanks, are no alarm whatever the threshold."""
    weighed = weigh(model, normalise(text, noise))
    return 0.0 if weighed.quiet or is_thanks(model, normalise(text)) else weighed.chance


def _speed(reader: Reader, texts: Sequence[str]) -> dict[str, float]:
    spent: list[float] = []
    for text in texts:
        began = time.process_time_ns()
        read(reader, text)
        spent.append((time.process_time_ns() - began) / 1e6)
    return {name: round(float(np.percentile(spent, share)), 3) for name, share in (("p50", 50), ("p99", 99))}


if __name__ == "__main__":
    main()
