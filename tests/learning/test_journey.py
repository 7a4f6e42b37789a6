"""From corrections to a model, live, and back."""

from __future__ import annotations

from tests.learning.conftest import School

from yixian.dispatch.model import Why

WORDING = "Seagulls pulled the sacks to shreds near the {}, scraps blowing about"
PLACES = ("bridge", "chapel", "mill", "inn", "bakery", "library", "school", "barn", "forge", "green", "cross", "well")
LIKE_IT = "Seagulls have the sacks in shreds near the post office, scraps everywhere"


async def test_what_dispatchers_correct_is_read_rightly_once_it_is_live_and_as_before_after_going_back(school: School):
    before = school.looks(LIKE_IT)
    assert before.why is not Why.SURE and before.suggestions[0].unit != "pa.waste"
    for place in PLACES:
        ticket = await school.says(WORDING.format(place))
        if ticket.lead:
            await school.reassigned(ticket, "pa.waste", "BN01")
        else:
            await school.dispatched(ticket, "pa.waste", "BN01")
    await school.hand_on()

    model = await school.train("Gulls")
    assert (model.version, model.examples, model.card.by_source) == (1, 12, {"choice": 12})
    assert school.looks(LIKE_IT) == before, "a model that is not live changes nothing"

    await school.go_live(1)
    after = school.looks(LIKE_IT)
    assert (after.suggestions[0].matter, after.suggestions[0].unit) == ("BN01", "pa.waste")
    assert after.why is Why.SURE
    ticket = await school.says(LIKE_IT)
    assert (ticket.lead, ticket.dispatched_by) == ("pa.waste", "gate")

    await school.go_back()
    assert school.looks(LIKE_IT) == before
