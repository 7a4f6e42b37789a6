from __future__ import annotations

from array import array

from yixian.replay.report import Kept, Latency, Tally, in_words, latency
from yixian.replay.units import Ended
from yixian.tickets.model import Action, State


def test_percentiles_are_in_milliseconds():
    found = latency(array("f", [0.001 * (n + 1) for n in range(100)]))
    assert (found.n, found.p50, found.p95, found.p99, found.most) == (100, 51.0, 96.0, 100.0, 100.0)
    assert latency(array("f")) == Latency(0, 0.0, 0.0, 0.0, 0.0)


def test_what_was_refused_is_counted_by_what_was_asked():
    tally = Tally()
    tally.contact_answered(201, 0.01)
    tally.contact_answered(503, 0.01)
    tally.contact_answered(0, 0.01)
    tally.step_answered(Action.SIGN, 200, 0.01)
    tally.step_answered(Action.SIGN, 409, 0.01)
    tally.ended(Ended(State.HANDLING, 2, "reply: 409"))
    report = tally.report("r", "d", 1.0, 2.0, 0.005, None)
    assert report.refused == {"contact 503": 1, "contact lost": 1, "sign 409": 1}
    assert report.life_cycle == {"sign": 1} and report.stuck == {"reply: 409": 1} and report.left_in == {"handling": 1}
    assert report.requests == 5 and report.client_cpu_ms_per_request == 1.0


def test_a_loss_is_said_plainly():
    tally = Tally()
    tally.sent = tally.acknowledged = 3
    lost = tally.report("r", "d", 1.0, 1.0, 0.0, Kept("database", 3, missing=1, twice=0, unasked=0))
    assert "1 missing" in in_words(lost)
    tally.sent = 4
    unanswered = tally.report("r", "d", 1.0, 1.0, 0.0, Kept("database", 3, missing=0, twice=0, unasked=1))
    assert "1 never acknowledged" in in_words(unanswered)
