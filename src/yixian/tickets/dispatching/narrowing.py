"""What the dispatcher's queue is narrowed by, as it stands in the address: kept by a bookmark, sent on by a link. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from yixian.city.inforce import City
from yixian.city.model import Level, RequestKind
from yixian.tickets import clearing
from yixian.tickets.choices import What
from yixian.tickets.clearing import Meant
from yixian.tickets.dispatching.model import Found
from yixian.tickets.model import Filters, State
from yixian.tickets.words import KINDS
from yixian.web.given import uuid_of

ADDRESS: Final = "/desk/dispatch"


class Tab(msgspec.Struct, frozen=True):
    """One list of the desk."""

    key: str
    label: str
    filters: Filters
    empty: str
    """What is said when nothing stands in it."""


_WAITING: Final = (State.AWAITING_DISPATCH,)

TABS: Final = (
    Tab("new", "待派单", Filters(states=_WAITING, parked=False), "没有等待派单的工单。"),
    Tab("returned", "退回的", Filters(states=_WAITING, returned=True, parked=False), "没有被退回的工单。"),
    Tab("joint", "联合审定", Filters(states=(State.JOINT_REVIEW,)), "没有等待审定的工单。"),
    Tab("mine", "我的", Filters(states=(State.AWAITING_DISPATCH, State.JOINT_REVIEW)), "没有交给您的工单，也没有您暂放的。"),
    Tab("parked", "暂放", Filters(states=_WAITING, parked=True), "没有暂放的工单。"),
)

AGES: Final[Mapping[str, tuple[timedelta, str]]] = {
    "1h": (timedelta(hours=1), "一小时以上"),
    "4h": (timedelta(hours=4), "四小时以上"),
    "1d": (timedelta(days=1), "一天以上"),
    "3d": (timedelta(days=3), "三天以上"),
}
"""How long ago a ticket was registered."""


class Narrowed(msgspec.Struct, frozen=True):
    """What was asked for."""

    tab: str = ""
    kind: str = ""
    at: str = ""
    """Code of a region."""
    age: str = ""
    group: str = ""
    campaign: str = ""

    def asked(self) -> dict[str, str]:
        """What was said, for a link."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value}

    @property
    def link(self) -> str:
        """The address of the list."""
        return f"{ADDRESS}?{urlencode(self.asked())}" if self.asked() else ADDRESS

    @property
    def narrowed(self) -> bool:
        """Whether anything besides the tab was said."""
        return bool({**self.asked(), "tab": ""} != {"tab": ""})


def tab_of(by: Narrowed) -> Tab:
    """The tab that was asked for, else the first."""
    return next((t for t in TABS if t.key == by.tab), TABS[0])


def where(by: Narrowed, city: City) -> Meant:
    """What is meant by the region of an address."""
    return clearing.meant(city, What.REGIONS, by.at)


def settled(by: Narrowed, city: City) -> Narrowed:
    """The same with the code of the region, where it is clear which is meant."""
    return msgspec.structs.replace(by, at=where(by, city).code or by.at)


def filters(by: Narrowed, city: City, grouped: tuple[UUID, ...] | None, actor: str, now: datetime) -> Filters:
    """What the list shows: nothing while it is not clear where. What else cannot be read is as if it were not said.

    `grouped`: the tickets of the group, when one was named.

    `actor`: staff id of who looks.
    """
    tab = tab_of(by)
    at = where(by, city)
    return msgspec.structs.replace(
        tab.filters,
        keeper=actor if tab.key == "mine" else "",
        kind=RequestKind(by.kind) if by.kind in tuple(RequestKind) else None,
        regions=city.register.below(at.code),
        before=now - AGES[by.age][0] if by.age in AGES else None,
        ids=() if at.unclear else grouped,
        campaign=uuid_of(by.campaign),
    )


class Choice(msgspec.Struct, frozen=True):
    """One entry of a filter."""

    code: str
    name: str
    count: str
    """As it is shown; empty where nobody has counted."""
    translate: bool = False


def offered(found: Sequence[Found], city: City, most: int, lang: str) -> Mapping[str, tuple[Choice, ...]]:
    """What the queue can be narrowed by, in the reader's language, with how many tickets of it there are.

    Of a queue as long as `most` only its beginning was counted: then everything is offered, with so many at least.
    """
    cut = counted(found, "new") >= most
    counts = {f.code: f.count for f in found if f.by == "kind"}
    order = _by_count([kind.value for kind in RequestKind], counts, cut=cut)
    kinds = tuple(Choice(code, KINDS[RequestKind(code)], _said(counts.get(code, 0), cut=cut), True) for code in order)
    campaigns = tuple(Choice(f.code, f.name, _said(f.count, cut=cut)) for f in found if f.by == "campaign")
    return {"kind": kinds, "at": _districts(found, city, lang, cut=cut), "campaign": campaigns}


def _districts(found: Sequence[Found], city: City, lang: str, *, cut: bool) -> tuple[Choice, ...]:
    districts = [code for code, region in city.regions.items() if region.level is Level.DISTRICT]
    counts = dict.fromkeys(districts, 0)
    for one in found:
        if one.by == "region":
            for code in city.register.ancestors(one.code):
                if code in counts:
                    counts[code] += one.count
    return tuple(
        Choice(code, city.region_in(code, lang).text, _said(counts[code], cut=cut)) for code in _by_count(districts, counts, cut=cut)
    )


def _by_count(codes: Sequence[str], counts: Mapping[str, int], *, cut: bool) -> list[str]:
    """Those that there are, most first; all of them when only some were counted."""
    return sorted((c for c in codes if cut or counts.get(c)), key=lambda c: (-counts.get(c, 0), c))


def _said(n: int, *, cut: bool) -> str:
    return f"{n}+" if cut and n else "" if cut else str(n)


def counted(found: Sequence[Found], tab: str) -> int:
    """How many tickets a tab holds."""
    return next((f.count for f in found if f.by == "tab" and f.code == tab), 0)


def sayings() -> tuple[str, ...]:
    """Labels, for the test of the catalogue."""
    return (*(t for tab in TABS for t in (tab.label, tab.empty)), *(label for _, label in AGES.values()))
