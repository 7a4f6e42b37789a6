"""From a proposal to a list in force: who is asked, what silence means, who may approve, and what is refused."""

from __future__ import annotations

from datetime import date

from tests.responsibilities.conftest import SOON, Office, entry

from yixian.city.model import Audience
from yixian.responsibilities.model import State


async def test_an_approved_change_holds_from_its_day_and_not_before(office: Office) -> None:
    proposal = await office.proposes("ST-1", entry(office.city, "ST-1", lead="pa.harbour"))
    for unit in ("pa.roads", "pa.harbour"):
        await office.answers(office.chief(unit), proposal)
    [approved] = await office.approves(office.other_editor, proposal)
    assert (approved.state, approved.since) == (State.APPROVED, SOON)
    assert await office.versions("ST-1") == [("pa.roads", date(2024, 1, 1), date(2026, 11, 30)), ("pa.harbour", SOON, None)]
    register = (await office.in_force()).register

    def leads(on: date) -> object:
        return register.resolve("ST0201", "PA-N-1", Audience.PERSON, False, "", on).lead  # type: ignore[union-attr]

    assert (leads(date(2026, 11, 30)), leads(SOON)) == ("pa.roads", "pa.harbour")
