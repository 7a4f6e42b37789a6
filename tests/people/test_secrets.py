"""What is sealed stays sealed, opens again, and is found by its fingerprint."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yixian.db.keys import Keys
from yixian.people.secrets import CannotOpen, SoftwareVault

VAULT = SoftwareVault(Keys(b"a" * 32))
OTHER = SoftwareVault(Keys(b"b" * 32))


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",))))
def test_what_was_sealed_opens_again(words: str):
    assert VAULT.open(VAULT.seal(words)) == words


def test_equal_words_are_sealed_differently_and_have_one_fingerprint():
    assert VAULT.seal("陈一") != VAULT.seal("陈一")
    assert VAULT.fingerprint("陈一") == VAULT.fingerprint("陈一") != OTHER.fingerprint("陈一")
    assert "陈一".encode() not in VAULT.seal("陈一")


@pytest.mark.parametrize("at", (0, 1, 13, -1))
def test_a_changed_byte_is_noticed(at: int):
    sealed = bytearray(VAULT.seal("13800138000"))
    sealed[at] ^= 1
    with pytest.raises(CannotOpen):
        VAULT.open(bytes(sealed))


def test_another_key_opens_nothing():
    for sealed in (OTHER.seal("x"), b"", b"\x01short"):
        with pytest.raises(CannotOpen):
            VAULT.open(sealed)
