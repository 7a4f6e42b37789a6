"""Backup and restore with PostgreSQL's own tools: one file, consistent, taken while the city works."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from yixian.db import migrate
from yixian.db.bootstrap import Addresses
from yixian.db.embedded import client_binary


class BackupFailed(Exception):
    """The tool's own words, and what to do."""


def backup(where: Addresses, file: Path) -> int:
    """Writes the whole database to `file` (PostgreSQL's custom format, compressed) and returns its size in bytes.

    Raises:
        BackupFailed: the tool failed; no file is left.
        FileExistsError: `file` is there already.
    """
    if file.exists():
        raise FileExistsError(f"{file} is there already; backups are never written over. Choose another name.")
    half = file.with_name(file.name + ".part")
    try:
        half.touch(mode=0o600)
        _dump(where, half)
        half.rename(file)
    finally:
        half.unlink(missing_ok=True)
    return file.stat().st_size


def _dump(where: Addresses, file: Path) -> None:
    address, environment = without_password(where.owner)
    command = [client_binary("pg_dump"), "--format=custom", "--no-owner", f"--file={file}", f"--dbname={address}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if result.returncode:
        raise BackupFailed(f"pg_dump failed: {(result.stderr or result.stdout).strip()}")


async def holds_contacts(where: Addresses) -> bool:
    """Whether anything would be lost by a restore."""
    connection = await asyncpg.connect(where.owner)
    try:
        if await connection.fetchval("SELECT to_regclass('public.contact')") is None:
            return False
        return await connection.fetchval("SELECT EXISTS (SELECT FROM contact)")
    finally:
        await connection.close()


def restore(where: Addresses, file: Path) -> None:
    """Puts what `file` holds in the place of all that the database holds, in one transaction: all of it, or nothing is touched.

    Raises:
        BackupFailed: the file cannot be read, is no backup of Yixian, or was made by a newer version.
    """
    address, environment = without_password(where.owner)
    reading = [client_binary("pg_restore"), "--no-owner", "--file=-", str(file)]
    filling = [
        client_binary("psql"), "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", f"--dbname={address}",
        f"--command={EMPTY}", "--file=-", f"--command={_known_migrations()}",
    ]  # fmt: skip
    with tempfile.TemporaryFile() as words, tempfile.TemporaryFile() as complaints:
        source = subprocess.Popen(reading, stdout=subprocess.PIPE, stderr=complaints)
        target = subprocess.Popen(filling, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=words, env=environment)
        whole = _passed_on(source, target)
        if not whole:
            target.kill()  # before its input ends: an end that comes too early would be taken for the end of the backup
        assert target.stdin is not None
        with suppress(BrokenPipeError):
            target.stdin.close()
        if target.wait() or not whole:
            raise BackupFailed(f"The backup was not restored; the database is as it was. {_said(words) or _said(complaints)}")


EMPTY = "DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC"


def _known_migrations() -> str:
    """SQL that fails where the database is not one that this version can work on."""
    newest = max(m.version for m in migrate.known())
    return f"""
        DO $$ BEGIN
            IF to_regclass('public.schema_migration') IS NULL THEN
                RAISE EXCEPTION 'This is no backup of Yixian.';
            END IF;
            IF EXISTS (SELECT FROM public.schema_migration WHERE version > {newest}) THEN
                RAISE EXCEPTION 'This backup was made by a newer version of Yixian: install that one first.';
            END IF;
        END $$"""


def _passed_on(source: subprocess.Popen[bytes], target: subprocess.Popen[bytes]) -> bool:
    """Hands all that one program writes to the other; whether the one came to its end and the other took it."""
    assert source.stdout is not None and target.stdin is not None
    try:
        shutil.copyfileobj(source.stdout, target.stdin, 1 << 20)
        target.stdin.flush()
    except BrokenPipeError:
        source.kill()
        source.wait()
        return False
    finally:
        source.stdout.close()
    return source.wait() == 0


def _said(words: IO[bytes]) -> str:
    words.seek(0)
    return words.read().decode(errors="replace").strip()


def without_password(address: str) -> tuple[str, dict[str, str]]:
    """The address as it may stand in a list of processes, which everybody on the machine can read; and the password, out of sight."""
    parts = urlsplit(address)
    if parts.password is None:
        return address, dict(os.environ)
    user, _, host = parts.netloc.rpartition("@")
    plain = urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{host}"))
    return plain, {**os.environ, "PGPASSWORD": unquote(parts.password)}
