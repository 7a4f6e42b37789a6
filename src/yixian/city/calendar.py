"""Working time: which days are worked, when something is due, how much working time has passed.

Pure arithmetic. Instants go in and come out in UTC; days and working hours are those of the city's own zone.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import chinese_calendar
import msgspec

from yixian.city.model import Calendar, WorkHours

_SATURDAY: Final = 5
_FRIDAY_AND_SATURDAY: Final = (4, 5)
_WRITTEN: Final = re.compile(r"([1-9][0-9]{0,4})(m|h|wh|wd)")

# The State Council announces each year in the November before; later years are not in the table yet.
_CHINA_KNOWN: Final = range(min(chinese_calendar.holidays).year, max(chinese_calendar.holidays).year + 1)


class TimeUnit(StrEnum):
    """What a duration counts."""

    MINUTES = "m"
    """Minutes of the clock, day and night."""

    HOURS = "h"
    """Hours of the clock, day and night."""

    WORKING_HOURS = "wh"
    WORKING_DAYS = "wd"


class Duration(msgspec.Struct, frozen=True):
    """How long something may take: `10m`, `2h`, `4wh`, `5wd`."""

    count: int
    unit: TimeUnit

    @staticmethod
    def parse(text: str) -> Duration:
        """Reads `10m` (minutes), `2h` (clock hours), `4wh` (working hours) or `5wd` (working days).

        Raises:
            ValueError: anything else, a zero included: a limit of nothing is always late.
        """
        return _parse(text)

    def __str__(self) -> str:
        """As it is written in a city pack."""
        return f"{self.count}{self.unit}"


@lru_cache(maxsize=256)
def _parse(text: str) -> Duration:
    written = _WRITTEN.fullmatch(text)
    if written is None:
        raise ValueError(f"'{text}' is not a duration: write 10m (minutes), 2h (clock hours), 4wh (working hours) or 5wd (working days)")
    return Duration(int(written[1]), TimeUnit(written[2]))


def known_until(calendar: Calendar) -> date | None:
    """The last day whose public holidays are known; None when the calendar needs no yearly announcement.

    After that day a `cn` calendar counts Monday to Friday, except for the pack's own exceptions.
    """
    return date(_CHINA_KNOWN[-1], 12, 31) if calendar.workdays == "cn" else None


def is_working_day(calendar: Calendar, day: date) -> bool:
    """Whether the city's offices work on this day, by its own reckoning of days."""
    days = _working_days(calendar, day.year)
    at = bisect_left(days, day.toordinal())
    return at < len(days) and days[at] == day.toordinal()


def due(calendar: Calendar, timezone: str, start: datetime, duration: Duration) -> datetime:
    """When something that started at `start` (UTC) is due (UTC).

    Working days are counted after the day of the start, and end with the working hours of the last one.
    Working hours begin at once, or with the next working day's hours.
    """
    if duration.unit is TimeUnit.MINUTES:
        return start + timedelta(minutes=duration.count)
    if duration.unit is TimeUnit.HOURS:
        return start + timedelta(hours=duration.count)
    zone = _zone(timezone)
    local = start.astimezone(zone)
    if duration.unit is TimeUnit.WORKING_DAYS:
        day = _working_day_after(calendar, local.toordinal(), duration.count)
        return datetime.combine(date.fromordinal(day), _last_hour(calendar), zone).astimezone(UTC)
    return _after_working_hours(calendar, local, timedelta(hours=duration.count)).astimezone(UTC)


def working_time_between(calendar: Calendar, timezone: str, start: datetime, end: datetime) -> timedelta:
    """How much working time lies between two instants (UTC); negative when `end` is the earlier one."""
    if end < start:
        return -working_time_between(calendar, timezone, end, start)
    zone = _zone(timezone)
    return _worked_since_new_year(calendar, end.astimezone(zone), start.astimezone(zone).year) - _worked_since_new_year(
        calendar, start.astimezone(zone), start.astimezone(zone).year
    )


