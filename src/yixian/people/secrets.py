"""Encryption of what is known of people, behind a small interface.

`SoftwareVault` keeps its keys in memory. A city whose rules ask for a certified module (GM/T 0054: SM3, SM4 in an HSM) puts another
`Vault` in its place: nothing else in the code knows an algorithm. The first byte of every sealed value names the way it was sealed,
so that values of two vaults can stand side by side while one replaces the other.
"""

from __future__ import annotations

import hmac
import os
from hashlib import sha256
from typing import Final, Protocol, runtime_checkable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from yixian.db.keys import Keys

VERSION: Final = b"\x01"
"""AES-256-GCM: version byte, 12 bytes of nonce, ciphertext with its 16 bytes of tag."""

NONCE: Final = 12


class CannotOpen(Exception):
    """A sealed value was changed, or sealed with another key; the message says what to check."""


@runtime_checkable  # the web framework looks whether a dependency is what a route asks for
class Vault(Protocol):
    """Seals, opens, and makes searchable."""

    def seal(self, plain: str) -> bytes:
        """Encrypts; the same words give other bytes each time."""
        ...

    def open(self, sealed: bytes) -> str:
        """Gives back what was sealed.

        Raises:
            CannotOpen: it was changed, or sealed with another key.
        """
        ...

    def fingerprint(self, plain: str) -> bytes:
        """A keyed hash, 32 bytes: equal for equal words, and of no use without the key. Normalise first."""
        ...


class SoftwareVault:
    """A vault whose keys are derived from the installation's master key and live in this process."""

    def __init__(self, keys: Keys) -> None:
        self._cipher = AESGCM(keys.for_("people.seal"))
        self._marks = keys.for_("people.fingerprint")

    def seal(self, plain: str) -> bytes:
        """See `Vault.seal`."""
        nonce = os.urandom(NONCE)
        return VERSION + nonce + self._cipher.encrypt(nonce, plain.encode(), VERSION)

    def open(self, sealed: bytes) -> str:
        """See `Vault.open`."""
        if sealed[:1] != VERSION:
            raise CannotOpen(f"Sealed in a way that this version does not know ({sealed[:1].hex() or 'empty'}). Install the newer version.")
        try:
            return self._cipher.decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], VERSION).decode()
        except (InvalidTag, ValueError) as error:
            raise CannotOpen("A sealed value cannot be opened: is master.key the one that this database was filled with?") from error

    def fingerprint(self, plain: str) -> bytes:
        """See `Vault.fingerprint`."""
        return hmac.new(self._marks, plain.encode(), sha256).digest()
