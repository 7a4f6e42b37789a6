"""Every sentence of the room can be read in English too."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from yixian import people
from yixian.people.model import Role
from yixian.people.words import ROLE_NAMES
from yixian.web import render

ROOM = Path(people.__file__).parent
CHINESE = re.compile("[\u4e00-\u9fff]")


def test_every_role_has_a_name():
    assert set(ROLE_NAMES) == set(Role)


def test_the_templates_words_stand_in_the_catalogue():
    words = {w for page in ROOM.glob("templates/people/*.html") for w in re.findall(r'_\("([^"]+)"\)', page.read_text())}
    assert len(words) > 50
    assert words <= render.catalogue("en").keys()


def test_the_refusals_stand_in_the_catalogue():
    said = {text for file in ROOM.glob("*.py") for text in sentences(file) if CHINESE.search(text)}
    assert len(said) > 40
    assert said <= render.catalogue("en").keys(), said - render.catalogue("en").keys()


def sentences(file: Path) -> set[str]:
    """All texts of a module but its docstrings; those made of parts have no single key, so there must be none."""
    tree = ast.parse(file.read_text())
    documentation = {n.value for n in ast.walk(tree) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)}
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    patterns = {a for n in calls if ast.unparse(n.func) == "re.compile" for a in n.args}  # said to nobody
    texts = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return {n.value for n in texts if n not in documentation | patterns}
