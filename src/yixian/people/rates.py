"""How often one address may do what anybody may, without signing in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from litestar import Request

from yixian.people.attempts import Attempts
from yixian.people.sessions import address


def within_rate(request: Request[Any, Any, Any], what: str, a_minute: int, now: datetime) -> bool:
    """Counts one more `what` of this address; whether it stays within so many a minute, in this process. 0: there is no bound."""
    if not a_minute:
        return True
    counted = f"{what}_by_address"
    if counted not in request.app.state:
        request.app.state[counted] = Attempts(a_minute)
    return request.app.state[counted].allow(address(request), now)
