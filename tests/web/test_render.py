"""What every page has: safe headers, the reader's language, the city's clock, its parts."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from yixian.web import problems, render, static
from yixian.web.prose import whole

SOURCE = Path(render.__file__).parent.parent
SENTENCE = re.compile(r"""(?<![\w.])_\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)


def sentences_of_templates() -> dict[str, str]:
    found: dict[str, str] = {}
    for template in SOURCE.glob("*/templates/**/*.html"):
        for match in SENTENCE.finditer(template.read_text(encoding="utf-8")):
            found[match[1] or match[2]] = template.name
    return found


def sentences_said_in_code() -> dict[str, str]:
    """Literals given to a function called `say`."""
    found: dict[str, str] = {}
    for source in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Name) and called.id == "say" and node.args and isinstance(node.args[0], ast.Constant):
                found[node.args[0].value] = source.name
    return found


def test_every_sentence_has_english():
    english = render.catalogue("en")
    said = sentences_of_templates() | sentences_said_in_code() | dict.fromkeys(problems.sayings(), "problems.py")
    assert len(said) > 40
    assert {s: where for s, where in said.items() if s not in english} == {}


REFUSING = (
    "tickets/lifecycle.py",
    "tickets/service.py",
    "intake/service.py",
    "intake/api.py",
    "people/*.py",
    "responsibilities/*.py",
    "app.py",
)


def sentences_that_refuse() -> dict[str, str]:
    """Sentences in the code of the rooms that say no; what is filled in is shown as 7."""
    found: dict[str, str] = {}
    for source in (path for pattern in REFUSING for path in SOURCE.glob(pattern)):
        nodes = list(ast.walk(ast.parse(source.read_text(encoding="utf-8"))))
        inside = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in (n for n in nodes if id(n) not in inside):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            text = "".join(str(p.value) if isinstance(p, ast.Constant) else "7" if isinstance(p, ast.FormattedValue) else "" for p in parts)
            if text.endswith("。") and not isinstance(getattr(node, "value", ""), bytes):
                found[text] = source.name
    return found


def test_every_refusal_has_english():
    say = render.translator("en")
    said = sentences_that_refuse()
    assert len(said) > 60
    assert {s: where for s, where in said.items() if say(s) == s} == {}


def test_a_filled_sentence_is_recognised():
    assert render.translator("en")("没有找到工单 GZ1，请核对编号。") == "There is no ticket GZ1. Check the number."
    assert render.translator("zh")("没有找到工单 GZ1，请核对编号。") == "没有找到工单 GZ1，请核对编号。"


def test_english_names_the_same_values():
    names = re.compile(r"{(\w+)}")
    wrong = {zh for zh, en in render.catalogue("en").items() if set(names.findall(zh)) != set(names.findall(en))}
    assert wrong == set()


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("{n} 个工作日", ("1 working day", "2 working days")),
        ("{n} 件", ("1 ticket", "0 tickets")),
        ("有 {n} 件未办结工单在它手上，随它一起走。", ("It has 1 open ticket in hand; it goes with it.",)),
    ],
)
def test_english_counts_have_two_forms(sentence: str, said: tuple[str, ...]):
    say = render.translator("en")
    counts = [int(re.sub(r"\D", "", text)) for text in said]
    assert [say(sentence, n=n) for n in counts] == list(said)
    assert render.translator("zh")("{n} 件", n=1) == "1 件"


def test_each_count_has_its_own_form():
    say = render.translator("en")
    assert say("{n} 人反映同一事件，共 {m} 张工单", n=1, m=2) == "1 caller reports the same event, in 2 tickets"
    assert say("{n} 人反映同一事件，共 {m} 张工单", n=3, m=1) == "3 callers report the same event, in 1 ticket"
    assert say("每件工单最多延期1次。") == "A ticket is extended at most 1 time.", "of what is filled in already, too"
    assert say("{n} 件", n="1") == "1 ticket"
    assert say("{n} 件", n="999+") == "999+ tickets"


def test_a_value_that_is_html_stays_html_and_nothing_else_becomes_it():
    said = render.filled_in("<{a}> {b} {n|ticket|tickets}", {"a": "<i>", "b": whole("11-30"), "n": 2})
    assert said == '&lt;&lt;i&gt;&gt; <span class="whole">11-30</span> tickets'
    assert render.filled_in("<{a}>", {"a": "<i>"}) == "<<i>>", "escaped where it is shown"


VERBS = "is was has comes leads makes contradicts fits stays takes moves looks goes names"
"""What one thing does ends as many things do."""


