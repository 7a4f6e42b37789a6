"""Words, the field for the place, and coordinates: which of them settles it."""

from __future__ import annotations

import pytest

from yixian.language.model import PlaceFound
from yixian.language.normalise import normalise
from yixian.language.places import find_place
from yixian.language.position import as_said, by_coordinates
from yixian.language.service import Reader


def place(reader: Reader, text: str, district: str | None) -> PlaceFound:
    return by_coordinates(reader.gazetteer, find_place(reader.gazetteer, normalise(text)), district, text)


def test_coordinates_name_the_district_when_nobody_did(reader: Reader) -> None:
    assert place(reader, "路灯不亮", "E").region == "E"
    assert place(reader, "青石街25号门口很吵", "W").region == "W"
    assert place(reader, "青石街25号门口很吵", "W").ask == ""


def test_coordinates_choose_between_equal_names(reader: Reader) -> None:
    found = place(reader, "长乐社区停电", "W")
    assert (found.region, found.candidates, found.ask) == ("W12", (), "")


def test_what_the_words_say_more_finely_stays(reader: Reader) -> None:
    assert place(reader, "东岭区柳树街道和平社区有人养鸡", "E").region == "E11"


@pytest.mark.parametrize(("text", "region"), [("东岭区柳树街道停水", "E1"), ("长乐社区停电，在东岭区", "E12")])
def test_words_win_over_coordinates_and_the_question_is_asked(reader: Reader, text: str, region: str) -> None:
    found = place(reader, text, "W")
    assert found.region == region
    assert "西溪区" in found.ask


def test_no_coordinates_change_nothing(reader: Reader) -> None:
    assert place(reader, "长乐社区停电", None) == find_place(reader.gazetteer, "长乐社区停电")


def test_the_field_for_the_place_comes_before_the_message(reader: Reader) -> None:
    gazetteer = reader.gazetteer
    said = find_place(gazetteer, "西溪区茶亭镇长乐社区")
    assert as_said(gazetteer, find_place(gazetteer, "长乐社区停电"), said).region == "W12"
    assert as_said(gazetteer, find_place(gazetteer, "东岭区柳树街道的朋友也这么说"), said).region == "W12"
