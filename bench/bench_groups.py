"""Tickets about one event: are they found, is nothing else put with them, how soon, and what does it cost. Prints JSON.

    python -m bench.bench_groups [--pack packs/guangzhou] [--tickets 20000] [--no-database]

- `labelled`: pairs of real messages of one week (YIXIAN_DATA, `messages/hot_2019.csv`) that a person judged, the same event or not:
  `bench/sets/hot-pairs.csv`, ids only. They were drawn at random within strata of plain character-pair cosine (seed 20190701) and judged
  before anything of `language/sameness.py` was written; a half (sum of ids even) served to fit it, the other is reported as `kept_back`.
  Most pairs of high cosine are the same event, so precision over them flatters; recall is that of pairs of cosine 0.1 and above.
- `stream`: all messages of that file in order of time through the worker's own rules; a caller is the user's hash. `pairs` are the labelled
  ones that stand in one group, now by way of others too.
- `rivers`: requests of another city, hand-coded by river and type: of two within the window, how often do those of one river and type
  stand in one group, and of different rivers.
- `synthetic`: bursts planted into a stream made of the pack's own examples, each burst one place, named more or less fully, and one matter
  in different words; beside it the same matter at the next building of the estate, and at another estate of the street. Not real: it says
  how many bursts are found and how soon, given such words.
- `database`: the worker's cost a ticket, and the time to find who else told of it, in a database with so many tickets.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import itertools
import json
import os
import random
import re
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
import numpy as np
from bench.stack import load_pack, machine

from yixian.city.inforce import City, compile_city
from yixian.city.model import Audience, Level, Pack, RequestKind, Urgency
from yixian.city.pack import read as read_pack
from yixian.db import bootstrap, pool
from yixian.db.ids import new_id
from yixian.db.pool import SYSTEM, Database
from yixian.groups import alerts, joining, service
from yixian.groups.model import Growing, Telling, Tied
from yixian.groups.service import Sense
from yixian.groups.store import PER_KEY
from yixian.language import service as language
from yixian.language.sameness import JOINED_FROM, WITHIN, Told, same_event
from yixian.language.service import Reader, compile_reader
from yixian.people.model import SYSTEM_ACTOR
from yixian.settings import Settings
from yixian.tickets import effects, numbers
from yixian.tickets import service as tickets

ROOT: Final = Path(__file__).resolve().parents[1]
DATA: Final = Path(os.environ.get("YIXIAN_DATA", str(ROOT.parent / "shared" / "data")))
PAIRS: Final = ROOT / "bench" / "sets" / "hot-pairs.csv"


class Message(msgspec.Struct, frozen=True):
    """One message of a stream."""

    id: str
    who: str
    at: datetime
    title: str
    text: str
    place: str = ""
    region: str | None = None
    event: str = ""
    """Which planted event it is of."""


class Grouped(msgspec.Struct, frozen=True):
    """What came of a stream."""

    group: dict[str, UUID]
    members: dict[UUID, list[Message]]
    raised: dict[UUID, datetime]
    """When each group was raised first."""
    alerts: int


def main() -> None:
    options = _options()
    csv.field_size_limit(10**8)
    pack = read_pack(options.pack)
    reader, sense = compile_reader(pack), service.compile_sense(pack)
    found: dict[str, object] = {"bench": "groups", "machine": machine()}
    found |= _hot(reader, sense)
    found["rivers"] = _rivers(reader, sense)
    found["synthetic"] = _synthetic(pack, reader, sense)
    if not options.no_database:
        with tempfile.TemporaryDirectory(prefix="yx-bench-", ignore_cleanup_errors=True) as home:
            Path(home).chmod(0o755)
            found["database"] = asyncio.run(_database(Path(home), pack, sense, options.tickets))
    print(json.dumps(found, ensure_ascii=False, indent=2, default=str))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Groups of tickets about one event.")
    parser.add_argument("--pack", type=Path, default=ROOT / "packs" / "guangzhou")
    parser.add_argument("--tickets", type=int, default=20_000)
    parser.add_argument("--no-database", action="store_true")
    return parser.parse_args()


# -- A stream through the worker's rules, without a database -----------------------------------------------------


def grouped(messages: Sequence[Message], told: Mapping[str, Told], sense: Sense) -> Grouped:
    """Puts messages into groups one after the other, as the worker does with tickets."""
    by_key: dict[int, list[Tied]] = defaultdict(list)
    place: dict[UUID, UUID] = {}
    groups: dict[UUID, Growing] = {}
    tellings: dict[UUID, list[Telling]] = defaultdict(list)
    members: dict[UUID, list[Message]] = defaultdict(list)
    ids: dict[UUID, Message] = {}
    raised: dict[UUID, int] = {}
    first: dict[UUID, datetime] = {}
    count = 0
    for number, message in enumerate(messages):
        new = Tied(UUID(int=number), told[message.id])
        ids[new.ticket] = message
        recent = {t.ticket: t for key in new.told.print.keys for t in by_key[key][-PER_KEY:] if message.at - t.told.at <= WITHIN}
        known = [msgspec.structs.replace(t, member_of=place.get(t.ticket)) for t in recent.values()]
        around = {t.member_of for t in known if t.member_of}
        joined = joining.join(sense.rarity, [new], known, [groups[g] for g in around], new_id)
        for growing in joined.groups:
            groups[growing.id] = growing
            for ticket in (*joined.moved, new.ticket):
                place[ticket] = growing.id
                tellings[growing.id].append(Telling(ids[ticket].at, UUID(int=hash(ids[ticket].who) & (1 << 120) - 1)))
                members[growing.id].append(ids[ticket])
            if level := alerts.reached(tellings[growing.id], raised.get(growing.id, 0)):
                raised[growing.id] = level
                first.setdefault(growing.id, message.at)
                count += 1
        for key in new.told.print.keys:
            by_key[key].append(new)
    return Grouped({ids[t].id: g for t, g in place.items()}, dict(members), first, count)


def tell(messages: Iterable[Message], reader: Reader, sense: Sense) -> dict[str, Told]:
    """Every message as it is compared: matter and region as the reader finds them."""
    told: dict[str, Told] = {}
    for m in messages:
        reading = language.read(reader, f"{m.place}。{m.text}" if m.place else m.text, m.title)[0]
        matters = [g.matter for g in reading.matters]
        region = m.region or reading.place.region
        told[m.id] = service.told(sense, m.text, m.title, m.place, matters[0] if matters else None, matters, region, m.at)
    return told


_BUILDINGS: Final = re.compile(r"(?<![\da-z一二三四五六七八九十])(\d{1,3}(?:[、,，和]\d{1,3})*)(?:号楼|栋|幢|座)")


def contradictions(members: Mapping[UUID, Sequence[Message]]) -> dict[str, int]:
    """Pairs in one group that name different buildings; read by a plain expression of its own, not by the product's."""
    compared = wrong = 0
    for group in members.values():
        named = [n for m in group if (n := _buildings(f"{m.title}。{m.text}"[:400]))]
        for one, other in itertools.combinations(named, 2):
            compared += 1
            wrong += not one & other
    return {"pairs_that_name_buildings": compared, "merged_although_they_contradict": wrong}


