"""The list names the unit that a person who knows the town would name."""

from __future__ import annotations

import timeit
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yixian.city.model import Audience, Level, Pack, RequestKind, Responsibility, Urgency
from yixian.city.responsibility import Assignment, Gap, Lacking, Register, compile_register, overlaps

TODAY = date(2026, 5, 1)


def ask(
    register: Register,
    matter: str,
    region: str | None = "PA-S-1",
    *,
    who: Audience = Audience.PERSON,
    night: bool = False,
    text: str = "",
    on: date = TODAY,
) -> Assignment | Gap:
    return register.resolve(matter, region, who, night, text, on)


def lead(answer: Assignment | Gap) -> str:
    assert isinstance(answer, Assignment), answer
    return answer.lead


def test_a_matter_without_an_entry_of_its_own_takes_that_of_the_matter_above(register: Register) -> None:
    assert ask(register, "ST0201") == Assignment("ST-1", "pa.roads", (), "Roads Order 12")


def test_an_own_entry_wins_over_one_above_and_only_where_it_holds(register: Register) -> None:
    assert lead(ask(register, "ST0101", "PA-H-1-a")) == "pa.harbour"
    assert lead(ask(register, "ST0101", "PA-S-1")) == "pa.roads"


def test_a_deeper_place_wins(tiny: Pack) -> None:
    wide = Responsibility("ST0101-3", "ST0101", "pa.waste", "x", date(2024, 1, 1), places=("PA-N",))
    register = compile_register(msgspec.structs.replace(tiny, responsibilities=(*tiny.responsibilities, wide)))
    assert lead(ask(register, "ST0101", "PA-N-1")) == "PA-N-1"
    assert lead(ask(register, "ST0101", "PA-N-2")) == "pa.waste"


def test_more_conditions_win_when_they_are_met(register: Register) -> None:
    assert lead(ask(register, "BN01")) == "pa.waste"
    assert lead(ask(register, "BN01", who=Audience.FIRM)) == "pa.contact"
    assert lead(ask(register, "NS01")) == "PA-S.noise"
    assert lead(ask(register, "NS01", night=True)) == "PA-S"


def test_words_count_whatever_their_case_and_only_while_the_entry_is_valid(register: Register) -> None:
    assert lead(ask(register, "NS01", text="the PILING again", on=date(2026, 6, 30))) == "pa.harbour"
    assert lead(ask(register, "NS01", text="the PILING again", on=date(2026, 7, 1))) == "PA-S.noise"


def test_units_by_place_are_found_from_any_depth(register: Register) -> None:
    assert lead(ask(register, "NS02", "PA-H-1-a")) == "PA-H.noise"
    assert lead(ask(register, "NS02", "PA-H")) == "PA-H.noise"


def test_without_the_place_it_says_how_finely_the_place_must_be_known(register: Register) -> None:
    assert ask(register, "NS02", None) == Gap(Lacking.PLACE, place_level=Level.DISTRICT, entry="NS-1")
    assert ask(register, "NS02", "PA") == Gap(Lacking.PLACE, place_level=Level.DISTRICT, entry="NS-1")


def test_entries_for_places_only_ask_for_the_place(tiny: Pack) -> None:
    only = tuple(e for e in tiny.responsibilities if e.code in ("ST0101-1", "ST0101-2"))
    register = compile_register(msgspec.structs.replace(tiny, responsibilities=only))
    assert ask(register, "ST0101", None) == Gap(Lacking.PLACE, place_level=Level.DISTRICT, entry="ST0101-1")
    assert ask(register, "ST0101", "PA-N") == Gap(Lacking.PLACE, place_level=Level.STREET, entry="ST0101-2")
    assert ask(register, "ST0101", "PA-S") == Gap(Lacking.ENTRY)


def test_nothing_in_the_list_is_a_gap_not_an_error(register: Register) -> None:
    assert ask(register, "ZZ99") == Gap(Lacking.ENTRY)
    assert ask(register, "ST0101", on=date(2020, 1, 1)) == Gap(Lacking.ENTRY)
    assert lead(ask(register, "ST0101", "nowhere")) == "pa.roads"


