"""The desk of the responsibility list: search, an entry with its history, proposals, and files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from yixian.city.inforce import City
from yixian.city.model import Responsibility
from yixian.city.responsibility import holds_on
from yixian.db.pool import Database
from yixian.people.guards import needs
from yixian.people.model import Session
from yixian.people.refusals import Invalid
from yixian.responsibilities import api, files, forms, importing, review, service, words
from yixian.responsibilities.api import StepIn
from yixian.responsibilities.difference import fields
from yixian.responsibilities.forms import Filled
from yixian.responsibilities.model import Answer, ChangeKind, Difference, Filters, Import, State, Step
from yixian.responsibilities.search import Asked, unit_name
from yixian.responsibilities.service import Overtaken, Refused
from yixian.tickets import choices
from yixian.tickets.choices import Unclear, What
from yixian.web.given import sought, text_of, uuid_of
from yixian.web.problems import usual
from yixian.web.render import page

Asking = Request[Any, Any, Any]

READERS: Final = (needs(*review.READERS),)
EDITORS: Final = (needs(*review.EDITORS),)

SHOWN_AT_ONCE: Final = 200
"""Changes of a file that the page spells out; of the rest it says how many there are."""


class Here(msgspec.Struct, frozen=True):
    """Who asks, and what a page is made from."""

    request: Asking
    session: Session
    db: Database
    city: City
    now: datetime

    @property
    def today(self) -> date:
        """The day in the city."""
        return service.today(self.city, self.now)

    @property
    def edits(self) -> bool:
        """Whether this person keeps the list."""
        return bool(self.session.actor.roles & review.EDITORS)

    def show(self, name: str, status: int = 200, **context: Any) -> Response[Any]:
        """A page of this room."""
        return page(
            self.request, f"responsibilities/{name}.html", status=status, session=self.session, city=self.city, now=self.now, words=words,
            edits=self.edits, unit_name=unit_name, **context,
        )  # fmt: skip


async def provide_here(
    request: Asking,
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> Here:
    """Dependency `here`."""
    return Here(request, session, db, city, now)


HERE: Final = {"here": Provide(provide_here)}


# -- The list ----------------------------------------------------------------------------------------------------


@get("/desk/list", include_in_schema=False, dependencies=HERE, guards=READERS)
async def list_page(
    here: NamedDependency[Here],
    q: FromQuery[str] = "",
    unit: FromQuery[str] = "",
    region: FromQuery[str] = "",
    matter: FromQuery[str] = "",
    on: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[Any]:
    """The entries that fit; at first all that are in force today. A day that cannot be read means any day."""
    sent = {"q": q, "unit": unit, "region": region, "matter": matter, "on": on}
    asked, errors = _asked(here, sent, fresh="on" not in here.request.query_params)
    found = api.shelf(here.request).of(here.city).find(asked, int(after) if after.isdecimal() and len(after) < 8 else 0)
    sent["on"] = asked.on.isoformat() if asked.on else ""
    return here.show(
        "list",
        found=found,
        asked=sent,
        errors=errors,
        today=here.today,
        holds_on=holds_on,
        next=f"/desk/list?{urlencode({**sent, 'after': found.after})}" if found.after else "",
        first=f"/desk/list?{urlencode(sent)}" if after else "",
    )


def _asked(here: Here, sent: Mapping[str, str], fresh: bool) -> tuple[Asked, dict[str, str]]:
    """What to look for, and what of it cannot be understood."""
    codes: dict[str, str] = {}
    errors: dict[str, str] = {}
    for name, what in (("unit", What.UNITS), ("region", What.REGIONS), ("matter", What.MATTERS)):
        try:
            codes[name] = choices.code_of(here.city, what, sent[name][:200])
        except Unclear as unclear:
            errors[name] = str(unclear)
    on = here.today if fresh else _day(sent["on"])
    return Asked(sent["q"], codes.get("unit", ""), codes.get("region", ""), codes.get("matter", ""), on), errors


@get("/desk/list/entry/{code:str}", include_in_schema=False, dependencies=HERE, guards=READERS)
async def entry_page(here: NamedDependency[Here], code: FromPath[str]) -> Response[Any]:
    """An entry: how it reads and will read, every change that ever was, and what is proposed."""
    async with here.db.transaction(review.acting(here.session.actor)) as tx:
        seen = await service.entry(tx, sought(code), here.now)
        known = await service.names(tx, (change.actor for change in seen.history))
    return here.show(
        "entry",
        seen=seen,
        today=here.today,
        holds_on=holds_on,
        cells=files.cells,
        names=known,
        changes=[(change, fields(change.before, change.after)) for change in reversed(seen.history)],
    )


@get("/desk/list/export", include_in_schema=False, dependencies=HERE, guards=READERS)
async def export(here: NamedDependency[Here], form: FromQuery[str] = "xlsx") -> Response[Any]:
    """The list as it reads today, as a file."""
    kind = files.Format.CSV if form == "csv" else files.Format.XLSX
    async with here.db.transaction(review.acting(here.session.actor)) as tx:
        return api.as_file(await importing.export(tx, here.city, kind, here.today), kind, here.today)


# -- Proposing ---------------------------------------------------------------------------------------------------


@get("/desk/list/propose", include_in_schema=False, dependencies=HERE, guards=EDITORS)
async def propose_page(here: NamedDependency[Here], code: FromQuery[str] = "", kind: FromQuery[str] = "") -> Response[Any]:
    """The form of a new entry, of a change, or of an end."""
    entry = _latest(here, code)
    what = ChangeKind.NEW if entry is None else ChangeKind.ENDED if kind == ChangeKind.ENDED.value else ChangeKind.CHANGED
    return _form(here, Filled(forms.proposed(here.city, entry, what, here.today), None, {}))


@post("/desk/list/propose", include_in_schema=False, dependencies=HERE, guards=EDITORS)
async def propose(here: NamedDependency[Here]) -> Response[Any]:
    """Proposes, and asks the units; what cannot be taken is shown again with what was typed."""
    filled = forms.read(await here.request.form(), here.city)
    if filled.wanted is None:
        return _form(here, filled, 422)
    actor = here.session.actor
    try:
        async with here.db.transaction(review.acting(actor)) as tx:
            made = await service.propose(tx, actor, [filled.wanted], here.city, here.now)
    except Invalid as invalid:
        field = {"place": "places"}.get(invalid.field, invalid.field)
        return _form(here, msgspec.structs.replace(filled, errors={field if field in forms.NAMES else "": str(invalid)}), 422)
    here.db.wake()
    return Redirect(f"/desk/list/proposals/{made[0]}?done=propose", status_code=303)


def _latest(here: Here, code: str) -> Responsibility | None:
    """The version that holds, or the next one to hold."""
    versions = [entry for entry in here.city.pack.responsibilities if entry.code == code]
    return next((entry for entry in versions if entry.valid_to is None or entry.valid_to >= here.today), None)


def _form(here: Here, filled: Filled, status: int = 200) -> Response[Any]:
    return here.show("propose", status, values=filled.values, errors=dict(filled.errors), kind=filled.values["kind"] or "new")


# -- Files -------------------------------------------------------------------------------------------------------


@get("/desk/list/import", include_in_schema=False, dependencies=HERE, guards=EDITORS)
async def import_page(here: NamedDependency[Here]) -> Response[Any]:
    """Asks for a file."""
    return _import(here, {"since": here.today.isoformat(), "whole": ""}, {})


@post("/desk/list/import", include_in_schema=False, dependencies=HERE, guards=EDITORS, request_max_body_size=files.LARGEST + 65_536)
async def read_file(here: NamedDependency[Here]) -> Response[Any]:
    """Shows what the file would change; nothing is proposed yet."""
    sent = await here.request.form()
    values = {"since": str(sent.get("since") or ""), "whole": str(sent.get("whole") or "")}
    file, since = sent.get("file"), _day(values["since"])
    if not isinstance(file, UploadFile) or not file.filename:
        return _import(here, values, {"file": "请选择要导入的文件。"}, 422)
    if since is None:
        return _import(here, values, {"since": forms.NO_DAY}, 422)
    actor, content = here.session.actor, await file.read()
    try:
        async with here.db.transaction(review.acting(actor)) as tx:
            name = file.filename.replace("\x00", "")
            kept, found = await importing.read_file(tx, actor, content, name, since, bool(values["whole"]), here.city, here.now)
    except Invalid as invalid:
        return _import(here, values, {invalid.field: str(invalid)}, 422)
    return _difference(here, kept, found, status=422 if found.problems else 200)


@post("/desk/list/import/{file:uuid}/confirm", include_in_schema=False, dependencies=HERE, guards=EDITORS)
async def confirm_file(here: NamedDependency[Here], file: FromPath[UUID]) -> Response[Any]:
    """Makes proposals of what was shown; when that is not possible, shows how it stands and keeps the reason."""
    sent = await here.request.form()
    reason, actor = text_of(sent, "reason"), here.session.actor
    try:
        async with here.db.transaction(review.acting(actor)) as tx:
            await importing.confirm(tx, actor, file, reason, here.city, here.now)
    except (Invalid, Refused, Overtaken) as refused:
        async with here.db.transaction(review.acting(actor)) as tx:
            kept = await importing.kept_file(tx, file)
            found = await importing.difference_of(tx, kept, here.city)
        status = 422 if isinstance(refused, Invalid) else 409
        return _difference(here, kept, found, status=status, refused=str(refused), reason=reason, again=isinstance(refused, Invalid))
    here.db.wake()
    return Redirect(f"/desk/list/proposals?file={file}&done=propose", status_code=303)


def _import(here: Here, values: Mapping[str, str], errors: Mapping[str, str], status: int = 200) -> Response[Any]:
    return here.show("import", status, values=values, errors=errors, headings=files.HEADINGS)


def _difference(
    here: Here, kept: Import, found: Difference, *, status: int, refused: str = "", reason: str = "", again: bool = True
) -> Response[Any]:
    return here.show(
        "difference", status, kept=kept, found=found, refused=refused, reason=reason, most=SHOWN_AT_ONCE,
        confirms=again and bool(found.changes) and not found.problems,
    )  # fmt: skip


# -- Proposals ---------------------------------------------------------------------------------------------------

TABS: Final[tuple[tuple[str, str, Filters], ...]] = (
    ("review", "征求意见", Filters(states=(State.IN_REVIEW,))),
    ("over", "待决定", Filters(states=(State.IN_REVIEW,), overdue=True)),
    ("draft", "待送审", Filters(states=(State.DRAFT,))),
    ("decided", "已决定", Filters(states=(State.APPROVED, State.REFUSED, State.WITHDRAWN))),
)
"""Key, label, what it shows."""


@get("/desk/list/proposals", include_in_schema=False, dependencies=HERE, guards=READERS)
async def proposals_page(
    here: NamedDependency[Here],
    tab: FromQuery[str] = "",
    file: FromQuery[str] = "",
    after: FromQuery[str] = "",
    done: FromQuery[str] = "",
) -> Response[Any]:
    """The proposals by where they stand; those of a file together."""
    return await _proposals(here, tab, file, after, done)


@post("/desk/list/proposals", include_in_schema=False, dependencies=HERE, guards=EDITORS)
async def approve_several(here: NamedDependency[Here], tab: FromQuery[str] = "", file: FromQuery[str] = "") -> Response[Any]:
    """Approves those that were marked: all, or none with the reasons."""
    sent = await here.request.form()
    actor, note = here.session.actor, text_of(sent, "note")
    marked = [found for text in sent.getall("proposal", []) if (found := uuid_of(str(text)))]
    try:
        async with here.db.transaction(review.acting(actor)) as tx:
            await service.approve(tx, actor, marked, here.city, here.now, note)
    except (Refused, Overtaken, Invalid) as refused:
        sentences = refused.sentences if isinstance(refused, Refused) else (str(refused),)
        return await _proposals(here, tab, file, "", "", status=409, refused=sentences, marked=marked, note=note)
    here.db.wake()
    return Redirect(f"/desk/list/proposals?{urlencode({'tab': tab, 'file': file, 'done': 'approve'})}", status_code=303)


async def _proposals(
    here: Here,
    tab: str,
    file: str,
    after: str,
    done: str,
    *,
    status: int = 200,
    refused: tuple[str, ...] = (),
    marked: list[UUID] | None = None,
    note: str = "",
) -> Response[Any]:
    key, label, filters = next((t for t in TABS if t[0] == tab), TABS[0])
    of_file = uuid_of(file)
    if of_file is not None:
        filters = Filters(imported=of_file)
    async with here.db.transaction(review.acting(here.session.actor)) as tx:
        skip = int(after) if after.isdecimal() and len(after) < 18 else 0
        found = await service.listing(tx, filters, skip, service.LIMIT_MOST if of_file else service.LIMIT, here.now)
        counted = await service.counts(tx, here.now)
    tally = {"review": counted.get("in_review", 0), "over": counted["overdue"], "draft": counted.get("draft", 0)}
    told = {"tab": key, **({"file": file} if of_file else {})}
    return here.show(
        "proposals", status, found=found, tabs=[(k, text, tally.get(k)) for k, text, _ in TABS if k != "draft" or here.edits],
        open_tab="" if of_file else key, label=label, done=words.STEPS.get(done, ""), refused=refused, marked=marked or [], note=note,
        action=f"/desk/list/proposals?{urlencode(told)}", file=str(of_file or ""),
        approvable={p.id for p in found.proposals if review.refusal(here.session.actor, Step.APPROVE, p, here.now, "-") is None},
        stands={p.id: [review.stand(said, p.due, here.now) for said in p.units] for p in found.proposals},
        next=f"/desk/list/proposals?{urlencode({**told, 'after': found.after})}" if found.after else "",
        first=f"/desk/list/proposals?{urlencode(told)}" if after else "",
    )  # fmt: skip


@get("/desk/list/proposals/{proposal:uuid}", include_in_schema=False, dependencies=HERE, guards=READERS)
async def proposal_page(here: NamedDependency[Here], proposal: FromPath[UUID], done: FromQuery[str] = "") -> Response[Any]:
    """One proposal: what changes, what each unit says, and what this person may do."""
    return await _proposal(here, proposal, done=done)


@post("/desk/list/proposals/{proposal:uuid}/{step:str}", include_in_schema=False, dependencies=HERE, guards=READERS)
async def take_step(here: NamedDependency[Here], proposal: FromPath[UUID], step: FromPath[str]) -> Response[Any]:
    """Takes a step; when it cannot be taken, the page says why and keeps what was typed."""
    what = api.STEPS.get(step)
    if what is None:
        raise usual(404)
    sent = await here.request.form()
    typed = {name: text_of(sent, name) for name in ("note", "answer", "reason", "basis", "since", "version")}
    actor = here.session.actor
    try:
        async with here.db.transaction(review.acting(actor, what)) as tx:
            await api.do(tx, actor, proposal, what, _step(typed), here.city, here.now)
    except Invalid as invalid:
        return await _proposal(here, proposal, status=422, typed=typed, errors={invalid.field: str(invalid)})
    except (Refused, Overtaken) as refused:
        sentences = refused.sentences if isinstance(refused, Refused) else (str(refused),)
        return await _proposal(here, proposal, status=409, typed=typed, refused=sentences)
    here.db.wake()
    return Redirect(f"/desk/list/proposals/{proposal}?done={step}", status_code=303)


def _step(typed: Mapping[str, str]) -> StepIn:
    if typed["since"] and _day(typed["since"]) is None:
        raise Invalid("since", forms.NO_DAY)
    return StepIn(
        note=typed["note"],
        answer=Answer.OBJECT if typed["answer"] == Answer.OBJECT.value else Answer.AGREE,
        reason=typed["reason"],
        basis=typed["basis"],
        since=_day(typed["since"]),
        version=int(typed["version"]) if typed["version"].isdecimal() and len(typed["version"]) < 9 else 0,
    )


async def _proposal(
    here: Here,
    identifier: UUID,
    *,
    status: int = 200,
    done: str = "",
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    refused: tuple[str, ...] = (),
) -> Response[Any]:
    actor = here.session.actor
    async with here.db.transaction(review.acting(actor)) as tx:
        seen = await service.see(tx, actor, identifier, here.city, here.now)
        known = await service.names(tx, (seen.proposal.proposed_by, seen.proposal.decided_by))
    since = max(seen.proposal.since, here.today).isoformat()
    return here.show(
        "proposal", status, seen=seen, proposal=seen.proposal, names=known, done=words.STEPS.get(done, ""), refused=refused,
        typed={"note": "", "answer": "", "reason": "", "basis": "", "since": since, **(typed or {})}, errors=dict(errors or {}),
        own={said.unit for said in review.own_units(actor, seen.proposal)} if Step.ANSWER in seen.offered else set[str](),
    )  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def sayings() -> tuple[str, ...]:
    """Labels of tabs, for the test of the catalogue."""
    return tuple(label for _, label, _ in TABS)


routes = (
    list_page,
    entry_page,
    export,
    propose_page,
    propose,
    import_page,
    read_file,
    confirm_file,
    proposals_page,
    approve_several,
    proposal_page,
    take_step,
)
