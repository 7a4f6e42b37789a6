"""The board's numbers, of which each process asks once for all the screens that look at them.

However many screens there are, a process asks the database for at most one thing a second: each look fetches what has waited longest. Where
nobody looked for a while there was nobody to fetch for: who looks then first gets all that is older than its own time, at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from yixian.city.inforce import City
from yixian.city.model import Level
from yixian.db.pool import Database, Transaction
from yixian.people.model import Actor
from yixian.tickets import service as tickets
from yixian.tickets.supervising import narrowing, store
from yixian.tickets.supervising.model import Card, Hour, Tallied

PACE: Final = timedelta(seconds=1)
"""Between two statements of a process."""
COUNTS_EVERY: Final = timedelta(seconds=2)
CARDS_EVERY: Final = timedelta(seconds=10)
TILES_EVERY: Final = timedelta(seconds=10)
FLOW_EVERY: Final = timedelta(minutes=1)

UNWATCHED: Final = timedelta(seconds=6)
"""Without a look for so long, no screen is open: one looks every two seconds (`pages.LIVE_EVERY`)."""

TILES_MOST: Final = 60
"""Different kept filters that are counted together."""
WANTED_FOR: Final = timedelta(minutes=1)
"""How long a tile is counted that no screen asks for."""

MATTERS_SHOWN: Final = 8

Rooms = Sequence[Callable[[Transaction, datetime], Awaitable[Card]]]


class Numbers(msgspec.Struct, frozen=True):
    """All of the board as it stands."""

    at: datetime
    """When the open tickets were counted."""
    values: Mapping[str, int]
    """By key: `handling.red`, `red`, `all`, `queue.gov.red`, `matter.ST01`, `place.PA-N`, `flow.opened`, `hour.9.opened`, `hours.most`,
    `card.agents.ready`, `care`."""
    matters: tuple[str, ...] = ()
    """Of the most open tickets, most first."""
    places: tuple[str, ...] = ()
    hours: tuple[Hour, ...] = ()
    cards: tuple[Card, ...] = ()


class Board:
    """The newest numbers of this process."""

    def __init__(self, rooms: Rooms = ()) -> None:
        self._rooms = rooms
        self._asking = asyncio.Lock()
        self._asked_at: datetime | None = None
        self._looked_at: datetime | None = None
        self._fetched: dict[str, datetime] = {}
        self._tallies: tuple[Tallied, ...] = ()
        self._hours: tuple[Hour, ...] = ()
        self._cards: dict[int, Card] = {}
        self._wanted: dict[str, datetime] = {}
        self._tiles: dict[str, int] = {}
        self._numbers: Numbers | None = None

    async def look(self, db: Database, actor: Actor, city: City, now: datetime) -> Numbers:
        """The numbers; everything is there from the first look on. Who may look sees the whole hotline, so that one serves all."""
        async with self._asking:
            sources = self._sources(city)
            due = self._due({key: every for key, (every, _) in sources.items()}, now)
            self._looked_at = now
            if due or self._numbers is None:
                async with db.transaction(actor.acting) as tx:
                    for key in due:
                        await sources[key][1](tx, now)
                        self._fetched[key] = now
                self._asked_at = now
                self._numbers = self._summed(city)
            return self._numbers

    def _due(self, every: Mapping[str, timedelta], now: datetime) -> list[str]:
        """To be fetched now: what is missing; where nobody was looking all that is old, else at most the one that waited longest."""
        missing = [key for key in every if key not in self._fetched]
        late = {key: now - self._fetched[key] - every[key] for key in every if key in self._fetched}
        old = sorted((key for key in late if late[key] >= timedelta()), key=lambda key: -late[key])
        if self._looked_at is None or now - self._looked_at > UNWATCHED:
            return missing + old
        if missing:
            return missing
        return old[:1] if self._asked_at is None or now - self._asked_at >= PACE else []

    async def tiles(self, db: Database, actor: Actor, queries: Sequence[str], city: City, now: datetime) -> dict[str, int]:
        """How many tickets each of these kept filters has; counted together with all that other screens want."""
        wanted = [query for query in queries if narrowing.counts(narrowing.of_query(query, city), city)][:TILES_MOST]
        old = now - self._fetched.get("tiles", now) >= TILES_EVERY
        unwatched = any(query not in self._wanted or now - self._wanted[query] > UNWATCHED for query in wanted)
        self._wanted |= dict.fromkeys(wanted, now)
        if any(query not in self._tiles for query in wanted) or (old and unwatched):
            self._fetched.pop("tiles", None)
        await self.look(db, actor, city, now)
        return {query: self._tiles[query] for query in wanted if query in self._tiles}

    def _sources(self, city: City) -> dict[str, tuple[timedelta, Callable[[Transaction, datetime], Awaitable[None]]]]:
        async def count(tx: Transaction, now: datetime) -> None:
            self._tallies = await store.tallies(tx, now)

        async def flow(tx: Transaction, now: datetime) -> None:
            zone = city.pack.city.timezone
            self._hours = await store.flow(tx, narrowing.midnight(now, ZoneInfo(zone)), now + timedelta(days=1), zone)

        async def tile(tx: Transaction, now: datetime) -> None:
            wanted = sorted(((q, at) for q, at in self._wanted.items() if now - at <= WANTED_FOR), key=lambda w: w[1])
            self._wanted = dict(wanted[-TILES_MOST:])
            queries = list(self._wanted)
            many = [narrowing.filters(narrowing.of_query(q, city), city, None, now) for q in queries]
            self._tiles = dict(zip(queries, await tickets.sums(tx, many, now), strict=True))

        def card(n: int) -> Callable[[Transaction, datetime], Awaitable[None]]:
            async def fetch(tx: Transaction, now: datetime) -> None:
                self._cards[n] = await self._rooms[n](tx, now)

            return fetch

        return {
            "counts": (COUNTS_EVERY, count),
            "flow": (FLOW_EVERY, flow),
            **({"tiles": (TILES_EVERY, tile)} if self._wanted else {}),
            **{f"card {n}": (CARDS_EVERY, card(n)) for n in range(len(self._rooms))},
        }

    def _summed(self, city: City) -> Numbers:
        cards = tuple(self._cards[n] for n in sorted(self._cards))
        values, matters, places = summed(self._tallies, city)
        values |= {f"flow.{what}": sum(getattr(hour, what) for hour in self._hours) for what in narrowing.FLOWS}
        values |= {f"hour.{hour.hour}.{what}": getattr(hour, what) for hour in self._hours for what in narrowing.FLOWS}
        values["hours.most"] = most_of(self._hours)
        values |= {f"card.{figure.key}": figure.count for card in cards for figure in card.figures}
        return Numbers(self._fetched["counts"], values, matters, places, self._hours, cards)


def most_of(hours: Sequence[Hour]) -> int:
    """The highest bar of the day's picture: tickets that were registered or closed in one hour."""
    return max((max(hour.opened, hour.closed) for hour in hours), default=0)