def test_no_english_sentence_counts_one_as_many():
    """Said with every value at 1, no sentence reads "1 tickets"."""
    one = "|".join((*VERBS.split(), "less", "anonymous", "s"))
    many = re.compile(rf"\b1 (?:(?:more|open|working|other) )*(?!(?:{one})\b)[a-z]+s\b|\b1 (?:people|are|were|have)\b")
    values = {name: 1 for key in render.catalogue("en") for name in re.findall(r"{(\w+)", key)}
    said = {zh: render.filled_in(en, values) for zh, en in render.catalogue("en").items() if "{" in en}
    assert len(said) > 200
    assert {zh: text for zh, text in said.items() if many.search(text)} == {}


def test_templates_run_nothing_inline():
    for template in SOURCE.glob("*/templates/**/*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), template
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text), template
        assert "|safe" not in text.replace(" ", ""), template


async def test_every_answer_has_the_security_headers(client):
    for path in ("/hello", "/nowhere", "/api/nowhere", "/broken", render.static_url("yixian.css")):
        headers = (await client.get(path)).headers
        assert headers["content-security-policy"] == static.POLICY, path
        assert headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in static.POLICY


async def test_static_files_are_kept_for_ever_only_under_their_own_digest(client):
    answer = await client.get(render.static_url("yixian.css"))
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert (await client.get("/static/older/yixian.css")).headers["cache-control"] == "no-cache"
    assert (await client.get("/static/older/../../settings.py")).status_code == 404


async def test_pages_are_not_kept(client):
    assert (await client.get("/hello")).headers["cache-control"] == "no-store"


async def test_language_and_large_print_are_remembered(client):
    await client.get("/preference?lang=en&look=elder&back=/hello", follow_redirects=False)
    text = (await client.get("/hello")).text
    assert '<html lang="en" class="elder">' in text
    assert "Yunshan" in text


@pytest.mark.parametrize(
    "address", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "javascript:1", "", "/a\nb"]
)
def test_nobody_is_sent_elsewhere(address):
    assert static.local(address) == "/"


def test_somebody_is_sent_back():
    assert static.local("/ticket/GZ1?code=AB") == "/ticket/GZ1?code=AB"


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "zh"), ("en", "en"), ("en;q=0.1,zh-CN", "zh"), ("fr,en;q=0.3", "en"), ("de", "zh"), ("en;q=x", "zh"), (",;,", "zh")],
)
def test_language_from_the_browser(header, language):
    assert render.accepted(header) == language


@pytest.mark.parametrize(
    ("due", "zh", "en"),
    [
        (timedelta(hours=5, minutes=20), "还有 5 小时", "5 h left"),
        (timedelta(days=2, hours=3), "还有 2 天 3 小时", "2 d 3 h left"),
        (timedelta(days=12, hours=3), "还有 12 天", "12 d left"),
        (timedelta(minutes=-12), "已超时 12 分钟", "12 min late"),
    ],
)
def test_how_far_a_limit_is_away(due, zh, en):
    assert render.till(NOON + due, NOON, render.translator("zh")) == zh
    assert render.till(NOON + due, NOON, render.translator("en")) == en


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TEXT = ("ink", "quiet", "link", "amber", "red", "green")
GROUND = {"amber": ("sheet", "paper", "amber-tint"), "red": ("sheet", "paper", "red-tint"), "green": ("sheet", "paper", "green-tint")}


COLOUR = r"var\(--if-light, (#[0-9a-f]{6})\) var\(--if-dark, (#[0-9a-f]{6})\)"


def test_dark_by_the_system_is_dark_by_choice():
    css = render.static_files()["yixian.css"].body.decode()
    by_system, by_choice = (
        re.findall(start + r" {(.*?)}", css, re.DOTALL) for start in (r':root:not\(\[data-theme="light"\]\)', r':root\[data-theme="dark"\]')
    )
    assert [" ".join(rule.split()) for rule in by_system] == [" ".join(rule.split()) for rule in by_choice]
    assert len(by_system) == 1, "a colour's dark value stands beside its light one, and nowhere else"


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_can_be_read(scheme):
    css = render.static_files()["yixian.css"].body.decode()
    token = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css))
    token |= {name: both[scheme] for name, *both in re.findall(r"  --([\w-]+): " + COLOUR, css.partition(":root.elder")[0])}
    pairs = [(t, g) for t in TEXT for g in GROUND.get(t, ("sheet", "paper", "sunk", "teal-tint"))]
    pairs += [("on-teal", "teal"), ("on-teal", "teal-deep"), ("ink", "amber-tint"), ("ink", "red-tint"), ("ink", "green-tint")]
    assert {p: round(contrast(token[p[0]], token[p[1]]), 2) for p in pairs if contrast(token[p[0]], token[p[1]]) < 4.5} == {}
    # Borders of fields and the focus ring: 3 to 1.
    for border in ("line-strong", "focus"):
        for ground in ("sheet", "paper"):
            assert contrast(token[border], token[ground]) >= 3
