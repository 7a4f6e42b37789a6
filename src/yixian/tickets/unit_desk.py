"""The units' desk: what a branch of units has in hand, by the clock, under the step that each ticket waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect

from yixian.city.inforce import City
from yixian.city.model import Audience, Level, RequestKind, Urgency
from yixian.db.pool import Transaction
from yixian.people.guards import needs
from yixian.people.model import UNIT_ROLES, Actor, Role
from yixian.tickets import above, clearing, service, words
from yixian.tickets.choices import What
from yixian.tickets.clearing import Meant
from yixian.tickets.desks import HERE, Here, at_least
from yixian.tickets.model import Action, Facet, Filters, Light, OrderRole, State, Step, Tally
from yixian.tickets.service import Hand
from yixian.web.given import uuid_of
from yixian.web.render import language, page

Asked = Request[Any, Any, Any]


class Tab(msgspec.Struct, frozen=True):
    """One list of the desk."""

    key: str
    label: str
    filters: Filters
    empty: str
    """What is said when nothing stands in it."""
    comes: str
    """What will stand in it, and when."""


_NEW: Final = (
    "派到本单位和下级单位的工单会出现在这里，按时限先后排列。自动派单的，市民提交后几秒内就到；"
    "要派单员判断的一般诉求，现在登记，最迟 {at} 派到。"
)

_IN_WORK: Final = (State.HANDLING, State.JOINT_REVIEW)
_OPEN_TO_US: Final = (State.DISPATCHED, *_IN_WORK)

TABS: Final = (
    Tab("todo", "全部在办", Filters(states=_OPEN_TO_US), "没有在办的工单。", _NEW),
    Tab("sign", "待签收", Filters(states=(State.DISPATCHED,), role=OrderRole.LEAD), "没有待签收的工单。", _NEW),
    Tab(
        "contact", "待联系", Filters(states=_IN_WORK, role=OrderRole.LEAD, contacted=False, answered=False), "市民都已联系。",
        "签收后还没有联系市民的工单会出现在这里。",
    ),
    Tab(
        "reply", "待答复", Filters(states=_IN_WORK, role=OrderRole.LEAD, contacted=True, answered=False), "没有待答复的工单。",
        "已经联系市民、还没有答复的工单会出现在这里。",
    ),
    Tab(
        "co", "协办与会审", Filters(states=_OPEN_TO_US, role=OrderRole.CO), "没有等待本单位意见的工单。",
        "主办单位邀请本单位协办，或话务中心请本单位发表意见时，工单会出现在这里。",
    ),
    Tab(
        "back", "退回重办", Filters(states=_IN_WORK, role=OrderRole.LEAD, answered=True), "没有被退回的答复。",
        "答复被本单位审核人或话务中心退回时，工单会出现在这里。",
    ),
    Tab(
        "check", "待单位审核", Filters(states=(State.UNIT_REVIEW,)), "没有等待审核的答复。",
        "经办人写好答复后，等本单位审核的工单会出现在这里。",
    ),
    Tab(
        "sent", "已答复", Filters(states=(State.IN_REVIEW, State.AWAITING_CALL_BACK)), "没有已送出的答复。",
        "答复送出后，等话务中心审核和回访的工单会出现在这里。",
    ),
    Tab("returned", "已退单", Filters(), "没有退回过工单。", "本单位退单后，这里留下退单的记录。"),
    Tab("closed", "已办结", Filters(states=(State.CLOSED,)), "还没有办结的工单。", "市民评价后办结的工单会出现在这里。"),
)  # fmt: skip

_UNCOUNTED: Final = frozenset({"returned", "closed"})

SIGNED_AT_ONCE: Final = 200
"""Tickets; more than a page shows cannot be ticked."""

LIGHTS: Final = (Light.RED, Light.AMBER, Light.GREEN)


def stands_in(tally: Tally, filters: Filters) -> bool:
    """Whether what is counted in `tally` is listed under `filters`: the same rule as the list's, for counting."""
    return (
        tally.state in filters.states
        and (filters.role is not OrderRole.LEAD or tally.leads)
        and (filters.role is not OrderRole.CO or tally.assists)
        and filters.contacted in (None, tally.contacted)
        and filters.answered in (None, tally.answered)
        and filters.light in (None, tally.light)
    )


