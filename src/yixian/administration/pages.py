"""The desk of the city's data: lists, one thing with its history, a form, a trial, the decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from yixian.administration import fields, policy, service, wanting, words
from yixian.administration.fields import How
from yixian.administration.model import CLOCKED, Deed, Preview, Seen, Wanted
from yixian.administration.service import Blocked, NotFound, Overtaken, Show, Unfit
from yixian.administration.wanting import Sheet, Wrong
from yixian.city import adjustments as adjusting
from yixian.city.adjustments import Body, Thing
from yixian.city.calendar import Duration, TimeUnit, is_working_day, known_until
from yixian.city.inforce import City
from yixian.city.model import Calendar
from yixian.db.keys import Keys
from yixian.people.guards import needs
from yixian.people.policy import RIGHTS
from yixian.people.policy import Deed as AccountDeed
from yixian.people.sessions import address
from yixian.settings import Settings
from yixian.tickets import choices
from yixian.tickets.choices import What
from yixian.tickets.desks import HERE, Here
from yixian.web.given import named
from yixian.web.problems import usual
from yixian.web.render import Say, language, page, translator

GUARDS: Final = [needs(*policy.CHANGING)]
BASE: Final = "/admin/city"
LIST_PAGE: Final = 100
_CHOSEN: Final = {How.UNIT: "units", How.REGION: "regions", How.MATTER: "matters"}
COLUMNS: Final[Mapping[Thing, tuple[str, ...]]] = {
    Thing.UNIT: ("name", "level", "parent", "phone"),
    Thing.QUEUE: ("name", "name_en", "fallback"),
    Thing.MATTER: ("name", "queue", "kind", "urgency"),
    Thing.LIMIT: ("kind", "urgency", "audience", "dispatch", "sign", "contact", "answer", "extension"),
    Thing.DAY: ("date", "working"),
    Thing.HOURS: ("workdays", "hours"),
    Thing.LINE: ("name", "mode", "queue", "unit"),
}
"""What a list shows beside the code."""
_SECRET: Final = frozenset({"database_url", "database_owner_url"})
_YEARS: Final = range(2000, 2101)


class Look(msgspec.Struct, frozen=True):
    """How values are said on a page."""

    city: City
    say: Say

    def value(self, thing: Thing, name: str, value: Any) -> str:
        """A value of a field as people read it, in the reader's language where it is one of few or a time."""
        field = next((f for f in fields.FIELDS[thing] if f.name == name), None)
        if field is None:
            return "" if value is None else str(value)
        if field.how is How.YES:
            return self.say("是" if value else "否")
        text = fields.shown(field, value, self.city)
        if field.how is How.QUEUE:
            return next((queue.name for queue in self.city.pack.queues if queue.code == text), text)
        if field.how is How.DURATION and text:
            return self._lasting(text)
        return self.say(dict(field.options).get(text, text))

    def _lasting(self, text: str) -> str:
        """A duration in words; as it is written where it cannot be read."""
        try:
            duration = Duration.parse(text)
        except ValueError:
            return text
        return self.say(LASTING[duration.unit], n=duration.count)

    def label(self, thing: Thing, name: str) -> str:
        """What a field is called: a key of the message catalogue."""
        return next((f.label for f in fields.FIELDS[thing] if f.name == name), "编码" if name == "code" else name)

    def title(self, thing: Thing, code: str, body: Body | None) -> str:
        """What a thing is called."""
        if thing is Thing.LIMIT:
            parts = body or dict(zip(LIMITED_BY, code.split(":"), strict=False))
            return " · ".join(self.value(thing, name, parts.get(name)) for name in LIMITED_BY)
        if thing is Thing.HOURS:
            return self.say("工作时间")
        return str((body or {}).get("name") or code)

    def called(self, thing: Thing, code: str) -> str:
        """What the thing with this code is called today; its code when it is not in force."""
        match thing:
            case Thing.UNIT:
                return self.city.unit_name(code)
            case Thing.MATTER:
                return self.city.matter_name(code)
            case Thing.QUEUE:
                return next((queue.name for queue in self.city.pack.queues if queue.code == code), code)
            case Thing.LINE:
                return next((line.name for line in self.city.pack.lines if line.number == code), code)
            case _:
                return self.title(thing, code, None)

    def path(self, code: str) -> str:
        """The names of the matters down to this one."""
        above = [code[:length] for length in range(2, len(code) + 1, 2)]
        return " › ".join(self.city.matter_name(one) for one in above)


