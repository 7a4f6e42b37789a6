"""How a short message leaves: not at all, shown on the page (for a demo), or through a gateway of the city's."""

from __future__ import annotations

from typing import Final

import aiohttp
import structlog

from yixian.settings import Settings

PATIENCE: Final = 5.0
"""Seconds that a gateway may take; somebody waits before the page."""

log = structlog.get_logger("yixian.sms")


class NotSent(Exception):
    """The message did not leave; the sentence says what to do."""


async def send(settings: Settings, to: str, text: str) -> str:
    """Sends `text` to a number (E.164). Returns what the page may show of it: everything in `show`, else nothing.

    `http`: `POST {"to": …, "text": …}` as JSON to `sms_url`, with `Authorization: Bearer <sms_key>`; any 2xx means taken.

    Raises:
        NotSent: no way to send is set up, or the gateway did not take it.
    """
    match settings.sms:
        case "show":
            return text
        case "http":
            await _post(settings, to, text)
            return ""
        case _:
            raise NotSent("短信查询没有开通。请用工单编号和查询码查询，或拨打热线。")


async def _post(settings: Settings, to: str, text: str) -> None:
    headers = {"Authorization": f"Bearer {settings.sms_key}"} if settings.sms_key else {}
    failed = NotSent("短信没有发出去。请稍后再试，或用工单编号和查询码查询。")
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session,
            session.post(settings.sms_url, json={"to": to, "text": text}, headers=headers, allow_redirects=False) as answer,
        ):
            status = answer.status
    except (TimeoutError, aiohttp.ClientError, ValueError) as error:
        log.warning("sms.failed", error=type(error).__name__)
        raise failed from error
    if status // 100 != 2:
        log.warning("sms.refused", status=status)
        raise failed
