"""Sure, or ask: what the gate lets through and why it asks."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

from yixian.city import pack
from yixian.city.inforce import City, compile_city
from yixian.city.model import Audience, Gate, Level, RequestKind, Urgency
from yixian.dispatch import gate, labelled
from yixian.dispatch.model import Why
from yixian.language.model import MatterGuess, PlaceFound, Reading

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def city() -> City:
    read = pack.read(Path(__file__).parents[1] / "packs" / "tiny")
    return compile_city(msgspec.structs.replace(read, gate=Gate(target=0.97, margin=0.3, floor=0.6)))


def reading(*guesses: tuple[str, float], region: str | None = None, language: str = "en", night: bool = False) -> Reading:
    return Reading(
        "The light is out", language, RequestKind.HELP, tuple(MatterGuess(m, s) for m, s in guesses), PlaceFound(region),
        Urgency.NORMAL, Audience.PERSON, night,
    )  # fmt: skip


def test_a_clear_matter_goes_to_its_unit_with_its_basis(city: City) -> None:
    decision = gate.decide(reading(("ST0201", 0.9)), city, TODAY)
    assert decision.sure
    best = decision.suggestions[0]
    assert (best.unit, best.basis) == ("pa.roads", "Roads Order 12")


def test_the_place_decides_whose_lamp_it_is(city: City) -> None:
    quay = gate.decide(reading(("ST0101", 0.9), region="PA-H-1"), city, TODAY).suggestions[0]
    castle = gate.decide(reading(("ST0101", 0.9), region="PA-N-1"), city, TODAY).suggestions[0]
    assert (quay.unit, castle.unit) == ("pa.harbour", "PA-N-1")
    assert "pa.roads" in quay.co_units


def test_what_somebody_said_more_surely_counts_more_than_the_words(city: City) -> None:
    decision = gate.decide(reading(("ST0101", 0.9), region="PA-N-1"), city, TODAY, region="PA-H-1")
    assert decision.suggestions[0].unit == "pa.harbour"


def test_two_matters_of_the_same_unit_are_no_doubt_about_the_unit(city: City) -> None:
    same = gate.decide(reading(("ST0201", 0.8), ("ST0202", 0.75)), city, TODAY)
    other = gate.decide(reading(("ST0201", 0.8), ("BN02", 0.75)), city, TODAY)
    assert same.sure
    assert other.why is Why.CLOSE_CALL


def test_a_weak_match_is_shown_to_a_dispatcher(city: City) -> None:
    decision = gate.decide(reading(("ST0201", 0.5)), city, TODAY)
    assert decision.why is Why.UNSURE
    assert decision.suggestions[0].unit == "pa.roads", "with its suggestion all the same"


def test_without_any_match_a_dispatcher_reads(city: City) -> None:
    assert gate.decide(reading(), city, TODAY).why is Why.NOTHING_FITS


def test_a_unit_by_place_needs_the_place_and_says_how_fine(city: City) -> None:
    decision = gate.decide(reading(("NS02", 0.9)), city, TODAY)
    assert decision.why is Why.PLACE_NEEDED
    assert decision.suggestions[0].place_needed is Level.DISTRICT


def test_a_language_that_is_not_the_citys_own_is_read_by_a_person(city: City) -> None:
    assert gate.decide(reading(("ST0201", 0.9), language="other"), city, TODAY).why is Why.LANGUAGE


def test_nobody_handles_a_complaint_about_themselves(city: City) -> None:
    decision = gate.decide(reading(("ST0201", 0.9)), city, TODAY, complained_unit="pa.roads")
    assert decision.why is Why.ABOUT_THE_UNIT
    assert gate.settled("ST0201", reading(), city, TODAY, None, complained_unit="pa.roads").why is Why.ABOUT_THE_UNIT


def test_what_a_person_settled_is_not_asked_again(city: City) -> None:
    decision = gate.settled("ST0201", reading(("BN02", 0.4)), city, TODAY, None)
    assert decision.sure
    assert [s.matter for s in decision.suggestions] == ["ST0201", "BN02"]


def test_labelled_files_of_each_form_are_read(tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text("title,text,label\n路灯,不亮了,城建\n", encoding="utf-8")
    two.write_text("tokens,label\n路灯 不亮,城建\n", encoding="utf-8")
    assert labelled.read(one, two) == labelled.Labelled(("路灯\n不亮了", "路灯 不亮"), ("城建", "城建"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"text,kind\na,b\n", "needs the columns"),
        (b"text,label\na,\n", ":2: the label is empty"),
        ("text,label\n路灯,城建\n".encode("gbk"), "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    with pytest.raises(labelled.Unreadable, match=said):
        labelled.read(file)


def test_what_happens_outside_the_city_is_not_dispatched_by_guess(city: City) -> None:
    away = msgspec.structs.replace(reading(("ST0201", 0.9)), place=PlaceFound(outside="London"))
    assert gate.decide(away, city, TODAY).why is Why.PLACE_NEEDED
    assert gate.decide(away, city, TODAY, region="PA-N").why is Why.SURE


def test_two_places_of_two_units_are_asked_about_and_not_guessed(city: City) -> None:
    lamp = reading(("ST0101", 0.9))
    lane = msgspec.structs.replace(lamp, place=PlaceFound("PA-N", candidates=("PA-N-1", "PA-N-2")))
    assert gate.decide(lane, city, TODAY).why is Why.PLACE_NEEDED
    assert gate.decide(lane, city, TODAY, region="PA-N").why is Why.PLACE_NEEDED
    assert gate.settled("ST0101", lane, city, TODAY, "PA-N").why is Why.PLACE_NEEDED
    assert gate.decide(lane, city, TODAY, region="PA-N-1").suggestions[0].unit == "PA-N-1"
    assert gate.decide(lane, city, TODAY, region="PA-N-1").sure
    hole = msgspec.structs.replace(lane, matters=(MatterGuess("ST0201", 0.9),))
    assert gate.decide(hole, city, TODAY).sure  # one unit looks after the roads of both


def test_other_names_of_columns_and_json_lines_are_read(tmp_path: Path) -> None:
    one, two = tmp_path / "faq.csv", tmp_path / "matters.jsonl"
    one.write_text("question,answer,bureau\n路灯不亮,会修,城建\n", encoding="utf-8")
    two.write_text(
        '{"name": "路灯", "part": null, "bureau": "城建"}\n{"name": "停水", "part": ["急", "管"], "bureau": "水务"}\n', encoding="utf-8"
    )
    assert labelled.read(one, text=["question"], label="bureau") == labelled.Labelled(("路灯不亮",), ("城建",))
    read = labelled.read(two, text=["name", "part"], label="bureau")
    assert read == labelled.Labelled(("路灯", "停水\n急 管"), ("城建", "水务"))
    with pytest.raises(labelled.Unreadable, match="needs the columns 'words'"):
        labelled.read(one, text=["words"], label="bureau")
    two.write_text("{", encoding="utf-8")
    with pytest.raises(labelled.Unreadable, match=":1: this line is no JSON object"):
        labelled.read(two, text=["name"], label="bureau")
    assert labelled.frequent(read, 2) == labelled.Labelled((), ())
