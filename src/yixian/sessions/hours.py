"""Who may do what with a session and when, what belongs to it, and what a plan must say. Pure.

Sessions are published in advance with day, hours, title and scope; what is outside the scope, or finds every seat busy, goes the ordinary
way (notice of a Guangzhou bureau, 2021-08: leaders answer calls by appointment of the hotline).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from yixian.city.inforce import City
from yixian.city.model import Audience
from yixian.city.responsibility import Assignment
from yixian.people.model import HOTLINE_ROLES, UNIT_ROLES, Actor, Role
from yixian.sessions.model import AnsweringSession, Call, CallState, Deed, Motion, Phase, Plan, Result

PLANNING: Final = frozenset({Role.SUPERVISOR})
LOOKING: Final = (HOTLINE_ROLES - {Role.CALL_BACK}) | UNIT_ROLES
LEADERS: Final = UNIT_ROLES
"""Who of the session's own unit sits for its leader."""

LONGEST: Final = timedelta(hours=10)
FURTHEST: Final = timedelta(days=180)
MOST_SEATS: Final = 50
MOST_CODES: Final = 100
LATEST_PROMISE: Final = timedelta(days=90)
FINISHED_WITHIN: Final = timedelta(minutes=30)
"""So long after the session a leader may still write down what became of the last call."""

NOT_YOURS: Final = "您的岗位不能进行这项操作。"
MISSING: Final = "此项必填。"


def problems(plan: Plan, starts_at: datetime, ends_at: datetime, city: City, now: datetime) -> list[tuple[str, str]]:
    """What is wrong with a plan: `(field, sentence)`."""
    found: list[tuple[str, str]] = []
    if plan.unit not in city.units:
        found.append(("unit", "请选择接听单位。"))
    if not plan.leader.strip():
        found.append(("leader", "请填写接听负责人的职务，不要填写姓名。"))
    if starts_at >= ends_at:
        found.append(("ends", "结束时间要晚于开始时间。"))
    elif ends_at - starts_at > LONGEST:
        found.append(("ends", "一次接听不超过10小时。"))
    if starts_at <= now:
        found.append(("day", "接听日要提前公布，请选择将来的日期和时间。"))
    elif starts_at - now > FURTHEST:
        found.append(("day", "请安排在半年之内。"))
    if not 1 <= plan.seats <= MOST_SEATS:
        found.append(("seats", "席位为1至50个。"))
    for field, codes, known in (("matters", plan.matters, city.matters), ("regions", plan.regions, city.regions)):
        if len(codes) > MOST_CODES or any(code not in known for code in codes):
            found.append((field, "有不认识的编码，或多于100项，请核对。"))
    return found


def fits(session: AnsweringSession, matter: str | None, region: str | None, city: City, on: date) -> bool:
    """Whether a contact about `matter` at `region` belongs to the session's scope."""
    if session.regions and (region is None or not set(session.regions) & set(city.register.ancestors(region))):
        return False
    if matter is None or matter not in city.matters:
        return False
    if session.matters:
        return bool(set(session.matters) & set(_up(matter, city)))
    found = city.register.resolve(matter, region, Audience.PERSON, False, "", on)
    return isinstance(found, Assignment) and city.register.unit_path(found.lead).startswith(session.unit_path)


def _up(matter: str, city: City) -> list[str]:
    """The matter and those above it."""
    chain: list[str] = []
    here: str | None = matter
    while here and here in city.matters and here not in chain:
        chain.append(here)
        here = city.matters[here].parent
    return chain


def sits(session: AnsweringSession, actor: Actor) -> bool:
    """Whether this person sits for the session's leader: of the unit itself, not above or below it."""
    return bool(actor.roles & LEADERS) and actor.unit == session.unit


def allowed(session: AnsweringSession, calls: Sequence[Call], actor: Actor, now: datetime) -> tuple[Deed, ...]:
    """What this person may do now."""
    return tuple(deed for deed in Deed if refusal(session, calls, deed, actor, now) is None)


def refusal(session: AnsweringSession, calls: Sequence[Call], deed: Deed, actor: Actor, now: datetime) -> str | None:
    """Why this person cannot do it now, as a sentence; None when they can. `calls`: those of the session that are not over."""
    phase = session.phase(now)
    if deed in (Deed.PUBLISH, Deed.CANCEL):
        if not actor.roles & PLANNING:
            return NOT_YOURS
        return _plannings(deed, phase)
    if not sits(session, actor):
        return "只有本次接听单位的工作人员可以接听。"
    mine = in_hand(calls, actor)
    if deed is Deed.FINISH:
        return None if mine is not None else "您手上没有正在接听的来电。"
    if phase is not Phase.RUNNING:
        return "不在接听时间内。"
    if mine is not None:
        return "请先登记手上这一件的结果，再接下一件。"
    return None if any(c.state is CallState.WAITING for c in calls) else "目前没有等待接听的来电。"


def _plannings(deed: Deed, phase: Phase) -> str | None:
    match deed, phase:
        case Deed.PUBLISH, Phase.PLANNED:
            return None
        case Deed.PUBLISH, _:
            return "已经公布或取消，不能再公布。"
        case Deed.CANCEL, Phase.PLANNED | Phase.COMING:
            return None
        case _:
            return "接听已经开始、结束或取消，不能再取消。"


def in_hand(calls: Sequence[Call], actor: Actor) -> Call | None:
    """The call that this person has taken and not finished."""
    return next((c for c in calls if c.state is CallState.TAKEN and c.taken_by == actor.id), None)


def missing(motion: Motion, city: City, today: date, shortest: int) -> list[tuple[str, str]]:
    """What a result lacks: `(field, sentence)`. `shortest`: characters of an answer that answers."""
    found: list[tuple[str, str]] = []
    if motion.result is None:
        found.append(("result", "请选择结果。"))
    if not motion.note.strip():
        found.append(("note", MISSING))
    elif motion.result is Result.ANSWERED and len(motion.note.strip()) < shortest:
        found.append(("note", f"答复不能少于{shortest}个字，请写明答了什么。"))
    if motion.result is Result.PROMISED:
        if motion.unit not in city.units:
            found.append(("unit", "请选择由哪个单位兑现承诺。"))
        if motion.day is None or not today <= motion.day <= today + LATEST_PROMISE:
            found.append(("day", "请填写承诺的日期，从今天起不超过90天。"))
    return found
