"""What is documented is what there is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
import typer
from litestar import Litestar

from yixian.app import DESKS, create_app
from yixian.cli.main import app as cli
from yixian.people.model import Role
from yixian.people.policy import RIGHTS, STAFF_ROLES, Deed
from yixian.people.words import ROLE_NAMES
from yixian.settings import Settings
from yixian.tickets import jobs, words
from yixian.tickets.lifecycle import EDGES
from yixian.tickets.model import Action

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src/yixian"
REFERENCE = ROOT / "docs/reference"
MADE_BY_THE_READER = {"packs/mytown"}
PAGES = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))


def read(path: str) -> str:
    """A page, by its path below the project."""
    return (ROOT / path).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """What stands under the second-level heading `title`."""
    return re.split(r"^## ", text.split(f"\n## {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[tuple[str, ...]]:
    """The cells of the tables in a text, without their headers."""
    lines = [line for line in text.splitlines() if line.startswith(("| ", "|-"))]
    cells = [tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in lines]
    ruled = {n for n, row in enumerate(cells) if set(row[0]) == {"-"}}
    return [row for n, row in enumerate(cells) if n not in ruled and n + 1 not in ruled]


def code(word: str) -> str:
    """As code is marked."""
    return f"`{word}`"


def slug(heading: str) -> str:
    """The anchor of a heading, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_every_setting_is_documented() -> None:
    documented = {row[0] for row in rows(read("docs/reference/settings.md"))}
    assert documented == {code(f.name) for f in msgspec.structs.fields(Settings)}


