"""What stands in a form that was sent, for desks whose forms are not one step's alone. What cannot be read is as if it were not sent."""

from __future__ import annotations

from typing import Any

from yixian.tickets.forms import LONGEST
from yixian.web.given import text_of


def text(sent: Any, name: str) -> str:
    """A field's text, without what no field can hold, and no longer than one."""
    return text_of(sent, name, LONGEST)
