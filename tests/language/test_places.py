from __future__ import annotations

import pytest

from yixian.language.normalise import normalise
from yixian.language.places import find_place
from yixian.language.service import Reader


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("东岭区柳树街道和平社区有人养鸡", "E11"),
        ("西溪区的和平村", "W11"),
        ("东岭区长乐社区", "E12"),
        ("茶亭镇长乐社区停电", "W12"),
        ("柳树街道办不理人", "E1"),
        ("东岭长乐社区", "E12"),
        ("望江公园门口", "E2"),
        ("柳荫路路灯坏了，东岭区的", "E1"),
        ("东岭区火车站门口", "E13"),
    ],
)
def test_the_deepest_certain_region_is_found(reader: Reader, text: str, region: str) -> None:
    assert find_place(reader.gazetteer, normalise(text)).region == region


def test_a_name_that_fits_several_regions_gives_candidates(reader: Reader) -> None:
    found = find_place(reader.gazetteer, "长乐社区停电")
    assert found.region is None
    assert found.candidates == ("E12", "W12")


def test_a_road_that_crosses_a_district_border_is_uncertain_by_itself(reader: Reader) -> None:
    found = find_place(reader.gazetteer, "柳荫路")
    assert (found.region, found.candidates) == (None, ("E1", "W1"))


@pytest.mark.parametrize("text", ["希望世界和平", "火车站到处是人", "长乐未央", "东岭大道堵车", "西溪公园"])
def test_ordinary_words_and_other_things_names_are_no_regions(reader: Reader, text: str) -> None:
    assert find_place(reader.gazetteer, text).region is None


def test_house_numbers_stay_with_the_place(reader: Reader) -> None:
    assert find_place(reader.gazetteer, "在东岭区柳荫路12号3栋对面").text == "东岭区柳荫路12号3栋"
    assert find_place(reader.gazetteer, "青石街25号门口").text == "青石街25号"
    assert find_place(reader.gazetteer, "的士司机绕路").text == ""