def test_every_decision_is_in_the_list() -> None:
    folder = ROOT / "docs/decisions"
    listed = set(re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", read("docs/decisions/README.md")))
    assert listed == {f.name for f in folder.glob("[0-9]*.md")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text(encoding="utf-8")):
        there = (page.parent / target) if target else page
        assert there.exists(), f"links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {slug(heading) for heading in headings}, f"links to {target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_documents_name_are_there(page: Path) -> None:
    for path in re.findall(r"`((?:src|tests|bench|packs|docs|scripts)/[\w./-]+)`", page.read_text(encoding="utf-8")):
        assert path in MADE_BY_THE_READER or (ROOT / path).exists(), f"names {path}"


# -- The command line ----------------------------------------------------------------------------------------------


def commands() -> dict[str, Any]:
    """Every command that `--help` shows, by its full name."""
    found: dict[str, Any] = {}
    waiting: list[tuple[str, Any]] = [("yixian", typer.main.get_command(cli))]
    while waiting:
        name, command = waiting.pop(0)
        children = getattr(command, "commands", {})
        waiting += [(f"{name} {child}", sub) for child, sub in children.items() if not sub.hidden]
        if not children:
            found[name] = command
    return found


def command_row(parameter: Any) -> str:
    """How `docs/reference/cli.md` writes an argument or option."""
    names = [*parameter.opts, *parameter.secondary_opts] if parameter.param_type_name == "option" else [parameter.name.upper()]
    default = "required" if parameter.required else "" if parameter.default in (None, False, "", [], ()) else str(parameter.default)
    if parameter.default is True:
        default = f"`{names[0]}`"
    return f"| {' '.join(f'`{name}`' for name in names)} | {default} | {parameter.help or ''} |"


def test_every_command_is_documented() -> None:
    assert set(re.findall(r"^## (.+)$", read("docs/reference/cli.md"), re.MULTILINE)) == set(commands())


@pytest.mark.parametrize("name", commands())
def test_every_option_is_documented(name: str) -> None:
    there = [command_row(p) for p in commands()[name].params if p.name != "help"]
    written = [line for line in section(read("docs/reference/cli.md"), name).splitlines() if line.startswith("| `")]
    assert written == there


# -- The Makefile --------------------------------------------------------------------------------------------------

NEEDS_FILES = {"baseline"}
"""A bench that asks for files of one's own."""


def targets() -> dict[str, str]:
    """What `make` lists: each target with what it needs first."""
    return dict(re.findall(r"^([a-z-]+):(.*?) ## ", read("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_target_that_documents_name_is_there(page: Path) -> None:
    assert set(re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8"))) <= set(targets())


def test_make_bench_runs_every_bench() -> None:
    benches = {f"bench-{file.stem.removeprefix('bench_')}" for file in (ROOT / "bench").glob("bench_*.py")}
    there = benches - {f"bench-{name}" for name in NEEDS_FILES}
    assert set(targets()["bench"].split()) == there
    assert set(re.findall(r"-m bench\.bench_(\w+)", read("Makefile"))) == {name.removeprefix("bench-") for name in there}


def test_every_bench_that_a_figure_names_is_there() -> None:
    named = re.findall(r"`(?:yixian bench |python -m bench\.bench_)(\w+)", read("README.md"))
    assert {f"bench_{name}.py" for name in named} <= {file.name for file in (ROOT / "bench").glob("*.py")}


# -- The API ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Litestar:
    """The application, not started."""
    return create_app(Settings(home=tmp_path_factory.mktemp("home")))


def test_every_door_of_the_api_is_documented(application: Litestar) -> None:
    described = application.openapi_schema.to_schema()["paths"]
    there = {code(f"{method.upper()} {path}") for path, methods in described.items() for method in methods}
    assert {row[0] for row in rows(section(read("docs/reference/api.md"), "Doors"))} == there


# -- Permissions -----------------------------------------------------------------------------------------------------


def named(roles: frozenset[Any] | set[Any]) -> str:
    """Roles as `docs/reference/permissions.md` writes them."""
    return ", ".join(code(role.value) for role in Role if role in roles)


def test_every_role_is_documented() -> None:
    documented = {(row[0], row[1]) for row in rows(section(read("docs/reference/permissions.md"), "Roles"))}
    assert documented == {(code(role.value), ROLE_NAMES[role]) for role in STAFF_ROLES}


def test_every_deed_is_documented_with_its_roles() -> None:
    documented = {(row[0], row[2]) for row in rows(section(read("docs/reference/permissions.md"), "Accounts, audit, callers"))}
    assert documented == {(code(deed.value), named(RIGHTS[deed])) for deed in Deed}


def test_every_step_is_documented_with_its_roles() -> None:
    documented = set(rows(section(read("docs/reference/permissions.md"), "Steps of a ticket")))
    by = {action: set(chain.from_iterable(edge.by for edge in EDGES if edge.action is action)) for action in Action}
    assert documented == {(code(action.value), words.ACTIONS[action], named(by[action])) for action in Action}


def test_every_desk_is_documented_with_its_roles() -> None:
    documented = set(rows(section(read("docs/reference/permissions.md"), "Desks")))
    assert documented == {(code(desk.href), desk.label, named(desk.roles)) for desk in DESKS}


# -- Events, jobs, the audit -----------------------------------------------------------------------------------------


@cache
def trees() -> tuple[ast.Module, ...]:
    """The source, parsed."""
    return tuple(ast.parse(file.read_text(encoding="utf-8")) for file in sorted(SOURCE.rglob("*.py")))


def calls(name: str) -> Iterator[ast.Call]:
    """Every call of `name` (or of a method, `of.name`) in the source."""
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(name):
                yield node


def strings(node: ast.AST) -> Iterator[str]:
    """The plain strings in an expression."""
    return (part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str))


def test_every_event_is_documented() -> None:
    emitted = [call.args[0] for name in ("_event", "Event") for call in calls(name) if call.args]
    emitted += [word.value for call in calls("_TOLD.format") for word in call.keywords if word.arg == "kind"]
    there = {str(node.value).strip("'") for node in emitted if isinstance(node, ast.Constant)}
    assert {row[0] for row in rows(section(read("docs/reference/events.md"), "Events"))} == {code(kind) for kind in there}
    assert set(jobs.consumers()) <= there


def test_every_job_is_documented() -> None:
    tables = [node for tree in trees() for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    pairs = chain.from_iterable(zip(table.keys, table.values, strict=True) for table in tables)
    there = {
        str(ast.literal_eval(key)) for key, value in pairs if key and isinstance(value, ast.Call) and ast.unparse(value.func) == "Kind"
    }
    assert {row[0] for row in rows(section(read("docs/reference/events.md"), "Jobs"))} == {code(kind) for kind in there}
    assert set(jobs.kinds()) <= there


def test_every_audited_deed_is_documented() -> None:
    there = {text for call in calls("audit.record") for text in strings(call.args[2]) if re.fullmatch(r"\w+\.\w+", text)}
    there |= {f"staff.{deed}" for deed in (Deed.DISABLE, Deed.ENABLE, Deed.RESET, Deed.UNLOCK)}
    assert {row[0] for row in rows(section(read("docs/reference/events.md"), "The audit"))} == {code(deed) for deed in there}


# -- Tables ----------------------------------------------------------------------------------------------------------

COLUMNS = """
SELECT c.relname, a.attname, replace(format_type(a.atttypid, NULL), 'timestamp with time zone', 'timestamptz'), a.attnotnull
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'public'::regnamespace
   AND c.relkind IN ('r', 'p')
   AND NOT c.relispartition
 ORDER BY c.oid, a.attnum
"""


async def test_every_table_and_column_is_documented(owner: asyncpg.Connection) -> None:
    there = {(table, code(column), kind if given else f"{kind}, may be empty") for table, column, kind, given in await owner.fetch(COLUMNS)}
    sections = re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", read("docs/reference/tables.md"), re.MULTILINE | re.DOTALL)
    assert {(table, row[0], row[1]) for table, text in sections for row in rows(text)} == there


# -- The two editions of the README ----------------------------------------------------------------------------------

STATES = {"已实现": "works", "部分": "partly", "未实现": "not yet"}


def features(page: str) -> list[tuple[str, str]]:
    """Row and state of the table of features, in English."""
    return [(row[0], STATES.get(row[2], row[2])) for row in rows(read(page)) if re.fullmatch(r"S\d{3}", row[0])]


def test_both_editions_state_every_feature_alike() -> None:
    assert [row for row, _ in features("README.md")] == [f"S{n:03}" for n in range(1, 129)]
    assert features("README.md") == features("README.zh.md")
    assert {state for _, state in features("README.md")} <= set(STATES.values())


def test_the_counts_above_the_table_are_right() -> None:
    states = [state for _, state in features("README.md")]
    counts = [str(states.count(state)) for state in STATES.values()]
    assert re.search(r"^(\d+) of 128 work, (\d+) work in part, (\d+) not yet\.$", read("README.md"), re.MULTILINE).groups() == tuple(counts)
    found = re.search(r"^128 项中，(\d+) 项已实现，(\d+) 项部分实现，(\d+) 项尚未实现。$", read("README.zh.md"), re.MULTILINE)
    assert found.groups() == tuple(counts)


def test_both_editions_name_the_same_figures_and_commands() -> None:
    def figures(page: str, title: str) -> list[str]:
        return [row[2] for row in rows(section(read(page), title))]

    assert figures("README.md", "Figures") == figures("README.zh.md", "数据")


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_what_the_table_points_to_is_there(page: str) -> None:
    for row in rows(read(page)):
        if re.fullmatch(r"S\d{3}", row[0]):
            for path in re.findall(r"`([^`]+)`", row[3]):
                below = ROOT if path.startswith(("tests/", "packs/", "bench/", "docs/")) else SOURCE
                assert (below / path).exists(), f"{row[0]} points to {path}"
