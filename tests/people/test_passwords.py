"""Passwords: good enough, kept well, checked without telling anything."""

from __future__ import annotations

import pytest

from yixian.people import passwords


@pytest.mark.parametrize(
    ("password", "login"),
    (("short", "wang"), ("wang.li.2026", "wang.li.2026"), ("Password123", "wang"), ("1" * 30, "wang"), ("x" * 201, "wang")),
)
def test_bad_passwords_are_refused_with_a_sentence(password: str, login: str):
    sentence = passwords.refusal(password, login)
    assert sentence and sentence.endswith("。")


def test_the_sentences_name_the_limits():
    assert str(passwords.SHORTEST) in str(passwords.refusal("x", "wang"))
    assert str(passwords.LONGEST) in str(passwords.refusal("ab12" * 60, "wang"))


def test_words_make_a_good_password():
    assert passwords.refusal("码头 灯塔 渡船 四更天", "wang") is None
    assert passwords.refusal(passwords.random_password(), "wang") is None


async def test_a_password_matches_its_hash_and_nothing_matches_nobody():
    kept = await passwords.hashed("four harbour lamps")
    assert kept.startswith("$argon2id$") and not passwords.outdated(kept)
    assert await passwords.matches(kept, "four harbour lamps")
    assert not await passwords.matches(kept, "four harbour lamp")
    assert not await passwords.matches(None, "four harbour lamps")
    assert not await passwords.matches("not a hash", "x")


def test_a_weaker_hash_is_renewed():
    assert passwords.outdated("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b2dWRWJTmaaWCG0gZgQDcQFzCQ")