LIMITED_BY: Final = ("kind", "urgency", "audience")
"""What a limit's code is made of, in its order."""
LASTING: Final[Mapping[TimeUnit, str]] = {
    TimeUnit.MINUTES: "{n} 分钟", TimeUnit.HOURS: "{n} 小时",
    TimeUnit.WORKING_HOURS: "{n} 个工作小时", TimeUnit.WORKING_DAYS: "{n} 个工作日",
}  # fmt: skip


def _look(here: Here) -> Look:
    return Look(here.city, translator(language(here.request)))


def one_of(thing: Thing, code: str, **more: str) -> str:
    """The address of a thing's page."""
    return f"{BASE}/{thing}/one?{urlencode({'code': code, **more})}"


@get(BASE, include_in_schema=False, dependencies=HERE, guards=GUARDS)
async def overview(here: NamedDependency[Here], before: FromQuery[int] = 0) -> Response[Any]:
    """What there is, what was changed last, where the pack says otherwise."""
    actor = here.session.actor
    async with here.db.transaction(policy.acting(actor)) as tx:
        recent = await service.recent(tx, actor, max(before, 0))
        parted = () if before else await service.parted(tx, actor, here.city, here.now)
    on = service.today(here.city, here.now)
    return page(
        here.request,
        "administration/overview.html",
        session=here.session,
        things=[(thing, service.count(here.city, thing)) for thing in Thing if thing is not Thing.HOURS],
        recent=recent,
        waiting=[change for change in recent if change.since > on],
        parted=parted,
        words=words,
        look=_look(here),
        one_of=one_of,
        next=f"{BASE}?before={recent[-1].number}" if len(recent) == service.PAGE else "",
        first=BASE if before else "",
        year=on.year,
    )


@get(f"{BASE}/{{name:str}}", include_in_schema=False, dependencies=HERE, guards=GUARDS)
async def thing_list(
    here: NamedDependency[Here],
    name: FromPath[str],
    q: FromQuery[str] = "",
    show: FromQuery[str] = "",
    after: FromQuery[str] = "",
    year: FromQuery[int] = 0,
) -> Response[Any]:
    """The things of a kind, searched; the calendar as a year."""
    thing, actor = named(Thing, name), here.session.actor
    if thing is Thing.HOURS:
        return Redirect(one_of(thing, adjusting.HOURS), status_code=303)
    async with here.db.transaction(policy.acting(actor)) as tx:
        wanted = Show(show) if show in tuple(Show) else Show.OPEN
        found = await service.lines(tx, actor, thing, here.city, here.now, q[:100], wanted, after, LIST_PAGE)
        calendar = (await service.standing(tx, here.city, here.now)).calendar
    asked = {"q": q, "show": show}
    return page(
        here.request,
        "administration/calendar.html" if thing is Thing.DAY else "administration/list.html",
        session=here.session,
        thing=thing,
        total=found.total,
        lines=found.lines,
        asked=asked,
        columns=[field for field in fields.FIELDS[thing] if field.name in COLUMNS[thing]],
        next=f"{BASE}/{thing}?{urlencode({**asked, 'after': found.after})}" if found.after else "",
        first=f"{BASE}/{thing}?{urlencode(asked)}" if after else "",
        words=words,
        look=_look(here),
        one_of=one_of,
        year=_year(here, year, calendar) if thing is Thing.DAY else None,
    )


class Month(msgspec.Struct, frozen=True):
    """A month of the calendar, week by week; None where another month's days stand."""

    number: int
    weeks: tuple[tuple[tuple[date, bool, bool] | None, ...], ...]
    """Each day, whether it is worked, and whether that is an exception."""


class Year(msgspec.Struct, frozen=True):
    """A year of the calendar."""

    number: int
    months: tuple[Month, ...]
    worked: int
    """Working days."""
    announced: bool
    """Its public holidays are known."""


def _year(here: Here, asked: int, calendar: Calendar) -> Year:
    number = asked if asked in _YEARS else service.today(here.city, here.now).year
    exceptions = dict(calendar.exceptions)
    first, last = date(number, 1, 1), date(number, 12, 31)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    worked = {day: is_working_day(calendar, day) for day in days}
    until = known_until(calendar)
    months = tuple(
        Month(month, _weeks([(day, worked[day], day in exceptions) for day in days if day.month == month])) for month in range(1, 13)
    )
    return Year(number, months, sum(worked.values()), until is None or last <= until)


