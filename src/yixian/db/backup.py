"""Backup and restore with PostgreSQL's own tools: one file, consistent, taken while the city works."""

from __future__ import annotations

import subprocess
from pathlib import Path

import asyncpg

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
        _run("pg_dump", "--format=custom", "--no-owner", f"--file={half}", f"--dbname={where.owner}")
        half.chmod(0o600)
        half.rename(file)
    finally:
        half.unlink(missing_ok=True)
    return file.stat().st_size


async def holds_contacts(where: Addresses) -> bool:
    """Whether anything would be lost by a restore."""
    connection = await asyncpg.connect(where.owner)
    try:
        if await connection.fetchval("SELECT to_regclass('public.contact')") is None:
            return False
        return await connection.fetchval("SELECT EXISTS (SELECT FROM contact)")
    finally:
        await connection.close()


async def empty(where: Addresses) -> None:
    """Takes everything out of the database: the step before a restore."""
    connection = await asyncpg.connect(where.owner)
    try:
        await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC")
    finally:
        await connection.close()


def restore(where: Addresses, file: Path) -> None:
    """Fills an empty database from `file`, in one transaction: all of it or nothing.

    Raises:
        BackupFailed: the file cannot be read or does not fit.
    """
    _run("pg_restore", "--no-owner", "--single-transaction", "--exit-on-error", f"--dbname={where.owner}", str(file))


def _run(tool: str, *arguments: str) -> None:
    result = subprocess.run([client_binary(tool), *arguments], capture_output=True, text=True, check=False)
    if result.returncode:
        raise BackupFailed(f"{tool} failed: {(result.stderr or result.stdout).strip()}")
