"""The JSON door to the city's data: what there is, a trial, a change from a day on, its undoing, the history. The rules are the pages'."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED
from msgspec import Meta

from yixian.administration import fields, policy, service, wanting, words
from yixian.administration.fields import FIELDS, Field, How
from yixian.administration.model import Clocks, Deed, Effect, FieldChange, Preview, Progress
from yixian.administration.wanting import Sheet
from yixian.city.adjustments import Adjustment, Body, Said, Thing
from yixian.city.inforce import City
from yixian.db.pool import Database
from yixian.people.guards import needs
from yixian.people.model import Actor
from yixian.people.sessions import address
from yixian.tickets.dependents.model import Counted
from yixian.web.given import STORABLE, Short
from yixian.web.problems import PROBLEM_RESPONSES, usual
from yixian.web.render import Say, language, translator

Asked = Request[Any, Any, Any]
GUARDS: Final = [needs(*policy.CHANGING)]
PAGE: Final = 100

Text = Annotated[str, Meta(max_length=fields.LONGEST_EXAMPLES, pattern=STORABLE)]
Words = Annotated[str, Meta(max_length=service.LONGEST_REASON, pattern=STORABLE)]
Day = Annotated[date, Meta(description="The first day on which it holds: today or later, three years ahead at most.")]


class ChangeIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody wants to change. Leave out what the deed does not need."""

    thing: Thing
    deed: Deed
    since: Day
    reason: Annotated[Words, Meta(description="Why: it stays in the history.")]
    code: Annotated[Short, Meta(description="Which one; for `add` it follows from the fields.")] = ""
    fields: Annotated[
        dict[Short, Text],
        Meta(description="For `add` and `change`: as `GET /api/v1/city` describes them. What is left out stays."),
    ] = msgspec.field(default_factory=dict[str, str])
    successor: Annotated[Short, Meta(description="For `close`, and for `undo` of an opening: the code of who takes over.")] = ""
    follow: Annotated[Short, Meta(description="For `follow`: the field that is to read again as the pack says.")] = ""
    undoes: Annotated[UUID | None, Meta(description="For `undo`: the change.")] = None
    clocks: Annotated[
        Clocks, Meta(description="For limits and the calendar: whether tickets that run already keep what was said, or are counted again.")
    ] = Clocks.KEEP
    seen: Annotated[Short, Meta(description="The mark of the trial: 409 when somebody changed it since. Empty: whatever stands.")] = ""

    def sheet(self) -> Sheet:
        """The same as a form would hold it."""
        own = {"since": self.since.isoformat(), "reason": self.reason, "successor": self.successor, "seen": self.seen}
        more = {"field": self.follow, "change": str(self.undoes or ""), "clocks": self.clocks.value}
        if unknown := [name for name in self.fields if name not in {field.name for field in FIELDS[self.thing]}]:
            raise service.Unfit(f"fields.{unknown[0]}", "没有这个字段，请删去或核对拼写。")
        return Sheet(self.thing, self.deed, self.code, {**self.fields, **own, **more}, partial=True)


class FieldOut(msgspec.Struct, frozen=True):
    """A field of a thing, and how it is written."""

    name: str
    label: str
    how: How
    hint: str
    required: bool
    once: bool
    """Given when the thing is added, and never changed."""
    options: dict[str, str]


class KindOut(msgspec.Struct, frozen=True):
    """A kind of thing that may be changed."""

    thing: Thing
    name: str
    count: int
    fields: tuple[FieldOut, ...]


class LineOut(msgspec.Struct, frozen=True):
    """A thing in its list; fields as texts, as they are written."""

    code: str
    changed: bool
    """An administrator changed it."""
    closed: bool
    fields: dict[str, str]


class PageOut(msgspec.Struct, frozen=True):
    """A stretch of the list, by code."""

    lines: tuple[LineOut, ...]
    total: int
    after: str
    """For the next stretch; empty at the end."""


class SaidOut(msgspec.Struct, frozen=True):
    """A field of which the pack and the city say different things; the city's words hold."""

    field: str
    pack: str
    city: str
    pack_changed: bool


class ChangedOut(msgspec.Struct, frozen=True):
    """A field before and after."""

    field: str
    label: str
    before: str
    after: str


class ChangeOut(msgspec.Struct, frozen=True):
    """A change that was decided."""

    id: UUID
    number: int
    at: datetime
    by: str
    thing: Thing
    code: str
    what: str
    since: date
    in_force: bool
    changed: tuple[ChangedOut, ...]
    closes: bool
    successor: str
    reason: str
    undoes: UUID | None
    clocks: Clocks
    recount: Progress | None
    """How far running tickets are counted again."""


