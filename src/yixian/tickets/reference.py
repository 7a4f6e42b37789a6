"""The life cycle as a page to read, made from the table itself: `python -m yixian.tickets.reference > docs/reference/lifecycle.md`."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from enum import Enum

from yixian.tickets import lifecycle
from yixian.tickets.lifecycle import EDGES, Clock, Edge
from yixian.tickets.model import State

_HEAD = """# The life of a ticket

This page is made from the table in `src/yixian/tickets/lifecycle.py`, which alone decides what may happen to a ticket.
Make it anew with `python -m yixian.tickets.reference > docs/reference/lifecycle.md`; a test fails when the two differ.
"""


def page() -> str:
    """The whole page, Markdown."""
    return "\n".join((_HEAD, *_states(), *_diagram(), *_edges(), *_guards(), *_clocks())) + "\n"


def sentences(members: type[Enum]) -> dict[str, str]:
    """The sentence below each member of an enumeration, as it stands in the source."""
    body = ast.parse(inspect.getsource(members)).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for name, said in zip(body.body, body.body[1:], strict=False):
        if isinstance(name, ast.Assign) and isinstance(said, ast.Expr) and isinstance(said.value, ast.Constant):
            target = name.targets[0]
            assert isinstance(target, ast.Name)
            found[members[target.id].value] = " ".join(str(said.value.value).split())
    return found


def _states() -> Iterator[str]:
    yield "## States\n\n| state | meaning |\n|---|---|"
    said = sentences(State)
    for state in State:
        yield f"| `{state}` | {said[state]} |"


def _diagram() -> Iterator[str]:
    yield "\n## Ways\n\n```mermaid\nstateDiagram-v2\n    [*] --> awaiting_dispatch"
    ways: dict[tuple[State, State], list[str]] = {}
    for edge in EDGES:
        if edge.source is not edge.target:
            actions = ways.setdefault((edge.source, edge.target), [])
            if edge.action not in actions:
                actions.append(edge.action)
    for (source, target), actions in ways.items():
        yield f"    {source} --> {target}: {', '.join(actions)}"
    yield "```"


def _edges() -> Iterator[str]:
    yield "\n## Steps\n\n| action | from | to | by | asks | clock | the citizen is told | why |\n|---|---|---|---|---|---|---|---|"
    for edge in EDGES:
        yield f"| {' | '.join(_cells(edge))} |"


def _cells(edge: Edge) -> Iterator[str]:
    yield f"`{edge.action}`"
    yield f"`{edge.source}`"
    yield "–" if edge.target is edge.source else f"`{edge.target}`"
    yield ", ".join(sorted(edge.by))
    yield ", ".join(guard.__name__ for guard in edge.guards) or "–"
    yield "–" if edge.clock is Clock.RUNS else edge.clock
    yield "yes" if edge.tells_citizen else "–"
    yield edge.why or "–"


def _guards() -> Iterator[str]:
    yield "\n## What steps ask for\n\n| | |\n|---|---|"
    asked = {guard.__name__: inspect.getdoc(guard) or "" for edge in EDGES for guard in edge.guards}
    for name in sorted(asked):
        yield f"| {name} | {asked[name].splitlines()[0]} |"
    yield f"\nReopening ends {lifecycle.REOPEN_WITHIN.days} days after closing; {lifecycle.CALL_BACK_ATTEMPTS} calls that nobody answers"
    yield f"allow closing without a rating; a ticket is extended {lifecycle.MOST_EXTENSIONS} time at most."


def _clocks() -> Iterator[str]:
    yield "\n## What steps do to the clock\n\n| | |\n|---|---|"
    said = sentences(Clock)
    for clock in Clock:
        yield f"| {clock} | {said[clock]} |"


if __name__ == "__main__":
    sys.stdout.write(page())