def summed(tallies: Sequence[Tallied], city: City) -> tuple[dict[str, int], tuple[str, ...], tuple[str, ...]]:
    """The numbers by key; the matters and the districts with the most open tickets, most first."""
    values: dict[str, int] = dict.fromkeys(("all", "care", *narrowing.LIGHTS), 0)
    for queue in city.pack.queues:
        values |= {f"queue.{queue.code}": 0, **{f"queue.{queue.code}.{light}": 0 for light in narrowing.LIGHTS}}

    def add(count: int, *keys: str) -> None:
        for key in keys:
            values[key] = values.get(key, 0) + count

    for one in tallies:
        match one.by:
            case "state":
                add(one.count, one.code, one.light, f"{one.code}.{one.light}", "all")
            case "matter":
                queue = f"queue.{narrowing.queue_of(city, one.code)}"
                add(one.count, queue, f"{queue}.{one.light}", *([f"matter.{one.code}"] if one.code else []))
            case "care":
                add(one.count, "care")
            case _:
                district = _district(one.code, city)
                add(one.count, *([f"place.{district}"] if district else []))
                add(one.count if one.light == "red" else 0, *([f"place.{district}.red"] if district else []))
    matters = _most(values, "matter.")[:MATTERS_SHOWN]
    return values, matters, tuple(p for p in _most(values, "place.") if not p.endswith(".red"))


def _most(values: Mapping[str, int], prefix: str) -> tuple[str, ...]:
    """The codes under a prefix, most first."""
    found = [key for key in values if key.startswith(prefix)]
    return tuple(key.removeprefix(prefix) for key in sorted(found, key=lambda key: (-values[key], key)))


def _district(region: str, city: City) -> str:
    """The district that a region lies in; empty when it lies in none."""
    if region not in city.regions:
        return ""
    return next((code for code in city.register.ancestors(region) if city.regions[code].level is Level.DISTRICT), "")


def changed(before: Mapping[str, int] | None, after: Mapping[str, int]) -> dict[str, int]:
    """What a screen that shows `before` must be told; a number that is gone is 0."""
    if before is None:
        return dict(after)
    gone = {key: 0 for key, value in before.items() if value and key not in after}
    return gone | {key: value for key, value in after.items() if before.get(key) != value}


def encoded(values: Any) -> str:
    """As a screen reads it."""
    return msgspec.json.encode(values).decode()