class ThingOut(msgspec.Struct, frozen=True):
    """One thing: as it reads today, as the pack says, and every change."""

    thing: Thing
    code: str
    today: dict[str, str] | None
    """None: closed, or not there yet."""
    pack: dict[str, str] | None
    otherwise: tuple[SaidOut, ...]
    changes: tuple[ChangeOut, ...]
    """Newest first."""


class HistoryOut(msgspec.Struct, frozen=True):
    """A stretch of the changes, newest first."""

    changes: tuple[ChangeOut, ...]
    before: int
    """For the next stretch; 0 at the end."""


class ClocksOut(msgspec.Struct, frozen=True):
    """How tickets that run now would stand."""

    running: int
    later: Counted
    """Counted again, nothing earlier than was said."""
    anew: Counted
    """Counted again, also earlier."""


class TrialOut(msgspec.Struct, frozen=True):
    """What a change would do; nothing was written."""

    thing: Thing
    code: str
    since: date
    changed: tuple[ChangedOut, ...]
    blocks: tuple[str, ...]
    """Why it cannot be done."""
    warnings: tuple[str, ...]
    effects: tuple[Effect, ...]
    clocks: ClocksOut | None
    """For limits and the calendar."""
    seen: str
    """Send it with the change: then it is made only if nothing else was meanwhile."""


Key = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        max_length=200,
        description="A key of the sender's own for this change: sent again, it gives the same change and makes no other.",
    ),
]


@get("/api/v1/city", tags=["city"], summary="What of the city may be changed", guards=GUARDS, responses=PROBLEM_RESPONSES)
async def kinds(request: Asked, city: NamedDependency[City]) -> list[KindOut]:
    """The kinds of things, how many there are, and the fields of each with how they are written."""
    say = translator(language(request))
    return [KindOut(thing, say(words.THINGS[thing]), service.count(city, thing), _fields(thing, say)) for thing in Thing]


def _fields(thing: Thing, say: Say) -> tuple[FieldOut, ...]:
    return tuple(
        FieldOut(f.name, say(f.label), f.how, say(f.hint) if f.hint else "", f.required, f.once, {v: say(w) for v, w in f.options})
        for f in FIELDS[thing]
    )


@get("/api/v1/city/{thing:str}", tags=["city"], summary="The things of a kind", guards=GUARDS, responses=PROBLEM_RESPONSES)
async def listed(
    actor: NamedDependency[Actor],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
    thing: FromPath[Thing],
    q: Annotated[str, QueryParameter(max_length=100, description="Part of a name or a code.")] = "",
    show: FromQuery[service.Show] = service.Show.OPEN,
    after: Annotated[str, QueryParameter(max_length=200, description="From the page before.")] = "",
) -> PageOut:
    """The things that fit, by code, a hundred at a time."""
    async with db.transaction(policy.acting(actor)) as tx:
        found = await service.lines(tx, actor, thing, city, now, q, show, after, PAGE)
    lines = tuple(LineOut(line.code, line.changed, line.closed, _written(thing, line.body, city)) for line in found.lines)
    return PageOut(lines, found.total, found.after)


@get("/api/v1/city/{thing:str}/{code:str}", tags=["city"], summary="One thing", guards=GUARDS, responses=PROBLEM_RESPONSES)
async def seen(
    request: Asked,
    actor: NamedDependency[Actor],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
    thing: FromPath[Thing],
    code: FromPath[str],
) -> ThingOut:
    """One thing: as it reads today, as the pack says, and every change of it."""
    async with db.transaction(policy.acting(actor)) as tx:
        found = await service.see(tx, actor, thing, _stored(code), city, now)
    say = translator(language(request))
    return ThingOut(
        thing=thing,
        code=found.code,
        today=_written(thing, found.today, city) if found.today is not None else None,
        pack=_written(thing, found.pack, city) if found.pack is not None else None,
        otherwise=tuple(_said(thing, one, city) for one in found.otherwise),
        changes=tuple(_change(change, found.recounts, city, say) for change in found.changes),
    )


@get("/api/v1/city-changes", tags=["city"], summary="The changes of the city", guards=GUARDS, responses=PROBLEM_RESPONSES)
async def history(
    request: Asked,
    actor: NamedDependency[Actor],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    before: Annotated[int, QueryParameter(ge=0, le=2**53, description="From the page before.")] = 0,
) -> HistoryOut:
    """Every change of the city, newest first, a hundred at a time."""
    async with db.transaction(policy.acting(actor)) as tx:
        found = await service.recent(tx, actor, before)
        counted = await service.progress(tx, actor, found)
    say = translator(language(request))
    changes = tuple(_change(change, counted, city, say) for change in found)
    return HistoryOut(changes, found[-1].number if len(found) == service.PAGE else 0)


