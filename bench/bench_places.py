"""Where messages say it is, against a set that another hand annotated. Prints JSON.

    python bench/bench_places.py [--pack packs/guangzhou] [--set bench/sets/places.csv]

- `set`: the annotated messages. A region is right when it is the annotated one; `district` and `street` ask only for that much.
  Where the annotation holds several regions, or says that it is ambiguous, the reader should ask back rather than choose.
- `speed`: CPU milliseconds to find the place in one message of the set.
- `coordinates`: random points in the city, half of them in its centre, against finer outlines (`YIXIAN_DATA`), which are in GCJ-02.
- `unlabelled`: real messages of another city (`YIXIAN_DATA`, default ../shared/data) whose place names the pack cannot know: how many
  give a road, a house number, an estate or another name by the grammar of addresses alone. There is no truth to compare with.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import count, islice
from pathlib import Path
from random import Random
from typing import Final

import msgspec
import numpy as np
from shapely.geometry import Point as GeoPoint
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from yixian.city.coordinates import Datum, compile_outlines, on_the_globe, where
from yixian.city.model import Level, Pack
from yixian.city.pack import read as read_pack
from yixian.language.model import PlaceFound
from yixian.language.normalise import normalise
from yixian.language.places import compile_gazetteer, find_place

ROOT: Final = Path(__file__).resolve().parents[1]
DATA: Final = Path(os.environ.get("YIXIAN_DATA", str(ROOT.parent / "shared" / "data")))


POINTS: Final = 6000
CITY: Final = (112.95, 114.06, 22.55, 23.94)
"""Longitudes and latitudes around Guangzhou."""
CENTRE: Final = (113.2, 113.45, 23.03, 23.2)


class Case(msgspec.Struct, frozen=True):
    """One annotated message."""

    text: str
    regions: tuple[str, ...]
    place: str
    number: str
    ambiguous: bool
    outside: bool


class Judged(msgspec.Struct, frozen=True):
    """A case and what was found in it."""

    case: Case
    found: PlaceFound


def main() -> None:
    options = _options()
    pack = read_pack(options.pack)
    began = time.process_time()
    gazetteer = compile_gazetteer(pack.regions, pack.places)
    built = time.process_time() - began
    cases = list(_cases(options.set))
    judged: list[Judged] = []
    spent: list[float] = []
    for case in cases:
        plain = normalise(case.text)
        start = time.process_time_ns()
        found = find_place(gazetteer, plain)
        spent.append((time.process_time_ns() - start) / 1e6)
        judged.append(Judged(case, found))
    report: dict[str, object] = {
        "build_cpu_s": round(built, 2),
        "set": _report(judged, pack),
        "speed_cpu_ms": {name: round(float(np.percentile(spent, share)), 3) for name, share in (("p50", 50), ("p90", 90), ("p99", 99))},
        "coordinates": _coordinates(pack),
        "unlabelled": _unlabelled(lambda text: find_place(gazetteer, normalise(text))),
    }
    print(json.dumps(report, ensure_ascii=False, indent=2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Accuracy of the places read from messages.")
    parser.add_argument("--pack", type=Path, default=ROOT / "packs" / "guangzhou")
    parser.add_argument("--set", type=Path, default=ROOT / "bench" / "sets" / "places.csv")
    return parser.parse_args()


def _cases(path: Path) -> Iterable[Case]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield Case(
                row["text"],
                tuple(code for code in row["region"].split("|") if code),
                row["place"],
                row["house_number"],
                row["ambiguous"] == "yes",
                row["outside"] == "yes",
            )


def _report(judged: Sequence[Judged], pack: Pack) -> dict[str, object]:
    above = {region.code: region.parent for region in pack.regions}
    level = {region.code: region.level for region in pack.regions}

    def at(code: str | None, wanted: Level) -> str | None:
        while code is not None and level.get(code) is not wanted:
            code = above.get(code)
        return code

    certain = [j for j in judged if len(j.case.regions) == 1 and not j.case.ambiguous]
    finer = [j for j in certain if at(j.case.regions[0], Level.STREET)]
    clear = [j for j in judged if not j.case.ambiguous and j.case.regions]
    unclear = [j for j in judged if j.case.ambiguous]
    asked = [j for j in judged if _asks(j.found)]
    named = [j for j in judged if j.case.place]
    numbered = [j for j in judged if j.case.number]
    outside = [j for j in judged if j.case.outside]
    nowhere = [j for j in judged if not (j.case.place or j.case.regions or j.case.outside or j.case.ambiguous)]
    return {
        "messages": len(judged),
        "district": _share(at(j.found.region, Level.DISTRICT) == at(j.case.regions[0], Level.DISTRICT) for j in certain),
        "street": _share(at(j.found.region, Level.STREET) == at(j.case.regions[0], Level.STREET) for j in finer),
        "exact_region": _share(j.found.region == j.case.regions[0] for j in certain),
        "against_the_region": dict(Counter(_relation(j.found.region, j.case.regions[0], above) for j in certain)),
        "wrong_district": _share(
            j.found.region is not None and at(j.found.region, Level.DISTRICT) != at(j.case.regions[0], Level.DISTRICT) for j in certain
        ),
        "span_overlaps": _share(_overlaps(j.found.text, j.case.place) for j in named),
        "house_number": _share(_number(j.found) == _bare(j.case.number) for j in numbered),
        "false_house_number": _share(bool(_number(j.found)) for j in judged if not j.case.number),
        "ask_back": {
            "ambiguous": len(unclear),
            "asked": len(asked),
            "recall": _share(_asks(j.found) for j in unclear),
            "precision": _share(j.case.ambiguous for j in asked),
            "asked_although_clear": _share(_asks(j.found) for j in clear),
            "candidates_hold_the_truth": _share(
                set(j.case.regions) & {*j.found.candidates, j.found.region} != set() for j in unclear if j.case.regions
            ),
        },
        "outside_recognised": _share(_is_outside(j.found) for j in outside),
        "false_outside": _share(_is_outside(j.found) for j in judged if not j.case.outside),
        "outside_given_a_region": _share(at(j.found.region, Level.DISTRICT) is not None for j in outside),
        "no_place": {
            "messages": len(nowhere),
            "false_region": _share(at(j.found.region, Level.DISTRICT) is not None for j in nowhere),
            "false_words": _share(bool(j.found.text) for j in nowhere),
        },
    }


def _relation(found: str | None, truth: str, above: Mapping[str, str | None]) -> str:
    """How the region found lies to the annotated one."""
    if found is None:
        return "none"
    if found == truth:
        return "exact"
    if truth in _up(found, above):
        return "inside it"
    return "around it" if found in _up(truth, above) else "elsewhere"


def _up(code: str, above: Mapping[str, str | None]) -> list[str]:
    chain = [code]
    while (outer := above.get(chain[-1])) is not None:
        chain.append(outer)
    return chain


def _asks(found: PlaceFound) -> bool:
    return bool(found.ask) and not found.outside


def _is_outside(found: PlaceFound) -> bool:
    return bool(found.outside)


def _number(found: PlaceFound) -> str:
    return _bare(found.number)


def _bare(number: str) -> str:
    return normalise(number).replace(" ", "").removesuffix("号")


def _overlaps(found: str, truth: str) -> bool:
    """One holds the other, or they share a run of at least half of what was annotated."""
    found, truth = normalise(found).replace(" ", ""), normalise(truth).replace(" ", "")
    if not found:
        return False
    run = SequenceMatcher(None, found, truth, autojunk=False).find_longest_match().size
    return truth in found or (len(found) > 1 and found in truth) or 2 * run >= len(truth)


def _share(hits: Iterable[bool]) -> dict[str, float]:
    every = list(hits)
    return {"n": len(every), "share": round(sum(every) / len(every), 4) if every else 0.0}


def _coordinates(pack: Pack) -> object:
    path = DATA / "guangzhou_geo" / "districts.geojson"
    if not path.exists():
        return f"skipped: {path} is not there; set YIXIAN_DATA to the folder that holds guangzhou_geo/"
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    fine = [(str(feature["properties"]["adcode"]), shape(feature["geometry"])) for feature in features]
    outlines, chance, results = compile_outlines(pack), Random(3), Counter[str]()
    for longitude, latitude, truth in islice(_points(fine, chance), POINTS):
        found = where(outlines, on_the_globe(latitude, longitude, Datum.GCJ02))
        results["refused" if not found.inside else "no district" if found.region is None else str(found.region == truth)] += 1
    return {"points": POINTS, "right": results["True"], "wrong": results["False"]} | {k: results[k] for k in ("no district", "refused")}


def _points(fine: Sequence[tuple[str, BaseGeometry]], chance: Random) -> Iterator[tuple[float, float, str]]:
    """Points (longitude, latitude) in the city and their districts; without end."""
    for number in count():
        west, east, south, north = CENTRE if number % 2 else CITY
        point = (chance.uniform(west, east), chance.uniform(south, north))
        for code, outline in fine:
            if outline.contains(GeoPoint(point)):
                yield *point, code


def _unlabelled(find: Callable[[str], PlaceFound]) -> object:
    path = DATA / "messages" / "unlabelled.csv"
    if not path.exists():
        return f"skipped: {path} is not there; set YIXIAN_DATA to the folder that holds messages/"
    csv.field_size_limit(10**8)
    with path.open(encoding="utf-8", newline="") as file:
        found = [find(f"{row['title']}。{row['text']}"[:3000]) for row in csv.DictReader(file)]
    return {
        "words": _share(bool(f.text) for f in found),
        "house_number": _share(bool(_number(f)) for f in found),
    }


if __name__ == "__main__":
    sys.exit(main())
