"""What the hotline's list is narrowed by, as it stands in the address: every number of the board is such an address. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from yixian.city.inforce import City
from yixian.city.model import RequestKind, Urgency
from yixian.tickets import choices, clearing, words
from yixian.tickets.choices import What
from yixian.tickets.clearing import Meant
from yixian.tickets.dispatching.narrowing import AGES
from yixian.tickets.model import OPEN, Filters, Flow, Light, Rated, State
from yixian.web.given import uuid_of

ADDRESS: Final = "/desk/tickets"

FLOWS: Final[Mapping[str, str]] = {"opened": "今天登记的", "dispatched": "今天派出的", "closed": "今天办结的"}
RATINGS: Final[Mapping[str, str]] = {"good": "满意", "bad": "不满意", "none": "还没有评价"}
LIGHTS: Final[Mapping[str, str]] = {"red": "已超时", "amber": "将超时", "green": "正常", "none": "不计时"}


class Narrowed(msgspec.Struct, frozen=True):
    """What was asked for; empty: does not matter."""

    state: str = ""
    light: str = ""
    queue: str = ""
    matter: str = ""
    region: str = ""
    unit: str = ""
    """Code of a unit; those below it count with it. Of these three: what was typed, while it is not clear what is meant."""
    channel: str = ""
    kind: str = ""
    urgency: str = ""
    supervision: str = ""
    urged: str = ""
    group: str = ""
    campaign: str = ""
    age: str = ""
    rating: str = ""
    flow: str = ""
    """A step that was taken today."""
    hour: str = ""
    """Of the day, for `flow`."""

    def asked(self) -> dict[str, str]:
        """What was said, for a link."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value}

    @property
    def query(self) -> str:
        """The same as it stands in an address."""
        return urlencode(self.asked())

    @property
    def link(self) -> str:
        """The address of the list."""
        return f"{ADDRESS}?{self.query}" if self.query else ADDRESS


WRITTEN: Final[Mapping[str, What]] = {"unit": What.UNITS, "matter": What.MATTERS, "region": What.REGIONS}
"""Fields that hold a name out of thousands."""

NAMES: Final = tuple(f.name for f in msgspec.structs.fields(Narrowed))
LONGEST: Final = 100
"""Characters of one value."""


def of(values: Mapping[str, str], city: City) -> Narrowed:
    """What an address asks for. A unit, matter or region may be written in part; what is unclear stays as typed."""
    found = said(values)
    return Narrowed(**found | {name: one.code or one.written for name, one in fields(found, city).items()})


def said(values: Mapping[str, str]) -> dict[str, str]:
    """What the fields hold."""
    return {name: str(values.get(name) or "").strip()[:LONGEST] for name in NAMES}


def fields(values: Mapping[str, str], city: City) -> dict[str, Meant]:
    """What is meant by each field that something out of thousands is written in."""
    return {name: clearing.meant(city, what, values[name]) for name, what in WRITTEN.items() if values.get(name)}


def clear(by: Narrowed, city: City) -> bool:
    """Whether all that was asked for is one thing each: else nothing is listed, counted, kept or taken away."""
    return all(choices.is_code(city, what, asked) for name, what in WRITTEN.items() if (asked := getattr(by, name)))


def of_query(query: str, city: City) -> Narrowed:
    """What a kept filter asks for; a name or code that the city no longer has stays as it was written."""
    found = said(dict(parse_qsl(query[:2000])))
    return Narrowed(**found | {name: choices.clear_code(city, what, found[name]) or found[name] for name, what in WRITTEN.items()})


def filters(by: Narrowed, city: City, grouped: tuple[UUID, ...] | None, now: datetime) -> Filters:
    """What the list shows: nothing while it is not `clear` what was asked for. `grouped`: the tickets of the group, when one was named.

    What else cannot be read is as if it were not said: it stands in no field, so that nobody has typed it.
    """
    return Filters(
        states=(State(by.state),) if by.state in tuple(State) else (),
        light=Light(by.light) if by.light in tuple(Light) else None,
        matters=matters(by, city),
        regions=city.register.below(by.region),
        unit_path=city.register.unit_path(by.unit) if by.unit in city.units else "",
        channel=by.channel if by.channel in words.CHANNELS else "",
        kind=RequestKind(by.kind) if by.kind in tuple(RequestKind) else None,
        urgency=Urgency(by.urgency) if by.urgency in tuple(Urgency) else None,
        supervision=by.supervision if by.supervision in words.SUPERVISIONS else "",
        urged=bool(by.urged),
        ids=grouped if clear(by, city) else (),
        campaign=uuid_of(by.campaign),
        before=now - AGES[by.age][0] if by.age in AGES else None,
        rating=Rated(by.rating) if by.rating in tuple(Rated) else None,
        flow=flow_of(by, city, now),
    )


def counts(by: Narrowed, city: City) -> bool:
    """Whether a tile can show how many there are: clear, not over, and not those of an event, which another room knows."""
    return clear(by, city) and not by.flow and not by.group and (by.state not in tuple(State) or State(by.state) in OPEN)


def matters(by: Narrowed, city: City) -> tuple[str, ...] | None:
    """The matters asked for, by queue and by a matter with those below it; None: all."""
    queues = {queue.code for queue in city.pack.queues}
    if by.matter not in city.matters and by.queue not in queues:
        return None
    found = tuple(
        code
        for code in city.matters
        if (by.matter not in city.matters or by.matter in city.register.matters_up.get(code, ()))
        and (by.queue not in queues or queue_of(city, code) == by.queue)
    )
    unknown = by.matter not in city.matters and queue_of(city, "") == by.queue
    return (*found, "") if unknown else found


def queue_of(city: City, matter: str) -> str:
    """The queue of a matter; that of everything else where nobody knows the matter."""
    if matter in city.matters:
        return city.matters[matter].queue
    return next((q.code for q in city.pack.queues if q.fallback), "")


def midnight(now: datetime, zone: ZoneInfo) -> datetime:
    """When the day began, UTC."""
    return datetime.combine(now.astimezone(zone).date(), time(), zone).astimezone(UTC)


def flow_of(by: Narrowed, city: City, now: datetime) -> Flow | None:
    """A step of today, or of one of its hours."""
    if by.flow not in FLOWS:
        return None
    zone = ZoneInfo(city.pack.city.timezone)
    since, till = midnight(now, zone), now + timedelta(days=1)
    if re.fullmatch(r"[01]?\d|2[0-3]", by.hour, re.ASCII):
        since = (since.astimezone(zone).replace(hour=int(by.hour))).astimezone(UTC)
        till = since + timedelta(hours=1)
    return Flow(by.flow, since, till)


def sayings() -> tuple[str, ...]:
    """Labels, for the test of the catalogue."""
    return (*FLOWS.values(), *RATINGS.values(), *LIGHTS.values())