def _weeks(days: Sequence[tuple[date, bool, bool]]) -> tuple[tuple[tuple[date, bool, bool] | None, ...], ...]:
    """Weeks from Monday on."""
    lead: list[tuple[date, bool, bool] | None] = [None] * days[0][0].weekday()
    cells = [*lead, *days]
    cells += [None] * (-len(cells) % 7)
    return tuple(tuple(cells[at : at + 7]) for at in range(0, len(cells), 7))


@get(f"{BASE}/{{name:str}}/one", include_in_schema=False, dependencies=HERE, guards=GUARDS)
async def one(here: NamedDependency[Here], name: FromPath[str], code: FromQuery[str] = "", done: FromQuery[str] = "") -> Response[Any]:
    """One thing: as it reads, as the pack says, and every change."""
    thing = named(Thing, name)
    seen = await _see(here, thing, code)
    body = seen.today or (seen.changes[0].after if seen.changes else None) or (seen.changes[0].before if seen.changes else None)
    return page(
        here.request,
        "administration/one.html",
        session=here.session,
        thing=thing,
        seen=seen,
        body=body,
        fields=[field for field in fields.FIELDS[thing] if body and field.name in body],
        may_close=thing is not Thing.HOURS and seen.today is not None,
        undone={change.undoes for change in seen.changes},
        done=done,
        words=words,
        look=_look(here),
        one_of=one_of,
        act=act,
        clocks_of=service.clocks_of,
        clocked=CLOCKED,
        on=service.today(here.city, here.now),
    )


def act(thing: Thing, deed: str, code: str, **more: str) -> str:
    """The address of a form."""
    return f"{BASE}/{thing}/{deed}?{urlencode({'code': code, **more})}"


async def _see(here: Here, thing: Thing, code: str) -> Seen:
    actor = here.session.actor
    try:
        async with here.db.transaction(policy.acting(actor)) as tx:
            return await service.see(tx, actor, thing, code, here.city, here.now)
    except NotFound:
        raise usual(404) from None


@get(f"{BASE}/{{name:str}}/{{what:str}}", include_in_schema=False, dependencies=HERE, guards=GUARDS)
async def form(here: NamedDependency[Here], name: FromPath[str], what: FromPath[str]) -> Response[Any]:
    """The form of a deed: what stands is filled in."""
    thing, deed = named(Thing, name), named(Deed, what)
    query = {key: str(value) for key, value in here.request.query_params.items()}
    code = query.get("code", "")
    carried = {key: query[key] for key in ("field", "change") if key in query}
    values = {"code": code, "since": service.today(here.city, here.now).isoformat(), **carried}
    if deed is Deed.ADD:
        values |= {f.name: query[f.name] for f in fields.FIELDS[thing] if f.name in query}
        if thing is Thing.MATTER and values.get("parent"):
            values["parent"] = choices.written(here.city, What.MATTERS, values["parent"])
    else:
        seen = await _see(here, thing, code)
        if deed is Deed.CHANGE:
            values |= {f.name: fields.write(f, seen.today, here.city) for f in fields.FIELDS[thing]}
    return _form(here, Sheet(thing, deed, code, values))


@post(f"{BASE}/{{name:str}}/{{what:str}}", include_in_schema=False, dependencies=HERE, guards=GUARDS)
async def send(here: NamedDependency[Here], name: FromPath[str], what: FromPath[str]) -> Response[Any]:
    """Tries the change and shows what it would do; decides it when that was seen; or goes back to the form."""
    thing, deed = named(Thing, name), named(Deed, what)
    sent = {key: str(value).replace("\x00", "") for key, value in (await here.request.form()).items() if isinstance(value, str)}
    sheet = Sheet(thing, deed, sent.get("code", ""), sent)
    if sent.get("step") == "edit":
        return _form(here, sheet)
    try:
        async with here.db.transaction(policy.acting(here.session.actor)) as tx:
            wanted = await wanting.wanted(tx, here.session.actor, sheet, here.city, here.now)
        if sent.get("step") == "decide":
            return await _decide(here, sheet, wanted)
        return await _tried(here, sheet, wanted)
    except Wrong as wrong:
        return _form(here, msgspec.structs.replace(sheet, errors=wrong.errors))
    except Unfit as unfit:
        return _form(here, msgspec.structs.replace(sheet, errors={unfit.field: str(unfit)}))
    except NotFound as missing:
        return _form(here, msgspec.structs.replace(sheet, errors={"": str(missing)}))


