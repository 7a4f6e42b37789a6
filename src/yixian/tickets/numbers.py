"""Ticket numbers: prefix, date, six digits of the day, a check digit; and the check code that a citizen keeps beside it."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import date
from typing import Final

# A quasigroup of order 10 without fixed points on its diagonal (H. M. Damm, 2004): finds every single wrong digit
# and every swap of neighbours, the two mistakes that people make on the telephone.
_DAMM: Final = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)

_CODE_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0 O 1 I L: a code is read aloud."""

CODE_LENGTH: Final = 6


def check_digit(digits: str) -> str:
    """The digit that makes `digits` and it together check to zero."""
    interim = 0
    for digit in digits:
        interim = int(_DAMM[interim][int(digit)])
    return str(interim)


def number(prefix: str, day: date, sequence: int) -> str:
    """`GZ2611220000425`: prefix, yymmdd, six digits, check digit."""
    digits = f"{day:%y%m%d}{sequence:06}"
    return f"{prefix}{digits}{check_digit(digits)}"


def is_number(prefix: str, text: str) -> bool:
    """Whether `text` is a number that could have been given out: form and check digit."""
    match = re.fullmatch(rf"{re.escape(prefix)}(\d{{12}})(\d)", text)
    return match is not None and check_digit(match[1]) == match[2]


def check_code(key: bytes, ticket: str) -> str:
    """The code that proves somebody was told the ticket's number by us; derived, so that it is stored nowhere."""
    value = int.from_bytes(hmac.new(key, ticket.encode(), hashlib.sha256).digest()[:8])
    letters: list[str] = []
    for _ in range(CODE_LENGTH):
        value, index = divmod(value, len(_CODE_LETTERS))
        letters.append(_CODE_LETTERS[index])
    return "".join(letters)


def code_fits(key: bytes, ticket: str, code: str) -> bool:
    """Compares in constant time; spaces and lower case are forgiven."""
    return hmac.compare_digest(check_code(key, ticket).encode(), code.strip().upper().encode())
