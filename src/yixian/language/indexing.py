"""Vectors of many texts: those made before from the database, the others made now, slowly and out of everybody's way."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

import numpy as np
from numpy.typing import NDArray

from yixian.db.pool import SYSTEM, Database
from yixian.language import store
from yixian.language.meaning import Embed

AT_ONCE: Final = 32
"""Texts between two looks at the database: about a second of one core. What was made is kept, so a worker that is stopped loses no more."""
ASIDE: Final = 10
"""How far the thread that makes vectors steps back behind the others (`nice`)."""

Vector = NDArray[np.float32]
Progress = Callable[[int, int], None]
"""Told how many of how many are there."""


async def vectors_of(
    database: Database, texts: Sequence[str], embed: Embed, progress: Progress = lambda _done, _whole: None
) -> dict[str, Vector]:
    """The vector of each text. Nine thousand new ones take about four minutes of one core; the second time a tenth of a second."""
    by_digest = {sha256(text.encode()).digest(): text for text in texts}
    async with database.transaction(SYSTEM) as tx:
        there = await store.known(tx, list(by_digest))
    found = {by_digest[digest]: _read(vector) for digest, vector in there.items()}
    missing = [digest for digest in by_digest if digest not in there]
    for start in range(0, len(missing), AT_ONCE):
        progress(len(found), len(by_digest))
        part = missing[start : start + AT_ONCE]
        made = await asyncio.to_thread(_aside, embed, [by_digest[digest] for digest in part])
        written = {digest: vector.astype(np.float16).tobytes() for digest, vector in zip(part, made, strict=True)}
        async with database.transaction(SYSTEM) as tx:
            await store.keep(tx, written)
        # As they would be read: the first time must not differ from the second.
        found |= {by_digest[digest]: _read(vector) for digest, vector in written.items()}
    progress(len(found), len(by_digest))
    return found


def _read(vector: bytes) -> Vector:
    return np.frombuffer(vector, dtype=np.float16).astype(np.float32)


def _aside(embed: Embed, texts: Sequence[str]) -> NDArray[np.float32]:
    if sys.platform == "linux":
        # Linux steps back single threads; elsewhere the whole process would, and the worker has other things to do.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), ASIDE)
    return embed(texts)
