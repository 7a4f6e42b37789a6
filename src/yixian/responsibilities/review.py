"""Who may do what with a proposal, and how the units' review counts. Pure.

The rule of silence: a unit that says nothing by the due date counts as having agreed (逾期未反馈视为同意). Whoever wants to keep a
duty away says so in time, with a reason and a basis; nobody stops the list by not answering. What was counted so stays marked as silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from yixian.db.pool import Acting, Scope
from yixian.people.model import HOTLINE_ROLES, UNIT_ROLES, Actor, Role
from yixian.responsibilities.model import Answer, Proposal, Stand, State, Step, UnitSaid

TIME_TO_ANSWER: Final = "5wd"
"""Working days that units have. Ours: as long as an ordinary ticket may take; no published rule for a hotline's list was found."""

EDITORS: Final = frozenset({Role.SUPERVISOR, Role.KNOWLEDGE_EDITOR})
"""They keep the list: each proposes, another approves."""

READERS: Final = HOTLINE_ROLES | UNIT_ROLES | EDITORS
"""The list itself is no secret to anybody who works with it."""

RIGHTS: Final[Mapping[Step, frozenset[Role]]] = {
    # `system`: the command line on the machine itself, and rulings that are fed into the list.
    Step.PROPOSE: EDITORS | {Role.SYSTEM},
    Step.SEND: EDITORS,
    Step.ANSWER: frozenset({Role.UNIT_REVIEWER}),
    Step.APPROVE: EDITORS,
    Step.REFUSE: EDITORS,
    Step.WITHDRAW: EDITORS,
}

_FROM: Final[Mapping[Step, frozenset[State]]] = {
    Step.SEND: frozenset({State.DRAFT}),
    Step.ANSWER: frozenset({State.IN_REVIEW}),
    Step.APPROVE: frozenset({State.IN_REVIEW}),
    Step.REFUSE: frozenset({State.IN_REVIEW}),
    Step.WITHDRAW: frozenset({State.DRAFT, State.IN_REVIEW}),
}

_NOT_NOW: Final[Mapping[State, str]] = {
    State.DRAFT: "这条建议尚未送审，请先送审。",
    State.IN_REVIEW: "这条建议已经送审。",
    State.APPROVED: "这条建议已经批准，不能再改动；如要调整，请提出新的建议。",
    State.REFUSED: "这条建议已被否决；如要再提，请提出新的建议。",
    State.WITHDRAWN: "这条建议已经撤回；如要再提，请提出新的建议。",
}


def acting(actor: Actor, step: Step | None = None) -> Acting:
    """As whom the database is told this person acts: a unit's answer is the unit's, all else the widest that their roles give."""
    if step is Step.ANSWER and actor.roles & UNIT_ROLES:
        return Acting(Scope.UNIT, actor=actor.id, unit_path=actor.unit_path)
    if actor.roles & (HOTLINE_ROLES | {Role.SYSTEM}):
        return actor.acting
    return Acting(Scope.EDITOR, actor=actor.id) if Role.KNOWLEDGE_EDITOR in actor.roles else actor.acting


def stand(said: UnitSaid, due: datetime | None, now: datetime) -> Stand:
    """How a unit counts at `now`."""
    if said.answer is not None:
        return Stand.AGREED if said.answer is Answer.AGREE else Stand.OBJECTED
    return Stand.SILENT if said.silent_at is not None or (due is not None and now > due) else Stand.WAITING


def refusal(actor: Actor, step: Step, proposal: Proposal, now: datetime, note: str = "") -> str | None:
    """Why this person may not take this step now, as a sentence; None when they may."""
    if not RIGHTS[step] & actor.roles:
        return "您的角色不能进行这项操作；如工作需要，请联系管理员。"
    if proposal.state not in _FROM[step]:
        return _NOT_NOW[proposal.state]
    match step:
        case Step.APPROVE:
            return _not_to_approve(actor, proposal, now, note)
        case Step.REFUSE if not note.strip():
            return "请写明否决的理由，提出人和有关单位会看到。"
        case Step.ANSWER if not own_units(actor, proposal):
            return "这条建议没有征求您单位的意见。"
        case Step.ANSWER if proposal.due is not None and now > proposal.due:
            return "答复期限已过，按同意计；如有不同意见，请联系热线提出新的建议。"
        case _:
            return None


def own_units(actor: Actor, proposal: Proposal) -> tuple[UnitSaid, ...]:
    """The units for which this person answers: their own and those below it."""
    return tuple(said for said in proposal.units if actor.unit_path and said.unit_path.startswith(actor.unit_path))


def _not_to_approve(actor: Actor, proposal: Proposal, now: datetime, note: str) -> str | None:
    if actor.id in (proposal.proposed_by, proposal.sent_by):
        return "自己提出或送审的建议须由另一位督办员或知识编辑批准。"
    stands = [stand(said, proposal.due, now) for said in proposal.units]
    if waiting := stands.count(Stand.WAITING):
        return f"还有 {waiting} 个单位未答复；到期未答复的按同意计，届时可以批准。"
    if Stand.OBJECTED in stands and not note.strip():
        return "有单位不同意；如仍要批准，请写明理由。"
    return None


def sayings() -> tuple[str, ...]:
    """The fixed sentences here, for the test of the catalogue."""
    return tuple(_NOT_NOW.values())
