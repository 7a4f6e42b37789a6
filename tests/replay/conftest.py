from __future__ import annotations

from pathlib import Path

import pytest

from yixian.city import pack
from yixian.city.model import Pack

TINY = Path(__file__).parents[1] / "packs" / "tiny"


@pytest.fixture(scope="session")
def tiny() -> Pack:
    return pack.read(TINY)
