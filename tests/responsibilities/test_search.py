"""Finding an entry by what people remember of it."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from yixian.city import pack
from yixian.city.inforce import City, compile_city
from yixian.responsibilities.search import Asked, Shelf, compile_index, unit_name

from .conftest import TODAY


@pytest.fixture(scope="module")
def guangzhou() -> City:
    from tests.conftest import ROOT

    return compile_city(pack.read(ROOT / "packs" / "guangzhou"))


def codes(city: City, **asked: object) -> set[str]:
    return {entry.code for entry in compile_index(city).find(Asked(**asked), most=10_000).entries}  # type: ignore[arg-type]


def test_every_word_must_occur_wherever_it_stands(city: City) -> None:
    assert codes(city, words="harbour bylaw") == {"ST0101-1", "HB-1"}
    assert codes(city, words="STREET LIGHTS harbour") == {"ST0101-1"}, "names of matters above count, and case does not"
    assert codes(city, words="quay lamps") == {"ST0101-1"}, "so does the note"
    assert codes(city, words="nothing of the kind") == set()


def test_traditional_characters_find_what_is_written_in_simplified(guangzhou: City) -> None:
    found = codes(guangzhou, words="食品安全")
    assert found and codes(guangzhou, words="食品安全 市場監督") == codes(guangzhou, words="食品安全 市场监督") != set()


def test_a_unit_is_found_by_its_code_and_by_every_name_by_place(city: City) -> None:
    assert codes(city, unit="PA-H.noise") == {"NS-1", "NS01-1"}
    assert codes(city, unit="PA-H") == {"NS01-1", "NS01-3"}
    assert codes(city, unit="PA-N-1") == {"ST0101-2"}, "@street in Harbourside is another street"
    assert codes(city, unit="PA-H-1") == {"ST0101-1"}


def test_a_region_finds_what_may_hold_in_it(city: City) -> None:
    assert codes(city, region="PA-N-2", matter="ST") == {"ST-1"}
    assert codes(city, region="PA-N", matter="ST") == {"ST-1", "ST0101-2"}


def test_a_day_finds_what_is_in_force(city: City) -> None:
    assert {"NS01-2", "NS01-3"} <= codes(city)
    assert {"NS01-2", "NS01-3"} & codes(city, on=TODAY) == set()
    assert "NS01-2" in codes(city, on=date(2026, 6, 30)), "valid_to is the last day"


def test_stretches_follow_each_other(city: City) -> None:
    index = compile_index(city)
    first = index.find(Asked(), 0, 7)
    rest = index.find(Asked(), first.after, 7)
    assert (first.total, first.after, rest.after) == (10, 7, 0)
    assert [e.code for e in (*first.entries, *rest.entries)] == sorted(e.code for e in city.pack.responsibilities)


def test_the_index_is_made_once_a_city_and_again_for_another(city: City) -> None:
    shelf = Shelf()
    assert shelf.of(city) is shelf.of(city)
    assert len(shelf.of(city).texts) == len(city.pack.responsibilities)
    fewer = compile_city(msgspec.structs.replace(city.pack, responsibilities=city.pack.responsibilities[:1]))
    assert len(shelf.of(fewer).entries) == 1


def test_names_by_place_are_said_in_words(city: City, guangzhou: City) -> None:
    assert unit_name(city, "@district.noise") == "所在区 · Noise Team"
    assert unit_name(guangzhou, "@district.market-regulation") == "所在区 · 市场监督管理局"
    # A branch is named with whose it is: several functions have one.
    assert unit_name(guangzhou, "@district.public-security") == "所在区 · 公安分局"
    assert unit_name(guangzhou, "@district.ecology-environment") == "所在区 · 生态环境分局"
    assert unit_name(guangzhou, "@district.traffic-police") == "所在区 · 公安局交通警察大队"
    assert unit_name(city, "@street", {"所在街镇": "its street"}.__getitem__) == "its street"
    assert unit_name(city, "pa.roads") == "Roads and Lighting"
