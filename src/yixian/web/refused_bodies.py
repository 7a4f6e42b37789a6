"""A body that is too large is read to its end before it is refused: whoever sends first and listens then hears why."""

from __future__ import annotations

from typing import Final

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPReceiveMessage, Message, Receive, Scope, Send, WebSocketReceiveMessage

STILL_READ: Final = 64 * 1024 * 1024
"""Bytes read past a refusal; of more than that nobody is told, the connection is closed."""


class RefusedBodies(ASGIMiddleware):
    """Reads away what is left of a body that was refused (413).

    A server closes a connection on which unread bytes wait, and then the client's system throws the answer away with them: RFC 9112, 9.6.
    """

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Passes everything on, but what is left of a refused body."""

        more = True

        async def read() -> HTTPReceiveMessage | WebSocketReceiveMessage:
            nonlocal more
            message = await receive()
            more = message["type"] == "http.request" and message["more_body"]
            return message

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 413:
                left = STILL_READ
                while more and left > 0:  # past its end there is nothing but the sender's leaving to wait for
                    left -= len((await read()).get("body", b""))
            await send(message)

        await next_app(scope, read, answer)
