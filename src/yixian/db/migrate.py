"""Versioned migrations: plain SQL files, applied once each, in order, under a lock; a database from the future is refused."""

from __future__ import annotations

import hashlib
from importlib import resources

import asyncpg
import msgspec


class Migration(msgspec.Struct, frozen=True):
    """One file of `migrations/`."""

    version: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        """Changes when the file does."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


class SchemaMismatch(Exception):
    """The database's schema is not one this version can work on; the message says what to do."""


class Status(msgspec.Struct, frozen=True):
    """Where a database stands."""

    applied: tuple[int, ...]
    pending: tuple[int, ...]
    unknown: tuple[int, ...]
    changed: tuple[int, ...]
    """Applied from a file that reads differently now."""


LOCK = 12345
"""Key of the advisory lock that makes two migrating processes take turns."""


def known() -> tuple[Migration, ...]:
    """The migrations of this version, in order."""
    folder = resources.files("yixian.db") / "migrations"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return tuple(Migration(int(f.name[:4]), f.name[5:-4], f.read_text(encoding="utf-8")) for f in files)


async def status(connection: asyncpg.Connection) -> Status:
    """Compares the database with this version."""
    applied: dict[int, str] = {}
    if await connection.fetchval("SELECT to_regclass('public.schema_migration')"):
        applied = {r["version"]: r["digest"] for r in await connection.fetch("SELECT version, digest FROM schema_migration")}
    here = {m.version: m for m in known()}
    return Status(
        applied=tuple(sorted(applied)),
        pending=tuple(v for v in here if v not in applied),
        unknown=tuple(sorted(v for v in applied if v not in here)),
        changed=tuple(v for v, m in here.items() if v in applied and applied[v] != m.digest),
    )


async def migrate(connection: asyncpg.Connection) -> tuple[Migration, ...]:
    """Applies what is pending, each file in a transaction of its own, and returns it.

    Raises:
        SchemaMismatch: the database was made by a newer version.
    """
    await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
    try:
        await connection.execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migration (
                version    integer PRIMARY KEY,
                name       text NOT NULL,
                digest     text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now()
            )
            """
        )
        check(await status(connection))
        return tuple([await _apply(connection, m) for m in await _pending(connection)])
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)


def check(found: Status) -> None:
    """Refuses a schema from the future, and one that was made by migrations that read differently now.

    Raises:
        SchemaMismatch: with the versions, and what to do.
    """
    if found.unknown:
        versions = ", ".join(f"{v:04}" for v in found.unknown)
        raise SchemaMismatch(
            f"The database has migrations that this version of Yixian does not know ({versions}). "
            "It was made by a newer version: install that one, or restore a backup made before the upgrade."
        )
    if found.changed:
        versions = ", ".join(f"{v:04}" for v in found.changed)
        raise SchemaMismatch(
            f"The database was made by other forms of the migrations {versions} than this version has. It comes from a version "
            "between two releases: go back to it, or begin anew (the demo: `make clean-demo`) and restore or import its data."
        )


async def _pending(connection: asyncpg.Connection) -> list[Migration]:
    pending = set((await status(connection)).pending)
    return [m for m in known() if m.version in pending]


async def _apply(connection: asyncpg.Connection, migration: Migration) -> Migration:
    async with connection.transaction():
        await connection.execute(migration.sql)
        await connection.execute(
            "INSERT INTO schema_migration (version, name, digest) VALUES ($1, $2, $3)",
            migration.version,
            migration.name,
            migration.digest,
        )
    return migration
