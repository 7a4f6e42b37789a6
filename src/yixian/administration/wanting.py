"""From what somebody filled in, as texts, to the change that is wanted: the same for the pages and for the JSON door."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID, uuid5

import msgspec

from yixian.administration import fields, service, words
from yixian.administration.model import CLOCKED, Clocks, Deed, Wanted
from yixian.administration.service import KeyUsed, NotFound
from yixian.city.adjustments import Adjustment, Body, Thing
from yixian.city.inforce import City
from yixian.db.pool import Transaction
from yixian.people.model import Actor
from yixian.tickets import choices
from yixian.tickets.choices import Unclear, What


class Sheet(msgspec.Struct, frozen=True):
    """What was filled in, as typed."""

    thing: Thing
    deed: Deed
    code: str
    values: dict[str, str]
    partial: bool = False
    """What is not named stays as it is; of a form, a field that is not named is empty."""
    errors: dict[str, str] = msgspec.field(default_factory=dict[str, str])


class Wrong(Exception):
    """What was typed cannot be read: sentences by field."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(next(iter(errors.values()), ""))
        self.errors = errors


async def wanted(tx: Transaction, actor: Actor, sheet: Sheet, city: City, now: datetime) -> Wanted:
    """What the sheet asks for.

    Raises:
        Wrong: what was typed cannot be read.
        NotFound: there is no such thing on that day.
        Refused: not for this person.
    """
    sent, thing, code = sheet.values, sheet.thing, sheet.code
    errors: dict[str, str] = {}
    try:
        since = date.fromisoformat(sent.get("since", ""))
    except ValueError:
        since, errors["since"] = service.today(city, now), "请填写生效日期，例如 2026-01-31。"
    if not sent.get("reason", "").strip():
        errors["reason"] = "请写明理由，会留在变更记录中。"
    body: Body | None = None
    if sheet.deed in (Deed.ADD, Deed.CHANGE):
        standing = None if sheet.deed is Deed.ADD else await _standing(tx, actor, sheet, city, since)
        filled = fields.read(thing, _whole(sheet, standing, city), city, standing)
        errors, body = {**filled.errors, **errors}, filled.body
        if sheet.deed is Deed.ADD and body is not None:
            try:
                code = fields.code_of(thing, body, await service.codes(tx, actor, thing, city))
            except ValueError as error:
                errors[fields.KEY.get(thing, "parent")] = str(error)
    successor = _successor(sheet, city, errors)
    if errors:
        raise Wrong(errors)
    return Wanted(
        thing, code, sheet.deed, since, sent["reason"].strip(), body, successor,
        (sent["field"],) if sent.get("field") else (), _id(sent.get("change", "")), clocks(sheet), None, sent.get("seen", ""),
    )  # fmt: skip


NAMESPACE: Final = UUID("8c2ee1d6-5d1c-5a43-9a77-6f3a9f5d2b10")


async def decide_once(
    tx: Transaction, actor: Actor, sheet: Sheet, key: str | None, city: City, now: datetime, address: str = ""
) -> tuple[Adjustment, bool]:
    """Makes the change; and whether it was made before: the same `key` from the same person gives the same change.

    Raises:
        KeyUsed: the key stands for another change.
        Wrong, NotFound, Refused: as for `wanted`.
        Overtaken, Blocked, Unfit: as for `service.decide`.
    """
    if key is None:
        return await service.decide(tx, actor, await wanted(tx, actor, sheet, city, now), city, now, address), False
    identifier = uuid5(NAMESPACE, f"{actor.id} {key}")
    before = await service.decided(tx, actor, identifier)
    if before is not None:
        if not _same(before, sheet, city):
            raise KeyUsed("这个幂等键已经用于另一项变更，请换一个。")
        return before, True
    asked = msgspec.structs.replace(await wanted(tx, actor, sheet, city, now), id=identifier)
    return await service.decide(tx, actor, asked, city, now, address), False


def _same(before: Adjustment, sheet: Sheet, city: City) -> bool:
    """Whether a change is what the sheet asks for."""
    sent = sheet.values
    asked = (sheet.thing, sent.get("since", ""), sent.get("reason", "").strip(), clocks(sheet), _id(sent.get("change", "")))
    if asked != (before.thing, before.since.isoformat(), before.reason, service.clocks_of(before), before.undoes):
        return False
    if sheet.deed in (Deed.ADD, Deed.CHANGE):
        standing = before.before if sheet.deed is Deed.CHANGE else None
        body = fields.read(sheet.thing, _whole(sheet, standing, city), city, standing).body
        after = before.after or {}
        return body is not None and all(after.get(name) == value for name, value in body.items())
    return sheet.code == before.code and _successor(sheet, city, {}) == before.successor


def _whole(sheet: Sheet, standing: Body | None, city: City) -> dict[str, str]:
    """What was typed; of a partial sheet, with what stands in the fields that it does not name."""
    if not sheet.partial or standing is None:
        return sheet.values
    return {field.name: fields.write(field, standing, city) for field in fields.FIELDS[sheet.thing]} | sheet.values


async def _standing(tx: Transaction, actor: Actor, sheet: Sheet, city: City, since: date) -> Body:
    """How the thing will read on that day: what the sheet does not name stays so."""
    found = await service.reads_on(tx, actor, sheet.thing, sheet.code, city, since)
    if found is None:
        raise NotFound("它在这一天不存在，或已经关闭，不能修改。")
    return found


def _successor(sheet: Sheet, city: City, errors: dict[str, str]) -> str:
    text = sheet.values.get("successor", "").strip()
    if not text or sheet.thing not in words.SUCCESSORS:
        return ""
    if sheet.thing is Thing.QUEUE:
        return text
    try:
        return choices.code_of(city, What.UNITS if sheet.thing is Thing.UNIT else What.MATTERS, text)
    except Unclear as unclear:
        errors["successor"] = str(unclear)
        return ""


def clocks(sheet: Sheet) -> Clocks:
    """What was chosen for running tickets; a form asks only where clocks run by the thing."""
    chosen = sheet.values.get("clocks", "")
    return Clocks(chosen) if chosen in tuple(Clocks) and (sheet.partial or sheet.thing in CLOCKED) else Clocks.KEEP


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
