"""The town of the tickets' tests."""

from __future__ import annotations

from tests.tickets.conftest import city, town

__all__ = ("city", "town")
