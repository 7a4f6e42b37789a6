"""Connections and transactions. Who is acting is said once per transaction; the database's own rules take it from there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any, Final

import asyncpg
import msgspec

from yixian.db.ids import Numbers

Transaction = asyncpg.Connection
"""A connection inside a transaction, as `Database.transaction` yields it."""

APPLICATION_ROLE = "yixian_app"

AWAY: Final = (
    ConnectionError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What a lost or refused connection raises, now one of these, now another: all mean that it is worth trying again.

Not every `OSError` is one: a file that is missing stays missing. What else a socket raises while it connects, `reach` makes one of these.
"""

_PLAIN = re.compile(r"[A-Za-z0-9._/-]*")


class Scope(StrEnum):
    """How far a transaction may see. The policies in `migrations/` give each its meaning."""

    SYSTEM = "system"
    """The worker, imports, and intake: everything but what only people may reveal."""
    HOTLINE = "hotline"
    """Staff of the hotline itself: every ticket."""
    UNIT = "unit"
    """Staff of a unit: tickets with a live order for the unit or one below it."""
    EDITOR = "editor"
    """Who edits the responsibility list and what is known: proposals, no ticket."""
    CITIZEN = "citizen"
    """A resident who knows one ticket's number and check code: that ticket."""
    NOBODY = "nobody"
    """Not signed in: what is public."""


class Acting(msgspec.Struct, frozen=True):
    """Who acts in a transaction, as the database is told."""

    scope: Scope
    actor: str = ""
    """Staff id, or a short name such as `system`."""
    unit_path: str = ""
    """For `UNIT`: the path of the unit, ending in a slash."""
    ticket: str = ""
    """For `CITIZEN`: the ticket's number."""

    def statement(self) -> str:
        """Opens the transaction and says who acts, in one round trip. Values are codes; anything else is refused, never quoted."""
        for value in (self.actor, self.unit_path, self.ticket):
            if not _PLAIN.fullmatch(value):
                raise ValueError(f"not a code: {value!r}")
        told = {"scope": self.scope, "actor": self.actor, "unit_path": self.unit_path, "ticket": self.ticket}
        # What is empty is not set: outside a transaction every one of them is empty.
        return "; ".join(["BEGIN", *(f"SET LOCAL yixian.{name} = '{value}'" for name, value in told.items() if value)])


SYSTEM = Acting(Scope.SYSTEM, actor="system")
NOBODY = Acting(Scope.NOBODY)


class Calls:
    """What is notified on a channel, in the order in which it comes."""

    def __init__(self) -> None:
        self._heard: asyncio.Queue[str | None] = asyncio.Queue()

    def put(self, payload: str | None) -> None:
        """A call came; None: the connection is lost, and no more will come."""
        self._heard.put_nowait(payload)

    async def next(self) -> str:
        """The payload of the next call.

        Raises:
            ConnectionError: the connection is lost: whoever listens must listen again, and look at what came meanwhile.
        """
        payload = await self._heard.get()
        if payload is None:
            raise ConnectionError("the connection that listened is lost")
        return payload

    async def burst(self) -> None:
        """Waits for a call and takes all that have come by then: one look answers them together.

        Raises:
            ConnectionError: as for `next`.
        """
        await self.next()
        while not self._heard.empty():
            await self.next()


class Database:
    """A pool of connections, and what a process needs beside it: ticket-number blocks and wake-up calls to the worker."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._waking: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self.numbers = Numbers(pool)

    @asynccontextmanager
    async def transaction(self, acting: Acting) -> AsyncIterator[Transaction]:
        """One transaction as `acting`: committed when the block ends, rolled back when it raises."""
        opening = acting.statement()
        async with self._pool.acquire() as connection:
            await connection.execute(opening)
            try:
                yield connection  # type: ignore[misc]  # the proxy has every method of a connection
            except BaseException:
                if _usable(connection):
                    await connection.execute("ROLLBACK")
                raise
            await connection.execute("COMMIT")

    @asynccontextmanager
    async def listening(self, channel: str) -> AsyncIterator[Calls]:
        """What is notified on `channel` while the block lasts, on a connection of its own."""
        calls = Calls()

        def heard(_connection: Any, _process: int, _channel: str, payload: object) -> None:
            calls.put(str(payload))

        def lost(_connection: Any) -> None:
            calls.put(None)

        async with self._pool.acquire() as connection:
            connection.add_termination_listener(lost)
            await connection.add_listener(channel, heard)
            try:
                yield calls
            finally:
                if _usable(connection):
                    connection.remove_termination_listener(lost)
                    await connection.remove_listener(channel, heard)

    async def answers(self) -> None:
        """Returns when the database answers; raises what keeps it from answering."""
        async with self._pool.acquire() as connection:
            await connection.fetchval("SELECT 1")

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[Transaction]:
        """A connection for a single statement that needs nobody acting: saves the two round trips of a transaction."""
        async with self._pool.acquire() as connection:
            yield connection  # type: ignore[misc]  # as above

    def wake(self) -> None:
        """Tells the workers, soon, that there are new events.

        `NOTIFY` inside a transaction makes commits wait for each other; so it is sent afterwards, at most every 50 ms a process.
        Workers also look by themselves every second: a lost call costs a second, nothing else.
        """
        if self._waking is None:
            self._waking = asyncio.get_running_loop().call_later(0.05, self._call)

    def _call(self) -> None:
        self._waking = None
        task = asyncio.ensure_future(self._notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _notify(self) -> None:
        try:
            async with self._pool.acquire() as connection:
                await connection.execute("NOTIFY yixian_events")
        except (asyncpg.PostgresError, *AWAY):
            return  # the workers' own look finds the events

    async def close(self) -> None:
        """Lets running transactions end and closes the pool."""
        if self._waking is not None:
            self._waking.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._pool.close()


async def connect(url: str, size: int, *, as_application: bool = True) -> Database:
    """Opens a pool of at most `size` connections.

    With `as_application` every connection acts as the role that owns nothing, whatever role the address names.
    """
    settings = {"application_name": "yixian", "timezone": "UTC", "jit": "off"}
    if as_application and not _names_role(url, APPLICATION_ROLE):
        settings["role"] = APPLICATION_ROLE
    pool = await asyncpg.create_pool(
        url, connect=reach, min_size=0, max_size=size, init=prepare, reset=_keep, server_settings=settings, command_timeout=60
    )
    return Database(pool)


async def reach(url: str, **how: Any) -> asyncpg.Connection:
    """A connection of its own.

    Raises:
        ConnectionError: nobody answers there: no socket, no route, no such name.
    """
    try:
        return await asyncpg.connect(url, **how)
    except (ConnectionError, TimeoutError):
        raise
    except OSError as error:
        raise ConnectionError(f"PostgreSQL cannot be reached: {error}") from error


def _usable(connection: Any) -> bool:
    """Whether the connection is still there; the pool takes a lost one away under whoever uses it."""
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:
        return False


def _names_role(url: str, role: str) -> bool:
    return f"//{role}:" in url or f"//{role}@" in url


async def prepare(connection: asyncpg.Connection) -> None:
    """JSON columns as Python values: every connection of ours, the owner's too, must read them alike."""
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, schema="pg_catalog", encoder=_encode, decoder=msgspec.json.decode)


async def _keep(_connection: asyncpg.Connection) -> None:
    """Nothing to reset: whatever a transaction sets, it sets for itself alone. Saves a round trip each time."""


def _encode(value: Any) -> str:
    if isinstance(value, msgspec.Raw):
        return bytes(value).decode()
    return msgspec.json.encode(value).decode()