def test_a_unit_that_the_place_does_not_have_is_named_in_the_gap(tiny: Pack) -> None:
    units = tuple(unit for unit in tiny.units if unit.code != "PA-S.noise")
    register = compile_register(msgspec.structs.replace(tiny, units=units))
    assert ask(register, "NS02") == Gap(Lacking.UNIT, entry="NS-1", unit="@district.noise")


def test_co_units_are_found_by_place_too_and_those_that_cannot_be_are_said(register: Register) -> None:
    near, far = ask(register, "ST0101", "PA-H-1"), ask(register, "ST0101", "PA-H")
    assert isinstance(near, Assignment) and near.co == ("pa.roads", "PA-H-1") and near.unresolved_co == ()
    assert isinstance(far, Assignment) and far.co == ("pa.roads",) and far.unresolved_co == ("@street",)


def test_paths_end_in_a_slash_so_that_below_is_a_prefix(register: Register) -> None:
    assert register.unit_path("PA-H-1-a") == "pa/PA-H/PA-H-1/PA-H-1-a/"
    assert register.ancestors("PA-H-1-a") == ("PA-H-1-a", "PA-H-1", "PA-H", "PA")
    assert register.ancestors("nowhere") == ()


@pytest.mark.parametrize(
    ("kind", "urgency", "audience", "answer"),
    [
        (RequestKind.HELP, Urgency.NORMAL, Audience.PERSON, "10wd"),
        (RequestKind.HELP, Urgency.URGENT, Audience.FIRM, "2wd"),
        (RequestKind.COMPLAINT, Urgency.NORMAL, Audience.FIRM, "5wd"),
        (RequestKind.COMPLAINT, Urgency.URGENT, Audience.FIRM, "5wd"),
        (RequestKind.COMPLAINT, Urgency.URGENT, Audience.PERSON, "2wd"),
    ],
)
def test_the_limit_with_the_fewest_stars_holds(
    register: Register, kind: RequestKind, urgency: Urgency, audience: Audience, answer: str
) -> None:
    assert register.limit_for(kind, urgency, audience).answer == answer


def entry(code: str, **given: object) -> Responsibility:
    plain = Responsibility(code, "ST", "pa.roads", "x", date(2024, 1, 1))
    return msgspec.structs.replace(plain, **given)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ({}, {}, True),
        ({}, {"matter": "ST01"}, False),
        ({}, {"who": Audience.FIRM}, False),
        ({}, {"places": ("PA-N",)}, False),
        ({"places": ("PA-N", "PA-S")}, {"places": ("PA-S", "PA-H")}, True),
        ({"places": ("PA-N",)}, {"places": ("PA-N-1",)}, False),
        ({"night": True}, {"night": True}, True),
        ({"words": ("a", "b")}, {"words": ("b", "c")}, True),
        ({"words": ("a",)}, {"words": ("c",)}, False),
        ({"valid_to": date(2024, 12, 31)}, {"valid_from": date(2025, 1, 1)}, False),
        ({"valid_to": date(2025, 1, 1)}, {"valid_from": date(2025, 1, 1)}, True),
    ],
)
def test_entries_overlap_when_nothing_tells_which_of_them_holds(one: dict[str, object], other: dict[str, object], equal: bool) -> None:
    assert bool(list(overlaps([entry("A", **one), entry("B", **other)]))) is equal
    assert bool(list(overlaps([entry("B", **other), entry("A", **one)]))) is equal


@given(data=st.data(), night=st.booleans(), who=st.sampled_from(Audience), text=st.sampled_from(["", "piling", "nothing"]))
def test_an_answer_never_depends_on_the_order_of_the_file(
    tiny: Pack, register: Register, data: st.DataObject, night: bool, who: Audience, text: str
) -> None:
    shuffled = data.draw(st.permutations(tiny.responsibilities))
    other = compile_register(msgspec.structs.replace(tiny, responsibilities=tuple(shuffled)))
    matter = data.draw(st.sampled_from(tiny.matters)).code
    region = data.draw(st.sampled_from([None, *(region.code for region in tiny.regions)]))
    asked = (matter, region, who, night, text, TODAY)
    assert other.resolve(*asked) == register.resolve(*asked)


def test_asking_costs_microseconds(register: Register) -> None:
    best = min(timeit.repeat(lambda: ask(register, "NS01", "PA-H-1-a", night=True, text="drilling"), number=1000, repeat=5))
    assert best / 1000 < 40e-6