def _buildings(text: str) -> set[str]:
    return {number for found in _BUILDINGS.findall(text) for number in re.findall(r"\d+", found)}


# -- Real messages with judged pairs -----------------------------------------------------------------------------


def _hot(reader: Reader, sense: Sense) -> dict[str, object]:
    path = DATA / "messages" / "hot_2019.csv"
    if not path.exists():
        return {"labelled": f"skipped: {path} is not there; set YIXIAN_DATA to the folder that holds messages/"}
    with path.open(encoding="utf-8-sig", newline="") as file:
        messages = sorted((Message(r["id"], r["user"], _time(r["time"]), r["title"], r["text"]) for r in csv.DictReader(file)), key=_when)
    with PAIRS.open(encoding="utf-8", newline="") as file:
        pairs = [(r["a"], r["b"], r["same"] == "yes") for r in csv.DictReader(file)]
    told = tell(messages, reader, sense)
    fitted = [p for p in pairs if (int(p[0]) + int(p[1])) % 2 == 0]
    kept_back = [p for p in pairs if (int(p[0]) + int(p[1])) % 2]
    began = time.process_time()
    outcome = grouped(messages, told, sense)
    spent = time.process_time() - began

    def alike(a: str, b: str) -> bool:
        return same_event(sense.rarity, told[a], told[b]) >= JOINED_FROM

    def together(a: str, b: str) -> bool:
        return a in outcome.group and outcome.group[a] == outcome.group.get(b)

    sizes = Counter(len(m) for m in outcome.members.values())
    return {
        "labelled": {
            "fitted_on": _measured(fitted, alike),
            "kept_back": _measured(kept_back, alike),
            "calibration": _calibration(kept_back, told, sense),
        },
        "stream": {
            "messages": len(messages),
            "pairs": _measured(pairs, together),
            "pairs_kept_back": _measured(kept_back, together),
            "groups": len(outcome.members),
            "grouped_messages": sum(n * c for n, c in sizes.items()),
            "largest": sorted((len(m) for m in outcome.members.values()), reverse=True)[:5],
            "groups_raised": len(outcome.raised),
            "alerts": outcome.alerts,
            "buildings": contradictions(outcome.members),
            "join_cpu_ms": round(1000 * spent / len(messages), 3),
        },
    }


