"""What somebody missed: step by step, field by field."""

from __future__ import annotations

from tests.tickets.conftest import Town

from yixian.db.pool import SYSTEM
from yixian.tickets import changes, service
from yixian.tickets.model import Action, Ticket


async def missed(town: Town, ticket: Ticket, version: int) -> tuple[changes.Changed, ...]:
    async with town.db.transaction(SYSTEM) as tx:
        return changes.since(await service.history_of(tx, ticket.number), version, town.city)


def read(step: changes.Changed) -> dict[str, tuple[str, str]]:
    return {f.label: (f.before, f.after) for f in step.fields}


async def test_each_step_says_who_and_what_reads_differently(town: Town) -> None:
    ticket = await town.open(caller=None)
    await town.does(town.dispatcher, ticket, Action.DISPATCH, unit="pa.roads", basis="Roads Order 12", matter="ST0201")
    await town.does(town.handler("pa.roads"), ticket, Action.SIGN)
    await town.does(
        town.dispatcher, ticket, Action.REASSIGN, unit="pa.waste", co_units=("pa.harbour",), basis="Waste Order 2", note="It is rubbish"
    )
    first, signed, reassigned = await missed(town, ticket, 1)
    assert read(first) == {
        "状态": ("待派单", "待签收"), "主办单位": ("", "Roads and Lighting"), "依据": ("", "Roads Order 12"), "事项": ("", "Pothole"),
    }  # fmt: skip
    assert (signed.role, signed.unit, read(signed)) == ("handler", "pa.roads", {"状态": ("待签收", "办理中")})
    assert read(reassigned) == {
        "状态": ("办理中", "待签收"), "主办单位": ("Roads and Lighting", "Waste Services"), "协办单位": ("", "Harbour Master"),
        "依据": ("Roads Order 12", "Waste Order 2"),
    }  # fmt: skip
    assert reassigned.note == "It is rubbish"
    assert await missed(town, ticket, 3) == (reassigned,)
    assert await missed(town, ticket, 4) == ()


async def test_a_return_takes_the_lead_away(town: Town) -> None:
    ticket = await town.open("pa.roads")
    await town.does(town.handler("pa.roads"), ticket, Action.RETURN, note="Not ours", basis="Water Act 3")
    (returned,) = await missed(town, ticket, 2)
    assert read(returned)["主办单位"] == ("Roads and Lighting", "")
    assert read(returned)["状态"] == ("待签收", "待派单")
    await town.does(town.dispatcher, ticket, Action.AMEND, region="PA-H-1")
    (amended,) = await missed(town, ticket, 3)
    assert read(amended)["区域"] == ("", "HarboursideQuay Ward")
