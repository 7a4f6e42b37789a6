"""The commands of the responsibility list, as an administrator types them."""

from __future__ import annotations

from pathlib import Path

from tests.cli.test_commands import TINY, Machine, machine

__all__ = ["machine"]


def test_the_list_goes_out_is_edited_and_comes_back_as_proposals(machine: Machine, tmp_path: Path) -> None:
    machine.json("pack", "load", TINY)
    file = tmp_path / "list.csv"
    assert machine.run("list", "export", file).returncode == 0
    file.write_text(file.read_text(encoding="utf-8-sig").replace("pa.waste,,Waste Order 2", "pa.roads,,Waste Order 2"), encoding="utf-8")
    found = machine.json("list", "diff", file)
    assert [(d["code"], d["fields"]) for d in found["changed"]] == [
        ("BN-1", [{"field": "lead", "before": "pa.waste", "after": "pa.roads"}])
    ]
    done = machine.run("list", "import", file, "--reason", "The depot moved")
    assert (done.returncode, "1 proposals were made" in done.stdout) == (0, True), done.stderr
    file.write_text("code\nBN-1\n", encoding="utf-8")
    wrong = machine.run("list", "diff", file)
    assert wrong.returncode == 1
    assert "Missing columns" in wrong.stderr and "Traceback" not in wrong.stderr
    kind = machine.run("list", "export", tmp_path / "list.doc")
    assert kind.returncode == 1 and "CSV or Excel" in kind.stderr
