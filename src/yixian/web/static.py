"""What the shared look serves itself: static files, the choice of language and size, and the headers of every answer."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from litestar import Response, get
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from litestar.types import Message, Scope

from yixian.web import render
from yixian.web.problems import usual

POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, nothing inline: what a resident wrote can never run."""

SECURITY_HEADERS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    # A ticket's address carries its check code: it must not travel to another site.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    # Residents may send a voice note, a photograph and where they are; the browser asks them each time.
    (b"permissions-policy", b"camera=(self), geolocation=(self), microphone=(self)"),
)

A_YEAR: Final = 365 * 24 * 3600


async def secure(message: Message, _scope: Scope) -> None:
    """Adds the security headers to every answer, errors too; for the application's `before_send`."""
    if message["type"] == "http.response.start":
        message["headers"] = [*message.get("headers", ()), *SECURITY_HEADERS]


@get("/static/{digest:str}/{name:str}", include_in_schema=False)
async def static_file(digest: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """A file of the shared look. An older page may ask with an older digest: it gets the file, but may not keep it."""
    file = render.static_files().get(name)
    if file is None:
        raise usual(404)
    keep = f"public, max-age={A_YEAR}, immutable" if digest == render.static_digest() else "no-cache"
    return Response(file.body, media_type=file.media_type, headers={"Cache-Control": keep})


@get("/preference", include_in_schema=False)
async def preference(
    back: FromQuery[str] = "/",
    lang: FromQuery[str] = "",
    look: FromQuery[str] = "",
    theme: FromQuery[str] = "",
    rail: FromQuery[str] = "",
) -> Redirect:
    """Remembers for a year how somebody likes the pages, and goes back to where one was; what is not known is passed over."""
    answer = Redirect(local(back), status_code=303)
    for cookie, wish, known in (
        (render.LANGUAGE_COOKIE, lang, render.LANGUAGES),
        (render.LOOK_COOKIE, look, (render.ELDER, "plain")),
        (render.THEME_COOKIE, theme, render.THEMES),
        (render.RAIL_COOKIE, rail, render.RAILS),
    ):
        if wish in known:
            answer.set_cookie(cookie, wish, max_age=A_YEAR, samesite="lax")
    return answer


def local(address: str) -> str:
    """`address` when it is a path of this site, else `/`: nobody is sent elsewhere by a link to us."""
    parts = urlsplit(address)
    stays = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return address if stays and address.isprintable() else "/"


routes = (static_file, preference)
