"""What is sent is read so that nothing in it fails further in."""

from __future__ import annotations

from enum import StrEnum

import msgspec
import pytest

from yixian.web.given import Codes, Short, Version, Words, count_of, named, sought, text_of, uuid_of, version_of
from yixian.web.problems import Problem


class Deed(StrEnum):
    SIGN = "sign"


class Body(msgspec.Struct):
    words: Words = ""
    name: Short = ""
    codes: Codes = ()
    version: Version = 0


def test_an_address_names_what_there_is_or_is_not_found() -> None:
    assert named(Deed, "sign") is Deed.SIGN
    for other in ("Sign", "", "sign\x00"):
        with pytest.raises(Problem) as no:
            named(Deed, other)
        assert no.value.status == 404


@pytest.mark.parametrize("body", ({"words": "a\x00"}, {"name": "x" * 201}, {"codes": ["\x00"]}, {"version": 2**31}, {"version": -1}))
def test_a_body_holds_only_what_the_database_can(body: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(body, Body)


def test_what_no_database_could_be_asked_about_finds_nothing() -> None:
    assert [sought(text) for text in (" PA-1 ", "", "路灯", "a\x00b", "\ud800", "a\nb")] == ["PA-1", "", "路灯", "-", "-", "-"]


def test_a_fields_text_is_as_it_was_typed_but_for_what_no_field_can_hold() -> None:
    assert text_of({"note": " one\r\ntwo\x00 "}, "note") == " one\ntwo "
    assert text_of({"note": "one\r\ntwo"}, "note", 4) == "one\n"
    assert text_of({}, "note") == ""


def test_a_number_or_an_id_that_cannot_be_read_is_none() -> None:
    assert [count_of(text) for text in ("17", "", "-1", "1.5", "٣", "1000000")] == [17, 0, 0, 0, 0, 0]
    assert (count_of("", -1), version_of({"version": "3"}), version_of({})) == (-1, 3, 0)
    assert uuid_of("nonsense") is None and uuid_of("") is None
    assert str(uuid_of("0190a000-0000-7000-8000-000000000001")) == "0190a000-0000-7000-8000-000000000001"
