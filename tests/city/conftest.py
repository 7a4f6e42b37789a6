"""The two cities the tests know: Port Ash, which does not exist, and Guangzhou."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from yixian.city import pack
from yixian.city.model import Pack
from yixian.city.responsibility import Register, compile_register

ROOT = Path(__file__).parents[2]
TINY = ROOT / "tests" / "packs" / "tiny"
GUANGZHOU = ROOT / "packs" / "guangzhou"


@pytest.fixture(scope="session")
def tiny() -> Pack:
    return pack.read(TINY)


@pytest.fixture(scope="session")
def guangzhou() -> Pack:
    return pack.read(GUANGZHOU)


@pytest.fixture(scope="session")
def register(tiny: Pack) -> Register:
    return compile_register(tiny)


@pytest.fixture(scope="session")
def large_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Port Ash with 4,200 matters to file under, each with six examples and a responsibility."""
    folder = shutil.copytree(TINY, tmp_path_factory.mktemp("large") / "large")
    shutil.rmtree(folder / "guides")
    topics = [f"{first}{second}" for first in "KLM" for second in "ABCDEFG"]
    groups = [f"{topic}{group:02}" for topic in topics for group in range(10)]
    matters = [f"{group}{leaf:02}" for group in groups for leaf in range(20)]
    _write(folder / "matters" / "town.csv", (_matter(code) for code in (*topics, *groups, *matters)))
    _write(folder / "examples" / "town.csv", ([code, f"{code} said in way {way}", "en"] for code in matters for way in range(6)))
    _write(folder / "responsibilities" / "town.csv", (_responsibility(code) for code in matters))
    return folder


def _write(path: Path, rows: Iterable[list[str]]) -> None:
    """Puts these rows below the file's own header."""
    with path.open(encoding="utf-8", newline="") as source:
        header = next(csv.reader(source))
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([header, *rows])


def _matter(code: str) -> list[str]:
    return [code, code[:-2], f"Matter {code}", "", "streets", "help", "word", "both", "normal", ""]


def _responsibility(matter: str) -> list[str]:
    return [f"{matter}-1", matter, "*", "", "", "", "pa.roads", "@district.noise", "Order", "2024-01-01", "", ""]
