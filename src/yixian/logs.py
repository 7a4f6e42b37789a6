"""Logs: one line of JSON an event, on standard error; nothing of residents' words or numbers."""

from __future__ import annotations

import logging
import sys
from typing import Any

import asyncpg
import structlog
from structlog.typing import EventDict


def configure(level: str) -> None:
    """Sets the least level that is written, for this process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            discreet,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def discreet(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Takes the rows out of what the database says of its errors ("Failing row contains …"): they are somebody's words."""
    given = event.get("exc_info")
    error = given if isinstance(given, BaseException) else given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given else None
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, asyncpg.PostgresError):
            vars(error)["detail"] = None
        error = error.__cause__ or error.__context__
    return event
