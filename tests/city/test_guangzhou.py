"""The Guangzhou pack is complete: everyone who rings about anything, anywhere in the city, reaches a unit."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from yixian.city import pack
from yixian.city.calendar import Duration, is_working_day
from yixian.city.matters import leaves
from yixian.city.model import Audience, Level, LineMode, Pack, RequestKind, Urgency
from yixian.city.responsibility import Assignment, Register, compile_register
from yixian.city.tables import Severity

from .conftest import GUANGZHOU

TODAY = date(2026, 11, 1)


@pytest.fixture(scope="module")
def answers(guangzhou: Pack) -> Register:
    return compile_register(guangzhou)


def test_the_pack_has_no_error() -> None:
    assert [str(problem) for problem in pack.check(GUANGZHOU, TODAY) if problem.severity is Severity.ERROR] == []


def test_the_whole_city_is_there(guangzhou: Pack) -> None:
    levels = Counter(region.level for region in guangzhou.regions)
    assert (levels[Level.DISTRICT], levels[Level.STREET], levels[Level.COMMUNITY]) == (11, 178, 2_851)


def test_units_stand_on_all_five_levels_and_every_region_has_its_own(guangzhou: Pack, answers: Register) -> None:
    assert {unit.level for unit in guangzhou.units} == set(Level)
    by_region = {unit.code for unit in guangzhou.units}
    assert [region.code for region in guangzhou.regions if region.level is not Level.CITY and region.code not in by_region] == []
    assert all(path.endswith(f"{unit}/") for unit, path in answers.paths.items())


def test_at_least_116_units_get_tickets_from_the_citys_desk(guangzhou: Pack) -> None:
    assert sum(unit.first_level for unit in guangzhou.units) >= 116


def test_six_queues_and_a_register_of_92_lines(guangzhou: Pack) -> None:
    assert len(guangzhou.queues) == 6
    assert len(guangzhou.lines) == 92
    assert {line.mode for line in guangzhou.lines} == set(LineMode)


def test_at_least_400_matters_that_cover_the_six_queues(guangzhou: Pack) -> None:
    found = leaves(guangzhou.matters)
    assert len(found) >= 400
    assert {matter.queue for matter in found} == {queue.code for queue in guangzhou.queues}


def test_every_matter_is_said_in_six_ways_and_in_three_languages_over_all(guangzhou: Pack) -> None:
    ways = Counter(example.matter for example in guangzhou.examples)
    assert [leaf.code for leaf in leaves(guangzhou.matters) if ways[leaf.code] < 6] == []
    languages = Counter(example.language for example in guangzhou.examples)
    assert set(languages) == {"zh", "yue", "en"}
    assert min(languages["yue"], languages["en"]) >= 200


def test_every_matter_reaches_a_unit_in_every_district(guangzhou: Pack, answers: Register) -> None:
    deepest = {answers.ancestors(region.code)[-2]: region.code for region in guangzhou.regions if region.level is Level.COMMUNITY}
    assert len(deepest) == 11
    for matter, region, night in product(leaves(guangzhou.matters), deepest.values(), (False, True)):
        for audience in matter.audience:
            answer = answers.resolve(matter.code, region, audience, night, "", TODAY)
            assert isinstance(answer, Assignment), (matter.code, region, audience, night, answer)
            assert answer.basis and not answer.unresolved_co


def test_every_request_has_limits(guangzhou: Pack, answers: Register) -> None:
    for kind, urgency, audience in product(RequestKind, Urgency, Audience):
        limit = answers.limit_for(kind, urgency, audience)
        assert Duration.parse(limit.answer) and limit.source


def test_it_works_by_the_national_calendar(guangzhou: Pack) -> None:
    ZoneInfo(guangzhou.city.timezone)
    golden_week = [date(2026, 10, 1) + timedelta(days=day) for day in range(7)]
    assert not any(is_working_day(guangzhou.calendar, day) for day in golden_week)
    assert is_working_day(guangzhou.calendar, date(2026, 10, 10)), "a Saturday worked for the holiday"