def counted(tab: Tab, tallies: Sequence[Tally], light: Light | None = None) -> int | None:
    """How many tickets a tab lists, in all or under one light; None where it is not counted."""
    if tab.key in _UNCOUNTED:
        return None
    filters = msgspec.structs.replace(tab.filters, light=light)
    return sum(t.count for t in tallies if stands_in(t, filters))


class Counts(msgspec.Struct, frozen=True):
    """The numbers of the desk, as they are shown."""

    tabs: Mapping[str, str]
    """By tab; none where it is not counted."""
    lights: Mapping[Light, str]
    """Of the open tab."""


async def counts_of(tx: Transaction, actor: Actor, hand: Hand, asked: str, now: datetime) -> tuple[Tab, Counts]:
    """The tab to show and the numbers: of a hand that is too large to be counted whole, each up to a bound."""
    checks = Role.UNIT_REVIEWER in actor.roles
    if not hand.many:
        tab = tab_of(asked, waits_for_check=checks and bool(counted(_tab("check"), hand.tallies)))
        tabs = {t.key: n for t in TABS if (n := counted(t, hand.tallies)) is not None}
        lights = {light: counted(tab, hand.tallies, light) or 0 for light in LIGHTS} if tab.key in tabs else {}
        return tab, Counts({key: str(n) for key, n in tabs.items()}, {light: str(n) for light, n in lights.items()})
    shown = [t for t in TABS if t.key not in _UNCOUNTED]
    found = await service.up_to(tx, actor, [t.filters for t in shown], now, hand)
    tabs = {t.key: at_least(n) for t, n in zip(shown, found, strict=True)}
    tab = tab_of(asked, waits_for_check=checks and tabs["check"] != "0")
    under = [msgspec.structs.replace(tab.filters, light=light) for light in LIGHTS] if tab.key in tabs else []
    lights = await service.up_to(tx, actor, under, now, hand)
    return tab, Counts(tabs, {light: at_least(n) for light, n in zip(LIGHTS, lights, strict=False)})


WRITTEN: Final[Mapping[str, What]] = {"matter": What.MATTERS, "region": What.REGIONS}
"""Fields that hold a name out of thousands."""
LONGEST: Final = 200
"""Characters of one of them."""


class Narrowed(msgspec.Struct, frozen=True):
    """What a list was narrowed by, as it stands in the address."""

    light: str = ""
    urgency: str = ""
    matter: str = ""
    region: str = ""
    campaign: str = ""
    q: str = ""

    def asked(self) -> dict[str, str]:
        """What was said, for a link."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value}


def narrowed(tab: Tab, by: Narrowed, city: City) -> Filters:
    """The tab's filters with those of the address: nothing while it is not clear which matter or region is meant."""
    return msgspec.structs.replace(
        tab.filters,
        light=Light(by.light) if by.light in tuple(Light) else None,
        urgency=Urgency(by.urgency) if by.urgency in tuple(Urgency) else None,
        matter=by.matter if by.matter in city.matters else "",
        regions=city.register.below(by.region),
        campaign=uuid_of(by.campaign),
        written=_plain(by.q),
        ids=() if any(one.unclear for one in meant(by, city).values()) else None,
    )


def of_unit(actor: Actor) -> Actor:
    """The person as one of their unit, also when they may see more."""
    return msgspec.structs.replace(actor, roles=actor.roles & UNIT_ROLES)


def listed(actor: Actor, tab: Tab, by: Narrowed, city: City) -> Filters:
    """What the tab lists for this person: their branch's, also when they may see more."""
    return msgspec.structs.replace(narrowed(tab, by, city), unit_path=actor.unit_path)


