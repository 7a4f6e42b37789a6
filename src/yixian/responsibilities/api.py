"""The JSON door to the responsibility list: search, entries, proposals, files."""

from __future__ import annotations

import base64
import binascii
from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK
from msgspec import Meta

from yixian.city.inforce import City
from yixian.city.model import Audience, Responsibility
from yixian.city.service import EntryChange
from yixian.db.pool import Database, Transaction
from yixian.people.guards import needs
from yixian.people.model import Actor, Session
from yixian.people.refusals import Invalid
from yixian.responsibilities import files, importing, review, service
from yixian.responsibilities.files import Format
from yixian.responsibilities.model import (
    Answer,
    ChangeKind,
    Difference,
    FieldChange,
    Filters,
    Page,
    Proposal,
    Stand,
    State,
    Step,
    StepRow,
    Wanted,
)
from yixian.responsibilities.search import Asked, Shelf, unit_name
from yixian.web.given import STORABLE, Version, sought
from yixian.web.problems import PROBLEM_RESPONSES, Problem, usual

Request_ = Request[Any, Any, Any]

TAG: Final = ["responsibilities"]
READERS: Final = (needs(*review.READERS),)
EDITORS: Final = (needs(*review.EDITORS),)
LARGEST_UPLOAD: Final = files.LARGEST * 4 // 3 + 65_536
"""Bytes of a request that carries a file: base64 makes four of three."""

Words = Annotated[str, Meta(max_length=2_000, pattern=STORABLE)]
Line = Annotated[str, Meta(max_length=1_000, pattern=STORABLE)]
Code = Annotated[str, Meta(max_length=100, pattern=STORABLE)]
Codes = Annotated[tuple[Code, ...], Meta(max_length=200)]


class EntryIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How an entry shall read; the fields of the city pack's list. Its first day is the proposal's `since`."""

    matter: Code
    lead: Annotated[str, Meta(max_length=100, pattern=STORABLE, description="A unit's code, or `@district.<function>`, `@district` …")]
    basis: Line
    places: Codes = ()
    who: Audience | None = None
    night: bool = False
    words: Codes = ()
    co: Codes = ()
    valid_to: date | None = None
    note: Line = ""


class ProposalIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change that somebody wants. Without `entry` the entry named by `code` shall end."""

    since: Annotated[date, Meta(description="The first day on which it shall hold; today at the earliest.")]
    reason: Words
    code: Annotated[str, Meta(max_length=40, pattern=STORABLE, description="Of the entry; empty for a new one.")] = ""
    entry: EntryIn | None = None


class StepIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody wants to do with a proposal. `answer`, `reason` and `basis` belong to `answer`; `since` to `approve`."""

    note: Annotated[Words, Meta(description="For `refuse`, and for `approve` over an objection.")] = ""
    answer: Answer = Answer.AGREE
    reason: Words = ""
    basis: Words = ""
    since: date | None = None
    version: Version = 0


class ApprovalsIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Proposals to be approved together: all, or none."""

    proposals: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=service.MOST_AT_ONCE)]
    note: Words = ""
    since: date | None = None


class FileIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of entries."""

    name: Annotated[str, Meta(max_length=200, pattern=STORABLE, description="Ends in `.csv` or `.xlsx`.")]
    content: Annotated[str, Meta(max_length=LARGEST_UPLOAD, description="The file in base64.")]
    since: Annotated[date, Meta(description="The first day on which its changes shall hold.")]
    whole: Annotated[bool, Meta(description="It is the complete list: entries that it leaves out are to end.")] = False


class ReasonIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    reason: Words


class EntryOut(msgspec.Struct, frozen=True):
    """A version of an entry."""

    code: str
    matter: str
    matter_name: str
    places: tuple[str, ...]
    who: Audience | None
    night: bool
    words: tuple[str, ...]
    lead: str
    lead_name: str
    """For a name by place, whose: `所在区 · 市场监督管理局`."""
    co: tuple[str, ...]
    basis: str
    valid_from: date
    valid_to: date | None
    note: str


class ListOut(msgspec.Struct, frozen=True):
    """A stretch of what was found."""

    entries: tuple[EntryOut, ...]
    total: int
    after: int
    """For the next stretch; 0 at the end."""


class EntrySeenOut(msgspec.Struct, frozen=True):
    """An entry with everything that was and is to be."""

    code: str
    versions: tuple[EntryOut, ...]
    history: tuple[EntryChange, ...]
    amended: bool
    """Whether anything was approved over what the pack says."""


class UnitOut(msgspec.Struct, frozen=True):
    """A unit that was asked, and how it counts."""

    unit: str
    name: str
    stand: Stand
    reason: str
    basis: str
    answered_at: datetime | None


class ProposalOut(msgspec.Struct, frozen=True):
    """A proposal."""

    id: UUID
    number: int
    kind: ChangeKind
    code: str
    matter: str
    before: Responsibility | None
    after: Responsibility | None
    since: date
    reason: str
    source: str
    source_ref: str
    state: State
    proposed_by: str
    proposed_at: datetime
    due: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    version: int
    units: tuple[UnitOut, ...]


class ProposalSeenOut(ProposalOut, frozen=True):
    """A proposal with what this person may do now, and what keeps it from being approved."""

    fields: tuple[FieldChange, ...] = ()
    steps: tuple[StepRow, ...] = ()
    allowed: tuple[Step, ...] = ()
    kept_from: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class ProposalsOut(msgspec.Struct, frozen=True):
    """A stretch of the proposals, newest first."""

    proposals: tuple[ProposalOut, ...]
    after: int
    """For the next stretch; 0 at the end."""


class MadeOut(msgspec.Struct, frozen=True):
    """Proposals that were made."""

    proposals: tuple[UUID, ...]


class DifferenceOut(msgspec.Struct, frozen=True):
    """What a file would change. Without problems it is kept under `id` for a week, to be confirmed."""

    id: UUID | None
    difference: Difference


@get("/api/v1/responsibilities", tags=TAG, summary="Search the list", guards=READERS, responses=PROBLEM_RESPONSES)
async def search_list(
    request: Request_,
    city: NamedDependency[City],
    q: Annotated[str, QueryParameter(description="Words; each must occur.")] = "",
    unit: Annotated[str, QueryParameter(description="Code of a unit that leads or helps.")] = "",
    region: Annotated[str, QueryParameter(description="Code of a region in which the entry may hold.")] = "",
    matter: Annotated[str, QueryParameter(description="Code of a matter; those below it count.")] = "",
    on: Annotated[date | None, QueryParameter(description="In force on this day; without it, every version.")] = None,
    after: Annotated[int, QueryParameter(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=service.LIMIT_MOST)] = service.LIMIT,
) -> ListOut:
    """Entries by code and day."""
    found = shelf(request).of(city).find(Asked(q, unit, region, matter, on), after, limit)
    return ListOut(tuple(_entry(entry, city) for entry in found.entries), found.total, found.after)


@get(
    "/api/v1/responsibilities/export/csv",
    tags=TAG,
    summary="The list as CSV",
    guards=READERS,
    media_type=files.MEDIA_TYPES[Format.CSV],
    responses=PROBLEM_RESPONSES,
)
async def export_csv(
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
    on: FromQuery[date | None] = None,
) -> Response[bytes]:
    """The list as it reads on a day (today), each entry once, as the city pack has it."""
    return await _export(session, db, city, on or service.today(city, now), Format.CSV)


@get(
    "/api/v1/responsibilities/export/xlsx",
    tags=TAG,
    summary="The list as an Excel sheet",
    guards=READERS,
    media_type=files.MEDIA_TYPES[Format.XLSX],
    responses=PROBLEM_RESPONSES,
)
async def export_xlsx(
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
    on: FromQuery[date | None] = None,
) -> Response[bytes]:
    """The list as it reads on a day (today), each entry once, with the names beside."""
    return await _export(session, db, city, on or service.today(city, now), Format.XLSX)


async def _export(session: Session, db: Database, city: City, day: date, form: Format) -> Response[bytes]:
    async with db.transaction(review.acting(session.actor)) as tx:
        return as_file(await importing.export(tx, city, form, day), form, day)


@get("/api/v1/responsibilities/{code:str}", tags=TAG, summary="One entry", guards=READERS, responses=PROBLEM_RESPONSES)
async def show_entry(
    code: FromPath[str],
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> EntrySeenOut:
    """An entry with its versions and its whole history."""
    async with db.transaction(review.acting(session.actor)) as tx:
        seen = await service.entry(tx, sought(code), now)
    return EntrySeenOut(seen.code, tuple(_entry(version, city) for version in seen.versions), seen.history, seen.amended)


@get("/api/v1/responsibility-proposals", tags=TAG, summary="Proposals", guards=READERS, responses=PROBLEM_RESPONSES)
async def list_proposals(
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
    states: Annotated[list[State] | None, QueryParameter(name="state", description="Several may be given; none: all.")] = None,
    code: Annotated[str, QueryParameter(description="Of an entry.")] = "",
    unit: Annotated[str, QueryParameter(description="Code of a unit: what concerns it and those below it.")] = "",
    unanswered: Annotated[bool, QueryParameter(description="With `unit`: what it has not answered.")] = False,
    overdue: Annotated[bool, QueryParameter(description="The units' time is over, and nobody has decided.")] = False,
    after: Annotated[int, QueryParameter(ge=0, le=2**62)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=service.LIMIT_MOST)] = service.LIMIT,
) -> ProposalsOut:
    """Proposals that this person may see, newest first. A unit's staff see those that concern it, whatever they ask for."""
    path = city.register.paths.get(unit, "-") if unit else ""
    filters = Filters(tuple(states or ()), sought(code), path, unanswered, overdue)
    async with db.transaction(review.acting(session.actor)) as tx:
        found = await service.listing(tx, filters, after, limit, now)
    return _page(found, city, now)


