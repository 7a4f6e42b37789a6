"""What is known of a caller costs the same however long their history is."""

from __future__ import annotations

from tests.intake.conftest import NOW
from tests.tickets.test_lists import counting

from yixian.city.model import Audience
from yixian.db.pool import SYSTEM
from yixian.intake import known, service
from yixian.intake.model import ContactIn
from yixian.intake.service import Means
from yixian.people import callers
from yixian.people.model import CallerIn

FIRM = CallerIn(name="Ash Quay Trading Ltd", phone="+447700900200", kind=Audience.FIRM, identity="91440101MA5XXXXX0A")


async def said(means: Means, caller: CallerIn, count: int) -> None:
    for n in range(count):
        contact = ContactIn(f"The street light number {n} in Castle Ward is out", caller=caller, separate=True)
        await service.record(means, contact, None, None, NOW)


async def statements(means: Means) -> int:
    async with means.db.transaction(SYSTEM) as tx, counting(tx) as sent:
        found = await known.known(tx, means.vault, FIRM.phone, "GB", NOW)
    assert found is not None
    return len(sent)


async def test_a_long_history_costs_no_more_statements(means: Means):
    await said(means, FIRM, 2)
    await statements(means)  # the first look prepares them
    few = await statements(means)
    await said(means, FIRM, 12)
    assert await statements(means) == few <= 6


async def test_what_is_open_comes_first_and_no_more_than_ten(means: Means):
    await said(means, FIRM, 12)
    async with means.db.transaction(SYSTEM) as tx:
        found = await known.known(tx, means.vault, FIRM.phone, "GB", NOW)
    assert found is not None
    assert len(found.tickets) == len(found.contacts) == known.LATEST
    assert all(t.open for t in found.tickets)
    assert (found.lately, found.repeated) == (12, True)


def test_a_firm_is_the_same_however_its_legal_form_is_said():
    assert callers.normal_firm("广州市粤海（天河）餐饮有限公司") == callers.normal_firm("广州市粤海(天河)餐饮")
    assert callers.normal_firm("Ash Quay Trading Ltd.") == callers.normal_firm("ash quay trading")
    assert callers.normal_firm("公司") == "公司"
