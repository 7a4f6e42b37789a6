"""House rules that a reader would otherwise have to watch over: where SQL may stand, who may read the clock, what nothing is called."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import msgspec
import pytest

from yixian.db import migrate
from yixian.tickets.model import State, Ticket

SOURCE = Path(__file__).parent.parent / "src" / "yixian"
FILES = sorted(SOURCE.rglob("*.py"))
SQL = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\s+[\w(*$]")
CLOCKS = {"app.py", "cli", "replay"}
"""Where the present time comes from: the application's clock, commands, and the client that plays residents."""


def of_room(file: Path) -> str:
    return file.relative_to(SOURCE).parts[0]


def test_sql_stands_in_stores_and_nowhere_else() -> None:
    others = [f for f in FILES if f.name != "store.py" and of_room(f) != "db"]
    assert len(others) > 60
    assert [str(f.relative_to(SOURCE)) for f in others if SQL.search(f.read_text(encoding="utf-8"))] == []


def test_time_is_a_parameter() -> None:
    found = []
    for file in FILES:
        if of_room(file) in CLOCKS:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Attribute)
                and node.attr in {"now", "utcnow", "today"}
                and ast.unparse(node.value) in {"datetime", "date"}
            ):
                found.append(f"{file.relative_to(SOURCE)}:{node.lineno}")
    assert found == []


@pytest.mark.parametrize("word", ["utils", "helper", "manager", "common_"])
def test_nothing_is_called(word: str) -> None:
    named = [f for f in FILES if word in f.stem.lower()]
    classes = [c for f in FILES for c in re.findall(r"^class (\w+)", f.read_text(encoding="utf-8"), re.MULTILINE) if word in c.lower()]
    assert (named, classes) == ([], [])


def test_a_ticket_is_the_row_of_its_table() -> None:
    sql = next(m.sql for m in migrate.known() if m.name == "tickets")
    table = sql[sql.index("CREATE TABLE ticket (") : sql.index("COMMENT ON COLUMN ticket.")]
    columns = re.findall(r"^    ([a-z_]+) +(?:uuid|text|timestamptz|boolean|integer|smallint|real|jsonb|bytea)\b", table, re.MULTILINE)
    for name in ("coordinates", "campaigns", "sessions", "alarms", "reviews", "desks", "urging", "care"):
        later = next(m.sql for m in migrate.known() if m.name == name).partition("ALTER TABLE ticket\n")[2]
        columns += re.findall(r"ADD COLUMN ([a-z_]+) ", later)
    assert columns == [f.name for f in msgspec.structs.fields(Ticket)]
    assert len(State) == 11
