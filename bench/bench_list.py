"""How long a search of the responsibility list takes, on a synthetic list of 4,200 entries over 200 units.

Asked as people ask: one word, two words, a unit, a district, a matter, a day, and all of them; 300 questions of each kind, each the
median of three. Prints p50 and p95.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from datetime import date
from pathlib import Path

import msgspec

from yixian.city import pack
from yixian.city.inforce import City, compile_city
from yixian.city.model import Level, Matter, Responsibility, Unit
from yixian.responsibilities.search import Asked, Index, compile_index

ENTRIES = 4_200
UNITS = 200
ON = date(2026, 11, 16)


def synthetic(folder: Path, seed: int = 12345) -> City:
    """A city with 4,200 entries over 200 units: its regions are the pack's, all else is made up from the pack's words."""
    rnd = random.Random(seed)
    real = pack.read(folder)
    words = sorted({m.name for m in real.matters})
    districts = [r.code for r in real.regions if r.level is Level.DISTRICT]
    root = next(u for u in real.units if u.parent is None)
    units = [Unit(f"u{n:03}", f"{rnd.choice(words)}{n}", Level.CITY, root.code, real.city.code) for n in range(UNITS)]
    matters = [m for m in real.matters if m.parent is None][:20]
    leaves = [
        Matter(f"{m.code}{n // 20 + 1:02}{n % 20 + 1:02}", m.code, f"{rnd.choice(words)}{rnd.choice(words)}", m.queue)
        for n in range(ENTRIES // len(matters) + 1)
        for m in matters
    ][:ENTRIES]
    made = tuple(_entry(rnd, leaf, [u.code for u in units], districts, words) for leaf in leaves)
    return compile_city(
        msgspec.structs.replace(real, units=(root, *units), matters=(*matters, *leaves), responsibilities=made, examples=(), guides=())
    )


def _entry(rnd: random.Random, leaf: Matter, units: list[str], districts: list[str], words: list[str]) -> Responsibility:
    lead, *co = rnd.sample(units, rnd.randint(1, 3))
    places = tuple(rnd.sample(districts, rnd.choice((0, 0, 0, 1, 2))))
    basis = f"《{rnd.choice(words)}条例》第{rnd.randint(1, 80)}条；《{rnd.choice(words)}办法》"
    return Responsibility(
        f"{leaf.code}-1", leaf.code, lead, basis, date(2024, 1, 1), places=places, co=tuple(co), note=rnd.choice(words) * 4
    )


def questions(city: City, seed: int = 54321) -> dict[str, list[Asked]]:
    """What is asked, by kind."""
    rnd = random.Random(seed)
    names = [m.name for m in city.pack.matters]
    units = [u.code for u in city.pack.units[1:]]
    districts = [r.code for r in city.pack.regions if r.level is Level.DISTRICT]
    topics = [m.code for m in city.pack.matters if m.parent is None]

    def word() -> str:
        return rnd.choice(names)[:2]

    many = range(300)
    return {
        "one word": [Asked(word()) for _ in many],
        "two words": [Asked(f"{word()} {word()}") for _ in many],
        "no such word": [Asked("无此词语") for _ in many],
        "unit": [Asked(unit=rnd.choice(units)) for _ in many],
        "district, in force": [Asked(region=rnd.choice(districts), on=ON) for _ in many],
        "matter": [Asked(matter=rnd.choice(topics)) for _ in many],
        "all of them": [Asked(word(), rnd.choice(units), rnd.choice(districts), rnd.choice(topics), ON) for _ in many],
        "nothing (the whole list)": [Asked() for _ in many],
    }


def taken(index: Index, asked: Asked) -> float:
    """Milliseconds of one search."""
    begun = time.perf_counter()
    index.find(asked)
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, default=Path(__file__).parents[1] / "packs" / "guangzhou")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    city = synthetic(given.pack)
    begun = time.perf_counter()
    index = compile_index(city)
    made = time.perf_counter() - begun
    found = {}
    for kind, asked in questions(city).items():
        times = []
        for one in asked:
            times.append(statistics.median(taken(index, one) for _ in range(3)))
        cuts = statistics.quantiles(times, n=100)
        found[kind] = {"p50_ms": round(cuts[49], 2), "p95_ms": round(cuts[94], 2)}
    result = {"synthetic": True, "entries": len(index.entries), "units": UNITS, "index_s": round(made, 3), "searches": found}
    if given.json:
        print(json.dumps(result, ensure_ascii=False, indent=2))
        return
    print(f"synthetic list: {len(index.entries):,} entries, {UNITS} units; index made in {made:.2f} s")
    for kind, figures in found.items():
        print(f"{kind:26} p50 {figures['p50_ms']:6.2f} ms   p95 {figures['p95_ms']:6.2f} ms")


if __name__ == "__main__":
    main()