async def _tried(here: Here, sheet: Sheet, wanted: Wanted, told: str = "", status: int = 200) -> Response[Any]:
    actor = here.session.actor
    async with here.db.transaction(policy.acting(actor)) as tx:
        preview = await service.preview(tx, actor, wanted, here.city, here.now)
    return _preview(here, sheet, preview, told, status)


async def _decide(here: Here, sheet: Sheet, wanted: Wanted) -> Response[Any]:
    actor = here.session.actor
    try:
        async with here.db.transaction(policy.acting(actor)) as tx:
            change = await service.decide(tx, actor, wanted, here.city, here.now, address(here.request))
    except Overtaken as overtaken:
        return await _tried(here, sheet, msgspec.structs.replace(wanted, seen=""), str(overtaken), 409)
    except Blocked:
        return await _tried(here, sheet, msgspec.structs.replace(wanted, seen=""), "", 409)
    here.db.wake()
    done = "now" if change.since <= service.today(here.city, here.now) else "later"
    return Redirect(one_of(wanted.thing, wanted.code, done=done), status_code=303)


def _preview(here: Here, sheet: Sheet, preview: Preview, told: str, status: int) -> Response[Any]:
    kept = {k: v for k, v in sheet.values.items() if k not in ("csrf", "step", "seen", "clocks")}
    return page(
        here.request,
        "administration/preview.html",
        status=status,
        session=here.session,
        sheet=sheet,
        preview=preview,
        told=told,
        kept=kept,
        chosen=wanting.clocks(sheet),
        words=words,
        look=_look(here),
        one_of=one_of,
        later=preview.change.since > service.today(here.city, here.now),
    )


def _form(here: Here, sheet: Sheet) -> Response[Any]:
    filled = sheet.deed in (Deed.ADD, Deed.CHANGE)
    adding = sheet.deed is Deed.ADD
    return page(
        here.request,
        "administration/form.html",
        status=422 if sheet.errors else 200,
        session=here.session,
        sheet=sheet,
        fields=[field for field in fields.FIELDS[sheet.thing] if filled and (adding or not field.once)],
        how=How,
        chosen=_CHOSEN,
        queues=[(queue.code, queue.name) for queue in here.city.pack.queues],
        hands_over=sheet.thing in words.SUCCESSORS and sheet.deed in (Deed.CLOSE, Deed.UNDO),
        words=words,
        look=_look(here),
        one_of=one_of,
        back=f"{BASE}/{sheet.thing}" if adding else one_of(sheet.thing, sheet.code),
    )


@get("/admin/settings", include_in_schema=False, dependencies=HERE, guards=GUARDS)
async def settings_page(here: NamedDependency[Here], settings: NamedDependency[Settings]) -> Response[Any]:
    """The settings as this process runs with them; they are changed where it is started."""
    values = {f.name: getattr(settings, f.name) for f in msgspec.structs.fields(Settings)}
    rows = [(f.name, _shown(f.name, values[f.name]), values[f.name] != f.default) for f in msgspec.structs.fields(Settings)]
    return page(here.request, "administration/settings.html", session=here.session, rows=rows)


def _shown(name: str, value: object) -> str:
    """A setting without what must not be seen: an address of a database holds a password."""
    if name in _SECRET:
        return "***" if value else ""
    return ("是" if value else "否") if isinstance(value, bool) else str(value)


PURPOSES: Final = (("people.seal", "加密来电人信息和一次性口令"), ("people.fingerprint", "按号码查找来电人"), ("check codes", "工单查询码"))


@get("/admin/keys", include_in_schema=False, dependencies=HERE, guards=[needs(*RIGHTS[AccountDeed.SEE_KEYS])])
async def keys_page(here: NamedDependency[Here], keys: NamedDependency[Keys]) -> Response[Any]:
    """Which keys this installation uses, as fingerprints."""
    prints = [(purpose, _print(keys.for_(f"fingerprint of {name}"))) for name, purpose in PURPOSES]
    return page(here.request, "administration/keys.html", session=here.session, prints=prints)


def _print(derived: bytes) -> str:
    """Sixteen digits in groups of four; made from a key derived for the purpose, so that nothing follows from it."""
    digits = sha256(derived).hexdigest()[:16]
    return " ".join(digits[at : at + 4] for at in range(0, 16, 4))


routes = (overview, settings_page, keys_page, thing_list, one, form, send)