def meant(by: Narrowed, city: City) -> dict[str, Meant]:
    """What is meant by each field that something out of thousands can be written in."""
    return {name: clearing.meant(city, what, getattr(by, name)) for name, what in WRITTEN.items() if getattr(by, name)}


def _written(by: Narrowed, city: City) -> dict[str, str]:
    """What the fields hold that stand in place of choices where there are too many tickets to count them."""
    return {name: clearing.written(city, what, getattr(by, name)) for name, what in WRITTEN.items()}


def _plain(text: str) -> str:
    """Some of a number, as numbers are written: no mark of a pattern, no reopening's `-01`."""
    return "".join(c for c in text.strip().upper().partition("-")[0] if c.isascii() and c.isalnum())[:40]


class Choice(msgspec.Struct, frozen=True):
    """One entry of a filter."""

    code: str
    name: str
    count: int | None
    """None where there are too many tickets to count them."""


def offered(facets: Sequence[Facet], running: Sequence[above.Campaign], city: City, lang: str) -> Mapping[str, tuple[Choice, ...]]:
    """What the open tickets can be narrowed by: matters, districts and streets, campaigns; named in the reader's language.

    `running`: the campaigns to choose from where the tickets are not counted.
    """
    matters = tuple(Choice(f.code, city.matter_in(f.code, lang).text, f.count) for f in facets if f.by == "matter")
    campaigns = tuple(Choice(f.code, f.name, f.count) for f in facets if f.by == "campaign")
    uncounted = tuple(Choice(str(campaign.id), campaign.name, None) for campaign in running)
    return {"matter": matters, "region": _places(facets, city, lang), "campaign": campaigns or uncounted}


def _places(facets: Sequence[Facet], city: City, lang: str) -> tuple[Choice, ...]:
    """Districts with their streets under them, each with all that lies in it."""
    counts: dict[str, int] = {}
    for facet in facets:
        if facet.by == "region":
            for code in city.register.ancestors(facet.code):
                counts[code] = counts.get(code, 0) + facet.count
    shown = [code for code in counts if city.regions[code].level in (Level.DISTRICT, Level.STREET)]
    # In Chinese the finer name follows the wider one: so a district's streets stand under it in every language.
    return tuple(Choice(c, city.region_in(c, lang).text, counts[c]) for c in sorted(shown, key=city.region_name))


def tab_of(key: str, *, waits_for_check: bool) -> Tab:
    """The tab that was asked for; else a reviewer's own while something waits in it, and the first."""
    return next((t for t in TABS if t.key == key), _tab("check") if waits_for_check else TABS[0])


def _tab(key: str) -> Tab:
    return next(t for t in TABS if t.key == key)


