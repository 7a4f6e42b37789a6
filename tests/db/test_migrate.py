"""Migrations: twice changes nothing, the future is refused, the application owns nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import asyncpg
import pytest

from yixian.db import backup, bootstrap, embedded, migrate, pool
from yixian.db.embedded import Server


async def test_a_second_run_changes_nothing(owner: asyncpg.Connection) -> None:
    before = await owner.fetch("SELECT * FROM schema_migration ORDER BY version")
    assert await migrate.migrate(owner) == ()
    assert await owner.fetch("SELECT * FROM schema_migration ORDER BY version") == before


async def test_a_database_from_the_future_is_refused_before_anything_is_touched(
    fresh: bootstrap.Addresses, owner: asyncpg.Connection
) -> None:
    await owner.execute("INSERT INTO schema_migration (version, name, digest) VALUES (9001, 'later', '')")
    with pytest.raises(migrate.SchemaMismatch, match="9001"):
        await migrate.migrate(owner)
    with pytest.raises(migrate.SchemaMismatch, match="newer version"):
        migrate.check(await migrate.status(owner))


async def test_a_database_made_by_a_migration_that_reads_differently_is_refused(
    fresh: bootstrap.Addresses, owner: asyncpg.Connection
) -> None:
    await owner.execute("UPDATE schema_migration SET digest = 'other' WHERE version = 3")
    with pytest.raises(migrate.SchemaMismatch, match="0003 than this version"):
        await migrate.migrate(owner)


async def test_an_unmigrated_database_is_not_served(server: Server, template: str) -> None:
    admin = await asyncpg.connect(server.url("postgres", "postgres"))
    await admin.execute("CREATE DATABASE t_bare")
    await admin.close()
    where = bootstrap.Addresses(server.url("postgres", "t_bare"), server.url("postgres", "t_bare"))
    found = await _status(where.owner)
    assert found.pending == tuple(m.version for m in migrate.known())


async def _status(url: str) -> migrate.Status:
    connection = await asyncpg.connect(url)
    try:
        return await migrate.status(connection)
    finally:
        await connection.close()


def test_an_old_server_is_refused_with_what_to_do() -> None:
    bootstrap.check_version(15)
    with pytest.raises(embedded.DatabaseUnavailable, match="needs 15 or newer"):
        bootstrap.check_version(14)


async def test_two_who_migrate_at_once_take_turns(server: Server, template: str) -> None:
    import asyncio

    admin = await asyncpg.connect(server.url("postgres", "postgres"))
    await admin.execute("CREATE DATABASE t_twice")
    await admin.close()
    first, second = [await asyncpg.connect(server.url("postgres", "t_twice")) for _ in range(2)]
    try:
        applied = await asyncio.gather(migrate.migrate(first), migrate.migrate(second))
        assert sorted(len(a) for a in applied) == [0, len(migrate.known())]
    finally:
        await first.close()
        await second.close()


async def test_the_application_owns_nothing_and_cannot_change_the_schema(database: pool.Database, owner: asyncpg.Connection) -> None:
    owned = await owner.fetchval("SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = 'yixian_app'")
    assert owned == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(pool.SYSTEM) as tx:
            await tx.execute("CREATE TABLE mine (n integer)")


async def test_history_cannot_be_changed_even_by_the_owner(owner: asyncpg.Connection) -> None:
    for table in ("history", "audit", "seal", "reveal"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="never changed or removed"):
            await owner.execute(f"TRUNCATE {table}")


async def test_partitions_are_made_ahead_and_only_once(database: pool.Database, owner: asyncpg.Connection) -> None:
    async with database.transaction(pool.SYSTEM) as tx:
        made = await tx.fetchval("SELECT make_partitions($1::date, 2)", date(2031, 11, 15))
        again = await tx.fetchval("SELECT make_partitions($1::date, 2)", date(2031, 11, 15))
    tables = await owner.fetchval("SELECT count(*) FROM partitioned")
    assert (made, again) == (3 * tables, 0)
    assert await owner.fetchval("SELECT to_regclass('contact_203201')") is not None


async def test_every_growing_table_is_partitioned_by_month(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch("SELECT relname FROM pg_class WHERE relkind = 'p' ORDER BY relname")
    assert [r["relname"] for r in rows] == ["audit", "contact", "event", "history"]


async def test_nobody_sees_anything_unless_they_say_who_they_are(database: pool.Database) -> None:
    async with database.transaction(pool.NOBODY) as tx:
        for table in ("ticket", "contact", "caller", "unit_order", "history"):
            assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 0


@pytest.mark.parametrize("value", ["a'; DROP TABLE ticket; --", "a b", "\n", "名"])
def test_who_acts_is_a_code_and_nothing_else(value: str) -> None:
    with pytest.raises(ValueError, match="not a code"):
        pool.Acting(pool.Scope.UNIT, unit_path=value).statement()


async def test_a_backup_restores_to_the_same_and_says_no_to_overwriting(
    fresh: bootstrap.Addresses, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await owner.execute("INSERT INTO day_number VALUES ('2026-11-22', 40)")
    file = tmp_path / "city.dump"
    assert backup.backup(fresh, file) > 1000
    with pytest.raises(FileExistsError, match="never written over"):
        backup.backup(fresh, file)
    await owner.execute("UPDATE day_number SET last = 60")
    assert not await backup.holds_contacts(fresh)
    backup.restore(fresh, file)
    assert await owner.fetchval("SELECT last FROM day_number") == 40
    assert (await migrate.status(owner)).pending == ()


async def test_a_backup_that_cannot_be_restored_leaves_the_database_as_it_was(
    fresh: bootstrap.Addresses, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await owner.execute("INSERT INTO day_number VALUES ('2026-11-22', 40)")
    whole, half, noise, foreign, later = (tmp_path / name for name in ("whole", "half", "noise", "foreign", "later"))
    backup.backup(fresh, whole)
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    noise.write_bytes(b"no backup at all")
    await owner.execute("INSERT INTO schema_migration (version, name, digest) VALUES (9999, 'future', 'x')")
    backup.backup(fresh, later)
    await owner.execute("DELETE FROM schema_migration WHERE version = 9999")
    await owner.execute("ALTER TABLE schema_migration RENAME TO elsewhere")
    backup.backup(fresh, foreign)
    await owner.execute("ALTER TABLE elsewhere RENAME TO schema_migration")
    await owner.execute("UPDATE day_number SET last = 60")
    for file, said in ((half, "as it was"), (noise, "as it was"), (foreign, "no backup of Yixian"), (later, "newer version")):
        with pytest.raises(backup.BackupFailed, match=said):
            backup.restore(fresh, file)
        assert await owner.fetchval("SELECT last FROM day_number") == 60, file.name
        assert (await migrate.status(owner)).unknown == ()


def test_a_password_does_not_stand_in_the_list_of_processes() -> None:
    plain, environment = backup.without_password("postgresql://owner:p%40ss@db.example:5433/yixian?sslmode=require")
    assert plain == "postgresql://owner@db.example:5433/yixian?sslmode=require"
    assert environment["PGPASSWORD"] == "p@ss"
    plain, environment = backup.without_password("postgresql://postgres:secret@/yixian?host=%2Ftmp%2Frun")
    assert plain == "postgresql://postgres@/yixian?host=%2Ftmp%2Frun"
    assert "secret" not in plain


async def test_numbers_of_a_day_are_never_given_twice(database: pool.Database, fresh: bootstrap.Addresses) -> None:
    import asyncio

    other = await pool.connect(fresh.application, 4)
    try:
        day = date(2026, 11, 22)
        given = await asyncio.gather(*(d.numbers.take(day) for _ in range(150) for d in (database, other)))
    finally:
        await other.close()
    assert len(set(given)) == 300
