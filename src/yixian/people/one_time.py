"""One-time passwords (RFC 6238): six digits, thirty seconds, SHA-1 as every authenticator app has it; each works once."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Final

from pyotp import random_base32
from pyotp.totp import TOTP

STEP: Final = 30
"""Seconds."""

WINDOW: Final = 1
"""Steps before and after the present one that still count: clocks differ, people type slowly."""


def new_secret() -> str:
    """A fresh shared secret: 160 bits, base 32."""
    return random_base32()


def uri(secret: str, login: str, issuer: str) -> str:
    """The `otpauth://` address of a secret."""
    return TOTP(secret, interval=STEP).provisioning_uri(name=login, issuer_name=issuer)


def step_of(secret: str, code: str, now: datetime, last: int) -> int | None:
    """The time step whose password this is; None when it is none of the present ones, or not later than `last`, the last one used."""
    present = int(now.timestamp()) // STEP
    one_time = TOTP(secret, interval=STEP)
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdigit()):
        return None
    for step in range(present - WINDOW, present + WINDOW + 1):
        if step > last and hmac.compare_digest(one_time.at(step * STEP), digits):
            return step
    return None
