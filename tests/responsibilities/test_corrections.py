"""What people put right again and again becomes a draft for the list, with the tickets as evidence."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.responsibilities.conftest import Office

from yixian.db.outbox import Event
from yixian.db.pool import SYSTEM
from yixian.people.model import Role
from yixian.responsibilities import jobs, review, service

TOLD = {
    "matter": "ST0101", "region": "PA-N-2", "unit": "PA-N", "count": 3, "basis": "Roads Order 12",
    "numbers": ["PA2611160003", "PA2611160002", "PA2611160001"],
}  # fmt: skip


async def hear(office: Office, *told: dict[str, Any]) -> list[dict[str, Any]]:
    events = tuple(Event("correction.repeated", UUID(int=n), body, office.now) for n, body in enumerate(told))
    async with office.db.transaction(SYSTEM) as tx:
        await jobs.propose_corrections(tx, events)
    return [dict(r) for r in await office.owner.fetch("SELECT * FROM proposal ORDER BY number")]


async def test_repeated_corrections_become_one_draft_with_their_tickets_as_evidence(office: Office) -> None:
    await hear(office, TOLD)
    (draft,) = await hear(office, TOLD, {**TOLD, "count": 4})
    assert (draft["kind"], draft["state"], draft["source"], draft["source_ref"]) == ("new", "draft", "correction", "ST0101@PA-N-2>PA-N")
    assert all(number in draft["reason"] for number in TOLD["numbers"])
    assert "3 件" in draft["reason"]
    async with office.db.transaction(review.acting(office.editor)) as tx:
        await service.send(tx, office.editor, draft["id"], office.city, office.now)
    assert set((await office.sees(office.chief("PA-N"), draft["id"])).stands) == {"PA-N"}
    office.passes(days=10)
    await office.approves(office.other_editor, draft["id"])
    assert Role.KNOWLEDGE_EDITOR in office.other_editor.roles


async def test_what_the_list_says_already_or_cannot_hold_makes_nothing(office: Office) -> None:
    says = {**TOLD, "unit": "pa.roads"}
    unknown = [{**TOLD, name: "gone"} for name in ("matter", "region", "unit")]
    assert await hear(office, says, *unknown) == []