@get("/api/v1/city-changes/{change:uuid}", tags=["city"], summary="One change", guards=GUARDS, responses=PROBLEM_RESPONSES)
async def one_change(
    request: Asked, actor: NamedDependency[Actor], db: NamedDependency[Database], city: NamedDependency[City], change: FromPath[UUID]
) -> ChangeOut:
    """One change, with how far running tickets are counted again for it."""
    async with db.transaction(policy.acting(actor)) as tx:
        found = await service.change_of(tx, actor, change)
        counted = await service.progress(tx, actor, [found])
    return _change(found, counted, city, translator(language(request)))


@post(
    "/api/v1/city-trials",
    tags=["city"],
    summary="What a change would do",
    guards=GUARDS,
    status_code=HTTP_200_OK,
    responses=PROBLEM_RESPONSES,
)
async def trial(
    request: Asked,
    data: JSONBody[ChangeIn],
    actor: NamedDependency[Actor],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> TrialOut:
    """What hangs on the change, what keeps it from being made, how running tickets would stand. Nothing is written."""
    async with db.transaction(policy.acting(actor)) as tx:
        wanted = await wanting.wanted(tx, actor, data.sheet(), city, now)
        preview = await service.preview(tx, actor, wanted, city, now)
    return _trial(preview, city, translator(language(request)))


@post(
    "/api/v1/city-changes",
    tags=["city"],
    summary="Change the city",
    guards=GUARDS,
    responses={
        HTTP_200_OK: ResponseSpec(ChangeOut, description="The key was known: the change of the first time."),
        **PROBLEM_RESPONSES,
    },
)
async def decide(
    request: Asked,
    data: JSONBody[ChangeIn],
    actor: NamedDependency[Actor],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
    key: Key = None,
) -> Response[ChangeOut]:
    """Makes the change: at once when its day is today, else on its day; `undo` takes an earlier one back, also before its day."""
    async with db.transaction(policy.acting(actor)) as tx:
        change, repeated = await wanting.decide_once(tx, actor, data.sheet(), key, city, now, address(request))
        change = await service.change_of(tx, actor, change.id)
        counted = await service.progress(tx, actor, [change])
    db.wake()
    body = _change(change, counted, city, translator(language(request)))
    return Response(body, status_code=HTTP_200_OK if repeated else HTTP_201_CREATED)


def _stored(code: str) -> str:
    """A code as the database could hold it."""
    if "\x00" in code:
        raise usual(404)
    return code


def _written(thing: Thing, body: Body | None, city: City) -> dict[str, str]:
    """Its fields as texts, as they are sent."""
    return {field.name: fields.write(field, body, city) for field in FIELDS[thing] if body is not None and field.name in body}


def _text(thing: Thing, name: str, value: Any, city: City) -> str:
    field = next((f for f in FIELDS[thing] if f.name == name), Field(name, name))
    return fields.write(field, {name: value}, city)


def _said(thing: Thing, one: Said, city: City) -> SaidOut:
    return SaidOut(one.field, _text(thing, one.field, one.pack, city), _text(thing, one.field, one.city, city), one.pack_changed)


def _change(change: Adjustment, counted: Mapping[UUID, Progress], city: City, say: Say) -> ChangeOut:
    return ChangeOut(
        id=change.id, number=change.number, at=change.at, by=change.name, thing=change.thing, code=change.code,
        what=say(words.what(change)), since=change.since, in_force=change.load_id is not None,
        changed=_changed(change.thing, service.field_changes(change.before, change.after), city, say), closes=bool(change.ends),
        successor=change.successor, reason=change.reason, undoes=change.undoes, clocks=service.clocks_of(change),
        recount=counted.get(change.id),
    )  # fmt: skip


def _changed(thing: Thing, changes: tuple[FieldChange, ...], city: City, say: Say) -> tuple[ChangedOut, ...]:
    labels = {field.name: say(field.label) for field in FIELDS[thing]}
    return tuple(
        ChangedOut(
            one.field, labels.get(one.field, one.field), _text(thing, one.field, one.before, city), _text(thing, one.field, one.after, city)
        )
        for one in changes
    )


def _trial(preview: Preview, city: City, say: Say) -> TrialOut:
    change, clocks = preview.change, preview.clocks
    return TrialOut(
        thing=change.thing,
        code=change.code,
        since=change.since,
        changed=_changed(change.thing, preview.fields, city, say),
        blocks=tuple(say(sentence) for sentence in preview.blocks),
        warnings=tuple(say(sentence) for sentence in preview.warnings),
        effects=tuple(Effect(say(effect.sentence, n=effect.n), effect.n, effect.some) for effect in preview.effects),
        clocks=ClocksOut(clocks.running, clocks.later, clocks.anew) if clocks else None,
        seen=preview.seen,
    )


routes = (kinds, listed, seen, history, one_change, trial, decide)
