"""From a draft to its report: who may, which tickets join, what that does to their clocks, and who sees what."""

from __future__ import annotations


from tests.campaigns.conftest import Season




async def test_a_new_ticket_joins_within_one_look_of_the_worker_and_is_owed_sooner(season: Season) -> None:
    campaign = await season.running()
    season.passes(minutes=1)
    ticket = await season.open("pa.roads")
    ordinary = ticket.answer_due
    season.passes(seconds=2)
    await season.works()
    joined = await season.read(ticket)
    assert joined.campaign == campaign.id
    assert joined.special is not None
    assert (joined.special.name, joined.special.answer) == ("Dark nights", "1wd")
    assert ordinary is not None
    assert joined.answer_due is not None
    assert joined.answer_due < ordinary
    assert joined.answer_due == season.city.due(season.now, "1wd")
    assert await season.history(ticket) == ["register", "dispatch", "join"]
    told = await season.sees(season.handler("pa.roads"), ticket)
    assert told.ticket.special == joined.special
