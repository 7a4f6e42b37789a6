"""The public API as a client sees it: connections kept open, requests sent again until they are answered, never for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

import aiohttp
import msgspec
from pyotp.totp import TOTP

from yixian.people.one_time import STEP
from yixian.replay.model import Account, CannotReplay

PATIENCE: Final = 60.0
"""Seconds for which one request is sent again while the server is away."""

PASSING: Final = frozenset({429, 502, 503, 504})
"""Statuses that say: not now."""

LOST: Final = 0
"""In place of a status: the connection broke before an answer came."""

_FIRST_WAIT: Final = 0.05
_LONGEST_WAIT: Final = 2.0
_JSON: Final = {"Content-Type": "application/json"}

Watch = Callable[[int, float], None]
"""Told of every answer: its status (`LOST` for none) and how many seconds it took."""


class Answer(msgspec.Struct, frozen=True):
    """The last answer to a request."""

    status: int
    body: bytes
    tries: int
    """How often it was sent: after more than one, an earlier sending may have been done without our hearing of it."""


class SignedIn(msgspec.Struct, frozen=True):
    """What the requests of a session carry."""

    headers: Mapping[str, str]


class _SessionOut(msgspec.Struct, frozen=True):
    csrf: str
    awaiting_second_factor: bool = False


class _Offer(msgspec.Struct, frozen=True):
    secret: str
    ticket: str


@asynccontextmanager
async def connected(base_url: str, connections: int, patience: float = PATIENCE) -> AsyncIterator[Client]:
    """A client with at most so many open connections, for as long as the block lasts."""
    connector = aiohttp.TCPConnector(limit=connections, keepalive_timeout=30)
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
        timeout=aiohttp.ClientTimeout(total=30),
        auto_decompress=False,
    ) as session:
        yield Client(session, base_url.rstrip("/"), patience)


class Client:
    """One city's API."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, patience: float) -> None:
        self._session = session
        self._base = base_url
        self._patience = patience

    async def post(self, path: str, body: bytes, headers: Mapping[str, str], watch: Watch) -> Answer:
        """Sends `body` (JSON) until it is answered with something lasting.

        It must be safe to send twice: with an idempotency key, or because the second time is refused.

        Raises:
            CannotReplay: the server stayed away for longer than the patience.
        """
        return await self._until_answered("POST", path, body, {**_JSON, **headers}, watch)

    async def get(self, path: str, headers: Mapping[str, str], watch: Watch) -> Answer:
        """Asks for `path`; see `post`."""
        return await self._until_answered("GET", path, None, headers, watch)

    async def sign_in(self, account: Account) -> SignedIn:
        """Begins a session; enrols a second factor when the account is new and the server wants one.

        Raises:
            CannotReplay: the server refuses, with what it says.
        """
        body = {"login": account.login, "password": account.password, "one_time": _code(account.secret)}
        session, out = await self._begin("/api/v1/session", body, {})
        if not out.awaiting_second_factor:
            return session
        offer = await self._offer(session)
        if offer is None:
            raise CannotReplay(f"{account.login} has a second factor: put its secret into the staff file.")
        proof = {"one_time": _code(offer.secret), "ticket": offer.ticket}
        return (await self._begin("/api/v1/session/second-factor", proof, session.headers))[0]

    async def _begin(self, path: str, body: Mapping[str, str], headers: Mapping[str, str]) -> tuple[SignedIn, _SessionOut]:
        url = self._base + path
        async with self._session.post(url, data=msgspec.json.encode(body), headers={**_JSON, **headers}) as response:
            said = await response.read()
            if response.status not in (200, 201):
                raise CannotReplay(f"Signing in was refused ({response.status}): {said.decode(errors='replace')[:300]}")
            cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in response.cookies.items())
            out = msgspec.json.decode(said, type=_SessionOut)
            return SignedIn({"Cookie": cookie, "X-CSRF-Token": out.csrf}), out

    async def _offer(self, session: SignedIn) -> _Offer | None:
        async with self._session.get(f"{self._base}/api/v1/session/second-factor", headers=session.headers) as response:
            return msgspec.json.decode(await response.read(), type=_Offer | None)

    async def _until_answered(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], watch: Watch) -> Answer:
        url = self._base + path
        end = time.monotonic() + self._patience
        wait, tries = _FIRST_WAIT, 0
        while True:
            tries += 1
            began = time.perf_counter()
            status, said = await self._once(method, url, body, headers)
            watch(status, time.perf_counter() - began)
            if status != LOST and status not in PASSING:
                return Answer(status, said, tries)
            if time.monotonic() + wait > end:
                raise CannotReplay(
                    f"{url} has not answered for {self._patience:.0f} s (last: {status or 'connection lost'}). Is it running?"
                )
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)

    async def _once(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        try:
            async with self._session.request(method, url, data=body, headers=headers) as response:
                return response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return LOST, b""


def _code(secret: str) -> str:
    """The one-time password of this moment; empty without a secret."""
    return TOTP(secret, interval=STEP).at(datetime.now(UTC)) if secret else ""
