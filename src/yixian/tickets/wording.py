"""Keeping the texts that answers begin from: a unit's reviewer keeps the unit's, a knowledge editor the whole city's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from yixian.city.inforce import City
from yixian.db.ids import new_id
from yixian.db.pool import Transaction
from yixian.people import audit
from yixian.people.model import Actor, Role
from yixian.tickets import answers, store
from yixian.tickets.answers import Draft
from yixian.tickets.model import AnswerTemplate, Ticket


class Unfit(Exception):
    """A draft that cannot be used; carries `(field, sentence)` for each reason."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__(problems[0][1])
        self.problems = tuple(problems)


class NotYours(Exception):
    """No such template, or one of somebody else: the two look the same on purpose."""

    def __init__(self) -> None:
        super().__init__("没有这个模板，或不归您维护。")


class Changed(Exception):
    """Somebody changed it in between."""

    def __init__(self) -> None:
        super().__init__("这个模板刚刚被他人修改，请核对最新内容后再保存。")


def owner(actor: Actor) -> str | None:
    """Code of the unit whose templates this person keeps; empty for the whole city's, None for who keeps none."""
    if Role.UNIT_REVIEWER in actor.roles:
        return actor.unit
    return "" if Role.KNOWLEDGE_EDITOR in actor.roles else None


async def fitting(tx: Transaction, ticket: Ticket, city: City) -> tuple[AnswerTemplate, ...]:
    """Templates for an answer to this ticket, the closest unit's first. One statement."""
    return await store.templates(tx, answers.matters_up(city, ticket.matter))


async def kept(tx: Transaction) -> tuple[AnswerTemplate, ...]:
    """All that the acting person may use. One statement."""
    return await store.templates(tx, None)


async def usable(tx: Transaction, identifier: UUID) -> AnswerTemplate:
    """One that the acting person may use.

    Raises:
        NotYours: there is none.
    """
    found = await store.template(tx, identifier)
    if found is None or found.retired_at is not None:
        raise NotYours
    return found


async def keep(
    tx: Transaction, actor: Actor, identifier: UUID | None, draft: Draft, version: int, city: City, now: datetime
) -> AnswerTemplate:
    """Keeps a new template (`identifier` None), or changes one that stands at `version`; who and when is in the audit.

    Raises:
        NotYours: this person keeps no templates, or not this one.
        Unfit: the draft cannot be used.
        Changed: it does not stand at `version` any more.
    """
    if (unit := owner(actor)) is None:
        raise NotYours
    if problems := answers.problems(draft, city):
        raise Unfit(problems)
    matter, title, text = draft.matter or None, draft.title.strip(), draft.text.strip()
    if identifier is None:
        new = AnswerTemplate(new_id(now), unit or None, matter, title, text, now, actor.id)
        await store.put_template(tx, new, city.register.unit_path(unit) if unit else "")
    else:
        before = await _own(tx, identifier, unit)
        new = msgspec.structs.replace(
            before, matter=matter, title=title, text=text, changed_at=now, changed_by=actor.id, version=version + 1
        )
        if not await store.change_template(tx, new):
            raise Changed
    await audit.record(
        tx, actor.id, "template.keep", now, subject=str(new.id), body={"unit": unit, "matter": matter, "title": title, "text": text}
    )
    return new


async def retire(tx: Transaction, actor: Actor, identifier: UUID, version: int, now: datetime) -> None:
    """Takes a template out of use; answers that were written with it stay as they are.

    Raises:
        NotYours, Changed: as for `keep`.
    """
    if (unit := owner(actor)) is None:
        raise NotYours
    before = await _own(tx, identifier, unit)
    gone = msgspec.structs.replace(before, retired_at=now, changed_at=now, changed_by=actor.id, version=version + 1)
    if not await store.change_template(tx, gone):
        raise Changed
    await audit.record(tx, actor.id, "template.retire", now, subject=str(identifier), body={"unit": unit, "title": before.title})


async def _own(tx: Transaction, identifier: UUID, unit: str) -> AnswerTemplate:
    found = await usable(tx, identifier)
    if (found.unit or "") != unit:
        raise NotYours
    return found
