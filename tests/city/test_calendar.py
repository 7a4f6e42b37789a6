"""Deadlines fall where a person with a wall calendar would put them."""

from __future__ import annotations

import timeit
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yixian.city.calendar import (
    Duration,
    TimeUnit,
    due,
    is_working_day,
    known_until,
    working_days_between,
    working_time_between,
)
from yixian.city.model import Calendar, WorkHours

CHINA = Calendar("cn")
WEEK = Calendar("mon-fri", (WorkHours(time(8, 30), time(12, 30)), WorkHours(time(13), time(17))))
GULF = Calendar("sun-thu", (WorkHours(time(7), time(14)),), exceptions=((date(2026, 3, 20), True), (date(2026, 3, 22), False)))
GUANGZHOU = "Asia/Shanghai"

calendars = st.sampled_from([(CHINA, GUANGZHOU), (WEEK, "Europe/London"), (GULF, "Asia/Dubai")])
seconds = st.integers(0, 7 * 365 * 24 * 3600)
instants = st.builds(lambda after: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=after), seconds)
counts = st.integers(1, 400)
durations = st.builds(Duration, counts, st.sampled_from(TimeUnit))


def there(text: str, zone: str = GUANGZHOU) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        # 国庆 and 中秋 2025: 1–8 October off; Sunday 28 September and Saturday 11 October worked.
        ("2025-09-26 10:00", "1wd", "2025-09-28 18:00"),
        ("2025-09-29 09:30", "1wd", "2025-09-30 18:00"),
        ("2025-09-30 17:59", "1wd", "2025-10-09 18:00"),
        ("2025-09-30 10:00", "3wd", "2025-10-11 18:00"),
        ("2025-09-30 10:00", "5wd", "2025-10-14 18:00"),
        ("2025-10-03 03:00", "1wd", "2025-10-09 18:00"),
        ("2025-09-30 17:00", "2wh", "2025-10-09 10:00"),
        ("2025-10-10 16:00", "4wh", "2025-10-11 11:00"),
        # 春节 2025: 28 January to 4 February off; Sunday 26 January and Saturday 8 February worked.
        ("2025-01-24 12:00", "1wd", "2025-01-26 18:00"),
        ("2025-01-27 12:00", "5wd", "2025-02-10 18:00"),
        ("2025-01-27 16:00", "4wh", "2025-02-05 11:00"),
        # 春节 2026: 15 to 23 February off; Saturdays 14 and 28 February worked.
        ("2026-02-13 15:00", "1wd", "2026-02-14 18:00"),
        ("2026-02-14 10:00", "1wd", "2026-02-24 18:00"),
        ("2026-02-14 10:00", "5wd", "2026-02-28 18:00"),
        ("2026-02-14 10:00", "6wd", "2026-03-02 18:00"),
        # 国庆 2026: 1–7 October off; Sunday 20 September and Saturday 10 October worked; 中秋 25–27 September off.
        ("2026-09-18 10:00", "1wd", "2026-09-20 18:00"),
        ("2026-09-24 10:00", "5wd", "2026-10-09 18:00"),
        ("2026-09-30 10:00", "3wd", "2026-10-10 18:00"),
        ("2026-09-30 17:30", "1wh", "2026-10-08 09:30"),
        # Clock hours know no holiday.
        ("2025-10-01 23:00", "2h", "2025-10-02 01:00"),
        # Working hours: the lunch break does not count; what fits the day ends with it.
        ("2026-03-03 11:30", "1wh", "2026-03-03 14:30"),
        ("2026-03-03 14:00", "4wh", "2026-03-03 18:00"),
        ("2026-03-03 18:00", "4wh", "2026-03-04 15:00"),
        ("2026-03-03 07:00", "7wh", "2026-03-03 18:00"),
        ("2026-03-03 03:00", "14wh", "2026-03-04 18:00"),
    ],
)
def test_due_around_chinese_holidays_as_computed_by_hand(start: str, duration: str, expected: str) -> None:
    assert due(CHINA, GUANGZHOU, there(start).astimezone(UTC), Duration.parse(duration)) == there(expected)


def test_a_day_is_the_citys_day_not_utcs() -> None:
    monday_early = datetime(2026, 3, 1, 17, tzinfo=UTC)  # 01:00 on Monday in Guangzhou, Sunday still in UTC
    assert due(CHINA, GUANGZHOU, monday_early, Duration.parse("1wd")) == there("2026-03-03 18:00")


