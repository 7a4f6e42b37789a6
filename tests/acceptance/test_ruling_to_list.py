"""From an objection through a ruling to a proposal for the responsibility list, by the worker's own wiring."""

from __future__ import annotations

from tests.disputes.conftest import Court, city, court

from yixian.db import outbox
from yixian.disputes import jobs as dispute_jobs
from yixian.responsibilities import jobs as list_jobs

__all__ = ["city", "court"]


async def test_a_ruling_is_a_proposal_for_the_list(court: Court) -> None:
    _, dispute = await court.disputed(named="pa.waste")
    await court.rules(dispute, "pa.waste", basis="Waste Order 2")
    consumers = {**dispute_jobs.consumers(), **list_jobs.consumers()}
    for _ in range(2):
        await court.owner.execute("UPDATE event SET done_at = NULL WHERE kind = 'dispute.ruled'")
        while await outbox.hand_on(court.db, consumers, court.now):
            pass
    proposals = await court.owner.fetch("SELECT to_json(p) AS p FROM proposal p")
    assert len(proposals) == 1
    assert all(word in proposals[0]["p"] for word in ("pa.waste", "Waste Order 2", "ST0101", "ruling"))
