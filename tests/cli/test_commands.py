"""The commands as an administrator types them, each a process of its own, on an installation of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TINY = Path(__file__).parents[1] / "packs" / "tiny"


class Machine:
    """A machine with nothing on it but Yixian."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("YIXIAN_")} | {"YIXIAN_HOME": str(self.home)}
        command = [sys.executable, "-m", "yixian.cli", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=120)

    def json(self, *arguments: str | Path) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    home = Path(tempfile.mkdtemp(prefix="yx-cli-"))
    home.chmod(0o755)
    yield Machine(home)
    shutil.rmtree(home, ignore_errors=True)


def test_from_nothing_to_a_city_with_its_contacts_and_back_from_a_backup(machine: Machine, tmp_path: Path) -> None:
    too_early = machine.run("import", TINY / "places.csv")
    assert too_early.returncode == 1
    assert "yixian pack load" in too_early.stderr
    assert "Traceback" not in too_early.stderr

    assert machine.json("db", "migrate") == [], "the command before had to migrate already"
    assert machine.json("db", "status")["pending"] == []
    first, second = machine.json("pack", "load", TINY), machine.json("pack", "load", TINY)
    assert first["counts"]["unit"]["added"] > 0
    assert second["load"] is None, "loading again changes nothing"

    added = machine.json("staff", "add", "ann", "--name", "Ann", "--role", "operator", "--unit", "pa.contact")
    assert machine.json("staff", "reset", "ann")["password"] != added["password"]
    taken = machine.run("staff", "add", "ann", "--name", "Ann", "--role", "operator", "--unit", "pa.contact")
    assert taken.returncode == 1
    nobody = machine.run("staff", "reset", "nobody")
    no_model = machine.run("dispatch", "live", "7", "--reason", "a try")
    for refused in (taken, nobody, no_model):
        assert refused.returncode == 1
        assert refused.stderr.isascii(), "commands speak English"
    assert "taken" in taken.stderr

    old = tmp_path / "old.csv"
    old.write_text("text,title\nA deep pothole on the road in Northgate,Pothole\nThe house is on fire,\n", encoding="utf-8")
    assert machine.json("import", old)["stored"] == 2
    assert machine.json("import", old)["stored"] == 0
    report = machine.json("db", "verify")
    assert (report["faults"], report["tickets"]) == ([], 1)

    dump = tmp_path / "city.dump"
    assert machine.run("db", "backup", dump).returncode == 0
    old.write_text("text\nAnother pothole in Saltmarsh\n", encoding="utf-8")
    machine.json("import", old)
    refused = machine.run("db", "restore", dump)
    assert refused.returncode == 1
    assert "--replace" in refused.stderr
    noise = tmp_path / "noise.dump"
    noise.write_bytes(dump.read_bytes()[:5000])
    broken = machine.run("db", "restore", noise, "--replace")
    assert broken.returncode == 1
    assert "as it was" in broken.stderr
    assert "Traceback" not in broken.stderr
    assert machine.json("db", "verify")["tickets"] == 2, "a backup that cannot be read throws nothing away"
    assert machine.run("db", "restore", dump, "--replace").returncode == 0
    assert machine.json("db", "verify")["tickets"] == 1


def test_a_pack_with_errors_is_refused_whole_with_file_and_line(machine: Machine, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(TINY, broken)
    with (broken / "units.csv").open("a", encoding="utf-8") as units:
        units.write("pa.ghost,Ghosts,city,nowhere\n")
    for command in (("pack", "check"), ("pack", "load")):
        done = machine.run(*command, broken)
        assert done.returncode == 1
        assert "units.csv:" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_a_setting_that_cannot_be_used_is_named(machine: Machine) -> None:
    environment = os.environ | {"YIXIAN_HOME": str(machine.home), "YIXIAN_PORT": "many"}
    command = [sys.executable, "-m", "yixian.cli", "db", "status"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1
    assert "port" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "url", ["postgresql://nobody:secret@127.0.0.1:9/none", "postgresql://nobody:secret@no.such.host.invalid/x", "mysql://x"]
)
def test_a_database_that_is_not_there_is_told_in_a_sentence(machine: Machine, url: str) -> None:
    environment = os.environ | {"YIXIAN_HOME": str(machine.home), "YIXIAN_DATABASE_URL": url}
    for command in (("db", "backup"), ("up",)):
        done = subprocess.run(
            [sys.executable, "-m", "yixian.cli", *command], capture_output=True, text=True, check=False, env=environment, timeout=60
        )
        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        assert "secret" not in done.stderr


def test_the_learned_classifier_is_judged_on_what_it_never_saw(machine: Machine, tmp_path: Path) -> None:
    rows = [
        f"{text} {n},{label}"
        for n in range(12)
        for text, label in (("路灯 坏 不亮 照明", "灯"), ("垃圾 清运 臭 桶", "环卫"), ("مياه انقطاع", "ماء"))
    ]
    for name in ("train", "test"):
        (tmp_path / f"{name}.csv").write_text("tokens,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    found = machine.json("dispatch", "evaluate", "--train", tmp_path / "train.csv", "--test", tmp_path / "test.csv")
    assert set(found) >= {"n", "classes", "accuracy", "macro_f1", "top3", "target", "coverage", "accuracy_kept"}
    assert (found["n"], found["classes"], found["accuracy"]) == (36, 3, 1.0)
    (tmp_path / "arabic.csv").write_text("text,label\n" + "\n".join(_in_arabic()) + "\n", encoding="utf-8")
    told = machine.run(
        "dispatch", "evaluate", "--train", tmp_path / "arabic.csv", "--folds", "3", "--target", "0.9", "--per-class", "--no-meaning"
    )
    assert told.returncode == 0, told.stderr
    [lamps] = [line for line in told.stdout.splitlines() if "إنارة" in line]
    assert re.findall(r"[\d.]+%?|yes", lamps)[:2] == ["40", "100.0%"], "every class has a line, in any script"
    (tmp_path / "bad.csv").write_text("tokens\nx\n", encoding="utf-8")
    refused = machine.run("dispatch", "evaluate", "--train", tmp_path / "bad.csv")
    assert refused.returncode == 1
    assert "label" in refused.stderr


def _in_arabic() -> Iterator[str]:
    """Written from right to left: water, lamps, waste."""
    for n in range(40):
        yield f"انقطعت المياه عن الحي منذ {n} أيام,مياه"
        yield f"عمود الإنارة في الشارع {n} لا يعمل ليلا,إنارة"
        yield f"القمامة متراكمة أمام البيت {n} ورائحتها كريهة,نظافة"
