"""A file of another system: every row once, whatever it holds, however often it is run."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest
from tests.conftest import DATA
from tests.intake.conftest import NOW

from yixian.intake import importing
from yixian.intake.service import Means

ROWS = """id,time,title,text
1,2019/2/28 11:25:05,Pothole,There is a deep pothole in Northgate
2,not a time,,The house is on fire
3,2019-03-01,,
4,,Lamp,The light outside our house is out
4,,Lamp,The light outside our house is out
"""


async def run(means: Means, file: Path) -> importing.Summary:
    return await importing.import_rows(means, file, lambda: NOW, lambda: None)


async def test_every_row_ends_with_an_outcome_and_a_second_run_stores_nothing(
    means: Means, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    file = tmp_path / "old.csv"
    file.write_text(ROWS, encoding="utf-8")
    first = await run(means, file)
    assert (first.rows, first.stored, first.known, first.empty) == (5, 5, 0, 1)
    assert first.outcomes == {"ticket_opened": 3, "transferred": 1, "abandoned": 1}
    second = await run(means, file)
    assert (second.stored, second.known) == (0, 5)
    assert await owner.fetchval("SELECT count(*) FROM contact") == 5
    assert await owner.fetchval("SELECT min(received_at)::date::text FROM contact") == "2019-02-28"


async def test_a_long_name_of_the_file_keeps_its_rows_apart(means: Means, tmp_path: Path) -> None:
    file = tmp_path / f"{'messages-of-the-old-hotline-' * 8}.csv"
    file.write_text(ROWS, encoding="utf-8")
    assert (await run(means, file)).stored == 5


async def test_a_run_that_was_cut_short_is_completed_by_the_next(means: Means, owner: asyncpg.Connection, tmp_path: Path) -> None:
    file = tmp_path / "old.csv"
    file.write_text("".join(ROWS.splitlines(keepends=True)[:3]), encoding="utf-8")
    await run(means, file)
    file.write_text(ROWS, encoding="utf-8")
    whole = await run(means, file)
    assert (whole.stored, whole.known) == (3, 2)
    assert await owner.fetchval("SELECT count(*) FROM contact") == 5


async def test_what_is_too_long_is_said_and_loses_no_other_row(means: Means, owner: asyncpg.Connection, tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    pothole = "There is a deep pothole in Northgate. "
    file.write_text(f"text\n{pothole}\n{pothole * 5_000}\n{pothole * 200}\n", encoding="utf-8")
    summary = await run(means, file)
    assert (summary.stored, summary.cut) == (3, (3,))
    assert await owner.fetchval("SELECT array_agg(length(text) ORDER BY length(text)) FROM contact") == [37, 7_599, 10_000]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"title,body\na,b\n", "column 'text'"),
        (b"text\n" + b"x" * 10_000_001, "cannot be read as CSV"),
        ("text\n路灯\n".encode("gbk"), "not UTF-8"),
    ],
)
async def test_a_file_that_cannot_be_read_says_why(means: Means, tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    with pytest.raises((importing.Unreadable, ExceptionGroup)) as caught:
        await run(means, file)
    error = caught.value.exceptions[0] if isinstance(caught.value, ExceptionGroup) else caught.value
    assert said in str(error)


async def test_real_messages_are_taken_in_whole_and_once(means: Means, owner: asyncpg.Connection) -> None:
    """2,801 messages to a province's board, to a town that is not theirs: each has its outcome all the same."""
    file = DATA / "messages" / "unlabelled.csv"
    if not file.exists():
        pytest.skip("the measuring data is not part of the project (setting YIXIAN_DATA)")
    summary = await run(means, file)
    assert summary.rows == summary.stored == sum(summary.outcomes.values()) == await owner.fetchval("SELECT count(*) FROM contact")
    assert (await run(means, file)).stored == 0
