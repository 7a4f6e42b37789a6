"""`yixian up` and the background worker."""

from __future__ import annotations

import asyncio
import signal
import threading

from yixian import logs
from yixian import up as running_up
from yixian.cli.common import err
from yixian.db import bootstrap
from yixian.settings import load


def up() -> None:
    """Start everything for production: settings from the environment or YIXIAN_CONFIG. Ctrl-C or SIGTERM stops it."""
    settings = load()
    logs.configure(settings.log_level)
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    with bootstrap.addresses(settings) as where:
        running_up.prepare(where)
        with running_up.running(settings, where) as parts:
            if running_up.answers(settings, 60):
                err.print(f"Yixian answers at http://{settings.host}:{settings.port}/ - Ctrl-C stops it.", highlight=False)
            running_up.keep(parts, settings, where, lambda: not stopping.is_set())
            err.print("Stopping ...")


def worker() -> None:
    """Hand events on and do what is due (started by `up`)."""
    from yixian import worker as working

    settings = load()
    logs.configure(settings.log_level)
    if settings.database_url:
        asyncio.run(working.run(settings, bootstrap.Addresses(settings.database_url, settings.database_owner_url)))
        return
    with bootstrap.addresses(settings) as where:
        asyncio.run(working.run(settings, where))
