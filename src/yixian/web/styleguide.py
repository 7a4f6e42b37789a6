"""The live page of the look: every component in its states, beside the call that made it."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.params import FromQuery
from markupsafe import Markup

from yixian.web import render

SAMPLES: Final = "templates/web/samples.jinja"
"""Calls of macros, each under a comment `{# group / title #}`; what is shown as the call is what is rendered."""

_TITLE: Final = re.compile(r"^{# (?P<group>[^/#]+) / (?P<title>[^#]+) #}$", re.MULTILINE)


class Sample(msgspec.Struct, frozen=True):
    """One component in one state."""

    group: str
    title: str
    call: str
    """As it stands in a template."""


@cache
def samples() -> tuple[Sample, ...]:
    """What the page shows, in its order."""
    text = files("yixian.web").joinpath(SAMPLES).read_text(encoding="utf-8")
    found = list(_TITLE.finditer(text))
    ends = [*(m.start() for m in found[1:]), len(text)]
    return tuple(Sample(m["group"], m["title"], text[m.end() : end].strip()) for m, end in zip(found, ends, strict=True))


@get("/styleguide", include_in_schema=False)
async def styleguide(request: Request[Any, Any, Any], face: FromQuery[str] = "desk") -> Response[bytes]:
    """Every component, live. `face`: `desk` as staff see them, `resident` as residents do."""
    pages: render.Pages = request.app.state.pages
    environment = pages.environments[render.language(request)]
    imports = '{% import "web/components.html" as c %}{% from "web/components.html" import ' + ", ".join(_macros()) + " %}"
    shown: dict[str, list[tuple[Sample, Markup]]] = {}
    for sample in samples():
        html = Markup(environment.from_string(imports + sample.call).render())  # noqa: S704  # our own file
        shown.setdefault(sample.group, []).append((sample, html))
    face = render.chosen(face, ("desk", "resident"))
    return render.page(request, "web/styleguide.html", groups=shown, face=face, icons=icons(), tokens=_COLOURS)


@get("/styleguide/chart", include_in_schema=False)
async def chart() -> dict[str, Any]:
    """What the page's chart draws: an ECharts option, as rooms give their own."""
    return {
        "xAxis": {"type": "category", "data": ["11-16", "11-17"]},
        "yAxis": {"type": "value"},
        "tooltip": {},
        "grid": {"left": 56, "right": 16, "top": 16, "bottom": 32},
        "series": [{"type": "bar", "data": [4021, 3980], "barMaxWidth": 40}],
    }


@cache
def _macros() -> tuple[str, ...]:
    text = files("yixian.web").joinpath("templates/web/components.html").read_text(encoding="utf-8")
    return tuple(re.findall(r"{% macro ([a-z]\w*)\(", text))


@cache
def icons() -> tuple[str, ...]:
    """Names of the symbols in `static/icons.svg`."""
    return tuple(re.findall(r'<symbol id="([\w-]+)"', render.static_files()["icons.svg"].body.decode()))


_COLOURS: Final = (
    "paper", "sheet", "sunk", "well", "ink", "quiet", "line", "line-strong", "teal", "teal-deep", "teal-tint", "link", "mark",
    "amber", "amber-dot", "amber-tint", "red", "red-dot", "red-tint", "green", "green-dot", "green-tint", "focus",
    "c1", "c2", "c3", "c4", "c5", "c6",
)  # fmt: skip

routes = (styleguide, chart)