def test_summer_time_moves_the_deadline_with_the_clock_on_the_wall() -> None:
    friday = there("2026-03-27 10:00", "Europe/London")  # the clocks go forward on Sunday
    assert due(WEEK, "Europe/London", friday, Duration.parse("1wd")) == datetime(2026, 3, 30, 16, tzinfo=UTC)


def test_exceptions_of_the_pack_override_the_usual_days() -> None:
    assert is_working_day(GULF, date(2026, 3, 20))
    assert not is_working_day(GULF, date(2026, 3, 22))
    late = Calendar("cn", exceptions=((date(2026, 10, 8), False),))
    assert due(late, GUANGZHOU, there("2026-09-30 10:00"), Duration.parse("1wd")) == there("2026-10-09 18:00")


def test_years_whose_holidays_are_not_announced_count_monday_to_friday_and_say_so() -> None:
    known = known_until(CHINA)
    assert known is not None and known >= date(2026, 12, 31)
    assert known_until(WEEK) is None
    assert is_working_day(CHINA, date(2050, 10, 3)) and not is_working_day(CHINA, date(2050, 10, 1))  # a Monday, a Saturday


@pytest.mark.parametrize("text", ["", "2", "h", "0h", "2 h", "2d", "-1wd", "1.5h", "2H", "24h "])
def test_what_is_not_a_duration_says_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="write 10m"):
        Duration.parse(text)


@given(durations)
def test_a_duration_reads_as_it_is_written(duration: Duration) -> None:
    assert Duration.parse(str(duration)) == duration


@given(calendars, instants, durations)
def test_nothing_is_due_before_it_began(city: tuple[Calendar, str], start: datetime, duration: Duration) -> None:
    assert due(*city, start, duration) > start


@given(calendars, instants, instants, durations)
def test_who_starts_later_is_never_due_earlier(city: tuple[Calendar, str], one: datetime, other: datetime, duration: Duration) -> None:
    earlier, later = sorted((one, other))
    assert due(*city, earlier, duration) <= due(*city, later, duration)


@given(calendars, instants, counts)
def test_working_days_end_on_a_working_day_with_its_hours(city: tuple[Calendar, str], start: datetime, count: int) -> None:
    calendar, zone = city
    end = due(calendar, zone, start, Duration(count, TimeUnit.WORKING_DAYS)).astimezone(ZoneInfo(zone))
    assert is_working_day(calendar, end.date())
    assert end.time() == calendar.hours[-1].end
    assert working_days_between(calendar, start.astimezone(ZoneInfo(zone)).date(), end.date()) == count


@given(calendars, instants, counts, counts, st.sampled_from([TimeUnit.WORKING_DAYS, TimeUnit.HOURS, TimeUnit.WORKING_HOURS]))
def test_two_spans_one_after_the_other_are_one_span(
    city: tuple[Calendar, str], start: datetime, first: int, second: int, unit: TimeUnit
) -> None:
    halfway = due(*city, start, Duration(first, unit))
    assert due(*city, halfway, Duration(second, unit)) == due(*city, start, Duration(first + second, unit))


@given(calendars, instants, counts)
def test_by_the_time_working_hours_are_due_they_have_been_worked(city: tuple[Calendar, str], start: datetime, count: int) -> None:
    end = due(*city, start, Duration(count, TimeUnit.WORKING_HOURS))
    assert working_time_between(*city, start, end) == timedelta(hours=count)
    assert working_time_between(*city, end, start) == -timedelta(hours=count)


@given(calendars, instants, instants, instants)
def test_working_time_adds_up(city: tuple[Calendar, str], one: datetime, two: datetime, three: datetime) -> None:
    whole = working_time_between(*city, one, three)
    assert whole == working_time_between(*city, one, two) + working_time_between(*city, two, three)


def test_a_deadline_costs_microseconds() -> None:
    start, duration = there("2026-09-30 17:30").astimezone(UTC), Duration.parse("9wh")
    due(CHINA, GUANGZHOU, start, duration)
    best = min(timeit.repeat(lambda: due(CHINA, GUANGZHOU, start, duration), number=1000, repeat=5))
    assert best / 1000 < 50e-6
