"""A pack says how its operators speak; one that says nothing is a pack all the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from yixian.city import pack
from yixian.city import service as cities
from yixian.city.model import Branch, Moment, Speech
from yixian.db.pool import SYSTEM, Database

TINY = Path(__file__).parents[1] / "packs" / "tiny"

SPEECH = """
[[say]]
moment = "opening"
words = { en = "Port Ash, hello", cy = "Helo" }

[feelings]
angry = ["fed up"]

[[ask]]
matter = "ST01"
question = "One lamp?"
branches = [{ answer = "No", advice = "Tell us the street." }]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(TINY, tmp_path / "tiny")


def said(folder: Path, text: str) -> list[str]:
    (folder / "speech.toml").write_text(text, encoding="utf-8")
    return [problem.message for problem in pack.check(folder) if "speech" in problem.file]


def test_what_is_written_is_read(folder: Path):
    assert said(folder, SPEECH) == []
    speech = pack.read(folder).speech
    assert speech.sayings[0].moment is Moment.OPENING
    assert speech.sayings[0].words["cy"] == "Helo"
    assert speech.askings[0].branches == (Branch("No", "Tell us the street."),)
    assert speech.feelings == {"angry": ("fed up",)}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[ask]]\nmatter = "XX"\nquestion = "?"', "unknown matter 'XX'"),
        ('[[say]]\nmoment = "opening"\nwords = { cy = "Helo" }', "has no words in en"),
        ('[[say]]\nmoment = "lunch"\nwords = { en = "x" }', "lunch"),
        ('[feelings]\nhungry = ["x"]', "unknown key 'hungry'"),
        ("[songs]\nx = 1", "unknown section 'songs'"),
    ],
)
def test_what_is_wrong_is_named(folder: Path, text: str, told: str):
    assert any(told in message for message in said(folder, text))


async def test_it_comes_back_from_the_database_and_goes_with_the_pack(folder: Path, database: Database):
    from datetime import UTC, datetime

    said(folder, SPEECH)
    now = datetime(2026, 11, 20, tzinfo=UTC)
    async with database.transaction(SYSTEM) as tx:
        await cities.load(tx, pack.read(folder), now)
        assert (await cities.current(tx)).speech == pack.read(folder).speech
        await cities.load(tx, pack.read(TINY), now)
        assert (await cities.current(tx)).speech == Speech()
