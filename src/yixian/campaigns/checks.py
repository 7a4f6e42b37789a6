"""What is wrong with a plan, and who may do what with a campaign. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import product
from typing import Final

from yixian.campaigns.model import Campaign, Deed, Limits, Phase, Plan, Standing
from yixian.city.calendar import Duration
from yixian.city.inforce import City
from yixian.city.model import Audience, RequestKind, Urgency
from yixian.people.model import Actor, Role
from yixian.tickets.model import OPEN, State

LONGEST: Final = timedelta(days=366)
"""A campaign is not for ever: after a year it is drafted anew, or the ordinary limits are changed."""

MOST: Final = 200
"""Entries of one list of the scope."""
MOST_COLUMNS: Final = 10

DRAFTING: Final = frozenset({Role.DISPATCHER, Role.SUPERVISOR})
APPROVING: Final = frozenset({Role.SUPERVISOR})


def problems(plan: Plan, begins_at: datetime, city: City, today: date) -> tuple[tuple[str, str], ...]:
    """`(field, sentence)` for everything that is wrong; sentences are keys of the message catalogue."""
    return (*_texts(plan), *_days(plan, today), *_scope(plan, city), *_limits(plan.limits, begins_at, city), *_columns(plan))


def _texts(plan: Plan) -> Iterator[tuple[str, str]]:
    for field, text in (("name", plan.name), ("purpose", plan.purpose), ("basis", plan.basis)):
        if not text.strip():
            yield field, "此项必填。"
    if len(plan.name) > 40:
        yield "name", "名称请不超过40个字：它会作为标记显示在每张工单上。"


def _days(plan: Plan, today: date) -> Iterator[tuple[str, str]]:
    if plan.last_day < plan.first_day:
        yield "last_day", "结束日期不能早于开始日期。"
    elif plan.last_day < today:
        yield "last_day", "结束日期已经过去。"
    elif plan.last_day - plan.first_day > LONGEST:
        yield "last_day", "专项最长一年；长期需要的时限请改普通时限。"


def _scope(plan: Plan, city: City) -> Iterator[tuple[str, str]]:
    scope = plan.scope
    if not (scope.matters or scope.regions or scope.units or any(w.strip() for w in scope.words)):
        yield "matters", "请写明哪些工单属于本专项：事项、区域、单位、词语至少一项。"
    known = (("matters", scope.matters, city.matters), ("regions", scope.regions, city.regions), ("units", scope.units, city.units))
    for field, codes, there in known:
        if any(code not in there for code in codes):
            yield field, "没有这个编码，请核对。"
    if any(not word.strip() for word in scope.words):
        yield "words", "词语不能为空。"
    if max(len(scope.matters), len(scope.regions), len(scope.units), len(scope.words), len(plan.members)) > MOST:
        yield "matters", "每项最多200条。"
    if plan.lead not in city.units:
        yield "lead", "请选择牵头单位。"
    if any(unit not in city.units for unit in plan.members):
        yield "members", "没有这个编码，请核对。"


def _limits(limits: Limits, begins_at: datetime, city: City) -> Iterator[tuple[str, str]]:
    ordinary = [
        city.register.limit_for(kind, Urgency.NORMAL, audience) for kind, audience in product(RequestKind, (Audience.PERSON, Audience.FIRM))
    ]
    for field, own in (("sign", limits.sign), ("contact", limits.contact), ("answer", limits.answer)):
        if not own:
            continue
        try:
            Duration.parse(own)
        except ValueError:
            yield field, "时限请写作 2h（小时）、4wh（工作小时）或 1wd（工作日）。"
            continue
        longest = max(city.due(begins_at, getattr(limit, field)) for limit in ordinary)
        if not limits.longer.strip() and city.due(begins_at, own) > longest:
            yield field, "比普通时限还长：请缩短，或写明放宽的理由。"


def _columns(plan: Plan) -> Iterator[tuple[str, str]]:
    named = [column.name for column in plan.columns]
    states = [state for column in plan.columns for state in column.states]
    if not plan.columns or len(plan.columns) > MOST_COLUMNS or not all(column.states and column.name.strip() for column in plan.columns):
        yield "columns", "看板要有1至10栏，每栏写明名称和状态。"
    elif len(set(named)) < len(named) or len(set(states)) < len(states):
        yield "columns", "看板的栏名和状态都不能重复。"
    elif any(set(column.states) & OPEN and set(column.states) - OPEN for column in plan.columns):
        yield "columns", "同一栏不能既有未办结又有已办结的状态。"
    elif not set(states) >= OPEN or State.CLOSED not in states:
        yield "columns", "每种未办结的状态和“已办结”都要有一栏，否则有的工单看不到。"


def allowed(campaign: Campaign, actor: Actor, now: datetime) -> tuple[Deed, ...]:
    """What this person may do with it now."""
    mine = campaign.drafted_by == actor.id
    supervises = bool(actor.roles & APPROVING)
    match campaign.phase(now):
        case Phase.DRAFT:
            may = {Deed.REVISE: mine, Deed.APPROVE: supervises and not mine, Deed.DISCARD: mine or supervises}
        case Phase.RUNNING:
            may = {Deed.GATHER: supervises, Deed.END: supervises}
        case Phase.WAITING | Phase.EXPIRED:
            may = {Deed.END: supervises}
        case _:
            may = {}
    return tuple(deed for deed, yes in may.items() if yes)


def refusal(campaign: Campaign, deed: Deed, actor: Actor, now: datetime) -> str | None:
    """Why this person may not do it now, as a sentence; None when they may."""
    if deed in allowed(campaign, actor, now):
        return None
    if deed is Deed.APPROVE and campaign.standing is Standing.DRAFT and campaign.drafted_by == actor.id:
        return "起草人不能审批自己的专项，请由另一位督办人员审批。"
    if deed is Deed.REVISE and campaign.standing is Standing.DRAFT:
        return "只有起草人可以修改草案。"
    if deed is Deed.GATHER and campaign.standing is Standing.APPROVED:
        return "只有进行中的专项可以纳入存量工单，由督办人员办理。"
    if campaign.standing in (Standing.ENDED, Standing.DISCARDED):
        return "专项已经结束或作废，不能再操作。"
    return "您的岗位或专项的当前状态不能进行这项操作。"