@get("/desk/unit", include_in_schema=False, dependencies=HERE, guards=[needs(*UNIT_ROLES)])
async def unit_desk(
    here: NamedDependency[Here],
    tab: FromQuery[str] = "",
    after: FromQuery[str] = "",
    done: FromQuery[str] = "",
    number: FromQuery[str] = "",
    n: FromQuery[str] = "",
    missed: FromQuery[str] = "",
    light: FromQuery[str] = "",
    urgency: FromQuery[str] = "",
    matter: FromQuery[str] = "",
    region: FromQuery[str] = "",
    campaign: FromQuery[str] = "",
    q: FromQuery[str] = "",
) -> Response[Any]:
    """What the branch has in hand, by the clock."""
    actor = of_unit(here.session.actor)
    typed = Narrowed(light, urgency, matter.strip()[:LONGEST], region.strip()[:LONGEST], campaign, q)
    fields = meant(typed, here.city)
    by = msgspec.structs.replace(typed, **{name: one.code or one.written for name, one in fields.items()})
    async with here.db.transaction(actor.acting) as tx:
        hand = await service.hand(tx, actor, here.now)
        open_tab, counts = await counts_of(tx, actor, hand, tab, here.now)
        if open_tab.key == "returned":
            back, rest = await service.given_back(tx, _moment(after) or here.now + timedelta(seconds=1))
            return _given_back(here, open_tab, counts, back, rest, after)
        found = await service.worklist(tx, actor, listed(actor, open_tab, by, here.city), after, service.LIMIT, here.now, hand)
        flags = await above.flags(here.request, tx, found.lines, here.now)
        running = await above.campaigns(here.request, tx) if hand.many else ()
    asked = {"tab": open_tab.key, **by.asked()}
    return page(
        here.request,
        "tickets/unit_desk.html",
        session=here.session,
        tabs=[(t, counts.tabs.get(t.key)) for t in TABS],
        open_tab=open_tab,
        lights=list(counts.lights.items()),
        by=by,
        choices=offered(hand.facets, running, here.city, language(here.request)),
        written=_written(by, here.city) if hand.many else {},
        narrowed=bool(by.asked()),
        unclear=clearing.offers(fields, lambda other: f"/desk/unit?{urlencode({**asked, **other})}"),
        taken=clearing.taken(fields, here.city),
        found=found,
        flags=flags,
        may_sign=open_tab.key == "sign" and bool(found.lines),
        comes_by=_comes_by(here.city, here.now),
        address=f"/desk/unit?{urlencode(asked)}",
        query=urlencode(asked),
        light_links={each: f"/desk/unit?{urlencode({**asked, 'light': each})}" for each in LIGHTS},
        any_light=f"/desk/unit?{urlencode({**asked, 'light': ''})}",
        next=f"/desk/unit?{urlencode({**asked, 'after': found.after})}" if found.after else "",
        first=f"/desk/unit?{urlencode(asked)}" if after else "",
        city=here.city,
        now=here.now,
        words=words,
        done=words.ACTIONS.get(done, ""),
        done_key=done,
        done_number=number,
        done_count=int(n) if n.isdecimal() and len(n) < 4 else 0,
        missed=int(missed) if missed.isdecimal() and len(missed) < 4 else 0,
    )


def _given_back(here: Here, tab: Tab, counts: Counts, back: Sequence[Any], rest: datetime | None, after: str) -> Response[Any]:
    return page(
        here.request,
        "tickets/unit_returned.html",
        session=here.session,
        tabs=[(t, counts.tabs.get(t.key)) for t in TABS],
        open_tab=tab,
        back=back,
        next=f"/desk/unit?{urlencode({'tab': tab.key, 'after': rest.isoformat()})}" if rest else "",
        first=f"/desk/unit?tab={tab.key}" if after else "",
        city=here.city,
        words=words,
    )


def _comes_by(city: City, now: datetime) -> datetime:
    """When at the latest an ordinary request that is registered now, and that somebody has to look at, has its unit."""
    return city.due(now, city.register.limit_for(RequestKind.HELP, Urgency.NORMAL, Audience.PERSON).dispatch)


def _moment(text: str) -> datetime | None:
    """A time of ours from an address; None when it is none."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None


@post("/desk/unit/sign", include_in_schema=False, dependencies=HERE, guards=[needs(*UNIT_ROLES)])
async def sign_many(here: NamedDependency[Here]) -> Redirect:
    """Signs all tickets that were ticked, in two statements; what somebody else was faster with is left as it is, and said."""
    sent = await here.request.form()
    ticked = {found for text in sent.getall("ticket", [])[:SIGNED_AT_ONCE] if (found := uuid_of(str(text)))}
    async with here.db.transaction(here.session.actor.acting) as tx:
        steps = dict.fromkeys(sorted(ticked), Step())
        signed = await service.act_on_all(tx, here.session.actor, Action.SIGN, steps, here.city, here.now) if steps else ()
    here.db.wake()
    told = {"tab": "sign", "done": Action.SIGN.value, "n": len(signed), "missed": len(ticked) - len(signed)}
    return Redirect(f"/desk/unit?{urlencode(told)}", status_code=303)


def sayings() -> tuple[str, ...]:
    """Tabs and what is said of empty ones, for the test of the catalogue."""
    return tuple(text for tab in TABS for text in (tab.label, tab.empty, tab.comes))


routes = (unit_desk, sign_many)
