"""What keeps an entry, or a list with it, from being in force: the rules of `yixian pack check`, said to whoever proposes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final

from yixian.city.checks import BY_PLACE
from yixian.city.inforce import City
from yixian.city.model import Responsibility
from yixian.city.responsibility import chain, overlaps, ties, unanswered
from yixian.responsibilities.concerned import Naming
from yixian.responsibilities.model import Finding

MOST: Final = 5
"""So many of one kind are named; of the rest, how many there are."""

LONGEST: Final = 1_000
"""Characters of one field."""


def of_entry(naming: Naming, entry: Responsibility) -> tuple[Finding, ...]:
    """What is wrong with an entry by itself: names nothing that exists, or contradicts itself."""
    return tuple(_of_entry(naming, entry))


def _of_entry(naming: Naming, entry: Responsibility) -> Iterator[Finding]:
    city = naming.city
    if entry.matter not in city.matters:
        yield Finding("matter", f"没有事项“{entry.matter}”，请填写事项编码。" if entry.matter else "请填写事项。")
    if not entry.basis.strip():
        yield Finding("basis", "请填写依据：法律、法规或职责文件的条款。")
    for place in entry.places:
        if place not in city.regions:
            yield Finding("place", f"没有区域“{place}”，请填写区域编码，多个用 | 隔开。")
    if not entry.lead:
        yield Finding("lead", "请填写主办单位。")
    for field, name in (("lead", entry.lead), *(("co", name) for name in entry.co)):
        yield from _of_name(naming, field, name, entry.places)
    if entry.lead in entry.co:
        yield Finding("co", "协办单位里有主办单位，请删去。")
    if entry.valid_to is not None and entry.valid_to < entry.valid_from:
        yield Finding("valid_to", f"最后一天 {entry.valid_to} 早于起始日 {entry.valid_from}，请改正。")
    for field, text in (("note", entry.note), ("basis", entry.basis), ("words", "|".join(entry.words))):
        if len(text) > LONGEST:
            yield Finding(field, "太长了，请缩短到一千字以内。")


def _of_name(naming: Naming, field: str, name: str, places: tuple[str, ...]) -> Iterator[Finding]:
    if not name:
        return
    city = naming.city
    if name.startswith("@"):
        if not BY_PLACE.fullmatch(name):
            yield Finding(field, f"“{name}”不是按地点确定的单位，可写 @district、@district.<职能>、@street 或 @community。")
        elif missing := naming.named(name, tuple(place for place in places if place in city.regions)).missing:
            where = "、".join(city.region_name(code) for code in missing[:3])
            yield Finding(field, f"“{name}”在{where}等 {len(missing)} 处找不到单位，请改写单位或限定地点。")
    elif name not in city.units:
        yield Finding(field, f"没有单位“{name}”，请填写单位编码。")


def of_list(
    city: City, before: Sequence[Responsibility], after: Sequence[Responsibility], matters: Iterable[str], days: Iterable[date]
) -> tuple[str, ...]:
    """What the list `after` has wrong that `before` had not: two owners that fit equally, matters that nobody answers for.

    Only entries of `matters`, and matters on their way, are looked at. `days`: on which nobody may be without an owner.
    """
    touched = frozenset(matters)
    return (*_equal_owners(city, before, after, touched), *_nobody(city, before, after, touched, tuple(days)))


def warnings(city: City, after: Sequence[Responsibility], matters: Iterable[str]) -> tuple[str, ...]:
    """What somebody should know before approving: entries with as many conditions, of which only the code's order decides."""
    found = ties(entry for entry in after if entry.matter in frozenset(matters))
    return tuple(
        f"“{one.code}”和“{other.code}”条件一样多，同时具备时只能按编码先后确定，建议补一条同时具备时的职责。" for one, other in found
    )


def shadowed(city: City, entry: Responsibility, after: Sequence[Responsibility]) -> tuple[str, ...]:
    """What an entry for a place takes from entries around it that ask for a condition: the nearer place counts before any condition.

    So a ruling on one lamp, in force for its district, would also take the lamps inside estates from who answers for those.
    """
    found = [other for other in after if other.lead != entry.lead and _shadows(city, entry, other)]
    said = [
        f"“{other.code}”（{lead_name(city, other.lead)}）附有条件；批准后在本条目的地点不再适用，具备条件的也归本条目。"
        "仍要保留的，请另提一条同一地点、同样条件的职责。"
        for other in found[:MOST]
    ]  # fmt: skip
    return tuple(said)


def _shadows(city: City, entry: Responsibility, other: Responsibility) -> bool:
    more = (other.who and not entry.who) or (other.night and not entry.night) or (other.words and not entry.words)
    if entry.matter != other.matter or not more or not _common_day(entry, other):
        return False
    return any(not other.places or not set(city.register.ancestors(place)[1:]).isdisjoint(other.places) for place in entry.places)


def _common_day(one: Responsibility, other: Responsibility) -> bool:
    return (one.valid_to or date.max) >= other.valid_from and (other.valid_to or date.max) >= one.valid_from


def _equal_owners(city: City, before: Sequence[Responsibility], after: Sequence[Responsibility], touched: frozenset[str]) -> Iterator[str]:
    known = set(overlaps(entry for entry in before if entry.matter in touched))
    found = [pair for pair in overlaps(entry for entry in after if entry.matter in touched) if pair not in known]
    for one, other in found[:MOST]:
        leads, matter = (lead_name(city, one.lead), lead_name(city, other.lead)), city.matter_name(one.matter)
        yield (
            f"“{one.code}”（{leads[0]}）和“{other.code}”（{leads[1]}）同样适用于“{matter}”，"
            "请给其中一条加上地点、条件或错开日期。"
        )  # fmt: skip
    if len(found) > MOST:
        yield f"另有 {len(found) - MOST} 对条目同样适用。"


def _nobody(
    city: City, before: Sequence[Responsibility], after: Sequence[Responsibility], touched: frozenset[str], days: tuple[date, ...]
) -> Iterator[str]:
    parents = {matter.code: matter.parent for matter in city.pack.matters}
    concerned = {code for matter in city.matters for code in chain(matter, parents) if not touched.isdisjoint(chain(matter, parents))}
    matters = [matter for matter in city.pack.matters if matter.code in concerned]
    lists = [[entry for entry in entries if entry.matter in concerned] for entries in (before, after)]
    for day in sorted(set(days)):
        known, found = (list(unanswered(matters, city.pack.regions, entries, day)) for entries in lists)
        new = [one for one in found if one.matter in city.matters and one not in known]
        for one in new[:MOST]:
            matter = city.matter_name(one.matter)
            if one.district is None:
                yield f"自 {day} 起“{matter}”没有主办单位，请先补上职责条目。"
            else:
                yield f"自 {day} 起“{matter}”在{city.region_name(one.district)}没有主办单位，请先补上职责条目。"
        if len(new) > MOST:
            yield f"自 {day} 起另有 {len(new) - MOST} 个事项没有主办单位。"


def lead_name(city: City, name: str) -> str:
    """A unit's name; names by place as the list writes them."""
    return name if name.startswith("@") else city.unit_name(name)
