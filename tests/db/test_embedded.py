"""The server of our own: found, started once, shared, left by the last."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from yixian.db import embedded


@pytest.fixture
def own_home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="yx-own-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def postmaster(server: embedded.Server) -> int:
    return int((server.data_directory / "postmaster.pid").read_text().split("\n", 1)[0])


async def fetch(server: embedded.Server, query: str) -> object:
    connection = await asyncpg.connect(server.url("postgres", "postgres"))
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_whoever_comes_second_joins_and_the_last_one_stops_it(own_home: Path) -> None:
    with embedded.serving(own_home) as first:
        with embedded.serving(own_home) as second:
            assert postmaster(first) == postmaster(second)
        assert embedded.alive(first), "the first still needs it"
        assert await fetch(first, "SELECT 1") == 1
    assert not embedded.alive(first)


async def test_it_never_runs_as_root_and_loses_nothing_that_was_acknowledged(own_home: Path) -> None:
    with embedded.serving(own_home) as server:
        assert Path(f"/proc/{postmaster(server)}").stat().st_uid != 0
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert await fetch(server, f"SHOW {setting}") == "on"
        assert await fetch(server, "SHOW listen_addresses") == ""


async def test_chinese_text_is_kept_and_compared_as_characters(own_home: Path) -> None:
    with embedded.serving(own_home) as server:
        assert await fetch(server, "SELECT length('越秀区街道')") == 5


async def test_it_is_started_again_after_kill_9(own_home: Path) -> None:
    with embedded.serving(own_home) as server:
        connection = await asyncpg.connect(server.url("postgres", "postgres"))
        await connection.execute("CREATE TABLE kept (n integer)")
        await connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
        os.kill(postmaster(server), signal.SIGKILL)
        connection.terminate()
        while embedded.alive(server):
            os.sched_yield()
        embedded.revive(own_home)
        assert await fetch(server, "SELECT count(*) FROM kept") == 1000


def test_a_process_that_is_killed_leaves_nothing_running_for_ever(own_home: Path) -> None:
    script = (
        "import sys, os; from pathlib import Path; from yixian.db import embedded\n"
        f"with embedded.serving(Path({str(own_home)!r})): print('up', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    child.kill()
    child.wait()
    child.stdin.close()
    child.stdout.close()
    with embedded.serving(own_home) as server:
        assert embedded.alive(server)
    assert not embedded.alive(server)


def test_a_home_with_a_long_path_still_gets_a_socket(own_home: Path) -> None:
    deep = own_home / ("很长的名字" * 8)
    deep.mkdir()
    with embedded.serving(deep) as server:
        assert len(str(server.socket_directory / ".s.PGSQL.5432").encode()) <= embedded.SOCKET_LIMIT


def test_data_of_another_major_version_is_refused_with_what_to_do(own_home: Path) -> None:
    data = own_home / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(embedded.DatabaseUnavailable, match=r"PostgreSQL 9.*YIXIAN_DATABASE_URL"), embedded.serving(own_home):
        pass


def test_a_key_that_others_can_read_is_refused(own_home: Path) -> None:
    with embedded.serving(own_home):
        pass
    (own_home / "master.key").chmod(0o644)
    with pytest.raises(PermissionError, match="chmod 600"), embedded.serving(own_home):
        pass
