"""Passwords: which are good enough, how they are kept, how they are checked without holding up anybody else."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 10
LONGEST: Final = 200
"""Longer ones are refused before they are hashed."""

COMMON: Final = frozenset(
    {
        "1234567890", "0123456789", "12345678910", "123456789a", "a123456789", "1qaz2wsx3edc", "1q2w3e4r5t", "qwertyuiop", "q1w2e3r4t5",
        "password12", "password123", "password1234", "passw0rd123", "p@ssw0rd123", "p@ssword123", "admin12345", "admin123456",
        "administrator", "woaini1314", "woaini520", "woaini1314520", "5201314520", "1314520520",
        "1111111111", "0000000000", "8888888888", "6666666666",
        "1122334455", "9876543210", "0987654321", "abcd123456", "abc1234567", "abcdefghij", "iloveyou123", "welcome123", "welcome1234",
        "changeme123", "letmein123", "zhongguo123", "guangzhou12345", "hotline12345", "yixian12345",
    }
)  # fmt: skip
"""Lower case. The first that anybody would try here."""

# OWASP's figures for Argon2id (46 MiB), with a second pass: about 90 ms of one core.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=47_104, parallelism=1)

# Two at a time bound the memory that a flood of sign-ins takes, and leave the event loop free.
_WORKERS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")

_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""Nothing that is mistaken for something else when read aloud."""


def refusal(password: str, login: str) -> str | None:
    """Why this password is not good enough, as a sentence for the person who chose it; None when it is."""
    if len(password) < SHORTEST:
        return "密码至少需要 10 个字符，请再长一些。"
    if len(password) > LONGEST:
        return "密码最多 200 个字符，请缩短一些。"
    if login.lower() in (password.lower(), password.lower()[::-1]):
        return "密码不能与登录名相同，请另选一个。"
    if password.lower() in COMMON or len(set(password)) < 4:
        return "这个密码太常见，容易被猜到，请另选一个，例如几个互不相干的词。"
    return None


def random_password() -> str:
    """A password to be told once and changed at the first sign-in: four groups, 80 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


async def hashed(password: str) -> str:
    """The hash to keep (Argon2id, PHC string); computed in a thread."""
    return await asyncio.get_running_loop().run_in_executor(_WORKERS, _HASHER.hash, password)


async def matches(kept: str | None, password: str) -> bool:
    """Whether the password is the one whose hash is kept; computed in a thread.

    Without a kept hash (nobody has this login) it works as long and says no.
    """
    right = await asyncio.get_running_loop().run_in_executor(_WORKERS, _verify, kept, password[: LONGEST + 1])
    return right and kept is not None


def outdated(kept: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


def _verify(kept: str | None, password: str) -> bool:
    try:
        return _HASHER.verify(kept or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    """A hash that no password is right for."""
    return _HASHER.hash(secrets.token_hex(16))
