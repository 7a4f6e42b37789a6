"""A file as an answer: nothing in it can run, nobody else's cache keeps it, and a part of it can be asked for."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from litestar import Response

from yixian.attachments.model import Content, Kind

POLICY: Final = "default-src 'none'; sandbox"
"""Even a file that a browser takes for a page runs nothing and loads nothing."""

_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")


def answer(content: Content, asked: str = "", *, keep: int = 3600) -> Response[bytes]:
    """The file; `asked`: the request's `Range` header, which players of sound need. `keep`: seconds that the browser itself may keep it."""
    shown = "attachment" if content.kind is Kind.DOCUMENT else "inline"
    headers = {
        "Content-Disposition": f"{shown}; filename=\"file\"; filename*=UTF-8''{quote(content.name, safe='')}",
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": f"private, max-age={keep}",
        "Accept-Ranges": "bytes",
    }
    span = _span(asked, len(content.body))
    if span is None:
        return Response(content.body, media_type=content.media_type, headers=headers)
    start, end = span
    if start >= end:
        return Response(b"", status_code=416, headers={**headers, "Content-Range": f"bytes */{len(content.body)}"})
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content.body)}"
    return Response(content.body[start:end], status_code=206, media_type=content.media_type, headers=headers)


def _span(asked: str, size: int) -> tuple[int, int] | None:
    """From where to where, exclusive; None for the whole, an empty span for what cannot be had (RFC 9110, 14)."""
    found = _RANGE.fullmatch(asked.strip()[:100])
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        return max(0, size - int(found[2])), size
    return int(found[1]), min(size, int(found[2]) + 1) if found[2] else size
