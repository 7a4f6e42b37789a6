"""Numbers that forgive no slip of the tongue, and codes that are not guessed."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from yixian.tickets import numbers

DAY = date(2026, 11, 22)
SEQUENCES = st.integers(1, 999_999)


def test_a_number_reads_as_documented() -> None:
    assert numbers.number("GZ", DAY, 42)[:-1] == "GZ261122000042"


@given(sequence=SEQUENCES, at=st.integers(0, 12), digit=st.sampled_from("0123456789"))
def test_every_single_wrong_digit_is_found(sequence: int, at: int, digit: str) -> None:
    right = numbers.number("PA", DAY, sequence)
    wrong = right[: at + 2] + digit + right[at + 3 :]
    assert numbers.is_number("PA", wrong) == (wrong == right)


@given(sequence=SEQUENCES, at=st.integers(0, 11))
def test_every_swap_of_neighbours_is_found(sequence: int, at: int) -> None:
    right = numbers.number("PA", DAY, sequence)
    digits = list(right[2:])
    digits[at], digits[at + 1] = digits[at + 1], digits[at]
    wrong = "PA" + "".join(digits)
    assert numbers.is_number("PA", wrong) == (wrong == right)


@given(st.text(max_size=20))
def test_nothing_else_is_a_number(text: str) -> None:
    assert not numbers.is_number("PA", text + "x")


@given(sequence=SEQUENCES)
def test_the_code_fits_its_number_and_key_alone(sequence: int) -> None:
    number = numbers.number("PA", DAY, sequence)
    code = numbers.check_code(b"key", number)
    assert len(code) == numbers.CODE_LENGTH
    assert numbers.code_fits(b"key", number, f" {code.lower()} ")
    assert not numbers.code_fits(b"other", number, code)
    assert not numbers.code_fits(b"key", numbers.number("PA", DAY, sequence % 999_999 + 1), code)