@post("/api/v1/responsibility-proposals", tags=TAG, summary="Propose a change", guards=EDITORS, responses=PROBLEM_RESPONSES)
async def propose(
    data: JSONBody[ProposalIn],
    actor: NamedDependency[Actor],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> ProposalOut:
    """Proposes a new, a changed or an ended entry, and asks the units concerned."""
    async with db.transaction(review.acting(actor)) as tx:
        made = await service.propose(tx, actor, [wanted(data)], city, now)
        seen = await service.see(tx, actor, made[0], city, now)
    db.wake()
    return ProposalOut(**_proposal(seen.proposal, city, now))


@post(
    "/api/v1/responsibility-approvals",
    tags=TAG,
    summary="Approve several",
    guards=EDITORS,
    status_code=HTTP_200_OK,
    responses=PROBLEM_RESPONSES,
)
async def approve_several(
    data: JSONBody[ApprovalsIn],
    actor: NamedDependency[Actor],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> ProposalsOut:
    """Brings all of them into force, or none: they are checked together."""
    async with db.transaction(review.acting(actor)) as tx:
        done = await service.approve(tx, actor, data.proposals, city, now, data.note, data.since)
    db.wake()
    return _page(Page(tuple(done), 0), city, now)


@get(
    "/api/v1/responsibility-proposals/{proposal:uuid}",
    tags=TAG,
    summary="One proposal",
    guards=READERS,
    responses=PROBLEM_RESPONSES,
)
async def show_proposal(
    proposal: FromPath[UUID],
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> ProposalSeenOut:
    """A proposal with its steps, the units' answers, and what keeps it from being approved."""
    async with db.transaction(review.acting(session.actor)) as tx:
        seen = await service.see(tx, session.actor, proposal, city, now)
    return _seen(seen, city, now)


@post(
    "/api/v1/responsibility-proposals/{proposal:uuid}/{step:str}",
    tags=TAG,
    summary="Take one step with a proposal",
    guards=READERS,
    status_code=HTTP_200_OK,
    responses=PROBLEM_RESPONSES,
)
async def take_step(
    proposal: FromPath[UUID],
    step: FromPath[str],
    data: JSONBody[StepIn],
    actor: NamedDependency[Actor],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> ProposalOut:
    """`send`, `answer`, `approve`, `refuse`, `withdraw`. Conflicts answer 409 with a sentence that says what to do instead."""
    what = STEPS.get(step)
    if what is None:
        raise usual(404)
    async with db.transaction(review.acting(actor, what)) as tx:
        moved = await do(tx, actor, proposal, what, data, city, now)
    db.wake()
    return ProposalOut(**_proposal(moved, city, now))


@post(
    "/api/v1/responsibility-imports",
    tags=TAG,
    summary="What a file would change",
    guards=EDITORS,
    request_max_body_size=LARGEST_UPLOAD,
    responses=PROBLEM_RESPONSES,
)
async def read_file(
    data: JSONBody[FileIn],
    actor: NamedDependency[Actor],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> DifferenceOut:
    """Reads a file and shows what it would change; nothing is proposed yet."""
    try:
        content = base64.b64decode(data.content, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("content", "文件内容须为 base64 编码。") from None
    async with db.transaction(review.acting(actor)) as tx:
        kept, found = await importing.read_file(tx, actor, content, data.name, data.since, data.whole, city, now)
    return DifferenceOut(None if found.problems else kept.id, found)


@post(
    "/api/v1/responsibility-imports/{file:uuid}/confirm",
    tags=TAG,
    summary="Propose what a file changes",
    guards=EDITORS,
    responses=PROBLEM_RESPONSES,
)
async def confirm_file(
    file: FromPath[UUID],
    data: JSONBody[ReasonIn],
    actor: NamedDependency[Actor],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> MadeOut:
    """Makes proposals of all that the difference showed, and asks the units concerned."""
    async with db.transaction(review.acting(actor)) as tx:
        made = await importing.confirm(tx, actor, file, data.reason, city, now)
    db.wake()
    return MadeOut(made)


STEPS: Final = {step.value: step for step in Step if step is not Step.PROPOSE}


async def do(tx: Transaction, actor: Actor, proposal: UUID, step: Step, data: StepIn, city: City, now: datetime) -> Proposal:
    """Takes a step with a proposal; also for the pages."""
    match step:
        case Step.SEND:
            return await service.send(tx, actor, proposal, city, now, data.version)
        case Step.ANSWER:
            return await service.answer(tx, actor, proposal, data.answer, data.reason, data.basis, now, data.version)
        case Step.APPROVE:
            seen = {proposal: data.version}
            return (await service.approve(tx, actor, [proposal], city, now, data.note, data.since, seen))[0]
        case Step.REFUSE:
            return await service.refuse(tx, actor, proposal, data.note, now, data.version)
        case Step.WITHDRAW:
            return await service.withdraw(tx, actor, proposal, data.note, now, data.version)
        case Step.PROPOSE:
            raise usual(404)


def wanted(data: ProposalIn) -> Wanted:
    """What the body asks for."""
    if data.entry is None:
        return Wanted(data.code.strip(), None, data.since, data.reason)
    given = msgspec.structs.asdict(data.entry)
    return Wanted(data.code.strip(), Responsibility(code=data.code.strip(), valid_from=data.since, **given), data.since, data.reason)


def shelf(request: Request_) -> Shelf:
    """This process's index of the list."""
    kept = request.app.state
    if "responsibilities_shelf" not in kept:
        kept["responsibilities_shelf"] = Shelf()
    return kept["responsibilities_shelf"]


def as_file(content: bytes, form: Format, day: date) -> Response[bytes]:
    """A download."""
    name = f"responsibilities-{day.isoformat()}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=files.MEDIA_TYPES[form], headers=headers)


def _entry(entry: Responsibility, city: City) -> EntryOut:
    return EntryOut(
        **msgspec.structs.asdict(entry), matter_name=city.matter_name(entry.matter), lead_name=unit_name(city, entry.lead)
    )  # fmt: skip


def _page(found: Page, city: City, now: datetime) -> ProposalsOut:
    return ProposalsOut(tuple(ProposalOut(**_proposal(proposal, city, now)) for proposal in found.proposals), found.after)


def _proposal(proposal: Proposal, city: City, now: datetime) -> dict[str, Any]:
    units = tuple(
        UnitOut(said.unit, city.unit_name(said.unit), review.stand(said, proposal.due, now), said.reason, said.basis, said.answered_at)
        for said in proposal.units
    )
    own = {name: value for name, value in msgspec.structs.asdict(proposal).items() if name in _OWN}
    return {**own, "matter": proposal.matter, "units": units}


_OWN: Final = {field.name for field in msgspec.structs.fields(ProposalOut)} - {"matter", "units"}


def _seen(seen: service.Seen, city: City, now: datetime) -> ProposalSeenOut:
    return ProposalSeenOut(
        **_proposal(seen.proposal, city, now),
        fields=seen.fields,
        steps=seen.steps,
        allowed=seen.offered,
        kept_from=seen.kept_from,
        warnings=seen.warnings,
    )


def refused(error: service.Refused) -> Problem:
    """For `app.PROBLEMS`: all the sentences, so that a person can mend everything at once."""
    return Problem(409, "refused", "现在不能这样操作", str(error), more={"reasons": list(error.sentences)})


routes = (
    search_list,
    export_csv,
    export_xlsx,
    show_entry,
    list_proposals,
    propose,
    approve_several,
    show_proposal,
    take_step,
    read_file,
    confirm_file,
)
