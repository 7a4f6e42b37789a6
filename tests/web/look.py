"""Reads a page as a browser and a screen reader would: its forms, and what is wrong with it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

VOID = {"input", "meta", "link", "br", "hr", "img", "path", "circle"}


class Form:
    """A form with what it would send if nothing were typed."""

    def __init__(self, action: str, method: str) -> None:
        self.action = action
        self.method = method
        self.fields: dict[str, str] = {}
        self.buttons: list[tuple[str, str]] = []


class Page(HTMLParser):
    """A page that was read."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.controls: list[tuple[str, dict[str, str]]] = []
        self.described: set[str] = set()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.headings: list[int] = []
        self.landmarks: set[str] = set()
        self.open: list[str] = []
        self.language = ""
        self.text = ""
        self._inside: list[tuple[str, dict[str, str]]] = []
        self._area: str | None = None
        self._select: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {k: v or "" for k, v in attrs}
        if tag not in VOID:
            self._inside.append((tag, a))
        if "id" in a:
            self.ids.append(a["id"])
        self.described |= set(a.get("aria-describedby", "").split()) | set(a.get("aria-labelledby", "").split())
        if tag == "html":
            self.language = a.get("lang", "")
        if tag in ("main", "header", "footer", "nav"):
            self.landmarks.add(tag)
        if tag[0] == "h" and tag[1:].isdigit():
            self.headings.append(int(tag[1:]))
        if tag == "a":
            self.links.append(a.get("href", ""))
            if a.get("href", "").startswith("#"):
                self.anchors.add(a["href"][1:])
        if tag == "label":
            self.labelled.add(a.get("for", ""))
        if tag == "form":
            self.forms.append(Form(a.get("action", ""), a.get("method", "get")))
        self._control(tag, a)

    def _control(self, tag: str, a: dict[str, str]) -> None:
        form = self.forms[-1] if self.forms and any(t == "form" for t, _ in self._inside) else None
        if tag in ("input", "select", "textarea") and a.get("type") != "hidden":
            inside_label = any(t == "label" for t, _ in self._inside)
            if not inside_label:
                self.controls.append((tag, a))
        if form is None:
            return
        if tag == "input" and (a.get("type") not in ("checkbox", "radio") or "checked" in a):
            form.fields[a.get("name", "")] = a.get("value", "")
        elif tag == "button":
            form.buttons.append((a.get("name", ""), a.get("value", "")))
        elif tag == "textarea":
            self._area = a.get("name", "")
            form.fields[self._area] = ""
        elif tag == "select":
            self._select = a.get("name", "")
        elif tag == "option" and self._select is not None and ("selected" in a or self._select not in form.fields):
            form.fields[self._select] = a.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1][0] == tag:
            self._inside.pop()
        elif tag not in VOID:
            self.open.append(tag)
        if tag == "textarea":
            self._area = None
        if tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._area is not None:
            # The first line break after the tag is not part of the text.
            self.forms[-1].fields[self._area] += data.removeprefix("\n") if not self.forms[-1].fields[self._area] else data

    def form(self, action: str) -> Form:
        """The form that sends to `action`; the first when there are several."""
        found = [f for f in self.forms if f.action == action]
        assert found, f"no form sends to {action}: {[f.action for f in self.forms]}"
        return found[0]


def flaws(html: str) -> list[str]:
    """What a person with a keyboard or a screen reader would stumble over."""
    page = Page(html)
    found: list[str] = []
    found += [f"an id twice: {i}" for i in {i for i in page.ids if page.ids.count(i) > 1}]
    found += [f"no label: {a.get('name')}" for _, a in page.controls if a.get("id") not in page.labelled and "aria-label" not in a]
    found += [f"describes nothing: {i}" for i in page.described - set(page.ids)]
    found += [f"leads nowhere: #{i}" for i in page.anchors - set(page.ids)]
    found += [f"not closed as opened: {t}" for t in page.open]
    found += [f"left open: {t}" for t, _ in page._inside]
    if page.headings.count(1) != 1:
        found.append(f"{page.headings.count(1)} first headings")
    found += [f"from h{a} to h{b}" for a, b in zip(page.headings, page.headings[1:], strict=False) if b > a + 1]
    found += [f"no {part}" for part in {"main", "header", "footer", "nav"} - page.landmarks]
    if not page.language:
        found.append("no language")
    return found


def filled(form: Form, **typed: Any) -> dict[str, Any]:
    """What the form sends when this is typed."""
    ticked = {"response", "solution", "attitude", "hides_identity", "despairs"}  # not sent unless somebody ticks them
    unknown = set(typed) - set(form.fields) - {name for name, _ in form.buttons} - ticked
    assert not unknown, f"the form has no {unknown}: {sorted(form.fields)}"
    return {**form.fields, **typed}
