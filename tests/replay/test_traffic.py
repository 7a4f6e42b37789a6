from __future__ import annotations

from collections import Counter
from random import Random
from zoneinfo import ZoneInfo

import msgspec
import pytest

from yixian.city.model import Pack
from yixian.intake.model import Channel, Outcome
from yixian.replay.model import CannotReplay, Mix
from yixian.replay.traffic import DAY, HOURS, day, from_csv, moments

LONDON = ZoneInfo("Europe/London")


def test_the_same_seed_says_the_same_words(tiny: Pack) -> None:
    once = list(day(tiny, 200, Mix(), seed=7))
    assert once == list(day(tiny, 200, Mix(), seed=7))
    assert once != list(day(tiny, 200, Mix(), seed=8))


def test_a_day_has_its_two_peaks_and_a_quiet_night() -> None:
    found = list(moments(20_000, Random(1)))
    assert found == sorted(found)
    assert found[0] >= 0 and found[-1] < DAY
    hours = Counter(int(at // 3600) for at in found)
    assert {hour for hour, _ in hours.most_common(5)} >= {9, 10, 15}
    night = sum(hours[h] for h in (23, 0, 1, 2, 3, 4, 5)) / 20_000
    assert 0.03 <= night <= 0.05
    assert all(abs(hours[h] / 20_000 - HOURS[h] / sum(HOURS)) < 0.01 for h in range(24))


def test_a_day_is_mostly_online_and_mostly_answered_at_once(tiny: Pack) -> None:
    found = list(day(tiny, 5_000, Mix(), seed=1))
    contacts = [due.contact for due in found]
    online = sum(c.channel is not Channel.PHONE for c in contacts) / 5_000
    assert 0.6 < online < 0.7
    answered = sum(c.outcome is Outcome.ANSWERED for c in contacts) / 5_000
    assert 0.72 < answered < 0.82
    open_ended = sum(c.outcome in (None, Outcome.TICKET_OPENED) for c in contacts) / 5_000
    assert 0.17 < open_ended < 0.23
    assert Counter(c.outcome for c in contacts)[Outcome.ABANDONED] > 40


def test_what_only_operators_may_say_comes_from_operators(tiny: Pack) -> None:
    for due in day(tiny, 2_000, Mix(), seed=3):
        assert due.by_operator or (due.contact.outcome is None and not due.contact.answer)


def test_several_callers_call_again(tiny: Pack) -> None:
    phones = Counter(due.contact.caller.phone for due in day(tiny, 2_000, Mix(), seed=3) if due.contact.caller)
    assert sum(n > 1 for n in phones.values()) > 100


def test_a_pack_without_examples_says_what_is_missing(tiny: Pack) -> None:
    with pytest.raises(CannotReplay, match="examples"):
        next(day(msgspec.structs.replace(tiny, examples=()), 1, Mix(), seed=1))


def test_a_csv_is_played_by_the_time_of_day() -> None:
    lines = ["title,text,time", "Later,the lamp is out,2026-11-20 18:30:00", "Earlier,a hole,2026/11/21 09:00:05", "Empty,,"]
    found = list(from_csv(lines, LONDON))
    assert [due.contact.text for due in found] == ["Empty", "a hole", "the lamp is out"]
    assert [due.at for due in found] == [0.0, 9 * 3600 + 5, 18.5 * 3600]
    assert found[1].contact.title == "Earlier" and found[0].contact.title == ""
    received = found[2].contact.received_at
    assert received is not None and received.utcoffset() is not None


def test_a_csv_with_only_titles_is_played() -> None:
    assert [due.contact.text for due in from_csv(["title", "no water", "no light"], LONDON)] == ["no water", "no light"]


def test_a_csv_that_cannot_be_read_says_where() -> None:
    with pytest.raises(CannotReplay, match="column"):
        list(from_csv(["a,b", "1,2"], LONDON))
    with pytest.raises(CannotReplay, match="Line 3"):
        list(from_csv(["text,time", "a,", "b,yesterday"], LONDON))
