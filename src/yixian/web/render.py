"""Pages: templates of all rooms, in the reader's language, with the city's clock."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined
from litestar import Request, Response
from markupsafe import Markup, escape

from yixian.web.prose import clauses, prose, whole

Asked = Request[Any, Any, Any]
Say = Callable[..., str]

LANGUAGES: Final = ("zh", "en")
LANGUAGE_COOKIE: Final = "yixian_lang"
LOOK_COOKIE: Final = "yixian_look"
ELDER: Final = "elder"
THEMES: Final = ("auto", "light", "dark")
THEME_COOKIE: Final = "yixian_theme"
RAILS: Final = ("open", "folded")
RAIL_COOKIE: Final = "yixian_rail"

STATIC_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


class About(msgspec.Struct, frozen=True):
    """What every page says of the city."""

    name: str
    name_en: str
    zone: ZoneInfo
    emergency: tuple[str, ...] = ()
    """Numbers to ring in an emergency."""
    hotline: str = ""
    """The hotline's own number; empty: none is shown."""


class Desk(msgspec.Struct, frozen=True):
    """A link of the staff's navigation, and whose it is."""

    href: str
    label: str
    """Key of the message catalogue."""
    roles: frozenset[str]
    group: str = ""
    """Under which heading it stands, a key of the message catalogue; groups stand in the order of their first desk."""
    icon: str = "ticket"
    """Name of a symbol in `static/icons.svg`."""


class StaticFile(msgspec.Struct, frozen=True):
    """A file that pages refer to."""

    name: str
    media_type: str
    body: bytes


class Pages(msgspec.Struct, frozen=True):
    """Everything pages are made with. Made once by `build`, kept as `app.state.pages`."""

    environments: Mapping[str, Environment]
    """By language."""
    about: Callable[[], About]
    desks: tuple[Desk, ...]


def build(rooms: Sequence[str], about: Callable[[], About], desks: Sequence[Desk] = ()) -> Pages:
    """Prepares the pages.

    `rooms`: names under `yixian.` whose `templates/` folders are read (`web` is always among them); each room's templates
    stand in a folder of its own name. `about`: the city in force, asked at each page, since a pack may be loaded meanwhile.
    """
    environments = {lang: _environment(rooms, lang, about) for lang in LANGUAGES}
    return Pages(environments, about, tuple(desks))


