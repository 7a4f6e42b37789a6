"""What a process holds for long is not searched for garbage again and again."""

from __future__ import annotations

import gc
from typing import Final

YOUNG: Final = 10_000
"""Objects made before the youngest are looked at: a request makes some hundreds, nearly all without cycles."""


def settle() -> None:
    """Takes all that lives now out of the search for garbage: to be called when the city was read, whose hundreds of thousands of objects
    stay as long as the process. A full search over them takes a quarter of a second of one core. Only the first call does so: what is
    read later, when a pack is loaded, replaces what was read before, and has to be found when it is dropped in turn.
    """
    if gc.get_freeze_count() == 0:
        gc.set_threshold(YOUNG, 20, 20)
        gc.freeze()
