"""The installation's master key and what is derived from it.

One file, readable by its owner alone; lose it and what is encrypted is lost."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

import msgspec


def master_key(home: Path) -> bytes:
    """The 32-byte master key; made on first use.

    Raises:
        PermissionError: the file can be read by others, or not by us.
    """
    path = home / "master.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return _read(path)


def _read(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"{path} can be read by other users. Run: chmod 600 {path}")
    text = path.read_text().strip()
    for _ in range(50):  # another process may be between creating the file and writing it
        if text:
            break
        text = path.read_text().strip()
    return bytes.fromhex(text)


def derive(master: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose; different purposes give unrelated keys."""
    return hmac.new(master, purpose.encode(), hashlib.sha256).digest()


class Keys(msgspec.Struct, frozen=True):
    """The installation's key, as it is handed to the rooms."""

    master: bytes

    def for_(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose."""
        return derive(self.master, purpose)
