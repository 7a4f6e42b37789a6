"""Who may do what to a dispute on which rung, what they must say, and how long a rung may take. Pure.

The ticket never waits for any of it: its lead acts, its clock runs, and the ruling alone changes who leads.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from yixian.disputes import panel
from yixian.disputes.model import Case, Deed, Motion, Party, Rung, Seat
from yixian.people.model import Actor, Role

WITHIN: Final[Mapping[Rung, str]] = {Rung.DESK: "1wd", Rung.SUPERVISOR: "2wd", Rung.CONFERENCE: "5wd"}
"""How long a rung has to rule. The desk has as long as a unit has to return (one working day, Weifang art. 22); the others are ours."""

WORDS_WITHIN: Final = "1wd"
"""How long a unit that another names has to say its word: as long as it would have had to return the ticket (Weifang art. 22)."""

PANEL_DAYS: Final = 2
"""Working days that a panel has when nobody says otherwise; ours: no published figure was found."""

MOST_PANEL_DAYS: Final = 5
AFTER_PANEL: Final = "1wd"
"""How long the chair has to rule when the panel's time is up."""

MOST_UNITS: Final = 15
"""Units on a panel."""

UNIT_ROLES: Final = frozenset({Role.HANDLER, Role.UNIT_REVIEWER})
DESK: Final = frozenset({Role.DISPATCHER, Role.SUPERVISOR})
LEADERS: Final = frozenset({Role.SUPERVISOR})

BY: Final[Mapping[Deed, Mapping[Rung, frozenset[Role]]]] = {
    Deed.SAY: dict.fromkeys(Rung, UNIT_ROLES),
    Deed.VOTE: dict.fromkeys(Rung, UNIT_ROLES),
    Deed.CONVENE: {Rung.DESK: DESK, Rung.SUPERVISOR: LEADERS, Rung.CONFERENCE: LEADERS},
    Deed.RULE: {Rung.DESK: DESK, Rung.SUPERVISOR: LEADERS, Rung.CONFERENCE: LEADERS},
    # Up only: nothing stands above the joint conference.
    Deed.ESCALATE: {Rung.DESK: DESK, Rung.SUPERVISOR: LEADERS, Rung.CONFERENCE: frozenset()},
}
"""Whose deed it is on which rung."""

NOT_YOURS: Final = "您的岗位不能进行这项操作。"
OVER: Final = "争议已经结束，不能再操作；结果见本页。"


class Facts(msgspec.Struct, frozen=True):
    """What a rule may look at beside the case."""

    actor: Actor
    now: datetime
    paths: Mapping[str, str]
    """Paths of the city's units, by code."""
    complained_unit: str | None = None
    """The unit that the citizen complains of, where it matters."""


def above(rung: Rung) -> Rung | None:
    """The next rung; None above the last."""
    rungs = tuple(Rung)
    at = rungs.index(rung) + 1
    return rungs[at] if at < len(rungs) else None


def role_for(case: Case, deed: Deed, actor: Actor) -> Role | None:
    """As what the actor does it: the first of their roles that the rung allows; None when none does."""
    allowed = BY[deed][case.dispute.rung] & actor.roles
    return next((role for role in Role if role in allowed), None)


def party_of(case: Case, actor: Actor) -> Party | None:
    """The side that the actor speaks for: their own unit's alone."""
    return next((p for p in case.parties if p.unit == actor.unit), None)


def seat_of(case: Case, actor: Actor) -> Seat | None:
    """The seat on the sitting panel that the actor fills: their own unit's alone."""
    sitting = case.sitting
    return next((s for s in case.seats if sitting and s.panel == sitting.id and s.unit == actor.unit), None)


def refusal(case: Case, deed: Deed, motion: Motion, facts: Facts) -> str | None:
    """Why this cannot be done now, as a sentence; None when it can."""
    return _standing(case, deed, facts) or _said(case, deed, motion, facts)


def offered(case: Case, facts: Facts) -> tuple[Deed, ...]:
    """What this person may do now if they fill in what is asked."""
    return tuple(deed for deed in Deed if _standing(case, deed, facts) is None)


def _standing(case: Case, deed: Deed, facts: Facts) -> str | None:
    """What does not depend on what somebody is still to type."""
    if case.dispute.ended_at is not None:
        return OVER
    if role_for(case, deed, facts.actor) is None:
        return _whose(case, deed, facts.actor)
    match deed:
        case Deed.SAY:
            return None if party_of(case, facts.actor) else "本单位不是争议的一方；会审单位请发表意见并表决。"
        case Deed.VOTE:
            return None if seat_of(case, facts.actor) else "本单位不在会审单位之列，或会审已经结束。"
        case Deed.RULE:
            return must_wait(case, facts)
        case Deed.CONVENE | Deed.ESCALATE:
            return None


def _whose(case: Case, deed: Deed, actor: Actor) -> str:
    if deed is Deed.ESCALATE and case.dispute.rung is Rung.CONFERENCE:
        return "已经提请联席会议，没有更高一级；请裁定。"
    if case.dispute.rung is not Rung.DESK and Role.DISPATCHER in actor.roles and deed in (Deed.RULE, Deed.CONVENE, Deed.ESCALATE):
        return "争议已经上交，由值班长或联席会议裁定。"
    return NOT_YOURS


def must_wait(case: Case, facts: Facts) -> str | None:
    """A dispatcher who has asked a panel hears it; a supervisor may cut it short, since no citizen's matter is to hang on it."""
    sitting = case.sitting
    if sitting is None or Role.SUPERVISOR in facts.actor.roles or facts.now >= sitting.due:
        return None
    tally = panel.count(case.seats_of(sitting.id), case.opinions_of(sitting.id))
    return None if tally.decided else "会审还在进行，票数尚不能定论；请等各单位表决或期限届满，急需裁定的请提请值班长。"


def _said(case: Case, deed: Deed, motion: Motion, facts: Facts) -> str | None:
    match deed:
        case Deed.SAY:
            return None if motion.note.strip() else "请写明本单位的意见。"
        case Deed.CONVENE:
            return _convening(case, motion, facts)
        case Deed.VOTE:
            return None if motion.unit in facts.paths and motion.basis.strip() else "请选择应由哪个单位主办，并写明依据。"
        case Deed.ESCALATE:
            return None if motion.note.strip() else "请写明为什么要提请上一级。"
        case Deed.RULE:
            given = motion.unit in facts.paths and motion.basis.strip() and motion.note.strip()
            return None if given else "请选择主办单位，并写明依据和裁定理由；与会审多数意见不同的，理由须说明为什么。"


def _convening(case: Case, motion: Motion, facts: Facts) -> str | None:
    if not motion.note.strip():
        return "请写明要会审单位回答的问题。"
    if not 0 <= motion.days <= MOST_PANEL_DAYS:
        return f"会审期限为1至{MOST_PANEL_DAYS}个工作日。"
    if len(set(motion.units)) > MOST_UNITS:
        return f"会审单位最多{MOST_UNITS}个。"
    # Who is complained of does not judge who looks into it (Jinan regulation: interested persons recuse themselves).
    complained = facts.paths.get(facts.complained_unit or "")
    if complained and any(facts.paths[u].startswith(complained) for u in motion.units):
        return "被投诉的单位及其下级单位应当回避，不能参加会审。"
    sides = [p.unit_path for p in case.parties]
    voting = sum(panel.votes(facts.paths[u], sides) for u in dict.fromkeys(motion.units))
    if voting < panel.FEWEST:
        return f"会审至少要有{panel.FEWEST}个与争议无关的单位；争议各方及其上下级单位可以陈述，但不计票。"
    return None
