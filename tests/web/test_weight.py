"""What a page weighs, and that everything it asks for is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from yixian.web import render, styleguide

SOURCE = Path(render.__file__).parent.parent
TEMPLATES = sorted(SOURCE.glob("*/templates/**/*.html"))
ASKED = re.compile(r"static\(['\"]([\w.-]+)['\"]\)")
MOST = 250 * 1024
"""Bytes of a page's own scripts and styles, as served before compression; ECharts apart, which only pages with charts load."""

FROM_ELSEWHERE = {"htmx.min.js", "idiomorph-ext.min.js", "echarts.min.js"}
"""There when they were built (scripts/build-web); templates ask with `built()` first."""


def asked_for(template: Path) -> set[str]:
    """The files that a template names, and what the modules among them import."""
    found = set(ASKED.findall(template.read_text(encoding="utf-8")))
    waiting = [name for name in found if name.endswith(".js")]
    while waiting:
        file = render.static_files().get(waiting.pop())
        for name in re.findall(r"from \"\./([\w.-]+)\"", file.body.decode()) if file else ():
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_everything_asked_for_is_there(template):
    assert asked_for(template) - set(render.static_files()) - FROM_ELSEWHERE == set()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_page_is_heavy(template):
    names = asked_for(template) | asked_for(SOURCE / "web/templates/web/base.html")
    text = template.read_text(encoding="utf-8")
    if "htmx()" in text:
        names |= {"htmx.min.js", "idiomorph-ext.min.js"}
    files = [file for name in names - {"echarts.min.js"} if (file := render.static_files().get(name))]
    assert sum(len(file.body) for file in files) <= MOST


def test_every_sign_that_a_template_or_desk_names_is_drawn():
    drawn = set(styleguide.icons())
    named = {name for t in TEMPLATES for name in re.findall(r"\bicon\(\"([\w-]+)\"", t.read_text(encoding="utf-8"))}
    named |= {name for t in TEMPLATES for name in re.findall(r"\bicon=\"([\w-]+)\"", t.read_text(encoding="utf-8"))}
    assert len(named) > 10
    assert named - drawn == set()


def test_every_sign_of_a_desk_is_drawn():
    from yixian.app import DESKS

    assert {desk.icon for desk in DESKS} - set(styleguide.icons()) == set()
    assert [desk.href for desk in DESKS if not desk.group] == []
    assert {desk.group for desk in DESKS} - set(render.catalogue("en")) == set()


async def test_the_style_guide_shows_every_component(client):
    for face in ("desk", "resident"):
        answer = await client.get(f"/styleguide?face={face}")
        assert answer.status_code == 200
        for sample in styleguide.samples():
            assert sample.title in answer.text
    text = (SOURCE / "web" / styleguide.SAMPLES).read_text(encoding="utf-8")
    macros = set(re.findall(r"{% macro ([a-z]\w*)\(", (SOURCE / "web/templates/web/components.html").read_text(encoding="utf-8")))
    # Nothing to look at by themselves, or in need of a city; `spark` stands in `stat`.
    said = {"csrf", "htmx", "charts", "spark", "map"}
    assert {m for m in macros - said if not re.search(rf"\b{m}\(", text)} == set()


def test_the_present_desk_is_the_nearest_above():
    desks = tuple(render.Desk(href, href, frozenset()) for href in ("/desk/list", "/desk/list/import", "/desk/li"))
    assert render.present(desks, "/desk/list/import") == "/desk/list/import"
    assert render.present(desks, "/desk/list/entry/a") == "/desk/list"
    assert render.present(desks, "/desk/lists") == ""


async def test_the_look_is_chosen_and_remembered(client):
    assert "data-theme" not in (await client.get("/hello")).text
    await client.get("/preference?theme=dark&rail=folded&back=/hello", follow_redirects=False)
    text = (await client.get("/hello")).text
    assert 'data-theme="dark"' in text
    assert 'class="rail-folded"' in text
    await client.get("/preference?theme=purple&back=/hello", follow_redirects=False)
    assert 'data-theme="dark"' in (await client.get("/hello")).text
