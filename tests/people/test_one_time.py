"""One-time passwords work once, and for a minute and a half."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pyotp.totp import TOTP

from yixian.people import one_time

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
NOW = datetime(2005, 3, 18, 1, 58, 29, tzinfo=UTC)


def test_the_vector_of_the_standard():
    assert one_time.step_of(SECRET, "081804", NOW, 0) == 37037036


@pytest.mark.parametrize(("seconds", "works"), ((-31, True), (0, True), (30, True), (61, False), (-90, False)))
def test_one_step_before_and_after_still_count(seconds: int, works: bool):
    code = TOTP(SECRET).at(NOW)
    assert (one_time.step_of(SECRET, code, NOW + timedelta(seconds=seconds), 0) is not None) == works


def test_a_step_works_once_and_never_goes_back():
    assert one_time.step_of(SECRET, "081804", NOW, 37037036) is None
    assert one_time.step_of(SECRET, TOTP(SECRET).at(NOW - timedelta(seconds=30)), NOW, 37037036) is None


def test_people_type_spaces_and_nonsense():
    assert one_time.step_of(SECRET, " 081 804", NOW, 0)
    for nonsense in ("", "abcdef", "０８１８０４", "0818041"):
        assert one_time.step_of(SECRET, nonsense, NOW, 0) is None


def test_an_authenticator_can_read_the_address():
    address = one_time.uri(SECRET, "wang.li", "Yixian 12345")
    assert address.startswith("otpauth://totp/") and SECRET in address and "wang.li" in address