def working_days_between(calendar: Calendar, after: date, until: date) -> int:
    """How many working days come after the first day, up to and with the second."""
    if until < after:
        return -working_days_between(calendar, until, after)
    return _working_days_before(calendar, until + timedelta(days=1), after.year) - _working_days_before(
        calendar, after + timedelta(days=1), after.year
    )


def _after_working_hours(calendar: Calendar, local: datetime, owed: timedelta) -> datetime:
    """The first instant at which `owed` working time has passed: the end of a day's hours, not the start of the next day's."""
    today = local.toordinal()
    if is_working_day(calendar, local.date()):
        owed += _worked_by(calendar.hours, local.time())
        first_day = 0
    else:
        first_day = 1
    whole_day = _whole_day(calendar.hours)
    further_days = -(-owed // whole_day) - 1
    day = today if first_day + further_days == 0 else _working_day_after(calendar, today, first_day + further_days)
    return datetime.combine(date.fromordinal(day), _when_worked(calendar.hours, owed - further_days * whole_day), local.tzinfo)


def _worked_since_new_year(calendar: Calendar, local: datetime, year: int) -> timedelta:
    days = _working_days_before(calendar, local.date(), year) * _whole_day(calendar.hours)
    if is_working_day(calendar, local.date()):
        return days + _worked_by(calendar.hours, local.time())
    return days


def _working_days_before(calendar: Calendar, day: date, since_year: int) -> int:
    whole_years = sum(len(_working_days(calendar, year)) for year in range(since_year, day.year))
    return whole_years + bisect_left(_working_days(calendar, day.year), day.toordinal())


def _working_day_after(calendar: Calendar, day: int, count: int) -> int:
    """The ordinal of the `count`-th working day after `day`."""
    year = date.fromordinal(day).year
    days = _working_days(calendar, year)
    at = bisect_right(days, day) + count - 1
    while at >= len(days):
        at -= len(days)
        year += 1
        days = _working_days(calendar, year)
    return days[at]


@lru_cache(maxsize=512)
def _working_days(calendar: Calendar, year: int) -> tuple[int, ...]:
    """The year's working days as ordinals, in order."""
    exceptions = dict(calendar.exceptions)
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    days = (date.fromordinal(ordinal) for ordinal in range(first, last + 1))
    return tuple(day.toordinal() for day in days if exceptions.get(day, _is_usually_worked(calendar.workdays, day)))


def _is_usually_worked(workdays: str, day: date) -> bool:
    if workdays == "cn" and day.year in _CHINA_KNOWN:
        return chinese_calendar.is_workday(day)
    if workdays == "sun-thu":
        return day.weekday() not in _FRIDAY_AND_SATURDAY
    return day.weekday() < _SATURDAY


@lru_cache(maxsize=64)
def _whole_day(hours: tuple[WorkHours, ...]) -> timedelta:
    return sum((_since_midnight(stretch.end) - _since_midnight(stretch.start) for stretch in hours), timedelta())


def _last_hour(calendar: Calendar) -> time:
    return calendar.hours[-1].end


def _worked_by(hours: tuple[WorkHours, ...], at: time) -> timedelta:
    """How much of a working day has been worked by this time of it."""
    moment = _since_midnight(at)
    worked = timedelta()
    for stretch in hours:
        start, end = _since_midnight(stretch.start), _since_midnight(stretch.end)
        worked += max(timedelta(), min(moment, end) - start)
    return worked


def _when_worked(hours: tuple[WorkHours, ...], worked: timedelta) -> time:
    """The first time of a working day by which this much has been worked; `worked` is above zero and at most a whole day."""
    for stretch in hours:
        start, end = _since_midnight(stretch.start), _since_midnight(stretch.end)
        if worked <= end - start:
            return (datetime.combine(date.min, stretch.start) + worked).time()
        worked -= end - start
    raise ValueError("more working time than the day has")


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond)


@lru_cache(maxsize=16)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