def _environment(rooms: Sequence[str], lang: str, about: Callable[[], About]) -> Environment:
    folders = {room: PackageLoader(f"yixian.{room}", f"templates/{room}") for room in dict.fromkeys(("web", *rooms))}
    environment = Environment(
        loader=PrefixLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    say = translator(lang)
    named: dict[str, Any] = {"_": say, "lang": lang, "static": static_url, "built": static_files().__contains__}
    environment.globals.update(named)
    environment.filters.update(_filters(lambda: about().zone, say))
    return environment


def _filters(zone: Callable[[], ZoneInfo], say: Say) -> dict[str, Any]:
    """Times are UTC inside and the city's on screen; each filter shows nothing for None."""

    def written(form: str) -> Callable[[datetime | None], str]:
        return lambda at: "" if at is None else at.astimezone(zone()).strftime(form)

    def in_words(due: datetime | None, now: datetime) -> str:
        return till(due, now, say)

    def ago(at: datetime, now: datetime) -> str:
        return say("{span}前", span=span(now - at, say))

    def iso(at: datetime | None) -> str:
        return "" if at is None else at.isoformat()

    def percent(share: float | None) -> str:
        return "" if share is None else f"{share:.0%}"

    return {
        "local": written("%m-%d %H:%M"),
        "moment": written("%Y-%m-%d %H:%M"),
        "day": written("%Y-%m-%d"),
        "clock": written("%H:%M"),
        "till": in_words,
        "ago": ago,
        "iso": iso,
        "percent": percent,
        "prose": prose,
        "clauses": clauses,
        "whole": whole,
        "tongue": tongue,
    }


_HAN: Final = re.compile(r"[\u3400-\u9fff]")


def tongue(text: str) -> str:
    """The language tag of words that somebody wrote: Chinese where they hold Chinese characters, else none."""
    return "zh-CN" if _HAN.search(text) else ""


def page(request: Asked, name: str, /, *, status: int = 200, headers: Mapping[str, str] | None = None, **context: Any) -> Response[bytes]:
    """Renders template `name` (`room/page.html`) in the reader's language.

    Pages of staff pass `session`; forms then carry its token and the header shows who is signed in.
    Pages are never kept by caches: most of them are about one person.
    """
    pages: Pages = request.app.state.pages
    lang = language(request)
    values = {
        "about": pages.about(),
        "session": None,
        "rail": rail(_desks_of(pages, context.get("session"))),
        "present": present(pages.desks, request.url.path),
        "may_go": may_go(pages.desks, context.get("session")),
        "elder": request.cookies.get(LOOK_COOKIE) == ELDER,
        "theme": chosen(request.cookies.get(THEME_COOKIE), THEMES),
        "folded": request.cookies.get(RAIL_COOKIE) == "folded",
        "here": address(request),
        "answering": request.method != "GET",
        **context,
    }
    html = pages.environments[lang].get_template(name).render(values)
    return Response(
        html.encode(),
        status_code=status,
        media_type="text/html",
        headers={"Cache-Control": "no-store", "Content-Language": lang, **(headers or {})},
    )


def _desks_of(pages: Pages, session: Any) -> list[Desk]:
    """The desks of whoever is signed in; `session` is of a room above, known here only by its actor's roles."""
    return [] if session is None else [d for d in pages.desks if d.roles & session.actor.roles]


def rail(desks: Sequence[Desk]) -> list[tuple[str, list[Desk]]]:
    """The desks by their groups, in the order in which the groups first come."""
    groups: dict[str, list[Desk]] = {}
    for desk in desks:
        groups.setdefault(desk.group, []).append(desk)
    return list(groups.items())


def present(desks: Sequence[Desk], path: str) -> str:
    """Address of the desk that a page belongs to: the longest that its path begins with; empty when there is none."""
    above = [d.href for d in desks if path == d.href or path.startswith(d.href + "/")]
    return max(above, key=len, default="")


def may_go(desks: Sequence[Desk], session: Any) -> Callable[[str], bool]:
    """Whether an address is of a desk of theirs, or of none: what they may not follow is not drawn as a link."""
    roles = {desk.href: desk.roles for desk in desks}

    def may(link: str) -> bool:
        desk = present(desks, link.partition("?")[0])
        return not desk or (session is not None and bool(roles[desk] & session.actor.roles))

    return may


def chosen(value: str | None, among: Sequence[str]) -> str:
    """`value` when it is one of them, else the first."""
    return value if value is not None and value in among else among[0]


def address(request: Asked) -> str:
    """Where the reader is, as a link back; a page that answered a form has no address of its own."""
    if request.method != "GET":
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


# -- Language ----------------------------------------------------------------------------------------------------


def language(request: Asked) -> str:
    """`zh` or `en`: what the reader chose, else what the browser asks for first, else Chinese."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return chosen if chosen in LANGUAGES else accepted(request.headers.get("accept-language", ""))


def accepted(header: str) -> str:
    """The first of our languages in an `Accept-Language` header, by weight; Chinese when there is none."""
    best, weight = LANGUAGES[0], 0.0
    for part in header[:200].split(","):
        tag, _, quality = part.partition(";q=")
        primary = tag.strip().lower().partition("-")[0]
        try:
            value = float(quality) if quality else 1.0
        except ValueError:
            continue
        if primary in LANGUAGES and value > weight:
            best, weight = primary, value
    return best


@cache
def catalogue(lang: str) -> Mapping[str, str]:
    """Chinese sentence to the same in `lang`."""
    if lang == LANGUAGES[0]:
        return {}
    text = files("yixian.web").joinpath(f"messages/{lang}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def translator(lang: str) -> Say:
    """`_("共 {n} 件", n=3)` in this language; a sentence that has no translation is said in Chinese.

    A sentence whose values are already in it (`没有找到工单 GZ1。`) is recognised by the catalogue's `没有找到工单 {number}。`.
    """
    messages = catalogue(lang)
    filled = [(_pattern(key), text) for key, text in messages.items() if "{" in key]

    def say(sentence: str, /, **values: Any) -> str:
        if values or sentence in messages:
            text = messages.get(sentence, sentence)
            return filled_in(text, values) if values else text
        found = next(((text, m) for pattern, text in filled if (m := pattern.fullmatch(sentence))), None)
        return filled_in(found[0], found[1].groupdict()) if found else sentence

    return say


_FORMS: Final = re.compile(r"{(\w+)\|([^{|}]*)\|([^{|}]*)}")
"""`{n|ticket|tickets}`: of one, of any other number."""


def filled_in(text: str, values: Mapping[str, Any]) -> str:
    """A sentence of the catalogue with its values, and with the forms that their counts ask for: `{n} {n|day|days}`.

    With a value that is HTML already the sentence is too, and the rest of it is escaped.
    """
    said = _FORMS.sub(lambda form: form[2 if str(values[form[1]]) == "1" else 3], text)
    return (escape(said) if any(isinstance(value, Markup) for value in values.values()) else said).format(**values)


_SHORTEST_RECOGNISED: Final = 6
"""Characters beside the values; `{span}前` would recognise anything that ends so."""


def _pattern(key: str) -> re.Pattern[str]:
    """What a filled sentence looks like."""
    fixed = re.split(r"{(\w+)}", key)
    if sum(len(part) for part in fixed[::2]) < _SHORTEST_RECOGNISED:
        return re.compile(r"(?!)")
    return re.compile("".join(re.escape(part) if i % 2 == 0 else f"(?P<{part}>.+?)" for i, part in enumerate(fixed)))


def span(length: timedelta, say: Say) -> str:
    """A length of time in its two largest units: `3 天 4 小时`, `5 小时`, `12 分钟`."""
    minutes = int(length.total_seconds()) // 60
    days, hours = divmod(minutes // 60, 24)
    if days >= 10 or (days and not hours):
        return say("{n} 天", n=days)
    if days:
        return say("{d} 天 {h} 小时", d=days, h=hours)
    if hours:
        return say("{n} 小时", n=hours)
    return say("{n} 分钟", n=max(minutes, 0))


def till(due: datetime | None, now: datetime, say: Say) -> str:
    """How far a limit is away: `还有 2 天`, `已超时 3 小时`; empty when there is none."""
    if due is None:
        return ""
    if now > due:
        return say("已超时 {span}", span=span(now - due, say))
    return say("还有 {span}", span=span(due - now, say))


# -- Static files ------------------------------------------------------------------------------------------------


SHEET: Final = "yixian.css"
"""The one style sheet of all pages."""


@cache
def static_files() -> Mapping[str, StaticFile]:
    """All files under `web/static` and its `vendor/`, by name, and the sheets of `css/` as one, in the order of their names."""
    folder = files("yixian.web").joinpath("static")
    places = [place for place in (folder, folder.joinpath("vendor")) if place.is_dir()]
    found = [f for place in places for f in place.iterdir() if f.is_file() and _ending(f.name) in STATIC_TYPES]
    sheets = sorted((f for f in folder.joinpath("css").iterdir() if f.name.endswith(".css")), key=lambda f: f.name)
    sheet = StaticFile(SHEET, STATIC_TYPES[".css"], b"\n".join(f.read_bytes() for f in sheets))
    return {sheet.name: sheet, **{f.name: StaticFile(f.name, STATIC_TYPES[_ending(f.name)], f.read_bytes()) for f in found}}


def _ending(name: str) -> str:
    return name[name.rindex(".") :] if "." in name else ""


@cache
def static_digest() -> str:
    """One digest over all static files: modules that import each other stay of one version."""
    digest = hashlib.sha256()
    for name, file in sorted(static_files().items()):
        digest.update(name.encode() + b"\0" + file.body)
    return digest.hexdigest()[:12]


def static_url(name: str) -> str:
    """Address of a static file; it changes with the content, so that caches may keep it for ever."""
    return f"/static/{static_digest()}/{static_files()[name].name}"