def _when(message: Message) -> tuple[datetime, str]:
    return message.at, message.id


def _time(text: str) -> datetime:
    plain = text.strip().replace("/", "-").split(".")[0]
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%m-%d-%Y %H:%M:%S", "%m-%d-%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(plain, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise ValueError(f"no time: {text!r}")


def _measured(pairs: Sequence[tuple[str, str, bool]], says: object) -> dict[str, float | int]:
    assert callable(says)
    hits = [(bool(says(a, b)), same) for a, b, same in pairs]
    both, said, true = sum(h and s for h, s in hits), sum(h for h, _ in hits), sum(s for _, s in hits)
    precision, recall = both / said if said else 0.0, both / true if true else 0.0
    return {
        "pairs": len(pairs),
        "same": true,
        "precision": round(precision, 3),
        "recall": round(recall, 3),
        "f1": round(2 * precision * recall / (precision + recall), 3) if both else 0.0,
        "wrongly_joined": said - both,
        "different": len(pairs) - true,
    }


def _calibration(pairs: Sequence[tuple[str, str, bool]], told: Mapping[str, Told], sense: Sense) -> list[dict[str, float]]:
    """What the score promises and what came true, in four bins."""
    scored = [(same_event(sense.rarity, told[a], told[b]), same) for a, b, same in pairs]
    bins: list[dict[str, float]] = []
    for low, high in ((0.0, 0.3), (0.3, 0.6), (0.6, 0.85), (0.85, 1.01)):
        inside = [(p, s) for p, s in scored if low <= p < high]
        if inside:
            bins.append({"n": len(inside), "said": _mean(p for p, _ in inside), "true": _mean(s for _, s in inside)})
    return bins


def _mean(values: Iterable[float]) -> float:
    return round(float(np.mean(list(values))), 3)


# -- Rivers ------------------------------------------------------------------------------------------------------


def _rivers(reader: Reader, sense: Sense) -> object:
    path = DATA / "fuzhou_river" / "requests.csv"
    if not path.exists():
        return f"skipped: {path} is not there; set YIXIAN_DATA to the folder that holds fuzhou_river/"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    messages = sorted((Message(r["id"], r["id"], _time(r["time"]), r["title"], r["text"]) for r in rows), key=_when)
    coded = {r["id"]: (r["river"], r["type"]) for r in rows if r["river"] != "无"}
    outcome = grouped(messages, tell(messages, reader, sense), sense)
    met: dict[str, list[bool]] = defaultdict(list)
    coded_messages = [m for m in messages if m.id in coded]
    for number, one in enumerate(coded_messages):
        for other in itertools.takewhile(lambda m, one=one: m.at - one.at <= WITHIN, coded_messages[number + 1 :]):
            river, kind = coded[one.id], coded[other.id]
            which = "one_river_and_type" if river == kind else "one_river" if river[0] == kind[0] else "different_rivers"
            met[which].append(one.id in outcome.group and outcome.group[one.id] == outcome.group.get(other.id))
    together = [coded[m.id][0] for group in outcome.members.values() for m in group if m.id in coded]
    pure = sum(max(Counter(coded[m.id][0] for m in g if m.id in coded).values(), default=0) for g in outcome.members.values())
    return {
        "messages": len(messages),
        "pairs_that_meet": {which: {"n": len(hits), "share": _mean(hits)} for which, hits in sorted(met.items())},
        "groups": len(outcome.members),
        "purity_by_river": round(pure / len(together), 3) if together else None,
        "dispatched_twice_or_more": {
            "of_grouped": _mean(int(r["dispatches"] or 0) > 1 for r in rows if r["id"] in outcome.group),
            "of_others": _mean(int(r["dispatches"] or 0) > 1 for r in rows if r["id"] not in outcome.group),
        },
    }


# -- Planted bursts (synthetic) ----------------------------------------------------------------------------------

_ESTATES: Final = (
    *("翠湖", "锦绣", "天河湾", "逸景", "金海", "云山", "珠水", "丽影"),
    *("南国", "东方", "新世纪", "百合", "星汇", "骏景", "华景", "美林"),
)
_KINDS: Final = ("花园", "小区", "新村", "广场", "家园", "雅苑", "公寓", "名苑")
_FRAMES: Final = ("{place}{said}", "{said}，{place}", "你好，我住{place}，{said}", "{place}这里{said}，请尽快处理", "{said}。地点是{place}")
BURSTS: Final = 60
BACKGROUND: Final = 4000
DAYS: Final = 14


def _synthetic(pack: Pack, reader: Reader, sense: Sense) -> dict[str, object]:
    messages, planted = planted_stream(pack, random.Random(12345))
    outcome = grouped(messages, tell(messages, reader, sense), sense)
    by_event: dict[str, list[Message]] = defaultdict(list)
    for m in messages:
        if m.event:
            by_event[m.event].append(m)
    of_group = {g: Counter(m.event for m in members) for g, members in outcome.members.items()}
    found: dict[str, UUID] = {}
    for group in outcome.raised:
        event, count = of_group[group].most_common(1)[0]
        if event in planted and 2 * count > sum(of_group[group].values()):
            found.setdefault(event, group)
    delays: list[float] = []
    for event, group in found.items():
        times: list[datetime] = []
        seen: set[str] = set()
        for m in by_event[event]:
            if m.who not in seen:
                seen.add(m.who)
                times.append(m.at)
        delays.append((outcome.raised[group] - times[alerts.CALLERS - 1]).total_seconds() / 3600)
    inside = [(g, c) for g, c in of_group.items() if g in outcome.raised]
    gathered = [max((of_group[g][e] for g in of_group), default=0) / len(by_event[e]) for e in planted]
    return {
        "what": "synthetic: examples of the pack in invented estates",
        "messages": len(messages),
        "bursts": len(planted),
        "raised": len(outcome.raised),
        "recall": round(len(found) / len(planted), 3),
        "precision": round(len(found) / len(outcome.raised), 3) if outcome.raised else None,
        "share_of_a_burst_gathered": _mean(gathered),
        "purity_of_raised": _mean(c.most_common(1)[0][1] / sum(c.values()) for _, c in inside) if inside else None,
        "hours_after_the_fifth_caller": {"p50": round(float(np.median(delays)), 2), "p90": round(float(np.percentile(delays, 90)), 2)}
        if delays
        else None,
        "buildings": contradictions(outcome.members),
    }


def planted_stream(pack: Pack, rng: random.Random) -> tuple[list[Message], list[str]]:
    """Background and bursts in order of time, and the names of the bursts."""
    texts: dict[str, list[str]] = defaultdict(list)
    for example in pack.examples:
        if example.language == pack.city.languages[0] and 6 <= len(example.text) <= 60:
            texts[example.matter].append(example.text.rstrip("。！!？?"))
    leaves = sorted(matter for matter, said in texts.items() if len(said) >= 7)
    streets = [r for r in pack.regions if r.level is Level.STREET]
    start = datetime(2026, 3, 1, tzinfo=UTC)
    callers = itertools.count()
    made: list[Message] = []

    def say(at: datetime, place: str, said: str, region: str, event: str) -> None:
        text = rng.choice(_FRAMES).format(place=place, said=said)
        made.append(Message(str(len(made)), f"c{next(callers)}", at, "", text, region=region, event=event))

    def estate(street: str) -> str:
        return f"{street.removesuffix('街道').removesuffix('镇')}{rng.choice(_ESTATES)}{rng.choice(_KINDS)}"

    for _ in range(BACKGROUND):
        street = rng.choice(streets)
        at = start + timedelta(minutes=rng.randrange(DAYS * 1440))
        say(at, f"{estate(street.name)}{rng.randrange(1, 20)}栋", rng.choice(texts[rng.choice(leaves)]), street.code, "")
    planted: list[str] = []
    for number in range(BURSTS):
        street, leaf, building = rng.choice(streets), rng.choice(leaves), rng.randrange(1, 15)
        name, begins = estate(street.name), start + timedelta(minutes=rng.randrange((DAYS - 3) * 1440))
        other = next(o for o in (estate(street.name) for _ in itertools.count()) if o != name)
        # Some say the whole name, some leave out the street, some the building.
        short = name.removeprefix(street.name.removesuffix("街道").removesuffix("镇"))
        # Where the next building is told of too, everybody names theirs: else nobody could say whose a message without one is.
        next_too = number % 2 == 0
        told = [(f"burst {number}", (name, name, short), building, rng.randrange(6, 15)), (f"next estate {number}", (other,), building, 3)]
        for event, where, house, count in (*told, *([(f"next building {number}", (name,), building + 1, 3)] if next_too else [])):
            for _ in range(count):
                room = rng.choice(("栋", "栋", "栋", f"栋{rng.randrange(2, 30)}0{rng.randrange(1, 5)}", "栋" if next_too else None))
                at = begins + timedelta(minutes=rng.randrange(2 * 1440))
                say(at, f"{rng.choice(where)}{f'{house}{room}' if room else ''}", rng.choice(texts[leaf]), street.code, event)
        planted.append(f"burst {number}")
    return sorted(made, key=_when), planted


# -- The cost in a database --------------------------------------------------------------------------------------


async def _database(home: Path, pack: Pack, sense: Sense, count: int) -> dict[str, object]:
    with bootstrap.addresses(Settings(home=home)) as where:
        await bootstrap.prepare(where, datetime.now(UTC))
        await load_pack(where, pack)
        database = await pool.connect(where.application, 4)
        try:
            return await _costs(database, compile_city(pack), pack, sense, count)
        finally:
            await database.close()


async def _costs(database: Database, city: City, pack: Pack, sense: Sense, count: int) -> dict[str, object]:
    now = datetime.now(UTC).replace(microsecond=0)
    rng = random.Random(7)
    stream = list(itertools.islice(_endless(pack), count))
    wall: list[float] = []
    cpu = 0.0
    for batch in (stream[i : i + 100] for i in range(0, count, 100)):
        ids = await _open(database, city, batch, rng, now)
        began, spent = time.perf_counter(), time.process_time()
        async with database.transaction(SYSTEM) as tx:
            await service.tie(tx, sense, ids, now)
        wall.append((time.perf_counter() - began) / len(batch))
        cpu += time.process_time() - spent
    asked: list[float] = []
    for message in rng.sample(stream, min(300, count)):
        said = service.told(sense, message.text, "", "", None, (), message.region, now)
        began = time.perf_counter()
        async with database.transaction(SYSTEM) as tx:
            await service.nearby(tx, sense, said)
        asked.append(1000 * (time.perf_counter() - began))
    late = [1000 * w for w in wall[len(wall) // 2 :]]
    return {
        "tickets": count,
        "worker_ms_a_ticket": {"cpu": round(1000 * cpu / count, 2), "wall_p50_of_the_later_half": round(float(np.median(late)), 2)},
        "nearby_ms": {name: round(float(np.percentile(asked, share)), 2) for name, share in (("p50", 50), ("p90", 90), ("p99", 99))},
    }


def _endless(pack: Pack) -> Iterator[Message]:
    for seed in itertools.count():
        yield from planted_stream(pack, random.Random(seed))[0]


async def _open(database: Database, city: City, batch: Sequence[Message], rng: random.Random, now: datetime) -> list[UUID]:
    day = now.date()
    openings: list[tickets.Opening] = []
    for message in batch:
        at = now - timedelta(minutes=rng.randrange(5 * 1440))
        number = numbers.number("GZ", day, await database.numbers.take(day))
        made = effects.fresh(new_id(at), number, None, "web", RequestKind.COMPLAINT, message.text, Urgency.NORMAL, Audience.PERSON, at)
        openings.append(tickets.Opening(msgspec.structs.replace(made, region=message.region), SYSTEM_ACTOR))
    async with database.transaction(SYSTEM) as tx:
        return [t.id for t in await tickets.open_tickets(tx, openings, city, now)]


if __name__ == "__main__":
    main()
