"""How the city's names are shown to who reads no Chinese: readable, and the Chinese beside them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from yixian.city import pack
from yixian.city.inforce import City, Name, compile_city

GUANGZHOU = Path(__file__).parents[2] / "packs" / "guangzhou"


@pytest.fixture(scope="module")
def guangzhou() -> City:
    return compile_city(pack.read(GUANGZHOU))


def region(city: City, name: str) -> str:
    return next(r.code for r in city.pack.regions if r.name == name)


def test_a_street_and_its_office_read_in_english_with_the_chinese_beside(guangzhou: City) -> None:
    street = region(guangzhou, "江南中街道")
    assert guangzhou.region_in(street, "en") == Name("Jiangnanzhong Subdistrict, Haizhu District", "en", "海珠区江南中街道")
    assert guangzhou.unit_in(street, "en") == Name("Jiangnanzhong Subdistrict Office", "en", "江南中街道办事处")
    assert guangzhou.region_in(street, "zh") == Name("海珠区江南中街道", "zh")


def test_the_whole_city_is_called_by_its_name_and_not_by_its_code(guangzhou: City) -> None:
    city = region(guangzhou, "广州市")
    assert guangzhou.region_name(city) == "广州市"
    assert guangzhou.region_in(city, "en") == Name("Guangzhou", "en", "广州市")
    assert guangzhou.region_name("nowhere") == "nowhere"


@pytest.mark.parametrize(
    ("name", "english"),
    [
        ("东涌镇", "Dongchong Town"),
        ("吕田镇", "Lütian Town"),
        ("海幢街道", "Haizhuang Subdistrict"),
        ("十三行社区", "Shisanhang Community"),
        ("和安社区", "He'an Community"),
        ("石楼一村", "Shilouyi Village"),
    ],
)
def test_names_are_read_as_they_are_spoken_here(guangzhou: City, name: str, english: str) -> None:
    assert guangzhou.regions[region(guangzhou, name)].name_en == english


def test_nobody_meets_a_place_or_unit_without_a_readable_name(guangzhou: City) -> None:
    readable = re.compile(r"[^\u3400-\u9fff]+")
    for code in guangzhou.regions:
        name = guangzhou.region_in(code, "en")
        assert name.lang == "en" and readable.fullmatch(name.text) and name.text[0].isupper(), (code, name)
    for code in guangzhou.units:
        name = guangzhou.unit_in(code, "en")
        assert name.lang == "en" and readable.fullmatch(name.text) and name.beside, (code, name)
