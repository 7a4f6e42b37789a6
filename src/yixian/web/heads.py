"""HEAD wherever there is GET: the same answer without its body (RFC 9110, 9.3.2)."""

from __future__ import annotations

from litestar.types import ASGIApp, HTTPDisconnectEvent, HTTPReceiveMessage, Message, Receive, Scope, Send, WebSocketReceiveMessage


def answering_heads(app: ASGIApp) -> ASGIApp:
    """`app`, which knows GET, answering HEAD too.

    It stands before the router, which would answer 405: so no route says it of itself, and the API's description stays as it is.
    """

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await app(scope, receive, send)
            return
        answered = False

        async def read() -> HTTPReceiveMessage | WebSocketReceiveMessage:
            # What streams without end, as a board does, stops: nobody is listening.
            return HTTPDisconnectEvent(type="http.disconnect") if answered else await receive()

        async def answer(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        asked: Scope = {**scope, "method": "GET"}
        await app(asked, read, answer)

    return handle
