"""What the supervisor's board shows of disputes and consultations."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from yixian.db.pool import Transaction
from yixian.disputes import store
from yixian.tickets.supervising.model import Card, Figure

DISPUTES: Final = "争议审定"
CONSULTATIONS: Final = "会商"


async def disputes(tx: Transaction, now: datetime) -> Card:
    """How many are open and how many late. One statement."""
    counts = await store.counts(tx, "", now)
    return Card(
        DISPUTES,
        "/desk/disputes",
        (
            Figure("disputes.open", "审定中", counts.open, "/desk/disputes"),
            Figure("disputes.overdue", "已逾期", counts.overdue, "/desk/disputes?tab=overdue", "red"),
        ),
    )


async def consultations(tx: Transaction, now: datetime) -> Card:
    """How many answers of units are late. One statement."""
    late = await store.overdue_answers(tx, now)
    return Card(
        CONSULTATIONS,
        "/desk/consultations",
        (Figure("consultations.overdue", "逾期的单位答复", late, "/desk/consultations?tab=overdue", "red"),),
    )


def sayings() -> tuple[str, ...]:
    """For the test of the catalogue."""
    return (DISPUTES, CONSULTATIONS, "审定中", "已逾期", "逾期的单位答复")
