"""Intake on a fresh database with the tiny town in force."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from yixian.city import pack
from yixian.city import service as cities
from yixian.city.inforce import City, compile_city
from yixian.city.model import Gate
from yixian.db.keys import Keys
from yixian.db.pool import SYSTEM, Database
from yixian.intake.service import Means
from yixian.language.service import Reader, compile_reader
from yixian.people.secrets import SoftwareVault

TINY = Path(__file__).parents[1] / "packs" / "tiny"
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def town() -> tuple[City, Reader]:
    read = msgspec.structs.replace(pack.read(TINY), gate=Gate(floor=0.3, margin=0.1))
    return compile_city(read), compile_reader(read)


@pytest.fixture
async def means(database: Database, town: tuple[City, Reader]) -> Means:
    city, reader = town
    async with database.transaction(SYSTEM) as tx:
        await cities.load(tx, city.pack, NOW)
    keys = Keys(bytes(32))
    return Means(database, city, reader, SoftwareVault(keys), keys)
