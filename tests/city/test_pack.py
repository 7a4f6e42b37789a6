"""A pack is read as it is written, and every mistake in it is found, with its line and what to do."""

from __future__ import annotations

import csv
import shutil
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yixian.city import pack
from yixian.city.matters import leaves
from yixian.city.model import Audience, Level, Pack, Urgency
from yixian.city.tables import Severity

from .conftest import GUANGZHOU, TINY

TODAY = date(2026, 11, 1)
MATTERS, EXAMPLES, GUIDE = "matters/town.csv", "examples/town.csv", "guides/mooring.md"
LIST = "responsibilities/town.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of Port Ash to break."""
    return shutil.copytree(TINY, tmp_path / "tiny")


def edit(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {file}"
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def append(folder: Path, file: str, line: str) -> None:
    with (folder / file).open("a", encoding="utf-8") as out:
        out.write(line + "\n")


def test_port_ash_has_no_problem() -> None:
    assert pack.check(TINY, TODAY) == []


def test_port_ash_reads_as_it_is_written(tiny: Pack) -> None:
    assert (tiny.city.name, tiny.city.timezone, tiny.calendar.workdays) == ("Port Ash", "Europe/London", "mon-fri")
    assert [queue.code for queue in tiny.queues] == ["front_desk", "streets", "harbour"]
    assert len(leaves(tiny.matters)) == 10
    by_code = {matter.code: matter for matter in tiny.matters}
    assert by_code["ST0101"].queue == "streets", "taken from the topic"
    assert by_code["NS02"].audience == (Audience.PERSON,) and by_code["NS02"].sensitive
    assert by_code["HB02"].urgency is Urgency.CRITICAL
    assert tiny.triage.languages["cy"] == ("ydy", "ŵ", "mae'r")
    assert tiny.guides[0].text.startswith("Apply at the Harbour Master's office")


def test_a_city_says_how_its_people_call_things(folder: Path) -> None:
    append(
        folder,
        "triage.toml",
        '[language.cy.words]\n"golau stryd" = "street light"\n[language.en]\nendings = ["s"]\n[synonyms]\n"bulb" = "lamp"',
    )
    triage = pack.read(folder).triage
    assert triage.languages == {"cy": ("ydy", "ŵ", "mae'r")}
    assert triage.words == {"cy": {"golau stryd": "street light"}}
    assert triage.endings == {"en": ("s",)}
    assert triage.synonyms == {"bulb": "lamp"}


def test_units_of_streets_are_made_from_the_regions_unless_listed(tiny: Pack) -> None:
    units = {unit.code: unit for unit in tiny.units}
    assert units["PA-S-1"].name == "Marsh Village Parish Council"
    assert (units["PA-N-1"].name, units["PA-N-1"].parent, units["PA-N-1"].level) == ("Castle Ward Ward Office", "PA-N", Level.STREET)
    assert units["PA-H-1-a"].kind == "partner", "as units.csv has it"


def test_the_order_of_columns_rows_and_files_does_not_matter(folder: Path, tiny: Pack) -> None:
    for path in folder.rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as source:
            header, *rows = csv.reader(source)
        with path.open("w", encoding="utf-8-sig", newline="") as out:
            csv.writer(out).writerows([header[::-1], *(row[::-1] for row in rows[::-1])])
    (folder / "matters" / "town.csv").rename(folder / "matters" / "a.csv")
    assert pack.read(folder) == tiny


Mistake = Callable[[Path], None]


def replacing(file: str, old: str, new: str) -> Mistake:
    return lambda folder: edit(folder, file, old, new)


def adding(file: str, line: str) -> Mistake:
    return lambda folder: append(folder, file, line)


def without_a_unit_in_a_community(folder: Path) -> None:
    append(folder, "regions.csv", "PA-H-1-b,Rope Walk,community,PA-H-1,")
    edit(folder, LIST, "*,,night,,@district", "*,,night,,@community")


@pytest.mark.parametrize(
    ("mistake", "place", "message"),
    [
        (replacing("units.csv", ",kind,", ",sort,"), "units.csv:1", "unknown column 'sort'; the columns are code"),
        (replacing("units.csv", ",kind,", ",sort,"), "units.csv:1", "column 'kind' is missing"),
        (replacing("regions.csv", "level,parent", "level,level,parent"), "regions.csv:1", "column 'level' stands twice"),
        (adding("lines.csv", "0800 3,Short"), "lines.csv:4", "has 2 cells, the header 8"),
        (adding("lines.csv", '0800 3,"Open'), "lines.csv:4", "is not CSV"),
        (replacing("regions.csv", ",street,PA-S", ",strete,PA-S"), "regions.csv:8", "'strete' is not known; write one of province"),
        (replacing("units.csv", "Waste Services,Waste", ",Waste"), "units.csv:5", "column 'name': is empty"),
        (replacing("units.csv", "department,yes,Bins", "department,ja,Bins"), "units.csv:5", "'ja' is not 'yes'"),
        (replacing(LIST, "12,2024-01-01", "12,1/1/2024"), f"{LIST}:2", "write it as 2026-01-31"),
        (replacing(MATTERS, "loud music,person", "loud music,people"), f"{MATTERS}:14", "write person, firm or both"),
        (replacing("calendar.csv", "2026-12-28,no", "2026-12-25,yes"), "calendar.csv:3", "2026-12-25 stands twice"),
        (adding("units.csv", "pa.waste,W,,,city,pa,PA,,department,,"), "units.csv:14", "'pa.waste' stands already in units.csv:5"),
        (replacing("units.csv", "city,pa,PA,waste", "city,pa.x,PA,waste"), "units.csv:5", "unknown unit 'pa.x' as parent"),
        (replacing("units.csv", "city,,PA,", "city,pa.waste,PA,"), "units.csv:2", "go round in a circle"),
        (replacing("units.csv", "community,PA-H-1,", "community,PA-H,"), "units.csv:13", "cannot stand below 'PA-H', a district unit"),
        (replacing("units.csv", "PA-H,PA-H,noise", "PA-H,PA-S,noise"), "units.csv:12", "has the function 'noise' in 'PA-S' already"),
        (replacing("units.csv", "PA-H,PA-H,noise", "PA-H,PA-H-1,noise"), "units.csv:12", "a district unit serves a district"),
        (replacing("regions.csv", "street,PA-S", "street,PA-X"), "regions.csv:8", "unknown region 'PA-X' as parent"),
        (replacing("regions.csv", "street,PA-S", "street,PA"), "regions.csv:8", "a street lies in a district, but 'PA' is a city"),
        (replacing("places.csv", "PA-H-1-a", "PA-Z"), "places.csv:3", "unknown region 'PA-Z'"),
        (replacing("lines.csv", ",harbour,", ",harbor,"), "lines.csv:3", "unknown queue 'harbor'; add it to city.toml"),
        (replacing("lines.csv", "pa.roads", "pa.rods"), "lines.csv:2", "unknown unit 'pa.rods'"),
        (replacing(MATTERS, "ST0202,ST02", "ST0202,ST01"), f"{MATTERS}:8", "parent of 'ST0202' must be 'ST02'"),
        (replacing(MATTERS, "ST0202,ST02", "st0202,ST02"), f"{MATTERS}:8", "two capital letters"),
        (replacing(MATTERS, "Noise,front_desk", "Noise,"), f"{MATTERS}:12", "topic 'NS' has no queue"),
        (replacing(EXAMPLES, "BN01,You", "BN09,You"), f"{EXAMPLES}:26", "unknown matter 'BN09'"),
        (replacing(EXAMPLES, "BN01,You", "BN,You"), f"{EXAMPLES}:26", "has matters below it"),
        (replacing(EXAMPLES, "bin again,en", "bin again,fr"), f"{EXAMPLES}:26", "'fr' is not one of the city's (en, cy)"),
        (adding(EXAMPLES, "BN01,You missed our bin again,en"), f"{EXAMPLES}:62", "stands already in examples/town.csv:26"),
        (adding(EXAMPLES, "BN02,You missed our bin again,en"), f"{EXAMPLES}:62", "the same words stand for 'BN01'"),
        (replacing(EXAMPLES, "ST0101,The light", "ST0102,The light"), f"{MATTERS}:4", "has 5 examples; write at least 6"),
        (replacing(LIST, "PA-N-1,", "PA-N-9,"), f"{LIST}:4", "unknown region 'PA-N-9'"),
        (replacing(LIST, "pa.waste,,", "pa.wast,,"), f"{LIST}:5", "unknown unit 'pa.wast'"),
        (replacing(LIST, "@district.noise,,", "@town.noise,,"), f"{LIST}:7", "not a unit by place"),
        (replacing(LIST, "@district.noise,,", "@district.nose,,"), f"{LIST}:7", "finds no unit in PA-N, PA-S, PA-H"),
        (without_a_unit_in_a_community, f"{LIST}:8", "'@community' finds no unit in PA-H-1-b; add it"),
        (replacing(LIST, "2024-01-01,2026-06-30", "2024-01-01,2023-06-30"), f"{LIST}:9", "comes before"),
        (replacing(LIST, "HB-1,HB,", "HB-1,HB01,"), f"{MATTERS}:17", "nobody answers for 'HB02'"),
        (replacing(LIST, "HB-1,HB,*,,", "HB-1,HB,PA-H,,"), f"{MATTERS}:16", "in 'PA-N' when a person asks"),
        (replacing(LIST, "HB-1,HB,*,,", "HB-1,HB,*,firm,"), f"{MATTERS}:16", "when a person asks"),
        (adding(LIST, "HB-2,HB,*,,,,pa.roads,,X,2025-01-01,,"), f"{LIST}:12", "'HB-2' and 'HB-1' fit equally"),
        (adding(LIST, "NS01-4,NS01,*,firm,,,pa.roads,,X,2025-01-01,,"), f"{LIST}:12", "'NS01-4' and 'NS01-1' have as many conditions"),
        (replacing(GUIDE, "HB01", "HB09"), f"{GUIDE}:2", "unknown matter 'HB09'"),
        (replacing(GUIDE, "2027-06-30", "2026-06-30"), f"{GUIDE}:2", "was to be reviewed by 2026-06-30"),
        (replacing(GUIDE, "source =", "sauce ="), f"{GUIDE}:7", "unknown key 'sauce'"),
        (replacing(GUIDE, "+++\ncode", "code"), f"{GUIDE}:1", "must begin with a line +++"),
        (replacing(GUIDE, 'unit = "', "unit = "), f"{GUIDE}:6", "is not TOML"),
        (replacing("city.toml", "fallback = true\n", ""), "city.toml:22", "no queue is the fallback"),
        (replacing("city.toml", 'name_en = "Harbour"', "fallback = true"), "city.toml:33", "is a second fallback"),
        (replacing("city.toml", '"GB"', '"UK and Wales"'), "city.toml:3", "country must be the two capital letters"),
        (replacing("city.toml", "pa.contact", "pa.nobody"), "city.toml:3", "fallback_unit 'pa.nobody' is not a unit"),
        (replacing("city.toml", "Europe/London", "Europe/Port_Ash"), "city.toml:3", "timezone 'Europe/Port_Ash' is not known"),
        (replacing("city.toml", "08:30-12:30", "12:30-08:30"), "city.toml:15", "stretches of the day in order"),
        (replacing("city.toml", '"mon-fri"', '"weekdays"'), "city.toml:14", "'workdays' of [calendar] is of the wrong kind"),
        (replacing("city.toml", "target = 0.9", "target = 97"), "city.toml:18", "between 0 and 1"),
        (replacing("city.toml", 'answer = "2wd"', 'answer = "2 days"'), "city.toml:49", "answer: '2 days' is not a duration"),
        (replacing("city.toml", 'kind = "complaint"', 'kind = "moan"'), "city.toml:60", "kind 'moan' is not known"),
        (replacing("city.toml", 'kind = "*"', 'kind = "help"'), "city.toml:1", "no time limit for consultation"),
        (replacing("city.toml", "[gate]", "[gait]"), "city.toml:17", "unknown section 'gait'"),
        (replacing("city.toml", '"{name} Ward Office"', '"Ward Office"'), "city.toml:76", "must hold"),
        (replacing("triage.toml", "complaint =", "moan ="), "triage.toml:20", "unknown key 'moan' in [kinds]"),
        (replacing("triage.toml", 'say = "Hang up', 'tell = "Hang up'), "triage.toml:6", "unknown key 'tell'"),
        (lambda folder: append(folder, "triage.toml", "[synonyms]\nbulb = 3"), "triage.toml:41", "[synonyms] must hold lines like"),
        (lambda folder: append(folder, "triage.toml", "[language.en.words]\nbulb = 3"), "triage.toml:1", "'words' of [language.en]"),
        (lambda folder: (folder / "places.csv").unlink(), "places.csv:1", "cannot be read"),
        (lambda folder: (folder / "places.csv").write_bytes(b"name,kind\n\xff\xfe"), "places.csv:2", "is not UTF-8"),
    ],
)  # fmt: skip
def test_a_mistake_is_found_where_it_stands(folder: Path, mistake: Mistake, place: str, message: str) -> None:
    mistake(folder)
    found = [f"{problem.file}:{problem.line} {problem.message}" for problem in pack.check(folder, TODAY)]
    assert any(line.startswith(place + " ") and message in line for line in found), "\n".join(found)


def test_all_mistakes_are_told_at_once(folder: Path) -> None:
    edit(folder, "units.csv", "department,yes,Bins", "department,ja,Bins")
    edit(folder, "lines.csv", ",harbour,", ",harbor,")
    edit(folder, "city.toml", 'answer = "2wd"', 'answer = "2 days"')
    edit(folder, "guides/mooring.md", "HB01", "HB09")
    files = {problem.file for problem in pack.check(folder)}
    assert files >= {"units.csv", "lines.csv", "city.toml", "guides/mooring.md"}
    with pytest.raises(pack.InvalidPack, match="is not 'yes'") as refused:
        pack.read(folder)
    assert {problem.file for problem in refused.value.problems} >= files - {"matters/town.csv"}


def test_a_pack_that_is_not_finished_can_be_read(folder: Path) -> None:
    edit(folder, "examples/town.csv", "ST0101,The light", "ST0102,The light")
    edit(folder, "responsibilities/town.csv", "HB-1,HB,", "HB-1,HB01,")
    severities = {problem.message[:6]: problem.severity for problem in pack.check(folder)}
    assert severities == {"matter": Severity.WARNING, "nobody": Severity.ERROR}
    assert pack.read(folder)


def test_a_folder_that_is_none_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    assert "is not a folder" in pack.check(tmp_path / "nowhere")[0].message
    assert len(pack.check(tmp_path)) >= 6


def test_reading_a_large_city_takes_seconds(large_folder: Path) -> None:
    started = time.perf_counter()
    city = pack.read(large_folder)
    took = time.perf_counter() - started
    assert (len(leaves(city.matters)), len(city.examples)) == (4_200, 25_200)
    assert took < 4
    assert [p for p in pack.check(large_folder) if p.severity is Severity.ERROR] == []


def test_reading_guangzhou_takes_two_seconds_at_most() -> None:
    started = time.process_time()
    pack.read(GUANGZHOU)
    assert time.process_time() - started < 2


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_pack_is_a_list_of_problems_never_a_crash(folder: Path, data: st.DataObject) -> None:
    files = sorted(path.relative_to(TINY) for path in TINY.rglob("*.*") if path.is_file())
    file = data.draw(st.sampled_from(files))
    whole = (TINY / file).read_bytes()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    junk = data.draw(st.sampled_from(["", '"', "[", "]]", "\n", ",", "|", "\0", "=", "[[city]]\n", "1", "@", "区"])).encode()
    (folder / file).write_bytes(whole[:start] + junk + whole[end:])
    try:
        problems = pack.check(folder, TODAY)
    finally:
        (folder / file).write_bytes(whole)
    assert all(problem.line >= 1 and problem.message for problem in problems)
